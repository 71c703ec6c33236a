# SPDX-License-Identifier: BSD-3-Clause
"""Daemons end, are killed and come back; consumers are stopped. What was missed is told."""

import os
import signal
import time

import pytest

from conftest import both_families
from family import at_port
from membership_lan import Tap
from netlab import Member, wait_for
from programs import Traffic, identity, mcsend, sequence

STOP_SECONDS = int(os.environ.get('MCR_STOP_SECONDS', '1'))
RATE = 2000


def split(events_and_messages):
    """The messages before and after the one restart, and the restart itself."""
    at = [i for i, one in enumerate(events_and_messages) if one.get('event') == 'restart']
    assert len(at) == 1, 'one restart is told'
    data = [[one for one in part if 'event' not in one]
            for part in (events_and_messages[:at[0]], events_and_messages[at[0] + 1:])]
    return data[0], events_and_messages[at[0]], data[1]


@pytest.mark.parametrize('signo', [signal.SIGKILL, signal.SIGTERM])
def test_a_consumer_goes_on_with_the_next_daemon_and_says_what_may_be_missing(wire, signo):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    cat = daemon.cat('--reattach', timeout=60)
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=RATE)
    wait_for(lambda: daemon.stats()['delivered'] > RATE, 20, 'traffic flows')
    daemon.restart(signo)
    wait_for(lambda: daemon.stats()['consumers'], 20, 'the consumer came back')
    wait_for(lambda: daemon.stats()['delivered'] > RATE, 20, 'traffic flows again')
    account = traffic.stop()
    sent = account['flows'][0]['sent']

    def caught_up():
        stats = daemon.stats()
        one = stats['consumers'][0]
        return one['received'] + one['lost'] == stats['delivered'] == stats['received']

    wait_for(caught_up, 30, 'all that came is read')
    assert not daemon.stats()['consumers'][0]['lost']
    identity(daemon.stats())
    cat.process.send_signal(signal.SIGINT)
    status, messages, summary = cat.wait()
    assert status == 0
    assert [e['event'] for e in cat.events] == ['restart'], 'the end of its socket is seen at once'
    before, restart, after = split(cat.objects)
    old = [sequence(m) for m in before]
    new = [sequence(m) for m in after]
    assert old == list(range(1, len(old) + 1)), 'up to the end nothing is missing'
    # net_af_packet's socket receives before it is bound, but not while its rings and its binding
    # change: what it kept of that time comes first, and arrived in the gap as the rest of it.
    first = max([i for i in range(1, len(new)) if new[i] != new[i - 1] + 1], default=0)
    assert first < 1000 and new[:first] == sorted(set(new[:first]))
    assert new[first:] == list(range(new[first], sent + 1)), 'from then on nothing is missing'
    assert summary['received'] == len(old) + len(new) and summary['lost'] == 0
    # What is missing arrived in the time that was told.
    assert before[-1]['rx_ns'] <= restart['since_ns'] < restart['until_ns'] <= after[0]['rx_ns']
    missing_s = (new[first] - len(old) - 1) / RATE
    assert missing_s <= (restart['until_ns'] - restart['since_ns']) / 1e9 + 1


def test_a_daemon_that_stands_still_is_named_and_nobody_is_detached(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    cat = daemon.cat(timeout=60)
    mcsend(wire.sender, '239.1.1.1:5000', count=100)
    wait_for(lambda: daemon.stats()['delivered'] == 100, 10, 'data arrives')
    ids = [one['id'] for one in daemon.stats()['consumers']]
    daemon.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: '"engine_stall","over":false' in open(cat.path).read(), 20, 'it is told')
    daemon.process.send_signal(signal.SIGCONT)
    wait_for(lambda: '"engine_stall","over":true' in open(cat.path).read(), 20, 'that too')
    mcsend(wire.sender, '239.1.1.1:5000', count=100)
    wait_for(lambda: daemon.stats()['delivered'] == 200, 10, 'data arrives again')
    assert [one['id'] for one in daemon.stats()['consumers']] == ids
    _, messages, summary = cat.stop(200)
    assert [sequence(m) for m in messages] == [*range(1, 101), *range(1, 101)]
    assert [e['event'] for e in cat.events] == ['engine_stall'] * 2
    for event in cat.events:
        assert 0.9e9 < event['until_ns'] - event['since_ns'] < 30e9
    assert summary['lost'] == 0
    assert daemon.stop() == 0


def test_a_daemon_that_stands_by_goes_on_when_the_other_ends_or_dies(wire):
    """Each of three gets ready while the one before it receives; each of the first two ends otherwise."""
    args = '--join', '239.1.1.1:5000', '--keep-memberships'
    daemon = wire.daemon(*args)
    cat = daemon.cat('--reattach', timeout=60)
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=RATE)
    for n, signo in enumerate((signal.SIGTERM, signal.SIGKILL)):
        wait_for(lambda: daemon.stats()['consumers'] and daemon.stats()['delivered'] > RATE / 4, 20, 'traffic flows')
        waiting = wire.daemon(*args, '--standby', name=daemon.name, log=f'standby{n}', wait=False)
        wait_for(lambda: f'standing by for the end of process {daemon.process.pid}' in waiting.log(), 20, 'it waits')
        before = daemon.stats()['received']
        wait_for(lambda: daemon.stats()['received'] > before, 20, 'nobody disturbs the one that receives')
        waiting.process.send_signal(signal.SIGHUP)
        wait_for(lambda: 'not reloaded: this daemon stands by' in waiting.log(), 20, 'a reload is refused')
        assert 'ready' not in waiting.log() and waiting.process.poll() is None
        assert daemon.stop(signo) in (0, -signal.SIGKILL)
        wait_for(waiting.ready, 20, 'it has taken over')
        daemon = waiting
    wait_for(lambda: daemon.stats()['consumers'] and daemon.stats()['delivered'] > RATE / 4, 20, 'traffic flows')
    identity(daemon.stats())
    last = wire.daemon(*args, '--standby', name=daemon.name, log='last', wait=False)
    wait_for(lambda: 'standing by' in last.log(), 20, 'it waits')
    assert last.stop() == 0, 'what only waits ends in order'
    assert 'takes over' not in last.log() and daemon.stats()['consumers']
    traffic.stop()
    cat.process.send_signal(signal.SIGINT)
    status, messages, summary = cat.wait()
    assert status == 0 and summary['lost'] == 0
    assert [e['event'] for e in cat.events] == ['restart'] * 2
    numbers = [sequence(m) for m in messages]
    assert numbers == sorted(set(numbers)), 'nothing comes twice'


def test_a_daemon_that_nobody_runs_before_starts_at_once_though_it_stands_by(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000', '--standby')
    mcsend(wire.sender, '239.1.1.1:5000', count=10)
    wait_for(lambda: daemon.stats()['delivered'] == 10, 10, 'data arrives')
    assert 'standing by' not in daemon.log() and daemon.stop() == 0


def test_of_two_that_start_together_one_receives_and_the_other_stands_by(wire):
    """So a service manager may restart one while the other takes over."""
    args = '--join', '239.1.1.1:5000', '--standby'
    name = f't{os.getpid()}_together'
    os.makedirs(wire.lab.path(name))
    first, second = (wire.daemon(*args, name=name, log=log, wait=False) for log in ('first', 'second'))
    wait_for(lambda: [one for one in (first, second) if one.ready()], 20, 'one is ready')
    daemon, waiting = (first, second) if first.ready() else (second, first)
    wait_for(lambda: f'standing by for the end of process {daemon.process.pid}' in waiting.log(), 20, 'it waits')
    assert daemon.stop() == 0
    wait_for(waiting.ready, 20, 'it has taken over')
    mcsend(wire.sender, '239.1.1.1:5000', count=10)
    wait_for(lambda: waiting.stats()['delivered'] == 10, 10, 'data arrives')
    assert waiting.stop() == 0


@both_families
def test_a_daemon_that_takes_over_leaves_no_leave_on_the_wire(lan, protocol):
    group = lan.family.address('239.1.1.1')
    daemon = lan.daemon('--join', at_port(group), '--keep-memberships')
    wait_for(lambda: group in lan.members(), 5, 'the switch lists the group')
    time.sleep(2)  # the robustness variable's second report
    # At the switch: the driver's frames pass by who listens on the interface itself.
    tap = Tap(lan.switch.host, 'to_receiver', lan.receiver.mac('eth0'), protocol)
    for signo in signal.SIGTERM, signal.SIGKILL:
        daemon.restart(signo)
        assert group in lan.members(), 'the switch never forgot the group'
    time.sleep(2)
    told = tap.stop()
    assert told, 'the new daemon reports what it joins'
    for m in told:
        # The newest version alone; 1, 2: current state, 4: change to exclude, that is a join.
        assert m.type == protocol.report and set(m.records) <= {1, 2, 4}, m.told()
    assert group in lan.members()


def test_a_query_that_comes_while_no_daemon_runs_is_answered_by_the_next_report(lan, protocol):
    """Somebody else behind the port leaves the group: the switch asks twice, a second apart, and forgets the
    group two seconds after the leave unless it hears a report."""
    group = lan.family.address('239.1.1.1')
    daemon = lan.daemon('--join', at_port(group), '--keep-memberships')
    other = Member(lan.receiver, 'eth0', group)
    wait_for(lambda: group in lan.members(), 5, 'the switch lists the group')
    tap = Tap(lan.switch.host, 'to_receiver', lan.receiver.mac('eth0'), protocol)
    daemon.stop()
    other.leave()
    daemon.start()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert group in lan.members(), 'the switch never forgot the group'
        time.sleep(0.02)
    leaves = [m for m in tap.stop() if 3 in m.records]  # change to include: of the kernel
    assert leaves, 'the switch was told of a leave'


def test_a_consumer_that_was_stopped_is_told_its_exact_loss(wire):
    daemon = wire.daemon('--channel', 'default,bytes=64K', '--join', '239.1.1.1:5000')
    cat = daemon.cat(timeout=90)
    wait_for(lambda: daemon.stats()['consumers'], 5, 'it is attached')
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=5000)
    wait_for(lambda: daemon.stats()['delivered'] > 2000, 20, 'traffic flows')
    cat.process.send_signal(signal.SIGSTOP)
    time.sleep(STOP_SECONDS)
    wait_for(lambda: daemon.stats()['consumers'][0]['headroom'] == 0, 30, 'it was lapped')
    cat.process.send_signal(signal.SIGCONT)
    wait_for(lambda: daemon.stats()['consumers'][0]['lost'] > 0, 20, 'it noticed')
    sent = traffic.stop()['flows'][0]['sent']

    def caught_up():
        one = daemon.stats()['consumers'][0]
        return one['received'] + one['lost'] == sent

    wait_for(caught_up, 30, 'all is read or told')
    cat.process.send_signal(signal.SIGINT)
    status, messages, summary = cat.wait()
    assert status == 0
    assert summary['received'] + summary['lost'] == sent and summary['lost'] > 0
    # Each message that is missing is in one of the losses that were told.
    told = set()
    for event in cat.events:
        told.update(range(event['seq'], event['seq'] + event['lost']))
    assert told.isdisjoint(m['seq'] for m in messages)
    assert told.union(m['seq'] for m in messages) == set(range(1, sent + 1))
