# SPDX-License-Identifier: BSD-3-Clause
"""A snooping switch whose querier is mcring: which frames reach which port, and until when."""

import concurrent.futures
import json
import subprocess
import time

from arrivals import Arrivals
from family import at_port
from membership_lan import IGMP, MLD
from netlab import Capture, Member, wait_for
from page import Typed, beginnings, blocks
from programs import EAL, Traffic, mcsend
from querier_lan import filters, is_links_own, querier, side_by_side, start, table

COUNT = 200
ROUTER, SENDER, JOINED, SILENT, SECOND = 100, 1, 2, 3, 4


class Case:
    """A LAN with one protocol and version, whose bridge has a querier of its own: 'none', 'zero'
    (asks from 0.0.0.0, as snooping switches do), 'lower' or 'higher' than ours."""

    def __init__(self, place, hosts, protocol, version, other='none', name=None):
        self.place, self.protocol, self.version, self.other = place, protocol, version, other
        self.family, self.hosts = protocol.family, hosts
        self.lan = lan = place.lan(snooping=True)
        lan.name = name or lan.name
        number = protocol.version(version)
        # In hundredths of a second.
        lan.set('mcast_query_interval', 200, 'mcast_query_response_interval', 100,
                'mcast_startup_query_interval', 100,
                f'mcast_{protocol.name}_version', number)
        for name, at in (('router', ROUTER), ('tx', SENDER), ('rx', JOINED), ('silent', SILENT)):
            lan.connect(hosts[name], at, kernel=name == 'tx')
        self.force(JOINED, hosts['rx'])

    def force(self, n, host):
        """Gives a kernel its address and the version that it speaks."""
        name, protocol = self.lan.name, self.protocol
        number = protocol.version(self.version)
        host.run('sysctl', '-qw', f'net.ipv4.conf.{name}.force_igmp_version={number}'
                 if protocol is IGMP else f'net.ipv6.conf.{name}.force_mld_version={number}')
        self.family.give(host, name, self.lan.ipv4(n))

    def __repr__(self):
        return f'{self.protocol} version {self.protocol.version(self.version)}, {self.other}'

    def keys(self):
        prefix = 'mld-' if self.protocol is MLD else ''
        return (f'{prefix}querier=on,{prefix}querier-version='
                f'{self.protocol.version(self.version)},')

    def address(self, text):
        return self.family.address(text)

    def source(self, n):
        return self.family.address(self.lan.ipv4(n))

    def ask(self):
        """Has the bridge ask, too, from another address than ours."""
        lan = self.lan
        if self.other == 'none':
            return
        if self.other != 'zero':
            low = self.other == 'lower'
            lan.switches.run('ip', 'link', 'set', lan.bridge, 'address', lan.mac(9 if low else 240))
            if self.protocol is IGMP:
                lan.switches.run('ip', 'addr', 'add', f'{lan.ipv4(9 if low else 240)}/24', 'dev',
                                 lan.bridge)
            else:
                lan.switches.speak_ipv6(lan.bridge)
            lan.set('mcast_query_use_ifaddr', 1)
        lan.set('mcast_querier', 1)

    def seen(self, address):
        """How many of COUNT datagrams get to each of two ports."""
        arrivals = [Arrivals(self.hosts[name], self.lan.name) for name in ('rx', 'silent')]
        mcsend(self.hosts['tx'], at_port(address), count=COUNT, rate=10_000,
               interface=self.lan.name)
        return [one.stop(address) for one in arrivals]

    def forwarded(self, address):
        """Whether (the member's port, the silent one) get all of it; else they get none."""
        seen = self.seen(address)
        assert set(seen) <= {0, COUNT}, f'{self}, {address}: {seen}'
        return tuple(n == COUNT for n in seen)

    def role(self, daemon):
        return querier(daemon, self.lan, self.protocol)['role']

    def entries(self):
        """What the switch has of the member's port, by group."""
        shown = self.lan.switches.run('bridge', '-s', '-j', 'mdb', 'show', 'dev', self.lan.bridge).stdout
        return {entry['grp']: entry for entry in json.loads(shown)[0]['mdb']
                if entry['port'] == self.lan.port(JOINED) and not is_links_own(entry['grp'])}

    def wait_renewed(self, group):
        """Until the switch hears that there still is a member. It would keep the entry for minutes
        without: a kernel's answers of MLD wait in a work queue, on a busy machine for seconds."""
        left = float(self.entries()[group]['timer'])

        def is_renewed():
            nonlocal left
            before, left = left, float(self.entries()[group]['timer'])
            return left > before

        wait_for(is_renewed, 15, f'{self}: an answer')


def hosts_of(place):
    return {name: place.host(name) for name in ('router', 'tx', 'rx', 'silent')}


def at_once(cases, follow, *args):
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        for running in [pool.submit(follow, case, *args) for case in cases]:
            running.result()


def routers(place, hosts, cases, more):
    """mcring on all LANs."""
    return start(place.lab, hosts['router'], [case.lan for case in cases], ROUTER,
                 {case.lan: case.keys() + more for case in cases}, eal=(
                     *EAL[:4], '1024', *EAL[5:]))


@side_by_side
def test_a_switch_prunes_because_mcring_asks(place):
    """R-EL-2: each version, each kind of querier in the switch, at a time."""
    hosts = hosts_of(place)
    kinds = [(IGMP, 3, other) for other in ('none', 'zero', 'lower', 'higher')]
    kinds += [(MLD, 3, other) for other in ('none', 'lower', 'higher')]
    kinds += [(protocol, 2, other) for protocol in (IGMP, MLD) for other in ('none', 'lower')]
    cases = [Case(place, hosts, *kind) for kind in kinds]
    joined, specific, other_source, nobodys = '239.1.1.1', '232.1.1.1', '232.1.1.2', '239.9.9.9'
    programs = {}
    for case in cases:
        # What speaks version 2 cannot name a source, and may not join such a group.
        named = [f'{case.address(specific)}@{case.source(SENDER)}',
                 f'{case.address(other_source)}@{case.source(SECOND)}'] if case.version == 3 else []
        programs[case] = Member(hosts['rx'], case.lan.name, case.address(joined), *named)

    # S-1: nobody asks, so the switch floods.
    for case in cases:
        assert case.forwarded(case.address(joined)) == (True, True), case
    for case in cases:
        case.ask()
    daemon = routers(place, hosts, cases, 'query-interval=2,query-response-interval=1')

    def follow(case):
        address = case.address
        role = 'other' if case.other == 'lower' else 'us'
        # A switch sends a report that goes to the group itself only to where queries come from.
        hidden = role == 'other' and case.version == 2
        wait_for(lambda: case.role(daemon) == role, 15, f'{case} has the role {role}')
        if not hidden:
            wait_for(lambda: set(table(daemon, case.lan)) == set(case.entries()) != set(), 15,
                     f'{case} knows what the switch knows')
        # S-6: a switch floods on until the first response interval is over.
        wait_for(lambda: case.seen(address(nobodys))[0] == 0, 10, f'{case} prunes')
        # And again when it has heard answers to us, or to itself.
        for renewals in (0, 2):
            for _ in range(renewals):
                case.wait_renewed(address(joined))
            assert case.forwarded(address(joined)) == (True, False), case
            assert case.forwarded(address(nobodys)) == (False, False), case
            if case.version == 3:
                assert case.forwarded(address(specific)) == (True, False), case
                assert case.forwarded(address(other_source)) == (False, False), case
        assert case.role(daemon) == role, case
        programs[case].leave()
        wait_for(lambda: not filters(daemon, case.lan), 10, f'{case}: it left')
        wait_for(lambda: case.seen(address(joined))[0] == 0, 10, f'{case} prunes what was left')
        assert case.forwarded(address(joined)) == (False, False), case

    at_once(cases, follow)


def hub(case):
    """Puts a second member behind the port of the first; gives the second."""
    lan, switches = case.lan, case.lan.switches
    switches.run('ip', 'link', 'add', f'hub{lan.n}', 'type', 'bridge', 'mcast_snooping', 0)
    switches.run('ip', 'link', 'set', f'hub{lan.n}', 'up')
    lan.lab.wire(switches, f'up{lan.n}', switches, f'down{lan.n}')
    switches.run('ip', 'link', 'set', f'up{lan.n}', 'master', lan.bridge)
    switches.run('ip', 'link', 'set', f'down{lan.n}', 'master', f'hub{lan.n}')
    second = case.place.host(f'second{lan.n}')
    lan.connect(second, SECOND, kernel=False, bridge=f'hub{lan.n}')
    switches.run('ip', 'link', 'set', lan.port(JOINED), 'master', f'hub{lan.n}')
    case.force(SECOND, second)
    return second


def read(capture, *fields, condition=''):
    out = subprocess.run(['tshark', '-n', '-r', capture.path, '-Y', condition, '-T', 'fields',
                          *[word for field in fields for word in ('-e', field)]], check=True,
                         capture_output=True, text=True).stdout
    return [line.split('\t') for line in out.splitlines()]


LEFT = {IGMP: 'igmp.type == 0x17 || igmp.record_type in {3,6}',
        MLD: 'icmpv6.type == 132 || icmpv6.mldr.mar.record_type in {3,6}'}


@side_by_side
def test_a_leave_ends_after_two_seconds_and_costs_a_second_member_nothing(place):
    """R-LM-5, R-LM-6, R-LM-3: last_member_query_interval and _count are those of the RFC."""
    hosts = hosts_of(place)
    kinds = [(IGMP, 3), (IGMP, 2), (MLD, 3), (MLD, 2)]
    cases = [Case(place, hosts, *kind) for kind in kinds]
    seconds = {case: hub(case) for case in cases}
    daemon = routers(place, hosts, cases,
                     'query-interval=60,query-response-interval=1,startup-query-count=1')
    at_once(cases, leave, daemon, seconds)


def leave(case, daemon, seconds):
    lan, group = case.lan, case.address('239.1.1.1')
    port = f'down{lan.n}'
    switches = case.lan.switches
    capture = Capture(switches, port, case.place.path(f'{port}.pcap'))
    # In version 2 the last that reported says that it leaves.
    second = Member(seconds[case], lan.name, group)
    first = Member(case.hosts['rx'], lan.name, group)
    wait_for(lambda: group in table(daemon, lan), 10, f'{case} knows the group')
    wait_for(lambda: case.seen(case.address('239.9.9.9'))[0] == 0, 10, f'{case} prunes')
    flow = Traffic(case.hosts['tx'], at_port(group), rate=100, interface=lan.name)
    wait_for(first.has_received, 5, 'the flow arrives')

    def is_asking():
        return table(daemon, lan)[group]['asking']

    first.leave()
    wait_for(is_asking, 15, f'{case} asks whether there is another')
    wait_for(lambda: not is_asking(), 15, f'{case} has asked')
    time_first = time.time()
    second.leave()
    wait_for(lambda: group not in table(daemon, lan), 10, f'{case}: the group has ended')
    ended = time.time()
    wait_for(lambda: group not in switches.run('bridge', 'mdb', 'show', 'dev', lan.bridge).stdout, 10,
             f'{case}: the switch has forgotten it')
    flow.stop()
    capture.stop()
    leaves = [float(at) for at, in read(capture, 'frame.time_epoch', condition=LEFT[case.protocol])]
    assert leaves[-1:] >= [time_first], f'{case}: the second says that it leaves: {leaves}, {time_first}'
    left = min(at for at in leaves if at >= time_first)
    data = read(capture, 'frame.time_epoch', 'udp.payload',
                condition=f'udp && {"ipv6" if case.family.is_ipv6 else "ip"}.dst == {group}')
    numbers = [int(payload[:16], 16) for _, payload in data]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), 'nothing was lost'
    last = float(data[-1][0])
    print(case, 'entry', ended - left, 'data', last - left)
    assert 1.9 < ended - left < 3.5, case
    assert 1.5 < last - left < 3.5, case  # the sender may have had to wait, too


# The page


@side_by_side
def test_the_pages_commands_make_a_switch_prune(place):
    """As they stand there, with the time that it names."""
    command, shows, output = blocks('routing.md', 'A LAN without a router')
    hosts = hosts_of(place)
    case = Case(place, hosts, IGMP, 3, name='eth1')
    mine = Member(hosts['rx'], 'eth1', '239.1.1.1')
    assert case.forwarded('239.1.1.1') == (True, True)
    daemon = Typed(place, hosts['router'], command)
    wait_for(lambda: '239.1.1.1' in daemon.run(shows), 20, f'the member is shown ({daemon.log_path})')
    wait_for(lambda: case.seen('239.9.9.9')[0] == 0, 20, 'the switch prunes')
    assert case.forwarded('239.1.1.1') == (True, False)
    # What the page prints is there, but for times and who reported.
    lines = beginnings(daemon.run(shows))
    assert beginnings(output) <= lines, lines
    mine.leave()
    wait_for(lambda: '239.1.1.1' not in daemon.run(shows), 10, 'it has left')
