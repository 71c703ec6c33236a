# SPDX-License-Identifier: BSD-3-Clause
"""Joins have owners: the configuration, mcring-ctl and each consumer leave what they joined."""

import json

from netlab import wait_for
from programs import mcsend

A, B = '239.1.1.1', '239.1.1.2'


def write(path, *groups):
    with open(path, 'w') as file:
        file.write('channels:\n  - {name: default, joiners: {users: [root]}}\n'
                   f'joins: [{{groups: [{", ".join(groups)}]}}]\n' if groups else
                   'channels:\n  - {name: default, joiners: {users: [root]}}\n')
    return path


def owners(daemon, group):
    """How many joins of whom hold a group; None when nobody does."""
    for one in json.loads(daemon.ctl('--json', 'groups').stdout)['groups']:
        if one['group'] == group:
            return one['owners']
    return None


def refusal(daemon, *args):
    done = daemon.ctl(*args, check=False)
    assert done.returncode != 0
    return done.stderr


def test_each_leaves_what_it_joined_however_it_is_written(wire):
    daemon = wire.daemon('--config', write(wire.lab.path('owners.yaml'), f'{A}:5000'))
    cat = daemon.cat('--join', f'{B}:5000,interface=feed', '--count', 100)
    wait_for(lambda: owners(daemon, B) == {'consumer': 1}, 10, 'the consumer has joined')
    consumer = daemon.stats()['consumers'][0]

    # mcring-ctl has not joined it: it is told who has.
    said = refusal(daemon, 'leave', f'{B}:5000')
    assert f'consumer {consumer["id"]}' in said and f'pid {cat.process.pid}' in said
    assert owners(daemon, B) == {'consumer': 1}

    # The same join of two owners, written in two ways, ends for each by itself.
    daemon.ctl('join', f'{B}:5000')
    assert owners(daemon, B) == {'operator': 1, 'consumer': 1}
    joins = json.loads(daemon.ctl('--json', 'groups').stdout)['joins']
    text = f'{B}:5000,interface=feed,channel=default'
    assert {'join': text, 'owner': 'consumer', 'consumer': consumer['id']} in joins
    assert {'join': text, 'owner': 'operator', 'consumer': None} in joins
    daemon.ctl('leave', f'{B}:5000,channel=default')
    assert owners(daemon, B) == {'consumer': 1}
    mcsend(wire.sender, f'{B}:5000', count=100)
    status, messages, _ = cat.wait()
    assert status == 0 and len(messages) == 100
    wait_for(lambda: owners(daemon, B) is None, 10, 'it goes with the consumer')

    # And the other way round: a consumer that dies takes nothing of mcring-ctl's along.
    cat = daemon.cat('--join', f'{B}:5000')
    daemon.ctl('join', f'{B}:5000')
    wait_for(lambda: owners(daemon, B) == {'operator': 1, 'consumer': 1}, 10, 'both have joined')
    cat.process.kill()
    wait_for(lambda: owners(daemon, B) == {'operator': 1}, 10, 'that of mcring-ctl stays')
    daemon.ctl('leave', text)
    assert owners(daemon, B) is None


def test_a_reload_compares_the_configurations_joins_alone(wire):
    path = write(wire.lab.path('owners.yaml'), f'{A}:5000')
    daemon = wire.daemon('--config', path)
    assert owners(daemon, A) == {'configuration': 1}

    # mcring-ctl may take away what the file says, until the file is read again.
    daemon.ctl('leave', f'{A}:5000')
    assert owners(daemon, A) is None
    assert 'no such join' in refusal(daemon, 'leave', f'{A}:5000')
    assert 'joins +1 -0' in daemon.ctl('reload').stdout
    assert owners(daemon, A) == {'configuration': 1}

    # What the file no longer has and mcring-ctl joined as well stays mcring-ctl's.
    daemon.ctl('join', f'{A}:5000,interface=feed')
    write(path)
    assert 'joins +0 -1' in daemon.ctl('reload').stdout
    assert owners(daemon, A) == {'operator': 1}
    assert 'joins +0 -0' in daemon.ctl('reload').stdout
