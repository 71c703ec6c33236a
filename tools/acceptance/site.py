# SPDX-License-Identifier: BSD-3-Clause
"""What the phases work with: the programs, the daemon on the port, the sender, and what was noticed."""

import os
import shlex
import shutil
import tempfile
import time

from . import process
from .process import Failure
from .receiver import Daemon
from .sender import Sender

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = {'mcring': 'app', 'mcring-cat': 'tools', 'mcring-gen': 'tools'}  # of a build


class Site:
    def __init__(self, options):
        self.options, self.effort, self.groups = options, options.effort, options.groups
        self.port, self.settle = options.port, options.settle
        self.eal = shlex.split(options.eal)
        words = shlex.split(options.sender)
        if words[0] == 'mcring-gen':
            words[0] = self.program('mcring-gen')
        self.sender = Sender(words, options.settle, options.vlan, options.max_rate)
        self.running = None    # the daemon
        self.querier = None    # (address, version), once one is heard
        self.heard_from = None # since when we listen
        self.followed = False  # the switch acted on a leave and a join
        self.rate = None       # that lost nothing
        self.firmware = None   # as DPDK reads it
        self.port_info = None
        os.makedirs(os.path.join(options.output, 'logs'), exist_ok=True)
        process.sweep()
        self.dir = tempfile.mkdtemp(prefix=f'accept-nic-{os.getpid()}-')

    @staticmethod
    def build():
        """The build of the tree that this file is in, or None: it is installed."""
        root = os.path.dirname(os.path.dirname(HERE))
        if not os.path.exists(os.path.join(root, 'meson.build')):
            return None
        return os.path.join(root, os.environ.get('MCRING_BUILD', 'build'))

    @classmethod
    def program(cls, name):
        """Of the build, or beside an installed accept-nic; else as the shell finds it."""
        build = cls.build()
        prefix = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))  # of share/mcring/acceptance
        place = os.path.join(build, FOLDERS[name]) if build and name in FOLDERS else f'{prefix}/bin'
        found = shutil.which(os.path.join(place, name)) or shutil.which(name)
        if not found:
            raise Failure(f'{name} is missing')
        return found

    def log(self, name):
        return os.path.join(self.options.output, 'logs', f'{name}.log')

    def daemon(self, keys='', keep=False):
        """The one with these keys, started anew if another one runs."""
        if self.running and (self.running.keys, self.running.keep) == (keys, keep):
            return self.running
        self.stop_daemon()
        self.running = daemon = Daemon(self, keys, keep)
        try:
            daemon.start()
        except Failure:
            self.stop_daemon()
            raise
        self.heard_from = self.heard_from or time.monotonic()
        time.sleep(self.settle)
        return daemon

    def stop_daemon(self, leaving=True):
        """leaving: its groups, too."""
        daemon, self.running = self.running, None
        if daemon:
            daemon.stop(leaving)

    def has_died(self):
        """The daemon, after it had been ready."""
        return bool(self.running and self.running.was_ready and self.running.process.poll() is not None)

    def open_path(self, daemon):
        """Waits until what is sent arrives."""
        end = time.monotonic() + self.effort.path_s
        while True:
            before = daemon.count()
            sent = self.sender.send([self.groups.joined], 1000, count=self.groups.JOINED)['sent']
            if (daemon.settled() - before)['delivered'] >= sent:
                return
            if time.monotonic() > end:
                verdict = daemon.ask('why', group=self.groups.joined.partition('/')[0])
                raise Failure(f'nothing arrives within {self.effort.path_s:.0f} s; mcring-ctl why: '
                              f'{verdict.get("first", "")}')

    def notice(self, stats):
        if stats['ports'][0]['link_up'] or not self.port_info:
            self.port_info = stats['ports'][0]
        one = stats['interfaces'][0]
        if one['igmp_querier']:
            self.querier = one['igmp_querier'], one['igmp']['querier_version']

    def close(self):
        self.stop_daemon()
        process.stop_all()
        shutil.rmtree(self.dir, ignore_errors=True)
