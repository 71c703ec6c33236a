# SPDX-License-Identifier: BSD-3-Clause
"""A burst out of silence: when its first, eighth and last packet reach the consumer, and what a slow
reader loses. On net_ring, all packets there at once."""

from . import common

SIZES = (8, 32, 1000)
THINK_NS = (0, 500, 2000)


def burst(run, n, figure, *args):
    return common.bench('burst', '--port', 'net_ring0', '--burst', n, '--ms', run.ms, *args,
                        vdev=['net_ring0'])[figure]


def run(run):
    """By position in the burst, against a lone packet."""
    for n in SIZES[1:2] if run.quick else SIZES:
        run.compare('burst', f'first of {n}', lambda: burst(run, n, 'first_ns'),
                    lambda: burst(run, 1, 'first_ns'), 'a lone packet', 'ns',
                    target=1.3 if n == 32 else None)
        run.alone('burst', f'last of {n}', lambda: burst(run, n, 'last_ns'), 'ns')
    run.alone('burst', 'eighth of 32', lambda: burst(run, 32, 'eighth_ns'), 'ns')
    for think in THINK_NS:
        run.alone('burst', f'lost of bursts of 1,000, reader takes {think} ns',
                  lambda: burst(run, 1000, 'lost', '--think-ns', think), 'packets', target=0)
