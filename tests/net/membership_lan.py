# SPDX-License-Identifier: BSD-3-Clause
"""IGMP and MLD on the wire as others see them: captures, injected frames, what the daemon says.

Versions and response codes are those of IGMP: MLD's version 2 is 3 here, and its version 1 is 2."""

import ipaddress
import itertools
import json
import struct
import subprocess

from family import IPV4, IPV6
from netlab import Capture, wait_for

INJECT = """
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
for line in sys.stdin:
    s.send(bytes.fromhex(line))
    time.sleep(float(sys.argv[2]))
"""

# Types of records: RFC 9776 §4.2.12.
IS_IN, IS_EX, TO_IN, TO_EX, ALLOW, BLOCK = range(1, 7)

# Destinations of hosts' own neighbour solicitations: RFC 4291 §2.7.1.
SOLICITED = ipaddress.ip_network('ff02::1:ff00:0/104')


def packed(address):
    return ipaddress.ip_address(address).packed


def checksum(data):
    if len(data) & 1:
        data += b'\0'
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame_ipv4(payload, source, destination):
    """TTL 1, TOS 0xc0, Router Alert."""
    header = struct.pack('!BBHHHBBH4s4s4s', 0x46, 0xc0, 24 + len(payload), 0, 0x4000, 1, 2, 0,
                         packed(source), packed(destination), b'\x94\x04\0\0')
    header = header[:10] + struct.pack('!H', checksum(header)) + header[12:]
    group = packed(destination)
    return (b'\x01\x00\x5e' + bytes([group[1] & 0x7f]) + group[2:] + b'\x02\0\0\0\0\x01' +
            b'\x08\0' + header + payload)


def frame_ipv6(payload, source, destination):
    """Hop limit 1 and a hop-by-hop header with Router Alert."""
    header = struct.pack('!IHBB16s16s8s', 0x60000000, 8 + len(payload), 0, 1, packed(source),
                         packed(destination), b'\x3a\0\x05\x02\0\0\x01\0')
    return (b'\x33\x33' + packed(destination)[12:] + b'\x02\0\0\0\0\x01' + b'\x86\xdd' + header +
            payload)


class Protocol:
    """IGMP or MLD."""

    def __init__(self, family, name, versions, query, report, report_v2, leave_v2, report_to,
                 leave_to, all_hosts, bpf, shown, bad, query_octets):
        self.family, self.name = family, name
        self.versions = versions  # it has these, the newest first
        self.query_type, self.report = query, report
        self.report_v2, self.leave_v2 = report_v2, leave_v2
        self.report_to, self.leave_to, self.all_hosts = report_to, leave_to, all_hosts
        self.bpf = f'{bpf} or (vlan and {bpf})'  # for dumpcap
        self.shown = shown  # its packets, for tshark
        self.bad = bad  # what is wrong with them, for tshark
        self.query_octets = query_octets  # IP length of general queries: newest version, older one

    def __repr__(self):
        return self.name.upper()

    def version(self, version):
        """Its own number of a version."""
        return version - 3 + self.versions[0]

    def option(self, version):
        """Makes an interface speak this version."""
        return f',{self.name}={self.version(version)}'

    def querier(self, n=1):
        """The address from which a host asks."""
        return f'fe80::{n:x}' if self.family.is_ipv6 else f'10.0.0.{n}'

    def frame(self, payload, source, destination):
        """A message as a router sends it."""
        return (frame_ipv6 if self.family.is_ipv6 else frame_ipv4)(payload, source, destination)

    def message(self, kind, code, group, more=b'', source=None, destination=None, flip=0):
        """A frame with a message whose checksum has the bits `flip` wrong."""
        source, destination = source or self.querier(), destination or group
        rest = packed(group) + more
        if self.family.is_ipv6:
            rest = struct.pack('!HH', code, 0) + rest
            head, code = struct.pack('!16s16sII', packed(source), packed(destination),
                                     4 + len(rest), 58), 0
        else:
            head = b''
        right = checksum(head + struct.pack('!BBH', kind, code, 0) + rest)
        return self.frame(struct.pack('!BBH', kind, code, right ^ flip) + rest, source, destination)

    def query(self, version, tenths=None, group=None, sources=(), qrv=2, qqic=125, source=None,
              bad_checksum=False):
        """A frame with a query. tenths: the response time in tenths of a second, below 128; group:
        None asks for all."""
        tenths = {1: 0, 2: 100, 3: 100}[version] if tenths is None else tenths
        code = tenths * 100 if self.family.is_ipv6 else tenths
        more = b''
        if version == 3:
            more = struct.pack('!BBH', qrv, qqic, len(sources))
            more += b''.join(packed(one) for one in sources)
        return self.message(self.query_type, code, group or self.nothing(), more, source,
                            group or self.all_hosts, 0x5555 if bad_checksum else 0)

    def nothing(self):
        return '::' if self.family.is_ipv6 else '0.0.0.0'

    def status(self, daemon, n=0):
        """What mcring-ctl status says of an interface. What it says of this protocol goes by the
        bare names: igmp_version or mld_version is 'version', the object igmp or mld 'detail'."""
        said = json.loads(daemon.ctl('--json', 'status').stdout)['interfaces'][n]
        own = {key[len(self.name) + 1:]: value for key, value in said.items()
               if key.startswith(f'{self.name}_')}
        return {**said, **own, 'detail': said.get(self.name)}

    def wait_version(self, daemon, version, seconds=10):
        wait_for(lambda: self.status(daemon)['version'] == self.version(version), seconds,
                 f'{self} version {self.version(version)}')

    def wait_querier(self, daemon, n=1, seconds=5):
        wait_for(lambda: self.status(daemon)['querier'] == self.querier(n), seconds,
                 'the querier is known')


IGMP = Protocol(
    IPV4, 'igmp', (3, 2, 1), 0x11, 0x22, 0x16, 0x17, '224.0.0.22', '224.0.0.2', '224.0.0.1',
    'ip proto 2', 'igmp', 'ip.checksum.status == 0 || igmp.checksum.status == 0', (36, 32))
MLD = Protocol(
    IPV6, 'mld', (2, 1), 130, 143, 131, 132, 'ff02::16', 'ff02::2', 'ff02::1',
    'ip6[6] == 0', 'icmpv6.type in {130,131,132,143}',
    'icmpv6.checksum.status == 0 || ipv6.hlim != 1 || !ipv6.opt.router_alert', (36, 32))


def protocol_of(family):
    return MLD if family.is_ipv6 else IGMP


def report(protocol, *records, missing=0, source=None):
    """A frame with a report of the newest version; a record: (type, group, source...). It announces some
    more that are missing."""
    octets = b''.join(bytes((kind, 0)) + len(sources).to_bytes(2, 'big') + packed(group) +
                      b''.join(map(packed, sources)) for kind, group, *sources in records)
    kind, count = protocol.report, (len(records) + missing).to_bytes(2, 'big')
    source, to = source or protocol.querier(9), protocol.report_to
    head = b''
    if protocol is MLD:
        head = packed(source) + packed(to) + (8 + len(octets)).to_bytes(4, 'big') + b'\0\0\0\x3a'
    whole = bytes((kind, 0, 0, 0, 0, 0)) + count + octets
    right = checksum(head + whole).to_bytes(2, 'big')
    return protocol.frame(whole[:2] + right + whole[4:], source, to)


def inject(host, *frames, interface='eth0', pause=0.0):
    """Sends whole Ethernet frames, in order."""
    text = '\n'.join(frame.hex() for frame in frames)
    done = subprocess.run(host.argv('/usr/bin/python3', '-c', INJECT, interface, pause),
                          input=text, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


# By the name of a Message's attribute: tshark's name in IPv4 and in IPv6.
FIELDS = {
    'time': ('frame.time_epoch', 'frame.time_epoch'),
    'interface': ('frame.interface_id', 'frame.interface_id'),
    'length': ('frame.len', 'frame.len'),
    'mac': ('eth.src', 'eth.src'),
    'to_mac': ('eth.dst', 'eth.dst'),
    'source': ('ip.src', 'ipv6.src'),
    'destination': ('ip.dst', 'ipv6.dst'),
    'ip_length': ('ip.len', 'ipv6.plen'),
    'type': ('igmp.type', 'icmpv6.type'),
    'code': ('igmp.max_resp', 'icmpv6.mld.maximum_response_delay'),
    'new_code': ('igmp.max_resp', 'icmpv6.mld.maximum_response_code'),
    'suppress': ('igmp.s', 'icmpv6.mld.flag.s'),
    'qrv': ('igmp.qrv', 'icmpv6.mld.flag.qrv'),
    'qqic': ('igmp.qqic', 'icmpv6.mld.qqi'),
    'sources': ('igmp.saddr', 'icmpv6.mld.source_address'),
    'group': ('igmp.maddr', 'icmpv6.mld.multicast_address'),
    'record_groups': ('igmp.maddr', 'icmpv6.mldr.mar.multicast_address'),
    'records': ('igmp.record_type', 'icmpv6.mldr.mar.record_type'),
    'counts': ('igmp.num_src', 'icmpv6.mldr.mar.nb_sources'),
    'record_sources': ('igmp.saddr', 'icmpv6.mldr.mar.source_address'),
}


class Message:
    """One message of IGMP or MLD; a report of the newest version has a record type for each group.
    What a host says of its own solicited-node groups is left out."""

    def __init__(self, line):
        values = dict(zip(FIELDS, line.split('\t')))
        self.time = float(values['time'])
        self.length = int(values['length'])
        self.interface = int(values['interface'] or 0)  # of a capture of several, in their order
        self.mac, self.to_mac = values['mac'], values['to_mac']
        # The first of several is the outer one.
        self.source, self.destination = values['source'], values['destination']
        self.ip_length = int(values['ip_length'])
        self.type = int(values['type'], 0)
        self.code = values['code'] or values['new_code']
        # Of a query of the newest version.
        self.suppress, self.qrv, self.qqic = values['suppress'], values['qrv'], values['qqic']
        # What tshark is asked for twice it tells once.
        sources = values['sources'] or values['record_sources']
        self.sources = [one for one in sources.split(',') if one]
        self.records = [int(one) for one in values['records'].split(',') if one]
        groups = (values['group'] or values['record_groups']).split(',')
        self.groups = [one for one in groups if one]
        self.counts = [int(one) for one in values['counts'].split(',') if one]
        self.is_own = bool(self.groups) and all(map(is_solicited, self.groups))

    def told(self):
        """(record or message type, group) of all that a report says."""
        return [one for one in zip(self.records or [self.type], self.groups)
                if not is_solicited(one[1])]


    def told_whole(self):
        """(record type, group, its sources) of all that a report of the newest version says; an older
        one has no sources."""
        sources = iter(self.sources)
        counts = self.counts if self.records else [0]
        return [(kind, group, sorted(itertools.islice(sources, n)))
                for (kind, group), n in zip(zip(self.records or [self.type], self.groups), counts)
                if not is_solicited(group)]


def is_solicited(group):
    address = ipaddress.ip_address(group)
    return address.version == 6 and address in SOLICITED


class Tap(Capture):
    """All messages of a protocol at one interface, or several. stop() gives those of `mac`, one or
    several too, without the ones for solicited-node groups alone, and fails if tshark dislikes any
    of them."""

    def __init__(self, host, interface, mac, protocol=IGMP, name=''):
        where = interface if isinstance(interface, str) else 'all'
        super().__init__(host, interface,
                         host.lab.path(f'{protocol}{name}-{host.name}-{where}.pcap'), protocol.bpf)
        self.macs, self.protocol = [mac] if isinstance(mac, str) else mac, protocol

    def stop(self, settle=1.0):
        super().stop(settle)
        # 0x400000 is tshark's "note".
        disliked = self.tshark('-Y', f'eth.src in {{{", ".join(self.macs)}}} && '
                               f'{self.protocol.shown} && (_ws.malformed || '
                               f'_ws.expert.severity >= 0x400000 || {self.protocol.bad})')
        assert disliked == '', disliked
        self.all = self.messages()
        return [m for m in self.all if m.mac in self.macs and not m.is_own]

    def tshark(self, *args):
        return tshark(self.path, *args)

    def messages(self):
        return messages_of(self.path, self.protocol)


def tshark(path, *args):
    return subprocess.run(['tshark', '-n', '-r', path, '-o', 'ip.check_checksum:TRUE', *args], check=True,
                          capture_output=True, text=True).stdout


def messages_of(path, protocol):
    """The messages of a capture, as they stand there."""
    columns = [word for names in FIELDS.values() for word in ('-e', names[protocol.family.is_ipv6])]
    lines = tshark(path, '-Y', protocol.shown, '-T', 'fields', '-E', 'occurrence=a', '-E', 'separator=/t',
                   *columns).splitlines()
    return [Message(line) for line in lines]


def groups_of(daemon):
    """What mcring-ctl groups says."""
    return json.loads(daemon.ctl('--json', 'groups').stdout)['groups']


def group(daemon, address):
    """What mcring-ctl groups says of a group."""
    return next(one for one in groups_of(daemon) if one['group'] == address)


def wait_idle(daemon, seconds=10):
    """Until every group is told in full."""
    wait_for(lambda: all(one['igmp_state'] in ('idle', 'unreported') for one in groups_of(daemon)),
             seconds, 'all groups are idle')
