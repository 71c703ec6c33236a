# SPDX-License-Identifier: BSD-3-Clause
"""Results as tables and plots, between two marks of docs/benchmarks.md."""

import os
import re

from . import common, plots

BEGIN, END = '<!-- results: begin -->', '<!-- results: end -->'
TITLES = {
    'engine': 'Engine: what a packet costs the rx lcore',
    'link': 'Link: packets over shared memory',
    'kernel': 'Kernel: against programs on sockets',
    'burst': 'Burst: packets after silence',
    'hop': 'Hop: from a writer to a reader',
    'growth': 'Growth: how the cost scales',
    'family': 'Family: IPv6 against IPv4',
    'gain': 'Gain: against an earlier commit',
    'querier': 'Querier: the table of members',
    'relay': 'Relay: what it costs to forward',
    'feed': 'Feed: what its rules cost a reader',
    'watch': 'Watch: what mcring-watch costs',
    'sink': 'Sink: what it costs to hand over to a broker',
    'restart': 'Restart: how long nothing is received',
    'bindings': 'Bindings: a message in each language',
}
PLOTS = {
    None: 'how far each figure is from its target',
    'burst': 'latency over the size of a burst',
    'growth': 'cost of a packet as groups, rings, bursts and payloads grow',
    'hop': 'percentiles of latency',
    'kernel': 'percentiles of latency',
}


def row(r):
    low, high = (common.figure(x) for x in r['spread'])
    ours = f"{common.figure(r['ours'])} {r['unit']}"
    if r['ratio'] is None:
        peer, ratio = '', f'({low}..{high})'
    else:
        peer = f"{r['peer_name']}: {common.figure(r['peer'])}"
        ratio = f"**{r['ratio']:.2f}** ({low}..{high})"
    target = ''
    if r['target'] is not None:
        target = f"{common.figure(r['target'])}: {'holds' if r['holds'] else '**missed**'}"
    return f"| {r['case']} | {ours} | {peer} | {ratio} | {target} |"


def table(results):
    return ['| case | ours | peer | ratio (spread over the pairs) | target |', '|---|---|---|---|---|',
            *map(row, results), '']


def summary(results):
    judged = [r for r in results if r['target'] is not None]
    missed = [r for r in judged if not r['holds']]
    text = f'{len(judged) - len(missed)} of {len(judged)} targets hold.'
    if missed:
        text += ' Missed: ' + '; '.join(f"{r['name']}, {r['case']}" for r in missed) + '.'
    return text


def facts(run, command):
    m = common.machine()
    return [f"- Machine: {m['cpu']}, {m['cores']} cores; {m['huge_pages']} huge pages; load "
            f"{m['load']:.1f} at the end.",
            f"- Versions: mcring {m['mcring']}, DPDK {m['dpdk']}, Linux {m['kernel']}, "
            f"{m['compiler']}.",
            '- Cores: ' + (f'`{" ".join(run.eal)}`.' if run.port else
                           'the rx lcore on 1; control thread, readers and senders on 0.'),
            f'- Command: `{command}`' + (', a few parts at a time.' if run.added else
                                         f'; {run.pairs} pairs, {run.ms} ms each, unless a case '
                                         'says otherwise.'), '']


def image(drawn, name):
    return [f'![{PLOTS[name]}](plots/{drawn[name]})', ''] if name in drawn else []


def write(run, path, command):
    """Into the page at path. command: what was run."""
    results = sorted(run.results, key=lambda r: list(TITLES).index(r['name']))
    drawn = plots.draw(results, os.path.join(os.path.dirname(path), 'plots'))
    text = [BEGIN, '', *facts(run, command), summary(results), '', *image(drawn, None)]
    for name in dict.fromkeys(r['name'] for r in results):
        text += [f'### {TITLES[name]}', '', *image(drawn, name),
                 *table([r for r in results if r['name'] == name])]
    text.append(END)
    with open(path) as f:
        page = f.read()
    marked = re.compile(re.escape(BEGIN) + '.*' + re.escape(END), re.S)
    if not marked.search(page):
        raise SystemExit(f'{path}: has no {BEGIN} ... {END}')
    with open(path, 'w') as f:
        f.write(marked.sub(lambda _: '\n'.join(text), page))
