# SPDX-License-Identifier: BSD-3-Clause
"""The table, for people (accept-nic.md) and for programs (accept-nic.json)."""

import json
import os

from . import judge

LEGEND = """\
PASS: it was seen here. FAIL: the contrary was seen. NOT PROVEN: nothing was seen that proves it, for the
reason given; it is no pass. docs/accept-nic.md says what each row means."""


def count(rows):
    verdicts = [row.verdict for row in rows]
    return ', '.join(f'{verdicts.count(one)} {one}' for one in (judge.PASS, judge.FAIL, judge.UNPROVEN))


def cell(text):
    return str(text).replace('|', '\\|').replace('\n', ' ')


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return lines + [f"| {' | '.join(map(cell, row))} |" for row in rows]


def markdown(result, rows):
    lines = ['# mcring on this NIC', '', f"{result['begun']} to {result['ended']}: {count(rows)}.", '']
    if result['interrupted']:
        lines += [f"Interrupted by {result['interrupted']}: rows are missing.", '']
    if result['quick']:
        lines += ['With --quick: the figures mean nothing.', '']
    lines += [LEGEND, '']
    lines += table(['what', 'value', '', 'why'], [(row.what, row.value, row.verdict, row.why)
                                                  for row in rows])
    lines += ['', '## Where', '']
    lines += table(['', ''], [(name, value) for name, value in result['environment'].items()
                              if value not in (None, '')])
    lines += ['', '## How', '', *(f'    {line}' for line in result['plan'].splitlines()), '']
    return '\n'.join(lines)


def write(folder, result, rows):
    result['rows'] = [row._asdict() for row in rows]
    with open(os.path.join(folder, 'accept-nic.json'), 'w') as file:
        json.dump(result, file, indent=1)
        file.write('\n')
    with open(os.path.join(folder, 'accept-nic.md'), 'w') as file:
        file.write(markdown(result, rows))
