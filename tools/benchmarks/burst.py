# SPDX-License-Identifier: BSD-3-Clause
"""A burst out of silence: when its packets reach the consumer by their place in it, and what a slow
reader loses. All packets of a burst are there at once, as from no link. A lone packet is sent
between any two bursts, so both see the same caches, the same silence and the same reader."""

import glob
import os

from . import common
from .common import Row

SIZES = (2, 8, 32, 100, 1000, 10_000)
THINK_NS = (0, 500, 2000)
CHUNKS = (1, 2, 4, 8, 32)
POSITIONS = ('1', '8', '32', '1000', 'last')
MARKET = os.path.join(common.ROOT, '..', 'shared', 'pcaps', 'market')


def flat(result):
    """{"p50_ns": {"1": x}} as {"p50 1": x}."""
    figures = {f'{q} {place}': ns for q in ('p50', 'p99')
               for place, ns in result[f'{q}_ns'].items()}
    return {**figures, 'lost': result['lost'], 'gap': result['longest_gap_ns']}


def burst(run, n, *args, ms=None):
    port = ['--port', run.port] if run.port else ['--burst', n]
    return flat(common.bench('burst', *port, '--ms', ms or run.ms, *args, run=run))


def by_position(run, what, n, *args):
    """One burst in all its figures, and what was lost of it."""
    rows = [Row(f'{what}: first', 'p50 1', 'ns', 1.3 if what == '32' else None, 'lower',
                'p50 lone', 'a lone packet')]
    for place in POSITIONS[1:]:
        if place != what:
            rows.append(Row(f'{what}: {place}', f'p50 {place}', 'ns'))
    rows += [Row(f'{what}: first, p99', 'p99 1', 'ns', None, 'lower', 'p99 lone', 'a lone packet'),
             Row(f'{what}: last, p99', 'p99 last', 'ns'),
             Row(f'{what}: lost', 'lost', 'packets', target=0)]
    run.compare_all('burst', lambda: burst(run, n, *args), None, rows)


def positions(run):
    for n in (32,) if run.quick else SIZES:
        by_position(run, str(n), n)


def captures(run):
    files = sorted(glob.glob(os.path.join(MARKET, '*.pcap')))
    if not files:
        print('burst    captures skipped: ../shared/pcaps/market is not there')
        return
    args = [word for path in files for word in ('--capture', path)]
    by_position(run, f'{len(files)} market captures, whole', 1, *args)
    for n in (10_000,) if run.quick else (1000, 10_000):
        by_position(run, f'{n} of market captures', n, *args)


def first_chunks(run):
    """What first_chunk does for the first packet and for those behind it."""
    for chunk in CHUNKS[:1] if run.quick else CHUNKS:
        run.compare_all('burst', lambda: burst(run, 32, '--first-chunk', chunk), None,
                        [Row(f'32, first_chunk {chunk}: first', 'p50 1', 'ns', None, 'lower',
                             'p50 lone', 'a lone packet'),
                         Row(f'32, first_chunk {chunk}: 8', 'p50 8', 'ns'),
                         Row(f'32, first_chunk {chunk}: last', 'p50 last', 'ns')])


def slow_readers(run):
    for n in (10_000,) if run.quick else (1000, 10_000):
        for think in THINK_NS:
            by = f'{n}, reader takes {think} ns'
            run.compare_all('burst', lambda: burst(run, n, '--think-ns', think), None,
                            [Row(f'{by}: lost', 'lost', 'packets', target=0),
                             Row(f'{by}: last', 'p50 last', 'ns')])


def gaps(run):
    """How long the rx loop does not poll, against a loop that does nothing on the same core: what
    is above that is ours, the rest is the machine's."""
    seconds = 600 if run.long else 1 if run.quick else 10
    run.compare_all('burst', lambda: burst(run, 32, ms=1000 * seconds), lambda: {
        'stall': common.bench('stall', '--ms', 1000 * seconds)['longest_gap_ns']},
        [Row(f'longest rx loop gap in {seconds} s', 'gap', 'ns', None, 'lower', 'stall',
             'a loop that reads the TSC')], pairs=1 if run.long or run.quick else 5)


def on_port(run):
    print(f'burst    bursts are what comes to {run.port} after silence; from their arrival')
    rows = [Row('lone packet', 'p50 lone', 'ns'), Row('lone packet, p99', 'p99 lone', 'ns')]
    for place in POSITIONS:
        rows += [Row(f'{place} of a burst', f'p50 {place}', 'ns'),
                 Row(f'{place} of a burst, p99', f'p99 {place}', 'ns')]
    run.compare_all('burst', lambda: burst(run, 0), None,
                    rows + [Row('lost by the reader', 'lost', 'packets', target=0)])
    for think in THINK_NS[1:]:
        run.compare_all('burst', lambda: burst(run, 0, '--think-ns', think), None,
                        [Row(f'lost by a reader that takes {think} ns', 'lost', 'packets',
                             target=0)])
    seconds = 600 if run.long else 1 if run.quick else 10
    run.compare_all('burst', lambda: burst(run, 0, ms=1000 * seconds), None,
                    [Row(f'longest rx loop gap in {seconds} s', 'gap', 'ns')], pairs=1)


PARTS = {part.__name__: part for part in (positions, first_chunks, captures, slow_readers, gaps)}


def run(run, parts=()):
    """By position in the burst, against a lone packet."""
    if run.port:
        on_port(run)
        return
    for part in parts or PARTS:
        PARTS[part](run)
