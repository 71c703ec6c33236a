# SPDX-License-Identifier: BSD-3-Clause
"""A Linux bridge as snooping switch and querier: what it forwards because of our reports."""

import json
import os
import signal
import time

import pytest

from igmp_lan import Tap, group, interface, wait_idle, wait_version
from netlab import Switch, wait_for
from programs import drops, identity, mcsend

COUNT = 200
OTHERS = 20  # queries and the like that a counter of frames sees too


class Lan:
    """A sender, a receiver and a host that joins nothing, on a switch that queries each 2 s and
    forgets a member after 5 s."""

    def __init__(self, lab, version):
        self.lab, self.switch = lab, Switch(lab)
        self.sender, self.receiver = lab.namespace('tx'), lab.namespace('rx')
        self.silent = lab.namespace('silent')
        for host, port in ((self.sender, 'to_sender'), (self.receiver, 'to_receiver'),
                           (self.silent, 'to_silent')):
            self.switch.connect(host, 'eth0', port)
        self.sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
        self.set('mcast_querier', 0, 'mcast_igmp_version', version, 'mcast_query_interval', 200,
                 'mcast_query_response_interval', 100, 'mcast_membership_interval', 500)

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

    def forwarded(self, address):
        """Sends COUNT datagrams; whether (the receiver's port, the silent one) got them."""
        before = [host.counter('eth0') for host in (self.receiver, self.silent)]
        mcsend(self.sender, f'{address}:5000', count=COUNT, rate=10_000)
        after = [host.counter('eth0') for host in (self.receiver, self.silent)]
        seen = [now - then for now, then in zip(after, before)]
        for n in seen:
            assert n < OTHERS or COUNT <= n < COUNT + OTHERS, f'{address}: {seen}'
        return tuple(n >= COUNT for n in seen)


def delivered(daemon, address):
    return group(daemon, address)['packets']


@pytest.mark.parametrize('version', [3, 2])
def test_a_switch_gates_data_by_our_reports_alone(lab, version):
    lan = Lan(lab, version)
    tap = Tap(lan.switch.host, 'to_receiver', lan.receiver.mac('eth0'))
    daemon = lan_daemon(lan, '239.1.1.1:5000', '232.1.1.1:5000@10.0.0.1',
                        '232.1.1.2:5000@10.0.0.9', '224.0.0.200:5000')
    wait_idle(daemon)

    # S-1: no querier, so the switch floods and nothing proves our IGMP.
    assert lan.forwarded('239.1.1.1') == (True, True)

    # S-6: a new querier floods on until its first response interval is over.
    lan.set('mcast_query_response_interval', 300)
    lan.set('mcast_querier', 1)
    assert lan.forwarded('239.1.1.1') == (True, True)
    time.sleep(3.5)
    lan.set('mcast_query_response_interval', 100)
    wait_version(daemon, version)
    stranger = Tap(lan.silent, 'eth0', lan.receiver.mac('eth0'))

    # S-2
    wait_for(lambda: lan.members() >= {'239.1.1.1', '232.1.1.1'}, 5, 'the switch lists us')
    assert lan.forwarded('239.1.1.1') == (True, False)
    assert lan.forwarded('239.9.9.9') == (False, False)
    assert lan.forwarded('232.1.1.1') == (True, False)
    # A source that we did not ask for: version 2 cannot say so, then software drops it.
    assert lan.forwarded('232.1.1.2') == (version == 2, False)
    stats = daemon.stats()
    assert drops(stats).get('wrong_source', 0) == (COUNT if version == 2 else 0)
    # S-3
    assert lan.forwarded('224.0.0.200') == (True, True)
    assert delivered(daemon, '239.1.1.1') == 3 * COUNT
    assert delivered(daemon, '232.1.1.1') == COUNT
    assert delivered(daemon, '232.1.1.2') == 0

    # Our answers keep the entry, over several query intervals and past its 5 s.
    lows = []
    end = time.monotonic() + 7
    while time.monotonic() < end:
        lows.append(lan.timer('239.1.1.1'))
        time.sleep(0.2)
    assert None not in lows, 'the entry was gone'
    refreshed = sum(now > then for then, now in zip(lows, lows[1:]))
    assert refreshed >= 2, lows
    assert lan.forwarded('239.1.1.1') == (True, False)

    # S-4: nothing but our answers does.
    os.kill(daemon.process.pid, signal.SIGSTOP)
    wait_for(lambda: '239.1.1.1' not in lan.members(), 15, 'the switch forgot a silent member')
    assert lan.forwarded('239.1.1.1') == (False, False)
    os.kill(daemon.process.pid, signal.SIGCONT)
    wait_for(lambda: '239.1.1.1' in lan.members(), 10, 'the next answer restores it')
    assert lan.forwarded('239.1.1.1') == (True, False)

    daemon.ctl('leave', '239.1.1.1:5000')
    wait_for(lambda: '239.1.1.1' not in lan.members(), 10, 'the switch forgot the left group')
    assert lan.forwarded('239.1.1.1') == (False, False)
    identity(daemon.stats())

    # S-5: version 2 reports, which would silence others, reach no other host. (This switch does
    # flood what goes to 224.0.0.2 and 224.0.0.22.)
    overheard = {m.type for m in stranger.stop()}
    assert not overheard & {0x12, 0x16}, overheard
    ours = tap.stop()
    assert {m.type for m in ours} == ({0x22} if version == 3 else {0x22, 0x16, 0x17})


def lan_daemon(lan, *joins, interface=''):
    import conftest
    args = [word for join in joins for word in ('--join', join)]
    return conftest.Wire.daemon(lan, *args, interface=interface)


def test_the_version_follows_the_switch_down_and_up(lab):
    lan = Lan(lab, 3)
    lan.set('mcast_querier', 1)
    daemon = lan_daemon(lan, '239.1.1.1:5000', interface=',igmp-compat-timeout=5')
    tap = Tap(lan.switch.host, 'to_receiver', lan.receiver.mac('eth0'))
    wait_for(lambda: interface(daemon)['igmp']['querier_version'] == 3, 5, 'its queries are v3')
    seen = interface(daemon)
    assert seen['igmp_querier'] == '0.0.0.0', 'as snooping switches ask'
    assert seen['igmp']['query_interval_s'] == 2
    assert seen['igmp_version'] == 3
    lan.set('mcast_igmp_version', 2)
    wait_version(daemon, 2, 10)
    assert '239.1.1.1' in lan.members()
    lan.set('mcast_igmp_version', 3)
    wait_version(daemon, 3, 15)
    wait_for(lambda: group(daemon, '239.1.1.1')['igmp_state'] == 'idle', 10, 'told')
    assert '239.1.1.1' in lan.members()
    kinds = [m.type for m in tap.stop()]
    assert kinds[-1] == 0x22 and 0x16 in kinds, kinds
