# SPDX-License-Identifier: BSD-3-Clause
"""Feeds in NATS: two hosts that hand over the same feed, with real engines, sinks and a real server."""

import collections
import os
import signal
import struct
import subprocess

import pytest

import mcring_header
from netlab import wait_for
from programs import BUILD
from sinks import Engine, Sink

LINES = ('239.1.1.1', '239.1.1.2')
FEED = 'feed itch; declaration moldudp64; gap_timeout 20ms; line A; join 239.1.1.1:5000; line B; join 239.1.1.2:5000'
SESSION = b'0000012345'
READER = os.path.join(BUILD, 'examples', 'sink_reader')


def packet(number, count=1):
    """Of MoldUDP64, whose messages are their numbers."""
    return SESSION + struct.pack('!QH', number, count) + b''.join(
        struct.pack('!HQ', 8, number + i) for i in range(count))


def both_lines(numbers, without=()):
    """Datagrams of both lines, a little apart. without: of (line, number) that do not come."""
    return [(group, 5000, packet(number)) for number in numbers for line, group in enumerate(LINES)
            if (line, number) not in without]


class Host:
    """An engine and a sink of its own."""

    def __init__(self, lab, server, name, *args):
        self.name = f'sink-{name}'
        self.engine = Engine(lab, '--feed', FEED, name=f'engine-{name}')
        self.sink = Sink(lab, self.engine.run_dir, server.url, '--feed', 'itch', '--stream',
                         'MD,create,storage=memory,window=120s', *args, name=self.name)
        self.sink.until(lambda said: said['sources'][0]['up'], 'it has the feed')

    def until_position(self, client, number):
        """Waits until its position in the broker says that all below the number is stored."""
        def is_there():
            position = client.position(self.name)
            return position and [stream['next'] for source in position['sources']
                                 for stream in source['streams']] == [str(number)]

        wait_for(is_there, 60, f'the position is at {number} ({self.sink.log_path})')


def stored(client):
    """{number: how often} of what the stream has, what is told as missing, and the words of all."""
    data, missing, words = collections.Counter(), collections.Counter(), []
    for _, headers, body in client.messages('MD'):
        one = mcring_header.parse(headers['Mcring'])
        words.append(one)
        if one['kind'] != 'n':
            missing.update(range(one['number'], one['number'] + one['count']))
            continue
        for record in mcring_header.records(one, body):
            for i in range(record.count):
                number, = struct.unpack_from('!Q', record.payload, 20 + 10 * (record.skip + i) + 2)
                assert number == record.number + i
                data[number] += 1
    return data, missing, words


@pytest.mark.parametrize('pack', [1, 16])
def test_what_two_hosts_hand_over_is_stored_once(lab, server, client, pack):
    """Each has gaps of its own, which the other fills; one sink is killed and starts again. Packs are the same where
    none of the two had a gap, if only numbers cut them."""
    a, b = (Host(lab, server, name, '--pack', pack, '--linger', '10s') for name in 'ab')
    lost_of_a = {(line, number) for line in (0, 1) for number in (100, 101, 900)}
    lost_of_b = {(0, 500), (1, 500), (0, 20), (1, 30)}
    for first in range(0, 2048, 128):  # no pack lies across a pause
        numbers = range(max(first, 1), first + 128)
        a.engine.send(both_lines(numbers, lost_of_a))
        b.engine.send(both_lines(numbers, lost_of_b))
        if first == 896:
            a.sink.until_stored(1000, 'itch')
            a.sink.stop(signal.SIGKILL)
        if first == 1408:
            a.sink.start()
    for host in (a, b):
        host.until_position(client, 2048)
        assert host.sink.stop() == 0, host.sink.log()
    data, missing, words = stored(client)
    assert set(data) == set(range(1, 2048))
    assert set(missing) == {100, 101, 500, 900} and {one['kind'] for one in words} == {'n', 'gap'}
    assert {mcring_header.stream_of(one) for one in words} == {('itch', '00', SESSION.hex(), '0')}
    twice = {number for number, n in data.items() if n > 1}
    assert {number // pack for number in twice} <= ({gap // pack for gap in missing} if pack > 1 else set())


def test_the_example_prints_each_message_once_and_what_is_missing(lab, server):
    a, b = (Host(lab, server, name, '--pack', 4, '--linger', '1ms') for name in 'ab')
    for host in (a, b):
        host.engine.send(both_lines(range(1, 101), {(0, 50), (1, 50)}))
    a.sink.until_stored(99, 'itch')
    b.sink.until_stored(99, 'itch')
    reader = subprocess.Popen(['stdbuf', '-oL', READER, server.url, 'MD'], stdout=subprocess.PIPE, text=True)
    lab.processes.append(reader)
    lines = [reader.stdout.readline().rstrip() for _ in range(100)]
    subject = 'mcring.itch.flow-0-group-239-1-1-1-port-5000'
    assert sorted(lines) == sorted([f'{subject} {number}+1: 30 octets' for number in range(1, 101) if number != 50] +
                                   ['itch: gap of 1 from 50 on'])
