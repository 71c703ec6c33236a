# SPDX-License-Identifier: BSD-3-Clause
"""A relay between three links: a source's host on one, hosts of members on the two others. Frames are
made and looked at octet by octet; no kernel but one that a test asks for has addresses there.

    s (10.1.0.2) -- 10.1.0.1 u0   d0 10.2.0.1 -- a (10.2.0.2)
                                  d1 10.3.0.1 -- b (10.3.0.2)"""

import contextlib
import ctypes
import ipaddress
import os
import socket
import struct
import time

from family import IPV6
from membership_lan import checksum
from netlab import wait_for
from programs import Daemon, identity
from querier_lan import ask

LINKS = {'s': ('u0', 1), 'a': ('d0', 2), 'b': ('d1', 3)}  # the relay's interface, the number
CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33
SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
AUXDATA = struct.Struct('@IIIHHHH')  # struct tpacket_auxdata
TP_STATUS_VLAN_VALID = 0x10
_libc = ctypes.CDLL(None, use_errno=True)


def host_mac(link):
    return f'02:00:00:00:{LINKS[link][1]:02x}:02'


def relay_mac(link):
    return f'02:00:00:00:{LINKS[link][1]:02x}:01'


@contextlib.contextmanager
def inside(host):
    """This thread is in the host's network namespace: the sockets that it makes stay there."""
    with open('/proc/thread-self/ns/net') as own, open(f'/run/netns/{host.name}') as other:
        try:
            assert _libc.setns(other.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            yield
        finally:
            assert _libc.setns(own.fileno(), CLONE_NEWNET) == 0


class End:
    """A host's end of a link: sends whole frames, and sees those of the others."""

    def __init__(self, host, interface):
        with inside(host):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            for level, option, value in ((SOL_PACKET, PACKET_IGNORE_OUTGOING, 1),
                                         (SOL_PACKET, PACKET_AUXDATA, 1),
                                         (socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)):
                self.socket.setsockopt(level, option, value)
            self.socket.bind((interface, 3))  # ETH_P_ALL

    def send(self, *frames):
        for frame in frames:
            self.socket.send(frame)

    def receive(self, seconds):
        """The next frame, with the tag that the kernel takes out; None: there is none in time, or the
        link went down."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            frame, more, _, _ = self.socket.recvmsg(65536, 64)
        except OSError:
            return None
        for level, kind, data in more:
            status, _, _, _, _, tci, tpid = AUXDATA.unpack(data)
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA) and status & TP_STATUS_VLAN_VALID:
                frame = frame[:12] + struct.pack('!HH', tpid, tci) + frame[12:]
        return frame


# ---- what an output makes of a frame, by the text of RFC 1812 and RFC 8200 ----

def untagged(frame):
    """(EtherType, what follows it)"""
    at = 12
    while frame[at:at + 2] in (b'\x81\0', b'\x88\xa8', b'\x91\0'):
        at += 4
    return frame[at:at + 2], frame[at + 2:]


def ethernet(group):
    """A group's MAC address: RFC 1112 §6.4, RFC 2464 §7. group: packed."""
    if len(group) == 4:
        return b'\x01\0\x5e' + bytes((group[1] & 0x7f,)) + group[2:]
    return b'\x33\x33' + group[12:]


def relayed(frame, mac, vlan=0, pads=True):
    """The frame that leaves by an output with this MAC address: F-2, F-20, F-22, F-23."""
    kind, packet = untagged(frame)
    if kind == b'\x08\0':
        packet = bytearray(packet[:int.from_bytes(packet[2:4], 'big')])
        header, group = 4 * (packet[0] & 15), packet[16:20]
        packet[8] -= 1
        packet[10:12] = b'\0\0'
        packet[10:12] = checksum(bytes(packet[:header])).to_bytes(2, 'big')
    else:
        packet = bytearray(packet[:40 + int.from_bytes(packet[4:6], 'big')])
        group = packet[24:40]
        packet[7] -= 1
    tag = struct.pack('!HH', 0x8100, vlan) if vlan else b''
    out = ethernet(bytes(group)) + bytes.fromhex(mac.replace(':', '')) + tag + kind + packet
    return out.ljust(60, b'\0') if pads else out


def tagged(frame, vlan):
    """The frame with a tag in front; without, if vlan is 0."""
    return frame[:12] + struct.pack('!HH', 0x8100, vlan) + frame[12:] if vlan else frame


def says_membership(frame):
    """IGMP, or MLD, or the search for neighbours: what a router says of its own."""
    kind, packet = untagged(frame)
    if kind == b'\x86\xdd':
        return packet[6] == 0 and packet[40] == 58 or packet[6] == 58 and packet[40] in (135, 136)
    return kind != b'\x08\0' or packet[9] == 2


# ---- the links ----

class RelayLan:
    """The links and their hosts. mtu: of the links' ends at the relay. kernel: its own kernel is to
    route, and has the addresses."""

    def __init__(self, lab, name='', mtu=None, kernel=False):
        self.lab, self.name, self.marks = lab, name, 0
        self.relay = lab.namespace(f'{name}relay')
        self.hosts = {link: lab.namespace(f'{name}{link}') for link in LINKS}
        for link, host in self.hosts.items():
            interface, n = LINKS[link]
            length = (mtu or {}).get(link, 1500)
            self.relay.run('ip', 'link', 'add', interface, 'mtu', length, 'address', relay_mac(link),
                           'type', 'veth', 'peer', 'name', f'{link}0', 'mtu', max(length, 1500),
                           'address', host_mac(link), 'netns', host.name)
            for where, end in ((self.relay, interface), (host, f'{link}0')):
                # Else checksums and lengths are the kernel's.
                where.run('ethtool', '-K', end, 'tx', 'off', 'rx', 'off', 'gro', 'off')
                where.run('ip', 'link', 'set', end, 'up')
            if kernel:
                self.relay.run('ip', 'addr', 'add', f'10.{n}.0.1/24', 'dev', interface)
                self.relay.speak_ipv6(interface, f'{IPV6.address(f"10.{n}.0.1")}/112')
        self.ends = {link: End(host, f'{link}0') for link, host in self.hosts.items()}

    def exchange(self, *sent, marks=None):
        """Sends (link, frame) in order; gives by link what the hosts then see, but for what says
        membership. The last from each link is a mark: what is not there when it arrives does not come.
        marks(number): (link, frame, [(link, expected)]) of each."""
        self.marks += 1
        waits = {link: set() for link in LINKS}
        for link, frame in sent:
            self.ends[link].send(frame)
        for link, frame, expected in (marks or usual_marks)(self.marks):
            self.ends[link].send(frame)
            for other, one in expected:
                waits[other].add(one)
        return {link: self.see(link, waits[link]) for link in LINKS}

    def see(self, link, marks, seconds=10):
        """The frames up to the last of the marks; without a mark those that are there."""
        seen, end, waits = [], time.monotonic() + seconds, bool(marks)
        while marks or not waits:
            frame = self.ends[link].receive(end - time.monotonic() if waits else 0)
            if not frame and not waits:
                break
            assert frame, f'not within {seconds} s on link {link}: the mark; {len(seen)} frames'
            if frame.ljust(60, b'\0') in marks:
                marks.discard(frame.ljust(60, b'\0'))
            elif not says_membership(frame):
                seen.append(frame)
        return seen


MARK_GROUP = '239.1.2.250'


def mark(link, number):
    """A frame from a host of a link."""
    n = LINKS[link][1]
    return datagram(f'10.{n}.0.250', MARK_GROUP, b'mark%05d' % number)


def usual_marks(number):
    """From s to a and b; from a to s, which is upstream, and b."""
    for link, others in (('s', 'ab'), ('a', 'sb')):
        frame = mark(link, number)
        yield link, frame, [(other, relayed(frame, relay_mac(other))) for other in others]


def marks_of_all(number):
    """From each link to the two others."""
    for link in LINKS:
        frame = mark(link, number)
        yield link, frame, [(other, relayed(frame, relay_mac(other))) for other in LINKS if other != link]


def datagram(source, group, payload=b'', ttl=64, port=5000, id=0, label=0, mac=None):
    """A frame with a UDP datagram of either family, by hand: tests send many. mac: of the sender"""
    source, group = (ipaddress.ip_address(one).packed for one in (source, group))
    udp = struct.pack('!HHHH', 4000, port, 8 + len(payload), 0) + payload
    right = checksum(source + group + struct.pack('!II', len(udp), 17) + udp) or 0xffff
    udp = udp[:6] + right.to_bytes(2, 'big') + udp[8:]
    sender = bytes.fromhex((mac or '02:00:00:00:00:fe').replace(':', ''))
    if len(source) == 4:
        head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), id, 0, ttl, 17, 0, source, group)
        head = head[:10] + checksum(head).to_bytes(2, 'big') + head[12:]
        return ethernet(group) + sender + b'\x08\0' + head + udp
    head = struct.pack('!IHBB16s16s', 6 << 28 | label, len(udp), 17, ttl, source, group)
    return ethernet(group) + sender + b'\x86\xdd' + head + udp


# ---- who relays ----

def start_relay(lan, keys, *args, vdev='', own=1, ports=(), **kwargs):
    """mcring between the links. keys: of its interfaces, by link; vdev: of all of its ports; own: the
    number of its addresses; ports: (name, vdev) by link, of those that are no net_af_packet."""
    words, vdevs = [], []
    for link, (interface, n) in LINKS.items():
        port, device = dict(ports).get(link, (f'net_af_packet{n}',
                                              f'net_af_packet{n},iface={interface}{vdev}'))
        words += ['--interface', f'{interface}={port},address=10.{n}.0.{own}/24,'
                  f'address6={IPV6.address(f"10.{n}.0.{own}")}/112,dad=off,{keys[link]}']
        vdevs.append(device)
    return Daemon(lan.lab, lan.relay, *words, *args, vdev=vdevs, **kwargs)


def account(daemon):
    """What mcring-ctl stats says, in which every packet and every copy is accounted for."""
    stats = ask(daemon, 'stats')
    identity(stats)
    return stats


def settled(daemon):
    """The account when it moves no more: an rx lcore shows what it counted of a burst behind the burst's
    last frame, which may be here before that."""
    def counts(stats):
        return stats['received'], [one['offered'] for one in stats['relay']]

    def is_still():
        nonlocal stats
        time.sleep(0.02)
        before, stats = stats, account(daemon)
        return counts(before) == counts(stats)

    stats = account(daemon)
    wait_for(is_still, 10, 'nothing moves')
    return stats


def output_of(stats, interface):
    """The counters of what was for an interface."""
    return next(one for one in stats['relay'] if one['interface'] == interface)


class KernelRouter:
    """The kernel's own forwarding, with fixed routes: (source, group) -> (link, links). thresholds: by
    link (linux/mroute.h, linux/mroute6.h)."""

    INIT, ADD_VIF, ADD_MFC = 200, 202, 204
    USE_IFINDEX = 8

    def __init__(self, lan, routes, thresholds):
        self.lan, self.thresholds, self.number = lan, thresholds, {link: i for i, link in enumerate(LINKS)}
        lan.relay.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1',
                      *[f'net.ipv4.conf.{name}.rp_filter=0'
                        for name in ('all', *(interface for interface, _ in LINKS.values()))])
        with inside(lan.relay):
            self.ipv4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP)
            self.ipv6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
            self.ipv4.setsockopt(socket.IPPROTO_IP, self.INIT, 1)
            self.ipv6.setsockopt(socket.IPPROTO_IPV6, self.INIT, 1)
            for link, (interface, _) in LINKS.items():
                index, n = socket.if_nametoindex(interface), self.number[link]
                threshold = thresholds.get(link, 1)
                self.ipv4.setsockopt(socket.IPPROTO_IP, self.ADD_VIF, struct.pack(
                    '@HBBIII', n, self.USE_IFINDEX, threshold, 0, index, 0))
                self.ipv6.setsockopt(socket.IPPROTO_IPV6, self.ADD_VIF, struct.pack(
                    '@HBBHxxI', n, 0, threshold, index, 0))
        for (source, group), (link, outputs) in routes.items():
            self.route(source, group, link, outputs)

    def route(self, source, group, link, outputs):
        source, group = (ipaddress.ip_address(one).packed for one in (source, group))
        if len(source) == 4:
            ttls = bytes(self.thresholds.get(one, 1) if one in outputs else 255 for one in LINKS)
            self.ipv4.setsockopt(socket.IPPROTO_IP, self.ADD_MFC, struct.pack(
                '@4s4sH32sxxIIIi', source, group, self.number[link], ttls.ljust(32, b'\xff'), 0, 0, 0, 0))
            return
        ends = b''.join(struct.pack('@HHI16sI', socket.AF_INET6, 0, 0, one, 0) for one in (source, group))
        wanted = sum(1 << self.number[one] for one in outputs)
        self.ipv6.setsockopt(socket.IPPROTO_IPV6, self.ADD_MFC, ends + struct.pack(
            '@Hxx8I', self.number[link], wanted, *[0] * 7))

    def close(self):
        self.ipv4.close()
        self.ipv6.close()
