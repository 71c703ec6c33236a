# SPDX-License-Identifier: BSD-3-Clause
"""Data arrives, and a reader does not see it: why says which reader, and why."""

import os
import signal
import subprocess

import pytest

import conftest
import netlab
from netlab import wait_for
from programs import CAT, Traffic
from why_lab import CAUSE, FLOWS, codes, says, wait_verdict, why

# By channel: what goes there. `small` holds a second and a bit of its group.
GROUPS = {'default': '239.2.0.1', 'small': '239.2.0.2', 'unread': '239.2.0.3', 'picked': '239.2.0.4'}


class Readers:
    """A sender, an engine with a channel for each way in which a reader can miss data, and readers."""

    def __init__(self, lab):
        self.wire = conftest.Wire(lab)
        self.daemon = self.wire.daemon(
            *[f'--channel={name},bytes={"64K" if name == "small" else "1M"}' for name in (*GROUPS, 'empty')],
            *[f'--join={group}:5000,channel={name}' for name, group in GROUPS.items()],
            '--idle', 'adaptive')
        self.traffic = Traffic(self.wire.sender, *[f'{group}:5000' for group in GROUPS.values()],
                               rate=200, size=1000)

    def read(self, channel, *args):
        """A reader; gives its process once it is attached."""
        process = self.wire.receiver.start(CAT, '--run-dir', self.daemon.run_dir, '--channel', channel, *args,
                                           stdout=subprocess.DEVNULL)
        wait_for(lambda: process.pid in self.attached(), 10, 'the reader is attached')
        return process

    def attached(self):
        return {one['pid']: one for one in self.daemon.stats()['consumers']}

    def end(self, process):
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(10)
        wait_for(lambda: process.pid not in self.attached(), 10, 'the reader is gone')


@pytest.fixture(scope='module')
def readers():
    lab = netlab.Lab()
    try:
        yield Readers(lab)
    finally:
        lab.close()


def test_a_reader_that_gets_its_data_is_well(readers):
    process = readers.read('default')
    wait_verdict(readers.daemon, None, FLOWS, channel='default')
    wait_verdict(readers.daemon, None, FLOWS, ['239.2.0.1'], group='239.2.0.1:5000', channel='default')
    readers.end(process)


def test_a_channel_that_nobody_joined_a_group_into(readers):
    process = readers.read('empty')
    wait_verdict(readers.daemon, 'no_joins', CAUSE, ['empty'], channel='empty')
    readers.end(process)


def test_a_channel_without_readers(readers):
    wait_verdict(readers.daemon, 'no_readers', CAUSE, ['unread'], channel='unread')


def test_a_reader_of_another_channel(readers):
    process = readers.read('default')
    answer = wait_verdict(readers.daemon, 'reader_elsewhere', CAUSE, ['unread', 'default'],
                          group='239.2.0.3:5000', channel='default')
    assert says(answer['findings'][0]['todo'], 'channel unread'), answer
    readers.end(process)


def test_a_reader_with_a_selection(readers):
    process = readers.read('picked', '--group', '239.2.0.99')
    wait_verdict(readers.daemon, 'reader_filtered', CAUSE, [str(process.pid)], channel='picked')
    readers.end(process)


def test_a_reader_that_stands_still_is_lapped(readers):
    process = readers.read('small')
    os.kill(process.pid, signal.SIGSTOP)
    wait_verdict(readers.daemon, 'reader_stalled', CAUSE, [str(process.pid)], channel='small')
    os.kill(process.pid, signal.SIGCONT)
    wait_for(lambda: readers.attached()[process.pid]['lost'] > 0, 10, 'it was lapped')
    answer = wait_verdict(readers.daemon, 'reader_lapped', CAUSE, [str(process.pid)], channel='small')
    assert says(answer['findings'][0]['todo'], 'bytes'), answer
    answer = why(readers.daemon)
    assert 'reader_lapped' in codes(answer), answer
    readers.end(process)
