# SPDX-License-Identifier: BSD-3-Clause
"""mcring-replay as an engine: what is served, to whom, where its run directory is, how it ends."""

import json
import os
import re
import signal
import struct
import subprocess
import time
import zlib

import pytest

from frames import Dot1Q, Ether, IP, UDP, multicast
from programs import BUILD, CAT
from replays import REPLAY, Replay, numbered, numbers_in, write
from scapy.layers.inet import TCP
from scapy.layers.l2 import ARP

RUN = os.path.join(BUILD, 'tools', 'mcring-run')
RECEIVE = os.path.join(BUILD, 'examples', 'receive')
FEED_READER = os.path.join(BUILD, 'examples', 'feed')
MAX = ('--speed', 'max')
NOBODY = ('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups')

SOCKET_PROGRAM = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('239.1.1.1', 5000))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton('239.1.1.1') + bytes(4))
for i in range(3):
    print(s.recvfrom(2000), flush=True)
"""

CONFIG = """
interfaces:
  - {name: feed-a, port: net_af_packet0, address: 10.1.0.2/24}
  - {name: feed-a7, port: net_af_packet0, vlan: 7}
  - {name: feed-b, port: '0000:01:00.0'}
channels:
  - {name: md}
  - {name: b, bytes: 65536}
joins:
  - {groups: ['239.1.1.1:5000'], interface: feed-a, channel: md, id: 7}
  - {groups: ['239.1.1.1:5000'], interface: feed-a7, channel: md, id: 8}
  - {groups: ['239.1.1.1:5000'], interface: feed-b, channel: b, id: 9}
"""


def reader(replay, channel, *args):
    return subprocess.Popen([CAT, '--channel', channel, '--from', 'oldest', '--format', 'json', *args],
                            env=replay.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def messages_of(cat):
    return [json.loads(line) for line in cat.communicate(timeout=30)[0].splitlines()]


def both_lines(tmp_path):
    """A has two VLANs, B starts at 100."""
    a = [multicast(b'%06d' % i, tags=[Dot1Q(vlan=7)] if i % 2 else []) for i in range(10)]
    return (write(tmp_path / 'A.pcap', a, [i * 1000 for i in range(10)], nano=True),
            write(tmp_path / 'B.pcap', numbered(10, 100), [i * 1000 + 1 for i in range(10)], nano=True))


def test_the_first_line_is_for_a_shell_whatever_the_run_directory_is_called(tmp_path):
    folder = tmp_path / "a b's $HOME"
    folder.mkdir()
    replay = Replay(folder, *MAX, '--quiet', '--linger', '0', write(tmp_path / 'a.pcap', numbered(1)))
    assert replay.end() == ''


@pytest.mark.parametrize('order', ['in order', 'by name'])
def test_a_configuration_gives_channels_ids_and_vlans_as_in_production(tmp_path, order):
    a, b = both_lines(tmp_path)
    (tmp_path / 'mcring.yaml').write_text(CONFIG)
    files = [a, b] if order == 'in order' else [b, a, '--interface', f'feed-a7={a}', '--interface', f'feed-b={b}']
    replay = Replay(tmp_path, *MAX, '--wait-readers', 2, '--config', tmp_path / 'mcring.yaml', *files)
    md, only_b = reader(replay, 'md'), reader(replay, 'b')
    messages = messages_of(md)
    assert numbers_in(messages) == list(range(10))
    assert [m['id'] for m in messages] == 5 * [7, 8]
    messages = messages_of(only_b)
    assert numbers_in(messages) == list(range(100, 110))
    assert {m['id'] for m in messages} == {9}
    assert '20 frames in' in replay.end()


FEED = """
interfaces:
  - {name: feed-a, port: net_af_packet0}
feeds:
  - name: f
    declaration: 'seq=0:8:be'
    gap_timeout: 5ms
    lines:
      - name: A
        channel: f
        joins: [{groups: ['239.1.1.1:5000'], interface: feed-a}]
      - name: B
        channel: f
        joins: [{groups: ['239.1.1.2:5000'], interface: feed-a}]
"""


def test_a_feed_of_the_configuration_is_served_and_time_goes_on_between_frames(tmp_path):
    """Number 2 is missing on A and does not come on B: readers learn it when its time has passed, not with the
    next frame."""
    (tmp_path / 'mcring.yaml').write_text(FEED)
    frames = [multicast(n.to_bytes(8, 'big'), group=f'239.1.1.{line}') for n, line in ((1, 1), (1, 2), (3, 1), (4, 1))]
    path = write(tmp_path / 'a.pcap', frames, [10**18 + t for t in (0, 1, 2, 10**12)], nano=True)
    replay = Replay(tmp_path, '--wait-readers', 1, '--config', tmp_path / 'mcring.yaml', path)
    feed = subprocess.Popen(['stdbuf', '-oL', FEED_READER, 'f'], env=replay.env, stdout=subprocess.PIPE, text=True)
    assert feed.stdout.readline() == '0: 1+1, 8 octets by line 0\n'
    assert feed.stdout.readline() == '0: gap 2-2, lost by the wire\n'
    assert feed.stdout.readline() == '0: 3+1, 8 octets by line 0\n'
    replay.process.send_signal(signal.SIGINT)
    assert '3 delivered' in replay.end()
    feed.communicate(timeout=10)


def metamako(frame, ns):
    """The frame as a switch of Metamako's sends it on."""
    return frame + struct.pack('<I', zlib.crc32(frame)) + struct.pack('>II', *divmod(ns, 10**9)) + b'\x01\x4c\x1c\x2d'


def test_times_of_a_switch_are_those_in_the_trailers_of_the_capture(tmp_path):
    """One frame is damaged, one has no trailer, one is of an interface that asks for none."""
    (tmp_path / 'mcring.yaml').write_text(CONFIG.replace('10.1.0.2/24', '10.1.0.2/24, hw_time: metamako'))
    start = 1714407847483428074
    frames = [bytes(multicast(b'%06d' % i, tags=[Dot1Q(vlan=7)] if i % 2 else [])) for i in range(6)]
    a = [metamako(frame, start + i) for i, frame in enumerate(frames)]
    a[3] = a[3][:6] + b'\xff' + a[3][7:]
    a[4] = frames[4]
    files = [write(tmp_path / f'{name}.pcap', sent, [start + 100 + i for i in range(6)], nano=True)
             for name, sent in (('A', a), ('B', a))]
    replay = Replay(tmp_path, *MAX, '--wait-readers', 2, '--config', tmp_path / 'mcring.yaml', *files)
    cats = [reader(replay, channel) for channel in ('md', 'b')]
    md, b = (messages_of(cat) for cat in cats)
    assert [m['hw_ns'] for m in md] == [start, start + 1, start + 2, 0, 0, start + 5]
    assert [m['hw_ns'] for m in b] == [0] * 3
    lines = replay.end()
    assert 'port net_af_packet0: 4 with the time of a switch, 1 without a trailer, 1 with a bad one\n' in lines
    assert lines.count('of a switch') == 1


def test_a_feed_of_the_command_line_is_handed_out(tmp_path):
    frames = [multicast(n.to_bytes(8, 'big'), group=f'239.1.1.{line}') for n, line in ((1, 1), (1, 2), (2, 1))]
    path = write(tmp_path / 'a.pcap', [*frames, multicast(b'another', group='239.1.1.3')])
    text = 'feed f; declaration seq=0:8:be; line A channel=md; join 239.1.1.1:5000; line B channel=md; join 239.1.1.2:5000'
    replay = Replay(tmp_path, *MAX, '--wait-readers', 1, '--feed', text, path)
    feed = subprocess.run([FEED_READER, 'f'], env=replay.env, capture_output=True, text=True, timeout=30)
    assert re.findall(r'0: \S+1', feed.stdout) == ['0: 1+1', '0: 2+1']
    assert '3 delivered, 0 control, 1 unknown_group' in replay.end()
    for bad, expected in (('feed f; declaration nothing', "line 2: "), (text.replace('join', 'jion'), "unknown key 'jion'")):
        done = subprocess.run([REPLAY, '--run-dir', tmp_path / 'run', '--feed', bad, path], capture_output=True, text=True)
        assert done.returncode == 2 and expected in done.stderr


def test_a_configuration_without_an_interface_for_a_capture_is_refused(tmp_path):
    a, b = both_lines(tmp_path)
    (tmp_path / 'mcring.yaml').write_text(CONFIG)
    faults = {(a, b, a): f'{a}: the configuration has no interface left for it: say which it is with --interface '
                         f'NAME={a}',
              (a, '--interface', f'x={a}'): '--interface x: ' f'{tmp_path}/mcring.yaml has none of it',
              (a, '--interface', 'feed-a=C.pcap'): '--interface feed-a=C.pcap: expected one of the files, or an '
                                                   'interface that is named in one of them'}
    for args, expected in faults.items():
        done = subprocess.run([REPLAY, '--run-dir', tmp_path / 'run', '--config', tmp_path / 'mcring.yaml', *args],
                              capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (2, f'mcring-replay: {expected}\n')
        assert not (tmp_path / 'run').exists()


def test_programs_for_sockets_receive_what_they_join(tmp_path):
    path = write(tmp_path / 'a.pcap', [m for i in range(3) for m in (multicast(b'%06d' % i), multicast(
        b'other', group='239.1.1.2'))])
    replay = Replay(tmp_path, *MAX, '--wait-readers', 1, path)
    program = subprocess.Popen([RUN, '--', '/usr/bin/python3', '-c', SOCKET_PROGRAM], env=replay.env,
                               stdout=subprocess.PIPE, text=True)
    out, _ = program.communicate(timeout=30)
    assert out == ''.join(f"(b'{i:06}', ('10.0.0.7', 4000))\n" for i in range(3))
    assert '6 delivered' in replay.end()


def test_mcr_receive_receives_what_it_joins(tmp_path):
    replay = Replay(tmp_path, *MAX, '--wait-readers', 1, write(tmp_path / 'a.pcap', numbered(3)))
    out = subprocess.run([RECEIVE, '239.1.1.1', '5000', '3'], env=replay.env, capture_output=True, text=True,
                         timeout=30).stdout
    assert out == ''.join(f'10.0.0.7:4000 {i:06}\n' for i in range(3))
    replay.end()


def test_joins_of_readers_select_from_the_file(tmp_path):
    path = write(tmp_path / 'a.pcap', [multicast(b'%06d' % i, group=f'239.1.1.{i % 3}') for i in range(9)])
    replay = Replay(tmp_path, *MAX, '--wait-readers', 2, path)
    one = reader(replay, 'sockets', '--join', '239.1.1.1:5000,id=5')
    two = reader(replay, 'sockets', '--join', '239.1.1.2', '--join', '239.1.1.0')
    messages = messages_of(one)
    assert numbers_in(messages) == [1, 4, 7]
    assert {m['id'] for m in messages} == {5}
    assert numbers_in(messages_of(two)) == [0, 2, 3, 5, 6, 8]
    replay.end()


def test_a_reader_may_join_one_group_after_the_other_before_it_begins(tmp_path):
    groups = [f'239.1.{i // 100}.{i % 100}' for i in range(200)]
    path = write(tmp_path / 'a.pcap', [multicast(b'%06d' % i, group=group) for i, group in enumerate(groups)])
    replay = Replay(tmp_path, *MAX, '--wait-readers', 1, path)
    joins = [word for group in groups for word in ('--join', group)]
    assert numbers_in(messages_of(reader(replay, 'sockets', *joins))) == list(range(200))
    replay.end()


def test_what_is_not_delivered_is_counted_by_reason(tmp_path):
    ether = Ether(src='02:00:00:00:00:07', dst='01:00:5e:01:01:01')
    frames = numbered(2) + [multicast(b'', port=5001), multicast(b'', group='239.9.9.9'), ether / ARP(),
                            ether / IP(src='10.0.0.7', dst='239.1.1.1') / TCP(),
                            ether / IP(src='10.0.0.7', dst='10.0.0.8') / UDP()]
    path = write(tmp_path / 'a.pcap', frames)
    replay = Replay(tmp_path, *MAX, '--linger', '0', '--join', '239.1.1.1:5000', path)
    assert re.sub(r'\d+\.\d{3} s', 'T', replay.end()).splitlines() == [
        'mcring-replay: 7 frames in T: 2 delivered, 1 control, 1 not_multicast, 1 not_udp, 1 unknown_group, 1 '
        'unknown_port', 'mcring-replay: channel default: 2 messages of 12 octets']


def test_nothing_is_said_at_the_end_if_nothing_shall_be(tmp_path):
    replay = Replay(tmp_path, *MAX, '--linger', '0', '--quiet', write(tmp_path / 'a.pcap', numbered(2)))
    assert replay.end() == ''


@pytest.mark.parametrize('signo', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(tmp_path, signo):
    path = write(tmp_path / 'a.pcap', numbered(3), [0, 1, 10**12], nano=True)
    replay = Replay(tmp_path, '--wait-readers', 1, path)
    cat = reader(replay, 'default')
    assert numbers_in([json.loads(cat.stdout.readline()) for _ in range(2)]) == [0, 1]
    replay.process.send_signal(signo)
    lines = replay.end()
    assert '2 frames in' in lines and '2 delivered' in lines
    assert messages_of(cat) == []
    assert cat.returncode == 0
    assert not (tmp_path / 'run').exists()


def test_it_lingers_until_all_that_came_have_read_all(tmp_path):
    replay = Replay(tmp_path, *MAX, '--linger', 'forever', write(tmp_path / 'a.pcap', numbered(3)))
    time.sleep(0.05)
    assert replay.process.poll() is None
    cat = reader(replay, 'default', '--count', '3')
    assert numbers_in(messages_of(cat)) == [0, 1, 2]
    replay.end()


def test_it_lingers_for_a_reader_that_is_slow(tmp_path):
    path = write(tmp_path / 'a.pcap', numbered(3), [0, 1, 2 * 10**8], nano=True)
    replay = Replay(tmp_path, '--wait-readers', 1, '--linger', 'forever', path)
    cat = reader(replay, 'default')
    assert numbers_in([json.loads(cat.stdout.readline()) for _ in range(2)]) == [0, 1]
    cat.send_signal(signal.SIGSTOP)
    time.sleep(0.4)
    assert replay.process.poll() is None
    cat.send_signal(signal.SIGCONT)
    assert numbers_in(messages_of(cat)) == [2]
    replay.end()


def test_a_run_directory_belongs_to_one(tmp_path):
    path = write(tmp_path / 'a.pcap', numbered(3))
    replay = Replay(tmp_path, *MAX, '--wait-readers', 1, path)
    done = subprocess.run([REPLAY, path], env=replay.env, capture_output=True, text=True)
    assert done.returncode == 2
    assert 'is taken by a live engine' in done.stderr
    assert numbers_in(messages_of(reader(replay, 'default'))) == [0, 1, 2]
    replay.end()


def as_nobody(*args, **env):
    """What mcring-replay says first when an ordinary user starts it; then it is ended."""
    env = {**os.environ, **env}
    env.pop('MCRING_RUN_DIR', None)
    with subprocess.Popen([*NOBODY, REPLAY, *args], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        line = process.stdout.readline()
        cat = subprocess.run([*NOBODY, CAT, '--from', 'oldest', '--count', '3', '--format', 'raw'],
                             env={**env, 'MCRING_RUN_DIR': line.strip().partition('=')[2]}, capture_output=True,
                             timeout=30) if line else None
        process.terminate()
        return line, cat and cat.stdout, process.communicate(timeout=30)[1]


@pytest.mark.skipif(os.geteuid() != 0, reason='needs root, to become another user')
def test_an_ordinary_user_has_a_run_directory_of_his_own(tmp_path):
    path = write(tmp_path / 'a.pcap', numbered(3))
    own, runtime = '/tmp/mcring-65534', tmp_path / 'runtime'
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    options = ('--name', 'lab', *MAX, '--linger', 'forever', '--quiet', path)
    runtime.mkdir()
    os.chown(runtime, 65534, 65534)
    if os.path.exists(own) and not os.listdir(own):
        os.rmdir(own)
    was_there = os.path.exists(own)
    line, received, err = as_nobody(*options, XDG_RUNTIME_DIR='')
    assert line == f'export MCRING_RUN_DIR={own}/lab\n', err
    assert received == b'000000000001000002'
    assert 'lab' not in os.listdir(own)
    if not was_there:
        assert os.stat(own).st_mode & 0o777 == 0o700
        os.rmdir(own)
    line, received, _ = as_nobody(*options, XDG_RUNTIME_DIR=str(runtime))
    assert line == f'export MCRING_RUN_DIR={runtime}/mcring/lab\n'
    assert received == b'000000000001000002'
    (tmp_path / 'mcring.yaml').write_text(CONFIG + 'attach: {group: root}\n')
    (tmp_path / 'mcring.yaml').chmod(0o644)
    line, _, err = as_nobody(*options, '--config', tmp_path / 'mcring.yaml', XDG_RUNTIME_DIR=str(runtime))
    assert line == f'export MCRING_RUN_DIR={runtime}/mcring/lab\n'
    assert err == ('mcring-replay: warning: the attach socket stays your own: you are not in group 0, which the '
                   'configuration gives it to\n')
    os.chown(runtime / 'mcring', 0, 0)
    (runtime / 'mcring').chmod(0o777)  # anybody could put another engine's socket there
    line, _, err = as_nobody(*options, XDG_RUNTIME_DIR=str(runtime))
    assert line == ''
    assert 'can be written by others' in err
