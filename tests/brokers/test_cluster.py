# SPDX-License-Identifier: BSD-3-Clause
"""Two million numbered datagrams through hosts that have the groups among them, in copies, to a cluster of
brokers of which one is killed, while a host is lost, the network is cut and sinks start anew: what a reader finds,
without what came twice, is what was sent, less exactly what the sinks told as lost."""

import json
import os
import signal
import subprocess
import time

import pytest

import nats
from hosts import NAMES, Hosts
from kafka import Mock
from netlab import wait_for
from programs import BUILD

BROKERS = os.path.join(BUILD, 'tests', 'brokers')
TOTAL = 2_000_000
CUT_SECONDS = 5


@pytest.fixture
def hosts(lab):
    return Hosts(lab)


class Cluster:
    """Three nats-servers, each on a host of its own, on a network that can be cut."""

    def __init__(self, lab, hosts):
        self.network = lab.namespace('core')
        self.network.run('ip', 'link', 'add', 'br1', 'type', 'bridge', 'mcast_snooping', 0)
        self.network.run('ip', 'link', 'set', 'br1', 'up')
        places = {f'10.9.0.{n}': lab.namespace(f'n{n}') for n in (1, 2, 3)}
        self.reader = lab.namespace('reader')
        addresses = {**places, '10.9.0.9': self.reader,
                     **{f'10.9.0.1{n}': host for n, host in enumerate(hosts.hosts.values())}}
        for n, (address, host) in enumerate(addresses.items()):
            lab.wire(self.network, f'port{n}', host, 'eth1')
            self.network.run('ip', 'link', 'set', f'port{n}', 'master', 'br1')
            host.run('ip', 'addr', 'add', f'{address}/24', 'dev', 'eth1')
        routes = ', '.join(f'nats://{address}:6222' for address in places)
        self.servers = [nats.Server(lab, host, address, 4222, f'n{n}', more='cluster {\n name: md\n listen: '
                                    f'{address}:6222\n routes: [{routes}]\n}}')
                        for n, (address, host) in enumerate(places.items(), 1)]
        self.url = 'nats://' + ','.join(f'{address}:4222' for address in places)
        wait_for(lambda: self.leader('cluster new metadata leader'), 60, 'the servers are a cluster')

    def leader(self, what):
        """The server that became a leader last."""
        said = [(line[line.index('] ') + 2:], n) for n, server in enumerate(self.servers)
                for line in server.log().splitlines() if what in line]
        return self.servers[max(said)[1]] if said else None

    def cut(self):
        self.network.run('ip', 'link', 'set', 'br1', 'down')

    def mend(self):
        self.network.run('ip', 'link', 'set', 'br1', 'up')


def go_through(hosts, cut, mend):
    """What befalls the hosts: one is lost and comes back, none reaches the brokers, two sinks start anew."""
    hosts.lose('a')
    for name in 'bc':
        hosts.goes_on(name)
    hosts.come_back('a')

    cut()
    time.sleep(CUT_SECONDS)
    hosts.until_lapped()
    mend()
    for name in NAMES:
        hosts.goes_on(name)

    for name, signo in ('b', signal.SIGTERM), ('c', signal.SIGKILL):
        assert hosts.sinks[name].stop(signo) in (0, -signal.SIGKILL)
        hosts.sink(name, None)
        hosts.goes_on(name)


def test_what_is_read_of_jetstream_is_what_was_sent_but_for_what_was_told_as_lost(lab, hosts):
    cluster = Cluster(lab, hosts)
    for name in NAMES:
        hosts.sink(name, cluster.url, '--stream', 'MD,create,replicas=3,window=10m', host=hosts.hosts[name])
    hosts.flow()
    for name in NAMES:
        hosts.goes_on(name)

    killed = cluster.leader('new stream leader for \'$G > MD\'')
    killed.kill()
    for name in NAMES:
        hosts.goes_on(name)
    killed.start()

    go_through(hosts, cluster.cut, cluster.mend)
    sent = hosts.end_flow(TOTAL)
    done = cluster.reader.run(os.path.join(BROKERS, 'nats_reader'), cluster.url, 'MD', 'mcring.>', timeout=120)
    account = json.loads(done.stdout)
    hosts.check(account, sent, 'c')


def test_what_is_read_of_kafkas_mock_is_what_was_sent_but_for_what_was_told_as_lost(lab, hosts):
    mock = Mock(lab)
    for name in NAMES:
        hosts.sink(name, mock.url)
    hosts.flow()
    for name in NAMES:
        hosts.goes_on(name)

    mock.tell('down 1')  # it stays the leader of its partitions: the mock has nobody take over
    time.sleep(2)
    mock.tell('up 1')
    for name in NAMES:
        hosts.goes_on(name)

    go_through(hosts, mock.pause, mock.go_on)
    sent = hosts.end_flow(TOTAL)
    reader = subprocess.Popen([os.path.join(BROKERS, 'kafka_reader'), mock.servers, 'mcring.'], stdout=subprocess.PIPE)
    done = subprocess.run([os.path.join(BROKERS, 'kafka_numbers')], stdin=reader.stdout, capture_output=True, text=True,
                          timeout=120)
    assert reader.wait(20) == 0 and done.returncode == 0, done.stderr
    hosts.check(json.loads(done.stdout), sent, 'c')
