#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""compare.py DRIVER: the scenarios through the reference and through the arbiter.

Both must hand out what the scenario expects, and item for item the same."""
import re
import subprocess
import sys

import reference
import scenarios


class Script:
    """The operations for the driver, and what the reference says to each."""

    def __init__(self):
        self.ops, self.expected = [], []

    def begin(self, config, name):
        self.ops += [f'echo == {name}', f'new {config.text()}']
        self.expected.append(f'== {name}')
        self.feed = reference.Feed(config)

    def put(self, ns, line, packet):
        self.ops.append(f'put {ns} {line} {packet.text()}')
        self.feed.put(ns, line, packet)

    def time(self, ns):
        self.ops.append(f'time {ns}')
        self.feed.time(ns)

    def other(self, what, *args):
        if what == 'lapped':
            self.ops.append(f'lapped {args[0]} 1')
            self.feed.lapped(args[0])
        elif what == 'down':
            self.ops.append(f'down {args[0]} 3')
            self.feed.line_down(args[0], 'engine', self.feed.now)
        else:
            sys.exit(f'no operation {what}')

    def finish(self):
        self.ops.append('stats')
        self.expected += self.feed.out

    def run(self, driver):
        done = subprocess.run([driver], input='\n'.join(self.ops) + '\n', capture_output=True, text=True)
        if done.returncode:
            sys.exit(f'{driver}: {done.stderr or done.returncode}')
        return done.stdout.splitlines()


def blocks(lines):
    """Name: (items, stats)."""
    found, items, stats = {}, None, None
    for line in lines:
        if line.startswith('== '):
            items, stats = found[line[3:]] = ([], {})
        elif line.split()[0] in ('feed', 'line', 'key'):
            stats[' '.join(re.findall(r'^(feed|line \d+|key \d+)', line))] = {
                name: int(value) for name, value in re.findall(r'(\w+)=(\d+)', line)}
        else:
            items.append(line)
    return found


def handed_out(items):
    """Runs (first, last) of the numbers that were handed out; a run ends where an event says so or a number
    is not the next."""
    runs = []
    for item in items:
        found = re.match(r'data \d+ \d+ (\d+)\+(\d+)', item)
        if not found:
            continue
        seq, count = map(int, found.groups())
        if runs and runs[-1][1] + 1 == seq:
            runs[-1] = (runs[-1][0], seq + count - 1)
        else:
            runs.append((seq, seq + count - 1))
    return runs


def events(items):
    """Without data; times in microseconds."""
    def since(m):
        return f'{m[1]}={int(m[2]) // 1000 - scenarios.ORIGIN}'
    return [re.sub(r'(at|opened)=(\d+)', since, i) for i in items if not i.startswith('data ')]


def differences(s, items, feed, lines):
    if events(items) != s.events:
        yield 'events', s.events, events(items)
    if handed_out(items) != s.handed_out:
        yield 'handed out', s.handed_out, handed_out(items)
    for name, value in s.counters.items():
        if feed[name] != value:
            yield name, value, feed[name]
    for i, counters in s.lines.items():
        for name, value in counters.items():
            if lines[i][name] != value:
                yield f'line {i}: {name}', value, lines[i][name]


def report(who, s, found):
    for what, expected, got in found:
        print(f'{who}: {s.name}: {what}:\n  expected {expected}\n  got      {got}')
        return 1
    return 0


def main():
    script, bad = Script(), 0
    for s in scenarios.ALL:
        script.begin(s.config, s.name)
        scenarios.perform(s, script.put, script.time, script.other)
        script.finish()
        feed, lines, _ = script.feed.stats()
        bad += report('reference', s, differences(s, script.feed.out, feed, lines))
    if len(sys.argv) > 1:
        got, expected = blocks(script.run(sys.argv[1])), blocks(script.expected)
        for s in scenarios.ALL:
            items, stats = got[s.name]
            wrong = report('arbiter', s, differences(s, items, stats['feed'], [stats[f'line {i}'] for i in range(s.config.n_lines)]))
            for a, b in zip(items + [None], expected[s.name][0] + [None]):
                if a != b and not wrong:
                    print(f'{s.name}: the arbiter says {a!r}, the reference {b!r}')
                    wrong = 1
            bad += wrong
    print(f'{len(scenarios.ALL)} scenarios, {bad} bad')
    return bad > 0


if __name__ == '__main__':
    sys.exit(main())
