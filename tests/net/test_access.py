# SPDX-License-Identifier: BSD-3-Clause
"""What a hostile consumer can do with what the attach socket gave it: nothing."""

import array
import ctypes
import errno
import fcntl
import mmap
import os
import random
import resource
import select
import socket
import stat
import struct
import subprocess

from netlab import wait_for
from programs import CAT, Traffic, identity, mcsend, sequence

NOBODY = 65534
HELLO = struct.Struct('=QII32s32s48x')
HELLO_MAGIC, VERSION = 0x006f6c6c6548434d, 2
F_ADD_SEALS, F_SEAL_WRITE, F_SEAL_GROW = 1033, 8, 4
PUNCH_HOLE_KEEP_SIZE = 3
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                      ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]


def attach(run_dir, label=b'stranger'):
    """Speaks the attach protocol by hand; gives (socket, ring descriptors, page descriptor)."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.connect(os.path.join(run_dir, 'attach'))
    client.send(HELLO.pack(HELLO_MAGIC, VERSION, 0, b'default', label))
    fds = array.array('i')
    _, ancillary, _, _ = client.recvmsg(4096, socket.CMSG_SPACE(33 * fds.itemsize))
    for _, kind, data in ancillary:
        assert kind == socket.SCM_RIGHTS
        fds.frombytes(data)
    assert len(fds) >= 2
    return client, list(fds[:-1]), fds[-1]


def attempts(fd):
    """Every way to change the ring behind fd: (what, did it work)."""
    size = os.fstat(fd).st_size
    yield 'write', works(os.pwrite, fd, b'x', 0)
    yield 'map it writable', works(mmap.mmap, fd, 4096, mmap.MAP_SHARED,
                                   mmap.PROT_READ | mmap.PROT_WRITE)
    address = libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
    yield 'mprotect', libc.mprotect(address, 4096, mmap.PROT_READ | mmap.PROT_WRITE) == 0
    yield 'truncate', works(os.ftruncate, fd, 0)
    yield 'grow', works(os.ftruncate, fd, size * 2)
    yield 'punch', libc.fallocate(fd, PUNCH_HOLE_KEEP_SIZE, 0, 4096) == 0
    for seal in (F_SEAL_WRITE, F_SEAL_GROW):
        yield 'seal', works(fcntl.fcntl, fd, F_ADD_SEALS, seal)
    try:
        again = os.open(f'/proc/self/fd/{fd}', os.O_RDWR)
    except OSError:
        return
    yield 'open anew', os.geteuid() != os.fstat(fd).st_uid
    yield 'write after opening it anew', works(os.pwrite, again, b'x', 0)
    yield 'truncate after opening it anew', works(os.ftruncate, again, 0)


def works(call, *args):
    try:
        call(*args)
        return True
    except (OSError, ValueError) as error:
        # EINVAL: ftruncate of a descriptor that is open for reading only.
        assert getattr(error, 'errno', errno.EPERM) in (errno.EPERM, errno.EACCES, errno.EBADF,
                                                        errno.EINVAL)
        return False


def as_nobody(function):
    """Runs function in a process of user nobody; gives its result as text."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        text = 'did not finish'
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            text = str(function())
        except BaseException as error:  # reported to the parent, which fails
            text = repr(error)
        os.write(writer, text.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return text


def test_nobody_with_a_rings_descriptor_cannot_change_it(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    client, rings, page = attach(daemon.run_dir)
    assert stat.S_IMODE(os.fstat(page).st_mode) == 0o600, 'it is for who was given it'
    for ring in rings:
        succeeded = as_nobody(lambda: [what for what, worked in attempts(ring) if worked])
        assert succeeded == '[]'
    client.close()


def test_sockets_are_closed_to_strangers(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    modes = {name: stat.S_IMODE(os.stat(os.path.join(daemon.run_dir, name)).st_mode)
             for name in ('attach', 'control', 'stats')}
    assert modes == {'attach': 0o660, 'control': 0o600, 'stats': 0o660}


def cat_as(daemon, uid, gid):
    """mcring-cat of another user; gives (exit status, what it said)."""
    done = subprocess.run([daemon.lab.public(CAT), '--run-dir', daemon.run_dir, '--timeout', '1'], user=uid,
                          group=gid, extra_groups=[], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stderr


def test_only_its_readers_attach_to_a_channel(wire):
    daemon = wire.daemon('--attach', 'mode=0666', '--channel', f'default,user={NOBODY},group=7')
    for uid, gid in (NOBODY, 5), (5, 7):
        status, said = cat_as(daemon, uid, gid)
        assert 'is not for' not in said, said
    for uid, gid in (5, 5), (0, 0):
        status, said = cat_as(daemon, uid, gid)
        assert status != 0
        assert f'channel "default" is not for user {uid} (group {gid})' in said


def test_who_cannot_open_the_socket_is_told_so(wire):
    daemon = wire.daemon('--attach', 'group=7')
    status = os.stat(os.path.join(daemon.run_dir, 'attach'))
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o660, 7)
    assert 'no permission' not in cat_as(daemon, 5, 7)[1]
    status, said = cat_as(daemon, 5, 5)
    assert status != 0 and 'no permission' in said
    assert 'its mode is 0660, its group ' in said and 'sudo usermod -aG ' in said


def test_silent_and_noisy_clients_cost_a_reader_nothing(wire):
    rng = random.Random(3)
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    good = daemon.cat('--count', 20_000)
    wait_for(lambda: len(daemon.stats()['consumers']) == 1, 5, 'it is attached')
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=10_000)
    silent = []
    for turn in range(300):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        client.settimeout(10)
        client.connect(os.path.join(daemon.run_dir, 'attach'))
        if turn % 3:
            silent.append(client)
            continue
        client.send(rng.randbytes(rng.randrange(1, 5000)))
        assert b'not a hello' in client.recv(4096)
        assert client.recv(4096) == b''
        client.close()
    another, _, _ = attach(daemon.run_dir)  # a newcomer is let in beside the silent ones
    status, messages, summary = good.wait()
    traffic.stop()
    assert status == 0 and summary['lost'] == 0
    assert [sequence(m) for m in messages] == list(range(1, 20_001))
    for client in silent:
        assert b'said nothing' in client.recv(4096)
        client.close()
    another.close()


def test_a_page_full_of_garbage_harms_nobody(wire):
    rng = random.Random(1)
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    good = daemon.cat('--count', 5000)
    client, _, page = attach(daemon.run_dir)
    size = os.fstat(page).st_size
    wait_for(lambda: len(daemon.stats()['consumers']) == 2, 5, 'both are attached')
    with mmap.mmap(page, size) as memory:
        for turn in range(20):
            memory[:] = b'\xff' * size if turn == 0 else rng.randbytes(size)
            mcsend(wire.sender, '239.1.1.1:5000', count=250, rate=20_000)
            assert os.getpid() in [one['pid'] for one in daemon.stats()['consumers']]
    status, messages, summary = good.wait()
    assert status == 0 and summary['lost'] == 0
    assert len(messages) == 5000 and sequence(messages[-1]) == 250
    client.close()
    wait_for(lambda: not daemon.stats()['consumers'], 5, 'both are gone')
    identity(daemon.stats())


def test_garbage_on_the_sockets_harms_nobody(wire):
    rng = random.Random(2)
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    for name in ('attach', 'control'):
        for kind in (socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
            for _ in range(20):
                with socket.socket(socket.AF_UNIX, kind) as client:
                    try:
                        client.connect(os.path.join(daemon.run_dir, name))
                        client.send(rng.randbytes(rng.randrange(1, 5000)))
                    except OSError:
                        pass  # the other kind of socket, or closed on us
    mcsend(wire.sender, '239.1.1.1:5000', count=100)
    status, _, _ = daemon.cat('--count', 100).wait()
    assert status == 0
    assert daemon.stop() == 0


def leave_answers(run_dir, n):
    """Attaches n times without receiving the answer, and breaks the protocol at once; what it
    holds is kept. Gives the sockets."""
    sockets = []
    for _ in range(n):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        client.settimeout(5)
        client.connect(os.path.join(run_dir, 'attach'))
        client.send(HELLO.pack(HELLO_MAGIC, VERSION, 0, b'default', b'lock-out'))
        client.recv(16, socket.MSG_PEEK)
        try:
            client.send(b'x')
        except BrokenPipeError:
            pass  # refused
        hung_up = select.poll()
        hung_up.register(client, 0)
        assert hung_up.poll(5000)
        sockets.append(client)
    return sockets


def test_who_does_not_receive_locks_out_nobody(wire):
    os.chmod(wire.lab.path(''), 0o755)
    daemon = wire.daemon('--join', '239.1.1.1:5000', '--attach', 'mode=0666,consumers-per-user=8')
    # The kernel counts descriptors in flight against the limit that a shell gives.
    limits = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (1024, limits[1]))
    ready, gone = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            held = leave_answers(daemon.run_dir, 600)
            os.write(ready[1], str(len(held)).encode())
            os.close(gone[1])
            os.read(gone[0], 1)
        finally:
            os._exit(0)
    os.close(ready[1])
    os.close(gone[0])
    assert os.read(ready[0], 16) == b'600'
    status, said = cat_as(daemon, 5, 5)
    os.close(gone[1])
    os.close(ready[0])
    os.waitpid(pid, 0)
    assert (status, said) == (0, ''), said
    assert daemon.log().count('a consumer of user 65534 was refused') == 1


def test_the_limit_of_open_files_is_raised_and_named_when_too_low(wire):
    daemon = wire.daemon('--join', '239.1.1.1:5000')
    daemon.stop()
    argv = daemon.argv
    for limit, is_low in ('256:4096', False), ('512:512', True):
        daemon.argv = ['prlimit', f'--nofile={limit}', *argv]
        daemon.start()
        most = int(limit.split(':')[1])
        assert resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE) == (most, most)
        assert (f'may open {most} files' in daemon.log()) == is_low
        assert daemon.stop() == 0


def test_a_successor_in_the_same_run_directory_keeps_what_is_its_own(wire):
    first = wire.daemon('--join', '239.1.1.1:5000')
    for name in 'lock', 'attach', 'control', 'stats':
        os.unlink(os.path.join(first.run_dir, name))
    second = wire.daemon('--join', '239.1.1.1:5000', '--run-dir', first.run_dir)
    second.run_dir = first.run_dir
    assert first.stop() == 0
    third = wire.daemon('--join', '239.1.1.1:5000', '--run-dir', first.run_dir, wait=False)
    assert third.process.wait(20) != 0
    assert 'is taken by a live engine' in third.log()
    os.unlink(os.path.join(first.run_dir, 'lock'))
    third.start(wait=False)
    assert third.process.wait(20) != 0
    assert 'is taken by a live engine' in third.log()
    consumer = second.cat('--count', 10)
    mcsend(wire.sender, '239.1.1.1:5000', count=10)
    status, messages, _ = consumer.wait()
    assert (status, len(messages)) == (0, 10)
    assert second.stop() == 0


def test_a_run_directory_of_another_user_is_refused(wire):
    path = wire.lab.path('theirs')
    os.mkdir(path)
    os.chown(path, NOBODY, NOBODY)
    daemon = wire.daemon('--join', '239.1.1.1:5000', '--run-dir', path, wait=False)
    assert daemon.process.wait(20) != 0
    assert f'the run directory {path} belongs to user {NOBODY}' in daemon.log()
    assert os.listdir(path) == []
