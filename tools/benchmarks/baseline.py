# SPDX-License-Identifier: BSD-3-Clause
"""An earlier commit of this repository as a peer: its mcring-bench, built once from `git archive`
with the options and the compiler of the present build, into a folder of that."""

import json
import os
import shutil
import subprocess

from . import common

COMMIT = '34c1206'
PROGRAMS = ['git', 'meson', 'ninja', 'tar']
AS_THE_PRESENT = ('buildtype', 'optimization', 'debug', 'b_ndebug', 'b_lto', 'c_args')
OCTETS = 256 # of a ring of a program that counts messages, for each of them


def git(*args):
    return subprocess.run(['git', *args], cwd=common.ROOT, capture_output=True, text=True)


def resolve(commit):
    """Its full name; an Error where it is not to be had."""
    found = git('rev-parse', '--verify', '--quiet', f'{commit}^{{commit}}')
    if found.returncode == 0:
        return found.stdout.strip()
    shallow = git('rev-parse', '--is-shallow-repository')
    if shallow.returncode:
        why = f'git finds no clone in {common.ROOT}: {shallow.stderr.strip()}'
    elif shallow.stdout.strip() == 'true':
        why = 'it is not in this clone, which is shallow: git fetch --unshallow'
    else:
        why = 'it is not in this clone: name another one, or fetch it'
    raise common.Error(f'baseline {commit}: {why}')


def meson_info(name):
    with open(os.path.join(common.BUILD, 'meson-info', f'intro-{name}.json')) as f:
        return json.load(f)


def compiler():
    for target in meson_info('targets'):
        if target['name'] == 'mcring-bench':
            return ' '.join(target['target_sources'][0]['compiler'])
    raise common.Error(f'{common.BUILD} does not build mcring-bench')


def options():
    """For meson: a release like the present build, without tests."""
    for option in meson_info('buildoptions'):
        if option['name'] in AS_THE_PRESENT:
            value = option['value']
            value = ' '.join(value) if isinstance(value, list) else str(value).lower()
            yield f"-D{option['name']}={value}"
    yield '-Dtests=false'


def build(commit, folder):
    """Gives the path of its mcring-bench, in folder."""
    program = os.path.join(folder, 'build', 'tools', 'mcring-bench')
    if os.path.exists(program):
        return program
    print(f'baseline {commit[:7]}: building it in {folder}', flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    source, log = os.path.join(folder, 'source'), os.path.join(folder, 'log')
    os.makedirs(source)
    with open(log, 'w') as out:
        def run(*argv, **kwargs):
            if subprocess.run(argv, stdout=out, stderr=out, **kwargs).returncode:
                raise common.Error(f'baseline {commit[:7]}: it does not build: see {log}')
        archive = os.path.join(folder, 'source.tar')
        run('git', 'archive', '--output', archive, commit, cwd=common.ROOT)
        run('tar', '-xf', archive, '-C', source)
        run('meson', 'setup', os.path.join(folder, 'build'), source, *options(),
            env={**os.environ, 'CC': compiler()})
        run('ninja', '-C', os.path.join(folder, 'build'), 'tools/mcring-bench')
        os.remove(archive)
    return program


class Baseline:
    """The program, which is called as the present one is: what is different is here."""

    def __init__(self, commit):
        full = resolve(commit)
        self.name = f'commit {full[:7]}'
        self.path = build(full, os.path.join(common.BUILD, 'baseline', full))
        self.help = common.usage(self.path)

    def bench(self, measurement, *args, **kwargs):
        return common.bench(measurement, *self.arguments(args), program=self.path, **kwargs)

    def arguments(self, args):
        """Up to ABI 1 the depth of a ring was given, and its octets were 256 for each message."""
        args = list(args)
        if '--bytes' in args and not self.has('--bytes'):
            at = args.index('--bytes')
            args[at:at + 2] = ['--depth', args[at + 1] // OCTETS]
        return args

    def has(self, option):
        return f'{option} ' in self.help
