# SPDX-License-Identifier: BSD-3-Clause
"""Packets and events of a feed."""

import enum
from typing import Any, NamedTuple, Optional, Tuple

from . import _abi
from ._layout import for_numpy, pick, unpacker
from ._message import Message, OpenEnum


class FeedKind(OpenEnum):
    """What an item of a feed is: data, or an event in its place between the data."""

    DATA = _abi.MCR_FEED_DATA
    START = _abi.MCR_FEED_START  # the first packet of a stream, which starts at seq
    GAP = _abi.MCR_FEED_GAP  # `gap`: these numbers came on no line in time, and are given up
    GAP_HOST = _abi.MCR_FEED_GAP_HOST  # `gap`: an earlier one, whose loss was perhaps the host's
    FILLED_LATE = _abi.MCR_FEED_FILLED_LATE  # `late`: numbers of a gap came after it was given up
    RESET = _abi.MCR_FEED_RESET  # `reset`: the numbers start anew
    LINE_DOWN = _abi.MCR_FEED_LINE_DOWN  # `down`: nothing came on `line` for too long, or its engine is gone
    LINE_UP = _abi.MCR_FEED_LINE_UP
    LINE_SWITCH = _abi.MCR_FEED_LINE_SWITCH  # data come from `line` now
    SILENCE = _abi.MCR_FEED_SILENCE  # all lines are down
    SILENCE_END = _abi.MCR_FEED_SILENCE_END
    MISMATCH = _abi.MCR_FEED_MISMATCH  # `mismatch`: two lines had other octets under one number
    END_OF_SESSION = _abi.MCR_FEED_END_OF_SESSION  # seq is the number that would have come next
    IMPLAUSIBLE = _abi.MCR_FEED_IMPLAUSIBLE  # `mismatch`: a number too far ahead, which moved nothing
    KEYS_FULL = _abi.MCR_FEED_KEYS_FULL  # one stream more than keys_max: such are not handed out
    CHANGED = _abi.MCR_FEED_CHANGED  # the engine has another declaration now: close and open for it
    CYCLE = _abi.MCR_FEED_CYCLE  # `reset`: a stream that is sent in a loop began again


class FeedFlag(enum.IntFlag):
    """`flags` of a feed's data."""

    LATE = _abi.MCR_FEED_FLAG_LATE  # fills a gap that was declared
    AFTER_GAP = _abi.MCR_FEED_FLAG_AFTER_GAP
    HELD = _abi.MCR_FEED_FLAG_HELD  # waited for what was missing before it
    INSERTED = _abi.MCR_FEED_FLAG_INSERTED  # from Feed.insert
    DUPLICATE = _abi.MCR_FEED_FLAG_DUPLICATE  # order='as_they_come': all of it was handed out before
    OUT_OF_ORDER = _abi.MCR_FEED_FLAG_OUT_OF_ORDER  # order='as_they_come': something before it is missing
    UNSEQUENCED = _abi.MCR_FEED_FLAG_UNSEQUENCED  # it has no number


class GapWhy(enum.IntEnum):
    """Why a gap was declared."""

    TIMEOUT = _abi.MCR_FEED_GAP_TIMEOUT
    PASSED = _abi.MCR_FEED_GAP_PASSED  # every line that is not down has passed it
    WINDOW = _abi.MCR_FEED_GAP_WINDOW  # no room to hold more
    FLUSH = _abi.MCR_FEED_GAP_FLUSH  # before a reset, Feed.resume or the end of the session
    OVERWRITTEN = _abi.MCR_FEED_GAP_OVERWRITTEN  # this program was too slow to take it


class Whose(enum.IntEnum):
    """Whose loss a gap is."""

    WIRE = _abi.MCR_FEED_WIRE  # it did not reach this host's ports, as far as known
    HOST_MAYBE = _abi.MCR_FEED_HOST_MAYBE  # a port lost packets meanwhile: host_lost
    RING = _abi.MCR_FEED_RING  # this program was overtaken meanwhile, on some line


class ResetWhy(enum.IntEnum):
    """Why numbers start anew."""

    EXPLICIT = _abi.MCR_FEED_RESET_EXPLICIT  # a flag or a message said so
    SESSION = _abi.MCR_FEED_RESET_SESSION
    IMPLICIT = _abi.MCR_FEED_RESET_IMPLICIT  # packets in a row ascend far from the next number
    RESUME = _abi.MCR_FEED_RESET_RESUME  # Feed.resume


class DownWhy(enum.IntEnum):
    """Why a line is down."""

    SILENT = _abi.MCR_FEED_DOWN_SILENT
    NEVER = _abi.MCR_FEED_DOWN_NEVER  # it was never heard
    ENGINE = _abi.MCR_FEED_DOWN_ENGINE  # its engine ended, hangs, or declares another feed
    LINK = _abi.MCR_FEED_DOWN_LINK


class Gap(NamedTuple):
    """Numbers that are missing, both ends included. Times are CLOCK_REALTIME."""

    first: int
    last: int
    opened_ns: int
    declared_ns: int
    host_lost: int  #: packets, over all groups of the port
    why: int  #: GapWhy
    whose: int  #: Whose


class Late(NamedTuple):
    """Numbers that came late, both ends included."""

    first: int
    last: int


class Reset(NamedTuple):
    """Where numbers go on."""

    old_next: int
    new_next: int
    why: int  #: ResetWhy


class Mismatch(NamedTuple):
    """A number under which lines do not agree."""

    seq: int
    first_line: int  #: whose copy stands


class Down(NamedTuple):
    """Of a line that is down."""

    why: int  #: DownWhy


_MEMBERS = ('msg', 'seq', 'count', 'skip', 'key', 'kind', 'line', 'flags', 'ns')
unpack = unpacker(_abi.mcr_feed_msg, pick(_abi.MCR_FEED_MSG_COLUMNS, _MEMBERS))
COLUMNS = for_numpy(_abi.mcr_feed_msg, _abi.MCR_FEED_MSG_COLUMNS)

_kinds_of_detail: Tuple[Any, ...] = (Gap, Late, Reset, Mismatch, Down)

# What each kind of event says, and how it is read.
_DETAILS = {kind: unpacker(_abi.mcr_feed_msg, pick(_abi.MCR_FEED_MSG_COLUMNS, kind._fields,
                                                   f'{kind.__name__.lower()}_'))
            for kind in _kinds_of_detail}
_KINDS = {int(kind): kind for kind in FeedKind}


class FeedMessage:
    """A packet of a feed, or an event. It is a copy, and lasts.

    Members that do not apply to its kind mean nothing.
    """

    __slots__ = ('_', '_octets', '_packet')

    _: Tuple[Any, ...]

    def __init__(self, octets: bytes, packet: Optional[Message]) -> None:
        """For this package."""
        self._ = unpack.unpack(octets)
        self._octets = octets
        self._packet = packet

    @property
    def kind(self) -> FeedKind:
        """Data, or which event."""
        known = _KINDS.get(self._[5])
        return FeedKind(self._[5]) if known is None else known

    @property
    def packet(self) -> Optional[Message]:
        """The packet as its channel had it; None for an event."""
        return self._packet

    @property
    def payload(self) -> bytes:
        """The packet's octets, all messages of it; of an event: none."""
        return self._packet.payload if self._packet else b''

    @property
    def seq(self) -> int:
        """The number of the first message to take, unwrapped to 64 bits."""
        return int(self._[1])

    @property
    def count(self) -> int:
        """Messages to take; 1 where a number counts packets."""
        return int(self._[2])

    @property
    def skip(self) -> int:
        """Messages at the packet's start that were handed out before."""
        return int(self._[3])

    @property
    def key(self) -> int:
        """Which stream: Feed.key."""
        return int(self._[4])

    @property
    def line(self) -> int:
        """Which line: Feed.line; of an inserted packet 8."""
        return int(self._[6])

    @property
    def flags(self) -> FeedFlag:
        """What else is to be said of data."""
        return FeedFlag(self._[7])

    @property
    def ns(self) -> int:
        """Of an event: when, in the time of arrivals."""
        return int(self._[8])

    def _detail(self, kind: Any) -> Any:
        return kind._make(_DETAILS[kind].unpack(self._octets))

    @property
    def gap(self) -> Gap:
        """GAP, GAP_HOST."""
        found: Gap = self._detail(Gap)
        return found

    @property
    def late(self) -> Late:
        """FILLED_LATE."""
        found: Late = self._detail(Late)
        return found

    @property
    def reset(self) -> Reset:
        """RESET, CYCLE."""
        found: Reset = self._detail(Reset)
        return found

    @property
    def mismatch(self) -> Mismatch:
        """MISMATCH, IMPLAUSIBLE."""
        found: Mismatch = self._detail(Mismatch)
        return found

    @property
    def down(self) -> Down:
        """LINE_DOWN."""
        found: Down = self._detail(Down)
        return found

    def __repr__(self) -> str:
        what = f'{self.kind.name} key {self.key} seq {self.seq} line {self.line}'
        return f'<mcring.FeedMessage {what}{f" {self.payload!r}" if self._packet else ""}>'
