# SPDX-License-Identifier: BSD-3-Clause
"""What every benchmark needs: programs, interleaved pairs, medians, results."""

import atexit
import glob
import json
import math
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import tempfile
import time
import typing

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('MCRING_BUILD', os.path.join(ROOT, 'build'))
BENCH = os.path.join(BUILD, 'tools', 'mcring-bench')
HEADERS = 42  # octets of Ethernet, IPv4 and UDP before a payload
HEADERS6 = 62 # with IPv6

# EAL without hugepages or devices. Cores: the control thread and readers on 0, the rx lcore on 1.
MEMORY = ['--no-huge', '-m', '512']
QUIET = ['--no-pci', '--no-telemetry', '--log-level=3']

# What is measured comes first on its cores, in place of cores of its own. Niceness counts only within
# a session where the scheduler groups by session (autogroup): the session's own has to be set, so
# each program has a session. Without the rights all goes on as it is.
FIRST = ['sh', '-c', '(echo -20 >/proc/self/autogroup; renice -n -20 $$) >/dev/null 2>&1; exec "$@"',
         'sh']


PACKAGES = {  # of what a suite may name in PROGRAMS
    'git': 'git',
    'meson': 'meson',
    'ninja': 'ninja-build',
    'tar': 'tar',
    'dpdk-testpmd': 'dpdk-dev',
    'ip': 'iproute2',
    'sysctl': 'procps',
    'dumpcap': 'wireshark-common',
}


class Skip(Exception):
    """This benchmark cannot run here; the text says why."""


class Error(Exception):
    """Nothing is to be measured so; the text says what to do."""


def need(programs):
    """Ends the run before anything is measured when one of these is missing."""
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        packages = ' '.join(sorted({PACKAGES[name] for name in missing}))
        raise Error(f'{", ".join(missing)} is missing: run tools/install-deps, or '
                    f'apt-get install {packages}')


def callgrind(path, function):
    """What to put before a command to count its instructions within a function."""
    return ['valgrind', '--quiet', '--tool=callgrind', '--fair-sched=yes',
            f'--toggle-collect={function}', f'--callgrind-out-file={path}']


def instructions(path):
    """What callgrind counted there."""
    with open(path) as f:
        total = int(re.search(r'^(?:summary|totals): (\d+)', f.read(), re.M)[1])
    os.remove(path)
    return total


NONE_WORSE = 'none worse' # Row.better: as good as the peer's, but for chance


def by_chance(ratios):
    """Whether so many of the pairs are above 1 that it would be no rare chance (1 in 20) if ours and
    the peer were the same: the sign test. Of 9 pairs, 7 may be above 1; of fewer than 5, all."""
    n, above = len(ratios), sum(ratio > 1 for ratio in ratios)
    return sum(math.comb(n, k) for k in range(above, n + 1)) / 2 ** n > 0.05


class Row(typing.NamedTuple):
    """A result of Run.compare_all: which figure of a pair, against which. target: what the ratio
    may be, at most where lower is better, at least where higher is; with NONE_WORSE at most, or the
    pairs say nothing (by_chance)."""
    case: str
    key: str
    unit: str
    target: float = None
    better: str = 'lower'
    peer_key: str = None
    peer_name: str = None


class Run:
    """One run of the suite: how long, how often, on which port, and what came of it."""

    def __init__(self, quick, long=False, port=None, eal=None):
        self.quick, self.long = quick, long
        self.pairs = 2 if quick else 9
        self.ms = 50 if quick else 1000
        self.port = port                    # of a NIC; None: virtual devices
        self.eal = shlex.split(eal or '')   # in place of ours, when there is a port
        self.results = []
        self.commit = None                  # of the baseline; None: the usual one
        self.baseline = None                # its program, once it is built: baseline.py
        self.buffers = None                 # of our port on net_null, as last seen
        self.added = False                  # results of earlier runs are among them
        self.dir = tempfile.mkdtemp(prefix='mcrbench_')

    def path(self, name):
        return os.path.join(self.dir, name)

    def compare(self, name, case, ours, peer, peer_name, unit, target=None, better='lower'):
        """Interleaved pairs of ours() and peer(), each of which gives a number. target: what the
        ratio ours / peer may be, at most where lower is better, at least where higher is."""
        self.compare_all(name, lambda: {'ours': ours()}, lambda: {'peer': peer()},
                         [Row(case, 'ours', unit, target, better, 'peer', peer_name)])

    def alone(self, name, case, ours, unit, target=None, better='lower'):
        """The same without a peer; the target and the spread are of the figure itself."""
        self.compare_all(name, lambda: {'ours': ours()}, None,
                         [Row(case, 'ours', unit, target, better)])

    def compare_all(self, name, ours, peer, rows, pairs=None):
        """Several figures of the same pairs. ours() and peer() give dicts, of both of which a row
        may name keys; peer None: all are of ours(). A row whose key is not there gives nothing."""
        figures = []
        for _ in range(pairs or self.pairs):
            figures.append({**ours(), **(peer() if peer else {})})
        for row in rows:
            if row.key not in figures[0]:
                continue
            a = [pair[row.key] for pair in figures]
            if row.peer_key is None:
                self.add(name, row.case, statistics.median(a), None, None, row.unit, None,
                         [min(a), max(a)], row.target, row.better)
                continue
            b = [pair[row.peer_key] for pair in figures]
            ratios = [x / y for x, y in zip(a, b)]
            self.add(name, row.case, statistics.median(a), statistics.median(b), row.peer_name,
                     row.unit, statistics.median(ratios), [min(ratios), max(ratios)], row.target,
                     row.better, row.better == NONE_WORSE and by_chance(ratios))

    def add(self, name, case, ours, peer, peer_name, unit, ratio, spread, target=None,
            better='lower', excused=False):
        """excused: the target holds whatever the figure, for a reason that the case names."""
        judged = ours if ratio is None else ratio
        holds = None
        if target is not None:
            holds = excused or (judged >= target if better == 'higher' else judged <= target)
        self.results.append({
            'name': name, 'case': case, 'ours': ours, 'peer': peer, 'peer_name': peer_name,
            'unit': unit, 'ratio': ratio, 'spread': spread, 'target': target, 'holds': holds})
        print(line(self.results[-1]), flush=True)
        return self.results[-1]


def figure(x):
    if x is None:
        return '-'
    if abs(x) >= 1e6:
        return f'{x / 1e6:.2f}M'
    return f'{x:.0f}' if abs(x) >= 1000 else f'{x:.2f}' if abs(x) < 10 else f'{x:.1f}'


def line(r):
    text = f"{r['name']:8} {r['case']:44} {figure(r['ours']):>8} {r['unit']}"
    low, high = r['spread']
    if r['ratio'] is not None:
        text += f"; {r['peer_name']} {figure(r['peer'])}; ratio {r['ratio']:.2f}"
    text += f' ({figure(low)}..{figure(high)})'
    if r['holds'] is not None:
        text += f"; target {r['target']}: {'holds' if r['holds'] else 'MISSED'}"
    return text


_serial = 0


def remove_eal_files():
    for own in f'mcrbench_{os.getpid()}_*', f'mcring_mcrbench_{os.getpid()}':
        for left in glob.glob(f'/run/dpdk/{own}'):
            shutil.rmtree(left, ignore_errors=True)


atexit.register(remove_eal_files)


def prefix():
    """EAL processes with one file prefix collide."""
    global _serial
    _serial += 1
    return f'--file-prefix=mcrbench_{os.getpid()}_{_serial}'


def eal_of(run, lcores, vdev=()):
    """EAL arguments: the user's with a port, else those of virtual devices."""
    if run is not None and run.port:
        return [*run.eal, *([] if has_prefix(run.eal) else [prefix()])]
    return ['--lcores', lcores, *MEMORY, *QUIET, prefix(), *[f'--vdev={v}' for v in vdev]]


def has_prefix(eal):
    return any(one.startswith('--file-prefix') or one == '--in-memory' for one in eal)


class Bench:
    """mcring-bench, started; result() waits for its JSON object. run: one with a port has the
    user's EAL arguments in place of vdev and lcores. program: in place of the present one."""

    def __init__(self, measurement, *args, vdev=(), lcores='0@0,1@1,2@0', run=None, under=(),
                 program=None):
        self.argv = [*under, program or BENCH, *eal_of(run, lcores, vdev), '--', measurement,
                     *map(str, args)]
        self.process = subprocess.Popen([*FIRST, *self.argv], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        start_new_session=True)
        self.ms = int(args[args.index('--ms') + 1]) if '--ms' in args else 0

    def result(self, timeout=120):
        """timeout: seconds beyond those of the measurement."""
        try:
            out, err = self.process.communicate(timeout=timeout + self.ms / 1000)
        except BaseException:
            self.process.kill()
            raise
        if self.process.returncode:
            raise RuntimeError(f"{' '.join(self.argv)}: {err.strip()}")
        return last_json(out)


def last_json(out):
    return json.loads(out.splitlines()[-1])


def bench(*args, **kwargs):
    """Runs mcring-bench; gives its JSON object."""
    return Bench(*args, **kwargs).result()


def usage(program):
    """What an mcring-bench says of its options."""
    return subprocess.run([program, '--help'], capture_output=True, text=True, check=True).stdout


def worker_cpu_ns(pid):
    """CPU time of a DPDK process's first worker lcore."""
    workers = {}
    for task in glob.glob(f'/proc/{pid}/task/*'):
        with open(f'{task}/comm') as comm:
            found = re.match(r'(?:(?:lcore|rte)-worker-|dpdk-worker)(\d+)', comm.read())
        if found:
            workers[int(found[1])] = task
    if not workers:
        raise RuntimeError(f'process {pid} has no worker lcore')
    with open(f'{workers[min(workers)]}/schedstat') as stat:
        return int(stat.read().split()[0])


class Testpmd:
    """dpdk-testpmd, at a prompt, on a virtual device, or without one on the run's port. Its counts
    and the CPU time of its worker between start() and stop(): the worker sleeps outside."""

    def __init__(self, run, *args, vdev=None, lcores='0,1', eal=(), host=()):
        """host: what to put before the command, to run it elsewhere."""
        self.log = run.path(f'testpmd{time.monotonic_ns()}.log')
        self.out = open(self.log, 'w')
        self.process = subprocess.Popen(
            [*host, *FIRST, 'stdbuf', '-oL', 'dpdk-testpmd',
             *(eal_of(run, lcores) if vdev is None else eal_of(None, lcores, [vdev])), *eal,
             '--', '--no-mlockall', '--interactive', *map(str, args)],
            stdin=subprocess.PIPE, stdout=self.out, stderr=self.out, text=True,
            start_new_session=True)
        try:
            self.wait_for('Done|testpmd>', 30)
            self.order('show port summary all')
            self.wait_for('Number of available ports', 30)
        except Exception:
            self.process.kill()
            raise

    def order(self, text):
        print(text, file=self.process.stdin, flush=True)

    def wait_for(self, pattern, seconds, start=0):
        end = time.monotonic() + seconds
        while True:
            with open(self.log) as f:
                found = re.search(pattern, f.read()[start:])
            if found:
                return found
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f'testpmd: no "{pattern}": {self.tail()}')
            time.sleep(0.01)

    def tail(self):
        with open(self.log) as f:
            return f.read()[-2000:]

    def start(self):
        self.mark = os.path.getsize(self.log)
        self.cpu_ns = worker_cpu_ns(self.process.pid)
        self.order('start')

    def stop(self):
        """Gives (packets received, packets sent, worker's CPU ns) since start()."""
        self.order('stop')
        self.wait_for('Done\\.', 30, self.mark)
        with open(self.log) as f:
            text = f.read()[self.mark:]
        count = {way: int(re.findall(rf'{way}-packets: (\d+)', text)[-1]) for way in ('RX', 'TX')}
        cycles = re.search(r'CPU cycles/packet=([\d.]+)', text) # with --record-core-cycles
        self.busy_cycles = float(cycles[1]) if cycles else None
        return count['RX'], count['TX'], worker_cpu_ns(self.process.pid) - self.cpu_ns

    def quit(self):
        self.order('quit')
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.out.close()


def version(described):
    with open(os.path.join(ROOT, 'meson.build')) as f:
        text = re.search(r"version: '([^']*)'", f.read())[1]
    return text if described == 'unknown' else f'{text} ({described})'


def machine():
    """Where the figures come from."""
    with open('/proc/cpuinfo') as f:
        model = re.search(r'model name\s*: (.*)', f.read())
    def first_line(*argv):
        try:
            return subprocess.run(argv, capture_output=True, text=True,
                                  cwd=ROOT).stdout.splitlines()[0]
        except (OSError, IndexError):
            return 'unknown'
    with open('/proc/meminfo') as f:
        huge = re.search(r'HugePages_Total:\s*(\d+)', f.read())
    return {
        'cpu': model[1] if model else platform.machine(),
        'cores': os.cpu_count(),
        'kernel': platform.release(),
        'compiler': first_line('gcc', '--version'),
        'mcring': version(first_line('git', 'describe', '--always', '--dirty')),
        'dpdk': first_line('pkg-config', '--modversion', 'libdpdk'),
        'huge_pages': int(huge[1]) if huge else 0,
        'load': os.getloadavg()[0],
    }
