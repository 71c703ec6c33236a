# SPDX-License-Identifier: BSD-3-Clause
"""Through two multicast routers: data comes after the join and ends after the leave."""

import concurrent.futures
import time

import routers
from igmp_lan import Tap, group, interface, wait_version
from netlab import wait_for
from programs import MCSEND, Daemon, identity

ANY, SSM = '239.1.2.3:5000', '232.1.2.3:5000@10.1.0.2'
A_FEW = 10  # frames in half a second that are not the data, of which there are 50 a group


def flows(daemon, join):
    """Whether the group's data comes in, now."""
    address = join.split(':')[0]
    before = group(daemon, address)['packets']
    time.sleep(0.5)
    return group(daemon, address)['packets'] - before > A_FEW


def is_quiet(host):
    before = host.counter('eth0')
    time.sleep(0.5)
    return host.counter('eth0') - before < A_FEW


def follow(line, version, joins):
    """Joins, holds and leaves while the sender sends all the time; gives our messages."""
    tap = Tap(line.r2, 'c0', line.receiver.mac('eth0'))
    targets = [word for join in joins for word in ('--to', join.split('@')[0])]
    line.sender.start(MCSEND, '--interface', 'eth0', '--ttl', 8, '--count', 1_000_000, '--rate',
                      100, *targets)
    daemon = Daemon(line.lab, line.receiver, '--idle', 'adaptive', '--interface',
                    'feed=net_af_packet0,address=10.2.0.2/24', vdev='net_af_packet0,iface=eth0')
    wait_for(lambda: interface(daemon)['igmp_querier'] == '10.2.0.1', 30, 'the router asks')
    wait_version(daemon, version, 20)
    assert is_quiet(line.receiver), 'nobody asked for the data yet'
    daemon.ctl('join', *joins)
    for join in joins:
        wait_for(lambda: flows(daemon, join), 60, f'{join} flows')
    # Over more than two query intervals of 3 s, our answers hold it. Each comes up to 10 s after its
    # query, and one report may be the join's repetition.
    told = interface(daemon)['igmp_reports']
    time.sleep(7)
    wait_for(lambda: interface(daemon)['igmp_reports'] >= told + 3, 30, 'two answers')
    for join in joins:
        assert flows(daemon, join), join
    daemon.ctl('leave', *joins)
    # pimd takes no v3 leave of a whole group; the membership has to time out.
    wait_for(lambda: is_quiet(line.receiver), 60, 'the data ends')
    identity(daemon.stats())
    ours = tap.stop()
    answers = [m for m in ours if m.type == 0x16 or m.records and set(m.records) <= {1, 2}]
    assert len(answers) >= 2
    return {m.type for m in ours}


def both_versions(lab, start, joins_v3, joins_v2):
    """Two lines of routers at a time, since most of it is waiting."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        lines = {version: routers.Line(lab, f'v{version}') for version in (3, 2)}
        running = {version: pool.submit(lambda line=line, version=version: (
            start(line, version), follow(line, version, joins_v3 if version == 3 else joins_v2))[1])
            for version, line in lines.items()}
        assert 0x22 in running[3].result() and not {0x16, 0x17} & running[3].result()
        assert {0x16, 0x17} <= running[2].result()


def test_data_comes_through_two_pimd_after_the_join_and_ends_after_the_leave(lab):
    both_versions(lab, routers.start_pimd, [ANY], [ANY])


def test_data_comes_through_two_frr_after_the_join_and_ends_after_the_leave(lab):
    both_versions(lab, routers.start_frr, [ANY, SSM], [ANY])
