#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The Debian packages of what is committed, and of a next version, in build-logs/packages: built as the README
says in a minimal Debian, once for each tree. Beside them machine.tar, another one, with systemd, from which a
machine boots that needs no network to install them. As a program it makes all that, for tests that come later."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'lab'))

import readme  # noqa: E402
from debian import ROOT, Debian  # noqa: E402

FOLDER = os.path.join(ROOT, 'build-logs', 'packages')
MACHINE = os.path.join(FOLDER, 'machine.tar')
COMMAND = 'tools/build-packages'
# What a Debian 12 has that was installed as usual.
USUAL = 'systemd systemd-sysv dbus udev iproute2 procps'


def git(*args):
    return subprocess.run(['git', '-c', 'safe.directory=*', *args], check=True, capture_output=True,
                          text=True).stdout.strip()


def tree():
    """What is committed, by name."""
    return git('-C', ROOT, 'rev-parse', 'HEAD^{tree}')


def of_readme(where):
    """The README's commands for operators."""
    return readme.Readme(os.path.join(where, 'README.md')).block(COMMAND + '\n').splitlines()


class Packages:
    """Two folders of packages: `first`, and `next` to upgrade to; what their builds printed, how long they took, and
    what git says of the tree after the first."""

    def __init__(self):
        with open(os.path.join(FOLDER, 'done.json')) as done:
            self.__dict__ = json.load(done)

    @staticmethod
    def folder(version):
        return os.path.join(FOLDER, version)

    def files(self, version='first'):
        return sorted(name for name in os.listdir(self.folder(version)) if name.endswith('.deb'))


def build():
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    debian = Debian('package-build')
    try:
        begin = time.monotonic()
        clone = debian.make().clone()
        command = of_readme(clone)[0]
        assert command == COMMAND, command
        done = {'tree': tree(), 'outputs': [debian.run(command)], 'seconds': [time.monotonic() - begin]}
        done['changed'] = git('-C', clone, 'status', '--porcelain')
        for version in ('first', 'next'):
            if version == 'next':
                begin = time.monotonic()
                done['outputs'].append(debian.run(f'{COMMAND} --next'))
                done['seconds'].append(time.monotonic() - begin)
            shutil.copytree(os.path.join(clone, 'build-packages'), os.path.join(FOLDER, version),
                            ignore=shutil.ignore_patterns('source'))
    finally:
        debian.remove()
    make_machine()
    with open(os.path.join(FOLDER, 'done.json'), 'w') as out:
        json.dump(done, out, indent=1)


def make_machine():
    debian = Debian('package-machine')
    try:
        debian.make()
        shutil.copytree(os.path.join(FOLDER, 'first'), debian.path('/root/mcring/build-packages'))
        debian.run(f'''
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends {USUAL} >/dev/null
apt-get install -qq -y --no-install-recommends --download-only $(ls ./build-packages/*.deb | grep -v -- -dev_) >/dev/null
rm -r build-packages
''')
        debian.pack(MACHINE)
    finally:
        debian.remove()


def made():
    """The packages, once they are there."""
    os.makedirs(os.path.dirname(FOLDER), exist_ok=True)
    with open(FOLDER + '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            packages = Packages()
            if packages.tree == tree():
                return packages
        build()
        return Packages()


if __name__ == '__main__':
    print(json.dumps(made().__dict__, indent=1))
