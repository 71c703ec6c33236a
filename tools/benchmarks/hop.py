# SPDX-License-Identifier: BSD-3-Clause
"""From a writer to a reader across cores, against what one would use instead. The floors are one
cache line bounced between the same two cores, one way, what a message of one line or of two takes
that is sent now and then, as a real one is, and how late the reader's core sees a deadline."""

from . import common
from .common import Row

PEERS = {'rte_ring': 'rte_ring SP/SC with mbufs', 'bytes': 'byte ring with memcpy',
         'unix': 'Unix datagram socket'}
FLOORS = {'one_line': 'a stamp in one line', 'two_lines': 'a number and a stamp, two lines'}
LINE, CLOCK = 'one line, one way', 'no message, only a deadline'
RATES = (10_000, 100_000, 1_000_000)


def hop(run, peer, rate=0):
    """All figures of one run, by name and peer."""
    args = ['--rate', rate] if rate else []
    result = common.bench('hop', '--peer', peer, '--size', 86, '--ms', run.ms, *args)
    return {f'{peer} {name}': value for name, value in result.items()}


def turns(run, peers, rate=0):
    """One run of each peer."""
    return {name: value for peer in peers for name, value in hop(run, peer, rate).items()}


def paced(run, rate):
    """All peers have their turn in each round, so that all rows are of the same runs of ours."""
    def row(figure, peer=None, peer_figure=None, peer_name=None, target=None):
        return Row(f'{rate} messages/s, {figure}', f'mcring {figure}_ns', 'ns', target, 'lower',
                   peer and f'{peer} {peer_figure or figure}_ns', peer_name)

    targets = {'p50': 2.5, 'p99': 10} if rate == 1_000_000 else {}
    run.compare_all(
        'hop', lambda: hop(run, 'mcring', rate),
        lambda: {**hop(run, 'line'), **turns(run, [*FLOORS, *PEERS, 'clock'], rate)},
        [*[row(figure, 'line', 'one_way', LINE, targets.get(figure)) for figure in ('p50', 'p99')],
         row('p999'), row('max'),
         *[row('p50', peer, peer_name=name) for peer, name in {**FLOORS, **PEERS}.items()],
         row('p99', 'clock', peer_name=CLOCK), row('p99', 'bytes', peer_name=PEERS['bytes'])])


def run(run):
    """Latency at three rates, and how many messages go through."""
    for rate in RATES[-1:] if run.quick else RATES:
        paced(run, rate)
    rows = [Row('flat out', 'mcring per_second', 'messages/s', None, 'higher', f'{peer} per_second',
                name) for peer, name in PEERS.items()]
    run.compare_all('hop', lambda: hop(run, 'mcring'), lambda: turns(run, PEERS),
                    [*rows, Row('flat out, p50', 'mcring p50_ns', 'ns', None, 'lower',
                                'bytes p50_ns', PEERS['bytes'])])
    for rate, when in ((0, 'one after the other'), *((rate, f'{rate}/s') for rate in RATES[1:])):
        if not (rate and run.quick):
            run.compare_all('hop', lambda: hop(run, 'echo', rate), None,
                            [Row(f'there and back, {when}, p50', 'echo p50_ns', 'ns')])
