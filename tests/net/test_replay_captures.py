# SPDX-License-Identifier: BSD-3-Clause
"""Captures through mcring-replay: whatever form they have, readers get what tshark reads in them, and what
mcring-cat writes of it is such a capture again. None of this needs root."""

import gzip
import json
import os
import re
import signal
import subprocess
import time

import pytest

from frames import Dot1Q, multicast, tshark_datagrams
from netlab import wait_for
from programs import BUILD, CAT, ROOT, SHARED
from replays import REPLAY, Replay, numbered, numbers_in, write

MARKET = os.path.join(SHARED, 'pcaps', 'market')
SECOND = 10**9
KEYS = ('group', 'port', 'source', 'source_port', 'vlan', 'data')


def send(folder, *args, **kwargs):
    """Sends captures to one reader as fast as that reads; gives (messages, lines at the end)."""
    replay = Replay(folder, '--speed', 'max', '--pace', 'readers', '--wait-readers', '1', *args, **kwargs)
    messages = replay.messages()
    return messages, replay.end()


def record(folder, name, *args):
    """Sends captures to mcring-cat, which writes another one."""
    replay = Replay(folder, '--speed', 'max', '--pace', 'readers', '--wait-readers', '1', *args)
    path = folder / name
    with open(path, 'wb') as out:
        cat = subprocess.run([CAT, '--from', 'oldest', '--format', 'pcapng'], env=replay.env, stdout=out,
                             stderr=subprocess.PIPE, text=True, timeout=30, check=True)
    assert cat.stderr == 'mcring-cat: the engine has ended\n'
    replay.end()
    return path


def fields_of(messages):
    return [{key: m[key] for key in KEYS} for m in messages]


def mixed():
    """Frames of all forms that a message remembers."""
    return [multicast(b''), multicast(b'odd', ttl=1), multicast(b'x' * 1472, tos=0xb8, ttl=255),
            multicast(b'tagged', tags=[Dot1Q(vlan=7)]), multicast(b'six', group='ff15::1:5'),
            multicast(b'six tagged', group='ff15::1:6', tags=[Dot1Q(vlan=4094)], ttl=3, tc=0x2e),
            multicast(b'another', group='232.1.2.3', port=65535, source='10.9.8.7')]


def test_market_captures_go_through_to_a_capture_of_ours_byte_for_byte(tmp_path):
    if not os.path.isdir(MARKET):
        pytest.skip('absent: ../shared/pcaps/market')
    path = tmp_path / 'all.pcapng'
    names = [os.path.join(MARKET, name) for name in sorted(os.listdir(MARKET))]
    subprocess.run(['mergecap', '-a', '-w', path, *names], check=True)
    expected = tshark_datagrams(path)
    assert len(expected) > 20
    assert tshark_datagrams(record(tmp_path, 'again.pcapng', path)) == expected


def test_what_goes_out_and_in_again_is_the_same_with_good_checksums(tmp_path):
    frames = mixed()
    times = [1700000000 * SECOND + i * 1234567891 for i in range(len(frames))]
    a = write(tmp_path / 'a.pcap', frames, times, nano=True)
    b = write(tmp_path / 'b.pcap', frames, [t + 1 for t in times], nano=True)
    once = record(tmp_path, 'once.pcapng', a, b)
    twice = record(tmp_path, 'twice.pcapng', once)
    assert once.read_bytes() == twice.read_bytes()
    out = subprocess.run(['tshark', '-n', '-r', once, '-o', 'ip.check_checksum:TRUE', '-o',
                          'udp.check_checksum:TRUE', '-T', 'fields', '-e', 'frame.interface_name', '-e',
                          'frame.time_epoch', '-e', 'ip.checksum.status', '-e', 'udp.checksum.status'],
                         capture_output=True, text=True, check=True).stdout
    rows = [line.split('\t') for line in out.splitlines()]
    both = sorted([(t, 'a') for t in times] + [(t + 1, 'b') for t in times])
    assert [(row[0], row[1]) for row in rows] == [(name, f'{t // SECOND}.{t % SECOND:09}') for t, name in both]
    assert {row[2] for row in rows} == {'1', ''} and {row[3] for row in rows} == {'1'}


def test_captures_of_all_forms_are_read(tmp_path):
    frames = mixed()
    plain = write(tmp_path / 'plain', frames)
    expected = tshark_datagrams(str(plain))
    packed = tmp_path / 'packed'
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    forms = [plain, packed]
    for form in ('pcapng', 'nsecpcap', 'modpcap'):
        subprocess.run(['editcap', '-F', form, plain, tmp_path / form], check=True)
        forms.append(tmp_path / form)
    for path in forms:
        messages, _ = send(tmp_path, path)
        assert fields_of(messages) == expected, path
    with open(packed) as stdin:
        messages, _ = send(tmp_path, '-', stdin=stdin)
    assert fields_of(messages) == expected


def test_times_are_those_of_the_capture_to_the_nanosecond_and_go_on_in_a_loop(tmp_path):
    times = [1700000000 * SECOND + t for t in (0, 1, 1000, 3000000003)]
    path = write(tmp_path / 'a.pcap', numbered(4), times, nano=True)
    messages, _ = send(tmp_path, '--loop', '3', path)
    distance = (times[3] - times[0]) // 3
    period = times[3] - times[0] + distance
    assert [m['rx_ns'] for m in messages] == [t + i * period for i in range(3) for t in times]
    assert numbers_in(messages) == 3 * [0, 1, 2, 3]


def test_times_may_be_those_of_sending_and_the_start_is_kept(tmp_path):
    path = write(tmp_path / 'a.pcap', numbered(3), [10, 20, 30], nano=True)
    start_ns = time.time_ns() + SECOND
    messages, _ = send(tmp_path, '--times', 'now', '--start-at', f'+{1 - 1e-3:.3f}', path)
    assert len(messages) == 3
    assert start_ns - SECOND // 10 <= messages[0]['rx_ns'] <= messages[2]['rx_ns'] <= time.time_ns()


def test_lines_are_merged_by_time_and_told_apart(tmp_path):
    a = write(tmp_path / 'A.pcap', numbered(100, 0), [i * 1000 for i in range(100)], nano=True)
    b = write(tmp_path / 'B.pcap', numbered(100, 1000), [i * 1000 + 500 for i in range(100)], nano=True)
    out = [i + 1000 * line for i in range(100) for line in range(2)]
    assert numbers_in(send(tmp_path, a, b)[0]) == out
    joins = ['--interface', f'feed-b={b}', '--join', '239.1.1.1:5000,interface=feed-b']
    messages, lines = send(tmp_path, *joins, a, b)
    assert numbers_in(messages) == list(range(1000, 1100))
    assert '200 frames' in lines and '100 delivered' in lines
    merged = tmp_path / 'merged.pcapng'  # as dumpcap writes two interfaces
    subprocess.run(['mergecap', '-I', 'none', '-w', merged, a, b], check=True)
    assert numbers_in(send(tmp_path, merged)[0]) == out


def test_nobody_loses_anything_when_readers_set_the_pace(tmp_path):
    """More than a hundred times what the ring holds, to a reader that is stopped now and then."""
    path = write(tmp_path / 'a.pcap', [multicast(b'%06d' % i + bytes(1000)) for i in range(500)])
    replay = Replay(tmp_path, '--speed', 'max', '--pace', 'readers', '--wait-readers', '1', '--loop', '20',
                    '--channel', 'default,bytes=65536', path)
    cat = replay.start_cat('--format', 'raw', '--summary', '--stall', '30', stderr=subprocess.PIPE)
    received = b''
    for i in range(10):
        received += cat.stdout.read(100 * 1006)
        cat.send_signal(signal.SIGSTOP)
        time.sleep(0.02)
        cat.send_signal(signal.SIGCONT)
    received += cat.stdout.read()
    assert b'"received":10000,"lost":0,' in cat.stderr.read()
    cat.wait()
    assert [int(received[i:i + 6]) for i in range(0, len(received), 1006)] == 20 * list(range(500))
    replay.end()


def test_what_comes_on_standard_input_is_sent_before_more_of_it_comes(tmp_path):
    data = write(tmp_path / 'a.pcap', numbered(3)).read_bytes()
    size = (len(data) - 24) // 3
    with subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as pipe:
        pipe.stdin.write(data[:24 + size])
        pipe.stdin.flush()
        replay = Replay(tmp_path, '--wait-readers', '1', '-', stdin=pipe.stdout)
        cat = replay.start_cat('--format', 'raw')
        for i in range(3):
            assert cat.stdout.read(6) == b'%06d' % i
            at = 24 + (i + 1) * size
            pipe.stdin.write(data[at:at + size // 2])
            pipe.stdin.flush()
            pipe.stdin.write(data[at + size // 2:at + size])
            pipe.stdin.flush()
        pipe.stdin.close()
        assert cat.stdout.read() == b''
        cat.wait(timeout=10)
        replay.end()


def test_a_signal_ends_the_wait_for_the_first_frame(tmp_path):
    with subprocess.Popen([REPLAY, '--run-dir', tmp_path / 'run', '-'], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_for(lambda: b'pipe_read' in open(f'/proc/{process.pid}/wchan', 'rb').read(), 10, 'a read')
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b'' and process.stderr.read() == b''
        assert process.wait() == 0


def test_a_capture_that_ends_within_a_frame_is_sent_up_to_there(tmp_path):
    path = write(tmp_path / 'a.pcap', numbered(3))
    os.truncate(path, os.path.getsize(path) - 1)
    messages, lines = send(tmp_path, path)
    assert numbers_in(messages) == [0, 1]
    assert f'{path} ends within a frame, which was left out' in lines


def test_times_that_go_back_are_named_and_frames_keep_their_order(tmp_path):
    path = write(tmp_path / 'a.pcap', numbered(3), [5000, 3000, 6000], nano=True)
    messages, lines = send(tmp_path, path)
    assert numbers_in(messages) == [0, 1, 2]
    assert [m['rx_ns'] for m in messages] == [5000, 5000, 6000]
    assert '1 frames were captured before the one in front of them, by 0.000002 s at most' in lines


def test_what_cannot_be_read_ends_it_with_file_place_and_what_was_expected(tmp_path):
    good = write(tmp_path / 'a.pcap', numbered(3)).read_bytes()
    faults = {b'garbage': 'octet 0: no capture; expected pcap or pcapng',
              good[:20] + b'\x7f' + good[21:]: 'octet 20: link type 127; expected Ethernet (1), ',
              good[:32] + b'\xff\xff\xff\xff' + good[36:]: 'octet 32: a record of 4294967295 octets; expected'}
    path = tmp_path / 'bad'
    for data, expected in faults.items():
        path.write_bytes(data)
        done = subprocess.run([REPLAY, '--run-dir', tmp_path / 'run', path], capture_output=True, text=True)
        assert done.returncode == 2
        assert done.stderr.startswith(f'mcring-replay: {path}: {expected}'), done.stderr


def test_the_page_has_every_option():
    usage = subprocess.run([REPLAY, '--help'], capture_output=True, text=True, check=True).stdout
    with open(os.path.join(ROOT, 'docs', 'replay.md')) as page:
        text = page.read()
    options = set(re.findall(r'--[a-z-]+', usage)) - {'--help', '--version'}
    assert len(options) >= 15
    assert [option for option in sorted(options) if f'`{option}' not in text] == []


def test_a_capture_is_not_written_to_a_terminal(tmp_path):
    replay = Replay(tmp_path, '--linger', 'forever', write(tmp_path / 'a.pcap', numbered(1)))
    out = subprocess.run(['script', '-qec', f'{CAT} --from oldest --count 1 --format pcapng', '/dev/null'],
                         env=replay.env, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    assert out.strip() == ('mcring-cat: standard output is a terminal: write the capture to a file or a pipe')
    replay.process.terminate()
    replay.end()


def feed_text(scenario):
    config = scenario['config']
    text = ['feed scenario', 'declaration ' + {'RTP': 'rtp'}.get(scenario['declaration'], 'moldudp64')]
    text += [f'{key} {config[key]}ns' for key in ('gap_timeout', 'silence') if config[key]]
    text += [f'reorder {config["reorder"]}']
    for n, name in enumerate(config['lines'], 1):
        text += [f'line {name} channel=default', f'join 239.1.{n}.1:{31000 + n}']
    return '\n'.join(text) + '\n'


def test_captured_scenarios_are_handed_out_as_they_are_described(tmp_path):
    folder = os.path.join(SHARED, 'feeds')
    if not os.path.isdir(folder):
        pytest.skip('absent: ../shared/feeds')
    with open(os.path.join(folder, 'scenarios.json')) as described:
        played = [one for one in json.load(described) if 'pcap' in one['input']]
    assert len(played) > 6
    for one in played:
        path = os.path.join(folder, 'scenarios', one['input']['pcap'])
        replay = Replay(tmp_path, '--speed', 'max', '--pace', 'readers', '--wait-readers', '1', path)
        out = subprocess.run([os.path.join(BUILD, 'tests', 'feed', 'feed_print'), 'scenario', 'compare'], text=True,
                             env={**replay.env, 'MCRING_FEED_CONFIG': feed_text(one)}, capture_output=True, timeout=30)
        assert out.returncode == 0, (one['name'], out.stderr)
        replay.end()
        found = [dict((name, int(n)) for name, n in re.findall(r'(\w+)=(\d+)', line))
                 for line in out.stdout.splitlines() if re.match('feed |line ', line)]
        expected = one['expected']
        assert (found[0]['messages'], found[0]['gaps'], found[0]['gap_messages'], found[0]['mismatches']) == tuple(
            expected[key] for key in ('delivered_messages', 'gaps', 'gap_messages', 'mismatch')), one['name']
        for line, name in zip(found[1:], one['config']['lines']):
            wanted = expected['lines'][name]
            assert [line[key] for key in ('first', 'stale', 'before_start', 'late', 'heartbeats')] == [
                wanted[key] for key in ('first', 'stale', 'before_start', 'late', 'hb')], (one['name'], name)
            assert line['duplicates'] + line['mismatches'] == wanted['dup'] + wanted['dup_diff'], (one['name'], name)
