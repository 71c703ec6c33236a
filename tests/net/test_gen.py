# SPDX-License-Identifier: BSD-3-Clause
"""What mcring-gen puts on the wire, and what it says about it."""

import json
import subprocess

import pytest

from programs import GEN

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


@pytest.mark.parametrize('args, words', [
    (['--port', 'net_null0'], '--group is missing'),
    (['--group', '239.1.1.1'], '--port is missing'),
    (['--port', 'net_null0', '--group', '10.0.0.1'], 'multicast'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--size', '3'], 'from 16 to'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--rate', '-5'], '--rate'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--colour', 'red'], '--colour'),
    (['--port', 'net_null7', '--group', '239.1.1.1'], 'net_null0'),
])
def test_a_mistake_gets_one_line(lab, args, words):
    host = lab.namespace('tx')
    done = host.run(GEN, *EAL, '--log-level=0', '--vdev=net_null0', '--', *args, check=False)
    assert done.returncode == 1
    assert done.stdout == ''
    lines = [line for line in done.stderr.splitlines() if line.startswith('mcring-gen: ')]
    assert len(lines) == 1 and words in lines[0]
