# SPDX-License-Identifier: BSD-3-Clause
"""A host with an engine and a kernel on one wire, and programs there that are written for sockets."""

import json
import os
import subprocess

from netlab import wait_for
from programs import BUILD, sockets_config

RUN = os.path.join(BUILD, 'tools', 'mcring-run')
PRELOAD = os.path.join(BUILD, 'lib', 'socket', 'preload', 'libmcring-preload.so')
CLASSIC = os.path.join(BUILD, 'examples', 'classic')
PYTHON = '/usr/bin/python3'
GROUP, OTHER, PORT = '239.1.1.1', '239.1.1.2', 5000
OWN = '10.0.0.3'
NOBODY = 65534

# What each program written in Python begins with. It says `ready` when it wants the next datagram.
PRELUDE = f'''
import ctypes, errno, json, os, select, signal, socket, struct, sys, threading, time
GROUP, OTHER, PORT, OWN, NOBODY = '{GROUP}', '{OTHER}', {PORT}, '{OWN}', {NOBODY}

def say(*words):
    os.write(1, (' '.join(map(str, words)) + '\\n').encode())

def join(s, group=GROUP, at=OWN):
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                 socket.inet_aton(group) + socket.inet_aton(at))

def unbound():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return s

def member(*groups, bound='', port=PORT):
    s = unbound()
    s.bind((bound, port))
    for group in groups or (GROUP,):
        join(s, group)
    return s

def receive(s):
    say('ready')
    say('got', s.recv(2048).decode())
'''

SEND = '''
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton('10.0.0.1'))
for line in sys.stdin:
    group, port, *payloads = line.split()
    for one in payloads:
        s.sendto(one.encode(), (group, int(port)))
    print('sent', flush=True)
'''


class Program:
    """One of them. Its output goes to a file, as a pipe could hold it up."""

    count = 0

    def __init__(self, host, argv, env=None, **kwargs):
        Program.count += 1
        self.path = host.wire.lab.path(f'program{Program.count}')
        env = {**os.environ, **(env or {})}
        with open(self.path, 'wb') as out, open(self.path + '.err', 'wb') as err:
            self.process = host.wire.receiver.start(*argv, stdout=out, stderr=err, env=env, **kwargs)

    def lines(self):
        with open(self.path, errors='replace') as out:
            return out.read().splitlines()

    def errors(self):
        with open(self.path + '.err', errors='replace') as err:
            return err.read()

    def says(self, line, times=1, seconds=20):
        wait_for(lambda: self.lines().count(line) >= times or self.has_ended(), seconds,
                 f'{line!r} is said')
        assert self.lines().count(line) >= times, (self.lines()[-5:], self.errors())

    def has_ended(self):
        return self.process.poll() is not None

    def end(self, seconds=20):
        """Gives its exit status and its lines."""
        self.process.wait(seconds)
        return self.process.returncode, self.lines()

    def kill(self):
        self.process.kill()
        self.process.wait(10)


class Host:
    """The kernel has eth0 for itself, and the engine has it as well."""

    def __init__(self, wire, kernel=True):
        self.wire, self.engine, self.run_dir = wire, None, wire.lab.path('engine')
        if kernel:
            wire.receiver.run('ip', 'addr', 'add', f'{OWN}/24', 'dev', 'eth0')
            wire.receiver.run('ip', 'route', 'add', '224.0.0.0/4', 'dev', 'eth0')
            self.start_sender()

    def start_sender(self):
        self.sender = self.wire.sender.start(PYTHON, '-c', SEND, stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, text=True)

    def start_engine(self, keys=''):
        """keys: more of the channel, as lines of the file."""
        self.engine = self.wire.daemon('--config', sockets_config(self.wire.lab, keys),
                                       '--run-dir', self.run_dir)
        self.engine.run_dir = self.run_dir
        return self.engine

    def start(self, *argv, options=(), **kwargs):
        """Starts a program with the library."""
        return Program(self, (RUN, '--run-dir', self.run_dir, *options, '--', *argv), **kwargs)

    def python(self, script, *args, **kwargs):
        return self.start(PYTHON, '-c', PRELUDE + script, *args, **kwargs)

    def python_on_kernel(self, script):
        """The same without the library."""
        return Program(self, (PYTHON, '-c', PRELUDE + script))

    def send(self, *payloads, group=GROUP, port=PORT):
        self.sender.stdin.write(' '.join(map(str, (group, port, *payloads))) + '\n')
        self.sender.stdin.flush()
        assert self.sender.stdout.readline() == 'sent\n'

    def groups(self):
        """Of the engine."""
        return sorted(one['group'] for one in self.engine.stats()['groups'])

    def kernel_groups(self):
        members = self.wire.receiver.run('ip', 'maddr', 'show', 'dev', 'eth0').stdout.split()
        return sorted(one for one in members if one.startswith('239.'))

    def sockets(self, program):
        """What the engine knows of a program's sockets."""
        programs = json.loads(self.engine.ctl('--json', 'sockets').stdout)['programs']
        return [s for one in programs if one['pid'] == program.process.pid for s in one['sockets']]

    def is_bound(self, port=PORT):
        return f':{port:04X} ' in self.wire.receiver.run('cat', '/proc/net/udp').stdout
