# SPDX-License-Identifier: BSD-3-Clause
"""The README's handler, built and started as it says, prints the same in each language: what it reads, what it
lost, the end, an error."""

import functools
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time

import languages
import pytest
import readme

sys.path.insert(0, os.path.join(languages.ROOT, 'tools'))
from benchmarks.bindings import capture, packets  # noqa: E402

EXAMPLES = os.path.join(languages.ROOT, 'examples')
README = readme.Readme(os.path.join(languages.ROOT, 'README.md'))
LANGUAGE = {language.name: language for language in languages.ALL}
ENV = {**os.environ, 'PATH': languages.PATH, 'LD_LIBRARY_PATH': ':'.join(languages.LIBRARIES),
       'MCRING_LIB_DIR': ':'.join(languages.LIBRARIES),
       'PKG_CONFIG_PATH': os.path.join(languages.BUILD, 'meson-uninstalled'),
       'CARGO_HOME': os.path.join(LANGUAGE['rs'].target, 'home'),
       'PYTHONPATH': os.path.join(languages.BINDINGS, 'python')}
BYTES, SIZE, FLOOD = 65536, 200, 1000  # of the ring, a payload; more messages than the ring holds
CRATE = '''[package]
name = "handler"
version = "0.0.0"
edition = "2021"

[dependencies]
mcring = {{ path = "{}/rust/mcring" }}
'''


def call(*argv, **kwargs):
    done = subprocess.run(argv, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **kwargs)
    assert done.returncode == 0, f'{" ".join(argv)}:\n{done.stdout}'
    return done.stdout


def need(program):
    try:
        languages.need(program)
    except languages.Missing as missing:
        pytest.skip(str(missing))


def folder_with(example, handler):
    """One in which the commands of the README can run."""
    folder = os.path.join(languages.BUILD, 'bindings', 'handlers', handler)
    os.makedirs(folder, exist_ok=True)
    shutil.copy(f'{EXAMPLES}/{example}', f'{folder}/{handler}')
    return folder


def made_by(command, folder):
    """What a compiler's command made there."""
    call('/bin/sh', '-c', README.inline(command), cwd=folder)
    return folder


@functools.cache
def c():
    folder = made_by('cc handler.c $(pkg-config --cflags --libs lib', folder_with('consumer.c', 'handler.c'))
    return [f'{folder}/a.out'], folder


@functools.cache
def cc():
    need('c++')
    folder = made_by('c++ ', folder_with('consumer.cc', 'handler.cc'))
    return [f'{folder}/a.out'], folder


@functools.cache
def py():
    return README.inline('python3 ').split(), folder_with('consumer.py', 'handler.py')


@functools.cache
def rs():
    """As the main program of a crate that names the binding's folder."""
    need('cargo')
    crate = folder_with('consumer.rs', 'handler.rs')
    os.makedirs(f'{crate}/src', exist_ok=True)
    shutil.copy(f'{crate}/handler.rs', f'{crate}/src/main.rs')
    with open(f'{crate}/Cargo.toml', 'w') as out:
        out.write(CRATE.format(languages.BINDINGS))
    call('cargo', 'build', '--quiet', '--offline', '--target-dir', LANGUAGE['rs'].target, cwd=crate)
    return [f'{LANGUAGE["rs"].target}/debug/handler'], crate


@functools.cache
def java():
    """Its source: java compiles it."""
    try:
        LANGUAGE['java'].build_jar()
    except languages.Missing as missing:
        pytest.skip(str(missing))
    folder = folder_with('Handler.java', 'Handler.java')
    shutil.copy(LANGUAGE['java'].jar, folder)
    return README.inline('java ').split(), folder


@functools.cache
def go():
    need('go')
    folder = made_by('go ', folder_with('consumer.go', 'handler.go'))
    return [f'{folder}/handler'], folder


HANDLERS = [c, cc, py, rs, java, go]


class Handler:
    """One of them, on a terminal, so that each line comes when it is printed."""

    def __init__(self, argv, folder, run_dir):
        self.output, terminal = pty.openpty()
        self.process = subprocess.Popen([*argv, run_dir], cwd=folder, env=ENV, stdin=subprocess.DEVNULL,
                                        stdout=terminal, stderr=terminal)
        os.close(terminal)
        self.text = ''

    def read(self):
        """One more piece; False at the end."""
        assert select.select([self.output], [], [], 60)[0], f'nothing more comes: {self.text}'
        try:
            piece = os.read(self.output, 65536)
        except OSError:  # EIO: nobody has the terminal any more
            piece = b''
        self.text += piece.decode().replace('\r\n', '\n')
        return bool(piece)

    def wait_for(self, text):
        while text not in self.text:
            assert self.read(), self.text

    def rest(self):
        while self.read():
            pass
        return self.process.wait(30), self.text

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)
        while True:
            with open(f'/proc/{self.process.pid}/stat') as stat:
                if stat.read().rpartition(')')[2].split()[0] == 'T':
                    return
            time.sleep(0.01)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.output)


class Replay:
    """mcring-replay, which sends what it is given."""

    def __init__(self, run_dir, readers):
        self.process = subprocess.Popen(
            [os.path.join(languages.BUILD, 'tools', 'mcring-replay'), '--quiet', '--speed', 'max', '--wait-readers',
             str(readers), '--channel', f'default,bytes={BYTES}', '--run-dir', run_dir, '--linger', '60', '-'],
            env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.give(capture(1, SIZE))
        self.process.stdout.readline()  # it serves

    def give(self, octets):
        self.process.stdin.write(octets)
        self.process.stdin.flush()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def cleanup():
    left = []
    yield left
    for one in left:
        one.end()


@pytest.mark.parametrize('build', HANDLERS[1:], ids=lambda build: build.__name__)
def test_the_handler_prints_what_the_one_in_c_does(build, tmp_path, cleanup):
    commands = [c(), c(), build()]
    run_dir = str(tmp_path / 'run')
    replay = Replay(run_dir, len(commands))
    cleanup.append(replay)
    handlers = [Handler(*command, run_dir) for command in commands]
    cleanup.extend(handlers)
    for handler in reversed(handlers):  # if one does not start, it is the last
        handler.wait_for(f'1: {SIZE} octets\n')
    awake, *stopped = handlers
    for handler in stopped:
        handler.stop()
    replay.give(packets(1, FLOOD, SIZE))
    awake.wait_for(f'\n{FLOOD + 1}: {SIZE} octets\n')
    for handler in stopped:
        handler.go_on()
    replay.process.stdin.close()
    expected, said = (handler.rest() for handler in stopped)
    assert said == expected
    assert expected[0] == 0
    assert re.fullmatch(fr'1: {SIZE} octets\nlost \d+ from 2 on\n(\d+: {SIZE} octets\n)+', expected[1])
    assert expected[1].endswith(f'\n{FLOOD + 1}: {SIZE} octets\n')


@pytest.mark.parametrize('build', HANDLERS, ids=lambda build: build.__name__)
def test_the_handler_says_that_there_is_no_engine(build, tmp_path, cleanup):
    handler = Handler(*build(), str(tmp_path / 'none'))
    cleanup.append(handler)
    assert handler.rest() == (1, f'no engine at {tmp_path}/none/attach: is it running under this name?\n')


def test_the_example_in_java_is_for_java_8(tmp_path):
    _, folder = java()
    call('javac', '--release', '8', '-Xlint:all,-options', '-Werror', '-cp', 'mcring.jar', '-d', str(tmp_path),
         'Handler.java', cwd=folder)


@pytest.mark.parametrize('program', ['examples/consumer.go', 'tools/benchmarks/bindings/consumer.go'])
def test_go_finds_nothing_to_say(program):
    need('gofmt')
    assert call('gofmt', '-d', os.path.join(languages.ROOT, program)) == ''
    call('go', 'vet', os.path.join(languages.ROOT, program))
