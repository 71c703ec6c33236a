# SPDX-License-Identifier: BSD-3-Clause
"""IGMP on the wire as others see it: captures, injected frames, forwarding entries."""

import json
import struct
import subprocess
import socket

from netlab import Capture, wait_for

ALL_HOSTS = '224.0.0.1'
FIELDS = ('frame.time_epoch', 'frame.len', 'eth.src', 'eth.dst', 'ip.src', 'ip.dst', 'ip.len',
          'igmp.type', 'igmp.max_resp', 'igmp.maddr', 'igmp.record_type', 'igmp.qrv')
# IGMP with and without a VLAN tag.
IGMP_FILTER = 'ip proto 2 or (vlan and ip proto 2)'
# What tshark dislikes: 0x400000 is its "note".
BAD = ('_ws.malformed || _ws.expert.severity >= 0x400000 || ip.checksum.status == 0 '
       '|| igmp.checksum.status == 0')

INJECT = """
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
for line in sys.stdin:
    s.send(bytes.fromhex(line))
    time.sleep(float(sys.argv[2]))
"""


def checksum(data):
    if len(data) & 1:
        data += b'\0'
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip_frame(payload, source, destination):
    """IGMP as a router sends it: TTL 1, TOS 0xc0, Router Alert."""
    header = struct.pack('!BBHHHBBH4s4s4s', 0x46, 0xc0, 24 + len(payload), 0, 0x4000, 1, 2, 0,
                         socket.inet_aton(source), socket.inet_aton(destination),
                         b'\x94\x04\0\0')
    header = header[:10] + struct.pack('!H', checksum(header)) + header[12:]
    group = socket.inet_aton(destination)
    mac = b'\x01\x00\x5e' + bytes([group[1] & 0x7f]) + group[2:]
    return mac + b'\x02\0\0\0\0\x01' + b'\x08\0' + header + payload


def query(version, code=None, group='0.0.0.0', sources=(), qrv=2, qqic=125, source='10.0.0.1',
          bad_checksum=False):
    """A frame with a membership query. code: in tenths of a second below 128."""
    code = {1: 0, 2: 100, 3: 100}[version] if code is None else code
    message = struct.pack('!BBH4s', 0x11, code, 0, socket.inet_aton(group))
    if version == 3:
        message += struct.pack('!BBH', qrv, qqic, len(sources))
        message += b''.join(socket.inet_aton(one) for one in sources)
    right = checksum(message) ^ (0x5555 if bad_checksum else 0)
    message = message[:2] + struct.pack('!H', right) + message[4:]
    return ip_frame(message, source, ALL_HOSTS if group == '0.0.0.0' else group)


def inject(host, *frames, interface='eth0', pause=0.0):
    """Sends whole Ethernet frames, in order."""
    text = '\n'.join(frame.hex() for frame in frames)
    done = subprocess.run(host.argv('/usr/bin/python3', '-c', INJECT, interface, pause),
                          input=text, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


class Message:
    """One IGMP message; a v3 report has a record type for each group."""

    def __init__(self, line):
        values = dict(zip(FIELDS, line.split('\t')))
        self.time = float(values['frame.time_epoch'])
        self.length = int(values['frame.len'])
        self.mac, self.to_mac = values['eth.src'], values['eth.dst']
        # The first of several is the outer one.
        self.source, self.destination = values['ip.src'], values['ip.dst']
        self.ip_length = int(values['ip.len'])
        self.type = int(values['igmp.type'], 0)
        self.code = values['igmp.max_resp']
        self.groups = values['igmp.maddr'].split(',') if values['igmp.maddr'] else []
        records = values['igmp.record_type']
        self.records = [int(one) for one in records.split(',')] if records else []

    def told(self):
        """(record or message type, group) of all that a report says."""
        return list(zip(self.records or [self.type], self.groups))


class Tap(Capture):
    """All IGMP at one interface. stop() gives the messages of `mac`, and fails if tshark dislikes
    any of them."""

    def __init__(self, host, interface, mac, name='igmp'):
        super().__init__(host, interface, host.lab.path(f'{name}-{host.name}-{interface}.pcap'),
                         IGMP_FILTER)
        self.mac = mac

    def stop(self, settle=1.0):
        super().stop(settle)
        disliked = self.tshark('-Y', f'eth.src == {self.mac} && ({BAD})')
        assert disliked == '', disliked
        self.all = self.messages()
        return [m for m in self.all if m.mac == self.mac]

    def tshark(self, *args):
        return subprocess.run(['tshark', '-n', '-r', self.path, '-o', 'ip.check_checksum:TRUE',
                               *args], check=True, capture_output=True, text=True).stdout

    def messages(self):
        columns = [word for field in FIELDS for word in ('-e', field)]
        lines = self.tshark('-Y', 'igmp', '-T', 'fields', '-E', 'occurrence=a', '-E',
                            'separator=/t', *columns).splitlines()
        return [Message(line) for line in lines]


def interface(daemon, n=0):
    """What mcring-ctl status says of an interface."""
    return json.loads(daemon.ctl('--json', 'status').stdout)['interfaces'][n]


def group(daemon, address):
    """What mcring-ctl groups says of a group."""
    groups = json.loads(daemon.ctl('--json', 'groups').stdout)['groups']
    return next(one for one in groups if one['group'] == address)


def wait_version(daemon, version, seconds=10):
    wait_for(lambda: interface(daemon)['igmp_version'] == version, seconds,
             f'IGMP version {version}')


def wait_idle(daemon, seconds=10):
    """Until every group is told in full."""
    def idle():
        groups = json.loads(daemon.ctl('--json', 'groups').stdout)['groups']
        return all(one['igmp_state'] in ('idle', 'unreported') for one in groups)
    wait_for(idle, seconds, 'all groups are idle')
