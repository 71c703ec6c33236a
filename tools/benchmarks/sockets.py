# SPDX-License-Identifier: BSD-3-Clause
"""A program on sockets with mcring-run and without, on the same host, in turn: what its calls cost
when datagrams wait, and when it sleeps. In network namespaces of its own; needs root."""

import json
import os
import statistics
import subprocess
import time

from . import common
from .common import Row
from .kernel_wire import Daemon, GROUP, PORT, Wire

PROGRAMS = ['ip', 'sysctl']
PEER = os.path.join(common.BUILD, 'tests', 'bench', 'sock_peer')
MCRUN = os.path.join(common.BUILD, 'tools', 'mcring-run')
SEND = os.path.join(common.BUILD, 'tests', 'lab', 'mcsend')

SIZE = 64
WAYS = {'recvfrom': 100, 'recvmmsg': 80, 'poll': 200, 'epoll': 200}  # ns a datagram, at most
NAMES = {'recvfrom': 'recvfrom', 'recvmmsg': 'recvmmsg of 32', 'poll': 'poll and recvfrom',
         'epoll': 'epoll_wait and recvfrom'}
LATER_NS = 150_000  # than through the kernel, at most, when both sleep
OTHER_NS = 5
CONFIG = """channels:
  - {name: sockets, joiners: {users: [0]}}
"""


class Program:
    """sock_peer; accelerated: by mcring-run, with these options."""

    def __init__(self, wire, way, accelerated, *options):
        argv = [PEER, way, 'rx0', PORT, GROUP]
        if accelerated:
            argv = [MCRUN, '--require', '--run-dir', wire.run.path('run'), '--channel', 'sockets',
                    *options, '--', *argv]
        self.errors = open(wire.run.path('program.err'), 'w+')
        self.process = wire.rx.start('taskset', '-c', '0', *common.FIRST, *argv,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=self.errors, text=True)
        self.answer('ready')

    def answer(self, expected=None):
        line = self.process.stdout.readline().strip()
        if not line or (expected and line != expected):
            self.process.wait(30)
            self.errors.seek(0)
            raise common.Error(f'sock_peer: {line} {self.errors.read().strip()}')
        return line

    def order(self, *words):
        print(*words, file=self.process.stdin, flush=True)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.errors.close()


def send(wire, count, rate):
    """On the program's core, so that the rx lcore has its own."""
    done = wire.tx.run('taskset', '-c', '0', SEND, '--interface', 'tx0', '--to', f'{GROUP}:{PORT}', '--count', count,
                       '--rate', rate, '--size', SIZE)
    return json.loads(done.stdout.splitlines()[-1])


def drain(wire, way, accelerated, count):
    """What a call costs when `count` datagrams have arrived before."""
    program = Program(wire, way, accelerated)
    try:
        send(wire, count, 100_000)
        time.sleep(0.2)
        program.order('drain', count)
        figures = json.loads(program.answer())
    finally:
        program.stop()
    return figures


def asleep(wire, accelerated, count, *options):
    """How long a datagram is on its way to a program that sleeps, or spins, for it."""
    program = Program(wire, 'recvfrom', accelerated, *options)
    try:
        program.order('await', count)
        send(wire, count, 200)
        return json.loads(program.answer())
    finally:
        program.stop()


def other(wire, accelerated, count):
    program = Program(wire, 'recvfrom', accelerated)
    try:
        program.order('other', count)
        return json.loads(program.answer())
    finally:
        program.stop()


def rows(way, most):
    for key, what in (('wall_ns', 'wall'), ('cpu_ns', 'CPU')):
        yield Row(f'{NAMES[way]}, {what}', key, 'ns/datagram', None, 'lower', f'kernel {key}', 'kernel')
    yield Row(f'{NAMES[way]}, wall, itself', 'wall_ns', 'ns/datagram', most)


def of_kernel(figures):
    return {f'kernel {key}': value for key, value in figures.items()}


def costs(run, wire):
    count = 2_000 if run.quick else 40_000
    for way, most in WAYS.items():
        run.compare_all('sockets', lambda: drain(wire, way, True, count),
                        lambda: of_kernel(drain(wire, way, False, count)), [*rows(way, most)])


def more(run, case, ours, peer, unit, target):
    """How much more one takes than the other, in the same pairs."""
    differences = [a - b for a, b in zip(ours, peer)]
    run.add('sockets', f'{case}, more than the kernel', statistics.median(differences), None, None,
            unit, None, [min(differences), max(differences)], target)


def waking(run, wire):
    count = 40 if run.quick else 400
    figures = [(asleep(wire, True, count), asleep(wire, True, count, '--spin', 1_000_000),
                asleep(wire, False, count)) for _ in range(run.pairs)]
    for at, case in enumerate(('asleep', 'spinning')):
        for key in ('p50_ns', 'p99_ns'):
            ours = [each[at][key] for each in figures]
            peer = [each[2][key] for each in figures]
            ratios = [a / b for a, b in zip(ours, peer)]
            judged = key == 'p50_ns'
            run.add('sockets', f'{case}, {key[:3]}', statistics.median(ours),
                    statistics.median(peer), 'kernel, asleep', 'ns', statistics.median(ratios),
                    [min(ratios), max(ratios)], 1.0 if judged and at == 1 else None)
            if judged and at == 0:
                more(run, f'{case}, {key[:3]}', ours, peer, 'ns', LATER_NS)


def others(run, wire):
    count = 100_000 if run.quick else 3_000_000
    figures = [(other(wire, True, count)['wall_ns'], other(wire, False, count)['wall_ns'])
               for _ in range(run.pairs)]
    more(run, 'recv on a descriptor that is not ours', *zip(*figures), 'ns/call', OTHER_NS)


PARTS = {'costs': costs, 'waking': waking, 'others': others}
IDLE = {'waking': 'busy'} # the rx lcore polls; else it sleeps while a program that has its core drains


def run(run, parts=()):
    """What mcring-run saves a program."""
    if os.geteuid() != 0:
        raise common.Skip('needs root, for network namespaces')
    if not os.path.exists(PEER):
        raise common.Skip(f'{PEER} is missing: meson configure build -Dtests=true')
    wire = Wire(run)
    try:
        wire.tx.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'tx0')
        for part in parts or PARTS:
            daemon = Daemon(wire, 'net_af_packet', CONFIG, IDLE.get(part, 'adaptive'))
            try:
                PARTS[part](run, wire)
            finally:
                daemon.stop()
    finally:
        wire.lab.close()
