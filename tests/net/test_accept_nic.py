# SPDX-License-Identifier: BSD-3-Clause
"""accept-nic proves what holds, says what is not proven, and finds out a port that lies."""

import importlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys

import pytest

from netlab import EAL_DIR, wait_for
from programs import BUILD, EAL, GEN, ROOT

TOOL = os.path.join(ROOT, 'tools', 'accept-nic')
LIAR = os.path.join(BUILD, 'tests', 'net', 'lying_port.so')
VDEV = '--vdev=net_af_packet0,iface=eth0'

sys.path.insert(0, os.path.dirname(TOOL))
judge = importlib.import_module('acceptance.judge')
options = importlib.import_module('acceptance.options')
phases = importlib.import_module('acceptance.phases')


SSH = """#!/bin/sh
# As ssh does: a shell there reads the words once more.
host=$1
shift
exec ip netns exec "$host" sh -c "$*"
"""


def ssh(net):
    """A folder with an ssh that reaches the lab's hosts by their names."""
    folder = net.lab.path('bin')
    os.mkdir(folder)
    with open(f'{folder}/ssh', 'w') as file:
        file.write(SSH)
    os.chmod(f'{folder}/ssh', 0o755)
    return folder


class Trial:
    """One accept-nic on the receiving host, with the other host as its sender. env: PATH with an ssh
    that leads there, else it is another namespace of the same host."""

    def __init__(self, net, *args, **env):
        self.net, self.output = net, net.lab.path('accepted')
        sender = [*(['ssh', net.sender.name] if 'PATH' in env else net.sender.argv()), GEN, '-l', '0',
                  '--no-huge', '-m', '256', '--no-pci', '--no-telemetry', VDEV, '--', '--port',
                  'net_af_packet0']
        self.process = net.receiver.start(
            TOOL, '--quick', '--yes', '--settle', '0', '--port', 'net_af_packet0', '--eal',
            shlex.join([*EAL, f'{VDEV},framecnt=8192,blocksz=1048576']), '--sender', shlex.join(sender),
            '--address', '10.0.0.2/24', '--output', self.output, *args, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env={**os.environ, 'MCRING_BUILD': BUILD, **env})

    def wait(self):
        """Gives its exit status."""
        self.said = self.process.communicate(timeout=120)[0]
        with open(f'{self.output}/accept-nic.json') as file:
            self.result = json.load(file)
        with open(f'{self.output}/accept-nic.md') as file:
            self.table = file.read()
        return self.process.returncode

    def row(self, what):
        """The one whose name begins so."""
        found, = [row for row in self.result['rows'] if row['what'].startswith(what)]
        assert found['what'] in self.table and found['value'] in self.table
        return found

    def verdict(self, what):
        return self.row(what)['verdict']

    def programs(self):
        """The commands that run on both hosts, but for accept-nic itself."""
        commands = {}
        for host in self.net.receiver, self.net.sender:
            for pid in subprocess.run(['ip', 'netns', 'pids', host.name], check=True, capture_output=True,
                                      text=True).stdout.split():
                with open(f'/proc/{pid}/cmdline') as file:
                    commands[int(pid)] = file.read().replace('\0', ' ')
        commands.pop(self.process.pid, None)
        return commands

    def stopped(self):
        """The pid of an mcring that stands still."""
        for pid, command in self.programs().items():
            with open(f'/proc/{pid}/stat') as file:
                if 'app/mcring ' in command and file.read().rpartition(')')[2].split()[0] == 'T':
                    return pid
        return None

    def files(self):
        """Its own that lie about."""
        return [name for folder in (EAL_DIR, '/tmp') for name in os.listdir(folder)
                if re.search(rf'accept.*[-_]{self.process.pid}\b', name)]

    def left(self):
        """What is still there of it."""
        return list(self.programs().values()) + self.files()


def test_on_a_switch_that_prunes_each_phase_proves_what_it_can(lan):
    lan.switch.host.run('ip', 'link', 'set', 'br0', 'type', 'bridge', 'mcast_last_member_interval', 20)
    trial = Trial(lan, '--max-rate', '20000', '--only',
                  'receive,missed,hw_time,leave,restart,lossless,soak',
                  PATH=f'{ssh(lan)}:{os.environ["PATH"]}')
    status = trial.wait()
    assert status == any(row['verdict'] == 'FAIL' for row in trial.result['rows']), trial.said
    for what in ('16 groups arrive', 'messages are whole', 'what a full queue loses', 'after a leave',
                 'after a join', 'a restart', "the switch's querier"):
        assert trial.verdict(what) == 'PASS', trial.said
    assert trial.verdict('hw_time') == 'NOT PROVEN' and 'stamps no packets' in trial.row('hw_time')['why']
    assert trial.verdict('memberships outlive') == 'NOT PROVEN', 'not in half a second'
    missed = trial.row('what a full queue loses')['data']
    assert missed['missed'] > 0
    assert trial.row("the switch's querier")['data'] == {'querier': '0.0.0.0', 'version': 3}
    rates = trial.row('rate without loss')['data']
    assert rates['mcring']['highest_asked'] and rates['mcring']['confirmed']
    assert rates['testpmd']['rate'] > 0 and rates['mcring']['rate'] > 0
    assert trial.row('a restart')['data']['missing'] > 0
    environment = trial.result['environment']
    assert environment['kernel driver'] == 'veth' and 'DPDK' in environment['mcring']
    assert environment['mcring-gen of the sender'].startswith('mcring-gen ')
    assert trial.left() == []


def test_a_port_that_leaks_and_one_that_hides_its_losses_are_found_out(wire):
    trial = Trial(wire, '--only', 'rungs,missed', LD_PRELOAD=LIAR, MCR_LIE='list,loss')
    assert trial.wait() == 1, trial.said
    assert trial.verdict('rung mac-list (16 groups) with few groups') == 'PASS', 'it loses nothing'
    leak = trial.row('filter mac-list with few groups')
    assert (leak['verdict'], leak['data']['leaked']) == ('FAIL', leak['data']['sent'])
    missed = trial.row('what a full queue loses')
    assert missed['verdict'] == 'FAIL' and missed['data']['missed'] == 0 < missed['data']['lost']
    assert trial.left() == []


@pytest.mark.parametrize('signo', [signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_it_nothing_goes_on(wire, signo):
    """At the worst moment: mcring stands still."""
    trial = Trial(wire, '--only', 'missed')
    wait_for(trial.stopped, 20, 'mcring is stopped')
    trial.process.send_signal(signo)
    if signo == signal.SIGINT:
        assert trial.wait() == 3 and trial.result['interrupted'] == 'SIGINT', trial.said
        assert trial.left() == []
    wait_for(lambda: not trial.programs(), 20, 'all programs end')
    if signo == signal.SIGKILL:
        trial.process.wait(10)
        assert trial.left(), 'nobody could remove its files ...'
        again = Trial(wire, '--only', 'missed')
        wait_for(lambda: not trial.files(), 20, '... but the next one does')
        again.process.send_signal(signal.SIGTERM)
        assert again.wait() == 3 and again.result['interrupted'] == 'SIGTERM'


def test_a_daemon_that_dies_is_a_failure(wire):
    trial = Trial(wire, '--only', 'missed')
    os.kill(wait_for(trial.stopped, 20, 'mcring is stopped'), signal.SIGKILL)
    assert trial.wait() == 1, trial.said
    row = trial.row('phase missed')
    assert row['verdict'] == 'FAIL' and 'ended by itself' in row['why']
    assert trial.left() == []


def test_a_sender_that_dies_leaves_a_row_that_says_so(wire):
    trial = Trial(wire, '--only', 'soak')
    wait_for(lambda: [os.kill(pid, signal.SIGKILL) for pid, command in trial.programs().items()
                      if 'mcring-gen -l' in command], 20, 'it sends')
    assert trial.wait() == 2, trial.said
    row = trial.row('phase soak')
    assert row['verdict'] == 'NOT PROVEN' and row['why'].startswith('the sender: ')
    assert trial.left() == []


@pytest.mark.parametrize('args, words', [
    (['--sender', 'mcring-gen -- --port 1'], '--port is missing'),
    (['--port', 'net_null0', '--eal', '--no-pci'], '--sender'),
    (['--port', '0000:99:00.0', '--sender', 'x -- --port 1'], 'no PCI device'),
    (['--port', 'net_null0', '--eal', '--no-pci', '--sender', 'ssh tx mcring-gen'], "mcring-gen's port"),
    (['--port', 'net_null0', '--eal', '--no-pci', '--sender', 'x -- --port 1'], '--yes'),
    (['--port', 'net_null0', '--eal', '--no-pci', '--sender', 'x --', '--groups', '10.0.0.0/16'],
     'multicast'),
    (['--port', 'net_null0', '--eal', '--no-pci', '--sender', 'x --', '--groups', '239.255.0.0/24'],
     '/9 to /22'),
    (['--port', 'net_null0', '--eal', '--no-pci', '--sender', 'x --', '--only', 'lunch'], 'lossless'),
])
def test_a_mistake_gets_one_line_and_nothing_begins(lab, args, words):
    done = subprocess.run([TOOL, *args], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          cwd=lab.dir, env={**os.environ, 'MCRING_BUILD': BUILD})
    lines = done.stderr.splitlines()
    assert done.returncode == 2 and len(lines) == 1 and words in lines[0], done.stderr
    assert not [name for name in os.listdir(lab.dir) if name.startswith('accept')]


def test_help_names_each_option():
    done = subprocess.run([TOOL, '--help'], check=True, capture_output=True, text=True).stdout
    for name in (*options.VALUES, *options.FLAGS):
        assert f'--{name}' in done, name
    for phase in options.FULL.limits:
        assert phase in done


# ---- what the numbers prove ----

def count(**values):
    return {**judge.NOTHING, **values}


FOUND = {'rate': 1000, 'confirmed': True, 'highest_asked': False}


@pytest.mark.parametrize('row, verdict', [
    (judge.arrival('', 10, count(delivered=10)), 'PASS'),
    (judge.arrival('', 10, count(delivered=9, missed=1)), 'FAIL'),
    (judge.arrival('', 10, count(delivered=11)), 'FAIL'),
    (judge.integrity(3, [('a', 1, True), ('b', 1, True), ('a', 2, True)], 0), 'PASS'),
    (judge.integrity(2, [('a', 2, True), ('a', 1, True)], 0), 'FAIL'),
    (judge.integrity(2, [('a', 1, True), ('a', 1, True)], 0), 'FAIL'),
    (judge.integrity(2, [('a', 1, True), ('a', 2, False)], 0), 'FAIL'),
    (judge.integrity(2, [('a', 1, True)], 1), 'FAIL'),
    (judge.leak('', 'mac-list', 100, 0, 100), 'PASS'),
    (judge.leak('', 'mac-list', 100, 3, 100), 'PASS'),
    (judge.leak('', 'mac-list', 100, 11, 100), 'FAIL'),
    (judge.leak('', 'mac-slots', 100, 100, 100), 'FAIL'),
    (judge.leak('', 'mac-list', 100, 0, 0), 'NOT PROVEN'),
    (judge.leak('', 'mac-list', 100, 0, None), 'NOT PROVEN'),
    (judge.leak('', 'mac-list', 100, 5, None), 'NOT PROVEN'),
    (judge.leak('', 'all-multicast', 100, 100, None), 'PASS'),
    (judge.leak('', 'promiscuous', 100, 0, None), 'NOT PROVEN'),
    (judge.missed('', 100, count(delivered=60, missed=40), 0), 'PASS'),
    (judge.missed('', 100, count(delivered=60, missed=30, nombuf=10), 0), 'PASS'),
    (judge.missed('', 100, count(delivered=60, missed=39), 5), 'FAIL'),
    (judge.missed('', 100, count(delivered=60, missed=45), 5), 'PASS'),
    (judge.missed('', 100, count(delivered=60, missed=46), 5), 'FAIL'),
    (judge.missed('', 100, count(delivered=100), 0), 'NOT PROVEN'),
    (judge.missed('', 100, count(delivered=101), 0), 'NOT PROVEN'),
    (judge.stamps([('a', 20, 10), ('a', 30, 20)], '')[0], 'PASS'),
    (judge.stamps([('a', 20, 10), ('a', 30, 0)], '')[0], 'FAIL'),
    (judge.stamps([('a', 20, 0)], 'no driver')[0], 'NOT PROVEN'),
    (judge.stamps([('a', 20, 10), ('b', 30, 5)], '')[1], 'PASS'),
    (judge.stamps([('a', 20, 10), ('a', 30, 5)], '')[1], 'FAIL'),
    (judge.stamps([('a', 20, 10)], '')[2], 'PASS'),
    (judge.stamps([('a', 20, 21)], '')[2], 'NOT PROVEN'),
    (judge.stamps([('a', 37_000_000_000, 1)], '')[2], 'NOT PROVEN'),
    (judge.lossless(64, FOUND, {**FOUND, 'rate': 1100}, ''), 'PASS'),
    (judge.lossless(64, FOUND, {**FOUND, 'rate': 1200}, ''), 'FAIL'),
    (judge.lossless(64, FOUND, None, 'no testpmd'), 'NOT PROVEN'),
    (judge.lossless(64, {**FOUND, 'highest_asked': True}, None, ''), 'PASS'),
    (judge.lossless(64, {**FOUND, 'highest_asked': True}, {**FOUND, 'rate': 1200}, ''), 'NOT PROVEN'),
    (judge.lossless(64, {**FOUND, 'confirmed': False}, FOUND, ''), 'FAIL'),
    (judge.lossless(64, {**FOUND, 'rate': 0}, FOUND, ''), 'FAIL'),
    (judge.restart(5, 10, [1, 2, 5], [{'event': 'restart'}], 1), 'PASS'),
    (judge.restart(5, 10, [1, 2, 5], [], 1), 'FAIL'),
    (judge.restart(5, 10, [1, 2, 3], [{'event': 'restart'}], 1), 'FAIL'),
    (judge.restart(5, 10, [], [], 1), 'FAIL'),
    (judge.leave(2.0, 30), 'PASS'),
    (judge.leave(None, 30), 'NOT PROVEN'),
    (judge.rejoin(0.1, True), 'PASS'),
    (judge.rejoin(0.1, False), 'NOT PROVEN'),
    (judge.rejoin(None, True), 'FAIL'),
    (judge.igmp('10.0.0.1', 3, 9, True), 'PASS'),
    (judge.igmp('10.0.0.1', 3, 9, False), 'NOT PROVEN'),
    (judge.igmp(None, None, 9, True), 'NOT PROVEN'),
    (judge.outlives(600, 260, count(delivered=1), '10.0.0.1'), 'PASS'),
    (judge.outlives(600, 260, count(), '10.0.0.1'), 'FAIL'),
    (judge.outlives(600, 260, count(delivered=1), None), 'NOT PROVEN'),
    (judge.outlives(60, 260, count(delivered=1), '10.0.0.1'), 'NOT PROVEN'),
])
def test_numbers_prove(row, verdict):
    assert row.verdict == verdict, row


@pytest.mark.parametrize('range_', ['239.255.0.0/22', '239.255.0.0/16', '239.0.0.0/9'])
def test_groups_are_of_the_range_and_have_mac_addresses_of_their_own(range_):
    groups = options.Groups(range_)
    macs = []
    for text in groups.joined, groups.foreign, groups.single, groups.many(4096):
        first, length = text.removesuffix(':5000').split('/')
        net = options.ipaddress.IPv4Network(f'{first}/{length}')
        assert net.subnet_of(groups.net)
        macs += [int(group) & 0x7fffff for group in net]
    assert len(set(macs)) == len(macs) >= 16 + 256 + 1 + 256


def test_frames_of_others_are_no_datagrams_of_a_trial():
    """Each trial begins with a count of 0 sent; between trials others come, too."""
    total = 100
    count = phases.AmongOthers(lambda: total)
    assert count(0) == 0
    total += 7
    assert count(10) == 7, 'three are on the way or lost'
    total += 5
    assert count(10) == 10, 'two were of others'
    total += 50
    assert count(0) == 10 and count(20) == 10, 'none came since the trial began'
    total += 20
    assert count(20) == 30
