# SPDX-License-Identifier: BSD-3-Clause
"""librdkafka's mock of a Kafka cluster, what readers of committed messages find there, and the driver on it."""

import collections
import os
import signal
import subprocess

import driver
from netlab import _die_with_parent
from programs import BUILD

BROKERS = os.path.join(BUILD, 'tests', 'brokers')
POSITIONS = 'mcring-sink'  # their topic
SECONDS = 60

Record = collections.namedtuple('Record', 'topic partition offset key id header body')


class Mock:
    """A cluster on loopback. What it is told: kafka_mock.c."""

    def __init__(self, lab, brokers=3, host=None):
        argv, pipes = [os.path.join(BROKERS, 'kafka_mock'), str(brokers)], {
            'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE, 'stderr': subprocess.DEVNULL, 'text': True}
        if host:
            self.process = host.start(*argv, **pipes)
        else:
            self.process = subprocess.Popen(argv, start_new_session=True, preexec_fn=_die_with_parent, **pipes)
            lab.processes.append(self.process)
        self.host, self.servers = host, self.process.stdout.readline().strip()
        assert self.servers, 'kafka_mock did not start'

    @property
    def url(self):
        return f'kafka://{self.servers}'

    def tell(self, command):
        self.process.stdin.write(f'{command}\n')
        self.process.stdin.flush()
        assert self.process.stdout.readline() == 'ok\n', command

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def read(self, prefix):
        """The records of all topics that begin with prefix, in order within a partition."""
        argv = [os.path.join(BROKERS, 'kafka_reader'), self.servers, prefix]
        if self.host:
            out = self.host.run(*argv).stdout
        else:
            out = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=SECONDS).stdout
        records = []
        for line in out.splitlines():
            topic, partition, offset, key, ident, header, body = line.split('\t')
            records.append(Record(topic, int(partition), int(offset), key, ident, header,
                                  None if body == '-' else bytes.fromhex(body)))
        return records

    def positions(self, name):
        """The texts that a sink of this name has written, oldest first."""
        return [one.body.decode() for one in self.read(POSITIONS) if one.topic == POSITIONS and one.key == name]


class Driver(driver.Driver):
    """broker_driver on Kafka. Units are given back when a position behind them is stored."""

    def __init__(self, lab, url, name='one', **keys):
        super().__init__(lab, url, '-', name, **keys)

    @property
    def position(self):
        """What load found; None = nothing."""
        assert 'loaded' in self.opened, self.opened
        return self.opened['loaded']

    @property
    def failure(self):
        """The errno and the text of an open or a load that failed."""
        assert 'failed' in self.opened, self.opened
        return self.opened['failed']

    def produce(self, first, count, octets=64):
        """Waits until all are sent; gives the info."""
        self.send(first, count, octets)
        return self.ask('sent')

    def position_to(self, text):
        """A position that need not be stored yet."""
        assert self.ask(f'checkpoint {text}')['taken']

    def hand_over(self, first, count, text, octets=64):
        """Sends and writes the position; waits until that is stored and all given back, or the broker is at its end.
        Gives the info."""
        before = self.info()['checkpoints']
        self.produce(first, count, octets)
        self.position_to(text)
        self.ask('wait')
        seen = self.ask(f'stored {before + 1}')
        assert seen['twice'] == 0, seen
        return seen
