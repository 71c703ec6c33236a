# SPDX-License-Identifier: BSD-3-Clause
"""Results as pictures: how a cost grows, how late the places of a burst are, percentiles of latency,
and how far each figure is from its target. By gnuplot, from the cases' names."""

import os
import re
import shutil
import subprocess

COLOURS = ('#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377', '#bbbbbb')
QUANTILES = ('p50', 'p99', 'p99.9', 'max')
START = '''set terminal svg size {width},{height} font "sans,12" background rgb "white" dynamic
set output "{path}"
set datafile separator "\\t"
set datafile missing "-"
set style fill solid 0.75 noborder
set border 3
set tics nomirror out
set grid ytics lc rgb "#dddddd"
'''


def text(words):
    """Of a name, within a gnuplot string, without its markup."""
    return re.sub(r'([_^{}@&~])', r'\\\\\1', words).replace('"', "'")


def gnuplot(path, width, height, script):
    script = START.format(path=path, width=width, height=height) + script
    subprocess.run(['gnuplot'], input=script, text=True, check=True)
    with open(path) as f:
        svg = re.sub(r'>\s+<', '><', re.sub(r'\s*\n\s*', ' ', f.read()))
    shorter = 1
    while shorter: # gnuplot leaves many groups empty
        svg, shorter = re.subn(r'<g [^>]*></g>', '', svg)
    with open(path, 'w') as f:
        f.write(svg + '\n')


def block(name, rows):
    """A gnuplot data block."""
    lines = '\n'.join('\t'.join('-' if x is None else str(x) for x in row) for row in rows)
    return f'${name} << EOD\n{lines}\nEOD\n'


def number(digits):
    return int(digits.replace(',', ''))


# ---- lines ----

class Lines:
    """Panels side by side, each of lines over a logarithmic axis."""

    def __init__(self):
        self.panels = [] # (title, x label, y label, {name: [(x, y)]}, log y)

    def add(self, title, x_label, y_label, lines, log_y=False):
        """log_y: the values are ns, shown as seconds on a logarithmic axis."""
        lines = {name: sorted(points) for name, points in lines.items() if len(points) > 1}
        if lines:
            self.panels.append((title, x_label, y_label, lines, log_y))

    def draw(self, path):
        if not self.panels:
            return False
        across = min(len(self.panels), 2)
        seconds = 'set format y "%.0s %cs"\n' # "5 us"
        down = -(-len(self.panels) // across)
        script = ''
        for p, (_, _, _, lines, _) in enumerate(self.panels):
            for i, points in enumerate(lines.values()):
                script += block(f'p{p}l{i}', points)
        script += f'set multiplot layout {down},{across}\nset logscale x\nset key top left\n'
        for p, (title, x_label, y_label, lines, log_y) in enumerate(self.panels):
            ticks = sorted({x for points in lines.values() for x, _ in points})
            script += f'set title "{text(title)}"\nset xlabel "{x_label}"\nset ylabel "{y_label}"\n'
            script += 'set xtics rotate by -30 (' + ', '.join(
                f'"{x:,}" {x}' for x in ticks) + ')\n'
            script += f'set xrange [{ticks[0] / 1.3}:{ticks[-1] * 1.3}]\n'
            script += (f'set logscale y\nset yrange [*:*]\n{seconds}' if log_y else
                       'unset logscale y\nset yrange [0:*]\nset format y "% h"\n')
            script += 'set key\n' if len(lines) > 1 else 'unset key\n'
            script += 'plot ' + ', '.join(
                f'$p{p}l{i} using 1:($2{"*1e-9" if log_y else ""}) with linespoints lw 2 pt 7 ps 0.5 lc rgb "{COLOURS[i]}" '
                f'title "{text(name)}"' for i, name in enumerate(lines)) + '\n'
        gnuplot(path, 420 * across, 320 * down, script)
        return True


def series(results, pattern):
    """{x: median} of the cases that match, x being the pattern's group."""
    found = {}
    for r in results:
        match = re.fullmatch(pattern, r['case'])
        if match:
            found[number(match[1])] = r['ours']
    return sorted(found.items())


def with_base(results, pattern, base):
    """The same, and the peer of all of them at base."""
    points = series(results, pattern)
    peers = [r['peer'] for r in results if re.fullmatch(pattern, r['case'])]
    return points + [(base, sorted(peers)[len(peers) // 2])] if points else []


def growth(results, path):
    lines = Lines()
    for title, pattern, base, x_label in (
            ('groups', r'(\d+) groups', 16, 'groups joined'),
            ('size of the ring', r'(\d+) KiB a ring', 256, 'KiB'),
            ('a burst', r'(\d+) packets a burst', 32, 'packets'),
            ('payload', r'(\d+) octets', 86, 'octets'),
            ('channels that take the same groups', r'(\d+) channels .*', 1, 'channels')):
        lines.add(f'Cost over {title}' if title != 'a burst' else 'Cost over the packets of a burst',
                  x_label, 'ns a packet', {'': with_base(results, pattern, base)})
    return lines.draw(path)


def burst(results, path):
    lines = Lines()
    lone = [r['peer'] for r in results if re.fullmatch(r'\d+: first', r['case'])]
    places = {'first': 'first', '8th': '8', '32nd': '32', 'last': 'last'}
    over_size = {name: series(results, rf'(\d+): {place}') for name, place in places.items()}
    if lone:
        over_size['last'].append((1, sorted(lone)[len(lone) // 2])) # of one, the lone packet
    lines.add('Latency over the size of a burst', 'packets in the burst', 'p50', over_size, True)
    thinking = {}
    for r in results:
        match = re.fullmatch(r'(\d+), reader takes (\d+) ns: last', r['case'])
        if match:
            name = f'reader takes {match[2]} ns'
            thinking.setdefault(name, []).append((number(match[1]), r['ours']))
    lines.add('Last of a burst, slow readers', 'packets in the burst', 'p50', thinking, True)
    chunks = {place: series(results, rf'32, first_chunk (\d+): {place}')
              for place in ('first', '8', 'last')}
    lines.add('A burst of 32 over first_chunk', 'packets published before the rest', 'ns, p50',
              chunks)
    return lines.draw(path)


# ---- bars ----

def latencies(results):
    """{rate: {who: {quantile: ns}}} of the cases that are percentiles at a rate."""
    found = {}

    def note(rate, who, quantile, ns):
        quantile = 'p99.9' if quantile == 'p999' else quantile
        found.setdefault(number(rate), {}).setdefault(who, {}).setdefault(quantile, ns)

    quantile = r'(p50|p99|p99\.9|p999|max)'
    for r in results:
        match = re.fullmatch(rf'(\d+) messages/s, {quantile}', r['case'])
        if match:
            rate, q, who = match[1], match[2], 'mcring'
        else:
            match = re.fullmatch(rf'latency {quantile} at (\d+)/s, \w+, (.*)', r['case'])
            if not match:
                continue
            rate, q, who = match[2], match[1], f'mcring, {match[3]}'
        note(rate, who, q, r['ours'])
        if r['peer'] is not None and not ('line' in r['peer_name'] and q != 'p50'):
            note(rate, r['peer_name'], q, r['peer'])
    return found


def percentiles(results, path):
    """A panel a rate, a group of bars a percentile, a colour for each of those compared."""
    found = latencies(results)
    if not found:
        return False
    script = ''
    for p, (rate, who) in enumerate(sorted(found.items())):
        rows = [[q, *(who[name].get(q) for name in who)] for q in QUANTILES
                if any(q in of for of in who.values())]
        script += block(f'p{p}', rows)
    names = max((list(who) for who in found.values()), key=len)
    script += f'set multiplot layout {len(found)},1\n'
    script += '''set style data histogram
set style histogram clustered gap 1
set logscale y
set yrange [*:*]
set format y "%.0s %cs"
set key outside right top
'''
    for p, (rate, who) in enumerate(sorted(found.items())):
        script += f'set title "{rate:,} messages a second"\n'
        script += 'plot ' + ', '.join(
            f'$p{p} using (${i + 2}*1e-9):xtic(1) lc rgb "{COLOURS[names.index(name) % len(COLOURS)]}" '
            f'title "{text(name)}"' for i, name in enumerate(who)) + '\n'
    gnuplot(path, 840, 260 * len(found), script)
    return True


def distance(r):
    """The figure by its target, above 1 = missed; None where there is none."""
    if not r['target']:
        return None
    judged = r['ours'] if r['ratio'] is None else r['ratio']
    low = judged <= r['target']
    higher_is_better = r['holds'] != low if judged != r['target'] else r['unit'].endswith('/s')
    if not judged:
        return None
    return r['target'] / judged if higher_is_better else judged / r['target']


def targets(results, path):
    """One bar for each target, as far as it is used up."""
    rows = [(text(f"{r['name']}: {r['case']}" + (f" / {r['peer_name']}" if r['peer_name'] else '')),
             distance(r), r['holds']) for r in results]
    rows = [row for row in rows if row[1] is not None][::-1]
    if not rows:
        return False
    data = [(name, min(used, 4), i, '0x228833' if holds else '0xee6677')
            for i, (name, used, holds) in enumerate(rows)]
    gnuplot(path, 1000, 110 + 24 * len(rows), block('data', data) + f'''
set title "Each figure as a share of its target: left of the line it holds"
set boxwidth 0.7
set grid xtics lc rgb "#dddddd"
set xrange [0:*]
set yrange [-0.6:{len(rows) - 0.4}]
set arrow from 1,graph 0 to 1,graph 1 nohead lw 2 lc rgb "black" front
unset key
plot $data using ($2/2):3:($2/2):(0.35):4:ytic(1) with boxxyerror lc rgb variable
''')
    return True


# ---- the whole ----

def draw(results, folder):
    """Gives {suite, or None for all of them: name of the file}."""
    if not shutil.which('gnuplot'):
        print('no plots: gnuplot is missing (apt-get install gnuplot-nox)')
        return {}
    os.makedirs(folder, exist_ok=True)
    drawn = {}
    for name, function in ((None, targets), ('growth', growth), ('burst', burst),
                           ('hop', percentiles), ('kernel', percentiles)):
        file = f'{name or "targets"}.svg'
        if function([r for r in results if name in (None, r['name'])], os.path.join(folder, file)):
            drawn[name] = file
    return drawn
