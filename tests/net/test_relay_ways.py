# SPDX-License-Identifier: BSD-3-Clause
"""The relay's ways out: VLANs, lengths, what an interface is told to take, elections, links that go."""

from family import IPV6
from frames import Dot1AD, Dot1Q
from membership_lan import IGMP, MLD, TO_EX, report
from netlab import wait_for
from programs import Daemon
from querier_lan import QUICK, members
from relay_cases import ipv4, ipv6
from relay_lan import (LINKS, MARK_GROUP, RelayLan, account, datagram, mark, marks_of_all,
                       output_of, relay_mac, relayed, settled, start_relay, tagged)

GROUP, SOURCE = '239.1.2.3', '10.1.0.2'
ALWAYS = f'role=downstream,forward-when=always,static-groups={MARK_GROUP}'


def without(seen, *links):
    return {link: frames for link, frames in seen.items() if link not in links}


# ---- VLANs ----

VLANS = {'u': ('s', 0), 'a5': ('a', 5), 'b': ('b', 0), 'b6': ('b', 6)}  # interface: link, VID


def vlan_relay(lan):
    """The interfaces of VLANS, of which u is upstream."""
    words = []
    for i, (name, (link, vlan)) in enumerate(VLANS.items(), 1):
        keys = 'role=upstream' if name == 'u' else (
            f'{ALWAYS}+{GROUP}+{IPV6.address(GROUP)}')
        words += ['--interface', f'{name}=net_af_packet{LINKS[link][1]},vlan={vlan},'
                  f'address=10.{i}.0.1/24,address6=2001:db8::{i}:1/112,dad=off,{keys}']
    return Daemon(lan.lab, lan.relay, *words, vdev=[
        f'net_af_packet{n},iface={interface}' for interface, n in LINKS.values()])


def copies(frame, came_in):
    """[(link, frame)] on all interfaces of VLANS but one."""
    return [(link, relayed(frame, relay_mac(link), vlan)) for name, (link, vlan) in VLANS.items()
            if name != came_in]


def vlan_marks(number):
    for i, (name, (link, vlan)) in enumerate(VLANS.items(), 1):
        frame = tagged(datagram(f'10.{i}.0.250', MARK_GROUP, b'mark%05d' % number), vlan)
        yield link, frame, copies(frame, name)


def test_tags_are_those_of_the_output(lab):
    """F-23: each interface of three VLANs and none relays to the others, on the same port, too."""
    lan = RelayLan(lab)
    daemon = vlan_relay(lan)
    sent, expected = [], {link: [] for link in LINKS}
    for make in ipv4, ipv6:
        for i, (name, (link, vlan)) in enumerate(VLANS.items(), 1):
            tags = {0: [], 5: [Dot1Q(vlan=5, prio=3)], 6: [Dot1AD(vlan=6)]}[vlan]
            for untag in ([[], [Dot1Q(vlan=0, prio=7)]] if vlan == 0 else [[]]):
                frame = bytes(make(i, GROUP, f'10.{i}.0.2', tags=tags or untag))
                sent.append((link, frame))
                for other, copy in copies(frame, name):
                    expected[other].append(copy)
            # Not one of ours.
            sent.append((link, bytes(make(9, GROUP, f'10.{i}.0.2', tags=[Dot1Q(vlan=7)]))))
    seen = lan.exchange(*sent, marks=vlan_marks)
    for link in LINKS:
        assert sorted(seen[link]) == sorted(expected[link]), link
    account(daemon)
    assert daemon.stop() == 0


# ---- lengths ----

def test_long_datagrams_are_relayed_whole_to_where_they_fit(lab):
    """F-33, F-24: 9,000 octets; one output takes 1,500."""
    lan = RelayLan(lab, mtu={'s': 9000, 'a': 9000})
    daemon = start_relay(lan, {'s': 'role=upstream', **dict.fromkeys('ab', f'{ALWAYS}+{GROUP}')},
                         vdev=',framesz=16384,blocksz=1048576,framecnt=512')
    sizes = [0, 17, 18, 19, 200, 1472, 1473, 2048, 4096, 8972]
    frames = [datagram(SOURCE, GROUP, bytes(i % 251 for i in range(size))) for size in sizes]
    seen = lan.exchange(*[('s', frame) for frame in frames])
    assert seen == {'s': [], 'a': [relayed(frame, relay_mac('a')) for frame in frames],
                    'b': [relayed(frame, relay_mac('b')) for frame in frames if len(frame) <= 1514]}
    stats = settled(daemon)
    assert output_of(stats, 'd1')['tx_mtu'] == sum(len(frame) > 1514 for frame in frames)
    assert output_of(stats, 'd0')['tx_mtu'] == 0


# ---- what an interface is told ----

def test_an_interface_takes_what_its_keys_say(lab):
    """F-13, F-15, P-14, P-18: static groups of any source and of one; scopes: other ones, none;
    rpf_sources; the same source by two interfaces in turn."""
    lan = RelayLan(lab)
    daemon = start_relay(lan, {
        's': 'role=upstream,scopes=none',
        'a': f'{ALWAYS}+{GROUP}+232.1.1.1@{SOURCE}+239.255.1.1+239.7.1.1,scopes=none,'
             'rpf-sources=192.0.2.0/28+198.51.100.7/32',
        'b': f'{ALWAYS}+{GROUP}+239.255.1.1,scopes=239.7.0.0/16+ff15::7:0/112,querier=on,'
             'mld-querier=on'})
    lan.ends['b'].send(report(IGMP, (TO_EX, '239.7.1.1'), source='10.3.0.2'),
                       report(MLD, (TO_EX, 'ff15::7:101')))
    there = {'239.7.1.1', 'ff15::7:101'}
    wait_for(lambda: there <= {one['group'] for one in members(daemon)['members']}, 5,
             'there are members behind the scope')
    cases = [  # from, source, group, to
        ('s', SOURCE, GROUP, 'ab'), ('s', SOURCE, '232.1.1.1', 'a'), ('s', '10.1.0.3', '232.1.1.1', ''),
        ('s', SOURCE, '239.255.1.1', 'ab'), ('s', SOURCE, '239.7.1.1', 'a'),
        ('a', '10.2.0.2', '239.7.1.1', 's'), ('b', '10.3.0.2', '239.7.1.1', ''),
        ('s', IPV6.address(SOURCE), 'ff15::7:101', ''), ('b', '10.3.0.2', '239.255.1.1', 'sa'),
        ('b', '10.3.0.2', '239.8.8.8', 's'),
        # From where a source may come.
        ('a', '192.0.2.15', GROUP, 'sb'), ('a', '192.0.2.16', GROUP, ''), ('s', '192.0.2.15', GROUP, ''),
        ('s', '192.0.2.16', GROUP, 'ab'), ('b', '192.0.2.15', GROUP, ''),
        ('a', '198.51.100.7', GROUP, 'sb'), ('s', '198.51.100.7', GROUP, ''),
        ('b', '10.2.0.2', GROUP, ''), ('a', '10.3.0.2', GROUP, ''),
        *[('s', SOURCE, GROUP, 'ab'), ('a', SOURCE, GROUP, '')] * 20]
    frames = [(link, datagram(source, group, b'%03d' % i), to)
              for i, (link, source, group, to) in enumerate(cases)]
    seen = lan.exchange(*[(link, frame) for link, frame, _ in frames],
                        marks=marks_of_all)
    for link in LINKS:
        assert sorted(seen[link]) == sorted(relayed(frame, relay_mac(link))
                                            for _, frame, to in frames if link in to), link
    stats = settled(daemon)
    assert output_of(stats, 'd0')['wrong_interface'] == 1 + 1 + 20


def test_what_never_forwards_gets_nothing(lab):
    """P-3: forward_when=never of the upstream interface, and of a downstream one, whose members the proxy
    counts all the same."""
    lan = RelayLan(lab)
    daemon = start_relay(lan, {
        's': 'role=upstream,forward-when=never', 'a': f'{ALWAYS}+{GROUP}',
        'b': f'role=downstream,forward-when=never,static-groups={GROUP}'})
    frames = [datagram(SOURCE, GROUP), datagram('10.2.0.2', GROUP), datagram('10.3.0.2', GROUP)]

    def marks(number):
        for link in 'sb':
            yield link, mark(link, number), [('a', relayed(mark(link, number), relay_mac('a')))]

    seen = lan.exchange(*zip(LINKS, frames), marks=marks)
    assert (seen['s'], seen['b']) == ([], [])
    assert sorted(seen['a']) == sorted(relayed(frames[n], relay_mac('a')) for n in (0, 2))
    account(daemon)


# ---- elections ----

def test_data_stops_with_the_election_and_goes_on_when_it_is_won_again(lab):
    """P-15, P-16, R-EL-12: by a query from a lower address, in each family by itself."""
    lan = RelayLan(lab)
    keys = f'{QUICK},querier=on,mld-querier=on,static-groups={GROUP}+{IPV6.address(GROUP)}'
    daemon = start_relay(lan, {'s': 'role=upstream', 'a': f'role=downstream,{keys}', 'b': f'{ALWAYS}'},
                         own=100)

    def flows():
        """Which family's datagrams come to a."""
        frames = [make(1, GROUP, SOURCE) for make in (ipv4, ipv6)]
        seen = lan.exchange(*[('s', bytes(frame)) for frame in frames], marks=from_s_to_b)
        return [relayed(bytes(frame), relay_mac('a')) in seen['a'] for frame in frames]

    wait_for(lambda: flows() == [True, True], 5, 'the data comes')
    for protocol, source, expected in ((IGMP, '10.2.0.1', [False, True]), (MLD, 'fe80::1', [False, False])):
        lan.ends['a'].send(protocol.query(3, tenths=5, qqic=2, source=source))
        wait_for(lambda: flows() == expected, 5, f'the data stops: {expected}')
        for _ in range(20):
            came = flows()
            assert not any(now and not then for now, then in zip(came, expected)), came
    # OQPI: 2 * 2 s + 0.25 s.
    wait_for(lambda: flows() == [True, True], 15, 'it goes on')
    account(daemon)


def from_s_to_b(number):
    yield 's', mark('s', number), [('b', relayed(mark('s', number), relay_mac('b')))]


# ---- links that go ----

def test_an_output_that_is_down_or_gone_disturbs_no_other(lab):
    """F-39, F-29, F-30, P-27: and the link that comes back gets data at once."""
    lan = RelayLan(lab)
    daemon = start_relay(lan, {'s': 'role=upstream', **dict.fromkeys('ab', f'{ALWAYS}+{GROUP}')})
    numbers = iter(range(1000))

    def send():
        """A datagram; gives whether one came to b. To a it has to come."""
        frame = datagram(SOURCE, GROUP, b'%03d' % next(numbers))
        seen = lan.exchange(('s', frame), marks=from_s_to_a)
        assert seen['a'] == [relayed(frame, relay_mac('a'))]
        return bool(seen['b'])

    def down():
        return output_of(account(daemon), 'd1')['tx_down']

    wait_for(send, 5, 'b has data')
    lan.hosts['b'].run('ip', 'link', 'set', 'b0', 'down')
    wait_for(lambda: not send() and down() > 0, 5, 'what is for a link that is down is counted')
    lan.hosts['b'].run('ip', 'link', 'set', 'b0', 'up')
    wait_for(send, 5, 'b has data again')
    before = down()
    lan.relay.run('ip', 'link', 'del', 'd1')
    wait_for(lambda: not send() and any(one['removed'] for one in daemon.stats()['ports']), 5,
             'the port is gone')
    for _ in range(10):
        send()
    assert down() >= before
    account(daemon)
    assert daemon.stop() == 3, 'it lost a port'


def from_s_to_a(number):
    yield 's', mark('s', number), [('a', relayed(mark('s', number), relay_mac('a')))]
