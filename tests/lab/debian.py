# SPDX-License-Identifier: BSD-3-Clause
"""Minimal Debians in folders (tests/lab/debian_root), and machines that boot from them."""

import ctypes
import os
import shutil
import signal
import subprocess

import pytest

from netlab import wait_for

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
TOOL = os.path.join(ROOT, 'tests', 'lab', 'debian_root')
SHARED = os.path.join(ROOT, '..', 'shared')
PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
NO_PACKAGES = 3
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Debian:
    """A minimal Debian in a folder of its own below build-logs."""

    def __init__(self, name):
        self.folder = os.path.join(ROOT, 'build-logs', name)
        self.remove()

    def make(self, *tar):
        done = subprocess.run([TOOL, 'make', self.folder, *tar], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode == NO_PACKAGES:
            pytest.skip(f'apt-get download: {done.stdout.splitlines()[-1]}')
        assert done.returncode == 0, done.stdout
        return self

    def pack(self, tar):
        """What make() unpacks."""
        subprocess.run(['tar', '-C', self.folder, '-cf', tar, '.'], check=True)

    def path(self, name):
        """Outside, of a path inside."""
        return os.path.join(self.folder, name.lstrip('/'))

    def clone(self):
        """A clean one of what is committed, as /root/mcring, in place of what is there."""
        clone = self.path('/root/mcring')
        shutil.rmtree(clone, ignore_errors=True)
        # The tree may be another user's.
        subprocess.run(['git', '-c', 'safe.directory=*', 'clone', '-q', '--no-hardlinks', ROOT, clone],
                       check=True)
        return clone

    def run(self, script, **kwargs):
        """Lines for bash, each of which has to succeed; gives what they print."""
        env = dict(os.environ, **({'SHARED': SHARED} if os.path.isdir(SHARED) else {}))
        kwargs.setdefault('stdout', subprocess.PIPE)
        done = subprocess.run([TOOL, 'run', self.folder, 'bash', '-e', '-o', 'pipefail', '-c', script],
                              stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, text=True,
                              errors='replace', env=env, **kwargs)
        assert done.returncode == 0, f'{script}\ngave {done.returncode}:\n{done.stdout}'
        return done.stdout

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Machine:
    """A Debian with systemd, booted by systemd-nspawn in a network namespace of its own; a lab wires it like
    a host. From construction to off(); on() boots it again, without its wires."""

    def __init__(self, debian):
        self.debian = debian
        self.on()

    def on(self):
        self.pid = None
        self.cgroup = self._cgroup()
        os.mkdir(self.cgroup)
        self.log = open(self.debian.folder + '.boot.log', 'w+')
        # Two machines in one cgroup would end each other's processes. In a process namespace of its own, because
        # what runs in it outlives systemd-nspawn.
        self.nspawn = subprocess.Popen(
            ['bash', '-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', self.cgroup, 'unshare', '--pid', '--fork',
             '--kill-child', '--mount-proc', 'systemd-nspawn', '--quiet', f'--directory={self.debian.folder}',
             f'--machine=mcrtest{os.getpid()}', '--register=no', '--keep-unit', '--private-network',
             '--console=pipe', '--bind-ro=/sys/module',  # which EAL asks for drivers
             '--capability=CAP_IPC_LOCK,CAP_BPF', '--system-call-filter=bpf', '--boot'],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=_die_with_parent)
        try:
            self.pid = wait_for(self._leader, 20, f'the machine boots ({self.log.name})')
            # degraded: a unit could not start, because the wires are not there yet.
            wait_for(lambda: self.run('systemctl', 'is-system-running', '--wait', check=False).stdout.strip() in
                     ('running', 'degraded'), 60, f'the machine runs ({self.log.name})')
        except BaseException:
            self.off()
            raise
        self.name = str(self.pid)  # as `ip link ... netns` takes it

    @staticmethod
    def _cgroup():
        """Its folder, in the hierarchy that systemd uses, below our own."""
        with open('/proc/self/cgroup') as lines:
            own = dict(line.strip().split(':', 2)[1:] for line in lines)
        top = '/sys/fs/cgroup/systemd' if 'name=systemd' in own else '/sys/fs/cgroup'
        parent = top + own.get('name=systemd', own.get('')).rstrip('/')
        return f'{parent}/mcrtest{os.getpid()}'

    def _leader(self):
        """The first process in it, once that is systemd."""
        assert self.nspawn.poll() is None, open(self.log.name).read()
        for nspawn in _children(self.nspawn.pid):
            for pid in _children(nspawn):
                with open(f'/proc/{pid}/comm') as comm:
                    if comm.read() == 'systemd\n' and os.path.exists(f'/proc/{pid}/root/run/systemd/private'):
                        return pid
        return None

    def argv(self, *argv):
        return ['nsenter', '--target', str(self.pid), '--all', '/usr/bin/env', '-i', f'PATH={PATH}', 'HOME=/root',
                'TERM=linux', *map(str, argv)]

    def run(self, *argv, check=True, timeout=60):
        """Runs to the end; gives the CompletedProcess with text output."""
        done = subprocess.run(self.argv(*argv), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors='replace', timeout=timeout, preexec_fn=_die_with_parent)
        if check and done.returncode:
            raise AssertionError(f'{argv} gave {done.returncode}: {done.stdout}{done.stderr}')
        return done

    def sh(self, script, **kwargs):
        """Lines for bash, each of which has to succeed; gives the CompletedProcess."""
        return self.run('bash', '-e', '-o', 'pipefail', '-c', script, **kwargs)

    def start(self, script, log):
        """Starts lines for bash; what they print goes to a file outside. `nsenter` stays before them: its pid is
        not theirs."""
        with open(log, 'w') as out:
            return subprocess.Popen(self.argv('bash', '-e', '-c', script), stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=out, preexec_fn=_die_with_parent)

    def read(self, path):
        with open(self.debian.path(path), errors='replace') as file:
            return file.read()

    def journal(self, unit):
        return self.run('journalctl', '--no-pager', '-u', unit, '-o', 'cat').stdout

    def shown(self, unit, *properties):
        """{property: value} of a unit."""
        out = self.run('systemctl', 'show', unit, *[f'--property={one}' for one in properties]).stdout
        return dict(line.split('=', 1) for line in out.splitlines())

    def off(self):
        """Ends it as its power button does, or else at once."""
        try:
            if self.nspawn.poll() is None and self.pid:
                self.run('systemctl', 'poweroff', check=False)
                self.nspawn.wait(10)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.nspawn.kill()
            self.nspawn.wait()
            self.log.close()
            for folder, _, _ in os.walk(self.cgroup, topdown=False):
                wait_for(lambda: _removed(folder), 10, f'{folder} is empty')


def _children(pid):
    with open(f'/proc/{pid}/task/{pid}/children') as children:
        return [int(one) for one in children.read().split()]


def _removed(cgroup):
    try:
        os.rmdir(cgroup)
        return True
    except OSError:
        return False
