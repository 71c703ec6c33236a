# SPDX-License-Identifier: BSD-3-Clause
"""Consumers come, go and die; none of them disturbs another."""

import json
import os

from netlab import wait_for
from programs import ATTACH_ROUNDS, KILL_ROUNDS, Traffic, identity, mcsend, sequence

ROUNDS = 1000
KILLS = 2000


def holds(process):
    """What the daemon has: descriptors, mappings, and octets of memory in use."""
    folder = f'/proc/{process.pid}'
    with open(f'{folder}/maps') as maps, open(f'{folder}/status') as status:
        rss = [int(line.split()[1]) << 10 for line in status if line.startswith('VmRSS:')]
        return len(os.listdir(f'{folder}/fd')), len(list(maps)), rss[0]


def test_readers_that_are_killed_at_random_moments_cost_nobody_anything(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000', '--channel', 'default,bytes=8M')
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=100_000)
    # Until each page of the ring has been written: from then on its memory does not grow.
    wait_for(lambda: daemon.stats()['channels'][0]['published'] > 200_000, 60, 'the ring is full')
    wire.receiver.run(KILL_ROUNDS, daemon.run_dir, 20, 1, timeout=60)
    wait_for(lambda: not daemon.stats()['consumers'], 10, 'all are detached')
    before = holds(daemon.process)
    # A reader beside them is lapped only when it did not run for as long as the ring lasts (0.6 s):
    # then this machine stood still, and it tries again.
    for seed in 2, 3, 4:
        done = wire.receiver.run(KILL_ROUNDS, daemon.run_dir, KILLS, seed, timeout=200)
        account = json.loads(done.stdout)
        assert account['rounds'] == KILLS and account['broken'] == 0
        if account['lost'] == 0:
            break
    assert account['lost'] == 0 and account['received'] > KILLS
    wait_for(lambda: not daemon.stats()['consumers'], 10, 'all are detached')
    # The last question for statistics may not be closed yet on the daemon's side.
    wait_for(lambda: all(map(int.__le__, holds(daemon.process)[:2], before[:2])), 5,
             'no more descriptors and mappings than before')
    after = holds(daemon.process)
    assert after[2] <= before[2] + (256 << 10), 'memory: a leak of 2,000 pages is 8 MB'
    traffic.stop()
    identity(daemon.stats())


def test_consumers_that_die_or_come_and_go_cost_another_nothing(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    steady = daemon.cat(timeout=120)
    doomed = daemon.cat(timeout=120)
    wait_for(lambda: len(daemon.stats()['consumers']) == 2, 5, 'both are attached')
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=10_000)
    wait_for(lambda: daemon.stats()['delivered'] > 1000, 5, 'traffic flows')
    doomed.process.kill()
    wire.receiver.run(ATTACH_ROUNDS, daemon.run_dir, ROUNDS, timeout=120)
    sent = traffic.stop()['flows'][0]['sent']
    assert sent > ROUNDS
    status, messages, summary = steady.stop(sent)
    assert status == 0
    assert [sequence(m) for m in messages] == list(range(1, sent + 1))
    assert summary['received'] == sent and summary['lost'] == 0
    identity(daemon.stats())
    wait_for(lambda: not daemon.stats()['consumers'], 5, 'all are detached')


def test_two_consumers_of_one_channel_each_get_everything(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    consumers = [daemon.cat('--count', 20_000) for _ in range(2)]
    mcsend(wire.sender, '239.1.1.1:5000', count=20_000, rate=20_000)
    for consumer in consumers:
        status, messages, summary = consumer.wait()
        assert status == 0
        assert [sequence(m) for m in messages] == list(range(1, 20_001))
        assert summary['lost'] == 0
