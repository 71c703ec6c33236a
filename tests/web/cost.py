#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""cost.py [RUNS [SECONDS]]: what mcring-exporter costs an engine with 10,240 groups that all flow, when it is
scraped each second, each 5 s, and not at all: CPU time of the control thread and its longest round. The runs
take turns; what is printed are medians, and the least and the most."""

import json
import os
import socket
import statistics
import subprocess
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'lab')]

import netlab  # noqa: E402
import programs  # noqa: E402
from monitors import Exporter  # noqa: E402

GROUPS = ('239.1.0.0/19', '239.1.32.0/21')  # 8,192 and 2,048
RATE = 20_000  # datagrams a second
STATS, WHY = '{"command":"stats","groups":100}', '{"command":"why"}'
EVERY = {'not at all': None, 'each 5 s': 5, 'each second': 1}


def cpu_ns(daemon):
    """Of the main thread, which is control."""
    with open(f'/proc/{daemon.process.pid}/task/{daemon.process.pid}/schedstat') as stat:
        return int(stat.read().split()[0])


def status(daemon):
    return json.loads(daemon.ctl('--json', 'status').stdout)  # without the groups


def ask(daemon, command):
    with socket.socket(socket.AF_UNIX) as stats:
        stats.connect(os.path.join(daemon.run_dir, 'stats'))
        stats.sendall(command.encode() + b'\n')
        while not stats.recv(1 << 20).endswith(b'\n'):
            pass


def cost_ms(daemon, command, used_ms, times=50):
    """CPU time of control for one question, beyond what it uses anyway."""
    before, began = cpu_ns(daemon), time.monotonic()
    for _ in range(times):
        ask(daemon, command)
    return ((cpu_ns(daemon) - before) / 1e6 - used_ms * (time.monotonic() - began)) / times


def run(every, seconds):
    """Gives the CPU time of control in ms for each second, its longest round in ms, what an answer took
    and had, and what one question of each kind costs."""
    lab = netlab.Lab()
    try:
        sender, receiver = lab.namespace('tx'), lab.namespace('rx')
        lab.wire(sender, 'eth0', receiver, 'eth0')
        daemon = programs.Daemon(
            lab, receiver, '--interface', 'feed=net_af_packet0,address=10.0.0.2/24', '--idle', 'adaptive',
            *[word for group in GROUPS for word in ('--join', f'{group}:5000')],
            vdev='net_af_packet0,iface=eth0')
        exporter = Exporter(lab, daemon.run_dir)
        lab.prefixes.append(f'mcring_t{os.getpid()}_gen')
        sender.start(programs.GEN, '-l', '1', '--no-huge', '-m', '256', '--no-pci', '--no-telemetry',
                     '--file-prefix', lab.prefixes[-1], '--vdev=net_af_packet1,iface=eth0', '--',
                     '--port', 'net_af_packet1', '--rate', RATE, '--duration', seconds + 30,
                     *[word for group in GROUPS for word in ('--group', group)],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        netlab.wait_for(lambda: status(daemon)['delivered'] > 3 * RATE, 30, 'the groups flow')
        exporter.metrics()
        before, end = cpu_ns(daemon), time.monotonic() + seconds
        while every and time.monotonic() < end - every / 2:
            time.sleep(every)
            exporter.metrics()
        time.sleep(max(0, end - time.monotonic()))
        used = (cpu_ns(daemon) - before) / seconds / 1e6
        longest = status(daemon)['control']['longest_round_ns'] / 1e6
        text = exporter.ask('/metrics')[2].splitlines()
        took, octets = (float(next(line for line in text if line.startswith(name)).split()[1])
                        for name in ('mcring_answer_duration_seconds', 'mcring_answer_size_bytes'))
        return (used, longest, took * 1e3, octets / 1e3, cost_ms(daemon, STATS, used),
                cost_ms(daemon, WHY, used))
    finally:
        lab.close()


def main():
    runs, seconds = [int(word) for word in sys.argv[1:]] + [5, 20][len(sys.argv) - 1:]
    found = {name: [] for name in EVERY}
    for _ in range(runs):
        for name, every in EVERY.items():
            found[name].append(run(every, seconds))
    print('scraped      control: CPU ms/s  longest round ms  an answer: ms  kB  a question: stats ms  why ms')
    for name, rows in found.items():
        print(f'{name:12}', *[f'{statistics.median(column):8.2f} ({min(column):.2f}-{max(column):.2f})'
                              for column in zip(*rows)])


if __name__ == '__main__':
    main()
