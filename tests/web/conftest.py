# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the tests of mcring-exporter. They need root and a build (see tools/check)."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), 'lab'))

import netlab  # noqa: E402
import programs  # noqa: E402
from chromium import browser, made_up, session, show  # noqa: E402, F401
from monitors import STATS, Exporter, FakeEngine  # noqa: E402
from suite import lab, pytest_configure  # noqa: E402, F401


QUERY = '''
import socket
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP)
out.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes.fromhex('94040000'))  # router alert
out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton('10.0.0.1'))
out.sendto(bytes.fromhex('1164ec1e00000000027d0000'), ('224.0.0.1', 0))  # IGMPv3, general
'''


class Site:
    """A host that sends and queries, one that receives with an engine, which relays to a LAN and is the
    querier there, and an exporter of its run directory."""

    def __init__(self, lab, *args):
        self.lab = lab
        self.sender, self.receiver, self.lan = (lab.namespace(name) for name in ('tx', 'rx', 'lan'))
        lab.wire(self.sender, 'eth0', self.receiver, 'eth0')
        lab.wire(self.lan, 'eth0', self.receiver, 'eth1')
        self.sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
        self.daemon = programs.Daemon(
            lab, self.receiver,
            '--interface', 'feed=net_af_packet0,address=10.0.0.2/24,role=upstream',
            '--interface', 'lan=net_af_packet1,address=10.0.1.1/24,role=downstream,querier=on',
            '--join', '239.1.1.0/28:5000,interface=feed', *args,
            vdev=('net_af_packet0,iface=eth0', 'net_af_packet1,iface=eth1'))
        self.exporter = Exporter(lab, self.daemon.run_dir)

    def query(self):
        """A querier speaks on the interface feed."""
        self.sender.run('/usr/bin/python3', '-c', QUERY)


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


@pytest.fixture
def exporter(lab, fake):
    fake.answers['stats'] = STATS
    one = Exporter(lab, fake.run_dir)
    yield one
    if one.process.poll() is None:
        assert one.stop() == 0, one.log()
