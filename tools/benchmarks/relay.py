# SPDX-License-Identifier: BSD-3-Clause
"""What it costs to forward a packet by 1 to 8 outputs. On net_null, by the CPU time of the lcore: beside
dpdk-testpmd, which forwards by one port and knows no groups, and beside a loop that makes the same
frames and looks at nothing. Then over veth, with the CPU time of the kernel's part, beside the
kernel's own forwarding; and over vhost."""

import shutil
import statistics
import time

from . import baseline, common, engine
from .common import Row

PROGRAMS = ['dpdk-testpmd', 'ip', 'sysctl']

OUTPUTS = 1, 2, 4, 8
SIZES = 86, 512, 1400
SHARED = 512          # octets of payload, from which a driver that takes chains gets the payload shared
GROUPS = 1, 512, 10_000
BURSTS = 4, 8, 16, 32, 64, 128
LEAST = 0.1           # ns that another output costs at least, so that noise gives no ratio below 0
PEERS = 'mac', 'io'   # testpmd's modes; the first is the one that is judged


def prepare(run):
    if run.commit:
        common.need(baseline.PROGRAMS)
        run.baseline = baseline.Baseline(run.commit)


def devices(size, outputs):
    """What comes in by the first goes out by the others."""
    return [f'net_null0,size={size + common.HEADERS}',
            *(f'net_null{n},size=64,no-rx=1' for n in range(1, outputs + 1))]


def form(size):
    """net_null takes no chains: where the relay would make them the outputs are net_ring ports."""
    return ['--chains'] if size >= SHARED else []


def measure(run, measurement, size, outputs, *args, **kwargs):
    r = common.bench(measurement, '--port', 'net_null0', '--size', size, '--outputs', outputs, '--ms',
                     run.ms, *args, vdev=devices(size, outputs), **kwargs)
    if r['lost']:
        raise RuntimeError(f"{measurement}: {r['lost']} copies of {r['copies']} were not sent")
    run.buffers = r.get('buffers', run.buffers)
    return r['work_ns']


def testpmd(run, mode, burst):
    """From the first port to the second, which receives nothing."""
    feed, output = devices(86, 1)
    packets, cpu_ns = engine.receive(run, common.Testpmd(
        run, f'--forward-mode={mode}', f'--burst={burst}', f'--total-num-mbufs={run.buffers}',
        vdev=feed, eal=[f'--vdev={output}']))
    return cpu_ns / packets


def best_burst(run, mode):
    """The burst with which testpmd is fastest here."""
    found = {n: [] for n in ((8, 32) if run.quick else BURSTS)}
    for _ in range(1 if run.quick else 3):
        for n, ns in found.items():
            ns.append(testpmd(run, mode, n))
    median = {n: statistics.median(ns) for n, ns in found.items()}
    return min(median, key=median.get)


# ---- outputs ----

def by_outputs(run, measurement, size, outputs, prefix=''):
    """What a packet costs by the number of outputs, and what each of them costs beyond the first."""
    ns = {n: measure(run, measurement, size, n, *form(size)) for n in outputs}
    further = {f'{prefix}further {n}': max((ns[n] - ns[1]) / (n - 1), LEAST) for n in outputs if n > 1}
    return {**{f'{prefix}{n}': x for n, x in ns.items()},
            **{f'{prefix}per second {n}': 1e9 / x for n, x in ns.items()}, **further}


def rows(size, n):
    case = f"{size} octets, {n} output{'s' * (n > 1)}"
    yield Row(case, f'{n}', 'ns/packet', None, 'lower', f'floor {n}', 'a loop that replicates')
    yield Row(f'{case}, without loss', f'per second {n}', "packets/s of the lcore's time",
              better='higher')
    if n > 1:
        yield Row(f'{case}, each beyond the first', f'further {n}', 'ns/packet', 1.3, 'lower',
                  f'floor further {n}', 'a loop that replicates')


def outputs(run):
    """By size and number of outputs, 512 groups in turn; one output also against testpmd."""
    measure(run, 'relay', 86, 1) # for the number of buffers
    best = {mode: best_burst(run, mode) for mode in PEERS}

    def peers(size):
        r = by_outputs(run, 'replicate', size, counts, 'floor ')
        if size == 86:
            for mode in PEERS:
                r[f'{mode} 32'] = testpmd(run, mode, 32)
                r[f'{mode} best'] = testpmd(run, mode, best[mode])
        return r

    counts = OUTPUTS[:2] if run.quick else OUTPUTS
    for size in SIZES[::2] if run.quick else SIZES:
        against = [Row('86 octets, 1 output', '1', 'ns/packet',
                       1.5 if mode == PEERS[0] and key == '32' else None, 'lower', f'{mode} {key}',
                       f"testpmd {mode}{text}")
                   for mode in PEERS
                   for key, text in (('32', ''), ('best', f' at its best, bursts of {best[mode]}'))]
        run.compare_all('relay', lambda: by_outputs(run, 'relay', size, counts), lambda: peers(size),
                        [*(against if size == 86 else ()), *(row for n in counts for row in rows(size, n))])


# ---- groups, rings, forms ----

def groups(run):
    """As many groups in turn; with a few all that is known of them is in the first-level cache."""
    for n in GROUPS[:2] if run.quick else GROUPS:
        for count in (1,) if run.quick else (1, 4):
            run.compare('relay', f"86 octets, {count} output{'s' * (count > 1)}, {n} group{'s' * (n > 1)}",
                        lambda: measure(run, 'relay', 86, count, '--groups', n),
                        lambda: measure(run, 'replicate', 86, count, '--groups', n),
                        'a loop that replicates', 'ns/packet')


def rings(run):
    """What the relay adds to a receiver, and the ring to the relay."""
    def ours():
        return {'joined': measure(run, 'relay', 86, 1, '--joined'), 'relay': measure(run, 'relay', 86, 1),
                'ring': common.bench('engine', '--port', 'net_null0', '--size', 86, '--rewrite', '--ms',
                                     run.ms, vdev=devices(86, 0))['work_ns']}

    case = '86 octets, 1 output, published as well'
    run.compare_all('relay', ours, None, [
        Row(case, 'joined', 'ns/packet', None, 'lower', 'relay', 'relayed only'),
        Row(case, 'joined', 'ns/packet', None, 'lower', 'ring', 'published only')])


def forms(run):
    """Drivers that take no chains get copies."""
    for count in (2,) if run.quick else OUTPUTS[1:]:
        run.compare('relay', f'1400 octets, {count} outputs, copies',
                    lambda: measure(run, 'relay', 1400, count),
                    lambda: measure(run, 'relay', 1400, count, '--chains'),
                    'a header each, the payload shared', 'ns/packet')


# ---- instructions ----

def count(run, measurement, function, size, outputs, *args):
    path = run.path(f'callgrind{time.monotonic_ns()}')
    r = common.bench(measurement, '--port', 'net_null0', '--size', size, '--outputs', outputs, '--ms',
                     100 if run.quick else 1000, *args, vdev=devices(size, outputs),
                     under=common.callgrind(path, function))
    return common.instructions(path) / r['packets_since_start']


def instructions(run):
    """Of the whole rx loop with the driver, the feed's included in both; and of a receiver that does
    not relay, against the commit of --baseline."""
    if not shutil.which('valgrind'):
        print('relay    instructions skipped: valgrind is missing (apt-get install valgrind)')
        return
    for size in (86,) if run.quick else SIZES:
        for n in (1,) if run.quick else OUTPUTS:
            run.compare_all(
                'relay', lambda: {'ours': count(run, 'relay', 'mcr_rx_loop', size, n, *form(size))},
                lambda: {'peer': count(run, 'replicate', 'replicate_loop', size, n, *form(size))},
                [Row(f"{size} octets, {n} output{'s' * (n > 1)}, instructions", 'ours',
                     'instructions/packet', None, 'lower', 'peer', 'a loop that replicates')], pairs=1)
    if run.commit:
        run.compare_all('relay', lambda: {'ours': engine.instructions(run, 86)},
                        lambda: {'peer': engine.instructions(run, 86, program=run.baseline.path)},
                        [Row('86 octets, an engine that does not relay, instructions', 'ours',
                             'instructions/packet', 1.005, 'lower', 'peer', run.baseline.name)],
                        pairs=1)


# ---- wires ----

def wires(run):
    """Over veth and vhost, at fixed rates."""
    from . import relay_wire # needs what the others do not
    relay_wire.compare(run)


PARTS = {part.__name__: part for part in (outputs, groups, rings, forms, instructions, wires)}


def run(run, parts=()):
    """The relay, by part."""
    for part in parts or PARTS:
        try:
            PARTS[part](run)
        except common.Skip as reason:
            print(f'relay    {part} skipped: {reason}', flush=True)
