# SPDX-License-Identifier: BSD-3-Clause
"""The description as Java: where in a direct buffer a structure's fields are, and what numbers mean."""

from bindings.headers import Array, Struct

HEAD = """\
// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

/** mcring's C interface, ABI {soname}, mcring {version}. Made by tools/abi from include/mcring: not to be edited. */
final class Abi {{
    static final int ABI = {soname};
    static final String VERSION = "{version}";
"""


def number(value):
    return f'0x{value:x}' if value > 0x7fffffff else str(value)


def class_name(record):
    return ''.join(part.capitalize() for part in record.name.removeprefix('mcr_').split('_'))


def places(abi, fields, prefix='', at=0):
    """(name, offset) of each field, those of nested structures too, and the lengths of arrays."""
    for f in fields:
        if f.members:
            yield from places(abi, f.members, prefix, at)
        elif isinstance(f.type, Struct) and len(abi.record(f.type.name).fields) > 1:
            yield from places(abi, abi.record(f.type.name).fields, f'{prefix}{f.name.upper()}_', at + f.offset)
        elif not f.name.startswith(('pad', 'reserved')):
            name = prefix + f.name.upper()
            yield name, at + f.offset
            if isinstance(f.type, Array):
                yield f'{name}_LENGTH', f.type.n


def record_text(abi, record):
    rows = list(places(abi, record.fields))
    text = f'\n    /** struct {record.name}: where its fields are, and their size in all. */\n'
    text += f'    static final class {class_name(record)} {{\n'
    text += ''.join(f'        static final int {name} = {value};\n' for name, value in [('SIZEOF', record.size), *rows])
    return text + f'\n        private {class_name(record)}() {{\n        }}\n    }}\n'


def text(abi):
    out = HEAD.format(soname=abi.soname, version=abi.version) + '\n'
    out += ''.join(f'    static final int {name} = {number(value)};\n' for name, value in abi.constants.items())
    for enum in abi.enums:
        out += f'\n    // enum {enum.name}\n'
        out += ''.join(f'    static final int {name} = {number(value)};\n' for name, value in enum.values.items())
    out += ''.join(record_text(abi, r) for r in abi.records if r.fields)
    return out + '\n    private Abi() {\n    }\n}\n'
