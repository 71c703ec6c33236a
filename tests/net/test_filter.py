# SPDX-License-Identifier: BSD-3-Clause
"""What the filters of a port do to the groups that stay while others come and go."""

import contextlib
import json
import random
import time

import pytest

import netlab
from conftest import Wire, both_families
from family import IPV4, IPV6, at_port
from programs import Daemon, Traffic, identity, sequence
from suite import need_tun

SECONDS = 10
STAYING = {IPV4: [f'239.1.1.{i}' for i in range(1, 9)],
           IPV6: [f'ff15::1:{i}' for i in range(1, 9)]}
# The first eight share their MAC addresses with those that stay (RFC 1112 §6.4, RFC 2464 §7).
COMING_AND_GOING = {
    IPV4: [f'239.129.1.{i}' for i in range(1, 9)] + [f'239.3.1.{i}' for i in range(192)],
    IPV6: [f'ff15:1::1:{i}' for i in range(1, 9)] + [f'ff15::3:{i:x}' for i in range(192)]}
STALL_NS = 100_000_000  # of 10,000 packets a second 1,000 wait in net_tap's queue
TRIES = 3


def groups_of(daemon):
    return json.loads(daemon.ctl('--json', 'groups').stdout)['groups']


def come_and_go(daemon, family, seed):
    """Joins and leaves in random order, some at a time; gives how many."""
    pick = random.Random(seed)
    joined, changes = set(), 0
    never = set(COMING_AND_GOING[family])
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or never:
        some = pick.sample(COMING_AND_GOING[family], pick.choice([1, 2, 5, 20]))
        leave = [one for one in some if one in joined]
        join = [one for one in some if one not in joined]
        for command, groups in ('join', join), ('leave', leave):
            if groups:
                daemon.ctl(command, *map(at_port, groups))
        joined ^= set(some)
        never -= set(some)
        changes += len(some)
    return changes


def churn(daemon, sender, family, seed):
    """Gives what was sent to each group, what arrived of each, and the account."""
    consumer = daemon.cat(timeout=60)
    traffic = Traffic(sender, *map(at_port, STAYING[family]), rate=1250)
    changes = come_and_go(daemon, family, seed)
    sent = traffic.stop()['flows']
    assert [flow['failed'] for flow in sent] == [0] * 8
    time.sleep(0.5)
    stats = daemon.stats()
    identity(stats)
    status, messages, summary = consumer.stop(stats['delivered'])
    assert (status, summary['lost']) == (0, 0)
    arrived = {one: [] for one in STAYING[family]}
    for message in messages:
        arrived[message['group']].append(sequence(message))
    assert changes >= 200
    return [flow['sent'] for flow in sent], arrived, stats


def whole(sent, arrived):
    return all(one == list(range(1, n + 1)) for one, n in zip(arrived.values(), sent))


def short(sent, arrived):
    """What is wrong, without 100,000 numbers."""
    return {one: (n, len(come), come == sorted(come))
            for (one, come), n in zip(arrived.items(), sent)}


def af_packet(lab, family):
    wire = Wire(lab, family=family)
    return wire.daemon(*joins(family)), wire.sender, 'promiscuous'


def tap(lab, family):
    """Two queues, so that flow rules are tried. The host at the other end is the kernel's, which has
    the port's own MAC address until it gets another."""
    need_tun()
    host = lab.namespace('tap')
    daemon = Daemon(lab, host, '--interface', 'feed=net_tap0,queues=2', *joins(family),
                    vdev='net_tap0,iface=eth0')
    host.run('ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:09', 'txqueuelen', 10_000)
    family.give(host, 'eth0', '10.0.0.1')
    return daemon, host, 'all-multicast'


def joins(family):
    return [f'--join={at_port(one)}' for one in STAYING[family]]


def once(start, family, seed):
    """Gives what was sent, what arrived, the longest pause of the lcore, and the rungs."""
    with contextlib.closing(netlab.Lab()) as lab:
        daemon, sender, rung = start(lab, family)
        sent, arrived, stats = churn(daemon, sender, family, seed)
        rungs = {group['rung'] for group in groups_of(daemon)}
        assert daemon.stop() == 0
    assert rungs == {rung} or 'rte-flow' in rungs, rungs
    return sent, arrived, stats['lcores'][0]['longest_gap_ns']


@pytest.mark.parametrize('start,family', [(af_packet, IPV4), (tap, IPV4), (tap, IPV6)])
def test_groups_that_come_and_go_cost_those_that_stay_nothing(start, family):
    for seed in range(TRIES):
        sent, arrived, longest_gap_ns = once(start, family, seed)
        if whole(sent, arrived) or longest_gap_ns < STALL_NS:
            break
    assert whole(sent, arrived), (short(sent, arrived), longest_gap_ns)
    assert min(sent) > SECONDS * 1000, 'traffic flowed all the while'


@both_families
def test_a_refused_flow_rule_leaves_the_group_to_the_next_rung_and_says_why(lab, family):
    daemon, _, _ = tap(lab, family)
    for group in groups_of(daemon):
        if group['rung'] == 'rte-flow':  # this kernel has cls_flower
            assert group['queue'] in (0, 1)
            continue
        assert (group['rung'], group['queue']) == ('all-multicast', None)
        assert 'no flow rule: ' in group['rung_reason']
        assert 'net_tap ignores its multicast list' in group['rung_reason']
    port, = daemon.stats()['ports']
    refused = sum(group['rung'] != 'rte-flow' for group in groups_of(daemon))
    assert port['flow_refused'] == refused and port['flow_rules'] == 8 - refused
    assert port['rung'] == 'all-multicast'
    before = daemon.log().count('no flow rule')
    for command in 'join', 'leave':
        daemon.ctl(command, family.join('239.9.9.9:5000'))
    assert daemon.log().count('no flow rule') == before == (refused > 0), 'said once'
    assert daemon.stop() == 0
