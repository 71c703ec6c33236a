# SPDX-License-Identifier: BSD-3-Clause
"""The command line, and what follows from it: who sends what, how much, for how long."""

import dataclasses
import getopt
import ipaddress
import re
import shlex
import sys
import time
import types

HELP = """\
usage: accept-nic --port PORT --sender COMMAND [options]
Tries mcring on a NIC and a switch, in about an hour, and writes a table of what was proven.

  --port PORT        the port to try: DPDK's device name, 0000:01:00.0; nothing else may use it
  --eal ARGS         EAL's arguments for it, in one word (three CPUs of its NUMA node, and
                     -a PORT)
  --sender COMMAND   what sends: mcring-gen with its port, on another host by ssh, as in
                     'ssh tx mcring-gen -l 2 -a 0000:02:00.0 -- --port 0000:02:00.0'
  --sender-port PORT
                     in place of --sender: another port of this host
  --sender-eal ARGS  EAL's arguments for it (another CPU, and -a PORT)
  --address A/LEN    the receiver's own address on the LAN, for IGMP
  --vlan ID          802.1Q tag of all that is sent and joined
  --groups RANGE     all groups that are sent to and joined (239.255.0.0/16); the length is from
                     9 to 22
  --hw-time on|metamako|exablaze-hpt
                     where times come from, as the interface key (on)
  --max-rate N       datagrams a second that no phase may exceed (as fast as the sender can)
  --settle S         how long the switch takes to forward after a link comes up (3)
  --only PHASES      some of the phases below, with commas between them
  --quick            a smoke test of half a minute; its figures mean nothing
  --output FOLDER    for the table, its JSON and the logs (accept-nic-DATE-TIME)
  --yes              begin without asking
  --help, --version

Phases: receive, rungs, missed, hw_time, leave, restart, lossless, soak. What was sent, to whom and
for how long is printed before anything is. docs/accept-nic.md says how to read the table.

Exit status: 0 when nothing failed, 1 when a row of the table did, 2 when there is nothing that passed
or failed, 3 when it was interrupted.
"""


class UsageError(Exception):
    """A mistake in the command line."""


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much of each. Rates are datagrams a second; 0: as fast as the sender can."""
    path_s: float                  # in which the first data has to come
    settled_s: float               # nothing more comes; mcring looks at the port's counters each 100 ms
    read_count: int
    read_rate: int
    foreign_rounds: int            # frames to each of the FOREIGN groups
    foreign_rate: int
    many: int                      # groups that are joined at once
    idle_s: float                  # in which frames of others are counted
    pause_s: float                 # of sending while mcring stands still
    pause_rate: int
    stamp_count: int
    stamp_rate: int
    sizes: tuple                   # of frames, with their FCS
    trial: float
    confirm: float
    resolution: float
    repeat: int
    restart_rate: int
    restart_s: float
    leave_s: float                 # in which a switch has to stop
    leave_quiet_s: float           # it has stopped when nothing came for so long
    soak_s: float
    limits: dict                   # of phases, in seconds


FULL = Effort(
    path_s=60, settled_s=0.5, read_count=160_000, read_rate=10_000, foreign_rounds=40, foreign_rate=20_000,
    many=512, idle_s=5, pause_s=2, pause_rate=0, stamp_count=20_000, stamp_rate=2000,
    sizes=(64, 512, 1518), trial=5, confirm=60, resolution=2, repeat=1, restart_rate=10_000,
    restart_s=30, leave_s=30, leave_quiet_s=3, soak_s=600,
    limits={'receive': 180, 'rungs': 360, 'missed': 120, 'hw_time': 120, 'leave': 180, 'restart': 180,
            'lossless': 1500, 'soak': 720})
QUICK = Effort(
    path_s=10, settled_s=0.25, read_count=1600, read_rate=8000, foreign_rounds=4, foreign_rate=20_000, many=64,
    idle_s=0.3, pause_s=0.8, pause_rate=50_000, stamp_count=320, stamp_rate=4000, sizes=(64,),
    trial=0.3, confirm=0.3, resolution=40, repeat=0, restart_rate=1000, restart_s=2, leave_s=3,
    leave_quiet_s=0.4, soak_s=0.5, limits=dict.fromkeys(FULL.limits, 60))


class Groups:
    """The range in parts: some that are joined, some that nobody joins, one that comes and goes, and
    many. All have MAC addresses of their own."""
    JOINED, FOREIGN = 16, 256

    def __init__(self, text):
        try:
            net = ipaddress.IPv4Network(text)
        except ValueError as error:
            raise UsageError(f'--groups: {error}') from None
        if not net.is_multicast or not 9 <= net.prefixlen <= 22:
            raise UsageError(f'--groups {text}: expected a range of IPv4 multicast groups, /9 to /22')
        part = net.num_addresses // 4
        self.net = net
        self.room = part
        self.joined = self.range(part, self.JOINED)
        self.foreign = self.range(2 * part, self.FOREIGN)
        self.single = self.range(part // 2, 1)

    def range(self, at, n):
        """As a join text; n is a power of two."""
        return f'{self.net.network_address + at}/{32 - (n - 1).bit_length()}:5000'

    def many(self, n):
        return self.range(3 * self.room, min(n, 1 << (self.room.bit_length() - 1)))


def cpus_of(port):
    """Those of a PCI device's NUMA node, but for CPU 0 where there are others."""
    try:
        with open(f'/sys/bus/pci/devices/{port}/local_cpulist') as file:
            text = file.read().strip()
    except OSError:
        raise UsageError(f'--eal is missing: {port} is no PCI device of this host') from None
    cpus = []
    for part in text.split(','):
        first, _, last = part.partition('-')
        cpus += range(int(first), int(last or first) + 1)
    return [cpu for cpu in cpus if cpu] + [cpu for cpu in cpus if not cpu]


def default_eal(port):
    cpus = cpus_of(port)[:3]
    return f'--lcores {",".join(map(str, cpus))} -a {port}'


def default_sender(options):
    """The command of a sender on this host."""
    port, eal = options.sender_port, options.sender_eal
    if not eal:
        cpus = cpus_of(port)
        eal = f'-l {cpus[min(3, len(cpus) - 1)]} -a {port}'
    return f'mcring-gen {eal} -- --port {shlex.quote(port)}'


def number(name, text, kind, least, most):
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not least <= value <= most:
        raise UsageError(f'--{name} "{text}": expected a number from {least} to {most}')
    return value


VALUES = {  # of options that have one
    'port': None, 'eal': None, 'sender': None, 'sender-port': None, 'sender-eal': None,
    'address': None, 'vlan': '0', 'groups': '239.255.0.0/16', 'hw-time': 'on', 'max-rate': '0',
    'settle': '3', 'only': None, 'output': None}
FLAGS = 'quick', 'yes', 'help', 'version'
HW_TIMES = 'on', 'metamako', 'exablaze-hpt'


def read(argv):
    """The options as they are given, or their defaults."""
    try:
        given, words = getopt.getopt(argv, '', [*FLAGS, *(f'{name}=' for name in VALUES)])
    except getopt.GetoptError as error:
        raise UsageError(f'{error} (see accept-nic --help)') from None
    if words:
        raise UsageError(f"'{words[0]}' has no option in front of it (see accept-nic --help)")
    found = {**VALUES, **dict.fromkeys(FLAGS, False)}
    for name, value in given:
        name = name.removeprefix('--')
        found[name] = True if name in FLAGS else value
    return types.SimpleNamespace(**{name.replace('-', '_'): value for name, value in found.items()})


def parse(argv):
    """Gives the options, complete. Raises UsageError."""
    options = read(argv)
    if options.help or options.version:
        return options
    options.vlan = number('vlan', options.vlan, int, 0, 4094)
    options.settle = number('settle', options.settle, float, 0, 120)
    options.max_rate = number('max-rate', options.max_rate, int, 0, 1_000_000_000)
    if options.hw_time not in HW_TIMES:
        raise UsageError(f'--hw-time "{options.hw_time}": expected {", ".join(HW_TIMES)}')
    if not options.port:
        raise UsageError('--port is missing (see accept-nic --help)')
    if bool(options.sender) == bool(options.sender_port):
        raise UsageError('expected --sender COMMAND or --sender-port PORT')
    options.eal = options.eal or default_eal(options.port)
    if '--' in shlex.split(options.eal):
        raise UsageError('--eal: expected what stands before mcring\'s "--"')
    options.sender = options.sender or default_sender(options)
    if '--' not in shlex.split(options.sender):
        raise UsageError("--sender: expected a command up to mcring-gen's port: "
                         "mcring-gen [EAL options] -- --port PORT")
    options.effort = QUICK if options.quick else FULL
    phases = list(options.effort.limits)
    options.phases = options.only.split(',') if options.only else phases
    for name in options.phases:
        if name not in phases:
            raise UsageError(f'--only: no phase "{name}"; there are {", ".join(phases)}')
    options.output = options.output or time.strftime('accept-nic-%Y%m%d-%H%M%S')
    options.groups = Groups(options.groups)
    return options


def plan(options):
    """What is going to happen, for whoever has to agree to it."""
    effort, groups = options.effort, options.groups
    minutes = sum(effort.limits[name] for name in options.phases) / 60
    most = 'as fast as the sender can' if not options.max_rate else f'{options.max_rate} a second at most'
    return '\n'.join([
        f'port        {options.port}, with EAL\'s {options.eal}',
        f'sender      {options.sender}',
        f'groups      {groups.net}, UDP port 5000, TTL 16'
        + (f', VLAN {options.vlan}' if options.vlan else '') + '; nothing is sent or joined beyond it',
        f'load        {most}, in trials of {effort.trial:g} s and {effort.confirm:g} s '
        f'(phase lossless); a switch that does not prune floods it',
        f'phases      {", ".join(options.phases)}: at most {minutes:.0f} minutes',
        f'memberships joined and left by IGMP, {effort.many} of them at a time',
        f'left behind the folder {options.output}; no device is bound or unbound, no setting changed'])


def consent(options):
    """Asks, unless it may begin."""
    print(plan(options), flush=True)
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError('nobody is there to ask: --yes begins without')
    if not re.fullmatch(r'y(es)?', input('\nBegin? [y/N] ').strip().lower()):
        raise UsageError('not begun')
