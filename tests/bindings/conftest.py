# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the bindings' tests. They need a build (tools/check) and no root."""

import os
import shutil
import sys
import tempfile

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, name) for name in ('lab', 'net')]

import engines  # noqa: E402
import languages  # noqa: E402
from conforms import Conform  # noqa: E402
from shown import SCENARIOS  # noqa: E402

# With sanitizers run the scenarios alone.
collect_ignore = [name for name in os.listdir(os.path.dirname(os.path.abspath(__file__)))
                  if name.startswith('test_') and name not in SCENARIOS] if languages.is_sanitized() else []


def pytest_configure(config):
    config.addinivalue_line('markers', 'shows(names): values and errors of the public headers that a scenario makes')
    if not os.path.exists(engines.REPLAY):
        pytest.exit(f'{engines.REPLAY} is missing: tools/check builds it', 1)


@pytest.fixture(autouse=True)
def shows_what_it_says(request):
    """What a scenario says that it shows (test_coverage.py) must have come."""
    wanted = {name for marker in request.node.iter_markers('shows') for name in marker.args}
    failed = request.session.testsfailed
    Conform.shown.clear()
    yield
    assert request.session.testsfailed > failed or wanted <= Conform.shown, wanted - Conform.shown


@pytest.fixture(scope='session', params=languages.TESTED, ids=lambda language: language.name)
def language(request):
    try:
        request.param.build()
    except languages.Missing as missing:
        pytest.skip(str(missing))
    return request.param


@pytest.fixture(scope='session')
def program(language):
    """One conform for all scenarios of a language."""
    one = Conform(language)
    yield one
    one.end()


@pytest.fixture
def conform(program):
    """The same, with nothing open."""
    program.be_ready()
    yield program
    program.close()


@pytest.fixture
def another(language):
    """Makes further programs, for what ends or harms one."""
    programs = []

    def make(**kwargs):
        programs.append(Conform(language, **kwargs))
        return programs[-1]

    yield make
    for one in programs:
        one.kill()


@pytest.fixture
def folder():
    """With a short name: the path of a socket has at most 107 octets."""
    path = tempfile.mkdtemp(prefix='mcr-')
    yield path
    shutil.rmtree(path)


@pytest.fixture
def replay(folder):
    """Makes replays of what the test sends; ends them."""
    made = []

    def make(*args, **kwargs):
        made.append(engines.Replay(kwargs.pop('folder', folder), *args, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.kill()


@pytest.fixture
def ten(replay):
    """A replay of ten messages of 16 octets."""
    engine = replay()
    engine.publish(engines.equal_datagrams(10, 16))
    return engine


@pytest.fixture
def scripted(folder):
    """Makes engines that do what the test says; ends them."""
    made = []

    def make(rings=1, name='md'):
        made.append(engines.Scripted(folder, rings, name))
        return made[-1]

    yield make
    for one in made:
        one.end()
