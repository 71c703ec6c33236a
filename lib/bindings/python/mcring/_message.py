# SPDX-License-Identifier: BSD-3-Clause
"""Messages and events of a channel."""

import enum
from typing import Any, Tuple

from . import _abi
from ._address import format_address
from ._layout import for_numpy, pick, unpacker


class OpenEnum(enum.IntEnum):
    """Numbers with names, of which a later library may have more."""

    @classmethod
    def _missing_(cls, value: Any) -> Any:
        other = int.__new__(cls, value)
        other._name_, other._value_ = f'KIND_{value}', value
        return other


class Kind(OpenEnum):
    """What a message is: data, or an event in its place between the data."""

    DATA = _abi.MCR_DATA
    LOST = _abi.MCR_LOST  # `lost` messages from `seq` on are gone: the writer overtook this program
    LINK = _abi.MCR_LINK  # the link of DPDK port `id` changed: Flag.LINK_UP, LINK_GONE, or neither
    RESTART = _abi.MCR_RESTART  # a new engine: what arrived from since_ns to rx_ns may be missing
    STALL = _abi.MCR_STALL  # order='merged': ring `ring` is silent since rx_ns, and no longer waited for
    ENGINE_STALL = _abi.MCR_ENGINE_STALL  # no sign of life from since_ns to rx_ns


class Flag(enum.IntFlag):
    """`flags` of a message."""

    RX_TIME_TSC = _abi.MCR_FLAG_RX_TIME_TSC  # rx_ns is one clock reading for several messages
    CLOCK_STEP = _abi.MCR_FLAG_CLOCK_STEP  # the clock was stepped before this message
    HW_TIME = _abi.MCR_FLAG_HW_TIME  # hw_ns is valid
    HW_TIME_SYNCED = _abi.MCR_FLAG_HW_TIME_SYNCED  # the operator vouches for the NIC's clock
    LINK_UP = _abi.MCR_FLAG_LINK_UP
    LINK_GONE = _abi.MCR_FLAG_LINK_GONE
    LATE = _abi.MCR_FLAG_LATE  # order='merged': it arrived before one that came earlier
    STALL_OVER = _abi.MCR_FLAG_STALL_OVER  # the engine runs again


_KINDS = {int(kind): kind for kind in Kind}
_TIMED = (Kind.RESTART, Kind.ENGINE_STALL)

# The columns that a Message is made of, and all of them.
_MEMBERS = ('data', 'len', 'kind', 'flags', 'epoch', 'seq', 'ring', 'rx_ns', 'hw_ns', 'group', 'source', 'id',
            'dst_port', 'src_port', 'vlan', 'interface', 'ttl', 'traffic_class', 'lost')
unpack = unpacker(_abi.mcr_msg, pick(_abi.MCR_MSG_COLUMNS, _MEMBERS))
COLUMNS = for_numpy(_abi.mcr_msg, _abi.MCR_MSG_COLUMNS)


class Message:
    """A message with its payload, or an event. It is a copy, and lasts.

    Members that do not apply to its kind mean nothing.
    """

    __slots__ = ('_', '_payload')

    _: Tuple[Any, ...]

    def __init__(self, members: Tuple[Any, ...], payload: bytes) -> None:
        """For this package."""
        self._ = members
        self._payload = payload

    @property
    def payload(self) -> bytes:
        """The octets; of an event: none."""
        return self._payload

    @property
    def kind(self) -> Kind:
        """Data, or which event."""
        known = _KINDS.get(self._[2])
        return Kind(self._[2]) if known is None else known

    @property
    def flags(self) -> Flag:
        """What else is to be said of it."""
        return Flag(self._[3])

    @property
    def epoch(self) -> int:
        """The channel that `seq` counts in: a new engine has another."""
        return int(self._[4])

    @property
    def seq(self) -> int:
        """The number of the message in its ring, from 1 without gaps."""
        return int(self._[5])

    @property
    def ring(self) -> int:
        """Which ring of the channel."""
        return int(self._[6])

    @property
    def rx_ns(self) -> int:
        """CLOCK_REALTIME of its arrival, as the engine saw it."""
        return int(self._[7])

    @property
    def hw_ns(self) -> int:
        """The NIC's time of its arrival; 0 = unknown."""
        return int(self._[8])

    @property
    def group(self) -> str:
        """The multicast address."""
        return format_address(self._[9])

    @property
    def source(self) -> str:
        """The sender's address."""
        return format_address(self._[10])

    @property
    def id(self) -> int:
        """User id of the join that took it; LINK: the DPDK port."""
        return int(self._[11])

    @property
    def dst_port(self) -> int:
        """The group's UDP port."""
        return int(self._[12])

    @property
    def src_port(self) -> int:
        """The sender's UDP port."""
        return int(self._[13])

    @property
    def vlan(self) -> int:
        """0 = untagged."""
        return int(self._[14])

    @property
    def interface(self) -> int:
        """Index of the interface on which it arrived: Consumer.interface."""
        return int(self._[15])

    @property
    def ttl(self) -> int:
        """IPv4 TTL or IPv6 hop limit."""
        return int(self._[16])

    @property
    def traffic_class(self) -> int:
        """IPv4 TOS or IPv6 traffic class."""
        return int(self._[17])

    @property
    def lost(self) -> int:
        """LOST: how many messages are gone, else 0."""
        return int(self._[18]) if self._[2] == Kind.LOST else 0

    @property
    def since_ns(self) -> int:
        """RESTART, ENGINE_STALL: since when, CLOCK_REALTIME; 0 = unknown."""
        return int(self._[18]) if self._[2] in _TIMED else 0

    def __repr__(self) -> str:
        what = f'{self.kind.name} ring {self.ring} seq {self.seq}'
        if self.kind == Kind.LOST:
            what += f' lost {self.lost}'
        elif self.kind == Kind.DATA:
            what += f' {self.group} port {self.dst_port} from {self.source} port {self.src_port} {self.payload!r}'
        return f'<mcring.Message {what}>'
