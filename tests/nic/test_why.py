# SPDX-License-Identifier: BSD-3-Clause
"""What a NIC's filter hides is seen while it is open for a look, and what why says of a filter: it hides
what nobody joined, and it can be full."""

import json

from family import IPV4
from guest import GuestDaemon
from netlab import wait_for
from programs import drops
from test_filter import COUNT, OTHER, groups_of, send, taken

JOINED = '239.1.1.20'  # while the filter is open
SLOTS = 64  # of virtio: docs/nics.md


def command(daemon, *args):
    return f'mcring-ctl --run-dir {daemon.run_dir} --json why {" ".join(args)}'


def why(daemon, *args):
    """The answer of mcring-ctl why; the exit status is the verdict's."""
    status, output = daemon.guest.run(command(daemon, *args), check=False)
    answer = json.loads(output)
    assert answer['exit'] == status, answer
    return answer


def codes(answer):
    return [one['code'] for one in answer['findings']]


def port(daemon):
    return daemon.stats()['ports'][0]


def test_what_the_filter_hides_is_seen_while_it_is_open(guest):
    a, _, other, _ = groups_of(IPV4)
    nic = guest.nics['e1000e']
    daemon = GuestDaemon(nic, '--join', f'{a}:5000')
    before, after = send(daemon, nic, COUNT, [other, a])
    assert taken(after) - taken(before) == COUNT and not drops(after)
    assert after['ports'][0]['rung'] == 'mac-list' and after['ports'][0]['open_until_ns'] is None
    answer = why(daemon, f'{OTHER}:5000')
    assert codes(answer)[0] == 'not_joined' and answer['exit'] == 1, answer
    assert f'10.0.{nic.slot}.1' not in json.dumps(answer['findings']), 'it cannot be seen'
    assert any('mac-list' in one and '--open-filter' in one for one in answer['hidden']), answer

    guest.start(command(daemon, other, '--open-filter 60'))
    wait_for(lambda: port(daemon)['open_until_ns'], 20, 'the filter is open')
    assert port(daemon)['rung'] == 'all-multicast'
    assert 'open for a look' in port(daemon)['rung_reason']
    daemon.ctl('join', f'{JOINED}:5000')
    before, after = send(daemon, nic, 2 * COUNT, [other, a])
    assert after['delivered'] - before['delivered'] == COUNT
    assert drops(after) == {'unknown_group': COUNT}

    asked = guest.start(command(daemon, other, '--open-filter 1'))  # the end is moved
    assert asked.wait() == 1
    answer = json.loads(asked.out())
    assert codes(answer)[0] == 'not_joined', answer
    assert f'10.0.{nic.slot}.1' in json.dumps(answer['findings']), answer
    assert 'lets everything in for 1 s' in asked.err()
    wait_for(lambda: not port(daemon)['open_until_ns'], 20, 'the filter is closed')
    assert 'its filter is open for a look' in daemon.log()
    assert 'its filter is closed again' in daemon.log()
    assert port(daemon)['rung'] == 'mac-list' and not port(daemon)['all_multicast']
    before, after = send(daemon, nic, 2 * COUNT, [other, a, JOINED])
    assert taken(after) - taken(before) == 2 * COUNT
    assert drops(after) == {'unknown_group': COUNT}
    assert daemon.stop() == 0


def test_a_filter_that_is_full_is_named_and_no_fault_while_data_flows(guest):
    nic = guest.nics['virtio']
    daemon = GuestDaemon(nic, '--join 239.8.0.0/25:5000')
    reader = daemon.flows()
    traffic = nic.traffic('239.8.0.1:5000', rate=50)
    wait_for(lambda: daemon.stats()['delivered'] > 50, 30, 'data flows')
    answer = why(daemon, '239.8.0.1:5000')
    finding, = answer['findings']
    assert (finding['code'], finding['severity'], answer['exit']) == ('filter_refused', 'note', 0), answer
    assert 'all-multicast' in finding['text'] and any('slots' in one for one in finding['evidence']), answer
    daemon.ctl('leave', *[f'239.8.0.{n}:5000' for n in range(SLOTS // 2, 128)])
    answer = why(daemon, '239.8.0.1:5000')
    assert answer['exit'] == 0 and not codes(answer), answer
    traffic.stop()
    reader.stop()
    assert daemon.stop() == 0
