# SPDX-License-Identifier: BSD-3-Clause
"""mcring-watch against the truth of senders: what they lost, when they were silent, what they sent at once, with
two lines, one, none. They are captures that mcring-replay serves, so all times are theirs, to the nanosecond, and
none depends on the machine."""

import os
import random
import re
import socket
import statistics
import subprocess
import urllib.request

import pytest

from netlab import wait_for
from programs import BUILD, ROOT
from replays import Replay
from watching import START, S, Sender, Watch, check_bursts, feed_text, frame, runs, write_frames

EXPORTER = os.path.join(BUILD, 'tools', 'mcring-exporter')
MS = 1_000_000
MISMATCHES = {700, 900, 1_400}
BURST = 1_000
LAG_NS = 1_300_000  # of B, more than a message
BACK_TO_BACK_NS = 80  # about 100 octets at 10 Gbit/s


def truth(lines, seed):
    """Some seconds of a feed: loss of each line, other octets under one number, a line that is silent, then all,
    a burst, numbers that begin again and nothing says so."""
    r, s = random.Random(seed), Sender(lines)
    all_lines = set(range(lines))
    n = 1

    def some(until, spacing_ns, now_ns, lost_of=lambda n: set()):
        nonlocal n
        while n <= until:
            s.put(now_ns, n, lost=lost_of(n), other={1} & all_lines if n in MISMATCHES else (),
                  late_ns=[0, LAG_NS + r.randrange(900)][:lines])
            n += 1
            now_ns += spacing_ns
        return now_ns

    def at_random(n):
        if n < 10 or n in MISMATCHES:
            return set()
        both = all_lines if r.random() < 0.01 else set()
        return both | {line for line in all_lines if r.random() < 0.04}

    now = some(1_500, MS, 0, at_random)
    s.b_silent_ns = START + now - MS
    now = some(4_000, MS, now, lambda n: {1} & all_lines)  # B has nothing for 2.5 s
    now = some(4_010, MS, now)
    s.silent_ns = START + now
    now += 5 * S
    s.burst_ns = START + now
    now = some(4_010 + BURST, BACK_TO_BACK_NS, now)
    now = some(n + 500, MS, now + MS)
    s.heartbeat(now + 10 * MS, n)
    s.restart(now + 100 * MS, 50, MS, LAG_NS)
    return s


def served(tmp_path, sender, *args, feed=None, readers, speed='max'):
    return Replay(tmp_path, '--speed', speed, '--pace', 'readers', '--wait-readers', readers, '--linger', 'forever',
                  '--channel', 'md,bytes=1M', *(('--feed', feed) if feed else ()), *args, *sender.write(tmp_path))


def through(watch, name, messages):
    """The channel when the watch has read all."""
    wait_for(lambda: (watch.channel(name) or {}).get('packets') == messages, 60, f'all {messages} are read')
    return watch.channel(name)


@pytest.mark.parametrize('lines', [2, 1])
def test_loss_silence_mismatches_and_bursts_are_those_of_the_sender(tmp_path, lines):
    s = truth(lines, seed=lines)
    replay = served(tmp_path, s, feed=feed_text(lines), readers=2)
    watch = Watch(tmp_path, [tmp_path / 'run'], '--silence', '2s')
    try:
        channel = through(watch, 'md', len(s.packets))
        wait_for(lambda: ((f := watch.feed('truth')) and f['time_ns'] or 0) >= s.packets[-1][0], 20, 'the feed')
        feed = watch.feed('truth')
        check_feed(feed, s, lines)
        assert (channel['lost'], channel['left_out']) == (0, 0)
        assert channel['bytes'] == sum(len(octets) for *_, octets in s.packets)
        check_bursts(channel['bursts'], sorted((at, len(octets)) for at, _, octets in s.packets))
        for line, said in enumerate(feed['lines']):
            check_bursts(said['bursts'], [(at, len(octets)) for at, octets in s.octets(line)])
            # All of the burst is in one window, and when that began is known.
            window = next(one for one in said['bursts'] if one['window'] == '100us')
            assert window['packets'] >= BURST
            assert abs(window['packets_at_ns'] - s.burst_ns - line * LAG_NS) <= 100_000 / 8 + 1000
        check_groups(watch, s, lines)
        assert [line for line in watch.log().splitlines() if 'blind' in line and 'engine is gone' not in line] == []
    finally:
        watch.stop()
        replay.process.terminate()
        replay.end()


def check_feed(feed, s, lines):
    given_up = s.given_up()
    assert feed['open'], feed['error']
    assert (feed['wire_messages'], feed['host_messages'], feed['ring_messages']) == (len(given_up), 0, 0)
    gaps = [one for one in feed['events'] if one['kind'] == 'gap']
    assert [(one['first'], one['last']) for one in reversed(gaps)] == runs(given_up)[-len(gaps):]
    assert feed['wire_gaps'] == feed['gaps'] == len(runs(given_up))
    assert feed['messages'] == len(s.numbers) - len(given_up) + s.restarted
    assert (feed['resets'], feed['resets_unannounced']) == (1, 1)
    assert feed['mismatches'] == (len(MISMATCHES) if lines == 2 else 0)
    said = {one['seq'] for one in feed['events'] if one['kind'] == 'mismatch'}
    assert said <= MISMATCHES
    assert (feed['silences'], feed['silent_since_ns']) == (1, None)
    a, *b = feed['lines']
    for n, line in enumerate(feed['lines']):
        assert line['packets'] - line['heartbeats'] == len([1 for _, of, o in s.packets if of == n]) - 1, line
        assert line['lost'] == len(s.lost(n)), line
        assert (line['ring_lost'], line['unsettled'], line['late']) == (0, 0, 0), line
    # At the end the engine is gone.
    assert a['downs'] == 1 + (a['down_why'] == 'engine gone')
    if b:
        assert b[0]['downs'] == 2 + (b[0]['down_why'] == 'engine gone')
        assert (a['filled'], b[0]['filled']) == (s.filled(0, 1), s.filled(1, 0)) and b[0]['filled'] > 30
        lead = b[0]['lead']
        behind = [s.arrival_ns[1][n] - s.arrival_ns[0][n] for n in s.sent[0] & s.sent[1]]
        assert (lead['min_ns'], lead['max_ns']) == (min(behind), max(behind)), lead
        assert statistics.median(behind) <= lead['median_ns'] <= min(max(behind), 2 * statistics.median(behind)), lead


def check_groups(watch, s, lines):
    groups = watch.groups()
    for line in range(lines):
        group = groups['md', f'239.1.1.{1 + line}']
        packets = s.octets(line)
        assert (group['packets'], group['bytes']) == (len(packets), sum(len(octets) for _, octets in packets))
        assert (group['first_ns'], group['last_ns']) == (packets[0][0], packets[-1][0])
        times = [at for at, _ in packets]
        assert group['silences'] == sum(b - a > 2 * S for a, b in zip(times, times[1:])), group
        assert group['silent_since_ns'] is None


def test_a_channel_without_feeds_has_bursts_and_silence_of_its_groups(tmp_path):
    rare = [(START + n * 700 * MS, frame('239.2.2.2', b'x' * 40)) for n in range(10)]
    burst = [(START + 3 * S + n * BACK_TO_BACK_NS, frame('239.2.2.3', b'y' * 100)) for n in range(BURST)]
    frames = sorted(rare + burst + [(START + 9 * S, frame('239.2.2.4', b'z'))])
    path = write_frames(tmp_path / 'A.pcap', frames)
    replay = Replay(tmp_path, '--speed', 'max', '--pace', 'readers', '--wait-readers', 1, '--linger', 'forever', path)
    watch = Watch(tmp_path, [tmp_path / 'run'], '--silence', '1s')
    try:
        channel = through(watch, 'default', len(frames))
        check_bursts(channel['bursts'], [(at, len(octets) - 42) for at, octets in frames])
        wait_for(lambda: watch.groups()['default', '239.2.2.2']['silent_since_ns'], 10, 'one is silent')
        groups = watch.groups()
        assert groups['default', '239.2.2.2']['silent_since_ns'] == rare[-1][0]
        assert groups['default', '239.2.2.3']['silent_since_ns'] == burst[-1][0]
        assert groups['default', '239.2.2.4']['silent_since_ns'] is None
        assert watch.alarms()['group-silent'] == 2
        assert watch.log().count('group-silent:') == 2
    finally:
        watch.stop()
        replay.process.terminate()
        replay.end()


def test_the_exporter_has_each_series_of_the_watch_with_its_value(tmp_path):
    """As docs/monitoring.md lists them."""
    s = truth(2, seed=3)
    replay = served(tmp_path, s, feed=feed_text(), readers=2)
    watch = Watch(tmp_path, [tmp_path / 'run'], '--silence', '2s', '--record', f'feed,dir={tmp_path},megabytes=4')
    exporter = None
    try:
        through(watch, 'md', len(s.packets))
        wait_for(lambda: watch.feed('truth')['lines'][0]['down_why'], 20, 'the engine is gone')
        port = free_port()
        exporter = subprocess.Popen([EXPORTER, '--listen', f'127.0.0.1:{port}', '--run-dir', watch.state_dir],
                                    stderr=subprocess.DEVNULL)
        series = wait_for(lambda: metrics(port), 10, 'the exporter answers')
        names, said = {name for name, _ in series}, watch.stats()
        with open(os.path.join(ROOT, 'docs', 'monitoring.md')) as page:
            listed = set(re.findall(r'^\| `(mcring_(?:feed|line|recording|watch|channel_burst)_\w+)`', page.read(),
                                    re.M))
        assert len(listed) > 60 and listed <= names, listed - names
        feed = said['feeds'][0]
        assert value(series, 'mcring_feed_wire_gaps_total') == feed['wire_gaps'] == len(runs(s.given_up()))
        for line in feed['lines']:
            assert value(series, 'mcring_line_lost_messages_total', f'line="{line["name"]}"') == line['lost']
            assert value(series, 'mcring_line_filled_messages_total', f'line="{line["name"]}"') == line['filled']
            assert value(series, 'mcring_line_burst_packets', f'line="{line["name"]}"', 'window="100us"') >= BURST
        assert value(series, 'mcring_watch_alarms_total', 'kind="gap"') == feed['wire_gaps']
        assert value(series, 'mcring_recording_messages_total') == len(s.packets)
    finally:
        if exporter:
            exporter.kill()
            exporter.wait()
        watch.stop()
        replay.process.terminate()
        replay.end()


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def metrics(port):
    """{(name, labels): value}, or None: it does not listen yet, or has not asked yet."""
    try:
        with urllib.request.urlopen(f'http://127.0.0.1:{port}/metrics') as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return None
    found = [re.fullmatch(r'(\w+)(?:\{(.*)\})? (\S+)', line) for line in lines if not line.startswith('#')]
    series = {(one[1], one[2] or ''): float(one[3]) for one in found}
    return series if any(name == 'mcring_line_last_timestamp_seconds' for name, _ in series) else None


def value(series, name, *labels):
    one, = [n for (of, text), n in series.items() if of == name and all(label in text.split(',') for label in labels)]
    return one
