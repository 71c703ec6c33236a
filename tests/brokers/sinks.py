# SPDX-License-Identifier: BSD-3-Clause
"""mcring-sink as the tests drive it, and engines for it."""

import functools
import json
import os
import signal
import socket
import struct
import subprocess

from netlab import _die_with_parent, wait_for
from programs import BUILD

SINK = os.path.join(BUILD, 'tools', 'mcring-sink')
REPLAY = os.path.join(BUILD, 'tools', 'mcring-replay')


def question(path, request, seconds=30):
    """A JSON object to a socket; gives the answer's object."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(seconds)
        s.connect(str(path))
        s.sendall(json.dumps(request).encode() + b'\n')
        with s.makefile() as answer:
            return json.loads(answer.readline())


class Program:
    """One of ours, in a namespace or in the caller's, until the lab closes; its log is a file."""

    def __init__(self, lab, name, *argv, host=None):
        self.lab, self.host, self.argv = lab, host, [*map(str, argv)]
        self.log_path = lab.path(f'{name}.log')
        self.start()

    def start(self, stdin=subprocess.DEVNULL):
        with open(self.log_path, 'a') as log:
            if self.host:
                self.process = self.host.start(*self.argv, stdin=stdin, stdout=log, stderr=log)
            else:
                self.process = subprocess.Popen(self.argv, stdin=stdin, stdout=log, stderr=log, start_new_session=True,
                                                preexec_fn=_die_with_parent)
                self.lab.processes.append(self.process)

    def stop(self, signo=signal.SIGTERM, seconds=20):
        """Gives the exit status."""
        self.process.send_signal(signo)
        return self.process.wait(seconds)

    def log(self):
        with open(self.log_path, errors='replace') as log:
            return log.read()


@functools.cache
def headers(group, port, length):
    """Of Ethernet, IPv4 and UDP, from 10.0.0.7:4000; without a checksum of UDP."""
    to = socket.inet_aton(group)
    ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 28 + length, 0, 0, 8, 17, 0, socket.inet_aton('10.0.0.7'), to)
    total = sum(struct.unpack('!10H', ip))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return (b'\x01\x00\x5e' + bytes([to[1] & 0x7f]) + to[2:] + b'\x02\0\0\0\0\x07\x08\0' + ip[:10] +
            struct.pack('!H', ~total & 0xffff) + ip[12:] + struct.pack('!HHHH', 4000, port, 8 + length, 0))


class Engine(Program):
    """mcring-replay with a capture that has no end: an engine that receives what the test sends. args: options of its
    own. It takes hardly anything before there is a reader: start the sink, then send."""

    def __init__(self, lab, *args, name='engine', **kwargs):
        self.run_dir, self.at = lab.path(f'{name}.run'), 0  # at: us
        super().__init__(lab, name, REPLAY, '--run-dir', self.run_dir, '--speed', 'max', '--times', 'now',
                         '--wait-readers', '1', *args, '-', **kwargs)
        wait_for(self.is_ready, 20, f'it serves ({self.log_path})')

    def start(self):
        super().start(stdin=subprocess.PIPE)
        self.process.stdin.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        self.put(bytes(12) + b'\x88\xb5' + bytes(46))  # it serves once it has a frame: one for nobody
        self.process.stdin.flush()

    def is_ready(self):
        assert self.process.poll() is None, self.log()
        return os.path.exists(f'{self.run_dir}/attach')

    def send(self, datagrams):
        """(group, port, payload) each, a microsecond after the other."""
        for group, port, payload in datagrams:
            self.put(headers(group, port, len(payload)) + payload)
        self.process.stdin.flush()

    def put(self, frame):
        self.process.stdin.write(struct.pack('<IIII', *divmod(self.at, 10**6), len(frame), len(frame)) + frame)
        self.at += 1

    def end(self):
        """It ends when all readers have read what was sent."""
        self.process.stdin.close()
        return self.process.wait(60)


class Sink(Program):
    """One mcring-sink that reads an engine's run directory; channel `default` unless args name another, or a feed."""

    def __init__(self, lab, run_dir, to, *args, name='sink', host=None):
        self.state_dir = lab.path(f'{name}.state')
        what = () if {'--channel', '--feed'} & set(args) else ('--channel', 'default')
        super().__init__(lab, name, SINK, '--name', name, '--run-dir', run_dir, '--to', to, '--state-dir', self.state_dir,
                         *what, *args, host=host)

    def stats(self):
        """What its socket says; None while it has none."""
        assert self.process.poll() is None, self.log()
        try:
            return question(f'{self.state_dir}/stats', {'command': 'stats'})
        except (OSError, ValueError):
            return None

    def sources(self):
        """{name: its row}"""
        said = self.stats()
        return {one['name']: one for one in said['sources']} if said else {}

    def until(self, condition, what, seconds=60):
        """Waits until condition(answer) of the socket; gives the answer."""
        def look():
            said = self.stats()
            return said if said and condition(said) else None

        return wait_for(look, seconds, f'{what} ({self.log_path})')

    def until_stored(self, n, source='default', seconds=60):
        """Waits until so many messages of a source are in the broker, these or before."""
        def is_there(said):
            row = next(one for one in said['sources'] if one['name'] == source)
            return row['stored'] + row['stored_before'] >= n

        return self.until(is_there, f'{n} messages of {source} are stored', seconds)
