# SPDX-License-Identifier: BSD-3-Clause
"""What a packet costs the rx lcore: net_null hands out buffers that hold frames. The floor is
dpdk-testpmd, which receives the same and looks at nothing. Both by the CPU time of the lcore, so
that a machine that is not quiet disturbs less; and by instructions, which no load disturbs. On a
NIC's port, by the cycles of bursts that were not empty."""

import shutil
import time

from . import common
from .common import Row

PROGRAMS = ['dpdk-testpmd']

SIZES = (20, 86, 400, 1400)


def null(size, family=4):
    headers = common.HEADERS6 if family == 6 else common.HEADERS
    return f'net_null0,size={size + headers}'


def start(run, size, *args, family=4, **kwargs):
    port = run.port or 'net_null0'
    if family == 6: # an earlier program does not know the option
        args = ('--family', 6, *args)
    return common.Bench('engine', '--port', port, '--size', size, *args, run=run,
                        vdev=[null(size, family)], **kwargs)


def ours(run, size, *args, figure='cpu_ns', family=4):
    r = start(run, size, '--ms', run.ms, *args, family=family).result()
    run.buffers = r['buffers']
    return r[figure]


def read(run, size, family=4):
    """What a reader on another core receives a second: of what the rx lcore publishes, without what
    the reader lost when it was lapped."""
    r = start(run, size, '--ms', run.ms, '--readers', 1, family=family).result()
    return r['received'] / r['packets'] * 1e9 / r['cpu_ns']


def receive(run, program):
    """A started testpmd's packets, and the CPU time of its lcore, while it receives."""
    try:
        program.start()
        time.sleep(run.ms / 1000)
        packets, _, cpu_ns = program.stop()
    finally:
        program.quit()
    return packets, cpu_ns


def testpmd(run, size, *args):
    """With as many buffers as ours had, whose turn was before."""
    packets, cpu_ns = receive(run, common.Testpmd(
        run, '--forward-mode=rxonly', f'--total-num-mbufs={run.buffers}', *args, vdev=null(size)))
    return cpu_ns / packets


# ---- instructions ----

def instructions(run, size, *args, **kwargs):
    """Of the whole rx loop, the driver and the mempool, by the packets that it received."""
    path = run.path(f'callgrind{time.monotonic_ns()}')
    bench = start(run, size, '--ms', 100 if run.quick else 1000, *args,
                  under=common.callgrind(path, 'mcr_rx_loop'), **kwargs)
    packets = bench.result()['packets_since_start']
    return common.instructions(path) / packets


def count_instructions(run):
    if not shutil.which('valgrind'):
        print('engine   instructions skipped: valgrind is missing (apt-get install valgrind)')
        return
    cases = [(f'{size} octets, no reader', size, ()) for size in SIZES]
    cases += [(f'86 octets, a handler in the rx lcore: {when}', 86, ('--handler', when))
              for when in ('before', 'only')]
    for case, size, args in cases[1:2] if run.quick else cases:
        run.compare_all('engine', lambda: {'ours': instructions(run, size, *args)}, None,
                        [Row(f'{case}, instructions', 'ours', 'instructions/packet')], pairs=1)


# ---- a NIC ----

def busy(run, *args):
    """Ours, and what the consumers had of it."""
    r = start(run, 86, '--ms', run.ms, *args).result()
    return {**r, 'per_second': 1e9 / r['wall_ns'], 'delivered': r['delivered'] / r['packets'],
            'kept': 1 - r['missed'] / (r['missed'] + r['packets_since_start'])}


def testpmd_busy(run):
    program = common.Testpmd(run, '--forward-mode=rxonly', '--record-core-cycles',
                             '--total-num-mbufs=16384')
    packets, cpu_ns = receive(run, program)
    if not packets:
        raise common.Skip(f'{run.port}: no packet came for testpmd')
    return {'testpmd_cycles': program.busy_cycles, 'testpmd_per_second': packets / run.ms * 1e3}


def on_port(run):
    """Whatever comes from the wire to 239.16.0.0 and the following groups, UDP port 5000."""
    print(f'engine   frames are what comes to {run.port}; no sizes, no filled buffers')
    peer = {'peer_name': 'testpmd rxonly'}
    run.compare_all('engine', lambda: busy(run), lambda: testpmd_busy(run), [
        Row('from the wire, no reader, busy', 'busy_cycles', 'cycles/packet',
            peer_key='testpmd_cycles', **peer),
        Row('from the wire, received', 'per_second', 'packets/s', better='higher',
            peer_key='testpmd_per_second', **peer),
        Row('from the wire, of them delivered to a ring', 'delivered', 'of 1', better='higher'),
        Row('from the wire, not missed by the NIC', 'kept', 'of 1', better='higher'),
    ])
    run.compare_all('engine', lambda: busy(run, '--readers', 1), None, [
        Row('from the wire, one reader, busy', 'busy_cycles', 'cycles/packet'),
        Row('from the wire, one reader, lost by it', 'lost', 'messages', target=0)])


# ---- the whole ----

def floor(run):
    """Against testpmd, and against a copy of the same bytes."""
    for size in (86, 1400) if run.quick else SIZES:
        run.compare('engine', f'{size} octets, no reader', lambda: ours(run, size),
                    lambda: testpmd(run, size), 'testpmd rxonly', 'ns/packet',
                    target=2.0 if size == 86 else None)
    # Without a cache in front of the mempool every buffer has its turn: 512 groups, colder frames.
    run.compare('engine', '86 octets, no reader, all buffers in turn',
                lambda: ours(run, 86, '--rotate'), lambda: testpmd(run, 86, '--mbcache=0'),
                'testpmd rxonly --mbcache=0', 'ns/packet', target=2.0)
    for size in (1400,) if run.quick else SIZES:
        run.compare('engine', f'{size} octets, no reader, against the copy alone',
                    lambda: ours(run, size),
                    lambda: common.bench('copy', '--size', size, '--ms', run.ms)['cpu_ns'],
                    'memcpy into a region as large', 'ns/packet')


def ways(run):
    """Other rings, a handler, a reader."""
    run.alone('engine', '86 octets, no reader, ring of 256 KiB',
              lambda: ours(run, 86, '--bytes', 256 << 10), 'ns/packet')
    for when in ('before', 'only'):
        run.compare('engine', f'86 octets, a handler in the rx lcore: {when}',
                    lambda: ours(run, 86, '--handler', when), lambda: ours(run, 86),
                    'ring, no handler', 'ns/packet')
    for size in (86,) if run.quick else SIZES:
        run.alone('engine', f'{size} octets, one reader', lambda: read(run, size), 'messages/s',
                  target=30e6 if size == 86 else None, better='higher')


PARTS = {'floor': floor, 'ways': ways, 'instructions': count_instructions}


def run(run, parts=()):
    """The cost of a packet, ours against testpmd rxonly, and with a reader on the other core."""
    if run.port:
        on_port(run)
        return
    for part in parts or PARTS:
        PARTS[part](run)
