# SPDX-License-Identifier: BSD-3-Clause
"""The C libraries: where they are, and their functions.

A wheel has them beside this file, in `libs`. Otherwise the loader finds them, as for any program.
"""

import ctypes
import os
from typing import Any

from . import _abi


def _path_of(name: str) -> str:
    inside = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'libs', name)
    return inside if os.path.exists(inside) else name


class _Functions:
    """The functions of the libraries, with the types of their arguments."""

    def __init__(self, load: Any) -> None:
        # In this order: the second one needs the first, which then is at hand wherever it came from.
        for library in ('mcring-client', 'mcring-feed'):
            path = _path_of(f'lib{library}.so.{_abi.ABI}')
            try:
                loaded = load(path)
                for name, result, arguments in _abi.FUNCTIONS[library]:
                    function = getattr(loaded, name)
                    function.restype, function.argtypes = result, arguments
                    setattr(self, name, function)
            except (OSError, AttributeError) as error:
                raise ImportError(f'mcring: {path} of mcring {_abi.VERSION} or later is needed: {error}') from None

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


# Calls that may sleep or take long let other threads run. The others keep the interpreter's lock: to get
# it back can take 5 ms where another thread computes.
slow = _Functions(ctypes.CDLL)
quick = _Functions(ctypes.PyDLL)
