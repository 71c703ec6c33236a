#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""trials.py DRIVER [TRIALS [SEED]]: random feeds through the arbiter and through the reference.

They must say the same, item for item and counter for counter. MCR_FEED_TRIALS and MCR_FEED_SEED are the
number of trials (2,000) and the seed (1; 0 = by the clock) if they are not given. A trial that fails is made as short as it gets and printed, as the driver reads it."""
import copy
import os
import random
import re
import sys

from compare import Script, blocks
from reference import Config, Packet

US = 1000
END = 10**12


class Sender:
    """Publishes a stream; each line gets the same messages, packed anew if `repack`."""

    def __init__(self, r, scope, n_lines, packets, config, features):
        self.r, self.scope, self.f, self.config = r, scope, features, config
        self.lines = [[] for _ in range(n_lines)]  # (ns, packet)
        self.epoch, self.next = 1 if 'session' in features else 0, self.first()
        self.ns = r.randrange(1000)
        left = packets
        while left > 0:
            n = min(left, r.randint(4, 40))
            self.burst(n)
            left -= n
            if left > 0:
                self.change()
        if r.random() < .3:
            self.all_lines('end')

    def first(self):
        limit = 1 << self.config.bits
        return self.r.choice([1, 1, 5000, self.r.randrange(1, 1 << 16), max(1, limit - 20 if limit < 1 << 64 else 1)])

    def wire(self, x):
        if self.config.bits == 64:
            return x
        low = self.config.wraps_to_one
        return (x - low) % ((1 << self.config.bits) - low) + low

    def packet(self, kind, x, count, **more):
        return Packet(kind, self.wire(x), count, self.scope, self.epoch, **more)

    def burst(self, packets):
        for _ in range(packets):
            self.ns += self.r.randrange(1, 200 * US)
            if self.r.random() < .05:
                self.all_lines('heartbeat')
                continue
            count = self.r.randint(1, 4) if 'counts' in self.f else 1
            self.all_lines('data', count)

    def all_lines(self, kind, count=0, **more):
        for out in self.lines:
            if 'repack' in self.f and count > 1 and self.r.random() < .5:
                first = self.r.randint(1, count - 1)
                out.append((self.ns, self.packet(kind, self.next, first, **more)))
                out.append((self.ns, self.packet(kind, self.next + first, count - first)))
            else:
                out.append((self.ns, self.packet(kind, self.next, count, **more)))
        self.next += count

    def change(self):
        """What happens between two bursts."""
        if 'reset' in self.f:
            self.next = self.r.choice([1, self.next + self.r.randrange(5000, 90000)])
            for _ in range(self.r.randint(1, 3)):
                self.all_lines('reset')
        elif 'flag' in self.f:
            self.next = 1
            for _ in range(self.r.randint(1, 3)):
                self.all_lines('data', 1, resets=1)
        elif 'session' in self.f:
            self.epoch += 1
            self.next = 1
        elif 'restart' in self.f and self.next > 4000:
            self.next = 1
        elif 'jump' in self.f:
            self.next += self.r.randrange(1, 10 * self.config.jump_max)
        self.ns += self.r.randrange(1, 5000 * US)


def spoil(r, sent, line, features, config):
    """What comes of it on one line: lost, late, twice, out of order, corrupt."""
    loss = r.choice((0, .02, .1, .3)) if 'loss' in features else 0
    delay = r.randrange(0, 400 * US) if 'delay' in features else r.randrange(0, 20 * US)
    jitter = r.choice((0, 300 * US)) if 'jitter' in features else 0
    out, off = [], 0
    for ns, p in sent:
        off = off - 1 if off else r.randint(5, 20) if 'outage' in features and r.random() < .02 else 0
        # What says "reset" is not lost: a line without it is known by its numbers alone, and where those before
        # and behind the reset meet, nobody could tell them apart.
        if (off or r.random() < loss) and p.kind != 'reset' and not p.resets:
            continue
        at = ns + delay + r.randrange(0, jitter + 1)
        # A stream begins where its first packet says, so the first numbers are right.
        if 'corrupt' in features and p.kind == 'data' and r.random() < .02 and ns > sent[0][0] + 1000 * US:
            p = copy.copy(p)
            p.seq ^= 1 << r.randrange(24, config.bits - 2)
        if 'mismatch' in features and r.random() < .03:
            p = copy.copy(p)
            p.payload += 1 << 40
        out.append((at, p))
        if 'twice' in features and r.random() < .1:
            out.append((at + r.randrange(0, 50 * US), p))
        if 'plain' in features and r.random() < .05:
            out.append((at, Packet(r.choice(('unsequenced', 'not_tracked')))))
    out.sort(key=lambda x: x[0])
    return [(ns, line, p) for ns, p in out]


def make_config(r, features):
    bits = r.choice((16, 32, 64)) if not features & {'corrupt', 'jump', 'restart'} else r.choice((32, 64))
    return Config(
        n_lines=r.choice((1, 2, 2, 2, 3)), bits=bits, wraps_to_one=int(bits < 64 and r.random() < .3),
        window=r.choice((16, 64, 4096)), reorder=r.choice((0, 0, 2, 8)) if 'jitter' in features else 0,
        gap_timeout_ns=r.choice((300, 1000, 10_000)) * US + 1, silence_ns=r.choice((0, 7_000_003, 2_000_001)),
        late=int(r.random() < .3), compare=int('mismatch' in features))


FEATURES = ('counts', 'repack', 'loss', 'delay', 'jitter', 'outage', 'corrupt', 'mismatch', 'twice', 'plain')
CHANGES = ('reset', 'flag', 'session', 'restart', 'jump')


def make_trial(r):
    features = {f for f in FEATURES if r.random() < .35}
    if r.random() < .5:
        features.add(r.choice(CHANGES))
    if features & set(CHANGES):  # two things at once that cannot be told apart have no right answer
        features -= {'corrupt', 'jitter', 'outage', 'mismatch'}
    config = make_config(r, features)
    rings = [[] for _ in range(config.n_lines)]
    for scope in range(r.choice((1, 1, 1, 3))):
        sender = Sender(r, scope, config.n_lines, r.randint(5, 60), config, features)
        for i, sent in enumerate(sender.lines):
            rings[i] += spoil(r, sent, i, features, config)
    for ring in rings:
        ring.sort(key=lambda x: x[0])
    # A reader that is a whole epoch behind on one line cannot know which is the newer.
    return config, list(read_rings(r, rings, bool(features & set(CHANGES))))


def read_rings(r, rings, by_time):
    """The order in which a reader has it: time is how far all rings were read."""
    now = 0
    if by_time or r.random() < .5:
        for ns, line, p in sorted((x for ring in rings for x in ring), key=lambda x: x[0]):
            yield 'time', ns
            yield 'put', ns, line, p
            now = ns
    else:
        at = [0] * len(rings)
        while any(i < len(ring) for i, ring in zip(at, rings)):
            now += r.choice((50 * US, 500 * US, 20_000 * US)) if r.random() < .9 else 5_000_000 * US
            for i, ring in enumerate(rings):
                for _ in range(r.choice((1, 4, 32))):
                    if at[i] < len(ring) and ring[at[i]][0] < now:
                        yield 'put', *ring[at[i]]
                        at[i] += 1
            yield 'time', min([now] + [ring[i][0] for i, ring in zip(at, rings) if i < len(ring)])
    if r.random() < .7:
        yield 'time', now + r.choice((1_000, 1_000_000)) * US


def script_of(config, ops, name, script=None):
    script = script or Script()
    script.begin(config, name)
    for what, *args in ops:
        getattr(script, what)(*args)
    script.time(END)  # what a line lost is settled when others had their chance
    script.finish()
    return script


def in_order(items):
    """Which stream goes on first when a line is down that several wait for, no rule says: by their keys."""
    out, at = [], 0
    while at < len(items):
        end = at + 1
        if items[at].startswith('down'):
            while end < len(items) and items[end].split()[0] in ('data', 'gap', 'end'):
                end += 1
        out += items[at:at + 1] + sorted(items[at + 1:end], key=lambda item: int(item.split()[1]))
        at = end
    return out


def difference(script, got, name, items):
    feed, lines, nexts = script
    got_items, stats = got
    got_items, items = in_order(got_items), in_order(items)
    for n, (a, b) in enumerate(zip(got_items + [None], items + [None])):
        if a != b:
            return f'item {n}: the arbiter says {a!r}, the reference {b!r}'
    for where, expected in [('feed', feed)] + [(f'line {i}', line) for i, line in enumerate(lines)] + [
            (f'key {i}', {'next': n}) for i, n in enumerate(nexts)]:
        for counter, value in expected.items():
            if stats.get(where, {}).get(counter) != value:
                return f'{where}: {counter} is {stats.get(where, {}).get(counter)} for the arbiter, {value} for the reference'
    return None


def fails(driver, config, ops):
    script = script_of(config, ops, 'x')
    return difference(script.feed.stats(), blocks(script.run(driver))['x'], 'x', script.feed.out)


def same_kind(a, b):
    """Of two differences."""
    kind = [re.sub(r'[\d.]+', '', d).split(' at=')[0] if d else '' for d in (a, b)]
    return kind[0] == kind[1]


def shorten(driver, config, ops):
    """Operations are taken out as long as it still fails in the same way."""
    wrong = fails(driver, config, ops)
    step = len(ops) // 2
    while step:
        at = 0
        while at < len(ops):
            less = ops[:at] + ops[at + step:]
            if less and same_kind(fails(driver, config, less), wrong):
                ops = less
            else:
                at += step
        step //= 2
    return ops


def main():
    driver = sys.argv[1]
    n = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get('MCR_FEED_TRIALS', 2000))
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else int(os.environ.get('MCR_FEED_SEED', 1)) or random.randrange(1 << 32)
    print(f'{n} trials from seed {seed}', flush=True)
    for first in range(0, n, 1000):
        script, expected = Script(), []
        for i in range(first, min(n, first + 1000)):
            script_of(*make_trial(random.Random(seed + i)), str(seed + i), script)
            expected.append((str(seed + i), script.feed.stats(), script.feed.out))
        got = blocks(script.run(driver))
        bad = [(name, found) for name, stats, items in expected if (found := difference(stats, got[name], name, items))]
        if bad:
            for name, found in bad[:10]:
                print(f'seed {name}: {found}')
            config, ops = make_trial(random.Random(int(bad[0][0])))
            ops = shorten(driver, config, ops)
            print(f'{len(bad)} of {len(expected)} fail. Seed {bad[0][0]}, shortened: {fails(driver, config, ops)}')
            short = script_of(config, ops, bad[0][0])
            print('\n'.join(short.ops), '\nThe reference says:\n' + '\n'.join(short.feed.out))
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
