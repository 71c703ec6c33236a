# SPDX-License-Identifier: BSD-3-Clause
"""The hosts of tests/socket/compare.c, and its run.

Senders and two hosts with the same addresses, each wired to the senders by itself: K, whose programs
have the kernel, and L, whose programs have the library, and the engine on eth0. Neither has it on
eth1."""

import os
import subprocess

import programs

FOLDER = os.path.join(programs.BUILD, 'tests', 'socket')
MAC_OF_HOST, MAC_OF_SENDERS = '02:00:00:00:00:02', '02:00:00:00:00:01'
SENDERS = ('10.0.0.1', '10.0.0.3', '10.0.0.4', '2001:db8::1', '2001:db8::3')


def _give(host, name, senders, end, address, address6):
    """An interface of a host. Nobody behind it answers ARP: frames are written as they are."""
    host.lab.wire(senders, end, host, name)
    host.run('ip', 'link', 'set', name, 'address', MAC_OF_HOST)
    host.run('ip', 'addr', 'add', f'{address}/24', 'dev', name)
    host.speak_ipv6(name, f'{address6}/64')


def _make_host(lab, name, senders):
    host = lab.namespace(name)
    _give(host, 'eth0', senders, f'{name}0', '10.0.0.2', '2001:db8::2')
    _give(host, 'eth1', senders, f'{name}1', '10.1.0.2', '2001:db8:1::2')
    host.run('ip', 'route', 'add', '224.0.0.0/4', 'dev', 'eth0')
    host.run('ip', '-6', 'route', 'add', 'ff00::/8', 'dev', 'eth0', 'table', 'local', 'metric', 1)
    for sender in SENDERS:
        host.run('ip', 'neigh', 'add', sender, 'lladdr', MAC_OF_SENDERS, 'dev', 'eth0')
    return host


# Group 239.7.7.7 is none that the library takes to the engine.
GROUPS = '239.1.0.0/16,[ff15::]/16'
CONFIG = """
idle: adaptive
interfaces:
  - {name: feed, port: net_af_packet0, address: 10.0.0.2/24, address6: 2001:db8::2/64, dad: off}
channels:
  - {name: marker, bytes: 1M}
  - {name: sockets, bytes: 1M, per_program: yes, joiners: {users: [root]}}
joins:
  - {groups: ['239.9.9.9:9999'], channel: marker}
"""


def _start_engine(lab, host):
    path = lab.path('comparer.yaml')
    with open(path, 'w') as file:
        file.write(CONFIG)
    return programs.Daemon(lab, host, '--config', path, vdev='net_af_packet0,iface=eth0')


def compare(lab, library, *options, **kwargs):
    """Runs scripts on the kernel and on a library; gives the CompletedProcess. library: 'kernel' (none:
    both hosts must do the same), 'direct' (its functions), 'preload' (libc's names, preloaded)."""
    senders = lab.namespace('senders')
    hosts = [_make_host(lab, name, senders) for name in 'kl']
    worker = os.path.join(FOLDER, 'worker')
    other = f'{worker}-direct' if library == 'direct' else worker
    argv = [os.path.join(FOLDER, 'compare'), '--hosts', ','.join(one.name for one in (senders, *hosts)),
            '--workers', f'{worker},{other}', *map(str, options)]
    if library != 'kernel':
        argv += ['--run-dir', _start_engine(lab, hosts[1]).run_dir]
        kwargs['env'] = {**os.environ, 'MCRING_GROUPS': GROUPS}
    if library == 'preload':
        argv += ['--preload', os.path.join(programs.BUILD, 'lib', 'socket', 'preload', 'libmcring-preload.so')]
    return subprocess.run(argv, **kwargs)
