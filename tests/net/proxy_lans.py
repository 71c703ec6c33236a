# SPDX-License-Identifier: BSD-3-Clause
"""mcring between an upstream LAN with a source and downstream LANs with a kernel's host each, and all
that is said on them."""

import collections
import subprocess

import querier_lan
from family import FAMILIES, IPV6, at_port
from membership_lan import IGMP, MLD, messages_of
from netlab import Capture, Member, wait_for
from programs import Traffic
from querier_lan import filters

US, SOURCE, HOST = 100, 1, 2  # hosts, by number
RECORDS = IS_IN, IS_EX, TO_IN, TO_EX, ALLOW, BLOCK = range(1, 7)
PROTOCOLS = (IGMP, MLD)
QUERIER = 'querier=on,mld-querier=on'
# It says each change once, so that what it says is a list of changes. A leave takes 0.6 s.
UPSTREAM = 'role=upstream,igmp-robustness=1'
QUICK = 'query-response-interval=1,last-member-query-interval=0.3,last-member-query-count=2'
DOWNSTREAM = f'role=downstream,{QUERIER},{QUICK},query-interval=60,startup-query-count=1'


def both(*addresses):
    """Each with its twin of IPv6; 'GROUP@SOURCE' too."""
    return [family.join(one).replace('[', '').replace(']', '') for one in addresses
            for family in FAMILIES]


Datagram = collections.namedtuple('Datagram', 'time interface mac source group ttl number')
FIELDS = ('frame.time_epoch', 'frame.interface_id', 'eth.src', 'ip.src', 'ipv6.src', 'ip.dst', 'ipv6.dst',
          'ip.ttl', 'ipv6.hlim', 'udp.payload')


def datagrams(path, names):
    """What mcsend's datagrams a capture has, in the order of time. names: of its interfaces."""
    out = subprocess.run(['tshark', '-n', '-r', path, '-Y', 'udp && eth.dst.ig == 1', '-T', 'fields', '-E',
                          'occurrence=f', *[word for one in FIELDS for word in ('-e', one)]],
                         check=True, capture_output=True, text=True).stdout
    found = []
    for line in out.splitlines():
        at, interface, mac, s4, s6, g4, g6, ttl, hlim, payload = line.split('\t')
        found.append(Datagram(float(at), names[int(interface)], mac, s4 or s6, g4 or g6, int(ttl or hlim),
                              int(payload[:16], 16)))
    return sorted(found)


class Watch:
    """All frames of some interfaces: {name: (host, interface)}; those of a host have one capture. From
    construction to stop()."""

    def __init__(self, place, interfaces):
        self.names, self.captures = [], []
        self.path, self.read = place.path('watch.pcapng'), {}
        for host in dict.fromkeys(host for host, _ in interfaces.values()):
            own = {name: interface for name, (one, interface) in interfaces.items() if one is host}
            self.names += own
            self.captures.append(Capture(host, list(own.values()), place.path(f'{host.name}.pcapng')))

    def stop(self):
        for settle, capture in zip((1, *[0] * len(self.captures)), self.captures):
            capture.stop(settle)
        # Each keeps its interfaces.
        subprocess.run(['mergecap', '-I', 'none', '-w', self.path, *[one.path for one in self.captures]],
                       check=True)
        self.data = datagrams(self.path, self.names)

    def said(self, protocol):
        """All messages, in the order of time."""
        if protocol not in self.read:
            self.read[protocol] = sorted((m for m in messages_of(self.path, protocol) if not m.is_own),
                                         key=lambda m: m.time)
            for m in self.read[protocol]:
                m.interface = self.names[m.interface]
        return self.read[protocol]


def silent_member(host, interface):
    """One that can be told to join and leave while data comes: it does not read it."""
    return Member(host, interface, port=9)


def watch_lans(place, lans):
    return Watch(place, {lan.name: (place.switches, lan.bridge) for lan in lans})


class Proxy:
    """keys: of its interfaces, those of the upstream LAN first; `more`: its other arguments."""

    def __init__(self, place, keys, *more):
        self.place = place
        self.lans = [place.lan() for _ in keys]
        self.up, *self.downs = self.lans
        self.router = place.router(*self.lans, n=US)
        self.source = place.kernel(self.up, SOURCE, 'source')
        self.hosts = {lan: place.kernel(lan, HOST, f'{lan.name}host') for lan in self.downs}
        self.watch = watch_lans(place, self.lans)
        self.daemon = querier_lan.start(
            place.lab, self.router, self.lans, US,
            {lan: f'{one},address6={self.address6(lan)}' for lan, one in zip(self.lans, keys)}, *more)
        self.members = {lan: silent_member(host, lan.name) for lan, host in self.hosts.items()}

    def address6(self, lan):
        """Each LAN has a prefix of its own, as in IPv4: of 10.0.1.100 it is 2001:db8::164/120."""
        return f'{IPV6.address(lan.ipv4(US))}/120'

    def do(self, lan, verb, *groups):
        """The LAN's host joins, leaves, blocks or unblocks these groups, and their twins."""
        self.members[lan].do(verb, *both(*groups))

    def wait(self, lan, *groups, seconds=10):
        """Until these are the groups of the table of a LAN, and their twins: 'GROUP' has any source,
        'GROUP@SOURCE...' includes its sources, 'GROUP@!SOURCE...' excludes them."""
        expected = {}
        for text in groups:
            group, *sources = text.split('@')
            mode = 'include' if sources and sources[0][0] != '!' else 'exclude'
            for family in FAMILIES:
                expected[family.address(group)] = (mode, sorted(
                    family.address(one.lstrip('!')) for one in sources))
        found = []

        def agree():
            found[:] = [filters(self.daemon, lan)]
            return found[0] == expected

        try:
            wait_for(agree, seconds, 'the table')
        except AssertionError:
            raise AssertionError(f'{lan.name} has {found[0]}, not {expected}') from None

    def send(self, host, lan, *groups, rate=100, ttl=4, **options):
        """A flow of both families, until its stop()."""
        return Traffic(host, *[at_port(one) for one in both(*groups)], rate=rate, ttl=ttl,
                       interface=lan.name, **options)

    # ---- after watch.stop() ----

    def told(self, protocol):
        """[(record or message type, group, sources)] of what mcring said upstream, in order."""
        return [one for m in self.said_upstream(protocol) for one in m.told_whole()]

    def said_upstream(self, protocol):
        return [m for m in self.watch.said(protocol) if m.mac == self.up.mac(US)]

    def arrived(self, lan, group, source=None):
        """The datagrams of a group that mcring forwarded to a LAN, in order."""
        return [one for one in self.data if one.mac == lan.mac(US) and one.group == group and
                source in (None, one.source)]

    def stop(self):
        """Ends the capture."""
        self.watch.stop()
        self.data = self.watch.data


def changes(protocol, *texts):
    """The list that told() gives: 'TO_EX 239.1.1.1', 'ALLOW 232.1.1.1@10.0.0.1'."""
    expected = []
    for text in texts:
        kind, what = text.split()
        group, *sources = what.split('@')
        expected.append((globals()[kind], protocol.family.address(group),
                         sorted(map(protocol.family.address, sources))))
    return expected


def is_whole(numbers):
    """Whether what mcsend numbered came in order, none twice and none lost."""
    return bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
