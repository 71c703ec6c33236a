# SPDX-License-Identifier: BSD-3-Clause
"""What the Python binding has beyond what all bindings have: iterators, asyncio, numpy, live views, captures, types."""

import asyncio
import ctypes
import gc
import inspect
import os
import shutil
import signal
import subprocess
import sys

import pytest

from engines import datagram, equal_datagrams
from frames import Dot1Q, tshark_datagrams
from languages import BINDINGS, LIBRARIES, NAMES
from programs import BUILD, CAT

PACKAGE = os.path.join(BINDINGS, 'python')
ENV = {'PYTHONPATH': PACKAGE, 'LD_LIBRARY_PATH': ':'.join(LIBRARIES), 'PYTHONDONTWRITEBYTECODE': '1'}

if 'py' not in NAMES or 'asan' in BUILD:
    pytest.skip('of another language, or not in this process', allow_module_level=True)

sys.path.insert(0, PACKAGE)
for folder, name in zip(LIBRARIES, ('client', 'feed')):  # what is loaded under its SONAME is found by it
    ctypes.CDLL(os.path.join(folder, f'libmcring-{name}.so.2'))
numpy = pytest.importorskip('numpy', reason='not installed: python3-numpy')

import mcring  # noqa: E402


def run_python(code, *args, **env):
    return subprocess.run(['/usr/bin/python3', '-c', code, *args], env={**os.environ, **ENV, **env},
                          capture_output=True, text=True, timeout=60)


def opened(engine, **kwargs):
    return mcring.Consumer(run_dir=engine.run_dir, start='oldest', **kwargs)


def seqs(messages):
    return [m.seq for m in messages]


# ---- iterating ----

def test_a_loop_may_be_left_and_entered_again_and_mixed_with_take_without_losing_a_message(ten):
    with opened(ten) as consumer:
        for m in consumer:
            if m.seq == 3:
                break
        assert next(iter(consumer)).seq == 4
        assert seqs(consumer.take(2)) == [5, 6]
        with consumer.poll(1) as live:
            assert seqs(live) == [7]
        ten.end()
        assert seqs(consumer) == [8, 9, 10]
        with pytest.raises(StopIteration):
            next(consumer)


def test_batches_end_with_the_engine_and_are_the_same_object(ten):
    with opened(ten) as consumer:
        ten.end()
        sizes, batches = zip(*((len(batch), batch) for batch in consumer.batches(4)))
        assert sizes == (4, 4, 2) and len(set(map(id, batches))) == 1
        with pytest.raises(BrokenPipeError):
            consumer.take()


def test_with_stay_a_loop_goes_on_with_the_next_engine(replay):
    first = replay('--linger', '30')
    first.publish(equal_datagrams(2, 16))
    with opened(first, stay=True) as consumer:
        assert seqs([next(consumer), next(consumer)]) == [1, 2]
        first.end()
        first.wait()
        second = replay()
        second.publish(equal_datagrams(3, 16))
        kinds = [next(consumer).kind for _ in range(4)]
        assert kinds == [mcring.RESTART] + 3 * [mcring.DATA]


def test_ctrl_c_ends_a_wait_without_an_end(ten):
    def interrupt(*_):
        raise KeyboardInterrupt
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with mcring.Consumer(run_dir=ten.run_dir) as consumer:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(KeyboardInterrupt):
                next(consumer)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(KeyboardInterrupt):
                consumer.wait()
            assert not consumer.wait(0)
            signal.signal(signal.SIGALRM, lambda *_: None)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            assert not consumer.wait(0.2), 'a signal that ends nothing ends no wait'
    finally:
        signal.signal(signal.SIGALRM, before)


# ---- asyncio ----

def test_in_asyncio_other_tasks_run_while_a_consumer_waits(ten):
    async def main():
        ticks = []

        async def tick():
            while True:
                ticks.append(len(ticks))
                await asyncio.sleep(0.01)
                if len(ticks) == 10:
                    ten.send(equal_datagrams(1, 16))
                    ten.end()
        ticking = asyncio.create_task(tick())
        with opened(ten) as consumer:
            found = [m.seq async for m in consumer]
        ticking.cancel()
        return found, len(ticks)

    found, ticks = asyncio.run(main())
    assert found == list(range(1, 12)) and ticks >= 10


def test_in_asyncio_batches_do_not_keep_others_from_running(ten):
    async def main():
        turns = []

        async def other():
            while True:
                turns.append(len(seen))
                await asyncio.sleep(0)
        seen = []
        task = asyncio.create_task(other())
        with opened(ten) as consumer:
            ten.end()
            async for batch in consumer.batches(2):
                seen += seqs(batch)
        task.cancel()
        return seen, turns

    seen, turns = asyncio.run(main())
    assert seen == list(range(1, 11)) and {2, 4, 6, 8} <= set(turns)


def test_in_asyncio_a_wait_can_be_cancelled_and_times_out_and_is_for_one_task(ten):
    async def main():
        with mcring.Consumer(run_dir=ten.run_dir) as consumer:
            task = asyncio.create_task(consumer.ready())
            await asyncio.sleep(0.01)
            with pytest.raises(RuntimeError):
                await consumer.ready()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await consumer.ready(0.01) is False
            assert not asyncio.get_running_loop().remove_reader(consumer.fileno()), 'nothing is left behind'
            ten.send(equal_datagrams(1, 16))
            while not await consumer.ready(0.5):
                pass
            assert (await consumer.__anext__()).seq == 11

    asyncio.run(main())


def test_in_asyncio_with_stay_a_loop_sleeps_until_there_is_a_next_engine(replay):
    class Counting(mcring.Consumer):
        steps = 0

        def _reattach(self):
            self.steps += 1
            super()._reattach()

    async def main():
        first = replay('--linger', '30')
        first.publish(equal_datagrams(1, 16))
        with Counting(run_dir=first.run_dir, start='oldest', stay=True) as consumer:
            found = [await consumer.__anext__()]
            first.end()
            first.wait()
            waiting = asyncio.create_task(consumer.__anext__())
            await asyncio.sleep(0.2)
            assert 0 < consumer.steps < 20
            second = replay()
            second.publish(equal_datagrams(1, 16))
            found += [await waiting, await consumer.__anext__()]
            return [m.kind for m in found]

    assert asyncio.run(main()) == [mcring.DATA, mcring.RESTART, mcring.DATA]


# ---- numpy ----

def test_columns_and_messages_say_the_same(replay):
    engine = replay()
    frames = [datagram(bytes(range(i, i + 20)), port=5000 + i, tags=[Dot1Q(vlan=i)], source=f'10.0.0.{i}') for i in
              range(1, 6)] + [datagram(b'abc'), datagram(b'0123456789ab', group='ff3e::7', source='2001:db8::1')]
    engine.publish(frames)
    with opened(engine) as consumer:
        batch = consumer.take()
    rows = batch.array
    assert len(rows) == len(batch) == 7
    names = ['kind', 'flags', 'epoch', 'seq', 'ring', 'rx_ns', 'hw_ns', 'id', 'dst_port', 'src_port', 'vlan',
             'interface', 'ttl', 'traffic_class']
    for row, m, at in zip(rows, batch, batch.at):
        assert [row[name] for name in names] == [getattr(m, name) for name in names]
        assert mcring.format_address(row['group'].tobytes()) == m.group
        assert mcring.format_address(row['source'].tobytes()) == m.source
        assert batch.octets[at:at + row['len']].tobytes() == m.payload and at % 8 == 0
    assert [m.group for m in batch[4:]] == ['239.1.1.1', '239.1.1.1', 'ff3e::7']
    assert batch[-1].payload == b'0123456789ab' and [m.vlan for m in batch][:5] == [1, 2, 3, 4, 5]


def test_first_octets_of_payloads_are_a_column_and_zeros_where_there_are_none(scripted):
    engine = scripted()
    with mcring.Consumer('md', run_dir=engine.run_dir) as consumer:
        engine('put 0 7 0 1 0102030405060708090a0b0c0d0e0f')
        engine('link 0 3 16 8')
        engine('put 0 9 0 1 ffff')
        engine('put 0 9 0 2 1112131415161718191a1b1c')
        for read in (consumer.take, consumer.poll):
            batch = read(10)
            assert [m.kind for m in batch] == [0, mcring.LINK, 0, 0, 0]
            assert batch.first('>u2').tolist() == [0x0102, 0, 0xffff, 0x1112, 0x1112]
            assert batch.first('<u8').tolist() == [0x0807060504030201, 0, 0, 0x1817161514131211, 0x1817161514131211]
            header = numpy.dtype([('type', 'u1'), ('number', '>u4'), ('rest', 'V7')])
            rows = batch.first(header)
            assert rows['type'].tolist() == [1, 0, 0, 17, 17]
            assert rows['number'].tolist() == [0x02030405, 0, 0, 0x12131415, 0x12131415]
            assert bytes(rows['rest'][3]) == bytes(range(0x16, 0x1d))
            assert batch.first('V100000').tolist() == 5 * [bytes(100000)]
            consumer.seek('oldest')
        consumer.seek('newest')
        assert consumer.take().first('<u8').tolist() == []


def test_a_batch_is_filled_anew_and_its_copy_and_its_messages_last(ten):
    with opened(ten) as consumer:
        batch = mcring.Batch(4)
        assert consumer.take_into(batch) == 4
        messages, copied, payloads = list(batch), batch.copy(), batch.first('>u8')
        assert consumer.take_into(batch) == 4
        assert seqs(messages) == seqs(copied) == copied.array['seq'].tolist() == [1, 2, 3, 4]
        assert copied.first('>u8').tolist() == payloads.tolist() == [0, 1, 2, 3]
        assert [int.from_bytes(m.payload[:8], 'big') for m in messages] == [0, 1, 2, 3]
        assert batch.first('>u8').tolist() == [4, 5, 6, 7]
        assert consumer.take_into(copied) == 2 and copied.first('>u8').tolist() == [8, 9]
        assert consumer.take_into(batch) == 0 and len(batch) == len(batch.array) == 0


def test_it_works_without_numpy(ten):
    code = '''
import sys
sys.modules['numpy'] = None
import mcring
with mcring.Consumer(run_dir=sys.argv[1], start='oldest') as consumer:
    print(sum(len(m.payload) for m in consumer.take()), len(consumer.poll()))
    try:
        consumer.take().array
    except ImportError:
        print('no numpy')
'''
    done = run_python(code, ten.run_dir)
    assert (done.stdout, done.stderr) == ('160 0\nno numpy\n', '')


# ---- in place ----

def test_a_view_is_read_only_and_says_when_it_was_overwritten(scripted):
    engine = scripted()
    with mcring.Consumer('md', run_dir=engine.run_dir) as consumer:
        engine('put 0 7 0 2 0102030405060708')
        with consumer.poll() as live:
            view, rows = live[0].view, live.first('u1')
            assert bytes(view) == live[0].payload == bytes(range(1, 9)) and rows.tolist() == [1, 1]
            assert live.intact and all(m.intact for m in live)
            with pytest.raises(TypeError):
                view[0] = 7
            with pytest.raises(ValueError):
                numpy.frombuffer(view, 'u1').setflags(write=True)
            engine('flood 0 200')
            assert not live.intact and not live[1].intact
            with pytest.raises(mcring.Error) as error:
                live[0].payload
            assert error.value.strerror
        assert consumer.take(1)[0].kind == mcring.LOST


def test_what_was_polled_is_done_with_at_the_end_of_its_block(ten):
    with opened(ten) as consumer:
        with consumer.poll():
            held = consumer.headroom
        assert consumer.headroom > held


def test_a_view_outlives_its_consumer_and_only_as_long_the_memory_stays_mapped(ten):
    def maps():
        with open('/proc/self/maps') as file:
            return sum('mcring' in line and '.so' not in line for line in file)
    gc.collect()
    before = maps()
    consumer = opened(ten)
    live = consumer.poll()
    part = numpy.frombuffer(live[9].view[2:], 'u1')
    consumer.close()
    assert part.tolist() == 5 * [0] + [9] + 8 * [0]
    assert not live.intact and maps() > before
    del live
    gc.collect()
    assert part[5] == 9
    del part
    gc.collect()
    assert maps() == before


# ---- feeds ----

@pytest.fixture
def gapped(replay):
    """A feed of the numbers 1, 2 and 4, of which 3 is given up, with `more` behind each."""
    engine = replay('--feed', 'feed f; declaration seq=0:8:be; gap_timeout 5ms; line A; join 239.1.1.1:5000')
    start = 1_700_000_000_000_000_000
    engine.publish([datagram(n.to_bytes(8, 'big') + b'more') for n in (1, 2, 4, 5)],
                   [start, start + 1000, start + 2000, start + 50_000_000])
    return engine


KINDS = ['START', 'DATA', 'DATA', 'GAP', 'DATA', 'DATA']


def test_a_feed_is_iterated_as_a_consumer_and_gives_columns(gapped):
    with mcring.Feed('f', run_dir=gapped.run_dir, start='oldest') as feed:
        batch = mcring.FeedBatch(100)
        assert feed.take_into(batch) >= 3
        kept = batch.copy()
        feed.take_into(batch)
        items = list(kept)
        assert [item.kind.name for item in items] == KINDS[:len(items)] and len(items) >= 3
        for item, row, at, n in zip(items, kept.array, kept.at, kept.first('>u8')):
            assert (row['kind'], row['seq'], row['count']) == (item.kind, item.seq, item.count)
            is_data = item.kind == mcring.FeedKind.DATA
            assert n == (item.seq if is_data else 0) and (item.packet is None) == (not is_data)
            assert kept.octets[at:at + 12].tobytes() == item.payload or not is_data


def test_events_of_a_feed_have_what_belongs_to_their_kind(gapped):
    async def read(feed):
        return [item async for item in feed]
    with mcring.Feed('f', run_dir=gapped.run_dir, start='oldest') as feed:
        gapped.end()
        items = asyncio.run(read(feed))
    assert [item.kind.name for item in items if item.kind.name in KINDS] == KINDS
    gap = next(item.gap for item in items if item.kind == mcring.FeedKind.GAP)
    assert (gap.first, gap.last, gap.whose) == (3, 3, mcring.Whose.WIRE)
    assert [item.payload[8:] for item in items if item.packet] == 4 * [b'more']
    assert items[1].packet.group == '239.1.1.1'


def test_what_a_feed_polled_is_good_until_the_next_poll(gapped):
    with mcring.Feed('f', run_dir=gapped.run_dir, start='oldest') as feed:
        live = feed.poll()
        first = live[1]
        assert first.payload == (1).to_bytes(8, 'big') + b'more' and first.packet.dst_port == 5000
        live.release()
        feed.take()
        for use in (lambda: first.payload, lambda: live[0]):
            with pytest.raises(ValueError, match='until the next poll'):
                use()


# ---- captures ----

def blocks_of(octets):
    """All but the first, which names the program."""
    return octets[int.from_bytes(octets[4:8], sys.byteorder):]


def test_a_capture_is_that_of_mcring_cat_and_tshark_reads_it(replay, folder):
    engine = replay()
    engine.publish([datagram(bytes([i]) * (i * 37), tags=[Dot1Q(vlan=i)] if i % 2 else (), port=5000 + i, ttl=i + 1,
                             tos=4 * i) for i in range(1, 7)] +
                   [datagram(bytes(n), group='ff3e::7', source='2001:db8::1', ttl=9, tc=5) for n in (0, 1, 1400)])
    path = f'{folder}/out.pcapng'
    with opened(engine) as consumer, open(path, 'wb') as file, mcring.PcapngWriter(file, consumer) as capture:
        for m in consumer.take():
            capture.write(m)
    theirs = subprocess.run([CAT, '--from', 'oldest', '--format', 'pcapng', '--run-dir', engine.run_dir, '--count', '9'],
                            check=True, capture_output=True).stdout
    with open(path, 'rb') as file:
        assert blocks_of(file.read()) == blocks_of(theirs)
    bad = 'ip.checksum.status == 0 or udp.checksum.status == 0'
    shown = subprocess.run(['tshark', '-n', '-r', path, '-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE',
                            '-Y', bad], capture_output=True, text=True, check=True)
    assert shown.stdout == '' and len(tshark_datagrams(path)) == 9


def shown_of(path):
    """Comments, losses and interface of each packet, as tshark reads them."""
    fields = ('frame.comment', 'frame.drop_count', 'frame.interface_name')
    shown = subprocess.run(['tshark', '-n', '-r', path, '-T', 'fields', *(word for f in fields for word in ('-e', f))],
                           capture_output=True, text=True, check=True)
    return [line.split('\t') for line in shown.stdout.splitlines()]


def test_events_stand_beside_the_next_packet_of_a_capture_or_at_its_end(scripted, folder):
    engine = scripted()
    path = f'{folder}/out.pcapng'
    with mcring.Consumer('md', run_dir=engine.run_dir) as consumer:
        engine('put 0 7 0 1 01')
        engine('flood 0 200')
        engine('link 0 3 16 8')
        engine('link 0 3 32 8')
        engine('put 0 9 0 1 0102')
        engine('link 0 3 0 8')
        batch = consumer.take()
    with open(path, 'wb') as file, mcring.PcapngWriter(file) as capture:
        for m in batch:
            capture.write(m)
    lines = shown_of(path)
    assert batch[0].kind == mcring.LOST
    assert lines[0] == [f'lost {batch[0].lost} from seq 1 of ring 0', str(batch[0].lost), 'interface-0']
    assert lines[-1] == ['link of port 3 up,link of port 3 removed', '', 'interface-0']
    with open(path, 'rb') as file:
        assert b'link of port 3 down' in file.read()[-64:]


def test_interfaces_of_a_new_engine_are_found_again_by_their_names(replay, folder):
    path = f'{folder}/out.pcapng'
    first = replay()
    first.publish(equal_datagrams(1, 16))
    with opened(first, stay=True) as consumer, open(path, 'wb') as file, mcring.PcapngWriter(file, consumer) as capture:
        capture.write(next(consumer))
        name = consumer.interface(0).name
        for args in (), ('--interface', 'other=-'):
            first.kill()
            first = replay(*args)
            first.publish(equal_datagrams(1, 16))
            for _ in range(2):
                capture.write(next(consumer))
    before, after, other = shown_of(path)
    assert before == ['', '', name] and after[2] == name and other[2] == 'other'
    assert after[0].startswith('restart: what arrived from 2023-11-14T22:13:20.123456789Z to ')


# ---- what tools read ----

def public():
    for name in mcring.__all__:
        thing = getattr(mcring, name)
        yield name, thing
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                if not member.startswith('_') and (inspect.isfunction(value) or isinstance(value, property)):
                    yield f'{name}.{member}', inspect.getattr_static(thing, member)


def test_all_that_is_public_is_documented():
    assert [name for name, thing in public() if not isinstance(thing, (int, str)) and not inspect.getdoc(thing)] == []
    assert run_python('import pydoc, mcring; print(pydoc.render_doc(mcring))').stdout.count('take_into') > 1


def test_types_are_checked_strictly(folder):
    if not shutil.which('mypy', path='/usr/bin'):
        pytest.skip('not installed: mypy')
    program = f'{folder}/program.py'
    with open(program, 'w') as file:
        file.write('import mcring\nreveal_type([m.payload for m in mcring.Consumer("md")])\n'
                   'reveal_type([b for b in mcring.Feed().batches()])\nmcring.Consumer(1)\n')
    env = {**os.environ, 'MYPYPATH': PACKAGE}
    done = subprocess.run(['/usr/bin/mypy', '--strict', '--cache-dir', folder, program, f'{PACKAGE}/mcring'],
                          env=env, capture_output=True, text=True)
    lines = [line.partition('program.py:')[2] for line in done.stdout.splitlines()]
    assert lines[:3] == ['2: note: Revealed type is "builtins.list[builtins.bytes]"',
                         '3: note: Revealed type is "builtins.list[mcring._feed_batch.FeedBatch]"',
                         '4: error: Argument 1 to "Consumer" has incompatible type "int"; expected "Optional[str]"  '
                         '[arg-type]'], done.stdout
    assert lines[3:] == [''], done.stdout


def test_the_wheel_needs_nothing_of_this_tree(ten, folder):
    for needed in ('wheel', 'venv', 'pip'):
        pytest.importorskip(needed, reason=f'not installed: python3-{needed}')
    shutil.copytree(PACKAGE, f'{folder}/source', ignore=shutil.ignore_patterns('__pycache__'))
    env = {**os.environ, 'MCRING_LIB_DIR': ':'.join(LIBRARIES), 'PIP_NO_INDEX': '1'}
    python = f'{folder}/venv/bin/python3'
    for argv in (['/usr/bin/python3', '-m', 'pip', 'wheel', '-q', '--no-build-isolation', '--no-deps', '-w', folder,
                  f'{folder}/source'],
                 ['/usr/bin/python3', '-m', 'venv', f'{folder}/venv'],
                 [python, '-m', 'pip', 'install', '-q', '-f', folder, 'mcring']):
        done = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, done.stdout
    code = ('import sys, mcring\n'
            'with mcring.Consumer(run_dir=sys.argv[1], start="oldest") as c: print(len(c.take()), mcring.__file__)\n'
            'print(*{line.split()[-1] for line in open("/proc/self/maps") if "libmcring" in line})')
    done = subprocess.run([python, '-c', code, ten.run_dir], cwd='/', capture_output=True, text=True)
    words = done.stdout.split()
    assert words[0] == '10' and len(words) == 4, done.stderr
    assert all(word.startswith(f'{folder}/venv/') for word in words[1:])
