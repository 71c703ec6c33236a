# SPDX-License-Identifier: BSD-3-Clause
"""member.py INTERFACE PORT [--once] [GROUP[@SOURCE]...]: is a member of groups of either family on an
interface, as the kernel is then, until it is ended. Prints "ready", and the length of each datagram that
comes to the port there. With --once it ends at once. Lines of standard input change what it is: "join
GROUP[@SOURCE]", "leave GROUP[@SOURCE]", "block GROUP@SOURCE", "unblock GROUP@SOURCE"; each gives
"done"."""

import ipaddress
import select
import socket
import struct
import sys

SO_RCVBUFFORCE = 33
# RFC 3678 §5.1: for all sources, for one.
MCAST = {'join': (42, 46), 'leave': (45, 47), 'block': (None, 43), 'unblock': (None, 44)}


def sockaddr(text):
    """A struct sockaddr_storage."""
    address = ipaddress.ip_address(text)
    if address.version == 4:
        return struct.pack('=HH4s120x', socket.AF_INET, 0, address.packed)
    return struct.pack('=HHI16sI100x', socket.AF_INET6, 0, 0, address.packed, 0)


class Member:
    def __init__(self, interface, port):
        self.interface, self.port = interface, port
        self.sockets = {}  # by group

    def socket(self, group):
        """The group's, bound to it."""
        if group not in self.sockets:
            s = socket.socket(socket.AF_INET6 if ':' in group else socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # A busy machine may keep us waiting.
            s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
            # What another interface sees does not count.
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.interface.encode() + b'\0')
            s.bind((group, self.port))
            self.sockets[group] = s
        return self.sockets[group]

    def do(self, verb, text):
        group, _, source = text.partition('@')
        request = struct.pack('@I4x', socket.if_nametoindex(self.interface)) + sockaddr(group)
        self.socket(group).setsockopt(
            socket.IPPROTO_IPV6 if ':' in group else socket.IPPROTO_IP, MCAST[verb][bool(source)],
            request + (sockaddr(source) if source else b''))

    def obey(self):
        """A line of standard input; gives whether there are more."""
        line = sys.stdin.readline()
        if line:
            self.do(*line.split())
            print('done', flush=True)
        return line

    def receive(self):
        more = [sys.stdin]
        while True:
            for s in select.select([*self.sockets.values(), *more], [], [])[0]:
                if s is not sys.stdin:
                    print(len(s.recv(65536)), flush=True)
                elif not self.obey():
                    more = []


def main():
    interface, port, *groups = sys.argv[1:]
    once = groups[:1] == ['--once']
    member = Member(interface, int(port))
    for group in groups[once:]:
        member.do('join', group)
    if not once:
        print('ready', flush=True)
        member.receive()


main()
