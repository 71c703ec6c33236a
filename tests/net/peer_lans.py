# SPDX-License-Identifier: BSD-3-Clause
"""LANs on which mcring and another querier meet: beside them a kernel's host of the newest versions,
and one of older versions. One mcring has an interface on each LAN. The other's address is lower, or
higher."""

import json
import sys
import threading
import time

import querier_lan
import routers
from membership_lan import Tap
from netlab import Member, wait_for

INTERVAL_S = 3  # between the queries of the others; each gives a second to answer
US, NEW, OLD_HOST, LOWER, HIGHER = 100, 20, 21, 1, 200  # hosts, by number
OLD = {'igmp': 2, 'mld': 1}  # the version of older hosts, and of older queriers
# What the tables have of a group: INCLUDE or EXCLUDE, forwarded sources, blocked ones.
EXCLUDE, INCLUDE = 'exclude', 'include'


def including(*sources):
    return INCLUDE, set(sources), set()


def excluding(*sources):
    return EXCLUDE, set(), set(sources)


class Lans:
    def __init__(self, lab):
        self.lab = lab
        self.us, self.hub, self.new, self.old = map(lab.namespace, ('us', 'hub', 'new', 'old'))
        self.lans = []
        self.lock, self.read_at, self.read = threading.Lock(), 0, None

    def add(self, title, protocol, other, is_lower, keys):
        """A LAN, whose other querier is other(lan), started later. keys: of mcring's querier."""
        self.lans.append(Lan(self, len(self.lans) + 1, title, protocol, other, is_lower, keys))

    def start(self):
        self.taps = []
        for protocol in {lan.protocol for lan in self.lans}:
            lans = [lan for lan in self.lans if lan.protocol is protocol]
            self.taps.append(Tap(self.hub, [lan.bridge for lan in lans],
                                 [lan.mac(US) for lan in lans], protocol))
        self.daemon = querier_lan.start(self.lab, self.us, self.lans, US,
                                        {lan: lan.keys for lan in self.lans})
        for lan in self.lans:
            lan.connect_hosts()

    def stop(self):
        """Ends the captures; each LAN gets its messages."""
        for tap in self.taps:
            tap.stop()
            for lan in self.lans:
                macs = [lan.mac(n) for n in (US, NEW, OLD_HOST, lan.others)]
                lan.heard += sorted((m for m in tap.all if m.mac in macs), key=lambda m: m.time)

    def members(self):
        """What mcring-ctl members says, not older than 50 ms: all threads ask."""
        with self.lock:
            if time.monotonic() > self.read_at + 0.05:
                self.read = querier_lan.members(self.daemon)
                self.read_at = time.monotonic()
            return self.read


class Lan(querier_lan.Lan):
    def __init__(self, lans, n, title, protocol, other, is_lower, keys):
        super().__init__(lans.lab, n, lans.hub)
        self.lans, self.title, self.protocol, self.family = lans, title, protocol, protocol.family
        self.keys = ('mld-' if self.family.is_ipv6 else '') + f'querier={keys}'
        self.connect(lans.us, US, kernel=False)
        self.others, self.other, self.heard = LOWER if is_lower else HIGHER, None, []
        self.other = other(self)
        self.seen, self.gone = (set(), set()), ({}, {})  # groups; and since when: ours, the other's

    def address_of(self, n):
        """From which a host asks or reports."""
        return self.address(n, self.protocol)

    def connect_hosts(self):
        """Now and not before: they say more when they know that somebody asks."""
        for host, n in (self.lans.new, NEW), (self.lans.old, OLD_HOST):
            self.connect(host, n, kernel=False)
            if n == OLD_HOST:
                host.run('sysctl', '-qw', f'net.ipv{self.family.number}.conf.{self.name}.force_'
                         f'{self.protocol.name}_version={OLD[self.protocol.name]}')
            self.family.give(host, self.name, self.ipv4(n))
        self.new, self.old = Member(self.lans.new, self.name), Member(self.lans.old, self.name)

    def source(self, n):
        return self.family.address(self.ipv4(n))

    # ---- what mcring says ----

    def querier(self):
        """Of the querier on this LAN."""
        return next(one for one in self.lans.members()['queriers']
                    if (one['interface'], one['protocol']) == (self.name, self.protocol.name))

    def since_s(self, group):
        """When its entry was made."""
        return next(one['since_ns'] for one in self.lans.members()['members'] if
                    (one['interface'], one['group']) == (self.name, group)) / 1e9

    def table(self):
        return self.of_hosts({
            one['group']: (one['mode'],
                           {source['source'] for source in one['sources'] if source['forwarded']},
                           {source['source'] for source in one['sources'] if not source['forwarded']})
            for one in self.lans.members()['members'] if one['interface'] == self.name})

    def of_hosts(self, table):
        """Without the groups that are about queriers, or of the link alone."""
        return {group: entry for group, entry in table.items()
                if group.startswith(('239.', '232.', 'ff15:', 'ff35:'))}

    def wait_role(self, role, seconds=20):
        wait_for(lambda: self.querier()['role'] == role, seconds, f'{self.title}: role {role}')

    def tables(self):
        """mcring's, and the other's if it shows one. Notes when groups are gone from them."""
        tables = [self.table()]
        if self.other.has_table:
            tables.append(self.of_hosts(self.other.table()))
        for seen, gone, table in zip(self.seen, self.gone, tables):
            gone.update({group: time.time() for group in seen - set(table)})
            seen.clear()
            seen.update(table)
        return tables

    def wait_asked(self):
        """Until mcring asks all: now others have time before it does so again."""
        before = self.querier()['tx_general']
        wait_for(lambda: self.querier()['tx_general'] > before, 20, f'{self.title}: we ask')

    def wait_table(self, expected, seconds=20):
        """Until all tables are as expected."""
        said = []

        def agree():
            said[:] = self.tables()
            return all(table == expected for table in said)

        try:
            wait_for(agree, seconds, 'the tables')
        except AssertionError:
            raise AssertionError(f'{self.title}: {said} are not {expected}') from None


# ---- the others ----

class Other:
    """Another querier on a LAN, from start() to kill(). It speaks from `address`; `is_old`: in the
    version before the newest."""

    has_table, has_address = False, True

    def __init__(self, lan, is_old=False):
        self.lan, self.lab, self.is_old = lan, lan.lab, is_old
        self.address = lan.address_of(lan.others)
        self.host = self.lab.namespace(lan.title)

    def connect(self):
        self.lan.connect(self.host, self.lan.others, kernel=False)

    def give(self, interface):
        """An address to ask from: of IPv6 it follows from the MAC address."""
        if self.lan.family.is_ipv6:
            self.host.speak_ipv6(interface)
        else:
            self.host.run('ip', 'addr', 'add', f'{self.address}/24', 'dev', interface)

    def add_upstream(self):
        """An interface for those that want two."""
        self.lab.wire(self.host, 'u0', self.host, 'u1')
        self.host.run('ip', 'addr', 'add', '10.99.0.1/24', 'dev', 'u0')

    def wait_silent(self):
        """Until it says that mcring is the querier, if it says so."""

    def kill(self):
        self.router.kill()


class Frr(Other):
    has_table = True

    def start(self):
        self.connect()
        self.give(self.lan.name)
        self.router = routers.Frr(self.lab, self.host, f'''interface {self.lan.name}
 ip pim
 ip igmp
 ip igmp version {2 if self.is_old else 3}
 ip igmp query-max-response-time 10
 ip igmp query-interval {INTERVAL_S}
 ip igmp last-member-query-interval 10
 ip igmp last-member-query-count 2
''')
        self.router.wait()

    def ask(self, command):
        return json.loads(self.router.ask(f'show ip igmp {command} json')).get(self.lan.name, {})

    def table(self):
        sources, table = self.ask('sources'), {}
        for one in self.ask('groups').get('groups', []):
            group, mode = one['group'], one.get('mode', 'EXCLUDE').lower()
            # Those of an older host are '*'; '--:--' is a timer that does not run.
            runs = {source['source']: source['timer'] != '--:--' for source in
                    sources.get(group, {'sources': []})['sources'] if source['source'] != '*'}
            table[group] = (mode, {source for source in runs if runs[source]},
                            {source for source in runs if not runs[source]})
        return table

    def wait_silent(self):
        wait_for(lambda: self.ask('interface').get('querierIp') == self.lan.address_of(US), 20, 'FRR yields')


class Pimd(Other):
    def start(self):
        self.connect()
        self.give(self.lan.name)
        self.router = routers.Pimd(
            self.lab, self.host, f'igmp-query-interval {INTERVAL_S}\nigmp-querier-timeout 12\n' +
            f'phyint {self.lan.name} igmpv2\n' * self.is_old + f'rp-address {self.address} 224.0.0.0/4\n')


class Igmpproxy(Other):
    """It speaks version 2, asks seldom, and whoever else asks does not matter to it."""

    def __init__(self, lan):
        super().__init__(lan, is_old=True)

    def start(self):
        self.connect()
        self.give(self.lan.name)
        self.add_upstream()
        self.router = routers.Igmpproxy(
            self.lab, self.host, 'phyint u0 upstream ratelimit 0 threshold 1\n'
            f'phyint {self.lan.name} downstream ratelimit 0 threshold 1\nphyint lo disabled\nphyint u1 disabled\n')


class MldRouter(Other):
    """It asks each second, and whoever else asks does not matter to it."""

    def start(self):
        self.connect()
        self.give(self.lan.name)
        self.add_upstream()
        self.process = self.host.start(sys.executable, routers.MLD_ROUTER, 1 if self.is_old else 2,
                                       'u0', self.lan.name)

    def kill(self):
        self.process.kill()
        self.process.wait(10)


class Bridge(Other):
    """A snooping switch with a port to the LAN, and one to nobody."""

    has_table = True

    def __init__(self, lan, has_address=True):
        """Without an address it does not even care who else asks."""
        super().__init__(lan)
        self.has_address = has_address

    def start(self):
        def bridge(*words):
            self.host.run('ip', 'link', *words)

        bridge('add', 'br0', 'type', 'bridge', 'mcast_snooping', 1, 'mcast_igmp_version', 3,
               'mcast_mld_version', 2, 'mcast_query_use_ifaddr', int(self.has_address),
               # Centiseconds.
               'mcast_query_interval', 100 * INTERVAL_S, 'mcast_query_response_interval', 100,
               'mcast_querier_interval', 200 * INTERVAL_S + 50 if self.has_address else 1,
               'mcast_membership_interval', 200 * INTERVAL_S + 200,
               'mcast_startup_query_interval', 100, 'mcast_startup_query_count', 2,
               'mcast_last_member_interval', 100, 'mcast_last_member_count', 2)
        self.add_upstream()
        bridge('set', 'u0', 'master', 'br0')
        bridge('set', 'br0', 'address', self.lan.mac(self.lan.others), 'up')
        if self.has_address:
            self.give('br0')
        self.lan.wait_asked()
        # It takes part in the election only if it has asked before it hears another one. The second
        # time is a second later.
        bridge('set', 'br0', 'type', 'bridge', 'mcast_querier', 1)
        self.connect()
        bridge('set', self.lan.name, 'master', 'br0')

    def kill(self):
        self.host.run('ip', 'link', 'del', 'br0')

    def table(self):
        found = json.loads(self.host.run('bridge', '-d', '-j', '-s', 'mdb').stdout)[0]['mdb']
        table = {}
        for one in found:
            if one['port'] == self.lan.name and 'src' not in one:
                runs = {source['address']: float(source['timer']) > 0
                        for source in one.get('source_list', [])}
                table[one['grp']] = (one['filter_mode'], {source for source in runs if runs[source]},
                                     {source for source in runs if not runs[source]})
        return table
