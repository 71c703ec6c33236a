# SPDX-License-Identifier: BSD-3-Clause
"""Several receive queues: nothing lost, each flow in order, and spread where the NIC can."""

from family import IPV4, IPV6
from guest import GuestDaemon
from netlab import wait_for
from programs import drops, identity

# Both families at a time.
IN_BOTH = [(IPV6 if i % 2 else IPV4, f'239.1.{i}.{7 * i + 1}') for i in range(16)]
GROUPS = [family.address(group) for family, group in IN_BOTH]
JOINS = [f'{family.join(group)}:5000' for family, group in IN_BOTH]
# Four receiving threads share the second core.
FOUR_QUEUES = "--lcores '0@0,(1-4)@1'"
COUNT = 300


def receive(nic, count=COUNT):
    """That many datagrams to each of the groups, and to a 17th; gives (groups, statistics, flows)."""
    daemon = GuestDaemon(nic, *[f'--join {join}' for join in JOINS], lcores=FOUR_QUEUES)
    groups = daemon.groups()
    consumer = daemon.flows()
    before = daemon.stats()
    assert before['ports'][0]['queues'] == 4
    nic.send(*JOINS, '239.9.9.9:5000', count=count, rate=200)
    wait_for(lambda: daemon.stats()['delivered'] == count * len(GROUPS), 30, 'all is delivered')
    stats = daemon.stats()
    identity(stats)
    for member in ('received', 'delivered', 'relayed_only', 'punted'):
        assert sum(lcore[member] for lcore in stats['lcores']) == stats[member]
    flows = consumer.stop()
    assert daemon.stop() == 0
    return groups, stats, flows


def each_flow_is_whole(seen, count=COUNT):
    assert {flow['group'] for flow in seen['flows']} == set(GROUPS)
    for flow in seen['flows']:
        assert (flow['count'], flow['first'], flow['last']) == (count, 1, count), flow
        assert (flow['missing'], flow['late']) == (0, 0), flow
        assert bin(flow['rings']).count('1') == 1, f'on more than one ring: {flow}'
    return True


def test_without_a_multicast_list_all_multicast_is_open_and_says_why(guest):
    """The emulated vmxnet3 takes four queues and puts all on the first (QEMU 7.2)."""
    groups, stats, flows = receive(guest.nics['vmxnet3'])
    assert {group['rung'] for group in groups.values()} == {'all-multicast'}
    assert all('not supported' in group['rung_reason'] for group in groups.values()), groups
    assert stats['ports'][0]['all_multicast']
    assert drops(stats) == {'unknown_group': COUNT}
    assert each_flow_is_whole(flows)


def test_a_nic_with_rss_spreads_flows_and_keeps_each_in_order(guest):
    _, stats, flows = receive(guest.nics['virtio'])
    busy = [lcore for lcore in stats['lcores'] if lcore['delivered']]
    assert len(busy) >= 3, 'sixteen flows on four queues'
    assert each_flow_is_whole(flows)
    assert len({flow['rings'] for flow in flows['flows']}) == len(busy)


def test_flow_rules_pin_each_group_to_a_queue(guest):
    count = 40  # each packet costs the guest's kernel milliseconds
    groups, stats, flows = receive(guest.tap, count)
    assert {one['rung'] for one in groups.values()} == {'rte-flow'}, groups
    pinned = {}
    for flow in flows['flows']:
        pinned.setdefault(groups[flow['group']]['queue'], set()).add(flow['rings'])
    assert set(pinned) == {0, 1, 2, 3}, pinned
    # One ring for each queue, and another for another.
    assert sorted(len(rings) for rings in pinned.values()) == [1, 1, 1, 1], pinned
    assert len(set.union(*pinned.values())) == 4, pinned
    assert each_flow_is_whole(flows, count)
    assert drops(stats) == {'unknown_group': count}
