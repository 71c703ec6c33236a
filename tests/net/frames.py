# SPDX-License-Identifier: BSD-3-Clause
"""Captures for net_pcap: what tshark makes of them, and how to write them."""

import logging
import subprocess

logging.getLogger('scapy.runtime').setLevel(logging.ERROR)
from scapy.layers.inet import IP, UDP  # noqa: E402
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether  # noqa: E402
from scapy.utils import PcapWriter  # noqa: E402

__all__ = ['Dot1AD', 'Dot1Q', 'Ether', 'IP', 'UDP', 'multicast', 'tshark_datagrams', 'write_pcap']

SOURCE = '10.0.0.7'
ELIGIBLE = ('eth.dst[0:3] == 01:00:5e and ip.version == 4 and udp and ip.flags.mf == 0 '
            'and ip.frag_offset == 0 and frame.cap_len == frame.len')
# An outer 802.1ad tag has a field of its own.
FIELDS = ('ip.dst', 'udp.dstport', 'ip.src', 'udp.srcport', 'ieee8021ad.id', 'vlan.id',
          'udp.payload')


def tshark_datagrams(path):
    """Every unfragmented UDP datagram with a multicast MAC address, as messages of mcring-cat
    name their fields."""
    argv = ['tshark', '-n', '-r', path, '-Y', ELIGIBLE, '-o', 'ip.defragment:FALSE', '-T',
            'fields', '-E', 'occurrence=f', '-E', 'separator=/t']
    for field in FIELDS:
        argv += ['-e', field]
    out = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    datagrams = []
    for line in out.splitlines():
        group, port, source, source_port, outer, vlan, data = line.split('\t')
        datagrams.append({'group': group, 'port': int(port), 'source': source,
                          'source_port': int(source_port), 'vlan': int(outer or vlan or 0),
                          'data': data.replace(':', '')})
    return datagrams


def mac(group):
    octets = [int(octet) for octet in group.split('.')]
    return f'01:00:5e:{octets[1] & 0x7f:02x}:{octets[2]:02x}:{octets[3]:02x}'


def multicast(payload, group='239.1.1.1', port=5000, tags=(), source=SOURCE, **ip):
    """An Ethernet frame with a UDP datagram; tags: scapy layers between Ethernet and IP."""
    frame = Ether(src='02:00:00:00:00:07', dst=mac(group))
    for tag in tags:
        frame = frame / tag
    ip.setdefault('ttl', 16)
    return frame / IP(src=source, dst=group, **ip) / UDP(sport=4000, dport=port) / payload


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
