# SPDX-License-Identifier: BSD-3-Clause
"""A sending and a receiving host of one veth pair, and the programs that receive there. The sender
(mcring-gen on net_af_packet) has core 0; with it runs what the kernel does for a frame until it is in
a socket, a ring or a umem. The receivers have core 1."""

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import time

from . import common

sys.path.insert(0, os.path.join(common.ROOT, 'tests', 'lab'))
from netlab import Lab, wait_for  # noqa: E402

PEER = os.path.join(common.BUILD, 'tests', 'bench', 'kernel_peer')
GEN = os.path.join(common.BUILD, 'tools', 'mcring-gen')
DAEMON = os.path.join(common.BUILD, 'app', 'mcring')
GROUP, PORT, SIZE = '239.16.0.1', 5000, 86
NOT_JOINED = '239.17.0.1'

SOCKETS = {  # name: kernel_peer's word for it
    'recvfrom': 'recvfrom',
    'recvfrom that polls': 'poll',
    'recvmmsg': 'recvmmsg',
    'TPACKET_V3': 'packet',
}
DRIVERS = {  # with what the daemon gives them when nothing is said
    'net_af_packet': 'net_af_packet0,iface=rx0,framecnt=8192,blocksz=1048576',
    'net_af_xdp': 'net_af_xdp0,iface=rx0,busy_budget=0',
}


def cpu_ns(pid):
    """CPU time of all threads of a process."""
    total = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/schedstat') as stat:
            total += int(stat.read().split()[0])
    return total


class Receiver:
    """A program on the receiving host that counts in a file; stop() gives its account."""

    def __init__(self, wire, argv, name):
        self.name = name
        self.errors = open(wire.run.path('receiver.err'), 'w+')
        self.process = wire.rx.start(*common.FIRST, *argv, stdout=subprocess.PIPE,
                                     stderr=self.errors, text=True)
        if self.process.stdout.readline() != 'ready\n':
            self.process.wait(30)
            self.errors.seek(0)
            raise common.Skip(f'{name}: {self.errors.read().strip()}')

    def stop(self):
        self.process.terminate()
        out = self.process.communicate(timeout=30)[0]
        self.errors.close()
        return json.loads(out.splitlines()[-1])


class Daemon:
    """mcring as it is run, napping when nothing comes."""

    def __init__(self, wire, driver, config=None, idle='adaptive'):
        """config: text of a file, in place of a join."""
        self.log = wire.run.path('daemon.log')
        what = ['--join', f'{GROUP}:{PORT}']
        if config:
            what = ['--config', wire.run.path('daemon.yaml')]
            with open(what[1], 'w') as file:
                file.write(config)
        with open(self.log, 'w') as log:
            self.process = wire.rx.start(
                *common.FIRST, DAEMON, '-l', '0,1', *common.MEMORY, *common.QUIET,
                f'--vdev={DRIVERS[driver]}', '--', '--name', f'mcrbench_{os.getpid()}',
                '--run-dir', wire.run.path('run'), '--interface', f'feed={driver}0,tx=never',
                *what, '--idle', idle, stdout=log, stderr=log)
        wait_for(self.ready, 30, 'the daemon is ready')

    def ready(self):
        with open(self.log) as log:
            text = log.read()
        if self.process.poll() is not None:
            raise common.Skip(f'mcring: {text.strip()}')
        return re.search(r'\bready\b', text)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Wire:
    def __init__(self, run):
        self.run, self.lab = run, Lab()
        self.tx, self.rx = self.lab.namespace('tx'), self.lab.namespace('rx')
        self.lab.wire(self.tx, 'tx0', self.rx, 'rx0')
        self.rx.run('ip', 'addr', 'add', '10.0.0.2/24', 'dev', 'rx0')
        self.rx.run('sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0',
                    'net.ipv4.conf.rx0.rp_filter=0')
        self.count_file = run.path('count')

    @staticmethod
    def generator(*args):
        return [*common.FIRST, GEN, '-l', '0', '--no-huge', '-m', '128', *common.QUIET,
                common.prefix(), '--vdev=net_af_packet0,iface=tx0', '--', '--port',
                'net_af_packet0', '--size', SIZE, '--source', '10.0.0.1', '--json', *args]

    def generate(self, *args, group=GROUP):
        args = ['--group', f'{group}:{PORT}', *args]
        done = self.tx.run(*self.generator(*args), timeout=300, start_new_session=True)
        return json.loads(done.stdout.splitlines()[-1])

    def send(self, rate, seconds, group=GROUP):
        self.generate('--rate', rate, '--duration', seconds, group=group)

    def search(self, *args):
        """Gives mcring-gen's account of its search."""
        return self.generate('--search', '--received-by',
                             f'od -An -tu8 {shlex.quote(self.count_file)}', *args)

    @contextlib.contextmanager
    def traffic(self, rate):
        """Sends meanwhile."""
        before = self.rx.counter('rx0')
        program = self.tx.start(*self.generator('--group', f'{GROUP}:{PORT}', '--rate', rate),
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: self.rx.counter('rx0') > before, 30, 'traffic arrives')
            yield
        finally:
            program.terminate()
            program.wait(30)

    def floor_ns(self, driver, rate, seconds):
        """Busy time a packet of dpdk-testpmd rxonly: the driver and the buffers."""
        program = common.Testpmd(self.run, '--forward-mode=rxonly', '--total-num-mbufs=16384',
                                 vdev=DRIVERS[driver], host=self.rx.argv())
        try:
            program.order('set record-core-cycles on')
            program.start()
            self.send(rate, seconds)
            time.sleep(0.2)
            program.stop()
            with open(program.log) as log:
                found = re.search(r'CPU cycles/packet=([\d.]+) .* at (\d+) MHz', log.read())
        finally:
            program.quit()
        return float(found[1]) * 1000 / float(found[2])

    def receiver(self, name, *args):
        """Starts one of SOCKETS or DRIVERS; args: --times, or of mcring-bench receive."""
        args = ['--count-file', self.count_file, *args]
        if name in SOCKETS:
            argv = ['taskset', '-c', '1', PEER, *args, SOCKETS[name], 'rx0', PORT, GROUP]
        else:
            argv = [common.BENCH, '-l', '0,1', *common.MEMORY, *common.QUIET, common.prefix(),
                    f'--vdev={DRIVERS[name]}', '--', 'receive', '--port', f'{name}0', '--groups',
                    16, '--size', SIZE, *args]
        return Receiver(self, argv, name)

    def receive(self, name, rate, seconds, *args, group=GROUP):
        """What a receiver says of so much traffic."""
        receiver = self.receiver(name, *args)
        self.send(rate, seconds, group)
        time.sleep(0.2)
        return receiver.stop()
