# SPDX-License-Identifier: BSD-3-Clause
"""Captures for net_pcap: what tshark makes of them, and how to write them."""

import ipaddress
import logging
import subprocess

logging.getLogger('scapy.runtime').setLevel(logging.ERROR)
from scapy.layers.inet import IP, UDP  # noqa: E402
from scapy.layers.inet6 import (HBHOptUnknown, IPv6, IPv6ExtHdrDestOpt,  # noqa: E402
                                IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, Jumbo,
                                Pad1, PadN, RouterAlert)
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether  # noqa: E402
from scapy.utils import PcapWriter  # noqa: E402

__all__ = ['Dot1AD', 'Dot1Q', 'Ether', 'HBHOptUnknown', 'IP', 'IPv6', 'IPv6ExtHdrDestOpt',
           'IPv6ExtHdrFragment', 'IPv6ExtHdrHopByHop', 'IPv6ExtHdrRouting', 'Jumbo', 'Pad1',
           'PadN', 'RouterAlert', 'UDP', 'fragments', 'mac', 'multicast', 'tshark_datagrams', 'write_pcap']

SOURCE = '10.0.0.7'
SOURCE6 = '2001:db8::7'
ELIGIBLE = ('udp and frame.cap_len == frame.len and '
            '((eth.dst[0:3] == 01:00:5e and ip.version == 4 and ip.flags.mf == 0 '
            'and ip.frag_offset == 0) or '
            '(eth.dst[0:2] == 33:33 and ipv6.version == 6 and not udp.checksum == 0 '
            'and not ipv6.fraghdr.more == 1 and not ipv6.fraghdr.offset > 0))')
FIELDS = ('ip.dst', 'ipv6.dst', 'udp.dstport', 'ip.src', 'ipv6.src', 'udp.srcport',
          'ieee8021ad.id', 'vlan.id', 'udp.payload')


def tshark_datagrams(path):
    """Every unfragmented UDP datagram with a multicast MAC address (and, over IPv6, a checksum), as
    messages of mcring-cat name their fields."""
    argv = ['tshark', '-n', '-r', path, '-Y', ELIGIBLE, '-o', 'ip.defragment:FALSE', '-o',
            'ipv6.defragment:FALSE', '-T', 'fields', '-E', 'occurrence=f', '-E', 'separator=/t']
    for field in FIELDS:
        argv += ['-e', field]
    out = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    datagrams = []
    for line in out.splitlines():
        group, group6, port, source, source6, source_port, outer, vlan, data = line.split('\t')
        datagrams.append({'group': group or group6, 'port': int(port), 'source': source or source6,
                          'source_port': int(source_port), 'vlan': int(outer or vlan or 0),
                          'data': data.replace(':', '')})
    return datagrams


def mac(group):
    octets = ipaddress.ip_address(group).packed
    if len(octets) == 4:
        octets = bytes((0x01, 0x00, 0x5e, octets[1] & 0x7f)) + octets[2:]
    else:
        octets = b'\x33\x33' + octets[12:]
    return octets.hex(':')


def multicast(payload, group='239.1.1.1', port=5000, tags=(), source=None, headers=(), checksum=None,
              **ip):
    """An Ethernet frame with a UDP datagram; tags: scapy layers between Ethernet and IP; headers:
    extension headers between IPv6 and UDP; checksum: in the UDP header in place of the right one;
    ip: other fields of the IP header, where ttl is the hop limit, too."""
    frame = Ether(src='02:00:00:00:00:07', dst=mac(group))
    for tag in tags:
        frame = frame / tag
    ttl = ip.pop('ttl', 16)
    if ':' in group:
        frame = frame / IPv6(src=source or SOURCE6, dst=group, hlim=ttl, **ip)
    else:
        frame = frame / IP(src=source or SOURCE, dst=group, ttl=ttl, **ip)
    for header in headers:
        frame = frame / header
    return frame / UDP(sport=4000, dport=port, chksum=checksum) / payload


def fragments(frame, size, identification=7):
    """The fragments of an IPv6 frame: what is behind its IPv6 header is cut every `size` octets, a
    multiple of 8."""
    whole = frame.__class__(bytes(frame))  # its checksums and lengths are numbers now
    kind, rest = whole[IPv6].nh, bytes(whole[IPv6].payload)
    whole[IPv6].remove_payload()
    whole[IPv6].nh, whole[IPv6].plen = 44, None
    for at in range(0, len(rest), size):
        header = IPv6ExtHdrFragment(nh=kind, offset=at // 8, m=at + size < len(rest), id=identification)
        yield whole / header / rest[at:at + size]


def write_pcap(path, frames, times_ns=None, nano=False):
    """frames: scapy packets or bytes. times_ns: of each frame; nano: the file keeps the
    nanoseconds."""
    with PcapWriter(path, linktype=1, sync=False, nano=nano) as writer:
        for n, frame in enumerate(frames):
            if times_ns is None:
                writer.write(bytes(frame))
                continue
            sec, nsec = divmod(times_ns[n], 10**9)
            if n == 0:
                writer.write_header(frame)
            writer.write_packet(bytes(frame), sec=sec, usec=nsec if nano else nsec // 1000)
    return path
