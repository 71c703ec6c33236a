# SPDX-License-Identifier: BSD-3-Clause
"""mcring-exporter among engines that lie or hang, and clients that send garbage, never finish or come in
thousands. Suite asan runs these as well."""

import errno
import json
import os
import re
import socket
import threading
import time

from monitors import FAULT, SINK, STATS, WATCH, Exporter, FakeEngine
from netlab import wait_for
from programs import BUILD

# What a sanitizer adds to memory is not the exporter's, and it has less time.
IS_SANITIZED = 'asan' in os.path.basename(BUILD)
MEMORY_KB = 10**7 if IS_SANITIZED else 200_000
THOUSANDS = 1 if IS_SANITIZED else 2


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
    time.sleep(1.05)
    before = time.monotonic()
    series = exporter.metrics()
    assert series[f'mcring_up{{engine="fake",socket="{fake.path}"}}'] == 1
    assert time.monotonic() - before < 1.5, 'who was silent once is not waited for'
    with open(f'/proc/{exporter.process.pid}/status') as status:
        peak = int(re.search(r'VmHWM:\s+(\d+)', status.read())[1])
    assert peak < MEMORY_KB, f'{peak} kB'
    for one in bad.values():
        one.stop()


def test_an_engine_that_others_knock_at_is_tried_again(fake, exporter):
    fake.stop()
    os.unlink(fake.path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(fake.path)
    listener.listen(0)
    others = []
    while True:
        others.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
        if others[-1].connect_ex(fake.path) == errno.EAGAIN:
            break
    opener = threading.Timer(0.3, fake.accept, [listener])
    opener.daemon = True
    opener.start()
    fake.listener = listener
    engine, = exporter.data()['engines']
    assert engine['up'], engine
    for one in others:
        one.close()


def test_an_engine_that_does_not_say_why_is_up(exporter, fake):
    def say(connection, command):
        if command == 'stats':
            connection.sendall(json.dumps(STATS).encode() + b'\n')

    fake.say = say
    engine, = exporter.data()['engines']
    assert engine['up'] and engine['stats'] and engine['why'] is None and not engine['error']
    assert exporter.ask('/health')[0] == 200


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
        one.answers = {'stats': {**wrong_types(WATCH, kind), **wrong_types(STATS, kind)},
                       'why': wrong_types(FAULT, kind)}
    for said in (WATCH, SINK):
        others = [FakeEngine(lab.path(f'{said["name"]}/{i}')) for i in range(len(kinds))]
        for one, kind in zip(others, kinds):
            one.answers['stats'] = {**wrong_types(said, kind), 'program': said['program']}
        engines += others
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
                b'GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n',
                b'GET /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
                b'GET /' + b'a' * 100000 + b' HTTP/1.1\r\n\r\n',
                b'GET / HTTP/1.1\r\n' + b'X: y\r\n' * 20000 + b'\r\n'):
        with socket.create_connection(('127.0.0.1', exporter.port), timeout=1) as client:
            try:
                client.sendall(one)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except OSError:  # it was cut off; half of a request gets no answer
                pass
    assert exporter.ask('/health')[0] == 200
    wait_for(lambda: descriptors(exporter) < 20, 5, 'their connections are closed')


def test_clients_that_never_finish_do_not_keep_others_out(exporter):
    slow = open_connections(exporter, 300, b'GET /metrics HTTP/1.1\r\nHost: ')
    time.sleep(0.2)  # who connects and says nothing for so long makes room
    deadline = time.monotonic() + 1
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


def test_thousands_of_connections_are_bounded(exporter):
    most = 0
    for _ in range(5 * THOUSANDS):
        batch = open_connections(exporter, 200)
        most = max(most, descriptors(exporter))
        for one in batch:
            one.close()
    assert most < 300, most
    assert exporter.ask('/health')[0] == 200
    with open(f'/proc/{exporter.process.pid}/status') as status:
        assert int(re.search(r'VmHWM:\s+(\d+)', status.read())[1]) < MEMORY_KB


def test_a_hundred_scrapers_at_once_are_all_served(exporter, fake):
    clients = open_connections(exporter, 100, b'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n')
    answers = []
    for one in clients:
        one.settimeout(10)
        text = b''
        while chunk := one.recv(65536):
            text += chunk
        answers.append(text)
    assert len(answers) == 100 and all(one.startswith(b'HTTP/1.1 200') for one in answers)
    assert len(fake.commands()) == 1
