#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The languages that have a binding: how the program `conform` of each is built and started. MCR_LANGUAGES names
those that are tested, by default all.

languages.py: builds them ahead of the tests."""

import contextlib
import fcntl
import functools
import json
import os
import shutil
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
BUILD = os.path.join(ROOT, os.environ.get('MCRING_BUILD', 'build'))
HERE = os.path.join(ROOT, 'tests', 'bindings')
BINDINGS = os.path.join(ROOT, 'lib', 'bindings')
LIBRARIES = [os.path.join(BUILD, 'lib', name) for name in ('client', 'feed')]
# Debian's toolchains, whatever else is installed.
PATH = '/usr/sbin:/usr/bin:/sbin:/bin'


@contextlib.contextmanager
def alone(name):
    """One process at a time: the tests may run in several."""
    os.makedirs(os.path.join(BUILD, 'bindings'), exist_ok=True)
    with open(os.path.join(BUILD, 'bindings', f'{name}.lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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


def options():
    """Those of the build."""
    with open(os.path.join(BUILD, 'meson-info', 'intro-buildoptions.json')) as file:
        return {one['name']: one['value'] for one in json.load(file)}


def is_sanitized():
    return options()['b_sanitize'] != 'none'


def preloaded(**more):
    """For a program that was not built with AddressSanitizer itself, and uses libraries that were."""
    if not is_sanitized():
        return {}
    library = subprocess.run(['gcc', '-print-file-name=libasan.so'], capture_output=True, text=True).stdout.strip()
    given = os.environ.get('ASAN_OPTIONS', '')
    return {'LD_PRELOAD': library, 'ASAN_OPTIONS': ':'.join([given, *(f'{k}={v}' for k, v in more.items())])}


def paused_copy():
    """For a program whose copies of some octets wait for the test (paused_copy.c)."""
    module = os.path.join(BUILD, 'tests', 'bindings', 'paused-copy.so')
    first = preloaded().get('LD_PRELOAD')
    return {'LD_PRELOAD': f'{first}:{module}' if first else module}


class Language:
    """One binding."""

    can = frozenset()  # of 'keep', 'fork', 'busy'

    @functools.cache
    def build(self):
        """Once in each process. Raises Missing."""
        with alone(self.name):
            self.make()

    def make(self):
        """Nothing is to do for what the build of the tree makes."""

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
        return {'PYTHONPATH': os.path.join(BINDINGS, 'python'), 'LD_LIBRARY_PATH': ':'.join(LIBRARIES),
                **preloaded(detect_leaks=0)}


class Rust(Language):
    name, can = 'rs', {'fork'}
    target = os.path.join(BUILD, 'bindings', 'cargo')

    def make(self):
        need('cargo')
        run('cargo', 'build', '--release', '--offline', '--quiet', '--manifest-path',
            os.path.join(HERE, 'conform_rs', 'Cargo.toml'), '--target-dir', self.target,
            CARGO_HOME=os.path.join(self.target, 'home'), MCRING_LIB_DIR=':'.join(LIBRARIES))

    def argv(self):
        return [os.path.join(self.target, 'release', 'conform')]

    def env(self):
        return {'LD_LIBRARY_PATH': ':'.join(LIBRARIES), **preloaded()}


class Java(Language):
    name, can = 'java', {'keep', 'busy'}
    build_dir = f'{BUILD}-java'  # of its own: a build that is in use by others stays as it is
    classes = os.path.join(build_dir, 'conform')
    jar = os.path.join(build_dir, 'lib', 'bindings', 'java', 'mcring.jar')

    @functools.cache
    def build_jar(self):
        with alone(self.name):
            self.make_jar()

    def make_jar(self):
        need('javac')
        if not os.path.exists(os.path.join(self.build_dir, 'build.ninja')):
            same = [f'-D{name}={str(options()[name]).lower()}' for name in ('b_sanitize', 'b_lundef', 'optimization')]
            run('meson', 'setup', self.build_dir, '-Dengine=false', '-Djava=enabled', *same)
        run('ninja', '-C', self.build_dir, os.path.relpath(self.jar, self.build_dir))

    def make(self):
        self.make_jar()
        sources = [os.path.join(HERE, f'{name}.java') for name in ('Conform', 'ConformFeed', 'Words')]
        made = os.path.join(self.classes, 'Conform.class')
        if os.path.exists(made) and all(os.path.getmtime(one) < os.path.getmtime(made) for one in [self.jar, *sources]):
            return
        os.makedirs(self.classes, exist_ok=True)
        run('javac', '-J-XX:TieredStopAtLevel=1', '-J-XX:+UseSerialGC', '--release', '8', '-Xlint:all,-options',
            '-Werror', '-cp', self.jar, '-d', self.classes, *sources)

    def argv(self):
        """A small heap, so that memory that is no garbage shows, and garbage is collected soon."""
        return ['/usr/bin/java', '-ea', '-Xcheck:jni', '-XX:TieredStopAtLevel=1', '-Xms32m', '-Xmx32m', '-Xmn2m', '-cp',
                f'{self.jar}:{self.classes}', 'Conform']

    def env(self):
        return preloaded(detect_leaks=0, handle_segv=0, allow_user_segv_handler=1)


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
