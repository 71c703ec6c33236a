# SPDX-License-Identifier: BSD-3-Clause
"""tools/bench bindings: the same messages are read in each language. Nothing is said about its figures."""

import json
import os
import shutil
import subprocess
import sys

import languages
import pytest

sys.path.insert(0, os.path.join(languages.ROOT, 'tools'))
from benchmarks import bindings  # noqa: E402

TOOLCHAIN = {'c++': 'g++', 'rust': 'cargo', 'java': 'javac', 'go': 'go', 'python': 'python3'}


@pytest.mark.parametrize('part', bindings.PARTS)
def test_a_program_reads_what_the_one_in_c_does(part, tmp_path):
    if not shutil.which(TOOLCHAIN[part], path=languages.PATH):
        pytest.skip(f'not installed: {TOOLCHAIN[part]}')
    if part == 'java':
        languages.Java().build_jar()
    path = str(tmp_path / 'results.json')
    subprocess.run([os.path.join(languages.ROOT, 'tools', 'bench'), '--quick', '--pairs', '1', '--json', path,
                    f'bindings:{part}'], check=True)
    with open(path) as results:
        cases = [result['case'] for result in json.load(results) if result['peer']]
    name = bindings.PARTS[part]
    assert cases == [f'{name}, {bindings.SIZES[0]} octets, {way}' for way, _, _ in bindings.LANGUAGES[name]]
