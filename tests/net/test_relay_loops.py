# SPDX-License-Identifier: BSD-3-Clause
"""Two relays between two LANs, side by side and the one against the other: copies, and loops."""

import collections
import time

from family import IPV6
from netlab import wait_for
from querier_lan import QUICK, side_by_side, start, wait_role
from relay_lan import (End, RelayLan, account, datagram, relay_mac, relayed, settled, start_relay,
                       untagged)

GROUPS = '239.1.2.3', IPV6.address('239.1.2.3')
FAR = '192.0.2.9', '2001:db8:9::9'
COUNT, TTL = 100, 16
LOWER, HIGHER, HOST = 100, 101, 1
LINK = f'static-groups={"+".join(GROUPS)}'


class Two:
    """Two relays between two LANs, and hosts on both."""

    def __init__(self, place, is_crossed, upstream='', downstream='forward-when=always'):
        self.lans = place.lan(), place.lan()
        routers = [place.router(*self.lans, n=n) for n in (LOWER, HIGHER)]
        hosts = [place.host(f'host{lan.n}') for lan in self.lans]
        for lan, host in zip(self.lans, hosts):
            lan.connect(host, HOST, kernel=False)
        self.ends = [End(host, lan.name) for lan, host in zip(self.lans, hosts)]
        self.seen = [collections.defaultdict(list) for _ in self.lans]
        self.relays = []
        for n, router in zip((LOWER, HIGHER), routers):
            up, down = self.lans[::-1] if is_crossed and n == HIGHER else self.lans
            self.relays.append(start(place.lab, router, self.lans, n, {
                up: f'{ipv6(up, n)},role=upstream{upstream}',
                down: f'{ipv6(down, n)},role=downstream,{LINK},{downstream}'}))

    def send(self, sources):
        """Numbered datagrams on the first LAN, the next when one has come to the second: a guard knows
        again what few others came behind."""
        end = time.monotonic() + 30
        for n in range(COUNT):
            for source, group in zip(sources, GROUPS):
                self.ends[0].send(datagram(source, group, b'%08d' % n, TTL))
            while len(self.read(1)) < 2 * (n + 1):
                assert time.monotonic() < end, f'number {n} does not come'

    def read(self, lan):
        """{(EtherType, number): TTLs} of what a host on a LAN has seen."""
        while frame := self.ends[lan].receive(0.001):
            kind, packet = untagged(frame)
            at, ttl = (28, 8) if kind == b'\x08\0' else (48, 7)
            if packet[at:at + 8].isdigit():
                self.seen[lan][kind, int(packet[at:at + 8])].append(packet[ttl])
        return self.seen[lan]

    def copies(self, lan, at_least):
        """What read() gives, when each number has come so often, and nothing more comes."""
        wait_for(lambda: len(self.read(lan)) == 2 * COUNT and
                 all(len(ttls) >= at_least for ttls in self.read(lan).values()), 20,
                 f'{at_least} copies of each')
        self.settle()
        return self.read(lan)

    def settle(self):
        """Until the relays have received nothing from one reading to the next."""
        def received():
            return [account(relay)['received'] for relay in self.relays]

        before = received()

        def quiet():
            nonlocal before
            now, before = before, received()
            return now == before

        wait_for(quiet, 20, 'nothing circles')


def ipv6(lan, n):
    return f'address6={IPV6.address(lan.ipv4(n))}/120'


def hosts_of(lan):
    return lan.ipv4(HOST), IPV6.address(lan.ipv4(HOST))


@side_by_side
def test_of_two_relays_side_by_side_one_forwards(place):
    """F-17, R-EL-12, P-15: the querier."""
    two = Two(place, False, downstream=f'querier=on,mld-querier=on,{QUICK}')
    lower, higher = two.relays
    wait_role(lower, two.lans[1], 'us')
    wait_role(higher, two.lans[1], 'other')
    two.send(hosts_of(two.lans[0]))
    assert all(ttls == [TTL - 1] for ttls in two.copies(1, 1).values())
    assert not two.read(0)


@side_by_side
def test_crossed_relays_do_not_loop(place):
    """F-16, P-20: what one relays to the second LAN comes there by an interface that is not its source's.
    Both forward what comes from the first, each by its own rule: to members, and upstream."""
    two = Two(place, True)
    two.send(hosts_of(two.lans[0]))
    assert all(ttls == [TTL - 1] * 2 for ttls in two.copies(1, 2).values())
    assert all(sum(one['wrong_interface'] for one in settled(relay)['relay']) >= 2 * COUNT
               for relay in two.relays)


@side_by_side
def test_crossed_relays_of_which_one_does_not_forward_upstream_give_one_copy(place):
    """F-16."""
    two = Two(place, True, upstream=',forward-when=never')
    two.send(hosts_of(two.lans[0]))
    assert all(ttls == [TTL - 1] for ttls in two.copies(1, 1).values())


@side_by_side
def test_the_loop_of_a_far_source_ends_with_a_guard(place):
    """P-20: no subnet tells from where it should come. The second relay's copy comes back to the first
    LAN once, and is known there."""
    two = Two(place, True, upstream=',loop-guard=on')
    two.send(FAR)
    assert all(ttls == [TTL - 1] for ttls in two.copies(1, 1).values())
    assert sum(one['looped'] for one in settled(two.relays[0])['relay']) == 2 * COUNT
    back = two.copies(0, 1)
    assert all(ttls == [TTL - 2] for ttls in back.values())


# ---- what is forged stops nothing ----

def test_forged_and_replayed_frames_stop_nothing(lab):
    """With the guard on: a frame of the right source and group, with the highest TTL and other content,
    before each right one, and old ones again with a higher TTL."""
    lan = RelayLan(lab)
    keys = f'role=downstream,forward-when=always,static-groups=239.1.2.250+{"+".join(GROUPS)}'
    daemon = start_relay(lan, {'s': 'role=upstream,loop-guard=on', 'a': keys, 'b': keys})
    for source, group in zip(('10.1.0.2', IPV6.address('10.1.0.2')), GROUPS):
        right = [datagram(source, group, b'%08d' % n, 64) for n in range(COUNT)]
        sent = []
        for n, frame in enumerate(right):
            sent.append(datagram(source, group, b'forged%02d' % (n % 7), 255))
            if n >= 10:
                sent.append(datagram(source, group, b'%08d' % (n - 10), 255))
            sent.append(frame)
        seen = lan.exchange(*[('s', frame) for frame in sent])
        for link in 'ab':
            wanted = [relayed(frame, relay_mac(link)) for frame in right]
            assert [frame for frame in seen[link] if frame in set(wanted)] == wanted
    account(daemon)
