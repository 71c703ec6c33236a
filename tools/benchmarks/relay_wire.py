# SPDX-License-Identifier: BSD-3-Clause
"""A router between two hosts: mcring's relay or the kernel's forwarding (ipmr.py) on veth, and the relay on
vhost. The sender has core 0. On veth the kernel's part of receiving, and all of the kernel's forwarding,
runs in the sender's time, or in ksoftirqd's. So these count, less what the sender takes where nobody
forwards; and of the rx lcore the bursts that were not empty."""

import contextlib
import glob
import os
import re
import subprocess
import sys
import time

from . import common, link
from .common import Row
from .kernel_wire import GEN, Lab, cpu_ns, wait_for

SENDER = os.path.join(common.BUILD, 'tests', 'lab', 'mcsend')
IPMR = os.path.join(common.ROOT, 'tools', 'benchmarks', 'ipmr.py')
GROUPS, PORT, SIZE = 64, 5000, 86
SOURCE = '10.1.0.1'
RATES = 50_000, 100_000
PORTS = ('net_af_packet0,iface=in0,framecnt=8192,blocksz=1048576', 'net_af_packet1,iface=out0')


def groups():
    return [f'239.16.0.{n}' for n in range(GROUPS)]


def busy_ns(r, naps=False):
    """Of the lcore, in bursts that were not empty. One that polls always wants its core: what it did not
    get of it went to others, also within its bursts."""
    return r['busy_ns'] * (1 if naps else r['cpu_ns'] / r['wall_ns'])


def ksoftirqd_ns():
    total = 0
    for path in glob.glob('/proc/[0-9]*/comm'):
        with contextlib.suppress(OSError), open(path) as comm:
            if re.match(r'ksoftirqd/\d+$', comm.read().strip()):
                total += cpu_ns(int(path.split('/')[2]))
    return total


class Router:
    def __init__(self, run):
        self.run, self.lab = run, Lab()
        self.tx, self.router, self.rx = map(self.lab.namespace, ('tx', 'router', 'rx'))
        self.lab.wire(self.tx, 'tx0', self.router, 'in0')
        self.lab.wire(self.router, 'out0', self.rx, 'rx0')
        for host, interface, address in ((self.tx, 'tx0', SOURCE), (self.router, 'in0', '10.1.0.2'),
                                         (self.router, 'out0', '10.2.0.2'), (self.rx, 'rx0', '10.2.0.1')):
            host.keep_ipv6_silent(interface)
            host.run('ip', 'addr', 'add', f'{address}/24', 'dev', interface)
        self.router.run('sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.in0.rp_filter=0')

    @contextlib.contextmanager
    def traffic(self, rate):
        """Bursts of one datagram for each group; gives the sender's pid."""
        to = [word for group in groups() for word in ('--to', f'{group}:{PORT}')]
        program = self.tx.start(
            *common.FIRST, 'taskset', '-c', '0', SENDER, '--interface', 'tx0', '--source', SOURCE, '--size',
            SIZE, '--count', 1 << 40, '--rate', rate // GROUPS, *to, stdout=subprocess.DEVNULL)
        try:
            before = self.router.counter('in0')
            wait_for(lambda: self.router.counter('in0') > before, 30, 'traffic arrives')
            yield program.pid
        finally:
            program.terminate()
            program.wait(30)

    def count(self):
        """Datagrams that came to the router, and left it, at one moment."""
        paths = [f'/sys/class/net/{name}' for name in
                 ('in0/statistics/rx_packets', 'out0/statistics/tx_packets')]
        return map(int, self.router.run('cat', *paths).stdout.split())

    def window(self, pid, seconds):
        """CPU ns a packet of the sender and of ksoftirqd meanwhile, and the share of the packets that left."""
        cpu, (came, left) = cpu_ns(pid) + ksoftirqd_ns(), self.count()
        time.sleep(seconds)
        cpu, (came_now, left_now) = cpu_ns(pid) + ksoftirqd_ns() - cpu, self.count()
        return cpu / (came_now - came), (left_now - left) / (came_now - came)

    def nobody(self, rate, seconds):
        with self.traffic(rate) as pid:
            return self.window(pid, seconds)[0]

    def kernel(self, rate, seconds):
        router = self.router.start(sys.executable, IPMR, 'in0', 'out0', SOURCE, *groups(),
                                   stdout=subprocess.PIPE, text=True)
        try:
            if router.stdout.readline() != 'ready\n':
                raise common.Skip('the kernel forwards no multicast (CONFIG_IP_MROUTE)')
            with self.traffic(rate) as pid:
                ns, left = self.window(pid, seconds)
        finally:
            router.terminate()
            router.wait(30)
        return ns, left

    def relay(self, rate, seconds, *args):
        """The rest of the machine's part, and the rx lcore's; the share that left."""
        argv = [*common.FIRST, common.BENCH, '-l', '0,1', *common.MEMORY, *common.QUIET, common.prefix(),
                *(f'--vdev={port}' for port in PORTS), '--', 'relay', '--port', 'net_af_packet0', '--groups',
                GROUPS, '--size', SIZE, '--ms', int((seconds + 2) * 1000), *args]
        program = self.router.start(*argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with self.traffic(rate) as pid:
            wait_for(lambda: program.poll() is not None or self.leaves(), 60, 'the relay forwards')
            ns, left = self.window(pid, seconds)
            out, errors = program.communicate(timeout=60)
        if program.returncode:
            raise RuntimeError(f'mcring-bench relay: {errors.strip()}')
        return ns, busy_ns(common.last_json(out), '--adaptive' in args), left

    def leaves(self):
        _, before = self.count()
        time.sleep(0.1)
        _, now = self.count()
        return now > before + GROUPS


@contextlib.contextmanager
def sink(run, socket):
    """Takes what comes, on core 0."""
    program = common.Testpmd(run, '--forward-mode=rxonly', '--total-num-mbufs=8192', lcores='0@0,1@0',
                             vdev=f'net_virtio_user0,path={socket},queue_size=1024')
    try:
        program.start()
        yield
    finally:
        program.quit()


def vhost(run, rate, seconds):
    """Busy ns a packet of the rx lcore, which does the copying of both ports."""
    sockets = [run.path(f'vhost{time.monotonic_ns()}_{n}') for n in range(2)]
    bench = common.Bench('relay', '--port', 'net_vhost0', '--groups', GROUPS, '--size', SIZE, '--ms',
                         int(seconds * 1000),
                         vdev=[f'net_vhost{n},iface={path}' for n, path in enumerate(sockets)])
    for path in sockets:
        link.wait_for_socket(path, bench.process)
    with sink(run, sockets[1]):
        sender = subprocess.Popen(
            [*common.FIRST, GEN, '-l', '0', *common.MEMORY, *common.QUIET, common.prefix(),
             f'--vdev=net_virtio_user0,path={sockets[0]},queue_size=1024', '--', '--port',
             'net_virtio_user0', '--group', f'239.16.0.0/26:{PORT}', '--size', str(SIZE), '--rate',
             str(rate)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        try:
            return bench.result()
        finally:
            sender.terminate()
            sender.wait(20)


def compare(run):
    if os.geteuid() != 0:
        raise common.Skip('needs root, for network namespaces')
    if not os.path.exists(SENDER):
        raise common.Skip(f'{SENDER} is missing: meson configure build -Dtests=true')
    seconds = 0.5 if run.quick else 5.0
    wire = Router(run)

    def figures(rate):
        floor = wire.nobody(rate, seconds)
        kernel, left = wire.kernel(rate, seconds)
        r = {'kernel': max(kernel - floor, 1.0), 'kernel left': left}
        for key, args in (('polls', ()), ('naps', ('--adaptive',))):
            rest, busy, left = wire.relay(rate, seconds, *args)
            r |= {key: max(rest - floor, 0) + busy, f'{key} busy': busy, f'{key} left': left}
        over_vhost = vhost(run, rate, seconds)
        return {**r, 'vhost': busy_ns(over_vhost), 'lost': over_vhost['lost'] / over_vhost['copies'],
                'flat out': vhost(run, 'max', seconds)['cpu_ns']}

    ipmr = 'ipmr on veth'
    try:
        for rate in RATES[:1] if run.quick else RATES:
            at = f'CPU a packet at {rate}/s, 1 output'
            run.compare_all('relay', lambda: figures(rate), None, [
                *(row for key, text in (('polls', ''), ('naps', ', idle adaptive')) for row in (
                    Row(f'{at}, veth{text}', key, 'ns/packet', 1.0, 'lower', 'kernel', ipmr),
                    Row(f'{at}, veth{text}, of it the rx lcore', f'{key} busy', 'ns/packet'),
                    Row(f'{at}, veth{text}, forwarded', f'{key} left', 'of 1', None, 'higher',
                        'kernel left', ipmr))),
                Row(f'{at}, vhost', 'vhost', 'ns/packet', None, 'lower', 'kernel', ipmr),
                Row(f'{at}, vhost, lost', 'lost', 'of 1'),
                Row(f'{at}, vhost as fast as it goes', 'flat out', 'ns/packet', 0.2, 'lower', 'kernel',
                    ipmr)])
    finally:
        wire.lab.close()
