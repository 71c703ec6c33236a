#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""ipmr.py IN OUT SOURCE GROUP...: the kernel forwards these groups from one interface to the other, until
the end (linux/mroute.h). smcroute does no more for static routes."""

import signal
import socket
import struct
import sys

MRT_INIT, MRT_ADD_VIF, MRT_ADD_MFC = 200, 202, 204
VIFF_USE_IFINDEX = 8
VIFS_MAX = 32


def main():
    into, out, source, *groups = sys.argv[1:]
    kernel = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP)
    kernel.setsockopt(socket.IPPROTO_IP, MRT_INIT, 1)
    for vif, name in enumerate((into, out)):
        kernel.setsockopt(socket.IPPROTO_IP, MRT_ADD_VIF, struct.pack(
            '@HBBIi4s', vif, VIFF_USE_IFINDEX, 1, 0, socket.if_nametoindex(name), bytes(4)))
    ttls = bytes((0, 1)) + bytes(VIFS_MAX - 2)
    for group in groups:
        kernel.setsockopt(socket.IPPROTO_IP, MRT_ADD_MFC, struct.pack(
            '@4s4sH32sIIIi', socket.inet_aton(source), socket.inet_aton(group), 0, ttls, 0, 0, 0, 0))
    print('ready', flush=True)
    signal.pause()


if __name__ == '__main__':
    main()
