# SPDX-License-Identifier: BSD-3-Clause
"""A group that a program of the kernel's has joined as well as a channel of ours: both get all of it."""

import sys

import pytest

from family import FAMILIES
from netlab import MEMBER, wait_for
from programs import drops, identity, mcsend
from test_kernel import Beside

COUNT = 5000


class Program:
    """A program whose kernel is a member of groups on an interface; its datagrams are counted."""

    def __init__(self, host, interface, *groups):
        path = host.lab.path(f'program{len(host.lab.processes)}')
        with open(path, 'w') as out:
            self.process = host.start(sys.executable, MEMBER, interface, 5000, *groups, stdout=out)
        self.out = open(path)
        self.lines = []
        wait_for(lambda: self.received('ready'), 10, 'the kernel joins the groups')

    def received(self, what):
        """How many datagrams of this length it has received so far."""
        self.lines += self.out.read().splitlines()
        return self.lines.count(str(what))

    def leave(self):
        self.process.kill()
        self.process.wait(10)


def shared(wire, beside, program, family, address='239.1.1.1'):
    """Waits until the rx lcore knows that the program wants the group, too."""
    wait_for(lambda: mcsend(wire.sender, family.join(f'{address}:5000'), count=1, size=40) and
             program.received(40), 10, 'the program has a packet')


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_a_group_of_both_reaches_both_and_others_cost_the_kernel_nothing(wire, family):
    beside = Beside(wire, *(f'--join={family.join(one)}' for one in (
        '239.1.1.1:5000', '239.2.2.2:5000')), move=False)
    program = Program(beside.host, 'beside0', family.address('239.1.1.1'))
    shared(wire, beside, program, family)
    before, rx = beside.daemon.stats(), beside.info()['rx']
    mcsend(wire.sender, family.join('239.1.1.1:5000'), family.join('239.2.2.2:5000'),
           count=COUNT, rate=10_000, size=100)
    wait_for(lambda: program.received(100) == COUNT, 10, 'the program has all of its group')
    after = beside.daemon.stats()
    # Each packet has one fate, also the one that went both ways.
    identity(after)
    assert after['delivered'] - before['delivered'] == 2 * COUNT
    assert after['punted'] - before['punted'] < 100
    assert drops(after).keys() <= {'not_multicast', 'own_frame', 'unknown_group'}, after['drops']
    info = beside.info()
    assert info['rx_dropped'] == 0
    assert COUNT <= info['rx'] - rx < COUNT + 100, 'no copies of what no program joined'

    program.leave()
    wait_for(lambda: copies_of(wire, beside, family) == 0, 10, 'nobody wants copies any more')


def copies_of(wire, beside, family):
    before = beside.info()['rx']
    mcsend(wire.sender, family.join('239.1.1.1:5000'), count=100)
    return (beside.info()['rx'] - before) // 100


def test_what_no_ring_can_hold_still_reaches_the_kernel(wire):
    beside = Beside(wire, '--channel', 'default,bytes=64K', '--join', '239.1.1.1:5000', move=False)
    program = Program(beside.host, 'beside0', '239.1.1.1')
    shared(wire, beside, program, wire.family)
    before = beside.daemon.stats()
    wire.sender.run('ip', 'route', 'add', '239.0.0.0/8', 'dev', 'eth0')
    mcsend(wire.sender, '239.1.1.1:5000', count=3, size=1400)
    wait_for(lambda: program.received(1400) == 3, 10, 'they are delivered to both')
    assert beside.daemon.stats()['delivered'] - before['delivered'] == 3
    identity(beside.daemon.stats())
