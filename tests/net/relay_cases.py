# SPDX-License-Identifier: BSD-3-Clause
"""Crafted packets, and to which links a relay sends them (docs/routing.md, rows F-*). Their number is the
IPv4 identification, and the flow label of IPv6.

Members are as WANTED says. To b goes only what has a TTL above THRESHOLD, and up to MTU octets."""

from typing import NamedTuple

from frames import (Dot1Q, Ether, HBHOptUnknown, IP, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                    IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, RouterAlert, UDP, fragments, mac)
from family import IPV4, IPV6
from membership_lan import IS_EX, IS_IN
from relay_lan import host_mac, relay_mac
from scapy.layers.inet import (ICMP, IPOption, IPOption_LSRR, IPOption_RR, IPOption_Router_Alert,
                               IPOption_SSRR, fragment)
from scapy.layers.inet6 import ICMPv6EchoRequest
from scapy.packet import Raw

GROUP, SSM, LINKS_OWN, OTHER, SCOPED = ('239.1.2.3', '232.1.2.3', '224.0.0.77', '224.0.1.1',
                                        '239.255.1.1')
SOURCE, STRANGER = '10.1.0.2', '10.1.0.3'  # hosts of s; the first is the one that SSM wants
BOTH, NONE = 'ab', ''
# What the members on the links a and b want: a mode, and its sources.
EVERYBODY = {'a': (IS_EX, []), 'b': (IS_EX, [])}
WANTED = {
    **{group: EVERYBODY for group in (GROUP, LINKS_OWN, SCOPED, '239.1.6.1')},
    SSM: {'a': (IS_IN, [SOURCE]), 'b': (IS_IN, [SOURCE])},
    '239.1.4.1': {'a': (IS_EX, [])},
    '239.1.4.2': {'b': (IS_EX, [])},
    '239.1.5.1': {'a': (IS_EX, [STRANGER]), 'b': (IS_IN, [STRANGER])},
}
WANTED4 = {OTHER: EVERYBODY}
WANTED6 = {f'{scope}::1:203': EVERYBODY for scope in ('ff01', 'ff05', 'ff12', 'ff10')}
THRESHOLD, MTU = 10, 1300
ELSEWHERE = '192.0.2.9'
BAD_SOURCES = {'0.0.0.0': 17, '127.0.0.1': 18, '224.1.1.1': 19, '255.255.255.255': 20,
               '10.1.0.1': 21, '10.2.0.1': 22}
BAD_SOURCES6 = {'::': 17, '::1': 18, 'ff15::9': 19, 'fe80::2': 20, '2001:db8::1:1': 21,
                '2001:db8::2:1': 22, '::ffff:10.1.0.2': 23}


def wanted(family):
    """WANTED with the family's addresses."""
    twins = {family.address(group): {
        link: (mode, [family.address(one) for one in sources])
        for link, (mode, sources) in links.items()} for group, links in WANTED.items()}
    return {**twins, **(WANTED6 if family.is_ipv6 else WANTED4)}


def want(family, group, source):
    """The links where somebody wants this."""
    return ''.join(link for link, (mode, sources) in wanted(family).get(group, {}).items()
                   if (source in sources) == (mode == IS_IN))


class Case(NamedTuple):
    number: int
    name: str
    frames: list  # of octets
    to: str  # links
    link: str = 's'  # where it comes from
    kernel: str = None  # to which links Linux sends it, where that differs; '?' = does not matter


def ipv4(number, group=GROUP, source=SOURCE, to=None, sender=None, payload=b'', layer=None, tags=(),
         ttl=64, **ip):
    frame = Ether(dst=to or mac(group), src=sender or host_mac('s'))
    for tag in tags:
        frame = frame / tag
    return frame / IP(src=source, dst=group, ttl=ttl, id=number, **ip) / (
        layer or UDP(sport=4000, dport=5000) / Raw(b'case%03d ' % number + payload))


def ipv6(number, group=GROUP, source=SOURCE, to=None, sender=None, payload=b'', layer=None, tags=(),
         headers=(), ttl=64, **ip):
    source, group = (one if ':' in one else IPV6.address(one) for one in (source, group))
    frame = Ether(dst=to or mac(group), src=sender or host_mac('s'))
    for tag in tags:
        frame = frame / tag
    frame = frame / IPv6(src=source, dst=group, hlim=ttl, fl=number, **ip)
    for header in headers:
        frame = frame / header
    return frame / (layer or UDP(sport=4000, dport=5000) / Raw(b'case%03d ' % number + payload))


def changed(frame, **octets):
    """The frame with other octets: o24=1 sets octet 24."""
    octets = {int(at[1:]): value for at, value in octets.items()}
    return bytes(octets.get(at, octet) for at, octet in enumerate(bytes(frame)))


def flipped(frame, at):
    frame = bytes(frame)
    return frame[:at] + bytes((frame[at] ^ 0xff,)) + frame[at + 1:]


def number_of(packet, kind):
    """The number of a packet's case; None: it is of none."""
    if kind == b'\x08\0':
        return int.from_bytes(packet[4:6], 'big')
    if kind == b'\x86\xdd':
        return int.from_bytes(packet[1:4], 'big') & 0xfffff
    return None


def in_both_families(make):
    """Cases of either family, that the function makes."""
    udp = 54 if make is ipv6 else 34  # where the UDP header begins
    downstream = IPV6.address('10.2.0.2') if make is ipv6 else '10.2.0.2'
    yield Case(1, 'the first packet of a flow', [make(1)], BOTH)
    yield Case(2, 'TTL 64', [make(2)], BOTH)
    yield Case(3, 'TTL 2', [make(3, ttl=2)], 'a', kernel=BOTH if make is ipv6 else None)
    yield Case(4, 'TTL 1', [make(4, ttl=1)], NONE)
    yield Case(5, 'TTL 0', [make(5, ttl=0)], NONE)
    # ip6mr has no thresholds.
    yield Case(6, 'the TTL is the threshold', [make(6, ttl=THRESHOLD)], 'a',
               kernel=BOTH if make is ipv6 else None)
    yield Case(7, 'TTL above the threshold', [make(7, ttl=THRESHOLD + 1)], BOTH)
    yield Case(15, 'a group of the link alone', [make(15, LINKS_OWN)], NONE)
    yield Case(24, 'a source off the subnet', [make(24, source='2001:db8:9::9' if make is ipv6 else
                                                    ELSEWHERE)], BOTH)
    yield Case(25, "a source of d0's subnet on u0", [make(25, source='10.2.0.99')], NONE,
               kernel=BOTH)
    yield Case(28, 'bad UDP checksum', [flipped(make(28), udp + 6)], BOTH)
    yield Case(29, 'UDP checksum 0',
               [changed(make(29), **{f'o{udp + 6}': 0, f'o{udp + 7}': 0})], BOTH)
    # Linux takes what it gets; RFC 1122 §3.3.6 says not to.
    yield Case(33, "the unicast MAC address of u0", [make(33, to=relay_mac('s'))], NONE,
               kernel=BOTH)
    yield Case(34, "another group's MAC address", [make(34, to='01:00:5e:05:05:05')], BOTH)
    yield Case(35, 'the broadcast MAC address', [make(35, to='ff:ff:ff:ff:ff:ff')], NONE, kernel=BOTH)
    yield Case(36, 'a foreign unicast MAC address', [make(36, to='02:aa:bb:cc:dd:ee')], NONE)
    yield Case(37, 'padding behind the packet', [bytes(make(37)) + b'\xaa' * 30], BOTH)
    yield Case(38, 'SSM: the first of the right source', [make(38, SSM)], BOTH)
    yield Case(39, 'SSM: the right source', [make(39, SSM)], BOTH)
    yield Case(40, 'SSM: another source', [make(40, SSM, STRANGER)], NONE)
    yield Case(41, 'SSM: another source again', [make(41, SSM, STRANGER)], NONE)
    yield Case(42, 'a group without members', [make(42, '239.9.9.9')], NONE)
    yield Case(43, 'a group without members again', [make(43, '239.9.9.9')], NONE)
    # The table has no route for it; RFC 4605 §4.2 has it go upstream, and to other members.
    yield Case(44, 'from downstream', [make(44, source='10.2.0.2', sender=host_mac('a'))], 'sb', 'a', NONE)
    yield Case(45, 'from downstream again', [make(45, source='10.2.0.2', sender=host_mac('a'))], 'sb',
               'a', NONE)
    yield Case(46, 'the source is of another interface', [make(46, sender=host_mac('a'))], NONE, 'a')
    yield Case(47, 'VLAN 5', [make(47, tags=[Dot1Q(vlan=5)])], NONE)
    yield Case(48, 'a priority tag', [make(48, tags=[Dot1Q(vlan=0, prio=5)])], BOTH)
    yield Case(62, 'an own frame comes back', [make(62, sender=relay_mac('s'))], NONE, kernel=BOTH)
    yield Case(63, "the frame of another port comes back", [make(63, sender=relay_mac('b'))], NONE,
               kernel=BOTH)
    yield Case(64, 'members on a alone', [make(64, '239.1.4.1')], 'a')
    yield Case(65, 'members on b alone', [make(65, '239.1.4.2')], 'b')
    yield Case(66, 'a group that only rings want', [make(66, '239.1.6.2')], NONE)
    yield Case(67, 'a group that rings want, too', [make(67, '239.1.6.1')], BOTH)
    yield Case(68, 'the same with TTL 1', [make(68, '239.1.6.1', ttl=1)], NONE)
    yield Case(69, 'no member, from downstream', [make(69, '239.9.9.9', '10.2.0.2')], 's', 'a', NONE)
    yield Case(70, "off the subnet, from downstream",
               [make(70, source='2001:db8:9::9' if make is ipv6 else ELSEWHERE)], NONE, 'a')
    yield Case(71, 'a source that a excludes', [make(71, '239.1.5.1', STRANGER)], 'b')
    yield Case(72, 'a source that b does not include', [make(72, '239.1.5.1', '10.1.0.4')], 'a')
    yield Case(73, 'a unicast address with a MAC address of a group',
               [make(73, downstream, to=mac(GROUP))], NONE, kernel='?')
    yield Case(74, 'TTL 255', [make(74, ttl=255)], BOTH)
    yield Case(75, 'longer than the frame', [bytes(make(75, payload=b'x' * 40))[:-8]], NONE)


def of_ipv4():
    yield from in_both_families(ipv4)
    yield Case(60, 'a scope that ends here', [ipv4(60, SCOPED)], NONE, kernel=BOTH)
    yield Case(61, 'the same from downstream', [ipv4(61, SCOPED, '10.2.0.2')], NONE, 'a')
    yield Case(16, '224.0.1/24', [ipv4(16, OTHER)], BOTH)
    yield Case(8, 'TOS b9, DF', [ipv4(8, tos=0xb9, flags='DF')], BOTH)
    yield Case(9, 'Router Alert', [ipv4(9, options=[IPOption_Router_Alert()])], BOTH)
    # Linux writes its address into it.
    yield Case(10, 'record route', [ipv4(10, options=[IPOption_RR(
        length=11, pointer=4, routers=['0.0.0.0', '0.0.0.0'])])], BOTH, kernel='?')
    yield Case(11, 'three fragments', [Ether(dst=mac(GROUP), src=host_mac('s')) / one for one in
                                       fragment(ipv4(11, payload=b'x' * 2000)[IP], 800)], BOTH)
    yield Case(12, 'a later fragment alone', [Ether(dst=mac(GROUP), src=host_mac('s')) / fragment(
        ipv4(12, payload=b'y' * 1500)[IP], 800)[1]], BOTH)
    yield Case(13, 'longer than the MTU, DF', [ipv4(13, payload=b'z' * 1364, flags='DF')], 'a')
    # Linux makes fragments of it.
    yield Case(14, 'longer than the MTU', [ipv4(14, payload=b'z' * 1364)], 'a', kernel='?')
    for source, number in BAD_SOURCES.items():
        yield Case(number, f'source {source}', [ipv4(number, source=source)], NONE)
    yield Case(27, 'bad header checksum', [flipped(ipv4(27), 24)], NONE)
    yield Case(30, 'ICMP', [ipv4(30, layer=ICMP() / Raw(b'case030'))], BOTH)
    report = Raw(bytes.fromhex('1600f8faef010203'))
    yield Case(31, 'IGMP, TTL 64', [ipv4(31, layer=report, proto=2)], NONE)
    yield Case(32, 'IGMP, TTL 64, Router Alert',
               [ipv4(32, layer=report, proto=2, options=[IPOption_Router_Alert()])], NONE)
    yield Case(49, 'the IP length is shorter than the UDP length', [
        ipv4(49, len=30, layer=UDP(sport=4000, dport=5000, len=200) / Raw(b'case049 '))], BOTH)
    yield Case(0, 'DF and id 0', [ipv4(0, flags='DF')], BOTH)
    for number, option in (80, IPOption_LSRR), (81, IPOption_SSRR):
        yield Case(number, f'source route {option.__name__[-4:]}',
                   [ipv4(number, options=[option(routers=['10.9.9.9'])])], NONE, kernel='?')
    yield Case(82, 'version 5', [changed(ipv4(82), o14=0x55)], NONE)
    yield Case(83, 'a header of 16 octets', [changed(ipv4(83), o14=0x44)], NONE)
    yield Case(84, 'source 169.254.1.1', [ipv4(84, source='169.254.1.1')], NONE, kernel='?')
    yield Case(85, 'options to the last octet', [ipv4(85, options=[IPOption(
        b'\x82' + b'\x0b' + bytes(9)), *[IPOption(b'\x01')] * 29])], BOTH, kernel='?')
    yield Case(86, 'the last fragment alone', [ipv4(86, frag=100, layer=Raw(b'z' * 40), proto=132)],
               BOTH)


def of_ipv6():
    yield from in_both_families(ipv6)
    alert = IPv6ExtHdrHopByHop(options=[RouterAlert(value=5)])
    yield Case(8, 'traffic class b9', [ipv6(8, tc=0xb9)], BOTH)
    # Linux asks programs whether they know this alert.
    yield Case(9, 'Router Alert', [ipv6(9, headers=[alert])], BOTH)
    yield Case(10, 'destination options', [ipv6(10, headers=[IPv6ExtHdrDestOpt(
        options=[HBHOptUnknown(otype=0x1e, optdata=b'x' * 20)])])], BOTH)
    yield Case(11, 'fragments', list(fragments(ipv6(11, payload=b'x' * 2000), 800, 11)), BOTH)
    yield Case(12, 'a later fragment alone',
               [list(fragments(ipv6(12, payload=b'y' * 1500), 800, 12))[1]], BOTH)
    yield Case(13, 'longer than the MTU', [ipv6(13, payload=b'z' * 1344)], 'a')
    yield Case(14, 'ff01::', [ipv6(14, 'ff01::1:203')], NONE)
    for source, number in BAD_SOURCES6.items():
        yield Case(number, f'source {source}', [ipv6(number, source=source)], NONE, kernel='?')
    yield Case(30, 'ICMPv6', [ipv6(30, layer=ICMPv6EchoRequest(data=b'case030'))], BOTH)
    report = bytes.fromhex('83000000' '00000000') + bytes.fromhex('ff15' + '00' * 10 + '00010203')
    yield Case(31, 'MLD, hop limit 64', [ipv6(31, layer=Raw(report), nh=58)], NONE, kernel='?')
    yield Case(32, 'MLD, hop limit 64, Router Alert', [
        ipv6(32, headers=[IPv6ExtHdrHopByHop(nh=58, options=[RouterAlert()])], layer=Raw(report))],
        NONE, kernel='?')
    yield Case(49, 'nothing follows', [ipv6(49, layer=Raw(b'case049'), nh=59)], BOTH)
    yield Case(50, 'of the site', [ipv6(50, 'ff05::1:203')], BOTH)
    yield Case(51, 'of the link alone, transient', [ipv6(51, 'ff12::1:203')], NONE, kernel='?')
    yield Case(52, 'routing header', [ipv6(52, headers=[IPv6ExtHdrRouting(
        type=2, segleft=0, addresses=['2001:db8::9'])])], BOTH)
    yield Case(53, 'the last fragment alone, of no known protocol', [ipv6(53, headers=[
        IPv6ExtHdrFragment(nh=132, offset=100, id=53)], layer=Raw(b'z' * 40))], BOTH)
    yield Case(54, 'version 5', [changed(ipv6(54), o14=0x50)], NONE)
    yield Case(55, 'scope 0', [ipv6(55, 'ff10::1:203')], NONE, kernel='?')


CASES = {IPV4: list(of_ipv4()), IPV6: list(of_ipv6())}
