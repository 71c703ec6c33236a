# SPDX-License-Identifier: BSD-3-Clause
"""Packets over shared memory: dpdk-testpmd sends through net_virtio_user into net_vhost, where mcring
or dpdk-testpmd rxonly receives. The sender has core 0, the receiver core 1. By the CPU time of the
receiving lcore."""

import os
import time

from . import common

SIZE = 86
GROUP = '239.16.0.1'
MAC = '01:00:5e:10:00:01'


def sender(run, socket):
    return common.Testpmd(
        run, '--forward-mode=txonly', '--total-num-mbufs=8192', f'--tx-ip=192.0.2.1,{GROUP}',
        '--tx-udp=5000,5000', f'--eth-peer=0,{MAC}', f'--txpkts={SIZE + common.HEADERS}',
        vdev=f'net_virtio_user0,path={socket}', eal=['--main-lcore', '1'])


def wait_for_socket(path, process):
    end = time.monotonic() + 30
    while not os.path.exists(path):
        if time.monotonic() > end or process.poll() is not None:
            raise RuntimeError('the receiver does not open its vhost socket')
        time.sleep(0.05)


def ours(run, *args):
    socket = run.path(f'vhost{time.monotonic_ns()}')
    bench = common.Bench('engine', '--port', 'net_vhost0', '--size', SIZE, '--ms', run.ms, *args,
                         vdev=[f'net_vhost0,iface={socket}'])
    wait_for_socket(socket, bench.process)
    program = sender(run, socket)
    try:
        program.start()
        return 1e9 / bench.result()['cpu_ns']
    finally:
        program.quit()


def testpmd(run):
    socket = run.path(f'vhost{time.monotonic_ns()}')
    receiver = common.Testpmd(run, '--forward-mode=rxonly', '--total-num-mbufs=8192',
                              vdev=f'net_vhost0,iface={socket}')
    try:
        program = sender(run, socket)
        try:
            program.start()
            time.sleep(0.3)
            receiver.start()
            time.sleep(run.ms / 1000)
            packets, _, cpu_ns = receiver.stop()
        finally:
            program.quit()
    finally:
        receiver.quit()
    return packets * 1e9 / cpu_ns


def run(run):
    """Received a second, 512 groups joined, without a consumer and with one that sleeps."""
    run.compare('link', '512 groups', lambda: ours(run), lambda: testpmd(run), 'testpmd rxonly',
                'packets/s', target=0.97, better='higher')
    run.compare('link', '512 groups, a consumer once a millisecond',
                lambda: ours(run, '--readers', 1, '--drain-us', 1000), lambda: testpmd(run),
                'testpmd rxonly', 'packets/s', target=0.97, better='higher')
