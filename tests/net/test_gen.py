# SPDX-License-Identifier: BSD-3-Clause
"""What mcring-gen puts on the wire, and what it says about it."""

import json
import os
import shlex
import subprocess
import time

import pytest

from family import FAMILIES
from frames import mac
from netlab import EAL_DIR, wait_for
from programs import CTL, GEN

EAL = ('-l', '0', '--no-huge', '-m', '256', '--no-pci', '--no-telemetry')
FIELDS = {'mac': ['eth.dst'], 'vlan': ['vlan.id'], 'source': ['ip.src', 'ipv6.src'],
          'group': ['ip.dst', 'ipv6.dst'], 'port': ['udp.dstport'], 'ttl': ['ip.ttl', 'ipv6.hlim'],
          'dscp': ['ip.dsfield', 'ipv6.tclass'], 'ip_checksum': ['ip.checksum.status'],
          'udp_checksum': ['udp.checksum.status'], 'payload': ['udp.payload']}
DEFAULT_SOURCE = {4: '192.0.2.1', 6: '2001:db8::1'}


def generate(lab, *args):
    """Sends into a capture; gives (account, frames as tshark dissects them)."""
    path = lab.path('sent.pcap')
    host = lab.namespace('tx')
    done = host.run(GEN, *EAL, f'--vdev=net_pcap0,tx_pcap={path}', '--', '--port', 'net_pcap0',
                    '--json', *args)
    argv = ['tshark', '-n', '-r', path, '-o', 'ip.check_checksum:TRUE', '-o',
            'udp.check_checksum:TRUE', '-T', 'fields']
    for names in FIELDS.values():
        for name in names:
            argv += ['-e', name]
    out = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    rows = []
    for line in out.splitlines():
        texts = iter(line.split('\t'))
        rows.append({key: ''.join(next(texts) for _ in names) for key, names in FIELDS.items()})
    return json.loads(done.stdout.splitlines()[-1]), rows


def check_flow(rows, group, port, source, size):
    """All that is the same in a flow's frames, and its numbers."""
    assert {(row['mac'], row['vlan'], row['source'], row['group'], row['port']) for row in rows} == {
        (mac(group), '', source, group, str(port))}
    assert {row['ttl'] for row in rows} == {'16'} and len({row['dscp'] for row in rows}) == 1
    assert {int(row['dscp'], 16) for row in rows} == {0}
    assert {row['ip_checksum'] for row in rows} == {'' if ':' in group else '1'}, 'good or none'
    assert {row['udp_checksum'] for row in rows} == {'1'}, 'good'
    assert [int(row['payload'][:16], 16) for row in rows] == list(range(1, len(rows) + 1))
    assert {row['payload'][32:] for row in rows} == {
        bytes(i & 0xff for i in range(16, size)).hex()}


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
@pytest.mark.parametrize('size', [16, 17, 100, 1452])
def test_frames_are_numbered_by_flow_and_their_checksums_are_right(lab, family, size):
    account, rows = generate(lab, '--group', family.join('239.1.1.1'), '--group',
                             family.join('239.129.2.3:6000@10.0.0.9'), '--count', 2001, '--rate',
                             'max', '--size', size)
    assert account['sent'] == 2001 == len(rows)
    groups = [family.address('239.1.1.1'), family.address('239.129.2.3')]
    assert [(flow['group'], flow['port'], flow['sent']) for flow in account['flows']] == [
        (groups[0], 5000, 1001), (groups[1], 6000, 1000)]
    check_flow(rows[0::2], groups[0], 5000, DEFAULT_SOURCE[family.number], size)
    check_flow(rows[1::2], groups[1], 6000, family.address('10.0.0.9'), size)


def test_nothing_of_eal_stays_behind(lab):
    """The next one has another prefix, and does not remove it."""
    before = set(os.listdir(EAL_DIR)) if os.path.isdir(EAL_DIR) else set()
    generate(lab, '--group', '239.1.1.1', '--count', 1)
    assert set(os.listdir(EAL_DIR)) == before


@pytest.mark.parametrize('vlan', [[], ['--vlan', 142]], ids=['untagged', 'tagged'])
@pytest.mark.parametrize('sources', [['10.0.0.5'], ['2001:db8::5'], ['2001:db8::5', '10.0.0.5']],
                         ids=['IPv4', 'IPv6', 'both'])
def test_flows_of_both_families_are_sent_in_turn_each_from_a_source_of_its_own(lab, vlan, sources):
    _, rows = generate(lab, '--group', '239.1.1.1', '--group', '[ff15::1]', '--count', 600, '--rate',
                       'max', *vlan, *(f'--source={source}' for source in sources))
    assert {row['vlan'] for row in rows} == {'142' if vlan else ''}
    for row in rows:
        row['vlan'] = ''
    source = {**DEFAULT_SOURCE, **{6 if ':' in given else 4: given for given in sources}}
    check_flow(rows[0::2], '239.1.1.1', 5000, source[4], 100)
    check_flow(rows[1::2], 'ff15::1', 5000, source[6], 100)


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_a_prefix_is_a_flow_for_each_of_its_groups(lab, family):
    account, rows = generate(lab, '--group', family.join('239.1.0.0/22:5000'), '--count', 2048,
                             '--rate', 'max')
    groups = [family.address(f'239.1.{n >> 8}.{n & 0xff}') for n in range(1024)]
    assert [flow['group'] for flow in account['flows']] == groups
    assert [row['group'] for row in rows] == 2 * groups
    assert [row['mac'] for row in rows] == 2 * [mac(group) for group in groups]


def test_the_account_as_text_has_ipv6_groups_in_brackets(lab):
    done = lab.namespace('tx').run(GEN, *EAL, '--vdev=net_null0', '--', '--port', 'net_null0',
                                   '--group', '239.1.1.1', '--group', '[ff15::1]:6000', '--count',
                                   20)
    assert done.stdout.splitlines()[-3:-1] == ['239.1.1.1:5000 sent 10', '[ff15::1]:6000 sent 10']


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_frames_carry_the_vlan_tag_that_was_asked_for(lab, family):
    _, rows = generate(lab, '--group', family.join('239.1.1.1'), '--vlan', 142, '--count', 3)
    assert [row['vlan'] for row in rows] == ['142'] * 3


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


def test_the_command_that_counts_knows_what_was_sent(wire):
    done = search(wire, '--group', '239.1.1.1', '--rate', 1000, '--duration', 0.1, '--confirm', 0.1,
                  '--json', received_by='echo $MCR_SENT')
    result = json.loads(done.stdout.splitlines()[-1])
    assert result['confirmed'] and all(one['sent'] == one['received'] > 0 for one in result['trials'])


def test_a_generator_that_waits_for_the_switch_has_sent_nothing(lab):
    path = lab.path('sent.pcap')
    program = lab.namespace('tx').start(GEN, *EAL, f'--vdev=net_pcap0,tx_pcap={path}', '--', '--port',
                                        'net_pcap0', '--json', '--group', '239.1.1.1', '--count', 9,
                                        '--settle', 60, stdout=subprocess.PIPE)
    wait_for(lambda: os.path.exists(path), 20, 'the port starts')
    time.sleep(0.5)  # it would have sent all nine
    program.terminate()
    assert json.loads(program.communicate(timeout=20)[0].splitlines()[-1])['sent'] == 0


def test_a_generator_ends_with_whoever_holds_its_standard_input(lab):
    path = lab.path('sent.pcap')
    program = lab.namespace('tx').start(GEN, *EAL, f'--vdev=net_pcap0,tx_pcap={path}', '--', '--port',
                                        'net_pcap0', '--json', '--group', '239.1.1.1', '--until-eof',
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 1000, 20, 'it sends')
    program.stdin.write(b'this is no end\n')
    program.stdin.flush()
    size = os.path.getsize(path)
    wait_for(lambda: os.path.getsize(path) > size, 20, 'it goes on')
    program.stdin.close()
    assert program.wait(20) == 0
    assert json.loads(program.stdout.read().splitlines()[-1])['sent'] > 0


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
    (['--port', 'net_null0', '--group', '[2001:db8::1]'], 'multicast'),
    (['--port', 'net_null0', '--group', '[ff15::1]@10.0.0.1'], '10.0.0.1'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--size', '3'], 'from 16 to'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--group', '[ff15::1]', '--size', '8953'],
     'from 16 to 8952'),
    (['--port', 'net_null0', '--group', '239.1.1.1', '--source', 'here'], 'IPv4 or IPv6'),
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
