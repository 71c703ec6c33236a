# SPDX-License-Identifier: BSD-3-Clause
"""What the running daemon could still do to its host."""

import glob
import re

CAPABILITIES = ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')


def test_no_thread_keeps_a_capability_after_the_start(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    threads = glob.glob(f'/proc/{daemon.process.pid}/task/*/status')
    assert len(threads) >= 2
    for path in threads:
        status = open(path).read()
        name = re.search(r'^Name:\s*(\S+)', status, re.M)[1]
        for field in CAPABILITIES:
            value = int(re.search(rf'^{field}:\s*(\S+)', status, re.M)[1], 16)
            assert value == 0, f'{name}: {field} {value:x}'
