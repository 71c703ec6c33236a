# SPDX-License-Identifier: BSD-3-Clause
"""Errors that no ordinary day brings: an engine that refuses, hangs, ends or writes nonsense, and what is no engine."""

import errno
import os
import resource
import signal
import socket

import pytest

from conforms import SECONDS, Conform
from engines import START_NS, datagram
from languages import C, is_sanitized
from shown import shows

FEED = 'feed f; declaration seq=0:8:be; line A channel=md; join 239.1.1.1:5000'
SILENT = 'the engine does not answer: Connection timed out'
NOBODY = 4_000_000_000  # not the user of the tests


def where(engine):
    return f'run_dir={engine.run_dir} channel=md start=oldest'


@pytest.fixture
def stopped():
    """Stops a process until the test ends, or further."""
    pids = []

    def stop(process):
        os.kill(process.pid, signal.SIGSTOP)
        pids.append(process.pid)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)  # all of its threads are

    yield stop
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def impostor(folder):
    """Listens in the engine's place, run directory `no`."""
    os.mkdir(f'{folder}/no')
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as one:
        one.bind(f'{folder}/no/attach')
        one.listen()
        one.settimeout(SECONDS)
        yield one


@shows('consumer_open: EBUSY EACCES', 'feed_open: EACCES')
def test_an_engine_may_refuse(conform, scripted):
    engine, first = scripted(), Conform(C())
    engine(f'feed {FEED}')
    engine('most 1')
    first.ok(f'open {where(engine)}')
    name, text = conform.error(f'open {where(engine)}')
    assert name == 'EBUSY' and 'md' in text
    engine(f'only {NOBODY}')
    for command in (f'open {where(engine)}', f'feed open run_dir={engine.run_dir} feed=f'):
        name, text = conform.error(command)
        assert name == 'EACCES' and 'md' in text
    first.end()


@shows('consumer_open: ECONNREFUSED EPROTO ETIMEDOUT')
def test_what_is_no_engine_gets_no_trust(conform, impostor, folder):
    command = f'open run_dir={folder}/no answer_ms=50'
    assert conform.error(command) == ('ETIMEDOUT', SILENT)
    impostor.accept()[0].close()
    conform.send(command + '000')
    with impostor.accept()[0] as peer:
        peer.send(b'nonsense')
        assert conform.answer() == ([], 'error EPROTO the answer is not one of an mcring engine')
    conform.send(command + '000')
    impostor.accept()[0].close()
    items, last = conform.answer()
    assert last.startswith('error ECONNREFUSED the engine hung up')
    impostor.close()
    name, text = conform.error(command)
    assert name == 'ECONNREFUSED' and folder in text


@shows('consumer_open: E2BIG', 'consumer_select: E2BIG', 'consumer_cursor: E2BIG')
def test_a_selection_has_a_limit(conform, scripted):
    engine = scripted()
    most = 'ids=' + ','.join(['7'] * 65536)
    conform.ok(f'open {where(engine)} {most}')
    for command in (f'open {where(engine)}', 'select', 'cursor'):
        if command == 'select':
            conform.ok(f'open {where(engine)}')
        assert conform.error(f'{command} {most},7')[0] == 'E2BIG'


@shows('consumer_open: EMFILE')
def test_a_program_without_descriptors_is_told_so(another, scripted):
    engine, program = scripted(), another()
    program.ok(f'open {where(engine)}')
    program.ok('close')  # what a language loads at its first use is there
    most = resource.prlimit(program.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (0, most[1]))
    assert program.error(f'open {where(engine)}')[0] == 'EMFILE'
    resource.prlimit(program.pid, resource.RLIMIT_NOFILE, most)
    program.ok(f'open {where(engine)}')
    if not is_sanitized():  # UBSan wants descriptors when something is thrown, and complains
        program.end()


@shows('consumer_poll: EPROTO')
def test_a_ring_that_makes_no_sense_is_an_error_and_no_end(conform, scripted):
    engine = scripted()
    engine(f'put 0 {START_NS} 0 1 00')
    conform.ok(f'open {where(engine)}')
    conform.ok('cursor start=oldest')
    assert len(conform.items('poll 9')) == len(conform.items('cpoll 9')) == 1
    engine('nonsense 0')
    for command in ('poll 9', 'view 9', 'take 9', 'cpoll 9', 'ctake 9', 'follow 9', 'held'):
        for _ in range(2):
            assert conform.error(command)[0] == 'EPROTO', command


def test_a_line_whose_ring_makes_no_sense_is_down(conform, scripted):
    engine = scripted()
    engine(f'feed {FEED}')
    engine(f'put 0 {START_NS} 0 1 {1:016x}')
    conform.ok(f'feed open run_dir={engine.run_dir} start=oldest')
    assert len(conform.await_items(2, 'feed poll 9')) == 2
    engine('nonsense 0')
    assert conform.items('feed poll 9') == ['line_down 0 3', 'silence']


@shows('consumer_join: EACCES ENOSPC ESHUTDOWN ENOMEM', 'consumer_interface_info: EPIPE', 'consumer_join: EPIPE')
def test_what_an_engine_says_to_a_request_arrives(conform, scripted):
    engine = scripted()
    conform.ok(f'open {where(engine)}')
    assert conform.error('join 239.1.1.1')[0] == 'EACCES'
    for number in (errno.ENOSPC, errno.ESHUTDOWN, errno.ENOMEM):
        engine(f'joins {number}')
        assert conform.error('join 239.1.1.1') == (errno.errorcode[number], f'error {number}, as the test says')
    engine('joins 0')
    conform.ok('join 239.1.1.1')
    conform.ok('leave 239.1.1.1')
    engine('again 4712')
    for command in ('join 239.1.1.1', 'interface 0'):
        assert conform.error(command)[0] == 'EPIPE'


@shows('consumer_join: ENOENT E2BIG')
def test_joins_that_cannot_be_are_refused(conform, replay):
    engine = replay('--join', '239.9.9.9:1')
    engine.send([datagram(b'first', group='239.9.9.9', port=1)])
    conform.ok(f'open run_dir={engine.run_dir} channel=sockets')
    assert conform.error('join 239.1.1.1,interface=nowhere')[0] == 'ENOENT'
    assert conform.error('join 239.0.0.0/8')[0] == 'E2BIG'


@shows('consumer_join: ETIMEDOUT', 'consumer_interface_info: ETIMEDOUT')
def test_an_engine_that_does_not_answer_is_not_waited_for(conform, scripted, stopped):
    engine = scripted()
    while (last := conform.ask(f'open {where(engine)} answer_ms=50')[1]) != 'ok':
        assert last == f'error ETIMEDOUT {SILENT}'  # the machine is busy
    stopped(engine.process)
    for command in ('interface 0', 'join 239.1.1.1'):
        assert conform.error(command) == ('ETIMEDOUT', SILENT)


@shows('consumer_reattach: EINVAL')
def test_a_ring_that_the_next_engine_lacks_cannot_be_gone_on_with(conform, scripted):
    engine = scripted(2)
    conform.ok(f'open {where(engine)} ring=1')
    engine('again 4712 1')
    conform.to_the_end()
    while (error := conform.error('reattach'))[0] == 'EAGAIN':
        conform.ok('wait 1000')
    assert error[0] == 'EINVAL' and 'ring 1' in error[1]


@shows('consumer_reattach: ETIMEDOUT EAGAIN ECONNREFUSED')
def test_an_engine_that_does_not_answer_is_asked_again(conform, impostor, folder):
    conform.ok(f'open run_dir={folder}/no no_wait=1 answer_ms=50')
    while (error := conform.error('reattach'))[0] == 'EAGAIN':
        conform.ok('wait 1000')
    assert error[0] == 'ETIMEDOUT' and folder in error[1]
    assert conform.error('reattach')[0] == 'EAGAIN'
    impostor.close()
    while (error := conform.error('reattach'))[0] in ('EAGAIN', 'ETIMEDOUT'):
        conform.ok('wait 1000')
    assert error[0] == 'ECONNREFUSED'


@shows('feed_insert: EAGAIN ENOSPC', 'feed_resume: EAGAIN')
def test_what_is_given_back_must_have_room_and_come_in_turn(conform, scripted):
    engine = scripted()
    engine(f'feed {FEED}')
    for seq in (1, 4):
        engine(f'put 0 {START_NS} 0 1 {seq:016x}')
    conform.ok(f'feed open run_dir={engine.run_dir} start=oldest late=1')
    assert len(conform.await_items(4, 'feed poll 9')) == 4
    assert conform.error('feed insert 0 100000 1 00') == ('ENOSPC', '-')  # beyond the window
    conform.ok('feed insert 0 2 1 02')
    for command in ('insert 0 3 1 03', 'resume 0 9'):
        assert conform.error(f'feed {command}') == ('EAGAIN', '-')
    assert conform.items('feed poll 9') == ['filled_late 0 2 2', 'data 0 8 2 1 0 9 1 02']
    conform.ok('feed insert 0 3 1 03')
    assert conform.items('feed take 9') == ['filled_late 0 3 3', 'data 0 8 3 1 0 9 1 03']


@shows('feed_open: EINVAL ESTALE')
def test_declarations_that_cannot_be_are_refused(conform, scripted):
    one, two = scripted(), scripted(name='md2')
    text = FEED.replace('line A', 'line A engine=md') + '; line B engine=md2 channel=md; join 239.1.1.2:5000'
    one(f'feed {text}')
    two(f'feed {text.replace("239.1.1.2", "239.1.1.3")}')
    name, why = conform.error(f'feed open run_dir={one.run_dir}')
    assert name == 'ESTALE' and 'declared in different ways' in why
    assert conform.error(f'feed open run_dir={one.run_dir} order=as_they_come hold_on_gap=1')[0] == 'EINVAL'
