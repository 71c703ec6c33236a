# SPDX-License-Identifier: BSD-3-Clause
"""The programs on the NIC that is tried: mcring, its readers, and dpdk-testpmd."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time

from . import process
from .process import Failure, wait_for


def eal_prefix(eal):
    """The one that the user gave, or None."""
    found = re.search(r'--file-prefix[= ](\S+)', ' '.join(eal))
    return found and found[1]


class Count(dict):
    """What an engine and its port have counted: delivered, unknown, foreign..., missed."""

    def __init__(self, stats):
        port = stats['ports'][0]
        super().__init__(delivered=stats['delivered'], received=stats['received'],
                         unknown=stats['drops']['unknown_group'], missed=port['rx_missed'],
                         nombuf=port['rx_nombuf'], errors=port['rx_errors'])

    def __sub__(self, before):
        return {name: self[name] - before[name] for name in self}


class Daemon:
    """mcring on the port, from start() to stop()."""

    def __init__(self, site, keys='', keep=False):
        """keys: more of the interface ('queues=2')."""
        self.site, self.keys, self.keep = site, keys, keep
        self.name = f'accept_{os.getpid()}'
        self.run_dir = os.path.join(site.dir, 'run')
        self.log_path = site.log('mcring')
        interface = f'feed={site.port}'
        for key, value in (('address', site.options.address), ('vlan', site.options.vlan)):
            interface += f',{key}={value}' if value else ''
        self.argv = [site.program('mcring'), *site.eal, '--', '--name', self.name, '--run-dir',
                     self.run_dir, '--interface', interface + (f',{keys}' if keys else ''),
                     '--join', site.groups.joined, *(['--keep-memberships'] if keep else [])]
        self.prefix = eal_prefix(site.eal) or f'mcring_{self.name}'
        self.process, self.was_ready = None, False

    def start(self):
        with open(self.log_path, 'a') as log:
            begin = log.tell()
            self.process = process.start(self.argv, stdout=log, stderr=log)
        self.begin = begin
        wait_for(self.is_ready, 60, 'mcring is ready')
        self.was_ready = True

    def log(self):
        with open(self.log_path, errors='replace') as log:
            log.seek(self.begin)
            return log.read()

    def is_ready(self):
        if self.process.poll() is not None:
            raise Failure(self.log().splitlines()[-1])
        return re.search(r'\bready\b', self.log())

    def ask(self, command, **members):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            try:
                client.connect(os.path.join(self.run_dir, 'control'))
                client.sendall(json.dumps({'command': command, **members}).encode() + b'\n')
                answer = b''
                while not answer.endswith(b'\n'):
                    part = client.recv(1 << 16)
                    if not part:
                        raise OSError('it hung up')
                    answer += part
            except OSError as error:
                raise Failure(f'mcring does not answer: {error}; {process.last_line(self.log_path)}') from None
        return json.loads(answer)

    def order(self, command, **members):
        """ask() of what has to succeed."""
        answer = self.ask(command, **members)
        if not answer['ok']:
            raise Failure(answer['error'])
        return answer

    def stats(self):
        stats = self.order('stats', groups=64)
        self.site.notice(stats)
        return stats

    def port(self):
        return self.stats()['ports'][0]

    def count(self):
        return Count(self.stats())

    def settled(self):
        """Its count, once nothing more comes."""
        last, since = self.count(), time.monotonic()
        while time.monotonic() - since < self.site.effort.settled_s:
            time.sleep(0.05)
            now = self.count()
            if now['delivered'] != last['delivered'] or now['unknown'] != last['unknown']:
                since = time.monotonic()
            last = now
        return last

    def rungs(self):
        """{rung: groups on it}, and why they are on no better one."""
        groups = self.order('groups')['groups']
        names = [one['rung'] for one in groups]
        reasons = sorted({one['rung_reason'] for one in groups if one['rung_reason']})
        return {name: names.count(name) for name in sorted(set(names))}, '; '.join(reasons)

    @contextlib.contextmanager
    def open_filter(self):
        """For a minute at most. Yields whether there is one that can be opened."""
        opened = self.ask('open_filter', seconds=60)['ok']
        if opened:
            wait_for(lambda: self.port()['open_until_ns'], 5, 'the filter opens')
        yield opened
        if opened:
            self.order('open_filter', seconds=1)
            wait_for(lambda: not self.port()['open_until_ns'], 10, 'the filter closes')

    def reader(self, *args):
        return Reader(self, args)

    def stop(self, leaving=True):
        if self.process:
            if self.keep and leaving:  # the switch need not wait for its timer
                with contextlib.suppress(Failure):
                    self.ask('leave', joins=[self.site.groups.joined])
            process.stop(self.process)
            process.remove_eal_files(self.prefix)

    def restart(self):
        """Ends it and starts it again; gives the seconds until it was ready."""
        start = time.monotonic()
        process.stop(self.process)
        self.start()
        return time.monotonic() - start


class Reader:
    """An mcring-cat that reads all from now on."""

    def __init__(self, daemon, args):
        self.daemon = daemon
        self.path = os.path.join(daemon.site.dir, 'messages')
        argv = [daemon.site.program('mcring-cat'), '--run-dir', daemon.run_dir, '--format', 'json',
                '--summary', *args]
        with open(self.path, 'w') as out:
            self.process = process.start(argv, stdout=out, stderr=subprocess.DEVNULL)
        wait_for(self.state, 20, 'a reader attaches')

    def state(self):
        return next((one for one in self.daemon.stats()['consumers']
                     if one['pid'] == self.process.pid), None)

    def caught_up(self):
        one = self.state()
        return one and one['cursor'] >= self.daemon.stats()['channels'][0]['published']

    def finish(self):
        """Gives (messages, events, lost), once it has read all."""
        wait_for(self.caught_up, 60, 'the reader catches up')
        process.stop(self.process, signal.SIGINT)
        with open(self.path) as lines:
            objects = [json.loads(line) for line in lines]
        os.unlink(self.path)
        lost = objects.pop()['lost']
        return ([one for one in objects if 'event' not in one],
                [one for one in objects if 'event' in one], lost)


class Testpmd:
    """dpdk-testpmd rxonly on the port, as it stands in for a receiver that does nothing."""

    def __init__(self, site, queues, lcores):
        self.log_path = site.log('testpmd')
        self.out = open(self.log_path, 'w+')
        self.prefix = eal_prefix(site.eal) or f'accept_testpmd_{os.getpid()}'
        own = [] if eal_prefix(site.eal) else [f'--file-prefix={self.prefix}']
        self.process = process.start(
            ['stdbuf', '-oL', site.program('dpdk-testpmd'), *site.eal, *own, '--', '--no-mlockall',
             '--interactive', '--forward-mode=rxonly', f'--rxq={queues}', f'--txq={queues}',
             f'--nb-cores={lcores}', '--total-num-mbufs=65536'],
            stdin=subprocess.PIPE, stdout=self.out, stderr=self.out, text=True)
        try:
            self.answer('show port summary all', r'Number of available ports', 60)
            summary = self.text()
            found = re.search(rf'^(\d+)\s.*\s{re.escape(site.port)}\s', summary, re.M)
            self.number = int(found[1]) if found else 0
            info = self.answer(f'show port info {self.number}', r'Max possible RX queues[^\n]*', 20)
            firmware = re.search(r'Firmware-version: (.*)', info[0])
            self.firmware = firmware and firmware[1]
            self.answer('start', r'rxonly packet forwarding', 30)
        except Failure:
            self.stop()
            raise

    def text(self, start=0):
        with open(self.log_path, errors='replace') as log:
            log.seek(start)
            return log.read()

    def answer(self, order, pattern, seconds):
        """Gives (what it prints until the pattern, the match)."""
        start = os.path.getsize(self.log_path)

        def found():
            if self.process.poll() is not None:
                raise Failure(f'dpdk-testpmd: {process.last_line(self.log_path)}')
            return re.search(pattern, self.text(start))

        try:
            print(order, file=self.process.stdin, flush=True)
        except OSError:
            found()
        match = wait_for(found, seconds, f'testpmd: {order}')
        return self.text(start), match

    def received(self):
        _, match = self.answer(f'show port stats {self.number}', r'RX-packets: (\d+)', 20)
        return int(match[1])

    def stop(self):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            print('quit', file=self.process.stdin, flush=True)
            self.process.wait(10)
        process.stop(self.process)
        self.out.close()
        process.remove_eal_files(self.prefix)
