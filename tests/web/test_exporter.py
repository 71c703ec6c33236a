# SPDX-License-Identifier: BSD-3-Clause
"""mcring-exporter before engines of the tests' own making: what it says, whom it asks, and how often."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from monitors import (EXPORTER, Exporter, FakeEngine, free_port, names, parse, promtool)
from netlab import wait_for
from programs import ROOT

STATS = {
    'ok': True, 'schema': 1, 'name': 'fake', 'version': '1.2.3', 'started_ns': 1700000000123456789,
    'received': 7, 'delivered': 4, 'relayed_only': 0, 'relayed': 0, 'punted': 1, 'groups_total': 10000,
    'drops': {'unknown_group': 2, 'fragment': 0},
    'drop_samples': {'unknown_group': {'time_ns': 1700000001500000000, 'group': '239.9.9.9'}},
    'control': {'rounds': 5, 'longest_round_ns': 1500000, 'longest_round_at_ns': None, 'views': 2},
    'ports': [{'name': 'net_af_packet0', 'link_up': True, 'removed': False, 'speed_mbps': 10000,
               'rx_packets': 100, 'rx_bytes': 6400, 'rx_missed': 3, 'rx_nombuf': 1, 'rx_errors': 2,
               'buffers': 2048, 'buffers_used': 512}],
    'lcores': [{'lcore': 1, 'received': 7, 'busy_cycles': 5 * 10**9, 'tsc_hz': 2 * 10**9,
                'longest_gap_ns': 2500}],
    'interfaces': [{'name': 'feed', 'groups': 3, 'igmp_version': 3, 'igmp_querier_age_ns': 1500000000,
                    'igmp_reports': 8, 'mld_version': 0, 'mld_querier_age_ns': None}],
    'queriers': [{'interface': 'feed', 'protocol': 'igmp', 'role': 'us', 'groups': 4}],
    'relay': [{'interface': 'lan', 'offered': 9, 'tx': 8, 'tx_full': 1, 'forwards_ipv4': True}],
    'channels': [{'name': 'default', 'published': 50, 'published_bytes': 500, 'consumers': 2},
                 {'name': 'sockets/4711', 'published': 1}],
    'consumers': [{'id': 8, 'channel': 'default', 'label': 'feed', 'received': 40, 'lost': 1,
                   'cursor': 45, 'published': 50, 'headroom': 9, 'headroom_min': 3,
                   'heartbeat_age_ns': 250000000}],
    'groups': [{'interface': 'feed', 'group': '239.1.1.1', 'packets': 4, 'bytes': 400,
                'last_ns': 1700000002000000000},
               {'interface': 'feed', 'group': '239.1.1.2', 'packets': 0, 'bytes': 0, 'last_ns': None}],
}
FAULT = {'ok': True, 'schema': 1, 'first': 'port p0: the link is down', 'exit': 1, 'findings': [
    {'code': 'link_down', 'severity': 'fault', 'groups': 3, 'text': 'the link of p0 is down'},
    {'code': 'link_down', 'severity': 'fault', 'groups': 2, 'text': 'the link of p1 is down'},
    {'code': 'no_querier', 'severity': 'warning', 'groups': 1, 'text': 'no querier'}]}


@pytest.fixture
def exporter(lab, fake):
    fake.answers['stats'] = STATS
    return Exporter(lab, fake.run_dir)


def consumer(id, label='feed', **more):
    return dict(STATS['consumers'][0], id=id, label=label, **more)


# ---- what it says ----

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
    for one, value in of_engine.items():
        name, _, labels = one.partition('{')
        key = f'{name}{{engine="fake"' + (',' if labels != '}' else '') + labels
        assert series.get(key) == pytest.approx(value, rel=1e-12), key
    absent = [one for one in series if '4711' in one or '239.1.1.2"}' in one and 'last' in one or
              'mld' in one and 'age' in one]
    assert not absent, 'a program\'s channel and what is unknown have no series'
    assert series['mcring_exporter_series'] == len(series)


def test_promtool_has_nothing_to_say_against_them(exporter, fake):
    fake.answers['why'] = FAULT
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
        time.sleep(1.05)
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


def test_series_are_bounded_and_what_is_left_out_is_counted(lab, fake):
    groups = [dict(STATS['groups'][0], group=f'239.1.{i // 256}.{i % 256}') for i in range(3000)]
    many = [consumer(i, f'reader{i}') for i in range(3000)]
    fake.answers['stats'] = dict(STATS, groups=groups, consumers=many)
    series = Exporter(lab, fake.run_dir, args=('--series', 1000)).metrics()
    assert len(series) <= 1005 and series['mcring_exporter_series_left_out'] > 3000
    series = Exporter(lab, fake.run_dir, args=('--groups', 7)).metrics()
    assert len([one for one in series if 'group_packets' in one]) == 7
    assert len([one for one in series if 'consumer_lost_messages' in one]) == 256
    assert fake.asked, 'asked for no more groups than are shown'


def test_health_says_why_not(exporter, fake):
    assert exporter.ask('/health')[::2] == (200, 'ok\n')
    fake.answers['why'] = FAULT
    time.sleep(5.05)
    status, headers, text = exporter.ask('/health')
    assert status == 503 and headers['Content-Type'].startswith('text/plain')
    assert text.splitlines() == ['fake: fault: the link of p0 is down',
                                 'fake: fault: the link of p1 is down']
    fake.stop()
    time.sleep(1.05)
    status, _, text = exporter.ask('/health')
    assert status == 503 and text == 'fake: does not answer: nobody listens there: the engine does not run\n'


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


# ---- whom it asks, and how often ----

def test_whoever_scrapes_the_engine_is_asked_once_a_second_and_why_once_in_five(exporter, fake):
    end = time.monotonic() + 3.2
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
    assert len(answers) > 100 and 2 <= len(asked) <= 4, (len(answers), asked)
    assert min(b - a for a, b in zip(asked, asked[1:])) > 0.95
    assert len(fake.commands('why')) == 1
    before = len(fake.asked)
    time.sleep(1.5)
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


# ---- engines that are not what they seem ----

def endless(connection, command):
    connection.sendall(b'{"ok":true,"x":"')
    while True:
        connection.sendall(b'x' * 65536)


def many_values(connection, command):
    connection.sendall(b'{"ok":true,"schema":1,"x":[' + b'[],' * 10**6 + b'0]}\n')


HOSTILE = {
    'garbage': lambda connection, command: connection.sendall(os.urandom(4096) + b'\n'),
    'endless': endless,
    'many values': many_values,
    'deep': lambda connection, command: connection.sendall(b'[' * 10**6 + b'\n'),
    'silent': lambda connection, command: time.sleep(30),
    'gone': lambda connection, command: connection.shutdown(socket.SHUT_RDWR),
    'refuses': lambda connection, command: connection.sendall(b'{"ok":false,"error":"no \\"way\\""}\n'),
    'later schema': lambda connection, command: connection.sendall(b'{"ok":true,"schema":2}\n'),
    'an array': lambda connection, command: connection.sendall(b'[{"ok":true}]\n'),
}


def test_engines_that_lie_or_hang_hold_up_neither_the_others_nor_http(lab, fake):
    bad = {name: FakeEngine(lab.path(f'bad/{name}')) for name in HOSTILE}
    for name, one in bad.items():
        one.say = HOSTILE[name]
    exporter = Exporter(lab, fake.run_dir, *[one.run_dir for one in bad.values()])
    first = time.monotonic()
    engines = {one['name']: one for one in exporter.data()['engines']}
    assert time.monotonic() - first < 8, 'waited for them, but not for ever'
    assert engines['fake']['up'] and not any(engines[name]['up'] for name in bad), engines
    errors = {name: engines[name]['error'] for name in bad}
    assert 'not a JSON object' in errors['garbage'] and 'not a JSON object' in errors['an array']
    assert 'too long' in errors['endless'] and 'too many values' in errors['many values']
    assert 'too many values' in errors['deep'] and 'within 2 s' in errors['silent']
    assert errors['refuses'] == 'no "way"' and 'schema' in errors['later schema']
    for _ in range(3):  # who was silent once is not waited for
        time.sleep(1.05)
        before = time.monotonic()
        series = exporter.metrics()
        assert series[f'mcring_up{{engine="fake",socket="{fake.path}"}}'] == 1
        assert time.monotonic() - before < 1.5
    with open(f'/proc/{exporter.process.pid}/status') as status:
        peak = int(re.search(r'VmHWM:\s+(\d+)', status.read())[1])
    assert peak < 200_000, f'{peak} kB'
    for one in bad.values():
        one.stop()


def wrong_types(value, kind):
    """The answer with each value of another type than it has."""
    if isinstance(value, dict):
        return {key: kind if key not in ('ok', 'schema') and not isinstance(one, (dict, list))
                else wrong_types(one, kind) for key, one in value.items()}
    return [wrong_types(one, kind) for one in value] if isinstance(value, list) else value


def test_values_of_wrong_types_have_no_series(lab, fake):
    kinds = [None, True, -1, 1.5, 2**62, '', 'x', [], {}, [[1]], {'a': {'b': 1}}]
    engines = [fake] + [FakeEngine(lab.path(f'kind/{i}')) for i in range(len(kinds))]
    fake.answers['stats'] = {key: one if key in ('ok', 'schema') else [[], {}, None, 5]
                             for key, one in STATS.items()}
    for one, kind in zip(engines[1:], kinds):
        one.answers = {'stats': wrong_types(STATS, kind), 'why': wrong_types(FAULT, kind)}
    exporter = Exporter(lab, *[one.run_dir for one in engines])
    series = exporter.metrics()
    ups = [value for one, value in series.items() if one.startswith('mcring_up')]
    assert ups == [1] * len(engines)
    assert not [one for one in series if 'received_packets' in one and 'engine="4"' not in one
                and 'engine="fake"' not in one], 'only one kind is a number'
    assert exporter.ask('/health')[0] == 200 and len(exporter.data()['engines']) == len(engines)
    for one in engines[1:]:
        one.stop()


# ---- clients that are not what they seem ----

def open_connections(exporter, n, first=b''):
    """As many as the exporter takes."""
    found = []
    for _ in range(n):
        one = socket.socket()
        one.settimeout(2)
        try:
            one.connect(('127.0.0.1', exporter.port))
            if first:
                one.sendall(first)
        except OSError:
            one.close()
            continue
        found.append(one)
    return found


def descriptors(exporter):
    return len(os.listdir(f'/proc/{exporter.process.pid}/fd'))


def test_clients_that_send_garbage_are_gone(exporter):
    for one in (b'\0' * 1000 + b'\n', os.urandom(5000) + b'\n', b'GET\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n',
                b'GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n',
                b'GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
                b'GET /' + b'a' * 100000 + b' HTTP/1.1\r\n\r\n',
                b'GET / HTTP/1.1\r\n' + b'X: y\r\n' * 20000 + b'\r\n'):
        with socket.create_connection(('127.0.0.1', exporter.port), timeout=1) as client:
            try:
                client.sendall(one)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except (ConnectionError, TimeoutError):  # half of a request gets no answer
                pass
    assert exporter.ask('/health')[0] == 200
    wait_for(lambda: descriptors(exporter) < 20, 5, 'their connections are closed')


def test_clients_that_never_finish_do_not_keep_others_out(exporter):
    slow = open_connections(exporter, 300, b'GET /metrics HTTP/1.1\r\nHost: ')
    time.sleep(0.2)  # who connects and says nothing for so long makes room
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:  # an octet at a time, so that they are never idle
        for one in slow:
            try:
                one.send(b'x')
            except OSError:
                pass
        before = time.monotonic()
        assert exporter.ask('/health')[0] == 200
        assert time.monotonic() - before < 2
    assert descriptors(exporter) < 300
    for one in slow:
        one.close()


def test_ten_thousand_connections_are_bounded(exporter):
    most = 0
    for _ in range(50):
        batch = open_connections(exporter, 200)
        most = max(most, descriptors(exporter))
        for one in batch:
            one.close()
    assert most < 300, most
    assert exporter.ask('/health')[0] == 200
    with open(f'/proc/{exporter.process.pid}/status') as status:
        assert int(re.search(r'VmHWM:\s+(\d+)', status.read())[1]) < 100_000


def test_a_hundred_scrapers_at_once_are_all_served(exporter, fake):
    clients = open_connections(exporter, 100, b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
    answers = []
    for one in clients:
        one.settimeout(10)
        text = b''
        while chunk := one.recv(65536):
            text += chunk
        answers.append(text)
    assert len(answers) == 100 and all(one.startswith(b'HTTP/1.1 200') for one in answers)
    assert len(fake.commands()) == 1


# ---- the program ----

def test_a_port_that_is_taken_is_said(exporter):
    done = subprocess.run([EXPORTER, '--listen', f'127.0.0.1:{exporter.port}'], capture_output=True,
                          text=True, timeout=10)
    assert done.returncode == 1 and 'the port is taken' in done.stderr and '--listen' in done.stderr


@pytest.mark.parametrize('args, words', [
    (['--listen', '127.0.0.1'], 'expected ADDRESS:PORT'), (['--listen', '::1:80'], 'expected ADDRESS:PORT'),
    (['--listen', '127.0.0.1:70000'], 'expected ADDRESS:PORT'), (['--listen', 'host:80'], 'expected'),
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
