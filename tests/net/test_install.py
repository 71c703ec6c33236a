# SPDX-License-Identifier: BSD-3-Clause
"""What `meson install` puts where, and that a stranger's program builds against it."""

import os
import shlex
import subprocess

import pytest

from programs import BUILD, mcsend

SOURCE = '''
#include <stdio.h>
#include <mcring/consumer.h>

int main(int argc, char **argv)
{
    struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
    struct mcr_consumer *consumer;
    struct mcr_error err;
    struct mcr_msg msgs[32];
    int n, seen = 0;

    if (argc != 2)
        return 2;
    opts.run_dir = argv[1];
    opts.start = MCR_START_OLDEST;
    if (mcr_consumer_open(&consumer, &opts, &err)) {
        fprintf(stderr, "%s\\n", err.text);
        return 1;
    }
    while (seen < 100 && (n = mcr_consumer_poll(consumer, msgs, 32)) >= 0) {
        for (int i = 0; i < n; i++)
            seen += msgs[i].kind == MCR_DATA;
        mcr_consumer_release(consumer);
    }
    mcr_consumer_close(consumer);
    printf("%d\\n", seen);
    return seen == 100 ? 0 : 1;
}
'''


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
            'include/mcring/stats.h', 'include/mcring/types.h']
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
def test_a_client_builds_against_the_package_alone_and_reads(installed, wire, compiler):
    program = wire.lab.path('client')
    source = wire.lab.path('client.c')
    with open(source, 'w') as out:
        out.write(SOURCE)
    flags = pkg_config(installed, '--cflags', '--libs', 'libmcring-client')
    subprocess.run([*compiler.split(), '-Wall', '-Wextra', '-Werror', source, '-x', 'none', '-o',
                    program, *flags], check=True)
    folder = [flag[2:] for flag in flags if flag.startswith('-L')][0]
    env = dict(os.environ, LD_LIBRARY_PATH=folder)
    linked = subprocess.run(['ldd', program], env=env, capture_output=True, text=True).stdout
    assert 'libmcring-client.so' in linked and 'librte_' not in linked

    daemon = wire.daemon('--join', '239.1.1.1:5000')
    mcsend(wire.sender, '239.1.1.1:5000', count=100)
    done = wire.receiver.run(program, daemon.run_dir, env=env)
    assert done.stdout == '100\n'
