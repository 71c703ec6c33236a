# SPDX-License-Identifier: BSD-3-Clause
"""What the kernel does to a port whose driver sits on one of its interfaces."""

import os
import signal

import pytest

from family import FAMILIES, IPV4
from netlab import Switch, wait_for
from programs import Daemon, drops, identity, mcsend

# Ten datagrams of argv[1] octets to the group argv[2] in one call: UDP_SEGMENT, udp(7).
SEGMENTED = '''
import socket, sys
size, group = int(sys.argv[1]), sys.argv[2]
if ':' in group:
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex('eth0'))
else:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton('10.0.0.1'))
s.setsockopt(17, 103, size)
s.sendto(b''.join(bytes([i]) * size for i in range(10)), (group, 5000))
'''

# A program of somebody else's that passes everything, in the kernel's generic XDP: bpf(2).
GENERIC_XDP = '''
import ctypes, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def bpf(command, attr):
    attr = ctypes.create_string_buffer(attr.ljust(128, b'\\0'), 128)
    fd = libc.syscall(321, command, attr, 128)
    assert fd >= 0, ctypes.get_errno()
    return fd
code = ctypes.create_string_buffer(struct.pack('<BBhiBBhi', 0xb7, 0, 0, 2, 0x95, 0, 0, 0), 16)
license = ctypes.create_string_buffer(b'BSD')
fd = bpf(5, struct.pack('<IIQQ', 6, 2, ctypes.addressof(code), ctypes.addressof(license)))
link = bpf(28, struct.pack('<IIII', fd, socket.if_nametoindex('eth0'), 37, 2))
print('attached', flush=True)
time.sleep(60)
'''


def port(daemon):
    return daemon.stats()['ports'][0]


def segmented(host, size, family=IPV4):
    host.run('/usr/bin/python3', '-c', SEGMENTED, size, family.address('239.1.1.1'))


def has_xdp(host):
    return 'prog/xdp' in host.run('ip', 'link', 'show', 'eth0').stdout


def test_what_a_storm_loses_at_the_drivers_own_ring_is_missed(wire):
    daemon = Daemon(wire.lab, wire.receiver, '--interface', 'feed=net_af_packet0,address=10.0.0.2/24',
                    '--join', '239.1.1.1:5000',
                    vdev='net_af_packet0,iface=eth0,framecnt=64,blocksz=65536')
    sent = 0
    for _ in range(2):
        os.kill(daemon.process.pid, signal.SIGSTOP)
        sent += mcsend(wire.sender, '239.1.1.1:5000', count=1000, rate=50_000)['flows'][0]['sent']
        os.kill(daemon.process.pid, signal.SIGCONT)
        wait_for(lambda: daemon.stats()['delivered'] + port(daemon)['rx_missed'] >= sent, 5,
                 'each datagram was delivered or missed')
    stats = daemon.stats()
    assert stats['delivered'] < sent / 2, 'the ring was overrun'
    assert stats['delivered'] + port(daemon)['rx_missed'] == sent
    identity(stats)
    assert daemon.stop() == 0


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_ten_datagrams_that_a_sender_hands_over_as_one_are_ten_messages(wire, family):
    if family.is_ipv6:
        wire.sender.speak_ipv6('eth0')
    daemon = wire.daemon('--join', family.join('239.1.1.1:5000'))
    consumer = daemon.cat('--count', 20)
    for size in (100, 1400):
        segmented(wire.sender, size, family)
    status, messages, _ = consumer.wait()
    assert status == 0
    assert [bytes.fromhex(m['data']) for m in messages] == [
        bytes([i]) * size for size in (100, 1400) for i in range(10)]
    assert 'UDP_SEGMENT' not in daemon.log()
    assert daemon.stop() == 0
    assert not has_xdp(wire.receiver), 'the program went with the daemon'


def test_jumbo_segments_are_cut_as_well(lab):
    sender, host = lab.namespace('tx'), lab.namespace('rx')
    lab.wire(sender, 'eth0', host, 'eth0', 9000)
    sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
    daemon = Daemon(lab, host, '--interface', 'feed=net_af_packet0', '--join', '239.1.1.1:5000',
                    vdev='net_af_packet0,iface=eth0,framesz=16384,blocksz=1048576,framecnt=1024')
    consumer = daemon.cat('--count', 10)
    segmented(sender, 5000)
    status, messages, _ = consumer.wait()
    assert [m['len'] for m in messages] == [5000] * 10
    assert daemon.stop() == 0


def test_a_daemon_that_is_killed_leaves_no_program_behind(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    assert has_xdp(wire.receiver)
    daemon.stop(signal.SIGKILL)
    assert not has_xdp(wire.receiver)


def test_the_program_of_somebody_else_stays_and_the_log_says_what_follows(wire):
    other = wire.receiver.start('/usr/bin/python3', '-c', GENERIC_XDP, stdout=-1)
    assert other.stdout.readline() == b'attached\n'
    before = wire.receiver.run('ip', 'link', 'show', 'eth0').stdout.split('prog/xdp')[1]
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    assert 'UDP_SEGMENT' in daemon.log() and 'of the generic kind' in daemon.log()
    assert daemon.stop() == 0
    assert wire.receiver.run('ip', 'link', 'show', 'eth0').stdout.split('prog/xdp')[1] == before


def test_a_start_warns_of_offloads_that_put_datagrams_together(wire):
    wire.receiver.run('ethtool', '-K', 'eth0', 'rx-udp-gro-forwarding', 'on')
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    assert 'ethtool -K eth0 rx-udp-gro-forwarding off' in daemon.log()
    assert daemon.stop() == 0


def test_reports_fit_the_mtu_that_the_interface_has_now(lab):
    switch, host = Switch(lab), lab.namespace('rx')
    switch.connect(host, 'eth0', 'to_receiver')
    host.run('ip', 'link', 'set', 'eth0', 'mtu', 1450)
    daemon = Daemon(lab, host, '--interface', 'feed=net_af_packet0,address=10.0.0.2/24', '--join',
                    '239.2.0.0/24:5000', vdev='net_af_packet0,iface=eth0')
    wait_for(lambda: len(switch.members('to_receiver')) == 256, 5, 'the switch knows all groups')
    host.run('ip', 'link', 'set', 'eth0', 'mtu', 600)
    wait_for(lambda: 'MTU 600 of eth0 now' in daemon.log(), 5, 'the change is seen')
    daemon.ctl('join', '239.3.0.0/24:5000')
    wait_for(lambda: len(switch.members('to_receiver')) == 512, 5, 'the switch knows the new ones')
    assert port(daemon)['kernel']['mtu'] == 600
    assert daemon.stop() == 0


def test_the_port_follows_the_mac_address_of_its_interface(wire):
    new = '02:00:00:00:00:77'
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    wire.receiver.run('ip', 'link', 'set', 'eth0', 'address', new)
    wait_for(lambda: port(daemon)['mac'] == new, 5, 'the port has the new address')
    reports = daemon.stats()['interfaces'][0]['igmp_reports']
    # ARP is answered with it, and what the own host sends is not delivered.
    wire.sender.run('ping', '-c', 1, '-W', 2, '10.0.0.2')
    assert new in wire.sender.run('ip', 'neigh', 'show', '10.0.0.2').stdout
    wire.receiver.run('ip', 'addr', 'add', '10.0.0.3/24', 'dev', 'eth0')
    mcsend(wire.receiver, '239.1.1.1:5000', count=10)
    mcsend(wire.sender, '239.1.1.1:5000', count=5)
    wait_for(lambda: daemon.stats()['delivered'] >= 5, 5, 'data arrives')
    stats = daemon.stats()
    assert stats['delivered'] == 5 and drops(stats)['own_frame'] >= 10
    assert reports > 1, 'the memberships were announced again'
    assert daemon.stop() == 0


def test_a_flap_of_milliseconds_is_told_and_memberships_are_announced_again(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    wait_for(lambda: daemon.stats()['interfaces'][0]['igmp_reports'] >= 2, 5, 'both copies are out')
    consumer = daemon.cat()
    mcsend(wire.sender, '239.1.1.1:5000', count=10)
    wait_for(lambda: daemon.stats()['delivered'] == 10, 5, 'data arrives')
    flap = wire.lab.path('flap')
    with open(flap, 'w') as batch:
        batch.write('link set eth0 down\nlink set eth0 up\n')
    wire.sender.run('ip', '-batch', flap)
    wait_for(lambda: port(daemon)['link_changes'] == 2, 5, 'down and up')
    wait_for(lambda: daemon.stats()['interfaces'][0]['igmp_reports'] >= 3, 2, 'told again')
    mcsend(wire.sender, '239.1.1.1:5000', count=10)
    consumer.stop(20)
    assert [(e['seq'], e['up']) for e in consumer.events] == [(11, False), (12, True)]
    assert daemon.stop() == 0


def test_an_interface_that_moves_to_another_namespace_is_down_and_not_gone(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    wire.receiver.run('ip', 'link', 'set', 'eth0', 'netns', wire.sender.name, 'name', 'moved')
    wait_for(lambda: not port(daemon)['link_up'], 5, 'the link is down')
    assert not port(daemon)['removed']
    assert 'moved to another network namespace' in daemon.log()
    assert daemon.stop() == 0


def test_a_start_warns_of_a_link_that_is_down_and_of_frames_that_will_be_cut(lab):
    sender, host = lab.namespace('tx'), lab.namespace('rx')
    lab.wire(sender, 'eth0', host, 'eth0', 9000)
    sender.run('ip', 'link', 'set', 'eth0', 'down')
    daemon = Daemon(lab, host, '--interface', 'feed=net_af_packet0', vdev='net_af_packet0,iface=eth0')
    assert 'link is down at the start: its interface has no carrier' in daemon.log()
    assert 'eth0 has MTU 9000' in daemon.log() and 'framesz=16384' in daemon.log()
    host.run('ip', 'link', 'set', 'eth0', 'down')
    host.run('ip', 'link', 'set', 'eth0', 'name', 'feed0')
    wait_for(lambda: 'its interface is named feed0 now' in daemon.log(), 5, 'the name is followed')
    assert port(daemon)['kernel']['name'] == 'feed0'
    assert daemon.stop() == 0
