# SPDX-License-Identifier: BSD-3-Clause
"""Waiting for what comes, in a thread or in asyncio, and iterating over it."""

import abc
import asyncio
import errno
import time
from types import TracebackType
from typing import Any, AsyncIterator, Generic, Iterator, Optional, Type, TypeVar

from ._errors import Error, check
from ._guard import Guard

_SLICE_S = 0.5  # a sleep in C is cut into these, so that a signal that came just before waits no longer
_LOOK_S = 1.0  # how often an engine is looked at that may hang
_NAP_S = 0.00005  # for what brings no notice
_TURN = 64  # messages, then other tasks have their turn

Item = TypeVar('Item')
Self = TypeVar('Self', bound='Stream[Any, Any]')
Filled = TypeVar('Filled')


class Batches(Generic[Filled]):
    """Batch after batch, in `for` or `async for`: the same object each time, filled anew."""

    def __init__(self, stream: 'Stream[Any, Filled]', batch: Filled) -> None:
        """For this package: see `batches`."""
        self._stream = stream
        self._batch = batch

    def __iter__(self) -> Iterator[Filled]:
        return self

    def __next__(self) -> Filled:
        if not self._stream._next(self._batch):
            raise StopIteration
        return self._batch

    def __aiter__(self) -> AsyncIterator[Filled]:
        return self

    async def __anext__(self) -> Filled:
        await asyncio.sleep(0)
        if not await self._stream._next_async(self._batch):
            raise StopAsyncIteration
        return self._batch


class Stream(Generic[Item, Filled], abc.ABC):
    """What consumers and feeds have in common.

    `for` and `async for` give one item after another, wait for the next, and end with the engine; with
    `stay` they wait for the next engine instead. They never read ahead, so a loop may be left and entered
    again, and mixed with take.
    """

    _guard: Guard
    _stay: bool
    _one: Filled  # what iterating takes, one by one
    _turns = 0
    _is_awaited = False
    _is_seeking = False  # the last reattach failed

    # ---- what a consumer or a feed does in its way ----

    @abc.abstractmethod
    def _take(self, batch: Filled) -> int:
        """How many it filled in, or -errno."""

    @abc.abstractmethod
    def _wait(self, timeout_ns: int) -> int: ...

    @abc.abstractmethod
    def _first(self, batch: Filled) -> Item: ...

    @abc.abstractmethod
    def _new_batch(self, n: int, octets: Optional[int]) -> Filled: ...

    @abc.abstractmethod
    def fileno(self) -> int:
        """The descriptor for select, poll, epoll or an event loop. Call `arm` first, and never read from it."""

    @abc.abstractmethod
    def arm(self) -> bool:
        """Announces that this program is about to sleep on the descriptor; the next take withdraws that.

        False: there may be something already, so take in place of sleeping.
        """

    def _may_sleep(self) -> bool:
        return self.arm()

    @abc.abstractmethod
    def _reattach(self) -> None: ...

    @abc.abstractmethod
    def close(self) -> None:
        """Detaches. What is closed can be closed again."""

    # ---- life ----

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._guard.is_closed

    # ---- taking ----

    def take_into(self, batch: Filled) -> int:
        """Takes as many messages as there are and fit, with copies of their payloads, in one call.

        Returns how many; 0: nothing is there. Raises mcring.Error: BrokenPipeError when the engine has ended and
        all was taken; of a consumer EPROTO when a ring makes no sense.
        """
        return check(self._take(batch))

    def batches(self, n: int = 1000, octets: Optional[int] = None) -> Batches[Filled]:
        """Iterates over batches of up to n messages, in `for` or `async for`: at least one in each.

        The batch is filled anew each time: `copy` it to keep it. octets: room for their payloads.
        """
        return Batches(self, self._new_batch(n, octets))

    # ---- waiting ----

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Sleeps until there may be something to take, for at most so many seconds; None = for ever.

        False: the time is over. Other threads run meanwhile, and a signal is handled, as Ctrl-C.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _SLICE_S if end is None else max(0.0, end - time.monotonic())
            code = self._wait(int(min(left, _SLICE_S) * 1e9))
            if code != -errno.EINTR and check(code):
                return True
            if end is not None and time.monotonic() >= end:
                return False

    async def ready(self, timeout: Optional[float] = None) -> bool:
        """The same as `wait` in asyncio: other tasks run meanwhile. One task at a time may wait.

        It is true after a second at the latest: an engine that hangs is found by taking only.
        """
        if self._is_awaited:
            raise RuntimeError('another task waits for this already')
        loop = asyncio.get_running_loop()
        slice_s = _LOOK_S if timeout is None else min(_LOOK_S, timeout)
        self._is_awaited = True
        try:
            if self._may_sleep():
                return await self._is_readable(loop, slice_s) or slice_s != timeout
            await asyncio.sleep(_NAP_S)
            return True
        finally:
            self._is_awaited = False

    async def _is_readable(self, loop: asyncio.AbstractEventLoop, timeout: float) -> bool:
        event = asyncio.Event()
        fd = self.fileno()
        loop.add_reader(fd, event.set)
        try:
            await asyncio.wait_for(event.wait(), timeout)
            return True
        except asyncio.TimeoutError:
            return False
        finally:
            loop.remove_reader(fd)

    def reattach(self) -> None:
        """One step towards the engine that runs now, without waiting. Raises mcring.Error until it is attached.

        Between two steps `wait`, or `ready`. Joins are not repeated.
        """
        self._is_seeking = True
        self._reattach()
        self._is_seeking = False

    # ---- iterating ----

    def _fill(self, batch: Filled) -> Optional[int]:
        """How many were taken; 0: wait for more; None: this is the end."""
        code = self._take(batch)
        if code != -errno.EPIPE:
            return check(code)
        if not self._stay:
            return None
        try:
            self.reattach()
        except Error as error:
            if error.errno == errno.EINVAL:  # what else one engine refuses, the next may give
                raise
            return 0
        return check(self._take(batch))

    def _next(self, batch: Filled) -> bool:
        while (n := self._fill(batch)) == 0:
            self.wait()
        return n is not None

    async def _next_async(self, batch: Filled) -> bool:
        while (n := self._fill(batch)) == 0:
            await self.ready()
        return n is not None

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        if not self._next(self._one):
            raise StopIteration
        return self._first(self._one)

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        self._turns += 1
        if self._turns % _TURN == 0:
            await asyncio.sleep(0)
        if not await self._next_async(self._one):
            raise StopAsyncIteration
        return self._first(self._one)
