# SPDX-License-Identifier: BSD-3-Clause
"""What a packet costs as things grow. Busy cycles, because frames are made anew for the next group
before each burst, which the rx lcore does not count as its work."""

from . import common
from .engine import null

GROUPS = (1, 16, 512, 2048, 10_000)
DEPTHS = (1024, 8192, 65536, 262144)
SIZES = (20, 86, 400, 1400)
BURSTS = (16, 8, 4, 2, 1)
CHANNELS = (2, 4, 8)
READERS = (1, 2, 4)


def cost(run, *args, size=86, rewrite=True, lcores='0@0,1@1,2@0'):
    options = ['--rewrite'] if rewrite else []
    return common.bench('engine', '--port', 'net_null0', '--size', size, '--ms', run.ms, *options,
                        *args, vdev=[null(size)], lcores=lcores)['busy_ns']


def each(run, name, values, base, option, base_name, target=None, judged=None, **kwargs):
    """Each value against the base."""
    for value in values[-1:] if run.quick else values:
        run.compare('growth', f'{value} {name}',
                    lambda: cost(run, option, value, **kwargs),
                    lambda: cost(run, option, base, **kwargs), base_name, 'busy ns/packet',
                    target=target if value == judged else None)


def run(run):
    """Groups, channels, ring depths, payloads, bursts, readers."""
    each(run, 'groups', [g for g in GROUPS if g != 16], 16, '--groups', '16 groups',
         target=1.3, judged=10_000)
    each(run, 'channels that take the same groups', CHANNELS, 1, '--channels', '1 channel',
         target=1.6, judged=2)
    each(run, 'messages deep', DEPTHS[1:], 1024, '--depth', '1,024 deep')
    each(run, 'packets a burst', BURSTS, 32, '--burst', '32 a burst')
    for size in SIZES[-1:] if run.quick else (20, 400, 1400):
        run.compare('growth', f'{size} octets', lambda: cost(run, size=size),
                    lambda: cost(run, size=86), '86 octets', 'busy ns/packet')
    # More readers than other cores share a core: the writer still must not feel them.
    for n in READERS[:1] if run.quick else READERS:
        lcores = '0@0,1@1,' + ','.join(f'{2 + i}@0' for i in range(n))
        run.compare('growth', f'{n} readers',
                    lambda: cost(run, '--readers', n, rewrite=False, lcores=lcores),
                    lambda: cost(run, rewrite=False), 'no reader', 'busy ns/packet')
