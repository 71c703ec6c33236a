# SPDX-License-Identifier: BSD-3-Clause
"""Hosts with an engine and a sink each, which have a sender's groups among them, two hosts each group."""

import json
import subprocess

from netlab import Switch, wait_for
from programs import MCSEND, Daemon
from sinks import Sink

NAMES = 'abc'
PORT = 5000
# What the sinks take from a ring that holds all, and from one that holds less than an outage.
DEEP = [f'239.1.1.{i}' for i in range(1, 55)]  # the mock of Kafka keeps 5 MB of each
SHALLOW = [f'239.1.2.{i}' for i in range(1, 11)]
SHALLOW_SLOTS = 8192  # at most, of 64 octets
RATE = 625  # datagrams of each group in a second
ON_THE_WIRE = 'net_af_packet0,iface=eth0,framecnt=16384'  # 32 MB, for a machine that stands still


class Hosts:
    """The sender, the switch, and engines on the hosts a, b and c. Each has eth1 for the way to brokers."""

    def __init__(self, lab):
        self.lab, self.path = lab, lab.path('mcring.yaml')
        self.switch = Switch(lab)
        # Nobody is forgotten because a busy machine answers late.
        self.switch.host.run('ip', 'link', 'set', 'br0', 'type', 'bridge', 'mcast_membership_interval', 26_000)
        self.sender = lab.namespace('tx')
        self.switch.connect(self.sender, 'eth0', 'to_sender')
        self.sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
        with open(self.path, 'w') as out:  # JSON is YAML as well
            json.dump({'idle': 'adaptive', 'shard': {'hosts': list(NAMES), 'copies': 2},
                       'channels': [{'name': 'deep', 'bytes': '128M'}, {'name': 'shallow', 'bytes': '512K'}],
                       'joins': [{'groups': groups, 'ports': [str(PORT)], 'channel': name}
                                 for name, groups in (('deep', DEEP), ('shallow', SHALLOW))]}, out)
        self.hosts = {name: lab.namespace(name) for name in NAMES}
        self.daemons, self.sinks, self.lives = {}, {}, {name: 1 for name in NAMES}
        for n, (name, host) in enumerate(self.hosts.items(), 2):
            self.switch.connect(host, 'eth0', f'to_{name}')
            self.daemons[name] = Daemon(lab, host, '--config', self.path, '--shard', f'me={name}', '--interface',
                                        f'feed=net_af_packet0,address=10.0.0.{n}/24', vdev=ON_THE_WIRE, wait=False)
        for daemon in self.daemons.values():
            wait_for(daemon.ready, 30, f'{daemon.name} is ready')
        wait_for(self.is_shared, 30, 'each group has two hosts')
        assert all(0 < len(self.members(name)) < len(DEEP + SHALLOW) for name in NAMES), 'each has its own share'

    def members(self, name):
        return self.switch.members(f'to_{name}') & {*DEEP, *SHALLOW}

    def is_shared(self):
        all_members = [group for name in NAMES for group in self.members(name)]
        return all(all_members.count(group) == 2 for group in DEEP + SHALLOW)

    def sink(self, name, to, *args, host=None):
        """Starts its sink, or starts it again."""
        if name in self.sinks:
            self.sinks[name].start()
        else:
            self.sinks[name] = Sink(
                self.lab, self.daemons[name].run_dir, to, '--channel', 'deep', '--channel', 'shallow', '--pack', 200,
                '--linger', '100ms', '--memory', 8, *args, name=f'sink-{name}', host=host)
        return self.sinks[name]

    def goes_on(self, name, more=10_000):
        """Waits until its sink has stored so many more."""
        def stored():
            return sum(row['stored'] for row in sink.sources().values())

        sink = self.sinks[name]
        before = stored()
        wait_for(lambda: stored() >= before + more, 90, f'{name} stores ({sink.log_path})')

    def lose(self, name):
        """The host is gone."""
        for process in self.daemons[name].process, self.sinks[name].process:
            process.kill()
            process.wait(10)

    def come_back(self, name):
        self.daemons[name].start()
        self.sink(name, None)
        self.lives[name] += 1
        self.goes_on(name)

    def until_lapped(self):
        """Waits until each sink has read nothing for longer than the ring of `shallow` holds."""
        def is_lapped():
            read = sink.sources()['shallow']['read']
            channels = {one['name']: one for one in self.daemons[name].stats()['channels']}
            published = channels['shallow']['published']
            if read not in seen:
                seen.clear()
            return published - seen.setdefault(read, published) > SHALLOW_SLOTS

        for name, sink in self.sinks.items():
            seen = {}  # {what was read: what had been published then}
            wait_for(is_lapped, 60, f'{name} is lapped ({sink.log_path})')

    def flow(self):
        """Begins to send, once all sinks read: what a ring no longer holds when a sink begins is no loss."""
        for name, sink in self.sinks.items():
            sink.until(lambda said: len(said['sources']) == 2 and all(row['up'] for row in said['sources']),
                       f'{name} reads')
        argv = [MCSEND, '--interface', 'eth0', '--count', 10_000_000, '--rate', RATE, '--size', 40]
        for group in DEEP + SHALLOW:
            argv += ['--to', f'{group}:{PORT}']
        self.traffic = self.sender.start(*argv, stdout=subprocess.PIPE)

    def sent_so_far(self):
        return self.sender.counter('eth0', 'tx_packets')

    def end_flow(self, total):
        """Once so many were sent. Then sinks hand over what there is, and end. Gives what was sent to each group."""
        wait_for(lambda: self.sent_so_far() >= total, 120, f'{total} are sent')
        assert self.traffic.poll() is None, 'it should still have been sending'
        self.traffic.terminate()
        sent, = {flow['sent'] for flow in json.loads(self.traffic.communicate(timeout=20)[0])['flows']}
        self.published = {}  # of the engines that live: {(channel, its last place): host}
        self.unheard = 0
        for name, sink in self.sinks.items():
            sink.until(lambda said: all(row['behind'] == row['in_flight'] == 0 for row in said['sources']),
                              f'{name} has handed over all', 120)
            stats = self.daemons[name].stats()
            # What a machine that stood still has lost before an engine had it.
            self.unheard += stats['ports'][0]['rx_missed'] + self.switch.host.counter(f'to_{name}', 'tx_dropped')
            self.published.update({(one['name'], one['published']): name for one in stats['channels']
                                   if one['name'] != 'default'})
            assert sink.stop() == 0, sink.log()
        return sent

    def check(self, account, sent, killed):
        """What readers found (numbers.h), beside what was sent and what the sinks told. killed: whose sink was."""
        flows = {group: account['flows'][f'mcring.{name}.{group.replace(".", "-")}.{PORT}']
                 for name, groups in (('deep', DEEP), ('shallow', SHALLOW)) for group in groups}
        assert len(flows) == len(account['flows'])
        assert {last for last, _, _ in flows.values()} == {sent}, 'the last of each flow came'
        untold = {group: one for group, one in flows.items() if one[2]}
        assert not untold, f'what is nowhere was told as lost: {account["streams"]}'
        assert [one for one in DEEP if flows[one][1]] == [], 'nothing of a ring that holds all is missing'
        assert sum(flows[one][1] for one in SHALLOW) > 0, 'the outage was longer than a ring'
        ends = {(one['channel'], one['last']): one for one in account['streams']}
        assert len(ends) == len(account['streams']) == 2 * sum(self.lives.values())
        assert self.published.keys() <= ends.keys(), (self.published, ends)
        # Exactly so many: but for what a veth loses when an engine takes it amid the traffic.
        unheard = {end: ends[end]['skipped'] - ends[end]['lost'] for end in self.published}
        assert min(unheard.values()) >= 0 and self.unheard >= sum(
            n for end, n in unheard.items() if self.lives[self.published[end]] == 1), (unheard, self.unheard)
        for end, one in ends.items():
            assert one['disorder'] == 0, one
            assert one['channel'] == 'shallow' or one['lost'] == 0, one
            # Of what a killed sink had handed over behind its position it may tell later that the ring lapped it.
            assert one['both'] == 0 or self.published.get(end) == killed, one
        # What a host had not handed over when it was lost nobody can tell; its copies are elsewhere.
        assert [one for end, one in ends.items() if one['holes'] and end in self.published] == []
        assert account['restarts'] == 2 * (sum(self.lives.values()) - len(NAMES)), 'each new engine is told'
