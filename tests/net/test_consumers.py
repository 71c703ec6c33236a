# SPDX-License-Identifier: BSD-3-Clause
"""Consumers come, go and die; none of them disturbs another."""

from netlab import wait_for
from programs import ATTACH_ROUNDS, Traffic, identity, mcsend, sequence

ROUNDS = 1000


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
