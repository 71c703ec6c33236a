# SPDX-License-Identifier: BSD-3-Clause
"""What `meson install` puts where, and that a stranger's program builds against it."""

import os
import shlex
import subprocess
import textwrap

import pytest

from netlab import wait_for
from programs import BUILD, ROOT, mcsend


def readme_program():
    """The README's consumer: its one block of C."""
    with open(os.path.join(ROOT, 'README.md')) as readme:
        text = readme.read()
    start = text.index('    #include <mcring/consumer.h>')
    end = text.index('\n    }\n', start) + len('\n    }\n')
    return textwrap.dedent(text[start:end])


@pytest.fixture
def installed(lab):
    """The tree as a package would ship it, moved to a place of its own."""
    subprocess.run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir',
                    lab.path('root')], check=True, capture_output=True)
    return lab.path('root')


def files(root):
    found = set()
    for folder, _, names in os.walk(root):
        found |= {os.path.relpath(os.path.join(folder, name), root) for name in names}
    return found


def pkg_config(root, *args):
    libdir = [folder for folder, _, names in os.walk(root) if 'libmcring-client.pc' in names][0]
    env = dict(os.environ, PKG_CONFIG_LIBDIR=libdir, PKG_CONFIG_SYSROOT_DIR=root)
    out = subprocess.run(['pkg-config', *args], env=env, check=True, capture_output=True,
                         text=True).stdout
    return shlex.split(out)


def test_programs_libraries_headers_and_pkgconfig_files_are_installed(installed):
    names = files(installed)
    ends = ['bin/mcring', 'bin/mcring-cat', 'bin/mcring-ctl', 'bin/mcring-gen', 'libmcring.so',
            'libmcring-client.so', 'pkgconfig/libmcring.pc', 'pkgconfig/libmcring-client.pc',
            'include/mcring/consumer.h', 'include/mcring/engine.h', 'include/mcring/join.h',
            'include/mcring/stats.h', 'include/mcring/types.h', 'man3/mcr_consumer.3',
            'man3/mcr_consumer_poll.3', 'man3/mcr_engine.3']
    for end in ends:
        assert any(name.endswith(end) for name in names), end


def test_libraries_export_nothing_but_the_public_interface(installed):
    for name in files(installed):
        if not name.endswith('.so'):
            continue
        out = subprocess.run(['nm', '-D', '--defined-only', os.path.join(installed, name)],
                             check=True, capture_output=True, text=True).stdout
        symbols = {line.split()[2].split('@')[0] for line in out.splitlines()
                   if line.split()[1] in 'TDBRW'}
        assert symbols
        assert all(symbol.startswith('mcr_') for symbol in symbols), symbols


@pytest.mark.parametrize('compiler', ['gcc -std=c11 -Wpedantic -x c', 'g++ -std=c++17 -x c++'],
                         ids=['c', 'c++'])
def test_the_readmes_consumer_builds_against_the_package_alone_and_reads(installed, wire, compiler):
    program = wire.lab.path('client')
    source = wire.lab.path('client.c')
    with open(source, 'w') as out:
        out.write(readme_program())
    flags = pkg_config(installed, '--cflags', '--libs', 'libmcring-client')
    subprocess.run([*compiler.split(), '-Wall', '-Wextra', '-Werror', source, '-x', 'none', '-o',
                    program, *flags], check=True)
    folder = [flag[2:] for flag in flags if flag.startswith('-L')][0]
    env = dict(os.environ, LD_LIBRARY_PATH=folder)
    linked = subprocess.run(['ldd', program], env=env, capture_output=True, text=True).stdout
    assert 'libmcring-client.so' in linked and 'librte_' not in linked

    daemon = wire.daemon('--join', '239.1.1.1:5000')
    path = wire.lab.path('client.out')
    with open(path, 'w') as out:
        client = wire.receiver.start(program, daemon.run_dir, env=env, stdout=out)
    wait_for(lambda: daemon.stats()['consumers'], 5, 'it is attached')
    mcsend(wire.sender, '239.1.1.1:5000', count=100)
    assert daemon.stop() == 0
    assert client.wait(10) == 0, 'it ends with the engine'
    assert open(path).read().splitlines() == [f'{n}: 100 octets' for n in range(1, 101)]
