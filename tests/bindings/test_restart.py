# SPDX-License-Identifier: BSD-3-Clause
"""The engine ends, and another one comes."""

import time

from engines import START_NS, datagram, equal_datagrams
from test_consumer import WAYS, data, numbered, numbered_data
from shown import shows


def reattach(conform, command='reattach'):
    """Step by step, as an event loop does it: until it is attached again."""
    end = time.monotonic() + 30
    while (answer := conform.ask(command)[1]) != 'ok':
        assert answer.split()[1] in ('EAGAIN', 'ENOENT', 'ECONNREFUSED', 'EPIPE'), answer
        assert time.monotonic() < end, answer
        conform.ok('wait 1000')


@shows('MCR_RESTART')
def test_after_a_restart_comes_what_the_new_engine_has(conform, replay):
    engine = replay()
    engine.publish(numbered(3))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest groups=239.1.1.1')
    assert conform.all() == numbered_data(3)
    engine.kill()
    assert conform.to_the_end() == []
    name, text = conform.error('reattach')
    assert name in ('ENOENT', 'ECONNREFUSED') and engine.run_dir in text
    for way in ('sleep', 'wait'):
        assert conform.ok(f'{way} 30000') == '1'  # the next step is due
    again = replay()
    again.ns = START_NS + 1_000_000
    again.publish([*numbered(4, 10), datagram(b'', group='239.1.1.2')])
    reattach(conform)
    assert conform.all('take 3') == [
        f'restart 0 {START_NS + 2000} {START_NS + 1_000_000}',
        *(data(i + 1, b'%06d' % (10 + i), ns=START_NS + 1_000_000 + 1000 * i) for i in range(4))]
    assert conform.ok('skipped') == '1'
    assert conform.ok('wait 0') == '0'


def test_what_the_new_engine_no_longer_holds_is_lost(conform, replay):
    small = ('--channel', 'default,bytes=64K')
    engine = replay(*small)
    engine.publish(numbered(3))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    assert conform.items('poll 2') == numbered_data(2)
    engine.kill()
    again = replay(*small)
    again.ns = START_NS + 1_000_000
    again.publish(equal_datagrams(400, 1000))
    assert conform.to_the_end() == numbered_data(3)[2:]  # what was published before comes first
    reattach(conform)
    restart, lost, *rest = conform.all()
    assert restart.startswith(f'restart 0 {START_NS + 2000} ')
    word, ring, seq, n = lost.split()
    assert (word, ring, seq) == ('lost', '0', '1')
    assert [int(item.split()[2]) for item in rest] == list(range(int(n) + 1, 401))


def test_a_cursor_goes_on_when_its_consumer_does(conform, replay):
    engine = replay()
    engine.publish(numbered(3))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    conform.ok('cursor start=2')
    assert conform.all('cpoll 9') == numbered_data(2, 1)
    engine.kill()
    assert conform.to_the_end() == numbered_data(3)
    assert conform.error('cpoll 1') == ('EPIPE', '-')
    assert conform.error('creattach')[0] == 'EAGAIN'
    again = replay()
    again.ns = START_NS + 1_000_000
    again.publish(numbered(2, 10))
    reattach(conform)
    assert conform.ok('creattach') == ''
    assert [item.split()[0] for item in conform.all('ctake 9')] == ['restart', 'data', 'data']
    assert [item.split()[0] for item in conform.all()] == ['restart', 'data', 'data']


@shows('consumer_reattach: ENOENT')
def test_a_consumer_that_waits_for_nobody_attaches_later(conform, replay, folder):
    conform.ok(f'open run_dir={folder}/run no_wait=1 start=oldest')
    assert conform.error('poll 1') == ('EPIPE', '-')
    assert conform.error('reattach')[0] == 'ENOENT'
    engine = replay('--channel', 'default')
    engine.publish(numbered(3))
    reattach(conform)
    assert conform.all() == numbered_data(3)  # and no restart
    while (answer := conform.ask('interface 0')[1]).startswith('error EAGAIN '):
        time.sleep(0.01)  # nothing else meanwhile
    assert answer.startswith('ok 0 stdin ')


@shows('MCR_ENGINE_STALL MCR_FLAG_STALL_OVER')
def test_an_engine_that_hangs_is_told_and_after_a_while_taken_for_gone(conform, scripted):
    engine = scripted()
    engine(f'put 0 {START_NS} 0 1 ff')
    where = f'open run_dir={engine.run_dir} channel=md start=oldest'
    conform.ok(where)
    assert len(conform.all()) == 1
    engine('hang')
    word, flags, since, at = conform.await_items(1)[0].split()
    assert (word, flags) == ('engine_stall', '0') and 1e9 <= int(at) - int(since) < 1e11
    engine('beat')
    word, flags, began, at = conform.await_items(1)[0].split()
    assert (word, flags) == ('engine_stall', '128') and abs(int(began) - int(since)) < 10**6 < int(at) - int(since)
    conform.ok(where + ' stall_ms=100')
    assert len(conform.all()) == 1
    engine('hang')
    assert conform.to_the_end() == []
    engine('beat')
    reattach(conform)
    assert conform.all() == []  # the same engine: it goes on where it was


@shows('MCR_LINK MCR_FLAG_LINK_UP MCR_FLAG_LINK_GONE MCR_STALL MCR_FLAG_LATE MCR_ORDER_RINGS MCR_ORDER_MERGED',
       'MCR_FLAG_RX_TIME_TSC MCR_FLAG_CLOCK_STEP MCR_FLAG_HW_TIME MCR_FLAG_HW_TIME_SYNCED')
def test_events_that_no_capture_has_arrive_with_each_field(conform, scripted):
    """A link, several rings, their order by time, and what comes late."""
    engine = scripted(3)
    for command in ('put 0 5000 4 1 00', 'put 1 3000 4 1 01', 'link 1 65535 16 3500', 'link 2 3 32 3600',
                    'put 2 4000 15 1 02', 'host_lost 1 18446744073709551615', 'watermark 1 6000'):
        engine(command)
    where = f'open run_dir={engine.run_dir} channel=md start=oldest'
    fields = '239.1.1.1 5000 10.0.0.1 6000 77 12 0 3 0'
    first, second, third = (f'data 0 1 {fields} 4 5000 6000 1 00', f'data 1 1 {fields} 4 3000 4000 1 01',
                            f'data 2 2 {fields} 15 4000 5000 1 02')
    link, gone = 'link 1 2 65535 16', 'link 2 1 3 32'
    conform.ok(where)
    assert conform.ok('rings') == '3'
    assert sorted(conform.all()) == sorted([first, second, third, link, gone])
    assert conform.ok('ring 1') == f'1 4711 1 3 3 6000 {2**64 - 1}'
    assert conform.ok('until 1') == '6000'
    conform.ok(where + ' ring=1 order=rings')
    assert conform.all() == [second, link]
    assert conform.error(f'open run_dir={engine.run_dir} channel=md start=1')[0] == 'EINVAL'
    conform.ok(f'open run_dir={engine.run_dir} channel=md start=2 ring=2')
    assert conform.all() == [third]
    conform.ok(where + ' order=merged hold_ms=20')
    assert conform.await_items(6, 'take 9') == [second, link, gone, third, 'stall 2 4000', first]
    engine('put 2 4500 4 1 03')
    assert conform.await_items(1, 'view 9') == [f'data 2 3 {fields} 68 4500 5500 1 03']  # late


@WAYS
def test_numbers_of_64_bits_arrive_whole(conform, scripted, way):
    engine, far = scripted(), 2**63 + 2**32
    engine(f'far 0 {far}')
    engine(f'put 0 {2**62 + 5} 0 3 ff')
    conform.ok(f'open run_dir={engine.run_dir} channel=md start={far + 2}')
    assert conform.ok('ring 0').split()[2:5] == [str(far + 1), str(far + 2), str(far + 4)]
    fields = f'239.1.1.1 5000 10.0.0.1 6000 77 12 0 3 0 0 {2**62 + 5} 0 1 ff'
    assert conform.all(way + ' 9') == [f'data 0 {far + 2} {fields}', f'data 0 {far + 3} {fields}']
    assert conform.ok('until 0') == str(2**62 + 5)
    engine('flood 0 200')
    word, ring, seq, lost = conform.items(way + ' 1')[0].split()
    assert (word, ring, seq) == ('lost', '0', str(far + 4)) and 0 < int(lost) < 200
