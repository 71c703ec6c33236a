#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The benchmarks run and say what they should; nothing is said about their figures."""

import json
import os
import subprocess
import sys
import tempfile

KEYS = {'name', 'case', 'ours', 'peer', 'peer_name', 'unit', 'ratio', 'spread', 'target', 'holds'}
CASES = {
    'engine': ['86 octets, no reader', '86 octets, one reader'],
    'growth': ['10000 groups', '8 channels that take the same groups', '1 packets a burst'],
}


def main():
    root, build = sys.argv[1:]
    if os.cpu_count() < 2:
        print('two cores are needed')
        return 77
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'results.json')
        subprocess.run([os.path.join(root, 'tools', 'bench'), '--quick', '--pairs', '1', '--json',
                        path, *CASES], env={**os.environ, 'MCRING_BUILD': build}, check=True)
        with open(path) as f:
            results = json.load(f)
    for r in results:
        assert set(r) == KEYS, r
        assert r['ours'] > 0 and (r['peer'] is None or r['peer'] > 0), r
        assert r['peer'] is None or abs(r['ours'] / r['peer'] / r['ratio'] - 1) < 1e-6, r
        assert (r['holds'] is None) == (r['target'] is None), r
    for name, cases in CASES.items():
        for case in cases:
            assert any(r['name'] == name and r['case'] == case for r in results), case
    return 0


if __name__ == '__main__':
    sys.exit(main())
