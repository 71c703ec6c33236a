# SPDX-License-Identifier: BSD-3-Clause
"""What mcring-gen puts on the wire, and what it says about it."""

import json
import shlex
import subprocess

import pytest

from netlab import wait_for
from programs import CTL, GEN

EAL = ('-l', '0', '--no-huge', '-m', '256', '--no-pci', '--no-telemetry')


def generate(lab, *args):
    """Sends into a capture; gives (account, rows of tshark's fields)."""
    path = lab.path('sent.pcap')
    host = lab.namespace('tx')
    done = host.run(GEN, *EAL, f'--vdev=net_pcap0,tx_pcap={path}', '--', '--port', 'net_pcap0',
                    '--json', *args)
    fields = ['eth.dst', 'vlan.id', 'ip.src', 'ip.dst', 'udp.dstport', 'ip.checksum.status',
              'udp.checksum.status', 'udp.payload']
    argv = ['tshark', '-n', '-r', path, '-o', 'ip.check_checksum:TRUE', '-o',
            'udp.check_checksum:TRUE', '-T', 'fields']
    for field in fields:
        argv += ['-e', field]
    out = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return json.loads(done.stdout.splitlines()[-1]), [row.split('\t') for row in out.splitlines()]


@pytest.mark.parametrize('size', [16, 17, 100, 1472])
def test_frames_are_numbered_by_flow_and_their_checksums_are_right(lab, size):
    account, rows = generate(lab, '--group', '239.1.1.1', '--group', '239.129.2.3:6000@10.0.0.9',
                             '--count', 2001, '--rate', 'max', '--size', size)
    assert account['sent'] == 2001 == len(rows)
    assert [flow['sent'] for flow in account['flows']] == [1001, 1000]
    first, second = rows[0::2], rows[1::2]
    assert {tuple(row[:5]) for row in first} == {
        ('01:00:5e:01:01:01', '', '192.0.2.1', '239.1.1.1', '5000')}
    assert {tuple(row[:5]) for row in second} == {
        ('01:00:5e:01:02:03', '', '10.0.0.9', '239.129.2.3', '6000')}
    assert {tuple(row[5:7]) for row in rows} == {('1', '1')}, 'good checksums'
    for flow in (first, second):
        assert [int(row[7][:16], 16) for row in flow] == list(range(1, len(flow) + 1))
        assert {len(row[7]) for row in flow} == {2 * size}


def test_frames_carry_the_vlan_tag_that_was_asked_for(lab):
    _, rows = generate(lab, '--group', '239.1.1.1', '--vlan', 142, '--count', 3)
    assert [row[1] for row in rows] == ['142'] * 3


def test_a_rate_and_a_duration_give_their_product(lab):
    account, rows = generate(lab, '--group', '239.1.1.1', '--rate', 20_000, '--duration', 1)
    assert abs(account['sent'] - 20_000) <= 400, account
    assert len(rows) == account['sent']


def search(net, *args, received_by, check=True):
    """Looks for the highest rate without loss from the sending host; --repeat for a shared machine."""
    return net.sender.run(GEN, *EAL, '--vdev=net_af_packet0,iface=eth0', '--', '--port',
                           'net_af_packet0', '--search', '--received-by', received_by, '--repeat', 1,
                           *args, check=check, timeout=120)


def statistics_of(daemon):
    return f'{shlex.quote(CTL)} --run-dir {daemon.run_dir} --json stats'


def test_a_search_finds_what_a_slow_wire_carries(lan):
    """8 Mbit/s are 7,042 frames of 142 octets a second; the bucket holds 211 more, its queue as many."""
    lan.switch.host.run('tc', 'qdisc', 'add', 'dev', 'to_receiver', 'root', 'tbf', 'rate', '8mbit',
                        'burst', '30kb', 'limit', '30kb')
    daemon = lan.daemon('--join', '239.1.1.1:5000')
    wait_for(lambda: '239.1.1.1' in lan.members(), 10, 'the switch knows the member')
    done = search(lan, '--group', '239.1.1.1:5000', '--rate', 20_000, '--duration', 0.5, '--confirm', 2,
                  '--resolution', 10, '--json', received_by=statistics_of(daemon))
    result = json.loads(done.stdout.splitlines()[-1])
    trials = result['trials']
    assert trials[0]['trial'] == 'highest' and trials[0]['lost'] > 0
    assert trials[-1]['trial'] == 'confirm' and trials[-1]['lost'] == 0
    assert all(one['sent'] == one['received'] + one['lost'] for one in trials)
    assert result['confirmed'] and not result['highest_asked']
    assert 5_000 < result['rate'] < 7_400
    assert sum(one['received'] for one in trials) == daemon.stats()['delivered']


def test_a_search_says_when_the_receiver_was_not_the_limit(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    done = search(wire, '--group', '239.1.1.1:5000', '--rate', 2_000, '--duration', 0.5, '--confirm', 1,
                  received_by=statistics_of(daemon))
    assert [line.split(':')[0] for line in done.stdout.splitlines()[-3:]] == [
        'highest', 'confirm', 'without loss']
    assert 'the highest that was to be tried' in done.stdout and 'not confirmed' not in done.stdout


def test_a_search_without_any_rate_says_so(wire):
    """Of two groups one is joined: each trial loses half."""
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    done = search(wire, '--group', '239.1.1.2:5000', '--group', '239.1.1.1:5000', '--rate', 100,
                  '--duration', 0.1, '--repeat', 0,
                  received_by=statistics_of(daemon))
    assert done.stdout.splitlines()[-1] == 'no rate without loss'


@pytest.mark.parametrize('received_by, words', [
    ('echo 7', 'nothing of'),
    ('echo seven', 'expected a number'),
    ("echo '{\"received\": 7}'", 'expected a number'),
    ('exit 3', 'status 3'),
    ('cat N; echo 0 > N', 'back to'),
    ('cat N; echo 100000 > N', 'something else sends'),
])
def test_a_search_that_cannot_count_gets_one_line(wire, received_by, words):
    path = wire.lab.path('count')
    with open(path, 'w') as count:
        count.write('7')
    done = search(wire, '--group', '239.1.1.1', '--rate', 100, '--duration', 0.1, '--json', check=False,
                  received_by=received_by.replace('N', path))
    assert done.returncode == 1 and done.stdout == ''
    lines = [line for line in done.stderr.splitlines() if line.startswith('mcring-gen: ')]
    assert len(lines) == 1 and words in lines[0], done.stderr


@pytest.mark.parametrize('args, words', [
    (['--port', 'net_null0'], '--group is missing'),
    (['--group', '239.1.1.1'], '--port is missing'),
    (['--port', 'net_null0', '--group', '10.0.0.1'], 'multicast'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--size', '3'], 'from 16 to'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--rate', '-5'], '--rate'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--colour', 'red'], '--colour'),
    (['--port', 'net_null7', '--group', '239.1.1.1'], 'net_null0'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--search'], '--received-by'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--confirm', '5'], 'of --search'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--search', '--received-by', 'x', '--count',
      '5'], '--duration'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--resolution', '0'], '--resolution'),
])
def test_a_mistake_gets_one_line(lab, args, words):
    host = lab.namespace('tx')
    done = host.run(GEN, *EAL, '--log-level=1', '--vdev=net_null0', '--', *args, check=False)
    assert done.returncode == 1
    assert done.stdout == ''
    lines = [line for line in done.stderr.splitlines() if line.startswith('mcring-gen: ')]
    assert len(lines) == 1 and words in lines[0]
