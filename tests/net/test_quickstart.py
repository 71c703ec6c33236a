# SPDX-License-Identifier: BSD-3-Clause
"""The README's first command does what it says and leaves no trace."""

import os
import signal
import subprocess
import time

import pytest

from netlab import wait_for
from programs import ROOT

QUICKSTART = os.path.join(ROOT, 'tools', 'quickstart')


def traces():
    """What a quickstart could leave: namespaces, folders."""
    names = subprocess.run(['ip', 'netns', 'list'], capture_output=True, text=True).stdout.split()
    return {name for name in [*names, *os.listdir('/tmp')] if name.startswith('mcrqs')}


def processes(group):
    """Processes of a session that still run."""
    found = subprocess.run(['ps', '-o', 'pid=', '-s', str(group)], capture_output=True, text=True)
    return found.stdout.split()


def test_it_shows_the_messages_the_account_and_the_switchs_view():
    before = traces()
    started = time.monotonic()
    done = subprocess.run([QUICKSTART], capture_output=True, text=True, timeout=120,
                          start_new_session=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - started < 60
    for words in ('received 1000, lost 0', 'dropped as unknown_port: 100',
                  'grp 239.1.1.1', 'message 1000', 'no longer lists 239.1.1.1'):
        assert words in done.stdout, done.stdout
    assert 'unknown_group' not in done.stdout
    assert traces() == before


@pytest.mark.parametrize('moment', ['a sender and a receiver', 'mcring receives', 'a plain kernel'])
def test_an_interrupted_one_leaves_no_trace(lab, moment):
    before = traces()
    path = lab.path('out')
    with open(path, 'w') as out:
        run = subprocess.Popen([QUICKSTART], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                               start_new_session=True)
    wait_for(lambda: moment in open(path).read() or run.poll() is not None, 60, moment)
    assert run.poll() is None, open(path).read()
    # As a terminal's Ctrl-C: to the whole process group.
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(20) == 130
    wait_for(lambda: not processes(run.pid), 5, 'all its processes ended')
    assert traces() == before
