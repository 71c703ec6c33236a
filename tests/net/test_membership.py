# SPDX-License-Identifier: BSD-3-Clause
"""What the network sees of a receiver: reports, leaves, ARP, ping, or nothing at all."""

import os
import signal

from conftest import both_families
from family import at_port
from membership_lan import Tap, wait_idle
from netlab import Capture, wait_for
from programs import drops, identity, mcsend, sequence


@both_families
def test_a_snooping_switch_prunes_before_the_join_forwards_after_it_and_prunes_again(lan):
    group, other = map(lan.family.address, ('239.1.1.1', '239.9.9.9'))
    before = lan.receiver.counter('eth0')
    mcsend(lan.sender, at_port(group), count=1000, rate=5000)
    # A query or two may come by; the group's frames do not.
    assert lan.receiver.counter('eth0') - before < 10

    daemon = lan.daemon('--join', at_port(group), wait=False)
    wait_for(lambda: group in lan.members(), 5, 'the switch lists the group')
    wait_for(daemon.ready, 5, 'ready')
    mcsend(lan.sender, at_port(group), at_port(other), count=1000, rate=5000)
    status, messages, _ = daemon.cat('--count', 1000).wait()
    assert status == 0
    assert [sequence(m) for m in messages] == list(range(1, 1001))
    stats = daemon.stats()
    assert 'unknown_group' not in drops(stats), 'the switch should not have forwarded it'
    identity(stats)

    daemon.process.send_signal(signal.SIGTERM)
    wait_for(lambda: group not in lan.members(), 3, 'the switch forgot the group')
    assert daemon.process.wait(5) == 0
    before = lan.receiver.counter('eth0')
    mcsend(lan.sender, at_port(group), count=1000, rate=5000)
    assert lan.receiver.counter('eth0') - before < 10


@both_families
def test_a_switch_that_turns_multicast_into_unicast_frames_is_received(lan):
    group = lan.family.address('239.1.1.1')
    lan.switch.host.run('ip', 'link', 'set', 'to_receiver', 'type', 'bridge_slave',
                        'mcast_to_unicast', 'on')
    daemon = lan.daemon('--join', at_port(group))
    wait_for(lambda: group in lan.members(), 5, 'the switch lists the group')
    mac = lan.receiver.mac('eth0')
    capture = Capture(lan.receiver, 'eth0', lan.lab.path('unicast.pcap'),
                      f'udp and ether dst {mac}')
    mcsend(lan.sender, at_port(group), count=1000, rate=5000)
    status, messages, _ = daemon.cat('--count', 1000).wait()
    assert status == 0, daemon.stats()['drops']
    assert [sequence(m) for m in messages] == list(range(1, 1001))
    assert os.path.getsize(capture.stop(settle=0.5)) > 1000 * 100, 'they came as unicast frames'
    identity(daemon.stats())
    assert daemon.stop() == 0


@both_families
def test_keep_memberships_leaves_nothing_on_the_wire(lan, protocol):
    group = lan.family.address('239.1.1.1')
    # As long as it takes a busy machine to look: nobody answers the switch in the end.
    lan.switch.host.run('ip', 'link', 'set', 'br0', 'type', 'bridge', 'mcast_membership_interval',
                        26_000)
    daemon = lan.daemon('--join', at_port(group), '--keep-memberships')
    wait_for(lambda: group in lan.members(), 5, 'the switch lists the group')
    wait_idle(daemon)
    # At the switch: the driver's frames pass by who listens on the interface itself.
    tap = Tap(lan.switch.host, 'to_receiver', lan.receiver.mac('eth0'), protocol)
    assert daemon.stop() == 0
    # A report in answer to a query may fall into the time before the end; a leave may not.
    for m in tap.stop():
        assert m.type == protocol.report and set(m.records) == {2}, m.told()
    assert group in lan.members()


@both_families
def test_joins_and_leaves_at_run_time_reach_the_switch(lan):
    group, other = map(lan.family.address, ('239.1.1.1', '239.1.1.2'))
    daemon = lan.daemon('--join', at_port(group))
    daemon.ctl('join', at_port(other))
    wait_for(lambda: other in lan.members(), 2, 'the switch lists the new group')
    daemon.ctl('leave', at_port(other))
    wait_for(lambda: other not in lan.members(), 3, 'the switch forgot the left group')
    assert group in lan.members()


@both_families
def test_an_interface_that_never_sends_sends_nothing(wire):
    join = wire.family.join('239.1.1.1:5000')
    capture = Capture(wire.sender, 'eth0', wire.lab.path('all.pcap'))
    wire.daemon('--join', join).stop()
    loud = wire.receiver.counter('eth0', 'tx_packets')
    assert loud > 0, 'an ordinary interface reports'
    quiet = wire.daemon('--join', join, interface=',tx=never')
    mcsend(wire.sender, join, count=100)
    wire.sender.run('ping', '-c', 1, '-W', 1, wire.family.address('10.0.0.2'),
                    check=False)
    assert quiet.stop() == 0
    capture.stop()
    assert wire.receiver.counter('eth0', 'tx_packets') == loud


@both_families
def test_arp_and_ping_to_the_interfaces_address_are_answered(wire):
    """Over IPv6: neighbour solicitations and ping, also to the link-local address."""
    ours, others = map(wire.family.address, ('10.0.0.2', '10.0.0.3'))
    daemon = wire.daemon('--join', wire.family.join('239.1.1.1:5000'))
    out = wire.sender.run('ping', '-c', 3, '-i', 0.2, '-W', 1, '-s', 1000, ours).stdout
    assert ' 0% packet loss' in out
    neighbours = wire.sender.run('ip', 'neigh', 'show', ours).stdout
    assert wire.receiver.mac('eth0') in neighbours
    silent = wire.sender.run('ping', '-c', 1, '-W', 1, others, check=False)
    assert silent.returncode == 1, 'another address is not ours to answer'
    stats = daemon.stats()
    assert stats['punted'] >= 4
    identity(stats)
