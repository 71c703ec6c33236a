# SPDX-License-Identifier: BSD-3-Clause
"""mcring as the querier of kernels: its table, elections, starts and ends. What waits is under way at
the same time: each scenario has LANs of its own."""

import json
import signal
import time

from family import FAMILIES, at_port
from membership_lan import IGMP, MLD, inject
from netlab import Member, wait_for
from querier_lan import (QUICK, filters, general_queries, querier, side_by_side, start, table,
                         wait_role)

BOTH = 'querier=on,mld-querier=on'
INTERVAL, RESPONSE, STARTUP = 2, 1, 0.5  # seconds, of QUICK
OTHER_QUERIER = 2 * INTERVAL + RESPONSE / 2  # RFC 9776 §8.5
MEMBERSHIP = 2 * INTERVAL + 2 * RESPONSE  # RFC 9776 §8.4
BUSY = 1.5  # how late a busy machine may be
VERSIONS = {1: (1, 1), 2: (2, 1), 3: (3, 2)}  # of the host with this number: IGMP, MLD


def both(*groups):
    return [family.join(one).replace('[', '').replace(']', '') for one in groups
            for family in FAMILIES]


@side_by_side
def test_the_table_says_what_hosts_of_all_versions_have_joined(place):
    """R-OP-1, R-CM-1, R-ST-2, RM-CM-1."""
    lan = place.lan()
    daemon = start(place.lab, place.router(lan), [lan], 100,
                   f'{BOTH},query-interval=5,query-response-interval=1,'
                   'last-member-query-interval=0.5')
    hosts = {n: place.kernel(lan, n) for n in VERSIONS}
    for n, (igmp, mld) in VERSIONS.items():
        hosts[n].run('sysctl', '-qw', f'net.ipv4.conf.{lan.name}.force_igmp_version={igmp}',
                     f'net.ipv6.conf.{lan.name}.force_mld_version={mld}')
    taps = [lan.tap(hosts[3], 100, protocol) for protocol in (IGMP, MLD)]
    joins = {n: Member(hosts[n], lan.name, *both('239.1.1.1', f'239.1.2.{n}')) for n in VERSIONS}
    sources = both('232.1.1.1@10.0.0.7', '232.1.1.1@10.0.0.8')
    joins[3].do('join', *sources, *both('239.1.3.1'))
    joins[3].do('block', *both('239.1.3.1@10.0.0.9'))

    def joined(*groups):
        return {family.address(group): (mode, [family.address(one) for one in sources])
                for group, mode, *sources in groups for family in FAMILIES}

    shared = [('239.1.1.1', 'exclude')]
    own = {n: (f'239.1.2.{n}', 'exclude') for n in VERSIONS}
    excluding = ('239.1.3.1', 'exclude', '10.0.0.9')
    expected = joined(*shared, *own.values(), excluding,
                      ('232.1.1.1', 'include', '10.0.0.7', '10.0.0.8'))
    wait_for(lambda: filters(daemon, lan) == expected, 10, f'{expected}, not {table(daemon, lan)}')
    seen = table(daemon, lan)
    printed = json.loads(daemon.ctl('--json', 'members').stdout)['members']
    assert {one['group'] for one in printed} >= set(expected)
    for family, protocol in zip(FAMILIES, (IGMP, MLD)):
        for n, versions in VERSIONS.items():
            entry = seen[family.address(f'239.1.2.{n}')]
            assert entry['version'] == versions[family.is_ipv6], entry
            assert entry['last_reporter'] == lan.address(n, protocol), entry
            assert 0 < entry['left_ns'] <= 12e9, entry
        # As its oldest member speaks: RFC 9776 §7.3.2.
        assert seen[family.address('239.1.1.1')]['version'] == 1, seen
        excluded = family.address('239.1.3.1')
        wait_for(lambda: not any(one['forwarded'] for one in table(daemon, lan)[excluded]['sources']),
                 5, 'nobody objects to the end of a source')
        assert all(one['forwarded'] for one in seen[family.address('232.1.1.1')]['sources'])

    joins[3].do('leave', *sources[2:])
    wait_for(lambda: filters(daemon, lan) == joined(
        *shared, *own.values(), excluding, ('232.1.1.1', 'include', '10.0.0.7')), 5,
             'a source is left')
    for n in VERSIONS:
        joins[n].leave()
    # IGMPv1 has no leave, and its host keeps the shared group alive. Of MLD all are gone.
    wait_for(lambda: filters(daemon, lan) == {'239.1.1.1': ('exclude', []),
                                              '239.1.2.1': ('exclude', [])}, 5, 'they left')
    for tap, protocol in zip(taps, (IGMP, MLD)):
        # tshark found nothing wrong with them.
        kinds = {m.destination for m in tap.stop() if m.type == protocol.query_type}
        assert protocol.family.address('232.1.1.1') in kinds, kinds
        assert protocol.family.address('239.1.2.2') in kinds, kinds


@side_by_side
def test_of_two_the_lower_asks_and_the_other_takes_over(place):
    """R-EL-12, R-EL-14, RM-EL-1."""
    lan = place.lan()
    host = place.kernel(lan, 1)
    lower, higher = (place.router(lan, n=n) for n in (100, 101))
    wanted = set(both('239.1.1.1'))
    Member(host, lan.name, *wanted)
    second = start(place.lab, higher, [lan], 101, f'{BOTH},{QUICK}')
    wait_role(second, lan, 'us')
    taps = [lan.tap(host, 100, protocol) for protocol in (IGMP, MLD)]
    first = start(place.lab, lower, [lan], 100, f'{BOTH},{QUICK}')
    wait_role(second, lan, 'other')
    for protocol in (IGMP, MLD):
        assert querier(second, lan, protocol)['querier'] == lan.address(100, protocol)
    asked = [sent(first, lan, protocol) for protocol in (IGMP, MLD)]
    wait_for(lambda: all(sent(first, lan, protocol) >= then + 3
                         for protocol, then in zip((IGMP, MLD), asked)), 20, 'it goes on asking')
    assert set(table(first, lan)) == set(table(second, lan)) == wanted
    killed = time.time()
    first.stop(signal.SIGKILL)
    wait_role(second, lan, 'us', seconds=OTHER_QUERIER + 5)
    assert set(table(second, lan)) == wanted, 'whoever takes over knows the members'
    back = time.time()
    first.start()
    wait_role(second, lan, 'other')
    wait_role(first, lan, 'us')
    elections = [querier(second, lan, protocol)['elections'] for protocol in (IGMP, MLD)]
    for protocol, tap in zip((IGMP, MLD), taps):
        tap.stop()
        low, high = (lan.address(n, protocol) for n in (100, 101))
        asked = general_queries(tap.all, protocol)
        alone = [when for when, source in asked if when < killed and source == low]
        # Startup's two stand closer.
        assert all(abs(later - one - INTERVAL) < 0.5
                   for one, later in zip(alone[1:], alone[2:])), alone
        assert len(alone) >= 4
        taken = [when for when, source in asked if alone[0] < when and source == high]
        assert -0.05 < taken[0] - alone[-1] - OTHER_QUERIER < BUSY, (alone, taken)
        again = min(when for when, source in asked if when > back and source == low)
        # What it had under way when the lower query came is forgiven.
        assert all(when < again + 0.02 for when in taken), (again, taken)
    assert elections == [3, 3]


def sent(daemon, lan, protocol):
    return querier(daemon, lan, protocol)['tx_general']


@side_by_side
def test_with_auto_no_other_querier_is_ever_disturbed(place):
    """Of the kind of pimd's issue 158: its own address is the lower one."""
    lan = place.lan()
    host = place.kernel(lan, 1)
    lan.set('mcast_snooping', 1, 'mcast_query_use_ifaddr', 1, 'mcast_igmp_version', 3,
            'mcast_mld_version', 2, 'mcast_query_interval', 100, 'mcast_query_response_interval',
            50, 'mcast_startup_query_interval', 100)
    lan.switches.run('ip', 'addr', 'add', f'{lan.ipv4(240)}/24', 'dev', lan.bridge)
    lan.switches.speak_ipv6(lan.bridge)
    lan.set('mcast_querier', 1)
    taps = [lan.tap(host, 100, protocol) for protocol in (IGMP, MLD)]
    daemon = start(place.lab, place.router(lan), [lan], 100,
                   f'querier=auto,mld-querier=auto,{QUICK}')
    for protocol in (IGMP, MLD):
        wait_for(lambda: querier(daemon, lan, protocol)['rx']['query'] >= 5, 15, 'it is asked')
        seen = querier(daemon, lan, protocol)
        assert (seen['role'], seen['querier']) == ('other', lan.address(240, protocol)), seen
    lan.set('mcast_querier', 0)
    wait_role(daemon, lan, 'us')
    elections = {protocol: querier(daemon, lan, protocol)['elections'] for protocol in (IGMP, MLD)}
    for protocol in (IGMP, MLD):
        assert sent(daemon, lan, protocol) >= 1
        inject(host, protocol.query(3, tenths=1, qqic=2, source=lan.address(200, protocol)),
               interface=lan.name)
    # Ours is still the lower address. The role is the other's for 4 s, in which nobody may look.
    for protocol, then in elections.items():
        wait_for(lambda: querier(daemon, lan, protocol)['elections'] >= then + 2, 15,
                 f'{protocol}: it asks again')
    for protocol, tap in zip((IGMP, MLD), taps):
        tap.stop()
        ours, others = ([when for when, source in general_queries(tap.all, protocol)
                         if (source == lan.address(100, protocol)) == mine]
                        for mine in (True, False))
        assert sum(when < ours[0] for when in others) >= 4
        # Of the bridge, which asks each second, OQPI is 2.25 s; of the one after it 4.05 s.
        first = max(when for when in others if when < ours[0])
        after = min(when for when in ours if when > others[-1] + 0.02)
        assert -0.05 < ours[0] - first - 2.25 < BUSY, (ours, others)
        assert -0.05 < after - others[-1] - 4.05 < BUSY, (ours, others)


@side_by_side
def test_a_restart_knows_all_members_within_the_response_time(place):
    """R-OP-3: a thousand groups of each family on three hosts."""
    lan = place.lan()
    hosts = [place.kernel(lan, n) for n in (1, 2, 3)]
    wanted = both(*[f'239.7.{i // 250}.{i % 250 + 1}' for i in range(1000)])
    for i, host in enumerate(hosts):
        host.run('sysctl', '-qw', 'net.ipv4.igmp_max_memberships=1000')
        Member(host, lan.name, *wanted[i::3])
    daemon = start(place.lab, place.router(lan), [lan], 100, f'{BOTH},{QUICK}')
    wait_for(lambda: set(table(daemon, lan)) == set(wanted), 20, 'all are known')
    taps = [lan.tap(hosts[0], 100, protocol) for protocol in (IGMP, MLD)]
    daemon.stop(signal.SIGKILL)
    killed = time.time()
    daemon.start()
    wait_for(lambda: set(table(daemon, lan)) == set(wanted), 20, 'all are known again')
    since = {group: one['since_ns'] / 1e9 for group, one in table(daemon, lan).items()}
    for protocol, tap in zip((IGMP, MLD), taps):
        tap.stop()
        asked = min(when for when, _ in general_queries(tap.all, protocol) if when > killed)
        times = [when - asked for group, when in since.items()
                 if (':' in group) == (protocol is MLD)]
        assert len(times) == 1000
        assert -0.01 < min(times) and max(times) < RESPONSE + 0.1 + BUSY, (min(times), max(times))


@side_by_side
def test_a_member_that_is_gone_without_a_leave_counts_for_the_membership_interval(place):
    """R-LM-12, R-GM-1."""
    lan = place.lan()
    hosts = [place.kernel(lan, n) for n in (1, 2)]
    daemon = start(place.lab, place.router(lan), [lan], 100, f'{BOTH},{QUICK}')
    crashing, staying = both('239.1.1.1'), both('239.1.1.2', '232.1.1.1')
    gone = Member(hosts[0], lan.name, *crashing)
    Member(hosts[1], lan.name, *both('239.1.1.2', '232.1.1.1@10.0.0.7'))
    wait_for(lambda: set(table(daemon, lan)) == {*crashing, *staying}, 5, 'they are known')
    lan.carrier(1, 'down')
    gone.leave()
    last = {group: table(daemon, lan)[group]['last_report_ns'] / 1e9 for group in crashing}
    for group in crashing:
        wait_for(lambda: group not in table(daemon, lan), MEMBERSHIP + 5, f'{group} has ended')
        assert -0.05 < time.time() - last[group] - MEMBERSHIP < 1 + BUSY, last
    # Who answers stays, and its sources.
    wait_for(lambda: all(table(daemon, lan)[group]['last_report_ns'] -
                         table(daemon, lan)[group]['since_ns'] > MEMBERSHIP * 1e9
                         for group in staying), 2 * MEMBERSHIP, 'the others go on answering')


@side_by_side
def test_a_link_that_comes_back_is_asked_as_at_the_start(place):
    """R-Q-6."""
    lan = place.lan()
    host = place.kernel(lan, 1)
    daemon = start(place.lab, place.router(lan), [lan], 100, f'{BOTH},{QUICK}')
    wanted = set(both('239.1.1.1'))
    Member(host, lan.name, *wanted)
    wait_for(lambda: set(table(daemon, lan)) == wanted, 5, 'it is known')
    asked = [sent(daemon, lan, protocol) for protocol in (IGMP, MLD)]
    wait_for(lambda: all(sent(daemon, lan, protocol) >= max(asked) + 2 for protocol in (IGMP, MLD)),
             10, 'the startup is over')
    taps = [lan.tap(host, 100, protocol) for protocol in (IGMP, MLD)]
    lan.carrier(100, 'down')
    wait_for(lambda: 'link down' in daemon.log(), 5, 'the link is down')
    assert set(table(daemon, lan)) == wanted
    up = time.time()
    lan.carrier(100, 'up')
    asked = [sent(daemon, lan, protocol) for protocol in (IGMP, MLD)]
    wait_for(lambda: all(sent(daemon, lan, protocol) >= then + 4
                         for protocol, then in zip((IGMP, MLD), asked)), 15, 'it asks')
    for protocol, tap in zip((IGMP, MLD), taps):
        tap.stop()
        times = [when for when, _ in general_queries(tap.all, protocol) if when > up]
        # What was due while the link was down can leave with the first.
        times = [when for when in times if when == times[-1] or
                 min(later for later in times if later > when) - when > 0.02]
        gaps = [later - one for one, later in zip(times, times[1:])]
        assert times[0] - up < 1 + BUSY
        assert abs(gaps[0] - STARTUP) < 0.3 and abs(gaps[1] - INTERVAL) < 0.5, gaps


@side_by_side
def test_groups_are_printed_as_the_kernels(place):
    """mcring-ctl groups --netstat, and netstat -g of a kernel's host that has joined the same."""
    lan = place.lan()
    host = place.kernel(lan, 1)
    wanted = both('239.1.1.1', '239.1.1.2', '232.1.1.1')
    Member(host, lan.name, *[group for group in wanted if '232' not in group and 'ff35' not in group],
           *both('232.1.1.1@10.0.0.7'))
    daemon = start(place.lab, place.router(lan), [lan], 100, f'{BOTH},{QUICK}', *[
        f'--join={at_port(group)}' + ('@10.0.0.7' if '232' in group else
                                      '@[2001:db8::7]' if 'ff35' in group else '')
        for group in wanted])

    def rows(text):
        return [line.split() for line in text.splitlines()]

    kernel = rows(host.run('netstat', '-gn').stdout)
    ours = rows(daemon.ctl('groups', '--netstat').stdout)
    assert ours[:3] == kernel[:3]
    theirs = [row for row in kernel if row[-1] in wanted]
    assert len(theirs) == len(wanted)
    assert sorted(row for row in ours if row[-1] in wanted) == sorted(theirs), (ours, theirs)
