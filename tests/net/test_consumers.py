# SPDX-License-Identifier: BSD-3-Clause
"""Consumers come, go and die; none of them disturbs another."""

from netlab import wait_for
from programs import ATTACH_ROUNDS, MCSEND, identity, mcsend, sequence

COUNT = 100_000
RATE = 10_000
ROUNDS = 1000


def test_consumers_that_die_or_come_and_go_cost_another_nothing(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    steady = daemon.cat('--count', COUNT, timeout=60)
    doomed = daemon.cat(timeout=60)
    wait_for(lambda: len(daemon.stats()['consumers']) == 2, 5, 'both are attached')

    sender = wire.sender.start(MCSEND, '--interface', 'eth0', '--to', '239.1.1.1:5000', '--count',
                               COUNT, '--rate', RATE)
    wait_for(lambda: daemon.stats()['delivered'] > 1000, 5, 'traffic flows')
    doomed.process.kill()
    wire.receiver.run(ATTACH_ROUNDS, daemon.run_dir, ROUNDS, timeout=120)
    assert sender.poll() is None, 'the rounds are to end before the traffic does'
    status, messages, summary = steady.wait()
    assert status == 0
    assert [sequence(m) for m in messages] == list(range(1, COUNT + 1))
    assert summary['lost'] == 0
    assert sender.wait(30) == 0
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
