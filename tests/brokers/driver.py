# SPDX-License-Identifier: BSD-3-Clause
"""broker_driver, which hands units to a broker as mcring-sink does; and a wire between it and the server."""

import json
import os
import select
import socket
import subprocess
import threading

import nats
from netlab import _die_with_parent, wait_for
from programs import BUILD

DRIVER = os.path.join(BUILD, 'tests', 'brokers', 'broker_driver')


class Driver:
    """One broker_driver, until the lab closes. opened: what it said at the start. keys: a list for several of one."""

    def __init__(self, lab, url, stream='MD,create', name='sink', seconds=60, **keys):
        argv = [DRIVER, url, stream, name, *(f'{key}={value}' for key, values in keys.items()
                                             for value in (values if isinstance(values, list) else [values]))]
        self.seconds = seconds
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
                                        preexec_fn=_die_with_parent)
        lab.processes.append(self.process)
        self.opened = self.answer()

    def answer(self):
        assert select.select([self.process.stdout], [], [], self.seconds)[0], 'the driver answers'
        line = self.process.stdout.readline()
        assert line, f'the driver ended with {self.process.wait(10)}'
        return json.loads(line)

    def ask(self, command):
        self.process.stdin.write(f'{command}\n'.encode())
        self.process.stdin.flush()
        return self.answer()

    def send(self, first, count, octets=86):
        return self.ask(f'send {first} {count} {octets}')

    def info(self):
        return self.ask('info')

    def until(self, condition, what, seconds=60):
        """Polls info until condition(info); gives that info."""
        def look():
            seen = self.info()
            return seen if condition(seen) else None

        return wait_for(look, seconds, what)

    def settle(self, first, count, octets=86):
        """Sends units and waits until all are given back: each once. Gives the info."""
        self.send(first, count, octets)
        return self.wait()

    def wait(self):
        seen = self.ask('wait')
        assert seen['twice'] == 0 and seen['out'] == 0 and not seen['fatal'], seen
        return seen

    def checkpoint(self, **position):
        """Writes a position and waits until it is stored, or the broker is at its end. Gives the info."""
        before = self.info()['checkpoints']
        assert self.ask(f'checkpoint {json.dumps(position)}')['taken']
        return self.ask(f'stored {before + 1}')

    def peak(self):
        """The most octets of memory that it has had."""
        with open(f'/proc/{self.process.pid}/status') as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith('VmHWM:'))

    def close(self):
        """Gives its exit status."""
        self.process.stdin.write(b'close\n')
        self.process.stdin.flush()
        return self.process.wait(20)


class Wire:
    """What lies between a client and a server: it can lose what the server says, and be cut."""

    def __init__(self, server):
        self.to = (server.address, server.port)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.url = f'nats://127.0.0.1:{self.listener.getsockname()[1]}'
        self.is_deaf = False  # what the server says is lost
        self.pairs = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            try:
                server = socket.create_connection(self.to)
            except OSError:
                client.close()
                continue
            self.pairs.append((client, server))
            for one, other in (client, server), (server, client):
                threading.Thread(target=self._carry, args=(one, other, one is server), daemon=True).start()

    def _carry(self, one, other, is_answer):
        try:
            while octets := one.recv(1 << 16):
                if not (is_answer and self.is_deaf):
                    other.sendall(octets)
        except OSError:
            pass
        for end in one, other:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Ends all connections; new ones hear again."""
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.is_deaf = False

    def close(self):
        self.listener.close()
        self.cut()


def ids(client, stream='MD'):
    """The ids of all that a stream holds, in its order."""
    return [headers['Nats-Msg-Id'] for _, headers, _ in client.messages(stream, headers_only=True)]


def unit_id(number):
    """As the driver makes it."""
    return f'1234567890ab.0.{number}'


def need_driver():
    nats.need_nats()
    assert os.path.exists(DRIVER), f'{DRIVER}: is libnats-dev installed?'
