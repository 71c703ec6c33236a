# SPDX-License-Identifier: BSD-3-Clause
"""The example feed handler, in a process of its own and in the engine's."""

import os
import signal
import subprocess

from netlab import wait_for
from programs import BUILD, EAL, mcsend

HANDLER = os.path.join(BUILD, 'examples', 'feed-handler')
EMBEDDED = os.path.join(BUILD, 'examples', 'embedded')
COUNT = 5000
ACCOUNT = f'{COUNT} messages, {COUNT * 100} octets, 0 lost'


def seen(text):
    """The sequence numbers that the handler printed."""
    return [int(line.split(' seq ')[1].split(':')[0]) for line in text.splitlines()
            if line.startswith('239.1.1.1:5000 seq ')]


def test_the_feed_handler_in_a_process_of_its_own_sees_every_message(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    path = wire.lab.path('handler.out')
    with open(path, 'w') as out:
        handler = wire.receiver.start(HANDLER, daemon.run_dir, 'default', stdout=out)
    mcsend(wire.sender, '239.1.1.1:5000', '239.1.1.2:5000', count=COUNT, rate=20_000)
    wait_for(lambda: daemon.stats()['delivered'] == COUNT, 5, 'all arrived')
    assert daemon.stop() == 0
    assert handler.wait(10) == 0, 'it ends with the engine'
    text = open(path, errors='replace').read()
    assert text.splitlines()[-1] == ACCOUNT
    assert seen(text) == list(range(1, COUNT + 1))


def test_the_feed_handler_stays_for_the_next_engine(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    path = wire.lab.path('handler.out')
    with open(path, 'w') as out:
        handler = wire.receiver.start('stdbuf', '-oL', HANDLER, daemon.run_dir, 'default', 'stay',
                                      stdout=out)
    for life in 1, 2:
        mcsend(wire.sender, '239.1.1.1:5000', count=COUNT, rate=20_000)
        wait_for(lambda: len(seen(open(path, errors='replace').read())) == life * COUNT, 20,
                 'all is read')
        daemon.restart()
        wait_for(lambda: open(path, errors='replace').read().count('restart: ') == life, 10,
                 'it found the engine by itself')
    handler.send_signal(signal.SIGTERM)
    assert handler.wait(10) == 0
    lines = open(path, errors='replace').read().splitlines()
    assert lines[-1] == f'{2 * COUNT} messages, {2 * COUNT * 100} octets, 0 lost'
    assert len([line for line in lines if line.startswith('restart: ')]) == 2
    assert lines[COUNT].startswith('restart: ')


def test_the_feed_handler_in_the_engines_process_sees_every_message(wire):
    path = wire.lab.path('embedded.out')
    with open(path, 'w') as out:
        embedded = wire.receiver.start(
            'stdbuf', '-oL', EMBEDDED, *EAL, '--file-prefix', f'embedded{os.getpid()}',
            '--vdev=net_af_packet0,iface=eth0,framecnt=8192,blocksz=1048576', '--',
            'net_af_packet0', '239.1.1.1:5000', stdout=out, stderr=subprocess.STDOUT)
    wait_for(lambda: 'ready\n' in open(path).read(), 20, 'the engine is ready')
    mcsend(wire.sender, '239.1.1.1:5000', '239.1.1.2:5000', count=COUNT, rate=20_000)
    wait_for(lambda: len(seen(open(path).read())) == COUNT, 20, 'all arrived')
    embedded.send_signal(signal.SIGTERM)
    assert embedded.wait(10) == 0
    text = open(path, errors='replace').read()
    assert ACCOUNT in text.splitlines()
    assert seen(text) == list(range(1, COUNT + 1))
