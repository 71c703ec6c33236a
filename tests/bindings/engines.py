# SPDX-License-Identifier: BSD-3-Clause
"""Engines for the scenarios: mcring-replay, paced by the test, and one that does what it is told."""

import os
import shlex
import struct
import subprocess

from conforms import Conform
from frames import multicast
from languages import BUILD, C
from netlab import wait_for

REPLAY = os.path.join(BUILD, 'tools', 'mcring-replay')
SCRIPTED = os.path.join(BUILD, 'tests', 'bindings', 'engine')
START_NS = 1_700_000_000_123_456_789  # of the first frame, if the test says nothing else


def pcap(frames, times_ns, header=True):
    """A capture, to the nanosecond."""
    out = [struct.pack('=IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 262144, 1)] if header else []
    for frame, ns in zip(frames, times_ns):
        out += [struct.pack('=IIII', *divmod(ns, 10**9), len(frame), len(frame)), frame]
    return b''.join(out)


def datagram(payload, **kwargs):
    return bytes(multicast(payload, **kwargs))


def equal_datagrams(n, size, first=0):
    """n frames whose payloads of `size` octets begin with their number, 8 octets in network order."""
    frame = datagram(bytes(size), checksum=0)
    return [frame[:-size] + i.to_bytes(8, 'big') + frame[len(frame) - size + 8:] for i in range(first, first + n)]


class Replay:
    """mcring-replay of its standard input: what is sent is published at once, and it goes on until the test ends
    or kills it. It serves once the first frame was sent."""

    def __init__(self, folder, *args):
        self.run_dir = os.path.join(folder, 'run')
        self.process = subprocess.Popen(
            [REPLAY, '--speed', 'max', '--linger', '5', '--quiet', '--run-dir', self.run_dir, *map(str, args), '-'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        self.ns, self.sent = START_NS, 0

    def send(self, frames, times_ns=None):
        """times_ns: else each is 1 us later than the last."""
        if times_ns is None:
            times_ns = [self.ns + 1000 * (i + (self.sent > 0)) for i in range(len(frames))]
        data = memoryview(pcap(frames, times_ns, self.sent == 0))
        while data:
            data = data[self.process.stdin.write(data):]
        first, self.ns, self.sent = self.sent == 0, times_ns[-1], self.sent + len(frames)
        if first:
            line = self.process.stdout.readline().decode()
            assert shlex.split(line) == ['export', f'MCRING_RUN_DIR={self.run_dir}'], self.process.stderr.read()
        return times_ns

    def publish(self, frames, *args, channel='default', head=None):
        """send(), and waits until the channel's ring has what was sent to it, `head` messages in all."""
        self.send(frames, *args)
        probe = Conform(C())
        probe.ok(f'open run_dir={self.run_dir} channel={channel}')
        wait_for(lambda: int(probe.ok('ring 0').split()[4]) > (head or self.sent), 30, f'{self.sent} are published')
        probe.end()

    def end(self):
        """All was sent: readers get it, then the end."""
        self.process.stdin.close()

    def wait(self):
        status = self.process.wait(30)
        assert (status, self.process.stderr.read()) == (0, b'')

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()
        self.process.wait()


class Scripted:
    """tests/bindings/engine.c: a channel "md" with several rings of 64 KiB."""

    def __init__(self, folder, rings, name):
        self.run_dir = os.path.join(folder, name)
        os.mkdir(self.run_dir)
        self.process = subprocess.Popen([SCRIPTED, self.run_dir, str(rings)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        assert self.process.stdout.readline() == 'ready\n'

    def __call__(self, command):
        self.start(command)
        return self.result()

    def start(self, command):
        self.process.stdin.write(command + '\n')

    def result(self):
        word, value = self.process.stdout.readline().split()
        assert word == 'ok'
        return int(value)

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)
