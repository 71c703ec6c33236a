# SPDX-License-Identifier: BSD-3-Clause
"""Many messages in one call, with copies of their payloads."""

import ctypes
import mmap
from typing import TYPE_CHECKING, Any, Iterator, Optional, Sequence, Union, overload

from . import _abi
from ._message import COLUMNS, Kind, Message, unpack

if TYPE_CHECKING:
    import numpy.typing

    Array = numpy.typing.NDArray[Any]

_SIZE = ctypes.sizeof(_abi.mcr_msg)
_USUAL_PAYLOAD = 1536  # octets: what fits into an Ethernet frame


def memory(octets: int) -> mmap.mmap:
    """Zeros at a multiple of 8, of which only what is used takes memory; not shared with a child."""
    return mmap.mmap(-1, octets, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def first_octets(rows: 'Array', kinds: 'Array', words: 'Array', base: int, dtype: Any) -> 'Array':
    """The first octets of payloads as a column. words: memory from the address base on, in words of 8 octets."""
    import numpy

    kind = numpy.dtype(dtype)
    # Usually all have them: two passes over the rows say so, where to find the others takes four.
    if len(rows) and not kinds.any() and rows['len'].min() >= kind.itemsize:
        return _gather(rows['data'], words, base, kind)
    has = (kinds == Kind.DATA) & (rows['len'] >= kind.itemsize)
    column = numpy.zeros(len(rows), kind)
    column[has] = _gather(rows['data'][has], words, base, kind)
    return column


def _gather(data: 'Array', words: 'Array', base: int, kind: Any) -> 'Array':
    import numpy

    at = (data - numpy.uint64(base)).view('i8') >> 3  # a scalar of the same type is quicker
    if kind.itemsize == 8:
        octets = words[at]
    else:
        found = words[at[:, None] + numpy.arange((kind.itemsize + 7) // 8)]
        octets = numpy.ascontiguousarray(found.view('u1')[:, :kind.itemsize])
    column: 'Array' = octets.view(kind).reshape(len(at))
    return column


class Batch(Sequence[Message]):
    """Messages and events of one take, with copies of their payloads: for reading in a loop, or by numpy.

    The memory is used again by the next take into it. A message that was read from it is a copy and lasts.
    """

    def __init__(self, messages: int = 1000, octets: Optional[int] = None) -> None:
        """Room for so many messages, and for so many octets of all their payloads.

        octets: at least 65,536; the default is enough for frames of 1,500 octets. What is not used costs no
        memory.
        """
        if messages < 1:
            raise ValueError('a batch has room for at least one message')
        octets = 32 * _abi.MCR_TAKE_ROOM + messages * _USUAL_PAYLOAD if octets is None else octets
        if octets < _abi.MCR_TAKE_ROOM:
            raise ValueError(f'a batch has room for at least {_abi.MCR_TAKE_ROOM:,} octets')
        self._make(memory(messages * _SIZE), memory(octets // 8 * 8))
        self._base = self._start

    def _make(self, messages: mmap.mmap, octets: mmap.mmap) -> None:
        self._room = len(messages) // _SIZE
        self._messages = memoryview(messages)
        self._octets = memoryview(octets)
        # What C gets of them: an array, and where the payloads begin.
        self._msgs = (_abi.mcr_msg * self._room).from_buffer(messages)
        self._payloads = (ctypes.c_char * len(octets)).from_buffer(octets)
        self._cap = len(octets)
        self._start = ctypes.addressof(self._payloads)
        self._rows: Optional['Array'] = None
        self._n = 0

    def _filled(self, n: int) -> None:
        """There are n new ones in it."""
        self._n = n
        self._base = self._start

    def copy(self) -> 'Batch':
        """Another one that stays as it is."""
        other = Batch.__new__(Batch)
        other._make(memory(max(1, self._n) * _SIZE), memory(len(self._octets)))
        other._messages[:self._n * _SIZE] = self._messages[:self._n * _SIZE]
        used = max((m[0] - self._base + m[1] for m in self._unpacked() if m[2] == Kind.DATA), default=0)
        other._octets[:used] = self._octets[:used]
        other._n, other._base = self._n, self._base
        return other

    def _unpacked(self) -> Iterator[Any]:
        return unpack.iter_unpack(self._messages[:self._n * _SIZE])

    def _message(self, members: Any) -> Message:
        if members[2] != Kind.DATA:
            return Message(members, b'')
        at = members[0] - self._base
        return Message(members, self._octets[at:at + members[1]].tobytes())

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[Message]:
        return map(self._message, self._unpacked())

    @overload
    def __getitem__(self, i: int) -> Message: ...

    @overload
    def __getitem__(self, i: slice) -> Sequence[Message]: ...

    def __getitem__(self, i: Union[int, slice]) -> Union[Message, Sequence[Message]]:
        if isinstance(i, slice):
            return [self[one] for one in range(*i.indices(self._n))]
        at = range(self._n)[i]
        return self._message(unpack.unpack_from(self._messages, at * _SIZE))

    @property
    def array(self) -> 'Array':
        """The messages as numpy's structured array, a row each: see `dtype`. It is the batch's memory, not a copy.

        Row i's payload is `octets[at[i]:at[i] + array['len'][i]]`.
        """
        if self._rows is None:
            import numpy

            self._rows = numpy.frombuffer(self._messages, dtype(), self._room)
        return self._rows[:self._n]

    @property
    def at(self) -> 'Array':
        """Where in `octets` the payload of each row begins; of an event: 0."""
        return self._at(self.array['kind'] == Kind.DATA)

    def _at(self, is_data: 'Array') -> 'Array':
        import numpy

        return numpy.where(is_data, self.array['data'] - self._base, 0).astype(numpy.intp)

    @property
    def octets(self) -> 'Array':
        """The memory of all payloads, each at a multiple of 8 octets, as numpy's array. Not a copy."""
        import numpy

        return numpy.frombuffer(self._octets, 'u1')

    def first(self, dtype: Any) -> 'Array':
        """The first octets of each payload as a column: `batch.first('>u4')`, or a structured dtype.

        Events, and payloads that are shorter than that, have zeros.
        """
        return self._first(self.array['kind'], dtype)

    def _first(self, kinds: 'Array', dtype: Any) -> 'Array':
        import numpy

        return first_octets(self.array, kinds, numpy.frombuffer(self._octets, 'u8'), self._base, dtype)

    def __repr__(self) -> str:
        return f'<mcring.Batch of {self._n}>'


def dtype() -> Any:
    """numpy.dtype of a row: kind, flags, len, epoch, seq, ring, rx_ns, hw_ns, group, source, and so on.

    group and source are 16 octets (format_address); data is an address in memory.
    """
    import numpy

    return numpy.dtype(COLUMNS)
