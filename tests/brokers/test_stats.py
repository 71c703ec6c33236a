# SPDX-License-Identifier: BSD-3-Clause
"""What a sink shows of itself: its socket, and mcring-exporter's metrics of it."""

import os
import re
import stat
import subprocess
import sys

import pytest

from netlab import wait_for
from programs import ROOT
from sinks import SINK, Engine, Sink, question

sys.path.insert(0, os.path.join(ROOT, 'tests', 'web'))  # tests/net has a monitors.py of its own

import monitors  # noqa: E402

GROUPS = ('239.1.1.1', '239.1.1.2')


def datagrams(n, octets=60):
    return [(GROUPS[i % 2], 5000, b'%06d' % i + bytes(octets - 6)) for i in range(n)]


@pytest.fixture
def engine(lab):
    return Engine(lab)


@pytest.fixture
def sink(lab, engine, server):
    one = Sink(lab, engine.run_dir, server.url, '--stream', 'MD,create,storage=memory,window=90s')
    engine.send(datagrams(1000))
    one.until_stored(1000)
    return one


def test_the_exporter_has_each_series_of_the_sink_with_its_value(lab, sink):
    """As docs/monitoring.md lists them."""
    sink.until(lambda said: said['sink']['checkpoint_ns'], 'a position is stored')
    exporter = monitors.Exporter(lab, sink.state_dir)
    series, said = exporter.metrics(), sink.stats()
    with open(os.path.join(ROOT, 'docs', 'monitoring.md')) as page:
        listed = set(re.findall(r'^\| `(mcring_sink_\w+)`', page.read(), re.M))
    assert len(listed) > 20 and listed <= monitors.names(series), listed - monitors.names(series)

    def value(name):
        found, = (number for one, number in series.items() if one.startswith(name + '{'))
        return found

    row, whole = said['sources'][0], said['sink']
    assert value('mcring_sink_connected') == 1 and value('mcring_sink_source_up') == 1
    assert value('mcring_sink_stored_messages_total') == row['stored'] == 1000
    assert value('mcring_sink_read_messages_total') == row['read'] == 1000
    assert value('mcring_sink_read_bytes_total') == row['bytes'] == 60_000
    assert value('mcring_sink_lost_messages_total') == row['lost'] == 0
    assert value('mcring_sink_behind_messages') == row['behind'] == 0
    assert value('mcring_sink_lag_seconds') == row['lag_ns'] == 0
    assert value('mcring_sink_once_seconds') == 90 and whole['once_ns'] == 90 * 10**9
    assert value('mcring_sink_memory_bytes') == whole['memory_bytes'] == 64 << 20
    assert value('mcring_sink_connects_total') == whole['connects'] >= 1
    assert 'kind="channel",source="default"' in next(one for one in series if 'sink_stored_messages' in one)


def test_without_its_broker_the_sink_says_so_and_messages_wait(lab, server):
    engine = Engine(lab, '--channel', 'default,bytes=1M')
    sink = Sink(lab, engine.run_dir, server.url, '--stream', 'MD,create,storage=memory', '--memory', '8')
    sink.until(lambda said: said['sink']['connected'], 'it has the broker')
    server.kill()
    engine.send(datagrams(60_000, 500))
    # On a busy machine the ring may have lapped it before its memory was full.
    said = sink.until(lambda said: not said['sink']['connected'] and
                      sum(said['sources'][0][key] for key in ('behind', 'read', 'lost')) == 60_000,
                      'the broker is gone, and more has come than there is room for')
    row, whole = said['sources'][0], said['sink']
    assert whole['error'] and whole['disconnects'] >= 1
    assert row['lag_ns'] > 0 and row['behind'] > 0 and row['in_flight'] > 0
    assert whole['memory_used_bytes'] <= whole['memory_bytes'] == 8 << 20
    assert row['read'] == row['stored'] + row['stored_before'] + row['refused'] + row['in_flight']
    server.start()
    said = sink.until(lambda said: said['sources'][0]['behind'] == said['sources'][0]['in_flight'] == 0 and
                      said['sink']['connected'], 'it is back, and all is settled')
    row = said['sources'][0]
    assert row['read'] + row['lost'] == 60_000 and row['lag_ns'] == 0 and said['sink']['error'] is None
    assert row['losses'] >= 1
    assert sink.stop() == 0
    assert sum(map(int, re.findall(r' lost (\d+) messages', sink.log()))) == row['lost'], 'the log has all of them'


def test_a_source_that_is_not_there_says_why(lab, engine, server):
    sink = Sink(lab, engine.run_dir, server.url, '--stream', 'MD,create', '--channel', 'default', '--channel', 'absent')
    engine.send(datagrams(1000))
    sink.until_stored(1000)
    row = sink.sources()['absent']
    assert row['up'] is False and 'absent' in row['error'] and row['behind'] is None
    assert sink.sources()['default']['up'] is True


def test_the_socket_has_the_mode_and_the_group_of_the_option(lab, engine, server):
    sink = Sink(lab, engine.run_dir, server.url, '--stream', 'MD,create', '--stats', 'mode=0640,group=nogroup')
    sink.until(lambda said: said['ok'], 'it answers')
    found = os.stat(f'{sink.state_dir}/stats')
    assert stat.S_IMODE(found.st_mode) == 0o640 and found.st_gid == 65534


def test_an_exporter_finds_the_sink_beside_its_engine(lab, engine, server):
    """Each has a directory below the same one, as below /run/mcring."""
    os.makedirs(lab.path('all'))
    for name, folder in (('md1', engine.run_dir), ('sink-md', lab.path('md.state'))):
        os.symlink(folder, lab.path(f'all/{name}'))
    sink = Sink(lab, engine.run_dir, server.url, '--stream', 'MD,create', name='md')
    sink.until(lambda said: said['sink']['connected'], 'it has the broker')
    assert question(f'{sink.state_dir}/stats', {'command': 'why'})['error'].startswith("'why': this is mcring-sink")
    exporter = monitors.Exporter(lab, f'{lab.path("all")}/sink-md')
    ups = {one: value for one, value in exporter.metrics().items() if one.startswith('mcring_up')}
    assert list(ups.values()) == [1], ups
    assert exporter.data()['engines'][0]['name'] == 'sink-md'
    wait_for(lambda: exporter.ask('/health')[0] == 200, 10, 'it is well')


def test_two_sinks_have_no_state_directory_in_common(lab, sink):
    done = subprocess.run([SINK, '--channel', 'default', '--run-dir', lab.path('engine.run'), '--to', 'nats://127.0.0.1:1',
                           '--stream', 'MD', '--name', 'other', '--state-dir', sink.state_dir],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and sink.state_dir in done.stderr, done.stderr
    assert sink.stats()['ok'], 'the first one goes on'
