# SPDX-License-Identifier: BSD-3-Clause
"""Which version is spoken, to whom, and for how long; what is said when nobody asks."""

import os
import time

import pytest
from scapy.utils import rdpcap

from igmp_lan import Tap, group, inject, interface, query, wait_idle, wait_version
from netlab import wait_for
from programs import SHARED

V3, V2, V1 = 0x22, 0x16, 0x12


def is_subsequence(wanted, of):
    rest = iter(of)
    return all(one in rest for one in wanted)


def test_older_queriers_are_followed_down_and_forgotten_one_by_one(wire):
    tap = Tap(wire.sender, 'eth0', wire.receiver.mac('eth0'))
    daemon = wire.daemon('--join', '239.1.1.1:5000', '--join', '232.1.1.1:5000@10.0.0.1',
                         interface=',igmp-compat-timeout=3')
    assert interface(daemon)['igmp_version'] == 3
    inject(wire.sender, query(3, code=1, qqic=1))
    wait_for(lambda: interface(daemon)['igmp_querier'] == '10.0.0.1', 5, 'the querier is known')
    inject(wire.sender, query(2, code=1))
    wait_version(daemon, 2, 2)
    seen = interface(daemon)
    assert seen['igmp_reason'] == 'a v2 querier is present'
    assert 0 < seen['igmp']['v2_left_ns'] <= 3e9
    assert seen['igmp']['v1_left_ns'] is None
    time.sleep(0.5)  # its answer
    inject(wire.sender, query(1, source='10.0.0.9'))
    wait_version(daemon, 1, 2)
    assert interface(daemon)['igmp']['v1_left_ns'] > 0
    # A v2 querier keeps asking, so v2 comes after v1; it falls silent too, so then v3.
    time.sleep(1.5)
    inject(wire.sender, query(2, code=1))
    wait_version(daemon, 2, 5)
    wait_version(daemon, 3, 5)
    wait_idle(daemon)
    ours = tap.stop()

    types = [m.type for m in ours]
    # The second time in version 2 nobody had to say anything.
    assert is_subsequence([V3, V2, V1, V3], types), types
    # Back in version 3 the sources count again, without anybody asking.
    last = [told for m in ours[len(types) - types[::-1].index(V1):] for told in m.told()]
    assert {(4, '239.1.1.1'), (5, '232.1.1.1')} <= set(last), last
    igmp = interface(daemon)['igmp']
    assert (igmp['rx_v1_queries'], igmp['rx_v2_queries']) == (1, 2)
    log = daemon.log()
    for line in ('speaks IGMP version 2 now: a v2 querier', 'speaks IGMP version 1 now',
                 'speaks IGMP version 3 now'):
        assert line in log, log
    assert log.count('old IGMP queries so far') == 1, 'at most one line a minute'


def test_a_forced_version_stays(wire):
    tap = Tap(wire.sender, 'eth0', wire.receiver.mac('eth0'))
    daemon = wire.daemon('--join', '239.1.1.1:5000', interface=',igmp=2')
    inject(wire.sender, query(3, code=5), query(1))
    wait_for(lambda: interface(daemon)['igmp']['rx']['query'] == 2, 5, 'both queries are heard')
    assert interface(daemon)['igmp_version'] == 2
    assert interface(daemon)['igmp_reason'] == 'set by the configuration'
    daemon.ctl('leave', '239.1.1.1:5000')
    assert {m.type for m in tap.stop()} == {V2, 0x17}


def test_without_a_querier_everything_is_reported_again_and_again(wire):
    tap = Tap(wire.sender, 'eth0', wire.receiver.mac('eth0'))
    daemon = wire.daemon('--join', '239.1.1.1:5000', interface=',igmp-repeat=1')
    igmp = interface(daemon)['igmp']
    assert igmp['querier_version'] is None and igmp['repeat_left_ns'] is not None
    wait_for(lambda: interface(daemon)['igmp']['repeats'] >= 2, 15, 'two repetitions')
    # A querier: no repetition while it counts as present, 2 * 1 s + 0.05 s.
    inject(wire.sender, query(3, code=1, qqic=1))
    wait_for(lambda: interface(daemon)['igmp_querier'] == '10.0.0.1', 5, 'the querier is known')
    before = interface(daemon)['igmp']['repeats']
    assert 0 < interface(daemon)['igmp']['querier_left_ns'] <= 2.05e9
    wait_for(lambda: interface(daemon)['igmp']['querier_left_ns'] is None, 5, 'it is gone')
    wait_for(lambda: interface(daemon)['igmp']['repeats'] > before, 15, 'repeated again')
    wait_for(lambda: group(daemon, '239.1.1.1')['igmp_state'] == 'idle', 5, 'told')
    # Repetitions and the answer are current-state records; the join was a change.
    ours = tap.stop()
    told = [one for m in ours for one in m.told()]
    assert told.count((2, '239.1.1.1')) >= 3, told
    asked = next(m.time for m in tap.all if m.type == 0x11)
    after = [m.time for m in ours if m.time > asked + 0.3]
    assert after and after[0] > asked + 2.0, 'a querier that is present ends the repetition'


# What became of each packet, for a receiver that joined 239.1.2.3: docs/igmp.md.
PUBLIC = {
    'IGMP_V1': (1, 'a v1 querier is present', {'query': 3, 'report': 24}),
    'IGMP_V2': (2, 'a v2 querier is present',
                {'query': 2, 'report': 12, 'other_type': 2, 'destination': 2}),
    'igmpv3-queries': (3, 'no older querier is present', {'query': 6}),
}


@pytest.mark.parametrize('name', PUBLIC)
def test_public_captures_of_queriers_change_state_as_the_manual_says(wire, name):
    path = os.path.join(SHARED, 'pcaps', f'{name}.pcap')
    if not os.path.exists(path):
        pytest.skip(f'absent: ../shared/pcaps/{name}.pcap')
    version, reason, received = PUBLIC[name]
    tap = Tap(wire.sender, 'eth0', wire.receiver.mac('eth0'))
    daemon = wire.daemon('--join', '239.1.2.3:5000')
    inject(wire.sender, *[bytes(frame) for frame in rdpcap(path)], pause=0.002)
    total = sum(received.values())
    wait_for(lambda: interface(daemon)['igmp_rx'] == total, 5, 'all of the capture is read')
    seen = interface(daemon)
    assert (seen['igmp_version'], seen['igmp_reason']) == (version, reason)
    assert {kind: n for kind, n in seen['igmp']['rx'].items() if n} == received
    assert seen['igmp_rx_bad'] == 0
    assert seen['igmp']['querier_version'] == version
    tap.stop()


def test_a_link_that_comes_back_is_told_everything_again(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000', '--join', '232.1.1.1:5000@10.0.0.1')
    wait_idle(daemon)
    wire.sender.run('ip', 'link', 'set', 'eth0', 'down')
    wait_for(lambda: 'link down' in daemon.log(), 5, 'the link is down')
    tap_ready = time.time()
    wire.sender.run('ip', 'link', 'set', 'eth0', 'up')
    tap = Tap(wire.sender, 'eth0', wire.receiver.mac('eth0'))
    wait_for(lambda: 'link up' in daemon.log(), 5, 'the link is up')
    wait_idle(daemon)
    told = {one for m in tap.stop() for one in m.told()}
    assert told >= {(4, '239.1.1.1'), (5, '232.1.1.1')}, told
    for address in ('239.1.1.1', '232.1.1.1'):
        assert group(daemon, address)['last_report_ns'] / 1e9 > tap_ready
