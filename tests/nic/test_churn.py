# SPDX-License-Identifier: BSD-3-Clause
"""Groups come and go while others must not lose a packet, on each kind of rung."""

import os

import pytest

from family import IPV4, IPV6
from guest import GuestDaemon
from netlab import wait_for
from programs import identity

# Both families: they share list, slots and rules. What comes and goes is of both, too.
IN_BOTH = [(IPV6 if i % 2 else IPV4, f'239.1.{i}.{7 * i + 1}') for i in range(8)]
GROUPS = [family.address(group) for family, group in IN_BOTH]
JOINS = [f'{family.join(group)}:5000' for family, group in IN_BOTH]
SECONDS = int(os.environ.get('MCR_CHURN_SECONDS', '5'))
TRIES = 3


class Run:
    """One daemon under traffic and changes, from start to exit; then what became of it."""

    def __init__(self, nic, meanwhile, rate, n_groups):
        overflown = nic.overflown()
        # Flow rules steer among queues: two of them, whose lcores share a CPU.
        daemon = GuestDaemon(nic, *[f'--join {join}' for join in JOINS],
                             lcores="--lcores '0@0,(1-2)@1'" if nic.slot == 0 else '-l 0,1')
        self.before = daemon.groups()
        missed = daemon.stats()['ports'][0]['rx_missed']
        consumer = daemon.flows()
        traffic = nic.traffic(*JOINS, rate=rate // len(GROUPS))
        job = nic.guest.start(f'churn {daemon.run_dir} {n_groups}')
        nic.guest.run(f'sleep {SECONDS}', seconds=SECONDS + 60)

        def half_way():
            """The number of others that are joined tends to half of all."""
            self.meanwhile = daemon.groups()
            return len(self.meanwhile) > len(GROUPS) + n_groups * 3 // 8

        wait_for(half_way, 60, f'{n_groups * 3 // 8} others are joined at a time')
        assert {self.meanwhile[group]['rung'] for group in GROUPS} == {meanwhile}
        assert job.stop() == 0, job.err()
        self.changes = int(job.out())
        self.sent = {flow['group']: flow['sent'] for flow in traffic.stop()['flows']}
        self.n_sent = sum(self.sent.values())

        def absent():
            """What the NIC was given no time for, by its own count and by its wire's."""
            return nic.overflown() - overflown + (
                daemon.stats()['ports'][0]['rx_missed'] - missed)

        try:
            wait_for(lambda: daemon.stats()['delivered'] + absent() >= self.n_sent, 10, 'the rest')
        except AssertionError:
            pass  # the account tells what is missing
        self.after = daemon.groups()
        self.stats = daemon.stats()
        self.absent = absent()
        self.seen = consumer.stop()
        self.log = daemon.log()
        assert daemon.stop() == 0

    def __str__(self):
        gap_ns = max(lcore['longest_gap_ns'] for lcore in self.stats['lcores'])
        return (f'{self.n_sent} packets, {self.changes} changes, longest gap {gap_ns // 1000} us, '
                f'the NIC missed {self.absent}')

    def nothing_is_lost(self):
        """But what the NIC counts as missed; and nothing is out of order."""
        delivered = self.stats['delivered']
        assert identity(self.stats)
        assert delivered + self.absent == self.n_sent, (self.sent, self.seen, self.stats)
        assert self.seen['lost'] == 0
        assert sum(flow['count'] for flow in self.seen['flows']) == delivered
        assert {flow['group'] for flow in self.seen['flows']} == set(GROUPS)
        assert all(flow['late'] == 0 for flow in self.seen['flows']), self.seen
        if self.absent == 0:
            for flow in self.seen['flows']:
                assert (flow['count'], flow['first'], flow['last'], flow['missing']) == (
                    self.sent[flow['group']], 1, self.sent[flow['group']], 0), self.seen
        return True


# The rungs are those before and after, and meanwhile. Packets a second, of all eight groups: what the
# guest takes. The emulated vmxnet3 loses what comes while its queue is full, the others have the wire
# wait; to net_tap the guest's kernel sends, in the time that the daemon leaves it. virtio has 64
# slots: with 50 others all fit, with 200 they do not.
@pytest.mark.parametrize('name, rung, meanwhile, rate, n_groups', [
    ('e1000e', 'mac-list', 'mac-list', 10_000, 200),
    ('virtio', 'mac-slots', 'mac-slots', 10_000, 50),
    ('virtio', 'mac-slots', 'all-multicast', 10_000, 200),
    ('vmxnet3', 'all-multicast', 'all-multicast', 4_000, 200),
    ('tap', 'rte-flow', 'rte-flow', 80, 50)])
def test_groups_that_stay_lose_nothing_while_others_come_and_go(guest, name, rung, meanwhile, rate,
                                                                n_groups):
    for _ in range(TRIES):
        run = Run(guest.nics[name], meanwhile, rate, n_groups)
        print(f'{name}: {run}')
        assert run.nothing_is_lost()
        for groups in (run.before, run.after):
            assert {group: one['rung'] for group, one in groups.items()} == dict.fromkeys(
                GROUPS, rung)
        if rung != 'rte-flow':  # what all-multicast does there is not the rung's
            assert run.stats['ports'][0]['all_multicast'] == (rung == 'all-multicast')
        assert run.changes >= n_groups * 3 // 8
        if run.absent == 0:
            break
