# SPDX-License-Identifier: BSD-3-Clause
"""IPv6 against IPv4, in turn, by the same program: with the payload of the same length, and with one
that is shorter by the two addresses that a message of IPv6 has more, so that both take as many lines
of the ring. And, with --baseline, what IPv4 costs against an earlier commit."""

import shutil

from . import baseline, burst, common, engine, growth
from .common import Row

SIZES = (48, 86, 400, 1400) # of IPv4
ADDRESSES = 32              # octets more in front of a payload in the ring: docs/ring.md
MOST = 1.15                 # of IPv4, where both take as many lines
RATES = (100_000, 1_000_000)


def prepare(run):
    if run.commit:
        common.need(baseline.PROGRAMS)
        run.baseline = baseline.Baseline(run.commit)


def cases(run):
    """What to call it, the payloads of IPv4 and of IPv6, and the target."""
    for size in (86,) if run.quick else SIZES:
        yield f'{size} octets, as many lines', size, size - ADDRESSES, MOST
        yield f'{size} octets, as long a payload', size, size, None


def cases_of_86(run):
    """Those of 86 octets; one is enough to show that it works."""
    return [case for case in cases(run) if case[1] == 86][:1 if run.quick else None]


def against(run, case, ipv6, ipv4, unit, **kwargs):
    run.compare('family', case, ipv6, ipv4, 'IPv4', unit, **kwargs)


def rows(run, flat, names, unit, pairs=None):
    """Several figures of one run of each. flat: gives them by key; names: a row's name and its key."""
    def of_ipv4():
        return {f'IPv4 {key}': value for key, value in flat(4).items()}

    run.compare_all('family', lambda: flat(6), of_ipv4, [
        Row(name, key, unit, None, 'lower', f'IPv4 {key}', 'IPv4') for name, key in names], pairs)


def cost(run):
    """Of the rx lcore, with few frames and with all buffers in turn."""
    for name, args in (('no reader', ()), ('no reader, all buffers in turn', ('--rotate',))):
        for case, size, size6, target in cases(run):
            against(run, f'{case}, {name}', lambda: engine.ours(run, size6, *args, family=6),
                    lambda: engine.ours(run, size, *args), 'ns/packet', target=target)


def groups(run):
    """All of a large table, each packet for the next group."""
    args = ('--rewrite', '--groups', 10_000)
    for case, size, size6, target in cases_of_86(run):
        against(run, f'{case}, 10000 groups',
                lambda: engine.ours(run, size6, *args, family=6, figure='work_ns'),
                lambda: engine.ours(run, size, *args, figure='work_ns'), 'ns/packet',
                target=target)


def reader(run):
    for case, size, size6, target in cases_of_86(run):
        against(run, f'{case}, one reader', lambda: engine.read(run, size6, family=6),
                lambda: engine.read(run, size), 'messages/s', better='higher',
                target=target and round(1 / target, 2))


def hops(run):
    """From a writer to a reader across cores, without frames."""
    def p50(size, rate, *args):
        return common.bench('hop', '--size', size, '--rate', rate, '--ms', run.ms, *args)['p50_ns']

    for rate in RATES[-1:] if run.quick else RATES:
        for case, size, size6, target in cases_of_86(run):
            against(run, f'{case}, {rate} messages/s, p50',
                    lambda: p50(size6, rate, '--family', 6), lambda: p50(size, rate), 'ns',
                    target=target)


def bursts(run):
    """The first of 32 out of silence, and the last."""
    for case, size, size6, _ in cases_of_86(run):
        rows(run, lambda family: burst.flat(common.bench(
            'burst', '--family', family, '--size', size6 if family == 6 else size, '--ms',
            run.ms)), [(f'{case}, burst of 32: {name}', key)
                       for name, key in (('first', 'p50 1'), ('last', 'p50 last'))], 'ns')


def joins(run):
    """To the driver's transmit function."""
    rows(run, lambda family: growth.flat(common.bench(
        'join', '--port', 'net_null0', '--groups', growth.MANY, '--family', family, '--ms', run.ms,
        vdev=['net_null0,size=64'])), [
            ('a join, until it is in the table', 'table p50'),
            ('a join, until the driver has its report', 'report p50'),
            (f'{growth.MANY} joins at once, until all are in the table', 'many table'),
            (f'{growth.MANY} joins at once, until the driver has the last report', 'many report')],
         'us', pairs=1 if run.quick else 5)


def instructions(run):
    """Of the whole rx loop. They hardly differ from run to run, so there is one pair."""
    if not shutil.which('valgrind'):
        print('family   instructions skipped: valgrind is missing (apt-get install valgrind)')
        return

    def pair(case, ours, peer, peer_name, target=None):
        run.compare_all('family', lambda: {'ours': ours()}, lambda: {'peer': peer()}, [
            Row(f'{case}, instructions', 'ours', 'instructions/packet', target, 'lower', 'peer',
                peer_name)], pairs=1)

    for case, size, size6, target in cases_of_86(run) if run.quick else cases(run):
        pair(f'{case}, no reader', lambda: engine.instructions(run, size6, family=6),
             lambda: engine.instructions(run, size), 'IPv4', target)
    if run.commit:
        for size in (86,) if run.quick else SIZES:
            pair(f'{size} octets of IPv4, no reader', lambda: engine.instructions(run, size),
                 lambda: engine.instructions(run, size, program=run.baseline.path),
                 run.baseline.name)


PARTS = {part.__name__: part for part in (cost, groups, reader, hops, bursts, joins,
                                          instructions)}


def run(run, parts=()):
    """What IPv6 costs, by part."""
    for part in parts or PARTS:
        PARTS[part](run)
