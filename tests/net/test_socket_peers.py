# SPDX-License-Identifier: BSD-3-Clause
"""Large and slow programs, and what Debian has not. They run with MCRING_PEERS=FOLDER, which has the
sources of sockperf and mcjoin in folders of these names, or has not."""

import os
import re
import signal
import subprocess

import pytest

from client_host import COUNT, GROUP, PORT, Host, assert_all, same, told
from netlab import wait_for

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


@pytest.fixture
def host(wire):
    return Host(wire)


def test_uftpd_gets_a_file(host):
    source, folder = host.wire.lab.path('source'), host.wire.lab.path('folder')
    os.mkdir(folder)
    with open(source, 'wb') as file:
        file.write(os.urandom(1_000_000))
    program = host.start('uftpd', '-d', '-I', 'eth0', '-M', GROUP, '-p', PORT, '-D', folder)
    host.wire.sender.run('uftp', '-I', 'eth0', '-M', GROUP, '-P', '239.1.1.9', '-p', PORT, '-R',
                         100_000, source, timeout=60)
    program.terminate()
    program.wait(10)
    assert same(source, os.path.join(folder, 'source'))
    assert host.engine.stats()['delivered'] > 500 # the data came through the engine


# ---- what Debian has not: built from sources that are at hand ----

def peer(name, program):
    folder = os.path.join(os.environ['MCRING_PEERS'], name)
    if not os.path.isdir(folder):
        pytest.skip(f'MCRING_PEERS has no folder {name} with its sources')
    path = os.path.join(folder, program)
    if not os.path.exists(path):
        subprocess.run('./autogen.sh && ./configure && make', shell=True, cwd=folder, check=True,
                       capture_output=True)
    return path


@pytest.mark.parametrize('way', ['e', 'p', 's'], ids=['epoll', 'poll', 'select'])
def test_sockperf_receives_what_it_sends(host, way):
    sockperf, feed = peer('sockperf', 'sockperf'), host.wire.lab.path('feed')
    with open(feed, 'w') as file:
        file.write(f'U:{GROUP}:{PORT}\nU:239.1.1.2:{PORT}\n')
    program = host.start(sockperf, 'sr', '-f', feed, '-F', way, '--mc-rx-if', '10.0.0.3', '-g')
    sent = host.wire.sender.run(sockperf, 'tp', '-i', GROUP, '-p', PORT, '--mc-tx-if', '10.0.0.1',
                                '-t', 1, '--mps', 10_000, '-m', 64, timeout=60).stdout
    count = int(re.search(r'Total of (\d+) messages sent', sent)[1])
    wait_for(lambda: host.engine.stats()['delivered'] >= count, 10, 'all has arrived')
    program.send_signal(signal.SIGINT)
    out = host.end(program).decode()
    assert f'Total {count} messages received' in out and 'Dropped/OOO: 0' in out


def test_mcjoin_counts_all(host):
    program = host.start(peer('mcjoin', 'src/mcjoin'), '-i', 'eth0', '-p', PORT, '-o', GROUP)
    host.send()
    wait_for(lambda: host.engine.stats()['delivered'] >= COUNT, 10, 'all has arrived')
    program.send_signal(signal.SIGINT)
    out = host.end(program).decode()
    assert f'Total: {COUNT} packets' in out and 'dupes 0' in out


# ---- large ones ----

def test_node(host):
    program = host.start('node', '-e', NODE)
    host.send()
    numbers, senders = told(host, program)
    assert_all(numbers)
    assert senders == ['10.0.0.1']


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


def test_ffmpeg(host):
    """It writes what it received, packet by packet."""
    source, copy = host.wire.lab.path('source.ts'), host.wire.lab.path('copy.ts')
    quiet = 'ffmpeg', '-v', 'error', '-y'
    subprocess.run([*quiet, '-f', 'lavfi', '-i', 'testsrc=duration=3', '-f', 'mpegts', source],
                   check=True)
    url = f'udp://{GROUP}:{PORT}'
    program = host.start(*quiet, '-i', f'{url}?localaddr=10.0.0.3&timeout=3000000', '-c', 'copy', '-f',
                         'mpegts', copy)
    host.wire.sender.run(*quiet, '-re', '-i', source, '-c', 'copy', '-f', 'mpegts',
                         f'{url}?pkt_size=1316&localaddr=10.0.0.1', timeout=60)
    host.end(program)
    frames = [subprocess.run(['ffprobe', '-v', 'error', '-count_packets', '-show_entries',
                              'stream=nb_read_packets', '-of', 'csv=p=0', path],
                             capture_output=True, text=True).stdout.strip() for path in (source, copy)]
    assert frames[0] == frames[1] != ''
