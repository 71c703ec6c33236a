# SPDX-License-Identifier: BSD-3-Clause
"""The proxy between LANs of kernels, in both families: what it says upstream, and to whom it forwards.
What waits is under way at the same time: each scenario has LANs of its own."""

import os
import signal
import struct
import time

import pytest
from scapy.all import rdpcap
from scapy.layers.inet import IP

from family import FAMILIES, at_port
from membership_lan import IGMP, checksum, inject, messages_of, packed
from netlab import wait_for
from programs import SHARED, Traffic, drops, identity, mcsend
from proxy_lans import (ALLOW, BLOCK, DOWNSTREAM, HOST, IS_EX, IS_IN, PROTOCOLS, QUERIER, QUICK, RECORDS,
                        SOURCE, TO_EX, TO_IN, UPSTREAM, US, Proxy, both, changes, is_whole)
from querier_lan import members, querier, side_by_side, table, wait_role

G, OTHER, MIXED, SSM, NOBODYS = '239.1.2.3', '239.1.2.4', '239.7.7.7', '232.1.2.3', '239.9.9.9'
S1, S2 = '10.0.1.7', '10.0.1.8'
ELSEWHERE = '02:00:00:00:00:01'  # whose frames inject() sends
BUSY_S = 1.0  # how late a busy machine may be


def first_told(messages):
    """{(record, group): when it was said first}"""
    told = {}
    for m in messages:
        for kind, group, _ in m.told_whole():
            told.setdefault((kind, group), m.time)
    return told


def answers_not(told):
    return [one for one in told if one[0] not in (IS_EX, IS_IN)]


@side_by_side
def test_upstream_the_downstreams_are_one_host(place):
    """P-2, P-3, P-5, P-6, P-7, P-8, P-13, P-14, P-21, P-22: what they want together is told, and nothing
    else."""
    proxy = Proxy(place, [UPSTREAM, f'{DOWNSTREAM},scopes=none', DOWNSTREAM])
    up, a, b = proxy.lans
    for lan, verb, *then in ((a, 'join', G), (b, 'join', G), (a, 'leave'), (b, 'leave')):
        proxy.do(lan, verb, G)
        proxy.wait(lan, *then)
    for lan, verb, source, *then in (
            (a, 'join', S1, f'{SSM}@{S1}'), (b, 'join', S2, f'{SSM}@{S2}'), (a, 'leave', S1),
            (b, 'leave', S2)):
        proxy.do(lan, verb, f'{SSM}@{source}')
        proxy.wait(lan, *then)
    for lan, verb, what, *then in (
            (a, 'join', MIXED, MIXED), (a, 'block', f'{MIXED}@{S2}', f'{MIXED}@!{S2}'),
            (b, 'join', f'{MIXED}@{S2}', f'{MIXED}@{S2}'), (a, 'leave', MIXED),
            (b, 'leave', f'{MIXED}@{S2}')):
        proxy.do(lan, verb, what)
        proxy.wait(lan, *then)
        # A blocked source is one only when nobody has objected.
        wait_for(lambda: verb != 'block' or not any(
            source['forwarded'] for one in table(proxy.daemon, a).values() for source in one['sources']), 5,
                 'it is blocked')
    told = [f'TO_EX {G}', f'TO_IN {G}', f'ALLOW {SSM}@{S1}', f'ALLOW {SSM}@{S2}', f'BLOCK {SSM}@{S1}',
            f'BLOCK {SSM}@{S2}', f'TO_EX {MIXED}', f'BLOCK {MIXED}@{S2}', f'ALLOW {MIXED}@{S2}',
            f'TO_IN {MIXED}@{S2}', f'BLOCK {MIXED}@{S2}']
    # What stays on its link, or may not leave its site upstream.
    proxy.members[a].do('join', '224.0.0.251', 'ff02::fb', '239.255.255.250')
    wait_for(lambda: '239.255.255.250' in table(proxy.daemon, a), 5, 'it is known')
    # Upstream nobody is asked, and nobody's report counts.
    for protocol in PROTOCOLS:
        asks = up.address(SOURCE, protocol)
        inject(proxy.source, protocol.message(protocol.report_v2, 0, protocol.family.address(NOBODYS),
                                              source=asks),
               protocol.query(3, tenths=1, qrv=1, source=asks), interface=up.name)
        wait_for(lambda: protocol.status(proxy.daemon)['querier'] == asks, 5, 'the query is heard')
    seen = members(proxy.daemon)
    assert up.name not in {one['interface'] for one in seen['queriers'] + seen['members']}
    proxy.do(b, 'join', OTHER)
    proxy.wait(b, OTHER)
    proxy.stop()
    for protocol in PROTOCOLS:
        mine = proxy.said_upstream(protocol)
        assert {m.type for m in mine} == {protocol.report}
        assert {m.source for m in mine} == {up.address(US, protocol)}
        assert answers_not(proxy.told(protocol)) == changes(protocol, *told, f'TO_EX {OTHER}')
        said = proxy.watch.said(protocol)
        assert all(m.source == lan.address(US, protocol) for lan in proxy.lans for m in said
                   if m.mac == lan.mac(US))
        assert len([m for m in said if m.mac == ELSEWHERE]) == 2, 'they stay upstream'
        told_at, heard_at = first_told(mine), first_told(m for m in said if m.mac == a.mac(HOST))
        delays_s = [told_at[one] - heard_at[one] for one in heard_at if one in told_at and one[0] == TO_EX]
        print(protocol, 'upstream after downstream, ms:', *[f'{1000 * one:.2f}' for one in delays_s])
        assert len(delays_s) == 2 and max(delays_s) < BUSY_S


def is_ending(member):
    """Whether somebody left, and nobody has answered yet: it is asked about, or its last second runs."""
    return member['asking'] or any(0 < (one['left_ns'] or 0) < 1e9 for one in [member, *member['sources']])


def asking(proxy):
    return any(is_ending(one) for one in members(proxy.daemon)['members'])


@side_by_side
def test_versions_and_scopes_are_each_interfaces_own(place):
    """P-9, P-10, P-11, P-12, P-14: an old host below, an old querier above for a while; and no scopes."""
    down = f'{DOWNSTREAM},scopes=none'
    proxy = Proxy(place, [f'{UPSTREAM},igmp-compat-timeout=3,scopes=none', down,
                          f'{down},querier-version=2,mld-querier-version=1'])
    up, a, b = proxy.lans
    proxy.hosts[b].run('sysctl', '-qw', f'net.ipv4.conf.{b.name}.force_igmp_version=2',
                       f'net.ipv6.conf.{b.name}.force_mld_version=1')
    specific, scoped, source = '232.1.2.5', '239.255.255.250', up.ipv4(SOURCE)
    proxy.do(b, 'join', G)
    proxy.wait(b, G)
    # The old host cannot name a source, and may not join such a group.
    proxy.do(b, 'join', specific)
    for protocol in PROTOCOLS:
        wait_for(lambda: querier(proxy.daemon, b, protocol)['rx']['ssm'], 5, 'it is ignored')
    proxy.do(a, 'join', f'{SSM}@{S1}')
    proxy.do(a, 'join', f'{specific}@{source}', scoped)
    proxy.wait(a, f'{SSM}@{S1}', f'{specific}@{source}', scoped)
    flow = proxy.send(proxy.source, up, specific)
    wait_for(lambda: proxy.hosts[a].counter(a.name) > 60, 10, 'the flow goes to who named its source')
    flow.stop()
    older = time.time()
    for protocol in PROTOCOLS:
        inject(proxy.source, protocol.query(2, tenths=2, source=up.address(SOURCE, protocol)),
               interface=up.name)
        protocol.wait_version(proxy.daemon, 2)
    proxy.do(a, 'join', f'{SSM}@{S2}')
    proxy.do(a, 'join', OTHER)
    proxy.wait(a, f'{SSM}@{S1}@{S2}', f'{specific}@{source}', scoped, OTHER)
    proxy.do(a, 'leave', OTHER)
    proxy.wait(a, f'{SSM}@{S1}@{S2}', f'{specific}@{source}', scoped)
    for protocol in PROTOCOLS:
        protocol.wait_version(proxy.daemon, 3)
    proxy.do(a, 'leave', f'{SSM}@{S1}')
    proxy.wait(a, f'{SSM}@{S2}', f'{specific}@{source}', scoped)
    for protocol in PROTOCOLS:
        before = protocol.status(proxy.daemon)['reports']
        inject(proxy.source, protocol.query(3, tenths=1, source=up.address(SOURCE, protocol)),
               interface=up.name)
        wait_for(lambda: protocol.status(proxy.daemon)['reports'] > before, 5, 'it answers')
    proxy.stop()
    for protocol in PROTOCOLS:
        address = protocol.family.address
        told = [(m.time, *one) for m in proxy.said_upstream(protocol) for one in m.told_whole()]
        first = [one[1:] for one in told if one[0] < older]
        assert sorted(first) == sorted(changes(protocol, f'TO_EX {G}', f'ALLOW {SSM}@{S1}',
                                               f'ALLOW {specific}@{source}', f'TO_EX {scoped}'))
        later = [one[1:] for one in told if one[0] > older]
        old = [one for one in later if one[0] in (protocol.report_v2, protocol.leave_v2)]
        groups = [(protocol.report_v2, address(group), []) for group in (G, SSM, specific, scoped)]
        other = [(kind, address(OTHER), []) for kind in (protocol.report_v2, protocol.leave_v2)]
        assert [one for one in old if one in other] == other and set(map(str, old)) == set(
            map(str, groups + other)), old
        # The newer version starts with all that there is, sources too.
        again = changes(protocol, f'TO_EX {G}', f'ALLOW {SSM}@{S1}@{S2}', f'ALLOW {specific}@{source}',
                        f'TO_EX {scoped}')
        answer = changes(protocol, f'IS_EX {G}', f'IS_IN {SSM}@{S2}', f'IS_IN {specific}@{source}',
                         f'IS_EX {scoped}')
        new = [one for one in later if one not in old]
        assert sorted(new[:4]) == sorted(again) and sorted(new[5:]) == sorted(answer), new
        assert new[4:5] == changes(protocol, f'BLOCK {SSM}@{S1}')
        for lan, octets in ((a, protocol.query_octets[0]), (b, protocol.query_octets[1])):
            asked = {m.ip_length for m in proxy.watch.said(protocol)
                     if m.mac == lan.mac(US) and m.type == protocol.query_type and not m.sources}
            assert asked == {octets}, (lan.name, asked)
        assert is_whole([one.number for one in proxy.arrived(a, address(specific))])
        assert not proxy.arrived(b, address(specific))


def wait_data(proxy, lan, n):
    """Until the host of a LAN has had n more frames."""
    host = proxy.hosts[lan]
    before = host.counter(lan.name)
    wait_for(lambda: host.counter(lan.name) >= before + n, 20, f'data comes to {lan.name}')


def send_from(host, lan, source, *groups):
    """A flow of each family from another address of the host."""
    return [Traffic(host, *[at_port(family.address(one)) for one in groups], rate=50, interface=lan.name,
                    source=family.address(source)) for family in FAMILIES]


def take_addresses(host, lan, *addresses):
    for one in addresses:
        for family, length in zip(FAMILIES, (32, 128)):
            host.run('ip', 'addr', 'add', f'{family.address(one)}/{length}', 'dev', lan.name,
                     *['nodad'] * family.is_ipv6)


@side_by_side
def test_data_goes_to_members_while_mcring_is_the_querier(place):
    """P-15, P-16, P-17, P-18, P-19, P-20, P-24, F-1, F-13, F-14, F-18, F-25, F-26, R-EL-12: and to no other;
    upstream always."""
    keys = f'role=downstream,{QUERIER},{QUICK},query-interval=2'
    proxy = Proxy(place, [UPSTREAM, keys, keys])
    up, a, b = proxy.lans
    source, forged = up.ipv4(SOURCE), a.ipv4(77)
    take_addresses(proxy.source, up, S2, forged)
    flows = [one for address, groups in ((source, (G, NOBODYS, SSM)), (S2, (SSM,)), (forged, (G,)))
             for one in send_from(proxy.source, up, address, *groups)]
    wait_for(lambda: proxy.daemon.stats()['received'] > 100, 10, 'all that comes before anybody joins')
    proxy.do(a, 'join', G, f'{SSM}@{source}')
    proxy.wait(a, G, f'{SSM}@{source}')
    wait_data(proxy, a, 50)
    proxy.do(b, 'join', G, OTHER)
    proxy.wait(b, G, OTHER)
    flows.append(proxy.send(proxy.hosts[a], a, OTHER, NOBODYS, rate=50))
    wait_data(proxy, b, 100)
    quiet = time.time() + BUSY_S  # from then on nothing is told upstream
    wait_for(lambda: time.time() > quiet, 5, 'all is told')
    for protocol in PROTOCOLS:
        inject(proxy.hosts[a], protocol.query(3, tenths=5, qqic=1, source=a.address(1, protocol)),
               interface=a.name)
    wait_role(proxy.daemon, a, 'other')
    wait_for(lambda: f'relay forwards nothing to {a.name}' in proxy.daemon.log(), 2, 'the log says so')
    wait_role(proxy.daemon, a, 'us')
    wait_data(proxy, a, 50)
    for flow in flows:
        flow.stop()
    stats = proxy.daemon.stats()
    identity(stats)
    assert drops(stats)['wrong_interface'] > 0
    ends = time.time()
    proxy.daemon.stop()
    proxy.stop()
    for protocol in PROTOCOLS:
        assert_forwarded(proxy, protocol, source, forged)
        told = [m for m in proxy.said_upstream(protocol) if m.time > quiet]
        assert all(m.time > ends for m in told), 'who is not the querier stays a member upstream'
        left = [one for m in told for one in m.told_whole()]
        assert sorted(left) == sorted(changes(protocol, f'TO_IN {G}', f'TO_IN {OTHER}',
                                              f'BLOCK {SSM}@{source}'))


def assert_forwarded(proxy, protocol, source, forged):
    """The data of one family."""
    up, a, b = proxy.lans
    address = protocol.family.address
    joined = {lan: first_told(m for m in proxy.watch.said(protocol) if m.mac == lan.mac(HOST))
              for lan in (a, b)}
    lost = next(m.time for m in proxy.watch.said(protocol)
                if m.mac == ELSEWHERE and m.type == protocol.query_type)
    assert not [one for one in proxy.data if one.source == address(forged) and
                one.mac in [lan.mac(US) for lan in proxy.lans]]
    flow = proxy.arrived(a, address(G))
    first, back = ([one for one in flow if (one.time < lost + BUSY_S) == early] for early in (True, False))
    gap_s = back[0].time - first[-1].time
    print(protocol, f'join to data {1000 * (flow[0].time - joined[a][TO_EX, address(G)]):.2f} ms, election '
          f'to last datagram {1000 * (first[-1].time - lost):.2f} ms, OQPI 2.25 s, silent {gap_s:.2f} s')
    assert 0 < flow[0].time - joined[a][TO_EX, address(G)] < BUSY_S
    assert first[-1].time - lost < BUSY_S and 2.1 < gap_s < 2.25 + 2 * BUSY_S
    assert is_whole([one.number for one in first]) and is_whole([one.number for one in back])
    assert is_whole([one.number for one in proxy.arrived(b, address(G))]), 'b has its own querier'
    assert {one.ttl for one in proxy.data if one.mac in (a.mac(US), b.mac(US), up.mac(US))} == {3}
    specific = proxy.arrived(a, address(SSM))
    assert specific and {one.source for one in specific} == {address(source)}
    assert not proxy.arrived(b, address(SSM)) and not proxy.arrived(a, address(OTHER))
    # From a downstream: upstream always, to members elsewhere, never back.
    here = address(a.ipv4(HOST))
    sent = [one.number for one in proxy.data if one.mac == a.mac(HOST) and one.group == address(OTHER)]
    for lan, group in ((up, OTHER), (up, NOBODYS), (b, OTHER)):
        assert [one.number for one in proxy.arrived(lan, address(group), here)] == sent, lan.name
    assert not proxy.arrived(b, address(NOBODYS)) and not proxy.arrived(a, address(NOBODYS))
    assert not proxy.arrived(up, address(G))


def report(source, groups):
    """A frame of IGMPv3 with a TO_EX{} of each group."""
    body = struct.pack('!BBHHH', 0x22, 0, 0, 0, len(groups)) + b''.join(
        struct.pack('!BBH4s', TO_EX, 0, 0, packed(one)) for one in groups)
    return IGMP.frame(body[:2] + struct.pack('!H', checksum(body)) + body[4:], source, '224.0.0.22')


@side_by_side
def test_local_joins_and_downstream_members_are_one_membership(place):
    """P-4, P-23, P-24, P-26, P-27, P-30: leaving one never withdraws the other."""
    keys = f'role=downstream,{QUERIER},{QUICK},query-interval=2'
    proxy = Proxy(place, [UPSTREAM, keys, keys])
    up, a, b = proxy.lans

    def local(verb, *joins):
        for family in FAMILIES:
            proxy.daemon.ctl(verb, *[f'{family.join(one)},interface={up.name}' for one in joins])

    # A thousand groups in six reports, which then time out.
    many = [f'239.8.{i // 250}.{i % 250 + 1}' for i in range(1000)]
    inject(proxy.hosts[b], *[report(b.ipv4(HOST), many[i:i + 180]) for i in range(0, 1000, 180)],
           interface=b.name)
    wait_for(lambda: len(table(proxy.daemon, b)) == 1000, 5, 'all are known')

    local('join', f'{G}:5000', f'{SSM}:5000@{S1}')
    proxy.do(a, 'join', G, f'{SSM}@{S2}')
    proxy.wait(a, G, f'{SSM}@{S2}')
    proxy.do(a, 'leave', G)
    proxy.wait(a, f'{SSM}@{S2}')
    proxy.do(a, 'join', G)
    proxy.wait(a, G, f'{SSM}@{S2}')
    local('leave', f'{G}:5000', f'{SSM}:5000@{S1}')
    proxy.do(a, 'leave', G, f'{SSM}@{S2}')
    proxy.wait(a)

    # What only one of them wants the other does not get.
    local('join', '239.3.3.1:5000')
    proxy.do(a, 'join', '239.3.3.2')
    proxy.wait(a, '239.3.3.2')
    before = proxy.daemon.stats()
    mcsend(proxy.source, *[at_port(one) for one in both('239.3.3.1', '239.3.3.2')], count=100, rate=1000,
           interface=up.name)
    wait_for(lambda: proxy.daemon.stats()['delivered'] - before['delivered'] == 200, 5, 'the rings get theirs')
    after = proxy.daemon.stats()
    identity(after)
    assert after['relayed_only'] - before['relayed_only'] == 200

    wait_for(lambda: not table(proxy.daemon, b), 20, 'they time out')
    since = {group: one['since_ns'] for group, one in table(proxy.daemon, a).items()}
    flap = time.time()
    up.carrier(US, 'down')
    wait_for(lambda: 'link down' in proxy.daemon.log(), 5, 'the link is down')
    up.carrier(US, 'up')
    proxy.do(a, 'join', OTHER)
    proxy.wait(a, '239.3.3.2', OTHER)
    assert all(abs(table(proxy.daemon, a)[group]['since_ns'] - since[group]) < 1e6 for group in since)

    def told_again():
        return all(protocol.status(proxy.daemon)['reports'] >= then + 1
                   for protocol, then in zip(PROTOCOLS, reports))

    reports = [protocol.status(proxy.daemon)['reports'] for protocol in PROTOCOLS]
    proxy.do(a, 'join', MIXED)
    wait_for(told_again, 5, 'it says what it says')
    killed = time.time()
    proxy.daemon.stop(signal.SIGKILL)
    proxy.stop()
    for protocol in PROTOCOLS:
        address = protocol.family.address
        said = proxy.said_upstream(protocol)
        assert not [m for m in said if m.time > killed], 'who is killed says nothing'
        early = [one for m in said if m.time < flap for one in m.told_whole()
                 if not one[1].startswith('239.8.')]
        expected = changes(protocol, f'TO_EX {G}', f'ALLOW {SSM}@{S1}', f'ALLOW {SSM}@{S2}',
                           f'BLOCK {SSM}@{S1}', f'TO_IN {G}', f'BLOCK {SSM}@{S2}', 'TO_EX 239.3.3.1',
                           'TO_EX 239.3.3.2')
        assert sorted(early) == sorted(expected), early
        late = {one[1] for m in said if m.time > flap for one in m.told_whole() if one[0] in (TO_EX, IS_EX)}
        assert {address('239.3.3.1'), address('239.3.3.2')} <= late, 'all is told again'
        assert not proxy.arrived(a, address('239.3.3.1')) and not proxy.arrived(b, address('239.3.3.2'))
        assert len(proxy.arrived(a, address('239.3.3.2'))) == 100
    packed_in = [[one for one in m.told_whole() if one[1] in many] for m in proxy.said_upstream(IGMP)]
    for kind in (TO_EX, TO_IN):
        assert sorted(one[1] for told in packed_in for one in told if one[0] == kind) == sorted(many)
        reports = [told for told in packed_in if told and told[0][0] == kind]
        print('reports of 1,000 groups:', len(reports))
        assert len(reports) <= 20


# ---- captures of other proxies ----

CAPTURES = os.path.join(SHARED, 'igmp', 'router-pcaps')
THEIR_S1, THEIR_S2 = '10.1.0.2', '10.1.0.77'


def of_host(name, host):
    """[(when, frame)] of what a host says of groups in a capture of IGMP."""
    frames = rdpcap(os.path.join(CAPTURES, f'{name}.pcap'))
    return [(float(one.time), bytes(one)) for one in frames
            if IP in one and one[IP].src == host and one[IP].proto == 2 and bytes(one[IP].payload)[0] != 0x11]


def from_host(frame, source):
    """The frame with another IP source address."""
    length = 4 * (frame[14] & 15)
    header = frame[14:24] + b'\0\0' + packed(source) + frame[30:14 + length]
    header = header[:10] + struct.pack('!H', checksum(header)) + header[12:]
    return frame[:14] + header + frame[14 + length:]


def by_group(told):
    """{group: what was said of it}, without repetitions, answers and IGMPv2."""
    groups = {}
    for kind, group, sources in told:
        one = groups.setdefault(group, [])
        if kind in RECORDS and kind not in (IS_IN, IS_EX) and one[-1:] != [(kind, sources)]:
            one.append((kind, sources))
    return groups


def replay(place, name, more=''):
    """Has the hosts below another proxy, which a capture shows, say the same below ours; gives what the
    other and ours told upstream, by group."""
    proxy = Proxy(place, [UPSTREAM, *[f'role=downstream,{QUERIER},query-response-interval=1,'
                                      f'last-member-query-interval=0.1,{more}'] * 2])
    up, a, b = proxy.lans
    events = sorted([(*one, a) for one in of_host(f'{name}-a0', '10.2.0.2')] +
                    [(*one, b) for one in of_host(f'{name}-b0', '10.3.0.2')], key=lambda one: one[0])
    heard = 0
    for _, frame, lan in events:
        inject(proxy.hosts[lan], from_host(frame, lan.ipv4(HOST)), interface=lan.name)
        heard += 1

        def is_done():
            seen = [querier(proxy.daemon, one, IGMP)['rx'] for one in (a, b)]
            return sum(sum(one.values()) for one in seen) >= heard and not asking(proxy)

        wait_for(is_done, 5, 'it is heard, and nothing is about to end')
    proxy.stop()
    theirs = [one for m in messages_of(os.path.join(CAPTURES, f'{name}-s0.pcap'), IGMP)
              if m.source == '10.1.0.1' for one in m.told_whole()]
    return by_group(theirs), by_group(proxy.told(IGMP))


needs_captures = pytest.mark.skipif(not os.path.isdir(CAPTURES), reason='absent: captures of other proxies')


@needs_captures
@side_by_side
def test_below_us_the_hosts_of_mcproxy_lead_to_the_same(place):
    """P-6, P-7, P-8, P-13, P-14."""
    theirs, ours = replay(place, 'px-mcproxy')
    assert ours[G] == theirs[G] == [(TO_EX, []), (TO_IN, []), (TO_EX, [])]
    # It says by the kernel's interface for programs that it includes the first source; and nothing of a
    # source that is blocked until somebody wants it.
    assert theirs[SSM][0] == (TO_IN, [THEIR_S1]) and ours[SSM][0] == (ALLOW, [THEIR_S1])
    assert ours[SSM][1:] == theirs[SSM][1:] == [
        (ALLOW, [THEIR_S2]), (BLOCK, [THEIR_S1]), (BLOCK, [THEIR_S2])]
    assert ours[MIXED] == theirs[MIXED][:1] + [(BLOCK, [THEIR_S2])] + theirs[MIXED][1:] == [
        (TO_EX, []), (BLOCK, [THEIR_S2]), (ALLOW, [THEIR_S2]), (TO_IN, [THEIR_S2]), (BLOCK, [THEIR_S2])]
    # It tells what never leaves its link, and what should not leave its site.
    assert set(theirs) - set(ours) >= {'224.0.0.251', '239.255.255.250'}
    assert set(ours) == {G, SSM, MIXED}


@needs_captures
@side_by_side
def test_below_us_the_hosts_of_igmpproxy_with_quick_leave_leave_nothing_behind(place):
    """P-12, P-13, P-28."""
    theirs, ours = replay(place, 'px-igmpproxy-ql', 'fast-leave=on')
    assert theirs[G] == [(TO_EX, [])], 'the last leave on two LANs is lost'
    assert ours == {G: [(TO_EX, []), (TO_IN, []), (TO_EX, [])], MIXED: [(TO_EX, []), (TO_IN, [])]}
    assert theirs[SSM] == [(TO_EX, [])], 'a report that no source-specific router heeds'
