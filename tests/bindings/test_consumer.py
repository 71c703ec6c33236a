# SPDX-License-Identifier: BSD-3-Clause
"""What every binding does with one channel: open, data, selection, places, the end."""

import os
import re

import pytest

from engines import START_NS, datagram, equal_datagrams
from frames import Dot1Q

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


@WAYS
def test_each_field_of_a_message_arrives(conform, configured, way):
    """Numbers at the ends of their ranges, both families, no octets, and as many as a frame of 9,000 has."""
    large = bytes(i * 7 & 0xff for i in range(8972))
    configured.send([
        datagram(b'one', ttl=255, tos=0xff),
        datagram(b'', group='239.1.1.2', port=5001, ttl=1),
        datagram(b'\x00\xff\n \x80', group='239.1.1.3', port=65535, source='203.0.113.255', tags=[Dot1Q(vlan=7)]),
        datagram(b'six', group='ff15::1', source='2001:db8::ffff', tc=0xb8),
        datagram(large),
    ])
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
    engine.send(numbered(2500))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    assert conform.items(f'{way} 0') == []
    assert conform.items(f'{way} 1') == numbered_data(1)
    assert conform.items(f'{way} 7') == numbered_data(7, 1)
    assert conform.all(f'{way} 1000') == numbered_data(2492, 8)
    assert conform.items(f'{way} 1000') == []


def test_what_fills_more_than_a_buffer_is_taken_in_several_batches(conform, replay):
    engine = replay('--channel', 'default,bytes=16M')
    engine.send(equal_datagrams(1000, 8900))
    conform.ok(f'open run_dir={engine.run_dir} channel=default start=oldest')
    assert [int(item.split()[2]) for item in conform.all('take 1000')] == list(range(1, 1001))
