# SPDX-License-Identifier: BSD-3-Clause
"""LANs on which mcring is the querier, and what it says of their members. A host has an interface on
each LAN, of the LAN's name; its address and MAC address end in the same number, so that a lower
number is a lower address in both families."""

import concurrent.futures
import ipaddress
import json
import os
import socket

import pytest

import netlab
from family import IPV6
from membership_lan import IGMP, MLD, Tap
from netlab import wait_for
from programs import Daemon

# RFC 5771 §4; RFC 4291 §2.7: these never leave a link.
LINKS_OWN = [ipaddress.ip_network(one) for one in ('224.0.0.0/24', 'ff02::/16')]
QUICK = 'query-interval=2,query-response-interval=1'  # startup queries half a second apart


def link_local(n, lan):
    """Of the host with this number: RFC 4291 Appendix A."""
    return f'fe80::ff:fe00:{lan.n:x}{n:02x}'


class Lan:
    """A bridge, and who is connected to it."""

    def __init__(self, lab, n, switches, snooping=False):
        self.lab, self.n, self.name, self.switches = lab, n, f'lan{n}', switches
        self.bridge = f'br{n}'
        switches.run('sh', '-ec', f'ip link add {self.bridge} up address {self.mac(240)} type bridge '
                     f'mcast_snooping {int(snooping)}')

    def mac(self, n):
        return f'02:00:00:00:{self.n:02x}:{n:02x}'

    def ipv4(self, n):
        return f'10.0.{self.n}.{n}'

    def address(self, n, protocol):
        """From which a host speaks the protocol."""
        return link_local(n, self) if protocol is MLD else self.ipv4(n)

    def port(self, n):
        return f'to{self.n}_{n}'

    def connect(self, host, n, kernel=True, bridge=None):
        """kernel: it has addresses and speaks both families; else mcring has the interface."""
        port, inside = self.port(n), f'ip -n {host.name}'
        commands = [f'ip link add {port} type veth peer name {self.name} address {self.mac(n)} '
                    f'netns {host.name}', f'ip link set {port} up master {bridge or self.bridge}',
                    f'{inside} link set {self.name} up']
        if kernel:
            commands.append(f'{inside} addr add {self.ipv4(n)}/24 dev {self.name}')
        self.switches.run('sh', '-ec', '; '.join(commands))
        if kernel:
            host.speak_ipv6(self.name, IPV6.host(self.ipv4(n), 24))

    def set(self, *options):
        self.switches.run('ip', 'link', 'set', self.bridge, 'type', 'bridge', *options)

    def carrier(self, n, state):
        """'up' or 'down' for a host; the others keep theirs."""
        self.switches.run('ip', 'link', 'set', self.port(n), state)

    def tap(self, host, n, protocol, name=''):
        """What the host with number n says, as another host sees it."""
        return Tap(host, self.name, self.mac(n), protocol, name)


def interface(lan, n, keys):
    """mcring's, as its command line says it. keys: of the querier."""
    return f'{lan.name}=net_af_packet{lan.n},address={lan.ipv4(n)}/24,dad=off,{keys}'


def start(lab, host, lans, n, keys, *args, eal=None, **kwargs):
    """mcring with an interface on each of the LANs. keys: by LAN, or the same for all."""
    keys = keys if isinstance(keys, dict) else {lan: keys for lan in lans}
    interfaces = [word for lan in lans
                  for word in ('--interface', interface(lan, n, keys[lan]))]
    return Daemon(lab, host, *interfaces, '--idle', 'adaptive', *args,
                  vdev=[f'net_af_packet{lan.n},iface={lan.name}' for lan in lans],
                  **({'eal': eal} if eal else {}), **kwargs)


def ask(daemon, command):
    """What mcring-ctl --json prints of a command without arguments, at a small part of its cost: tests ask
    all the time."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(os.path.join(daemon.run_dir, 'control'))
        s.sendall(b'{"command":"%s"}\n' % command.encode())
        return json.loads(s.makefile().readline())


def members(daemon):
    return ask(daemon, 'members')


def querier(daemon, lan, protocol):
    """What mcring-ctl members says of a querier."""
    return next(one for one in members(daemon)['queriers']
                if one['interface'] == lan.name and one['protocol'] == protocol.name)


def table(daemon, lan):
    """By group, what mcring-ctl members says of the groups of an interface, without those that never
    leave a link."""
    return {one['group']: one for one in members(daemon)['members']
            if one['interface'] == lan.name and not is_links_own(one['group'])}


def is_links_own(group):
    address = ipaddress.ip_address(group)
    return any(address in one for one in LINKS_OWN if one.version == address.version)


def filters(daemon, lan):
    """{group: (mode, sources)}"""
    return {group: (one['mode'], sorted(source['source'] for source in one['sources']))
            for group, one in table(daemon, lan).items()}


def wait_role(daemon, lan, role, protocols=(IGMP, MLD), seconds=15):
    for protocol in protocols:
        wait_for(lambda: querier(daemon, lan, protocol)['role'] == role, seconds,
                 f'{protocol} of {daemon.name} on {lan.name} has the role "{role}"')


def general_queries(messages, protocol):
    """[(when, from whom)] of a Tap's messages."""
    return [(m.time, m.source) for m in messages
            if m.type == protocol.query_type and m.destination == protocol.all_hosts]


class Place:
    """Where a scenario takes place: its names are its own."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.switches = self.host('switch')
        self.count = 0

    def host(self, name):
        return self.lab.namespace(f'{self.name}{name}')

    def path(self, name):
        return self.lab.path(f'{self.name}{name}')

    def lan(self, **kwargs):
        self.count += 1
        return Lan(self.lab, self.count, self.switches, **kwargs)

    def kernel(self, lan, n, name='host'):
        host = self.host(f'{name}{n}')
        lan.connect(host, n)
        return host

    def router(self, *lans, n=100):
        host = self.host(f'router{n}')
        for lan in lans:
            lan.connect(host, n, kernel=False)
        return host


def side_by_side(scenario):
    """Makes a test of a function that takes a Place. It is under way at the same time as the others of
    its file: most of what they do is waiting."""
    def test(under_way):
        under_way[scenario].result()

    test.__name__, test.__doc__, test.scenario = scenario.__name__, scenario.__doc__, scenario
    return test


@pytest.fixture(scope='module')
def under_way(request):
    """The futures of a file's scenarios that this run has."""
    scenarios = [item.function.scenario for item in request.session.items
                 if item.module is request.module and hasattr(item.function, 'scenario')]
    lab = netlab.Lab()
    try:
        with concurrent.futures.ThreadPoolExecutor(len(scenarios)) as pool:
            yield {one: pool.submit(one, Place(lab, f's{n}')) for n, one in enumerate(scenarios)}
    finally:
        lab.close()
