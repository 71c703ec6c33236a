# SPDX-License-Identifier: BSD-3-Clause
"""From a kernel socket to a consumer: everything arrives, everything is accounted for."""

import pytest

from conftest import Wire, both_families
from family import IPV4, IPV6
from programs import Daemon, drops, identity, mcsend, payload_is_whole, sequence

COUNT = 100_000


STALL_NS = 10_000_000  # what a driver's queue holds at 70,000 packets a second, with room to spare
TRIES = 3


def was_disturbed(wire, stats, sent):
    """The machine took an lcore, the sender, or the kernel's thread that empties veth's queue away
    for longer than a queue lasts: proves nothing."""
    return (stats['lcores'][0]['longest_gap_ns'] > STALL_NS or sent['elapsed_ns'] > 4e9 or
            wire.sender.counter('eth0', 'tx_dropped') > 0)


def receive_hundred_thousand(wire, driver):
    join = wire.family.join
    daemon = wire.daemon('--join', join('239.1.1.1:5000'), driver=driver)
    consumer = daemon.cat('--count', COUNT)
    before = daemon.stats()
    sent = mcsend(wire.sender, join('239.1.1.1:5000'), join('239.9.9.9:5000/10'),
                  join('239.1.1.1:5001/10'), count=COUNT, rate=50_000)
    return daemon, before, sent, consumer.wait(), daemon.stats()


@pytest.mark.parametrize('driver,family', [
    ('net_af_packet', IPV4), ('net_af_xdp', IPV4), ('net_af_xdp', IPV6)])
def test_all_datagrams_arrive_in_order_and_the_rest_is_accounted_for(wire, driver):
    for attempt in range(TRIES):
        daemon, before, sent, result, after = receive_hundred_thousand(wire, driver)
        status, messages, summary = result
        identity(after)
        if status == 0 or not was_disturbed(wire, after, sent):
            break
        assert daemon.stop() == 0

    assert [flow['failed'] for flow in sent['flows']] == [0, 0, 0]
    assert status == 0
    assert [sequence(m) for m in messages] == list(range(1, sent['flows'][0]['sent'] + 1))
    assert all(payload_is_whole(m) for m in messages)
    assert {(m['group'], m['port'], m['source'], m['len']) for m in messages} == {
        (wire.family.address('239.1.1.1'), 5000, wire.family.address('10.0.0.1'), 100)}
    assert summary['received'] == COUNT and summary['lost'] == 0

    assert after['delivered'] - before['delivered'] == COUNT
    assert drops(after).get('unknown_group', 0) - before['drops'].get('unknown_group', 0) == \
        sent['flows'][1]['sent']
    assert drops(after).get('unknown_port', 0) - before['drops'].get('unknown_port', 0) == \
        sent['flows'][2]['sent']
    identity(after)
    assert daemon.stop() == 0


@both_families
def test_messages_carry_the_id_and_the_channel_of_their_join(wire):
    first, second = (f'[{one}]' if wire.family.is_ipv6 else one for one in map(
        wire.family.address, ('239.1.1.1', '239.1.1.2')))
    daemon = wire.daemon('--join', f'{first}:5000,channel=a,id=7', '--join',
                         f'{second},channel=a,id=8', '--join', f'{second}:5000,channel=b,id=9')
    mcsend(wire.sender, f'{first}:5000', f'{second}:5000', f'{second}:6000', count=100)
    first, second = first.strip('[]'), second.strip('[]')
    _, a, _ = daemon.cat('--channel', 'a', '--count', 300).wait()
    _, b, _ = daemon.cat('--channel', 'b', '--count', 100).wait()
    assert {(m['group'], m['port'], m['id']) for m in a} == {
        (first, 5000, 7), (second, 5000, 8), (second, 6000, 8)}
    assert len(a) == 300
    assert {(m['group'], m['port'], m['id']) for m in b} == {(second, 5000, 9)}
    assert len(b) == 100


@both_families
def test_a_wrong_source_is_dropped_under_its_own_reason(wire):
    join = wire.family.join
    daemon = wire.daemon('--join', join('239.1.1.1:5000@10.0.0.1'), '--join',
                         join('239.1.1.2:5000@10.0.0.9'), '--join',
                         join('239.1.1.3:5000@!10.0.0.1'))
    mcsend(wire.sender, *map(join, ('239.1.1.1:5000', '239.1.1.2:5000', '239.1.1.3:5000')),
           count=100)
    status, messages, _ = daemon.cat('--count', 100).wait()
    assert status == 0
    assert {m['group'] for m in messages} == {wire.family.address('239.1.1.1')}
    stats = daemon.stats()
    assert drops(stats)['wrong_source'] == 200
    identity(stats)


@both_families
def test_datagrams_of_every_size_arrive_whole(wire):
    join = wire.family.join('239.1.1.1:5000')
    daemon = wire.daemon('--join', join)
    sizes = [16, 17, 18, 255, 1024, 1452 if wire.family.is_ipv6 else 1472]
    for size in sizes:
        mcsend(wire.sender, join, count=10, size=size)
    status, messages, _ = daemon.cat('--count', 10 * len(sizes)).wait()
    assert status == 0
    assert [m['len'] for m in messages] == [size for size in sizes for _ in range(10)]
    assert all(payload_is_whole(m) for m in messages)


def test_jumbo_frames_arrive_whole_over_af_packet(lab):
    wire = Wire(lab, mtu=9000)
    daemon = Daemon(lab, wire.receiver, '--interface', 'feed=net_af_packet0', '--join',
                    '239.1.1.1:5000', vdev='net_af_packet0,iface=eth0,framesz=16384,'
                    'blocksz=1048576,framecnt=1024')
    mcsend(wire.sender, '239.1.1.1:5000', count=50, size=8900)
    status, messages, _ = daemon.cat('--count', 50).wait()
    assert status == 0
    assert all(m['len'] == 8900 and payload_is_whole(m) for m in messages)
