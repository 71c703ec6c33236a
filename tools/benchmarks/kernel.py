# SPDX-License-Identifier: BSD-3-Clause
"""Against programs that receive through the kernel, on the same veth pair and from the same sender
(mcring-gen on net_af_packet). In network namespaces of its own; needs root."""

import json
import os
import subprocess
import sys
import time

from . import common

sys.path.insert(0, os.path.join(common.ROOT, 'tests', 'lab'))
from netlab import Lab, wait_for  # noqa: E402

PEER = os.path.join(common.BUILD, 'tests', 'bench', 'kernel_peer')
GEN = os.path.join(common.BUILD, 'tools', 'mcring-gen')
GROUP, PORT = '239.16.0.1', 5000
PEERS = {'recvfrom': 'recvfrom', 'recvmmsg': 'recvmmsg', 'packet': 'TPACKET_V3'}
DRIVERS = {
    'net_af_packet': 'net_af_packet0,iface=rx0,framecnt=8192,blocksz=1048576',
    'net_af_xdp': 'net_af_xdp0,iface=rx0',
}


class Wire:
    """A sending and a receiving host."""

    def __init__(self, run):
        self.run, self.lab = run, Lab()
        self.tx, self.rx = self.lab.namespace('tx'), self.lab.namespace('rx')
        self.lab.wire(self.tx, 'tx0', self.rx, 'rx0')
        self.rx.run('ip', 'addr', 'add', '10.0.0.2/24', 'dev', 'rx0')
        self.rx.run('sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0',
                    'net.ipv4.conf.rx0.rp_filter=0')

    def send(self, rate, seconds):
        """Gives the number of datagrams that were sent."""
        done = self.tx.run(GEN, '-l', '0', '--no-huge', '-m', '128', *common.QUIET,
                           common.prefix(), '--vdev=net_af_packet0,iface=tx0', '--', '--port',
                           'net_af_packet0', '--group', f'{GROUP}:{PORT}', '--size', '86',
                           '--source', '10.0.0.1', '--rate', str(rate), '--duration',
                           str(seconds), '--json', timeout=120)
        return json.loads(done.stdout.splitlines()[-1])['sent']

    def kernel(self, how, rate, seconds):
        program = self.rx.start('taskset', '-c', '1', PEER, how, 'rx0', PORT, 600, GROUP,
                                stdout=subprocess.PIPE, text=True)
        program.stdout.readline()
        sent = self.send(rate, seconds)
        time.sleep(0.2)
        program.terminate()
        result = json.loads(program.communicate(timeout=20)[0])
        return {**result, 'sent': sent}

    def ours(self, driver, rate, seconds):
        result = self.run.path('ours.json')
        ms = int(seconds * 600)
        with open(result, 'w') as out:
            program = self.rx.start(
                common.BENCH, '--lcores', '0@0,1@1,2@0', *common.MEMORY, *common.QUIET,
                common.prefix(), f'--vdev={DRIVERS[driver]}', '--', 'engine', '--port',
                f'{driver}0', '--groups', '16', '--size', '86', '--ms', str(ms), stdout=out,
                stderr=subprocess.PIPE, text=True)
        wait_for(lambda: program.poll() is not None or self.ready(program), 30, 'the engine runs')
        if program.poll() is not None:
            raise common.Skip(f'{driver}: {program.stderr.read().strip()}')
        self.send(rate, seconds)
        program.wait(30)
        with open(result) as f:
            return json.loads(f.read().splitlines()[-1])

    @staticmethod
    def ready(program):
        """The rx lcore polls: it has used CPU time."""
        try:
            return common.worker_cpu_ns(program.pid) > 200e6
        except (RuntimeError, OSError):
            return False


def cpu(run, wire, seconds):
    rate = 50_000
    for driver in DRIVERS:
        target = 1 / 3 if driver == 'net_af_xdp' else None
        run.compare('kernel', f'CPU a packet at {rate}/s, {driver}',
                    lambda: wire.ours(driver, rate, seconds)['busy_ns'],
                    lambda: wire.kernel('recvfrom', rate, seconds)['cpu_ns'], 'recvfrom',
                    'ns/packet', target=target)
    for how in ('recvmmsg', 'packet'):
        run.compare('kernel', f'CPU a packet at {rate}/s, net_af_packet',
                    lambda: wire.ours('net_af_packet', rate, seconds)['busy_ns'],
                    lambda: wire.kernel(how, rate, seconds)['cpu_ns'], PEERS[how], 'ns/packet')


def run(run):
    """CPU time a packet against socket programs."""
    if os.geteuid() != 0:
        raise common.Skip('needs root, for network namespaces')
    if not os.path.exists(PEER):
        raise common.Skip(f'{PEER} is missing: meson configure build -Dtests=true')
    wire = Wire(run)
    try:
        cpu(run, wire, 1.0 if run.quick else 3.0)
    finally:
        wire.lab.close()
