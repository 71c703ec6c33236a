# SPDX-License-Identifier: BSD-3-Clause
"""The first hour: the README's commands, as they stand there, on a Debian that has nothing."""

import os
import re
import shlex

import pytest

import programs
from conftest import ROOT

ALL_LOG = os.path.join(ROOT, 'build-logs', 'bare-all.log')
# What runs where no source of ours says so in a command's place: compilers that meson is told of.
MORE_PROGRAMS = ('clang', 'clang++', 'g++')

HOSTS = '''
for host in tx rx; do ip netns add $host; ip -n $host link set lo up; done
ip -n rx link add eth1 type veth peer name eth0 netns tx
ip -n rx link set eth1 up
ip -n tx link set eth0 up
ip -n tx addr add 10.0.0.1/24 dev eth0
ip -n tx route add 224.0.0.0/4 dev eth0
until_true() { for i in $(seq 200); do ! eval "$1" || return 0; sleep 0.1; done; echo "never: $1"; return 1; }
show() { head -n 40 daemon.log cat.log handler.log || true; }
trap show EXIT
on_rx() { ip netns exec rx bash -e -c "$1"; }
'''


def in_place(command, bindir):
    """A command of ours by its path, when it is not found by its name."""
    return re.sub(r'^(?=mcring)', bindir, command, flags=re.M)


def installed_mcring_works(bare, bindir, handler):
    """The README's daemon, its tools and its handler, in the shell of somebody who just logged in."""
    tools = in_place(bare.readme.block('mcring-cat'), bindir).splitlines()
    consumer, *asked = tools
    assert any('status' in line for line in asked) and any('stats' in line for line in asked)
    program = bare.readme.block('#include <mcring/consumer.h>')
    with open(os.path.join(bare.folder, 'root', 'handler.c'), 'w') as out:
        out.write(program)
    send = "for i in $(seq 3); do echo message $i >/dev/udp/239.1.1.1/5000; done"
    out = bare.run(HOSTS + f'''
cd /root
rm -f a.out *.log
{handler}
on_rx {shlex.quote(in_place(bare.readme.block('mcring -l'), bindir))} >daemon.log 2>&1 &
until_true 'grep -qw ready daemon.log'
on_rx {shlex.quote(consumer)} >cat.log 2>&1 &
on_rx ./a.out >handler.log 2>&1 &
until_true '[[ $({shlex.quote(bindir)}mcring-ctl --json stats | jq ".consumers | length") -eq 2 ]]'
ip netns exec tx bash -c {shlex.quote(send)}
until_true 'grep -q "message 3" cat.log'
{os.linesep.join(f'on_rx {shlex.quote(line)}' for line in asked)}
{bindir}mcring-ctl --json stats | jq .delivered
kill $(pidof mcring) # the handler ends with it
until_true 'grep -q "3: 10 octets" handler.log'
''')
    assert 'cannot open shared object' not in out
    assert '239.1.1.2' in out or '239.1.1.1' in out, out
    assert re.search(r'^3$', out, re.M), out


def test_quickstart_shows_the_whole_way(bare):
    tour = bare.readme.block('tools/quickstart').splitlines()
    assert tour == ['tools/quickstart', 'tools/check']
    out = bare.run(tour[0])
    assert 'received 1000, lost 0' in out and 'no longer lists 239.1.1.1' in out


def test_after_the_install_commands_the_daemon_its_tools_and_a_handler_run(used):
    """As the README is read: in the clone that showed the quickstart."""
    used.run(used.readme.block('tools/install-deps build'))
    assert used.run('command -v mcring').strip() == '/usr/local/bin/mcring'
    installed_mcring_works(used, '', used.readme.inline('cc handler.c $(pkg-config --cflags --libs lib'))


def test_in_a_clean_clone_with_another_prefix_the_same_works(bare):
    bare.run('tools/install-deps build')
    elsewhere = bare.readme.inline('meson setup build --prefix=')
    prefix = re.search(r'--prefix=(/\S+)', elsewhere)[1]
    commands = bare.readme.block('tools/install-deps build')
    assert commands.count('meson setup build\n') == 1
    # Not optimized: once is enough to see that the commands compile it as they should.
    bare.run('export CFLAGS=-O0 CXXFLAGS=-O0\n' + commands.replace('meson setup build\n', elsewhere + '\n'))
    # What the default prefix has cannot help.
    bare.run('rm -rf /usr/local/bin/mcring* /usr/local/lib/*/libmcring* '
             '/usr/local/lib/*/pkgconfig/libmcring* /usr/local/include/mcring; ldconfig')
    installed_mcring_works(bare, f'{prefix}/bin/',
                           bare.readme.inline(f'cc handler.c $(pkg-config --cflags --libs {prefix}'))


def test_each_program_that_a_test_or_a_tool_calls_is_found(bare):
    bare.run('tools/install-deps all')
    own = {'mcring', 'mcring-cat', 'mcring-ctl', 'mcring-exporter', 'mcring-gen', 'mcring-replay', 'mcring-run',
           'mcring-sink', 'mcring-watch'}
    called = programs.of_tree(os.path.join(bare.folder, 'root', 'mcring'), own)
    for name in MORE_PROGRAMS:
        called.setdefault(name, ['tools/check'])
    assert len(called) > 50 and {'ip', 'dpdk-testpmd', 'git', 'tshark', 'cc'} <= set(called)
    names = ' '.join(sorted(called))
    missing = bare.run(f'for name in {names}; do command -v $name >/dev/null || echo $name; done')
    assert not missing, {name: called[name] for name in missing.split()}
    assert bare.run('tools/install-deps all') == '', 'a second time nothing is missing'


if os.environ.get('MCR_BARE_ALL'):
    def test_all_of_the_check_passes(bare):
        """MCR_BARE_ALL=1, or the names of some suites in one word."""
        some = os.environ['MCR_BARE_ALL']
        suites = ('style unit engine model asan tsan fuzz net nic web bindings brokers' if some == '1' else some)
        with open(ALL_LOG, 'w') as out:
            try:
                bare.run(f'tools/check --only {suites}', stdout=out)
            except AssertionError:
                out.flush()
                with open(ALL_LOG, errors='replace') as log:
                    pytest.fail(f'tools/check --only {suites}:\n' + '\n'.join(
                        log.read().splitlines()[-400:]))
        with open(ALL_LOG, errors='replace') as log:
            last = log.read().splitlines()[-1]
        assert re.fullmatch(r'[1-9]\d* passed, 0 failed, \d+ skipped', last), last
