# SPDX-License-Identifier: BSD-3-Clause
"""mcring-sink itself on Kafka's mock: what a restart does, topics, what it says. What a transaction wrote that was
never committed is there in the mock: so a number may be there twice, but only behind the position that the next sink
began from."""

import collections
import itertools
import json
import random
import signal
import subprocess
import threading

import pytest

from kafka import Driver, Mock
from netlab import wait_for
from sinks import SINK, Engine, Sink

GROUPS = [f'239.1.1.{i}' for i in range(1, 5)]


@pytest.fixture
def mock(lab):
    return Mock(lab)


@pytest.fixture
def engine(lab):
    return Engine(lab, '--pace', 'readers')


def datagrams(first, n, octets=8):
    return [(GROUPS[i % 4], 5000, b'%08d' % i + bytes(octets - 8)) for i in range(first, first + n)]


def number(record):
    return int(record.body[:8])


def fields(header):
    return dict(one.split('=', 1) for one in header.split() if '=' in one)


def place(record):
    """Of the record's first message in its ring."""
    return int(fields(record.header)['pos'].rsplit('.', 1)[1])


def next_of(position):
    """The place in the ring from which a sink with this position goes on."""
    ring, = json.loads(position)['sources'][0]['rings']
    return ring['next']


def test_a_sink_that_is_killed_goes_on_from_its_position(lab, mock, engine):
    sink, began, sent = Sink(lab, engine.run_dir, mock.url, '--commit', '20ms'), [], 0
    chance = random.Random(1)
    for _ in range(5):
        for _ in range(chance.randrange(5, 20)):
            engine.send(datagrams(sent, 200))
            sent += 200
        sink.until(lambda said: said['sink']['checkpoint_ns'], 'a position is stored')
        sink.stop(signal.SIGKILL)
        began.append(next_of(mock.positions('sink')[-1]))
        sink.start()
    sink.until(lambda said: said['sources'][0]['behind'] == said['sources'][0]['in_flight'] == 0, 'all is stored')
    assert sink.stop() == 0
    found = collections.defaultdict(list)
    for topic, records in itertools.groupby(mock.read('mcring.'), lambda one: one.topic):
        for record in records:
            found[number(record)].append(record)
    assert sorted(found) == list(range(sent)), 'each is there'
    for records in found.values():
        assert len({one.id for one in records}) == 1, 'by the same id each time'
        where = place(records[0])
        assert len(records) == 1 or any(where >= one for one in began), records
    # For readers of committed messages: what the last of the copies that count are, in order of numbers.
    for i in range(4):
        offsets = [found[n][-1].offset for n in range(i, sent, 4)]
        assert offsets == sorted(offsets)


def test_at_a_signal_all_is_stored_and_the_position_behind_it(lab, mock, engine):
    sink = Sink(lab, engine.run_dir, mock.url, '--commit', '60s')
    engine.send(datagrams(0, 1000))
    sink.until(lambda said: said['sources'][0]['in_flight'] == 1000, 'all is on its way')
    assert all(next_of(one) == 1 for one in mock.positions('sink')), 'none is behind a message'
    assert sink.stop() == 0
    position = mock.positions('sink')[-1]
    sink.start()
    engine.send(datagrams(1000, 10))
    sink.until(lambda said: said['sources'][0]['read'] == 10, 'what is new is read')
    assert sink.stop() == 0
    records = mock.read('mcring.')
    assert sorted(number(one) for one in records) == list(range(1010))
    assert next_of(position) == 1 + max(place(one) for one in records if number(one) < 1000)


@pytest.mark.parametrize('by', ['group', 'channel'])
def test_a_topic_is_of_a_group_and_port_or_of_the_channel(lab, mock, engine, by):
    sink = Sink(lab, engine.run_dir, mock.url, '--topic-by', by)
    engine.send(datagrams(0, 400))
    sink.until_stored(400)
    records = mock.read('mcring.')
    flows = [f'{group.replace(".", "-")}.5000' for group in GROUPS]
    assert {one.topic for one in records} == ({f'mcring.default.{flow}' for flow in flows} if by == 'group'
                                              else {'mcring.default'})
    assert {one.key for one in records} == set(flows)
    for key, of_flow in itertools.groupby(sorted(records, key=lambda one: one.key), lambda one: one.key):
        of_flow = list(of_flow)
        assert len({one.partition for one in of_flow}) == 1, 'a flow stays in one partition'
        assert [number(one) for one in of_flow] == sorted(number(one) for one in of_flow)


def test_more_than_the_memory_holds_waits_in_the_ring_while_brokers_are_gone(lab, mock, engine):
    sink = Sink(lab, engine.run_dir, mock.url, '--memory', '8')
    engine.send(datagrams(0, 100))
    sink.until_stored(100)
    mock.tell('down 0')
    sink.until(lambda said: not said['sink']['connected'], 'it has noticed')
    sender = threading.Thread(target=engine.send, args=(datagrams(100, 10000, 1400),))
    sender.start()  # the ring may be full, too: then the engine waits for its reader
    said = sink.until(lambda said: said['sources'][0]['behind'] > 0 and said['sources'][0]['in_flight'] > 0,
                      'the rest is in the ring')
    assert said['sources'][0]['lost'] == 0
    mock.tell('up 0')
    sender.join(60)
    sink.until_stored(10100)
    assert sink.stop() == 0
    assert sorted(number(one) for one in mock.read('mcring.')) == list(range(10100))


def test_what_is_too_large_is_told_as_lost_and_the_rest_stored(lab, mock, engine):
    sink = Sink(lab, engine.run_dir, mock.url, '--set', 'message.max.bytes=1000')
    engine.send(datagrams(0, 10) + [(GROUPS[0], 5000, b'x' * 1200)] + datagrams(10, 10))
    said = sink.until(lambda said: said['sources'][0]['refused'] == 1 and said['sources'][0]['in_flight'] == 0, 'refused')
    assert said['sources'][0]['stored'] == 20
    lost, = wait_for(lambda: mock.read('mcring.default.lost'), 30, 'the loss is told')
    assert fields(lost.header)['lost'] == '1'
    wait_for(lambda: 'Message size too large' in sink.log(), 30, 'the log says why')
    assert sink.stop() == 0


def test_a_sink_that_was_fenced_ends_with_the_reason(lab, mock, engine):
    sink = Sink(lab, engine.run_dir, mock.url)
    engine.send(datagrams(0, 10))
    sink.until_stored(10)
    mock.tell('error end_transaction PRODUCER_FENCED 1')
    engine.send(datagrams(10, 10))
    assert sink.process.wait(30) == 3
    assert 'another mcring-sink with --name sink has taken over at this broker' in sink.log()


def test_check_says_what_there_is_and_leaves_it(lab, mock, engine):
    argv = [SINK, '--channel', 'default', '--run-dir', engine.run_dir, '--to', mock.url, '--name', 'sink', '--check']
    said = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0 and mock.servers in said.stdout and 'position  there is none' in said.stdout, said
    assert not mock.read(''), 'no topic was made'
    sink = Sink(lab, engine.run_dir, mock.url)
    engine.send(datagrams(0, 10))
    sink.until_stored(10)
    said = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0 and 'position  of 20' in said.stdout, said
    engine.send(datagrams(10, 10))
    sink.until_stored(20)


def test_secrets_in_the_address_and_in_files_are_not_shown(lab, engine):
    path = lab.path('secrets')
    with open(path, 'w') as file:
        file.write('sasl.password=hidden\nno.such=1\n')
    argv = [SINK, '--channel', 'default', '--run-dir', engine.run_dir, '--to', 'kafka://me:hidden@127.0.0.1:9', '--check']
    said = subprocess.run([*argv, '--set-file', path], capture_output=True, text=True, timeout=60)
    assert said.returncode in (1, 2) and 'no.such' in said.stderr
    assert 'hidden' not in said.stdout + said.stderr


def test_a_position_that_nobody_can_read_is_an_error_that_says_where_it_stands(lab, mock, engine):
    driver = Driver(lab, mock.url, 'sink')
    driver.hand_over(0, 0, 'nonsense')
    driver.close()
    sink = Sink(lab, engine.run_dir, mock.url)
    assert sink.process.wait(30) == 1
    assert "the position of sink 'sink'" in sink.log()
