# SPDX-License-Identifier: BSD-3-Clause
"""Debian's multicast routers, pimd, FRR and igmpproxy; and a line of two of them: sender - r1 - r2 -
receiver.

None is installed: the packages conflict with each other, and all would start to route on the
machine. They are unpacked in the build folder. None speaks MLD: Debian 12 builds FRR without
pim6d. So the line of IPv6 has one router, tests/lab/mld_router.py and the kernel's forwarding."""

import os
import shutil
import signal
import socket
import sys

import debs
from family import IPV4, IPV6
from netlab import wait_for
from programs import BUILD, ROOT as TREE

ROOT = os.path.join(BUILD, 'peers', 'routers')
MLD_ROUTER = os.path.join(TREE, 'tests', 'lab', 'mld_router.py')


def unpack():
    """Downloads and unpacks the routers, once. Skips the test where there is no mirror."""
    debs.need(ROOT, 'pimd', 'frr', 'libyang2', 'igmpproxy')


class Router:
    """One of them on a host, from construction to kill(). It has a /run of its own: several share a
    machine."""

    def __init__(self, lab, host, script):
        with open(lab.path(f'router-{host.name}.log'), 'w') as log:
            self.process = host.start('unshare', '-m', 'sh', '-c', f'mount -t tmpfs t /run && {script}',
                                      stdout=log, stderr=log)

    def kill(self):
        """With all its processes, which have no time to say anything."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def configure(lab, name, text):
    """A file with this text; gives its path."""
    path = lab.path(name)
    with open(path, 'w') as conf:
        conf.write(text)
    return path


class Pimd(Router):
    def __init__(self, lab, host, text):
        path = configure(lab, f'pimd-{host.name}.conf', text)
        super().__init__(lab, host, f'exec "{ROOT}/usr/sbin/pimd" -f -c {path} -s info')


class Igmpproxy(Router):
    def __init__(self, lab, host, text):
        path = configure(lab, f'igmpproxy-{host.name}.conf', text)
        super().__init__(lab, host, f'exec "{ROOT}/usr/sbin/igmpproxy" -n -v -v {path}')


class Frr(Router):
    """FRR's zebra and pimd."""

    def __init__(self, lab, host, text):
        libraries = f'{ROOT}/usr/lib/x86_64-linux-gnu'
        self.home = lab.path(f'frr-{host.name}')
        shutil.rmtree(self.home, ignore_errors=True)  # of one that was killed
        os.makedirs(self.home)
        conf = configure(lab, f'frr-{host.name}/frr.conf', text)
        with open('/etc/group') as own:  # with the names that FRR looks up when it starts
            groups = configure(lab, f'frr-{host.name}/group',
                               own.read() + 'frrvty:x:61999:root\nfrr:x:61998:root\n')
        options = (f'-u root -g root -P 0 --vty_socket {self.home} -z {self.home}/zserv.api '
                   f'-f {conf} --log file:{self.home}/log')
        super().__init__(lab, host, f'''mkdir -p /run/frr && mount --bind {groups} /etc/group
            export LD_LIBRARY_PATH="{libraries}/frr:{libraries}"
            "{ROOT}/usr/lib/frr/zebra" {options} -i {self.home}/z.pid &
            while [ ! -S {self.home}/zserv.api ]; do sleep 0.1; done
            "{ROOT}/usr/lib/frr/pimd" {options} -i {self.home}/p.pid & wait''')

    def wait(self):
        wait_for(lambda: os.path.exists(f'{self.home}/pimd.vty'), 20, 'FRR runs')

    def ask(self, *commands):
        """What pimd answers the last of them in a terminal: the text ends with three zeros and a
        status."""
        with socket.socket(socket.AF_UNIX) as vty:
            vty.settimeout(10)
            vty.connect(f'{self.home}/pimd.vty')
            for line in ('enable', *commands):
                vty.sendall(line.encode() + b'\0')
                out = b''
                while out[-4:-1] != b'\0\0\0':
                    out += vty.recv(65536)
                assert out[-1] == 0, f'{line}: {out}'
        return out[:-4].decode()

    def configure(self, *lines):
        self.ask('configure terminal', *lines, 'end')


class Line:
    """The four hosts with unicast routes both ways. The receiver's address is 10.2.0.2."""

    family, asks_each_s = IPV4, 3

    def __init__(self, lab, name):
        unpack()
        self.lab = lab
        self.sender, self.r1, self.r2, self.receiver = (
            lab.namespace(f'{name}{host}') for host in ('tx', 'r1', 'r2', 'rx'))
        lab.wire(self.sender, 'eth0', self.r1, 'a0')
        lab.wire(self.r1, 'b0', self.r2, 'b1')
        lab.wire(self.r2, 'c0', self.receiver, 'eth0')
        for host, address, device in (
                (self.sender, '10.1.0.2/24', 'eth0'), (self.r1, '10.1.0.1/24', 'a0'),
                (self.r1, '10.12.0.1/24', 'b0'), (self.r2, '10.12.0.2/24', 'b1'),
                (self.r2, '10.2.0.1/24', 'c0')):
            host.run('ip', 'addr', 'add', address, 'dev', device)
        self.sender.run('ip', 'route', 'add', 'default', 'via', '10.1.0.1')
        self.r1.run('ip', 'route', 'add', '10.2.0.0/24', 'via', '10.12.0.2')
        self.r2.run('ip', 'route', 'add', '10.1.0.0/24', 'via', '10.12.0.1')
        for router in (self.r1, self.r2):
            router.run('sysctl', '-qw', 'net.ipv4.ip_forward=1',
                       *[f'net.ipv4.conf.{name}.rp_filter=0' for name in ('all', 'default')])


class Line6:
    """Three hosts: of r2 one interface is at the sender, the other at the receiver."""

    family, asks_each_s = IPV6, 1

    def __init__(self, lab, name):
        self.lab = lab
        self.sender, self.r2, self.receiver = (lab.namespace(f'{name}{host}')
                                               for host in ('tx', 'r2', 'rx'))
        lab.wire(self.sender, 'eth0', self.r2, 'b1')
        lab.wire(self.r2, 'c0', self.receiver, 'eth0')
        self.r2.run('sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1')
        for host, address, device in ((self.sender, '10.1.0.2', 'eth0'),
                                      (self.r2, '10.1.0.1', 'b1'), (self.r2, '10.2.0.1', 'c0')):
            host.speak_ipv6(device, f'{IPV6.address(address)}/112')


def start_mld_router(line, version):
    with open(line.lab.path(f'router-{line.r2.name}.log'), 'w') as log:
        line.r2.start(sys.executable, MLD_ROUTER, version - 1, 'b1', 'c0', stdout=log, stderr=log)


def start_pimd(line, version):
    """pimd with r1 as rendezvous point; queries each 3 s."""
    for router, devices in ((line.r1, ('a0', 'b0')), (line.r2, ('b1', 'c0'))):
        old = ''.join(f'phyint {device} igmpv2\n' for device in devices if version == 2)
        Pimd(line.lab, router, 'igmp-query-interval 3\nigmp-querier-timeout 12\n' + old +
             'rp-address 10.12.0.1 224.0.0.0/4\nspt-threshold packets 0 interval 5\n')


FRR = {
    'r1': 'interface a0\n ip pim\ninterface b0\n ip pim\n ip pim hello 2\n',
    'r2': 'interface b1\n ip pim\n ip pim hello 2\ninterface c0\n ip pim\n ip igmp\n'
          ' ip igmp version {version}\n ip igmp query-max-response-time 10\n'
          ' ip igmp query-interval 3\n ip igmp last-member-query-interval 10\n'
          ' ip igmp last-member-query-count 2\n',
}


def frr_config(name, version, point='10.12.0.1'):
    """point: the rendezvous point."""
    return FRR[name].format(version=version) + f'ip pim rp {point} 224.0.0.0/4\n'


def start_frr(line, version):
    """FRR with r1 as rendezvous point; queries each 3 s. Gives both routers."""
    frr = [Frr(line.lab, router, frr_config(name, version))
           for name, router in (('r1', line.r1), ('r2', line.r2))]
    frr[1].wait()
    return frr
