# SPDX-License-Identifier: BSD-3-Clause
"""Packets over shared memory: dpdk-testpmd (one flow) or mcring-gen (512 groups) sends through
net_virtio_user into net_vhost, where mcring or dpdk-testpmd rxonly receives. The sender has core 0,
the receiver core 1. By the CPU time of the receiving lcore, which polls all the time: that is the
wall clock without the time when somebody else had its core.

A consumer that drains once a millisecond takes core 0 from the sender for a while. So that testpmd
has the same sender, it runs beside a process that reads as many bytes there, as often, out of
memory as large as the ring (mcring-bench drain), at the rate that mcring received just before."""

import contextlib
import os
import subprocess
import time

from . import common

SIZE = 86
GROUPS = 512
PROGRAMS = ['dpdk-testpmd']
GROUP = '239.16.0.1'
MAC = '01:00:5e:10:00:01'
DRAIN_US = 1000
GEN = os.path.join(common.BUILD, 'tools', 'mcring-gen')


@contextlib.contextmanager
def testpmd_sends(run, socket):
    program = common.Testpmd(
        run, '--forward-mode=txonly', '--total-num-mbufs=8192', f'--tx-ip=192.0.2.1,{GROUP}',
        '--tx-udp=5000,5000', f'--eth-peer=0,{MAC}', f'--txpkts={SIZE + common.HEADERS}',
        vdev=f'net_virtio_user0,path={socket}', eal=['--main-lcore', '1'])
    try:
        program.start()
        yield
    finally:
        program.quit()


@contextlib.contextmanager
def gen_sends(run, socket):
    program = subprocess.Popen(
        [*common.FIRST, GEN, '-l', '0', *common.MEMORY, *common.QUIET, common.prefix(),
         f'--vdev=net_virtio_user0,path={socket}', '--', '--port', 'net_virtio_user0', '--group',
         '239.16.0.0/23:5000', '--size', str(SIZE), '--rate', 'max'],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True)
    try:
        yield
    finally:
        program.terminate()
        program.wait(20)


def wait_for_socket(path, process):
    end = time.monotonic() + 30
    while not os.path.exists(path):
        if time.monotonic() > end or process.poll() is not None:
            raise RuntimeError('the receiver does not open its vhost socket')
        time.sleep(0.05)


def ours(run, sender, *args):
    """Packets a second."""
    socket = run.path(f'vhost{time.monotonic_ns()}')
    bench = common.Bench('engine', '--port', 'net_vhost0', '--size', SIZE, '--groups', GROUPS,
                         '--ms', run.ms, *args, vdev=[f'net_vhost0,iface={socket}'])
    wait_for_socket(socket, bench.process)
    with sender(run, socket):
        return 1e9 / bench.result()['cpu_ns']


@contextlib.contextmanager
def equal_process(run, rate):
    """What a consumer of so many messages a second does on core 0, until the end."""
    if not rate:
        yield
        return
    program = common.Bench('drain', '--rate', int(rate), '--drain-us', DRAIN_US, '--size', SIZE,
                           '--ms', 3_600_000, lcores='0@0,1@0')
    try:
        yield
    finally:
        program.process.terminate()
        program.process.communicate(timeout=20)


def receive(receiver, seconds):
    receiver.start()
    time.sleep(seconds)
    packets, _, cpu_ns = receiver.stop()
    return packets, cpu_ns


def testpmd(run, sender, rate=0):
    """The same of testpmd rxonly, beside a process that is equal to a consumer at that rate."""
    socket = run.path(f'vhost{time.monotonic_ns()}')
    receiver = common.Testpmd(run, '--forward-mode=rxonly', '--total-num-mbufs=8192',
                              vdev=f'net_vhost0,iface={socket}')
    try:
        with equal_process(run, rate), sender(run, socket):
            end = time.monotonic() + 30
            while not receive(receiver, 0.2)[0]:
                if time.monotonic() > end:
                    raise RuntimeError('testpmd rxonly received nothing in 30 s')
            packets, cpu_ns = receive(receiver, run.ms / 1000)
    finally:
        receiver.quit()
    return packets * 1e9 / cpu_ns


def compare(run, case, sender, drains):
    args = ['--readers', 1, '--drain-us', DRAIN_US] if drains else []
    peer = 'testpmd rxonly' + (' and an equal process' if drains else '')
    rates = []

    def of_us():
        rates.append(ours(run, sender, *args))
        return rates[-1]

    run.compare('link', case, of_us, lambda: testpmd(run, sender, rates[-1] if drains else 0),
                peer, "packets/s of the lcore's time", target=0.97, better='higher')


def testpmd_part(run):
    if not run.quick:
        compare(run, 'from testpmd, one flow', testpmd_sends, drains=False)
    compare(run, 'from testpmd, one flow, a consumer once a millisecond', testpmd_sends,
            drains=True)


def gen_part(run):
    case = f'from mcring-gen, {GROUPS} groups'
    compare(run, case, gen_sends, drains=False)
    if not run.quick:
        compare(run, f'{case}, a consumer once a millisecond', gen_sends, drains=True)


PARTS = {'testpmd': testpmd_part, 'gen': gen_part}


def run(run, parts=()):
    """Received a second, 512 groups joined, without a consumer and with one that sleeps."""
    for part in parts or PARTS:
        PARTS[part](run)
