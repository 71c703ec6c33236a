# SPDX-License-Identifier: BSD-3-Clause
"""mcring's programs as the tests drive them."""

import itertools
import json
import os
import re
import signal
import subprocess
import textwrap

from netlab import wait_for

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
# Another build, say one with sanitizers, can be tested the same way.
BUILD = os.path.join(ROOT, os.environ.get('MCRING_BUILD', 'build'))
SHARED = os.path.abspath(os.path.join(ROOT, '..', 'shared'))

MCRING = os.path.join(BUILD, 'app', 'mcring')
CAT = os.path.join(BUILD, 'tools', 'mcring-cat')
CTL = os.path.join(BUILD, 'tools', 'mcring-ctl')
GEN = os.path.join(BUILD, 'tools', 'mcring-gen')
MCSEND = os.path.join(BUILD, 'tests', 'lab', 'mcsend')
ATTACH_ROUNDS = os.path.join(BUILD, 'tests', 'net', 'attach_rounds')
KILL_ROUNDS = os.path.join(BUILD, 'tests', 'net', 'kill_rounds')

# Two lcores: 0 is the control thread, 1 receives. No hugepages, no PCI devices.
EAL = ('-l', '0,1', '--no-huge', '-m', '512', '--no-pci', '--no-telemetry')


class Daemon:
    """One mcring from start to exit, with its log."""

    count = itertools.count(1)  # tests start daemons in threads, too

    def __init__(self, lab, host, *args, vdev=(), eal=EAL, wait=True, name=None, log=None):
        """args: what stands behind `--`, without --run-dir. log: of a second one of the same name."""
        self.lab, self.host = lab, host
        self.name = name or f't{os.getpid()}_{next(Daemon.count)}'
        self.run_dir = lab.path(self.name)
        lab.prefixes += [f'mcring_{self.name}', f'mcring_{self.name}_standby']
        self.log_path = lab.path(f'{log or self.name}.log')
        vdevs = [f'--vdev={one}' for one in ([vdev] if isinstance(vdev, str) else vdev)]
        # An rx lcore has its core alone; here it shares it with whatever else runs.
        self.argv = ['nice', '-n', '-10', MCRING, *eal, *vdevs, '--', '--name', self.name,
                     '--run-dir', self.run_dir, *map(str, args)]
        self.start(wait)

    def start(self, wait=True):
        with open(self.log_path, 'w') as log:
            self.process = self.host.start(*self.argv, stdout=log, stderr=log)
        if wait:
            wait_for(self.ready, 20, f'the daemon is ready ({self.log_path})')

    def restart(self, signo=signal.SIGTERM):
        """Ends this process and starts another in the same run directory."""
        self.process.send_signal(signo)
        self.process.wait(10)
        self.start()

    def log(self):
        with open(self.log_path, errors='replace') as log:
            return log.read()

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f'mcring ended with {self.process.returncode}:\n{self.log()}')
        return re.search(r'\bready\b', self.log())

    def ctl(self, *args, check=True):
        return self.host.run(CTL, '--run-dir', self.run_dir, *args, check=check)

    def stats(self):
        return json.loads(self.ctl('--json', 'stats').stdout)

    def cat(self, *args, **kwargs):
        """Starts a consumer of everything, also of what comes before it has attached; see
        Consumer."""
        if '--from' not in args:
            args = ('--from', 'oldest', *args)
        return Consumer(self, *args, **kwargs)

    def stop(self, signo=signal.SIGTERM, seconds=10):
        """Ends the daemon; gives its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signo)
        return self.process.wait(seconds)


class Consumer:
    """One mcring-cat with JSON output and a summary."""

    def __init__(self, daemon, *args, timeout=30):
        self.daemon = daemon
        self.path = daemon.lab.path(f'cat{next(Daemon.count)}.json')
        self.out = open(self.path, 'w')
        self.process = daemon.host.start(CAT, '--run-dir', daemon.run_dir, '--format', 'json',
                                         '--summary', '--timeout', timeout, *args,
                                         stdout=self.out, stderr=subprocess.PIPE)
        self.timeout = timeout

    def wait(self):
        """Waits for the end; gives (exit status, messages, summary). Events (lost, link, restart)
        stand in self.events, both in their order in self.objects."""
        status = self.process.wait(self.timeout + 10)
        self.out.close()
        self.errors = self.process.stderr.read().decode()
        with open(self.path) as lines:
            objects = [json.loads(line) for line in lines]
        summary = objects.pop() if objects else None
        self.objects = objects
        self.events = [one for one in objects if 'event' in one]
        return status, [one for one in objects if 'event' not in one], summary

    def stop(self, expected):
        """Ends it once it has received so many messages; gives what wait() gives."""
        def received():
            consumers = self.daemon.stats()['consumers']
            return [one['received'] for one in consumers if one['pid'] == self.process.pid]

        wait_for(lambda: received() >= [expected], 30, f'{expected} messages are received')
        self.process.send_signal(signal.SIGINT)
        return self.wait()


def sockets_config(lab, more=''):
    """A file with the channel that docs/sockets.md recommends, for root; gives its path."""
    with open(os.path.join(ROOT, 'docs', 'sockets.md')) as page:
        yaml = re.search(r'(?m)^    channels:\n(^     .*\n)+', page.read()).group()
    path = lab.path('sockets.yaml')
    with open(path, 'w') as file:
        file.write(textwrap.dedent(yaml).replace('groups: [market-data]', 'users: [root]') + more)
    return path


RELAY_FATES = ('tx', 'tx_full', 'tx_mtu', 'tx_ttl', 'tx_no_buffer', 'tx_down')


def identity(stats):
    """received == delivered + relayed_only + punted + sum of drops, to the packet, on each lcore as well;
    and of the relay's copies, all that was offered went somewhere."""
    for one in (stats, *stats['lcores']):
        total = one['delivered'] + one['relayed_only'] + one['punted'] + sum(one['drops'].values())
        assert one['received'] == total, stats
    for interface in stats['relay']:
        for one in (interface, *interface['lcores']):
            assert one['offered'] == sum(one[key] for key in one if key in RELAY_FATES), interface
    return True


def drops(stats):
    """The drop reasons that happened."""
    return {reason: n for reason, n in stats['drops'].items() if n}


def mcsend_argv(to, options):
    argv = [MCSEND, '--interface', options.pop('interface', 'eth0')]
    for one in to:
        argv += ['--to', one]
    for name, value in options.items():
        argv += [f'--{name}', value]
    return argv


def mcsend(host, *to, **options):
    """Sends from a kernel socket; gives its account as a dict."""
    return json.loads(host.run(*mcsend_argv(to, options)).stdout)


class Traffic:
    """mcsend in the background, until stop()."""

    def __init__(self, host, *to, **options):
        options['count'] = 10_000_000
        self.process = host.start(*mcsend_argv(to, options), stdout=subprocess.PIPE)

    def stop(self):
        """Ends it; gives its account as a dict."""
        assert self.process.poll() is None, 'it should still have been sending'
        self.process.terminate()
        return json.loads(self.process.communicate(timeout=10)[0])


def sequence(message):
    """The number that mcsend or mcring-gen wrote into a payload."""
    return int(message['data'][:16], 16)


def payload_is_whole(message):
    """The pattern behind the stamp is as it was sent."""
    data = bytes.fromhex(message['data'])
    return data[16:] == bytes(i & 0xff for i in range(16, len(data)))
