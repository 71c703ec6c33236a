# SPDX-License-Identifier: BSD-3-Clause
"""What programs with mcring-run may do without harm to the engine, to others, or to what they
receive themselves; and programs that cannot be run with the library."""

import os
import platform
import shutil
import signal
import subprocess

import pytest

from netlab import wait_for
from programs import BUILD, ROOT, mcsend
from socket_host import CLASSIC, GROUP, NOBODY, OTHER, PORT, PRELOAD, Host, Program

HANDLER = os.path.join(BUILD, 'tests', 'net', 'socket_handler')
SIZE = 64


@pytest.fixture
def host(wire):
    return Host(wire)


# ---- losses ----

# Says how many it has received when `end` comes, and what SO_RXQ_OVFL said last; then goes on.
COUNT = """
s = member()
s.setsockopt(socket.SOL_SOCKET, 40, 1)  # SO_RXQ_OVFL
s.settimeout(0.1)
n, lost = 0, 0
say('ready')
while True:
    try:
        data, control, _, _ = s.recvmsg(2048, 256)
    except TimeoutError:
        continue
    n += 1
    lost = max([lost] + [struct.unpack('I', value)[0] for _, kind, value in control if kind == 40])
    if data == b'end':
        say('received', n, 'lost', lost)
"""


def test_what_a_small_ring_loses_is_told(host):
    engine = host.start_engine('    bytes: 64K\n')
    program = host.python(COUNT)
    program.says('ready')
    program.process.send_signal(signal.SIGSTOP)
    mcsend(host.wire.sender, f'{GROUP}:{PORT}', count=5000, rate=10_000_000, size=SIZE)
    program.process.send_signal(signal.SIGCONT)
    host.send('end')
    wait_for(lambda: len(program.lines()) > 1, 30, 'it has received the end')
    _, received, _, lost = program.lines()[1].split()
    delivered = engine.stats()['delivered']
    assert int(lost) > 0 and int(received) + int(lost) == delivered
    wait_for(lambda: [(s['received'], s['lost']) for s in host.sockets(program)] ==
             [(int(received), int(lost))], 10, 'the engine is told')
    wait_for(lambda: [(c['received'], c['lost']) for c in engine.stats()['consumers']] ==
             [(int(received), int(lost))], 10, 'the statistics show it')
    program.kill()


# ---- programs that do what they like ----

DROP = """
def drop():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
"""

# A filter: what an ordinary receiver calls, and what docs/sockets.md says that the library does; all
# else ends the process. On x86-64.
ORDINARY = {'read': 0, 'write': 1, 'close': 3, 'mmap': 9, 'munmap': 11, 'brk': 12, 'recvfrom': 45,
            'futex': 202, 'exit_group': 231}
LIBRARY = {'poll': 7, 'rt_sigprocmask': 14, 'getpid': 39, 'sendto': 44, 'recvfrom': 45,
           'recvmsg': 47, 'getsockname': 51, 'getpeername': 52, 'getsockopt': 55, 'fcntl': 72,
           'clock_gettime': 228, 'ppoll': 271}
NUMBERS = sorted(set(ORDINARY.values()) | set(LIBRARY.values()))
LOCK = f"""
def lock():
    filter = [(0x20, 0, 0, 0)]  # load the number of the call
    for number in {NUMBERS}:
        filter += [(0x15, 0, 1, number), (0x06, 0, 0, 0x7fff0000)]
    filter.append((0x06, 0, 0, 0x80000000))  # SECCOMP_RET_KILL_PROCESS
    code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *one) for one in filter))
    program = struct.pack('HxxxxxxP', len(filter), ctypes.addressof(code))
    prctl = ctypes.CDLL(None).prctl
    assert prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, program, 0, 0) == 0
"""

# What each does, how it ends, and how many datagrams it receives. They join OTHER.
PROGRAMS = {
    'is_killed': ("""
receive(s)
os.kill(os.getpid(), signal.SIGKILL)
""", -signal.SIGKILL, 1),
    'is_ended_by_a_signal_in_its_sleep': ("""
receive(s)
signal.setitimer(signal.ITIMER_REAL, 0.1)
s.recv(2048)
""", -signal.SIGALRM, 1),
    'has_a_child_that_receives': ("""
receive(s)
pid = os.fork()
if pid == 0:
    receive(s)
    os._exit(0)
os.waitpid(pid, 0)
""", 0, 2),
    'has_a_child_that_ends_first': ("""
receive(s)
pid = os.fork()  # Mellanox/libvma 87
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
receive(s)
""", 0, 2),
    'executes_another': ("""
receive(s)
os.set_inheritable(s.fileno(), True)
os.execv(sys.executable, [sys.executable, '-c', '''
import os, socket, sys
s = socket.socket(fileno=int(sys.argv[1]))
os.write(1, b"ready\\\\n")
os.write(1, b"got " + s.recv(2048) + b"\\\\n")
'''.replace('\\\\\\\\n', '\\\\n'), str(s.fileno())])
""", 0, 2),
    'gives_up_its_privileges': (DROP + """
receive(s)
drop()
receive(s)
""", 0, 2),
    'may_call_only_what_a_receiver_calls': (LOCK + """
lock()
for _ in range(3):
    receive(s)
os._exit(0)
""", 0, 3),
    'closes_under_another_thread': ("""
receive(s)
reader = threading.Thread(target=lambda: say('got', s.recv(2048).decode()))
reader.start()
asleep = '7', '45', '232', '271', '281'
while open(f'/proc/self/task/{reader.native_id}/syscall').read().split()[0] not in asleep:
    pass
os.close(s.detach())
say('ready')
reader.join()
""".replace('s.recv(2048)', 'os.read(fd, 2048)').replace('receive(s)\nreader', '''receive(s)
fd = s.fileno()
reader'''), 0, 2),
}


@pytest.mark.parametrize('name', PROGRAMS)
def test_others_go_on_and_groups_are_left_when_a_program(host, name):
    script, status, times = PROGRAMS[name]
    if ('lock()' in script or 'syscall' in script) and platform.machine() != 'x86_64':
        pytest.skip('absent: x86-64')
    engine = host.start_engine()
    other = host.python('s = member()\nwhile True:\n    receive(s)\n')
    other.says('ready')
    program = host.python('s = member(OTHER)\n' + script)
    for n in range(1, times + 1):
        program.says('ready', n)
        host.send(n, group=OTHER)
        host.send(n)
        program.says(f'got {n}')
        other.says(f'got {n}')
    assert program.end()[0] == status, program.errors()
    wait_for(lambda: host.groups() == [GROUP], 10, 'its group is left')
    wait_for(lambda: len(engine.stats()['consumers']) == 1, 10, 'its channel is gone')
    host.send('last')
    other.says('got last')
    numbers = [line for line in other.lines() if line != 'ready']
    assert numbers == [f'got {n}' for n in range(1, times + 1)] + ['got last']
    other.kill()
    assert engine.stop() == 0


def test_a_handler_receives_as_well_and_each_datagram_comes_once(host):
    host.start_engine()
    program = host.start(HANDLER, GROUP, PORT, 'receive')
    program.says('ready')
    mcsend(host.wire.sender, f'{GROUP}:{PORT}', count=5000, rate=20_000, size=SIZE)
    host.send('end')
    assert program.end() == (0, ['ready', 'got 5001'])


@pytest.mark.parametrize('way', ['kernel', 'engine'])
def test_a_handler_may_close_the_socket(host, way):
    engine = host.start_engine()
    argv = HANDLER, GROUP, PORT, 'close'
    program = host.start(*argv) if way == 'engine' else Program(host, argv)
    program.says('ready')
    assert program.end() == (0, ['ready', 'closed Bad file descriptor'])
    wait_for(lambda: host.groups() == [], 10, 'the group is left')
    assert engine.stop() == 0


def test_a_program_without_permission_receives_from_the_kernel_and_says_so(host):
    host.start_engine()
    os.chmod(host.wire.lab.dir, 0o755)
    program = host.python(DROP + 'drop()\ns = member()\nreceive(s)\n', options=['--verbose'])
    program.says('ready')
    assert host.groups() == [] and host.kernel_groups() == [GROUP]
    host.send('1')
    assert program.end() == (0, ['ready', 'got 1'])
    assert 'not permitted' in program.errors()


# ---- programs without the library ----

GO = """package main
import ("fmt"; "net")
func main() {
    eth0, _ := net.InterfaceByName("eth0")
    c, err := net.ListenMulticastUDP("udp4", eth0, &net.UDPAddr{IP: net.ParseIP("%s"), Port: %d})
    if err != nil { panic(err) }
    data := make([]byte, 2048)
    for i := 0; i < 2; i++ { n, _, _ := c.ReadFrom(data); fmt.Println("from", string(data[:n])) }
}
"""


def build_static(lab):
    path = lab.path('static')
    done = subprocess.run(['gcc', '-static', '-o', path, os.path.join(ROOT, 'examples', 'classic.c')],
                          capture_output=True)
    if done.returncode:
        pytest.skip('absent: a C compiler and a static C library')
    return path, 'statically linked'


def build_setuid(lab):
    path = lab.public(CLASSIC)
    os.chown(path, NOBODY, NOBODY)
    os.chmod(path, 0o4755)
    return path, 'set-user-ID'


def build_go(lab):
    if not shutil.which('go'):
        pytest.skip('absent: go')
    path = lab.path('receive')
    with open(path + '.go', 'w') as file:
        file.write(GO % (GROUP, PORT))
    subprocess.run(['go', 'build', '-o', path, path + '.go'], check=True,
                   env={**os.environ, 'GOCACHE': lab.path('cache'), 'GO111MODULE': 'off'})
    return path, 'built by Go'


@pytest.mark.parametrize('build', [build_static, build_setuid, build_go])
def test_a_program_that_cannot_have_the_library_receives_from_the_kernel(host, build):
    path, why = build(host.wire.lab)
    host.start_engine()
    program = host.start(path, GROUP, PORT, 2)
    wait_for(lambda: host.is_bound() and host.kernel_groups() == [GROUP], 10, 'it has joined')
    assert host.groups() == []
    assert why in program.errors()
    host.send('one', 'two')
    status, lines = program.end()
    assert (status, [line.split()[1] for line in lines]) == (0, ['one', 'two'])


@pytest.mark.parametrize('argv', [
    ['ping', '-c1', '127.0.0.1'],
    ['sudo', '-n', 'true'],
    ['gdb', '-nx', '-batch', '-ex', 'run', '--args', 'true'],  # Mellanox/libvma 42
], ids=lambda argv: argv[0])
def test_under_an_exported_preload_nothing_is_printed(host, argv):
    if not shutil.which(argv[0]):
        pytest.skip(f'absent: {argv[0]}')
    folder, name = os.path.split(PRELOAD) # a space ends a name in LD_PRELOAD
    done = host.wire.receiver.run(*argv, check=False, env={
        **os.environ, 'LD_PRELOAD': name, 'LD_LIBRARY_PATH': folder})
    assert done.returncode == 0, done.stderr
    assert 'mcring' not in done.stdout + done.stderr and 'LD_PRELOAD' not in done.stderr
