# SPDX-License-Identifier: BSD-3-Clause
"""Programs of others, started as their users start them, but with mcring-run: every datagram arrives
once, in order, from the right sender."""

import os
import re
import struct

import pytest

from client_host import COUNT, GROUP, MCSEND, PORT, RUN, SIZE, Host, assert_all, same, told
from netlab import wait_for

PYTHON = '/usr/bin/python3'

# Each prints what it received as a JSON object: the numbers, and who sent.
TIMEOUT = f'''
import json, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('', {PORT}))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
             socket.inet_aton('{GROUP}') + socket.inet_aton('10.0.0.3'))
s.settimeout(20)
seqs, senders = [], set()
while len(seqs) < {COUNT}:
    data, sender = s.recvfrom(2048)
    seqs.append(struct.unpack('>Q', data[:8])[0])
    senders.add(sender[0])
print(json.dumps([seqs, sorted(senders)]))
'''
ASYNCIO = f'''
import asyncio, json, socket, struct
seqs, senders = [], set()
class Receiver(asyncio.DatagramProtocol):
    def datagram_received(self, data, sender):
        seqs.append(struct.unpack('>Q', data[:8])[0])
        senders.add(sender[0])
        if len(seqs) == {COUNT}:
            done.set_result(None)
async def main():
    global done
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('{GROUP}', {PORT}))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                 struct.pack('4s4si', socket.inet_aton('{GROUP}'), bytes(4),
                             socket.if_nametoindex('eth0')))
    await loop.create_datagram_endpoint(Receiver, sock=s)
    await asyncio.wait_for(done, 20)
    print(json.dumps([seqs, sorted(senders)]))
asyncio.run(main())
'''
@pytest.fixture
def host(wire):
    return Host(wire)


@pytest.mark.parametrize('script', [TIMEOUT, ASYNCIO], ids=['timeout', 'asyncio'])
def test_python(host, script):
    program = host.start(PYTHON, '-c', script)
    host.send()
    numbers, senders = told(host, program)
    assert_all(numbers)
    assert senders == ['10.0.0.1']


@pytest.mark.parametrize('argv, size', [
    (('socat', '-u', '-b65535', f'UDP4-RECV:{PORT},ip-add-membership={GROUP}:eth0,reuseaddr',
      'STDOUT'), SIZE),
    (('multicat', '-u', f'@{GROUP}:{PORT}/ifaddr=10.0.0.3', '/dev/stdout'), 1316), # the size of seven packets of MPEG
], ids=['socat', 'multicat'])
def test_what_writes_payloads(host, argv, size):
    program = host.start(*argv)
    host.send(size)
    wait_for(lambda: len(host.output()) >= COUNT * size, 20, 'all is written')
    program.terminate()
    program.wait(10)
    out = host.output()
    assert len(out) == COUNT * size
    assert_all([struct.unpack_from('>Q', out, i * size)[0] for i in range(COUNT)])


def test_iperf_sees_no_loss(host):
    program = host.start('iperf', '-s', '-u', '-B', GROUP, '-y', 'C')
    sent = host.wire.sender.run('iperf', '-c', GROUP, '-u', '-T', 4, '-l', SIZE, '-b', '8M', '-t', 1,
                                timeout=60).stdout
    datagrams = int(re.search(r'Sent (\d+) datagrams', sent)[1])
    wait_for(host.output, 20, 'it has reported')
    program.terminate()
    program.wait(10)
    fields = host.output().decode().splitlines()[-1].split(',')
    lost, received = int(fields[-4]), int(fields[-3])
    assert lost == 0 and abs(received - datagrams) <= 1


def test_mgen_logs_all(host):
    log = host.wire.lab.path('mgen')
    program = host.start('mgen', 'event', f'listen udp {PORT}', 'event',
                         f'join {GROUP} interface eth0', 'output', log, 'flush')
    host.wire.sender.run('mgen', 'event', f'on 1 udp dst {GROUP}/{PORT} periodic [10000 100] count '
                         f'{COUNT}', 'event', '2.0 off 1', timeout=60)

    def received():
        with open(log) as file:
            return re.findall(r'RECV .* seq>(\d+) src>([\d.]+)/', file.read())
    wait_for(lambda: len(received()) >= COUNT, 20, 'all is logged')
    program.terminate()
    program.wait(10)
    assert_all([int(seq) + 1 for seq, _ in received()])
    assert {source for _, source in received()} == {'10.0.0.1'}


def test_ncat_lives_off_a_join_of_the_kernel(host):
    """It binds to the group and joins nothing: it is not ours, and goes on as without us."""
    member = host.wire.receiver.start(PYTHON, '-c', f"""
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
             socket.inet_aton('{GROUP}') + socket.inet_aton('10.0.0.3'))
time.sleep(60)""")
    with open(host.out, 'w') as out:
        program = host.wire.receiver.start(RUN, '--run-dir', host.engine.run_dir, '--', 'ncat', '-u',
                                           '-l', GROUP, PORT, stdout=out)
    wait_for(lambda: GROUP in host.wire.receiver.run('ip', 'maddr').stdout and
             host.is_bound(program), 10, 'it listens')
    host.wire.sender.run(MCSEND, '--interface', 'eth0', '--to', f'{GROUP}:{PORT}', '--count', 100,
                         '--rate', 1000, '--size', SIZE)
    wait_for(lambda: len(host.output()) >= 100 * SIZE, 10, 'all is written')
    for one in program, member:
        one.terminate()
        one.wait(10)
    assert len(host.output()) == 100 * SIZE


def test_udp_receiver_gets_a_file(host):
    source, copy = host.wire.lab.path('source'), host.wire.lab.path('copy')
    with open(source, 'wb') as file:
        file.write(os.urandom(1_000_000))
    program = host.start('udp-receiver', '--interface', 'eth0', '--nokbd', '--mcast-rdv-addr', GROUP,
                         '--portbase', PORT, '--file', copy)
    host.wire.sender.run('udp-sender', '--interface', 'eth0', '--nokbd', '--mcast-rdv-addr', GROUP,
                         '--portbase', PORT, '--file', source, '--min-receivers', 1, timeout=60)
    program.wait(20)
    assert same(source, copy)
