# SPDX-License-Identifier: BSD-3-Clause
"""A program that opens and closes for ever, forks, ends with everything open or is killed: what it leaves, and
that nobody else notices."""

import os
import threading
import time

import pytest

from conforms import Conform
from engines import datagram, equal_datagrams
from languages import C, is_sanitized
from test_consumer import numbered, numbered_data
from test_feed import LINES, item, packet

PACED = ('--pace', 'readers', '--channel', 'default,bytes=64K')


def usage(pid):
    """Descriptors, threads, mappings and KiB of its own of a process."""
    folder = f'/proc/{pid}'
    with open(f'{folder}/maps') as maps, open(f'{folder}/status') as status:
        own = next(int(line.split()[1]) for line in status if line.startswith('RssAnon:'))
        own *= not is_sanitized()  # it keeps what was freed
        return (len(os.listdir(f'{folder}/fd')), len(os.listdir(f'{folder}/task')), len(maps.readlines()), own)


def assert_is_no_more(before, pid, garbage=16):
    """A garbage collector may have a few more threads, and mappings that are not collected yet; what leaks with
    each open would be hundreds and thousands."""
    after = usage(pid)
    allowed = (before[0], before[1] + 2, before[2] + garbage, before[3] + 8192)
    assert all(n <= most for n, most in zip(after, allowed)), (before, after)


def test_ten_thousand_opens_and_closes_leave_nothing(another, replay):
    engine = replay('--channel', 'default,bytes=64K')
    engine.publish(numbered(40))
    program = another()
    where = f'run_dir={engine.run_dir} start=oldest'
    for command in (f'cycle 1000 {where}', f'cycle 1000 {where} channel=nope'):  # what is kept for the next
        program.ok(command)
    before = usage(program.pid)
    for _ in range(10):
        assert program.ok(f'cycle 1000 {where}') == '1000'
    assert program.ok(f'cycle 2000 {where} channel=nope') == '0'
    assert_is_no_more(before, program.pid)
    assert program.ok(f'open {where}') == '' and program.items('poll 40') == numbered_data(40)
    program.end()


def test_feeds_cursors_and_views_that_are_opened_again_and_again_leave_nothing(another, replay, language):
    engine = replay('--feed', f'feed f; declaration seq=0:8:be; {LINES}', '--channel', 'default,bytes=64K')
    engine.publish([packet(n) for n in range(1, 4)])
    program = another()

    def rounds(n):
        for _ in range(n):
            program.ok(f'open run_dir={engine.run_dir} start=oldest')
            program.ok('cursor start=oldest')
            program.items('cpoll 3')
            if 'keep' in language.can:
                program.ok('keep')
            program.ok(f'feed open run_dir={engine.run_dir} feed=f start=oldest')
            program.items('feed take 3')
            program.error('open run_dir=/nowhere')
            program.error('feed open run_dir=/nowhere')

    rounds(50)
    before = usage(program.pid)
    rounds(300)
    assert_is_no_more(before, program.pid, garbage=200 if 'keep' in language.can else 16)
    program.end()


def test_it_may_end_with_everything_open(another, replay, language):
    engine = replay('--feed', f'feed f; declaration seq=0:8:be; {LINES}', '--channel', 'default')
    engine.publish([packet(n) for n in range(1, 4)])
    program = another()
    program.ok(f'open run_dir={engine.run_dir} start=oldest')
    program.ok('cursor start=oldest')
    program.ok(f'feed open run_dir={engine.run_dir} feed=f start=oldest')
    assert program.await_items(4, 'feed poll 9') == ['start 0 0 1', item(1), item(2), item(3)]
    if 'keep' in language.can:
        assert program.ok('keep') == '1'
    program.items('poll 2')
    program.end()


def test_a_forked_child_changes_nothing(conform, replay, language):
    engine = replay('--feed', f'feed f; declaration seq=0:8:be; {LINES}', '--channel', 'default')
    engine.publish([packet(n) for n in range(1, 4)])
    if 'fork' not in language.can:
        assert conform.error('fork') == ('ENOTSUP', '-')
        return
    conform.ok(f'open run_dir={engine.run_dir} start=oldest')
    conform.ok('cursor start=oldest')
    conform.ok(f'feed open run_dir={engine.run_dir} feed=f start=oldest')
    assert len(conform.items('poll 1')) == len(conform.items('cpoll 1')) == 1
    for _ in range(3):
        assert conform.ok('fork') == '0'
    assert len(conform.all()) == len(conform.all('cpoll 9')) == 2
    assert conform.await_items(4, 'feed take 9') == ['start 0 0 1', item(1), item(2), item(3)]
    conform.send('sleep 30000')
    engine.send([packet(4)])
    assert conform.answer() == ([], 'ok 1')
    assert len(conform.all()) == 1


def test_two_threads_at_once_are_refused(conform, replay, language):
    engine = replay()
    engine.publish(numbered(3))
    conform.ok(f'open run_dir={engine.run_dir}')
    if 'busy' not in language.can:
        assert conform.error('busy') == ('ENOTSUP', '-')
        return
    assert conform.ok('busy') == 'refused'
    conform.ok('seek oldest')
    assert conform.all() == numbered_data(3)


@pytest.fixture
def healthy():
    one = Conform(C())
    yield one
    one.kill()


def hold(program):
    program.send('held')
    assert program.line().startswith('held 1 ')


def read(program):
    program.send('follow 1000000')
    time.sleep(0.05)


@pytest.mark.parametrize('how', [hold, read])
def test_a_reader_that_is_killed_holds_up_nobody(another, replay, healthy, how):
    """The replay waits for each reader: it goes on when the killed one is gone, and the other loses nothing."""
    engine = replay(*PACED)
    engine.publish(numbered(3))
    victim = another()
    for program in (victim, healthy):
        program.ok(f'open run_dir={engine.run_dir} start=oldest')
    how(victim)
    sender = threading.Thread(target=engine.send, args=(equal_datagrams(3000, 1000),))
    sender.start()
    healthy.send('follow 3003')
    time.sleep(0.05)
    victim.kill()
    items, last = healthy.answer()
    assert items == [] and last.startswith('ok 3003 0 ')
    sender.join()


def test_a_reader_that_is_killed_while_it_attaches_holds_up_nobody(another, replay, healthy):
    engine = replay(*PACED)
    engine.publish(numbered(3))
    healthy.ok(f'open run_dir={engine.run_dir} start=oldest')
    for n in range(3):
        victim = another()
        victim.ok('abi')
        victim.send(f'cycle 1000000 run_dir={engine.run_dir} start=oldest')
        time.sleep(0.02 * (n + 1))
        victim.kill()
    sender = threading.Thread(target=engine.send, args=(equal_datagrams(3000, 1000),))
    sender.start()
    assert healthy.ok('follow 3003').startswith('3003 0 ')
    sender.join()
    last = another()
    last.ok(f'open run_dir={engine.run_dir} start=oldest')
    assert last.items('poll 1')


def test_a_view_that_is_held_for_too_long_harms_only_its_holder(conform, replay, healthy):
    engine = replay('--channel', 'default,bytes=64K')
    engine.publish([datagram(b'first')])
    for program in (conform, healthy):
        program.ok(f'open run_dir={engine.run_dir} start=oldest')
    hold(conform)
    for first in range(0, 300, 30):
        engine.publish(equal_datagrams(30, 1000, first), head=first + 31)
        assert healthy.ok(f'follow {31 if first == 0 else 30}').split()[1] == '0'
    conform.send('go')
    assert conform.answer() == ([], 'ok overwritten')
    assert conform.all()[0].startswith('lost 0 2 ')
