# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the integration tests. They need root and a build (see tools/check)."""

import os
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), 'lab'))

import netlab  # noqa: E402
import programs  # noqa: E402
from suite import lab, pytest_configure  # noqa: E402, F401


class Wire:
    """A sending host and a receiving one, wired directly: all that is sent arrives."""

    def __init__(self, lab, mtu=1500):
        self.lab = lab
        self.sender = lab.namespace('tx')
        self.receiver = lab.namespace('rx')
        lab.wire(self.sender, 'eth0', self.receiver, 'eth0', mtu)
        self.sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')

    def daemon(self, *args, driver='net_af_packet', interface='', **kwargs):
        vdev = f'{driver}0,iface=eth0'
        return programs.Daemon(self.lab, self.receiver, '--interface',
                               f'feed={driver}0,address=10.0.0.2/24{interface}', *args, vdev=vdev,
                               **kwargs)


class Lan:
    """A sending host, a snooping switch with a querier, a receiving host."""

    def __init__(self, lab):
        self.lab = lab
        self.switch = netlab.Switch(lab)
        self.sender = lab.namespace('tx')
        self.receiver = lab.namespace('rx')
        self.switch.connect(self.sender, 'eth0', 'to_sender')
        self.switch.connect(self.receiver, 'eth0', 'to_receiver')
        self.sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
        # A new querier's response interval and some: from then on the switch prunes.
        time.sleep(1.5)

    daemon = Wire.daemon

    def members(self):
        return self.switch.members('to_receiver')


@pytest.fixture
def wire(lab):
    return Wire(lab)


@pytest.fixture
def lan(lab):
    return Lan(lab)
