# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the tests in a minimal Debian: see tests/bare/root."""

import os
import shutil
import signal
import subprocess

import pytest

import readme

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
TOOL = os.path.join(ROOT, 'tests', 'bare', 'root')
FOLDER = os.path.join(ROOT, 'build-logs', 'bare')
SHARED = os.path.join(ROOT, '..', 'shared')
NO_PACKAGES = 3


def pytest_configure(config):
    # A polite end of the run, so that the folder is removed.
    def interrupt(signo, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


class Bare:
    """A minimal Debian. In it, /root/mcring is a clean clone of what is committed."""

    def __init__(self, folder):
        self.folder = folder

    def make(self):
        done = subprocess.run([TOOL, 'make', self.folder], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode == NO_PACKAGES or 'Failed getting release' in done.stdout:
            pytest.skip(f'apt-get download: {done.stdout.splitlines()[-1]}')
        assert done.returncode == 0, done.stdout

    def clone(self):
        """A clean one in place of what is there."""
        clone = os.path.join(self.folder, 'root', 'mcring')
        shutil.rmtree(clone, ignore_errors=True)
        # The tree may be another user's.
        subprocess.run(['git', '-c', 'safe.directory=*', 'clone', '-q', '--no-hardlinks', ROOT, clone],
                       check=True)
        self.readme = readme.Readme(os.path.join(clone, 'README.md'))

    def run(self, script, **kwargs):
        """Lines for bash, each of which has to succeed; gives what they print."""
        env = dict(os.environ, **({'SHARED': SHARED} if os.path.isdir(SHARED) else {}))
        kwargs.setdefault('stdout', subprocess.PIPE)
        done = subprocess.run([TOOL, 'run', self.folder, 'bash', '-e', '-o', 'pipefail', '-c', script],
                              stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, text=True,
                              errors='replace', env=env, **kwargs)
        assert done.returncode == 0, f'{script}\ngave {done.returncode}:\n{done.stdout}'
        return done.stdout


@pytest.fixture(scope='session')
def debian():
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        bare = Bare(FOLDER)
        bare.make()
        yield bare
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture
def bare(debian):
    debian.clone()
    return debian


@pytest.fixture
def used(debian):
    """The clone as the test before has left it, with what that built; a clean one without such."""
    if not os.path.isdir(os.path.join(debian.folder, 'root', 'mcring', 'build')):
        debian.clone()
    return debian
