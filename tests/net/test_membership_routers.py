# SPDX-License-Identifier: BSD-3-Clause
"""Through multicast routers: data comes after the join and ends after the leave. The routers are under
way at the same time."""

import concurrent.futures
import time

import routers
from membership_lan import Tap, group, protocol_of
from netlab import wait_for
from programs import MCSEND, Daemon, identity
from querier_lan import side_by_side

ANY, SSM = '239.1.2.3:5000', '232.1.2.3:5000@10.1.0.2'
A_FEW = 10  # frames in half a second that are not the data, of which there are 50 a group


def flows(daemon, address):
    """Whether the group's data comes in, now."""
    before = group(daemon, address)['packets']
    time.sleep(0.5)
    return group(daemon, address)['packets'] - before > A_FEW


def is_quiet(host):
    before = host.counter('eth0')
    time.sleep(0.5)
    return host.counter('eth0') - before < A_FEW


def follow(line, version, joins):
    """Joins, holds and leaves while the sender sends all the time; gives our messages."""
    family, protocol = line.family, protocol_of(line.family)
    tap = Tap(line.r2, 'c0', line.receiver.mac('eth0'), protocol)
    targets = [word for join in joins for word in ('--to', family.join(join.split('@')[0]))]
    groups = [family.address(join.split(':')[0]) for join in joins]
    joins = list(map(family.join, joins))
    line.sender.start(MCSEND, '--interface', 'eth0', '--ttl', 8, '--count', 1_000_000, '--rate',
                      100, *targets)
    daemon = Daemon(line.lab, line.receiver, '--idle', 'adaptive', '--interface',
                    f'feed=net_af_packet0,{family.own("10.2.0.2")}',
                    vdev='net_af_packet0,iface=eth0')
    querier = line.r2.link_local('c0') or '10.2.0.1'
    wait_for(lambda: protocol.status(daemon)['querier'] == querier, 30, 'the router asks')
    protocol.wait_version(daemon, version, 20)
    assert is_quiet(line.receiver), 'nobody asked for the data yet'
    daemon.ctl('join', *joins)
    for address in groups:
        wait_for(lambda: flows(daemon, address), 60, f'{address} flows')
    # Over more than two query intervals our answers hold it. Each comes up to 10 s after its query,
    # and one report may be the join's repetition.
    told = protocol.status(daemon)['reports']
    time.sleep(2 * line.asks_each_s + 1)
    wait_for(lambda: protocol.status(daemon)['reports'] >= told + 3, 30, 'two answers')
    for address in groups:
        assert flows(daemon, address), address
    daemon.ctl('leave', *joins)
    # pimd takes no v3 leave of a whole group; the membership has to time out.
    wait_for(lambda: is_quiet(line.receiver), 60, 'the data ends')
    identity(daemon.stats())
    ours = tap.stop()
    answers = [m for m in ours if m.type == protocol.report_v2 or
               m.records and set(m.records) <= {1, 2}]
    assert len(answers) >= 2
    return {m.type for m in ours}


def both_versions(place, start, joins_v3, joins_v2, kind=routers.Line):
    """Two lines of routers at a time, since most of it is waiting."""
    protocol = protocol_of(kind.family)
    old = {protocol.report_v2, protocol.leave_v2}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        lines = {version: kind(place.lab, f'{place.name}v{version}') for version in (3, 2)}
        running = {version: pool.submit(lambda line=line, version=version: (
            start(line, version), follow(line, version, joins_v3 if version == 3 else joins_v2))[1])
            for version, line in lines.items()}
        assert protocol.report in running[3].result() and not old & running[3].result()
        assert old <= running[2].result()


@side_by_side
def test_data_comes_through_two_pimd_after_the_join_and_ends_after_the_leave(place):
    both_versions(place, routers.start_pimd, [ANY], [ANY])


@side_by_side
def test_data_comes_through_two_frr_after_the_join_and_ends_after_the_leave(place):
    both_versions(place, routers.start_frr, [ANY, SSM], [ANY])


@side_by_side
def test_data_comes_through_an_mld_router_after_the_join_and_ends_after_the_leave(place):
    """Debian 12 has no router that speaks MLD, FRR's pim6d in particular: routers.py."""
    both_versions(place, routers.start_mld_router, [ANY, SSM], [ANY, SSM], routers.Line6)
