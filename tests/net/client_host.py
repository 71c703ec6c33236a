# SPDX-License-Identifier: BSD-3-Clause
"""A host on which programs of others receive with mcring-run."""

import json
import os
import re
import subprocess

from netlab import wait_for
from programs import BUILD, sockets_config

RUN = os.path.join(BUILD, 'tools', 'mcring-run')
MCSEND = os.path.join(BUILD, 'tests', 'lab', 'mcsend')
GROUP, PORT, COUNT, SIZE = '239.1.1.1', 5000, 10_000, 100


class Host:
    def __init__(self, wire):
        self.wire = wire
        wire.receiver.run('ip', 'addr', 'add', '10.0.0.3/24', 'dev', 'eth0')
        for host in wire.sender, wire.receiver:
            host.run('ip', 'route', 'add', '224.0.0.0/4', 'dev', 'eth0')
        self.engine = wire.daemon('--config', sockets_config(wire.lab))
        self.out = wire.lab.path('out')

    def start(self, *argv, joined=GROUP):
        """Starts a program, and waits until the engine has joined its group."""
        with open(self.out, 'w') as out, open(self.out + '.err', 'w') as err:
            program = self.wire.receiver.start(RUN, '--require', '--run-dir', self.engine.run_dir,
                                               '--', *argv, stdout=out, stderr=err)
        wait_for(lambda: program.poll() is not None or self.has_joined(joined), 20, 'it has joined')
        assert program.poll() is None, self.errors()
        wait_for(lambda: self.is_bound(program), 20, 'it is bound')
        return program

    def has_joined(self, group):
        return any(one['group'] == group for one in self.engine.stats()['groups'])

    def is_bound(self, program):
        ports = re.findall(r':([0-9A-F]{4}) 0', self.wire.receiver.run(
            'cat', '/proc/net/udp', '/proc/net/udp6').stdout)
        return any(int(port, 16) in (PORT, 5001) for port in ports)

    def errors(self):
        with open(self.out + '.err') as err:
            return err.read()

    def output(self):
        with open(self.out, 'rb') as out:
            return out.read()

    def send(self, size=SIZE):
        self.wire.sender.run(MCSEND, '--interface', 'eth0', '--to', f'{GROUP}:{PORT}', '--count',
                             COUNT, '--rate', 20_000, '--size', size)

    def end(self, program):
        """It has received all, and ends."""
        try:
            program.wait(20)
        except subprocess.TimeoutExpired:
            program.terminate()
            program.wait(10)
        return self.output()


def told(host, program):
    """What one of the programs above says that it received."""
    out = host.end(program)
    assert out, host.errors()
    return json.loads(out)


def assert_all(numbers):
    wrong = [(i + 1, n) for i, n in enumerate(numbers) if n != i + 1]
    assert (len(numbers), wrong[:3]) == (COUNT, [])


def same(one, other):
    with open(one, 'rb') as a, open(other, 'rb') as b:
        return a.read() == b.read()
