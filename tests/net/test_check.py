# SPDX-License-Identifier: BSD-3-Clause
"""mcring-ctl check as a monitor runs it, and the line of an mcring-cat to which nothing came."""

import os
import re
import subprocess

from netlab import wait_for
from programs import CAT, CTL, Traffic

NOBODY = 65534
# Monitoring Plugins Development Guidelines: "Plugin Output for Nagios", "Performance data".
LINE = re.compile(r'MCRING (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+(?: \|((?: [a-z_]+=[0-9.]+(?:c|s)?)+))?\n')
STATUS = {'OK': 0, 'WARNING': 1, 'CRITICAL': 2, 'UNKNOWN': 3}


def check(daemon, *args, **how):
    """Runs it; gives the line and its numbers, after a look at the form and at the exit status."""
    argv = (CTL if not how else daemon.lab.public(CTL), '--run-dir', daemon.run_dir, 'check', *args)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, **how)
    found = LINE.fullmatch(done.stdout)
    assert found and done.stderr == '', (done.stdout, done.stderr)
    assert done.returncode == STATUS[found[1]], done
    numbers = dict(one.split('=') for one in (found[2] or '').split())
    return done.stdout, numbers


def cat(daemon, *args):
    return subprocess.run([CAT, '--run-dir', daemon.run_dir, '--timeout', '0.2', *args],
                          capture_output=True, text=True, timeout=30)


def test_a_monitor_learns_what_is_wrong_from_one_line(wire):
    os.chmod(wire.lab.dir, 0o755)
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=100)
    wait_for(lambda: int(check(daemon)[1]['delivered'].rstrip('c')) > 0, 10, 'data flows')
    line, numbers = check(daemon)
    assert line.startswith('MCRING OK - '), line
    assert (numbers['groups'], numbers['lost'], numbers['consumers']) == ('1', '0c', '0'), line
    line, _ = check(daemon, '239.9.9.9')
    assert line.startswith('MCRING CRITICAL - 239.9.9.9'), line
    line, numbers = check(daemon, user=NOBODY, group=NOBODY, extra_groups=[])
    assert line.startswith('MCRING UNKNOWN - ') and 'permission denied' in line, line

    # To a reader of what comes, nothing is said; to one of what does not, the engine's first line.
    assert cat(daemon, '--count', '1').stderr == ''
    done = cat(daemon, '--group', '239.9.9.9:5000')
    assert done.returncode == 0, done
    assert done.stderr.startswith('mcring-cat: 239.9.9.9:5000'), done.stderr
    assert done.stderr.count('\n') == 1 and 'nobody has joined it' in done.stderr

    wire.sender.run('ip', 'link', 'set', 'eth0', 'down')
    wait_for(lambda: 'link' in check(daemon)[0] and check(daemon)[0].startswith('MCRING CRITICAL - '), 10,
             'the link is down')
    traffic.process.kill()
    daemon.stop()
    line, numbers = check(daemon)
    assert line.startswith(f'MCRING CRITICAL - no mcring is running at {daemon.run_dir}') and not numbers
