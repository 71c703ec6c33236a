# SPDX-License-Identifier: BSD-3-Clause
"""The README's programs: the classic socket program on the kernel and with mcring-run, and the one that
calls mcr_receive, receive the same."""

import os
import re
import signal
import subprocess

import pytest

from netlab import wait_for
from programs import BUILD, sockets_config

EXAMPLES = os.path.join(BUILD, 'examples')
RUN = os.path.join(BUILD, 'tools', 'mcring-run')
CLASSIC, RECEIVE = (os.path.join(EXAMPLES, name) for name in ('classic', 'receive'))
GROUP, PORT, COUNT = '239.1.1.1', 5000, 1000
# Short and long. The sender's pace leaves the buffer of a kernel's socket a tenth of a second.
PAYLOADS = [f'{i}' + '.' * (i * 7 % 1400 if i % 50 == 0 else i % 90) for i in range(COUNT)]
EXPECTED = [f'10.0.0.{(1, 11)[i % 2]}:7000 {payload}' for i, payload in enumerate(PAYLOADS)]
# Sends the lines of a file, from two addresses in turn.
SEND = f'''
import socket, sys, time
senders = []
for address in '10.0.0.1', '10.0.0.11':
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind((address, 7000))
    one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    senders.append(one)
start = time.monotonic()
for i, line in enumerate(open(sys.argv[1])):
    while time.monotonic() < start + i / 2000:
        pass
    senders[i % 2].sendto(line.rstrip().encode(), ('{GROUP}', {PORT}))
'''


@pytest.fixture
def host(wire):
    """The receiving host has eth0 for itself, and the engine has it as well."""
    wire.sender.run('ip', 'addr', 'add', '10.0.0.11/24', 'dev', 'eth0')
    wire.receiver.run('ip', 'addr', 'add', '10.0.0.3/24', 'dev', 'eth0')
    wire.receiver.run('ip', 'route', 'add', '224.0.0.0/4', 'dev', 'eth0')
    return wire


def daemon(wire, more=''):
    return wire.daemon('--config', sockets_config(wire.lab, more))


def send(wire):
    path = wire.lab.path('payloads')
    with open(path, 'w') as file:
        file.write('\n'.join(PAYLOADS))
    wire.sender.run('/usr/bin/python3', '-c', SEND, path)


class Program:
    """One of them from start to end; its output goes to a file, as a pipe could hold it up."""

    def __init__(self, wire, *argv, count=COUNT, run_dir=None):
        self.out = open(wire.lab.path(os.path.basename(argv[-1]) + '.out'), 'w+')
        env = dict(os.environ, **({'MCRING_RUN_DIR': run_dir} if run_dir else {}))
        self.process = wire.receiver.start(*argv, GROUP, PORT, count, stdout=self.out,
                                           stderr=subprocess.PIPE, env=env)

    def end(self):
        """Gives its exit status and its lines. It is killed if it waits for more."""
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.errors = self.process.communicate(timeout=10)[1].decode()
        self.out.seek(0)
        return self.process.returncode, self.out.read().splitlines()

    def received(self, times=1):
        """It has received all, in order, and nothing else."""
        status, lines = self.end()
        wrong = [f'line {i}: {line[:40]}' for i, line in enumerate(lines)
                 if line != EXPECTED[i % COUNT]]
        assert (status, len(lines), wrong[:3]) == (0, times * COUNT, []), self.errors


def kernel_joined(wire):
    members = wire.receiver.run('ip', 'maddr', 'show', 'dev', 'eth0').stdout
    return GROUP in members


def kernel_members(wire):
    """How many have joined the group in the kernel: the engine is one of them while it holds there
    what both have joined (docs/igmp.md)."""
    found = re.search(r'010101EF +(\d+) ', wire.receiver.run('cat', '/proc/net/igmp').stdout)
    return int(found[1]) if found else 0


def engine_joined(engine):
    return [one for one in engine.stats()['groups'] if one['group'] == GROUP]


def bound(wire):
    """The classic program binds after it has joined."""
    return f':{PORT:04X} ' in wire.receiver.run('cat', '/proc/net/udp').stdout


def test_on_the_kernel(host):
    program = Program(host, CLASSIC)
    wait_for(lambda: kernel_joined(host) and bound(host), 20, 'it has joined')
    send(host)
    program.received()


def test_with_mcring_run(host):
    engine = daemon(host)
    program = Program(host, RUN, '--run-dir', engine.run_dir, '--require', '--', CLASSIC)
    wait_for(lambda: engine_joined(engine) and bound(host), 20, 'it has joined')
    assert not kernel_joined(host)
    send(host)
    program.received()
    wait_for(lambda: not engine_joined(engine), 20, 'it has left')


def test_with_mcring_run_where_there_is_no_engine(host):
    program = Program(host, RUN, '--run-dir', '/nosuch', '--', CLASSIC)
    wait_for(lambda: kernel_joined(host) and bound(host), 20, 'it has joined')
    send(host)
    program.received()


def test_with_mcr_receive(host):
    engine = daemon(host)
    program = Program(host, RECEIVE, run_dir=engine.run_dir)
    wait_for(lambda: engine_joined(engine), 20, 'it has joined')
    assert not kernel_joined(host)
    send(host)
    program.received()
    assert program.errors.startswith(f'{GROUP}:{PORT}: by the engine in {engine.run_dir}')
    wait_for(lambda: not engine_joined(engine), 20, 'it has left')


def test_with_mcr_receive_where_there_is_no_engine(host):
    program = Program(host, RECEIVE, run_dir='/nosuch')
    wait_for(lambda: kernel_joined(host), 20, 'it has joined')
    send(host)
    program.received()
    assert program.errors.startswith(f'{GROUP}:{PORT}: by the kernel on eth0: no engine at ')


@pytest.mark.parametrize('argv', [(RUN, '--', CLASSIC), (RECEIVE,)], ids=['mcring-run', 'mcr_receive'])
def test_an_engine_that_ends_is_replaced_by_the_kernel_until_it_is_back(host, argv):
    engine = daemon(host)
    program = Program(host, *argv, count=3 * COUNT, run_dir=engine.run_dir)
    wait_for(lambda: engine_joined(engine) and (bound(host) or RECEIVE in argv), 20, 'it has joined')
    send(host)
    wait_for(lambda: engine.stats()['delivered'] == COUNT, 20, 'the engine delivered')
    assert engine.stop() == 0
    wait_for(lambda: kernel_joined(host), 20, 'the kernel has joined')
    send(host)
    engine.start()
    wait_for(lambda: engine_joined(engine) and kernel_members(host) <= 1, 20, 'it has moved back')
    send(host)
    program.received(times=3)


# ---- a burst that the program sleeps through ----

BURST = 100_000
SEND_BURST = f'''
import socket
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton('10.0.0.1'))
sender.connect(('{GROUP}', {PORT}))
for i in range({BURST}):
    sender.send(f'{{i}}'.encode())
'''


def burst(wire, program):
    """At full rate, while the program is stopped."""
    program.process.send_signal(signal.SIGSTOP)
    wire.sender.run('/usr/bin/python3', '-c', SEND_BURST)


def numbers(program):
    """What the program has printed so far."""
    with open(program.out.name) as file:
        return [int(line.split()[1].rstrip('.')) for line in file if line.endswith('\n')]


def delivered(engine):
    """What the engine has of a burst, when all of it has arrived. What its port lost, on a machine that
    kept the lcore off its core, it has counted."""
    wait_for(lambda: engine.stats()['delivered'] + engine.stats()['ports'][0]['rx_missed'] == BURST, 20,
             'the engine has it all')
    return engine.stats()['delivered']


def test_a_burst_that_a_socket_loses_is_in_the_ring(host):
    engine = daemon(host)
    program = Program(host, 'stdbuf', '-oL', RUN, '--run-dir', engine.run_dir, '--', CLASSIC, count=0)
    wait_for(lambda: engine_joined(engine) and bound(host), 20, 'it has joined')
    burst(host, program)
    count = delivered(engine)
    assert count > 1000 # more than a socket's buffer holds
    program.process.send_signal(signal.SIGCONT)
    wait_for(lambda: len(numbers(program)) == count, 20, 'all is printed')
    assert numbers(program) == sorted(set(numbers(program)))
    assert count < BURST or numbers(program) == list(range(BURST))


def test_the_same_burst_overflows_a_sockets_buffer(host):
    program = Program(host, 'stdbuf', '-oL', CLASSIC, count=0)
    wait_for(lambda: kernel_joined(host) and bound(host), 20, 'it has joined')
    burst(host, program)
    program.process.send_signal(signal.SIGCONT)
    send(host)  # the last of it shows that the burst is over
    wait_for(lambda: numbers(program)[-1:] == [COUNT - 1], 20, 'the last is printed')
    assert len(numbers(program)) < BURST / 2


@pytest.mark.parametrize('where', ['ring', 'buffer'])
def test_what_is_lost_of_it_is_told(host, where):
    engine = daemon(host, '    bytes: 64K\n') if where == 'ring' else None
    program = Program(host, 'stdbuf', '-oL', RECEIVE, count=0, run_dir=engine.run_dir if engine else '/nosuch')
    wait_for(lambda: engine_joined(engine) if engine else kernel_joined(host), 20, 'it has joined')
    burst(host, program)
    count = delivered(engine) if engine else BURST
    program.process.send_signal(signal.SIGCONT)
    os.set_blocking(program.process.stderr.fileno(), False)
    told = []

    def lost():
        told.append(program.process.stderr.read() or b'')
        return sum(map(int, re.findall(rb'lost (\d+)\n', b''.join(told))))

    wait_for(lambda: lost() + len(numbers(program)) == count, 20, 'all is printed or told')
    assert lost() > 0
