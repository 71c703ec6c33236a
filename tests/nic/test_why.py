# SPDX-License-Identifier: BSD-3-Clause
"""What a NIC's filter does to a verdict: it hides what nobody joined, and it can be full."""

import json

from guest import GuestDaemon
from netlab import wait_for

A, OTHER = '239.1.1.17', '239.1.1.19'  # test_filter.py
SLOTS = 64  # of virtio: docs/nics.md


def why(daemon, *args):
    """The exit status of mcring-ctl why, and its answer."""
    status, output = daemon.guest.run(f'mcring-ctl --run-dir {daemon.run_dir} --json why {" ".join(args)} '
                                      '2>/dev/null', check=False)
    assert status in (0, 1, 2), output
    answer = json.loads(output)
    assert answer['exit'] == status, answer
    return answer


def codes(answer):
    return [one['code'] for one in answer['findings']]


def test_a_filter_hides_what_nobody_joined_until_it_is_opened(guest):
    nic = guest.nics['e1000e']
    daemon = GuestDaemon(nic, '--join', f'{A}:5000')
    traffic = nic.traffic(f'{A}:5000', f'{OTHER}:5000', rate=50)
    wait_for(lambda: daemon.stats()['delivered'] > 50, 30, 'data flows')
    answer = why(daemon, f'{OTHER}:5000')
    assert codes(answer)[0] == 'not_joined' and answer['exit'] == 1, answer
    assert f'10.0.{nic.slot}.1' not in json.dumps(answer['findings']), 'it cannot be seen'
    assert any('mac-list' in one and '--open-filter' in one for one in answer['hidden']), answer

    answer = why(daemon, f'{OTHER}:5000', '--open-filter 3')
    assert codes(answer)[0] == 'not_joined' and answer['exit'] == 1, answer
    assert f'10.0.{nic.slot}.1' in json.dumps(answer['findings']), answer
    wait_for(lambda: not daemon.stats()['ports'][0]['all_multicast'] and
             not daemon.stats()['ports'][0]['promiscuous'], 20, 'the filter is closed again')
    reader = daemon.flows()
    answer = why(daemon, f'{A}:5000')
    assert answer['exit'] == 0 and not codes(answer), answer
    traffic.stop()
    reader.stop()
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
