# SPDX-License-Identifier: BSD-3-Clause
"""Groups come and go while others must not lose a packet, on each kind of rung."""

import os

import pytest

from guest import GuestDaemon
from netlab import wait_for
from programs import identity

GROUPS = [f'239.1.{i}.{7 * i + 1}' for i in range(8)]
SECONDS = int(os.environ.get('MCR_CHURN_SECONDS', '10'))
DESCRIPTORS = 1024  # of the driver's queue
TRIES = 3


def churn(nic, rate, n_groups):
    """Gives (rungs before, rungs meanwhile, changes, sent, statistics, flows)."""
    daemon = GuestDaemon(nic, *[f'--join {group}:5000' for group in GROUPS])
    rungs = [{one['rung'] for one in daemon.groups().values()}]
    consumer = daemon.flows()
    traffic = nic.traffic(*[f'{group}:5000' for group in GROUPS], rate=rate // len(GROUPS))
    job = nic.guest.start(f'churn {daemon.run_dir} {n_groups}')
    nic.guest.run(f'sleep {SECONDS}')
    rungs.append({daemon.groups()[group]['rung'] for group in GROUPS})
    assert job.stop() == 0, job.err()
    sent = {flow['group']: flow['sent'] for flow in traffic.stop()['flows']}
    total = sum(sent.values())
    try:
        wait_for(lambda: daemon.stats()['delivered'] >= total, 10, 'all of it is delivered')
    except AssertionError:
        pass  # the flows tell what is missing
    stats = daemon.stats()
    identity(stats)
    seen = consumer.stop()
    assert daemon.stop() == 0
    return rungs, int(job.out()), sent, stats, seen


def is_whole(sent, seen):
    return seen['lost'] == 0 and len(seen['flows']) == len(sent) and all(
        (flow['count'], flow['first'], flow['last'], flow['missing'], flow['late']) ==
        (sent[flow['group']], 1, sent[flow['group']], 0, 0) for flow in seen['flows'])


# Packets a second, of all eight groups.
@pytest.mark.parametrize('name, rung, rate, n_groups', [
    ('e1000e', 'mac-list', 10_000, 200)])
def test_groups_that_stay_lose_nothing_while_others_come_and_go(guest, name, rung, rate, n_groups):
    nic = guest.nics[name]
    for _ in range(TRIES):
        overflown = nic.overflown()
        rungs, changes, sent, stats, seen = churn(nic, rate, n_groups)
        gap_ns = max(lcore['longest_gap_ns'] for lcore in stats['lcores'])
        print(f'{name}: {sum(sent.values())} packets, {changes} changes, longest gap '
              f'{gap_ns // 1000} us')
        stalled = (nic.overflown() > overflown or stats['ports'][0]['rx_missed'] or
                   gap_ns > DESCRIPTORS * 1_000_000_000 // rate // 2)
        if is_whole(sent, seen) or not stalled:
            break
    assert is_whole(sent, seen), (sent, seen, stats)
    assert rungs == [{rung}, {rung}]
    assert changes > 50 and len(sent) == len(GROUPS)
