# SPDX-License-Identifier: BSD-3-Clause
"""What the relay forwards, octet by octet: all of relay_cases.py goes through one daemon in one run. The
kernel's own forwarding gets the same, which proves the expectations."""

import collections
import ipaddress
import json
import re

import pytest

import netlab
from family import FAMILIES, IPV4, IPV6, at_port
from membership_lan import IGMP, MLD, report
from netlab import wait_for
from programs import EAL
from querier_lan import members
from relay_cases import CASES, MTU, OTHER, SOURCE, SSM, THRESHOLD, number_of, want, wanted
from relay_lan import (LINKS, MARK_GROUP, KernelRouter, RelayLan, account, relay_mac, relayed, settled,
                       start_relay, untagged)

ETHERTYPE = {IPV4: b'\x08\0', IPV6: b'\x86\xdd'}


def by_number(seen):
    """{(EtherType, number): {link: frames}}, of what RelayLan.exchange gives."""
    found = {}
    for link, frames in seen.items():
        for frame in frames:
            kind, packet = untagged(frame)
            found.setdefault((kind, number_of(packet, kind)), {}).setdefault(link, []).append(frame)
    return found


def frames_of(case):
    return [bytes(frame) for frame in case.frames]


def all_frames():
    return [(case.link, frame) for cases in CASES.values() for case in cases
            for frame in frames_of(case)]


def kernels_routes():
    """What a router of PIM would have made of WANTED, for the sources of all cases from upstream."""
    routes = {(f'10.{n}.0.250', MARK_GROUP): ways for n, ways in ((1, ('s', 'ab')), (2, ('a', 'sb')))}
    for family, cases in CASES.items():
        for case in cases:
            kind, packet = untagged(bytes(case.frames[0]))
            source, group = (str(ipaddress.ip_address(packet[at:at + size])) for at, size in (
                ((8, 16), (24, 16)) if family.is_ipv6 else ((12, 4), (16, 4))))
            links = want(family, group, source)
            if case.link == 's' and links:
                routes[source, group] = 's', links
    return routes


@pytest.fixture(scope='module')
def kernels():
    """What the kernel made of all cases, and its routes as `ip` shows them."""
    lab = netlab.Lab()
    try:
        lan = RelayLan(lab, 'k', {'b': MTU}, kernel=True)
        router = KernelRouter(lan, kernels_routes(), {'b': THRESHOLD})
        seen = by_number(lan.exchange(*all_frames()))
        yield seen, lan.relay.run('ip', '-s', 'mroute', 'show').stdout
        router.close()
    finally:
        lab.close()


def shown(links):
    return '; '.join(f'{link}: {" ".join(frame.hex() for frame in frames)}'
                     for link, frames in links.items()) or 'nothing'


def none_differs(family, seen, expected):
    """Just the expected frames came: expected(case) gives {link: frames}, or None if it does not
    matter."""
    differ = []
    for case in CASES[family]:
        came, should = seen.get((ETHERTYPE[family], case.number), {}), expected(case)
        if should is not None and came != should:
            differ.append(f'{family} {case.number} {case.name}\n came   {shown(came)}\n'
                          f' not    {shown(should)}')
    assert not differ, '\n'.join(differ)


def relayed_to(case, links, pads=True):
    return {link: [relayed(frame, relay_mac(link), pads=pads) for frame in frames_of(case)]
            for link in links}


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_the_kernel_forwards_what_the_table_says(kernels, family):
    """The expectations of the next test, as far as Linux does the same."""
    def expected(case):
        links = case.to if case.kernel is None else case.kernel
        return None if links == '?' else relayed_to(case, links, pads=False)

    none_differs(family, kernels[0], expected)


JOINED, RINGS_ALONE = '239.1.6.1', '239.1.6.2'


class Ours:
    """What mcring made of all cases, and what it says of it. driver: of the upstream port. The kernel
    puts IPv4 fragments together for net_af_packet, which cuts the whole datagram."""

    def __init__(self, lab, driver, eal=EAL):
        self.reassembled = (11, 12, 86) if driver == 'net_af_packet' else ()
        self.lan = RelayLan(lab, mtu={'b': MTU})
        querier = f'role=downstream,querier=on,mld-querier=on,static-groups={MARK_GROUP}'
        joins = [f'--join={at_port(family.address(group))},interface=u0' for family in FAMILIES
                 for group in (JOINED, RINGS_ALONE)]
        self.daemon = start_relay(self.lan, {
            's': 'role=upstream', 'a': querier, 'b': f'{querier},ttl-threshold={THRESHOLD}'}, *joins,
            ports={'s': (f'{driver}0', f'{driver}0,iface=u0')}, eal=eal)
        report_wanted(self.lan, self.daemon)
        self.before = account(self.daemon)
        self.seen = by_number(self.lan.exchange(*all_frames()))
        consumer = self.daemon.cat('--count', 6)
        status, self.read, _ = consumer.wait()
        assert status == 0, consumer.errors
        self.after = settled(self.daemon)
        assert self.after['ports'][0]['driver'] == driver
        # Control, and of two lcores the other one.
        assert max(one['tx_shared'] for one in self.after['relay']) == 1 + (eal is TWO_LCORES)
        self.routes = json.loads(self.daemon.ctl('--json', 'routes').stdout)['routes']

    def to(self, family, case):
        return '' if family is IPV4 and case.number in self.reassembled else case.to


def report_wanted(lan, daemon):
    """The members say what they want, and are heard."""
    for link in 'ab':
        for protocol in IGMP, MLD:
            records = [(links[link][0], group, *links[link][1])
                       for group, links in wanted(protocol.family).items() if link in links]
            source = None if protocol is MLD else f'10.{LINKS[link][1]}.0.2'
            lan.ends[link].send(report(protocol, *records, source=source))
    # Those of scopes 0 and 1 are no router's business.
    there = {(LINKS[link][0], group) for family in FAMILIES
             for group, links in wanted(family).items() for link in links
             if group[:4] not in ('ff01', 'ff10')}
    seen = set()

    def known():
        seen.update((one['interface'], one['group']) for one in members(daemon)['members'])
        return seen >= there

    wait_for(known, 10, 'the members are known')


# Of the two lcores one has two of the ports; where the other's frames leave, it hands them over. They
# share CPU 1: with one on each CPU nothing is left for whoever drives them.
TWO_LCORES = ('--lcores', '0@0,1@1,2@1', *EAL[2:])


@pytest.fixture(scope='module', params=[
    ('net_af_packet',), ('net_af_xdp',), ('net_af_packet', TWO_LCORES)],
    ids=['net_af_packet', 'net_af_xdp', 'two lcores'])
def ours(request):
    lab = netlab.Lab()
    try:
        yield Ours(lab, *request.param)
    finally:
        lab.close()


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_each_packet_leaves_where_it_should_with_the_right_octets(ours, family):
    """F-1, F-2, F-4, F-5, F-6, F-7, F-8, F-9, F-10, F-11, F-12, F-13, F-14, F-18, F-19, F-20, F-21, F-22,
    F-24, F-25, F-37, F-40, F-43, F-44, P-14, P-18."""
    none_differs(family, ours.seen, lambda case: relayed_to(case, ours.to(family, case)))


def test_nothing_else_leaves(ours):
    """No ICMP, no fragments, nothing twice."""
    known = {(ETHERTYPE[family], case.number) for family, cases in CASES.items() for case in cases}
    strange = {one: frames for one, frames in ours.seen.items() if one not in known}
    assert not strange, strange


def test_the_rings_get_what_they_would_without_a_relay(ours):
    """F-31, F-36, F-41, P-30: also what no output takes, and nothing of what only outputs want."""
    got = sorted((one['group'], bytes.fromhex(one['data'])) for one in ours.read)
    assert got == sorted((family.address(group), b'case%03d ' % number) for family in FAMILIES
                         for number, group in ((66, RINGS_ALONE), (67, JOINED), (68, JOINED)))
    assert ours.after['delivered'] - ours.before['delivered'] == 6


def grown(ours, *path):
    """By how much a counter has grown."""
    values = []
    for stats in ours.before, ours.after:
        for key in path:
            stats = next(one for one in stats if one['interface'] == key) if isinstance(
                stats, list) else stats[key]
        values.append(stats)
    return values[1] - values[0]


def test_the_counters_say_what_became_of_each(ours):
    """F-4, F-24, F-30, F-31: the copies for each output, and what came in by the wrong interface. A mark
    goes from s to both, from a to s and b."""
    ttl = {'s': [], 'a': [4, 5, 68], 'b': [3, 4, 5, 6, 68]}
    cases = [(family, case) for family, of_family in CASES.items() for case in of_family]
    # Of IPv6, 14 is another one.
    mtu = {'s': 0, 'a': 0, 'b': sum(case.name.startswith('longer than the MTU') for _, case in cases)}
    for link, marks in ('s', 1), ('a', 1), ('b', 2):
        output = LINKS[link][0]
        assert grown(ours, 'relay', output, 'tx') == marks + sum(
            len(case.frames) for family, case in cases if link in ours.to(family, case))
        assert grown(ours, 'relay', output, 'tx_mtu') == mtu[link]
        assert grown(ours, 'relay', output, 'tx_ttl') == sum(case.number in ttl[link] for _, case in cases)
        for what in 'tx_full', 'tx_no_buffer', 'tx_down':
            assert grown(ours, 'relay', output, what) == 0
    # TTL 1 is relayed nowhere, and was for an output all the same; 67 and 68 are delivered.
    forwarded = 2 + sum(len(case.frames) for family, case in cases
                                if ours.to(family, case) or case.number in (4, 5, 68))
    assert grown(ours, 'relayed') == forwarded
    assert grown(ours, 'relayed_only') == forwarded - 4
    # By the wrong interface, in each family: 21, 22, 25, 46, 63, 70. What the relay has nothing to say
    # about has the reason that it has without one.
    assert {one: grown(ours, 'drops', one) for one in ours.after['drops']
            if grown(ours, 'drops', one)} == {
        'truncated': 3 if ours.reassembled else 2, 'own_frame': 2, 'vlan_unknown': 2, 'bad_ip_header': 3,
        'bad_ip_checksum': 1, 'not_multicast': 4, 'unknown_group': 23, 'bad_source': 8,
        'wrong_interface': 12}


def test_routes_say_where_each_flow_went(ours, kernels):
    """F-45: their sums are the counters; of flows of which both forward the same the kernel says so."""
    counted = collections.Counter()
    for route in ours.routes:
        for output in route['outputs']:
            counted[output['interface']] += output['packets']
    for output in ours.after['relay']:
        assert counted[output['interface']] == output['offered'], ours.routes
    assert sum(route['packets'] for route in ours.routes) == ours.after['relayed']
    theirs = re.findall(r'\(([\d.]+),([\d.]+)\) +Iif: (\S+) +Oifs: (\S+(?: \S+)*) +State: resolved'
                        r'\s+(\d+) packets, (\d+) bytes', kernels[1].replace(f'(ttl {THRESHOLD})', ''))
    same = {(one['source'], one['group'], one['interface'],
             ' '.join(out['interface'] for out in one['outputs']), str(one['packets']),
             str(one['bytes'])) for one in ours.routes} & set(theirs)
    assert {group for _, group, *_ in same} >= {SSM, OTHER, '239.1.4.1', '239.1.4.2', '239.1.5.1'}
    ssm = [route for route in ours.routes if route['group'] == SSM and route['packets']]
    assert [(one['source'], one['interface'], one['packets'], [
        (out['interface'], out['packets']) for out in one['outputs']]) for one in ssm] == [
            (SOURCE, 'u0', 2, [('d0', 2), ('d1', 2)])]
