# SPDX-License-Identifier: BSD-3-Clause
"""What every binding does with one channel: open, data, selection, places, the end."""

import os
import re

import pytest

from engines import START_NS, datagram, equal_datagrams
from frames import Dot1Q
from shown import shows

WAYS = pytest.mark.parametrize('way', ['poll', 'view', 'take'])
NUMBERED = datagram(b'000000', checksum=0)
CONFIG = """
interfaces:
  - {name: feed-a, port: net_af_packet0, address: 10.1.0.2/24}
  - {name: feed-b, port: net_af_packet0, vlan: 7}
channels:
  - {name: md, bytes: 1M}
  - {name: small, bytes: 64K}
joins:
  - {groups: ['239.1.1.1:5000', '239.1.1.2:5001', '[ff15::1]:5000'], interface: feed-a, channel: md, id: 4000000000}
  - {groups: ['239.1.1.3:65535'], interface: feed-b, channel: md, id: 8}
  - {groups: ['239.1.1.4:5000'], interface: feed-a, channel: small}
"""


def data(n, payload, ring=0, group='239.1.1.1', port=5000, source='10.0.0.7', sport=4000, id=0, vlan=0, interface=0,
         ttl=16, tclass=0, flags=0, ns=None, hw_ns=0):
    """The line of message n of a replay whose frames are 1 us apart."""
    return (f'data {ring} {n} {group} {port} {source} {sport} {id} {vlan} {interface} {ttl} {tclass} {flags} '
            f'{START_NS + 1000 * (n - 1) if ns is None else ns} {hw_ns} {len(payload)} {payload.hex() or "-"}')


def numbered(n, first=0):
    return [NUMBERED[:-6] + b'%06d' % i for i in range(first, first + n)]


def numbered_data(n, first=0):
    return [data(i + 1, b'%06d' % i) for i in range(first, first + n)]


@pytest.fixture
def configured(replay, folder):
    path = os.path.join(folder, 'mcring.yaml')
    with open(path, 'w') as file:
        file.write(CONFIG)
    return replay('--config', path)


def test_the_library_is_that_of_the_binding(conform):
    with open(os.path.join(os.path.dirname(__file__), '..', '..', 'meson.build')) as file:
        text = file.read()
    version = re.search(r"(?m)^  version: '(.*)',", text).group(1)
    soversion = re.search(r"(?m)^soversion = '(.*)'", text).group(1)
    assert conform.ok('abi') == f'{soversion} {version}'


def test_addresses_are_read_and_written(conform):
    for text in ('10.0.0.7', '239.255.255.255', '0.0.0.0', '::', '2001:db8::7', 'ff02::1:ff00:1'):
        assert conform.ok(f'address {text}') == text
    assert conform.ok('address 2001:0DB8:0:0:0::0007') == '2001:db8::7'
    for text in ('10.0.0.07', '::ffff:10.0.0.7', 'fe80::1%eth0', '[::1]', 'host', '10.0.0.7 '):
        assert conform.error(f'address {text}') == ('EINVAL', '-')


@shows('MCR_DATA')
@WAYS
def test_each_field_of_a_message_arrives(conform, configured, way):
    """Numbers at the ends of their ranges, both families, no octets, and as many as a frame of 9,000 has."""
    large = bytes(i * 7 & 0xff for i in range(8972))
    configured.publish([
        datagram(b'one', ttl=255, tos=0xff),
        datagram(b'', group='239.1.1.2', port=5001, ttl=1),
        datagram(b'\x00\xff\n \x80', group='239.1.1.3', port=65535, source='203.0.113.255', tags=[Dot1Q(vlan=7)]),
        datagram(b'six', group='ff15::1', source='2001:db8::ffff', tc=0xb8),
        datagram(large),
    ], channel='md')
    run_dir = configured.run_dir
    assert conform.ok(f'open run_dir={run_dir} channel=md start=oldest') == ''
    join = {'id': 4000000000}
    assert conform.items(f'{way} 1000') + conform.all(f'{way} 2') == [
        data(1, b'one', ttl=255, tclass=0xff, **join),
        data(2, b'', group='239.1.1.2', port=5001, ttl=1, **join),
        data(3, b'\x00\xff\n \x80', group='239.1.1.3', port=65535, source='203.0.113.255', id=8, vlan=7, interface=1),
        data(4, b'six', group='ff15::1', source='2001:db8::ffff', tclass=0xb8, **join),
        data(5, large, **join),
    ]


@WAYS
def test_a_batch_is_as_large_as_asked_for_and_nothing_is_left_out(conform, replay, way):
    engine = replay()
    engine.publish(numbered(2500))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    assert conform.items(f'{way} 0') == []
    assert conform.items(f'{way} 1') == numbered_data(1)
    assert conform.items(f'{way} 7') == numbered_data(7, 1)
    assert conform.all(f'{way} 1000') == numbered_data(2492, 8)
    assert conform.items(f'{way} 1000') == []


def test_what_fills_more_than_a_buffer_is_taken_in_several_batches(conform, replay):
    engine = replay('--channel', 'default,bytes=16M')
    engine.publish(equal_datagrams(1000, 8900))
    conform.ok(f'open run_dir={engine.run_dir} channel=default start=oldest')
    assert [int(item.split()[2]) for item in conform.all('take 1000')] == list(range(1, 1001))


@shows('consumer_open: ENOENT EINVAL ERANGE',
       'consumer_join: EINVAL EACCES',
       'consumer_select: EINVAL',
       'consumer_cursor: EINVAL',
       'consumer_ring_info: ENOENT',
       'consumer_interface_info: ENOENT')
def test_errors_have_the_errno_and_the_text_of_the_library(conform, replay):
    engine = replay()
    where = f'run_dir={engine.run_dir}'
    assert conform.error(f'open {where}') == (
        'ENOENT', f'no engine at {engine.run_dir}/attach: is it running under this name?')
    engine.publish(numbered(3))
    for command, name, text in (
            (f'open {where} channel=nope', 'ENOENT', 'unknown channel "nope"; this engine has: default, sockets'),
            (f'open {where}/größe', 'ENOENT', f'no engine at {engine.run_dir}/größe/attach: is it running under '
                                                  'this name?'),
            (f'open {where} start=9', 'ERANGE', 'seq 9 of ring 0 is not there yet: the ring holds 1 to 3'),
            (f'open {where} ring=3', 'EINVAL', 'no ring 3: the channel has 0 to 0'),
            (f'open {where} groups=10.0.0.7', 'EINVAL', 'group 10.0.0.7 is not multicast')):
        assert conform.error(command) == (name, text)
        assert conform.error('poll 1')[0] == 'EBADF'  # nothing is open
    for begin in ('/', '/a'):  # one of the texts ends within a character
        name, text = conform.error(f'open run_dir={begin}{"ü" * 400}')
        assert name == 'ENOENT' and text.startswith(f'run directory {begin}üüü')
    conform.ok(f'open {where} channel=sockets')
    for command, name, text in (
            ('join 239.1.1.1.1', 'EINVAL', 'join "239.1.1.1.1", column 1: "239.1.1.1.1" is not an address: expected a '
                                           'group such as 239.1.1.1 or [ff15::1]'),
            ('leave 239.1.1.1', 'ENOENT', '1 joins to leave: this consumer did not join them, or has left them '
                                          'already: it has 0'),
            ('select groups=10.0.0.7', 'EINVAL', 'group 10.0.0.7 is not multicast'),
            ('interface 7', 'ENOENT', 'the engine has no interface 7'),
            ('ring 1', 'ENOENT', 'no ring 1: this consumer reads 1 rings from number 0 on'),
            ('cursor groups=10.0.0.7', 'EINVAL', 'group 10.0.0.7 is not multicast')):
        assert conform.error(command) == (name, text)
    name, text = conform.error('join 239.1.1.1@10.0.0.7,channel=other')
    assert name == 'EACCES' and re.fullmatch(r'this consumer reads channel "sockets/\d+" and can join into that one only',
                                             text)
    assert conform.all() == []  # it is as it was


def test_what_is_closed_cannot_be_used(conform, replay):
    engine = replay()
    engine.publish(numbered(3))
    for _ in range(2):
        for command in ('poll 1', 'view 1', 'take 1', 'wait 0', 'sleep 0', 'seek oldest', 'select', 'join 239.1.1.1',
                        'reattach', 'skipped', 'rings', 'headroom', 'until 0', 'ring 0', 'interface 0', 'held', 'follow 1',
                        'cursor', 'cpoll 1', 'feed poll 1', 'feed stats', 'feed wait 0'):
            assert conform.error(command)[0] == 'EBADF', command
        conform.ok(f'open run_dir={engine.run_dir} start=oldest')
        assert conform.items('poll 9') == numbered_data(3)
        conform.ok('close')
        conform.ok('close')


@pytest.mark.parametrize('sleep', ['wait', 'sleep'])
def test_a_sleeper_wakes_for_a_message_and_not_without_one(conform, replay, sleep):
    engine = replay()
    engine.publish(numbered(1))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    assert conform.ok(f'{sleep} 10000') == '1'
    assert conform.all() == numbered_data(1)
    assert conform.ok(f'{sleep} 0') == '0'
    assert conform.ok(f'{sleep} 20') == '0'
    conform.send(f'{sleep} 30000')
    engine.send(numbered(1, 1))
    assert conform.answer() == ([], 'ok 1')
    assert conform.all() == numbered_data(1, 1)
    conform.send(f'{sleep} 30000')
    engine.end()
    assert conform.answer() == ([], 'ok 1')


@shows('consumer_poll: EPIPE')
def test_at_the_end_everything_was_given_before_it_is_an_error(conform, replay):
    engine = replay()
    engine.publish(numbered(3))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    engine.send(numbered(2, 3))
    engine.end()
    assert conform.to_the_end('take 2') == numbered_data(5)
    engine.wait()
    for command in ('poll 5', 'view 5', 'take 5', 'follow 5', 'held'):
        assert conform.error(command) == ('EPIPE', '-')
    assert conform.ok('wait 30000') == conform.ok('sleep 30000') == '1'
    assert conform.error('join 239.1.1.1')[0] == 'EPIPE'


def test_octets_are_the_same_to_the_last(conform, replay):
    engine = replay('--channel', 'default,bytes=16M')
    frames = equal_datagrams(5000, 1200)
    engine.publish(frames)
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    assert conform.ok('follow 5000') == f'5000 0 {sum(sum(frame[42:]) for frame in frames)}'


def test_a_selection_passes_over_the_others(conform, configured):
    configured.publish([datagram(b'%d' % i, group=f'239.1.1.{i % 3 + 1}', port=(5000, 5001, 65535)[i % 3],
                                 tags=[Dot1Q(vlan=7)] if i % 3 == 2 else []) for i in range(9)], channel='md')
    where = f'run_dir={configured.run_dir} channel=md start=oldest'

    def seqs(command='poll 1000'):
        return [int(item.split()[2]) for item in conform.all(command)]

    conform.ok(f'open {where} groups=239.1.1.1,239.1.1.2/5001')
    assert seqs() == [1, 2, 4, 5, 7, 8]
    assert conform.ok('skipped') == '3'
    for selection, expected in {
            'select groups=239.1.1.1': [1, 4, 7], 'select groups=239.1.1.1/5000,239.1.1.2/5000': [1, 4, 7],
            'select ids=8': [3, 6, 9], 'select ids=4000000000': [1, 2, 4, 5, 7, 8],
            'select groups=239.1.1.1 ids=8,9': [1, 3, 4, 6, 7, 9], 'select ids=77': [], 'select': list(range(1, 10)),
    }.items():
        assert conform.ok(selection) == ''
        conform.ok('seek oldest')
        assert seqs('take 2') == expected, selection
    assert conform.error('select groups=239.1.1.1,10.0.0.7')[0] == 'EINVAL'
    conform.ok('seek oldest')
    assert seqs() == list(range(1, 10))  # the selection is as it was


@shows('MCR_START_NEWEST MCR_START_OLDEST MCR_START_SEQ')
def test_a_consumer_starts_and_goes_where_it_is_told(conform, replay):
    engine = replay()
    engine.publish(numbered(5))
    where = f'run_dir={engine.run_dir}'
    for start, expected in (('newest', []), ('oldest', numbered_data(5)), ('4', numbered_data(2, 3)), ('6', [])):
        conform.ok(f'open {where} start={start}')
        assert conform.all() == expected
    conform.ok(f'open {where}')
    assert conform.all() == []
    conform.ok('seek oldest')
    assert conform.items('poll 2') == numbered_data(2)
    engine.publish(numbered(1, 5))
    conform.ok('seek newest')
    assert conform.all() == []
    engine.publish(numbered(1, 6))
    assert conform.all() == numbered_data(1, 6)


def test_places_and_times_of_a_ring_are_told(conform, replay):
    engine = replay()
    engine.publish(numbered(5))
    conform.ok(f'open run_dir={engine.run_dir} start=2')
    assert conform.ok('rings') == '1'
    ring, epoch, *places = map(int, conform.ok('ring 0').split())
    assert ring == 0 and places == [1, 2, 6, START_NS + 4000, 0]
    assert int(conform.ok('until 0')) < START_NS + 4000
    assert conform.ok('until 1') == '0'
    assert conform.items('poll 3') == numbered_data(3, 1)
    assert conform.ok('until 0') == str(START_NS + 3000)
    assert conform.ok('ring 0').split()[3] == '5'
    room = int(conform.ok('headroom'))
    assert 16 * 2**20 * 126 // 128 // 64 < room < 16 * 2**20 // 40
    conform.all()
    assert conform.ok('until 0') == str(START_NS + 4000)
    conform.ok(f'open run_dir={engine.run_dir}')
    assert conform.ok('ring 0').split()[1] == str(epoch)


def test_interfaces_are_those_of_the_engine(conform, configured):
    configured.publish(numbered(1), channel='md')
    conform.ok(f'open run_dir={configured.run_dir} channel=md')
    assert conform.ok('interface 0') == '0 feed-a 10.1.0.2/24 0 0 net_af_packet0 - -'
    assert conform.ok('interface 1') == '1 feed-b ::/0 7 0 net_af_packet0 - -'
    assert conform.error('interface 2')[0] == 'ENOENT'


def test_joins_add_and_leaves_remove_groups(conform, replay):
    engine = replay('--join', '239.9.9.9:1', '--channel', 'md')
    engine.publish([datagram(b'first', group='239.9.9.9', port=1)])
    conform.ok(f'open run_dir={engine.run_dir} channel=sockets')
    assert conform.ok('join 239.1.1.1:5000,id=3') == ''
    engine.send(numbered(1))
    assert conform.await_items(1) == [data(1, b'000000', id=3, ns=START_NS + 1000)]
    assert conform.ok('leave 239.1.1.1:5000,id=3') == ''
    assert conform.ok('join 239.1.1.2') == ''
    engine.send([*numbered(1, 1), datagram(b'2', group='239.1.1.2')])
    assert conform.await_items(1) == [data(2, b'2', group='239.1.1.2', ns=START_NS + 3000)]


@shows('consumer_cursor: ERANGE')
def test_a_cursor_has_a_place_and_a_selection_of_its_own(conform, replay):
    engine = replay()
    engine.publish([datagram(b'%06d' % i, group=f'239.1.1.{i % 2 + 1}') for i in range(6)])
    all_of_it = [data(i + 1, b'%06d' % i, group=f'239.1.1.{i % 2 + 1}') for i in range(6)]
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    assert conform.items('poll 2') == all_of_it[:2]
    assert conform.error('cpoll 1')[0] == 'EBADF'
    conform.ok('cursor start=oldest groups=239.1.1.2')
    assert conform.all('cpoll 2') == all_of_it[1::2]
    conform.ok('cursor start=3')
    assert conform.all('ctake 3') == all_of_it[2:]
    assert conform.error('cursor start=99')[0] == 'ERANGE'
    assert conform.all('take 3') == all_of_it[2:]
    conform.ok('cursor start=oldest')
    conform.ok('close')
    assert conform.items('cpoll 6') == all_of_it
    assert conform.error('cpoll 1')[0] == 'EPIPE'
    assert conform.error('creattach')[0] == 'EPIPE'
    conform.ok('cclose')
    assert conform.error('cpoll 1')[0] == 'EBADF'
