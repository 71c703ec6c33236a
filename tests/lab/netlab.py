# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces, wires, switches and captures for the integration tests.

Everything a Lab makes carries this run's tag, ends with Lab.close(), and is swept by the next run
when this one was killed. Nothing is made in the caller's own namespace."""

import ctypes
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TAG = 'mcrtest'
MEMBER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'member.py')
PR_SET_PDEATHSIG = 1
EAL_DIR = '/run/dpdk'  # where EAL leaves some MB for each file prefix
_libc = ctypes.CDLL(None)


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for(condition, seconds, what):
    """Polls condition() until it is true; gives its value. A timeout fails the test."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'not within {seconds} s: {what}')
        time.sleep(0.02)


class Namespace:
    """A host: runs programs in a network namespace of its own."""

    def __init__(self, lab, name):
        self.lab = lab
        self.name = f'{TAG}{os.getpid()}_{name}'
        subprocess.run(['ip', 'netns', 'add', self.name], check=True)
        lab.namespaces.append(self)
        # No router solicitations or MLD reports among the frames that a test counts, unless it
        # asks with speak_ipv6. -e: a kernel without IPv6 has none anyway.
        self.run('sysctl', '-qew', 'net.ipv6.conf.all.disable_ipv6=1',
                 'net.ipv6.conf.default.disable_ipv6=1')
        self.run('ip', 'link', 'set', 'lo', 'up')

    def speak_ipv6(self, interface, *addresses, dad=False):
        """Has the kernel speak IPv6 on an interface: it gets its link-local address and these
        ('2001:db8::1/64'), which can be used once this returns. It solicits no routers. Without
        dad it does not look either whether others have its addresses."""
        for key, value in (('accept_dad', int(dad)), ('dad_transmits', int(dad)),
                           ('router_solicitations', 0), ('accept_ra', 0), ('disable_ipv6', 0)):
            self.run('sysctl', '-qw', f'net.ipv6.conf.{interface}.{key}={value}')
        for address in addresses:
            self.run('ip', 'addr', 'add', address, 'dev', interface, *([] if dad else ['nodad']))
        wait_for(lambda: self.link_local(interface) and not self.addresses6(interface, 'tentative'),
                 10, f'{interface} has its IPv6 addresses')

    def keep_ipv6_silent(self, interface):
        """Has the kernel neither speak nor hear IPv6 on an interface, and own no address of it: so
        it is until speak_ipv6."""
        self.run('sysctl', '-qw', f'net.ipv6.conf.{interface}.disable_ipv6=1')

    def addresses6(self, interface, *words):
        """The IPv6 addresses that the kernel has on an interface; words: as `ip addr show`
        selects them ('tentative', 'scope', 'link')."""
        out = self.run('ip', '-6', '-o', 'addr', 'show', 'dev', interface, *words).stdout
        return [re.search(r' inet6 (\S+)/', line)[1] for line in out.splitlines()]

    def link_local(self, interface):
        """The kernel's link-local address on an interface; None: it has none."""
        return next(iter(self.addresses6(interface, 'scope', 'link')), None)

    def argv(self, *argv):
        return ['ip', 'netns', 'exec', self.name, *map(str, argv)]

    def run(self, *argv, check=True, timeout=60, **kwargs):
        """Runs to the end; gives the CompletedProcess with text output."""
        done = subprocess.run(self.argv(*argv), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=timeout, preexec_fn=_die_with_parent, **kwargs)
        if check and done.returncode:
            raise AssertionError(f'{argv} gave {done.returncode}: {done.stdout}{done.stderr}')
        return done

    def start(self, *argv, **kwargs):
        """Starts a program; `ip netns exec` becomes it, so the pid is the program's own."""
        kwargs.setdefault('stdin', subprocess.DEVNULL)
        process = subprocess.Popen(self.argv(*argv), start_new_session=True,
                                   preexec_fn=_die_with_parent, **kwargs)
        self.lab.processes.append(process)
        return process

    def counter(self, interface, name='rx_packets'):
        return int(self.run('cat', f'/sys/class/net/{interface}/statistics/{name}').stdout)

    def mac(self, interface):
        return self.run('cat', f'/sys/class/net/{interface}/address').stdout.strip()


class Member:
    """A program of a host is a member of groups ('ff15::1', '232.1.1.1@10.0.0.1') on an interface,
    so its kernel speaks IGMP or MLD for them, from construction to leave()."""

    def __init__(self, host, interface, *groups, port=5000):
        self.process = host.start(sys.executable, MEMBER, interface, port, *groups,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == 'ready\n', 'the kernel joins the groups'

    def do(self, verb, *groups):
        """Has it join, leave, block or unblock ('239.1.1.1@10.0.0.1'). Not while it receives."""
        for group in groups:
            self.process.stdin.write(f'{verb} {group}\n')
            self.process.stdin.flush()
            assert self.process.stdout.readline() == 'done\n', f'the kernel does: {verb} {group}'

    def has_received(self):
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def receive(self):
        """Waits for a datagram; gives its length."""
        return int(self.process.stdout.readline())

    def leave(self):
        self.process.kill()
        self.process.wait(10)


class Capture:
    """dumpcap on an interface, from construction to stop(). On several it writes pcapng, whose frames
    need not be in order."""

    def __init__(self, namespace, interface, path, condition=''):
        self.namespace, self.interface, self.path = namespace, interface, path
        interfaces = [interface] if isinstance(interface, str) else interface
        self.log = open(f'{path}.log', 'w+')
        self.process = namespace.start(
            'dumpcap', '-q', *(['-P'] if len(interfaces) == 1 else []),
            *[word for one in interfaces for word in ('-i', one, '-f', condition)], '-w', path,
            stdout=self.log, stderr=self.log)
        wait_for(lambda: 'File:' in open(f'{path}.log').read(), 10, 'dumpcap captures')
        time.sleep(0.2)

    def stop(self, settle=1.0):
        """Ends the capture; dumpcap drops what it has not read yet, hence the pause."""
        time.sleep(settle)
        self.process.terminate()
        self.process.wait(10)
        self.log.close()
        return self.path


class Lab:
    def __init__(self):
        self.namespaces = []
        self.processes = []
        self.prefixes = []  # of EAL
        self.dir = tempfile.mkdtemp(prefix=f'{TAG}{os.getpid()}_', dir='/tmp')

    def path(self, name):
        return os.path.join(self.dir, name)

    def public(self, program):
        """A copy that every user can run; the build may be in a home that is closed to others."""
        os.chmod(self.dir, 0o755)
        return shutil.copy(program, self.dir)

    def namespace(self, name):
        return Namespace(self, name)

    def wire(self, left, left_if, right, right_if, mtu=1500):
        """A veth pair between two hosts, both ends up. Born inside them."""
        left.run('ip', 'link', 'add', left_if, 'mtu', mtu, 'type', 'veth',
                 'peer', 'name', right_if, 'mtu', mtu, 'netns', right.name)
        left.run('ip', 'link', 'set', left_if, 'up')
        right.run('ip', 'link', 'set', right_if, 'up')

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
        for process in self.processes:
            process.wait(10)
        for namespace in self.namespaces:
            _remove(namespace.name)
        for prefix in self.prefixes:
            shutil.rmtree(os.path.join(EAL_DIR, prefix), ignore_errors=True)
        self.processes, self.namespaces, self.prefixes = [], [], []
        shutil.rmtree(self.dir, ignore_errors=True)


class Switch:
    """A Linux bridge with IGMP snooping and a querier, as quick as its kernel allows; with speak_mld
    the same for IPv6."""

    def __init__(self, lab, name='switch'):
        self.lab = lab
        self.host = lab.namespace(name)
        # Centiseconds. last_member: two queries a second apart, so a leave takes two seconds.
        self.host.run('ip', 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', 1,
                      'mcast_igmp_version', 3, 'mcast_mld_version', 2,
                      'mcast_query_interval', 500, 'mcast_query_response_interval', 100,
                      'mcast_startup_query_interval', 100, 'mcast_startup_query_count', 3,
                      'mcast_last_member_interval', 100, 'mcast_last_member_count', 2,
                      'mcast_membership_interval', 1200)
        self.host.run('ip', 'addr', 'add', '10.0.0.254/24', 'dev', 'br0')
        self.host.run('ip', 'link', 'set', 'br0', 'up')
        # Not before the response interval is set: for so long the switch floods what nobody
        # joined, since a new querier does not know the members yet.
        self.host.run('ip', 'link', 'set', 'br0', 'type', 'bridge', 'mcast_querier', 1)

    def connect(self, host, interface, port):
        self.lab.wire(self.host, port, host, interface)
        self.host.run('ip', 'link', 'set', port, 'master', 'br0')

    def speak_mld(self):
        """Makes it an MLD querier, too. After connect(): a switch without a link has no link-local
        address. It has no other one: it would send queries for a group from that, which nobody may
        answer (RFC 9777 §6.2)."""
        self.host.speak_ipv6('br0')
        for querier in (0, 1):  # it queries at once
            self.host.run('ip', 'link', 'set', 'br0', 'type', 'bridge', 'mcast_querier', querier)

    def members(self, port):
        """The groups that bridge mdb lists on a port."""
        groups = set()
        for line in self.host.run('bridge', 'mdb', 'show', 'dev', 'br0').stdout.splitlines():
            found = re.search(r' port (\S+) grp (\S+)', line)
            if found and found[1] == port:
                groups.add(found[2])
        return groups


def _remove(name):
    """Ends what still runs in one of our namespaces, then removes it."""
    pids = subprocess.run(['ip', 'netns', 'pids', name], capture_output=True, text=True)
    for pid in pids.stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    subprocess.run(['ip', 'netns', 'del', name], capture_output=True)


def sweep():
    """Removes what a killed run left: namespaces and folders whose owner is gone. Of EAL's, also
    those of the programs of suite engine."""
    def orphaned(name, pattern=rf'{TAG}(\d+)_'):
        owner = re.match(pattern, name)
        return owner and not os.path.exists(f'/proc/{owner[1]}')

    listing = subprocess.run(['ip', 'netns', 'list'], capture_output=True, text=True)
    for line in listing.stdout.splitlines():
        name = line.split()[0]
        if orphaned(name):
            _remove(name)
    for name in os.listdir('/tmp'):
        if orphaned(name):
            shutil.rmtree(os.path.join('/tmp', name), ignore_errors=True)
    for name in os.listdir(EAL_DIR) if os.path.isdir(EAL_DIR) else []:
        if orphaned(name, r'mcring_t(?:est_)?(\d+)(?:_\d+)?$'):
            shutil.rmtree(os.path.join(EAL_DIR, name), ignore_errors=True)
