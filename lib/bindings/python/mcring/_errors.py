# SPDX-License-Identifier: BSD-3-Clause
"""Errors of the C library as exceptions."""

import os
from typing import Any, Callable, Dict, Tuple, Type


class Error(OSError):
    """A call of the C library failed: `errno`, and in `strerror` the library's text.

    Each is also what Python has for its errno, so both of these catch a missing engine:
    `except mcring.Error`, `except FileNotFoundError`.
    """

    def __reduce__(self) -> Tuple[Callable[..., 'Error'], Tuple[Any, ...]]:
        return make_error, (self.errno, self.strerror)


_classes: Dict[str, Type[Error]] = {'OSError': Error}


def make_error(code: int, text: str = '') -> Error:
    """The Error of an errno; without a text, with the system's."""
    base = type(OSError(code, ''))
    name = base.__name__
    if name not in _classes:
        _classes[name] = type(name, (Error, base), {'__module__': 'mcring'})
    return _classes[name](code, text or os.strerror(code))


def check(code: int, text: bytes = b'') -> int:
    """`code` if it is no -errno, else raises its Error."""
    if code < 0:
        raise make_error(-code, text.decode(errors='replace'))
    return code
