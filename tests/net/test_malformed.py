# SPDX-License-Identifier: BSD-3-Clause
"""Frames that make no sense are counted, each under one reason, and do no harm."""

import random

from frames import Dot1Q, Ether, multicast, write_pcap
from programs import Daemon, drops, identity


def cut(frame):
    """The frame cut at every octet (a cut behind the IP total length would be whole)."""
    data = bytes(frame)
    return [data[:n] for n in range(1, len(data))]


def broken(rng):
    """One frame with something wrong in its lengths, checksums or headers."""
    payload = rng.randbytes(rng.randrange(0, 200))
    frame = multicast(payload, port=rng.randrange(65536))
    kind = rng.randrange(7)
    if kind == 0:
        frame['IP'].ihl = rng.choice([0, 1, 2, 3, 4, 14, 15])
    elif kind == 1:
        frame['IP'].len = rng.choice([0, 1, 19, 20, 27, 28 + len(payload) + 1, 65535])
    elif kind == 2:
        frame['IP'].chksum = rng.randrange(65536)
        frame['IP'].id = 1
    elif kind == 3:
        frame['UDP'].len = rng.choice([0, 1, 7, 8 + len(payload) + 1, 65535])
    elif kind == 4:
        frame['IP'].version = rng.choice([0, 1, 5, 6, 15])
    elif kind == 5:
        stack = Ether(src='02:00:00:00:00:07', dst='01:00:5e:01:01:01')
        for _ in range(rng.randrange(3, 20)):
            stack = stack / Dot1Q(vlan=rng.randrange(4096))
        frame = stack / frame['IP']
    else:
        frame['IP'].flags, frame['IP'].frag = rng.choice([(1, 0), (0, 1), (1, 100)])
    return bytes(frame)


def test_ten_thousand_malformed_frames_are_counted_and_the_next_good_one_arrives(lab):
    rng = random.Random(7)
    whole = multicast(b'payload of a frame that is cut', options=b'\x94\x04\x00\x00')
    tagged = multicast(b'the same, tagged', tags=(Dot1Q(vlan=0), Dot1Q(vlan=5)))
    bad = cut(whole) + cut(tagged)
    bad += [broken(rng) for _ in range(10_000 - len(bad))]
    rng.shuffle(bad)
    # The join is for a port that no broken frame has, so that what is delivered is the good one.
    path = write_pcap(lab.path('bad.pcap'), bad + [multicast(b'good', group='239.1.1.9')])
    daemon = Daemon(lab, lab.namespace('rx'), '--interface', 'feed=net_pcap0', '--join',
                    '239.1.1.9:5000', vdev=f'net_pcap0,rx_pcap={path}')
    status, messages, _ = daemon.cat('--count', 1).wait()
    stats = daemon.stats()
    assert status == 0
    assert bytes.fromhex(messages[0]['data']) == b'good'
    assert stats['received'] == 10_001
    assert stats['delivered'] == 1
    identity(stats)
    seen = drops(stats)
    for reason in ('truncated', 'vlan_depth', 'bad_ip_header', 'bad_ip_checksum', 'fragment',
                   'bad_udp_length'):
        assert seen.get(reason, 0) > 100, (reason, seen)
    assert daemon.stop() == 0
