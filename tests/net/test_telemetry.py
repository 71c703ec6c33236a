# SPDX-License-Identifier: BSD-3-Clause
"""The commands below /mcring/ in DPDK's telemetry, as collectors and people ask them."""

import json
import os
import socket
import subprocess
import threading

import pytest

from netlab import EAL_DIR, Lab, wait_for
from programs import EAL, Daemon, mcsend

TELEMETRY = [word for word in EAL if word != '--no-telemetry']
COMMANDS = ('status', 'stats', 'control', 'ports', 'lcores', 'interfaces', 'channels', 'consumers', 'groups',
            'why')
GROUP = '239.1.1.1'


class Collector:
    """Speaks as Telegraf's plugin does."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(f'{EAL_DIR}/mcring_{name}/dpdk_telemetry.v2')  # waits: its queue has room for two
        self.socket.settimeout(10)
        self.info = json.loads(self.socket.recv(1024))

    def ask(self, command):
        self.socket.send(command.encode())
        text = self.socket.recv(1 << 17)
        assert len(text) <= self.info['max_output_len']
        (name, value), = json.loads(text).items()
        assert name == command.split(',')[0]
        return value


class Host:
    """A daemon that has received 30 datagrams of a group, and has 384 groups more, with long names."""

    def __init__(self, lab, rx='rx', tx='tx'):
        rx, tx = lab.namespace(rx), lab.namespace(tx)
        lab.wire(tx, 'eth0', rx, 'eth0', 1500)
        tx.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
        joins = [f'{GROUP}:5000,interface=feed-a,channel=md', f'{GROUP}:5000,interface=feed-b,channel=other',
                 '[ff15:1111:2222:3333:4444:5555:6666:7700]/120:5000,interface=feed-b,channel=other',
                 '[ff15:1111:2222:3333:4444:5555:6666:7800]/121:5000,interface=feed-b,channel=other']
        self.daemon = Daemon(lab, rx, '--interface', 'feed-a=net_af_packet0,address=10.0.0.2/24', '--interface',
                             'feed-b=net_af_packet0,vlan=7', '--channel', 'md', '--channel', 'other',
                             *(word for join in joins for word in ('--join', join)),
                             vdev='net_af_packet0,iface=eth0', eal=TELEMETRY)
        mcsend(tx, f'{GROUP}:5000', count=30)
        wait_for(lambda: self.daemon.stats()['delivered'] == 30, 10, 'all has arrived')
        self.collector = Collector(self.daemon.name)
        self.ask = self.collector.ask


@pytest.fixture(scope='module')
def host():
    lab = Lab()
    yield Host(lab)
    lab.close()


def test_each_command_is_listed_and_has_help(host):
    listed = [name for name in host.ask('/') if name.startswith('/mcring/')]
    assert sorted(listed) == sorted(f'/mcring/{name}' for name in COMMANDS)
    for name in listed:
        assert len(host.ask(f'/help,{name}')[name]) > 20


def test_what_it_says_is_what_the_engine_says(host):
    stats = host.daemon.stats()
    status = host.ask('/mcring/status')
    who = (status['name'], status['groups'], status['version'])
    assert who == (host.daemon.name, 386, stats['version'])
    assert 0 < status['started_ns'] < status['now_ns']
    assert status['ports'] == status['lcores'] == 1 and status['channels'] == status['interfaces'] == 2
    account = host.ask('/mcring/stats')
    assert account['delivered'] == 30 and account['drops'].keys() == stats['drops'].keys()
    assert account['received'] == (account['delivered'] + account['relayed_only'] + account['punted'] +
                                   sum(account['drops'].values()))
    assert account['rx_missed'] == account['rx_nombuf'] == account['rx_errors'] == 0
    assert host.ask('/mcring/control')['rounds'] >= stats['control']['rounds']


@pytest.mark.parametrize('name, key, keys', [('ports', 'name', ['net_af_packet0']), ('lcores', 'lcore', [1]),
                                             ('interfaces', 'name', ['feed-a', 'feed-b']),
                                             ('channels', 'name', ['md', 'other'])])
def test_a_list_has_names_and_each_name_its_members(host, name, key, keys):
    """Numbers are the same, true is 1, and what is null is not there."""
    assert host.ask(f'/mcring/{name}') == keys
    for one in host.daemon.stats()[name]:
        shown = host.ask(f'/mcring/{name},{one[key]}')
        assert shown.keys() == {member for member, value in one.items() if value is not None}
        for member, value in one.items():
            if value is not None and member in (key, 'mac', 'rung', 'address', 'link_up', 'bytes', 'vlan', 'lcores'):
                assert shown[member] == value, member


def test_a_group_has_its_counts_and_a_list_without_room_for_all_says_so(host):
    groups = host.ask('/mcring/groups')
    assert groups['total'] == 386 and groups['truncated'] == 1
    assert 300 < len(groups['groups']) == len(set(groups['groups'])) < 385
    one = host.ask(f'/mcring/groups,{GROUP}')
    assert (one['group'], one['interface'], one['packets'], one['mode']) == (GROUP, 'feed-a', 30, 'exclude')
    assert host.ask(f'/mcring/groups,{GROUP},feed-b')['packets'] == 0
    assert 'error' in host.ask(f'/mcring/groups,{GROUP},feed-c')


def test_consumers_come_and_go(host):
    assert host.ask('/mcring/consumers') == []
    cat = host.daemon.cat('--channel', 'md', '--count', '31')
    wait_for(lambda: host.ask('/mcring/consumers'), 10, 'it is attached')
    wait_for(lambda: host.ask(f'/mcring/consumers,{host.ask("/mcring/consumers")[0]}')['received'] == 30, 10,
             'it has read all')
    cat.process.terminate()
    wait_for(lambda: not host.ask('/mcring/consumers'), 10, 'it is gone')


def test_why_is_the_verdict_in_short(host):
    why = host.ask(f'/mcring/why,{GROUP}')
    assert why['verdict'] in ('flows', 'cause', 'undecided') and why['first'].startswith(GROUP)
    host_why = host.ask('/mcring/why')
    assert host_why['findings'] and all(isinstance(code, str) for code in host_why['findings'])


@pytest.mark.parametrize('command', ['ports,nope', 'ports,', 'channels,a"b\\c', 'channels,' + 'x' * 900,
                                     'lcores,-1', 'groups,nope', 'groups,239.9.9.9', 'why,nope', 'why,"'])
def test_a_wrong_name_gets_one_error(host, command):
    answer = host.ask(f'/mcring/{command}')
    if not command.endswith(','):
        assert list(answer) == ['error'] and len(answer['error']) > 10


def test_the_port_is_there_for_collectors(host):
    assert host.ask('/ethdev/list') == [0]
    assert host.ask('/ethdev/stats,0')['ipackets'] >= 30
    assert host.ask('/ethdev/info,0')['name'] == 'net_af_packet0'
    assert host.ask('/ethdev/link_status,0')['status'] == 'UP'


def test_dpdks_own_client_asks_it(host):
    done = subprocess.run(['dpdk-telemetry.py', '-f', f'mcring_{host.daemon.name}'], input='/mcring/channels\n',
                          capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == {'/mcring/channels': ['md', 'other']}


def test_only_the_daemons_user_may_ask(host):
    path = f'{EAL_DIR}/mcring_{host.daemon.name}/dpdk_telemetry.v2'
    code = f'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect("{path}")'
    nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
    done = subprocess.run([*nobody, '/usr/bin/python3', '-c', code], capture_output=True, text=True)
    assert 'PermissionError' in done.stderr


def test_many_ask_at_the_same_time(host):
    wrong, answers = [], []

    def many():
        collector = Collector(host.daemon.name)
        for n in range(40):
            command = COMMANDS[n % len(COMMANDS)]
            answer = collector.ask(f'/mcring/{command}')
            answers.append(answer)
            if answer is None or 'error' in answer:
                wrong.append((command, answer))

    threads = [threading.Thread(target=many) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == [] and len(answers) == 6 * 40 and host.daemon.process.poll() is None


def test_an_engine_that_hangs_is_said_to_be_silent_and_one_that_ends_leaves_no_socket(lab):
    host = Host(lab, 'rx2', 'tx2')
    os.unlink(f'{host.daemon.run_dir}/stats')
    assert 'No such file' in host.ask('/mcring/status')['error']
    stand_in = socket.socket(socket.AF_UNIX)
    stand_in.bind(f'{host.daemon.run_dir}/stats')
    stand_in.listen(1)
    assert 'timed out' in host.ask('/mcring/stats')['error']
    assert host.daemon.stop() == 0
    assert not os.path.exists(f'{EAL_DIR}/mcring_{host.daemon.name}/dpdk_telemetry.v2')
