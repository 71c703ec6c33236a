# SPDX-License-Identifier: BSD-3-Clause
"""Results as a table and plots, between two marks of docs/benchmarks.md."""

import os
import re
import shutil
import subprocess

from . import common

BEGIN, END = '<!-- results: begin -->', '<!-- results: end -->'


def table(results):
    rows = ['| what | case | ours | peer | ratio (spread over the pairs) | target |',
            '|---|---|---|---|---|---|']
    for r in results:
        low, high = (common.figure(x) for x in r['spread'])
        ours = f"{common.figure(r['ours'])} {r['unit']}"
        if r['ratio'] is None:
            peer, ratio = '', f'{low}..{high} {r["unit"]}'
        else:
            peer = f"{r['peer_name']}: {common.figure(r['peer'])}"
            ratio = f"**{r['ratio']:.2f}** ({low}..{high})"
        target = ''
        if r['target'] is not None:
            target = f"{common.figure(r['target'])}: {'holds' if r['holds'] else '**missed**'}"
        rows.append(f"| {r['name']} | {r['case']} | {ours} | {peer} | {ratio} | {target} |")
    return '\n'.join(rows)


def gnuplot(path, commands, data):
    """Draws data (rows of columns) into an SVG."""
    lines = '\n'.join('\t'.join(str(x) for x in row) for row in data)
    script = f'''set terminal svg size 760,{150 + 24 * len(data)} font "sans,11"
set output "{path}"
set datafile separator "\t"
$data << EOD
{lines}
EOD
{commands}
'''
    subprocess.run(['gnuplot'], input=script, text=True, check=True)


def bars(path, title, rows, unit):
    """One bar for each (name, value), the first on top."""
    rows = [(name, value, i) for i, (name, value) in enumerate(reversed(rows))]
    gnuplot(path, f'''set title "{title}"
set style fill solid 0.6
set boxwidth 0.7
set grid x
set xlabel "{unit}"
set xrange [0:*]
set yrange [-0.6:{len(rows) - 0.4}]
unset key
plot $data using ($2/2):3:($2/2):(0.35):ytic(1) with boxxyerror lc rgb "#4477aa"''', rows)


def plots(results, folder):
    """Gives the names of the files that were drawn."""
    if not shutil.which('gnuplot'):
        print('no plots: gnuplot is missing (apt-get install gnuplot-nox)')
        return []
    os.makedirs(folder, exist_ok=True)
    drawn = []
    for name in sorted({r['name'] for r in results}):
        rows = [(f"{r['case']} / {r['peer_name']}", r['ratio']) for r in results
                if r['name'] == name and r['ratio'] is not None]
        if rows:
            bars(os.path.join(folder, f'{name}.svg'), f'{name}: ours / peer', rows, 'ratio')
            drawn.append(f'{name}.svg')
    return drawn


def write(results, path):
    folder = os.path.join(os.path.dirname(path), 'plots')
    machine = common.machine()
    text = [BEGIN, '', ', '.join(f'{key} {value}' for key, value in machine.items()) + '.', '',
            table(results), '']
    text += [f'![{name}](plots/{name})' for name in plots(results, folder)]
    text += ['', END]
    with open(path) as f:
        page = f.read()
    marked = re.compile(re.escape(BEGIN) + '.*' + re.escape(END), re.S)
    if not marked.search(page):
        raise SystemExit(f'{path}: has no {BEGIN} ... {END}')
    with open(path, 'w') as f:
        f.write(marked.sub(lambda _: '\n'.join(text), page))
