# SPDX-License-Identifier: BSD-3-Clause
"""How long nothing is received at a restart, and where the time goes: a daemon on a veth pair is stopped
and started while a kernel sends a datagram each 10 us, numbered and stamped with its time. A reader
that reattaches sees which are missing (root)."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

from . import common
from .common import Row

PROGRAMS = ['ip', 'sysctl']
RATE = 100_000
FLOW_S = 0.4    # traffic before the stop, and after the start
RING = '64M'    # what comes while the reader reattaches is kept
GROUPS = {16: 28, 1000: 22}  # the length of a prefix that has as many, or a few more

# What ends a step, in order: (step, line of the log).
STOP = (('until lcores have stopped', 'lcores have stopped'), ('ports stopped', r'received \d+ '),
        ('ports closed, memory freed', 'ports are closed'), ('EAL and process ended', None))
START = (('program loaded, EAL initialised', 'EAL is up'), ('ports open, rings filled', 'ports are open'),
         ('filters, reports, lcores poll', r'\bready\b'))
# Of a daemon that stood by: it has EAL and its rings already.
TAKE_OVER = (('end noticed, device probed', 'takes over'), ('ports open', 'ports are open'), START[-1])


def lab_modules():
    sys.path.insert(0, os.path.join(common.ROOT, 'tests', 'lab'))
    import netlab
    import programs
    return netlab, programs


def missing(path):
    """(seconds from the last datagram before the restart to the first after it, datagrams that are
    missing) by what the reader printed."""
    before, after, place = [], [], None
    with open(path) as lines:
        for line in lines:
            one = json.loads(line)
            if one.get('event') == 'restart':
                place = after
            elif 'data' in one:
                number, sent_ns = int(one['data'][:16], 16), int(one['data'][16:32], 16)
                (before if place is None else place).append((number, sent_ns))
    if not before or not after:
        raise RuntimeError(f'the reader saw no restart: {len(before)} messages before, {len(after)} after')
    seen = {number for number, _ in before} | {number for number, _ in after}
    gaps = [(b - a, a, b) for a, b in zip(sorted(seen), sorted(seen)[1:])]
    _, last, first = max(gaps)
    stamp = dict(before + after)
    return (stamp[first] - stamp[last]) / 1e9, sum(gap - 1 for gap, *_ in gaps)


class Restart:
    """A sender, a daemon whose log is stamped, a reader."""

    def __init__(self, netlab, programs, driver, groups, args):
        class Stamped(programs.Daemon):
            """Notes when each line of the log came."""

            def start(self, wait=True):
                self.lines, self.started = [], time.monotonic()
                self.process = self.host.start(*self.argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                               text=True)
                threading.Thread(target=self.note, args=(self.process, self.lines), daemon=True).start()
                if wait:
                    netlab.wait_for(self.ready, 60, 'the daemon is ready')

            @staticmethod
            def note(process, lines):
                for line in process.stderr:
                    lines.append((time.monotonic(), line))

            def log(self):
                return ''.join(line for _, line in self.lines)

        self.programs, self.stamped, self.wait_for = programs, Stamped, netlab.wait_for
        self.lab = netlab.Lab()
        self.tx, self.rx = self.lab.namespace('tx'), self.lab.namespace('rx')
        self.lab.wire(self.tx, 'eth0', self.rx, 'eth0')
        self.tx.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
        self.vdev = f'{driver}0,iface=eth0'
        self.args = ('--interface', f'feed={driver}0,address=10.0.0.2/24', '--channel', f'default,bytes={RING}',
                     '--join', f'239.1.0.0/{GROUPS[groups]}:5000', '--verbose', *args)
        self.daemon = self.start()

    def start(self, *args, **kwargs):
        return self.stamped(self.lab, self.rx, *self.args, *args, vdev=self.vdev, **kwargs)

    def steps(self, names, begin, lines):
        """The ms of each step, up to the last whose line was found. Two processes are seen by two threads: what
        one says may be seen before the end of the other."""
        found = {}
        for name, pattern in names:
            at = next((at for at, line in lines if pattern and re.search(pattern, line)), None)
            if at is not None:
                found[name], begin = max(0, at - begin) * 1e3, at
        return found, begin

    def once(self):
        return self.measure(lambda old: (self.daemon.start(), self.daemon)[1], START)

    def take_over(self):
        waiting = self.start('--standby', name=self.daemon.name, wait=False)
        self.wait_for(lambda: 'standing by' in waiting.log(), 60, 'it stands by')
        return self.measure(lambda old: waiting, TAKE_OVER)

    def measure(self, go_on, names):
        """Ends the daemon; go_on gives the one that goes on, which takes the steps of these names."""
        old, cat = self.daemon, self.daemon.cat('--from', 'newest', '--reattach', timeout=60)
        self.wait_for(lambda: old.stats()['consumers'], 60, 'the reader is there')
        traffic = self.programs.Traffic(self.tx, '239.1.0.1:5000', rate=RATE, size=16)
        time.sleep(FLOW_S)
        lines, begin = old.lines, time.monotonic()
        old.process.send_signal(signal.SIGTERM)
        old.process.wait(30)
        ended = time.monotonic()
        self.daemon = go_on(old)
        self.wait_for(self.daemon.ready, 60, 'it is ready')
        time.sleep(FLOW_S)
        traffic.stop()
        time.sleep(0.3)
        cat.process.send_signal(signal.SIGINT)
        cat.wait()
        figures, last = self.steps(STOP, begin, lines)
        figures[STOP[-1][0]] = (ended - last) * 1e3
        figures.update(self.steps(names, ended, self.daemon.lines)[0])
        seconds, lost = missing(cat.path)
        return {**figures, 'outage': seconds * 1e3, 'missing': lost}


# (driver, groups, arguments, whether one stands by)
CASES = {'16 groups': ('net_af_packet', 16, ['--keep-memberships'], False),
         '16 groups, which are left': ('net_af_packet', 16, [], False),
         '16 groups, one stands by': ('net_af_packet', 16, ['--keep-memberships'], True),
         '1000 groups': ('net_af_packet', 1000, ['--keep-memberships'], False),
         '1000 groups, one stands by': ('net_af_packet', 1000, ['--keep-memberships'], True),
         'net_af_xdp, 16 groups': ('net_af_xdp', 16, ['--keep-memberships'], False),
         'net_af_xdp, 16 groups, one stands by': ('net_af_xdp', 16, ['--keep-memberships'], True)}
QUICK = ('16 groups', '16 groups, one stands by')


def run(run):
    if os.geteuid() != 0:
        raise common.Skip('root is needed, for network namespaces')
    netlab, programs = lab_modules()
    for case, (driver, groups, args, stands_by) in CASES.items():
        if run.quick and case not in QUICK:
            continue
        restart = Restart(netlab, programs, driver, groups, args)
        try:
            run.compare_all('restart', restart.take_over if stands_by else restart.once, None, [
                Row(f'{case}: nothing is received', 'outage', 'ms'),
                Row(f'{case}: datagrams missing, one each 10 us', 'missing', 'datagrams'),
                *[Row(f'{case}: stop: {name}', name, 'ms') for name, _ in STOP],
                *[Row(f'{case}: start: {name}', name, 'ms') for name, _ in (TAKE_OVER if stands_by else START)]],
                pairs=1 if run.quick else min(run.pairs, 5))
        finally:
            restart.lab.close()
