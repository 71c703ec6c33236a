# SPDX-License-Identifier: BSD-3-Clause
"""What the network sees of a receiver: reports, leaves, ARP, ping, or nothing at all."""

import os
import signal
import subprocess
import time

from netlab import Capture, wait_for
from programs import drops, identity, mcsend, sequence


def reports(path):
    """(IGMP type, record types, groups) of each message that is not a query."""
    out = subprocess.run(['tshark', '-n', '-r', path, '-Y', 'igmp and igmp.type != 0x11', '-T',
                          'fields', '-e', 'igmp.type', '-e', 'igmp.record_type', '-e',
                          'igmp.maddr'], check=True, capture_output=True, text=True).stdout
    return [line.split('\t') for line in out.splitlines()]


def test_a_snooping_switch_prunes_before_the_join_forwards_after_it_and_prunes_again(lan):
    before = lan.receiver.counter('eth0')
    mcsend(lan.sender, '239.1.1.1:5000', count=1000, rate=5000)
    # A query or two may come by; the group's frames do not.
    assert lan.receiver.counter('eth0') - before < 10

    started = time.monotonic()
    daemon = lan.daemon('--join', '239.1.1.1:5000', wait=False)
    wait_for(lambda: '239.1.1.1' in lan.members(), 5, 'the switch lists the group')
    wait_for(daemon.ready, 5, 'ready')
    assert time.monotonic() - started < 5
    mcsend(lan.sender, '239.1.1.1:5000', '239.9.9.9:5000', count=1000, rate=5000)
    status, messages, _ = daemon.cat('--count', 1000).wait()
    assert status == 0
    assert [sequence(m) for m in messages] == list(range(1, 1001))
    stats = daemon.stats()
    assert 'unknown_group' not in drops(stats), 'the switch should not have forwarded it'
    identity(stats)

    daemon.process.send_signal(signal.SIGTERM)
    wait_for(lambda: '239.1.1.1' not in lan.members(), 3, 'the switch forgot the group')
    assert daemon.process.wait(5) == 0
    before = lan.receiver.counter('eth0')
    mcsend(lan.sender, '239.1.1.1:5000', count=1000, rate=5000)
    assert lan.receiver.counter('eth0') - before < 10


def test_a_switch_that_turns_multicast_into_unicast_frames_is_received(lan):
    lan.switch.host.run('ip', 'link', 'set', 'to_receiver', 'type', 'bridge_slave',
                        'mcast_to_unicast', 'on')
    daemon = lan.daemon('--join', '239.1.1.1:5000')
    wait_for(lambda: '239.1.1.1' in lan.members(), 5, 'the switch lists the group')
    mac = lan.receiver.mac('eth0')
    capture = Capture(lan.receiver, 'eth0', lan.lab.path('unicast.pcap'),
                      f'udp and ether dst {mac}')
    mcsend(lan.sender, '239.1.1.1:5000', count=1000, rate=5000)
    status, messages, _ = daemon.cat('--count', 1000).wait()
    assert status == 0, daemon.stats()['drops']
    assert [sequence(m) for m in messages] == list(range(1, 1001))
    assert os.path.getsize(capture.stop(settle=0.5)) > 1000 * 100, 'they came as unicast frames'
    identity(daemon.stats())
    assert daemon.stop() == 0


def test_keep_memberships_leaves_nothing_on_the_wire(lan):
    daemon = lan.daemon('--join', '239.1.1.1:5000', '--keep-memberships')
    wait_for(lambda: '239.1.1.1' in lan.members(), 5, 'the switch lists the group')
    time.sleep(2)  # the robustness variable's second report
    # At the switch: the driver's frames pass by who listens on the interface itself.
    capture = Capture(lan.switch.host, 'to_receiver', lan.lab.path('end.pcap'),
                      'ip proto 2 and src 10.0.0.2')
    assert daemon.stop() == 0
    # A report in answer to a query may fall into the time before the end; a leave may not.
    for kind, records, groups in reports(capture.stop()):
        assert (kind, records) == ('0x22', '2'), (kind, records, groups)
    assert '239.1.1.1' in lan.members()


def test_joins_and_leaves_at_run_time_reach_the_switch(lan):
    daemon = lan.daemon('--join', '239.1.1.1:5000')
    daemon.ctl('join', '239.1.1.2:5000')
    wait_for(lambda: '239.1.1.2' in lan.members(), 2, 'the switch lists the new group')
    daemon.ctl('leave', '239.1.1.2:5000')
    wait_for(lambda: '239.1.1.2' not in lan.members(), 3, 'the switch forgot the left group')
    assert '239.1.1.1' in lan.members()


def test_an_interface_that_never_sends_sends_nothing(wire):
    capture = Capture(wire.sender, 'eth0', wire.lab.path('all.pcap'))
    wire.daemon('--join', '239.1.1.1:5000').stop()
    loud = wire.receiver.counter('eth0', 'tx_packets')
    assert loud > 0, 'an ordinary interface reports'
    quiet = wire.daemon('--join', '239.1.1.1:5000', interface=',tx=never')
    mcsend(wire.sender, '239.1.1.1:5000', count=100)
    wire.sender.run('ping', '-c', 1, '-W', 1, '10.0.0.2', check=False)
    assert quiet.stop() == 0
    capture.stop()
    assert wire.receiver.counter('eth0', 'tx_packets') == loud


def test_arp_and_ping_to_the_interfaces_address_are_answered(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    out = wire.sender.run('ping', '-c', 3, '-i', 0.2, '-W', 1, '-s', 1000, '10.0.0.2').stdout
    assert ' 0% packet loss' in out
    neighbours = wire.sender.run('ip', 'neigh', 'show', '10.0.0.2').stdout
    assert wire.receiver.mac('eth0') in neighbours
    silent = wire.sender.run('ping', '-c', 1, '-W', 1, '10.0.0.3', check=False)
    assert silent.returncode == 1, 'another address is not ours to answer'
    stats = daemon.stats()
    assert stats['punted'] >= 4
    identity(stats)
