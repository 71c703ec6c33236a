# SPDX-License-Identifier: BSD-3-Clause
"""What the running daemon could still do to its host."""

import glob
import re

import pytest

from programs import Daemon

NET_ADMIN = 1 << 12
NEEDED = {'net_af_packet': NET_ADMIN, 'net_af_xdp': NET_ADMIN}  # see docs/security.md


def masks(pid):
    """(thread, field, capabilities) of every thread of a process."""
    paths = glob.glob(f'/proc/{pid}/task/*/status')
    assert len(paths) >= 2
    for path in paths:
        status = open(path).read()
        for field in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb'):
            value = int(re.search(rf'^{field}:\s*(\S+)', status, re.M)[1], 16)
            yield re.search(r'^Name:\s*(.*)', status, re.M)[1], field, value


@pytest.mark.parametrize('driver', NEEDED)
def test_every_thread_keeps_only_what_its_driver_needs(wire, driver):
    daemon = wire.daemon('--join', '239.1.1.1:5000', driver=driver)
    for thread, field, value in masks(daemon.process.pid):
        assert value & ~NEEDED[driver] == 0, (thread, field, hex(value))


def test_a_port_that_needs_nothing_leaves_no_capability(lab):
    daemon = Daemon(lab, lab.namespace('rx'), '--interface', 'feed=net_null0', vdev='net_null0')
    for thread, field, value in masks(daemon.process.pid):
        assert value == 0, (thread, field, hex(value))
