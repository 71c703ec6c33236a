# SPDX-License-Identifier: BSD-3-Clause
"""Many packets of a feed in one call."""

import ctypes
from typing import TYPE_CHECKING, Any, Iterator, Optional, Sequence, Union, overload

from . import _abi
from ._batch import Batch, memory
from ._errors import check
from ._feed_message import COLUMNS, FeedKind, FeedMessage
from ._library import quick
from ._message import Message
from ._message import unpack as unpack_message

if TYPE_CHECKING:
    from ._batch import Array
    from ._feed import Feed

_SIZE = ctypes.sizeof(_abi.mcr_feed_msg)
_PACKET_SIZE = ctypes.sizeof(_abi.mcr_msg)


class FeedBatch(Sequence[FeedMessage]):
    """Packets and events of one take from a feed, with copies of the payloads. As Batch."""

    def __init__(self, items: int = 1000, octets: Optional[int] = None) -> None:
        """Room for so many items, and so many octets of all payloads, as Batch."""
        self._make(items, Batch(items, octets))

    def _make(self, items: int, packets: Batch) -> None:
        self._packets = packets
        self._room = items
        octets = memory(items * _SIZE)
        self._octets = memoryview(octets)
        self._items = (_abi.mcr_feed_msg * items).from_buffer(octets)
        self._rows: Optional['Array'] = None
        self._n = 0

    def _filled(self, n: int) -> None:
        self._n = n
        self._packets._filled(n)

    def copy(self) -> 'FeedBatch':
        """Another one that stays as it is."""
        other = FeedBatch.__new__(FeedBatch)
        other._make(max(1, self._n), self._packets.copy())
        other._octets[:self._n * _SIZE] = self._octets[:self._n * _SIZE]
        other._n = self._n
        return other

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[FeedMessage]:
        return (self[i] for i in range(self._n))

    @overload
    def __getitem__(self, i: int) -> FeedMessage: ...

    @overload
    def __getitem__(self, i: slice) -> Sequence[FeedMessage]: ...

    def __getitem__(self, i: Union[int, slice]) -> Union[FeedMessage, Sequence[FeedMessage]]:
        if isinstance(i, slice):
            return [self[one] for one in range(*i.indices(self._n))]
        at = range(self._n)[i]
        packet = self._packets[at] if self._items[at].kind == FeedKind.DATA else None
        return FeedMessage(self._octets[at * _SIZE:(at + 1) * _SIZE].tobytes(), packet)

    @property
    def array(self) -> 'Array':
        """The items as numpy's structured array, a row each: kind, key, line, seq, count, and so on. Not a copy."""
        if self._rows is None:
            import numpy

            self._rows = numpy.frombuffer(self._octets, numpy.dtype(COLUMNS), self._room)
        return self._rows[:self._n]

    @property
    def packets(self) -> 'Array':
        """The packets of the rows, as Batch.array; those of events mean nothing."""
        return self._packets.array

    @property
    def octets(self) -> 'Array':
        """The memory of all payloads, as Batch.octets: that of row i begins at `at[i]`."""
        return self._packets.octets

    @property
    def at(self) -> 'Array':
        """Where in `octets` the payload of each row begins; of an event: 0."""
        return self._packets._at(self.array['kind'] == FeedKind.DATA)

    def first(self, dtype: Any) -> 'Array':
        """The first octets of each payload as a column, as Batch.first."""
        return self._packets._first(self.array['kind'], dtype)  # DATA is 0 in both

    def __repr__(self) -> str:
        return f'<mcring.FeedBatch of {self._n}>'


class LiveFeedMessage(FeedMessage):
    """An item of Feed.poll: its payload is copied when it is asked for."""

    __slots__ = ('_item', '_live')

    def __init__(self, octets: bytes, packet: Optional[Message], live: 'FeedLive', item: Any) -> None:
        """For this package."""
        super().__init__(octets, packet)
        self._live = live
        self._item = item

    @property
    def payload(self) -> bytes:
        """A checked copy. Raises mcring.Error (ESTALE) if it was overwritten, ValueError after the next poll."""
        return self._live._read(self._item) if self._packet else b''


class FeedLive(Sequence[LiveFeedMessage]):
    """Packets and events of one poll, of which no payload was copied yet. They are good until the next poll or take."""

    def __init__(self, feed: 'Feed', items: Any, n: int, polls: int) -> None:
        """For this package: see Feed.poll."""
        self._feed = feed
        self._items = items
        self._n = n
        self._polls = polls

    def _check(self) -> None:
        """For the feed's only user."""
        if self._polls != self._feed._polls:
            raise ValueError('these messages were good until the next poll')

    def _read(self, item: Any) -> bytes:
        octets = ctypes.create_string_buffer(_abi.MCR_TAKE_ROOM)
        with self._feed._guard as f:
            self._check()
            n = check(quick.mcr_feed_read(f, ctypes.byref(item), octets, len(octets)))
        return octets.raw[:n]

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, i: int) -> LiveFeedMessage: ...

    @overload
    def __getitem__(self, i: slice) -> Sequence[LiveFeedMessage]: ...

    def __getitem__(self, i: Union[int, slice]) -> Union[LiveFeedMessage, Sequence[LiveFeedMessage]]:
        if isinstance(i, slice):
            return [self[one] for one in range(*i.indices(self._n))]
        item = self._items[range(self._n)[i]]
        packet = None
        with self._feed._guard:
            self._check()
            if item.msg:
                packet = Message(unpack_message.unpack(ctypes.string_at(item.msg, _PACKET_SIZE)), b'')
        return LiveFeedMessage(bytes(item), packet, self, item)

    def release(self) -> None:
        """They are done with."""
        with self._feed._guard as f:
            quick.mcr_feed_release(f)

    def __repr__(self) -> str:
        return f'<mcring.FeedLive of {self._n}>'
