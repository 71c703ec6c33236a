# SPDX-License-Identifier: BSD-3-Clause
"""What `meson install` puts where, and that a stranger's program builds against it."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import textwrap

import pytest

from frames import multicast, write_pcap
from netlab import wait_for
from programs import BUILD, ROOT, mcsend


def readme_program(beginning):
    """The README's program that begins so."""
    with open(os.path.join(ROOT, 'README.md')) as readme:
        text = readme.read()
    start = text.index(f'    {beginning}')
    return textwrap.dedent(re.match(r'(\n|    .*\n)+', text[start:]).group())


@pytest.fixture
def installed(lab):
    """The tree as a package would ship it, moved to a place of its own."""
    subprocess.run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir',
                    lab.path('root')], check=True, capture_output=True)
    return lab.path('root')


@pytest.fixture(scope='module')
def prefix():
    """Where the client library was installed by itself, in a place that no loader looks in. Not optimized,
    which takes half the time to compile."""
    root = tempfile.mkdtemp(prefix='mcrtest', dir='/tmp')
    try:
        subprocess.run(['meson', 'setup', f'{root}/build', ROOT, f'--prefix={root}/prefix',
                        '-Dengine=false', '-Dtests=false', '-Doptimization=0'], check=True, capture_output=True)
        subprocess.run(['meson', 'install', '-C', f'{root}/build'], check=True, capture_output=True)
        yield f'{root}/prefix'
    finally:
        shutil.rmtree(root)


def files(root):
    found = set()
    for folder, _, names in os.walk(root):
        found |= {os.path.relpath(os.path.join(folder, name), root) for name in names}
    return found


def pkg_config(root, name, *args):
    """What it says when it is given the file, which takes no variable."""
    pc, = (one for one in files(root) if one.endswith(f'/{name}.pc'))
    out = subprocess.run(['pkg-config', *args, os.path.join(root, pc)], check=True,
                         capture_output=True, text=True).stdout
    return shlex.split(out)


def test_programs_libraries_headers_and_pkgconfig_files_are_installed(installed):
    names = files(installed)
    ends = ['bin/accept-nic', 'mcring/acceptance/run.py', 'bin/mcring', 'bin/mcring-bench', 'bin/mcring-cat', 'bin/mcring-ctl', 'bin/mcring-exporter',
            'bin/mcring-gen', 'bin/mcring-replay', 'bin/mcring-run', 'bin/mcring-sink', 'bin/mcring-watch',
            'libmcring.so', 'libmcring-client.so', 'libmcring-feed.so', 'libmcring-socket.so', 'mcring/libmcring-preload.so',
            'mcring/monitoring/mcring.rules.yaml', 'mcring/monitoring/grafana.json',
            'pkgconfig/libmcring.pc', 'pkgconfig/libmcring-client.pc', 'pkgconfig/libmcring-feed.pc',
            'pkgconfig/libmcring-socket.pc', 'include/mcring/config.h', 'include/mcring/consumer.h',
            'include/mcring/engine.h', 'include/mcring/feed.h', 'include/mcring/feed_inline.h',
            'include/mcring/info.h', 'include/mcring/inline.h', 'include/mcring/join.h',
            'include/mcring/receive.h', 'include/mcring/sink.h', 'include/mcring/sink_header.h',
            'include/mcring/stats.h', 'include/mcring/types.h',
            'man3/mcr_consumer.3', 'man3/mcr_consumer_poll.3', 'man3/mcr_engine.3', 'man3/mcr_feed.3',
            'man3/mcr_feed_poll.3', 'man3/mcr_receive.3', 'man5/mcring.yaml.5', 'man5/mcring-feed-declarations.5']
    for end in ends:
        assert any(name.endswith(end) for name in names), end


def test_each_program_has_a_page_of_the_manual_and_a_completion(installed):
    names = files(installed)
    programs = [os.path.basename(name) for name in names if '/bin/' in name]
    assert len(programs) > 8
    for program in programs:
        assert [name for name in names if re.search(rf'/man[18]/{program}\.[18]$', name)], program
        assert any(name.endswith(f'/bash-completion/completions/{program}') for name in names), program


def test_installed_programs_start_wherever_they_are(installed):
    for name in ('accept-nic', 'mcring', 'mcring-bench', 'mcring-cat', 'mcring-ctl', 'mcring-exporter', 'mcring-gen',
                 'mcring-replay', 'mcring-run', 'mcring-sink', 'mcring-watch'):
        path, = (one for one in files(installed) if one.endswith(f'/bin/{name}'))
        done = subprocess.run([os.path.join(installed, path), '--help'], env={'PATH': '/usr/bin'},
                              capture_output=True, text=True)
        assert done.returncode == 0 and name in done.stdout, (name, done.stderr)


def test_libraries_export_nothing_but_the_public_interface(installed):
    for name in files(installed):
        if not name.endswith('.so'):
            continue
        out = subprocess.run(['nm', '-D', '--defined-only', os.path.join(installed, name)],
                             check=True, capture_output=True, text=True).stdout
        symbols = {line.split()[2].split('@')[0] for line in out.splitlines()
                   if line.split()[1] in 'TDBRW'}
        assert symbols
        ours = {symbol for symbol in symbols if symbol.startswith('mcr_')}
        assert ours == (set() if 'preload' in name else symbols), (name, symbols)


@pytest.mark.parametrize('compiler', ['gcc -std=c11 -Wpedantic -x c', 'g++ -std=c++17 -x c++'],
                         ids=['c', 'c++'])
def test_the_readmes_consumer_builds_against_the_package_alone_and_reads(prefix, wire, compiler):
    program = wire.lab.path('client')
    source = wire.lab.path('client.c')
    with open(source, 'w') as out:
        out.write(readme_program('#include <mcring/consumer.h>'))
    flags = pkg_config(prefix, 'libmcring-client', '--cflags', '--libs')
    subprocess.run([*compiler.split(), '-Wall', '-Wextra', '-Werror', source, '-x', 'none', '-o',
                    program, *flags], check=True)
    linked = subprocess.run(['ldd', program], capture_output=True, text=True).stdout
    assert f'=> {prefix}/' in linked and 'librte_' not in linked

    daemon = wire.daemon('--join', '239.1.1.1:5000')
    path = wire.lab.path('client.out')
    with open(path, 'w') as out:
        client = wire.receiver.start(program, daemon.run_dir, stdout=out)
    wait_for(lambda: daemon.stats()['consumers'], 5, 'it is attached')
    mcsend(wire.sender, '239.1.1.1:5000', count=100)
    wait_for(lambda: daemon.stats()['delivered'] == 100, 5, 'all have arrived')
    assert daemon.stop() == 0
    assert client.wait(10) == 0, 'it ends with the engine'
    assert open(path).read().splitlines() == [f'{n}: 100 octets' for n in range(1, 101)]


@pytest.mark.parametrize('compiler', ['gcc -std=c11 -Wpedantic -x c', 'g++ -std=c++17 -x c++'],
                         ids=['c', 'c++'])
def test_the_feed_handler_builds_against_the_package_alone_and_reads_a_capture(prefix, lab, compiler):
    """examples/feed.c, which is in docs/feeds.md, on a feed that mcring-replay serves."""
    program, run_dir = lab.path('feed'), lab.path('run')
    subprocess.run([*compiler.split(), '-Wall', '-Werror', os.path.join(ROOT, 'examples', 'feed.c'), '-x', 'none',
                    '-o', program, *pkg_config(prefix, 'libmcring-feed', '--cflags', '--libs')], check=True)
    linked = subprocess.run(['ldd', program], capture_output=True, text=True).stdout
    assert f'=> {prefix}/' in linked and 'librte_' not in linked
    with open(lab.path('feed.yaml'), 'w') as out:
        out.write('interfaces: [{name: feed, port: net_af_packet0}]\n'
                  'feeds: [{name: one, declaration: "seq=0:1 counts=packets", '
                  'lines: [{joins: [{groups: ["239.1.1.1:5000"]}]}]}]\n')
    write_pcap(lab.path('a.pcap'), [multicast(bytes([n])) for n in (1, 2, 4, 5)])
    replay = subprocess.Popen([os.path.join(prefix, 'bin', 'mcring-replay'), '--run-dir', run_dir, '--speed', 'max',
                               '--wait-readers', '1', '--config', lab.path('feed.yaml'), lab.path('a.pcap')],
                              stdout=subprocess.PIPE)
    try:
        assert replay.stdout.readline() == f'export MCRING_RUN_DIR={run_dir}\n'.encode()
        done = subprocess.run([program], env={**os.environ, 'MCRING_RUN_DIR': run_dir}, capture_output=True,
                              text=True, timeout=30)
    finally:
        replay.kill()
        replay.communicate()
    # Numbers of 8 bits begin in the second turn.
    assert done.stdout.splitlines()[:5] == ['0: 257+1, 1 octets by line 0', '0: 258+1, 1 octets by line 0',
                                            '0: gap 259-259, lost by the wire', '0: 260+1, 1 octets by line 0',
                                            '0: 261+1, 1 octets by line 0']


def test_the_readmes_socket_programs_build_and_run_with_the_package_alone(prefix, wire):
    """On the kernel: the package has no engine."""
    flags = pkg_config(prefix, 'libmcring-socket', '--cflags', '--libs')
    wire.receiver.run('ip', 'addr', 'add', '10.0.0.3/24', 'dev', 'eth0')
    wire.receiver.run('ip', 'route', 'add', '224.0.0.0/4', 'dev', 'eth0')
    for name, start, more in (('classic', [os.path.join(prefix, 'bin', 'mcring-run')], []), ('receive', [], flags)):
        program = wire.lab.path(name)
        with open(f'{program}.c', 'w') as out:
            out.write(readme_program(f'/* {name} GROUP PORT'))
        subprocess.run(['cc', '-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', f'{program}.c',
                        '-o', program, *more], check=True)
        with open(f'{program}.out', 'w') as out:
            receiver = wire.receiver.start(*start, program, '239.1.1.1', 5000, 100, stdout=out)
        wait_for(lambda: ':1388 ' in wire.receiver.run('cat', '/proc/net/udp').stdout, 5, 'it is bound')
        mcsend(wire.sender, '239.1.1.1:5000', count=100)
        assert receiver.wait(10) == 0
        assert open(f'{program}.out', 'rb').read().count(b'10.0.0.1:') == 100
