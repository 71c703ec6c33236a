# SPDX-License-Identifier: BSD-3-Clause
"""Captures through net_pcap come out as tshark reads them, byte for byte."""

import os
import subprocess

import pytest

from family import FAMILIES, IPV6
from frames import (Dot1AD, Dot1Q, HBHOptUnknown, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                    IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, Jumbo, Pad1, PadN, RouterAlert, fragments,
                    multicast, tshark_datagrams, write_pcap)
from netlab import wait_for
from programs import SHARED, Daemon, drops, identity

MARKET = os.path.join(SHARED, 'pcaps', 'market')
MLD = os.path.join(SHARED, 'igmp', 'pcaps')
# Others that lie beside them are their owner's.
CAPTURES = ['Cboe_Byx.Equities.DepthOfBook.Pitch.v2.41_AddOrderShortMessage',
            'Cme_Mdp3.Sbe.v1.9_MdIncrementalRefreshBook',
            'Eurex_Eobi.T7.v6.0_ProductSummary',
            'Iex_DeepPlus.IexTp.1.0.2_all_message_types',
            'Nasdaq_Nasdaq.Equities.TotalView.Itch.v5.0_Multiple.Packets']


each_family = pytest.mark.parametrize('family', FAMILIES, ids=repr)


def endpoint(datagram):
    group = datagram['group']
    return f'[{group}]:{datagram["port"]}' if ':' in group else f'{group}:{datagram["port"]}'


def replay(lab, path, datagrams, *args, vlan=0, keys=''):
    """Replays a capture into joins of all its groups; gives (messages, stats)."""
    host = lab.namespace('rx')
    joins = sorted({endpoint(d) for d in datagrams})
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


@each_family
@pytest.mark.parametrize('tags', [(Dot1Q(vlan=142),), (Dot1AD(vlan=142), Dot1Q(vlan=7)),
                                  (Dot1Q(vlan=142), Dot1Q(vlan=7))],
                         ids=['one tag', '802.1ad', 'two tags'])
def test_frames_with_vlan_tags(lab, family, tags):
    group = family.address('239.1.1.1')
    frames = [multicast(bytes([n]) * (n + 1), group, tags=tags) for n in range(50)]
    strangers = [multicast(b'x', group, tags=(Dot1Q(vlan=9),)), multicast(b'untagged', group)]
    path = write_pcap(lab.path('vlan.pcap'), frames + strangers)
    datagrams = tshark_datagrams(path)[:50]
    messages, stats = replay(lab, path, datagrams, vlan=142)
    check(messages, datagrams)
    assert drops(stats) == {'vlan_unknown': 2}


@each_family
def test_octets_behind_the_ip_length_are_not_payload(lab, family):
    group = family.address('239.1.1.1')
    frames = [bytes(multicast(bytes([n]) * n, group)) + b'trailer' * 3 for n in range(1, 40)]
    path = write_pcap(lab.path('trailer.pcap'), frames)
    datagrams = tshark_datagrams(path)
    assert [len(d['data']) // 2 for d in datagrams] == list(range(1, 40))
    messages, _ = replay(lab, path, datagrams)
    check(messages, datagrams)


@each_family
def test_octets_behind_the_udp_length_are_not_payload(lab, family):
    group = family.address('239.1.1.1')
    frame = multicast(b'0123456789', group)
    frame['UDP'].len = 8 + 4
    path = write_pcap(lab.path('short-udp.pcap'), [frame])
    datagrams = [{'group': group, 'port': 5000}]
    messages, _ = replay(lab, path, datagrams)
    assert bytes.fromhex(messages[0]['data']) == b'0123'


@each_family
def test_frames_of_9000_octets_come_in_many_segments_and_out_whole(lab, family):
    sizes = [1, 1472, 2048, 4096, 8000, 8942 - 42, 9000 - (48 if family.is_ipv6 else 28)]
    frames = [multicast(bytes((n + i) & 0xff for i in range(size)), family.address('239.1.1.1'))
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


# ---- IPv6 as it may come ----

GROUP = IPV6.address('239.1.1.1')
TAGS = [(), (Dot1Q(vlan=142),), (Dot1AD(vlan=142), Dot1Q(vlan=7))]
PAD = IPv6ExtHdrDestOpt(options=[PadN(optdata=b'\0' * 4)])
ALERT = IPv6ExtHdrHopByHop(options=[RouterAlert()])
ATOMIC = IPv6ExtHdrFragment(offset=0, m=0, id=7)
REACHED = IPv6ExtHdrRouting(segleft=0, addresses=['2001:db8::9'])


def unknown(action):
    """Destination options with one that nobody knows; action: its upper two bits, RFC 8200 §4.2."""
    return IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=action << 6 | 0x1e, optdata=b'1234')])


def options_of(**fields):
    return IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x1e, optdata=b'1234', **fields)])


# What becomes of a frame: fields of multicast() for each of many.
FATES = {
    'delivered': [
        {'headers': (ALERT,)}, {'headers': (PAD,)}, {'headers': (REACHED,)}, {'headers': (ATOMIC,)},
        {'headers': (ALERT, PAD, REACHED, ATOMIC, PAD)}, {'headers': (PAD,) * 8},
        {'headers': (IPv6ExtHdrFragment(res1=255, res2=3, m=0),)},  # what is reserved is ignored
        {'headers': (unknown(0),)}, {'headers': (IPv6ExtHdrDestOpt(options=[Pad1()] * 6),)},
        {'headers': (IPv6ExtHdrDestOpt(options=[PadN(optdata=b'\0' * 250)] * 5),)},
        # A destination does not look at the hop limit: RFC 8200 §3.
        {'ttl': 0}, {'ttl': 1}, {'ttl': 255}, {'tc': 0xb8, 'fl': 0xabcde},
        {'source': 'fe80::7'}, {'source': '2001:db8::'}],
    'bad_ip_header': [
        {'version': 4}, {'version': 0},
        *({'headers': (unknown(action),)} for action in (1, 2, 3)),
        {'headers': (IPv6ExtHdrRouting(segleft=1, addresses=['2001:db8::9']),)},
        {'headers': (PAD,) * 9}, {'headers': (ALERT, ALERT)}, {'headers': (PAD, ALERT)},
        {'headers': (options_of(optlen=5),)}, {'headers': (options_of(optlen=255),)},
        {'headers': (IPv6ExtHdrDestOpt(len=200, options=[]),)},
        {'headers': (PAD,), 'plen': 4}, {'headers': (PAD,), 'plen': 7},
        # A jumbogram (RFC 2675), and the option where the length is there, too.
        {'headers': (IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=100)]),), 'plen': 0},
        {'headers': (IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=100)]),)}],
    'fragment': [
        {'headers': (IPv6ExtHdrFragment(offset=0, m=1),)},
        {'headers': (IPv6ExtHdrFragment(offset=1, m=0),)},
        {'headers': (ALERT, PAD, IPv6ExtHdrFragment(offset=8191, m=0))}],
    'not_udp': [
        *({'nh': protocol} for protocol in (59, 6, 50, 51, 58, 135, 139, 255)),
        {'headers': (IPv6ExtHdrDestOpt(nh=59, options=[]),)}],
    'bad_udp_length': [{'plen': 0}, {'plen': 7}, {'plen': 8 + 3}, {'headers': (PAD,), 'plen': 8}],
    'no_udp_checksum': [{'checksum': 0}, {'checksum': 0, 'headers': (ALERT, PAD, ATOMIC)}],
    'bad_source': [{'source': source} for source in ('::', '::1', 'ff15::7', '::ffff:10.0.0.7')],
    'not_multicast': [{'group': '2001:db8::5'}, {'group': 'fe80::5', 'headers': (PAD,)}],
}


def account(lab, path, expected):
    """What a daemon counts of a capture of so many packets, untagged or of VLAN 142, and what its
    consumer gets: (stats, messages)."""
    interfaces = ['--interface', 'plain=net_pcap0', '--interface', 'tagged=net_pcap0,vlan=142']
    joins = [f'--join=[{GROUP}]:5000,interface={name}' for name in ('plain', 'tagged')]
    daemon = Daemon(lab, lab.namespace('rx'), *interfaces, *joins, vdev=f'net_pcap0,rx_pcap={path}')
    consumer = daemon.cat()
    wait_for(lambda: daemon.stats()['received'] == expected, 10, f'{expected} packets are received')
    stats = daemon.stats()
    identity(stats)
    return stats, consumer.stop(stats['delivered'])[1]


@pytest.mark.parametrize('fate', FATES)
def test_each_ipv6_frame_is_accounted_for_by_what_is_in_it(lab, fate):
    frames = [multicast(b'abcd', **{'group': GROUP, **fields}, tags=tags)
              for fields in FATES[fate] for tags in TAGS]
    path = write_pcap(lab.path('ipv6.pcap'), frames)
    stats, messages = account(lab, path, len(frames))
    if fate == 'delivered':
        check(messages, tshark_datagrams(path))
        assert drops(stats) == {} and stats['delivered'] == len(frames)
    else:
        assert messages == [] and drops(stats) == {fate: len(frames)}


def test_fragments_of_ipv6_are_dropped_one_by_one_and_what_is_whole_comes(lab):
    frames = [piece for size in (8, 64, 1232) for tags in TAGS
              for piece in fragments(multicast(bytes(2000), GROUP, tags=tags), size)]
    path = write_pcap(lab.path('fragments.pcap'), [*frames, multicast(b'whole', GROUP)])
    stats, messages = account(lab, path, len(frames) + 1)
    assert drops(stats) == {'fragment': len(frames)}
    assert [bytes.fromhex(message['data']) for message in messages] == [b'whole']


def test_an_ipv6_frame_that_is_cut_anywhere_is_truncated(lab):
    frames = [bytes(multicast(b'abcd', GROUP, tags=tags, headers=headers)) for tags in TAGS
              for headers in ((), (ALERT, PAD, REACHED, ATOMIC))]
    cut = [frame[:n] for frame in frames for n in range(1, len(frame))]
    path = write_pcap(lab.path('cut.pcap'), [*cut, *frames])
    stats, messages = account(lab, path, len(cut) + len(frames))
    assert drops(stats) == {'truncated': len(cut)} and len(messages) == len(frames)


@each_family
def test_a_checksum_that_is_wrong_drops_a_datagram_if_it_is_to_be_verified(lab, family):
    group = family.address('239.1.1.1')
    headers = [(), (PAD,)] if family.is_ipv6 else [()]
    good = [multicast(bytes(range(n)), group, headers=some) for some in headers for n in range(9)]
    bad = [multicast(bytes(range(n)), group, headers=some, checksum=0x1234) for some in headers
           for n in range(9)]
    path = write_pcap(lab.path('checksum.pcap'), [*bad, *good])
    messages, stats = replay(lab, path, tshark_datagrams(path)[len(bad):],
                             keys=',udp-checksum=verify')
    assert [bytes.fromhex(message['data']) for message in messages] == [
        bytes(range(n)) for _ in headers for n in range(9)]
    assert drops(stats) == {'bad_udp_checksum': len(bad)}


@pytest.mark.parametrize('name', ['mld1-general', 'mld2-ssm', 'peer-bridge-mldv1',
                                  'peer-bridge-mldv2'])
def test_what_a_real_lan_says_in_icmpv6_is_for_control(lab, name):
    path = os.path.join(MLD, f'{name}.pcap')
    if not os.path.exists(path):
        pytest.skip('absent: ../shared/igmp/pcaps')

    def packets(condition):
        return len(subprocess.run(['tshark', '-n', '-r', path, '-Y', condition], check=True,
                                  capture_output=True, text=True).stdout.splitlines())

    control = packets('icmpv6.type in {130, 131, 132, 143, 135, 136}')
    assert control > 0
    stats, _ = account(lab, path, packets('frame'))
    assert stats['punted'] == control
    assert drops(stats) == ({'not_udp': others} if (others := packets('icmpv6.type == 133')) else {})


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
