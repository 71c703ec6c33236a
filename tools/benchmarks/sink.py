# SPDX-License-Identifier: BSD-3-Clause
"""What mcring-sink costs, beside a program of a hundred lines that only publishes (sink_peer.c): the same number of
messages or packs of the same octets, ids and a header as long, to a stream of the same server, whose messages stay in
memory. mcring-replay fills a ring once, and the peer has a file in memory, so both have all their messages from the
start, in memory that they have not read yet. The rate is by the server's own
times of the first and the last message; CPU time is all that the process takes, from its start to its end. And the rx
lcore, beside a reader that only copies each message."""

import contextlib
import functools
import glob
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from datetime import datetime

from . import bindings, common
from .common import Row
from .engine import null

SINK = os.path.join(common.BUILD, 'tools', 'mcring-sink')
REPLAY = bindings.REPLAY
MOCK = os.path.join(common.BUILD, 'tests', 'brokers', 'kafka_mock')
HERE = os.path.dirname(os.path.abspath(__file__))

GROUPS = 16
CELL, EVERY_NS = 512, 2000  # messages of --linger, and of the capture: so all packs are full
QUICK = 40 * CELL
CASES = [(86, 1, 800 * CELL), (86, 32, 3200 * CELL), (1400, 1, 480 * CELL), (1400, 32, 480 * CELL)]
# octets of a payload, messages of a pack, messages
PENDING = 16384   # unacknowledged: what the sink allows itself
LEAST = 0.9      # of the peer's rate, and of its CPU time
COMMIT_MS = 100  # of Kafka's transactions
START_S, PUBLISH_S = 30, 300


# ---- the server ----

class Server:
    """nats-server with JetStream on a free port of loopback, and what a client may ask it. Its memory is that of a
    stream of all messages."""

    def __init__(self, run):
        program = shutil.which('nats-server', path=os.environ.get('PATH', '') + ':/usr/sbin')
        if not program:
            raise common.Skip('nats-server is missing (apt-get install nats-server)')
        self.folder = tempfile.mkdtemp(prefix='nats', dir=run.dir)
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            self.port = s.getsockname()[1]
        config = os.path.join(self.folder, 'server.conf')
        with open(config, 'w') as f:
            f.write(f'listen: 127.0.0.1:{self.port}\n'
                    f'jetstream {{ store_dir: "{self.folder}", max_memory_store: 4GB }}\n')
        self.process = subprocess.Popen([*common.FIRST, program, '-c', config], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self.url = f'nats://127.0.0.1:{self.port}'

    def __enter__(self):
        end = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError, RuntimeError):
                self.api('INFO')
                return self
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise RuntimeError('nats-server does not answer')
            time.sleep(0.05)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def api(self, subject, request=None):
        """The answer to a request of JetStream's."""
        body = b'' if request is None else json.dumps(request).encode()
        with socket.create_connection(('127.0.0.1', self.port), 5) as s:
            s.settimeout(10)
            f = s.makefile('rwb')
            f.readline()  # INFO
            f.write(b'CONNECT {"verbose":false}\r\nSUB _INBOX.bench 1\r\n'
                    b'PUB $JS.API.%s _INBOX.bench %d\r\n%s\r\n' % (subject.encode(), len(body), body))
            f.flush()
            while line := f.readline():
                if line.startswith(b'MSG'):
                    return json.loads(f.read(int(line.split()[-1])))
                if line.startswith(b'PING'):
                    f.write(b'PONG\r\n')
                    f.flush()
                elif line.startswith(b'-ERR'):
                    break
        raise RuntimeError(f'nats-server: {line.decode().strip() or "the connection ended"}')

    def begin(self):
        """A new stream; the sink's position is forgotten."""
        for stream in 'BENCH', 'KV_mcring-sink':
            self.api(f'STREAM.DELETE.{stream}')
        made = self.api('STREAM.CREATE.BENCH', {
            'name': 'BENCH', 'subjects': ['bench.>'], 'retention': 'limits', 'storage': 'memory', 'num_replicas': 1,
            'max_consumers': -1, 'max_msgs': -1, 'max_bytes': -1, 'discard': 'old', 'duplicate_window': 120 * 10 ** 9})
        if 'error' in made:
            raise RuntimeError(f'nats-server: {made["error"]["description"]}')
        self.begun_s = self.cpu_s()

    def state(self):
        return self.api('STREAM.INFO.BENCH')['state']

    def cpu_s(self):
        """What the server has taken until now."""
        ns = 0
        for path in glob.glob(f'/proc/{self.process.pid}/task/*/schedstat'):
            with open(path) as f:
                ns += int(f.read().split()[0])
        return ns / 1e9

    def seconds(self):
        """From the first message to the last, by the server."""
        state = self.state()
        first, last = (datetime.strptime(state[f'{which}_ts'][:26].rstrip('Z'), '%Y-%m-%dT%H:%M:%S.%f')
                       for which in ('first', 'last'))
        return (last - first).total_seconds()


# ---- those who publish ----

def finished(process, timeout):
    """CPU time of a child that ends; how it ended is checked."""
    def out_of_time(*_):
        raise RuntimeError(f'{process.args}: does not end')

    before = signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(timeout)
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except RuntimeError:
        process.kill()
        process.wait()
        raise
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f'{" ".join(process.args)}: {process.stderr.read()}')
    return usage.ru_utime + usage.ru_stime


def start(argv):
    return subprocess.Popen([*common.FIRST, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, start_new_session=True)


@functools.cache
def peer_program(folder, name, library):
    out = os.path.join(folder, name)
    flags = subprocess.run(['pkg-config', '--cflags', '--libs', library], capture_output=True, text=True)
    if flags.returncode:
        raise common.Skip(f'{library} is missing (tools/install-deps build)')
    subprocess.run(['gcc', '-O2', '-o', out, os.path.join(HERE, f'{name}.c'), *flags.stdout.split()], check=True)
    return out


def figures(server, cpu_s, messages):
    return {'rate': messages / server.seconds(), 'cpu_ns': cpu_s * 1e9 / messages,
            'server_ns': (server.cpu_s() - server.begun_s) * 1e9 / messages}


@contextlib.contextmanager
def payloads(octets, messages):
    """A file of them in memory, as a ring has them."""
    with tempfile.NamedTemporaryFile(prefix='mcring-bench', dir='/dev/shm') as out:
        for _ in range(messages // CELL):
            out.write(b'm' * octets * CELL)
        out.flush()
        yield out.name


def published(run, server, messages, octets, pack, file):
    """By the peer."""
    server.begin()
    header = len(HEADER) + (len(' pack') if pack > 1 else 0)
    peer = start([peer_program(run.dir, 'sink_peer', 'libnats'), server.url, 'bench.md', str(GROUPS), str(messages),
                  str(octets), str(pack), str(header), str(PENDING), file])
    cpu_s = finished(peer, PUBLISH_S)
    if (n := server.state()['messages']) != messages // pack:
        raise RuntimeError(f'sink_peer: {n} stored of {messages // pack}')
    return figures(server, cpu_s, messages)


HEADER = 'v=1 channel=md pos=17f3a9c2b4d51e08.0.123456 n=1 rx=1700000000123456789 src=10.0.0.7,4000'


def sink_of(run, server, run_dir, channel, *args):
    return start([SINK, '--run-dir', run_dir, '--channel', channel, '--to', server.url, '--stream', 'BENCH',
                  '--prefix', 'bench', '--state-dir', run.path('sink'), *args])


def stored(run):
    """Messages of which the sink says that they are stored."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as s:
        s.connect(os.path.join(run.path('sink'), 'stats'))
        s.sendall(b'{"command":"stats"}\n')
        return sum(source['stored'] for source in json.loads(s.makefile().readline())['sources'])
    return 0


def handed_over(run, server, ring, messages, pack):
    """By the sink, until all messages are stored."""
    server.begin()
    sink = sink_of(run, server, ring.run_dir, 'md', '--pack', str(pack), '--linger', f'{CELL * EVERY_NS}ns')
    end = time.monotonic() + PUBLISH_S
    while (n := stored(run)) < messages:
        if sink.poll() is not None or time.monotonic() > end:
            sink.kill()
            raise RuntimeError(f'mcring-sink: {n} stored of {messages}: {sink.stderr.read()}')
        time.sleep(0.1)
    sink.send_signal(signal.SIGTERM)
    cpu_s = finished(sink, 60)
    if (n := server.state()['messages']) != messages // pack:
        raise RuntimeError(f'mcring-sink: {n} units of {messages} messages')
    return figures(server, cpu_s, messages)


# ---- the ring ----

class Ring:
    """A ring of `messages` to GROUPS groups in turn, which stays as it is as long as the replay waits for more."""

    def __init__(self, run, octets, messages):
        self.run_dir = run.path(f'ring{octets}')
        self.octets, self.messages = octets, messages
        room = 2 ** (messages * ((octets + 40 + 63) // 64 * 64) * 64 // 63).bit_length()
        self.replay = subprocess.Popen(
            [REPLAY, '--quiet', '--speed', 'max', '--channel', f'md,bytes={room}', '--join',
             '239.1.1.0/24:5000,channel=md', '--run-dir', self.run_dir, '-'],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)

    def capture(self):
        frames = [bindings.frame(bindings.payload(group, self.octets), group) for group in range(1, GROUPS + 1)]
        yield struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 1)
        for i in range(self.messages):
            data, ns = frames[i % GROUPS], i * EVERY_NS
            yield struct.pack('<IIII', 1_700_000_000 + ns // 10 ** 9, ns % 10 ** 9, len(data), len(data)) + data

    def __enter__(self):
        try:
            for octets in self.capture():
                self.replay.stdin.write(octets)
            self.replay.stdin.flush()
        except BrokenPipeError:
            raise RuntimeError(f'mcring-replay: {self.replay.communicate()[1]}') from None
        return self

    def __exit__(self, *_):
        self.replay.send_signal(signal.SIGTERM)
        self.replay.communicate(timeout=20)


def nats(run):
    with Server(run) as server:
        for octets, pack, messages in CASES[:2] if run.quick else CASES:
            case = f'{octets} octets' + (f', packs of {pack}' if pack > 1 else '')
            messages = QUICK if run.quick else messages
            with Ring(run, octets, messages) as ring, payloads(octets, messages) as file:
                run.compare_all('sink', lambda: handed_over(run, server, ring, messages, pack),
                                lambda: {f'peer_{key}': value for key, value in
                                         published(run, server, messages, octets, pack, file).items()}, [
                    Row(case, 'rate', 'messages/s', LEAST, 'higher', 'peer_rate', 'a publisher'),
                    Row(f'{case}, CPU time', 'cpu_ns', 'ns/message', 1 / LEAST, 'lower', 'peer_cpu_ns',
                        'a publisher'),
                    Row(f'{case}, the server', 'server_ns', 'ns/message', None, 'lower', 'peer_server_ns',
                        'a publisher')])


# ---- Kafka ----

class Brokers:
    """The mock brokers of librdkafka, as a program of the tests: they keep what they get, and check nothing."""

    def __init__(self, *_):
        if not os.path.exists(MOCK):
            raise common.Skip(f'{MOCK} is missing: meson configure -Dtests=true build && ninja -C build')
        self.process = subprocess.Popen([*common.FIRST, MOCK, '1'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        self.address = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)


def committed(run, ring, messages):
    """CPU time of the sink."""
    with Brokers() as brokers:
        sink = start([SINK, '--run-dir', ring.run_dir, '--channel', 'md', '--to', f'kafka://{brokers.address}',
                      '--prefix', 'bench', '--commit', f'{COMMIT_MS}ms', '--state-dir', run.path('sink')])
        end = time.monotonic() + PUBLISH_S
        while stored(run) < messages:
            if sink.poll() is not None or time.monotonic() > end:
                sink.kill()
                raise RuntimeError(f'mcring-sink: {stored(run)} stored of {messages}: {sink.stderr.read()}')
            time.sleep(0.1)
        sink.send_signal(signal.SIGTERM)
        return finished(sink, 60) * 1e9 / messages


def committed_by_peer(run, messages, octets):
    with Brokers() as brokers:
        peer = start([peer_program(run.dir, 'sink_peer_kafka', 'rdkafka'), brokers.address, 'bench.md', str(GROUPS),
                      str(messages), str(octets), str(len(HEADER)), str(COMMIT_MS)])
        return finished(peer, PUBLISH_S) * 1e9 / messages


def kafka(run):
    messages = QUICK if run.quick else CASES[0][2]
    with Ring(run, CASES[0][0], messages) as ring:
        run.compare('sink', f'Kafka, {CASES[0][0]} octets, CPU time', lambda: committed(run, ring, messages),
                    lambda: committed_by_peer(run, messages, CASES[0][0]), 'a publisher', 'ns/message', 1 / LEAST)


# ---- the rx lcore ----

def engine(run, size, *args):
    return common.Bench('engine', '--port', 'net_null0', '--size', size, '--ms', max(500, run.ms), *args,
                        vdev=[null(size)])


def handing_over(run, server, size):
    """The engine's figures, with the sink as its only reader."""
    server.begin()
    run_dir = run.path(f'engine{time.monotonic_ns()}')
    bench = engine(run, size, '--run-dir', run_dir, '--consumers', 1)
    sink = sink_of(run, server, run_dir, 'c0', '--start', 'newest')
    try:
        return bench.result()
    finally:
        bench.process.kill()
        sink.send_signal(signal.SIGTERM)
        finished(sink, 60)


def lcore(run):
    with Server(run) as server:
        for size in (86,) if run.quick else (86, 1400):
            run.compare_all('sink', lambda: handing_over(run, server, size), lambda: {
                'reader': engine(run, size, '--readers', 1).result()['cpu_ns']}, [
                    Row(f'{size} octets, handed over', 'cpu_ns', 'ns/packet', 1.0, common.NONE_WORSE, 'reader',
                        'a reader')])


PARTS = {part.__name__: part for part in (nats, kafka, lcore)}


def run(run, parts=()):
    if not os.path.exists(SINK):
        raise common.Skip('mcring-sink is not built (apt-get install libnats-dev)')
    for part in parts or PARTS:
        try:
            PARTS[part](run)
        except common.Skip as reason:
            print(f'sink     {part} skipped: {reason}', flush=True)
