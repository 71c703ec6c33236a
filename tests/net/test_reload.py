# SPDX-License-Identifier: BSD-3-Clause
"""SIGHUP reads the file again; groups that stay lose nothing, a bad file changes nothing."""

import json
import signal

from conftest import both_families
from family import at_port
from netlab import wait_for
from programs import Daemon, Traffic, identity, sequence


def write(path, family, groups, **keys):
    """keys: of the interface."""
    own = dict(key.split('=') for key in family.own('10.0.0.2').split(','))
    interface = {'name': 'feed', 'port': 'net_af_packet0', **own, **keys}
    with open(path, 'w') as out:
        json.dump({'interfaces': [interface],
                   'joins': [{'groups': [at_port(one) for one in groups]}]}, out)  # YAML as well


def groups(daemon):
    return {group['group'] for group in daemon.stats()['groups']}


@both_families
def test_reloads_under_traffic_cost_the_staying_groups_nothing(wire, family):
    path = wire.lab.path('mcring.yaml')
    staying = family.address('239.1.1.1')
    write(path, family, [staying, family.address('239.1.1.2')])
    daemon = Daemon(wire.lab, wire.receiver, '--config', path,
                    vdev='net_af_packet0,iface=eth0')
    consumer = daemon.cat(timeout=120)
    traffic = Traffic(wire.sender, at_port(staying), rate=10_000)
    for turn in range(8):
        other = family.address(f'239.1.2.{turn}')
        write(path, family, [staying, other])
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: groups(daemon) == {staying, other}, 5, f'reload {turn}')
    source = family.address('10.0.0.1')
    write(path, family, [staying, source])
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: source in daemon.log(), 5, 'the bad file is reported')
    assert groups(daemon) == {staying, other}
    write(path, family, [staying, family.address('239.1.1.2')], mld='1', address6='2001:db8::9/64')
    assert 'needs a restart: interfaces' in daemon.ctl('reload').stdout
    assert groups(daemon) == {staying, family.address('239.1.1.2')}
    sent = traffic.stop()['flows'][0]['sent']
    status, messages, summary = consumer.stop(sent)
    assert status == 0
    assert [sequence(m) for m in messages] == list(range(1, sent + 1))
    assert summary['lost'] == 0
    identity(daemon.stats())
    assert daemon.stop() == 0
