# SPDX-License-Identifier: BSD-3-Clause
"""What a consumer and its cursors have in common: reading, seeking, selecting."""

import ctypes
import os
from dataclasses import dataclass, fields
from typing import Any, Iterable, Optional, Sequence, Tuple, Union

from . import _abi
from ._address import format_address, parse_address
from ._batch import Batch
from ._errors import check
from ._guard import Guard
from ._library import quick, slow
from ._live import Hold, Live
from ._message import Message

# A group to select: its address, or its address and UDP port.
Group = Union[str, Tuple[str, int]]

STARTS = {'newest': _abi.MCR_START_NEWEST, 'oldest': _abi.MCR_START_OLDEST}
_ORDERS = {'rings': _abi.MCR_ORDER_RINGS, 'merged': _abi.MCR_ORDER_MERGED}


def word(words: 'dict[str, int]', text: str) -> int:
    """The number of a word that stands for an enum."""
    if text not in words:
        raise ValueError(f'{text!r}: expected {" or ".join(map(repr, words))}')
    return words[text]


def text(value: Any) -> bytes:
    """A text, or a path, as C takes it."""
    octets = os.fsencode(value)
    if 0 in octets:
        raise ValueError(f'{value!r}: a NUL in a text')
    return octets


def text_or_none(value: Any) -> Optional[bytes]:
    """The same; None is NULL."""
    return None if value is None else text(value)


def unsigned(value: int, bits: int = 32) -> int:
    """A number of so many bits. ctypes would cut a larger one."""
    if not 0 <= value < 1 << bits:
        raise ValueError(f'{value}: expected 0 to 2^{bits} - 1')
    return value


def put(structure: Any, **members: int) -> None:
    """Sets numbers in a structure, which ctypes would cut as well."""
    for name, value in members.items():
        setattr(structure, name, value)
        if getattr(structure, name) != value:
            raise ValueError(f'{name}: {value} is out of range')


def filled(kind: Any, structure: Any) -> Any:
    """A structure as a dataclass: texts for octets, tuples for arrays."""
    def value(of: Any) -> Any:
        if isinstance(of, _abi.mcr_address):
            return format_address(bytes(of.octets))
        if isinstance(of, ctypes.Array):
            return tuple(of)
        return of.decode(errors='replace') if isinstance(of, bytes) else of

    return kind(*(value(getattr(structure, field.name)) for field in fields(kind)))


class Selection:
    """Groups and ids as C takes them."""

    def __init__(self, groups: Iterable[Group], ids: Iterable[int]) -> None:
        pairs = [(group, 0) if isinstance(group, str) else group for group in groups]
        numbers = list(ids)
        self.groups = (_abi.mcr_select_group * len(pairs))()
        for one, (address, port) in zip(self.groups, pairs):
            ctypes.memmove(ctypes.byref(one.group), parse_address(address), 16)
            put(one, port=port)
        self.ids = (ctypes.c_uint32 * len(numbers))(*map(unsigned, numbers))


def place(opts: Any, start: Union[str, int], ring: Optional[int], order: str, selection: Selection,
          hold_ns: int) -> None:
    """Sets where to start, and what to read."""
    if isinstance(start, str):
        opts.start = word(STARTS, start)
    else:
        put(opts, start=_abi.MCR_START_SEQ, seq=start)
    put(opts, ring=_abi.MCR_ALL_RINGS if ring is None else ring, order=word(_ORDERS, order), hold_ns=hold_ns)
    opts.groups, opts.n_groups = ctypes.addressof(selection.groups), len(selection.groups)
    opts.ids, opts.n_ids = ctypes.addressof(selection.ids), len(selection.ids)


@dataclass(frozen=True)
class Ring:
    """Where a ring is, and where the consumer is in it. Numbers are those of `seq`."""

    ring: int
    epoch: int
    oldest: int  #: the oldest message that is offered
    next: int  #: what comes next
    head: int  #: what the engine publishes next: head - next are left
    watermark_ns: int  #: CLOCK_REALTIME: all that arrived before is published; 0 = unknown
    host_lost: int  #: packets that reached the host and were lost before the ring
    host_looked_ns: int  #: all that were lost before are counted; 0 = unknown


class Reader:
    """Reads rings: a consumer, or a cursor."""

    _guard: Guard
    _hold: Optional[Hold] = None

    # ---- with copies ----

    def _take(self, batch: Batch) -> int:
        with self._guard as c:
            n: int = quick.mcr_consumer_take(c, batch._msgs, batch._room, batch._payloads, batch._cap)
        batch._filled(max(n, 0))
        return n

    def take(self, n: int = 1000, octets: Optional[int] = None) -> Batch:
        """Takes up to n messages and events that are there now, with copies of their payloads, in one call.

        It does not wait. octets: room for their payloads. `take_into` uses a batch again, which is quicker.
        Raises mcring.Error: BrokenPipeError when the engine has ended and all was taken, EPROTO.
        """
        batch = Batch(n, octets)
        check(self._take(batch))
        return batch

    def _first(self, batch: Batch) -> Message:
        return batch[0]

    def _new_batch(self, n: int, octets: Optional[int]) -> Batch:
        return Batch(n, octets)

    # ---- in place ----

    def poll(self, n: int = 1000) -> Live:
        """Polls up to n messages and events that are there now, with their payloads in place. Errors as take.

        `with consumer.poll(100) as live:` marks them as done at its end. The rings stay mapped for as long as
        `live` and views of it.
        """
        messages = (_abi.mcr_msg * n)()
        with self._guard as c:
            found = check(quick.mcr_consumer_poll(c, messages, n))
            if self._hold is None:
                self._hold = Hold(c)
            return Live(self, self._hold, messages, found)

    def _read(self, m: Any, octets: Any) -> None:
        with self._guard as c:
            check(quick.mcr_consumer_read(c, ctypes.byref(m), octets, len(octets)))

    def _is_intact(self, m: Any) -> bool:
        if self._guard.is_closed:
            return False
        with self._guard as c:
            return bool(quick.mcr_consumer_intact(c, ctypes.byref(m)))

    def release(self) -> None:
        """The messages of the last poll are done with."""
        with self._guard as c:
            quick.mcr_consumer_release(c)

    # ---- where, and what ----

    def seek(self, start: str) -> None:
        """Goes to the 'newest' message of each ring, or back to the 'oldest'. What it passes is not lost."""
        with self._guard as c:
            check(quick.mcr_consumer_seek(c, word(STARTS, start)))

    def select(self, groups: Sequence[Group] = (), ids: Iterable[int] = ()) -> None:
        """Reads from now on only the messages of these groups and those with these ids; of none: all."""
        selection, error = Selection(groups, ids), _abi.mcr_error()
        with self._guard as c:
            check(quick.mcr_consumer_select(c, selection.groups, len(selection.groups), selection.ids,
                                            len(selection.ids), ctypes.byref(error)), error.text)

    @property
    def skipped(self) -> int:
        """How many messages were not selected."""
        with self._guard as c:
            return int(quick.mcr_consumer_skipped(c))

    @property
    def rings(self) -> int:
        """How many rings the channel has."""
        with self._guard as c:
            return int(quick.mcr_consumer_rings(c))

    @property
    def headroom(self) -> int:
        """About how many messages the writer can publish before it overwrites one that is not done with."""
        with self._guard as c:
            return int(quick.mcr_consumer_headroom(c))

    def until(self, ring: int = 0) -> int:
        """CLOCK_REALTIME in ns: all that arrived in a ring before has been read; 0 = unknown."""
        with self._guard as c:
            return int(quick.mcr_consumer_until(c, unsigned(ring)))

    def ring(self, ring: int = 0) -> Ring:
        """Where a ring is. Raises mcring.Error: FileNotFoundError for a ring that is not read."""
        info, error = _abi.mcr_consumer_ring(size=ctypes.sizeof(_abi.mcr_consumer_ring)), _abi.mcr_error()
        with self._guard as c:
            check(quick.mcr_consumer_ring_info(c, unsigned(ring), ctypes.byref(info), ctypes.byref(error)), error.text)
        found: Ring = filled(Ring, info)
        return found

    # ---- life ----

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._guard.is_closed

    def _reattach(self) -> None:
        error = _abi.mcr_error()
        with self._guard as c:
            check(slow.mcr_consumer_reattach(c, ctypes.byref(error)), error.text)
            self._hold = None

    def close(self) -> None:
        """Detaches. Views stay readable. What is closed can be closed again."""
        pointer = self._guard.close()
        self._hold = None
        if pointer:
            slow.mcr_consumer_close(pointer)
