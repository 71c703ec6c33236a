# SPDX-License-Identifier: BSD-3-Clause
"""mcring-exporter before engines of the tests' own making: what it says, whom it asks, and how often."""

import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from monitors import (EXPORTER, FAULT, SINK, STATS, WATCH, Exporter, FakeEngine, free_port, parse,
                      promtool)
from netlab import wait_for
from programs import ROOT


def consumer(id, label='feed', **more):
    return dict(STATS['consumers'][0], id=id, label=label, **more)


# ---- what it says ----

def has_values(series, expected):
    """Each of these, of the engine `fake`."""
    for one, value in expected.items():
        name, _, labels = one.partition('{')
        key = f'{name}{{engine="fake"' + (',' if labels != '}' else '') + labels
        assert series.get(key) == pytest.approx(value, rel=1e-12), key


def test_metrics_are_the_engines_numbers_in_seconds_and_octets(exporter, fake):
    series = exporter.metrics()
    of_engine = {
        'mcring_start_time_seconds{}': 1700000000.123456789,
        'mcring_received_packets_total{}': 7,
        'mcring_groups{}': 10000,
        'mcring_dropped_packets_total{reason="unknown_group"}': 2,
        'mcring_drop_last_timestamp_seconds{reason="unknown_group"}': 1700000001.5,
        'mcring_control_longest_round_seconds{}': 0.0015,
        'mcring_port_link_up{port="net_af_packet0"}': 1,
        'mcring_port_removed{port="net_af_packet0"}': 0,
        'mcring_port_speed_bytes_per_second{port="net_af_packet0"}': 1.25e9,
        'mcring_port_rx_missed_packets_total{port="net_af_packet0"}': 3,
        'mcring_lcore_busy_seconds_total{lcore="1"}': 2.5,
        'mcring_lcore_longest_gap_seconds{lcore="1"}': 0.0000025,
        'mcring_membership_querier_age_seconds{interface="feed",protocol="igmp"}': 1.5,
        'mcring_membership_version{interface="feed",protocol="mld"}': 0,
        'mcring_querier_active{interface="feed",protocol="igmp"}': 1,
        'mcring_relay_tx_full_packets_total{interface="lan"}': 1,
        'mcring_channel_published_messages_total{channel="default"}': 50,
        'mcring_consumer_behind_messages{channel="default",consumer="feed"}': 5,
        'mcring_consumer_heartbeat_age_seconds{channel="default",consumer="feed"}': 0.25,
        'mcring_group_packets_total{interface="feed",group="239.1.1.1"}': 4,
        'mcring_group_last_timestamp_seconds{interface="feed",group="239.1.1.1"}': 1700000002,
        'mcring_verdict{}': 0,
        'mcring_build_info{version="1.2.3"}': 1,
        'mcring_up{socket="%s"}' % fake.path: 1,
    }
    has_values(series, of_engine)
    absent = [one for one in series if '4711' in one or '239.1.1.2"}' in one and 'last' in one or
              'mld' in one and 'age' in one]
    assert not absent, 'a program\'s channel and what is unknown have no series'
    assert series['mcring_exporter_series'] == len(series)


def test_metrics_of_a_watch_are_its_gaps_lines_bursts_and_recordings(exporter, fake):
    fake.answers['stats'] = WATCH
    series = exporter.metrics()
    feed, line, channel = (f'from="mcring",{one}' for one in ('feed="itch"', 'feed="itch",line="A"', 'channel="md"'))
    of_watch = {
        'mcring_start_time_seconds{}': 1700000000.123456789,
        'mcring_feed_open{%s}' % feed: 1,
        'mcring_feed_wire_gaps_total{%s}' % feed: 3,
        'mcring_feed_wire_lost_messages_total{%s}' % feed: 8,
        'mcring_feed_host_gaps_total{%s}' % feed: 1,
        'mcring_feed_silent{%s}' % feed: 1,
        'mcring_line_up{%s}' % line: 0,
        'mcring_line_lost_messages_total{%s}' % line: 11,
        'mcring_line_lost_messages_total{%s}' % line.replace('"A"', '"B"'): 16,
        'mcring_line_filled_messages_total{%s}' % line: 5,
        'mcring_line_last_timestamp_seconds{%s}' % line: 1700000002.5,
        'mcring_line_ahead_packets_total{%s}' % line: 30,
        'mcring_line_ahead_median_seconds{%s}' % line: 256e-9,
        'mcring_line_behind_median_seconds{%s}' % line: 0,
        'mcring_line_ahead_max_seconds{%s}' % line: 4.5e-6,
        'mcring_line_behind_max_seconds{%s}' % line: 2e-6,
        'mcring_line_lead_resolution_seconds{%s}' % line: 12e-9,
        'mcring_line_burst_packets{%s,window="10us"}' % line: 9,
        'mcring_line_burst_packets_timestamp_seconds{%s,window="10us"}' % line: 1700000003.25,
        'mcring_watch_channel_blind{%s}' % channel: 0,
        'mcring_watch_channel_lost_messages_total{%s}' % channel: 6,
        'mcring_channel_burst_bytes{%s,window="10us"}' % channel: 900,
        'mcring_watch_group_silent{%s,interface="0",group="239.1.1.1",port="5000"}' % channel: 1,
        'mcring_recording_triggers_total{recording="ring"}': 5,
        'mcring_recording_disk_bytes{recording="ring"}': 4096,
        'mcring_watch_alarms_total{kind="gap"}': 3,
        'mcring_watch_alarms_active{kind="silence"}': 1,
        'mcring_watch_commands_suppressed_total{}': 2,
    }
    has_values(series, of_watch)
    absent = [one for one in series if 'line="B"' in one and ('median' in one or 'burst' in one) or
              one.startswith(('mcring_group', 'mcring_channel_ring'))]
    assert not absent, 'what is unknown has no series, nor has what only engines know'
    assert series['mcring_exporter_series_left_out'] == 0


def test_metrics_of_a_sink_are_its_broker_and_what_became_of_each_source(exporter, fake):
    fake.answers['stats'] = SINK
    series = exporter.metrics()
    sink, channel, feed = 'sink="md",broker="nats"', 'from="mcring",kind="channel",source="md"', \
        'from="mcring",kind="feed",source="itch"'
    has_values(series, {
        'mcring_start_time_seconds{}': 1700000000.123456789,
        'mcring_sink_connected{%s}' % sink: 1,
        'mcring_sink_connects_total{%s}' % sink: 3,
        'mcring_sink_disconnects_total{%s}' % sink: 2,
        'mcring_sink_retried_units_total{%s}' % sink: 9,
        'mcring_sink_perhaps_twice_units_total{%s}' % sink: 4,
        'mcring_sink_aborted_transactions_total{%s}' % sink: 0,
        'mcring_sink_checkpoints_total{%s}' % sink: 7,
        'mcring_sink_checkpoint_timestamp_seconds{%s}' % sink: 1700000003.5,
        'mcring_sink_once_seconds{%s}' % sink: 120,
        'mcring_sink_units_in_flight{%s}' % sink: 5,
        'mcring_sink_memory_bytes{%s}' % sink: 64 << 20,
        'mcring_sink_memory_used_bytes{%s}' % sink: 4096,
        'mcring_sink_source_up{%s}' % channel: 1,
        'mcring_sink_source_up{%s}' % feed: 0,
        'mcring_sink_read_messages_total{%s}' % channel: 100,
        'mcring_sink_read_bytes_total{%s}' % channel: 6400,
        'mcring_sink_stored_messages_total{%s}' % channel: 80,
        'mcring_sink_stored_before_messages_total{%s}' % channel: 3,
        'mcring_sink_refused_messages_total{%s}' % channel: 1,
        'mcring_sink_lost_messages_total{%s}' % channel: 12,
        'mcring_sink_restarts_total{%s}' % channel: 1,
        'mcring_sink_gap_messages_total{%s}' % feed: 8,
        'mcring_sink_behind_messages{%s}' % channel: 40,
        'mcring_sink_in_flight_messages{%s}' % channel: 16,
        'mcring_sink_lag_seconds{%s}' % channel: 1.5,
        'mcring_sink_lag_seconds{%s}' % feed: 0,
    })
    of_others = ('mcring_received', 'mcring_channel', 'mcring_feed', 'mcring_watch')
    assert not [one for one in series if one.startswith(of_others) or 'behind' in one and 'itch' in one]
    assert series['mcring_exporter_series_left_out'] == 0


@pytest.mark.parametrize('said', [STATS, WATCH, SINK], ids=['engine', 'watch', 'sink'])
def test_promtool_has_nothing_to_say_against_them(exporter, fake, said):
    fake.answers = {'stats': said, 'why': FAULT}
    done = promtool('check', 'metrics', input=exporter.ask('/metrics')[2])
    assert done.returncode == 0 and not done.stdout + done.stderr, done.stdout + done.stderr


def test_findings_are_counted_by_code_and_severity(exporter, fake):
    fake.answers['why'] = FAULT
    series = exporter.metrics()
    assert series['mcring_findings{engine="fake",code="link_down",severity="fault"}'] == 2
    assert series['mcring_finding_groups{engine="fake",code="link_down",severity="fault"}'] == 5
    assert series['mcring_findings{engine="fake",code="no_querier",severity="warning"}'] == 1
    assert series['mcring_verdict{engine="fake"}'] == 1


def test_labels_from_outside_are_escaped_and_cut(exporter, fake):
    evil = 'a"} 1\n# TYPE x\\' + 'é' * 100
    fake.answers['stats'] = dict(STATS, consumers=[consumer(1, evil)],
                                 interfaces=[dict(STATS['interfaces'][0], name=evil)])
    text = exporter.ask('/metrics')[2]
    labels = re.findall(r'consumer="((?:[^"\\]|\\.)*)"', text)
    assert labels and all(one.startswith('a\\"} 1 # TYPE x\\\\éé') for one in labels)
    assert max(len(one.encode()) for one in labels) <= 66
    parse(text)
    assert max(len(one.encode()) for one in re.findall(r'interface="((?:[^"\\]|\\.)*)"', text)) <= 130


def test_readers_that_start_anew_make_no_new_series(exporter, fake):
    def with_consumers(*list):
        fake.answers['stats'] = dict(STATS, consumers=[*list])
        time.sleep(1.05 if fake.asked else 0)
        series = exporter.metrics()
        return {one: value for one, value in series.items() if 'consumer_received' in one}

    def key(name):
        return f'mcring_consumer_received_messages_total{{engine="fake",channel="default",consumer="{name}"}}'

    twins = with_consumers(consumer(1, received=10), consumer(2, received=20), consumer(3, 'other'))
    assert twins == {key('feed'): 10, key('feed#2'): 20, key('other'): 40}
    # The second keeps its name when the first is gone, and the next one takes over what is free.
    assert with_consumers(consumer(2, received=21)) == {key('feed#2'): 21}
    assert with_consumers(consumer(2, received=22), consumer(4, received=1)) == {
        key('feed#2'): 22, key('feed'): 1}
    # An engine that starts anew counts its readers anew: the same id is somebody else.
    fake.answers['stats'] = dict(STATS, started_ns=STATS['started_ns'] + 1, consumers=[consumer(2, 'next')])
    time.sleep(1.05)
    assert [one for one in exporter.metrics() if 'consumer_received' in one] == [key('next')]


def test_series_are_bounded_and_what_is_left_out_is_counted(lab, fake):
    groups = [dict(STATS['groups'][0], group=f'239.1.{i // 256}.{i % 256}') for i in range(3000)]
    many = [consumer(i, f'reader{i}') for i in range(3000)]
    fake.answers['stats'] = dict(STATS, groups=groups, consumers=many)
    series = Exporter(lab, fake.run_dir, args=('--series', 1000)).metrics()
    assert len(series) <= 1005 and series['mcring_exporter_series_left_out'] > 3000
    series = Exporter(lab, fake.run_dir, args=('--groups', 7)).metrics()
    assert len([one for one in series if 'group_packets' in one]) == 7
    assert len([one for one in series if 'consumer_lost_messages' in one]) == 256


def test_health_says_why_not(lab, exporter, fake):
    assert exporter.ask('/health')[::2] == (200, 'ok\n')
    bad = FakeEngine(lab.path('bad'))
    bad.answers['why'] = FAULT
    two = Exporter(lab, fake.run_dir, bad.run_dir)
    status, headers, text = two.ask('/health')
    assert status == 503 and headers['Content-Type'].startswith('text/plain')
    assert text.splitlines() == ['bad: fault: the link of p0 is down', 'bad: fault: the link of p1 is down']
    bad.stop()
    time.sleep(1.05)
    status, _, text = two.ask('/health')
    assert status == 503 and text == 'bad: does not answer: nobody listens there: the engine does not run\n'


def test_health_without_an_engine_is_bad(lab):
    os.makedirs(lab.path('run'))
    status, _, text = Exporter(lab, args=(), env={'MCRING_RUN_DIR': lab.path('run')}).ask('/health')
    assert status == 503 and text.startswith('run: does not answer: nobody listens there')


def test_data_json_is_what_the_engines_said(exporter, fake):
    data = exporter.data()
    engine, = data['engines']
    assert data['schema'] == 1 and abs(data['now_ns'] / 1e9 - time.time()) < 5
    assert (engine['name'], engine['socket'], engine['up'], engine['error']) == (
        'fake', fake.path, True, None)
    assert 0 <= engine['age_ns'] < 10**9
    assert engine['stats'] == {key: value for key, value in STATS.items() if key != 'ok'}
    assert engine['why']['first'] == 'healthy'
    fake.stop()
    time.sleep(1.05)
    engine, = exporter.data()['engines']
    assert not engine['up'] and engine['stats'] is None and 'nobody listens' in engine['error']


def test_only_get_and_head_of_four_paths_with_headers_that_protect(exporter):
    for path, kind in (('/', 'text/html'), ('/metrics', 'text/plain; version=0.0.4'),
                       ('/data.json', 'application/json'), ('/health', 'text/plain')):
        status, headers, text = exporter.ask(path)
        assert status == 200 and text and headers['Content-Type'].startswith(kind), path
        assert "default-src 'none'" in headers['Content-Security-Policy']
        assert headers['X-Content-Type-Options'] == 'nosniff' and headers['Cache-Control'] == 'no-store'
        head = exporter.ask(path, 'HEAD')
        assert head[0] == 200 and head[2] == '' and int(head[1]['Content-Length']) > 0
    assert exporter.ask('/metrics?x=1')[0] == 200
    for path in ('/metrics/', '//metrics', '/../etc/passwd', '/%2e%2e/etc/passwd', '/Metrics'):
        assert exporter.ask(path)[0] == 404, path
    for method in ('POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'BREW'):
        status, headers, _ = exporter.ask('/metrics', method, body=b'x' * 100000)
        assert status == 405 and headers['Allow'] == 'GET, HEAD', method


def test_pages_of_the_web_cannot_read_what_is_for_this_host(exporter):
    def status(host):
        return exporter.ask('/data.json', headers={'Host': host})[0]

    assert {status(host) for host in ('127.0.0.1:9810', 'localhost', 'LOCALHOST:9810', '[::1]:9810')} == {200}
    assert {status(host) for host in ('evil.example', '127.0.0.1.evil.example', '127.0.0.1@evil.example',
                                      'localhost.evil.example', 'x')} == {421}


# ---- whom it asks, and how often ----

def test_whoever_scrapes_the_engine_is_asked_once_a_second_and_why_once_in_five(exporter, fake):
    end = time.monotonic() + 1.5
    answers = []

    def scrape():
        while time.monotonic() < end:
            answers.append(exporter.metrics()['mcring_questions_total{engine="fake"}'])

    scrapers = [threading.Thread(target=scrape) for _ in range(20)]
    for one in scrapers:
        one.start()
    for one in scrapers:
        one.join()
    asked = fake.commands()
    assert len(answers) > 50 and len(asked) == 2, (len(answers), asked)
    assert len(fake.commands('why')) == 1
    before = len(fake.asked)
    time.sleep(1.2)
    assert len(fake.asked) == before, 'nobody asks, and the engine is left alone'


def test_engines_are_found_when_they_come_and_forgotten_when_they_go(lab):
    parent = lab.path('engines')
    os.makedirs(parent)
    exporter = Exporter(lab, before=('unshare', '-m', 'sh', '-c', f'''mkdir -p /run/mcring &&
        mount --bind {parent} /run/mcring && exec "$@"''', 'sh'))
    assert exporter.ask('/health')[::2] == (503, 'no engine: no run directory has a stats socket\n')
    a = FakeEngine(f'{parent}/a')
    watch = FakeEngine(f'{parent}/a', 'mcring-watch.stats')
    os.makedirs(f'{parent}/b')
    time.sleep(1.05)
    ups = {one['name']: one['up'] for one in exporter.data()['engines']}
    assert ups == {'a': True, 'a/mcring-watch': True, 'b': False}
    b = FakeEngine(f'{parent}/b')
    watch.stop()
    os.unlink(watch.path)
    time.sleep(1.05)
    assert {one['name']: one['up'] for one in exporter.data()['engines']} == {'a': True, 'b': True}
    for one in (a, b):
        one.stop()


def test_two_run_directories_of_the_same_name_are_told_apart(lab):
    engines = [FakeEngine(lab.path(f'{i}/mcring')) for i in range(2)]
    exporter = Exporter(lab, *[one.run_dir for one in engines])
    assert [one['name'] for one in exporter.data()['engines']] == ['mcring', engines[1].path]
    for one in engines:
        one.stop()


# ---- the program ----

def test_it_says_where_it_serves(exporter):
    assert exporter.log() == f'mcring-exporter: serves {exporter.url()}, /metrics, /health and /data.json\n'


def test_a_port_that_is_taken_is_said(exporter):
    done = subprocess.run([EXPORTER, '--listen', f'127.0.0.1:{exporter.port}'], capture_output=True,
                          text=True, timeout=10)
    assert done.returncode == 1 and 'the port is taken' in done.stderr and '--listen' in done.stderr


@pytest.mark.parametrize('args, words', [
    (['--listen', '127.0.0.1'], 'expected ADDRESS:PORT'), (['--listen', '::1:80'], 'expected ADDRESS:PORT'),
    (['--listen', '127.0.0.1:70000'], 'expected ADDRESS:PORT'), (['--listen', '127.0.0.1:0'], 'expected'),
    (['--listen', 'host:80'], 'expected'),
    (['--listen', '192.0.2.1:9810'], 'does not have the address'), (['--groups', '-1'], 'from 0 to 10000'),
    (['--groups', '10001'], 'from 0 to'), (['--series', 'x'], 'expected a number'),
    (['--run-dir', 'x' * 200], 'expected a path'), (['more'], "unexpected 'more'"), (['--no-such'], 'option')])
def test_mistakes_on_the_command_line_are_answered(args, words):
    done = subprocess.run([EXPORTER, *args], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1 and words in done.stderr and done.stderr.startswith(
        (EXPORTER, 'mcring-exporter: ')), done.stderr


def test_it_listens_on_ipv6_says_its_version_and_ends_on_sigterm(lab):
    done = subprocess.run([EXPORTER, '--version'], capture_output=True, text=True, timeout=10)
    assert re.fullmatch(r'mcring-exporter \d+\.\d+\.\d+\n', done.stdout)
    port = free_port()
    process = subprocess.Popen([EXPORTER, '--listen', f'[::1]:{port}', '--run-dir', lab.path('')])
    lab.processes.append(process)

    def connects():
        with socket.socket(socket.AF_INET6) as one:
            return one.connect_ex(('::1', port)) == 0
    wait_for(connects, 10, 'it listens')
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0


def test_docs_list_each_metric_with_its_type_and_meaning(exporter):
    text = exporter.ask('/metrics')[2]
    said = re.findall(r'# HELP (\S+) (.+)\n# TYPE \S+ (\S+)', text)
    with open(os.path.join(ROOT, 'docs', 'monitoring.md')) as page:
        rows = re.findall(r'^\| `(mcring_\w+)` \| (\w+) \| [^|]* \| (.+) \|$', page.read(), re.M)
    assert rows == [(name, kind, meaning.rstrip('.')) for name, meaning, kind in said]
