# SPDX-License-Identifier: BSD-3-Clause
"""mcring-ctl routes: the kernel and mcring relay the same between the same links, and say the same of
it."""

import json
import re

import pytest

from family import FAMILIES, IPV6
from programs import identity
from relay_lan import MARK_GROUP, KernelRouter, RelayLan, datagram, marks_of_all, start_relay

THRESHOLD = 5  # to b
ANY, SSM = '239.1.2.3', '232.1.2.4'
# By (source, group): the link that it comes from, those that it goes to, packets of this many octets.
FLOWS = {('10.1.0.7', ANY): ('s', 'ab', [0, 10, 1000]),
         ('10.1.0.7', SSM): ('s', 'a', [17]),
         ('10.3.0.7', ANY): ('b', 'sa', [100] * 4)}
MARKS = {('10.1.0.250', MARK_GROUP): ('s', 'ab'), ('10.2.0.250', MARK_GROUP): ('a', 'sb'),
         ('10.3.0.250', MARK_GROUP): ('b', 'sa')}


def of_family(family, flows):
    return {(family.address(source), family.address(group)): flow
            for (source, group), flow in flows.items()}


def exchange(lan, family):
    lan.exchange(*[(link, datagram(source, group, bytes(n)))
                   for (source, group), (link, _, sizes) in of_family(family, FLOWS).items()
                   for n in sizes], marks=marks_of_all)


def lines_of(text):
    """{'(S,G)': the rest of its two lines}, without the age, which has to be there."""
    entries = re.findall(r'(?m)^(\(\S+\)) +(.*\n  .*), Age \d+\.\d\d$', text)
    return dict(entries)


def kernels(lab, family):
    lan = RelayLan(lab, 'k', kernel=True)
    routes = {key: flow[:2] for key, flow in of_family(family, FLOWS).items()}
    router = KernelRouter(lan, {**routes, **MARKS}, {'b': THRESHOLD})
    exchange(lan, family)
    text = lan.relay.run('ip', '-6' if family.is_ipv6 else '-4', '-s', 'mroute', 'show').stdout
    router.close()
    return text


def start(lab, family):
    groups = f'{family.address(ANY)}+{MARK_GROUP}'
    ssm = f'{family.address(SSM)}@{family.address("10.1.0.7")}'
    keys = {'s': 'role=upstream', 'a': f'role=downstream,forward-when=always,static-groups={groups}+{ssm}',
            'b': f'role=downstream,forward-when=always,ttl-threshold={THRESHOLD},static-groups={groups}'}
    lan = RelayLan(lab, 'm')
    daemon = start_relay(lan, keys)
    exchange(lan, family)
    return lan, daemon


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_routes_in_the_form_of_the_kernel_are_the_kernels(lab, family):
    theirs = lines_of(kernels(lab, family))
    _, daemon = start(lab, family)
    ours = lines_of(daemon.ctl('routes', '--kernel').stdout)
    if family.is_ipv6:  # the kernel has thresholds of IPv4 only
        ours = {name: rest.replace(f'(ttl {THRESHOLD})', '') for name, rest in ours.items()}
    wanted = [f'({source},{group})' for source, group in of_family(family, FLOWS)]
    assert {name: ours.get(name) for name in wanted} == {name: theirs[name] for name in wanted}


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_routes_say_what_went_where(lab, family):
    lan, daemon = start(lab, family)
    interfaces = {'s': 'u0', 'a': 'd0', 'b': 'd1'}
    header = 48 if family is IPV6 else 28
    routes = json.loads(daemon.ctl('routes', '--json').stdout)['routes']
    for (source, group), (link, outputs, sizes) in of_family(family, FLOWS).items():
        found, = (one for one in routes if (one['source'], one['group']) == (source, group))
        assert found['interface'] == interfaces[link]
        assert (found['packets'], found['bytes']) == (len(sizes), sum(sizes) + len(sizes) * header)
        assert found['wrong_interface'] == 0 and found['first_ns'] <= found['last_ns']
        assert {one['interface']: one['packets'] for one in found['outputs']} == {
            interfaces[one]: len(sizes) for one in outputs}
        assert all(one['forwarded'] for one in found['outputs'])
    # From where it cannot come: it is counted there, and goes nowhere.
    key = family.address('10.1.0.7'), family.address(ANY)
    seen = lan.exchange(*[('a', datagram(*key, b'forged'))] * 3, marks=marks_of_all)
    assert not any(seen.values())
    routes = json.loads(daemon.ctl('routes', '--json', key[1]).stdout)['routes']
    wrong = {one['interface']: (one['wrong_interface'], one['packets']) for one in routes
             if one['source'] == key[0]}
    assert wrong == {'u0': (0, 3), 'd0': (3, 0)}
    text = daemon.ctl('routes', '--kernel', key[1]).stdout
    assert ', 3 arrived on wrong iif., Age ' in re.search(
        rf'(?m)^\({re.escape(key[0])},.*\n.*', text).group()
    stats = daemon.stats()
    assert identity(stats) and stats['drops']['wrong_interface'] == 3
    assert {one['interface']: one['wrong_interface'] for one in stats['relay']} == {
        'u0': 0, 'd0': 3, 'd1': 0}
