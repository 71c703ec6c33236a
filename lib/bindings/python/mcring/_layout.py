# SPDX-License-Identifier: BSD-3-Clause
"""Columns of a C structure (_abi), as `struct` and numpy read them."""

import ctypes
import struct
from typing import Any, Iterable, List, Tuple, Type

# Name, numpy's format, offset.
Column = Tuple[str, str, int]

_CODES = {'u1': 'B', 'u2': 'H', 'u4': 'I', 'u8': 'Q', '(16,)u1': '16s'}


def pick(columns: Iterable[Column], names: Iterable[str], before: str = '') -> List[Column]:
    """The columns of these names, which in the structure have something before them, as `gap_`."""
    by_name = {column[0]: column for column in columns}
    return [by_name[before + name] for name in names]


def unpacker(structure: Type[Any], columns: List[Column]) -> struct.Struct:
    """What unpacks these columns, which must be in the order of their offsets, from the whole structure."""
    text, end = '=', 0
    for _, kind, offset in columns:
        text += f'{offset - end}x{_CODES[kind]}'
        end = offset + struct.calcsize('=' + _CODES[kind])
    return struct.Struct(f'{text}{ctypes.sizeof(structure) - end}x')


def for_numpy(structure: Type[Any], columns: List[Column]) -> Any:
    """What numpy.dtype takes."""
    names, formats, offsets = map(list, zip(*columns))
    return {'names': names, 'formats': formats, 'offsets': offsets, 'itemsize': ctypes.sizeof(structure)}
