# SPDX-License-Identifier: BSD-3-Clause
"""Hosts that have the joins among them, behind a snooping switch: who is a member of what, that a
host comes and goes without a loss, and that copies outlive a host that is killed."""

import json
import re
import signal
import subprocess
import time

from netlab import Switch, wait_for
from programs import MCRING, Daemon, Traffic, identity, sequence

GROUPS = [f'239.1.1.{i}' for i in range(24)]
LINES = [[f'239.3.{line}.{i}' for i in range(4)] for line in (1, 2)]
ALL = {*GROUPS, *LINES[0], *LINES[1]}
PORT = 5000


class Hosts:
    """A sender and the hosts a, b and c on a switch, and the file that these share."""

    def __init__(self, lab):
        self.lab, self.path = lab, lab.path('mcring.yaml')
        self.switch = Switch(lab)
        self.sender = lab.namespace('tx')
        self.switch.connect(self.sender, 'eth0', 'to_sender')
        self.sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
        self.hosts = {name: lab.namespace(name) for name in 'abc'}
        for name, host in self.hosts.items():
            self.switch.connect(host, 'eth0', f'to_{name}')
        self.daemons, self.consumers = {}, {}
        time.sleep(1.5)  # a new querier's response interval and some: from then on the switch prunes

    def write(self, hosts, **keys):
        with open(self.path, 'w') as out:  # JSON is YAML as well
            json.dump({
                'shard': {'hosts': hosts, **keys},
                'joins': [{'groups': GROUPS, 'ports': [str(PORT)]}],
                'feeds': [{'name': 'itch', 'declaration': 'moldudp64',
                           'lines': [{'joins': [{'groups': line, 'ports': [str(PORT)]}]}
                                     for line in LINES]}]}, out)

    def arguments(self, name):
        number = 'abc'.index(name) + 2
        return ('--config', self.path, '--shard', f'me={name}', '--idle', 'adaptive', '--interface',
                f'feed=net_af_packet0,address=10.0.0.{number}/24')

    def begin(self, names):
        for name in names:
            self.daemons[name] = Daemon(self.lab, self.hosts[name], *self.arguments(name),
                                        vdev='net_af_packet0,iface=eth0', wait=False)
        for name in names:
            wait_for(self.daemons[name].ready, 30, f'{name} is ready')
            self.consumers[name] = self.daemons[name].cat(timeout=200)

    def checked(self, name):
        """What --check says that the host joins."""
        done = subprocess.run([MCRING, '--check', *self.arguments(name)], capture_output=True, text=True,
                              check=True)
        return set(re.findall(r'(?m)^(239[.\d]+):', done.stdout))

    def members(self):
        """The groups of each host, as the switch has them."""
        return {name: self.switch.members(f'to_{name}') & ALL for name in 'abc'}

    def shard(self, name):
        return json.loads(self.daemons[name].ctl('--json', 'status').stdout)['shard']

    def received(self, name):
        """Ends the consumer when it has what the daemon has delivered by now; gives the numbers of each
        group."""
        daemon, numbers = self.daemons[name], {group: set() for group in ALL}
        delivered = daemon.stats()['delivered']
        wait_for(lambda: daemon.stats()['consumers'][0]['received'] >= delivered, 60, f'{name} has read')
        self.consumers[name].process.send_signal(signal.SIGINT)
        _, messages, summary = self.consumers[name].wait()
        assert summary['lost'] == 0
        for message in messages:
            numbers[message['group']].add(sequence(message))
        return numbers

    def wait_quiet(self, name):
        """Nothing more comes in from the wire."""
        counts = []

        def is_quiet():
            counts.append(self.daemons[name].stats()['received'])
            return len(counts) > 5 and len(set(counts[-5:])) == 1

        wait_for(is_quiet, 60, f'{name} has received all')


class Owners:
    """`bridge monitor mdb`: which ports each group had, change by change."""

    def __init__(self, hosts):
        self.path = hosts.lab.path('mdb')
        self.begin = {group: {port for port, groups in hosts.members().items() if group in groups}
                      for group in ALL}
        self.out = open(self.path, 'w')
        self.process = hosts.switch.host.start('stdbuf', '-oL', 'bridge', 'monitor', 'mdb',
                                               stdout=self.out)

    def least(self):
        """Ends it; gives how many owners each group had when it had the fewest."""
        self.process.terminate()
        self.process.wait(10)
        self.out.close()
        owners, changes = {group: set(ports) for group, ports in self.begin.items()}, 0
        least = {group: len(ports) for group, ports in owners.items()}
        with open(self.path) as lines:
            for line in lines:
                found = re.search(r'(Deleted )?dev br0 port to_([abc]) grp (239[.\d]+)', line)
                if not found or found[3] not in ALL:
                    continue
                (owners[found[3]].discard if found[1] else owners[found[3]].add)(found[2])
                least[found[3]] = min(least[found[3]], len(owners[found[3]]))
                changes += 1
        assert changes > 0, 'the monitor saw nothing'
        return least


def reload(hosts, names):
    return {name: hosts.daemons[name].ctl('reload').stdout for name in names}


def wait_members(hosts, expected, what):
    wait_for(lambda: hosts.members() == expected, 60, what)


def end(hosts, traffic, names, before=()):
    """Ends the traffic, then the consumers of these hosts: all that was sent came to one of them, or was
    received before."""
    flows = traffic.stop()['flows']
    for name in names:
        hosts.wait_quiet(name)
        identity(hosts.daemons[name].stats())
    parts = [*before, *map(hosts.received, names)]
    for flow in flows:
        numbers = set().union(*(part[flow['group']] for part in parts))
        assert sorted(numbers) == list(range(1, flow['sent'] + 1)), flow
    assert len(flows) == len(ALL) and all(flow['sent'] > 10 for flow in flows)


def test_a_host_comes_and_goes_and_nothing_is_lost(lab):
    hosts = Hosts(lab)
    hosts.write(['a', 'b'])
    hosts.begin('ab')
    two = {'a': hosts.checked('a'), 'b': hosts.checked('b'), 'c': set()}
    assert two['a'] | two['b'] == ALL and not two['a'] & two['b'] and two['a'] and two['b']
    feed = {*LINES[0], *LINES[1]}
    assert feed <= two['a'] or feed <= two['b']
    wait_members(hosts, two, 'each host is a member of its share')
    assert 'shard: a of 2 hosts, copies 1, ' in hosts.daemons['a'].ctl('status').stdout
    owners = Owners(hosts)
    traffic = Traffic(hosts.sender, *(f'{group}:{PORT}' for group in sorted(ALL)), rate=50)

    # c comes. The old owners are told first, and stay members until c is one; nothing else moves.
    hosts.write(['a', 'b', 'c'], overlap='600s')
    three = {name: hosts.checked(name) for name in 'abc'}
    assert three['a'] == two['a'] - three['c'] and three['b'] == two['b'] - three['c']
    assert three['c'] & two['a'] and three['c'] & two['b']
    for name, report in reload(hosts, 'ab').items():
        gone = len(two[name] - three[name])
        assert f'joins +0 -0, -{gone} within 600s' in report and 'shard changed' in report
    first = hosts.shard('a')
    assert first['leaving'] == len(two['a'] - three['a']) and first['leave_ns'] > 0
    hosts.daemons['a'].process.send_signal(signal.SIGHUP)  # once more meanwhile: the time stays
    wait_for(lambda: hosts.daemons['a'].log().count('reloaded: ') == 2, 30, 'SIGHUP is carried out')
    again = hosts.shard('a')
    assert again['leaving'] == first['leaving'] and abs(again['leave_ns'] - first['leave_ns']) < 1e9
    hosts.begin('c')
    wait_members(hosts, {**two, 'c': three['c']}, 'c is a member beside the old owners')
    shown = hosts.daemons['a'].ctl('status').stdout
    assert f'  and {first["leaving"]} that other hosts have now, to be left in 5' in shown, shown
    moved = min(two['a'] - three['a'])
    hosts.daemons['a'].ctl('leave', f'{moved}:{PORT}')  # sooner
    assert hosts.daemons['a'].ctl('leave', f'{moved}:{PORT}', check=False).returncode == 1
    wait_for(lambda: moved not in hosts.members()['a'], 60, 'a has left it')
    hosts.write(['a', 'b', 'c'], overlap=0)
    reload(hosts, 'abc')
    wait_members(hosts, three, 'the old owners have left')
    assert hosts.shard('a')['leaving'] == 0 and hosts.shard('a')['leave_ns'] is None
    assert len({hosts.shard(name)['digest'] for name in 'abc'}) == 1

    # c gets more: the new owner is told first, and the others leave when their time is over.
    hosts.write(['a', 'b', 'c'], overlap='1s', weights={'c': 4})
    more = {name: hosts.checked(name) for name in 'abc'}
    assert more['c'] > three['c'] and more['a'] < three['a'] and more['b'] < three['b']
    reload(hosts, 'c')
    wait_members(hosts, {**three, 'c': more['c']}, 'c has joined what is new')
    reload(hosts, 'ab')
    for name in 'ab':
        left = len(three[name] - more[name])
        wait_for(lambda: f'shard: left {left} join' in hosts.daemons[name].log(), 60, f'{name} leaves')
    wait_members(hosts, more, 'the old owners have left again')

    # c goes: the others join at once; it ends when they have, and does not wait for anything.
    hosts.write(['a', 'b'])
    reload(hosts, 'ab')
    wait_members(hosts, {**two, 'c': more['c']}, 'a and b are members again')
    assert 'is none of the hosts' in hosts.daemons['c'].ctl('reload', check=False).stderr
    before = [hosts.received('c')]
    assert hosts.daemons['c'].stop() == 0
    wait_members(hosts, two, 'c has left')
    end(hosts, traffic, 'ab', before)
    assert owners.least() == dict.fromkeys(ALL, 1)


def test_with_two_copies_a_host_that_is_killed_costs_nothing(lab):
    hosts = Hosts(lab)
    hosts.write(['a', 'b', 'c'], copies=2, weights={'b': 2})
    hosts.begin('abc')
    shares = {name: hosts.checked(name) for name in 'abc'}
    assert all(sum(group in share for share in shares.values()) == 2 for group in ALL)
    wait_members(hosts, shares, 'each group has two members')
    traffic = Traffic(hosts.sender, *(f'{group}:{PORT}' for group in sorted(ALL)), rate=50)
    wait_for(lambda: hosts.daemons['a'].stats()['delivered'] > 500, 30, 'it flows')
    hosts.daemons['a'].process.kill()
    hosts.daemons['a'].process.wait(10)
    delivered = hosts.daemons['b'].stats()['delivered']
    wait_for(lambda: hosts.daemons['b'].stats()['delivered'] > delivered + 1000, 30, 'it flows on')
    end(hosts, traffic, 'bc')

    # The list without it: the other two have all again, each group twice.
    hosts.write(['b', 'c'], copies=2)
    reload(hosts, 'bc')
    wait_for(lambda: all(hosts.members()[name] == ALL for name in 'bc'), 60, 'both have all groups')
