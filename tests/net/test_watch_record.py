# SPDX-License-Identifier: BSD-3-Clause
"""Recordings of mcring-watch: each file has what was sent from its first packet to its last, tshark reads it,
mcring-replay plays it; whatever happens meanwhile, the account adds up. MCR_WATCH_SECONDS (3) is how long all of
it happens at random, from MCR_WATCH_SEED (1) on."""

import contextlib
import grp
import os
import random
import signal
import stat
import subprocess
import time

import pytest

from netlab import wait_for
from replays import Replay
from test_watch import MS, served, through
from watching import File, Sender, Watch, feed_text, files_of, packets_of, question

SECONDS = int(os.environ.get('MCR_WATCH_SECONDS', '3'))
SEED = int(os.environ.get('MCR_WATCH_SEED', '1'))


@pytest.fixture
def watched(tmp_path):
    """Makes a Replay and a Watch of what a sender sent; both end with the test."""
    running = []

    def start(sender, *args, more=(), readers=2, speed='max'):
        """more: of the engine."""
        folder = tmp_path / f'run{len(running)}'
        folder.mkdir()
        replay = served(folder, sender, *more, feed=feed_text(len(sender.sent)), readers=readers,
                        speed=speed)
        running.append(replay.process)
        watch = Watch(folder, [folder / 'run'], *args)
        running.append(watch.process)
        return watch

    yield start
    for process in reversed(running):
        process.kill()
        process.wait()


def gaps_each(spacing, n, first=1):
    """n messages a ms apart on two lines; each spacing-th is on none."""
    s = Sender()
    for seq in range(first, first + n):
        s.put(seq * MS, seq, lost=(0, 1) if seq % spacing == 0 else (), late_ns=(0, 300))
    s.heartbeat((first + n) * MS, first + n)
    return s


def is_settled(said):
    """All files are whole that were begun."""
    assert said['triggers'] == said['files'] + said['joined'] + said['held_off'] + said['failed'], said
    return said['files'] == said['whole'] + said['given_up'] and not said['writing'] and said


def check_file(path, sender):
    """It has all that was sent from its first packet to its last, as it was, and nothing else; but for what it says
    that it lacks."""
    file = File(path)
    sent = sorted((at, f'truth/{"AB"[line]}', octets) for at, line, octets in sender.packets)
    first, last = (file.packets[i][0] for i in (0, -1))
    sent = [one for one in sent if first <= one[0] <= last]
    assert set(file.packets) <= set(sent) and len(set(file.packets)) == len(file.packets)
    assert 0 <= file.drops - (len(sent) - len(file.packets)) <= file.drops_before
    assert [at for at, *_ in file.packets] == sorted(at for at, *_ in file.packets)
    return file


def test_files_have_what_was_sent_around_each_trigger_and_can_be_played(tmp_path, watched):
    s = gaps_each(1000, 3000)
    s.put(3002 * MS, 3001, other={1}, late_ns=(0, 300))
    s.heartbeat(3100 * MS, 3002)
    watch = watched(s, '--record', f'feed,dir={tmp_path},megabytes=16,after=50ms,holdoff=0s')
    through(watch, 'md', len(s.packets))
    path, = watch.snap('feed', comment='what happened at nine?')
    said = wait_for(lambda: is_settled(watch.recording('feed')), 30, 'all files are whole')
    assert said['triggers'] == 5 and said['put'] == len(s.packets), 'three gaps, a mismatch, an operator'
    paths = files_of(tmp_path, 'feed')
    assert len(paths) == said['files'] == said['dir_files'] and path in paths
    assert sum(map(os.path.getsize, paths)) == said['dir_bytes']
    for one in paths:
        check_file(one, s)
        assert stat.S_IMODE(os.stat(one).st_mode) == 0o600
        # tshark reads the same, and sees right sums and lengths.
        assert [(at, name, octets) for at, name, _, octets in packets_of(one)] == File(one).packets
    whole = check_file(path, s)
    assert any('what happened at nine?' in text for text in whole.comments + whole.notes)
    assert any('ring' in text and 'made' in text for text in whole.comments), whole.comments
    check_copies(whole)

    # mcring-replay plays it: the same payloads at the same times.
    (tmp_path / 'again').mkdir()
    again = Replay(tmp_path / 'again', '--speed', 'max', '--pace', 'readers', '--wait-readers', 1, path)
    played = [(m['rx_ns'], bytes.fromhex(m['data'])) for m in again.messages()]
    again.end()
    assert played == [(at, octets) for at, _, octets in whole.packets]


def check_copies(file):
    """Both copies of a packet have one id, and no other packet has it."""
    of = {}
    for (_, name, octets), copy in zip(file.packets, file.ids):
        assert (copy is None) == (octets[-2:] == bytes(2)), 'a heartbeat is no copy'
        if copy is not None:
            of.setdefault(copy, []).append((name, octets))
    for packets in of.values():
        names = [name for name, _ in packets]
        assert len(set(names)) == len(names), packets
    assert sum(len(packets) == 2 for packets in of.values()) > 1000


def test_two_hundred_triggers_and_operators_between_them_add_up(tmp_path, watched):
    """A minute of a feed with a gap each 300 ms."""
    s = gaps_each(300, 60_000)
    watch = watched(s, '--record', f'feed,dir={tmp_path},megabytes=4,after=20ms,holdoff=100ms,on=gap,files=20')
    snaps = 0
    while (watch.channel('md') or {}).get('packets') != len(s.packets):
        snaps += len(watch.snap('feed')) > 0
    gaps = len(s.given_up())
    assert gaps == 200
    wait_for(lambda: watch.feed('truth')['wire_gaps'] == gaps, 20, 'all gaps are told')
    said = wait_for(lambda: is_settled(watch.recording('feed')), 30, 'all files are whole')
    assert said['triggers'] == gaps + snaps and said['failed'] == said['given_up'] == 0
    assert said['put'] == len(s.packets)
    paths = files_of(tmp_path, 'feed')
    assert len(paths) == said['dir_files'] == min(20, said['files'])
    for path in paths:
        check_file(path, s)
    assert not tshark_complains(paths)
    assert watch.alarms()['gap'] == gaps


def tshark_complains(paths):
    return [path for path in paths if not packets_of(path)]


@pytest.fixture
def small_disk(tmp_path):
    path = tmp_path / 'disk'
    path.mkdir()
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=10m', 'tmpfs', path], check=True)
    yield path
    subprocess.run(['umount', '-l', path], check=True)


def test_a_full_disk_stops_a_recording_and_nothing_else(tmp_path, watched, small_disk):
    s = Sender()
    for seq in range(1, 30_001):
        s.put(seq * MS, seq, late_ns=(0, 300), size=500)
    s.heartbeat(30_100 * MS, 30_001)
    watch = watched(s, '--record', f'small,dir={small_disk},megabytes=16,continuous,file_megabytes=3,channels=md',
                    '--record', f'other,dir={tmp_path},megabytes=64,holdoff=0s,after=0s,channels=same',
                    more=['--channel', 'same,bytes=1M', *(word for line in 'AB' for word in (
                        '--join', f'239.1.1.0/24:5000,interface={line},channel=same'))], readers=3, speed=15)
    channel = through(watch, 'md', len(s.packets))
    assert (channel['lost'], watch.feed('truth')['wire_gaps']) == (0, 0), 'the watch reads on'
    said = wait_for(lambda: (r := watch.recording('small')) and r['stopped'] and r, 20, 'it stopped')
    assert 'No space left' in said['error']
    assert watch.alarms()['recorder'] >= 1 and 'recorder: recording small stopped: ' in watch.log()
    assert said['put'] == len(s.packets)
    paths = files_of(small_disk, 'small')
    assert len(paths) == said['dir_files'] >= 2 and sum(map(os.path.getsize, paths)) == said['dir_bytes']
    kept = [check_file(path, s).packets for path in paths]
    assert sum(map(len, kept)) == said['written'], 'no message is in two files'
    assert said['written'] + said['unwritten'] + said['no_room'] <= said['put']
    # The other one is whole, and has all.
    path, = watch.snap('other')
    assert len(File(path).packets) == len(s.packets)
    # There is room again, and again: it goes on by itself with what is still in memory.
    def goes_on():
        for path in files_of(small_disk, 'small'):
            os.unlink(path)
        time.sleep(0.5)
        return 'recorder over: ' in watch.log()

    wait_for(goes_on, 30, 'it says so')
    wait_for(lambda: goes_on() and (r := watch.recording('small'))['written'] + r['unwritten'] + r['no_room'] == r['put'],
             20, 'each message is in a file, or is counted as in none')  # the disk may be full again
    assert watch.stop() == 0


def test_what_found_no_room_is_counted_and_said_where_it_is_missing(tmp_path, watched):
    """20 MB at once, and memory for a fifth of it."""
    s = Sender()
    for seq in range(1, 20_001):
        s.put(seq * MS, seq, late_ns=(0, 300), size=500)
    watch = watched(s, '--record', f'all,dir={tmp_path},megabytes=4,continuous,file_megabytes=1')
    through(watch, 'md', len(s.packets))
    said = wait_for(lambda: (r := watch.recording('all')) and r['written'] + r['no_room'] == r['put'] and r, 60,
                    'each message is written, or found no room')  # the disk may be slow
    assert said['put'] == len(s.packets) and said['no_room'] == said['blind_messages'] > 0
    assert watch.stop() == 0
    files = [check_file(path, s) for path in files_of(tmp_path, 'all')]
    assert sum(len(file.packets) for file in files) == said['written']
    said_there = sum(file.drops for file in files)
    last = max(packet[0] for file in files for packet in file.packets)
    behind = sum(at > last for at, *_ in s.packets)
    assert said_there + behind == said['no_room'], 'where they are missing, or at the end'


def test_a_watch_that_is_killed_leaves_files_that_the_next_one_finishes(tmp_path, watched):
    r, s = random.Random(SEED), gaps_each(100, 20_000)
    watch = watched(s, '--record', f'kept,dir={tmp_path},megabytes=8,continuous,file_megabytes=1,files=0,'
                    'all_megabytes=0', speed=4)
    for _ in range(5):
        time.sleep(0.2 + r.random() / 4)
        watch.process.kill()
        watch.process.wait()
        watch.start()
    wait_for(lambda: watch.recording('kept') and watch.channel('md'), 20, 'it is there again')
    assert watch.stop(signal.SIGINT) == 0
    left = sorted(os.listdir(tmp_path))
    assert not [name for name in left if name.startswith('.')], left
    paths = files_of(tmp_path, 'kept')
    assert paths
    for path in paths:
        check_file(path, s)
        packets_of(path)


def test_a_hostile_directory_is_left_as_it_is(tmp_path, watched):
    """Names of the recording that are links, directories, pipes, or another user's files."""
    folder = tmp_path / 'rec'
    folder.mkdir()
    secret = tmp_path / 'secret'
    secret.write_text('mine')
    stem = 'feed-20200101T000000.000000000Z-gap'
    (folder / f'{stem}.pcapng').symlink_to(secret)
    (folder / f'.{stem}.part').symlink_to(secret)
    (folder / f'{stem}-2.pcapng').mkdir()
    os.mkfifo(folder / f'{stem}-3.pcapng')
    os.link(secret, folder / f'{stem}-4.pcapng')
    (folder / 'feed-notes.pcapng').write_text('mine, too')
    (folder / 'other-20200101T000000.000000000Z-gap.pcapng').write_text('mine, too')
    os.chown(folder / 'feed-notes.pcapng', 65534, 65534)
    before = {one: os.lstat(folder / one).st_ino for one in os.listdir(folder)}
    s = gaps_each(100, 1000)
    watch = watched(s, '--record', f'feed,dir={folder},megabytes=4,after=5ms,holdoff=0s,files=2')
    through(watch, 'md', len(s.packets))
    for _ in range(3):
        watch.snap()
    said = wait_for(lambda: is_settled(watch.recording('feed')), 20, 'its files')
    assert said['dir_files'] == 2 < said['files']
    assert watch.stop() == 0
    after = {one: os.lstat(folder / one).st_ino for one in os.listdir(folder)}
    assert {one: after.get(one) for one in before} == before
    assert secret.read_text() == 'mine' and os.stat(secret).st_nlink == 2
    assert len(after) == len(before) + 2


def test_whatever_happens_files_are_whole_and_have_only_what_was_sent(tmp_path, small_disk):
    """Engines end, are killed and come again, the watch is killed, operators ask, the disk is full and has room."""
    r, sent, end = random.Random(SEED), set(), time.monotonic() + SECONDS
    watch = Watch(tmp_path, [tmp_path / 'run'], '--record', f'it,dir={small_disk},megabytes=4,after=50ms,holdoff=100ms,'
                  'file_megabytes=2,files=8')
    replay, n = None, 0
    try:
        while time.monotonic() < end:
            s, n = Sender(), n + 1
            for seq in range(1, 4000):
                s.put(n * 10**12 + seq * MS, seq, lost=(0, 1) if r.random() < 0.01 else (), late_ns=(0, 300), size=200)
            sent.update((at, f'truth/{"AB"[line]}', octets) for at, line, octets in s.packets)
            replay = served(tmp_path, s, feed=feed_text(), readers=2, speed=r.choice((4, 20)))
            while replay.process.poll() is None and time.monotonic() < end:
                time.sleep(r.random() / 3)
                happens(r, watch, replay, small_disk)
            replay.process.kill()
            replay.process.wait()
        wait_for(lambda: not (it := watch.recording('it')) or not it['writing'], 20, 'the last file is whole')
        assert watch.stop() == 0
    finally:
        for process in (watch.process, *([replay.process] if replay else ())):
            process.kill()
            process.wait()
    paths = files_of(small_disk, 'it')
    assert paths, watch.log()
    for path in paths:
        packets = File(path).packets
        assert set(packets) <= sent and [at for at, *_ in packets] == sorted(at for at, *_ in packets), path
        assert [(at, name, octets) for at, name, _, octets in packets_of(path)] == packets


def happens(r, watch, replay, disk):
    what = r.choice(('snap', 'snap', 'room', 'watch', 'engine'))
    if what == 'snap':
        with contextlib.suppress(OSError, ValueError):
            question(f'{watch.state_dir}/snap', {'command': 'snap'}, seconds=0.2)
    elif what == 'room':
        for path in files_of(disk, 'it')[:-1]:
            os.unlink(path)
    elif what == 'watch':
        watch.process.kill()
        watch.process.wait()
        watch.start()
    elif r.random() < 0.3:
        replay.process.kill()
        replay.process.wait()


@pytest.mark.parametrize('options, words', [
    (['x,dir=/nonexistent'], 'No such file'),
    (['x,dir={folder},group=no-such-group'], 'no-such-group'),
    (['x,dir={folder}', 'x,dir={folder}'], 'not used yet'),
    (['x,dir={folder},megabytes=0'], 'megabytes'),
    (['x,dir={folder},on=gaps'], 'gaps'),
    (['../x,dir={folder}'], 'name'),
])
def test_a_recording_that_cannot_be_made_is_an_error_at_the_start(tmp_path, options, words):
    args = [word.format(folder=tmp_path) for one in options for word in ('--record', one)]
    watch = Watch(tmp_path, [tmp_path / 'run'], *args, wait=False)
    try:
        assert watch.process.wait(10) == 2
    finally:
        watch.process.kill()
    lines = watch.log().splitlines()
    assert words in watch.log() and len(lines) <= 2, lines
    assert not [one for one in os.listdir(tmp_path) if one.startswith('.')]


CONFIG = '''
interfaces: [{name: A, port: net_af_packet0}]
channels:
  - {name: a, readers: {users: [root], groups: [daemon]}}
  - {name: b, readers: {users: [root]}}
  - {name: g, readers: {groups: [daemon]}}
joins:
  - {groups: ['239.1.1.1:5000'], interface: A, channel: a}
  - {groups: ['239.1.1.1:5000'], interface: A, channel: b}
  - {groups: ['239.1.1.1:5000'], interface: A, channel: g}
'''


def test_readers_of_channels_are_those_of_files(tmp_path):
    """Channels with other readers are in no recording together; a channel of one group has files for it."""
    (tmp_path / 'mcring.yaml').write_text(CONFIG)
    s = Sender(1)
    for seq in range(1, 100):
        s.put(seq * MS, seq)
    replay = Replay(tmp_path, '--speed', 'max', '--wait-readers', 9, '--config', tmp_path / 'mcring.yaml',
                    *s.write(tmp_path))
    daemon = grp.getgrnam('daemon').gr_gid
    try:
        watch = Watch(tmp_path, [tmp_path / 'run'], '--record', f'x,dir={tmp_path},channels=a+b,megabytes=4',
                      wait=False)
        assert watch.process.wait(20) == 2
        assert 'readers' in watch.log() and not files_of(tmp_path, 'x'), watch.log()
        for args in 'channels=g', 'channels=b,group=daemon':
            watch = Watch(tmp_path, [tmp_path / 'run'], '--record', f'y,dir={tmp_path},{args},megabytes=4,after=1ms',
                          under=['setpriv', '--groups', f'0,{daemon}'])
            wait_for(lambda: watch.recording('y'), 10, 'it has begun')
            path, = watch.snap('y')
            assert (os.stat(path).st_gid, stat.S_IMODE(os.stat(path).st_mode)) == (daemon, 0o640), args
            assert watch.stop() == 0
    finally:
        watch.process.kill()
        watch.process.wait()
        replay.process.kill()
        replay.process.wait()
