# SPDX-License-Identifier: BSD-3-Clause
"""Wrong use of the Python binding, and errors."""

import asyncio
import errno
import gc
import os
import pickle
import signal
import subprocess
import warnings

import pytest

from engines import equal_datagrams
from test_python import mcring, opened, run_python


def test_what_ctypes_would_cut_is_refused(ten):
    for kwargs in ({'start': -1}, {'start': 2**64 + 1}, {'ring': 2**32}, {'hold_ns': -1}, {'stall_ns': 2**64},
                   {'groups': [('239.1.1.1', 65536 + 5000)]}, {'ids': [2**32]}, {'channel': 'default\0'},
                   {'run_dir': ten.run_dir + '\0'}):
        with pytest.raises(ValueError):
            mcring.Consumer(**{'run_dir': ten.run_dir, **kwargs})
    with mcring.Consumer(run_dir=os.fsencode(ten.run_dir)) as consumer:
        for use in (lambda: consumer.ring(2**32), lambda: consumer.until(2**32), lambda: consumer.interface(2**32),
                    lambda: consumer.join('239.1.1.1:5000\0'), lambda: consumer.select(ids=[-1])):
            with pytest.raises(ValueError):
                use()
        with pytest.raises(TypeError):
            consumer.join(None)
        assert len(consumer.take()) == 0 and consumer.arm()
        consumer.seek('oldest')
        assert not consumer.arm()
        with pytest.raises(ValueError, match='read-only'), consumer.poll() as live:
            live.array['data'] = 0
    assert repr(mcring.Kind(77)) == '<Kind.KIND_77: 77>'  # of a later library


def test_ctrl_c_at_any_time_leaves_a_consumer_that_can_be_used(ten):
    class Interrupt(BaseException):
        pass

    def interrupt(*_):
        raise Interrupt
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with opened(ten) as consumer:
            for i in range(300):
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0.0005 + i % 100 * 3e-6)
                    while True:
                        consumer.headroom
                except Interrupt:
                    assert consumer.rings == 1
    finally:
        signal.signal(signal.SIGALRM, before)


def test_what_a_feed_polled_is_good_until_it_is_attached_again_or_closed(replay):
    engine = replay('--feed', 'feed f; declaration seq=0:8:be; line A; join 239.1.1.1:5000')
    engine.publish(equal_datagrams(3, 16, first=1))
    feed = mcring.Feed(run_dir=engine.run_dir, start='oldest')
    _, first = live = feed.poll(2)
    assert first.payload[:8] == (1).to_bytes(8, 'big')
    for payload in ('text', 5, None):
        with pytest.raises(TypeError):
            feed.insert(0, 4, 1, payload)
    for number in (-1, 2**32):
        with pytest.raises(ValueError, match='expected 0'):
            feed.insert(0, 4, number, b'')
    feed.reattach()
    for use in (lambda: live[1], lambda: first.payload):
        with pytest.raises(ValueError, match='next poll'):
            use()
    live = feed.poll()
    feed.close()
    with pytest.raises(ValueError, match='closed'):
        live[0]


def test_errors_are_the_ones_that_python_has_for_their_errno(folder):
    with pytest.raises(FileNotFoundError, match='no engine at') as error:
        mcring.Consumer(run_dir=folder)
    assert isinstance(error.value, mcring.Error)
    again = pickle.loads(pickle.dumps(error.value))
    assert type(again) is type(error.value) and again.args == error.value.args
    for kwargs in ({'start': 'latest'}, {'order': 'sorted'}):
        with pytest.raises(ValueError, match='expected'):
            mcring.Consumer(run_dir=folder, **kwargs)
    with pytest.raises(mcring.Error, match='Invalid argument'):
        mcring.parse_address('239.1.1')
    with pytest.raises(ValueError):
        mcring.Batch(0)
    with pytest.raises(ValueError):
        mcring.Batch(1, 1000)


def test_what_is_closed_says_so_in_all_that_it_has(ten):
    consumer = opened(ten)
    cursor = consumer.cursor()
    cursor.close()
    consumer.close()
    consumer.close()
    for use in (consumer.take, consumer.poll, consumer.release, consumer.arm, consumer.fileno, consumer.wait,
                consumer.reattach, consumer.ring, consumer.until, consumer.cursor, lambda: consumer.headroom,
                lambda: consumer.rings, lambda: consumer.skipped, lambda: consumer.select(), lambda: next(consumer),
                lambda: consumer.join('239.1.1.1:5000'), lambda: consumer.interface(0), cursor.take, cursor.reattach,
                lambda: asyncio.run(consumer.ready())):
        with pytest.raises(ValueError, match='closed'):
            use()


def test_what_is_forgotten_is_closed_with_a_warning(ten):
    for make in (lambda: opened(ten), lambda: consumer.cursor()):
        consumer = opened(ten)
        gc.collect()  # what tests before have left
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            make()
            gc.collect()
        assert [one.category for one in caught] == [ResourceWarning]
        consumer.close()


@pytest.mark.parametrize('has_library', [False, True])
def test_a_missing_or_older_library_is_an_import_error(folder, has_library):
    if has_library:
        subprocess.run(['gcc', '-shared', '-xc', '-', '-o', f'{folder}/libmcring-client.so.2'], check=True,
                       input=b'int mcr_address_parse(void) { return 0; }')
    done = run_python('import mcring', LD_LIBRARY_PATH=folder)
    assert done.returncode == 1 and 'ImportError: mcring: libmcring-client.so.2 of mcring ' in done.stderr
    assert ('mcr_address_format' if has_library else 'No such file') in done.stderr.splitlines()[-1]


def test_with_stay_only_what_no_engine_would_give_ends_a_loop(ten, monkeypatch):
    refusals = [errno.EACCES, errno.EPROTO, errno.EINVAL, 'none is left']

    def refuse(_):
        raise mcring.Error(refusals.pop(0), 'refused')
    monkeypatch.setattr(mcring.Consumer, '_reattach', refuse)
    with opened(ten, stay=True) as consumer:
        ten.end()
        with pytest.raises(mcring.Error, match='refused') as error:
            list(consumer)
    assert error.value.errno == errno.EINVAL and len(refusals) == 1
