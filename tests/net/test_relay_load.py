# SPDX-License-Identifier: BSD-3-Clause
"""Numbered datagrams through the relay while members come and go elsewhere, while an output stands still,
and beside storms: none is lost, doubled or out of order."""

import json
import os
import signal
import subprocess
import tempfile
import time

from family import FAMILIES, IPV4, IPV6
from membership_lan import IGMP, TO_EX, TO_IN, report
from netlab import wait_for
from programs import BUILD
from querier_lan import members
from relay_lan import RelayLan, account, datagram, output_of, settled, start_relay
from test_querier_load import STORM, lines

RELAY_COUNT = os.path.join(BUILD, 'tests', 'net', 'relay_count')
COUNT = 10_000_000 if os.environ.get('MCRING_LONG') else 1_000_000
FLOW, ELSEWHERE = '239.1.2.3', [f'239.5.0.{i}' for i in range(32)]
ROOMY = ',framecnt=8192'
ALWAYS = f'role=downstream,forward-when=always,static-groups={FLOW}+{IPV6.address(FLOW)}'


class Flow:
    """Numbered datagrams from link s to another."""

    def __init__(self, lan, to, count, family=IPV4):
        self.lan, self.count = lan, count
        frame = datagram(family.address('10.1.0.2'), family.address(FLOW), bytes(64))
        self.process = lan.hosts['s'].start(
            RELAY_COUNT, *[word for link in ('s', to) for word in (
                f'/run/netns/{lan.hosts[link].name}', f'{link}0')], count, frame.hex(),
            stdout=subprocess.PIPE)

    def goes_on(self):
        return self.process.poll() is None

    def arrives_whole(self, daemon):
        """Each number once, and in order; else it says what was lost where."""
        came = json.loads(self.process.communicate(timeout=600)[0])
        stats = account(daemon)
        assert came == {'sent': self.count, 'received': self.count, 'missing': 0, 'doubled': 0,
                        'late': 0, 'dropped': 0}, (
            f'{came}; the kernel dropped {self.lan.hosts["s"].counter("s0", "tx_dropped")} before and '
            f'{self.lan.relay.counter("d0", "tx_dropped")} behind mcring, ports missed '
            f'{[port["rx_missed"] for port in stats["ports"]]}; {output_of(stats, "d0")}')
        return True


def storm(host, interface, frames, rate, count):
    """Frames round and round; a process."""
    with tempfile.TemporaryFile('w+') as file:
        file.write('\n'.join(frames))
        file.seek(0)
        return host.start(STORM, interface, rate, count, stdin=file, stdout=subprocess.PIPE)


def joins_and_leaves():
    for group in ELSEWHERE:
        for kind in TO_EX, TO_IN:
            yield report(IGMP, (kind, group), source='10.3.0.2').hex()


def test_members_that_come_and_go_elsewhere_cost_the_others_nothing(lab):
    """F-27, F-28, F-30, F-31: 1,000 joins and leaves a second on one output, of which each changes the
    routes, while the other counts."""
    lan = RelayLan(lab)
    daemon = start_relay(lan, {'s': 'role=upstream', 'a': ALWAYS,
                               'b': 'role=downstream,querier=on,fast-leave=on'}, vdev=ROOMY)
    churn = storm(lan.hosts['b'], 'b0', joins_and_leaves(), 1000, 10_000_000)
    flow = Flow(lan, 'a', COUNT)
    while flow.goes_on():
        account(daemon)
    assert churn.poll() is None
    assert flow.arrives_whole(daemon)
    stats = settled(daemon)
    assert output_of(stats, 'd0')['tx'] == COUNT
    igmp = next(one for one in members(daemon)['queriers'] if one['interface'] == 'd1')
    assert igmp['rx']['report'] > 1000, igmp


def port_of(stats, n):
    """Of the port with this number."""
    return next(one for one in stats['ports'] if one['name'] == f'net_af_packet{n}')


def unwanted():
    """Datagrams to random groups, for storm: the last three octets of the group, the header's checksum."""
    return [datagram('10.3.0.2', '239.0.0.0', b'x' * 64).hex() + ' 31 3 24']


def test_storms_cost_what_is_relayed_nothing(lab):
    """F-42, F-41, F-46, R-REP-10: groups that nobody wants, and IGMP, each 50,000 a second, whose leaves
    control asks about by the one Tx queue of an output, among its datagrams."""
    lan = RelayLan(lab)
    daemon = start_relay(lan, {'s': 'role=upstream,forward-when=never', 'a': ALWAYS,
                               'b': f'{ALWAYS},querier=on,last-member-query-interval=0.5'},
                         vdev=ROOMY)
    before = port_of(account(daemon), 3)['tx_packets']
    storms = [storm(lan.hosts['b'], 'b0', frames, rate, 2 * rate) for frames, rate in (
        (unwanted(), 50_000), (lines(IGMP), 50_000), (joins_and_leaves(), 1000))]
    for family in FAMILIES:
        flow = Flow(lan, 'a', 50_000, family)
        while flow.goes_on():
            account(daemon)
        assert flow.arrives_whole(daemon)
    for one in storms:
        assert one.wait(30) == 0
    stats = settled(daemon)
    assert output_of(stats, 'd0')['tx'] == output_of(stats, 'd1')['tx'] == 100_000
    assert next(one for one in stats['queriers'] if one['interface'] == 'd1')['tx_group'] > 0
    wait_for(lambda: port_of(account(daemon), 3)['tx_packets'] > before + 100_000, 5, 'both have left')
    assert stats['relayed'] == 100_000
    assert stats['drops']['unknown_group'] > 10_000 and stats['punted'] > 1000, stats


def start_testpmd(lan, socket):
    """A guest that reads what a vhost port sends."""
    log = open(lan.lab.path('testpmd.log'), 'w')
    return lan.relay.start(
        'dpdk-testpmd', '-l', '0,1', '--main-lcore', 0, '--no-huge', '-m', 256, '--no-pci',
        '--no-telemetry', '--file-prefix', f'guest{os.getpid()}',
        f'--vdev=net_virtio_user0,path={socket}', '--', '--forward-mode=rxonly', '--no-mlockall',
        '--total-num-mbufs=4096', '--auto-start', '--stats-period=60', stdout=log, stderr=log)


def test_an_output_that_stands_still_or_goes_holds_nobody_up(lab):
    """F-29, F-36: a guest that reads no more, then goes, while another output and a ring get all."""
    lan, socket = RelayLan(lab), lab.path('guest')
    daemon = start_relay(lan, {'s': 'role=upstream', 'a': ALWAYS, 'b': ALWAYS}, '--join',
                         f'{FLOW}:5000,interface=u0,channel=a', vdev=ROOMY,
                         ports={'b': ('net_vhost0', f'net_vhost0,iface={socket}')})
    guest = start_testpmd(lan, socket)

    def count(what):
        return output_of(account(daemon), 'd1')[what]

    def sends_until(condition, what):
        """Goes on with whole flows until then."""
        nonlocal sent
        end = time.monotonic() + 30
        while not condition():
            assert Flow(lan, 'a', 1000).arrives_whole(daemon)
            sent += 1000
            assert time.monotonic() < end, what

    sent = 0
    sends_until(lambda: count('tx') > 100, 'the guest reads')
    guest.send_signal(signal.SIGSTOP)
    sends_until(lambda: count('tx_full') > 100, 'its queue is full')
    guest.send_signal(signal.SIGCONT)
    before = count('tx')
    sends_until(lambda: count('tx') > before + 100, 'it reads again')
    guest.kill()
    guest.wait(10)
    before = count('tx_down')
    sends_until(lambda: count('tx_down') > before + 100, 'it is gone')
    stats = settled(daemon)
    assert stats['delivered'] == stats['relayed'] == output_of(stats, 'd0')['tx'] == sent
    assert daemon.stop() == 0
