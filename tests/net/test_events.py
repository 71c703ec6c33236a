# SPDX-License-Identifier: BSD-3-Clause
"""Joins, leaves, links and consumers that come and go while a sender is as fast as it can be. What
goes wrong then is a race or a leak: worth a minute of a build with sanitizers,

    MCRING_BUILD=build-asan MCR_EVENTS_SECONDS=60 /usr/bin/python3 -m pytest tests/net/test_events.py
"""

import os
import random
import re
import signal
import subprocess
import time

from netlab import wait_for
from programs import ATTACH_ROUNDS, Daemon, identity

SECONDS = float(os.environ.get('MCR_EVENTS_SECONDS', '6'))

# Two receiving lcores share core 1; the sender and the control thread have core 0.
EAL = ('--lcores', '0@0,1@1,2@1', '--no-huge', '-m', '512', '--no-pci', '--no-telemetry')
REPORT = re.compile(r'AddressSanitizer|LeakSanitizer|runtime error:')


class Sender:
    """dpdk-testpmd, flat out to 239.1.1.1:5000 from two queues."""

    def __init__(self, lab, host, socket):
        self.path = lab.path('testpmd.log')
        with open(self.path, 'w') as out:
            self.process = host.start(
                'dpdk-testpmd', '-l', '0,1', '--main-lcore', 1, '--no-huge', '-m', 256, '--no-pci',
                '--no-telemetry', '--file-prefix', f'events{os.getpid()}',
                f'--vdev=net_virtio_user0,path={socket},queues=2', '--', '--forward-mode=txonly',
                '--no-mlockall', '--total-num-mbufs=8192', '--tx-ip=198.18.0.1,239.1.1.1',
                '--tx-udp=4000,5000', '--eth-peer=0,01:00:5e:01:01:01', '--txpkts=142',
                '--txq=2', '--rxq=2', '--interactive', stdin=subprocess.PIPE, stdout=out,
                stderr=out, text=True)
        wait_for(lambda: 'testpmd>' in self.log(), 20, 'testpmd is up')

    def log(self):
        with open(self.path) as log:
            return log.read()

    def order(self, *lines):
        print(*lines, sep='\n', file=self.process.stdin, flush=True)

    def quit(self):
        self.order('stop', 'quit')
        self.process.wait(20)


def buffers_used(daemon):
    return {port['name']: port['buffers_used'] for port in daemon.stats()['ports']}


class Events:
    """One random thing after the other; each leaves the account whole."""

    def __init__(self, lab, daemon, sender, peer):
        self.lab, self.daemon, self.sender, self.peer = lab, daemon, sender, peer
        self.joined, self.is_up, self.count = set(), True, {}
        self.random = random.Random(4)

    def join(self):
        new = {f'239.3.{self.random.randrange(4)}.{i + 1}:5000,interface=fast'
               for i in self.random.sample(range(50), 10)} - self.joined
        if new:
            self.daemon.ctl('join', *sorted(new))
            self.joined |= new

    def leave(self):
        gone = self.random.sample(sorted(self.joined), len(self.joined) // 2)
        if gone:
            self.daemon.ctl('leave', *gone)
            self.joined -= set(gone)

    def rejoin_the_flow(self):
        self.daemon.ctl('leave', '239.1.1.1:5000,interface=fast')
        self.daemon.ctl('join', '239.1.1.1:5000,interface=fast')

    def link_of_the_other_port(self):
        self.is_up = not self.is_up
        self.peer.run('ip', 'link', 'set', 'eth0', 'up' if self.is_up else 'down')

    def link_of_the_senders_port(self):
        self.sender.order('stop', 'port stop 0', 'port start 0', 'start')

    def consumers(self):
        # One that is lapped at once says so; what counts is that it came and went.
        self.daemon.host.run(ATTACH_ROUNDS, self.daemon.run_dir, 3, check=False)

    def run(self, seconds):
        kinds = [self.join, self.leave, self.rejoin_the_flow, self.link_of_the_other_port,
                 self.link_of_the_senders_port, self.consumers]
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(self.count) < len(kinds):
            kind = self.random.choice(kinds)
            kind()
            self.count[kind.__name__] = self.count.get(kind.__name__, 0) + 1
            identity(self.daemon.stats())
            time.sleep(0.05)


def test_nothing_breaks_and_no_buffer_is_lost_when_all_happens_at_once(lab):
    host, peer = lab.namespace('rx'), lab.namespace('peer')
    lab.wire(peer, 'eth0', host, 'eth0')
    socket = lab.path('vhost.sock')
    daemon = Daemon(lab, host, '--interface', 'fast=net_vhost0,address=10.0.1.2/24', '--interface',
                    'wire=net_af_packet0,address=10.0.0.2/24', '--join',
                    '239.1.1.1:5000,interface=fast', '--join', '239.1.1.1:5000,interface=wire',
                    vdev=(f'net_vhost0,iface={socket},queues=2', 'net_af_packet0,iface=eth0'),
                    eal=EAL)
    idle = buffers_used(daemon)
    sender = Sender(lab, host, socket)
    sender.order('start')
    wait_for(lambda: daemon.stats()['delivered'] > 100_000, 30, 'data comes')
    events = Events(lab, daemon, sender, peer)
    events.run(SECONDS)
    assert daemon.stats()['received'] > 1_000_000, events.count
    changes = {port['name']: port['link_changes'] for port in daemon.stats()['ports']}
    assert min(changes.values()) > 0, changes
    sender.quit()

    # Traffic ended: each buffer is back where it was.
    wait_for(lambda: buffers_used(daemon) == idle, 20,
             f'{idle} buffers are used: {buffers_used(daemon)}')
    identity(daemon.stats())
    assert daemon.stop(signal.SIGTERM, 30) == 0, daemon.log()
    assert not REPORT.search(daemon.log()), daemon.log()
