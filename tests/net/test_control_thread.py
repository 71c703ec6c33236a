# SPDX-License-Identifier: BSD-3-Clause
"""The control thread is never away: whatever is asked of it, no consumer takes its engine for dead."""

import signal

import pytest

from netlab import wait_for
from programs import Daemon

# A consumer takes an engine for dead after a second without a heartbeat. Rounds are far below it,
# also on a machine that does other things at the same time.
ROUND_NS = 200_000_000

CONFIG = '''
interfaces:
  - name: feed
    port: net_af_packet0
    address: 10.0.0.2/24
channels:
  - name: default
'''
BIG = '''  - name: big
    depth: 4194304
    bytes: 1073741824
'''
BIG_BYTES = 1_400_000_000  # of its ring, generously


def memory_available():
    with open('/proc/meminfo') as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if 'MemAvailable' in line)


class Watched:
    """A daemon with a consumer that is attached all along."""

    def __init__(self, lab, host):
        self.path = lab.path('mcring.yaml')
        self.write(CONFIG)
        self.daemon = Daemon(lab, host, '--config', self.path, 
                             vdev='net_af_packet0,iface=eth0')
        self.consumer = self.daemon.cat(timeout=120)
        wait_for(lambda: self.daemon.stats()['consumers'], 5, 'the consumer is attached')

    def write(self, text):
        with open(self.path, 'w') as out:
            out.write(text)

    def reload(self, check=True):
        return self.daemon.ctl('reload', check=check)

    def longest_round_ns(self):
        return self.daemon.stats()['control']['longest_round_ns']

    def end(self):
        """The consumer saw nothing but the end."""
        stats = self.daemon.stats()
        assert stats['consumers'], self.daemon.log()
        assert stats['control']['longest_round_ns'] < ROUND_NS, stats['control']
        self.consumer.process.send_signal(signal.SIGINT)
        status, _, summary = self.consumer.wait()
        assert (status, self.consumer.events) == (0, []), self.consumer.errors
        assert self.daemon.stop() == 0
        return stats


@pytest.fixture
def watched(wire):
    one = Watched(wire.lab, wire.receiver)
    yield one
    if one.daemon.process.poll() is None:
        one.end()


@pytest.mark.skipif(memory_available() < 3 * BIG_BYTES, reason='not enough memory')
def test_a_reload_that_adds_and_removes_a_big_channel_goes_on_beside_control(watched):
    watched.write(CONFIG + BIG)
    assert 'channels +1 -0' in watched.reload().stdout
    watched.write(CONFIG)
    assert 'channels +0 -1' in watched.reload().stdout
