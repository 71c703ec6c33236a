# SPDX-License-Identifier: BSD-3-Clause
"""What a packet costs the rx lcore: net_null hands out buffers that hold frames. The floor is
dpdk-testpmd, which receives the same and looks at nothing. Both by the CPU time of the lcore, so
that a machine that is not quiet disturbs less."""

import time

from . import common

BUFFERS = 2848  # of the engine's mempool with one queue of 1,024 descriptors (lib/engine/port.c)


def null(size):
    return f'net_null0,size={size + common.HEADERS}'


def ours(run, size, *args, figure='cpu_ns'):
    return common.bench('engine', '--port', 'net_null0', '--size', size, '--ms', run.ms, *args,
                        vdev=[null(size)])[figure]


def testpmd(run, size, *args):
    program = common.Testpmd(run, '--forward-mode=rxonly', f'--total-num-mbufs={BUFFERS}', *args,
                             vdev=null(size))
    try:
        program.start()
        time.sleep(run.ms / 1000)
        packets, _, cpu_ns = program.stop()
    finally:
        program.quit()
    return cpu_ns / packets


def run(run):
    """The cost of a packet, ours against testpmd rxonly, and with a reader on the other core."""
    for size in (86,) if run.quick else (86, 20, 400, 1400):
        run.compare('engine', f'{size} octets, no reader', lambda: ours(run, size),
                    lambda: testpmd(run, size), 'testpmd rxonly', 'ns/packet',
                    target=2.0 if size == 86 else None)
    # Without a cache in front of the mempool every buffer has its turn: 512 groups, colder frames.
    run.compare('engine', '86 octets, no reader, all buffers in turn',
                lambda: ours(run, 86, '--rotate'), lambda: testpmd(run, 86, '--mbcache=0'),
                'testpmd rxonly --mbcache=0', 'ns/packet', target=2.0)
    run.alone('engine', '86 octets, no reader, ring of 1,024',
              lambda: ours(run, 86, '--depth', 1024), 'ns/packet')
    for when in ('before', 'only'):
        run.compare('engine', f'86 octets, a handler in the rx lcore: {when}',
                    lambda: ours(run, 86, '--handler', when), lambda: ours(run, 86),
                    'ring, no handler', 'ns/packet')
    for size in (86,) if run.quick else (86, 1400):
        run.alone('engine', f'{size} octets, one reader',
                  lambda: 1e9 / ours(run, size, '--readers', 1), 'messages/s',
                  target=30e6 if size == 86 else None, better='higher')
