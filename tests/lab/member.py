# SPDX-License-Identifier: BSD-3-Clause
"""member.py INTERFACE PORT [--once] GROUP[@SOURCE]...: is a member of groups of either family on an interface,
as the kernel is then, until it is ended. Prints "ready", and the length of each datagram that comes to
the port there."""

import ipaddress
import select
import socket
import struct
import sys

SO_RCVBUFFORCE = 33
MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP = 42, 46  # RFC 3678 §5.1


def sockaddr(text):
    """A struct sockaddr_storage."""
    address = ipaddress.ip_address(text)
    if address.version == 4:
        return struct.pack('=HH4s120x', socket.AF_INET, 0, address.packed)
    return struct.pack('=HHI16sI100x', socket.AF_INET6, 0, 0, address.packed, 0)


def join(interface, port, text):
    group, _, source = text.partition('@')
    family, level = ((socket.AF_INET6, socket.IPPROTO_IPV6) if ':' in group else
                     (socket.AF_INET, socket.IPPROTO_IP))
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # A busy machine may keep us waiting.
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    # What another interface sees does not count.
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b'\0')
    s.bind((group, port))
    request = struct.pack('@I4x', socket.if_nametoindex(interface)) + sockaddr(group)
    if source:
        s.setsockopt(level, MCAST_JOIN_SOURCE_GROUP, request + sockaddr(source))
    else:
        s.setsockopt(level, MCAST_JOIN_GROUP, request)
    return s


def main():
    interface, port, *groups = sys.argv[1:]
    once = groups[0] == '--once'
    sockets = [join(interface, int(port), group) for group in groups[once:]]
    if once:
        for s in sockets:
            s.close()
        return
    print('ready', flush=True)
    while True:
        for s in select.select(sockets, [], [])[0]:
            print(len(s.recv(65536)), flush=True)


main()
