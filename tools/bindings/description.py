# SPDX-License-Identifier: BSD-3-Clause
"""The description itself: as C that tools read, and as JSON. And which changes of it break programs."""

import itertools
import json
import re

from bindings.headers import Array, Callback, Pointer, Scalar, Struct

C_HEAD = """\
/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring's C interface, as tools read it: no macros but numbers, no attributes, no inline functions and no
 * include, ABI {soname}, mcring {version}. Made by tools/abi from include/mcring, which say what it means.
 *
 * cffi takes it by cdef(), bindgen with `-- -include stdint.h -include stddef.h`. */
/* clang-format off */
"""


def by_header(items):
    return itertools.groupby(items, key=lambda item: item.header)


def wrap(text, indent='\t', width=96):
    """A declaration on as many lines as it needs."""
    lines = [text]
    while len(lines[-1]) > width:
        cut = lines[-1].rindex(', ', 0, width) + 1
        lines[-1:] = [lines[-1][:cut], indent + lines[-1][cut + 1:]]
    return '\n'.join(lines) + '\n'


def c_record(record):
    if not record.fields:
        return f'struct {record.name};\n'
    text = f'struct {record.name} {{\n'
    for f in record.fields:
        if f.members:
            text += '\tunion {\n' + ''.join(f'\t\t{m.c};\n' for m in f.members) + '\t};\n'
        else:
            text += f'\t{f.c};\n'
    return text + '};\n'


def c_enum(enum):
    return f'enum {enum.name} {{\n' + ''.join(f'\t{name} = {value},\n' for name, value in enum.values.items()) + '};\n'


def c_text(abi):
    text = C_HEAD.format(soname=abi.soname, version=abi.version)
    for header in dict.fromkeys(abi.constant_headers.values()):
        text += f'\n/* mcring/{header} */\n'
        text += ''.join(f'#define {name} {value}\n' for name, value in abi.constants.items()
                        if abi.constant_headers[name] == header)
        text += ''.join(c_enum(e) for e in abi.enums if e.header == header)
        text += ''.join(c_record(r) for r in abi.records if r.header == header)
        text += ''.join(wrap(f'{f.c};') for f in abi.functions if f.header == header)
    return text


# ---- JSON ----

def c_type(kind):
    """A type's name in C, for people and for languages that have no generator of ours."""
    if isinstance(kind, Scalar):
        return kind.name
    if isinstance(kind, Struct):
        return f'struct {kind.name}'
    if isinstance(kind, Array):
        return f'{c_type(kind.of)}[{kind.n}]'
    if isinstance(kind, Callback):
        return f'{c_type(kind.returns)} (*)({", ".join(c_type(a) for a in kind.args)})'
    assert isinstance(kind, Pointer)
    const = 'const ' if kind.is_const else ''
    inner = c_type(kind.to)
    if isinstance(kind.to, Pointer):
        return f'{inner} {const}*'.replace('* *', '**')
    return f'{const}{inner} *'


def json_fields(fields, at=0):
    for f in fields:
        if f.members:
            yield from json_fields(f.members)
            continue
        entry = {'name': f.name, 'type': c_type(f.type), 'offset': f.offset, 'size': f.size}
        if f.initial:
            entry['initial'] = f.initial
        yield entry


def as_json(abi):
    return {
        'abi': abi.soname,
        'version': abi.version,
        'data_model': 'LP64',
        'constants': abi.constants,
        'enums': {e.name: e.values for e in abi.enums},
        'structs': {r.name: {'size': r.size, 'align': r.align, 'fields': list(json_fields(r.fields))}
                    for r in abi.records if r.fields},
        'opaque': [r.name for r in abi.records if not r.fields],
        'functions': {f.name: {'library': f.library, 'returns': c_type(f.returns),
                               'arguments': [{'name': n, 'type': c_type(t)} for n, t in f.args]}
                      for f in abi.functions},
    }


def json_text(abi):
    text = json.dumps(as_json(abi), indent=1)
    # What is a leaf stands on one line.
    return re.sub(r'\{[^{}]*\}', lambda m: re.sub(r'\s*\n\s*', ' ', m[0]), text) + '\n'


# ---- what may change ----

def is_room(name):
    return name.startswith(('pad', 'reserved'))


def shares_place(f, struct):
    return sum(g['offset'] == f['offset'] for g in struct['fields']) > 1


def changed_fields(old, new):
    """What became of the fields that were there."""
    has = {f['name']: f for f in new['fields']}
    for was in old['fields']:
        name = was['name']
        if is_room(name):
            continue
        if name not in has:
            yield f'{name} is gone'
            continue
        for key in ('type', 'offset', 'size', 'initial'):
            is_its_size = key == 'initial' and name in ('size', 'msg_size')
            if was.get(key) != has[name].get(key) and not is_its_size:
                yield f'{key} of {name} was {was.get(key)}, is {has[name].get(key)}'


def misplaced_fields(old, new):
    """A field may be added where a program had nothing: in reserved words, as one more of a union, or at the end of
    what begins with its size, though not in the padding there, which programs do not set."""
    had = {f['name'] for f in old['fields']}
    room = [(f['offset'], f['offset'] + f['size']) for f in old['fields'] if is_room(f['name']) or shares_place(f, old)]
    for f in new['fields']:
        begin, end = f['offset'], f['offset'] + f['size']
        is_new = f['name'] not in had and begin < old['size']
        if is_new and not any(a <= begin and end <= b for a, b in room):
            yield f'{f["name"]} stands where a program of before has padding'


def struct_breaks(old, new):
    yield from changed_fields(old, new)
    yield from misplaced_fields(old, new)
    if new['size'] != old['size'] and (old['fields'][0]['name'] != 'size' or new['size'] < old['size']):
        yield f'size was {old["size"]}, is {new["size"]}'
    if new['align'] != old['align']:
        yield f'alignment was {old["align"]}, is {new["align"]}'


def breaks(old, new):
    """What of the new description breaks programs that were built by the old one; both as JSON."""
    if old['abi'] != new['abi']:
        return
    for what in ('constants', 'enums', 'structs', 'functions'):
        for name in old[what].keys() - new[what].keys():
            yield f'{name} is gone'
    for name, value in old['constants'].items():
        if new['constants'].get(name, value) != value:
            yield f'{name} was {value}, is {new["constants"][name]}'
    for name, values in old['enums'].items():
        for key, value in values.items():
            if name in new['enums'] and new['enums'][name].get(key) != value:
                yield f'{key} was {value}, is {new["enums"][name].get(key, "gone")}'
    for name, struct in old['structs'].items():
        if name in new['structs']:
            yield from (f'struct {name}: {what}' for what in struct_breaks(struct, new['structs'][name]))
    for name, function in old['functions'].items():
        if name in new['functions']:
            was, now = (([a['type'] for a in f['arguments']], f['returns'], f['library'])
                        for f in (function, new['functions'][name]))
            if was != now:
                yield f'{name} was {was}, is {now}'
