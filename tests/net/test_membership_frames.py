# SPDX-License-Identifier: BSD-3-Clause
"""The Ethernet frames that carry our reports, and what else shares their addresses."""

import pytest
import scapy.layers.l2  # noqa: F401: rdpcap makes frames of what it knows
from scapy.utils import rdpcap

from conftest import both_families
from family import IPV4, IPV6, at_port
from membership_lan import Tap, wait_idle
from netlab import Member, wait_for
from programs import drops, identity, mcsend

# RFC 1112 §6.4: 32 groups share a MAC address; RFC 2464 §7: all with the same last four octets do.
ALIASES = {IPV4: ('224.128.1.1', '239.0.1.1', '239.128.1.1'),
           IPV6: ('ff05::101', 'ff15::101', 'ff15:0:0:1::101')}
MAC = {IPV4: '01:00:5e:00:01:01', IPV6: '33:33:00:00:01:01'}
# Octets of a report or leave of a group: (frame, what the IP header says).
LENGTHS = {IPV4: (60, 32), IPV6: (86, 32)}
SOLICITED = bytes.fromhex('ff0200000000000000000001ff')  # RFC 4291 §2.7.1


@pytest.mark.parametrize('vlan', [0, 12])
@both_families
def test_reports_leave_in_frames_with_the_groups_mac_padded_to_60_octets(wire, protocol, vlan):
    aliases = ALIASES[wire.family]
    tap = Tap(wire.sender, 'eth0', wire.receiver.mac('eth0'), protocol)
    daemon = wire.daemon(*[f'--join={at_port(one)}' for one in aliases],
                         interface=f'{protocol.option(2)},igmp-robustness=1,vlan={vlan}')
    wait_idle(daemon)
    assert daemon.stop() == 0
    ours = tap.stop()
    joins = [m for m in ours if m.type == protocol.report_v2]
    leaves = [m for m in ours if m.type == protocol.leave_v2]
    assert {m.destination for m in joins} == set(aliases)
    assert {m.to_mac for m in joins} == {MAC[wire.family]}
    assert len(leaves) == 3
    assert {m.to_mac for m in leaves} == {
        '33:33:00:00:00:02' if wire.family.is_ipv6 else '01:00:5e:00:00:02'}
    for m in ours:
        assert m.mac == wire.receiver.mac('eth0')
        assert (m.length - (4 if vlan and wire.family.is_ipv6 else 0), m.ip_length) == \
            LENGTHS[wire.family], 'padding is not part of the IP packet'
    tags = set(tap.tshark('-Y', f'{protocol.shown} && eth.src == {m.mac}', '-T', 'fields', '-e',
                          'vlan.id').split())
    assert tags == ({str(vlan)} if vlan else set())


@both_families
def test_data_of_another_source_or_of_a_group_with_the_same_mac_is_dropped(wire):
    aliases = ALIASES[wire.family]
    specific = wire.family.join('232.1.1.1:5000')
    daemon = wire.daemon('--join', at_port(aliases[1]), '--join',
                         wire.family.join('232.1.1.1:5000@10.0.0.9'))
    mcsend(wire.sender, *map(at_port, aliases), specific, count=100)
    status, messages, _ = daemon.cat('--from', 'oldest', '--count', 100).wait()
    assert status == 0
    assert {m['group'] for m in messages} == {aliases[1]}
    stats = daemon.stats()
    assert drops(stats) == {'unknown_group': 200, 'wrong_source': 100}
    identity(stats)


def pieces(frame, protocol):
    """(IP header, record) of each record of a report, or (IP header, message), in octets: without
    what belongs to the host, and without lengths and checksums."""
    octets = bytes(frame)
    if protocol.family.is_ipv6:
        head = octets[:6] + octets[12:18] + octets[20:22] + octets[38:62]
        message, size = octets[62:54 + int.from_bytes(octets[18:20], 'big')], 16
    else:
        head = octets[:6] + octets[12:16] + octets[18:24] + octets[30:38]
        message, size = octets[38:14 + int.from_bytes(octets[16:18], 'big')], 4
    head += message[:2]
    if message[0] != protocol.report:
        yield head, message[4:]
        return
    rest = message[8:]
    for _ in range(int.from_bytes(message[6:8], 'big')):
        length = 4 + size * (1 + int.from_bytes(rest[2:4], 'big'))
        yield head, rest[:length]
        rest = rest[length:]
    assert not rest


def told_by(tap, mac):
    """The pieces of what a host said of groups that it was asked to join."""
    return {(head.hex(' '), piece.hex(' ')) for frame in rdpcap(tap.path) if frame.src == mac
            for head, piece in pieces(frame, tap.protocol) if SOLICITED not in piece}


@pytest.mark.parametrize('version', [3, 2])
@both_families
def test_a_kernel_reports_and_leaves_the_same_groups_in_the_same_octets(wire, protocol, version):
    groups = [wire.family.address(one) for one in ('239.1.1.1', '224.0.0.200')]
    specific, source = wire.family.address('232.1.1.1'), wire.family.address('10.0.0.9')
    wire.sender.run('sysctl', '-qw', f'net.ipv{wire.family.number}.conf.eth0.force_{protocol.name}'
                    f'_version={protocol.version(version)}')
    us, kernel = wire.receiver.mac('eth0'), wire.sender.mac('eth0')
    tap = Tap(wire.sender, 'eth0', us, protocol)
    daemon = wire.daemon(*[f'--join={at_port(one)}' for one in groups], '--join',
                         wire.family.join('232.1.1.1:5000@10.0.0.9'),
                         interface=f'{protocol.option(version)},igmp-robustness=1')
    wait_idle(daemon)
    assert daemon.stop() == 0
    before = wire.sender.counter('eth0', 'tx_packets')
    member = Member(wire.sender, 'eth0', *groups, f'{specific}@{source}')
    # Three reports of a group each, or two copies of one.
    wait_for(lambda: wire.sender.counter('eth0', 'tx_packets') >= before + (3 if version == 2 else 2),
             5, 'the kernel has reported')
    member.leave()
    tap.stop()
    ours = told_by(tap, us)
    assert ours == told_by(tap, kernel)
    assert len(ours) == 6, 'a join and a leave of each group'
