# SPDX-License-Identifier: BSD-3-Clause
"""What a message costs in each language, beside the C program that does the same. mcring-replay fills a ring once,
and the programs in bindings/ read it again and again; nothing is written meanwhile.

    PROGRAM RUN_DIR ROUNDS WAY

opens a consumer at MCR_START_OLDEST. In each round it seeks MCR_START_OLDEST, begins to measure, and reads until a poll
gives nothing. For each message it adds to a sum (modulo 2^64) the first 8 octets of the payload, as a little-endian
number, and the payload's length. At the end it prints

    messages N sum SUM ns X.X

where N and SUM are of all rounds and X is the median over the rounds of nanoseconds a message, CLOCK_MONOTONIC. It
fails if an event comes. The ways, of which a language has those that its users have:

    take    batches of 1,000, copied by one call (mcr_consumer_take); nothing else is called for a message
    each    the same messages by the language's usual iteration over the consumer, or over the batch, if it is another
    read    polls up to 1,000 messages; each payload is copied by a call of its own (mcr_consumer_read)
    place   the same, but each payload is read in place, and checked afterwards (mcr_consumer_intact)
"""

import functools
import os
import re
import shutil
import signal
import struct
import subprocess
import time

from . import common
from .common import Row

HERE = os.path.join(common.ROOT, 'tools', 'benchmarks', 'bindings')
BINDINGS = os.path.join(common.ROOT, 'lib', 'bindings')
BUILT = os.path.join(common.BUILD, 'bench-bindings')
REPLAY = os.path.join(common.BUILD, 'tools', 'mcring-replay')

MESSAGES = 4000  # fewer than the ring holds
SIZES = (86, 1400)
ROUNDS, QUICK_ROUNDS = 500, 20
LIKE_C = 1.05  # time of the same calls, which a compiler places in its own way
LIKE_C_INSTRUCTIONS = 1.01
COUNTED = 10  # rounds, of which callgrind counts the instructions

# Which program does what, in ns beside the C program's: the way, C's way, what the ratio may be.
LANGUAGES = {
    'C++': [('read', 'read', LIKE_C), ('place', 'place', LIKE_C), ('take', 'take', LIKE_C)],
    'Rust': [('take', 'take', 1.05), ('read', 'read', 1.05), ('place', 'place', 1.05)],
    'Java': [('take', 'take', 1.3), ('read', 'read', None), ('place', 'place', None)],
    'Python': [('take', 'take', None), ('each', 'take', None), ('read', 'read', None), ('place', 'place', None)],
    'Go': [('take', 'take', None)],
}
PYTHON_NS = 40  # a message of 86 octets, in batches
NATIVE = ('C++', 'Rust')  # whose instructions are counted
PARTS = {language.lower(): language for language in LANGUAGES}


class Missing(Exception):
    """The language cannot be measured; the text says what is not there."""


def environment():
    """In which programs are built and run: with the libraries of this build."""
    libraries = [os.path.join(common.BUILD, 'lib', name) for name in ('client', 'feed')]
    return {**os.environ, 'LC_ALL': 'C.UTF-8', 'PATH': '/usr/sbin:/usr/bin:/sbin:/bin',
            'LD_LIBRARY_PATH': ':'.join(libraries), 'MCRING_LIB_DIR': ':'.join(libraries),
            'PKG_CONFIG_PATH': os.path.join(common.BUILD, 'meson-uninstalled'),
            'CARGO_HOME': os.path.join(BUILT, 'cargo'), 'PYTHONPATH': os.path.join(BINDINGS, 'python')}


def call(*argv):
    done = subprocess.run(argv, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise common.Error(f'{" ".join(argv)}:\n{done.stdout}{done.stderr}')
    return done.stdout


def tool(name, package):
    if not shutil.which(name, path=environment()['PATH']):
        raise Missing(f'{name} is missing (apt-get install {package})')
    return name


def compiled(compiler, name, *flags):
    out = os.path.join(BUILT, f'{os.path.splitext(name)[1][1:]}-consumer')
    client = call('pkg-config', '--cflags', '--libs', 'libmcring-client').split()
    call(compiler, '-O2', *flags, os.path.join(HERE, name), '-o', out, *client)
    return [out]


def c():
    return compiled(tool('gcc', 'gcc'), 'consumer.c')


def cxx():
    return compiled(tool('g++', 'g++'), 'consumer.cc', '-std=c++17')


def rust():
    target = os.path.join(BUILT, 'rust')
    call(tool('cargo', 'cargo'), 'build', '--quiet', '--release', '--offline', '--target-dir', target,
         '--manifest-path', os.path.join(HERE, 'rust', 'Cargo.toml'))
    return [os.path.join(target, 'release', 'consumer')]


def java():
    jar = 'lib/bindings/java/mcring.jar'
    folder = next((build for build in (common.BUILD, f'{common.BUILD}-java')  # the second is that of the tests
                   if os.path.exists(f'{build}/{jar}')), None)
    if not folder:
        raise Missing('mcring.jar is missing: meson configure build -Djava=enabled && ninja -C build')
    call('ninja', '-C', folder, jar)
    jar = f'{folder}/{jar}'
    classes = os.path.join(BUILT, 'java')
    call(tool('javac', 'default-jdk-headless'), '-cp', jar, '-d', classes, os.path.join(HERE, 'Consumer.java'))
    return ['java', '-cp', f'{classes}:{jar}', 'Consumer']


def python():
    return ['/usr/bin/python3', os.path.join(HERE, 'consumer.py')]


def go():
    out = os.path.join(BUILT, 'go-consumer')
    call(tool('go', 'golang-go'), 'build', '-o', out, os.path.join(HERE, 'consumer.go'))
    return [out]


BUILDERS = {'C': c, 'C++': cxx, 'Rust': rust, 'Java': java, 'Python': python, 'Go': go}


@functools.cache
def command(language):
    """How its program is started; it is built before."""
    os.makedirs(BUILT, exist_ok=True)
    return BUILDERS[language]()


# ---- the ring ----

def payload(i, size):
    return struct.pack('<Q', i * 0x9e3779b97f4a7c15 % 2 ** 64).ljust(size, b'.')


def frame(data, group=1):
    udp = struct.pack('>HHHH', 4000, 5000, 8 + len(data), 0)
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 28 + len(data), 0, 0, 16, 17, 0, bytes([10, 0, 0, 7]),
                     bytes([239, 1, 1, group]))
    total = sum(struct.unpack('>10H', ip))
    checksum = ~(total + (total >> 16)) & 0xffff
    ethernet = bytes.fromhex(f'01005e0101{group:02x} 020000000007 0800')
    return ethernet + ip[:10] + struct.pack('>H', checksum) + ip[12:] + udp + data


def packets(first, n, size):
    """Of a capture, without what stands at its beginning."""
    octets = b''
    for i in range(first, first + n):
        data = frame(payload(i, size))
        octets += struct.pack('<IIII', 1_700_000_000, i, len(data), len(data)) + data
    return octets


def capture(n, size):
    return struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 1) + packets(0, n, size)


class Ring:
    """A ring that is full and stays so, as long as the replay waits for more of its standard input."""

    def __init__(self, run, size):
        self.run_dir = run.path(f'bindings{size}')
        self.size = size
        self.sum = sum(struct.unpack_from('<Q', payload(i, size))[0] + size for i in range(MESSAGES))
        room = 2 ** (MESSAGES * (size + 64)).bit_length()
        self.replay = subprocess.Popen(
            [REPLAY, '--quiet', '--speed', 'max', '--channel', f'default,bytes={room}', '--run-dir', self.run_dir, '-'],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def __enter__(self):
        self.replay.stdin.write(capture(MESSAGES, self.size))
        self.replay.stdin.flush()
        end = time.monotonic() + 20
        while not self.is_full():
            if self.replay.poll() is not None or time.monotonic() > end:
                self.replay.kill()
                raise RuntimeError(f'mcring-replay: {self.replay.communicate()[1]}')
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.replay.send_signal(signal.SIGTERM)
        self.replay.communicate(timeout=20)

    def is_full(self):
        read = subprocess.run([*command('C'), self.run_dir, '1', 'read'], env=environment(), capture_output=True,
                              text=True)
        return read.returncode == 0 and read.stdout.split()[1] == str(MESSAGES)

    def read(self, language, way, rounds, under=()):
        """Nanoseconds a message; that all were read, and their octets, is checked."""
        argv = [*under, *command(language), self.run_dir, str(rounds), way]
        done = subprocess.run([*common.FIRST, 'taskset', '-c', '0', *argv], env=environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True)
        said = re.fullmatch(r'messages (\d+) sum (\d+) ns ([\d.]+)\n', done.stdout)
        expected = (MESSAGES * rounds, self.sum * rounds % 2 ** 64)
        if done.returncode or not said or (int(said[1]), int(said[2])) != expected:
            raise RuntimeError(f'{" ".join(argv)}: not messages {expected[0]} sum {expected[1]}: '
                               f'{done.stdout}{done.stderr}')
        return float(said[3])


    def instructions(self, run, language, way):
        """Of a message: what twice as many rounds take more."""
        def counted(rounds):
            path = run.path('callgrind')
            self.read(language, way, rounds,
                      ['valgrind', '--quiet', '--tool=callgrind', f'--callgrind-out-file={path}'])
            return common.instructions(path)

        return (counted(2 * COUNTED) - counted(COUNTED)) / (COUNTED * MESSAGES)


def time_of(run, ring, language):
    rounds = QUICK_ROUNDS if run.quick else ROUNDS
    for way, like, target in LANGUAGES[language]:
        case = f'{language}, {ring.size} octets, {way}'
        target = target if ring.size == SIZES[0] else None
        rows = [Row(case, 'ours', 'ns/message', target, 'lower', 'peer', f'C, {like}')]
        if (language, way, ring.size) == ('Python', 'take', SIZES[0]):
            rows.append(Row(f'{case}, by itself', 'ours', 'ns/message', PYTHON_NS))
        run.compare_all('bindings', lambda: {'ours': ring.read(language, way, rounds)},
                        lambda: {'peer': ring.read('C', like, rounds)}, rows)


def instructions_of(run, ring, language):
    """They hardly differ from run to run, so there is one pair."""
    for way, like, _ in LANGUAGES[language]:
        run.compare_all('bindings', lambda: {'ours': ring.instructions(run, language, way)},
                        lambda: {'peer': ring.instructions(run, 'C', like)}, [
                            Row(f'{language}, {ring.size} octets, {way}, instructions', 'ours', 'instructions/message',
                                LIKE_C_INSTRUCTIONS if language == 'C++' else None, 'lower', 'peer', f'C, {like}')],
                        pairs=1)


def run(run, parts=()):
    languages = []
    for part in parts or PARTS:
        try:
            command(PARTS[part])
            languages.append(PARTS[part])
        except Missing as reason:
            print(f'bindings {PARTS[part]} skipped: {reason}', flush=True)
    for size in SIZES[:1] if run.quick else SIZES:
        with Ring(run, size) as ring:
            for language in languages:
                time_of(run, ring, language)
                if language in NATIVE and size == SIZES[0] and not run.quick and shutil.which('valgrind'):
                    instructions_of(run, ring, language)
