# SPDX-License-Identifier: BSD-3-Clause
"""Who may call into an object of the C library, and when."""

import os
import threading
from ctypes import c_void_p
from typing import List

_forks = 0  # of which this process is the child


def _count_fork() -> None:
    global _forks
    _forks += 1


os.register_at_fork(after_in_child=_count_fork)


class Guard:
    """Lets one thread at a time use an object, until it is closed, in the process that opened it.

    `with guard as pointer` raises RuntimeError for a second thread and a forked child, ValueError after the
    close. C would crash or mix up messages in place of that.
    """

    # __exit__ is the lock's own: a function in Python may be left by an exception, as that of Ctrl-C, before
    # its first step.
    __slots__ = ('__exit__', '_forks', '_lock', '_name', '_pointer')

    def __init__(self, name: str, pointer: c_void_p) -> None:
        self._name = name
        self._pointer = pointer
        self._lock = threading.Lock()
        self.__exit__ = self._lock.__exit__
        self._forks = _forks

    def __enter__(self) -> c_void_p:
        is_mine: List[bool] = []
        try:
            # In one step, for the same reason.
            is_mine.extend(map(self._lock.acquire, (False,)))
            if not is_mine[0]:
                raise RuntimeError(f'another thread uses this {self._name}')
            if self._pointer and self._forks == _forks:
                return self._pointer
            if self._pointer:
                raise RuntimeError(f'this {self._name} belongs to the parent process: only close it')
            raise ValueError(f'this {self._name} is closed')
        except BaseException:
            if is_mine == [True]:
                self._lock.release()
            raise

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return not self._pointer

    def close(self) -> c_void_p:
        """Closes the guard. Returns the pointer that the caller has to free; nothing if it is closed.

        A child may do so whatever its parent's threads were doing at the fork.
        """
        if self._pointer and self._forks == _forks:
            with self as pointer:
                self._pointer = c_void_p()
        else:
            pointer, self._pointer = self._pointer, c_void_p()
        return pointer
