# SPDX-License-Identifier: BSD-3-Clause
"""The daemon under a sender that is as fast as one core can be."""

import json
import os
import re
import subprocess
import time

import pytest

from netlab import wait_for
from programs import Daemon, GEN, identity, sequence

SECONDS = int(os.environ.get('MCR_FLOOD_SECONDS', '10'))


def start_receiver(lab, host, *args, queues=1, interface='', **kwargs):
    socket = lab.path('vhost.sock')
    # The sender gets lcore 0, the receiver lcore 1; their main lcores hardly run.
    daemon = Daemon(lab, host, '--interface', f'feed=net_vhost0{interface}', '--join',
                    '239.1.1.1:5000', *args, vdev=f'net_vhost0,iface={socket},queues={queues}',
                    **kwargs)
    return daemon, socket


def test_the_account_holds_to_the_packet_under_a_flood(lab):
    host = lab.namespace('rx')
    daemon, socket = start_receiver(lab, host)
    log = lab.path('testpmd.log')
    with open(log, 'w') as out:
        testpmd = host.start(
            'dpdk-testpmd', '-l', '0,1', '--main-lcore', 1, '--no-huge', '-m', 256, '--no-pci',
            '--no-telemetry', '--file-prefix', f'flood{os.getpid()}',
            f'--vdev=net_virtio_user0,path={socket}', '--', '--forward-mode=txonly',
            '--no-mlockall', '--total-num-mbufs=8192', '--tx-ip=198.18.0.1,239.1.1.1',
            '--tx-udp=4000,5000', '--eth-peer=0,01:00:5e:01:01:01', '--txpkts=142',
            '--interactive', stdin=subprocess.PIPE, stdout=out, stderr=out, text=True)

    def order(*lines):
        print(*lines, sep='\n', file=testpmd.stdin, flush=True)

    wait_for(lambda: 'testpmd>' in open(log).read(), 20, 'testpmd is up')
    order('start')
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        # The identity holds in every snapshot, also while packets flow.
        identity(daemon.stats())
        time.sleep(0.5)
    # Stopped a while before the port goes, so that what is in its queue arrives.
    order('stop')
    time.sleep(2)
    order('quit')
    testpmd.wait(20)
    sent = int(re.findall(r'TX-packets: (\d+)', open(log).read())[-1])
    stats = daemon.stats()
    identity(stats)
    assert sent > 1_000_000
    assert stats['delivered'] == sent, (stats, sent)
    assert daemon.stop() == 0


def test_the_generators_count_agrees_with_ours(lab):
    host = lab.namespace('rx')
    daemon, socket = start_receiver(lab, host, '--join', '239.1.1.2:6000')
    consumer = daemon.cat('--count', 30_000)
    done = host.run(GEN, '-l', '0', '--no-huge', '-m', 256, '--no-pci', '--no-telemetry',
                    f'--vdev=net_virtio_user0,path={socket}', '--', '--port', 'net_virtio_user0',
                    '--group', '239.1.1.1', '--group', '239.1.1.2:6000', '--group',
                    '239.1.1.3:7000', '--count', 45_000, '--rate', 30_000, '--json')
    sent = json.loads(done.stdout.splitlines()[-1])
    assert [flow['sent'] for flow in sent['flows']] == [15_000] * 3
    status, messages, _ = consumer.wait()
    assert status == 0
    for group in ('239.1.1.1', '239.1.1.2'):
        numbers = [int(m['data'][:16], 16) for m in messages if m['group'] == group]
        assert numbers == list(range(1, 15_001))
    ages = [m['rx_ns'] - int(m['data'][16:32], 16) for m in messages]
    assert min(ages) > -1_000_000 and max(ages) < 1_000_000_000, 'sent and received by one clock'
    stats = daemon.stats()
    assert stats['drops']['unknown_group'] == 15_000
    identity(stats)


# Two receiving lcores share core 1.
TWO_LCORES = ('--lcores', '0@0,1@1,2@1', '--no-huge', '-m', '512', '--no-pci', '--no-telemetry')


@pytest.mark.parametrize('queues, lcores', [(1, '1'), (2, '1/2'), (4, '1/2'), (4, '2')])
def test_flows_over_several_queues_and_lcores_stay_whole_and_in_order(lab, queues, lcores):
    groups = [f'239.2.0.{i + 1}' for i in range(8)]
    each = 2_000
    host = lab.namespace('rx')
    args = [text for group in groups for text in ('--join', f'{group}:5000,channel=all')]
    daemon, socket = start_receiver(lab, host, *args, queues=queues,
                                    interface=f',lcores={lcores}', eal=TWO_LCORES)
    # One consumer of the channel, which has a ring for each lcore.
    consumer = daemon.cat('--channel', 'all', '--count', each * len(groups))
    flows = [text for group in groups for text in ('--group', f'{group}:5000')]
    done = host.run(GEN, '-l', '0', '--no-huge', '-m', 256, '--no-pci', '--no-telemetry',
                    f'--vdev=net_virtio_user0,path={socket},queues={queues}', '--', '--port',
                    'net_virtio_user0', *flows, '--queues', queues, '--count',
                    each * len(groups), '--rate', 20_000, '--json')
    sent = json.loads(done.stdout.splitlines()[-1])
    assert [flow['sent'] for flow in sent['flows']] == [each] * len(groups)
    status, messages, summary = consumer.wait()
    assert (status, summary['lost']) == (0, 0)
    for group in groups:
        assert [sequence(m) for m in messages if m['group'] == group] == list(range(1, each + 1))

    stats = daemon.stats()
    identity(stats)
    assert stats['delivered'] == each * len(groups)
    port = stats['ports'][0]
    wanted = [int(one) for one in lcores.split('/')]
    assert (port['queues'], port['lcores']) == (queues, wanted)
    share = {one['lcore']: one['delivered'] for one in stats['lcores']}
    assert all(share[one] == each * len(groups) / len(wanted) for one in wanted), share
    assert daemon.stop() == 0
