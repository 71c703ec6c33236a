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


def compare(lab, library, *options, **kwargs):
    """Runs scripts on the kernel and on a library; gives the CompletedProcess. library: 'kernel' (none:
    both hosts must do the same)."""
    senders = lab.namespace('senders')
    hosts = [_make_host(lab, name, senders) for name in 'kl']
    worker = os.path.join(FOLDER, 'worker')
    return subprocess.run([os.path.join(FOLDER, 'compare'),
                           '--hosts', ','.join(one.name for one in (senders, *hosts)),
                           '--workers', f'{worker},{worker}', *map(str, options)], **kwargs)
