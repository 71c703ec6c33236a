# SPDX-License-Identifier: BSD-3-Clause
"""Consumers that sleep, and consumers that join groups themselves."""

import os
import time

from netlab import wait_for
from programs import mcsend, sequence

TICK = os.sysconf('SC_CLK_TCK')


def cpu_seconds(pid):
    with open(f'/proc/{pid}/stat') as stat:
        fields = stat.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def test_a_consumer_that_waits_takes_no_cpu_and_misses_nothing(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    cat = daemon.cat('--count', 200)
    wait_for(lambda: len(daemon.stats()['consumers']) == 1, 10, 'it is attached')
    time.sleep(1)
    before, start = cpu_seconds(cat.process.pid), time.monotonic()
    time.sleep(3)
    used = cpu_seconds(cat.process.pid) - before
    assert used < 0.1 * (time.monotonic() - start), used
    mcsend(wire.sender, '239.1.1.1:5000', count=200, rate=100)  # asleep between any two
    status, messages, summary = cat.wait()
    assert status == 0 and summary['lost'] == 0
    assert [sequence(m) for m in messages] == list(range(1, 201))


def config(lab, users):
    path = lab.path('joiners.yaml')
    with open(path, 'w') as file:
        file.write(f'channels:\n  - {{name: default, joiners: {{users: [{users}]}}}}\n')
    return path


def test_what_a_consumer_joined_is_left_on_the_wire_when_it_is_killed(lan):
    daemon = lan.daemon('--config', config(lan.lab, 'root'))
    cat = daemon.cat('--join', '239.1.1.7:5000,id=9', '--count', 1000000)
    twice = daemon.cat('--join', '239.1.1.7:5000,id=9', '--count', 100)
    wait_for(lambda: '239.1.1.7' in lan.members(), 10, 'the switch knows of the group')
    mcsend(lan.sender, '239.1.1.7:5000', count=100)
    status, messages, _ = twice.wait()
    assert status == 0 and {m['id'] for m in messages} == {9}
    assert '239.1.1.7' in lan.members()
    assert daemon.stats()['groups'][0]['joins'] == 1  # that of the other one stays
    cat.process.kill()
    wait_for(lambda: '239.1.1.7' not in lan.members(), 20, 'the switch has forgotten the group')
    wait_for(lambda: not daemon.stats()['groups'], 10, 'the engine has none')


def test_a_consumer_that_is_not_listed_cannot_join(wire):
    daemon = wire.daemon('--config', config(wire.lab, 1))
    cat = daemon.cat('--join', '239.1.1.7:5000')
    status, _, _ = cat.wait()
    assert status == 2 and 'joiners' in cat.errors
    assert not daemon.stats()['groups']
