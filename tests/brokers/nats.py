# SPDX-License-Identifier: BSD-3-Clause
"""nats-servers with JetStream, and a client that looks at what they store."""

import base64
import collections
import json
import os
import signal
import socket
import ssl
import subprocess
import urllib.parse

import debs
from netlab import _die_with_parent, wait_for
from programs import BUILD

PEER = os.path.join(BUILD, 'peers', 'nats')
NATS_SERVER = os.path.join(PEER, 'usr', 'sbin', 'nats-server')
BUCKET = 'mcring-sink'  # of positions


def need_nats():
    """Unpacks Debian's nats-server, once: its package would start a service. Skips the test where there is no
    mirror."""
    debs.need(PEER, 'nats-server')


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class Server:
    """One nats-server, from construction until the lab closes; it keeps its store when it is started again.

    host: the namespace to run in, else the caller's. more: lines of the configuration; jetstream: lines of its block
    (limits). name: of this server in a cluster, whose members wait for each other: wait=False, then is_ready."""

    def __init__(self, lab, host=None, address='127.0.0.1', port=None, name='nats', more='', jetstream='', wait=True):
        need_nats()
        self.lab, self.host, self.address, self.name = lab, host, address, name
        self.port = port or free_port()
        self.config, self.log_path = lab.path(f'{name}.conf'), lab.path(f'{name}.log')
        self.jetstream = jetstream
        self.configure(more)
        self.start(wait)

    def configure(self, more):
        """Writes the configuration; a running server takes it at reload()."""
        with open(self.config, 'w') as file:
            file.write(f'server_name: {self.name}\nhost: {self.address}\nport: {self.port}\n'
                       f'jetstream {{\n store_dir: "{self.lab.path(self.name)}.store"\n{self.jetstream}\n}}\n{more}\n')

    def start(self, wait=True):
        argv = [NATS_SERVER, '-c', self.config, '-l', self.log_path]
        with open(f'{self.log_path}.out', 'a') as out:
            if self.host:
                self.process = self.host.start(*argv, stdout=out, stderr=out)
            else:
                self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                                start_new_session=True, preexec_fn=_die_with_parent)
                self.lab.processes.append(self.process)
        if wait:
            wait_for(self.is_ready, 30, f'nats-server is ready ({self.log_path})')

    def log(self):
        with open(self.log_path, errors='replace') as log:
            return log.read()

    def is_ready(self):
        assert self.process.poll() is None, f'nats-server ended: {self.log()}'
        return os.path.exists(self.log_path) and f'[{self.process.pid}]' in self.log() and any(
            f'[{self.process.pid}]' in line and 'Server is ready' in line for line in self.log().splitlines())

    def reload(self, more):
        """Takes another configuration; clients that it does not admit are cut off."""
        before = self.log().count('Reloaded server configuration')
        self.configure(more)
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.log().count('Reloaded server configuration') > before, 10, 'nats-server has reloaded')

    def kill(self, signo=signal.SIGKILL):
        self.process.send_signal(signo)
        self.process.wait(20)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    @property
    def url(self):
        return f'nats://{self.address}:{self.port}'


class Refused(Exception):
    """The server or JetStream says no; args[0] is its text, or its object `error`."""


class Client:
    """One connection to a server. url: with user and password where the server asks for them. ca: for TLS."""

    def __init__(self, url, ca=None, timeout=30):
        parts = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout)
        self.file = self.socket.makefile('rb')
        self.info = json.loads(self.file.readline().split(b' ', 1)[1])
        if ca:
            self.socket = ssl.create_default_context(cafile=ca).wrap_socket(self.socket, server_hostname=parts.hostname)
            self.file = self.socket.makefile('rb', 1 << 20)
        options = {'verbose': False, 'headers': True, 'no_responders': True, 'lang': 'python', 'version': '0'}
        if parts.username:
            options.update(user=parts.username, **{'pass': parts.password})
        self.inbox, self.sids = f'_INBOX.{os.getpid()}{os.urandom(4).hex()}', 0
        self.kept = collections.deque()  # came while a request waited for its answer
        self.write(f'CONNECT {json.dumps(options)}\r\nPING\r\n'.encode())
        while True:
            line = self.file.readline()
            if line.startswith(b'-ERR') or not line:
                raise Refused(line.decode())
            if line.startswith(b'PONG'):
                break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def write(self, octets):
        self.socket.sendall(octets)

    def subscribe(self, subject):
        self.sids += 1
        self.write(f'SUB {subject} {self.sids}\r\n'.encode())
        return self.sids

    def publish(self, subject, body=b'', reply='', headers=None):
        head = ''
        if headers:
            head = 'NATS/1.0\r\n' + ''.join(f'{key}: {value}\r\n' for key, value in headers.items()) + '\r\n'
            start = f'HPUB {subject} {reply} {len(head)} {len(head) + len(body)}\r\n'
        else:
            start = f'PUB {subject} {reply} {len(body)}\r\n'
        self.write((start + head).encode() + body + b'\r\n')

    def next(self):
        """Waits for a message; gives (subject, reply, headers as bytes, body)."""
        return self.kept.popleft() if self.kept else self._read()

    def _read(self):
        while True:
            line = self.file.readline()
            if not line or line.startswith(b'-ERR'):
                raise Refused(line.decode() or 'the server has closed the connection')
            if line.startswith(b'PING'):
                self.write(b'PONG\r\n')
            elif line.startswith(b'MSG'):
                words = line.split()
                body = self.file.read(int(words[-1]) + 2)[:-2]
                return words[1].decode(), words[3].decode() if len(words) == 5 else '', b'', body
            elif line.startswith(b'HMSG'):
                words = line.split()
                head, total = int(words[-2]), int(words[-1])
                octets = self.file.read(total + 2)[:-2]
                return words[1].decode(), words[3].decode() if len(words) == 6 else '', octets[:head], octets[head:]

    def request(self, subject, body=b'', headers=None):
        """Gives the body of the answer."""
        inbox = f'{self.inbox}.{os.urandom(4).hex()}'
        sid = self.subscribe(inbox)
        self.publish(subject, body, inbox, headers)
        while True:
            to, _, head, answer = one = self._read()
            if to != inbox:
                self.kept.append(one)
            else:
                self.write(f'UNSUB {sid}\r\n'.encode())
                if head.startswith(b'NATS/1.0 503'):
                    raise Refused('no responders')
                return answer

    def api(self, call, **fields):
        """JetStream's API: `$JS.API.` + call. Raises Refused with its error."""
        answer = json.loads(self.request(f'$JS.API.{call}', json.dumps(fields).encode() if fields else b''))
        if 'error' in answer:
            raise Refused(answer['error'])
        return answer

    def make_stream(self, name, *subjects, **fields):
        """fields: of a stream's configuration. Times are in ns."""
        fields = {'retention': 'limits', 'storage': 'memory', 'num_replicas': 1, 'max_consumers': -1, 'max_msgs': -1,
                  'max_bytes': -1, 'discard': 'old', 'max_age': 0, 'max_msg_size': -1, **fields}
        return self.api(f'STREAM.CREATE.{name}', name=name, subjects=list(subjects), **fields)

    def stream(self, name):
        """{'config': .., 'state': {'messages': ..}}"""
        return self.api(f'STREAM.INFO.{name}')

    def count(self, name):
        return self.stream(name)['state']['messages']

    def messages(self, stream, **fields):
        """All that a stream holds now, in its order: (subject, {header: value}, body). fields: of the consumer's
        configuration, such as headers_only."""
        left = self.count(stream)
        inbox = f'{self.inbox}.{os.urandom(4).hex()}'
        sid = self.subscribe(inbox)
        if left:
            self.api(f'CONSUMER.CREATE.{stream}', stream_name=stream, config={
                'deliver_subject': inbox, 'deliver_policy': 'all', 'ack_policy': 'none', 'replay_policy': 'instant',
                'flow_control': True, 'idle_heartbeat': 5_000_000_000, **fields})
        while left:
            subject, reply, head, body = self.next()
            if subject == inbox:  # a sign of life, or the server waits until we have read so far
                if reply:
                    self.publish(reply)
                continue
            left -= 1
            yield subject, parse_headers(head), body
        self.write(f'UNSUB {sid}\r\n'.encode())

    def position(self, name):
        """What the sink of this name stored last, as an object; None: nothing."""
        try:
            message = self.api(f'STREAM.MSG.GET.KV_{BUCKET}', last_by_subj=f'$KV.{BUCKET}.{name}')['message']
        except Refused:
            return None
        text = base64.b64decode(message.get('data', ''))
        return json.loads(text) if text else None


def parse_headers(octets):
    lines = octets.decode().split('\r\n')[1:]
    return dict(line.split(': ', 1) for line in lines if line)
