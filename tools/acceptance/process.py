# SPDX-License-Identifier: BSD-3-Clause
"""Programs that end when accept-nic ends, whatever ends it, and the time that a phase may take."""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PR_SET_PDEATHSIG = 1
END_SECONDS = 15
STANDSTILL = """# a process, for some seconds or until SIGTERM
import os, signal, sys, time
def go_on(*_):
    os.kill(int(sys.argv[1]), signal.SIGCONT)
    sys.exit()
signal.signal(signal.SIGTERM, go_on)
os.kill(int(sys.argv[1]), signal.SIGSTOP)
time.sleep(float(sys.argv[2]))
go_on()
"""

_libc = ctypes.CDLL(None)
_running = []


class Failure(Exception):
    """Something could not be measured; the text says why."""


class TimeUp(Failure):
    """A phase has taken all of its time."""


class Interrupted(Exception):
    """A signal asks for the end."""


def _of_ours():
    """In the child: a terminal's Ctrl-C is for accept-nic alone, and a killed accept-nic ends it."""
    os.setsid()
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(argv, **kwargs):
    kwargs.setdefault('stdin', subprocess.DEVNULL)
    try:
        process = subprocess.Popen([str(word) for word in argv], preexec_fn=_of_ours, **kwargs)
    except OSError as error:
        raise Failure(f'{argv[0]}: {error.strerror}') from None
    _running.append(process)
    return process


def stop(process, signo=signal.SIGTERM, seconds=END_SECONDS):
    """Ends a program, also one that was stopped; gives its exit status."""
    if process.poll() is None:
        process.send_signal(signo)
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process in _running:
        _running.remove(process)
    return process.returncode


def stop_all():
    for process in list(_running):
        with contextlib.suppress(OSError):
            stop(process)


def end_on_signals():
    """Whoever asks for the end gets it, after all is put back; a second signal changes nothing."""
    def interrupt(signo, _frame):
        for one in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            signal.signal(one, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise Interrupted(signal.Signals(signo).name)

    for one in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(one, interrupt)


@contextlib.contextmanager
def limit(seconds):
    """What runs within it gets TimeUp after so many seconds."""
    def time_up(_signo, _frame):
        raise TimeUp(f'not done within {seconds:.0f} s')

    signal.signal(signal.SIGALRM, time_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextlib.contextmanager
def stopped(process, seconds):
    """The program stands still meanwhile, but no longer than so many seconds. Another one sets it
    going again, also if accept-nic is killed: then it gets the SIGTERM that it could not take."""
    pid = process.pid
    guard = None
    try:
        guard = start([sys.executable, '-c', STANDSTILL, pid, seconds], stderr=subprocess.DEVNULL)
        wait_for(lambda: _state(pid) == 'T', 5, 'the program stands still')
        yield
        if _state(pid) != 'T':
            raise Failure(f'the sender took longer than {seconds:.0f} s')
    finally:
        if guard:
            stop(guard)


def _state(pid):
    try:
        with open(f'/proc/{pid}/stat') as stat:
            return stat.read().rpartition(')')[2].split()[0]
    except OSError:
        return 'X'


def wait_for(condition, seconds, what):
    """Polls condition() until it is true; gives its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f'not within {seconds:.0f} s: {what}')
        time.sleep(0.02)


def last_line(path):
    """What a program said last."""
    with open(path, errors='replace') as log:
        return next((line.strip() for line in reversed(log.read().splitlines()) if line.strip()), '')


def sweep():
    """What an accept-nic that was killed could not remove."""
    for folder, pattern in (('/run/dpdk', r'(?:mcring_accept|accept_testpmd)_(\d+)$'),
                            (tempfile.gettempdir(), r'accept-nic-(\d+)-')):
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            found = re.match(pattern, name)
            if found and not os.path.exists(f'/proc/{found[1]}'):
                if folder == '/run/dpdk':
                    remove_eal_files(name)
                else:
                    shutil.rmtree(os.path.join(folder, name), ignore_errors=True)


def remove_eal_files(prefix):
    """What EAL leaves for the next program with this prefix: there is none."""
    shutil.rmtree(f'/run/dpdk/{prefix}', ignore_errors=True)
    with open('/proc/mounts') as mounts:
        folders = [line.split()[1] for line in mounts if line.split()[2] == 'hugetlbfs']
    for folder in folders:
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                if name.startswith(f'{prefix}map_'):
                    os.unlink(os.path.join(folder, name))
