# SPDX-License-Identifier: BSD-3-Clause
"""A reader that is too slow: what it is told, and what becomes of the octets that it is reading."""

import threading

from engines import equal_datagrams
from test_consumer import WAYS, numbered, numbered_data
from test_restart import reattach
from shown import shows

SMALL = ('--channel', 'default,bytes=64K')


@shows('MCR_LOST')
@WAYS
def test_a_lapped_reader_learns_the_exact_number(conform, replay, way):
    engine = replay(*SMALL)
    engine.publish(numbered(1))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    engine.publish(equal_datagrams(400, 1000))
    first, *rest = conform.all(f'{way} 100')
    word, ring, seq, lost = first.split()
    assert (word, ring, seq) == ('lost', '0', '1') and 300 < int(lost) < 400
    assert [int(item.split()[2]) for item in rest] == list(range(int(lost) + 1, 402))
    assert {item.split()[0] for item in rest} == {'data'}


@WAYS
def test_a_reader_that_releases_is_waited_for_and_loses_nothing(conform, replay, way):
    engine = replay('--pace', 'readers', *SMALL)
    engine.publish(numbered(1))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    sender = threading.Thread(target=engine.send, args=(equal_datagrams(500, 1000),))
    sender.start()
    items = conform.await_items(501, f'{way} 100')
    assert [one.split()[:3] for one in items] == [['data', '0', str(n + 1)] for n in range(501)]
    sender.join()


def test_loss_and_data_add_up(conform, replay):
    engine = replay(*SMALL)
    engine.publish(numbered(1))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    engine.publish(equal_datagrams(400, 1000))
    got, lost, _ = map(int, conform.ok('follow 401').split())
    assert got + lost == 401 and lost > 300


def test_octets_that_are_held_in_place_are_found_to_be_overwritten(conform, replay):
    engine = replay(*SMALL)
    engine.publish(numbered(3))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    assert conform.items('poll 1') == numbered_data(1)
    for then, verdict in ((numbered(1), 'intact'), (equal_datagrams(400, 1000), 'overwritten')):
        conform.send('held')
        seq = 2 if verdict == 'intact' else 3
        assert conform.line() == f'held {seq} ' + (b'%06d' % (seq - 1)).hex()
        engine.publish(then)
        conform.send('go')
        assert conform.answer() == ([], f'ok {verdict}')
    assert conform.all()[0].startswith('lost 0 4 ')
    assert conform.error('held') == ('EAGAIN', '-')


@WAYS
def test_while_the_writer_laps_it_a_reader_gets_no_octet_of_another_message(conform, scripted, way):
    """What is given is whole, and what is not given is told: all that were published are accounted for."""
    engine, n = scripted(), 30000
    engine('flood 0 1')
    conform.ok(f'open run_dir={engine.run_dir} channel=md start=oldest')
    engine.start(f'flood 0 {n - 1}')
    got = lost = overwritten = 0
    while got + lost + overwritten < n:
        for item in conform.items(f'{way} 50'):
            word, _, seq, *more = item.split()
            if word == 'data':
                got += 1
                assert bytes.fromhex(more[-1]) == int(seq).to_bytes(8, 'little') * 125
            elif word == 'lost':
                lost += int(more[0])
            else:
                overwritten += word == 'overwritten'
    assert got + lost + overwritten == n == engine.result()
    assert conform.all() == []
    assert got > 0 and lost > 0


def test_a_view_that_is_kept_can_be_read_whatever_became_of_its_ring(conform, replay, language):
    """Of languages whose views end with their blocks nothing is asked but to say so."""
    engine = replay(*SMALL)
    engine.publish(numbered(3))
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    if 'keep' not in language.can:
        assert conform.error('keep') == conform.error('kept') == ('ENOTSUP', '-')
        return
    assert conform.ok('keep') == '1'
    assert conform.items('poll 9') == numbered_data(3)[1:]
    assert conform.ok('kept') == 'intact ' + b'000000'.hex()
    engine.publish(equal_datagrams(400, 1000))
    assert conform.ok('kept') == 'overwritten'
    assert conform.items('poll 1')[0].startswith('lost 0 4 ')
    assert int(conform.ok('keep')) > 300
    conform.ok('close')
    engine.kill()
    assert conform.ok('kept') == 'overwritten'
    assert conform.ok('kept') == 'overwritten'
    again = replay(*SMALL)
    again.publish(numbered(2))
    conform.ok(f'open run_dir={again.run_dir} start=oldest')
    assert conform.ok('keep') == '1'
    again.kill()
    third = replay(*SMALL)
    third.publish(numbered(2))
    reattach(conform)
    assert conform.ok('kept') == 'overwritten'
