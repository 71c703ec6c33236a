# SPDX-License-Identifier: BSD-3-Clause
"""Programs of others, started as their users start them, but with mcring-run: every datagram arrives
once, in order, from the right sender."""

import json
import os
import re
import struct
import subprocess

import pytest

from netlab import wait_for
from programs import BUILD, sockets_config

RUN = os.path.join(BUILD, 'tools', 'mcring-run')
MCSEND = os.path.join(BUILD, 'tests', 'lab', 'mcsend')
PYTHON = '/usr/bin/python3'
GROUP, PORT, COUNT, SIZE = '239.1.1.1', 5000, 10_000, 100
RUNTIMES = os.environ.get('MCRING_RUNTIMES') # the large ones: node, Java

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
NODE = f'''
const s = require('dgram').createSocket({{type: 'udp4', reuseAddr: true}});
const seqs = [], senders = new Set();
s.on('message', (data, from) => {{
  seqs.push(Number(data.readBigUInt64BE(0)));
  senders.add(from.address);
  if (seqs.length == {COUNT}) {{
    console.log(JSON.stringify([seqs, [...senders]]));
    s.close();
  }}
}});
s.bind({PORT}, () => s.addMembership('{GROUP}', '10.0.0.3'));
'''
JAVA = '''
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.channels.*;
import java.util.*;
public class Receive {
  public static void main(String[] args) throws Exception {
    List<Long> seqs = new ArrayList<>();
    Set<String> senders = new TreeSet<>();
    NetworkInterface eth0 = NetworkInterface.getByName("eth0");
    InetAddress group = InetAddress.getByName("%(group)s");
    if (args[0].equals("socket")) {
      MulticastSocket s = new MulticastSocket(%(port)d);
      s.joinGroup(new InetSocketAddress(group, 0), eth0);
      byte[] data = new byte[2048];
      while (seqs.size() < %(count)d) {
        DatagramPacket p = new DatagramPacket(data, data.length);
        s.receive(p);
        seqs.add(ByteBuffer.wrap(data).getLong());
        senders.add('"' + p.getAddress().getHostAddress() + '"');
      }
    } else {
      DatagramChannel c = DatagramChannel.open(StandardProtocolFamily.INET)
          .setOption(StandardSocketOptions.SO_REUSEADDR, true)
          .bind(new InetSocketAddress(%(port)d));
      c.join(group, eth0, InetAddress.getByName("10.0.0.1"));
      c.configureBlocking(false);
      Selector selector = Selector.open();
      c.register(selector, SelectionKey.OP_READ);
      ByteBuffer data = ByteBuffer.allocate(2048);
      while (seqs.size() < %(count)d) {
        selector.select();
        selector.selectedKeys().clear();
        for (;;) {
          data.clear();
          SocketAddress from = c.receive(data);
          if (from == null)
            break;
          seqs.add(data.getLong(0));
          senders.add('"' + ((InetSocketAddress) from).getAddress().getHostAddress() + '"');
        }
      }
    }
    System.out.println("[" + seqs + "," + senders + "]");
  }
}
''' % {'group': GROUP, 'port': PORT, 'count': COUNT}


class Host:
    def __init__(self, wire):
        self.wire = wire
        wire.receiver.run('ip', 'addr', 'add', '10.0.0.3/24', 'dev', 'eth0')
        for host in wire.sender, wire.receiver:
            host.run('ip', 'route', 'add', '224.0.0.0/4', 'dev', 'eth0')
        self.engine = wire.daemon('--config', sockets_config(wire.lab))
        self.out = wire.lab.path('out')

    def start(self, *argv, joined=GROUP):
        """Starts a program, and waits until the engine has joined its group."""
        with open(self.out, 'w') as out, open(self.out + '.err', 'w') as err:
            program = self.wire.receiver.start(RUN, '--require', '--run-dir', self.engine.run_dir,
                                               '--', *argv, stdout=out, stderr=err)
        wait_for(lambda: program.poll() is not None or self.has_joined(joined), 20, 'it has joined')
        assert program.poll() is None, self.errors()
        wait_for(lambda: self.is_bound(program), 5, 'it is bound')
        return program

    def has_joined(self, group):
        return any(one['group'] == group for one in self.engine.stats()['groups'])

    def is_bound(self, program):
        ports = re.findall(r':([0-9A-F]{4}) 0', self.wire.receiver.run(
            'cat', '/proc/net/udp', '/proc/net/udp6').stdout)
        return any(int(port, 16) in (PORT, 5001) for port in ports)

    def errors(self):
        with open(self.out + '.err') as err:
            return err.read()

    def output(self):
        with open(self.out, 'rb') as out:
            return out.read()

    def send(self, size=SIZE):
        self.wire.sender.run(MCSEND, '--interface', 'eth0', '--to', f'{GROUP}:{PORT}', '--count',
                             COUNT, '--rate', 20_000, '--size', size)

    def end(self, program):
        """It has received all, and ends."""
        try:
            program.wait(20)
        except subprocess.TimeoutExpired:
            program.terminate()
            program.wait(10)
        return self.output()


@pytest.fixture
def host(wire):
    return Host(wire)


def told(host, program):
    """What one of the programs above says that it received."""
    out = host.end(program)
    assert out, host.errors()
    return json.loads(out)


def assert_all(numbers):
    wrong = [(i + 1, n) for i, n in enumerate(numbers) if n != i + 1]
    assert (len(numbers), wrong[:3]) == (COUNT, [])


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


@pytest.mark.skipif(not RUNTIMES, reason='MCRING_RUNTIMES=1 also runs node and Java')
def test_node(host):
    program = host.start('node', '-e', NODE)
    host.send()
    numbers, senders = told(host, program)
    assert_all(numbers)
    assert senders == ['10.0.0.1']


@pytest.mark.skipif(not RUNTIMES, reason='MCRING_RUNTIMES=1 also runs node and Java')
@pytest.mark.parametrize('kind', ['socket', 'channel'])
def test_java(host, kind):
    source = host.wire.lab.path('Receive.java')
    with open(source, 'w') as file:
        file.write(JAVA)
    program = host.start('java', source, kind)
    host.send()
    numbers, senders = told(host, program)
    assert_all(numbers)
    assert senders == ['10.0.0.1']
