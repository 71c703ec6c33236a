# SPDX-License-Identifier: BSD-3-Clause
"""kernel=: what is not ours goes to the kernel by way of a device, and comes back through the port.

The device moves into a network namespace of its own, so that nothing but the device can reach the
addresses there: the kernel sees the port's frames on eth0, too."""

import json
import os
import re
import subprocess
import sys
import time

import pytest

from family import FAMILIES, IPV4
from frames import Ether
from netlab import Capture, Member, wait_for
from programs import Daemon, Traffic, drops, identity, mcsend
from querier_lan import members
from suite import need_tun

TRANSFER = os.path.join(os.path.dirname(__file__), 'transfer.py')
MEGABYTES = 50
STALL_NS = 10_000_000  # what a queue holds at 50,000 packets a second, with room to spare
TRIES = 3


class Beside:
    """A daemon whose interface `feed` has a device in the kernel, with an address there."""

    def __init__(self, wire, *args, interface='', address='10.0.0.2', move=True):
        need_tun()
        self.wire = wire
        # A real wire carries whole frames with whole checksums; veth hands over neither.
        wire.sender.run('ethtool', '-K', 'eth0', 'tx', 'off')
        self.daemon = wire.daemon(*args, interface=',kernel=beside0' + interface)
        self.host = wire.receiver
        if move:
            self.host = next((one for one in wire.lab.namespaces if one.name.endswith('_kern')),
                             None) or wire.lab.namespace('kern')
            wire.receiver.run('ip', 'link', 'set', 'beside0', 'netns', self.host.name)
            self.host.run('ip', 'link', 'set', 'beside0', 'up')
        wire.family.give(self.host, 'beside0', address)

    def info(self):
        return self.daemon.stats()['interfaces'][0]['kernel']

    def is_there(self):
        return self.host.run('ip', 'link', 'show', 'beside0', check=False).returncode == 0


@pytest.fixture
def beside(wire):
    return Beside(wire, '--join', '239.1.1.1:5000')


def pings(host, address, *args):
    out = host.run('ping', '-c', 3, '-i', 0.2, '-W', 2, *args, address, check=False).stdout
    return ' 0% packet loss' in out


def transfer(server, address, client, way, port):
    """MEGABYTES over one connection that client makes; way: send or receive, as client says.
    Gives the seconds that it took."""
    other = 'receive' if way == 'send' else 'send'
    listener = server.start(sys.executable, TRANSFER, 'listen', address, port, other, MEGABYTES,
                            stdout=subprocess.PIPE, text=True)
    assert listener.stdout.readline() == 'listening\n'
    begin = time.monotonic()
    here = client.run(sys.executable, TRANSFER, 'connect', address, port, way, MEGABYTES,
                      timeout=120).stdout
    there = listener.communicate(timeout=30)[0]
    assert here == there, 'both ends saw the same octets'
    assert int(here.split()[0]) == MEGABYTES * 1_000_000
    return time.monotonic() - begin


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_pings_and_the_search_for_neighbours_pass_in_both_directions(wire, family):
    beside = Beside(wire, '--join', family.join('239.1.1.1:5000'))
    ours, theirs = family.address('10.0.0.2'), family.address('10.0.0.1')
    mac = wire.receiver.mac('eth0')
    assert beside.host.mac('beside0') == mac, "the device has the port's MAC address"
    assert pings(wire.sender, ours, '-s', 1400)
    assert mac in wire.sender.run('ip', 'neigh', 'show', ours).stdout
    assert pings(beside.host, theirs)
    assert wire.sender.mac('eth0') in beside.host.run('ip', 'neigh', 'show', theirs).stdout
    # More than a frame holds. net_af_packet has the kernel put IPv4 fragments together, up to its
    # framesz; the answer leaves in two.
    assert pings(wire.sender, ours, '-s', 1600)
    mcsend(wire.sender, family.join('239.1.1.1:5000'), count=10)
    wait_for(lambda: beside.daemon.stats()['delivered'] == 10, 5, 'our channel has its group')
    stats = beside.daemon.stats()
    identity(stats)
    info = beside.info()
    assert info['rx'] >= 8 and info['tx'] >= 8
    assert info['rx_dropped'] == 0 and info['tx_dropped'] == 0
    # Each address answers for itself: ours is the kernel's alone.
    beside.host.run('ip', 'addr', 'flush', 'dev', 'beside0')
    assert not pings(wire.sender, ours)


def transfers_beside_multicast(wire, beside):
    """Two transfers while 50,000 packets a second come; gives (sent, before, after)."""
    before = beside.daemon.stats()
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=50_000)
    seconds = [transfer(beside.host, '10.0.0.2', wire.sender, 'send', 2200),
               transfer(beside.host, '10.0.0.2', wire.sender, 'receive', 2201)]
    assert pings(wire.sender, '10.0.0.2')
    sent = traffic.stop()
    time.sleep(0.5)
    print(f'{MEGABYTES} MB to the kernel in {seconds[0]:.2f} s, from it in {seconds[1]:.2f} s, '
          f'{sent["flows"][0]["sent"]} multicast packets meanwhile')
    return sent, before, beside.daemon.stats()


def test_tcp_passes_while_multicast_is_received_without_loss(wire):
    for attempt in range(TRIES):
        beside = Beside(wire, '--join', '239.1.1.1:5000')
        dropped = wire.sender.counter('eth0', 'tx_dropped')
        sent, before, after = transfers_beside_multicast(wire, beside)
        got = after['delivered'] - before['delivered']
        identity(after)
        # The machine took the lcore away, or the kernel's thread that empties veth's queue.
        stalled = (after['lcores'][0]['longest_gap_ns'] > STALL_NS or
                   wire.sender.counter('eth0', 'tx_dropped') > dropped)
        if got == sent['flows'][0]['sent'] or not stalled:
            break
        assert beside.daemon.stop() == 0

    assert sent['flows'][0]['failed'] == 0
    assert got == sent['flows'][0]['sent']
    assert drops(after).keys() <= {'not_multicast', 'own_frame'}, after['drops']
    frames = MEGABYTES * 1_000_000 / 1500
    assert after['interfaces'][0]['kernel']['rx'] > frames
    assert after['interfaces'][0]['kernel']['tx'] > frames


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_multicast_that_a_program_wants_from_the_device_is_the_kernels(wire, family):
    beside = Beside(wire, '--join', family.join('239.1.1.1:5000'), move=False)
    member = Member(beside.host, 'beside0', family.address('239.5.5.5'))
    to = [family.join('239.5.5.5:5000'), family.join('239.9.9.9:5000')]
    # The address becomes known to the rx lcore within a tenth of a second.
    wait_for(lambda: mcsend(wire.sender, *to, count=10, size=77) and member.has_received(), 10,
             'the program has a packet')
    assert member.receive() == 77
    stats = beside.daemon.stats()
    assert drops(stats)['unknown_group'] >= 10, 'a group that nobody wants is dropped as ever'
    identity(stats)


def test_a_vlan_interface_gives_the_kernel_frames_without_its_tag(wire):
    tagged = Ether(src='02:00:00:00:00:07', dst='ff:ff:ff:ff:ff:ff', type=0x8100) / (
        b'\x00\x0c' + bytes.fromhex('0806' '0001080006040001' '020000000007' '0a0000c8'
                                    '000000000000' '0a0c0002'))
    capture = Capture(wire.sender, 'eth0', wire.lab.path('vlan.pcap'))
    beside = Beside(wire, interface=',vlan=12', address='10.12.0.2')
    beside.host.run('ip', 'addr', 'add', '10.0.0.100/24', 'dev', 'beside0')
    code = ('import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW);'
            's.bind(("eth0", 0));'
            f's.send(bytes.fromhex("{bytes(tagged).hex()}"))')
    wire.sender.run(sys.executable, '-c', code)
    wait_for(lambda: beside.info()['tx'] >= 1, 5, 'the kernel has answered')
    path = capture.stop()
    out = subprocess.run(['tshark', '-n', '-r', path, '-Y',
                          f'arp.opcode == 2 && eth.src == {wire.receiver.mac("eth0")}', '-T',
                          'fields', '-e', 'vlan.id', '-e', 'arp.src.proto_ipv4', '-e', 'eth.dst'],
                         check=True, capture_output=True, text=True).stdout.split()
    assert out[:3] == ['12', '10.12.0.2', '02:00:00:00:00:07']


def test_the_device_ends_with_the_daemon_and_a_name_that_is_taken_is_refused(wire, beside):
    assert beside.is_there()
    assert beside.daemon.stop() == 0
    assert not beside.is_there()
    wire.receiver.run('ip', 'link', 'add', 'beside0', 'type', 'veth')
    second = wire.daemon(interface=',kernel=beside0', wait=False)
    assert second.process.wait(20) == 1
    assert re.search(r'kernel=beside0: there is a network device of this name', second.log())
    assert wire.receiver.run('ip', 'link', 'show', 'beside0'), 'and is left alone'


def test_a_device_that_somebody_removes_is_told_and_the_daemon_answers_itself(wire, beside):
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=1000)
    assert pings(wire.sender, '10.0.0.2')
    beside.host.run('ip', 'link', 'del', 'beside0')
    wait_for(lambda: 'removed its device beside0' in beside.daemon.log(), 5, 'the log says so')
    assert beside.info()['up'] is False
    assert pings(wire.sender, '10.0.0.2'), 'now from the responder, for address='
    sent = traffic.stop()
    wait_for(lambda: beside.daemon.stats()['delivered'] == sent['flows'][0]['sent'], 5, 'no loss')
    stats = beside.daemon.stats()
    identity(stats)
    assert beside.daemon.log().count('removed its device') == 1
    assert beside.daemon.stop() == 0


def frames_of(path, mac):
    """What a host sent, also while the capture is still being written."""
    out = subprocess.run(['tshark', '-n', '-r', path, '-Y', f'eth.src == {mac}', '-T', 'json',
                          '-e', 'ip.proto', '-e', 'igmp.maddr', '-e', 'eth.type', '-e',
                          'icmpv6.type', '-e', 'icmpv6.mldr.mar.multicast_address'],
                         capture_output=True, text=True).stdout
    return [one['_source']['layers'] for one in json.loads(out or '[]')]


def groups_of(frames):
    return {group for one in frames for field in ('igmp.maddr', 'icmpv6.mldr.mar.multicast_address')
            for group in one.get(field, [])}


def provoke(wire, beside, family=IPV4):
    """All that makes a host send something."""
    ours, theirs, all_hosts = [family.address(one) for one in ('10.0.0.2', '10.0.0.1', '224.0.0.1')]
    mcsend(wire.sender, family.join('239.1.1.1:5000'), count=100)
    wire.sender.run('ping', '-c', 2, '-i', 0.2, '-W', 1, ours, check=False)
    if family.is_ipv6:
        wire.sender.run('ping', '-c', 1, '-W', 1, f'{all_hosts}%eth0', check=False)
    else:
        wire.sender.run('ping', '-c', 1, '-b', '-W', 1, '10.0.0.255', check=False)
    beside.host.run('ping', '-c', 2, '-i', 0.2, '-W', 1, theirs, check=False)
    # It stays: the kernel takes its time to report.
    Member(beside.host, 'beside0', family.address('239.7.7.7'))


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_with_tx_never_the_kernel_hears_and_says_nothing(wire, family):
    mac = wire.receiver.mac('eth0')
    capture = Capture(wire.sender, 'eth0', wire.lab.path('never.pcap'))
    loud = wire.receiver.counter('eth0', 'tx_packets')
    beside = Beside(wire, '--join', family.join('239.1.1.1:5000'), interface=',tx=never,igmp=off')
    provoke(wire, beside, family)
    wait_for(lambda: beside.info()['tx_dropped'] > 2, 10, 'the kernel wanted to speak')
    info = beside.info()
    assert info['rx'] > 0, 'it heard the requests'
    assert info['tx'] == 0
    assert beside.daemon.stop() == 0
    assert frames_of(capture.stop(), mac) == []
    assert wire.receiver.counter('eth0', 'tx_packets') == loud


def is_of_membership(frame):
    """IGMP, or MLD by its types."""
    return (frame.get('ip.proto') == ['2'] or
            set(frame.get('icmpv6.type', [])) & {'130', '131', '132', '143'})


def seeks_neighbours(frame):
    return frame.get('eth.type') == ['0x0806'] or frame.get('icmpv6.type') == ['135']


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
@pytest.mark.parametrize('mode', ['auto', 'off'])
def test_igmp_and_mld_of_the_kernels_go_out_unless_the_interface_has_none(wire, mode, family):
    mac = wire.receiver.mac('eth0')
    protocol = 'mld' if family.is_ipv6 else 'igmp'
    capture = Capture(wire.sender, 'eth0', wire.lab.path('reports.pcap'))
    beside = Beside(wire, interface=f',{protocol}={mode}')
    provoke(wire, beside, family)
    if mode == 'auto':
        group = family.address('239.7.7.7')
        wait_for(lambda: group in groups_of(frames_of(capture.path, mac)), 10, 'a report')
    else:
        wait_for(lambda: beside.info()['tx_dropped'] > 0, 10, 'the kernel wanted to report')
    assert beside.daemon.stop() == 0
    ours = frames_of(capture.stop(), mac)
    assert any(seeks_neighbours(one) for one in ours), 'it looks for its neighbours'
    if mode == 'off':
        assert not any(is_of_membership(one) for one in ours)


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_programs_on_the_device_answer_our_querier(wire, family):
    """R-Q-11. The kernel's address is ours, as it is where the device has ours."""
    key, group = 'mld-querier' if family.is_ipv6 else 'querier', family.address('239.7.7.7')
    beside = Beside(wire, interface=f',{key}=on,query-interval=1,query-response-interval=0.5,'
                    'last-member-query-interval=0.5')

    def known():
        return [one for one in members(beside.daemon)['members'] if one['group'] == group]

    member = Member(beside.host, 'beside0', group)
    wait_for(known, 10, 'the querier hears what the kernel reports')
    # Twice the time after which a member that does not answer is forgotten: 2 * 1 s + 2 * 0.5 s.
    wait_for(lambda: known()[0]['since_ns'] + 6e9 < time.time_ns(), 15, 'the kernel answers')
    member.leave()
    wait_for(lambda: not known(), 10, 'the querier asks, and nobody answers')
