# SPDX-License-Identifier: BSD-3-Clause
"""Files of mcring-watch for whoever reads them: frames of all forms, cut ones, a gap that happens again when its
file is played; and the command of --alarm, which hears of it."""

import json
import re

import pytest

from frames import tshark_datagrams
from netlab import wait_for
from replays import Replay, write
from test_replay_captures import fields_of, mixed
from test_watch import served, through
from test_watch_record import gaps_each, is_settled
from watching import File, S, Watch, blocks, feed_text, tshark

CUT = 10


@pytest.fixture
def ends():
    running = []
    yield running
    for process in reversed(running):
        process.kill()
        process.wait()


@pytest.mark.parametrize('snaplen', [None, CUT])
def test_frames_of_all_forms_are_recorded_whole_or_cut(tmp_path, ends, snaplen):
    frames = mixed()
    times = [1700000000 * S + i * 1234567891 for i in range(len(frames))]
    capture = write(tmp_path / 'all.pcap', frames, times, nano=True)
    replay = Replay(tmp_path, '--speed', 'max', '--pace', 'readers', '--wait-readers', 1, '--linger', 'forever',
                    capture)
    ends.append(replay.process)
    watch = Watch(tmp_path, [tmp_path / 'run'],
                  '--record', f'all,dir={tmp_path},megabytes=4,after=0s' + (f',snaplen={snaplen}' if snaplen else ''))
    ends.append(watch.process)
    through(watch, 'default', len(frames))
    path, = watch.snap()

    assert tshark(path, '-Y', '_ws.expert.severity > "Comment" or _ws.malformed') == ''
    sent, kept = fields(capture), fields(path)
    assert [row['frame.time_epoch'] for row in kept] == [f'{t // S}.{t % S:09}' for t in times]
    same = ('ip.ttl', 'ipv6.hlim', 'ip.dsfield', 'ipv6.tclass', 'udp.length', 'vlan.id', 'udp.checksum')
    assert [[row[name] for name in same[:6 if snaplen else 7]] for row in kept] == \
           [[row[name] for name in same[:6 if snaplen else 7]] for row in sent]
    cut = [max(0, int(row['udp.length']) - 8 - snaplen) if snaplen else 0 for row in kept]
    assert [int(row['frame.len']) - int(row['frame.cap_len']) for row in kept] == cut

    # mcring-replay drops what is cut, as a NIC's driver would.
    (tmp_path / 'again').mkdir()
    again = Replay(tmp_path / 'again', '--speed', 'max', '--pace', 'readers', '--wait-readers', 1, path)
    played, account = again.messages(), again.end()
    whole = [f for f, lacks in zip(tshark_datagrams(capture), cut) if not lacks]
    assert fields_of(played) == whole and len(whole) == (len(frames) if not snaplen else cut.count(0))
    assert ('truncated' in account) == bool(snaplen), account


def fields(path):
    names = ('frame.time_epoch', 'frame.len', 'frame.cap_len', 'ip.ttl', 'ipv6.hlim', 'ip.dsfield', 'ipv6.tclass',
             'udp.length', 'vlan.id', 'udp.checksum')
    out = tshark(path, '-T', 'fields', '-E', 'occurrence=f', *(word for name in names for word in ('-e', name)))
    return [dict(zip(names, row.split('\t'))) for row in out.splitlines()]


def watch_once(folder, ends, sender, *args, paths=None):
    """A watch of a feed that is the sender's, or is played from captures of it."""
    folder.mkdir()
    if paths:
        interfaces = [word for line in 'AB' for word in ('--interface', f'{line}=truth/{line}')]
        replay = Replay(folder, '--speed', 'max', '--pace', 'readers', '--wait-readers', 2, '--linger', 'forever',
                        '--channel', 'md,bytes=1M', '--feed', feed_text(), *interfaces, *paths)
    else:
        replay = served(folder, sender, feed=feed_text(), readers=2)
    ends.append(replay.process)
    watch = Watch(folder, [folder / 'run'], *args)
    ends.append(watch.process)
    return watch


def told(watch):
    return re.findall(r'^mcring-watch: (\S+Z) ((?:gap|mismatch): .*)', watch.log(), re.M)


def test_a_command_hears_of_what_happens_and_its_file_makes_it_happen_again(tmp_path, ends):
    sender = gaps_each(1000, 2500)
    heard = tmp_path / 'heard'
    watch = watch_once(tmp_path / 'live', ends, sender,
                       '--record', f'feed,dir={tmp_path},megabytes=16,after=50ms,holdoff=0s',
                       '--alarm', f'/usr/bin/tee -a {heard}', '--alarm-on', 'gap', '--alarm-rate', '100/s')
    through(watch, 'md', len(sender.packets))
    wait_for(lambda: watch.feed('truth')['wire_gaps'] == 2, 20, 'two gaps are told')
    path, = watch.snap()
    wait_for(lambda: is_settled(watch.recording('feed')), 20, 'all files are whole')
    alarms = wait_for(lambda: heard.exists() and len(lines := heard.read_text().splitlines()) == 2 and
                      [json.loads(line) for line in lines], 20, 'the command ran twice')
    assert sorted((a['time'], a['message']) for a in alarms) == sorted(told(watch))
    assert {(a['kind'], a['state'], a['feed'], a['suppressed']) for a in alarms} == {('gap', 'once', 'truth', 0)}
    commands = wait_for(lambda: watch.stats()['commands'], 20, 'it is counted')
    assert commands == {'run': 2, 'failed': 0, 'suppressed': 0}
    assert len(File(path).packets) == len(sender.packets)
    assert {kind for kind, *_ in blocks(path)} == {0x0a0d0d0a, 1, 6, 5}

    again = watch_once(tmp_path / 'again', ends, sender, paths=[path])
    through(again, 'md', len(sender.packets))
    wait_for(lambda: again.feed('truth')['wire_gaps'] == 2, 20, 'the same gaps are told')
    assert told(again) == told(watch)


def test_a_command_that_cannot_be_is_an_error_at_the_start(tmp_path):
    for command, why in (('/nowhere/x', 'No such file'), ('x', 'path of a program'), ("/bin/true '", 'that ends')):
        watch = Watch(tmp_path, [tmp_path / 'run'], '--alarm', command, wait=False)
        assert watch.process.wait(10) == 2
        assert '--alarm: ' in watch.log() and why in watch.log()
