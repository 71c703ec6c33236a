# SPDX-License-Identifier: BSD-3-Clause
"""A machine with NICs of its own: QEMU without an accelerator, Debian's kernel, and an initramfs
with mcring's programs and DPDK's drivers. Each NIC hangs on a tap in a network namespace here."""

import glob
import json
import os
import re
import shutil
import socket
import subprocess
import time
from signal import SIGKILL, SIGTERM

import pytest

import debs
from line import Line
from netlab import wait_for
from programs import BUILD, CTL, MCRING, MCSEND, Traffic, mcsend
from suite import need_tun

QEMU = '/usr/bin/qemu-system-x86_64'
KERNEL = os.path.join(BUILD, 'peers', 'kernel')
FLOWS = os.path.join(BUILD, 'tests', 'nic', 'flows')
CHURN = os.path.join(BUILD, 'tests', 'nic', 'churn')
LIBRARIES = '/usr/lib/x86_64-linux-gnu'
DRIVERS = f'{LIBRARIES}/dpdk/pmds-23.0'
# Of DPDK, what the guest loads; each needs more, which ldd tells.
PLUGINS = ('bus_pci', 'bus_vdev', 'mempool_ring', 'net_e1000', 'net_vmxnet3', 'net_virtio',
           'net_tap')
# Of the kernel, in the order in which they are loaded; the last seven are for rte_flow of net_tap.
MODULES = ('uio', 'uio_pci_generic', 'tun', 'sch_ingress', 'sch_multiq', 'act_gact', 'act_mirred',
           'act_skbedit', 'cls_flower')
COMMAND_SECONDS = 60
BOOT_SECONDS = 120
WIRE_FRAMES = 30000  # that a wire holds


# ---- what is booted ----

def fetch_kernel():
    """Downloads and unpacks Debian's kernel, once. Skips the tests where there is no mirror."""
    debs.need(KERNEL, 'linux-image-amd64', depends=True)  # whose name is that of a version


def closure(*paths):
    """The libraries of programs and libraries, as ldd finds them."""
    out = subprocess.run(['ldd', *paths], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r'^\s+(?:\S+ => )?(/.+) \(0x', out, re.M))


def put(tree, path, name):
    """A file into the guest's tree. DPDK's drivers keep their place and the links to them: one
    that is there twice is loaded twice."""
    real = os.path.realpath(path)
    if os.path.dirname(real) == DRIVERS:
        place = f'{tree}{DRIVERS}/{os.path.basename(real)}'
        if not os.path.exists(place):
            shutil.copy(real, place)
        for link in (f'{DRIVERS}/{name}', f'{LIBRARIES}/{name}'):
            if not os.path.lexists(tree + link):
                os.symlink(f'{DRIVERS}/{os.path.basename(real)}', tree + link)
    else:
        shutil.copy(real, f'{tree}{LIBRARIES}/{name}')


def make_initramfs(tree):
    """Fills the folder and packs it; gives the archive's path."""
    for folder in ('usr/bin', 'usr/lib/modules', 'lib64', DRIVERS[1:]):
        os.makedirs(f'{tree}/{folder}')
    for link, to in (('bin', 'usr/bin'), ('lib', 'usr/lib')):
        os.symlink(to, f'{tree}/{link}')
    shutil.copy('/usr/bin/busybox', f'{tree}/bin/busybox')
    programs = (MCRING, CTL, FLOWS, CHURN, MCSEND)
    plugins = [f'{DRIVERS}/librte_{name}.so.23.0' for name in PLUGINS]
    for path in programs:
        shutil.copy(path, f'{tree}/bin/{os.path.basename(path)}')
    for path in plugins:
        put(tree, path, os.path.basename(path))
    # pthread_cancel loads it by its name.
    for path in closure(*programs, *plugins) | {f'{LIBRARIES}/libgcc_s.so.1'}:
        put(tree, path, os.path.basename(path))
    shutil.copy('/lib64/ld-linux-x86-64.so.2', f'{tree}/lib64/')
    for name in MODULES:
        module, = glob.glob(f'{KERNEL}/lib/modules/*/kernel/**/{name}.ko', recursive=True)
        shutil.copy(module, f'{tree}/lib/modules/')
    with open(f'{tree}/modules', 'w') as out:
        out.write('\n'.join(MODULES))
    for name in 'init', 'serve':
        shutil.copy(os.path.join(os.path.dirname(__file__), name), f'{tree}/{name}')
    with open(f'{tree}.cpio', 'wb') as out:
        names = subprocess.run(['find', '.', '-print0'], cwd=tree, check=True, capture_output=True)
        subprocess.run(['cpio', '--quiet', '-0', '-o', '-H', 'newc'], cwd=tree, check=True,
                       input=names.stdout, stdout=out)
    return f'{tree}.cpio'


# ---- the machine ----

class Nic:
    """One emulated NIC, and the tap that is its wire."""

    def __init__(self, guest, slot, model, options):
        self.guest, self.model, self.slot = guest, model, slot
        self.id = f'nic{slot}'
        self.tap = f'tap{slot}'
        self.name = f'0000:00:{slot:02x}.0'
        self.eal = f'-a {self.name}'
        self.address = f'10.0.{slot}.2/24'
        found = re.search(r',queues=(\d+)', options)
        self.queues = int(found[1]) if found else 1
        self.options = options.replace(found[0], '') if found else options
        host = guest.host
        host.run('ip', 'tuntap', 'add', self.tap, 'mode', 'tap',
                 *(['multi_queue'] if self.queues > 1 else []))
        # The wire holds what a guest that was not given the CPU cannot take yet.
        host.run('ip', 'link', 'set', self.tap, 'txqueuelen', WIRE_FRAMES, 'up')
        host.run('ip', 'addr', 'add', f'10.0.{slot}.1/24', 'dev', self.tap)

    def argv(self):
        netdev = (f'tap,id=wire{self.slot},ifname={self.tap},script=no,downscript=no,'
                  f'queues={self.queues}')
        device = f'{self.model},netdev=wire{self.slot},id={self.id},addr={self.slot:x},romfile='
        return ['-netdev', netdev, '-device', device + self.options]

    def frames(self):
        """How many frames the NIC was given so far, to take or to leave."""
        return self.guest.host.counter(self.tap, 'tx_packets')

    def overflown(self):
        """How many frames the wire could not hold: the guest was not given enough time."""
        return self.guest.host.counter(self.tap, 'tx_dropped')

    def send(self, *to, **options):
        return mcsend(self.guest.host, *to, interface=self.tap, **options)

    def traffic(self, *to, **options):
        traffic = Traffic(self.guest.host, *to, interface=self.tap, **options)
        self.guest.senders.append(traffic.process)
        return traffic

    def set_link(self, up):
        """Pulls the cable or plugs it in. What is sent meanwhile is lost, but for a frame or two:
        QEMU would have the wire hold it."""
        if not up:
            self.guest.monitor(f'set_link {self.id} off')
        self.guest.host.run('ip', 'link', 'set', self.tap, 'txqueuelen', WIRE_FRAMES if up else 1)
        if up:
            self.guest.monitor(f'set_link {self.id} on')


class TapNic:
    """net_tap in the guest: its wire is an interface of the guest's kernel, so the sender runs there
    as well."""

    name, slot, address = 'net_tap0', 0, '10.0.99.2/24'
    eal = '--no-pci --vdev=net_tap0,iface=dtap0'

    def __init__(self, guest):
        self.guest = guest

    @staticmethod
    def argv():
        return []

    def _command(self, to, options):
        """Only once the daemon made the interface. The sender is not the daemon: it must not have
        the port's MAC address."""
        options = ''.join(f' --{name} {value}' for name, value in options.items())
        return ('ip link set dtap0 address 02:00:00:00:99:01 up && '
                'ip addr replace 10.0.99.1/24 dev dtap0 && '
                '(cd /proc/sys/net/ipv6/conf/dtap0; echo 0 | tee accept_dad router_solicitations '
                'disable_ipv6) >/dev/null && mcsend '
                f'--interface dtap0 {" ".join(f"--to {one}" for one in to)}{options}')

    def send(self, *to, **options):
        return json.loads(self.guest.run(self._command(to, options)))

    def traffic(self, *to, **options):
        return GuestTraffic(self.guest, self._command(to, options | {'count': 10_000_000}))

    def overflown(self):
        """Frames that the kernel could not queue for the daemon."""
        return int(self.guest.run('cat /sys/class/net/dtap0/statistics/tx_dropped 2>/dev/null || '
                                  'echo 0'))


class GuestTraffic:
    """mcsend in the guest in the background, until stop()."""

    def __init__(self, guest, command):
        setup, _, send = command.rpartition(' && ')
        guest.run(setup)
        self.job = guest.start(send)

    def stop(self):
        assert self.job.stop() == 0, self.job.err()
        return json.loads(self.job.out())


class Guest:
    """A running machine. nics: (model, options) by name."""

    def __init__(self, lab, nics):
        if os.uname().machine != 'x86_64':
            pytest.skip('the emulated machine and its NICs want x86-64')
        if not os.path.exists(QEMU):
            pytest.skip('qemu-system-x86 is not installed: tools/install-deps')
        need_tun()
        fetch_kernel()
        self.lab = lab
        self.host = lab.namespace('wire')
        self.nics = {name: Nic(self, slot, *nic) for slot, (name, nic) in
                     enumerate(nics.items(), 4)}
        self.tap = self.nics['tap'] = TapNic(self)
        self.jobs = []
        self.senders = []  # on the host
        self.count = 0
        self._start(make_initramfs(lab.path('tree')))

    def _start(self, initramfs):
        serial, monitor = self.lab.path('serial'), self.lab.path('monitor')
        self.console = self.lab.path('console.log')
        kernel, = glob.glob(f'{KERNEL}/boot/vmlinuz-*')
        argv = [QEMU, '-M', 'pc', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', 1536, '-smp',
                2, '-nodefaults', '-display', 'none', '-no-reboot', '-kernel', kernel, '-initrd',
                initramfs, '-append', 'console=ttyS0 quiet hugepages=400 panic=1 '
                'ipv6.disable_ipv6=1',
                '-serial', f'file:{self.console}', '-serial', f'unix:{serial},server=on,wait=off',
                '-monitor', f'unix:{monitor},server=on,wait=off']
        for nic in self.nics.values():
            argv += nic.argv()
        log = self.lab.path('qemu.log')
        with open(log, 'w') as out:
            self.process = self.host.start('nice', '-n', '-10', *argv, stdout=out, stderr=out)
        wait_for(lambda: os.path.exists(serial) and os.path.exists(monitor), 30,
                 f'QEMU is there ({log})')
        self.line = Line(self._connect(serial))
        self.monitor_socket = self._connect(monitor)
        self._read_until(self.monitor_socket, b'(qemu) ', 10)
        try:
            self.run('true', seconds=BOOT_SECONDS)
        except (AssertionError, ConnectionError):
            raise AssertionError(f'the guest does not come up:\n{self.log()}') from None
        for nic in self.nics.values():
            if nic is not self.tap:  # its wire has a carrier now
                self.host.speak_ipv6(nic.tap)

    @staticmethod
    def _connect(path):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        return connection

    @staticmethod
    def _read_until(connection, end, seconds):
        deadline = time.monotonic() + seconds
        data = b''
        while not data.endswith(end):
            connection.settimeout(max(0.01, deadline - time.monotonic()))
            one = connection.recv(1)
            if not one:
                raise ConnectionError(f'QEMU is gone after {data}')
            data += one
        return data[:-len(end)]

    def log(self):
        with open(self.console, errors='replace') as log:
            return log.read()

    def monitor(self, command):
        """A command of QEMU's monitor; gives what it prints."""
        self.monitor_socket.sendall(command.encode() + b'\n')
        return self._read_until(self.monitor_socket, b'(qemu) ', 30).decode(errors='replace')

    def run(self, command, check=True, seconds=COMMAND_SECONDS):
        """A shell command in the guest, to its end; gives (status, output), or with check, which
        wants status 0, the output."""
        status, output = self.line.run(command, seconds)
        output = output.decode(errors='replace')
        if check and status != 0:
            raise AssertionError(f'in the guest, {command} gave {status}:\n{output}')
        return output if check else (status, output)

    def start(self, command):
        """A shell command in the background; see Job."""
        self.count += 1
        self.jobs.append(Job(self, self.count, command))
        return self.jobs[-1]

    def end_jobs(self):
        """Ends what a test that failed left running: the next one counts frames on the same wires."""
        for sender in self.senders:
            sender.kill()
            sender.wait(10)
        self.senders = []
        for job in self.jobs:
            if self.process.poll() is None and job.status() is None:
                job.stop(SIGKILL)
        self.jobs = []


class Job:
    """A program that runs in the guest while the host does other things."""

    def __init__(self, guest, number, command):
        self.guest = guest
        self.base = f'/tmp/job{number}'
        guest.run(f'{{ {command} >{self.base}.out 2>{self.base}.err & echo $! >{self.base}.pid; '
                  f'wait $!; echo $? >{self.base}.status; }} >/dev/null 2>&1 & '
                  f'while [ ! -s {self.base}.pid ]; do usleep 10000; done')

    def status(self):
        """Its exit status, None while it runs."""
        text = self.guest.run(f'cat {self.base}.status 2>/dev/null; true')
        return int(text) if text else None

    def out(self):
        return self.guest.run(f'cat {self.base}.out')

    def err(self):
        return self.guest.run(f'cat {self.base}.err')

    def signal(self, signo=SIGTERM):
        """Unless it has ended since somebody looked."""
        self.guest.run(f'kill -{int(signo)} $(cat {self.base}.pid) 2>/dev/null; true')

    def wait(self, seconds=COMMAND_SECONDS):
        wait_for(lambda: self.status() is not None, seconds, f'the end of {self.base}')
        return self.status()

    def stop(self, signo=SIGTERM, seconds=COMMAND_SECONDS):
        """Ends it; gives its exit status."""
        if self.status() is None:
            self.signal(signo)
        return self.wait(seconds)


class GuestDaemon:
    """One mcring in the guest on a NIC, or several, from start to exit. The interfaces are feed4,
    feed5 and so on by the NIC's slot. The first lcore is the control thread; the others receive."""

    def __init__(self, nics, *args, lcores='-l 0,1', wait=True, name=None):
        nics = nics if isinstance(nics, list) else [nics]
        self._start(nics[0].guest, ' '.join([lcores, *[nic.eal for nic in nics]]),
                    *[f'--interface feed{nic.slot}={nic.name},address={nic.address}'
                      for nic in nics], *args, wait=wait, name=name)

    def _start(self, guest, eal, *args, wait=True, name=None):
        self.guest = guest
        self.name = name = name or f'd{guest.count}'
        self.run_dir = f'/run/{name}'
        self.job = guest.start(f'mcring {eal} --iova-mode=pa -m 256 --no-telemetry -- '
                               f'--name {name} --run-dir {self.run_dir} {" ".join(args)}')
        if wait:
            wait_for(self.ready, COMMAND_SECONDS, 'the daemon is ready')

    def log(self):
        return self.job.err() + self.job.out()

    def ready(self):
        if self.job.status() is not None:
            raise AssertionError(f'mcring ended with {self.job.status()}:\n{self.log()}')
        return re.search(r'\bready\b', self.log())

    def ctl(self, *args):
        return self.guest.run(f'mcring-ctl --run-dir {self.run_dir} {" ".join(args)}')

    def stats(self):
        return json.loads(self.ctl('--json', 'stats'))

    def groups(self):
        """What `mcring-ctl groups` has of each group."""
        return {one['group']: one for one in json.loads(self.ctl('--json', 'groups'))['groups']}

    def flows(self, channel=''):
        return Flows(self, channel)

    def stop(self, signo=SIGTERM):
        return self.job.stop(signo)


class Flows:
    """A consumer that keeps account of each flow."""

    def __init__(self, daemon, channel):
        self.daemon = daemon
        self.job = daemon.guest.start(f'flows {daemon.run_dir} {channel}')
        wait_for(lambda: daemon.stats()['consumers'], COMMAND_SECONDS, 'the consumer is attached')

    def stop(self):
        """Ends it when it has read what was published; gives its account."""
        assert self.job.stop() == 0, self.job.err()
        return json.loads(self.job.out())
