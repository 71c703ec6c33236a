# SPDX-License-Identifier: BSD-3-Clause
"""mcring-watch while engines come, hang, are killed and go: what it missed it is blind for, and nobody's loss or
silence; and another reader notices nothing of it, not even when it is killed."""

import json
import signal
import time

from netlab import wait_for
from programs import Daemon, Traffic, identity, sequence
from replays import Replay
from test_watch import through
from watching import START, Watch, frame, question, write_frames

RATE = 2000
GROUPS = 10_000


def config(path, *channels):
    with open(path, 'w') as out:
        json.dump({'idle': 'adaptive',
                   'interfaces': [{'name': 'feed', 'port': 'net_af_packet0', 'address': '10.0.0.2/24'}],
                   'channels': [{'name': name, 'bytes': '8M'} for name in channels],
                   'joins': [{'groups': ['239.1.1.1:5000'], 'channel': name} for name in channels]}, out)
    return path


def names(watch):
    return {one['name'] for one in watch.stats()['channels'] if one['attached']}


def test_engines_that_hang_are_killed_and_reload_are_no_loss_and_no_silence(wire):
    folder = wire.lab.path('watch')
    path = config(wire.lab.path('mcring.yaml'), 'md')
    daemon = Daemon(wire.lab, wire.receiver, '--config', path, vdev='net_af_packet0,iface=eth0')
    watch = Watch(wire.lab.path(''), [daemon.run_dir], '--silence', '800ms')
    cat = daemon.cat('--channel', 'md', '--reattach', timeout=60)
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=RATE)
    wait_for(lambda: (watch.channel('md') or {}).get('packets', 0) > RATE, 20, 'traffic is seen')

    # It hangs for longer than a group may be silent; messages come late, and no silence is made of it.
    daemon.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: 'no sign of life' in watch.log(), 10, 'it is told')
    assert watch.stats()['ok'], 'it answers all the same'
    daemon.process.send_signal(signal.SIGCONT)

    # A channel is added, and is gone again.
    config(path, 'md', 'more')
    daemon.ctl('reload')
    wait_for(lambda: names(watch) == {'md', 'more'}, 10, 'the new channel is found')
    wait_for(lambda: watch.channel('more')['packets'] > 100, 10, 'and read')
    config(path, 'md')
    daemon.ctl('reload')
    wait_for(lambda: {one['name'] for one in watch.stats()['channels']} == {'md'}, 10, 'it is gone')

    # The watch is killed and starts again; its directory and its sockets are its own.
    watch.process.kill()
    watch.process.wait()
    watch.start()
    wait_for(lambda: (watch.channel('md') or {}).get('packets'), 10, 'it reads again')

    # The engine is killed and comes back.
    assert watch.channel('md')['lost'] == 0
    daemon.restart(signal.SIGKILL)
    wait_for(lambda: daemon.stats()['delivered'] > RATE, 20, 'traffic flows again')
    wait_for(lambda: names(watch) == {'md'} and not watch.channel('md')['blind_since_ns'], 10, 'it is back')
    sent = traffic.stop()['flows'][0]['sent']
    log = watch.log()
    assert 'blind: ' in log and 'blind over: ' in log, log
    # When the traffic ended, the group falls silent; before it, nothing did.
    wait_for(lambda: watch.groups()['md', '239.1.1.1']['silent_since_ns'], 10, 'the group is silent')
    assert watch.groups()['md', '239.1.1.1']['silences'] == 1
    assert watch.log().count('group-silent: ') == 1, watch.log()
    assert not watch.channel('md')['lost']
    wait_for(lambda: daemon.stats()['consumers'], 5, 'readers')
    identity(daemon.stats())
    cat.process.send_signal(signal.SIGINT)
    _, _, summary = cat.wait()
    assert [e['event'] for e in cat.events].count('lost') == 0 and summary['lost'] == 0
    at = next(i for i, one in enumerate(cat.objects) if one.get('event') == 'restart')
    before = [sequence(one) for one in cat.objects[:at] if 'event' not in one]
    assert before == list(range(1, len(before) + 1)), 'up to the restart it has had all'
    after = [sequence(one) for one in cat.objects[at:] if 'event' not in one]
    assert after == sorted(set(after)) and after[0] > before[-1] and after[-1] == sent
    assert watch.stop() == 0


def test_ten_thousand_groups_are_each_counted_and_garbage_on_the_sockets_harms_nobody(tmp_path):
    def group(n):
        return f'239.20.{n >> 8}.{n & 255}'

    frames = [frame(group(n), b'x' * 40) for n in range(GROUPS)]
    path = write_frames(tmp_path / 'A.pcap', [(START + n * 10_000, frames[n % GROUPS]) for n in range(3 * GROUPS)])
    replay = Replay(tmp_path, '--speed', 'max', '--pace', 'readers', '--wait-readers', 1, '--linger', 'forever', path)
    watch = Watch(tmp_path, [tmp_path / 'run'], '--silence', '1s')
    try:
        through(watch, 'default', 3 * GROUPS)
        for garbage in (b'\0' * 100 + b'\n', b'{' * 4000 + b'\n', b'[]\n', b'{"command":"snap"}\n', b'\xff\xfe\n'):
            assert question(f'{watch.state_dir}/stats', garbage)['ok'] is False
        groups = watch.stats(groups=20_000)['groups']
        assert len(groups) == GROUPS == watch.stats()['groups_total']
        assert {one['group'] for one in groups} == set(map(group, range(GROUPS)))
        assert {one['packets'] for one in groups} == {3}
    finally:
        watch.stop()
        replay.process.terminate()
        replay.end()
