# SPDX-License-Identifier: BSD-3-Clause
"""The description as Python: structures and prototypes for ctypes, and the dtypes of what comes in batches."""

from bindings.headers import Array, Callback, Pointer, Scalar, Struct

HEAD = '''\
# SPDX-License-Identifier: BSD-3-Clause
"""mcring's C interface, ABI {soname}, mcring {version}. Made by tools/abi from include/mcring: not to be edited.

Pointers are c_void_p: they take byref(), arrays, addresses and None. Texts are c_char_p."""

from __future__ import annotations

import ctypes
from ctypes import (c_char, c_char_p, c_int, c_int64, c_size_t, c_uint8, c_uint16, c_uint32,
                    c_uint64, c_void_p)
from typing import Any

ABI = {soname}
VERSION = '{version}'
'''
BATCHES = ['mcr_msg', 'mcr_feed_msg']
ALONE = ['pos']  # its members are members of the batch by their own names


def ctype(kind):
    if isinstance(kind, Scalar):
        names = {'void': 'None', 'size_t': 'c_size_t'}
        return names.get(kind.name) or 'c_' + kind.name.removesuffix('_t')
    if isinstance(kind, Struct):
        return kind.name
    if isinstance(kind, Array):
        return f'{ctype(kind.of)} * {kind.n}'
    if isinstance(kind, Callback):
        return f'ctypes.CFUNCTYPE({", ".join(ctype(t) for t in [kind.returns, *kind.args])})'
    assert isinstance(kind, Pointer)
    return 'c_char_p' if kind.to == Scalar('char') else 'c_void_p'


def hint(kind):
    """What one gets who reads the field."""
    if isinstance(kind, Scalar):
        return 'int'
    if isinstance(kind, Struct):
        return kind.name
    if isinstance(kind, Array):
        return 'bytes' if kind.of == Scalar('char') else f'ctypes.Array[{ctype(kind.of)}]'
    return 'bytes | None' if ctype(kind) == 'c_char_p' else 'int | None'


def listed(items, indent):
    return ''.join(f'{" " * indent}{item},\n' for item in items)


def record_text(record):
    text = ''
    body = f'\n\nclass {record.name}(ctypes.Structure):\n'
    fields = []
    for f in record.fields:
        if f.members:
            text += f'\n\nclass {record.name}_u(ctypes.Union):\n    _fields_ = [\n'
            text += listed((f"('{m.name}', {ctype(m.type)})" for m in f.members), 8) + '    ]\n'
            body += ''.join(f'    {m.name}: {hint(m.type)}\n' for m in f.members)
            fields.append(f"('u', {record.name}_u)")
        else:
            body += f'    {f.name}: {hint(f.type)}\n'
            fields.append(f"('{f.name}', {ctype(f.type)})")
    if text:
        body += "    _anonymous_ = ('u',)\n"
    return text + body + '    _fields_ = [\n' + listed(fields, 8) + '    ]\n'


def initial_text(record):
    items = [f"'{f.name}': {f.initial}" for f in record.fields if f.initial]
    return f'{record.name.upper()}_INIT = {{{", ".join(items)}}}  # all else is 0\n'


def columns(abi, fields, prefix='', at=0):
    """(name, format, offset) of what stands in a structure, those of nested ones behind each other."""
    for f in fields:
        if f.members:
            yield from columns(abi, f.members, prefix, at)
        elif isinstance(f.type, Struct) and len(abi.record(f.type.name).fields) > 1:
            inner = prefix if f.name in ALONE else f'{prefix}{f.name}_'
            yield from columns(abi, abi.record(f.type.name).fields, inner, at + f.offset)
        elif not f.name.startswith(('pad', 'reserved')):
            kind = f.type if not isinstance(f.type, Struct) else abi.record(f.type.name).fields[0].type
            unit = kind.of if isinstance(kind, Array) else kind
            size = f.size // kind.n if isinstance(kind, Array) else f.size
            sign = 'i' if isinstance(unit, Scalar) and unit.name.startswith('int') else 'u'
            shape = f'({kind.n},)' if isinstance(kind, Array) else ''
            yield f'{prefix}{f.name}', f'{shape}{sign}{size}', at + f.offset


def dtype_text(abi, name):
    record = abi.record(name)
    rows = list(columns(abi, record.fields))
    text = f'{name.upper()}_COLUMNS: list[tuple[str, str, int]] = [\n'
    return text + listed((f"('{n}', '{form}', {offset})" for n, form, offset in rows), 4) + ']\n'


def function_text(f):
    args = ', '.join(ctype(kind) for _, kind in f.args)
    return f"        ('{f.name}', {ctype(f.returns)},\n         [{args}]),\n"


def text(abi):
    out = HEAD.format(soname=abi.soname, version=abi.version) + '\n'
    out += ''.join(f'{name} = {value}\n' for name, value in abi.constants.items())
    for enum in abi.enums:
        out += f'\n# enum {enum.name}\n' + ''.join(f'{name} = {value}\n' for name, value in enum.values.items())
    out += ''.join(record_text(r) for r in abi.records if r.fields)
    out += '\n\n# What *_OPTS_INIT sets.\n' + ''.join(initial_text(r) for r in abi.records if r.has_initial)
    out += '\n# For numpy: name, format and offset of each column of a batch.\n'
    out += '\n'.join(dtype_text(abi, name) for name in BATCHES)
    out += '\n# Of each library: name, what it returns, arguments.\n'
    out += 'FUNCTIONS: dict[str, list[tuple[str, Any, list[Any]]]] = {\n'
    for library in dict.fromkeys(f.library for f in abi.functions):
        out += f"    '{library}': [\n" + ''.join(function_text(f) for f in abi.functions if f.library == library)
        out += '    ],\n'
    return out + '}\n'
