# SPDX-License-Identifier: BSD-3-Clause
"""Against programs that receive through the kernel, on the same veth pair and from the same sender.
In network namespaces of its own; needs root."""

import os
import statistics
import time

from . import common
from .kernel_wire import DRIVERS, NOT_JOINED, PEER, SOCKETS, Daemon, Wire, cpu_ns

PROGRAMS = ['dpdk-testpmd', 'ip', 'sysctl']

RATES = 50_000, 300_000           # of CPU time
LATENCY_RATES = 10_000, 100_000
IDLE_RATE = 10_000
FIGURES = {'p50_ns': 'p50', 'p99_ns': 'p99', 'p999_ns': 'p99.9', 'max_ns': 'max'}
TYPICAL = 'p50_ns', 'p99_ns'
FLOOR, UNJOINED = 'the driver alone (testpmd rxonly)', 'a group that is not joined'
ADAPTIVE = 'net_af_xdp, idle adaptive'


def rounds(n, measure, names):
    """Each program in turn, n times, so that what the machine does meets them all. Gives
    {name: [result of each round]}."""
    results = {name: [] for name in names}
    for _ in range(n):
        for name in names:
            results[name].append(measure(name))
    return results


def pairs(run, case, unit, ours, peer=None, peer_name=None, **kwargs):
    """One line: the figures of the same rounds against each other, or ours alone."""
    median = statistics.median
    if peer is None:
        return run.add('kernel', case, median(ours), None, None, unit, None,
                       [min(ours), max(ours)], **kwargs)
    ratios = [a / (b or 1) for a, b in zip(ours, peer)]
    return run.add('kernel', case, median(ours), median(peer), peer_name, unit, median(ratios),
                   [min(ratios), max(ratios)], **kwargs)


def figure(results, name, key):
    return [result[key] for result in results[name]]


# ---- the highest rate without loss ----

def limit(results, name):
    """Whether it was the sender that could do no more."""
    return all(result['highest_asked'] for result in results[name])


def limited(results, name):
    return f'{name}, all that the sender can' if limit(results, name) else name


def lossless(run, wire):
    """The search of mcring-gen."""
    names = ['recvfrom', 'recvmmsg', 'TPACKET_V3', *DRIVERS]
    args = ['--duration', 0.3, '--confirm', 0.3, '--resolution', 40] if run.quick else \
        ['--duration', 1, '--confirm', 5, '--resolution', 5, '--repeat', 1]

    def measure(name):
        receiver = wire.receiver(name)
        try:
            return wire.search(*args)
        finally:
            receiver.stop()

    results = rounds(1 if run.quick else min(run.pairs, 3), measure, names)
    for ours in DRIVERS:
        for peer in names[:3]:
            pairs(run, f'lossless, {limited(results, ours)}', 'packets/s',
                  figure(results, ours, 'rate'), figure(results, peer, 'rate'),
                  limited(results, peer), better='higher',
                  target=1.0 if peer == 'recvfrom' else None, excused=limit(results, ours))


# ---- CPU time ----

def cost(run, wire):
    """TSC in bursts that were not empty, against the CPU time of a socket program. Below it the
    driver alone, as dpdk-testpmd rxonly has it, which does not look into a frame; and frames whose
    headers are read for nothing, since the group is not joined."""
    seconds = 0.3 if run.quick else 3.0

    def measure(name):
        kind, _, driver = name.partition(' on ')
        if kind == FLOOR:
            return wire.floor_ns(driver, rate, seconds)
        if kind == UNJOINED:
            return wire.receive(driver, rate, seconds, group=NOT_JOINED)['busy_ns']
        return wire.receive(name, rate, seconds)['busy_ns' if name in DRIVERS else 'cpu_ns']

    names = ['recvfrom', 'recvmmsg', 'TPACKET_V3', *DRIVERS,
             *(f'{kind} on {driver}' for driver in DRIVERS for kind in (FLOOR, UNJOINED))]
    for rate in RATES[:1] if run.quick else RATES:
        results = rounds(1 if run.quick else min(run.pairs, 5), measure, names)
        for driver in DRIVERS:
            for peer in names[:3]:
                judged = driver == 'net_af_xdp' and peer == 'recvfrom'
                pairs(run, f'busy CPU a packet at {rate}/s, {driver}', 'ns/packet', results[driver],
                      results[peer], peer, target=round(1 / 3, 3) if judged else None)
            for kind in FLOOR, UNJOINED:
                pairs(run, f'busy CPU a packet at {rate}/s, {driver}', 'ns/packet',
                      results[driver], results[f'{kind} on {driver}'], kind)


# ---- idle ----

def busy_part(pid, seconds):
    """Percent of a core."""
    cpu, start = cpu_ns(pid), time.monotonic_ns()
    time.sleep(seconds)
    return 100 * (cpu_ns(pid) - cpu) / (time.monotonic_ns() - start)


def idle(run, wire):
    """The daemon as a whole, control thread and all, with --idle adaptive."""
    seconds = 0.3 if run.quick else 3.0

    def measure(name):
        program = Daemon(wire, name) if name in DRIVERS else wire.receiver(name)
        try:
            quiet = busy_part(program.process.pid, seconds)
            with wire.traffic(IDLE_RATE):
                return {'quiet': quiet, 'fed': busy_part(program.process.pid, seconds)}
        finally:
            program.stop()

    results = rounds(1 if run.quick else min(run.pairs, 5), measure, ['recvfrom', *DRIVERS])
    for driver in DRIVERS:
        pairs(run, f'daemon, idle adaptive, {IDLE_RATE}/s, {driver}', '% of a core',
              figure(results, driver, 'fed'), figure(results, 'recvfrom', 'fed'), 'recvfrom')
        pairs(run, f'daemon, idle adaptive, no traffic, {driver}', '% of a core',
              figure(results, driver, 'quiet'))


# ---- latency ----

def latency(run, wire):
    """From the sender's stamp to the application: the handler of the rx lcore, the return of
    recvfrom."""
    seconds = 0.3 if run.quick else 3.0

    def measure(name):
        if name == ADAPTIVE:
            return wire.receive('net_af_xdp', rate, seconds, '--times', '--adaptive')
        return wire.receive(name, rate, seconds, '--times')

    names = ['recvfrom', 'recvfrom that polls', *DRIVERS, ADAPTIVE]
    for rate in LATENCY_RATES[:1] if run.quick else LATENCY_RATES:
        results = rounds(1 if run.quick else min(run.pairs, 5), measure, names)
        for ours in names[2:]:
            for peer in names[:2]:
                for key, text in FIGURES.items():
                    if peer != 'recvfrom' and (ours == ADAPTIVE or key not in TYPICAL):
                        continue
                    pairs(run, f'latency {text} at {rate}/s, handler, {ours}', 'ns',
                          figure(results, ours, key), figure(results, peer, key), peer)


PARTS = {part.__name__: part for part in (lossless, cost, idle, latency)}


def run(run, parts=()):
    """Loss, CPU time and latency against socket programs."""
    if os.geteuid() != 0:
        raise common.Skip('needs root, for network namespaces')
    if not os.path.exists(PEER):
        raise common.Skip(f'{PEER} is missing: meson configure build -Dtests=true')
    wire = Wire(run)
    try:
        for part in parts or PARTS:
            PARTS[part](run, wire)
    finally:
        wire.lab.close()
