# SPDX-License-Identifier: BSD-3-Clause
"""What the relay forwards, octet by octet: all of relay_cases.py goes through one daemon in one run. The
kernel's own forwarding gets the same, which proves the expectations."""

import ipaddress

import pytest

import netlab
from family import FAMILIES, IPV4, IPV6
from relay_cases import CASES, MTU, THRESHOLD, number_of, want
from relay_lan import MARK_GROUP, KernelRouter, RelayLan, relay_mac, relayed, untagged

ETHERTYPE = {IPV4: b'\x08\0', IPV6: b'\x86\xdd'}


def by_number(seen):
    """{(EtherType, number): {link: frames}}, of what RelayLan.exchange gives."""
    found = {}
    for link, frames in seen.items():
        for frame in frames:
            kind, packet = untagged(frame)
            found.setdefault((kind, number_of(packet, kind)), {}).setdefault(link, []).append(frame)
    return found


def frames_of(case):
    return [bytes(frame) for frame in case.frames]


def all_frames():
    return [(case.link, frame) for cases in CASES.values() for case in cases
            for frame in frames_of(case)]


def kernels_routes():
    """What a router of PIM would have made of WANTED, for the sources of all cases from upstream."""
    routes = {(f'10.{n}.0.250', MARK_GROUP): ways for n, ways in ((1, ('s', 'ab')), (2, ('a', 'sb')))}
    for family, cases in CASES.items():
        for case in cases:
            kind, packet = untagged(bytes(case.frames[0]))
            source, group = (str(ipaddress.ip_address(packet[at:at + size])) for at, size in (
                ((8, 16), (24, 16)) if family.is_ipv6 else ((12, 4), (16, 4))))
            links = want(family, group, source)
            if case.link == 's' and links:
                routes[source, group] = 's', links
    return routes


@pytest.fixture(scope='module')
def kernels():
    """What the kernel made of all cases."""
    lab = netlab.Lab()
    try:
        lan = RelayLan(lab, 'k', {'b': MTU}, kernel=True)
        router = KernelRouter(lan, kernels_routes(), {'b': THRESHOLD})
        yield by_number(lan.exchange(*all_frames()))
        router.close()
    finally:
        lab.close()


def shown(links):
    return '; '.join(f'{link}: {" ".join(frame.hex() for frame in frames)}'
                     for link, frames in links.items()) or 'nothing'


def none_differs(family, seen, expected):
    """Just the expected frames came: expected(case) gives {link: frames}, or None if it does not
    matter."""
    differ = []
    for case in CASES[family]:
        came, should = seen.get((ETHERTYPE[family], case.number), {}), expected(case)
        if should is not None and came != should:
            differ.append(f'{family} {case.number} {case.name}\n came   {shown(came)}\n'
                          f' not    {shown(should)}')
    assert not differ, '\n'.join(differ)


def relayed_to(case, links, pads=True):
    return {link: [relayed(frame, relay_mac(link), pads=pads) for frame in frames_of(case)]
            for link in links}


@pytest.mark.parametrize('family', FAMILIES, ids=repr)
def test_the_kernel_forwards_what_the_table_says(kernels, family):
    """The expectations of the next test, as far as Linux does the same."""
    def expected(case):
        links = case.to if case.kernel is None else case.kernel
        return None if links == '?' else relayed_to(case, links, pads=False)

    none_differs(family, kernels, expected)
