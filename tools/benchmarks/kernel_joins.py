#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""kernel_joins ADDRESS MS SINGLES MANY: joins as a socket program does, first one group after the
other for MS ms, then MANY in a row; prints when it began each. The peer of mcring-bench join."""

import ipaddress
import json
import socket
import sys
import time

FIRST = int(ipaddress.ip_address('239.16.0.0'))
PAUSE_S, SETTLE_S = 0.02, 2.5 # as in tools/mcring-bench/join.c


def main():
    address, ms, singles, many = sys.argv[1], *map(int, sys.argv[2:])
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    interface = socket.inet_aton(address)

    def join(i):
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                     (FIRST + i).to_bytes(4, 'big') + interface)

    at, end = [], time.monotonic() + ms / 1000
    while len(at) < singles and (not at or time.monotonic() < end):
        at.append(time.time_ns())
        join(len(at) - 1)
        time.sleep(PAUSE_S)
    time.sleep(SETTLE_S)
    at_once = time.time_ns()
    for i in range(many):
        join(singles + i)
    time.sleep(1) # the last report is out
    print(json.dumps({'at_ns': at, 'at_once_at_ns': at_once}))


if __name__ == '__main__':
    main()
