# SPDX-License-Identifier: BSD-3-Clause
"""What the conformance of all languages leaves out of Rust: what its compiler refuses, and its tools."""

import functools
import glob
import os
import re
import shutil
import subprocess
import threading

import engines
import languages
import pytest

RUST = languages.Rust()
CRATES = os.path.join(languages.BINDINGS, 'rust')
PROGRAMS = [os.path.join(languages.HERE, 'conform_rs'),
            os.path.join(languages.ROOT, 'tools', 'benchmarks', 'bindings', 'rust')]
FEED = ('--feed', 'feed f; declaration seq=0:8:be; line A; join 239.1.1.1:5000', '--channel', 'default,bytes=64K')
REFUSED = sorted(glob.glob(os.path.join(languages.HERE, 'rust_refused', '*.rs')))
ENV = {**os.environ, 'PATH': languages.PATH, 'MCRING_LIB_DIR': ':'.join(languages.LIBRARIES),
       'LD_LIBRARY_PATH': ':'.join(languages.LIBRARIES), 'CARGO_HOME': os.path.join(RUST.target, 'home'),
       'CARGO_TARGET_DIR': RUST.target, 'CARGO_NET_OFFLINE': 'true', 'RUSTDOCFLAGS': '-D warnings'}


def call(*argv, cwd=CRATES):
    return subprocess.run(argv, cwd=cwd, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def succeed(*argv, cwd=CRATES):
    done = call(*argv, cwd=cwd)
    assert done.returncode == 0, f'{" ".join(argv)}:\n{done.stdout}'
    return done.stdout


@pytest.fixture(autouse=True)
def toolchain(request):
    for program in getattr(request, 'param', ['cargo']):
        try:
            languages.need(program)
        except languages.Missing as missing:
            pytest.skip(str(missing))


@functools.cache
def checked_crate():
    """Its metadata, which is all that it takes to check what uses it."""
    target = os.path.join(RUST.target, 'refused')
    succeed('cargo', 'check', '--quiet', '--target-dir', target)
    deps = os.path.join(target, 'debug', 'deps')
    return deps, max(glob.glob(f'{deps}/libmcring-*.rmeta'), key=os.path.getmtime)


def compile(source, folder):
    deps, crate = checked_crate()
    return call('rustc', '--edition', '2021', '--crate-type', 'lib', '--emit', 'metadata', '--out-dir', str(folder),
                '--extern', f'mcring={crate}', '-L', f'dependency={deps}', str(source))


@pytest.mark.parametrize('path', REFUSED, ids=lambda path: os.path.basename(path)[:-3])
def test_the_compiler_refuses(path, tmp_path):
    """Each program has one line `// refused: WHY`, with the error's number or text. Without it, and what goes with
    it, the program compiles."""
    with open(path) as source:
        lines = source.read().splitlines()
    (line, why), = [(i, line.partition('// refused: ')[2]) for i, line in enumerate(lines, 1) if '// refused: ' in line]
    done = compile(path, tmp_path)
    assert done.returncode == 1, f'it compiles: {path}'
    errors = re.findall(r'^error(?:\[(E\d+)\])?: (.*)\n +--> .*?:(\d+):', done.stdout, re.M)
    assert {(why in (number, text), at) for number, text, at in errors} == {(True, str(line))}, done.stdout
    rest = tmp_path / 'rest.rs'
    rest.write_text('\n'.join(text for text in lines if '// refused' not in text and '// goes with' not in text))
    done = compile(rest, tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_tests_of_the_crates_pass():
    """Those of their documents, too."""
    out = succeed('cargo', 'test', '--workspace')
    assert re.findall(r'^test result: ok. ([1-9]\d*) passed; 0 failed; 0 ignored', out, re.M), out


@pytest.mark.parametrize('toolchain', [['cargo-clippy']], indirect=True, ids=['clippy'])
@pytest.mark.parametrize('crate', [CRATES, *PROGRAMS], ids=os.path.basename)
def test_clippy_is_content(crate):
    succeed('cargo', 'clippy', '--quiet', '--all-targets', '--', '-D', 'warnings', cwd=crate)


@pytest.mark.parametrize('toolchain', [['rustfmt']], indirect=True, ids=['rustfmt'])
def test_the_sources_are_formatted():
    sources = [path for folder in [CRATES, *PROGRAMS, os.path.join(languages.ROOT, 'examples')]
               for path in glob.glob(f'{folder}/**/*.rs', recursive=True)]
    assert len(sources) > 15
    succeed('rustfmt', '--edition', '2021', '--check', *sources, *REFUSED)


def test_the_documents_have_no_dead_links():
    succeed('cargo', 'doc', '--no-deps', '--quiet')


def test_a_program_takes_the_crates_from_debian_s_registry(tmp_path):
    """A folder of crates, as librust-mcring-dev installs them."""
    for crate in 'mcring', 'mcring-sys':
        shutil.copytree(os.path.join(CRATES, crate), tmp_path / 'registry' / f'{crate}-0')
        (tmp_path / 'registry' / f'{crate}-0' / '.cargo-checksum.json').write_text('{"files":{}}')
    (tmp_path / '.cargo').mkdir()
    (tmp_path / '.cargo' / 'config.toml').write_text(
        '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\n'
        f'directory = "{tmp_path}/registry"\n')
    (tmp_path / 'src').mkdir()
    shutil.copy(os.path.join(languages.ROOT, 'examples', 'consumer.rs'), tmp_path / 'src' / 'main.rs')
    (tmp_path / 'Cargo.toml').write_text(
        '[package]\nname = "handler"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nmcring = "0.1"\n')
    succeed('cargo', 'check', '--quiet', '--target-dir', str(tmp_path / 'target'), cwd=tmp_path)


@pytest.fixture(scope='session')
def rig():
    RUST.build()
    return os.path.join(RUST.target, 'release', 'rig')


def start(rig, *argv):
    return subprocess.Popen([rig, *argv], env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_batch_and_a_cursor_go_to_threads(rig, replay):
    """And what a thread reads of a batch is what was sent."""
    engine = replay()
    engine.send(engines.equal_datagrams(100, 20))
    assert start(rig, 'threads', engine.run_dir, '100').communicate(timeout=30)[0] == 'batch 4950\ncursor 4950\n'


def test_a_closure_that_panics_leaves_the_consumer_in_order(rig, replay):
    engine = replay()
    engine.send(engines.equal_datagrams(3, 20))
    assert start(rig, 'panic', engine.run_dir).communicate(timeout=30)[0] == 'caught\n1 2 3\n'


def test_a_signal_gives_an_empty_batch(rig, replay):
    engine = replay()
    engine.send(engines.equal_datagrams(1, 20))
    assert start(rig, 'signal', engine.run_dir).communicate(timeout=30)[0] == 'batch of 1\nbatch of 0\n'


def test_a_consumer_that_stays_goes_on_with_the_next_engine(rig, replay):
    first = replay()
    first.send(engines.equal_datagrams(2, 20))
    program = start(rig, 'stay', first.run_dir, '4')
    assert [program.stdout.readline() for _ in range(2)] == ['Data 0\n', 'Data 1\n']
    first.end()
    first.wait()
    second = replay()
    second.send(engines.equal_datagrams(2, 20, 10))
    out = program.communicate(timeout=30)[0].splitlines()
    assert re.fullmatch(r'Restart \{ since_ns: \d+ \}', out[0])
    assert out[1:] == ['Data 10', 'Data 11']


def test_a_consumer_that_does_not_stay_ends_with_the_engine(rig, replay):
    engine = replay()
    engine.send(engines.equal_datagrams(2, 20))
    program = start(rig, 'end', engine.run_dir, '4')
    assert [program.stdout.readline() for _ in range(2)] == ['Data 0\n', 'Data 1\n']
    engine.end()
    assert program.communicate(timeout=30)[0] == 'the end\n'


def test_what_was_polled_is_released_when_it_is_dropped(rig, replay):
    engine = replay()
    engine.send(engines.equal_datagrams(100, 20))
    assert start(rig, 'release', engine.run_dir, '100').communicate(timeout=30)[0] == 'grew: true\n'


def test_a_packet_of_a_feed_that_is_overwritten_in_place_gives_nothing(rig, replay):
    engine = replay(*FEED)
    engine.publish(engines.equal_datagrams(2, 20, 1))
    program = start(rig, 'feed', engine.run_dir)
    said = []
    for first, n in (3, 1), (4, 400):
        said.append(program.stdout.readline())
        engine.publish(engines.equal_datagrams(n, 1000, first))
        program.stdin.write('go\n')
        program.stdin.flush()
        said.append(program.stdout.readline())
    assert said == ['1\n', 'in place Some(1), read Some(20)\n', '2\n', 'in place None, read None\n']
    assert program.wait(30) == 0


def test_what_was_polled_of_a_feed_is_released_when_it_is_dropped(rig, replay):
    """The engine waits for who does not release."""
    engine = replay(*FEED, '--pace', 'readers')
    engine.send(engines.equal_datagrams(1, 1000, 1))
    program = start(rig, 'paced', engine.run_dir, '300')
    assert program.stdout.readline() == 'open\n'
    sender = threading.Thread(target=engine.send, args=(engines.equal_datagrams(299, 1000, 2),))
    sender.start()
    try:
        assert program.communicate(timeout=30)[0] == '300\n'
    finally:
        program.kill()
        engine.process.kill()  # which ends what is being sent
        sender.join()
