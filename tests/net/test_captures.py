# SPDX-License-Identifier: BSD-3-Clause
"""Captures through net_pcap come out as tshark reads them, byte for byte."""

import os

import pytest

from frames import Dot1AD, Dot1Q, multicast, tshark_datagrams, write_pcap
from netlab import wait_for
from programs import SHARED, Daemon, drops, identity

MARKET = os.path.join(SHARED, 'pcaps', 'market')
# Others that lie beside them are their owner's.
CAPTURES = ['Cboe_Byx.Equities.DepthOfBook.Pitch.v2.41_AddOrderShortMessage',
            'Cme_Mdp3.Sbe.v1.9_MdIncrementalRefreshBook',
            'Eurex_Eobi.T7.v6.0_ProductSummary',
            'Iex_DeepPlus.IexTp.1.0.2_all_message_types',
            'Nasdaq_Nasdaq.Equities.TotalView.Itch.v5.0_Multiple.Packets']


def replay(lab, path, datagrams, *args, vlan=0, keys=''):
    """Replays a capture into joins of all its groups; gives (messages, stats)."""
    host = lab.namespace('rx')
    joins = sorted({f'{d["group"]}:{d["port"]}' for d in datagrams})
    options = [f'--join={join}' for join in joins]
    interface = 'feed=net_pcap0' + (f',vlan={vlan}' if vlan else '') + keys
    daemon = Daemon(lab, host, '--interface', interface, *options, *args,
                    vdev=f'net_pcap0,rx_pcap={path}')
    consumer = daemon.cat('--count', len(datagrams), timeout=10)
    status, messages, _ = consumer.wait()
    assert status == 0, daemon.log()
    return messages, daemon.stats()


def check(messages, datagrams):
    keys = ('group', 'port', 'source', 'source_port', 'vlan', 'data')
    assert [{k: m[k] for k in keys} for m in messages] == datagrams


@pytest.mark.parametrize('name', CAPTURES, ids=[name.split('.')[0] for name in CAPTURES])
def test_a_market_capture_comes_out_byte_for_byte(lab, name):
    if not os.path.isdir(MARKET):
        pytest.skip('absent: ../shared/pcaps/market')
    path = os.path.join(MARKET, f'{name}.pcap')
    datagrams = tshark_datagrams(path)
    assert datagrams
    vlans = {d['vlan'] for d in datagrams}
    assert len(vlans) == 1
    messages, stats = replay(lab, path, datagrams, vlan=vlans.pop())
    check(messages, datagrams)
    assert stats['delivered'] == len(datagrams)
    identity(stats)


@pytest.mark.parametrize('tags', [(Dot1Q(vlan=142),), (Dot1AD(vlan=142), Dot1Q(vlan=7)),
                                  (Dot1Q(vlan=142), Dot1Q(vlan=7))],
                         ids=['one tag', '802.1ad', 'two tags'])
def test_frames_with_vlan_tags(lab, tags):
    frames = [multicast(bytes([n]) * (n + 1), tags=tags) for n in range(50)]
    strangers = [multicast(b'x', tags=(Dot1Q(vlan=9),)), multicast(b'untagged')]
    path = write_pcap(lab.path('vlan.pcap'), frames + strangers)
    datagrams = tshark_datagrams(path)[:50]
    messages, stats = replay(lab, path, datagrams, vlan=142)
    check(messages, datagrams)
    assert drops(stats) == {'vlan_unknown': 2}


def test_octets_behind_the_ip_length_are_not_payload(lab):
    frames = [bytes(multicast(bytes([n]) * n)) + b'trailer' * 3 for n in range(1, 40)]
    path = write_pcap(lab.path('trailer.pcap'), frames)
    datagrams = tshark_datagrams(path)
    assert [len(d['data']) // 2 for d in datagrams] == list(range(1, 40))
    messages, _ = replay(lab, path, datagrams)
    check(messages, datagrams)


def test_octets_behind_the_udp_length_are_not_payload(lab):
    frame = multicast(b'0123456789')
    frame['UDP'].len = 8 + 4
    path = write_pcap(lab.path('short-udp.pcap'), [frame])
    datagrams = [{'group': '239.1.1.1', 'port': 5000}]
    messages, _ = replay(lab, path, datagrams)
    assert bytes.fromhex(messages[0]['data']) == b'0123'


def test_frames_of_9000_octets_come_in_many_segments_and_out_whole(lab):
    sizes = [1, 1472, 2048, 4096, 8000, 8942 - 42, 9000 - 28]
    frames = [multicast(bytes((n + i) & 0xff for i in range(size)))
              for n, size in enumerate(sizes)]
    path = write_pcap(lab.path('jumbo.pcap'), frames)
    datagrams = tshark_datagrams(path)
    assert [len(d['data']) // 2 for d in datagrams] == sizes
    messages, stats = replay(lab, path, datagrams)
    check(messages, datagrams)
    identity(stats)


def test_ip_options_shift_the_payload(lab):
    frames = [multicast(b'router alert', options=b'\x94\x04\x00\x00'),
              multicast(b'forty octets', options=b'\x01' * 40)]
    path = write_pcap(lab.path('options.pcap'), frames)
    messages, _ = replay(lab, path, tshark_datagrams(path))
    assert [bytes.fromhex(m['data']) for m in messages] == [b'router alert', b'forty octets']


def test_a_capture_that_is_cut_off_is_named_once_and_played_to_its_end(lab):
    path = write_pcap(lab.path('cut.pcap'), [multicast(bytes([n]) * 20) for n in range(9)])
    datagrams = tshark_datagrams(path)[:8]
    os.truncate(path, os.path.getsize(path) - 7)
    daemon = Daemon(lab, lab.namespace('rx'), '--interface', 'feed=net_pcap0', '--join',
                    '239.1.1.1:5000', vdev=f'net_pcap0,rx_pcap={path}')
    status, messages, _ = daemon.cat('--count', 8).wait()
    assert status == 0
    check(messages, datagrams)
    assert daemon.log().count(f'{path} is cut off or damaged after packet 8') == 1
    assert daemon.stop() == 0


def test_a_capture_with_a_snapshot_length_is_named_and_its_packets_are_truncated(lab):
    path = lab.path('snap.pcap')
    with open(write_pcap(path, [multicast(b'x' * 40)]), 'r+b') as f:
        f.seek(24 + 12)
        f.write((1400).to_bytes(4, 'little'))  # octets on the wire
        f.seek(24 + 8)
        f.write((60).to_bytes(4, 'little'))
        f.truncate(24 + 16 + 60)
    daemon = Daemon(lab, lab.namespace('rx'), '--interface', 'feed=net_pcap0', '--join',
                    '239.1.1.1:5000', vdev=f'net_pcap0,rx_pcap={path}')
    wait_for(lambda: daemon.stats()['received'] == 1, 10, 'the packet is received')
    assert drops(daemon.stats()) == {'truncated': 1}
    assert f'{path} has 1 packets of 1 that are shorter than on the wire' in daemon.log()
    assert daemon.stop() == 0


def test_a_capture_of_other_than_ethernet_frames_is_refused_by_name(lab):
    path = write_pcap(lab.path('any.pcap'), [multicast(b'x')])
    with open(path, 'r+b') as f:
        f.seek(20)
        f.write((113).to_bytes(4, 'little'))
    daemon = Daemon(lab, lab.namespace('rx'), '--interface', 'feed=net_pcap0', '--join',
                    '239.1.1.1:5000', vdev=f'net_pcap0,rx_pcap={path}', wait=False)
    assert daemon.process.wait(20) == 1
    assert f'{path} holds no Ethernet frames: its link type is 113' in daemon.log()


CAPTURED_NS = [1, 1_000, 999_999_999_999_000, 1_234_567_890_123_456_789, 1_700_000_000_000_000_999,
               1_600_000_000_000_001_000, 2_147_483_647_999_999_000]


@pytest.mark.parametrize('nano', [False, True], ids=['microseconds', 'nanoseconds'])
def test_with_hw_time_a_message_has_the_time_of_its_capture(lab, nano):
    frames = [multicast(bytes([n])) for n in range(len(CAPTURED_NS))]
    path = write_pcap(lab.path('times.pcap'), frames, CAPTURED_NS, nano=nano)
    datagrams = tshark_datagrams(path)
    messages, _ = replay(lab, path, datagrams, keys=',hw-time=on')
    check(messages, datagrams)
    # The driver has microseconds; what it makes of the first frame is 0, which is no time.
    assert [m['hw_ns'] for m in messages] == [ns // 1000 * 1000 for ns in CAPTURED_NS]
    assert not any(m['hw_synced'] for m in messages)


def test_hw_time_is_synchronised_only_if_the_operator_says_so(lab):
    path = write_pcap(lab.path('synced.pcap'), [multicast(b'x'), multicast(b'y')],
                      [1_700_000_000_000_001_000, 0])
    messages, _ = replay(lab, path, tshark_datagrams(path), keys=',hw-time=synced')
    assert [(m['hw_ns'], m['hw_synced']) for m in messages] == [
        (1_700_000_000_000_001_000, True), (0, False)]


def test_without_hw_time_a_message_has_none(lab):
    path = write_pcap(lab.path('off.pcap'), [multicast(b'x')], [1_700_000_000_000_001_000])
    messages, _ = replay(lab, path, tshark_datagrams(path))
    assert [(m['hw_ns'], m['hw_synced']) for m in messages] == [(0, False)]
