# SPDX-License-Identifier: BSD-3-Clause
"""rpm/mcring.spec makes packages of what was built here, all of it. With MCR_RPM=1 it also compiles it, as for
/usr."""

import collections
import json
import os
import re
import subprocess

import pytest

import debian

ROOT = debian.ROOT
BUILD = os.environ.get('MCRING_BUILD', 'build')


Package = collections.namedtuple('Package', 'version files requires')


def rpmbuild(top, *definitions):
    """{name: Package}"""
    done = subprocess.run(['rpmbuild', '-bb', '--build-in-place', '--nodeps', '--define', f'_topdir {top}',
                           '--define', f'_tmppath {top}', '--define', f'_dbpath {top}/db',
                           *(word for one in definitions for word in ('--define', one)), 'rpm/mcring.spec'],
                          cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    packages = {}
    for path in re.findall(r'(?m)^Wrote: (.*\.rpm)$', done.stdout):
        def query(what):
            return subprocess.run(['rpm', '--dbpath', f'{top}/db', '-qp', *what, path], check=True, capture_output=True,
                                  text=True).stdout.splitlines()
        name, version = query(['--qf', '%{NAME} %{VERSION}'])[0].split()
        packages[name] = Package(version, query(['-l']), query(['--requires']))
    return packages


@pytest.fixture(scope='module')
def rpms(tmp_path_factory):
    if os.environ.get('MCR_RPM'):
        return rpmbuild(tmp_path_factory.mktemp('rpm'), f'mcring_build {tmp_path_factory.mktemp("rpm-build")}/build')
    prefix = '/usr/local' # of the build
    return rpmbuild(tmp_path_factory.mktemp('rpm'), f'mcring_build {BUILD}', f'_prefix {prefix}',
                    f'_libdir {prefix}/lib', f'_datadir {prefix}/share', f'_mandir {prefix}/share/man')


def test_there_is_an_rpm_for_each_debian_package_of_the_same_version(rpms):
    with open(os.path.join(ROOT, 'debian/control')) as control:
        wanted = set(re.findall(r'(?m)^Package: (.*)$', control.read()))
    assert set(rpms) == {re.sub('-dev$', '-devel', name) for name in wanted}
    project = json.loads(subprocess.run(['meson', 'introspect', '--projectinfo', 'meson.build'], cwd=ROOT, check=True,
                                        capture_output=True, text=True).stdout)
    assert {of.version for of in rpms.values()} == {project['version']}


def test_each_file_is_in_one_rpm(rpms):
    """rpmbuild itself fails if one is in none."""
    count = collections.Counter(name for of in rpms.values() for name in of.files)
    folders = {os.path.dirname(name) for name in count}
    twice = {name for name, n in count.items() if n > 1 and name not in folders}
    assert len(count) > 150 and not twice, twice


def test_the_daemon_has_its_unit_and_pages_and_needs_no_library_of_ours(rpms):
    of = rpms['mcring']
    names = {os.path.basename(name).removesuffix('.gz') for name in of.files}
    assert {'mcring', 'mcring@.service', 'mcring.8', 'mcring.yaml.5', 'mcring.conf', 'af_packet.yaml'} <= names
    assert [one for one in of.requires if 'mcring' in one] == [f'mcring-tools = {of.version}-1']


def test_what_only_reads_needs_no_dpdk(rpms):
    assert any('librte' in one for one in rpms['mcring'].requires)
    for name in ('mcring-tools', 'mcring-socket', 'mcring-exporter', 'libmcring-client2', 'libmcring-feed2',
                 'libmcring-socket2', 'libmcring-client-devel'):
        assert not [one for one in rpms[name].requires if 'rte_' in one or 'dpdk' in one], name
