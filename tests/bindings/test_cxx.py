# SPDX-License-Identifier: BSD-3-Clause
"""The C++ headers, beyond what all bindings have: loops, moves, both forms of errors; and that they cost nothing."""

import os
import re
import shutil
import signal
import subprocess
import sys
import types

import languages
import pytest
from engines import START_NS, datagram
from netlab import wait_for
from test_consumer import numbered
from test_feed import LINES, packet

sys.path.insert(0, os.path.join(languages.ROOT, 'tools'))
from benchmarks import bindings  # noqa: E402

BUILT = os.path.join(languages.BUILD, 'bindings', 'cxx')
ENV = {**os.environ, 'PATH': languages.PATH, 'LD_LIBRARY_PATH': ':'.join(languages.LIBRARIES),
       'ASAN_OPTIONS': 'detect_leaks=1', 'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'}
CASES = ('leave', 'move', 'move_batches', 'forget', 'release', 'end_loops', 'fail', 'fail_open', 'read', 'interrupt')


@pytest.fixture(scope='session', params=['c++17', 'c++20'])
def cases(request):
    """How the program of all cases is started; one of the two is built with ASan and UBSan."""
    if not shutil.which('c++', path=languages.PATH):
        pytest.skip('not installed: c++')
    os.makedirs(BUILT, exist_ok=True)
    out = os.path.join(BUILT, f'cases-{request.param}')
    how = '-fsanitize=address,undefined' if request.param == 'c++20' else '-O1'
    languages.run('c++', f'-std={request.param}', '-g', '-Wall', '-Wextra', '-Werror', how, '-Iinclude',
                  os.path.join(languages.HERE, 'cxx_cases.cc'), '-o', out,
                  *(f'-L{path}' for path in languages.LIBRARIES), '-lmcring-feed', '-lmcring-client')
    fixed = ['setarch', '--addr-no-randomize']  # what sanitizers map lies in the way elsewhere
    return [*(fixed if subprocess.run([*fixed, 'true'], check=False).returncode == 0 else []), out]


def is_asleep(pid):
    with open(f'/proc/{pid}/stat') as file:
        return file.read().rpartition(')')[2].split()[0] == 'S'


def run(cases, *argv):
    done = subprocess.run([*cases, *argv], env=ENV, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60)
    assert (done.returncode, done.stderr) == (0, ''), done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize('case', CASES)
def test_a_case_of_the_headers_holds(cases, replay, case):
    engine = replay()
    engine.publish(numbered(40))
    lines = run(cases, case, engine.run_dir)
    if case == 'leave':  # no message is missing, and none comes twice
        every = ' '.join(map(str, range(1, 41)))
        assert lines == [f'{name} {every}' for name in ('consumer', 'polled', 'batch', 'codes')]


def test_a_loop_ends_with_the_engine_or_stays_for_the_next(cases, replay):
    engine = replay()
    engine.publish([datagram(b'one'), datagram(b'two')])
    programs = [subprocess.Popen([*cases, case, engine.run_dir], env=ENV, stdout=subprocess.PIPE, text=True)
                for case in ('end', 'stay')]
    for program in programs:
        assert [program.stdout.readline() for _ in range(2)] == ['data one\n', 'data two\n']
        for _ in range(3):  # a signal, of which it has a handler, does not end it
            wait_for(lambda: is_asleep(program.pid), 30, 'it sleeps')
            program.send_signal(signal.SIGALRM)
        wait_for(lambda: is_asleep(program.pid), 30, 'it sleeps on')
    engine.kill()
    assert programs[0].communicate(timeout=60) == ('end\n', None) and programs[0].returncode == 0
    again = replay()
    again.ns = START_NS + 1_000_000
    again.publish([datagram(b'three'), datagram(b'last')])
    assert programs[1].communicate(timeout=60) == ('restart \ndata three\ndata last\nend\n', None)
    assert programs[1].returncode == 0


def test_in_a_loop_over_a_feed_a_gap_is_given_back_when_nothing_is_left_of_the_poll(cases, replay):
    engine = replay('--feed', f'feed f; declaration seq=0:8:be; {LINES}', '--channel', 'default')
    engine.publish([packet(1), packet(1, 'B'), packet(3), packet(3, 'B'), packet(4)],
                   [START_NS + round(ms * 1e6) for ms in (0, .1, .2, .3, 20)])
    lines = run(cases, 'insert', engine.run_dir)
    assert sorted(lines) == ['data 1', 'data 2', 'data 3', 'data 4']
    assert lines.index('data 2') > lines.index('data 3')


def test_a_packet_that_is_overwritten_in_place_gives_nothing(cases, replay):
    small = 'default,bytes=64K'
    engine = replay('--feed', f'feed f; declaration seq=0:8:be; {LINES}', '--channel', small)
    engine.publish([packet(1)])
    case = 'overtaken'
    program = subprocess.Popen([*cases, case, engine.run_dir], env=ENV, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    assert program.stdout.readline() == 'held\n'
    engine.publish([packet(n, more=bytes(1000)) for n in range(2, 200)])
    assert program.communicate('go\n', timeout=60) == ('', None) and program.returncode == 0


# ---- what it costs ----

def instructions(program, run_dir, rounds, way, out):
    done = subprocess.run(['valgrind', '--tool=callgrind', f'--callgrind-out-file={out}', *program, run_dir,
                           str(rounds), way], env=bindings.environment(), capture_output=True, text=True, check=True)
    return int(re.search(r'Collected : (\d+)', done.stderr)[1])


def test_a_message_takes_the_instructions_that_it_takes_in_c(folder, tmp_path, monkeypatch):
    """Of all that a round executes, in the program and in the library: what it takes to start is in both terms."""
    for name in ('gcc', 'g++', 'valgrind'):
        if not shutil.which(name, path=languages.PATH):
            pytest.skip(f'not installed: {name}')
    monkeypatch.setattr(bindings, 'BUILT', str(tmp_path))  # other tests may run meanwhile, and build there
    programs = bindings.command('C'), bindings.command('C++')
    with bindings.Ring(types.SimpleNamespace(path=lambda name: os.path.join(folder, name)), bindings.SIZES[0]) as ring:
        for way in ('read', 'place', 'take'):
            c, cxx = (instructions(program, ring.run_dir, 3, way, tmp_path / 'out') -
                      instructions(program, ring.run_dir, 1, way, tmp_path / 'out') for program in programs)
            assert c > 2 * bindings.MESSAGES * 100
            assert cxx <= c * 1.01, f'{way}: {cxx} instructions, {c} in C'
