# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's own programs on a running daemon: dpdk-dumpcap, dpdk-pdump, dpdk-proc-info."""

import os
import signal
import subprocess

import pytest

from frames import tshark_datagrams
from hugepages import REASON, Hugepages
from netlab import EAL_DIR, Lab, wait_for
from programs import Daemon, identity, mcsend, sequence

PAGES = 256  # of 2 MiB: two daemons with 128 MiB each, and what a second process wants
GROUP = '239.1.1.1:5000'
NOBODY = ('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups')


class Host:
    def __init__(self, lab):
        try:
            self.pages = Hugepages(PAGES)
        except OSError:
            pytest.skip(REASON)
        self.lab = lab
        self.receiver, self.sender = lab.namespace('rx'), lab.namespace('tx')
        lab.wire(self.sender, 'eth0', self.receiver, 'eth0', 1500)
        self.sender.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth0')

    def daemon(self, *args):
        return Daemon(self.lab, self.receiver, '--interface', 'feed=net_af_packet0,address=10.0.0.2/24', '--join',
                      GROUP, *args, vdev='net_af_packet0,iface=eth0',
                      eal=('-l', '0,1', '-m', '128', '--no-pci', '--huge-dir', self.pages.folder))

    def start(self, daemon, program, *args, before=()):
        """Gives the process, whose output is in a file of the lab, with that file's path."""
        path = self.lab.path(f'{program}.log')
        with open(path, 'w') as log:
            process = self.receiver.start(*before, 'stdbuf', '-oL', program, f'--file-prefix=mcring_{daemon.name}',
                                          *args, stdout=log, stderr=log)
        return process, path

    def run(self, *args, **kwargs):
        """Gives (exit status, output)."""
        process, path = self.start(*args, **kwargs)
        status = process.wait(30)
        with open(path, errors='replace') as log:
            return status, log.read()

    def send(self, n=10):
        assert mcsend(self.sender, GROUP, count=n)['flows'][0]['sent'] == n


@pytest.fixture(scope='module')
def host():
    lab = Lab()
    host = None
    try:
        host = Host(lab)
        yield host
    finally:
        lab.close()
        if host:
            host.pages.close()


@pytest.fixture(scope='module')
def daemon(host):
    daemon = host.daemon('--pdump')
    yield daemon
    daemon.stop()


def said(path, words):
    with open(path, errors='replace') as log:
        return words in log.read()


def numbers(path):
    """Those of mcsend in a capture so far, in order."""
    try:
        return [sequence(one) for one in tshark_datagrams(path)]
    except subprocess.CalledProcessError:  # it ends within a packet
        return []


def end(program):
    program.send_signal(signal.SIGINT)
    assert program.wait(20) == 0


def test_dumpcap_captures_what_the_engine_receives(host, daemon):
    before = daemon.stats()['delivered']
    path = host.lab.path('capture.pcapng')
    dumpcap, log = host.start(daemon, 'dpdk-dumpcap', '-p', '-i', 'net_af_packet0', '-w', path)
    wait_for(lambda: said(log, 'Packets captured: '), 30, 'it captures')
    host.send(20)
    wait_for(lambda: numbers(path) == list(range(1, 21)), 10, 'the capture has them, each once and in order')
    end(dumpcap)
    stats = daemon.stats()
    assert stats['delivered'] == before + 20 and identity(stats)


def test_a_port_that_dumpcap_left_not_promiscuous_is_promiscuous_again(host, daemon):
    """Without -p it switches the mode off at its end, whoever switched it on."""
    assert daemon.stats()['ports'][0]['rung'] == 'promiscuous'
    dumpcap, log = host.start(daemon, 'dpdk-dumpcap', '-i', 'net_af_packet0', '-w', host.lab.path('more.pcapng'))
    wait_for(lambda: said(log, 'Packets captured: '), 30, 'it captures')
    end(dumpcap)

    def is_promiscuous():
        links = host.receiver.run('ip', '-d', 'link', 'show', 'eth0').stdout
        return 'promiscuity 1' in links or 'promiscuity 2' in links

    wait_for(is_promiscuous, 10, 'the kernel says so')
    assert daemon.stats()['ports'][0]['promiscuous'] is True


def test_pdump_writes_a_capture_too(host, daemon):
    before = daemon.stats()['delivered']
    path = host.lab.path('pdump.pcap')
    pdump, log = host.start(daemon, 'dpdk-pdump', '--', '--pdump',
                            f'port=0,queue=*,rx-dev={path},total-num-mbufs=4095')
    wait_for(lambda: said(log, 'capture for (1) tuples'), 30, 'it captures')
    host.send(10)
    wait_for(lambda: daemon.stats()['delivered'] == before + 10, 10, 'all has arrived')
    end(pdump)
    assert numbers(path) == list(range(1, 11))


def test_proc_info_shows_the_port(host, daemon):
    status, text = host.run(daemon, 'dpdk-proc-info', '--', '--stats')
    assert status == 0 and 'NIC statistics for port 0' in text


def test_others_than_root_cannot_attach(host, daemon):
    status, text = host.run(daemon, 'dpdk-dumpcap', '-p', '-i', 'net_af_packet0', before=NOBODY)
    assert status != 0 and 'Capturing' not in text
    assert os.stat(f'{EAL_DIR}/mcring_{daemon.name}').st_mode & 0o777 == 0o700
    files = os.listdir(host.pages.folder)
    assert files and {os.stat(f'{host.pages.folder}/{one}').st_mode & 0o777 for one in files} == {0o600}


def test_a_daemon_ends_in_order_while_something_captures(host):
    daemon = host.daemon('--pdump')
    dumpcap, log = host.start(daemon, 'dpdk-dumpcap', '-p', '-i', 'net_af_packet0', '-w', host.lab.path('cut.pcapng'))
    wait_for(lambda: said(log, 'Packets captured: '), 30, 'it captures')
    host.send()
    wait_for(lambda: daemon.stats()['delivered'] == 10, 10, 'all has arrived')
    assert daemon.stop() == 0
    end(dumpcap)


def test_without_pdump_nothing_captures_and_the_port_can_be_looked_at(host):
    daemon = host.daemon()
    assert host.run(daemon, 'dpdk-proc-info', '--', '--stats')[0] == 0
    status, text = host.run(daemon, 'dpdk-dumpcap', '-p', '-i', 'net_af_packet0', '-c', 1, '-w', '/dev/null')
    assert status != 0 and 'client request for pdump enable/disable failed' in text
    assert daemon.stop() == 0
