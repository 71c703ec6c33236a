# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the tests of mcring-exporter. They need root and a build (see tools/check)."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), 'lab'))

import netlab  # noqa: E402
import programs  # noqa: E402
from monitors import Exporter, FakeEngine  # noqa: E402
from suite import lab, pytest_configure  # noqa: E402, F401


class Site:
    """A host that sends, one that receives with an engine, and an exporter of its run directory."""

    def __init__(self, lab):
        self.lab = lab
        self.sender, self.receiver = lab.namespace('tx'), lab.namespace('rx')
        lab.wire(self.sender, 'eth0', self.receiver, 'eth0')
        self.sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
        self.daemon = programs.Daemon(
            lab, self.receiver, '--interface', 'feed=net_af_packet0,address=10.0.0.2/24',
            '--join', '239.1.1.0/28:5000', vdev='net_af_packet0,iface=eth0')
        self.exporter = Exporter(lab, self.daemon.run_dir)


@pytest.fixture(scope='module')
def site():
    """One for a module: a test leaves engine and exporter running."""
    lab = netlab.Lab()
    yield Site(lab)
    lab.close()


@pytest.fixture
def fake(lab):
    """An engine of the test's own making, in a run directory of its own."""
    one = FakeEngine(lab.path('fake'))
    yield one
    one.stop()
