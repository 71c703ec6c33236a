# SPDX-License-Identifier: BSD-3-Clause
"""What watches engines, and what takes an engine's place."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

import debs
from netlab import _die_with_parent, wait_for
from programs import BUILD, ROOT

EXPORTER = os.path.join(BUILD, 'tools', 'mcring-exporter')
PEER = os.path.join(BUILD, 'peers', 'prometheus')
PROMETHEUS = os.path.join(PEER, 'usr', 'bin', 'prometheus')
PROMTOOL = os.path.join(PEER, 'usr', 'bin', 'promtool')
RULES = os.path.join(ROOT, 'tools', 'monitoring', 'mcring.rules.yaml')
BOARD = os.path.join(ROOT, 'tools', 'monitoring', 'grafana.json')

SAMPLE = re.compile(r'([a-z][a-z0-9_]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? ([0-9.]+)')


def has_prometheus():
    """Downloads and unpacks Debian's Prometheus, once: its package would start a service."""
    return debs.fetch(PEER, 'prometheus') is None


def need_prometheus():
    """Skips the test where there is no mirror."""
    debs.need(PEER, 'prometheus')


def promtool(*args, **kwargs):
    need_prometheus()
    return subprocess.run([PROMTOOL, *args], capture_output=True, text=True, timeout=60, **kwargs)


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class Program:
    """A program of this host, in the caller's network namespace, until the lab closes."""

    def __init__(self, lab, *argv, before=(), **kwargs):
        self.lab, self.argv, self.kwargs = lab, [*before, *map(str, argv)], kwargs
        self.log_path = lab.path(f'{os.path.basename(argv[0])}{len(lab.processes)}.log')
        self.begin()

    def begin(self):
        with open(self.log_path, 'a') as log:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_die_with_parent, **self.kwargs)
        self.lab.processes.append(self.process)

    def stop(self, signo=signal.SIGTERM, seconds=10):
        self.process.send_signal(signo)
        return self.process.wait(seconds)

    def log(self):
        with open(self.log_path) as log:
            return log.read()


class Exporter(Program):
    """mcring-exporter for some run directories; its clients are this process."""

    def __init__(self, lab, *run_dirs, args=(), program=EXPORTER, **kwargs):
        self.port = free_port()
        dirs = [word for one in run_dirs for word in ('--run-dir', one)]
        super().__init__(lab, program, '--listen', f'127.0.0.1:{self.port}', *dirs, *args, **kwargs)

    def begin(self):
        super().begin()
        wait_for(self.listens, 10, 'the exporter listens')

    def listens(self):
        assert self.process.poll() is None, self.log()
        with socket.socket() as one:
            return one.connect_ex(('127.0.0.1', self.port)) == 0

    def url(self, path='/'):
        return f'http://127.0.0.1:{self.port}{path}'

    def ask(self, path, method='GET', timeout=20, **kwargs):
        """Gives the status, the headers and the text of an answer."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)
        try:
            connection.request(method, path, **kwargs)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def metrics(self):
        """{series: value}, each as it is written."""
        status, _, text = self.ask('/metrics')
        assert status == 200, text
        return parse(text)

    def data(self):
        return json.loads(self.ask('/data.json')[2])


def parse(text):
    """{series: value} of /metrics; each line is a series, and none comes twice."""
    found = {}
    for line in text.splitlines():
        if line.startswith('#'):
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        assert sample[1] + (sample[2] or '') not in found, line
        found[sample[1] + (sample[2] or '')] = float(sample[3])
    return found


def names(series):
    return {one.partition('{')[0] for one in series}


# What an engine with one of each says, and what is wrong with it.
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
# What a watch of that engine says.
BURSTS = [{'window': '10us', 'window_ns': 10000, 'packets': 9, 'packets_at_ns': 1700000003250000000, 'bytes': 900,
           'bytes_at_ns': 1700000003250000000}]
LEAD = {'packets': 50, 'ahead_packets': 30, 'behind_packets': 20, 'hw': True, 'resolution_ns': 12, 'min_ns': -4500,
        'median_ns': -256, 'max_ns': 2000, 'ahead': [[512, 30]], 'behind': [[2048, 20]]}
WATCH = {
    'ok': True, 'schema': 1, 'name': 'watch', 'program': 'mcring-watch', 'version': '1.2.3',
    'started_ns': 1700000000123456789, 'now_ns': 1700000004000000000, 'groups_total': 1,
    'alarms': [{'kind': 'gap', 'raised': 3, 'now': 0}, {'kind': 'silence', 'raised': 1, 'now': 1}],
    'commands': {'run': 4, 'failed': 1, 'suppressed': 2},
    'feeds': [{'name': 'itch', 'engine': 'mcring', 'open': True, 'error': None, 'streams': 2, 'packets': 60,
               'messages': 120, 'wire_gaps': 3, 'wire_messages': 8, 'host_gaps': 1, 'host_messages': 2, 'ring_gaps': 0,
               'ring_messages': 0, 'resets_unannounced': 1, 'silences': 1, 'silent_since_ns': 1700000003500000000,
               'mismatches': 1,
               'lines': [{'name': 'A', 'engine': 'mcring', 'channel': 'md', 'up': False, 'downs': 1, 'packets': 60,
                          'lost': 11, 'filled': 5, 'last_ns': 1700000002500000000, 'lead': LEAD, 'bursts': BURSTS},
                         {'name': 'B', 'engine': 'mcring', 'channel': 'md', 'up': True, 'downs': 0, 'packets': 55,
                          'lost': 16, 'lead': {**LEAD, 'min_ns': None, 'median_ns': None, 'resolution_ns': None},
                          'bursts': []}]}],
    'recordings': [{'name': 'ring', 'stopped': False, 'writing': True, 'triggers': 5, 'whole': 2, 'held_off': 1,
                    'dir_bytes': 4096, 'oldest_ns': 1700000001000000000}],
    'engines': [{'name': 'mcring', 'run_dir': '/run/mcring/mcring', 'up': True, 'channels': 1}],
    'channels': [{'name': 'md', 'engine': 'mcring', 'attached': True, 'packets': 115, 'bytes': 11500, 'lost': 6,
                  'blind_since_ns': None, 'left_out': 0, 'bursts': BURSTS}],
    'groups': [{'channel': 'md', 'engine': 'mcring', 'interface': 0, 'group': '239.1.1.1', 'port': 5000,
                'packets': 60, 'bytes': 6000, 'last_ns': 1700000002500000000, 'silent_since_ns': 1700000003000000000,
                'silences': 1, 'bursts': BURSTS}],
}
# What a sink of that engine says.
SINK = {
    'ok': True, 'schema': 1, 'name': 'sink-md', 'program': 'mcring-sink', 'version': '1.2.3',
    'started_ns': 1700000000123456789, 'now_ns': 1700000004000000000,
    'sink': {'name': 'md', 'broker': 'nats', 'server': '10.1.0.1:4222', 'connected': True, 'error': None, 'connects': 3,
             'disconnects': 2, 'retried': 9, 'perhaps_twice': 4, 'aborted': 0, 'checkpoints': 7,
             'checkpoint_ns': 1700000003500000000, 'once_ns': 120 * 10**9, 'in_flight': 5, 'memory_bytes': 64 << 20,
             'memory_used_bytes': 4096},
    'sources': [{'kind': 'channel', 'name': 'md', 'engine': 'mcring', 'up': True, 'error': None, 'read': 100,
                 'bytes': 6400, 'stored': 80, 'stored_before': 3, 'refused': 1, 'lost': 12, 'restarts': 1, 'gaps': 0,
                 'gap_messages': 0, 'behind': 40, 'in_flight': 16, 'lag_ns': 1500000000},
                {'kind': 'feed', 'name': 'itch', 'engine': 'mcring', 'up': False, 'error': 'no such feed', 'read': 0,
                 'bytes': 0, 'stored': 0, 'stored_before': 0, 'refused': 0, 'lost': 0, 'restarts': 0, 'gaps': 2,
                 'gap_messages': 8, 'behind': None, 'in_flight': 0, 'lag_ns': 0}],
}
FAULT = {'ok': True, 'schema': 1, 'first': 'port p0: the link is down', 'exit': 1, 'findings': [
    {'code': 'link_down', 'severity': 'fault', 'groups': 3, 'text': 'the link of p0 is down'},
    {'code': 'link_down', 'severity': 'fault', 'groups': 2, 'text': 'the link of p1 is down'},
    {'code': 'no_querier', 'severity': 'warning', 'groups': 1, 'text': 'no querier'}]}


class FakeEngine:
    """A stats socket that answers as the test wants: `answers` has an object for each command, or
    `say` is called with the connection and the line."""

    def __init__(self, run_dir, file='stats'):
        os.makedirs(run_dir, exist_ok=True)
        self.run_dir, self.path = run_dir, os.path.join(run_dir, file)
        self.answers = {'stats': {'ok': True, 'schema': 1, 'name': 'fake', 'version': '0.1.0',
                                  'started_ns': 10**18},
                        'why': {'ok': True, 'schema': 1, 'exit': 0, 'first': 'healthy',
                                'findings': []}}
        self.say = None
        self.asked = []  # (time, command)
        self.listener = None
        self.start()

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with connection, connection.makefile('rb') as lines:
                for line in lines:
                    command = json.loads(line)['command']
                    self.asked.append((time.monotonic(), command))
                    if self.say:
                        self.say(connection, command)
                    else:
                        connection.sendall(json.dumps(self.answers[command]).encode() + b'\n')
        except OSError:
            pass

    def stop(self):
        """As an engine that was killed leaves it: the socket is there, and nobody listens."""
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        self.listener = None

    def commands(self, command='stats'):
        return [at for at, one in self.asked if one == command]


class Prometheus(Program):
    """Debian's, which scrapes twice a second."""

    def __init__(self, lab, *ports, rules=RULES):
        need_prometheus()
        self.port = free_port()
        config = lab.path('prometheus.yaml')
        targets = ', '.join(f'"127.0.0.1:{port}"' for port in ports)
        with open(config, 'w') as out:
            out.write(f'global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}\n'
                      f'rule_files: ["{rules}"]\n'
                      f'scrape_configs:\n- job_name: mcring\n'
                      f'  static_configs: [{{targets: [{targets}]}}]\n')
        super().__init__(lab, PROMETHEUS, f'--config.file={config}',
                         f'--storage.tsdb.path={lab.path("tsdb")}',
                         f'--web.listen-address=127.0.0.1:{self.port}')

    def get(self, path, **query):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
        connection.request('GET', path + '?' + urllib.parse.urlencode(query))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert answer['status'] == 'success', answer
        return answer['data']

    def query(self, expression):
        """{labels: value}; the labels as a frozenset of pairs, without what every series has."""
        return {frozenset((key, value) for key, value in one['metric'].items()
                          if key not in ('__name__', 'job', 'instance')): float(one['value'][1])
                for one in self.get('/api/v1/query', query=expression)['result']}

    def value(self, expression):
        """The value of the only series, or None."""
        try:
            found = self.query(expression)
        except (OSError, ValueError):  # it is about to listen, or to be ready
            return None
        return next(iter(found.values())) if len(found) == 1 else None

    def alerts(self):
        return {one['labels']['alertname']: one['state'] for one in self.get('/api/v1/alerts')['alerts']}
