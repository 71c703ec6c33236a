# SPDX-License-Identifier: BSD-3-Clause
"""What a NIC's filter hides is seen while it is open, and hidden again afterwards."""

from family import IPV4
from guest import GuestDaemon
from netlab import wait_for
from programs import drops
from test_filter import COUNT, OTHER, groups_of, send, taken

JOINED = '239.1.1.20'  # while the filter is open


def look(daemon, seconds, *what):
    """Has `mcring-ctl why` open the filters, and ask when that is over."""
    return daemon.guest.start(f'mcring-ctl --run-dir {daemon.run_dir} why {" ".join(what)} '
                              f'--open-filter {seconds}')


def port(daemon):
    return daemon.stats()['ports'][0]


def test_what_the_filter_hides_is_seen_while_it_is_open(guest):
    a, _, other, _ = groups_of(IPV4)
    nic = guest.nics['e1000e']
    daemon = GuestDaemon(nic, '--join', f'{a}:5000')
    before, after = send(daemon, nic, COUNT, [other, a])
    assert taken(after) - taken(before) == COUNT and not drops(after)
    assert after['ports'][0]['rung'] == 'mac-list' and after['ports'][0]['open_until_ns'] is None

    look(daemon, 60, other)
    wait_for(lambda: port(daemon)['open_until_ns'], 20, 'the filter is open')
    assert port(daemon)['rung'] == 'all-multicast'
    assert 'open for a look' in port(daemon)['rung_reason']
    daemon.ctl('join', f'{JOINED}:5000')
    before, after = send(daemon, nic, 2 * COUNT, [other, a])
    assert after['delivered'] - before['delivered'] == COUNT
    assert drops(after) == {'unknown_group': COUNT}

    asked = look(daemon, 1, other)  # the end is moved
    wait_for(lambda: not port(daemon)['open_until_ns'], 20, 'the filter is closed')
    assert asked.wait() == 1
    assert OTHER in asked.out() and 'not_joined' in asked.out(), asked.out() + asked.err()
    assert 'its filter is open for a look' in daemon.log()
    assert 'its filter is closed again' in daemon.log()
    assert port(daemon)['rung'] == 'mac-list' and not port(daemon)['all_multicast']
    before, after = send(daemon, nic, 2 * COUNT, [other, a, JOINED])
    assert taken(after) - taken(before) == 2 * COUNT
    assert drops(after) == {'unknown_group': COUNT}
    assert daemon.stop() == 0
