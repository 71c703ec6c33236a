# SPDX-License-Identifier: BSD-3-Clause
"""Which version is spoken, to whom, and for how long; what is said when nobody asks."""

import os
import time

import pytest
from scapy.utils import rdpcap

from conftest import both_families
from membership_lan import IGMP, Tap, group, inject, wait_idle
from netlab import wait_for
from programs import SHARED



def is_subsequence(wanted, of):
    rest = iter(of)
    return all(one in rest for one in wanted)


def left_ns(daemon, protocol, version):
    """How long a querier of the version counts as present."""
    return protocol.status(daemon)['detail'][f'v{protocol.version(version)}_left_ns']


@both_families
def test_older_queriers_are_followed_down_and_forgotten_one_by_one(wire, protocol):
    tap = Tap(wire.sender, 'eth0', wire.receiver.mac('eth0'), protocol)
    daemon = wire.daemon('--join', wire.family.join('239.1.1.1:5000'), '--join',
                         wire.family.join('232.1.1.1:5000@10.0.0.1'),
                         interface=',igmp-compat-timeout=3')
    protocol.wait_version(daemon, 3, 0)
    inject(wire.sender, protocol.query(3, tenths=1, qqic=1))
    protocol.wait_querier(daemon)
    inject(wire.sender, protocol.query(2, tenths=1))
    protocol.wait_version(daemon, 2, 2)
    reason = protocol.status(daemon)['reason']
    assert reason == f'a v{protocol.version(2)} querier is present'
    assert 0 < left_ns(daemon, protocol, 2) <= 3e9
    time.sleep(0.5)  # its answer
    if protocol is IGMP:
        assert left_ns(daemon, protocol, 1) is None
        inject(wire.sender, protocol.query(1, source='10.0.0.9'))
        protocol.wait_version(daemon, 1, 2)
        assert left_ns(daemon, protocol, 1) > 0
        # A v2 querier keeps asking, so v2 comes after v1; it falls silent too, so then v3.
        time.sleep(1.5)
        inject(wire.sender, protocol.query(2, tenths=1))
        protocol.wait_version(daemon, 2, 5)
    protocol.wait_version(daemon, 3, 5)
    wait_idle(daemon)
    ours = tap.stop()

    types = [m.type for m in ours]
    # The second time in version 2 nobody had to say anything.
    old = [0x16, 0x12] if protocol is IGMP else [protocol.report_v2]
    assert is_subsequence([protocol.report, *old, protocol.report], types), types
    # Back in version 3 the sources count again, without anybody asking.
    last = [told for m in ours[len(types) - types[::-1].index(old[-1]):] for told in m.told()]
    assert {(4, wire.family.address('239.1.1.1')),
            (5, wire.family.address('232.1.1.1'))} <= set(last), last
    detail = protocol.status(daemon)['detail']
    assert (detail['rx_v1_queries'], detail['rx_v2_queries']) == (
        (1, 2) if protocol is IGMP else (1, 0))
    log = daemon.log()
    assert f'speaks {protocol} version {protocol.version(2)} now: a v' in log, log
    for version in protocol.versions:
        assert f'speaks {protocol} version {version} now' in log, log
    assert log.count(f'old {protocol} queries so far') == 1, 'at most one line a minute'


@both_families
def test_a_forced_version_stays(wire, protocol):
    join = wire.family.join('239.1.1.1:5000')
    tap = Tap(wire.sender, 'eth0', wire.receiver.mac('eth0'), protocol)
    daemon = wire.daemon('--join', join, interface=protocol.option(2))
    inject(wire.sender, protocol.query(3, tenths=5), protocol.query(1 if protocol is IGMP else 2))
    wait_for(lambda: protocol.status(daemon)['detail']['rx']['query'] == 2, 5, 'both are heard')
    assert protocol.status(daemon)['version'] == protocol.version(2)
    assert protocol.status(daemon)['reason'] == 'set by the configuration'
    daemon.ctl('leave', join)
    assert {m.type for m in tap.stop()} == {protocol.report_v2, protocol.leave_v2}


@both_families
def test_without_a_querier_everything_is_reported_again_and_again(wire, protocol):
    def detail(key):
        return protocol.status(daemon)['detail'][key]

    tap = Tap(wire.sender, 'eth0', wire.receiver.mac('eth0'), protocol)
    daemon = wire.daemon('--join', wire.family.join('239.1.1.1:5000'), interface=',igmp-repeat=1')
    assert detail('querier_version') is None and detail('repeat_left_ns') is not None
    wait_for(lambda: detail('repeats') >= 2, 15, 'two repetitions')
    # A querier: no repetition while it counts as present. IGMP: 2 * 1 s + 0.05 s (RFC 9776 §8.5);
    # MLD: 2 * 1 s + 0.1 s (RFC 9777 §9.5).
    inject(wire.sender, protocol.query(3, tenths=1, qqic=1))
    protocol.wait_querier(daemon)
    before = detail('repeats')
    assert 0 < detail('querier_left_ns') <= 2.1e9
    wait_for(lambda: detail('querier_left_ns') is None, 5, 'it is gone')
    wait_for(lambda: detail('repeats') > before, 15, 'repeated again')
    wait_idle(daemon, 5)
    # The log says once that nobody asks, and once that somebody does again.
    silence = f'no {protocol} querier was heard for 2 s, the last one was '
    wait_for(lambda: silence in daemon.log(), 5, 'its silence is logged')
    inject(wire.sender, protocol.query(3, tenths=1, qqic=1))
    wait_for(lambda: f'{protocol} querier: ' in daemon.log(), 5, 'and that it asks again')
    assert daemon.log().count('querier was heard for') == 1
    assert daemon.log().count(f', version {protocol.version(3)}, after ') == 1
    # Repetitions and the answer are current-state records; the join was a change.
    ours = tap.stop()
    told = [one for m in ours for one in m.told()]
    assert told.count((2, wire.family.address('239.1.1.1'))) >= 3, told
    asked = next(m.time for m in tap.all if m.type == protocol.query_type)
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
    wait_for(lambda: IGMP.status(daemon)['rx'] == total, 5, 'all of the capture is read')
    seen = IGMP.status(daemon)
    assert (seen['version'], seen['reason']) == (version, reason)
    assert {kind: n for kind, n in seen['detail']['rx'].items() if n} == received
    assert seen['rx_bad'] == 0
    assert seen['detail']['querier_version'] == version
    tap.stop()


@both_families
def test_a_link_that_comes_back_is_told_everything_again(wire, protocol):
    groups = [wire.family.address(one) for one in ('239.1.1.1', '232.1.1.1')]
    daemon = wire.daemon('--join', wire.family.join('239.1.1.1:5000'), '--join',
                         wire.family.join('232.1.1.1:5000@10.0.0.1'))
    wait_idle(daemon)
    wire.sender.run('ip', 'link', 'set', 'eth0', 'down')
    wait_for(lambda: 'link down' in daemon.log(), 5, 'the link is down')
    tap_ready = time.time()
    wire.sender.run('ip', 'link', 'set', 'eth0', 'up')
    tap = Tap(wire.sender, 'eth0', wire.receiver.mac('eth0'), protocol)
    wait_for(lambda: 'link up' in daemon.log(), 5, 'the link is up')
    wait_idle(daemon)
    told = {one for m in tap.stop() for one in m.told()}
    assert told >= set(zip((4, 5), groups)), told
    for address in groups:
        assert group(daemon, address)['last_report_ns'] / 1e9 > tap_ready
