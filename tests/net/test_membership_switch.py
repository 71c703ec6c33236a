# SPDX-License-Identifier: BSD-3-Clause
"""A Linux bridge as snooping switch and querier: what it forwards because of our reports. All that
happens here is under way at the same time, since most of it is waiting."""

import concurrent.futures
import json
import os
import signal
import time

import conftest
from arrivals import Arrivals
from membership_lan import Tap, group, protocol_of, wait_idle
from family import FAMILIES, at_port
from netlab import Switch, wait_for
from programs import drops, identity, mcsend
from querier_lan import side_by_side

COUNT = 200


class Lan:
    """A sender, a receiver and a host that joins nothing, on a switch that queries each 2 s and
    forgets a member after 5 s."""

    def __init__(self, place, family, version):
        self.lab, self.family = place.lab, family
        self.switch = Switch(place.lab, f'{place.name}{family}switch')
        self.protocol = protocol_of(family)
        self.sender, self.receiver, self.silent = (place.host(f'{family}{host}')
                                                   for host in ('tx', 'rx', 'silent'))
        for host, port in ((self.sender, 'to_sender'), (self.receiver, 'to_receiver'),
                           (self.silent, 'to_silent')):
            self.switch.connect(host, 'eth0', port)
        family.give(self.sender, 'eth0', '10.0.0.1')
        self.set('mcast_querier', 0, 'mcast_query_interval', 200,
                 'mcast_query_response_interval', 100, 'mcast_membership_interval', 500)
        self.ask_as(version)
        if family.is_ipv6:
            self.switch.host.speak_ipv6('br0')

    def ask_as(self, version):
        self.set(f'mcast_{self.protocol.name}_version', self.protocol.version(version))

    daemon = conftest.Wire.daemon

    def set(self, *options):
        self.switch.host.run('ip', 'link', 'set', 'br0', 'type', 'bridge', *options)

    def members(self):
        return self.switch.members('to_receiver')

    def timer(self, address):
        """Seconds until the switch forgets the group on the receiver's port."""
        shown = self.switch.host.run('bridge', '-s', '-j', 'mdb', 'show', 'dev', 'br0').stdout
        for entry in json.loads(shown)[0]['mdb']:
            if entry['grp'] == address and entry['port'] == 'to_receiver':
                return float(entry['timer'])
        return None

    def seen(self, address):
        """How many of COUNT datagrams get to the receiver's port, and to the silent one."""
        arrivals = [Arrivals(host, 'eth0') for host in (self.receiver, self.silent)]
        mcsend(self.sender, at_port(address), count=COUNT, rate=10_000)
        return [one.stop(address) for one in arrivals]

    def forwarded(self, address):
        """Whether (the receiver's port, the silent one) got all of it; else they got none."""
        seen = self.seen(address)
        assert set(seen) <= {0, COUNT}, f'{address}: {seen}'
        return tuple(n == COUNT for n in seen)


def delivered(daemon, address):
    return group(daemon, address)['packets']


def of_each_family(place, scenario, version):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for running in [pool.submit(scenario, Lan(place, family, version), version) for family in FAMILIES]:
            running.result()


@side_by_side
def test_a_switch_gates_data_by_our_reports_alone(place):
    of_each_family(place, follow, 3)


@side_by_side
def test_a_switch_gates_data_by_our_reports_of_the_older_version_alone(place):
    of_each_family(place, follow, 2)


@side_by_side
def test_the_version_follows_the_switch_down_and_up(place):
    of_each_family(place, change_version, 3)


def follow(lan, version):
    family, protocol = lan.family, lan.protocol
    tap = Tap(lan.switch.host, 'to_receiver', lan.receiver.mac('eth0'), protocol)
    any_source, specific, other_source, local, nobodys = map(family.address, (
        '239.1.1.1', '232.1.1.1', '232.1.1.2', '224.0.0.200', '239.9.9.9'))
    daemon = lan.daemon(*[f'--join={family.join(one)}' for one in (
        '239.1.1.1:5000', '232.1.1.1:5000@10.0.0.1', '232.1.1.2:5000@10.0.0.9',
        '224.0.0.200:5000')], '--idle', 'adaptive')
    wait_idle(daemon)

    # S-1: no querier, so the switch floods and nothing proves our IGMP.
    assert lan.forwarded(any_source) == (True, True)

    # S-6: a new querier floods on until its first response interval is over.
    lan.set('mcast_query_response_interval', 300)
    asked = time.monotonic()
    lan.set('mcast_querier', 1)
    seen = lan.seen(any_source)
    assert seen == [COUNT, COUNT] or time.monotonic() - asked > 3, 'a busy machine is late for it'
    time.sleep(3.5)
    lan.set('mcast_query_response_interval', 100)
    protocol.wait_version(daemon, version)
    stranger = Tap(lan.silent, 'eth0', lan.receiver.mac('eth0'), protocol)

    # S-2
    wait_for(lambda: lan.members() >= {any_source, specific}, 5, 'the switch lists us')
    assert lan.forwarded(any_source) == (True, False)
    assert lan.forwarded(nobodys) == (False, False)
    assert lan.forwarded(specific) == (True, False)
    # A source that we did not ask for: version 2 cannot say so, then software drops it.
    assert lan.forwarded(other_source) == (version == 2, False)
    stats = daemon.stats()
    assert drops(stats).get('wrong_source', 0) == (COUNT if version == 2 else 0)
    # S-3: of IPv6 it is ff02::1 alone that reaches every port.
    assert lan.forwarded(local) == (True, not family.is_ipv6)
    assert delivered(daemon, any_source) == 3 * COUNT
    assert delivered(daemon, specific) == COUNT
    assert delivered(daemon, other_source) == 0

    # Our answers keep the entry, over several query intervals and past its 5 s.
    lows = []
    end = time.monotonic() + 7
    while time.monotonic() < end:
        lows.append(lan.timer(any_source))
        time.sleep(0.2)
    assert None not in lows, 'the entry was gone'
    refreshed = sum(now > then for then, now in zip(lows, lows[1:]))
    assert refreshed >= 2, lows
    assert lan.forwarded(any_source) == (True, False)

    # S-4: nothing but our answers does.
    os.kill(daemon.process.pid, signal.SIGSTOP)
    wait_for(lambda: any_source not in lan.members(), 15, 'the switch forgot a silent member')
    assert lan.forwarded(any_source) == (False, False)
    os.kill(daemon.process.pid, signal.SIGCONT)
    wait_for(lambda: any_source in lan.members(), 10, 'the next answer restores it')
    assert lan.forwarded(any_source) == (True, False)

    daemon.ctl('leave', at_port(any_source))
    wait_for(lambda: any_source not in lan.members(), 10, 'the switch forgot the left group')
    assert lan.forwarded(any_source) == (False, False)
    identity(daemon.stats())

    # S-5: version 2 reports, which would silence others, reach no other host. (This switch does
    # flood what goes to 224.0.0.2 and 224.0.0.22.)
    overheard = {m.type for m in stranger.stop()}
    assert protocol.report_v2 not in overheard, overheard
    ours = {m.type for m in tap.stop()}
    assert ours == {protocol.report} | (
        set() if version == 3 else {protocol.report_v2, protocol.leave_v2})


def change_version(lan, _):
    family, protocol = lan.family, lan.protocol
    lan.set('mcast_querier', 1)
    address = family.address('239.1.1.1')
    daemon = lan.daemon('--join', at_port(address), '--idle', 'adaptive', interface=',igmp-compat-timeout=5')
    tap = Tap(lan.switch.host, 'to_receiver', lan.receiver.mac('eth0'), protocol)
    newest, = protocol.versions[:1]
    wait_for(lambda: protocol.status(daemon)['detail']['querier_version'] == newest, 5,
             'its queries are of the newest version')
    seen = protocol.status(daemon)
    # As snooping switches ask.
    assert seen['querier'] == (lan.switch.host.link_local('br0') or '0.0.0.0')
    assert seen['detail']['query_interval_s'] == 2
    assert seen['version'] == newest
    lan.ask_as(2)
    protocol.wait_version(daemon, 2, 10)
    assert address in lan.members()
    lan.ask_as(3)
    protocol.wait_version(daemon, 3, 15)
    wait_idle(daemon)
    assert address in lan.members()
    kinds = [m.type for m in tap.stop()]
    assert kinds[-1] == protocol.report and protocol.report_v2 in kinds, kinds
