# SPDX-License-Identifier: BSD-3-Clause
"""An interface as an IPv6 host, beside a kernel that is its neighbour."""

import ipaddress
import re

import pytest

from frames import Dot1Q, Ether, IPv6, mac as group_mac
from membership_lan import inject
from netlab import Capture, Member, wait_for
from programs import Daemon
from suite import need_tun

from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr  # after frames: it silences scapy

ADDRESS = '2001:db8::2'
PEER = '2001:db8::1/64'
GROUP = 'ff15::1'
JOIN = f'[{GROUP}]:5000'
FIELDS = ('eth.src', 'eth.dst', 'ipv6.src', 'ipv6.dst', 'ipv6.hlim', 'icmpv6.type',
          'icmpv6.mldr.mar.multicast_address', 'icmpv6.nd.ns.target_address')


def link_local(mac):
    """RFC 4291 Appendix A."""
    o = bytes.fromhex(mac.replace(':', ''))
    interface = bytes([o[0] ^ 2]) + o[1:3] + b'\xff\xfe' + o[3:]
    return str(ipaddress.ip_address(b'\xfe\x80' + bytes(6) + interface))


def solicited(address):
    """RFC 4291 §2.7.1."""
    low = ipaddress.ip_address(address).packed[13:]
    return str(ipaddress.ip_address(ipaddress.ip_address('ff02::1:ff00:0').packed[:13] + low))


class Host:
    """A daemon on a wire to a kernel. Our end's kernel has no IPv6, unless the test says so."""

    def __init__(self, wire):
        self.wire = wire
        self.peer = wire.sender
        self.link_local = link_local(wire.receiver.mac('eth0'))

    def start(self, *args, interface=f',address6={ADDRESS}/64', speak=True):
        if speak:
            self.peer.speak_ipv6('eth0', PEER)
        self.daemon = self.wire.daemon(*args, interface=interface)
        return self.daemon

    def pings(self, address):
        zone = '%eth0' if address.startswith('fe80') else ''
        return self.peer.run('ping', '-6', '-c', '1', '-W', '1', f'{address}{zone}',
                             check=False).returncode == 0

    def wait_ping(self, address):
        wait_for(lambda: self.pings(address), 10, f'{address} answers')


@pytest.fixture
def host(wire):
    return Host(wire)


def sent_by_us(lab, path, mac):
    """The ICMPv6 packets of a capture that our MAC address sent, as lists of FIELDS."""
    args = [x for field in FIELDS for x in ('-e', field)]
    out = lab.run('tshark', '-r', path, '-Y', f'icmpv6 && eth.src == {mac}', '-T', 'fields', *args)
    return [line.split('\t') for line in out.stdout.splitlines()]


def test_the_kernel_pings_address6_and_the_link_local_address_and_learns_their_mac(host):
    daemon = host.start()
    host.wait_ping(ADDRESS)
    host.wait_ping(host.link_local)
    mac = host.wire.receiver.mac('eth0')
    neighbours = host.peer.run('ip', '-6', 'neigh', 'show', 'dev', 'eth0').stdout
    for address in (ADDRESS, host.link_local):
        assert re.search(rf'^{address} lladdr {mac} ', neighbours, re.M), neighbours
    assert daemon.stop() == 0


def test_an_echo_of_each_length_up_to_the_mtu_comes_back(host):
    host.start(interface=f',address6={ADDRESS}/64,dad=off')
    host.wait_ping(ADDRESS)
    for size in (0, 1, 1400, 1452):
        host.peer.run('ping', '-6', '-c', '1', '-W', '5', '-M', 'do', '-s', size, ADDRESS)
    assert host.daemon.stop() == 0


def test_on_a_vlan_a_solicitation_is_answered_with_the_vlans_tag(host):
    mac, peer = host.wire.receiver.mac('eth0'), host.peer.mac('eth0')
    capture = Capture(host.peer, 'eth0', host.wire.lab.path('vlan.pcap'))
    host.start(interface=f',vlan=7,address6={ADDRESS}/64,dad=off', speak=False)
    ask = (IPv6(src='2001:db8::1', dst=solicited(ADDRESS), hlim=255) / ICMPv6ND_NS(tgt=ADDRESS) /
           ICMPv6NDOptSrcLLAddr(lladdr=peer))
    frames = [Ether(src=peer, dst=group_mac(solicited(ADDRESS))) / tag / ask
              for tag in (Dot1Q(vlan=8), Dot1Q(vlan=7))]
    inject(host.peer, *map(bytes, frames))

    def adverts():
        out = host.peer.run('tshark', '-r', capture.path, '-Y', 'icmpv6.type == 136', '-T',
                            'fields', '-e', 'eth.src', '-e', 'eth.dst', '-e', 'vlan.id', '-e',
                            'ipv6.dst', '-e', 'icmpv6.nd.na.target_address').stdout
        return [line.split('\t') for line in out.splitlines()]

    wait_for(adverts, 10, 'the solicitation is answered')
    capture.stop()
    assert adverts() == [[mac, peer, '7', '2001:db8::1', ADDRESS]]
    assert host.daemon.stop() == 0


def test_nothing_of_ipv6_leaves_before_it_is_asked_for(host):
    capture = Capture(host.peer, 'eth0', host.wire.lab.path('silent.pcap'), 'ip6')
    host.start('--join', '239.1.1.1:5000', interface='')
    assert not host.pings(host.link_local)
    capture.stop()
    assert sent_by_us(host.peer, capture.path, host.wire.receiver.mac('eth0')) == []
    assert host.daemon.stop() == 0


def test_the_group_is_reported_from_nobody_then_the_address_is_probed_then_it_speaks(host):
    capture = Capture(host.peer, 'eth0', host.wire.lab.path('dad.pcap'), 'ip6')
    host.start('--join', JOIN, interface='')
    host.wait_ping(host.link_local)

    def packets():
        return sent_by_us(host.peer, capture.path, host.wire.receiver.mac('eth0'))

    wait_for(lambda: any(p[2] == host.link_local and p[5] == '143' for p in packets()), 10,
             'MLD speaks from the link-local address')
    capture.stop()
    group = solicited(host.link_local)
    sent = packets()
    of_group = next(k for k, p in enumerate(sent) if p[5] == '143' and group in p[6])
    probe = next(k for k, p in enumerate(sent) if p[5] == '135')
    first_from_us = next(k for k, p in enumerate(sent) if p[2] == host.link_local)
    assert of_group < probe < first_from_us
    assert all(p[2] == '::' for p in sent[:first_from_us])
    assert sent[probe][3:5] == [group, '255'] and sent[probe][7] == host.link_local
    assert any(p[5] == '143' and GROUP in p[6] for p in sent[first_from_us:])
    assert sum(p[5] == '135' for p in sent) == 1
    assert host.daemon.stop() == 0


def test_with_dad_off_an_address_is_not_probed(host):
    capture = Capture(host.peer, 'eth0', host.wire.lab.path('nodad.pcap'), 'ip6')
    host.start(interface=f',address6={ADDRESS}/64,dad=off')
    host.wait_ping(ADDRESS)
    capture.stop()
    sent = sent_by_us(host.peer, capture.path, host.wire.receiver.mac('eth0'))
    assert sent and not any(p[5] == '135' for p in sent)
    assert host.daemon.stop() == 0


def test_an_address_that_a_neighbour_has_is_a_duplicate(host):
    """Its link-local one: a line in the log, no MLD and no answer from it."""
    host.peer.speak_ipv6('eth0', PEER, f'{host.link_local}/64')
    capture = Capture(host.peer, 'eth0', host.wire.lab.path('duplicate.pcap'), 'ip6')
    host.start('--join', JOIN, interface=f',address6={ADDRESS}/64', speak=False)
    wait_for(lambda: 'already' in host.daemon.log(), 10, 'the log says so')
    line = next(x for x in host.daemon.log().splitlines() if 'already' in x)
    assert host.peer.mac('eth0') in line.lower() and host.link_local in line
    host.wait_ping(ADDRESS)
    capture.stop()
    sent = sent_by_us(host.peer, capture.path, host.wire.receiver.mac('eth0'))
    assert not any(p[2] == host.link_local for p in sent)
    assert any(p[2] == '::' and p[5] == '143' and GROUP in p[6] for p in sent)
    assert host.daemon.log().count('already') == 1
    assert host.daemon.stop() == 0


def test_a_group_that_is_joined_too_stays_when_the_address_goes(host):
    """It is left with the others at the stop, not with the address."""
    group = solicited(ADDRESS)
    host.peer.speak_ipv6('eth0', PEER, f'{ADDRESS}/64')
    capture = Capture(host.peer, 'eth0', host.wire.lab.path('both.pcap'), 'ip6')
    host.start('--join', JOIN, '--join', f'[{group}]:5000', speak=False)
    wait_for(lambda: f'{ADDRESS} already' in host.daemon.log(), 10, 'the address is a duplicate')
    assert host.daemon.stop() == 0
    capture.stop()
    sent = sent_by_us(host.peer, capture.path, host.wire.receiver.mac('eth0'))
    last = [p[6] for p in sent if p[5] == '143' and GROUP in p[6].split(',')][-1]
    assert group in last.split(',')


def test_a_neighbour_that_wants_our_address_fails(host):
    host.start(interface=f',address6={ADDRESS}/64,dad=off')
    host.wait_ping(ADDRESS)
    host.peer.run('sysctl', '-qw', 'net.ipv6.conf.eth0.accept_dad=1',
                  'net.ipv6.conf.eth0.dad_transmits=1')
    host.peer.run('ip', 'addr', 'add', f'{ADDRESS}/128', 'dev', 'eth0')
    wait_for(lambda: host.peer.addresses6('eth0', 'dadfailed') == [ADDRESS], 10,
             "the kernel's address is a duplicate")
    assert 'already' not in host.daemon.log()
    assert host.daemon.stop() == 0


def test_a_link_that_comes_up_again_is_tested_again(host):
    host.peer.speak_ipv6('eth0', PEER, f'{host.link_local}/64')
    host.start('--join', JOIN, interface='', speak=False)
    wait_for(lambda: 'already' in host.daemon.log(), 10, 'the address is a duplicate')
    host.peer.run('ip', 'addr', 'del', f'{host.link_local}/64', 'dev', 'eth0')
    host.peer.run('ip', 'link', 'set', 'eth0', 'down')
    wait_for(lambda: 'link down' in host.daemon.log(), 10, 'the link is down')
    host.peer.run('ip', 'link', 'set', 'eth0', 'up')
    host.peer.speak_ipv6('eth0')
    host.wait_ping(host.link_local)
    assert host.daemon.stop() == 0


def test_what_the_kernel_has_is_taken_over_without_a_probe(host):
    host.wire.receiver.speak_ipv6('eth0', f'{ADDRESS}/64')
    own = host.wire.receiver.link_local('eth0')
    capture = Capture(host.peer, 'eth0', host.wire.lab.path('kernel.pcap'), 'ip6')
    host.start('--join', JOIN)

    def reports():
        sent = sent_by_us(host.peer, capture.path, host.wire.receiver.mac('eth0'))
        return [p for p in sent if p[5] == '143' and GROUP in p[6]]

    wait_for(reports, 10, 'the group is reported')
    host.wait_ping(ADDRESS)
    pinged = host.peer.run('ping', '-6', '-c', '2', '-i', '0.2', ADDRESS).stdout
    assert 'DUP' not in pinged, 'the kernel alone answers'
    capture.stop()
    sent = sent_by_us(host.peer, capture.path, host.wire.receiver.mac('eth0'))
    assert {p[2] for p in reports()} == {own}
    assert not any(p[5] == '135' and p[2] == '::' for p in sent)
    assert host.daemon.stop() == 0


def test_an_address_that_the_kernel_gets_and_loses_changes_its_owner(host):
    host.start('--join', JOIN)
    host.wait_ping(ADDRESS)
    capture = Capture(host.peer, 'eth0', host.wire.lab.path('owner.pcap'), 'ip6')

    def sources():
        sent = sent_by_us(host.peer, capture.path, host.wire.receiver.mac('eth0'))
        return {p[2] for p in sent if p[5] == '143' and GROUP in p[6]}

    host.wire.receiver.run('sysctl', '-qw', 'net.ipv6.conf.eth0.addr_gen_mode=1')
    host.wire.receiver.speak_ipv6('eth0', 'fe80::77/64', f'{ADDRESS}/64')
    wait_for(lambda: 'fe80::77' in sources(), 10, "MLD speaks from the kernel's address")
    host.wait_ping(ADDRESS)
    host.wire.receiver.keep_ipv6_silent('eth0')
    wait_for(lambda: host.link_local in sources(), 10, 'MLD speaks from our own address again')
    host.wait_ping(ADDRESS)
    capture.stop()
    assert host.daemon.stop() == 0


def test_a_stop_leaves_the_groups_of_the_addresses_too(host):
    capture = Capture(host.peer, 'eth0', host.wire.lab.path('leave.pcap'), 'ip6')
    host.start('--join', JOIN, interface=f',address6={ADDRESS}/64,dad=off')
    host.wait_ping(ADDRESS)
    assert host.daemon.stop() == 0
    capture.stop()
    out = host.peer.run('tshark', '-r', capture.path, '-Y', 'icmpv6.type == 143', '-T', 'fields',
                        '-e', 'ipv6.src', '-e', 'icmpv6.mldr.mar.record_type', '-e',
                        'icmpv6.mldr.mar.multicast_address').stdout
    left = {group for source, types, groups in (line.split('\t') for line in out.splitlines())
            for kind, group in zip(types.split(','), groups.split(','))
            if kind in ('3', '6') and source == host.link_local}
    assert {GROUP, solicited(ADDRESS), solicited(host.link_local)} <= left


def test_the_kernel_at_the_other_end_of_a_net_tap_is_another_host(lab):
    need_tun()
    peer = lab.namespace('rx')
    daemon = Daemon(lab, peer, '--interface', f'feed=net_tap0,address6={ADDRESS}/64',
                    vdev='net_tap0,iface=tap0')
    peer.run('ip', 'link', 'set', 'tap0', 'address', '02:00:00:00:00:09')  # it begins with ours
    peer.speak_ipv6('tap0', PEER)
    wait_for(lambda: peer.run('ping', '-6', '-c', '1', '-W', '1', ADDRESS, check=False)
             .returncode == 0, 10, 'it is answered')
    assert daemon.stop() == 0


# ---- kernel= ----

@pytest.fixture
def beside(host):
    """A host whose daemon has a device in the kernel."""
    need_tun()
    host.peer.run('ethtool', '-K', 'eth0', 'tx', 'off')  # whole checksums, as on a real wire
    return host


def test_the_kernel_answers_for_its_device_and_mld_speaks_from_its_address(beside):
    capture = Capture(beside.peer, 'eth0', beside.wire.lab.path('beside.pcap'), 'ip6')
    beside.start('--join', JOIN, interface=',kernel=beside0')
    beside.wire.receiver.run('sysctl', '-qw', 'net.ipv6.conf.beside0.addr_gen_mode=1')
    beside.wire.receiver.speak_ipv6('beside0', 'fe80::77/64', f'{ADDRESS}/64')

    def reported():
        sent = sent_by_us(beside.peer, capture.path, beside.wire.receiver.mac('eth0'))
        return any(p[2] == 'fe80::77' and p[5] == '143' and GROUP in p[6] for p in sent)

    wait_for(reported, 10, "the group is reported from the kernel's address")
    beside.wait_ping(ADDRESS)
    assert 'DUP' not in beside.peer.run('ping', '-6', '-c', '2', '-i', '0.2', ADDRESS).stdout
    capture.stop()
    assert beside.daemon.stop() == 0


@pytest.mark.parametrize('mld', ['auto', 'off'])
def test_the_kernels_own_mld_leaves_unless_mld_is_off(beside, mld):
    capture = Capture(beside.peer, 'eth0', beside.wire.lab.path(f'{mld}.pcap'), 'ip6')
    beside.start(interface=f',kernel=beside0,mld={mld}')
    beside.wire.receiver.speak_ipv6('beside0', f'{ADDRESS}/64')
    member = Member(beside.wire.receiver, 'beside0', 'ff15::99')
    beside.wait_ping(ADDRESS)

    def reports():
        sent = sent_by_us(beside.peer, capture.path, beside.wire.receiver.mac('eth0'))
        return [p for p in sent if p[5] == '143']

    if mld == 'auto':
        wait_for(lambda: any('ff15::99' in p[6] for p in reports()), 10, 'it is reported')
    member.leave()
    capture.stop()
    assert mld == 'auto' or reports() == []
    assert beside.daemon.stop() == 0
