# SPDX-License-Identifier: BSD-3-Clause
"""Ours against an earlier commit of this repository (baseline.py), and against the floors, all of
them in turn in each round. On net_null, and on the wire of suite burst."""

import statistics

from . import baseline, burst, common, engine, hop
from .common import NONE_WORSE, Row

PROGRAMS = ['dpdk-testpmd', *baseline.PROGRAMS]
BURSTS = (4, 8, 16, 32, 64, 128)        # of testpmd
PLACES = {'lone': 'lone packet', '1': 'first', '8': '8', '32': '32', '1000': '1000', 'last': 'last'}
RATES = (100_000, 1_000_000)
RING = 256 << 20                        # octets, of a reader that is kept from its core
PIECES = '--pieces'                     # the port's option, where mcring-bench has it
LONGER = 5                              # times as long runs with --long


def prepare(run):
    """Before anything is measured."""
    run.baseline = baseline.Baseline(run.commit or baseline.COMMIT)


def span(run):
    return run.ms * (LONGER if run.long else 1)


def packets(run, size, *args):
    """A measurement of the engine on net_null: of either program, whose bench it is given."""
    def figures(bench):
        r = bench('engine', '--port', 'net_null0', '--size', size, '--ms', span(run), *args,
                  vdev=[engine.null(size)])
        run.buffers = r.get('buffers', run.buffers)
        return {'ns': r['work_ns'], 'lost': r['lost'],
                'per_second': r['received'] / r['packets'] * 1e9 / r['cpu_ns']}
    return figures


def before(run, figures):
    """The figures of the earlier commit."""
    return {f'before {key}': value for key, value in figures(run.baseline.bench).items()}


def row(run, case, key, unit, target=None, better='lower'):
    """Against the earlier commit."""
    return Row(case, key, unit, target, better, f'before {key}', run.baseline.name)


def against(run, figures, rows):
    run.compare_all('gain', lambda: figures(common.bench), lambda: before(run, figures), rows)


# ---- the rx lcore ----

def best_burst(run):
    """The burst with which testpmd is fastest here."""
    packets(run, 86)(common.bench) # for the number of buffers
    found = {n: [] for n in ((8, 32) if run.quick else BURSTS)}
    for _ in range(1 if run.quick else 3):
        for n, ns in found.items():
            ns.append(engine.testpmd(run, 86, f'--burst={n}'))
    median = {n: statistics.median(ns) for n, ns in found.items()}
    print('gain     testpmd rxonly, ns/packet by burst: ' +
          ', '.join(f'{n}: {ns:.1f}' for n, ns in median.items()), flush=True)
    return min(median, key=median.get)


def floor(run):
    """86 octets, whole and in pieces, against the driver alone and the earlier commit."""
    best = best_burst(run)
    whole, pieces = packets(run, 86), packets(run, 86, PIECES)
    has_pieces = PIECES in common.usage(common.BENCH)

    def ours():
        both = whole(common.bench)
        return {**both, 'pieces': pieces(common.bench)['ns']} if has_pieces else both

    def peers():
        return {'32': engine.testpmd(run, 86, '--burst=32'),
                'best': engine.testpmd(run, 86, f'--burst={best}'), **before(run, whole)}

    def rows(case, key, of_testpmd, of_before):
        return [Row(case, key, 'ns/packet', of_testpmd, 'lower', '32',
                    'testpmd rxonly, bursts of 32'),
                Row(case, key, 'ns/packet', None, 'lower', 'best',
                    f'testpmd rxonly at its best, bursts of {best}'),
                Row(case, key, 'ns/packet', of_before, 'lower', 'before ns', run.baseline.name)]

    run.compare_all('gain', ours, peers, [
        *rows('86 octets, no reader', 'ns', 1.75, 0.66),
        *rows('86 octets, no reader, in pieces', 'pieces', None, None)])


def sizes(run):
    """Other frames and colder memory."""
    cases = [('20 octets, no reader', 20, (), 0.75, 'lower'),
             ('400 octets, no reader', 400, (), 0.75, 'lower'),
             ('1400 octets, no reader', 1400, (), 1.0, NONE_WORSE),
             ('86 octets, no reader, all buffers in turn', 86, ('--rotate',), 1.0, NONE_WORSE),
             ('86 octets, no reader, 10000 groups', 86, ('--rewrite', '--groups', 10_000), 1.0,
              NONE_WORSE)]
    for case, size, args, target, better in cases[-1:] if run.quick else cases:
        against(run, packets(run, size, *args),
                [row(run, case, 'ns', 'ns/packet', target, better)])


def times(run):
    """With the stamps of a NIC, against the same without; an earlier program may have no stamps to
    give."""
    stamped, plain = packets(run, 86, '--hw-times'), packets(run, 86)
    case = '86 octets, no reader, NIC times'
    has_before = run.baseline.has('--hw-times')
    run.compare_all('gain', lambda: stamped(common.bench), lambda: {
        'plain': plain(common.bench)['ns'], **(before(run, stamped) if has_before else {})}, [
            Row(case, 'ns', 'ns/packet', None, 'lower', 'plain', 'ours without NIC times'),
            *([row(run, case, 'ns', 'ns/packet')] if has_before else [])])


def channels(run):
    two, one = (packets(run, 86, '--rewrite', '--channels', n) for n in (2, 1))
    case = '86 octets, 2 channels of the same groups'
    run.compare_all('gain', lambda: two(common.bench), lambda: {
        'one': one(common.bench)['ns'], **before(run, two)}, [
            Row(case, 'ns', 'ns/packet', 1.35, 'lower', 'one', 'ours with 1 channel'),
            row(run, case, 'ns', 'ns/packet')])


# ---- readers ----

def reader(run):
    """Messages that a polling consumer has copied out; what it lost is not among them. A ring of 16
    MiB is full in milliseconds: where the machine takes the reader's core away for longer, only a
    larger one shows whether the reader itself is fast enough."""
    against(run, packets(run, 86, '--readers', 1), [
        row(run, '86 octets, one reader', 'per_second', 'messages/s', 1.7, 'higher'),
        Row('86 octets, one reader, lost by it', 'lost', 'messages', 0)])
    large = packets(run, 86, '--readers', 1, '--bytes', RING)
    run.compare_all('gain', lambda: large(common.bench), None, [
        Row(f'86 octets, one reader, ring of {RING >> 20} MiB, lost by it', 'lost', 'messages', 0)])


def hops(run):
    for rate in RATES[-1:] if run.quick else RATES:
        against(run, lambda bench: bench('hop', '--size', 86, '--ms', span(run), '--rate', rate), [
            row(run, f'{rate} messages/s, hop p50', 'p50_ns', 'ns', 0.7),
            row(run, f'{rate} messages/s, hop p99', 'p99_ns', 'ns')])


def bursts(run):
    """Places in a burst out of silence, none of them later than before."""
    for n in (32,) if run.quick else burst.SIZES:
        rows = [row(run, f'burst of {n}: {name}', f'p50 {place}', 'ns', 1.0, NONE_WORSE)
                for place, name in PLACES.items() if not place.isdigit() or int(place) < n]
        if n == 32:
            rows.append(Row('burst of 32: first', 'p50 1', 'ns', 1.15, 'lower', 'p50 lone',
                            'ours, a lone packet'))
        against(run, lambda bench: burst.flat(bench('burst', '--burst', n, '--ms', span(run))),
                [*rows, Row(f'burst of {n}: lost', 'lost', 'packets', 0)])


PARTS = {part.__name__: part for part in (floor, sizes, times, channels, reader, hops, bursts)}


def run(run, parts=()):
    """What the present state gains, by part."""
    for part in parts or PARTS:
        PARTS[part](run)
