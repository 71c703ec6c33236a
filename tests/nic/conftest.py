# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the tests on emulated NICs. One machine is booted and serves them all."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), 'lab'))

import netlab  # noqa: E402
from guest import Guest  # noqa: E402
from suite import pytest_configure  # noqa: E402, F401

NICS = {
    'e1000e': ('e1000e', ''),
    'e1000': ('e1000', ''),
    'vmxnet3': ('vmxnet3', ''),
    # Its hash is computed in QEMU.
    'virtio': ('virtio-net-pci', ',mq=on,rss=on,queues=4'),
}


class Machine:
    """The guest, booted again when a test took it down."""

    def __init__(self):
        self.lab = self.guest = None

    def running(self):
        if self.guest is None or self.guest.process.poll() is not None:
            self.close()
            self.lab = netlab.Lab()
            self.guest = Guest(self.lab, NICS)
        return self.guest

    def close(self):
        if self.lab:
            self.lab.close()
        self.lab = self.guest = None


@pytest.fixture(scope='session')
def machine():
    machine = Machine()
    yield machine
    machine.close()


@pytest.fixture
def guest(machine):
    guest = machine.running()
    yield guest
    guest.end_jobs()
