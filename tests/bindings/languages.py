#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The languages that have a binding: how the program `conform` of each is built and started. MCR_LANGUAGES names
those that are tested, by default all.

languages.py: builds them ahead of the tests."""

import os
import shutil
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
BUILD = os.path.join(ROOT, os.environ.get('MCRING_BUILD', 'build'))
HERE = os.path.join(ROOT, 'tests', 'bindings')
BINDINGS = os.path.join(ROOT, 'lib', 'bindings')
LIBRARIES = [os.path.join(BUILD, 'lib', name) for name in ('client', 'feed')]
# Debian's toolchains, whatever else is installed.
PATH = '/usr/sbin:/usr/bin:/sbin:/bin'


class Missing(Exception):
    """What a language needs is not installed."""


def run(*argv, **env):
    done = subprocess.run([str(word) for word in argv], env=dict(os.environ, PATH=PATH, **env), cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise AssertionError(f'{" ".join(map(str, argv))}\n{done.stdout}')


def need(program):
    if not shutil.which(program, path=PATH):
        raise Missing(f'not installed: {program}')


class Language:
    """One binding. `asan`: its program can run with libraries that have AddressSanitizer."""

    can = frozenset()  # of 'keep', 'fork', 'busy'

    def build(self):
        """Once in a run. Raises Missing."""

    def argv(self):
        raise NotImplementedError

    def env(self):
        return {}


class C(Language):
    name, can = 'c', {'fork'}

    def argv(self):
        return [os.path.join(BUILD, 'tests', 'bindings', f'conform-{self.name}')]


class Cxx(C):
    name = 'cc'


class Python(Language):
    name, can = 'py', {'fork', 'keep', 'busy'}

    def argv(self):
        return ['/usr/bin/python3', os.path.join(HERE, 'conform.py')]

    def env(self):
        return {'PYTHONPATH': os.path.join(BINDINGS, 'python'), 'LD_LIBRARY_PATH': ':'.join(LIBRARIES)}


class Rust(Language):
    name, can = 'rs', {'fork'}
    target = os.path.join(BUILD, 'bindings', 'cargo')

    def build(self):
        need('cargo')
        run('cargo', 'build', '--release', '--offline', '--quiet', '--manifest-path',
            os.path.join(HERE, 'conform_rs', 'Cargo.toml'), '--target-dir', self.target,
            CARGO_HOME=os.path.join(self.target, 'home'), MCRING_LIB_DIR=':'.join(LIBRARIES))

    def argv(self):
        return [os.path.join(self.target, 'release', 'conform')]

    def env(self):
        return {'LD_LIBRARY_PATH': ':'.join(LIBRARIES)}


class Java(Language):
    name, can = 'java', {'keep', 'busy'}
    classes = os.path.join(BUILD, 'bindings', 'java')
    jar = os.path.join(BUILD, 'lib', 'bindings', 'java', 'mcring.jar')

    def build_jar(self):
        need('javac')
        with open(os.path.join(BUILD, 'build.ninja')) as rules:
            if 'mcring.jar' not in rules.read():  # meson makes all of it anew, whatever is configured
                run('meson', 'configure', BUILD, '-Djava=enabled')
        run('ninja', '-C', BUILD, os.path.relpath(self.jar, BUILD))

    def build(self):
        self.build_jar()
        os.makedirs(self.classes, exist_ok=True)
        run('javac', '--release', '8', '-Xlint:all,-options', '-Werror', '-cp', self.jar, '-d', self.classes,
            *(os.path.join(HERE, f'{name}.java') for name in ('Conform', 'ConformFeed', 'Words')))

    def argv(self):
        return ['/usr/bin/java', '-Xcheck:jni', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-cp',
                f'{self.jar}:{self.classes}', 'Conform']


ALL = [C(), Cxx(), Python(), Rust(), Java()]
NAMES = os.environ.get('MCR_LANGUAGES', '').split() or [language.name for language in ALL]
TESTED = [language for language in ALL if language.name in NAMES]


def main():
    for language in TESTED:
        try:
            language.build()
        except Missing as missing:
            print(f'{language.name}: {missing}')


if __name__ == '__main__':
    main()
