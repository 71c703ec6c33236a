# SPDX-License-Identifier: BSD-3-Clause
"""The querier beside those of others: FRR, pimd, igmpproxy, the Linux bridge, an MLD router. Who asks,
in which version, what the tables say, and that our queries are right where others' are known not to
be."""

import concurrent.futures
import functools
import time

import routers
from membership_lan import IGMP, MLD, inject
from netlab import wait_for
from peer_lans import (INTERVAL_S, OLD, OLD_HOST, US, Bridge, Frr, Igmpproxy, Lans, MldRouter, Pimd, excluding,
                         including)

# After a leave two queries of one second each.
RESPONSE_S = 1.5
KEYS = (f'query-response-interval={RESPONSE_S},last-member-query-interval=1,'
        'last-member-query-count=2')
LEAVE_S, SLACK_S = 2, 0.05
BUSY_S = 0.3  # a machine that is busy may let mcring wait so long
OWN_INTERVAL_S = INTERVAL_S + 1  # where the other's is to be adopted
IS_EX, TO_IN, TO_EX, BLOCK = 2, 3, 4, 6  # records of a report
OLD_OCTETS = 32  # of an IP packet with a query, of both families, without the header of IPv6

old = functools.partial(functools.partial, is_old=True)


def run(lab, lans, scenario):
    """The scenario on all LANs at a time, since most of it is waiting."""
    lans.start()
    with concurrent.futures.ThreadPoolExecutor(len(lans.lans)) as pool:
        running = {lan.title: pool.submit(scenario, lan) for lan in lans.lans}
        failed = {name: done.exception() for name, done in running.items() if done.exception()}
        assert not failed, failed
    lans.stop()


class Story:
    """What the hosts of a LAN do. Both want `both`, the older one wants `old`, the newer one all but a
    source of `but`, one source of `one`, and two of the source-specific `two`."""

    def __init__(self, lan):
        self.lan = lan
        address = lan.family.address
        self.both, self.but, self.old, self.one = (address(f'239.1.1.{n}') for n in (1, 2, 3, 4))
        self.two = address('232.1.1.1')
        self.s1, self.s2, self.s3 = (lan.source(n) for n in (2, 3, 4))

    def expect(self, but, one, two):
        """Reports of an older version say nothing of sources, and count for no group that is
        source-specific."""
        table = {self.both: excluding(), self.but: but, self.old: excluding(), self.one: one,
                 self.two: two}
        if self.lan.other.is_old:
            table = {group: excluding() for group in table if group != self.two}
        self.lan.wait_table(table)

    def join(self):
        self.lan.new.do('join', self.both, self.but, f'{self.one}@{self.s1}',
                        f'{self.two}@{self.s1}', f'{self.two}@{self.s2}')
        self.lan.new.do('block', f'{self.but}@{self.s1}')
        # Of two old hosts that report at the same time each takes the other for the last that did:
        # then none says that it leaves (RFC 2236 §3).
        wait_for(lambda: self.both in self.lan.table(), 20, f'{self.lan.title}: {self.both}')
        self.lan.old.do('join', self.both, self.old)
        self.expect(excluding(self.s1), including(self.s1), including(self.s1, self.s2))

    def change(self):
        self.lan.new.do('unblock', f'{self.but}@{self.s1}')
        self.lan.new.do('block', f'{self.but}@{self.s2}')
        self.lan.new.do('join', f'{self.one}@{self.s2}', f'{self.two}@{self.s3}')
        self.lan.new.do('leave', f'{self.two}@{self.s1}')
        self.expect(excluding(self.s2), including(self.s1, self.s2), including(self.s2, self.s3))

    def leave(self):
        """All groups lose their last member but one, of which another host is a member, too: it
        stays throughout."""
        since_s = self.lan.since_s(self.both)
        self.lan.left = dict.fromkeys((self.but, self.old, self.one, self.two), time.time())
        self.lan.new.do('leave', self.both, self.but, f'{self.one}@{self.s1}', f'{self.one}@{self.s2}',
                        f'{self.two}@{self.s2}', f'{self.two}@{self.s3}')
        self.lan.old.do('leave', self.old)
        self.lan.wait_table({self.both: excluding()})
        assert abs(self.lan.since_s(self.both) - since_s) < SLACK_S

    def leave_last(self):
        self.lan.left[self.both] = time.time()
        self.lan.old.do('leave', self.both)
        self.lan.wait_table({})

    def tell(self):
        self.join()
        self.change()
        self.leave()
        self.leave_last()


# ---- who asks ----

def loses(lan):
    """The other asks: we are silent, follow it, and take over when it is gone."""
    newest = lan.protocol.versions[0]
    lan.wait_role('waiting' if 'auto' in lan.keys else 'us')
    lan.other.start()
    lan.wait_role('other')
    said = lan.querier()
    assert (said['querier'], said['configured_version']) == (lan.other.address, newest)
    assert said['version'] == (OLD[lan.protocol.name] if lan.other.is_old else newest)
    assert said['query_interval_ns'] == 10**9 * (OWN_INTERVAL_S if lan.other.is_old else INTERVAL_S)
    story = Story(lan)
    story.tell()
    # A member all the time: it is not lost while nobody asks.
    lan.old.do('join', story.both)
    lan.wait_table({story.both: excluding()})
    since_s = lan.since_s(story.both)
    lan.other.kill()
    lan.wait_role('us', 30)
    wait_for(lambda: lan.querier()['version'] == newest, 20, f'{lan.title}: the newest version')
    assert lan.querier()['querier'] == lan.address_of(US)
    assert abs(lan.since_s(story.both) - since_s) < SLACK_S


def assert_lost(lan):
    """From the other's first query on we sent none, until OQPI after its last (RFC 9776 §6.6.2)."""
    theirs = [m.time for m in queries(lan) if m.mac == lan.mac(lan.others)]
    ours = [m for m in queries(lan) if m.mac == lan.mac(US)]
    before = [m for m in ours if m.time < theirs[0]]
    after = [m for m in ours if m.time > theirs[0] + SLACK_S]
    assert bool(before) == ('auto' not in lan.keys), lan.title
    interval_s = OWN_INTERVAL_S if lan.other.is_old else INTERVAL_S
    response_s = RESPONSE_S if lan.other.is_old else 1
    silent_s, expected_s = after[0].time - theirs[-1], 2 * interval_s + response_s / 2
    assert expected_s - SLACK_S < silent_s < expected_s + 5, (lan.title, silent_s)
    assert is_general(after[0], lan), lan.title


def test_a_querier_that_is_before_us_is_followed_and_replaced(lab):
    """R-EL-1, R-EL-3, R-EL-5, R-EL-7, R-EL-11, R-OP-1, RM-EL-1: a lower address, or any for `auto`."""
    routers.unpack()
    lans = Lans(lab)
    keys = f'on,query-interval={OWN_INTERVAL_S},{KEYS}'
    lans.add('frr', IGMP, Frr, True, keys)
    lans.add('bridge', IGMP, Bridge, True, keys)
    lans.add('bridge6', MLD, Bridge, True, keys)
    lans.add('pimd', IGMP, old(Pimd), False, keys.replace('on', 'auto', 1))
    lans.add('mld', MLD, old(MldRouter), True, keys)
    run(lab, lans, loses)
    for lan in lans.lans:
        assert_lost(lan)
        assert_queries_are_right(lan, OWN_INTERVAL_S)
        assert_groups_ended_in_time(lan)


def stays(lan):
    """We go on asking, the other follows."""
    lan.wait_role('us')
    wait_for(lambda: lan.querier()['tx_general'], 10, f'{lan.title}: we ask')
    lan.other.start()
    lan.other.wait_silent()
    story = Story(lan)
    story.join()
    send_bad_leaves(lan, story)
    story.change()
    story.leave()
    story.leave_last()
    said = lan.querier()
    assert (said['role'], said['elections']) == ('us', 0), lan.title
    assert bool(said['rx']['no_address']) == (not lan.other.has_address), lan.title


def send_bad_leaves(lan, story):
    """Leaves that are none: with a wrong checksum (FRRouting/frr issue 6868), to our own address
    (issue 7750)."""
    def leave(**how):
        frame = lan.protocol.message(lan.protocol.leave_v2, 0, story.old, source=lan.address_of(OLD_HOST),
                                     **how)
        return bytes.fromhex(lan.mac(US).replace(':', '')) + frame[6:]

    before = lan.querier()
    inject(lan.lans.old, leave(destination=lan.protocol.leave_to, flip=0x5555),
           leave(destination=lan.address_of(US)), interface=lan.name)
    wait_for(lambda: all(lan.querier()['rx'][why] == before['rx'][why] + 1
                         for why in ('bad_checksum', 'destination')), 10, f'{lan.title}: bad leaves')
    assert lan.querier()['tx_group'] == before['tx_group']


def older(lan):
    """The other asks in an older version, and does not fall silent, or not at once: we ask in that
    version, say so, and return to ours when it has not been heard for OQPI."""
    newest, version = lan.protocol.versions[0], OLD[lan.protocol.name]
    lan.wait_role('us')
    wait_for(lambda: lan.querier()['tx_general'], 10, f'{lan.title}: we ask')
    lan.other.start()
    wait_for(lambda: lan.querier()['version'] == version, 20, f'{lan.title}: the older version')
    said = lan.querier()
    assert (said['role'], said['querier'], said['elections']) == ('us', lan.address_of(US), 0)
    assert said['older_queries'] and said['older_left_ns']
    story = Story(lan)
    lan.old.do('join', story.old)
    lan.wait_table({story.old: excluding()})
    lan.left = {story.old: time.time()}
    lan.old.do('leave', story.old)
    lan.wait_table({})
    if isinstance(lan.other, MldRouter):
        # It goes on after it has heard us.
        wait_for(lambda: lan.querier()['tx_general'] > said['tx_general'], 20, 'we ask')
        heard = lan.querier()['older_queries']
        wait_for(lambda: lan.querier()['older_queries'] > heard, 20, 'the MLD router asks')
        lan.other.kill()
    wait_for(lambda: lan.querier()['version'] == newest, 20, f'{lan.title}: the newest version')


def assert_stayed(lan):
    """Once it has heard us, the other asks no more about all groups; but those go on that take no
    part in elections, or ask from 0.0.0.0. FRR goes on, or begins again, if our queries come while it asks about a leave
    itself: it heeds them no more than RFC 2236 §3 says."""
    theirs = [m for m in queries(lan) if m.mac == lan.mac(lan.others) and is_general(m, lan)]
    ours = [m.time for m in queries(lan) if m.mac == lan.mac(US) and is_general(m, lan)]
    # Some may have heard us before they asked.
    heard = [at for at in ours if theirs and at > theirs[0].time]
    if isinstance(lan.other, MldRouter) or not lan.other.has_address:
        assert heard and theirs[-1].time > heard[0], lan.title
        assert lan.other.has_address or {m.source for m in theirs} == {'0.0.0.0'}
    elif not isinstance(lan.other, (Frr, Igmpproxy)):  # which asks again after 20 s or more
        assert all(theirs[-1].time < at for at in heard[1:2]), lan.title  # if there were two


def assert_versions(lan):
    """Each of our queries has the version of the oldest that the other has sent within OQPI."""
    others_s = 2 * INTERVAL_S + RESPONSE_S / 2
    old = [m.time for m in queries(lan) if m.mac == lan.mac(lan.others) and is_general(m, lan)]
    ours = [m for m in queries(lan) if m.mac == lan.mac(US)]
    for query in ours:
        since_s = [query.time - at for at in old]
        if not any(abs(s) < 1 or abs(s - others_s) < 1 for s in since_s):
            assert is_old(query) == any(0 < s < others_s for s in since_s), lan.title
    assert {(is_old(query), is_general(query, lan)) for query in ours} >= {
        (True, True), (True, False), (False, True)}, lan.title
    if not isinstance(lan.other, Pimd):  # which hears us, then or later
        asked = [m for m in queries(lan) if not is_general(m, lan)]
        assert {m.mac for m in asked} == {lan.mac(US), lan.mac(lan.others)}, lan.title


def test_a_querier_that_is_behind_us_does_not_stop_us(lab):
    """R-EL-1, R-EL-2, R-EL-4, R-LM-1, R-LM-6, R-LM-7, R-LM-9, R-REP-7, R-REP-8, R-OP-1, RM-EL-2: a higher
    address, or none, and another version."""
    routers.unpack()
    lans = Lans(lab)
    keys = f'on,query-interval={INTERVAL_S},{KEYS}'
    lans.add('frr', IGMP, Frr, False, keys)
    lans.add('pimd', IGMP, Pimd, False, keys)
    lans.add('bridge', IGMP, Bridge, False, keys)
    lans.add('bridge6', MLD, Bridge, False, keys)
    lans.add('zero', IGMP, functools.partial(Bridge, has_address=False), False, keys)
    lans.add('pimd2', IGMP, old(Pimd), False, keys)
    lans.add('igmpproxy', IGMP, Igmpproxy, False, keys)
    lans.add('mld', MLD, old(MldRouter), False, keys)
    run(lab, lans, lambda lan: (older if lan.other.is_old else stays)(lan))
    for lan in lans.lans:
        assert_stayed(lan)
        assert_queries_are_right(lan, INTERVAL_S)
        assert_each_leave_is_asked_about(lan)
        if lan.other.is_old:
            assert_versions(lan)
        assert_groups_ended_in_time(lan)
    said = lans.daemon.log()
    for lan in lans.lans:
        line = (f'interface {lan.name}: its querier speaks {lan.protocol} version '
                f'{OLD[lan.protocol.name]} while ')
        assert (line in said) == lan.other.is_old, line


# ---- captures ----

def queries(lan):
    return [m for m in lan.heard if m.type == lan.protocol.query_type]


def is_old(query):
    return query.ip_length == OLD_OCTETS


def is_general(query, lan):
    return query.groups == [lan.protocol.nothing()]


def told(lan, group, *kinds):
    """When somebody has said this of a group: the queriers are hosts, too."""
    return [m.time for m in lan.heard if
            any(kind in kinds and one == group for kind, one in m.told())]


def leaves(lan, group):
    """They, or a source less, do not want it any more."""
    return told(lan, group, lan.protocol.leave_v2, TO_IN, BLOCK)


def assert_queries_are_right(lan, interval_s):
    """What docs/routing.md says of each of our queries. Others ask from no address, for the source
    0.0.0.0, to all hosts about a group, without need, with the response time of general queries, or
    with an S flag where nobody has answered."""
    unit = 1000 if lan.family.is_ipv6 else 10
    ours = [m for m in queries(lan) if m.mac == lan.mac(US)]
    for query in ours:
        group, = query.groups
        what = story_of(lan, group)
        assert query.source == lan.address_of(US), what
        assert set(query.sources) <= {lan.source(n) for n in (2, 3, 4)}, what
        if not is_old(query):
            assert (query.qrv, query.qqic) == ('2', str(interval_s)), what
        if is_general(query, lan):
            assert (query.destination, query.code) == (lan.protocol.all_hosts,
                                                       str(int(unit * RESPONSE_S))), what
            assert query.suppress in ('', '0') and not query.sources, what
            continue
        assert (query.destination, query.code) == (group, str(unit)), what
        reasons = (TO_IN, BLOCK, TO_EX) if query.sources else (TO_IN, lan.protocol.leave_v2)
        # The hub may deliver an answer before it captures the question.
        left = [at for at in told(lan, group, *reasons) if at < query.time + SLACK_S]
        assert left and query.time < left[-1] + LEAVE_S + SLACK_S, what
        if query.suppress and not query.sources and left[-1] < query.time:
            answered = [at for at in told(lan, group, lan.protocol.report_v2, IS_EX, TO_EX)
                        if left[-1] < at < query.time]
            if not answered or answered[-1] < query.time - BUSY_S:
                assert (query.suppress == '1') == bool(answered), what


def assert_each_leave_is_asked_about(lan):
    """At once; a source only if it is not being asked about already (RFC 9776 §6.6.3.2)."""
    story = Story(lan)
    asked = [m for m in queries(lan) if m.mac == lan.mac(US) and not is_general(m, lan)]
    for group in (story.both, story.but, story.old, story.one, story.two):
        times = [m.time for m in asked if m.groups == [group]]
        for since_s, kinds in (SLACK_S, (lan.protocol.leave_v2, TO_IN)), (LEAVE_S, (BLOCK,)):
            for left in told(lan, group, *kinds):
                assert any(-since_s < at - left < 0.9 for at in times), story_of(lan, group)
    # The older host says it once.
    first, second = [m.time for m in asked if m.groups == [story.old]]
    assert 0.9 < second - first < 1.9, story_of(lan, story.old)


def story_of(lan, group):
    """What was said of a group, for failures."""
    return '\n'.join([lan.title] + [f'{m.time % 1000:.3f} {m.source} {m.type} {m.told()} {m.sources} '
                                   f'{m.suppress}' for m in lan.heard if group in m.groups])


def assert_groups_ended_in_time(lan):
    """From the last leave on it took as long as our questions, or the other's, and much less than a
    member that dies lasts. After the bridge's, which asks about sources a second late, it is 3 s."""
    for group, left in lan.left.items():
        said = min(at for at in leaves(lan, group) if at >= left)
        ended_s = [gone[group] - said for gone in lan.gone if group in gone]
        if not ended_s:  # it never was in the table
            assert lan.other.is_old and group == Story(lan).two
            continue
        print(lan.title, group, *[f'{s:.2f}' for s in ended_s])
        assert LEAVE_S - SLACK_S < ended_s[0] < LEAVE_S + 2.5, (lan.title, group, ended_s)
