# SPDX-License-Identifier: BSD-3-Clause
"""The control thread is never away: whatever is asked of it, no consumer takes its engine for dead."""

import json
import os
import signal
import socket

import pytest

from netlab import wait_for
from programs import Daemon

# A consumer takes an engine for dead after a second without a heartbeat. Rounds are far below it,
# also on a machine that does other things at the same time.
ROUND_NS = 200_000_000

CONFIG = '''
interfaces:
  - name: feed
    port: net_af_packet0
    address: 10.0.0.2/24
channels:
  - name: default
'''
BIG = '''  - name: big
    bytes: 1073741824
'''
BIG_BYTES = 1_400_000_000  # of its ring, generously


def memory_available():
    with open('/proc/meminfo') as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if 'MemAvailable' in line)


class Watched:
    """A daemon with a consumer that is attached all along."""

    def __init__(self, lab, host):
        self.path = lab.path('mcring.yaml')
        self.write(CONFIG)
        self.daemon = Daemon(lab, host, '--config', self.path,
                             vdev='net_af_packet0,iface=eth0')
        self.consumer = self.daemon.cat(timeout=120)
        wait_for(lambda: self.daemon.stats()['consumers'], 5, 'the consumer is attached')

    def write(self, text):
        with open(self.path, 'w') as out:
            out.write(text)

    def reload(self, check=True):
        return self.daemon.ctl('reload', check=check)

    def ask(self, **request):
        """The answer of the control socket itself: for more joins than a command line takes."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            s.connect(os.path.join(self.daemon.run_dir, 'control'))
            s.sendall(json.dumps(request).encode() + b'\n')
            return json.loads(s.makefile().readline())

    def ask_and_go(self, **request):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(os.path.join(self.daemon.run_dir, 'control'))
            s.sendall(json.dumps(request).encode() + b'\n')

    def end(self):
        """The consumer saw nothing but the end."""
        stats = self.daemon.stats()
        assert stats['consumers'], self.daemon.log()
        print('longest round', stats['control']['longest_round_ns'] / 1e6, 'ms')
        assert stats['control']['longest_round_ns'] < ROUND_NS, stats['control']
        self.consumer.process.send_signal(signal.SIGINT)
        status, _, summary = self.consumer.wait()
        assert (status, self.consumer.events) == (0, []), self.consumer.errors
        assert self.daemon.stop() == 0
        return stats


@pytest.fixture
def watched(wire):
    one = Watched(wire.lab, wire.receiver)
    yield one
    if one.daemon.process.poll() is None:
        one.end()


@pytest.mark.skipif(memory_available() < 3 * BIG_BYTES, reason='needs 4.2 GB of memory')
def test_a_reload_that_adds_and_removes_a_big_channel_goes_on_beside_control(watched):
    watched.write(CONFIG + BIG)
    assert 'channels +1 -0' in watched.reload().stdout
    watched.write(CONFIG)
    assert 'channels +0 -1' in watched.reload().stdout


def test_fifty_thousand_open_brackets_are_refused_beside_control(watched):
    watched.write('joins: ' + '[' * 50_000)
    done = watched.reload(check=False)
    assert done.returncode == 1 and 'mcring.yaml:1: ' in done.stderr
    watched.write(CONFIG)
    assert 'joins +0 -0' in watched.reload().stdout


def test_a_megabyte_of_aliases_is_refused_beside_control(watched):
    lists = ['l0: &l0 [' + 'x, ' * 1000 + 'x]']
    lists += [f'l{i}: &l{i} [' + f'*l{i - 1}, ' * 1000 + 'x]' for i in range(1, 160)]
    watched.write('\n'.join(lists))
    assert os.path.getsize(watched.path) > 900_000
    done = watched.reload(check=False)
    assert done.returncode == 1 and 'mcring.yaml:' in done.stderr and 'alias' in done.stderr


def test_thirty_thousand_equal_joins_come_and_go(watched):
    joins = ['239.1.1.1:5000'] * 30_000
    for command in ('join', 'leave'):
        assert watched.ask(command=command, joins=joins) == {'ok': True, 'schema': 1, 'joins': 30_000}


def test_ten_thousand_groups_come_and_go(watched):
    groups = ['239.20.0.0/19:5000', '239.20.32.0/21:5000']
    assert watched.daemon.ctl('join', *groups).stdout == '10240 joins added\n'
    assert len(watched.daemon.stats()['groups']) == 10_240
    assert watched.daemon.ctl('leave', *groups).stdout == '10240 joins removed\n'


def test_a_file_of_ten_thousand_groups_comes_and_goes(watched):
    watched.write(CONFIG + 'joins:\n  - groups: [239.20.0.0/19, 239.20.32.0/21]\n')
    assert 'joins +10240 -0' in watched.reload().stdout
    watched.write(CONFIG)
    assert 'joins +0 -10240' in watched.reload().stdout


# What any user can do: the kernel deletes each namespace's devices at once, under its RTNL lock.
RTNL_LOAD = '''
end=$((SECONDS + 5))
while [ $SECONDS -lt $end ]; do
    unshare -Urn ip -batch - < "$1"
done
'''


def test_a_user_who_makes_and_deletes_veths_holds_up_nobody(watched):
    lab, host = watched.daemon.lab, watched.daemon.host
    batch = lab.path('batch')
    with open(batch, 'w') as out:
        out.writelines(f'link add a{i} type veth peer name b{i}\n' for i in range(1500))
    os.chmod(batch, 0o644)
    os.chmod(os.path.dirname(batch), 0o755)
    nobody = ('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups')
    if host.run(*nobody, 'unshare', '-Urn', 'true', check=False).returncode:
        pytest.skip('no user namespaces for an ordinary user')
    loads = [host.start(*nobody, 'bash', '-c', RTNL_LOAD, 'load', batch) for _ in range(3)]
    rounds = 0
    while any(load.poll() is None for load in loads):
        watched.daemon.ctl('join', f'239.1.{rounds % 250}.1:5000')
        rounds += 1
    assert rounds > 1
    assert all(load.returncode == 0 for load in loads)


def test_a_signal_that_comes_during_a_reload_is_carried_out_afterwards(watched):
    for n in range(1, 4):
        watched.write(CONFIG + f'joins:\n  - groups: [239.1.1.0/30, 239.1.1.{n}]\n')
        watched.daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(watched.daemon.stats()['groups']) == 4, 10, 'the file holds')
    watched.write(CONFIG + 'joins:\n  - groups: [239.1.1.9]\n')
    watched.daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: [g['group'] for g in watched.daemon.stats()['groups']] == ['239.1.1.9'], 10,
             'the last file holds')


def test_the_log_has_the_outcome_of_a_reload_whose_client_is_gone(watched):
    watched.write(CONFIG + 'joins:\n  - groups: [239.1.1.9]\n')
    watched.daemon.ctl('reload', '--dry-run')
    watched.ask_and_go(command='reload', dry_run=False)
    wait_for(lambda: 'reloaded: joins +1 -0' in watched.daemon.log(), 10, 'the log says so')
    watched.write('nonsense')
    watched.ask_and_go(command='reload', dry_run=False)
    wait_for(lambda: 'not reloaded: ' in watched.daemon.log(), 10, 'the log says so')
    assert watched.daemon.log().count('reloaded: ') == 2
