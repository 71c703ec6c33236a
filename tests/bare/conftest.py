# SPDX-License-Identifier: BSD-3-Clause
"""A clean clone in a minimal Debian: see tests/lab/debian_root."""

import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), 'lab'))

import readme  # noqa: E402
from debian import ROOT, Debian  # noqa: E402, F401


def pytest_configure(config):
    # A polite end of the run, so that the folder is removed.
    def interrupt(signo, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


class Bare(Debian):
    def clone(self):
        self.readme = readme.Readme(os.path.join(super().clone(), 'README.md'))


@pytest.fixture(scope='session')
def debian():
    bare = Bare('bare')
    try:
        yield bare.make()
    finally:
        bare.remove()


@pytest.fixture
def bare(debian):
    debian.clone()
    return debian


@pytest.fixture
def used(debian):
    """The clone as the test before has left it, with what that built; a clean one without such."""
    if not os.path.isdir(debian.path('/root/mcring/build')):
        debian.clone()
    return debian
