# SPDX-License-Identifier: BSD-3-Clause
"""What a feed costs its reader, beside one that polls a consumer of each line and copies what comes,
and so has every packet twice. Both read the same two lines, in turn, within each run: batch by batch
of 1,024 messages, or message by message. A line has a channel of its own, unless the case says so.
A message is one of a ring, as a consumer counts them; the feed hands out one for two of them."""

import shutil

from . import common
from .common import Row

PLAIN = 'a consumer of each line'
SIZES = (86, 400, 1400)
MORE_NS, LONE_NS = 15, 60 # a message of 86 octets, a lone one
KEYS, FEW = 1000, 10
LINES = 2
RATE = 10_000
LEAST_MS = 200  # on a busy machine less may pass before the readers are warm


def figures(run, *args, size=86, channels=LINES, ms=None, **kwargs):
    r = common.bench('feed', '--size', size, '--channels', channels, '--ms',
                     ms or max(run.ms, LEAST_MS), *args, **kwargs)
    if r['lost']:
        raise RuntimeError(f'feed: {r["lost"]} lost, where nothing was')
    return r


def each(run, *args, **kwargs):
    """For each message of a ring."""
    return {key: value / LINES for key, value in figures(run, *args, **kwargs).items()}


def rows(case, unit, target):
    return [Row(case, 'feed_ns', unit, None, 'lower', 'plain_ns', PLAIN),
            Row(f'{case}, more', 'more_ns', unit, target)]


def cost(run):
    for size in SIZES[:1] if run.quick else SIZES:
        run.compare_all('feed', lambda: each(run, size=size), None,
                        rows(f'{size} octets', 'ns/message', MORE_NS if size == 86 else None))
    run.compare_all('feed', lambda: each(run, channels=1), None,
                    rows('86 octets, lines in one channel', 'ns/message', None))


def lone(run):
    """From the writer's stamp until the payload is copied, p50."""
    run.compare_all('feed', lambda: figures(run, '--rate', RATE), None,
                    rows('a lone message, p50', 'ns', LONE_NS))


def keys(run):
    run.compare('feed', f'{KEYS} keys', lambda: each(run, '--keys', KEYS)['feed_ns'],
                lambda: each(run, '--keys', FEW)['feed_ns'], f'{FEW} keys', 'ns/message', target=1.2)


def compare(run):
    """Payloads under one number: both packets of a message are read as a whole."""
    def more(size):
        return each(run, '--compare', size=size)['feed_ns'] - each(run, size=size)['feed_ns']

    small, large = SIZES[0], SIZES[-1]
    run.alone('feed', 'payloads compared, an octet',
              lambda: max(0, more(large) - more(small)) / (large - small), 'ns/octet')
    run.compare('feed', f'{large} octets, payloads compared',
                lambda: each(run, '--compare', size=large)['feed_ns'],
                lambda: each(run, size=large)['feed_ns'], 'not compared', 'ns/message')


def instructions(run):
    """Of poll, read and release. They hardly differ from run to run, so there is one pair."""
    if not shutil.which('valgrind'):
        print('feed     instructions skipped: valgrind is missing (apt-get install valgrind)')
        return

    def counted(function):
        path = run.path('callgrind')
        r = figures(run, ms=500, under=common.callgrind(path, function)) # as slow as it is then
        return common.instructions(path) / (r['sent'] * LINES)

    run.compare_all('feed', lambda: {'ours': counted('lines_fed')},
                    lambda: {'peer': counted('lines_plain')}, [
                        Row('86 octets, instructions', 'ours', 'instructions/message', None, 'lower',
                            'peer', PLAIN)], pairs=1)


PARTS = {part.__name__: part for part in (cost, lone, keys, compare, instructions)}


def run(run, parts=()):
    for part in parts or PARTS:
        PARTS[part](run)
