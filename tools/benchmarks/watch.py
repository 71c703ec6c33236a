# SPDX-License-Identifier: BSD-3-Clause
"""What mcring-watch costs. The rx lcore, beside a reader that only copies each message: net_null
delivers without a pause, far more than either reads, so both are lapped again and again. And the
watch itself: CPU time and instructions of a message."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time

from . import common
from .common import Row
from .engine import null

WATCH = os.path.join(common.BUILD, 'tools', 'mcring-watch')
SIZES = (86, 1400)
LEAST_MS, SLOW_MS = 500, 5000 # the watch attaches before it is under way; below valgrind later
SNAP_S = 0.05 # between two looks at what is not there yet


def watch_of(run, folder, recording, under=()):
    """On the core of the other readers."""
    args = ['--record', f'all,dir={folder},megabytes=64,on=recorder'] if recording else []
    return subprocess.Popen(
        [*common.FIRST, 'taskset', '-c', '0', *under, WATCH, '--run-dir', os.path.join(folder, 'engine'),
         '--state-dir', os.path.join(folder, 'watch'), '--log', '--interval', '3600s', *args],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True)


def ask(folder):
    """What the watch says of its channel, or None: not yet."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as s:
        s.connect(os.path.join(folder, 'watch', 'stats'))
        s.sendall(b'{"command":"stats"}\n')
        channels = json.loads(s.makefile().readline())['channels']
        return channels[0] if channels else None
    return None


def cpu_ns(pid):
    with open(f'/proc/{pid}/schedstat') as stat: # of the thread that reads
        return int(stat.read().split()[0])


def cost(watch, bench, folder, seconds):
    """CPU time of a message, once they come."""
    def sample():
        while watch.poll() is None and bench.poll() is None:
            said = ask(folder)
            if said and said['packets']:
                return said['packets'], cpu_ns(watch.pid)
            time.sleep(SNAP_S)
        watch.kill()
        raise RuntimeError(f'mcring-watch has read nothing: {watch.stderr.read()}')

    packets, before_ns = sample()
    time.sleep(seconds)
    more, after_ns = sample()
    return (after_ns - before_ns) / max(1, more - packets)


def engine(run, size, *args, ms=LEAST_MS):
    return common.Bench('engine', '--port', 'net_null0', '--size', size, '--ms', max(ms, run.ms), *args,
                        vdev=[null(size)])


def all_read(folder):
    """Messages that the watch has read when no more come."""
    before = None
    while before != (before := ask(folder)['packets']):
        time.sleep(SNAP_S)
    return before


def watched(run, size, recording=False, under=()):
    """One run with the watch; gives the engine's figures, and the watch's."""
    folder = run.path(f'watch{time.monotonic_ns()}')
    os.mkdir(folder)
    bench = engine(run, size, '--run-dir', os.path.join(folder, 'engine'), '--consumers', 1,
                   ms=SLOW_MS if under else max(LEAST_MS, 3 * run.ms)) # sampled twice, whoever else has its core
    watch = watch_of(run, folder, recording, under)
    try:
        per_message = cost(watch, bench.process, folder, run.ms / 2000)
        return {**bench.result(), 'message_ns': per_message, 'read': all_read(folder)}
    finally:
        watch.send_signal(signal.SIGTERM)
        watch.communicate(timeout=60)
        bench.process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def lcore(run):
    for size in SIZES[:1] if run.quick else SIZES:
        for recording in (False, True):
            case = f'{size} octets, {"watched and recorded" if recording else "watched"}'
            run.compare_all('watch', lambda: watched(run, size, recording), lambda: {
                'reader': engine(run, size, '--readers', 1).result()['cpu_ns']}, [
                    Row(case, 'cpu_ns', 'ns/packet', 1.0, common.NONE_WORSE, 'reader', 'a reader'),
                    Row(f'{case}: a message, of the watch', 'message_ns', 'ns/message')])


def instructions(run):
    """Of reading a message, in whatever is called for it."""
    if not shutil.which('valgrind'):
        print('watch    instructions skipped: valgrind is missing (apt-get install valgrind)')
        return

    def counted(recording):
        path = run.path('callgrind')
        read = watched(run, SIZES[0], recording, common.callgrind(path, 'host_read'))['read']
        return common.instructions(path) / read

    for recording in (False, True):
        run.compare_all('watch', lambda: {'ours': counted(recording)}, None, [
            Row(f'{SIZES[0]} octets, {"recorded, " if recording else ""}instructions', 'ours',
                'instructions/message')], pairs=1)


PARTS = {part.__name__: part for part in (lcore, instructions)}


def run(run, parts=()):
    for part in parts or PARTS:
        PARTS[part](run)
