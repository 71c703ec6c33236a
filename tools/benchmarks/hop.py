# SPDX-License-Identifier: BSD-3-Clause
"""From a writer to a reader across cores, against what one would use instead. The floors are one
cache line bounced between the same two cores, one way, what a message of one line or of two takes
that is sent now and then, as a real one is, and how late the reader's core sees a time that comes."""

from . import common

PEERS = {'rte_ring': 'rte_ring SP/SC with mbufs', 'bytes': 'byte ring with memcpy',
         'unix': 'Unix datagram socket'}
FLOORS = {'one_line': 'a stamp in one line', 'two_lines': 'a number and a stamp, two lines'}
RATES = (10_000, 100_000, 1_000_000)


def hop(run, peer, figure, rate=0, size=86):
    args = ['--rate', rate] if rate else []
    return common.bench('hop', '--peer', peer, '--size', size, '--ms', run.ms, *args)[figure]


def line(run):
    return common.bench('hop', '--peer', 'line')['one_way_ns']


def paced(run, rate):
    case = f'{rate} messages/s, '
    run.compare('hop', case + 'p50', lambda: hop(run, 'mcring', 'p50_ns', rate),
                lambda: line(run), 'one line, one way', 'ns',
                target=2.5 if rate == 1_000_000 else None)
    run.compare('hop', case + 'p99', lambda: hop(run, 'mcring', 'p99_ns', rate),
                lambda: line(run), 'one line, one way', 'ns',
                target=10 if rate == 1_000_000 else None)
    for figure in ('p999_ns', 'max_ns'):
        run.alone('hop', case + figure[:-3], lambda: hop(run, 'mcring', figure, rate), 'ns')
    for peer, name in {**FLOORS, **PEERS}.items():
        run.compare('hop', f'{case}p50', lambda: hop(run, 'mcring', 'p50_ns', rate),
                    lambda: hop(run, peer, 'p50_ns', rate), name, 'ns')
    for peer, name in {'clock': 'no message, a time that comes', 'bytes': PEERS['bytes']}.items():
        run.compare('hop', f'{case}p99', lambda: hop(run, 'mcring', 'p99_ns', rate),
                    lambda: hop(run, peer, 'p99_ns', rate), name, 'ns')


def run(run):
    """Latency at three rates, and how many messages go through."""
    for rate in RATES[-1:] if run.quick else RATES:
        paced(run, rate)
    for peer, name in PEERS.items():
        run.compare('hop', 'flat out', lambda: hop(run, 'mcring', 'per_second'),
                    lambda: hop(run, peer, 'per_second'), name, 'messages/s', better='higher')
    run.compare('hop', 'flat out, p50', lambda: hop(run, 'mcring', 'p50_ns'),
                lambda: hop(run, 'bytes', 'p50_ns'), PEERS['bytes'], 'ns')
