# SPDX-License-Identifier: BSD-3-Clause
"""What a packet costs as things grow, in CPU time of the rx lcore: frames are made anew for the next
group before each burst, which is taken off. On a NIC's port, in busy cycles as time. And from a join to its first report: until
the driver has it, and on the wire of a veth pair against the kernel's joins (root)."""

import ipaddress
import json
import os
import statistics
import struct
import subprocess
import sys
import time

from . import common
from .common import Row
from .engine import null

PROGRAMS = ['ip', 'sysctl', 'dumpcap']
GROUPS = (1, 16, 512, 2048, 10_000)
RINGS = (256, 2048, 16_384, 65_536)     # KiB
SIZES = (20, 86, 400, 1400)
BURSTS = (16, 8, 4, 2)
CHANNELS = (2, 4, 8)
READERS = (1, 2, 3, 4)
MANY = 1000                             # joins at once
FIRST = ipaddress.ip_address('239.16.0.0')
SINGLES = 1000                          # groups before those (tools/mcring-bench/join.c)
JOINED = (2, 4) # MODE_IS_EXCLUDE, CHANGE_TO_EXCLUDE_MODE: RFC 3376 §4.2.12
KERNEL_JOINER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'kernel_joins.py')


def cost(run, *args, size=86, rewrite=True, lcores='0@0,1@1,2@0'):
    options = ['--rewrite'] if rewrite and not run.port else []
    return common.bench('engine', '--port', run.port or 'net_null0', '--size', size, '--ms',
                        run.ms, *options, *args, vdev=[null(size)], lcores=lcores,
                        run=run)['busy_ns' if run.port else 'work_ns']


def each(run, name, values, base, option, base_name, target=None, judged=None, unit=1, **kwargs):
    """Each value against the base."""
    for value in values[-1:] if run.quick else values:
        run.compare('growth', f'{value} {name}',
                    lambda: cost(run, option, value * unit, **kwargs),
                    lambda: cost(run, option, base * unit, **kwargs), base_name, 'ns/packet',
                    target=target if value == judged else None)


def bursts(run):
    """Of bursts out of silence, on a wire of their own: net_null always fetches 32 buffers."""
    def busy(n, key):
        return common.bench('burst', '--burst', n, '--ms', run.ms)['p50_ns'][key]

    for n in BURSTS[-1:] if run.quick else BURSTS:
        run.compare('growth', f'{n} packets a burst', lambda: busy(n, 'busy'),
                    lambda: busy(32, 'busy'), '32 a burst', 'busy ns/packet')
    run.compare('growth', '1 packets a burst', lambda: busy(1, 'busy lone'),
                lambda: busy(32, 'busy'), '32 a burst', 'busy ns/packet')


def readers(run):
    """More readers than other cores share a core: the writer still must not feel them."""
    for n in READERS[:1] if run.quick else READERS:
        lcores = '0@0,1@1,' + ','.join(f'{2 + i}@0' for i in range(n))
        run.compare('growth', f'{n} readers',
                    lambda: cost(run, '--readers', n, rewrite=False, lcores=lcores),
                    lambda: cost(run, rewrite=False), 'no reader', 'ns/packet')


# ---- joins ----

def flat(r):
    return {'table p50': r['table_ns']['p50'] / 1e3, 'table max': r['table_ns']['max'] / 1e3,
            'report p50': r['report_ns']['p50'] / 1e3, 'report max': r['report_ns']['max'] / 1e3,
            'many table': r['at_once_table_ns'] / 1e3, 'many report': r['at_once_report_ns'] / 1e3,
            'many packets': r['at_once_packets']}


def joins(run):
    """To the driver's transmit function: the same place on every port."""
    port, vdev = run.port or 'net_null0', ['net_null0,size=64']
    run.compare_all('growth', lambda: flat(common.bench(
        'join', '--port', port, '--groups', MANY, '--ms', run.ms, vdev=vdev, run=run)), None, [
            Row('a join, until it is in the table', 'table p50', 'us'),
            Row('a join, until it is in the table, max', 'table max', 'us'),
            Row('a join, until the driver has its report', 'report p50', 'us'),
            Row('a join, until the driver has its report, max', 'report max', 'us'),
            Row(f'{MANY} joins at once, until all are in the table', 'many table', 'us'),
            Row(f'{MANY} joins at once, until the driver has the last report', 'many report', 'us'),
            Row(f'{MANY} joins at once, IGMP packets', 'many packets', 'packets'),
        ], pairs=1 if run.quick else 5)


def reported(path):
    """First report of each group in a capture: {group: (seconds, number of the packet)}."""
    found = {}
    with open(path, 'rb') as f:
        data = f.read()
    at, number = 24, 0
    while at + 16 <= len(data):
        seconds, micros, length, _ = struct.unpack_from('<IIII', data, at)
        frame, at, number = data[at + 16:at + 16 + length], at + 16 + length, number + 1
        igmp = frame[14 + 4 * (frame[14] & 15):]
        records, place = [], 8
        if igmp[0] == 0x16:
            records = [igmp[4:8]]
        elif igmp[0] == 0x22:
            for _ in range(struct.unpack_from('>H', igmp, 6)[0]):
                if igmp[place] in JOINED: # not what was left by the one before
                    records.append(igmp[place + 4:place + 8])
                place += 8 + 4 * struct.unpack_from('>H', igmp, place + 2)[0]
        for group in records:
            found.setdefault(ipaddress.ip_address(group), (seconds + micros / 1e6, number))
    return found


class Wire:
    """A host that joins, and one that sees its reports."""

    def __init__(self, run):
        sys.path.insert(0, os.path.join(common.ROOT, 'tests', 'lab'))
        from netlab import Capture, Lab
        self.run, self.lab, self.capture = run, Lab(), Capture
        self.far, self.near = self.lab.namespace('far'), self.lab.namespace('near')
        self.lab.wire(self.far, 'far0', self.near, 'near0')
        self.near.run('ip', 'addr', 'add', '10.0.0.2/24', 'dev', 'near0')
        self.near.run('sysctl', '-qw', f'net.ipv4.igmp_max_memberships={2 * MANY}')

    def watch(self, *argv):
        """Runs what joins and tells when; gives the times from there to the wire."""
        path = self.run.path(f'{time.monotonic_ns()}.pcap')
        capture = self.capture(self.far, 'far0', path, 'igmp')
        out = self.near.run(*argv, timeout=120).stdout
        capture.stop(0.3)
        times, seen = json.loads(out.splitlines()[-1]), reported(path)
        singles = [(seen[FIRST + i][0] - at / 1e9) * 1e6 for i, at in enumerate(times['at_ns'])]
        last = [seen[FIRST + SINGLES + i] for i in range(MANY)]
        start = times['at_once_at_ns'] / 1e9
        return {'p50': statistics.median(singles), 'max': max(singles),
                'many': (max(at for at, _ in last) - start) * 1e6,
                'packets': len({number for _, number in last})}

    def ours(self):
        return self.watch(common.BENCH, *common.eal_of(None, '0@0,1@1', ['net_af_packet0,iface=near0']),
                          '--', 'join', '--port', 'net_af_packet0', '--groups', MANY, '--ms',
                          self.run.ms)

    def kernel(self):
        r = self.watch('/usr/bin/python3', KERNEL_JOINER, '10.0.0.2', self.run.ms, SINGLES, MANY)
        return {f'kernel {key}': value for key, value in r.items()}


def joins_on_wire(run):
    if os.geteuid() != 0:
        print('growth   joins on a wire skipped: root is needed, for network namespaces')
        return
    wire = Wire(run)
    peer = {'peer_name': 'setsockopt'}
    try:
        run.compare_all('growth', wire.ours, wire.kernel, [
            Row('a join, until its report is on a veth wire', 'p50', 'us', peer_key='kernel p50',
                **peer),
            Row('a join, until its report is on a veth wire, max', 'max', 'us',
                peer_key='kernel max', **peer),
            Row(f'{MANY} joins at once, until the last first report is on a veth wire', 'many',
                'us', peer_key='kernel many', **peer),
            Row(f'{MANY} joins at once, IGMP packets on the wire', 'packets', 'packets',
                peer_key='kernel packets', **peer)], pairs=1 if run.quick else 3)
    finally:
        wire.lab.close()


# ---- the whole ----

def groups(run):
    if run.port: # what comes in is for the first 512
        each(run, 'groups', (2048, 10_000), 512, '--groups', '512 groups')
    else:
        each(run, 'groups', [g for g in GROUPS if g != 16], 16, '--groups', '16 groups',
             target=1.3, judged=10_000)


def rings(run):
    each(run, 'channels that take the same groups', CHANNELS, 1, '--channels', '1 channel',
         target=1.6, judged=2)
    each(run, 'KiB a ring', RINGS[1:], RINGS[0], '--bytes', '256 KiB a ring', unit=1024)


def sizes(run):
    for size in SIZES[-1:] if run.quick else (20, 400, 1400):
        run.compare('growth', f'{size} octets', lambda: cost(run, size=size),
                    lambda: cost(run, size=86), '86 octets', 'ns/packet')


PARTS = {part.__name__: part for part in (groups, rings, bursts, sizes, readers, joins,
                                          joins_on_wire)}
OF_SENDER = ('bursts', 'sizes', 'readers') # with a port they are what comes in
OWN_WIRE = ('joins_on_wire',)


def run(run, parts=()):
    """Groups, channels, sizes of rings, bursts, payloads, readers; joins."""
    for part in parts or PARTS:
        if run.port and part in OF_SENDER + OWN_WIRE:
            print(f'growth   {part} skipped: not with --port')
        else:
            PARTS[part](run)
