# SPDX-License-Identifier: BSD-3-Clause
"""The README's first command does what it says and leaves no trace."""

import os
import re
import signal
import subprocess
import time

import pytest

from netlab import wait_for
from programs import ROOT

QUICKSTART = os.path.join(ROOT, 'tools', 'quickstart')


def traces(pid):
    """What a quickstart of this pid could leave: namespaces, folders."""
    names = subprocess.run(['ip', 'netns', 'list'], capture_output=True, text=True).stdout.split()
    return [name for name in [*names, *os.listdir('/tmp')]
            if re.match(rf'mcrqs{pid}[._]', name)]


def start(path, argv=(QUICKSTART,), **kwargs):
    """As from a terminal: a run of the tests in the background has SIGINT ignored, and what is ignored
    at a shell's start stays so."""
    with open(path, 'w') as out:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                start_new_session=True,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                                **kwargs)


def processes(group):
    """Processes of a session that still run."""
    found = subprocess.run(['ps', '-o', 'pid=', '-s', str(group)], capture_output=True, text=True)
    return found.stdout.split()


def test_it_shows_the_messages_the_account_and_the_switchs_view(lab):
    path = lab.path('out')
    started = time.monotonic()
    run = start(path)
    status = run.wait(120)
    output = open(path).read()
    assert status == 0, output
    assert time.monotonic() - started < 60
    for words in ('received 1000, lost 0', 'dropped as unknown_port: 100',
                  'grp 239.1.1.1', 'message 1000', 'no longer lists 239.1.1.1'):
        assert words in output
    assert 'unknown_group' not in output
    assert not traces(run.pid)


def test_it_works_whatever_the_machine_and_the_users_settings_are(lab):
    """A kernel without IPv6, the PATH that su leaves, a home and a folder for files that do not
    exist, another language, files closed to others."""
    path = lab.path('out')
    without_ipv6 = ('if [ -d /proc/sys/net/ipv6 ]; then mount -t tmpfs none /proc/sys/net/ipv6; fi; '
                    'exec "$0"')
    run = start(path, ['/usr/bin/unshare', '--mount', 'sh', '-e', '-c', without_ipv6, QUICKSTART],
                env={'PATH': '/usr/bin:/bin', 'HOME': '/nosuch', 'TMPDIR': '/nosuch',
                     'LC_ALL': 'de_DE.UTF-8', 'CDPATH': '/', 'PYTHONPATH': '/nosuch',
                     'DESTDIR': '/nosuch', 'CFLAGS': '-Wno-such'}, umask=0o077)
    status = run.wait(120)
    assert status == 0, open(path).read()
    assert 'received 1000, lost 0' in open(path).read()


@pytest.mark.parametrize('moment', ['a sender and a receiver', 'mcring receives', 'a plain kernel'])
def test_an_interrupted_one_leaves_no_trace(lab, moment):
    path = lab.path('out')
    run = start(path)
    wait_for(lambda: moment in open(path).read() or run.poll() is not None, 60, moment)
    assert run.poll() is None, open(path).read()
    # As a terminal's Ctrl-C: to the whole process group.
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(20) == 130
    wait_for(lambda: not processes(run.pid), 5, 'all its processes ended')
    assert not traces(run.pid)
