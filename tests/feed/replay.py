#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""replay.py MCRING_REPLAY FEED_PRINT: the scenarios as captures, through mcring-replay and libmcring-feed.

What a handler gets is what the scenario expects. With all lines in one channel the packets come in the
order of time, and each event and counter is compared. With a channel a line the handler may find B's copy
before A's, so what is handed out and given up is compared, whatever line was first."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import captures
import scenarios
from compare import blocks, differences, events, handed_out, report

# What a capture cannot say: what the reader itself has lost.
LEFT_OUT = {'lapped_reader', 'lapped_with_a_hole', 'lapped_out_of_order'}


def options(config):
    return [name for name in ('late', 'compare', 'unsequenced') if getattr(config, name)]


def play(replay, feed_print, folder, s, channel):
    """The items and counters of a handler."""
    capture, text = folder / 'capture.pcap', captures.feed_text(s.config, channel)
    captures.write(capture, s)
    channels = sorted({channel(i) for i in range(s.config.n_lines)})
    joins = [f'--join={captures.group(i)}:{captures.PORT},channel={channel(i)}' for i in range(s.config.n_lines)]
    environment = os.environ | {'MCRING_RUN_DIR': str(folder / 'run'), 'MCRING_FEED_CONFIG': text}
    server = subprocess.Popen(
        [replay, '--run-dir', folder / 'run', *(f'--channel={c}' for c in channels), *joins, '--speed', 'max', '--pace', 'readers',
         '--wait-readers', str(len(channels)), '--times', 'capture', '--linger', 'forever', capture],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        started = server.stdout.readline()
        if not started.startswith('export '):
            sys.exit(f'{s.name}: mcring-replay: {started}{server.communicate()[0]}')
        reader = subprocess.run([feed_print, 'scenario', *options(s.config)], env=environment, capture_output=True, text=True,
                                timeout=30)
        if reader.returncode:
            sys.exit(f'{s.name}: feed_print: {reader.stderr}')
        return blocks(['== x', *reader.stdout.splitlines()])['x']
    finally:
        server.terminate()
        server.communicate()


def since_start(items):
    return [re.sub(r'(at|opened)=(\d+)', lambda m: f'{m[1]}={int(m[2]) - captures.START + scenarios.ORIGIN * 1000}', item) for item in items]


def before_the_end(items, s):
    """Without what the last packets say of the lines, which are there to let time pass, and what follows
    from the end of the engine."""
    tail = captures.START // 1000 + captures.tail(s) if captures.tail(s) else None
    end = next((i for i, item in enumerate(items) if re.match(r'down \d+ engine', item)), len(items))
    return [item for item in items[:end] if not re.match(rf'(up|silence-end).* at={tail}000$', item)]


def given_up(events):
    """What a handler is told of the numbers, whatever line, and whenever."""
    words = [e.split() for e in events if re.match(r'(gap|reset|cycle|end) ', e)]
    return [(w[0], w[1], w[3] if w[0] in ('reset', 'cycle') else w[2]) for w in words]


def differences_of_lines_apart(s, items):
    if handed_out(items) != s.handed_out:
        yield 'handed out', s.handed_out, handed_out(items)
    if given_up(events(items)) != given_up(s.events):
        yield 'given up', given_up(s.events), given_up(events(items))


def one(programs, s, channel):
    with tempfile.TemporaryDirectory(prefix='mcr') as folder:
        items, stats = play(*programs, pathlib.Path(folder), s, channel)
    items = since_start(before_the_end(items, s))
    lines = [stats[f'line {i}'] for i in range(s.config.n_lines)]
    if channel(0) == channel(1):
        found = [d for d in differences(s, items, stats['feed'], lines) if d[0] != 'silences']
    else:
        found = differences_of_lines_apart(s, items)
    return report(f'replay, channel {channel(1)} for B', s, found)


def main():
    programs = [os.path.abspath(p) for p in sys.argv[1:3]]
    todo = [(s, channel) for s in scenarios.ALL if s.name not in LEFT_OUT
            for channel in ((lambda i: 'default'), (lambda i: 'abc'[i]))]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        bad = sum(pool.map(lambda t: one(programs, *t), todo))
    print(f'{len(todo)} runs, {bad} bad')
    return bad > 0


if __name__ == '__main__':
    sys.exit(main())
