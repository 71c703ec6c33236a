# SPDX-License-Identifier: BSD-3-Clause
"""A machine that has nothing but Debian, then our packages as well, on a switch with a sender. Modules run in the
order of their names; the last test of the last one leaves it without them."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, 'lab'))
sys.path += [os.path.join(TESTS, 'web'), os.path.join(TESTS, 'net')]

import debian  # noqa: E402
import netlab  # noqa: E402
import packages as built  # noqa: E402
from suite import pytest_configure  # noqa: E402, F401

INTERFACE = 'lan0'
# What changes by itself, what apt and dpkg remember, and groups, one of which Debian's rdma-core leaves.
CHANGING = re.compile(r'/(proc|sys|dev|run|tmp|root|var/(cache|log|tmp|lib/(apt|dpkg|systemd|dbus|ucf|misc))|'
                      r'etc/(ld\.so\.cache|mtab|machine-id|group|gshadow|.*-))(/|$)|/etc/ssl/certs/.*|.*/__pycache__(/|$)')


class Commands:
    """The README's commands for operators, each named by what it is about."""

    def __init__(self):
        self.all = built.of_readme(debian.ROOT)
        self.build, self.install, self.configure, *self.enable = [
            line.replace('YOUR-INTERFACE', INTERFACE) for line in self.all]


@pytest.fixture(scope='session')
def commands():
    return Commands()


@pytest.fixture(scope='session')
def packages():
    """As they were built: see packages.py."""
    return built.made()


class Site:
    """The machine, and what is wired to it: a snooping switch with a querier, and a sender."""

    def __init__(self, packages):
        self.lab, self.machine = netlab.Lab(), None
        self.debian = debian.Debian('package-machine')
        try:
            self.debian.make(built.MACHINE)
            self.put(packages, 'first')
            self.machine = debian.Machine(self.debian)
            self.before = self.files()
            self.switch = netlab.Switch(self.lab)
            self.sender = self.lab.namespace('tx')
            self.switch.connect(self.sender, 'eth0', 'to_sender')
            self.wire()
            self.sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')
            self.sender.run('ip', 'route', 'add', '224.0.0.0/4', 'dev', 'eth0')
        except BaseException:
            self.close()
            raise

    def wire(self):
        self.switch.connect(self.machine, INTERFACE, 'to_machine')

    def reboot(self):
        self.machine.off()
        self.machine.on()
        netlab.wait_for(lambda: 'to_machine' not in self.switch.host.run('ip', '-br', 'link').stdout, 10,
                        'the wire is gone with the machine that was')
        self.wire()

    def put(self, packages, version):
        """The packages of a version, as build-packages/ in the folder that commands run in."""
        folder = self.debian.path('/root/mcring/build-packages')
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(packages.folder(version), folder)

    def do(self, command, **kwargs):
        """A command of the README, as it stands there; gives what it prints."""
        done = self.machine.sh(f'cd /root/mcring\n{command}', timeout=120, check=False, **kwargs)
        assert done.returncode == 0, (command, done, self.machine.journal('mcring*')[-3000:])
        return done.stdout

    def files(self):
        """{path: what it is} of all that does not change by itself; without Debian's own packages, which come
        and go with ours."""
        found = {}
        for folder, folders, names in os.walk(self.debian.folder):
            inside = '/' + os.path.relpath(folder, self.debian.folder)
            folders[:] = [name for name in folders if not CHANGING.fullmatch(os.path.join(inside, name).replace('/./', '/'))]
            for name in folders + names:
                path = os.path.join(inside, name).replace('/./', '/')
                if not CHANGING.fullmatch(path):
                    outside = os.path.join(folder, name)
                    found[path] = (os.readlink(outside) if os.path.islink(outside) else
                                   'folder' if os.path.isdir(outside) else os.path.getsize(outside))
        return found

    def start(self, script, name):
        """Starts lines for bash in the machine; gives the process and the function that reads what they printed."""
        def printed():
            with open(log, errors='replace') as lines:
                return lines.read()

        log = self.lab.path(name)
        return self.machine.start(script, log), printed

    def members(self):
        return self.switch.members('to_machine')

    def stats(self):
        return json.loads(self.machine.sh('mcring-ctl --name feed --json stats').stdout)

    def close(self):
        if self.machine:
            self.machine.off()
        self.lab.close()
        self.debian.remove()


@pytest.fixture(scope='session')
def site(packages):
    if subprocess.run([debian.TOOL, 'probe'], capture_output=True).returncode:
        pytest.skip('systemd-nspawn does not run here')
    one = Site(packages)
    yield one
    one.close()


@pytest.fixture(scope='session')
def machine(site, commands):
    """The machine with our packages installed."""
    site.installed = site.do(commands.install)
    return site.machine


@pytest.fixture(scope='session')
def sink_machine(site, machine):
    """The same with the package that the README's commands do not install."""
    site.do('apt-get install -y --no-install-recommends ./build-packages/mcring-sink_*.deb')
    return machine


@pytest.fixture(scope='session')
def feed(site, machine, commands):
    """The site with the unit mcring@feed, by the third and the fourth command."""
    site.do(commands.configure)
    site.do(commands.enable[0])
    return site
