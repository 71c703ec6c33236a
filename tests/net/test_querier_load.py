# SPDX-License-Identifier: BSD-3-Clause
"""A querier on a hostile LAN: reports of groups that nobody wants, by the million, and garbage."""

import json
import os
import random
import subprocess

from membership_lan import ALLOW, IGMP, IS_EX, MLD, TO_EX, TO_IN, inject, packed, report
from netlab import Member, wait_for
from programs import BUILD, Daemon, drops, identity, mcsend
from querier_lan import members

STORM = os.path.join(BUILD, 'tests', 'net', 'storm')
ROUND_NS = 50_000_000  # of control; 4 ms were seen


def lines(protocol):
    """What storm sends: reports and leaves of random groups and sources, queries, and nonsense."""
    # Octets of Ethernet, IP with its options, the head of a report, the head of a record.
    message = 14 + (48 if protocol is MLD else 24)
    group, size = message + 12, len(packed(protocol.nothing()))
    zero, zero_source = ('ff15::', '2001:db8::') if protocol is MLD else ('239.0.0.0', '10.0.0.0')
    random_group = f' {group + size - 3} 3 {message + 2}'
    random_source = f' {group + 2 * size - 2} 2 {message + 2}'
    yield from 8 * [report(protocol, (TO_EX, zero)).hex() + random_group]
    yield report(protocol, (IS_EX, zero)).hex() + random_group
    yield report(protocol, (TO_IN, zero)).hex() + random_group
    yield report(protocol, (ALLOW, protocol.family.address('239.0.0.1'),
                            zero_source)).hex() + random_source
    yield report(protocol, (9, zero), (TO_EX, protocol.family.address('239.0.0.2'))).hex()
    yield protocol.message(protocol.leave_v2, 0, zero, destination=protocol.leave_to).hex() + (
        f' {message + 4 + (4 if protocol is MLD else 0) + size - 3} 3 {message + 2}')
    yield protocol.query(3, source='192.0.2.1' if protocol is IGMP else '2001:db8::1').hex()
    yield protocol.query(3, source=protocol.querier(200), bad_checksum=True).hex()
    yield report(protocol, (TO_EX, zero), missing=1).hex() + random_group


def storm(host, protocol, count, flow, rate):
    """Messages at 100,000 a second and datagrams at `rate` for as long; gives how many of these."""
    with open(host.lab.path(f'{protocol}.storm'), 'w+') as frames:
        frames.write('\n'.join(lines(protocol)))
        frames.seek(0)
        process = host.start(STORM, 'eth0', 100_000, count, stdin=frames, stdout=subprocess.PIPE)
    flow, = mcsend(host, flow, count=count * rate // 100_000, rate=rate)['flows']
    assert json.loads(process.communicate(timeout=60)[0])['sent'] == count
    assert flow['failed'] == 0
    return flow['sent']


def garbage(protocol, n):
    """Valid messages of which some octets behind the MAC addresses are others, and their lengths too."""
    rng, address = random.Random(16), protocol.family.address
    loser = 'fe80::ffff:ffff:ffff:1' if protocol is MLD else '10.0.0.200'  # whatever our address is
    valid = [protocol.query(3, source=loser),
             protocol.query(2, group=address('239.2.2.2'), source=loser),
             report(protocol, (TO_EX, address('239.2.2.2')),
                    (ALLOW, address('239.3.3.3'), address('10.0.0.7')))]
    for i in range(n):
        frame = bytearray(valid[i % len(valid)])
        for _ in range(rng.randint(1, 4)):
            frame[rng.randrange(14, len(frame))] = rng.randrange(256)
        yield bytes(frame[:rng.choice((len(frame), rng.randrange(14, len(frame))))])


def test_a_million_reports_cost_neither_the_data_nor_those_who_are_members(wire):
    """R-OP-4, R-REP-10, R-EL-13: ten seconds of 100,000 messages of IGMP a second, two of MLD."""
    wire.sender.speak_ipv6('eth0')
    daemon = Daemon(wire.lab, wire.receiver, '--interface',
                    'feed=net_af_packet0,address=10.0.0.2/24,dad=off,querier=on,mld-querier=on',
                    '--join', '239.1.1.1:5000', vdev='net_af_packet0,iface=eth0,framecnt=32768')
    old = {'239.2.2.2', 'ff15::2:2'}
    Member(wire.sender, 'eth0', *old)

    def queriers():
        return {one['protocol']: one for one in members(daemon)['queriers']}

    def groups():
        return {one['group'] for one in members(daemon)['members']}

    wait_for(lambda: old | {'239.1.1.1'} <= groups(), 10, 'the members are known')

    def is_whole(protocol, count):
        """Whether the flow arrives whole beside so many messages."""
        before = daemon.stats()['delivered']
        data = storm(wire.sender, protocol, count, '239.1.1.1:5000', 5000)
        try:
            wait_for(lambda: daemon.stats()['delivered'] - before == data, 3, 'all of it')
        except AssertionError:
            return False
        return True

    for protocol, count in ((IGMP, 1_000_000), (MLD, 200_000)):
        # Others may hold up the receiving thread for longer than the port has room: not three times.
        assert any(is_whole(protocol, n) for n in (count, 200_000, 200_000))
        after = queriers()[protocol.name]
        assert after['groups'] <= after['groups_max'] and after['refused_groups'] > 0, after
        assert after['memory_bytes'] < 4 << 20, after
        assert after['rx']['bad_records'] > 0 and after['records_unknown'] > 0, after
        assert after['role'] == 'us' and after['rx']['off_subnet' if protocol is IGMP else
                                                    'not_link_local'] > 0, after
        assert old | {'239.1.1.1'} <= groups()
        inject(wire.sender, *garbage(protocol, 1000))
    stats = daemon.stats()
    after = queriers()
    assert all(sum(one['rx'].values()) == one['rx_packets'] for one in after.values()), after
    assert old | {'239.1.1.1'} <= groups()
    assert 'unknown_group' not in drops(stats), stats
    identity(stats)
    assert stats['control']['longest_round_ns'] < ROUND_NS, stats['control']
