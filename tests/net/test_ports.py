# SPDX-License-Identifier: BSD-3-Clause
"""Several ports, several interfaces of one, and ports that go while the daemon runs."""

import json
import resource
import time

import pytest

from frames import Dot1Q, multicast, write_pcap
from netlab import wait_for
from programs import Daemon, drops, identity, mcsend, sequence, Traffic

A, B = 'net_af_packet0', 'net_af_packet1'
ADDRESS = {A: '10.0.0.2/24', B: '10.0.1.2/24'}


class TwoWires:
    """A sending host with two wires to a receiving one: an A and a B feed."""

    def __init__(self, lab):
        self.lab = lab
        self.sender, self.receiver = lab.namespace('tx'), lab.namespace('rx')
        for i in range(2):
            lab.wire(self.sender, f'eth{i}', self.receiver, f'eth{i}')
            self.sender.run('ip', 'addr', 'add', f'10.0.{i}.1/24', 'dev', f'eth{i}')

    def daemon(self, *args, **kwargs):
        return Daemon(self.lab, self.receiver,
                      '--interface', f'a={A},address={ADDRESS[A]}',
                      '--interface', f'b={B},address={ADDRESS[B]}', *args,
                      vdev=(f'{A},iface=eth0', f'{B},iface=eth1'), **kwargs)


@pytest.fixture
def wires(lab):
    return TwoWires(lab)


def groups_of(daemon):
    found = json.loads(daemon.ctl('--json', 'groups').stdout)['groups']
    return {one['interface']: one for one in found}


def ports_of(daemon):
    return {port['name']: port for port in daemon.stats()['ports']}


@pytest.mark.parametrize('channels', [('left', 'right'), ('both', 'both')])
def test_an_a_and_a_b_feed_of_the_same_groups_are_told_apart(wires, channels):
    daemon = wires.daemon('--join', f'239.1.1.1:5000,interface=a,channel={channels[0]},id=1',
                          '--join', f'239.1.1.1:5000,interface=b,channel={channels[1]},id=2')
    mcsend(wires.sender, '239.1.1.1:5000', count=300)
    mcsend(wires.sender, '239.1.1.1:5000', count=200, interface='eth1')
    wait_for(lambda: daemon.stats()['delivered'] == 500, 5, 'both arrive')
    groups = groups_of(daemon)
    assert (groups['a']['packets'], groups['b']['packets']) == (300, 200)
    expected = {1: 300, 2: 200}
    for channel in sorted(set(channels)):
        ids = [i + 1 for i, name in enumerate(channels) if name == channel]
        count = sum(expected[i] for i in ids)
        status, messages, _ = daemon.cat('--channel', channel, '--count', count).wait()
        assert status == 0
        for i in ids:
            numbers = [sequence(m) for m in messages if m['id'] == i]
            assert numbers == list(range(1, expected[i] + 1))
    wait_for(lambda: [ports_of(daemon)[p]['rx_packets'] for p in (A, B)] == [300, 200], 5,
             'the next look at the counters')
    identity(daemon.stats())
    assert daemon.stop() == 0


def test_a_port_that_is_removed_leaves_the_other_alone(wires):
    daemon = wires.daemon('--join', '239.1.1.1:5000,interface=a',
                          '--join', '239.1.1.1:5000,interface=b,channel=other')
    consumers = [daemon.cat(), daemon.cat('--channel', 'other')]
    traffic = Traffic(wires.sender, '239.1.1.1:5000', rate=2000)
    wait_for(lambda: daemon.stats()['delivered'] > 500, 5, 'data comes')
    wires.receiver.run('ip', 'link', 'del', 'eth1')
    wait_for(lambda: ports_of(daemon)[B]['removed'], 5, 'the port is gone')
    before = daemon.stats()['delivered']
    wait_for(lambda: daemon.stats()['delivered'] > before + 500, 5, 'data goes on')
    sent = traffic.stop()['flows'][0]['sent']
    wait_for(lambda: daemon.stats()['delivered'] == sent, 5, 'all of it')

    groups = groups_of(daemon)
    assert (groups['b']['rung'], groups['a']['rung'] == 'removed') == ('removed', False)
    assert f'port {B} was removed; 1 of 2 ports left' in daemon.log()
    number = ports_of(daemon)[B]['dpdk_port']
    status, messages, _ = consumers[0].stop(sent)
    assert [sequence(m) for m in messages] == list(range(1, sent + 1))
    # Both channels have a ring that the port could write into.
    consumers[1].process.terminate()
    consumers[1].wait()
    for consumer in consumers:
        assert [(e['dpdk_port'], e['up'], e['removed']) for e in consumer.events] == [
            (number, False, True)]
    identity(daemon.stats())
    assert daemon.stop() == 3, 'it ended in order, but lost a port'


def test_a_link_that_cannot_be_looked_at_is_as_it_was(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    consumer = daemon.cat()
    limits = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (16, limits[1]))
    time.sleep(0.5)  # five looks at the link
    mcsend(wire.sender, '239.1.1.1:5000', count=10)
    wire.receiver.run('ip', 'link', 'set', 'eth0', 'down')  # what is down is still seen
    wait_for(lambda: 'link down' in daemon.log(), 5, 'the link is down')
    wire.receiver.run('ip', 'link', 'set', 'eth0', 'up')
    wait_for(lambda: 'link up' in daemon.log(), 5, 'the link is up')
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, limits)
    assert daemon.log().count('link down') == 1
    _, messages, _ = consumer.stop(10)
    assert [e['up'] for e in consumer.events] == [False, True]
    assert [sequence(m) for m in messages] == list(range(1, 11))


def test_without_any_port_left_the_daemon_ends_and_says_so(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    consumer = daemon.cat()
    mcsend(wire.sender, '239.1.1.1:5000', count=10)
    wait_for(lambda: daemon.stats()['delivered'] == 10, 5, 'data arrives')
    wire.receiver.run('ip', 'link', 'del', 'eth0')
    assert daemon.process.wait(10) == 3
    assert 'received 10 == delivered 10' in daemon.log()
    _, messages, _ = consumer.wait()
    assert len(messages) == 10, 'what was published before is still read'
    assert [e['removed'] for e in consumer.events] == [True]


def test_vlan_interfaces_of_one_port_are_told_apart(lab):
    host = lab.namespace('rx')
    tags = {'plain': 0, 'ten': 10, 'twelve': 12}
    frames = [multicast(f'{name} {i}'.encode(), tags=(Dot1Q(vlan=vlan),) if vlan else ())
              for i in range(20) for name, vlan in tags.items()]
    strangers = [multicast(b'nobody', tags=(Dot1Q(vlan=11),))]
    path = write_pcap(lab.path('vlans.pcap'), frames + strangers)
    args = []
    for number, (name, vlan) in enumerate(tags.items()):
        args += ['--interface', f'{name}=net_pcap0,vlan={vlan},igmp=off', '--join',
                 f'239.1.1.1,interface={name},id={number}']
    daemon = Daemon(lab, host, *args, vdev=f'net_pcap0,rx_pcap={path},tx_iface=lo')
    wait_for(lambda: daemon.stats()['received'] == len(frames) + 1, 5, 'all is read')
    _, messages, _ = daemon.cat('--count', len(frames)).wait()
    for number, (name, vlan) in enumerate(tags.items()):
        own = [m for m in messages if m['id'] == number]
        assert [bytes.fromhex(m['data']) for m in own] == [f'{name} {i}'.encode()
                                                           for i in range(20)]
        assert {m['vlan'] for m in own} == {vlan}
        assert groups_of(daemon)[name]['packets'] == 20
    stats = daemon.stats()
    assert drops(stats) == {'vlan_unknown': 1}
    identity(stats)


def test_ten_thousand_groups_do_not_hold_up_the_start(lab):
    host = lab.namespace('rx')
    took = {}
    for n in (16, 10_000):
        path = lab.path(f'{n}.yaml')
        with open(path, 'w') as config:
            config.write('joins:\n  - groups:\n')
            config.write(''.join(f"      - '239.7.{i // 250}.{i % 250 + 1}'\n" for i in range(n)))
            config.write('    ports: [5000]\n')
        start = time.monotonic()
        daemon = Daemon(lab, host, '--interface', 'a=net_ring0,address=10.0.0.2/24', '--config',
                        path, vdev='net_ring0')
        took[n] = time.monotonic() - start
        assert len(daemon.stats()['groups']) == n
        assert daemon.stop(seconds=30) == 0
    print('seconds to start, by groups:', took)
    assert took[10_000] < 20, took


def test_a_gap_of_the_link_stands_where_it_was_in_the_data(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    consumer = daemon.cat()
    for round in range(3):
        mcsend(wire.sender, '239.1.1.1:5000', count=50)
        wait_for(lambda: daemon.stats()['delivered'] == 50 * (round + 1), 5, 'data arrives')
        wire.sender.run('ip', 'link', 'set', 'eth0', 'down')
        wait_for(lambda: not ports_of(daemon)[A]['link_up'], 5, 'the link is down')
        wire.sender.run('ip', 'link', 'set', 'eth0', 'up')
        wait_for(lambda: ports_of(daemon)[A]['link_up'], 5, 'the link is up')
    mcsend(wire.sender, '239.1.1.1:5000', count=50)
    status, messages, _ = consumer.stop(200)
    # 50 messages, down, up, 50 messages, down, ...
    expected = [(52 * r + 51 + k, bool(k)) for r in range(3) for k in range(2)]
    assert [(e['seq'], e['up']) for e in consumer.events] == expected
    assert not any(e['removed'] for e in consumer.events)
    assert len(messages) == 200
    assert ports_of(daemon)[A]['link_changes'] == 6
    assert daemon.stop() == 0
