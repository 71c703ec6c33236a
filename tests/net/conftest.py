# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the integration tests. They need root and a build (see tools/check)."""

import os
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), 'lab'))

import netlab  # noqa: E402
import programs  # noqa: E402
import suite  # noqa: E402
from family import FAMILIES, IPV4  # noqa: E402
from membership_lan import protocol_of  # noqa: E402
from querier_lan import under_way  # noqa: E402, F401
from suite import lab  # noqa: E402, F401

# Programs that tools/check does without.
collect_ignore = [] if os.environ.get('MCRING_PEERS') else ['test_socket_peers.py']

# These wait for timers, routers and switches more than they compute, and say nothing of rates or of how soon something
# comes: tools/check runs three of them side by side. All others have the machine to themselves, also the two of a
# switch whose scenarios are all under way at once.
WAITS = {f'test_{name}.py' for name in '''
    access beside captures capabilities errors example feeds_declared gen_replay install interface_list ipv6_host
    malformed membership membership_frames membership_routers membership_versions ports programs proxy querier
    querier_peers quickstart relay relay_peers relay_ways reload routes shard stats_socket telemetry why why_membership
    why_readers'''.split()}


def pytest_configure(config):
    suite.pytest_configure(config)
    config.addinivalue_line('markers', 'waits: stands in a file of WAITS')


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.name in WAITS:
            item.add_marker('waits')


# A test with this runs with its `family`, `protocol`, `wire` and `lan` of IPv4, then of IPv6.
both_families = pytest.mark.parametrize('family', FAMILIES, ids=repr)


class Wire:
    """A sending host and a receiving one, wired directly: all that is sent arrives. Both have an
    address of the family."""

    def __init__(self, lab, mtu=1500, family=IPV4):
        self.lab, self.family = lab, family
        self.sender = lab.namespace('tx')
        self.receiver = lab.namespace('rx')
        lab.wire(self.sender, 'eth0', self.receiver, 'eth0', mtu)
        family.give(self.sender, 'eth0', '10.0.0.1')

    def daemon(self, *args, driver='net_af_packet', interface='', **kwargs):
        vdev = f'{driver}0,iface=eth0'
        return programs.Daemon(self.lab, self.receiver, '--interface',
                               f'feed={driver}0,{self.family.own("10.0.0.2")}{interface}', *args,
                               vdev=vdev, **kwargs)


class Lan:
    """A sending host, a snooping switch with a querier, a receiving host."""

    def __init__(self, lab, family=IPV4):
        self.lab, self.family = lab, family
        self.switch = netlab.Switch(lab)
        self.sender = lab.namespace('tx')
        self.receiver = lab.namespace('rx')
        self.switch.connect(self.sender, 'eth0', 'to_sender')
        self.switch.connect(self.receiver, 'eth0', 'to_receiver')
        family.give(self.sender, 'eth0', '10.0.0.1')
        if family.is_ipv6:
            self.switch.speak_mld()
        # A new querier's response interval and some: from then on the switch prunes.
        time.sleep(1.5)

    daemon = Wire.daemon

    def members(self):
        return self.switch.members('to_receiver')


@pytest.fixture
def family():
    return IPV4


@pytest.fixture
def protocol(family):
    """The one that speaks of the family's groups."""
    return protocol_of(family)


@pytest.fixture
def wire(lab, family):
    return Wire(lab, family=family)


@pytest.fixture
def lan(lab, family):
    return Lan(lab, family)
