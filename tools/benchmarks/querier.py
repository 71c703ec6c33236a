# SPDX-License-Identifier: BSD-3-Clause
"""What the querier's table costs with three members of each group: CPU time and instructions of
tests/bench/querier_cost, whose reports do not come from a wire."""

import json
import os
import shutil
import subprocess
import time

from . import common
from .common import Row

COST = os.path.join(common.BUILD, 'tests', 'bench', 'querier_cost')
GROUPS = 10_000
TABLES = {f'{family.upper()}, {text}': (family, of) for family in ('igmp', 'mld')
          for of, text in (('any', 'any source'), ('sources', 'three sources'))}
# What it does: in words, its function (of which the compiler may have made another) and figure in the
# program, how often for each group.
PHASES = (
    ('the first report of a group', 'first', 'report', 1),
    ('a report that refreshes a group', 'refresh', 'report', 2),
    ('a record of an answer to a general query', 'answer', 'record', 3),
    ('a group that ends', 'expire', 'group', 1),
    ('a report that leaves a group', 'leave', 'report', 1),
    ('a question about a leave', 'question', 'query', 2),
)


def figures(groups, table):
    r = json.loads(subprocess.run([*common.FIRST, COST, str(groups), *table, '3'],
                                  stdout=subprocess.PIPE, text=True, check=True).stdout)
    return {**r, 'expiry_ms': r['expire_ns_a_group'] * groups / 1e6}


def instructions(run, groups, table, phase, often):
    path = run.path(f'callgrind{time.monotonic_ns()}')
    subprocess.run([*common.callgrind(path, f'phase_{phase}*'), COST, str(groups), *table, '1'],
                   stdout=subprocess.DEVNULL, check=True)
    return common.instructions(path) / groups / often


def run(run):
    groups = 500 if run.quick else GROUPS
    for name, table in TABLES.items():
        run.compare_all('querier', lambda: figures(groups, table), None, [
            *[Row(f'{name}: {text}', f'{phase}_ns_a_{unit}', f'ns/{unit}')
              for text, phase, unit, _ in PHASES],
            Row(f'{name}: all groups end at once', 'expiry_ms', 'ms'),
            Row(f'{name}: memory', 'octets_a_group', 'octets/group')])
    if not shutil.which('valgrind'):
        print('querier  instructions skipped: valgrind is missing (apt-get install valgrind)')
        return
    for name, table in TABLES.items():
        for text, phase, unit, often in PHASES[1:2] if run.quick else PHASES:
            run.compare_all('querier', lambda: {'ours': instructions(run, groups, table, phase,
                                                                     often)}, None,
                            [Row(f'{name}: {text}, instructions', 'ours',
                                 f'instructions/{unit}')], pairs=1)
