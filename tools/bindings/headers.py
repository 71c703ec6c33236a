# SPDX-License-Identifier: BSD-3-Clause
"""Reads the interface of the client, feed and socket libraries from include/mcring: what is declared, by
pycparser, and the numbers of it, by the compiler."""

import os
import pathlib
import re
import subprocess
import tempfile
from dataclasses import dataclass, field

from pycparser import c_ast, c_generator, c_parser

HEADERS = ['types.h', 'address.h', 'consumer.h', 'feed.h', 'receive.h']
LIBRARIES = {'mcring-client': 'client', 'mcring-feed': 'feed', 'mcring-socket': 'socket'}
NOT_HERE = 'feed_inline.h'  # for engines; what it declares is in libmcring-feed
SCALARS = {'int8_t', 'int16_t', 'int32_t', 'int64_t', 'uint8_t', 'uint16_t', 'uint32_t', 'uint64_t', 'size_t',
           'char', 'int', 'void'}

# What the headers include, without the macros and attributes of a real libc.
LIBC = {
    'stddef.h': 'typedef unsigned long size_t;\n#define NULL ((void *)0)\n',
    'stdint.h': ''.join(f'typedef {kind} {name}{bits}_t;\n' for bits, of in
                        ((8, 'char'), (16, 'short'), (32, 'int'), (64, 'long'))
                        for name, kind in (('int', f'signed {of}'), ('uint', f'unsigned {of}'))),
    'string.h': '',
}


# ---- types, as each language writes them in its own way ----

@dataclass
class Scalar:
    name: str


@dataclass
class Struct:
    name: str


@dataclass
class Pointer:
    to: object
    is_const: bool  # what it points to


@dataclass
class Array:
    of: object
    n: int


@dataclass
class Callback:
    returns: object
    args: list


# ---- what is declared ----

@dataclass
class Field:
    name: str  # '' = an anonymous union, whose members `members` has
    type: object
    c: str  # its declaration
    offset: int = 0
    size: int = 0
    initial: object = None  # of the options: a number, or None
    members: list = field(default_factory=list)


@dataclass
class Record:
    name: str
    header: str
    fields: list  # empty: opaque
    size: int = 0
    align: int = 0
    has_initial: bool = False


@dataclass
class Enum:
    name: str
    header: str
    values: dict


@dataclass
class Function:
    name: str
    header: str
    returns: object
    args: list  # of (name, type)
    c: str
    library: str = ''


@dataclass
class Abi:
    soname: int
    version: str
    constants: dict  # name: number
    constant_headers: dict  # name: header
    enums: list
    records: list
    functions: list

    def record(self, name):
        return next(r for r in self.records if r.name == name)


def run(args, **more):
    return subprocess.run(args, check=True, capture_output=True, text=True, **more).stdout


def type_of(node):
    """A type of pycparser's as one of ours. An array that is an argument is a pointer for the caller."""
    if isinstance(node, c_ast.TypeDecl):
        if isinstance(node.type, c_ast.Struct):
            return Struct(node.type.name)
        name = ' '.join(node.type.names)
        if name not in SCALARS:
            raise SystemExit(f'{node.coord}: type {name}: teach tools/bindings/headers.py what it is')
        return Scalar(name)
    if isinstance(node, c_ast.PtrDecl):
        if isinstance(node.type, c_ast.FuncDecl):
            return Callback(type_of(node.type.type), [type_of(a.type) for a in node.type.args.params])
        return Pointer(type_of(node.type), 'const' in node.type.quals)
    if isinstance(node, c_ast.ArrayDecl):
        return Array(type_of(node.type), int(node.dim.value))
    raise SystemExit(f'{node.coord}: a declaration that tools/bindings/headers.py does not know')


def argument(node):
    kind = type_of(node)
    return Pointer(kind.of, False) if isinstance(kind, Array) else kind


def fields_of(struct):
    out = []
    for decl in struct.decls:
        text = c_generator.CGenerator().visit(decl)
        if isinstance(decl.type, c_ast.Union):
            out.append(Field('', None, text, members=fields_of(decl.type)))
        else:
            out.append(Field(decl.name, type_of(decl.type), text))
    return out


def parse(root):
    """Returns enums (without their values), records and functions, in the order of the headers."""
    enums, records, functions = [], {}, []
    with tempfile.TemporaryDirectory() as libc:
        for name, text in LIBC.items():
            (pathlib.Path(libc) / name).write_text(text)
        text = run(['gcc', '-E', '-nostdinc', '-U__GNUC__', f'-I{libc}', f'-I{root}/include', '-'],
                   input=''.join(f'#include <mcring/{h}>\n' for h in HEADERS))
    for node in c_parser.CParser().parse(text).ext:
        header = os.path.basename(node.coord.file)
        if not isinstance(node, c_ast.Decl) or header not in HEADERS:  # the inline functions; libc's typedefs
            continue
        kind = node.type
        if isinstance(kind, c_ast.Enum):
            enums.append(Enum(kind.name, header, {v.name: 0 for v in kind.values.enumerators}))
        elif isinstance(kind, c_ast.Struct):
            records[kind.name] = Record(kind.name, header, fields_of(kind) if kind.decls else [])
        elif isinstance(kind, c_ast.FuncDecl):
            args = [(a.name, argument(a.type)) for a in kind.args.params]
            functions.append(Function(node.name, header, type_of(kind.type), args,
                                      c_generator.CGenerator().visit(node)))
    return enums, list(records.values()), functions


# ---- numbers ----

def constants_of(root):
    found = {}
    for header in HEADERS:
        text = (root / 'include/mcring' / header).read_text()
        for name, value in re.findall(r'^#define (MCR_\w+) +(.*)', text, re.M):
            if not name.endswith('_INIT') and not value.startswith('__attribute__'):
                found[name] = header
    return found


def initials_of(root):
    texts = ''.join((root / 'include/mcring' / h).read_text() for h in HEADERS)
    return {name.lower(): f'{name}_INIT' for name in re.findall(r'^#define (MCR_\w+)_INIT\b', texts, re.M)}


def flat(fields):
    for f in fields:
        yield f
        yield from f.members


def measure(root, enums, records, constants):
    """Has the compiler tell the values, sizes and offsets, and fills them in."""
    initials = initials_of(root)
    asks, places = [], []

    def ask(expression, put):
        asks.append(f'\tprintf("%lld\\n", (long long)({expression}));\n')
        places.append(put)

    def ask_field(record, f, initial):
        what = f'struct {record.name}'
        ask(f'offsetof({what}, {f.name})', lambda n: setattr(f, 'offset', n))
        ask(f'sizeof((({what} *)0)->{f.name})', lambda n: setattr(f, 'size', n))
        if initial and not isinstance(f.type, Pointer):
            ask(f'(({what}){initial}).{f.name}', lambda n: setattr(f, 'initial', n))

    for name in constants:
        ask(name, lambda n, name=name: constants.__setitem__(name, n))
    for enum in enums:
        for name in enum.values:
            ask(name, lambda n, enum=enum, name=name: enum.values.__setitem__(name, n))
    for record in (r for r in records if r.fields):
        initial = initials.get(record.name)
        record.has_initial = bool(initial)
        ask(f'sizeof(struct {record.name})', lambda n, r=record: setattr(r, 'size', n))
        ask(f'_Alignof(struct {record.name})', lambda n, r=record: setattr(r, 'align', n))
        for f in flat(record.fields):
            if f.name:
                ask_field(record, f, initial)
    with tempfile.TemporaryDirectory() as folder:
        source = '#include <stdio.h>\n' + ''.join(f'#include <mcring/{h}>\n' for h in HEADERS)
        (pathlib.Path(folder) / 'ask.c').write_text(source + 'int main(void)\n{\n' + ''.join(asks) + '\treturn 0;\n}\n')
        run(['gcc', '-std=c11', f'-I{root}/include', '-o', f'{folder}/ask', f'{folder}/ask.c'])
        answers = [int(line) for line in run([f'{folder}/ask']).split()]
    for put, n in zip(places, answers, strict=True):
        put(n)
    for record in records:
        for f in record.fields:
            if f.members:
                f.offset = f.members[0].offset
                f.size = max(m.size for m in f.members)


def assign_libraries(root, functions):
    """A function belongs to the library whose map exports it, and each that a map exports is described."""
    inline = (root / 'include/mcring' / NOT_HERE).read_text()
    of = {f.name: f for f in functions}
    for library, folder in LIBRARIES.items():
        text = (root / f'lib/{folder}/lib{library}.map').read_text()
        for name in re.findall(r'^\t*(mcr_\w+);', text, re.M):
            if name in of:
                of[name].library = library
            elif f' {name}(' not in inline:
                raise SystemExit(f'lib{library} exports {name}, which no header of {", ".join(HEADERS)} declares')
    for f in functions:
        if not f.library:
            raise SystemExit(f'{f.header} declares {f.name}, which no library exports')


def read(root):
    meson = (root / 'meson.build').read_text()
    enums, records, functions = parse(root)
    headers = constants_of(root)
    constants = {name: 0 for name in headers}
    measure(root, enums, records, constants)
    assign_libraries(root, functions)
    soname = int(re.search(r"^soversion = '(\d+)'", meson, re.M)[1])
    version = re.search(r"^  version: '(.*)'", meson, re.M)[1]
    return Abi(soname, version, constants, headers, enums, records, functions)
