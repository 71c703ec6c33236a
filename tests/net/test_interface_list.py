# SPDX-License-Identifier: BSD-3-Clause
"""RUN_DIR/interfaces: which interfaces an engine has, for everybody and after its end."""

import os
import stat

from netlab import wait_for
from programs import Daemon
from suite import need_tun


def path_of(daemon):
    return os.path.join(daemon.run_dir, 'interfaces')


def lines_of(daemon):
    with open(path_of(daemon), encoding='ascii') as listed:
        return listed.read().splitlines()


def test_the_list_is_everybodys_and_outlives_its_daemon(wire):
    need_tun()
    mask = os.umask(0o077)
    try:
        daemon = wire.daemon('--interface', 'tagged=net_af_packet0,vlan=7,address6=2001:db8::2/64,'
                             'kernel=beside0')
    finally:
        os.umask(mask)
    ours = ['mcring-interfaces 1',
            'name=feed port=net_af_packet0 netdev=eth0 kernel= vlan=0 address=10.0.0.2/24 '
            'address6= shared=yes',
            'name=tagged port=net_af_packet0 netdev=eth0 kernel=beside0 vlan=7 address= '
            'address6=2001:db8::2/64 shared=yes']
    assert lines_of(daemon) == ours
    assert stat.S_IMODE(os.stat(path_of(daemon)).st_mode) == 0o644
    wire.receiver.run('ip', 'link', 'set', 'eth0', 'down')
    wire.receiver.run('ip', 'link', 'set', 'eth0', 'name', 'eth7')
    renamed = [line.replace('netdev=eth0', 'netdev=eth7') for line in ours]
    wait_for(lambda: lines_of(daemon) == renamed, 5, 'the list follows the name')
    assert daemon.stop() == 0
    assert lines_of(daemon) == renamed
    assert sorted(os.listdir(daemon.run_dir)) == ['interfaces']


def test_the_next_daemon_replaces_the_list(wire):
    first = wire.daemon('--join', '239.1.1.1:5000')
    first.process.kill()
    first.process.wait()
    os.unlink(path_of(first))
    os.symlink('/etc/hostname', path_of(first))
    before = os.stat('/etc/hostname')
    second = Daemon(wire.lab, wire.receiver, '--interface', 'other=net_tap0', '--run-dir',
                    first.run_dir, vdev='net_tap0,iface=dtap0')
    second.run_dir = first.run_dir
    assert lines_of(second) == ['mcring-interfaces 1', 'name=other port=net_tap0 netdev=dtap0 '
                                'kernel= vlan=0 address= address6= shared=no']
    assert not os.path.islink(path_of(second))
    after = os.stat('/etc/hostname')
    assert (before.st_mtime_ns, before.st_mode) == (after.st_mtime_ns, after.st_mode)
    assert second.stop() == 0
