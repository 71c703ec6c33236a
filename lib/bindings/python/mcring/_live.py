# SPDX-License-Identifier: BSD-3-Clause
"""Payloads in place, in the ring."""

import ctypes
from types import TracebackType
from typing import TYPE_CHECKING, Any, Iterator, Optional, Sequence, Type, Union, overload

from . import _abi
from ._batch import dtype, first_octets
from ._errors import check
from ._library import quick
from ._message import Kind, Message, unpack

if TYPE_CHECKING:
    from ._batch import Array
    from ._reader import Reader

_SIZE = ctypes.sizeof(_abi.mcr_msg)


class Hold:
    """Keeps the rings mapped that a consumer has mapped now, for as long as somebody has this object."""

    def __init__(self, consumer: Any) -> None:
        self._pointer = ctypes.c_void_p()
        check(quick.mcr_consumer_hold(ctypes.byref(self._pointer), consumer))

    def __del__(self, release: Any = quick.mcr_hold_release) -> None:
        release(self._pointer)


class _Octets(ctypes.c_char * _abi.MCR_TAKE_ROOM):  # type: ignore[misc]
    """Memory from an address on, of which only the first octets are looked at; any payload fits."""

    hold: Hold


class _Words:
    """Memory of a ring, read-only, as numpy takes it."""

    def __init__(self, address: int, octets: int, hold: Hold) -> None:
        self.hold = hold
        self.__array_interface__ = {'version': 3, 'typestr': '|u8', 'shape': ((octets + 7) // 8,),
                                    'data': (address, True)}


class LiveMessage(Message):
    """A message whose payload is in the ring, where the writer may overwrite it at any time."""

    __slots__ = ('_i', '_live')

    def __init__(self, members: Any, live: 'Live', i: int) -> None:
        """For this package."""
        super().__init__(members, b'')
        self._live = live
        self._i = i

    @property
    def payload(self) -> bytes:
        """A copy of the payload, checked. Raises mcring.Error (ESTALE) if the writer has overwritten it."""
        return self._live.read(self._i)

    @property
    def view(self) -> memoryview:
        """The payload in the ring, read-only and without a copy. What you read counts if `intact` is true afterwards.

        The memory stays mapped for as long as the view, also when the consumer is closed or reattached.
        """
        return self._live.view(self._i)

    @property
    def intact(self) -> bool:
        """Whether all that was read through `view` before is what was received. False also after a close."""
        return self._live.is_intact(self._i)


class Live(Sequence[LiveMessage]):
    """Messages and events of one poll, with their payloads in place.

    Leave its `with` block, or call `release`, when you have done with them: the engine's statistics count
    from there.
    """

    def __init__(self, reader: 'Reader', hold: Hold, messages: Any, n: int) -> None:
        """For this package: see Reader.poll."""
        self._reader = reader
        self._hold = hold
        self._messages = messages
        self._n = n

    def __enter__(self) -> 'Live':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if not self._reader.is_closed:
            self.release()

    def release(self) -> None:
        """These messages, and all before, are done with."""
        self._reader.release()

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[LiveMessage]:
        return (self[i] for i in range(self._n))

    @overload
    def __getitem__(self, i: int) -> LiveMessage: ...

    @overload
    def __getitem__(self, i: slice) -> Sequence[LiveMessage]: ...

    def __getitem__(self, i: Union[int, slice]) -> Union[LiveMessage, Sequence[LiveMessage]]:
        if isinstance(i, slice):
            return [self[one] for one in range(*i.indices(self._n))]
        at = range(self._n)[i]
        return LiveMessage(unpack.unpack_from(self._messages, at * _SIZE), self, at)

    def view(self, i: int) -> memoryview:
        """As LiveMessage.view."""
        m = self._messages[range(self._n)[i]]
        if m.kind != Kind.DATA:
            return memoryview(b'')
        octets = _Octets.from_address(m.data)
        octets.hold = self._hold
        return memoryview(octets).cast('B')[:m.len].toreadonly()

    def read(self, i: int) -> bytes:
        """As LiveMessage.payload."""
        m = self._messages[range(self._n)[i]]
        if m.kind != Kind.DATA:
            return b''
        octets = ctypes.create_string_buffer(m.len)
        self._reader._read(m, octets)
        return octets.raw

    def is_intact(self, i: int) -> bool:
        """As LiveMessage.intact."""
        m = self._messages[range(self._n)[i]]
        return m.kind == Kind.DATA and self._reader._is_intact(m)

    @property
    def intact(self) -> bool:
        """Whether all that was read of all payloads before is what was received."""
        return all(self.is_intact(i) for i in range(self._n) if self._messages[i].kind == Kind.DATA)

    @property
    def array(self) -> 'Array':
        """The messages as numpy's structured array, a row each, read-only. Payloads: `first`, `view`."""
        import numpy

        rows: 'Array' = numpy.frombuffer(self._messages, dtype(), len(self._messages))[:self._n]
        rows.flags.writeable = False  # `data` says where to read
        return rows

    def first(self, dtype: Any) -> 'Array':
        """The first octets of each payload, as Batch.first: a copy, which counts if `intact` is true afterwards."""
        import numpy

        rows = self.array
        data = rows['data'][rows['kind'] == Kind.DATA]
        if not len(data):
            return numpy.zeros(len(rows), dtype)
        base = int(data.min())
        words = numpy.asarray(_Words(base, int(data.max()) - base + _abi.MCR_TAKE_ROOM, self._hold))
        return first_octets(rows, rows['kind'], words, base, dtype)

    def __repr__(self) -> str:
        return f'<mcring.Live of {self._n}>'
