# SPDX-License-Identifier: BSD-3-Clause
"""Messages as a capture in pcapng (draft-ietf-opsawg-pcapng), as mcring-cat writes it."""

import struct
import time
from types import TracebackType
from typing import BinaryIO, Dict, Iterable, List, Optional, Tuple, Type

from . import _abi
from ._consumer import Consumer
from ._errors import Error
from ._message import Flag, Kind, Message

_INTERFACE, _STATISTICS, _PACKET, _SECTION = 1, 5, 6, 0x0a0d0d0a  # blocks
_END, _COMMENT, _NAME, _DESCRIPTION, _RESOLUTION, _APPLICATION, _DROPS, _NOT_READ = 0, 1, 2, 3, 9, 4, 4, 7  # options
_ETHERNET = 1
_NANOSECONDS = b'\x09'
_COMMENTS_MAX = 8  # beside one packet
_COMMENT_MAX = 159  # octets

_HEADERS_COMMENT = (
    'The headers are made of what a ring keeps of a packet: addresses, ports, VLAN, TTL, traffic class. MAC addresses, '
    'IPv4 identification and flags, IPv6 flow label, and checksums are synthetic.')

Option = Tuple[int, bytes]


# ---- frames ----

def _checksum(octets: bytes) -> int:
    """RFC 1071. The sum of words with the carry added is the remainder of one large number."""
    return ~(int.from_bytes(octets, 'big') % 0xffff or 0xffff) & 0xffff


def _even(octets: bytes) -> bytes:
    return octets + bytes(len(octets) % 2)


def _frame(m: Message, payload: bytes) -> bytes:
    """An Ethernet frame, with the checksums that belong into it."""
    group: bytes = m._[9]
    source: bytes = m._[10]
    udp_len = 8 + len(payload)
    udp = struct.pack('>HHHH', m.src_port, m.dst_port, udp_len, 0)
    if group[:12] == bytes(10) + b'\xff\xff':
        mac, ether_type = b'\x01\x00\x5e' + bytes([group[13] & 0x7f]) + group[14:], 0x0800
        ends = source[12:] + group[12:]
        ip = struct.pack('>BBHHHBBH', 0x45, m.traffic_class, 20 + udp_len, 0, 0x4000, m.ttl, 17, 0) + ends
        ip = ip[:10] + _checksum(ip).to_bytes(2, 'big') + ip[12:]
    else:
        mac, ether_type = b'\x33\x33' + group[12:], 0x86dd
        ends = source + group
        ip = struct.pack('>IHBB', 6 << 28 | m.traffic_class << 20, udp_len, 17, m.ttl) + ends
    sum_of = ends + struct.pack('>HH', 17, udp_len) + udp + payload
    udp = udp[:6] + (_checksum(_even(sum_of)) or 0xffff).to_bytes(2, 'big')  # RFC 768: 0 is none
    tag = struct.pack('>HH', 0x8100, m.vlan) if m.vlan else b''
    return mac + bytes(6) + tag + ether_type.to_bytes(2, 'big') + ip + udp + payload


# ---- blocks, in this host's order of octets ----

def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def _block(kind: int, body: bytes, options: Iterable[Option]) -> bytes:
    parts = [_padded(body)]
    parts += [struct.pack('=HH', code, len(value)) + _padded(value) for code, value in options if value]
    if len(parts) > 1:
        parts.append(struct.pack('=HH', _END, 0))
    inner = b''.join(parts)
    return struct.pack('=II', kind, len(inner) + 12) + inner + struct.pack('=I', len(inner) + 12)


def _cut(text: str) -> bytes:
    return text.encode()[:_COMMENT_MAX].decode(errors='ignore').encode()


def _when(ns: int) -> str:
    return f'{time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9))}.{ns % 10**9:09}Z'


def _text_of(m: Message) -> str:
    """An event, for a person."""
    if m.kind == Kind.LOST:
        return f'lost {m.lost} from seq {m.seq} of ring {m.ring}'
    if m.kind == Kind.LINK:
        state = 'removed' if m.flags & Flag.LINK_GONE else 'up' if m.flags & Flag.LINK_UP else 'down'
        return f'link of port {m.id} {state}'
    if m.kind == Kind.STALL:
        return f'ring {m.ring} is silent: the others go on without it'
    if m.kind == Kind.ENGINE_STALL:
        return (f'engine {"goes on" if m.flags & Flag.STALL_OVER else "stalls"} after '
                f'{(m.rx_ns - m.since_ns) / 1e9:.1f} s without a sign of life, since {_when(m.since_ns)}')
    return f'restart: what arrived from {_when(m.since_ns)} to {_when(m.rx_ns)} may be missing'


class PcapngWriter:
    """Writes messages as a capture that Wireshark, tshark and mcring-replay read.

        with open('out.pcapng', 'wb') as file, mcring.PcapngWriter(file, consumer) as capture:
            for m in consumer:
                capture.write(m)

    Headers are made up as far as a message says: addresses, ports, VLAN, TTL, traffic class, and checksums that are
    right. Times are rx_ns. What was lost, and other events, stand beside the next packet.
    """

    def __init__(self, file: BinaryIO, consumer: Optional[Consumer] = None) -> None:
        """Begins a capture in an open file, which stays the caller's.

        consumer: is asked how interfaces are called; without it they are `interface-0` and so on.
        """
        self._file = file
        self._consumer = consumer
        self._names: List[str] = []  # of interfaces, in the file's order
        self._numbers: Dict[int, int] = {}  # which of them each of the engine's interfaces is
        self._lost = 0
        self._comments: List[bytes] = []
        self._is_open = True
        section = struct.pack('=IHHq', 0x1a2b3c4d, 1, 0, -1)
        self._put(_SECTION, section, [(_APPLICATION, f'mcring-python {_abi.VERSION}'.encode()),
                                      (_COMMENT, _HEADERS_COMMENT.encode())])
        for it in consumer.interfaces() if consumer else ():
            self._numbers[it.index] = self._interface(it.name, it.netdev or it.port)

    def _put(self, kind: int, body: bytes, options: Iterable[Option]) -> None:
        self._file.write(_block(kind, body, options))

    def _interface(self, name: str, description: str) -> int:
        self._put(_INTERFACE, struct.pack('=HHI', _ETHERNET, 0, 0),
                  [(_NAME, name.encode()), (_DESCRIPTION, description.encode()), (_RESOLUTION, _NANOSECONDS)])
        self._names.append(name)
        return len(self._names) - 1

    def _number_of(self, index: int) -> int:
        """The interface's number in the file. That of a new engine is found again by its name."""
        if index not in self._numbers:
            name = description = ''
            try:
                if self._consumer:
                    it = self._consumer.interface(index)
                    name, description = it.name, it.netdev or it.port
            except (Error, ValueError):
                pass  # an engine that has ended cannot say it any more
            name = name or f'interface-{index}'
            known = [i for i, known in enumerate(self._names) if known == name and i not in self._numbers.values()]
            self._numbers[index] = known[0] if known else self._interface(name, description)
        return self._numbers[index]

    def _take_comments(self) -> List[Option]:
        comments, self._comments = self._comments, []
        return [(_COMMENT, comment) for comment in comments]

    def write(self, m: Message) -> None:
        """Writes a message, or has an event stand beside the next one."""
        if m.kind == Kind.DATA:
            self._packet(m)
            return
        self.comment(_text_of(m))
        self._lost += m.lost
        if m.kind == Kind.RESTART:
            self._numbers.clear()

    def _packet(self, m: Message) -> None:
        number = self._number_of(m.interface)
        frame = _frame(m, m.payload)
        head = struct.pack('=IIIII', number, m.rx_ns >> 32, m.rx_ns & 0xffffffff, len(frame), len(frame))
        drops = [(_DROPS, struct.pack('=Q', self._lost))] if self._lost else []
        self._put(_PACKET, head + frame, drops + self._take_comments())
        self._lost = 0

    def comment(self, text: str) -> None:
        """Has a text stand beside the next packet; of more than 8 the rest is left out."""
        if len(self._comments) < _COMMENTS_MAX:
            self._comments.append(_cut(text))

    def close(self) -> None:
        """Writes what no packet follows, and flushes the file."""
        if self._is_open and self._names and (self._lost or self._comments):
            lost = [(_NOT_READ, struct.pack('=Q', self._lost))] if self._lost else []
            self._put(_STATISTICS, struct.pack('=IQ', 0, 0), lost + self._take_comments())
        self._is_open = False
        self._file.flush()

    def __enter__(self) -> 'PcapngWriter':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()
