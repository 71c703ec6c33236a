# SPDX-License-Identifier: BSD-3-Clause
"""What is Java's own: the jar, buffers, threads, the collector. Checks.java has the programs."""

import os
import re
import select
import shutil
import subprocess
import sys
import zipfile

import languages
import pytest

from engines import datagram
from test_consumer import numbered
from test_feed import LINES, packet

JAVA = languages.Java()
OWN = os.path.join(languages.BUILD, 'bindings', 'java-checks')
BUILD_JAR = os.path.join(languages.BINDINGS, 'java', 'build_jar.py')
SHORT = ['-J-XX:TieredStopAtLevel=1', '-J-XX:+UseSerialGC']  # for runs of few seconds
ENV = dict(os.environ, PATH=languages.PATH)


def call(*argv, env=ENV, **kwargs):
    return subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=120, **kwargs)


@pytest.fixture(scope='module')
def jar():
    if 'java' not in languages.NAMES:
        pytest.skip('MCR_LANGUAGES does not name java')
    try:
        JAVA.build_jar()
    except languages.Missing as missing:
        pytest.skip(str(missing))
    return JAVA.jar


class Checks:
    def __init__(self, jar):
        os.makedirs(OWN, exist_ok=True)
        done = call('javac', *SHORT, '--release', '8', '-Xlint:all,-options', '-cp', jar, '-d', OWN,
                    os.path.join(languages.HERE, 'Checks.java'))
        assert done.returncode == 0, done.stdout
        self.process = subprocess.Popen(
            ['java', '-ea', '-Xcheck:jni', '-XX:TieredStopAtLevel=1', '-Xmx64m', '-cp', f'{jar}:{OWN}', 'Checks'],
            env=dict(ENV, **JAVA.env()), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, bufsize=1)

    def begin(self, name, run_dir):
        self.say(f'{name} {run_dir}')

    def say(self, line):
        self.process.stdin.write(line + '\n')

    def answer(self):
        ready = select.select([self.process.stdout], [], [], 60)[0]
        if not ready:
            self.process.kill()
        return self.process.stdout.readline() if ready else 'no answer'

    def __call__(self, name, run_dir):
        self.begin(name, run_dir)
        assert self.answer() == 'ok\n'

    def end(self):
        said, _ = self.process.communicate(timeout=30)
        assert (self.process.returncode, said) == (0, '')


@pytest.fixture(scope='module')
def checks(jar):
    checks = Checks(jar)
    yield checks
    checks.end()


@pytest.fixture
def two(replay):
    """An engine with two messages."""
    engine = replay('--channel', 'default,bytes=64K')
    engine.publish(numbered(2))
    return engine


@pytest.mark.parametrize('name', ['buffers', 'stale', 'interrupted', 'crowd', 'addresses', 'many'])
def test_it_holds_with_two_messages(checks, two, name):
    checks(name, two.run_dir)


def test_what_nobody_closed_is_closed_by_the_collector(checks, replay):
    engine = replay('--feed', f'feed f; declaration seq=0:8:be; {LINES}', '--channel', 'default,bytes=64K')
    engine.publish(numbered(2))
    checks('forgotten', engine.run_dir)


def test_a_new_engine_ends_what_is_of_the_old_one(checks, replay, two):
    checks.begin('restart', two.run_dir)
    assert checks.answer() == 'ready\n'
    two.kill()
    engine = replay('--channel', 'default,bytes=64K')
    engine.publish(numbered(2))
    checks.say('go')
    assert checks.answer() == 'ok\n'


def test_one_thread_waits_for_several(checks, replay):
    engine = replay('--feed', f'feed f; declaration seq=0:8:be; {LINES}', '--channel', 'default', '--channel', 'idle',
                    '--join', '239.1.1.9:5000,channel=idle')
    engine.publish([datagram(b'', group='239.1.1.9')], channel='idle')
    checks.begin('several', engine.run_dir)
    assert checks.answer() == 'ready\n'
    engine.send([packet(1)])
    assert checks.answer() == 'ok\n'


def test_items_of_a_feed_end_with_the_next_poll(checks, replay):
    engine = replay('--feed', f'feed f; declaration seq=0:8:be; {LINES}', '--channel', 'default')
    engine.publish([packet(1), packet(3)])
    checks('feed', engine.run_dir)


def test_reading_makes_no_objects(checks, replay):
    engine = replay('--channel', 'default,bytes=1M')
    engine.publish(numbered(1000))
    checks('garbage', engine.run_dir)


# ---- the jar ----

def test_the_jar_is_for_java_8_and_needs_no_other_file(jar):
    with zipfile.ZipFile(jar) as archive:
        names = archive.namelist()
        versions = {archive.read(name)[6:8] for name in names if name.endswith('.class')}
        library = next(name for name in names if name.endswith('.so'))
        octets = archive.read(library)
    assert versions == {b'\0\x34'} and names[0] == 'META-INF/MANIFEST.MF'
    assert languages.ROOT.encode() not in octets  # no folder of the build
    needed = call('readelf', '-d', os.path.join(os.path.dirname(jar), 'libmcring-java.so')).stdout
    assert set(re.findall(r'NEEDED.*\[(.*)\]', needed)) <= {'libc.so.6', 'libasan.so.8', 'libubsan.so.1', 'libm.so.6'}


def test_the_same_sources_make_the_same_jar_in_any_folder(jar, tmp_path):
    sources = os.path.join(languages.BINDINGS, 'java', 'src', 'main', 'java', 'net', 'mcring')
    shutil.copytree(sources, tmp_path / 'elsewhere')
    made, library = str(tmp_path / 'mcring.jar'), os.path.join(os.path.dirname(jar), 'libmcring-java.so')
    classes = [str(path) for path in (tmp_path / 'elsewhere').glob('*.java')]
    with zipfile.ZipFile(jar) as archive:
        version = re.search(r'Implementation-Version: (\S+)', archive.read('META-INF/MANIFEST.MF').decode())[1]
    for step in (['classes', 'javac', str(tmp_path / 'native.h'), str(tmp_path / 'classes.jar'), *classes],
                 ['jar', str(tmp_path / 'classes.jar'), library, 'strip', version, made]):
        done = call(sys.executable, BUILD_JAR, *step, cwd=tmp_path)
        assert done.returncode == 0, done.stdout
    with open(jar, 'rb') as first, open(made, 'rb') as second:
        assert first.read() == second.read()


def test_it_is_a_module(jar, tmp_path):
    (tmp_path / 'module-info.java').write_text('module user { requires net.mcring; }\n')
    (tmp_path / 'user').mkdir()
    (tmp_path / 'user' / 'Main.java').write_text(
        'package user;\npublic class Main {\n    public static void main(String[] args) throws Exception {\n'
        '        System.out.println(net.mcring.Consumer.class.getModule().getName());\n'
        '        new net.mcring.Options().runDir("/nowhere").open();\n    }\n}\n')
    done = call('javac', *SHORT, '-p', jar, '-d', str(tmp_path / 'out'), str(tmp_path / 'module-info.java'),
                str(tmp_path / 'user' / 'Main.java'))
    assert done.returncode == 0, done.stdout
    done = call('java', '-p', f'{jar}:{tmp_path}/out', '-m', 'user/user.Main', env=dict(ENV, **JAVA.env()))
    assert done.stdout.startswith('net.mcring\n') and 'McringException: no engine at /nowhere' in done.stdout


def check_alone(jar, run_dir, *options):
    """A check in a JVM of its own."""
    return subprocess.run(['java', *options, '-cp', f'{jar}:{OWN}', 'Checks'], env=dict(ENV, **JAVA.env()),
                          input=f'addresses {run_dir}\n', stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60).stdout


@pytest.mark.parametrize('option, said', [
    ('-Dos.arch=pdp11', r'mcring.jar has no native/linux-pdp11/libmcring-java.so: it was built on another platform'),
    ('-Djava.io.tmpdir=/nowhere', r'cannot unpack mcring.s library: java.io.tmpdir or mcring.library names another'),
    ('-Dmcring.library=/nowhere.so', r'/nowhere.so'),
])
def test_a_native_part_that_cannot_be_loaded_is_named(jar, checks, option, said):
    assert re.search(said, check_alone(jar, '/nowhere', option))


def test_the_native_part_can_come_from_a_file(jar, checks, two):
    library = os.path.join(os.path.dirname(jar), 'libmcring-java.so')
    assert check_alone(jar, two.run_dir, f'-Dmcring.library={library}', '-Djava.io.tmpdir=/nowhere') == 'ok\n'


def test_nothing_is_left_where_it_was_unpacked(jar, checks, two, tmp_path):
    assert check_alone(jar, two.run_dir, f'-Djava.io.tmpdir={tmp_path}') == 'ok\n'
    assert os.listdir(tmp_path) == []
