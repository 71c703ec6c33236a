# SPDX-License-Identifier: BSD-3-Clause
"""mld_router.py VERSION UPSTREAM DOWNSTREAM: a multicast router of two interfaces. It asks for
members downstream each second, and the kernel forwards what they want. Written against RFC 2710 and
RFC 9777 with scapy's idea of the messages, from no line of mcring."""

import select
import socket
import struct
import sys
import time

from scapy.all import Ether, get_if_hwaddr
from scapy.layers.inet6 import (ICMPv6MLDone, ICMPv6MLQuery, ICMPv6MLQuery2, ICMPv6MLReport,
                                ICMPv6MLReport2, IPv6, IPv6ExtHdrHopByHop, RouterAlert)

MRT6_INIT, MRT6_ADD_MIF, MRT6_ADD_MFC = 200, 202, 204  # linux/mroute6.h
NOCACHE = 1
INTERVAL_S, LISTENER_S, LAST_S = 1, 3, 1  # between queries; a member lasts; one that left
ANY = '::'  # as a source
IS_IN, IS_EX, TO_IN, TO_EX, ALLOW, BLOCK = range(1, 7)


class Router:
    def __init__(self, version, upstream, downstream):
        self.version, self.downstream = version, downstream
        self.members = {}  # (group, source) -> until when
        self.flows = {}  # (source, group) -> whether the kernel forwards it
        self.mac = get_if_hwaddr(downstream)
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd))
        self.wire.bind((downstream, 0x86dd))
        self.kernel = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        self.kernel.setsockopt(socket.IPPROTO_IPV6, MRT6_INIT, 1)
        for n, name in enumerate((upstream, downstream)):
            self.kernel.setsockopt(socket.IPPROTO_IPV6, MRT6_ADD_MIF, struct.pack(
                '@HBBHxxI', n, 0, 1, socket.if_nametoindex(name), 0))

    def ask(self, group='::', sources=()):
        to = 'ff02::1' if group == '::' else group
        message = (ICMPv6MLQuery2(mladdr=group, mrd=1000, sources=list(sources), QRV=2,
                                  QQIC=INTERVAL_S) if self.version == 2 else
                   ICMPv6MLQuery(mladdr=group, mrd=1000))
        self.wire.send(bytes(Ether(src=self.mac) / IPv6(dst=to, src=self.link_local(), hlim=1) /
                             IPv6ExtHdrHopByHop(options=[RouterAlert()]) / message))

    def link_local(self):
        with open('/proc/net/if_inet6') as lines:
            for line in lines:
                octets, _, _, scope, _, name = line.split()
                if name == self.downstream and scope == '20':
                    return socket.inet_ntop(socket.AF_INET6, bytes.fromhex(octets))
        raise SystemExit('no link-local address')

    def want(self, group, sources):
        for source in sources:
            self.members[group, source] = time.monotonic() + LISTENER_S

    def leave(self, group, sources):
        for source in sources:
            if (group, source) in self.members:
                self.members[group, source] = min(self.members[group, source],
                                                  time.monotonic() + LAST_S)
        self.ask(group, [one for one in sources if one != ANY] if self.version == 2 else ())

    def heard(self, octets):
        frame = Ether(octets)
        if IPv6ExtHdrHopByHop not in frame or frame.src == self.mac:
            return
        # To scapy a record is the payload of the one before it.
        record = frame.getlayer(ICMPv6MLReport2) and frame[ICMPv6MLReport2].records[0]
        while record:
            if record.rtype in (IS_EX, TO_EX):
                self.want(record.dst, [ANY])
            elif record.rtype in (IS_IN, ALLOW):
                self.want(record.dst, record.sources)
            else:
                self.leave(record.dst, [ANY] if record.rtype == TO_IN else record.sources)
            record = record.payload
        if ICMPv6MLReport in frame:
            self.want(frame[ICMPv6MLReport].mladdr, [ANY])
        if ICMPv6MLDone in frame:
            self.leave(frame[ICMPv6MLDone].mladdr, [ANY])

    def upcall(self, octets):
        """The kernel has seen a flow that it knows nothing of."""
        zero, kind = struct.unpack_from('@BB', octets)
        if zero == 0 and kind == NOCACHE:
            source, group = (socket.inet_ntop(socket.AF_INET6, octets[at:at + 16])
                             for at in (8, 24))
            self.flows.setdefault((source, group), None)

    def forward(self):
        now = time.monotonic()
        for (source, group), is_forwarded in self.flows.items():
            wanted = any(self.members.get((group, one), 0) > now for one in (ANY, source))
            if wanted != is_forwarded:
                self.flows[source, group] = wanted
                ends = b''.join(struct.pack('@HHI16sI', socket.AF_INET6, 0, 0, socket.inet_pton(
                    socket.AF_INET6, one), 0) for one in (source, group))
                self.kernel.setsockopt(socket.IPPROTO_IPV6, MRT6_ADD_MFC, ends + struct.pack(
                    '@Hxx8I', 0, 2 if wanted else 0, *[0] * 7))

    def run(self):
        due = 0
        while True:
            if time.monotonic() >= due:
                self.ask()
                due = time.monotonic() + INTERVAL_S
            for ready in select.select([self.wire, self.kernel], [], [], 0.05)[0]:
                (self.heard if ready is self.wire else self.upcall)(ready.recv(65536))
            self.forward()


Router(int(sys.argv[1]), *sys.argv[2:]).run()
