# SPDX-License-Identifier: BSD-3-Clause
"""Frames that make no sense are counted, each under one reason, and do no harm."""

import random

from conftest import both_families
from family import IPV4, IPV6, at_port
from frames import (Dot1Q, Ether, HBHOptUnknown, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                    IPv6ExtHdrHopByHop, Jumbo, mac, multicast, write_pcap)
from programs import Daemon, drops, identity


def cut(frame):
    """The frame cut at every octet (a cut behind the IP total length would be whole)."""
    data = bytes(frame)
    return [data[:n] for n in range(1, len(data))]


def broken_ipv4(rng, frame, payload):
    kind = rng.randrange(4)
    if kind == 0:
        frame['IP'].ihl = rng.choice([0, 1, 2, 3, 4, 14, 15])
    elif kind == 1:
        frame['IP'].len = rng.choice([0, 1, 19, 20, 27, 28 + len(payload) + 1, 65535])
    elif kind == 2:
        frame['IP'].chksum = rng.randrange(65536)
        frame['IP'].id = 1
    else:
        frame['IP'].flags, frame['IP'].frag = rng.choice([(1, 0), (0, 1), (1, 100)])
    return frame


def broken_ipv6(rng, frame, payload):
    """Headers that a receiver must not accept: RFC 8200 §4, RFC 2675 §3."""
    kind = rng.randrange(6)
    if kind == 0:
        frame['IPv6'].plen = rng.choice([0, 1, 7, 8 + len(payload) + 1, 65535])
    elif kind == 1:
        frame['UDP'].chksum = 0
    elif kind == 2:  # not for us to skip
        options = [HBHOptUnknown(otype=rng.choice([0x42, 0x83, 0xc7]), optdata=b'..')]
        header = rng.choice([IPv6ExtHdrHopByHop, IPv6ExtHdrDestOpt])(options=options)
        return insert(frame, header)
    elif kind == 3:
        return insert(frame, *[IPv6ExtHdrDestOpt()] * rng.randrange(9, 20))
    elif kind == 4:
        return insert(frame, IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=70_000)]))
    else:
        offset, more = rng.choice([(0, 1), (1, 0), (100, 1)])
        return insert(frame, IPv6ExtHdrFragment(offset=offset, m=more))
    return frame


def insert(frame, *headers):
    """The frame with headers between IPv6 and UDP."""
    datagram = frame['UDP']
    frame['IPv6'].remove_payload()
    for header in headers:
        frame = frame / header.copy()
    return frame / datagram


def broken(rng, group):
    """One frame with something wrong in its lengths, checksums or headers."""
    payload = rng.randbytes(rng.randrange(0, 200))
    frame = multicast(payload, group=group, port=rng.randrange(65536))
    ip = frame.payload
    kind = rng.randrange(7)
    if kind == 0:
        frame['UDP'].len = rng.choice([0, 1, 7, 8 + len(payload) + 1, 65535])
    elif kind == 1:
        ip.version = rng.choice([0, 1, 5, 10 - ip.version, 15])
    elif kind == 2:
        frame = Ether(src='02:00:00:00:00:07', dst=mac(group))
        for _ in range(rng.randrange(3, 20)):
            frame = frame / Dot1Q(vlan=rng.randrange(4096))
        frame = frame / ip
    else:
        frame = (broken_ipv6 if ip.version == 6 else broken_ipv4)(rng, frame, payload)
    return bytes(frame)


# Beside those of both.
REASONS = {IPV4: ('bad_ip_checksum',), IPV6: ('no_udp_checksum',)}


@both_families
def test_thousands_of_malformed_frames_are_counted_and_the_next_good_one_arrives(lab, family):
    rng = random.Random(7)
    group, good = map(family.address, ('239.1.1.1', '239.1.1.9'))
    longer = {'headers': [IPv6ExtHdrDestOpt()]} if family.is_ipv6 else {
        'options': b'\x94\x04\x00\x00'}
    whole = multicast(b'payload of a frame that is cut', group=group, **longer)
    tagged = multicast(b'the same, tagged', group=group, tags=(Dot1Q(vlan=0), Dot1Q(vlan=5)))
    bad = cut(whole) + cut(tagged)
    bad += [broken(rng, group) for _ in range(4_000 - len(bad))]
    rng.shuffle(bad)
    # The join is for a port that no broken frame has, so that what is delivered is the good one.
    path = write_pcap(lab.path('bad.pcap'), bad + [multicast(b'good', group=good)])
    daemon = Daemon(lab, lab.namespace('rx'), '--interface', 'feed=net_pcap0', '--join',
                    at_port(good), vdev=f'net_pcap0,rx_pcap={path}')
    status, messages, _ = daemon.cat('--count', 1).wait()
    stats = daemon.stats()
    assert status == 0
    assert bytes.fromhex(messages[0]['data']) == b'good'
    assert stats['received'] == 4_001
    assert stats['delivered'] == 1
    identity(stats)
    seen = drops(stats)
    for reason in ('truncated', 'vlan_depth', 'bad_ip_header', 'fragment', 'bad_udp_length',
                   *REASONS[family]):
        assert seen.get(reason, 0) > 40, (reason, seen)
    assert daemon.stop() == 0
