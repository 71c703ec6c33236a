# SPDX-License-Identifier: BSD-3-Clause
"""A group that a program of the kernel's has joined as well as a channel of ours: both get all of it."""

import sys

import pytest

from conftest import Lan
from family import FAMILIES, IPV4, IPV6, at_port
from membership_lan import Tap, groups_of, protocol_of, wait_idle
from netlab import MEMBER, Switch, wait_for
from programs import Traffic, drops, identity, mcsend
from test_kernel import Beside

COUNT = 5000
RATE = 2000
ROUNDS = 5
TO_IN, TO_EX = 3, 4  # RFC 9776 §4.2.12


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
    sent = []
    wait_for(lambda: sent.append(mcsend(wire.sender, family.join(f'{address}:5000'), count=1,
                                        size=40)) or program.received(40), 10,
             'the program has a packet')
    wait_for(lambda: beside.daemon.stats()['delivered'] == len(sent), 20, 'all are counted')


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


# ---- behind a switch with immediate leave ----


class ImmediateLan(Lan):
    """A switch that cuts a port off at its first leave, without a question (RFC 4541 §2.1.1)."""

    def __init__(self, lab, family, version):
        super().__init__(lab, family)
        host = self.switch.host
        host.run('bridge', 'link', 'set', 'dev', 'to_receiver', 'fastleave', 'on')
        host.run('ip', 'link', 'set', 'br0', 'type', 'bridge', 'mcast_igmp_version', version,
                 'mcast_mld_version', version - 1)
        # The bridge asks once it has cut the port off. The answer may take its time: the code of
        # IGMP is an octet, and 255 there is 53 minutes.
        host.run('ip', 'link', 'set', 'br0', 'type', 'bridge', 'mcast_last_member_interval', 2550,
                 'mcast_last_member_count', 1)


def immediate(lab, family, version, kernel):
    """Gives (lan, daemon, host and interface of its programs)."""
    lan = ImmediateLan(lab, family, version)
    if kernel:
        beside = Beside(lan, '--channel', 'default', move=False)
        return lan, beside.daemon, 'beside0'
    family.give(lan.receiver, 'eth0', '10.0.0.2')
    return lan, lan.daemon('--channel', 'default'), 'eth0'


def count_of(daemon, address):
    return next((one['packets'] for one in groups_of(daemon) if one['group'] == address), 0)


def wait_both(lan, daemon, program, address):
    """Until both receive what is sent."""
    wait_for(lambda: address in lan.members(), 20, 'the switch lists us')
    before = count_of(daemon, address), program.received(40)
    wait_for(lambda: mcsend(lan.sender, at_port(address), count=1, size=40) and
             count_of(daemon, address) > before[0] and program.received(40) > before[1], 10,
             'both receive')


@pytest.mark.parametrize('family, version, kernel', [
    pytest.param(family, version, kernel,
                 id=f'{family}-v{version}-{"kernel" if kernel else "shared"}')
    for family, version in ((IPV4, 3), (IPV4, 2), (IPV6, 3)) for kernel in (True, False)])
def test_whoever_leaves_first_the_other_loses_nothing(lab, family, version, kernel):
    lan, daemon, interface = immediate(lab, family, version, kernel)
    address = family.address('239.1.1.1')
    protocol_of(family).wait_version(daemon, version)
    daemon.ctl('join', at_port(address))
    program = Program(lan.receiver, interface, address)
    wait_both(lan, daemon, program, address)
    before = count_of(daemon, address)
    traffic = Traffic(lan.sender, at_port(address), rate=RATE, size=100)
    wait_for(lambda: program.received(100) > RATE // 10, 10, 'both receive')
    program.leave()
    left = count_of(daemon, address)
    # All copies of the leave go out within a second.
    wait_for(lambda: count_of(daemon, address) - left > 1.2 * RATE, 10, 'we go on')
    sent = traffic.stop()['flows'][0]['sent']
    wait_for(lambda: count_of(daemon, address) - before == sent, 20, 'we have all of it')
    assert address in lan.members()

    program = Program(lan.receiver, interface, address)
    wait_both(lan, daemon, program, address)
    traffic = Traffic(lan.sender, at_port(address), rate=RATE, size=100)
    wait_for(lambda: program.received(100) > RATE // 10, 10, 'both receive')
    daemon.ctl('leave', at_port(address))
    left = program.received(100)
    wait_for(lambda: program.received(100) - left > 1.2 * RATE, 10, 'the program goes on')
    sent = traffic.stop()['flows'][0]['sent']
    wait_for(lambda: program.received(100) == sent, 20, 'the program has all of it')
    assert address in lan.members()
    identity(daemon.stats())
    program.leave()
    wait_for(lambda: address not in lan.members(), 20, 'the switch hears of the last leave')


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_a_program_that_leaves_as_soon_as_it_has_joined_does_not_cut_us_off(lab, family):
    """Before we can hold the group in the kernel. The kernel's leaves go out past us."""
    lan, daemon, interface = immediate(lab, family, 3, False)
    address = family.address('239.1.1.1')
    daemon.ctl('join', at_port(address))
    wait_for(lambda: address in lan.members(), 20, 'the switch lists us')
    wait_idle(daemon)
    tap = Tap(lan.switch.host, 'to_receiver', lan.receiver.mac('eth0'), protocol_of(family))
    for _ in range(ROUNDS):
        lan.receiver.run(sys.executable, MEMBER, interface, 5000, '--once', address)
    said = [record for message in tap.stop(settle=1.5) for record, group in message.told()
            if group == address and record in (TO_IN, TO_EX)]
    assert TO_IN in said, 'the kernel has left'
    assert said[-1] == TO_EX, 'and we have the last word'
    before = count_of(daemon, address)
    mcsend(lan.sender, at_port(address), count=100, rate=1000)
    wait_for(lambda: count_of(daemon, address) - before == 100, 20, 'we receive on')
