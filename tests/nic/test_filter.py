# SPDX-License-Identifier: BSD-3-Clause
"""What each NIC lets in, by its own count, and what becomes of it."""

import time

import pytest

from family import IPV4, IPV6
from guest import GuestDaemon
from netlab import wait_for
from programs import drops, identity

# The table of e1000 is a hash of 12 bits of the address: these share an entry neither with each other
# nor with 224.0.0.1 and ff02::1.
A, B, OTHER = '239.1.1.17', '239.1.1.18', '239.1.1.19'
COUNT = 1000

LOOKS_S = 0.5  # the NIC's counters are looked at each 0.1 s


def groups_of(family):
    """A, B, OTHER, and a group that has A's MAC address, 01:00:5e:01:01:11 or 33:33:00:01:01:11."""
    alias = '[ff1e::1:111]' if family.is_ipv6 else '238.129.1.17'
    return *(family.join(group) for group in (A, B, OTHER)), alias


def settled(daemon):
    """The statistics, once the NIC's counters are those of now."""
    time.sleep(LOOKS_S)
    return daemon.stats()


def taken(stats):
    return stats['ports'][0]['rx_packets']


def send(daemon, nic, expected, groups):
    """COUNT datagrams to each group; gives the statistics after `expected` were received."""
    before = settled(daemon)
    frames = nic.frames()
    nic.send(*[f'{group}:5000' for group in groups], count=COUNT, rate=2000)
    wait_for(lambda: nic.frames() - frames == COUNT * len(groups), 20, 'all of it is on the wire')
    wait_for(lambda: daemon.stats()['received'] - before['received'] >= expected, 20,
             f'{expected} packets arrive')
    after = settled(daemon)
    identity(after)
    return before, after


@pytest.mark.parametrize('name, rung, family', [
    ('e1000e', 'mac-list', IPV4), ('e1000e', 'mac-list', IPV6), ('e1000', 'mac-list', IPV4),
    ('virtio', 'mac-slots', IPV4), ('virtio', 'mac-slots', IPV6)])
def test_a_group_that_nobody_joined_never_reaches_software(guest, name, rung, family):
    a, b, other, alias = groups_of(family)
    nic = guest.nics[name]
    daemon = GuestDaemon(nic, '--join', f'{a}:5000', '--join', f'{b}:5000')
    assert {one['rung'] for one in daemon.groups().values()} == {rung}
    # The NIC lets the alias in, and the other group not: the alias's last frame came after it.
    before, after = send(daemon, nic, 3 * COUNT, [a, b, other, alias])
    assert taken(after) - taken(before) == 3 * COUNT
    assert after['received'] - before['received'] == 3 * COUNT
    assert after['delivered'] == 2 * COUNT
    assert drops(after) == {'unknown_group': COUNT}
    assert not after['ports'][0]['all_multicast'] and not after['ports'][0]['promiscuous']
    assert daemon.stop() == 0


@pytest.mark.parametrize('name, family', [('e1000e', IPV4), ('virtio', IPV6)])
def test_a_group_keeps_its_frames_when_one_with_the_same_address_is_left(guest, name, family):
    a, b, other, alias = groups_of(family)
    nic = guest.nics[name]
    daemon = GuestDaemon(nic, '--join', f'{a}:5000', '--join', f'{alias}:5000', '--join',
                         f'{b}:5000')
    daemon.ctl('leave', f'{alias}:5000')
    _, after = send(daemon, nic, 3 * COUNT, [a, other, alias, b])
    assert after['delivered'] == 2 * COUNT
    assert drops(after) == {'unknown_group': COUNT}

    # The last of both is gone, so the NIC keeps its frames out as well.
    daemon.ctl('leave', f'{a}:5000')
    before, after = send(daemon, nic, COUNT, [a, alias, b])
    assert taken(after) - taken(before) == COUNT
    assert after['delivered'] - before['delivered'] == COUNT
    assert daemon.stop() == 0
