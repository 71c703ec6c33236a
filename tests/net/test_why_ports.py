# SPDX-License-Identifier: BSD-3-Clause
"""A port that gets nothing, or loses what it gets: why says so before it speaks of groups. The scenarios
run side by side: most of what they do is waiting."""

import os
import signal

from netlab import wait_for
from programs import Daemon, Traffic, mcsend
from querier_lan import side_by_side
from relay_lan import RelayLan, datagram, start_relay
from why_lab import CAUSE, FLOWS, codes, says, wait_verdict

GROUPS = [f'239.3.0.{n}' for n in range(1, 21)]


class Wire:
    def __init__(self, place):
        self.lab, self.sender, self.receiver = place.lab, place.host('tx'), place.host('rx')
        self.lab.wire(self.sender, 'eth0', self.receiver, 'eth0')
        self.sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')

    def daemon(self, more=''):
        return Daemon(self.lab, self.receiver, '--idle', 'adaptive', '--interface',
                      'feed=net_af_packet0,address=10.0.0.2/24', *[f'--join={one}:5000' for one in GROUPS],
                      vdev=f'net_af_packet0,iface=eth0{more}')


def end(daemon):
    """A failure leaves it to the lab."""
    daemon.stop()


@side_by_side
def test_a_link_that_is_down_is_the_one_cause_of_twenty_silent_groups(place):
    wire = Wire(place)
    wire.sender.run('ip', 'link', 'set', 'eth0', 'down')
    daemon = wire.daemon()
    for group in None, f'{GROUPS[0]}:5000':
        answer = wait_verdict(daemon, 'link_down', CAUSE, ['net_af_packet0'], group)
        assert len(answer['findings']) == 1 and answer['findings'][0]['port'] == 'net_af_packet0', answer
    assert 'from the start on' in answer['first'], answer

    wire.sender.run('ip', 'link', 'set', 'eth0', 'up')
    wait_verdict(daemon, 'no_frames', CAUSE, ['net_af_packet0'])
    traffic = Traffic(wire.sender, *[f'{one}:5000' for one in GROUPS], rate=10)
    reader = daemon.cat()
    wait_verdict(daemon, None, FLOWS, [GROUPS[0]], f'{GROUPS[0]}:5000')

    wire.receiver.run('ip', 'link', 'set', 'eth0', 'down')
    for group in None, f'{GROUPS[0]}:5000':
        answer = wait_verdict(daemon, 'link_down', CAUSE, ['net_af_packet0'], group)
    assert codes(answer).count('link_down') == 1, answer
    traffic.stop()
    reader.process.terminate()
    end(daemon)


@side_by_side
def test_a_queue_that_overflows_loses_what_the_verdict_says(place):
    wire = Wire(place)
    daemon = wire.daemon(',framecnt=64,blocksz=65536')
    reader = daemon.cat()
    os.kill(daemon.process.pid, signal.SIGSTOP)
    mcsend(wire.sender, *[f'{one}:5000' for one in GROUPS], count=50, rate=500)
    os.kill(daemon.process.pid, signal.SIGCONT)
    for group in None, f'{GROUPS[0]}:5000':
        answer = wait_verdict(daemon, 'queue_loss', CAUSE, ['net_af_packet0'], group)
        assert says(answer['findings'][0]['todo'], 'framecnt'), answer
    reader.process.terminate()
    end(daemon)


@side_by_side
def test_an_interface_that_was_moved_away_or_deleted(place):
    wire = Wire(place)
    wire.lab.wire(wire.sender, 'eth1', wire.receiver, 'eth1')
    daemon = Daemon(wire.lab, wire.receiver, '--idle', 'adaptive', '--interface', 'feed=net_af_packet0',
                    '--interface', 'other=net_af_packet1', '--join=239.3.0.1:5000,interface=feed',
                    '--join=239.3.0.2:5000,interface=other',
                    vdev=('net_af_packet0,iface=eth0', 'net_af_packet1,iface=eth1'))
    wire.receiver.run('ip', 'link', 'set', 'eth0', 'netns', wire.sender.name, 'name', 'moved')
    wait_verdict(daemon, 'port_moved', CAUSE, ['net_af_packet0'], '239.3.0.1:5000')
    wire.receiver.run('ip', 'link', 'del', 'eth1')
    wait_verdict(daemon, 'port_removed', CAUSE, ['net_af_packet1'], '239.3.0.2:5000')
    wait_verdict(daemon, 'port_removed', CAUSE, ['net_af_packet1'])
    wait_for(lambda: codes(wait_verdict(daemon, 'port_removed', CAUSE)) >= ['port_removed', 'port_moved'], 5,
             'both are said')


@side_by_side
def test_what_only_the_relay_takes(place):
    lan = RelayLan(place.lab, place.name)
    daemon = start_relay(lan, {'s': 'role=upstream', 'a': 'role=downstream,forward-when=always,'
                               'static-groups=239.3.1.1', 'b': 'querier=off'}, '--idle', 'adaptive')
    lan.ends['s'].send(datagram('10.1.0.2', '239.3.1.1', b'x'))
    answer = wait_verdict(daemon, 'relayed_only', CAUSE, ['239.3.1.1'], '239.3.1.1:5000')
    assert says(answer['findings'][0]['todo'], 'join'), answer
    end(daemon)
