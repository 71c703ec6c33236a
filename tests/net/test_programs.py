# SPDX-License-Identifier: BSD-3-Clause
"""A channel for each program: what one joins is nobody else's, and ends with it."""

import json
import signal

from netlab import wait_for
from programs import Traffic, identity, mcsend, sequence

CHANNELS = """channels:
  - {name: default}
  - {name: sockets, per_program: yes, %s, joiners: {users: [root]}}
"""
PLAIN = 'channels: [{name: default}]\n'
GROUPS = '239.1.1.1:5000', '239.1.1.2:5000'


def start(wire, keys='programs: 2'):
    """A daemon with the template; gives it, and the path of its file."""
    path = wire.lab.path('programs.yaml')
    with open(path, 'w') as file:
        file.write(CHANNELS % keys)
    return wire.daemon('--config', path), path


def join(daemon, group, *args):
    return daemon.cat('--channel', 'sockets', '--join', group, *args, timeout=60)


def channels(daemon):
    return [one['name'] for one in daemon.stats()['channels']]


def pids(daemon, *programs):
    return ['default', 'sockets', *(f'sockets/{one.process.pid}' for one in programs)]


def joined(daemon, n):
    wait_for(lambda: len(daemon.stats()['groups']) == n, 10, f'{n} groups are joined')


def test_a_program_gets_what_it_joined_and_another_that_is_killed_takes_nothing_away(wire):
    daemon, _ = start(wire)
    kept, killed = join(daemon, GROUPS[0]), join(daemon, GROUPS[1])
    joined(daemon, 2)
    assert sorted(channels(daemon)) == sorted(pids(daemon, kept, killed))
    refused = join(daemon, GROUPS[0])
    assert refused.wait()[0] == 2 and 'has 2 programs' in refused.errors
    stranger = daemon.cat('--channel', f'sockets/{kept.process.pid}')
    assert stranger.wait()[0] == 2 and 'unknown channel' in stranger.errors
    traffic = Traffic(wire.sender, *GROUPS, rate=10_000)
    wait_for(lambda: daemon.stats()['delivered'] > 5000, 10, 'traffic flows')
    killed.process.kill()
    wait_for(lambda: channels(daemon) == pids(daemon, kept), 10, 'its channel is gone')
    assert [one['group'] for one in daemon.stats()['groups']] == ['239.1.1.1']
    sent = traffic.stop()['flows'][0]['sent']
    status, messages, summary = kept.stop(sent)
    assert status == 0 and summary['lost'] == 0
    assert [sequence(m) for m in messages] == list(range(1, sent + 1))
    assert {m['group'] for m in messages} == {'239.1.1.1'}
    wait_for(lambda: channels(daemon) == ['default', 'sockets'], 10, 'its channel, too')
    assert daemon.stats()['groups'] == []
    identity(daemon.stats())


def test_a_program_goes_on_in_a_channel_of_the_next_engine(wire):
    daemon, _ = start(wire)
    program = join(daemon, GROUPS[0], '--reattach')
    joined(daemon, 1)
    mcsend(wire.sender, GROUPS[0], count=10, rate=1000)
    wait_for(lambda: daemon.stats()['consumers'][0]['received'] == 10, 10, 'all is received')
    daemon.restart(signal.SIGKILL)
    joined(daemon, 1)
    assert channels(daemon) == pids(daemon, program)
    mcsend(wire.sender, GROUPS[0], count=10, rate=1000)
    status, messages, _ = program.stop(10)
    assert status == 0
    assert [sequence(m) for m in messages] == 2 * list(range(1, 11))
    assert [one['event'] for one in program.events].count('restart') == 1


def test_a_reload_takes_the_template_away_and_leaves_the_programs(wire):
    daemon, path = start(wire)
    program = join(daemon, GROUPS[0])
    joined(daemon, 1)
    with open(path, 'w') as file:
        file.write(PLAIN)
    assert 'channels +0 -1' in daemon.ctl('reload').stdout
    late = join(daemon, GROUPS[1])
    assert late.wait()[0] == 2 and 'unknown channel' in late.errors
    mcsend(wire.sender, GROUPS[0], count=10, rate=1000)
    with open(path, 'w') as file:
        file.write(CHANNELS % 'programs: 1')
    assert 'channels +1 -0' in daemon.ctl('reload').stdout
    late = join(daemon, GROUPS[1])
    joined(daemon, 2)
    assert program.stop(10)[0] == 0
    wait_for(lambda: sorted(channels(daemon)) == sorted(pids(daemon, late)), 10, 'one is left')
    late.process.kill()
    joined(daemon, 0)


def test_rings_that_do_not_fit_are_refused_and_the_engine_goes_on(wire):
    daemon, _ = start(wire, 'bytes: 64G')
    program = join(daemon, GROUPS[0])
    status = program.wait()[0]
    assert status == 2 and 'rings need' in program.errors
    wait_for(lambda: 'a program of user 0' in daemon.log(), 5, 'the log says why')
    assert channels(daemon) == ['default', 'sockets']


def test_ctl_shows_programs_that_have_reported_no_sockets(wire):
    daemon, _ = start(wire)
    program, other = join(daemon, GROUPS[0]), daemon.cat('--channel', 'default')
    joined(daemon, 1)
    wait_for(lambda: len(daemon.stats()['consumers']) == 2, 10, 'both are attached')
    programs = json.loads(daemon.ctl('--json', 'sockets').stdout)['programs']
    assert sorted(one['pid'] for one in programs) == sorted(
        one.process.pid for one in (program, other))
    assert all(one['sockets'] == [] and one['reported_age_ns'] is None for one in programs)
    rows = daemon.ctl('sockets').stdout.split('\n')
    assert rows[1].startswith('program') and len(rows) == 4, 'one row and a line feed'
    assert str(program.process.pid) in rows[2] and 'root' in rows[2]
