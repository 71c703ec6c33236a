# SPDX-License-Identifier: BSD-3-Clause
"""A switch, or a router, keeps the data away for want of reports that it heeds: what why says of it. The
scenarios run side by side: most of what they do is waiting."""

import ipaddress
import time

import routers
from membership_lan import IGMP, inject
from netlab import Switch, wait_for
from programs import Daemon, Traffic, mcsend
from querier_lan import side_by_side
from why_lab import CAUSE, FLOWS, UNDECIDED, codes, pages_answer, says, wait_verdict, why, without_times

FLOWING, OFF, MUTE, SILENT, STOPPED = (f'239.4.0.{n}:5000' for n in range(1, 6))
FILTERED, OFF6 = '232.4.0.6:5000@10.0.0.9', '[ff15::4:2]:5000'


class Lan:
    """A sender, and a host with three interfaces, on a switch that queries each 2 s."""

    def __init__(self, place):
        self.lab, self.switch = place.lab, Switch(place.lab, f'{place.name}lan')
        self.sender, self.receiver = place.host('tx'), place.host('rx')
        self.switch.connect(self.sender, 'eth0', 'to_sender')
        for n in range(3):
            self.switch.connect(self.receiver, f'eth{n}', f'to_receiver{n}')
            # This switch floods when nobody asks; others do not.
            self.switch.host.run('bridge', 'link', 'set', 'dev', f'to_receiver{n}', 'mcast_flood', 'off')
        self.sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
        self.set('mcast_query_interval', 200, 'mcast_membership_interval', 500, 'mcast_query_use_ifaddr', 1)
        self.set('mcast_querier', 0, 'mcast_querier', 1)

    def set(self, *options):
        self.switch.host.run('ip', 'link', 'set', 'br0', 'type', 'bridge', *options)

    def daemon(self, *joins):
        interfaces = ('heard=net_af_packet0,address=10.0.0.2/24,igmp-repeat=never',
                      'off=net_af_packet1,address=10.0.0.3/24,igmp=off,mld=off',
                      'mute=net_af_packet2,address=10.0.0.4/24,tx=never')
        return Daemon(self.lab, self.receiver, '--idle', 'adaptive',
                      *[f'--interface={one}' for one in interfaces], *[f'--join={one}' for one in joins],
                      vdev=[f'net_af_packet{n},iface=eth{n}' for n in range(3)])


@side_by_side
def test_a_switch_keeps_away_what_it_heard_no_report_of(place):
    lan = Lan(place)
    daemon = lan.daemon(*[f'{one},interface=heard' for one in (FLOWING, SILENT, STOPPED, FILTERED)],
                        f'{OFF},interface=off', f'{OFF6},interface=off', f'{MUTE},interface=mute')
    daemon.cat(timeout=120)
    wait_for(lambda: lan.switch.members('to_receiver0') >= {'239.4.0.1', '232.4.0.6'}, 10,
             'the switch lists us')
    time.sleep(1.5)  # a new querier floods: conftest.Lan
    traffic = Traffic(lan.sender, FLOWING, OFF, MUTE, '232.4.0.6:5000', rate=20)
    mcsend(lan.sender, STOPPED, count=20, rate=100, ttl=3)
    wait_verdict(daemon, None, FLOWS, ['239.4.0.1'], FLOWING)
    wait_verdict(daemon, 'igmp_off', CAUSE, ['off'], OFF)
    wait_verdict(daemon, 'igmp_off', CAUSE, ['mld=off'], OFF6)
    wait_verdict(daemon, 'tx_never', CAUSE, ['mute'], MUTE)

    answer = wait_verdict(daemon, 'silent', UNDECIDED, ['232.4.0.6'], FILTERED)
    assert 'source_filter' in codes(answer, 'candidates'), answer
    assert says(answer['proven'], '10.0.0.254'), answer

    answer = wait_verdict(daemon, 'silent', UNDECIDED, ['never'], SILENT)
    assert {'silent_sender', 'snooping', 'ttl', 'pruned', 'rpf', 'acl'} <= set(codes(answer, 'candidates')), answer
    for words in ('link',), ('frames arrive',), ('querier 10.0.0.254',), ('report', '239.4.0.4'):
        assert says(answer['proven'], *words), (words, answer)

    answer = wait_verdict(daemon, 'silent', UNDECIDED, ['stopped'], STOPPED)
    assert says(answer['proven'], 'TTL 3'), answer
    assert says(answer['proven'], '239.4.0.1'), 'another group of that source flows'
    printed = daemon.ctl('why', STOPPED, check=False)
    assert printed.returncode == UNDECIDED
    shown = without_times(pages_answer('docs/why.md', STOPPED))
    assert without_times(printed.stdout) == shown, printed.stdout

    # Nobody asks any more, and the switch prunes.
    lan.set('mcast_querier', 0)
    answer = wait_verdict(daemon, 'no_querier', CAUSE, ['10.0.0.254'], FLOWING, seconds=25)
    assert says(answer['findings'][0]['todo'], 'querier'), answer
    wait_for(lambda: 'no_querier' in codes(why(daemon)), 10, 'the host as a whole says so')
    lan.set('mcast_querier', 1)
    wait_verdict(daemon, None, FLOWS, ['239.4.0.1'], FLOWING)
    for line in 'heard: no IGMP querier was heard for', 'heard: there is an IGMP querier: 10.0.0.254':
        assert daemon.log().count(line) == 1, daemon.log()
    traffic.stop()


@side_by_side
def test_an_older_querier_does_not_hear_of_sources(place):
    sender, receiver = place.host('tx'), place.host('rx')
    place.lab.wire(sender, 'eth0', receiver, 'eth0')
    sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
    daemon = Daemon(place.lab, receiver, '--idle', 'adaptive', '--interface',
                    'feed=net_af_packet0,address=10.0.0.2/24', '--join=232.4.1.1:5000@10.0.0.1',
                    '--join=239.4.1.1:5000', vdev='net_af_packet0,iface=eth0')
    daemon.cat(timeout=120)
    inject(sender, IGMP.query(3))
    traffic = Traffic(sender, '232.4.1.1:5000', '239.4.1.1:5000', rate=20)
    for group in '232.4.1.1:5000', '239.4.1.1:5000', None:
        wait_verdict(daemon, None, FLOWS, group=group)
    inject(sender, IGMP.query(2))
    for group in '232.4.1.1:5000', None:
        answer = wait_verdict(daemon, 'old_querier', FLOWS, group=group)
        assert answer['findings'][0]['severity'] == 'warning', answer
    wait_verdict(daemon, None, FLOWS, group='239.4.1.1:5000')
    traffic.stop()


def link_local(mac):
    """RFC 4291 Appendix A."""
    octets = bytes.fromhex(mac.replace(':', ''))
    return ipaddress.IPv6Address(b'\xfe\x80' + bytes(6) + bytes([octets[0] ^ 2]) + octets[1:3] + b'\xff\xfe' +
                                 octets[3:])


@side_by_side
def test_mld_without_an_address_of_its_own(place):
    sender, receiver = place.host('tx'), place.host('rx')
    place.lab.wire(sender, 'eth0', receiver, 'eth0')
    sender.speak_ipv6('eth0', f'{link_local(receiver.mac("eth0"))}/64')
    daemon = Daemon(place.lab, receiver, '--idle', 'adaptive', '--interface', 'feed=net_af_packet0',
                    '--join=[ff15::1]:5000', vdev='net_af_packet0,iface=eth0')
    wait_verdict(daemon, 'no_address', CAUSE, ['feed'], '[ff15::1]:5000', seconds=15)


FAR, BESIDE, NEAR_TTL, NOBODYS = (f'239.4.2.{n}:5000' for n in range(1, 5))


@side_by_side
def test_what_a_router_keeps_away_is_not_decided_from_here(place):
    """Two of FRR's between the sender and us: TTL 1, a sender that is silent, a branch that is pruned."""
    line = routers.Line(place.lab, place.name)
    frr = routers.start_frr(line, 3)
    daemon = Daemon(place.lab, line.receiver, '--idle', 'adaptive', '--interface',
                    'feed=net_af_packet0,address=10.2.0.2/24',
                    *[f'--join={one}' for one in (FAR, BESIDE, NEAR_TTL, NOBODYS)],
                    vdev='net_af_packet0,iface=eth0')
    daemon.cat(timeout=120)
    traffic = [Traffic(line.sender, FAR, BESIDE, rate=50, ttl=8), Traffic(line.sender, NEAR_TTL, rate=50, ttl=1)]
    for group in FAR, BESIDE:
        wait_verdict(daemon, None, FLOWS, group=group, seconds=60)
    answer = wait_verdict(daemon, 'silent', UNDECIDED, ['never'], f'{NEAR_TTL}@10.1.0.2')
    assert {'ttl', 'silent_sender', 'pruned'} <= set(codes(answer, 'candidates')), answer
    assert says(answer['proven'], '10.1.0.2', '239.4.2.'), 'others of that source flow'
    assert says(answer['proven'], 'querier 10.2.0.1'), answer
    answer = wait_verdict(daemon, 'silent', UNDECIDED, ['never'], NOBODYS)
    assert {'ttl', 'silent_sender', 'pruned'} <= set(codes(answer, 'candidates')), answer
    # Of the whole host this is no fault: somebody has to look.
    answer = wait_verdict(daemon, 'silent', UNDECIDED)

    frr[1].configure('interface b1', 'no ip pim')
    answer = wait_verdict(daemon, 'silent', UNDECIDED, ['stopped'], FAR, seconds=30)
    assert {'pruned', 'rpf', 'silent_sender'} <= set(codes(answer, 'candidates')), answer
    assert says(answer['proven'], '10.1.0.2', 'TTL 6'), answer
    assert any('show ip mroute' in one['command'] for one in answer['candidates']), answer
    for one in traffic:
        one.stop()
