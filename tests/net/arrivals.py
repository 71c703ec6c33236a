# SPDX-License-Identifier: BSD-3-Clause
"""Which datagrams reach an interface."""

import ipaddress
import socket

from relay_lan import End


class Arrivals:
    """Counts the datagrams that reach an interface from construction to stop(), whether somebody has
    joined their group or not. Not the queries, reports and the like that come meanwhile: a counter of
    frames sees the more of these the longer a busy machine takes."""

    def __init__(self, host, interface):
        self.end = End(host, interface)

    def stop(self, group):
        """Gives how many there were to this group."""
        group, count = ipaddress.ip_address(group), 0
        # Where a frame has the protocol and the destination.
        protocol, at = (20, 38) if group.version == 6 else (23, 30)
        with self.end.socket:
            while frame := self.end.receive(0):
                count += frame[protocol] == socket.IPPROTO_UDP and frame[at:].startswith(group.packed)
        return count
