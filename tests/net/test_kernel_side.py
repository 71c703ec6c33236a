# SPDX-License-Identifier: BSD-3-Clause
"""What the kernel does to a port whose driver sits on one of its interfaces."""

import os
import signal

from netlab import wait_for
from programs import Daemon, identity, mcsend


def port(daemon):
    return daemon.stats()['ports'][0]


def test_what_a_storm_loses_at_the_drivers_own_ring_is_missed(wire):
    daemon = Daemon(wire.lab, wire.receiver, '--interface', 'feed=net_af_packet0,address=10.0.0.2/24',
                    '--join', '239.1.1.1:5000', vdev='net_af_packet0,iface=eth0,framecnt=64,blocksz=65536')
    sent = 0
    for _ in range(2):
        os.kill(daemon.process.pid, signal.SIGSTOP)
        sent += mcsend(wire.sender, '239.1.1.1:5000', count=1000, rate=50_000)['flows'][0]['sent']
        os.kill(daemon.process.pid, signal.SIGCONT)
        wait_for(lambda: daemon.stats()['delivered'] + port(daemon)['rx_missed'] >= sent, 5,
                 'each datagram was delivered or missed')
    stats = daemon.stats()
    assert stats['delivered'] < sent / 2, 'the ring was overrun'
    assert stats['delivered'] + port(daemon)['rx_missed'] == sent
    identity(stats)
    assert daemon.stop() == 0
