# SPDX-License-Identifier: BSD-3-Clause
"""The cable is pulled and comes back."""

import signal
import time

from guest import GuestDaemon
from netlab import Capture, wait_for
from programs import identity


def link(daemon):
    return daemon.stats()['ports'][0]['link_up']


def reported(path, host):
    """The groups that version 3 reports told of, each time."""
    out = host.run('tshark', '-n', '-r', path, '-Y', 'igmp.type == 0x22', '-T', 'fields', '-e',
                   'igmp.maddr').stdout
    return [group for line in out.split() for group in line.split(',')]


def test_a_link_that_was_down_is_joined_anew_and_consumers_see_where(guest):
    nic = guest.nics['e1000e']
    daemon = GuestDaemon(nic, '--join', '239.1.1.1:5000', '--join', '239.1.1.2:5000')
    wait_for(lambda: link(daemon), 20, 'the link is up')
    consumer = daemon.flows()
    wait_for(lambda: {one['igmp_state'] for one in daemon.groups().values()} == {'idle'}, 20,
             'all is told')
    capture = Capture(guest.host, nic.tap, guest.lab.path('link.pcap'), 'ip proto 2')
    traffic = nic.traffic('239.1.1.1:5000', rate=1000)
    wait_for(lambda: daemon.stats()['delivered'] > 500, 20, 'data flows')

    nic.set_link(False)
    wait_for(lambda: not link(daemon), 20, 'the link is seen down')
    before = daemon.stats()['delivered']
    time.sleep(1)
    assert daemon.stats()['delivered'] == before, 'nothing arrives on a link that is down'
    assert {one['igmp_state'] for one in daemon.groups().values()} == {'idle'}

    nic.set_link(True)
    wait_for(lambda: link(daemon), 20, 'the link is seen up')
    wait_for(lambda: daemon.stats()['delivered'] > before + 500, 20, 'data flows again')
    sent = traffic.stop()['flows'][0]['sent']
    told = reported(capture.stop(), guest.host)
    assert set(told) == {'239.1.1.1', '239.1.1.2'}, told

    identity(daemon.stats())
    seen = consumer.stop()
    flow, = seen['flows']
    assert (flow['late'], seen['lost'], flow['first']) == (0, 0, 1)
    # A frame or two that QEMU held when the link went down may stand amid what is missing.
    assert sum(gap['missing'] for gap in seen['gaps']) == flow['missing'] > 500, seen
    assert flow['last'] - flow['count'] == flow['missing'] and flow['last'] <= sent
    # The first may be the link's training at the start.
    down, up = seen['links'][-2:]
    assert [down['up'], up['up']] == [False, True]
    for gap in seen['gaps']:
        assert 0 <= gap['after'] - down['after'] < 10, f'told down where the data stops: {seen}'
    assert up['after'] >= down['after']
    assert daemon.stop() == 0


def test_a_daemon_that_stands_by_takes_the_nic_of_one_that_died(guest):
    nic = guest.nics['e1000e']
    args = '--join', '239.1.1.1:5000', '--keep-memberships'
    daemon = GuestDaemon(nic, *args)
    traffic = nic.traffic('239.1.1.1:5000', rate=1000)
    waiting = GuestDaemon(nic, *args, '--standby', name=daemon.name, wait=False)
    wait_for(lambda: 'standing by' in waiting.log(), 60, 'it stands by')
    before = daemon.stats()['delivered']
    wait_for(lambda: daemon.stats()['delivered'] > before + 500, 20, 'nobody disturbs the one that receives')
    daemon.stop(signal.SIGKILL)
    wait_for(waiting.ready, 60, 'it has taken over')
    wait_for(lambda: waiting.stats()['delivered'] > 500, 20, 'data flows')
    traffic.stop()
    identity(waiting.stats())
    assert waiting.stop() == 0
