# SPDX-License-Identifier: BSD-3-Clause
"""What the writer overwrites between a poll and the copy of its payloads, in each way to read them."""

import errno
import os
import time

import pytest

from conforms import SECONDS
from engines import START_NS
from languages import paused_copy
from shown import shows

IN_PLACE_OR_COPIED = pytest.mark.parametrize('way', ['poll', 'view'])
FEED = 'feed f; declaration seq=0:8:be; line A channel=md; join 239.1.1.1:5000'
PAUSED = 4999  # octets, of paused_copy.c
FIELDS = '239.1.1.1 5000 10.0.0.1 6000 77 12 0 3 0 0'


def numbered(seq, size=8):
    return seq.to_bytes(8, 'big') + bytes(size - 8)


def polled(conform, command, n):
    """A poll that stops before anything of its n messages is read."""
    conform.send(f'{command} 9 go')
    assert conform.line() == f'polled {n}'


def read(conform):
    conform.send('go')
    items, last = conform.answer()
    assert last == f'ok {len(items)}'
    return items


@shows('consumer_read: ESTALE')
@IN_PLACE_OR_COPIED
def test_what_was_overwritten_before_it_is_read_is_told(conform, scripted, way):
    engine = scripted()
    engine(f'put 0 {START_NS} 0 2 01ff')
    conform.ok(f'open run_dir={engine.run_dir} channel=md start=oldest')
    polled(conform, way, 2)
    assert read(conform) == [f'data 0 {seq} {FIELDS} {START_NS} 0 2 01ff' for seq in (1, 2)]
    conform.ok('seek oldest')
    polled(conform, way, 2)
    engine('flood 0 200')
    assert read(conform) == ['overwritten 0 1', 'overwritten 0 2']
    lost, *rest = conform.all(f'{way} 1000')
    assert lost.startswith('lost 0 3 ')
    assert [int(item.split()[2]) for item in rest] == list(range(3 + int(lost.split()[3]), 203))


@shows('feed_read: ESTALE')
@IN_PLACE_OR_COPIED
def test_of_a_feed_it_is_told_as_well(conform, scripted, way):
    engine = scripted()
    engine(f'feed {FEED}')
    for seq in (1, 2):
        engine(f'put 0 {START_NS} 0 1 {numbered(seq).hex()}')
    conform.ok(f'feed open run_dir={engine.run_dir} start=oldest')
    polled(conform, f'feed {way}', 3)
    assert read(conform) == ['start 0 0 1'] + [f'data 0 0 {seq} 1 0 0 8 {numbered(seq).hex()}' for seq in (1, 2)]
    engine(f'put 0 {START_NS} 0 1 {numbered(3).hex()}')
    polled(conform, f'feed {way}', 1)
    engine('put 0 1 0 70 ' + bytes(1000).hex())
    assert read(conform) == ['overwritten 0 3']


@pytest.fixture
def paused(another, language, folder):
    """A program whose copies of PAUSED octets wait for the test."""
    fifo = os.path.join(folder, 'pause')
    program = another(MCR_PAUSE=fifo, **paused_copy())

    def during(command, act):
        """Does something in the midst of the command's first copy; gives the command's items."""
        os.mkfifo(fifo)
        program.send(command)
        end = time.monotonic() + SECONDS
        while True:
            try:
                fd = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
                break
            except OSError as error:  # nobody waits there yet
                assert error.errno == errno.ENXIO and time.monotonic() < end, program.complaints()
                time.sleep(0.001)
        os.unlink(fifo)
        act()
        os.close(fd)
        items, last = program.answer()
        assert last == f'ok {len(items)}'
        return items

    program.during = during
    return program


def test_what_is_overwritten_while_it_is_taken_is_lost_in_its_place(paused, scripted):
    engine = scripted()
    octets = bytes(n & 0xff for n in range(PAUSED))
    engine(f'put 0 {START_NS} 0 2 {octets.hex()}')
    paused.ok(f'open run_dir={engine.run_dir} channel=md start=oldest')
    data = [f'data 0 {seq} {FIELDS} {START_NS} 0 {PAUSED} {octets.hex()}' for seq in (1, 2)]
    assert paused.during('take 2', lambda: None) == data
    paused.ok('seek oldest')
    assert paused.during('take 2', lambda: engine('flood 0 200')) == ['lost 0 1 1', 'lost 0 2 1']
    assert paused.all('take 1000')[-1].startswith('data 0 202 ')
    paused.end()


@shows('MCR_FEED_GAP_OVERWRITTEN')
def test_what_is_overwritten_while_it_is_taken_of_a_feed_is_a_gap_in_its_place(paused, scripted):
    engine = scripted()
    engine(f'feed {FEED}')
    engine(f'put 0 {START_NS} 0 1 {numbered(1).hex()}')
    engine(f'put 0 {START_NS + 5} 0 1 {numbered(2, PAUSED).hex()}')
    paused.ok(f'feed open run_dir={engine.run_dir} start=oldest')
    assert paused.during('feed take 3', lambda: engine('put 0 1 0 70 ' + bytes(1000).hex())) == [
        'start 0 0 1', f'data 0 0 1 1 0 0 8 {numbered(1).hex()}',
        f'gap 0 2 2 5 3 0 {START_NS + 5} {START_NS + 5}']
    assert paused.ok('feed key 0').startswith('3 0 ')  # the stream is past it
    paused.end()
