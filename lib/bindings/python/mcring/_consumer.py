# SPDX-License-Identifier: BSD-3-Clause
"""Consumers and cursors: man mcr_consumer."""

import ctypes
import warnings
from dataclasses import dataclass
from os import PathLike
from types import TracebackType
from typing import Any, Iterable, Iterator, Optional, Sequence, Type, Union

from . import _abi
from ._batch import Batch
from ._errors import check
from ._guard import Guard
from ._library import quick, slow
from ._message import Message
from ._reader import Group, Reader, Selection, filled, place, put, text, text_or_none, unsigned
from ._stream import Stream


@dataclass(frozen=True)
class Interface:
    """An interface of the engine."""

    index: int
    name: str
    address: str  #: its own; '::' = it has none
    prefix_len: int
    vlan: int  #: 0 = untagged
    dpdk_port: int
    port: str  #: DPDK's name of the port
    netdev: str  #: the kernel's interface below it; '' = none
    kernel: str  #: the device that the engine made in the kernel; '' = none


class Consumer(Reader, Stream[Message, Batch]):
    """Reads the rings of one channel of an engine.

    Use it in a `with` block and in one thread at a time; other threads open their own, or take a `cursor`.
    Iterating waits for messages and ends with the engine:

        with mcring.Consumer('md') as consumer:
            for m in consumer:
                if m.kind == mcring.DATA:
                    handle(m.payload)

    The same in asyncio is `async for`. Quicker is `for batch in consumer.batches(1000)`.
    """

    def __init__(self, channel: Optional[str] = None, *, run_dir: Union[str, 'PathLike[str]', None] = None,
                 name: Optional[str] = None, label: Optional[str] = None, start: Union[str, int] = 'newest',
                 ring: Optional[int] = None, order: str = 'rings', groups: Sequence[Group] = (),
                 ids: Iterable[int] = (), hold_ns: int = 0, stall_ns: int = 0, answer_ns: int = 0,
                 no_wait: bool = False, stay: bool = False) -> None:
        """Attaches.

        channel: None = "default".
        run_dir, name: of the engine. None = what MCRING_RUN_DIR says, else /run/mcring/mcring.
        label: shown in statistics; None = the program's name.
        start: 'newest', 'oldest', or a seq (of one ring, or with `ring`).
        ring: the only one to read; None = every ring.
        order: 'rings', in order within each ring only, or 'merged', by time; hold_ns: how long the others then
        wait for a silent ring (0 = 100 ms).
        groups, ids: read only these, as `select`: addresses, or pairs of address and port.
        stall_ns: how long an engine may show no sign of life (0 = 10 s). answer_ns: likewise an answer (0 = 5 s).
        no_wait: no call waits for the engine; `reattach` attaches, also for the first time.
        stay: iterating does not end with the engine, but waits for the next.

        Raises mcring.Error: FileNotFoundError (no engine there, or no such channel), ConnectionRefusedError (it has
        ended), PermissionError, TimeoutError, EINVAL, ERANGE, EPROTO, EBUSY, or the error of a system call.
        """
        opts, error = _abi.mcr_consumer_opts(**_abi.MCR_CONSUMER_OPTS_INIT), _abi.mcr_error()
        selection = Selection(groups, ids)
        place(opts, start, ring, order, selection, hold_ns)
        opts.channel, opts.run_dir, opts.name, opts.label = map(text_or_none, (channel, run_dir, name, label))
        put(opts, stall_ns=stall_ns, answer_ns=answer_ns, no_wait=no_wait)
        pointer = ctypes.c_void_p()
        check(slow.mcr_consumer_open(ctypes.byref(pointer), ctypes.byref(opts), ctypes.byref(error)), error.text)
        self._guard = Guard('consumer', pointer)
        self._stay = stay
        self._one = Batch(1, _abi.MCR_TAKE_ROOM)

    def __del__(self, warn: Any = warnings.warn) -> None:
        if hasattr(self, '_guard') and not self.is_closed:
            warn(f'unclosed {self!r}', ResourceWarning, source=self)
            self.close()

    # ---- sleeping ----

    def _may_sleep(self) -> bool:
        # Towards the next engine there is nothing to announce: the descriptor says when a step is due.
        return self._is_seeking or self.arm()

    def _wait(self, timeout_ns: int) -> int:
        with self._guard as c:
            return int(slow.mcr_consumer_wait(c, timeout_ns))

    def fileno(self) -> int:
        with self._guard as c:
            return check(quick.mcr_consumer_fd(c))

    def arm(self) -> bool:
        with self._guard as c:
            return check(quick.mcr_consumer_arm(c)) == 0

    # ---- the engine ----

    def join(self, join: str) -> None:
        """Makes the engine join groups into this channel, until `leave` with the same text, or the close.

        join: "239.1.1.1:5000@10.0.0.7,id=3". A new engine knows nothing of it: join again after a RESTART.
        Raises mcring.Error: PermissionError, EINVAL, ENOSPC, E2BIG, FileNotFoundError (no such interface),
        TimeoutError, BrokenPipeError; with no_wait BlockingIOError: call the same again when fileno() is readable.
        """
        self._ask(slow.mcr_consumer_join, text(join))

    def leave(self, join: str) -> None:
        """Ends a join of this consumer. Errors as join; FileNotFoundError: there is no such join."""
        self._ask(slow.mcr_consumer_leave, text(join))

    def interface(self, index: int) -> Interface:
        """An interface of the engine, counted from 0. Raises mcring.Error: FileNotFoundError past the last."""
        info = _abi.mcr_consumer_interface(size=ctypes.sizeof(_abi.mcr_consumer_interface))
        self._ask(slow.mcr_consumer_interface_info, unsigned(index), ctypes.byref(info))
        found: Interface = filled(Interface, info)
        return found

    def interfaces(self) -> Iterator[Interface]:
        """All interfaces of the engine."""
        index = 0
        while True:
            try:
                yield self.interface(index)
            except FileNotFoundError:
                return
            index += 1

    def _ask(self, function: Any, *args: Any) -> None:
        error = _abi.mcr_error()
        with self._guard as c:
            check(function(c, *args, ctypes.byref(error)), error.text)

    def cursor(self, *, start: Union[str, int] = 'newest', ring: Optional[int] = None, order: str = 'rings',
               groups: Sequence[Group] = (), ids: Iterable[int] = (), hold_ns: int = 0) -> 'Cursor':
        """Another reader of the same mapping, with a place of its own; a thread of its own may use it."""
        opts, error = _abi.mcr_consumer_opts(**_abi.MCR_CONSUMER_OPTS_INIT), _abi.mcr_error()
        selection = Selection(groups, ids)
        place(opts, start, ring, order, selection, hold_ns)
        pointer = ctypes.c_void_p()
        with self._guard as c:
            check(quick.mcr_consumer_cursor(ctypes.byref(pointer), c, ctypes.byref(opts), ctypes.byref(error)),
                  error.text)
        return Cursor(pointer)

    def __repr__(self) -> str:
        return f'<mcring.Consumer{" (closed)" if self.is_closed else ""}>'


class Cursor(Reader):
    """Another reader of a consumer's mapping: `take` and `poll` as there. It has no connection, so it cannot wait.

    The consumer looks whether the engine lives: poll or take from it as often as you would without cursors.
    """

    def __init__(self, pointer: ctypes.c_void_p) -> None:
        """For this package: see Consumer.cursor."""
        self._guard = Guard('cursor', pointer)

    def take_into(self, batch: Batch) -> int:
        """Takes into a batch, as Consumer.take_into."""
        return check(self._take(batch))

    def reattach(self) -> None:
        """Goes on where the consumer is. Raises mcring.Error: BlockingIOError while it has no engine."""
        self._reattach()

    def __enter__(self) -> 'Cursor':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self, warn: Any = warnings.warn) -> None:
        if not self.is_closed:
            warn(f'unclosed {self!r}', ResourceWarning, source=self)
            self.close()

    def __repr__(self) -> str:
        return f'<mcring.Cursor{" (closed)" if self.is_closed else ""}>'
