# SPDX-License-Identifier: BSD-3-Clause
"""The socket `stats`: who may connect, what they may ask, and that none of it harms the engine."""

import json
import os
import socket
import stat
import subprocess
import time

from membership_lan import IGMP, inject
from netlab import wait_for
from programs import CTL, Traffic

MEMBER, OTHER_MEMBER, OUTSIDER = 65533, 65532, 65531  # users
GROUP = 65530  # of those who may watch
READS = ('status', 'groups', 'stats', 'sockets', 'members', 'routes', 'why')
MONITORS = os.path.join(os.path.dirname(__file__), 'monitors.py')
HOSTILE = 31  # connections of one user, and 5 more that behave badly: more than there are places

# Asks what stands on stdin; prints the answer.
ASK = '''
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])  # waits for its place among those that are to be accepted
s.settimeout(20)
s.sendall(sys.stdin.buffer.read() + b'\\n')
print(s.makefile().readline())
'''


def as_user(uid, *argv, **kwargs):
    """Runs a program as an ordinary user without any capability; members have the group besides
    their own."""
    groups = [] if uid == OUTSIDER else [GROUP]
    return subprocess.run(argv, user=uid, group=uid, extra_groups=groups, capture_output=True, text=True,
                          timeout=60, **kwargs)


def ask(daemon, uid, request):
    done = as_user(uid, '/usr/bin/python3', '-c', ASK, os.path.join(daemon.run_dir, 'stats'),
                   input=json.dumps(request))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def watched(wire, *args):
    """A daemon whose run directory everybody can look into."""
    os.chmod(wire.lab.dir, 0o755)
    return wire.daemon('--stats', f'group={GROUP}', '--join', '239.1.1.1:5000', *args)


def test_a_member_of_the_group_watches_and_changes_nothing(wire):
    daemon = watched(wire)
    status = os.stat(os.path.join(daemon.run_dir, 'stats'))
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o660, GROUP)
    for command in READS:
        said = ask(daemon, MEMBER, {'command': command})
        assert said['ok'] and said['schema'] == 1, said
    before = json.loads(daemon.ctl('--json', 'groups').stdout)['joins']
    for request in ({'command': 'join', 'joins': ['239.9.9.9']},
                    {'command': 'leave', 'joins': ['239.1.1.1:5000']}, {'command': 'reload'}):
        said = ask(daemon, MEMBER, request)
        assert not said['ok'] and 'this socket is read-only' in said['error']
        assert f'{daemon.run_dir}/control' in said['error']
    assert json.loads(daemon.ctl('--json', 'groups').stdout)['joins'] == before


def test_mcring_ctl_goes_to_the_socket_that_its_user_may_use(wire):
    daemon = watched(wire)
    ctl = wire.lab.public(CTL)
    control, stats = (os.path.join(daemon.run_dir, name) for name in ('control', 'stats'))
    for command in READS:
        done = as_user(MEMBER, ctl, '--run-dir', daemon.run_dir, command)
        assert done.returncode in ((0, 1, 2) if command == 'why' else (0,)) and not done.stderr, done
    done = as_user(MEMBER, ctl, '--run-dir', daemon.run_dir, '--json', 'stats')
    assert json.loads(done.stdout)['name'] == daemon.name
    done = as_user(MEMBER, ctl, '--run-dir', daemon.run_dir, 'join', '239.9.9.9')
    assert done.returncode != 0
    assert f'{control}: permission denied: its mode is 0600: run as user root' in done.stderr
    done = as_user(OUTSIDER, ctl, '--run-dir', daemon.run_dir, 'status')
    assert done.returncode != 0
    assert f'{control}: permission denied: its mode is 0600, of user root' in done.stderr
    assert f'{stats}, mode 0660, group {GROUP}: run as user root, or as a member of group {GROUP}' in done.stderr
    # What a dead engine leaves is taken over, and an orderly end leaves nothing.
    daemon.restart(9)
    assert ask(daemon, MEMBER, {'command': 'status'})['ok']
    assert daemon.stop() == 0
    assert not os.path.exists(stats)
    for path, mode in (control, 0o600), (stats, 0o666):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(path)
        os.chmod(path, mode)
    done = as_user(OUTSIDER, ctl, '--run-dir', daemon.run_dir, 'status')
    assert 'no mcring is running' in done.stderr


def busiest(daemon):
    """The group with the most packets. Another user than the hostile one has a place, and an answer."""
    said = ask(daemon, OTHER_MEMBER, {'command': 'stats', 'groups': 1})
    assert said['ok'] and said['groups_total'] == 4098, said
    assert [one['group'] for one in said['groups']] == ['239.1.1.1']
    return said['groups'][0]


def test_hostile_monitors_keep_nobody_from_anything(wire):
    daemon = watched(wire, '--join', '239.20.0.0/20:5000')
    cat = daemon.cat(timeout=60)
    wait_for(lambda: daemon.stats()['consumers'], 5, 'the consumer is attached')
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=500)
    load = subprocess.Popen(
        ['/usr/bin/python3', MONITORS, os.path.join(daemon.run_dir, 'stats'), str(HOSTILE - 2), '2'],
        user=MEMBER, group=MEMBER, extra_groups=[GROUP], stdout=subprocess.PIPE)
    try:
        assert load.stdout.readline() == b'ready\n'
        end = time.monotonic() + 3
        rounds = 0
        while time.monotonic() < end or rounds < 3:
            rounds += 1
            daemon.ctl('join', f'239.2.2.{rounds}:5000')
            asked_ns = time.time_ns()
            inject(wire.sender, IGMP.query(3, tenths=1, group='239.1.1.1'))
            wait_for(lambda: busiest(daemon)['last_report_ns'] > asked_ns, 5, 'the query is answered')
            daemon.ctl('leave', f'239.2.2.{rounds}:5000')
            assert f'239.2.2.{rounds}' not in daemon.ctl('groups').stdout.split()
        assert load.poll() is None
    finally:
        load.kill()
        load.wait()
    sent = traffic.stop()['flows'][0]['sent']
    status, messages, summary = cat.stop(sent)
    assert (status, cat.events, len(messages)) == (0, [], sent), cat.errors
    print('longest round', daemon.stats()['control']['longest_round_ns'] / 1e6, 'ms;', rounds, 'rounds')
