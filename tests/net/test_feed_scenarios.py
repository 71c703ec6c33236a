# SPDX-License-Identifier: BSD-3-Clause
"""The scenarios of feeds through a daemon: two ports, a line on each, feeds that its file declares, and a
handler for each of them, all at once.

What a handler gets is, item for item and to the nanosecond, what the model of the rules makes of the packets
as they arrived; and if they arrived when the scenario has them, that is what the scenario expects. A scenario's
times are stretched, so that a machine that is busy does not change what happens; where it does all the
same, the scenario is played again. That the reader is lapped test_feed_truth.py tries."""

import contextlib
import copy
import json
import os
import re
import sys
import time

from netlab import wait_for
from programs import BUILD, ROOT, Daemon

sys.path.insert(0, os.path.join(ROOT, 'tests', 'feed'))

import captures  # noqa: E402
import reference  # noqa: E402
import scenarios  # noqa: E402
from compare import blocks, differences  # noqa: E402

FEED_PRINT = os.path.join(BUILD, 'tests', 'feed', 'feed_print')
SENDER = os.path.join(os.path.dirname(__file__), 'frames_at.py')
LAST_US = 12_000_000    # when a scenario has ended
LONGEST_STRETCH = 400
SWITCH_NS = 1_000_000   # between two lines, so that the packets come in their order
PORTS = (0, 1)
MARKER = 0               # the group of what is sent at last


class Play:
    """A scenario as it is played: feed and channel `s`N, line i is the group 239.1.N.1+i on port i."""

    def __init__(self, s, n):
        self.s, self.n, self.name = s, n, f's{n}'
        self.packets = sorted(((us, *args) for us, what, *args in s.ops if what == 'put'), key=lambda p: p[0])
        last = self.packets[-1][0]
        # Time goes on behind the last packet, until all lines are silent if it goes on so far.
        self.after_us = min((captures.tail(s) or last) - last, 3 * s.config.silence_ns // 1000 or 10**9)
        self.stretch = max(2, min(LONGEST_STRETCH, LAST_US // (last + self.after_us)))
        self.config = copy.copy(s.config)
        self.config.gap_timeout_ns *= self.stretch
        self.config.silence_ns *= self.stretch

    def feed(self):
        c = self.config
        return {'name': self.name, 'declaration': captures.declaration(c), 'gap_timeout': f'{c.gap_timeout_ns}ns',
                'silence': f'{c.silence_ns}ns', 'reorder': c.reorder, 'window': max(c.window, 16),
                'lines': [{'channel': self.name, 'joins': [self.join(i)]} for i in range(c.n_lines)]}

    def join(self, line):
        return {'groups': [f'{captures.group(line, self.n)}:{captures.PORT}'], 'interface': f'feed{line}'}

    def joins(self):
        return [{**self.join(line), 'channel': 'all'} for line in range(self.config.n_lines)]

    def frames(self):
        """(ns, port, frame)"""
        at, before = 0, None
        for us, line, p in self.packets:
            at = max(us * 1000 * self.stretch, at + SWITCH_NS * (before not in (None, line)))
            before = line
            yield at, line, captures.frame(line, captures.payload(p), self.n)

    def start(self, daemon):
        """Its handler."""
        self.out = daemon.lab.path(self.name)
        options = [name for name in ('late', 'compare', 'unsequenced') if getattr(self.config, name)]
        with open(self.out, 'w') as out:
            return daemon.host.start('env', f'MCRING_RUN_DIR={daemon.run_dir}', FEED_PRINT, self.name, *options,
                                     stdout=out, stderr=out)

    def until(self, last_ns):
        return last_ns + self.after_us * 1000 * self.stretch

    def model(self, arrived):
        """What the model makes of the packets as they arrived: (ns, line, payload)."""
        made = {captures.payload(p): p for _, _, p in self.packets}
        for i in range(self.config.n_lines):  # of an engine that was kept waiting, one port may be ahead
            assert [octets for _, line, octets in arrived if line == i] == [
                captures.payload(p) for _, line, p in self.packets if line == i], f'{self.s.name}: line {i}'
        feed = reference.Feed(self.config)
        for ns, line, octets in arrived:
            feed.time(ns)
            feed.put(ns, line, made[octets])
        feed.time(self.until(arrived[-1][0]))
        return feed

    def got(self, arrived):
        """The handler's items, up to the end of the scenario, and counters."""
        with open(self.out) as out:
            items, stats = blocks(['== x', *out.read().splitlines()])['x']
        assert stats, f'{self.s.name}: {items}'
        until = self.until(arrived[-1][0])

        def is_over(item):
            at = re.search(r' at=(\d+)$', item)
            return re.match(r'down \d engine', item) or at and int(at[1]) > until

        end = next((i for i, item in enumerate(items) if is_over(item)), len(items))
        # Only an engine that hung for a second goes on behind that.
        if any(item.startswith('data') for item in items[end:]):
            return None, stats
        return items[:end], stats

    def is_punctual(self, arrived):
        """Whether the packets arrived in the order of the scenario, and when it has them: no timeout of it is
        near another one."""
        sent = list(self.frames())
        late = [at - ns for (ns, *_), (at, *_) in zip(sent, arrived)]
        return ([line for _, line, _ in sent] == [line for _, line, _ in arrived] and
                max(late) - min(late) <= self.config.gap_timeout_ns // 4)

    def check(self, arrived):
        """Whether it is what the scenario expects, as it must be if all was punctual. It must be what the model
        says."""
        model = self.model(arrived)
        items, stats = self.got(arrived)
        if items is None:
            return False
        for n, (a, b) in enumerate(zip(items + [None], model.out + [None])):
            assert a == b, f'{self.s.name}: item {n} is {a!r}, not {b!r}; before: {items[max(0, n - 3):n]}'
        lines = [stats[f'line {i}'] for i in range(self.config.n_lines)]
        wanted = copy.copy(self.s)
        wanted.events = list(map(without_time, self.s.events))
        found = differences(wanted, list(map(without_time, items)), stats['feed'], lines)
        found = [one for one in found if one[0] != 'silences']
        assert not found or not self.is_punctual(arrived), f'{self.s.name}: {found}'
        return not found


def without_time(item):
    return re.sub(r' (at|opened)=\d+', '', item)


def config(plays):
    return {'idle': 'adaptive',
            'interfaces': [{'name': f'feed{n}', 'port': f'net_af_packet{n}', 'address': f'10.0.{n}.2/24'}
                           for n in PORTS],
            'channels': [{'name': 'all', 'bytes': '8M'}, *({'name': play.name, 'bytes': '1M'} for play in plays)],
            'joins': [*({'groups': [f'{captures.group(n, MARKER)}:{captures.PORT}'], 'channel': 'all',
                         'interface': f'feed{n}'} for n in PORTS),
                      *(join for play in plays for join in play.joins())],
            'feeds': [play.feed() for play in plays]}


def arrivals(messages):
    """For each scenario's number, what arrived: (ns, line, payload)."""
    found = {}
    for m in messages:
        _, _, n, line = map(int, m['group'].split('.'))
        found.setdefault(n, []).append((m['rx_ns'], line - 1, bytes.fromhex(m['data'])))
    return found


def send(host, frames):
    schedule = host.lab.path('frames')
    with open(schedule, 'w') as out:
        out.writelines(f'{ns} eth{port} {octets.hex()}\n' for ns, port, octets in frames)
    with open(schedule) as stdin:
        return host.start(sys.executable, SENDER, stdin=stdin)


def perform(lab, tx, rx, plays, is_live):
    """Plays them all at once; gives those that did not become what the scenario expects. is_live: the handlers
    are there from the beginning, and make the machine busy when they start."""
    path = lab.path('scenarios.yaml')
    with open(path, 'w') as out:
        json.dump(config(plays), out)
    daemon = Daemon(lab, rx, '--config', path, vdev=[f'net_af_packet{n},iface=eth{n}' for n in PORTS])
    # As punctual as this machine can be; handlers may be late.
    with contextlib.suppress(PermissionError):
        for task in os.listdir(f'/proc/{daemon.process.pid}/task'):
            os.setpriority(os.PRIO_PROCESS, int(task), -20)
    everything = daemon.cat('--channel', 'all', timeout=60)
    frames = sorted((frame for play in plays for frame in play.frames()), key=lambda frame: frame[0])
    sender = send(tx, frames)

    # A feed's time begins with what it finds in its rings. So no line is down because nothing has come yet.
    def has_begun():
        return all(one['published'] for one in daemon.stats()['channels'] if one['name'] != 'default')

    if is_live:
        wait_for(has_begun, 20, 'of each scenario something has arrived')
    else:
        assert sender.wait(60) == 0
    handlers = [play.start(daemon) for play in plays]
    assert sender.wait(60) == 0
    _, messages, _ = everything.stop(len(frames))
    arrived = arrivals(messages)
    # What is still to happen happens without a packet, in the engine's time. One more on each port
    # shows where that is.
    until = max(play.until(arrived[play.n][-1][0]) for play in plays)
    time.sleep(max(0, until - time.time_ns()) / 1e9)
    assert send(tx, [(0, n, captures.frame(n, b'', MARKER)) for n in PORTS]).wait(20) == 0
    wait_for(lambda: daemon.stats()['delivered'] == len(frames) + len(PORTS), 20, 'it has arrived')
    assert daemon.stop() == 0
    assert [handler.wait(20) for handler in handlers] == [0] * len(plays)
    return [play for play in plays if not play.check(arrived[play.n])]


def test_each_scenario_gives_what_it_expects_through_a_daemon(lab):
    tx, rx = lab.namespace('tx'), lab.namespace('rx')
    for n in PORTS:
        lab.wire(tx, f'eth{n}', rx, f'eth{n}')
    plays = [Play(s, n) for n, s in enumerate(scenarios.ALL, 1)
             if not any(what == 'lapped' for _, what, *_ in s.ops)]
    n = len(plays)
    plays = perform(lab, tx, rx, plays, True)
    plays = plays and perform(lab, tx, rx, plays, False)
    # On a machine that is very busy packets come late. What became of that is what the model says.
    assert len(plays) < n / 2, f'otherwise than expected: {[play.s.name for play in plays]}'
