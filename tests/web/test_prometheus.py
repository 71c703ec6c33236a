# SPDX-License-Identifier: BSD-3-Clause
"""Real engines, mcring-exporter and Debian's Prometheus: values, restarts, alerts, the board, many scrapers,
and the exporter's own user."""

import json
import os
import re
import signal
import threading
import time

import pytest

from monitors import (BOARD, EXPORTER, RULES, SINK, WATCH, Exporter, FakeEngine, Prometheus, has_prometheus, names,
                      need_prometheus, promtool)
from netlab import wait_for
from programs import Daemon, mcsend

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture(scope='module', autouse=True)
def starting(site):
    """Prometheus, if there is one: it scrapes only after 5 s."""
    return Prometheus(site.lab, site.exporter.port) if has_prometheus() else None


@pytest.fixture(scope='module')
def prometheus(starting):
    need_prometheus()
    wait_for(lambda: starting.value('mcring_up') == 1, 20, 'Prometheus has scraped')
    return starting


@pytest.fixture(scope='module')
def series(site):
    """Names of the series of an engine to which everything has happened that makes series."""
    site.query()
    reader = site.daemon.cat()
    mcsend(site.sender, '239.1.1.1:5000', '239.1.1.9:5001', count=20)
    wait_for(lambda: site.daemon.stats()['drops']['unknown_port'] >= 20 and
             [one['received'] > 0 for one in site.daemon.stats()['consumers']] == [True], 10,
             'all has arrived')
    # Without its link the engine has something to find.
    site.sender.run('ip', 'link', 'set', 'eth0', 'down')
    wait_for(lambda: not site.daemon.stats()['ports'][0]['link_up'], 10, 'the link is down')
    time.sleep(1.05)  # what was said before is no more
    wait_for(lambda: 'mcring_findings' in names(site.exporter.metrics()), 20, 'why finds it')
    found = names(site.exporter.metrics())
    site.sender.run('ip', 'link', 'set', 'eth0', 'up')
    reader.process.terminate()
    return found


# ---- while Prometheus starts: many, and the rules ----

def test_a_hundred_scrapers_cost_the_engine_what_one_costs(site):
    before = site.daemon.stats()['control']['longest_round_ns']
    first = site.exporter.metrics()
    end, answers, failed = time.monotonic() + 1.2, [], []

    def scrape():
        while time.monotonic() < end:
            try:
                answers.append(site.exporter.ask('/metrics')[0])
            except OSError as error:
                failed.append(error)

    scrapers = [threading.Thread(target=scrape) for _ in range(100)]
    for one in scrapers:
        one.start()
    for one in scrapers:
        one.join()
    last = site.exporter.metrics()
    key, = (one for one in first if one.startswith('mcring_questions_total'))
    assert not failed and set(answers) == {200} and len(answers) >= 100
    assert last[key] - first[key] <= 5
    after = site.daemon.stats()['control']['longest_round_ns']
    assert after == before or after < 100_000_000, (before, after)


def test_promtool_accepts_the_rules_and_they_fire_for_what_they_are_about():
    done = promtool('check', 'rules', RULES)
    assert done.returncode == 0, done.stdout + done.stderr
    done = promtool('test', 'rules', os.path.join(HERE, 'mcring.rules.test.yaml'))
    assert done.returncode == 0, done.stdout + done.stderr


# ---- values ----

def test_prometheus_has_the_engines_values(site, prometheus):
    reader = site.daemon.cat()
    mcsend(site.sender, '239.1.1.1:5000', '239.1.1.2:5000', '239.1.1.3:7', count=50)
    wait_for(lambda: [one['received'] for one in site.daemon.stats()['consumers']] == [100] and
             site.daemon.stats()['ports'][0]['rx_packets'] == 150, 10, 'all has arrived, and the port says so')
    stats = site.daemon.stats()
    name = json.loads(site.exporter.ask('/data.json')[2])['engines'][0]['name']
    engine = f'engine="{name}"'
    wait_for(lambda: prometheus.value('mcring_delivered_packets_total') == stats['delivered'], 10,
             'Prometheus has it')
    expected = {
        f'mcring_dropped_packets_total{{{engine},reason="unknown_port"}}': stats['drops']['unknown_port'],
        'mcring_port_rx_packets_total{port="net_af_packet0"}': stats['ports'][0]['rx_packets'],
        'mcring_group_packets_total{group="239.1.1.2"}': 50,
        'mcring_group_bytes_total{group="239.1.1.2"}': 5000,
        'mcring_consumer_received_messages_total{consumer="mcring-cat"}': 100,
        'mcring_channel_published_messages_total': 100,
        'mcring_groups': stats['groups_total'],
        'mcring_start_time_seconds': pytest.approx(stats['started_ns'] / 1e9),
        'count(mcring_group_packets_total)': stats['groups_total'],
    }
    for expression, value in expected.items():
        assert prometheus.value(expression) == value, expression
    reader.process.terminate()


def test_an_engine_that_restarts_is_seen(site, prometheus):
    before = prometheus.value('mcring_start_time_seconds')
    site.daemon.restart()
    wait_for(lambda: (prometheus.value('mcring_start_time_seconds') or 0) > before, 20, 'it started anew')
    wait_for(lambda: prometheus.value('mcring_delivered_packets_total') == 0, 10, 'it counts anew')
    assert prometheus.value('mcring_up') == 1
    wait_for(lambda: prometheus.alerts().get('McringRestarted') == 'firing', 10, 'the alert fires')


def test_an_exporter_that_was_killed_and_comes_back_goes_on(site, prometheus):
    assert prometheus.value('up') == 1
    site.exporter.stop(signal.SIGKILL)
    wait_for(lambda: prometheus.value('up') == 0, 10, 'Prometheus misses it')
    site.exporter.begin()
    wait_for(lambda: prometheus.value('up') == 1 and prometheus.value('mcring_up') == 1, 10, 'it is back')
    site.daemon.ctl('status')


def test_an_engine_that_was_killed_is_down(site, prometheus):
    site.daemon.process.kill()
    site.daemon.process.wait(10)
    wait_for(lambda: prometheus.value('mcring_up') == 0, 10, 'it is down')
    assert site.exporter.ask('/health')[0] == 503
    # One that was killed amid a question has closed the connection, until it is asked again.
    wait_for(lambda: 'does not answer: nobody listens' in site.exporter.ask('/health')[2], 10, 'it does not run')
    assert prometheus.value('mcring_received_packets_total') is None, 'no old values'
    wait_for(lambda: 'McringDown' in prometheus.alerts(), 10, 'an alert is pending')
    site.daemon.start()
    wait_for(lambda: prometheus.value('mcring_up') == 1, 10, 'it is back')


# ---- rules and board ----

def board_expressions():
    with open(BOARD) as board:
        panels = json.load(board)['panels']
    found = [target['expr'] for panel in panels for target in panel.get('targets', [])]
    assert len(found) > 30
    return [one.replace('$__rate_interval', '1m').replace('$instance', '.*').replace('$engine', '.*')
            for one in found]


def test_rules_and_board_ask_for_metrics_that_engines_watches_and_sinks_have(lab, series, prometheus):
    for said in (WATCH, SINK):
        other = FakeEngine(lab.path(said['name']))
        other.answers['stats'] = said
        series = series | names(Exporter(lab, other.run_dir).metrics())
        other.stop()
    with open(RULES) as rules:
        asked = set(re.findall(r'\bmcring_\w+', rules.read()))
    for expression in board_expressions():
        asked |= set(re.findall(r'\bmcring_\w+', expression))
        prometheus.get('/api/v1/query', query=expression)  # it understands each
    assert len(asked) > 40 and not asked - series, asked - series


# ---- the exporter's own user ----

GROUP, USER, STRANGER = 61990, 61991, 61992


def as_user(user, groups=''):
    words = ['--groups', groups] if groups else ['--clear-groups']
    return ('setpriv', '--reuid', str(user), '--regid', str(user), *words, '--no-new-privs',
            '--bounding-set=-all', '--inh-caps=-all')


def test_membership_in_the_sockets_group_is_all_that_it_needs(lab):
    os.chmod(lab.dir, 0o755)
    host = lab.namespace('own')
    daemon = Daemon(lab, host, '--interface', 'feed=net_ring0,address=10.0.0.2/24', '--join',
                    '239.1.1.1:5000', '--stats', f'mode=0660,group={GROUP}', vdev='net_ring0')
    program = lab.public(EXPORTER)
    member = Exporter(lab, daemon.run_dir, program=program, before=as_user(USER, str(GROUP)))
    assert member.ask('/health')[2] != '' and member.data()['engines'][0]['up']
    with open(f'/proc/{member.process.pid}/status') as status:
        assert re.search(r'Uid:\s+61991', status.read())
    stranger = Exporter(lab, daemon.run_dir, program=program, before=as_user(STRANGER))
    status, _, text = stranger.ask('/health')
    assert status == 503 and 'permission denied: the exporter\'s user must be in the socket\'s group' in text
