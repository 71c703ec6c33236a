# SPDX-License-Identifier: BSD-3-Clause
"""Feeds: what is handed out in order, the events between, and what a program gives back."""

import threading

import pytest

from engines import START_NS, datagram, equal_datagrams
from test_consumer import WAYS
from shown import shows

LINES = 'gap_timeout 5ms; line A; join 239.1.1.1:5000; line B; join 239.1.1.2:5000'
ALL_EVENTS = 'events=131071'


def packet(seq, line='A', more=b'', port=5000):
    return datagram(seq.to_bytes(8, 'big') + more, group={'A': '239.1.1.1', 'B': '239.1.1.2'}[line], port=port)


def item(seq, line='A', more=b'', key=0, count=1, skip=0, flags=0):
    payload = seq.to_bytes(8, 'big') + more
    number = {'A': 0, 'B': 1, 'inserted': 8}[line]
    return f'data {key} {number} {seq} {count} {skip} {flags} {len(payload)} {payload.hex()}'


def at(*ms):
    return [START_NS + round(one * 1e6) for one in ms]


@pytest.fixture
def feed(conform, replay):
    """Opens a feed of these packets. Its engine is feed.engine."""
    def make(frames, times_ns=None, options='', declaration='seq=0:8:be', channel='default', lines=LINES):
        make.engine = replay('--feed', f'feed f; declaration {declaration}; {lines}', '--channel', channel)
        make.engine.publish(frames, times_ns)
        conform.ok(f'feed open run_dir={make.engine.run_dir} feed=f start=oldest {options}'.rstrip())

    return make


@shows('MCR_FEED_DATA MCR_FEED_START MCR_FEED_FLAG_HELD', 'feed_key_info: ENOENT', 'feed_line_info: ENOENT')
@WAYS
def test_each_number_is_handed_out_once_and_in_order(conform, feed, way):
    feed([packet(7, 'A', b'seven'), packet(7, 'B', b'seven'), packet(8, 'B'), packet(10, 'A'), packet(9, 'B'),
          packet(10, 'B'), packet(11, 'A')])
    assert conform.items(f'feed {way} 0') == []
    assert conform.await_items(6, f'feed {way} 4') == [
        'start 0 0 7', item(7, 'A', b'seven'), item(8, 'B'), item(9, 'B'), item(10, flags=4), item(11)]
    assert conform.ok('feed key 0') == '12 0 flow=0 group=239.1.1.1 port=5000'
    assert conform.ok('feed line 0') == 'A 1 3 2'  # it lost 8 and 9
    assert conform.ok('feed line 1') == 'B 1 4 0'
    assert conform.ok('feed stats') == '2 1 5 5 0'
    for command in ('feed key 1', 'feed line 2'):
        assert conform.error(command) == ('ENOENT', '-')


@shows('MCR_FEED_GAP MCR_FEED_GAP_PASSED MCR_FEED_WIRE MCR_FEED_FILLED_LATE MCR_FEED_LINE_SWITCH',
       'MCR_FEED_RESET MCR_FEED_RESET_RESUME',
       'MCR_FEED_FLAG_LATE MCR_FEED_FLAG_AFTER_GAP MCR_FEED_FLAG_INSERTED',
       'feed_insert: ENOENT EALREADY',
       'feed_resume: ENOENT')
@WAYS
def test_what_came_on_no_line_is_a_gap_and_can_be_given_back(conform, feed, way):
    feed([packet(1), packet(1, 'B'), packet(3), packet(3, 'B'), packet(4)], at(0, .1, .2, .3, 20),
         f'late=1 {ALL_EVENTS}')
    opened, declared = at(.2, .3)
    assert conform.await_items(5, f'feed {way} 9') == [
        'start 0 0 1', item(1), f'gap 0 2 2 2 1 0 {opened} {declared}', item(3, flags=6), item(4)]
    assert conform.ok('feed line 1') == 'B 1 2 1'
    assert conform.ok('feed stats') == '2 1 3 3 1'
    assert conform.ok('feed wire 2') == '2'
    assert conform.error('feed insert 7 2 1 00') == ('ENOENT', '-')
    assert conform.error('feed insert 0 1 1 -') == ('EALREADY', '-')
    assert conform.ok('feed insert 0 2 1 0000000000000002ff') == ''
    assert conform.items(f'feed {way} 9') == ['filled_late 0 2 2', item(2, 'inserted', b'\xff', flags=9)]
    assert conform.ok('feed resume 0 100') == ''
    assert conform.items(f'feed {way} 9') == ['reset 0 5 100 4']
    assert conform.error('feed resume 1 100') == ('ENOENT', '-')
    feed.engine.publish([packet(100, 'B')])
    assert conform.await_items(2, f'feed {way} 9') == ['line_switch 0 1', item(100, 'B')]


@WAYS
def test_a_handler_that_releases_is_waited_for_and_loses_nothing(conform, replay, way):
    engine = replay('--pace', 'readers', '--feed', f'feed f; declaration seq=0:8:be; {LINES}', '--channel',
                    'default,bytes=64K')
    first = 2**40  # a number that 32 bits do not hold
    engine.publish([packet(first)])
    conform.ok(f'feed open run_dir={engine.run_dir} start=oldest')
    sender = threading.Thread(target=engine.send, args=(equal_datagrams(500, 1000, first + 1),))
    sender.start()
    items = conform.await_items(502, f'feed {way} 100')
    assert [one.split()[:4] for one in items[1:]] == [['data', '0', '0', str(first + n)] for n in range(501)]
    sender.join()


def test_a_stream_stops_at_its_gap_if_it_is_told_to(conform, feed):
    feed([packet(1), packet(1, 'B'), packet(3), packet(3, 'B')], options='hold_on_gap=1')
    opened, declared = (START_NS + 2000, START_NS + 3000)
    assert conform.await_items(3, 'feed poll 9') == ['start 0 0 1', item(1), f'gap 0 2 2 2 1 0 {opened} {declared}']
    assert conform.items('feed poll 9') == []
    conform.ok('feed insert 0 2 1 0000000000000002')
    assert conform.items('feed take 9') == [item(2, 'inserted', flags=12), item(3, flags=4)]


@shows('MCR_FEED_AS_THEY_COME MCR_FEED_FLAG_DUPLICATE MCR_FEED_FLAG_OUT_OF_ORDER', 'feed_insert: EINVAL')
def test_without_holding_each_packet_comes_with_its_flags(conform, feed):
    feed([packet(1), packet(1, 'B'), packet(3), packet(2, 'B')], options='order=as_they_come')
    assert conform.await_items(5, 'feed take 9') == [
        'start 0 0 1', item(1), item(1, 'B', flags=16), item(3, flags=32), item(2, 'B')]
    assert conform.error('feed insert 0 2 1 00') == ('EINVAL', '-')


@shows('MCR_FEED_MISMATCH MCR_FEED_IMPLAUSIBLE')
def test_lines_that_differ_and_numbers_beyond_belief_are_named(conform, feed):
    feed([packet(1), packet(1, 'B', b'x'), packet(2, 'B'), packet(2**64 - 1000)], options='compare=1')
    assert conform.await_items(5, 'feed poll 9') == [
        'start 0 0 1', item(1), 'mismatch 0 1 0', item(2, 'B'), f'implausible 0 {2**64 - 1000} 0']
    assert conform.ok(f'feed wire {2**64 - 1000}') == str(2**64 - 1000)


@shows('MCR_FEED_GAP_TIMEOUT MCR_FEED_IN_ORDER')
def test_what_a_line_alone_has_passed_is_given_up_after_a_while(conform, feed):
    feed([packet(1), packet(1, 'B'), packet(3), packet(4)], at(0, .1, .2, 20), 'order=in_order')
    assert conform.await_items(5, 'feed take 9') == [
        'start 0 0 1', item(1), f'gap 0 2 2 1 1 0 {at(.2)[0]} {at(5.2)[0]}', item(3, flags=6), item(4)]


@shows('MCR_FEED_GAP_WINDOW')
def test_a_gap_is_given_up_when_no_more_is_to_be_held(conform, feed):
    feed([packet(1), packet(1, 'B'), packet(3), packet(4), packet(5)], options='held_max=2')
    opened, declared = at(.002, .004)
    assert conform.await_items(6, 'feed take 9') == [
        'start 0 0 1', item(1), f'gap 0 2 2 3 1 0 {opened} {declared}', item(3, flags=6), item(4, flags=4),
        item(5)]


@shows('MCR_FEED_RESET_EXPLICIT MCR_FEED_GAP_FLUSH')
def test_what_is_missing_before_a_reset_is_given_up(conform, feed):
    feed([packet(1, 'A', b'\0'), packet(3, 'A', b'\0'), packet(1, 'A', b'\1')],
         declaration='seq=0:8:be reset=8:1=1:data')
    opened, declared = at(.001, .002)
    assert conform.await_items(6, 'feed take 9') == [
        'start 0 0 1', item(1, 'A', b'\0'), f'gap 0 2 2 4 1 0 {opened} {declared}', item(3, 'A', b'\0', flags=6),
        'reset 0 4 1 1', item(1, 'A', b'\1')]


@shows('MCR_FEED_RESET_IMPLICIT')
def test_numbers_that_begin_anew_are_a_reset(conform, feed):
    feed([packet(n) for n in (5000, 1, 2, 3)])
    assert conform.await_items(6, 'feed take 9') == [
        'start 0 0 5000', item(5000), 'reset 0 5001 1 3', item(1, flags=4), item(2, flags=4), item(3, flags=4)]


@shows('MCR_FEED_CYCLE')
def test_what_is_sent_in_a_loop_begins_again(conform, feed):
    feed([packet(n) for n in (5000, 1, 2, 3)], declaration='seq=0:8:be loop=yes')
    assert conform.await_items(4, 'feed take 9')[2].startswith('cycle 0 5001 ')


@shows('MCR_FEED_FLAG_UNSEQUENCED')
def test_what_has_no_number_comes_if_it_is_wanted(conform, feed):
    feed([packet(1), packet(0, 'B', b'x'), packet(2)], declaration='seq=0:8:be unsequenced=seq=0',
         options='unsequenced=1')
    assert conform.await_items(4, 'feed take 9') == [
        'start 0 0 1', item(1), item(0, 'B', b'x', count=0, flags=64), item(2)]


def test_a_start_may_be_given(conform, feed):
    feed([packet(n) for n in range(1, 5)], options='start_seq=3')
    assert conform.await_items(3, 'feed poll 9') == ['start 0 0 3', item(3), item(4)]


@shows('MCR_FEED_LINE_DOWN MCR_FEED_DOWN_SILENT MCR_FEED_LINE_UP MCR_FEED_SILENCE MCR_FEED_SILENCE_END')
def test_lines_that_are_silent_are_down(conform, feed):
    feed([packet(1), packet(1, 'B'), packet(2, 'B')], at(0, .1, 3000), declaration='seq=0:8:be,heartbeat_interval=10ms')
    items = conform.await_items(8, 'feed poll 9')
    assert sorted(items[2:4]) == ['line_down 0 1', 'line_down 1 1']
    assert items[4:] == ['silence', 'line_up 1', 'silence_end', item(2, 'B')]


@shows('MCR_FEED_DOWN_NEVER')
def test_a_line_that_was_never_heard_is_down(conform, feed):
    feed([packet(1), packet(2)], at(0, 3000), declaration='seq=0:8:be,heartbeat_interval=10ms')
    assert 'line_down 1 2' in conform.await_items(6, 'feed poll 9')


def test_several_messages_in_a_packet_are_counted_and_those_handed_out_before_are_skipped(conform, feed):
    def several(seq, count, line='A'):
        return packet(seq, line, count.to_bytes(2, 'big'))

    feed([several(1, 3), several(2, 4, 'B')], declaration='seq=0:8:be count=8:2:be')
    assert conform.await_items(3, 'feed view 9') == [
        'start 0 0 1', item(1, 'A', b'\0\3', count=3), item(4, 'B', b'\0\4', count=2, skip=2).replace(
            f'{4:016x}', f'{2:016x}')]
    assert conform.ok('feed stats') == '2 1 2 5 0'


@shows('MCR_FEED_END_OF_SESSION MCR_FEED_RESET_SESSION')
def test_sessions_end_and_restart_and_unsequenced_packets_come_if_wanted(conform, feed):
    def mold(session, seq, count):
        head = session.ljust(10).encode() + seq.to_bytes(8, 'big') + count.to_bytes(2, 'big')
        return datagram(head + b'\0\1x' * (0 if count == 0xffff else count))

    feed([mold('one', 1, 1), mold('one', 2, 0), mold('one', 2, 0xffff), mold('two', 1, 2)], declaration='moldudp64',
         lines=LINES.split('; line B')[0])
    items = conform.await_items(5, 'feed poll 9')
    assert [one.split()[:4] for one in items] == [
        ['start', '0', '0', '1'], ['data', '0', '0', '1'], ['end_of_session', '0', '2'], ['reset', '0', '2', '1'],
        ['data', '0', '0', '1']]
    assert items[3] == 'reset 0 2 1 2'
    assert conform.ok('feed key 0').startswith('3 0 session=two ')


@shows('MCR_FEED_KEYS_FULL')
def test_a_stream_more_than_allowed_is_not_handed_out(conform, feed):
    lines = 'line A; join 239.1.1.1:5000; join 239.1.1.2:5000'
    feed([packet(1), packet(5, 'B'), packet(2)], options='keys_max=1', lines=lines)
    assert conform.await_items(4, 'feed poll 9') == ['start 0 0 1', item(1), 'keys_full', item(2)]


@shows('MCR_FEED_RING')
def test_a_program_that_was_lapped_knows_whose_loss_it_is(conform, feed):
    feed([packet(1)], channel='default,bytes=64K', lines=LINES.split('; line B')[0])
    assert conform.await_items(2, 'feed poll 9') == ['start 0 0 1', item(1)]
    feed.engine.publish([packet(n, 'A', bytes(1000)) for n in range(2, 402)])
    gap, *rest = conform.all('feed take 100')
    word, key, first, last, why, whose, *_ = gap.split()
    assert (word, key, first, why, whose) == ('gap', '0', '2', '2', '3')
    assert [int(one.split()[3]) for one in rest] == list(range(int(last) + 1, 402))
    assert rest[-1] == item(401, 'A', bytes(1000))


@pytest.mark.parametrize('sleep', ['wait', 'sleep'])
def test_a_sleeping_handler_wakes(conform, feed, sleep):
    feed([packet(1)])
    assert conform.ok(f'feed {sleep} 30000') == '1'
    assert conform.await_items(2, 'feed poll 9') == ['start 0 0 1', item(1)]
    conform.send(f'feed {sleep} 30000')
    feed.engine.send([packet(2)])
    assert conform.answer() == ([], 'ok 1')
    assert conform.await_items(1, 'feed poll 9') == [item(2)]


@shows('feed_open: EBADMSG ENOENT')
def test_a_declaration_of_the_programs_own_is_read(conform, replay):
    engine = replay()
    engine.publish([packet(1), packet(2, 'B')])
    text = f'feed own; declaration seq=0:8:be; {LINES}'
    where = f'feed open run_dir={engine.run_dir} start=oldest'
    conform.ok(f'{where} config={text}')
    told = conform.ok('feed config')
    assert told.startswith('feed own; declaration seq=0:8:be') and told.endswith(LINES.split('; ', 1)[1].replace(
        'line A', 'line A channel=default').replace('line B', 'line B channel=default'))
    assert conform.await_items(3, 'feed poll 9') == ['start 0 0 1', item(1), item(2, 'B')]
    assert conform.error(f'{where} config=feed x; declaration nothing') == (
        'EBADMSG', 'line 2: declaration "nothing", column 1: "nothing" is not a preset: expected the name of one, or '
                   'seq=OFFSET:WIDTH:be')
    assert conform.error(f'{where} feed=x') == ('ENOENT', 'unknown feed "x"; this engine declares: none')
    assert conform.error('feed poll 1')[0] == 'EBADF'


@shows('MCR_FEED_DOWN_ENGINE', 'feed_poll: EPIPE')
def test_a_feed_ends_with_its_engine_and_goes_on_with_the_next(conform, feed, replay):
    feed([packet(1), packet(2, 'B')])
    feed.engine.end()
    assert conform.to_the_end('feed take 1') == [
        'start 0 0 1', item(1), item(2, 'B'), 'line_down 0 3', 'line_down 1 3', 'silence']
    feed.engine.wait()
    assert conform.error('feed poll 1') == conform.error('feed view 1') == ('EPIPE', '-')
    assert conform.error('feed reattach')[0] in ('ENOENT', 'ECONNREFUSED', 'EAGAIN')
    assert conform.ok('feed wait 30000') == '1'
    again = replay('--feed', f'feed f; declaration seq=0:8:be; {LINES}')
    again.ns = START_NS + 10**9
    again.publish([packet(3), packet(3, 'B')])
    while (answer := conform.ask('feed reattach')[1]) != 'ok':
        assert answer.split()[1] in ('ENOENT', 'ECONNREFUSED', 'EAGAIN'), answer
        conform.ok('feed wait 1000')
    assert conform.await_items(4, 'feed take 9') == ['line_up 0', 'silence_end', item(3), 'line_up 1']
