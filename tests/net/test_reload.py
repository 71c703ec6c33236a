# SPDX-License-Identifier: BSD-3-Clause
"""SIGHUP reads the file again; groups that stay lose nothing, a bad file changes nothing."""

import signal

from netlab import wait_for
from programs import Daemon, Traffic, identity, sequence

CONFIG = '''
interfaces:
  - name: feed
    port: net_af_packet0
    address: 10.0.0.2/24
joins:
  - groups:
{}
'''


def write(path, groups):
    with open(path, 'w') as out:
        out.write(CONFIG.format('\n'.join(f'    - {group}' for group in groups)))


def groups(daemon):
    return {group['group'] for group in daemon.stats()['groups']}


def test_reloads_under_traffic_cost_the_staying_groups_nothing(wire):
    path = wire.lab.path('mcring.yaml')
    write(path, ['239.1.1.1:5000', '239.1.1.2:5000'])
    daemon = Daemon(wire.lab, wire.receiver, '--config', path,
                    vdev='net_af_packet0,iface=eth0')
    consumer = daemon.cat(timeout=120)
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=10_000)
    for turn in range(8):
        other = f'239.1.2.{turn}'
        write(path, ['239.1.1.1:5000', f'{other}:5000'])
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: groups(daemon) == {'239.1.1.1', other}, 5, f'reload {turn}')
    with open(path, 'a') as out:
        out.write('    - 10.0.0.1\n')
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: '10.0.0.1' in daemon.log(), 5, 'the bad file is reported')
    assert groups(daemon) == {'239.1.1.1', '239.1.2.7'}
    sent = traffic.stop()['flows'][0]['sent']
    status, messages, summary = consumer.stop(sent)
    assert status == 0
    assert [sequence(m) for m in messages] == list(range(1, sent + 1))
    assert summary['lost'] == 0
    identity(daemon.stats())
    assert daemon.stop() == 0
