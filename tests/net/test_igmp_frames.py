# SPDX-License-Identifier: BSD-3-Clause
"""The Ethernet frames that carry our reports, and what else shares their addresses."""

import pytest

from igmp_lan import Tap, wait_idle
from programs import drops, identity, mcsend

# 32 groups share a MAC address: RFC 1112 §6.4.
ALIASES = ('224.128.1.1', '239.0.1.1', '239.128.1.1')


@pytest.mark.parametrize('vlan', [0, 12])
def test_reports_leave_in_frames_with_the_groups_mac_padded_to_60_octets(wire, vlan):
    tap = Tap(wire.sender, 'eth0', wire.receiver.mac('eth0'))
    daemon = wire.daemon(*[f'--join={one}:5000' for one in ALIASES],
                         interface=f',igmp=2,igmp-robustness=1,vlan={vlan}')
    wait_idle(daemon)
    assert daemon.stop() == 0
    ours = tap.stop()
    joins = [m for m in ours if m.type == 0x16]
    leaves = [m for m in ours if m.type == 0x17]
    assert {m.destination for m in joins} == set(ALIASES)
    assert {m.to_mac for m in joins} == {'01:00:5e:00:01:01'}
    assert len(leaves) == 3
    assert {m.to_mac for m in leaves} == {'01:00:5e:00:00:02'}
    for m in ours:
        assert m.mac == wire.receiver.mac('eth0')
        assert (m.length, m.ip_length) == (60, 32), 'padding is not part of the IP packet'
    tags = set(tap.tshark('-Y', f'igmp && eth.src == {m.mac}', '-T', 'fields', '-e',
                          'vlan.id').split())
    assert tags == ({str(vlan)} if vlan else set())


def test_data_of_another_source_or_of_a_group_with_the_same_mac_is_dropped(wire):
    daemon = wire.daemon('--join', '239.0.1.1:5000', '--join', '232.1.1.1:5000@10.0.0.9')
    mcsend(wire.sender, *[f'{one}:5000' for one in ALIASES], '232.1.1.1:5000', count=100)
    status, messages, _ = daemon.cat('--from', 'oldest', '--count', 100).wait()
    assert status == 0
    assert {m['group'] for m in messages} == {'239.0.1.1'}
    stats = daemon.stats()
    assert drops(stats) == {'unknown_group': 200, 'wrong_source': 100}
    identity(stats)
