#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""frames_at.py: sends frames at their times. Each line of standard input has the time in nanoseconds since
the beginning, the interface and the frame's octets in hexadecimal, in the order of time."""

import contextlib
import os
import socket
import sys
import time


def interface(name):
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((name, 0))
    return out


def main():
    frames = [(int(ns), name, bytes.fromhex(octets)) for ns, name, octets in map(str.split, sys.stdin)]
    out = {name: interface(name) for name in {name for _, name, _ in frames}}
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))
    start = time.monotonic_ns()
    for ns, name, octets in frames:
        time.sleep(max(0, start + ns - time.monotonic_ns()) / 1e9)
        out[name].send(octets)


if __name__ == '__main__':
    main()
