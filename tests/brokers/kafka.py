# SPDX-License-Identifier: BSD-3-Clause
"""librdkafka's mock of a Kafka cluster, and what readers of committed messages find there."""

import collections
import os
import signal
import subprocess

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
