# SPDX-License-Identifier: BSD-3-Clause
"""The relay and the proxy beside others: below FRR and pimd, beside a second one, and on a LAN that a PIM
router serves, too. What waits is under way at the same time."""

import signal
import time

import pytest

import routers
from family import IPV4, at_port
from membership_lan import IGMP, protocol_of
from netlab import wait_for
from page import Typed, beginnings, blocks
from programs import MCSEND, Daemon, identity
from proxy_lans import (BLOCK, HOST, PROTOCOLS, QUERIER, SOURCE, TO_IN, US, Watch, both, is_whole,
                        silent_member, watch_lans)
from querier_lan import members, querier, side_by_side, start, table, wait_role

ASM, SSM, SENDER = '239.1.2.3', '232.1.2.3', '10.1.0.2'
ONE_SOURCE = f'{SSM}@{SENDER}'
BUSY_S = 1.0  # how late a busy machine may be
TTL, RATE = 8, 50  # of the data; datagrams a second


@pytest.fixture(scope='module', autouse=True)
def unpacked():
    """Before the scenarios are under way."""
    routers.unpack()


class Below:
    """A proxy with eth0 upstream, and a kernel's host on eth1 and on eth2 each. above: whose interface is
    at the other end of eth0."""

    def __init__(self, place, proxy, above, above_interface, family=IPV4):
        self.place, self.proxy, self.protocol = place, proxy, protocol_of(family)
        self.sender = family.address(SENDER)
        self.hosts = [place.host(name) for name in 'ab']
        for n, host in enumerate(self.hosts, 1):
            place.lab.wire(proxy, f'eth{n}', host, 'eth0')
            family.give(host, 'eth0', f'10.{n + 2}.0.2')
        # At the other ends: what net_af_packet sends no capture beside it sees.
        self.watch = Watch(place, {'eth0': (above, above_interface), 'eth1': (self.hosts[0], 'eth0'),
                                   'eth2': (self.hosts[1], 'eth0')})
        self.members = [silent_member(host, 'eth0') for host in self.hosts]

    def send(self, sender, *groups, rate=RATE):
        """All the time, from 10.1.0.2."""
        self.rate = rate
        sender.start(MCSEND, '--interface', 'eth0', '--ttl', TTL, '--count', 1_000_000, '--rate', rate,
                     *[word for one in groups for word in ('--to', at_port(one))])

    def is_flowing(self, n, flows=1):
        """Whether so many flows come to a host, now."""
        host = self.hosts[n]
        since, before = time.monotonic(), host.counter('eth0')
        time.sleep(0.3)
        came = host.counter('eth0') - before
        return came / (time.monotonic() - since) > (flows - 0.6) * self.rate

    def wait_flow(self, n, flows=1, seconds=60):
        wait_for(lambda: self.is_flowing(n, flows), seconds, f'{self.place.name}: {flows} at host {n}')

    def restart(self, router, start, flows=1):
        """Kills a router and starts another in its place; gives that."""
        router.kill()
        wait_for(lambda: not self.is_flowing(0), 10, f'{self.place.name}: nobody forwards')
        started = time.time()
        router = start()
        for n in (0, 1):
            self.wait_flow(n, flows)
        print(f'{self.place.name}: data {time.time() - started:.1f} s after the start of the router')
        return router

    def wait_upstream_silence(self, seconds=30):
        """Until the router sends nothing any more."""
        def count():
            return self.proxy.counter('eth0')

        def is_silent():
            before = count()
            time.sleep(0.5)
            return count() - before < 10

        wait_for(is_silent, seconds, f'{self.place.name}: the router stops')

    def stop(self):
        """Ends the captures; what they have is then of the proxy's interfaces."""
        self.watch.stop()
        self.data, self.said = self.watch.data, self.watch.said(self.protocol)
        self.mac = {port: self.proxy.mac(port) for port in self.watch.names}
        self.host_mac = [host.mac('eth0') for host in self.hosts]

    # ---- after stop() ----

    def told(self, since=0.0):
        """[(record or type, group, sources)] of what the proxy said upstream."""
        return [one for m in self.said if m.mac == self.mac['eth0'] and m.time >= since
                for one in m.told_whole()]

    def arrived(self, n, group):
        """What the proxy forwarded to a host."""
        port = f'eth{n + 1}'
        return [one for one in self.data if (one.interface, one.mac) == (port, self.mac[port]) and
                one.group == group]

    def delay_ms(self, n, group):
        """From a host's first report to its first datagram."""
        asked = min(m.time for m in self.said if m.mac == self.host_mac[n]
                    for one in m.told() if one[1] == group)
        return 1000 * (self.arrived(n, group)[0].time - asked)

    def assert_hops(self, group, routers_between):
        """Each forwarder has lowered the TTL once, and the proxy has forwarded what came, once."""
        came = [one for one in self.data if one.interface == 'eth0' and one.group == group and
                one.source == self.sender]
        assert {one.ttl for one in came} == {TTL - routers_between}
        for n in range(len(self.hosts)):
            arrived = self.arrived(n, group)
            assert {one.ttl for one in arrived} == {TTL - routers_between - 1}
            numbers = {one.number for one in arrived}
            assert len(numbers) == len(arrived) and numbers <= {one.number for one in came}

    def print_delays(self, *groups):
        for group in groups:
            first, second = self.delay_ms(0, group), self.delay_ms(1, group)
            print(f'{self.place.name}: {group}: join to first datagram {first:.2f} ms; '
                  f'while it comes already {second:.2f} ms')
            assert second < 1000 * BUSY_S


def routed(place, router):
    """A sender, a router, and who is to be the proxy: 10.1.0.0/24 and 10.2.0.0/24 are the router's eth0
    and eth1."""
    sender, box, proxy = place.host('tx'), place.host('r'), place.host('proxy')
    place.lab.wire(sender, 'eth0', box, 'eth0')
    place.lab.wire(box, 'eth1', proxy, 'eth0')
    sender.run('ip', 'addr', 'add', f'{SENDER}/24', 'dev', 'eth0')
    for n in (0, 1):
        box.run('ip', 'addr', 'add', f'10.{n + 1}.0.1/24', 'dev', f'eth{n}')
    box.run('sysctl', '-qw', 'net.ipv4.ip_forward=1',
            *[f'net.ipv4.conf.{name}.rp_filter=0' for name in ('all', 'default')])
    return sender, box, proxy


def assert_shown(below, daemon, shows, output):
    """What the page prints is there, but for counters and ages."""
    lines = beginnings(daemon.run(shows), 4, headings=('group',))
    assert beginnings(output, 4, headings=('group',)) <= lines, lines


@side_by_side
def test_the_pages_commands_forward_only_to_the_ports_with_members(place):
    """F-1: no router, and a group that a port gets though nobody asks for it."""
    command, shows, output = blocks('routing.md', 'Data only to the ports with members')
    sender, proxy = place.host('tx'), place.host('proxy')
    place.lab.wire(sender, 'eth0', proxy, 'eth0')
    sender.run('ip', 'addr', 'add', '10.2.0.7/24', 'dev', 'eth0')
    below = Below(place, proxy, sender, 'eth0')
    daemon = Typed(place, proxy, command)
    wait_for(lambda: 'ready' in daemon.log(), 20, f'mcring is ready: {daemon.log_path}')
    below.send(sender, '239.1.1.1', '239.1.1.2', '239.1.1.3')
    below.wait_flow(1)
    below.members[0].do('join', '239.1.1.1')
    below.wait_flow(0)
    assert_shown(below, daemon, shows, output)
    below.members[0].do('leave', '239.1.1.1')
    wait_for(lambda: not below.is_flowing(0), 10, 'the leave ends it')
    below.stop()
    for n, group in ((1, '239.1.1.2'), (0, '239.1.1.1')):
        numbers = [one.number for one in below.arrived(n, group)]
        assert is_whole(numbers), numbers
    sent = {(one.interface, one.group) for one in below.data if one.source == '10.2.0.7'}
    assert sent == {('eth0', f'239.1.1.{n}') for n in (1, 2, 3)} | {
        ('eth1', '239.1.1.1'), ('eth2', '239.1.1.2')}
    print(f'{place.name}: join to first datagram {below.delay_ms(0, "239.1.1.1"):.2f} ms')


@side_by_side
def test_the_pages_commands_make_a_proxy_below_pimd(place):
    """P-28, P-29, P-31: of any source, of one; pimd is killed and started."""
    conf, command, shows, output = blocks('routing.md', 'A proxy below pimd')
    sender, box, proxy = routed(place, 'pimd')
    router = routers.Pimd(place.lab, box, conf)
    below = Below(place, proxy, box, 'eth1')
    below.send(sender, ASM, SSM)
    daemon = Typed(place, proxy, command)
    wait_for(lambda: 'ready' in daemon.log(), 20, f'mcring is ready: {daemon.log_path}')
    # Groups of any source take pimd long, others not.
    below.members[0].do('join', ASM, ONE_SOURCE)
    below.wait_flow(0)
    below.members[1].do('join', ASM, ONE_SOURCE)
    below.wait_flow(1)
    below.restart(router, lambda: routers.Pimd(place.lab, box, conf))
    for n in (0, 1):
        below.wait_flow(n, flows=2)
    assert_shown(below, daemon, shows, output)
    left = time.time()
    for member in below.members:
        member.do('leave', ASM, ONE_SOURCE)
    wait_for(lambda: not is_any_flowing(below), 10, 'they have left')
    below.stop()
    below.print_delays(SSM)
    for group in (ASM, SSM):
        below.assert_hops(group, 1)
    assert {(TO_IN, ASM), (BLOCK, SSM)} <= {one[:2] for one in below.told(left)}


def is_any_flowing(below):
    return any(below.is_flowing(n) for n in (0, 1))


@side_by_side
def test_the_pages_commands_make_a_proxy_below_frr_with_ssm(place):
    """P-28, P-29: source-specific groups without a rendezvous point."""
    conf, command, shows, output = blocks('routing.md', 'A proxy below FRR with SSM')
    sender, box, proxy = routed(place, 'frr')
    routers.Frr(place.lab, box, conf).wait()
    below = Below(place, proxy, box, 'eth1')
    below.send(sender, SSM, rate=250)
    daemon = Typed(place, proxy, command)
    wait_for(lambda: 'ready' in daemon.log(), 20, f'mcring is ready: {daemon.log_path}')
    below.members[0].do('join', ONE_SOURCE)
    below.wait_flow(0)
    below.members[1].do('join', ONE_SOURCE)
    below.wait_flow(1)
    assert_shown(below, daemon, shows, output)
    left = time.time()
    for member in below.members:
        member.do('leave', ONE_SOURCE)
    below.wait_upstream_silence()
    below.stop()
    below.print_delays(SSM)
    below.assert_hops(SSM, 1)
    assert (BLOCK, SSM, [SENDER]) in below.told(left)


# ---- behind a PIM domain ----

def proxy_of(line):
    """mcring in the place of a line's receiver: kernel's hosts on eth1 and eth2, a receiver on eth3."""
    address, querier = ('address6', 'mld-querier') if line.family.is_ipv6 else ('address', 'querier')
    addresses = [line.family.address(one) for one in ('10.2.0.2', '10.3.0.1', '10.4.0.1', '10.5.0.1')]
    keys = ['role=upstream'] + [f'role=downstream,{querier}=on,fast-leave=on'] * 3
    return Daemon(line.lab, line.receiver, '--idle', 'adaptive', *[
        word for n in range(4) for word in (
            '--interface', f'eth{n}=net_af_packet{n},dad=off,{address}={addresses[n]}/'
            f'{112 if line.family.is_ipv6 else 24},{keys[n]}')],
        vdev=[f'net_af_packet{n},iface=eth{n}' for n in range(4)])


def receiver_of(line, place):
    """Another mcring, which receives below the proxy."""
    host = place.host('consumer')
    line.lab.wire(line.receiver, 'eth3', host, 'eth0')
    return Daemon(line.lab, host, '--idle', 'adaptive', '--interface',
                  f'feed=net_af_packet0,{line.family.own("10.5.0.2")}', vdev='net_af_packet0,iface=eth0')


def is_wanted(daemon, *groups):
    return any(one['group'] in groups for one in members(daemon)['members'])


def behind(place, start_routers, version, change=None, kind=routers.Line):
    """Joins, a change, and leaves behind one router or two."""
    line = kind(place.lab, place.name)
    family, protocol = line.family, protocol_of(line.family)
    line.receiver.run('ip', 'link', 'set', 'eth0', 'up')
    started = start_routers(line, version)
    receiver = receiver_of(line, place)
    below = Below(place, line.receiver, line.r2, 'c0', family)
    proxy = proxy_of(line)
    asm, ssm, sender = map(family.address, (ASM, SSM, SENDER))
    groups = {asm: asm} if version == 2 else {asm: asm, ssm: f'{ssm}@{sender}'}
    joins = [family.join(one) for one in (f'{ASM}:5000', f'{SSM}:5000@{SENDER}')[:len(groups)]]
    below.send(line.sender, *groups)
    router = line.r2.link_local('c0') or '10.2.0.1'
    wait_for(lambda: protocol.status(proxy)['querier'] == router, 30, 'the router asks')
    protocol.wait_version(proxy, version, 20)
    below.members[0].do('join', *groups.values())
    below.wait_flow(0, len(groups))
    below.members[1].do('join', *groups.values())
    receiver.ctl('join', *joins)
    below.wait_flow(1, len(groups))
    wait_for(lambda: receiver.stats()['delivered'] > RATE / 2, 10, 'mcring receives below mcring')
    if change:
        change(below, line, started)
    assert identity(receiver.stats()) and identity(proxy.stats())
    left = time.time()
    receiver.ctl('leave', *joins)
    for member in below.members:
        member.do('leave', *groups.values())
    if start_routers is not routers.start_pimd:  # which heeds no leave of version 3
        below.wait_upstream_silence()
    wait_for(lambda: not is_wanted(proxy, *groups), 10, 'nothing is wanted downstream')
    below.stop()
    below.print_delays(*groups)
    for group in groups:
        below.assert_hops(group, 1 if kind is routers.Line6 else 2)
    expected = {(protocol.leave_v2, asm)} if version == 2 else {(TO_IN, asm), (BLOCK, ssm)}
    assert expected <= {one[:2] for one in below.told(left)}, below.told(left)


def move_and_restart(below, line, frr):
    """The rendezvous point becomes the last router, which then is killed and started."""
    for router in frr:
        router.configure('no ip pim rp 10.12.0.1 224.0.0.0/4', 'ip pim rp 10.12.0.2 224.0.0.0/4')
    for n in (0, 1):
        below.wait_flow(n, 2)
    below.restart(frr[1], lambda: routers.Frr(line.lab, line.r2, routers.frr_config('r2', 3, '10.12.0.2')), 2)


def restart_old(below, line, frr):
    below.restart(frr[1], lambda: routers.Frr(line.lab, line.r2, routers.frr_config('r2', 2)))


@side_by_side
def test_behind_two_frr_all_groups_arrive_through_every_change(place):
    """P-10, P-28, P-29, P-31."""
    behind(place, routers.start_frr, 3, move_and_restart)


@side_by_side
def test_behind_two_frr_of_version_2_groups_of_any_source_arrive(place):
    """P-10, P-28, P-29, P-31."""
    behind(place, routers.start_frr, 2, restart_old)


@side_by_side
def test_behind_two_pimd_all_groups_arrive(place):
    """P-10, P-28, P-29."""
    behind(place, routers.start_pimd, 3)


@side_by_side
def test_behind_an_mld_router_all_groups_arrive(place):
    """P-10, P-28, P-29: IPv6. Debian 12 has no router that speaks MLD: routers.py."""
    behind(place, routers.start_mld_router, 3, kind=routers.Line6)


# ---- beside another forwarder ----

OQPI_S = 2.25  # of these intervals
BESIDE = f'{QUERIER},query-interval=1,query-response-interval=0.5,last-member-query-interval=0.5'


class Beside:
    """Two LANs with mcring between them, and a source above."""

    def __init__(self, place, downs=1):
        self.place = place
        self.up, *self.downs = self.lans = [place.lan() for _ in range(1 + downs)]
        self.source = place.kernel(self.up, SOURCE, 'source')
        self.hosts = {lan: place.kernel(lan, HOST, f'{lan.name}host') for lan in self.downs}
        self.members = {lan: silent_member(host, lan.name) for lan, host in self.hosts.items()}
        self.watch = watch_lans(place, self.lans)

    def mcring(self, n):
        return start(self.place.lab, self.place.router(*self.lans, n=n), self.lans, n, {
            lan: 'role=upstream' if lan is self.up else f'role=downstream,{BESIDE}' for lan in self.lans})

    def send(self, *groups):
        self.source.start(MCSEND, '--interface', self.up.name, '--ttl', TTL, '--count', 1_000_000, '--rate',
                          RATE, *[word for one in groups for word in ('--to', at_port(one))])

    def wait_data(self, lan, n=RATE):
        before = self.hosts[lan].counter(lan.name)
        wait_for(lambda: self.hosts[lan].counter(lan.name) >= before + n, 60, f'{self.place.name}: data')

    def stop(self):
        self.watch.stop()
        self.data = self.watch.data

    def copies(self, lan, group, since=0.0, until=float('inf')):
        """{number: who forwarded it to a LAN, by MAC addresses}"""
        found = {}
        for one in self.data:
            if one.interface == lan.name and one.group == group and since < one.time < until:
                found.setdefault(one.number, []).append(one.mac)
        return found


@side_by_side
def test_of_two_proxies_one_forwards_and_the_other_takes_over(place):
    """P-15, P-16, F-17, R-EL-12: one copy; the end of the first costs OQPI at most, and no message
    upstream."""
    beside = Beside(place)
    up, down = beside.lans
    first, second = beside.mcring(US), beside.mcring(US + 1)
    groups = both(ASM)
    for daemon, role in ((first, 'us'), (second, 'other')):
        wait_role(daemon, down, role)
    beside.members[down].do('join', *groups)
    for daemon in (first, second):
        wait_for(lambda: set(groups) <= set(table(daemon, down)), 5, 'both know the member')
    beside.send(*groups)
    settled = time.time()
    beside.wait_data(down, 2 * RATE)
    killed = time.time()
    first.stop(signal.SIGKILL)
    wait_role(second, down, 'us')
    beside.wait_data(down, 2 * RATE)
    back = time.time()
    first.start()
    wait_role(second, down, 'other')
    again = time.time()
    beside.wait_data(down, 4 * RATE)
    ends = time.time()
    beside.stop()
    for group in groups:
        alone = beside.copies(down, group, settled, killed)
        assert all(macs == [down.mac(US)] for macs in alone.values()) and is_whole(sorted(alone))
        taken = [one for one in beside.data if one.group == group and one.mac == down.mac(US + 1) and
                 killed < one.time < back]
        gap_s = taken[0].time - killed
        both_forward = sum(len(macs) > 1 for macs in beside.copies(down, group, back, again).values())
        print(f'{group}: OQPI {OQPI_S} s, without data {gap_s:.2f} s, twice at its return {both_forward}')
        assert gap_s < OQPI_S + BUSY_S and is_whole([one.number for one in taken])
        late = beside.copies(down, group, again + BUSY_S, ends)
        assert late and all(macs == [down.mac(US)] for macs in late.values())
    for protocol in PROTOCOLS:
        told = [m.time for m in beside.watch.said(protocol) if m.mac == up.mac(US + 1) and
                any(one[1] in groups for one in m.told())]
        assert told and max(told) < killed, 'it was a member all the time'


def beside_router(place, start_router):
    """A PIM router on two LANs that mcring serves, too: on the first its address is higher than ours, so
    that we are the querier, on the second lower."""
    beside = Beside(place, downs=2)
    up, higher, lower = beside.lans
    box = place.host('pim')
    numbers = {up: 50, higher: 200, lower: 5}
    for lan, n in numbers.items():
        lan.connect(box, n, kernel=False)
        box.run('ip', 'addr', 'add', f'{lan.ipv4(n)}/24', 'dev', lan.name)
    box.run('sysctl', '-qw', 'net.ipv4.ip_forward=1',
            *[f'net.ipv4.conf.{name}.rp_filter=0' for name in ('all', 'default')])
    start_router(place.lab, box, *beside.lans)
    daemon = beside.mcring(US)
    for lan, role in ((higher, 'us'), (lower, 'other')):
        wait_for(lambda: querier(daemon, lan, IGMP)['role'] == role, 30, f'{place.name}: {role}')
        beside.members[lan].do('join', ASM)
    beside.send(ASM)
    for lan in (higher, lower):
        beside.wait_data(lan)
    def coming(lan):
        """Datagrams in half a second."""
        before = beside.hosts[lan].counter(lan.name)
        time.sleep(0.5)
        return beside.hosts[lan].counter(lan.name) - before

    wait_for(lambda: coming(higher) > 0.8 * RATE and coming(lower) > 0.3 * RATE, 60,
             f'{place.name}: both forward')
    settled = time.time()
    for lan in (higher, lower):
        beside.wait_data(lan, 2 * RATE)
    ends = time.time()
    beside.stop()
    copies = {lan: beside.copies(lan, ASM, settled, ends) for lan in (higher, lower)}
    two = [macs for macs in copies[higher].values() if len(macs) == 2]
    assert len(two) > RATE / 2 and all(set(macs) == {higher.mac(US), higher.mac(200)} for macs in two)
    assert all(macs == [lower.mac(5)] for macs in copies[lower].values()) and copies[lower]


def start_frr_on(lab, box, up, higher, lower):
    routers.Frr(lab, box, f'interface {up.name}\n ip pim\n' + ''.join(
        f'interface {lan.name}\n ip pim\n ip igmp\n ip igmp query-max-response-time 10\n'
        ' ip igmp query-interval 3\n' for lan in (higher, lower)) +
        f'ip pim rp {up.ipv4(50)} 224.0.0.0/4\n').wait()


def start_pimd_on(lab, box, up, higher, lower):
    routers.Pimd(lab, box, 'igmp-query-interval 3\nigmp-querier-timeout 12\n'
                 f'rp-address {up.ipv4(50)} 224.0.0.0/4\n')


@side_by_side
def test_frr_on_the_same_lan_forwards_whoever_is_the_querier(place):
    """P-15, P-17: so there are two copies, until mcring is not the querier."""
    beside_router(place, start_frr_on)


@side_by_side
def test_pimd_on_the_same_lan_forwards_whoever_is_the_querier(place):
    """P-15, P-17: so there are two copies, until mcring is not the querier."""
    beside_router(place, start_pimd_on)
