# SPDX-License-Identifier: BSD-3-Clause
"""The description as Rust: what rustfmt leaves as it is."""

from bindings.headers import Array, Callback, Pointer, Scalar, Struct

HEAD = """\
// SPDX-License-Identifier: BSD-3-Clause
//! mcring's C interface, ABI {soname}, mcring {version}. Made by tools/abi from include/mcring: not to be edited.
#![allow(non_camel_case_types)]

use std::marker::{{PhantomData, PhantomPinned}};
use std::os::raw::{{c_char, c_int, c_uint, c_void}};

pub const MCRING_ABI: u32 = {soname};
pub const MCRING_VERSION: &str = "{version}";
"""
SCALARS = {'char': 'c_char', 'int': 'c_int', 'void': 'c_void', 'size_t': 'usize'}
KEYWORDS = {'as', 'fn', 'in', 'loop', 'match', 'move', 'ref', 'type', 'use'}


def name_of(name):
    return f'r#{name}' if name in KEYWORDS else name


def rust(kind):
    if isinstance(kind, Scalar):
        name = kind.name
        return SCALARS.get(name) or ('u' if name[0] == 'u' else 'i') + name.strip('uint_')
    if isinstance(kind, Struct):
        return kind.name
    if isinstance(kind, Array):
        return f'[{rust(kind.of)}; {kind.n}]'
    if isinstance(kind, Callback):
        return f'Option<unsafe extern "C" fn({", ".join(rust(a) for a in kind.args)}) -> {rust(kind.returns)}>'
    assert isinstance(kind, Pointer)
    return f'*{"const" if kind.is_const else "mut"} {rust(kind.to)}'


def union_name(record):
    return f'{record.name}_u'


def fields_text(record, fields):
    def one(f):
        return f'u: {union_name(record)}' if f.members else f'{name_of(f.name)}: {rust(f.type)}'
    return ''.join(f'    pub {one(f)},\n' for f in fields)


def record_text(record):
    if not record.fields:
        return (f'\n#[repr(C)]\npub struct {record.name} {{\n    _opaque: [u8; 0],\n'
                f'    _not_send: PhantomData<(*mut u8, PhantomPinned)>,\n}}\n')
    text = ''
    union = next((f for f in record.fields if f.members), None)
    if union:
        text += f'\n#[repr(C)]\n#[derive(Clone, Copy)]\npub union {union_name(record)} {{\n'
        text += f'{fields_text(record, union.members)}}}\n'
    derive = 'Clone, Copy' if union else 'Clone, Copy, Debug'
    text += f'\n#[repr(C)]\n#[derive({derive})]\npub struct {record.name} {{\n'
    return text + f'{fields_text(record, record.fields)}}}\n'


def initial_text(record):
    text = f'\npub const {record.name.upper()}_INIT: {record.name} = {record.name} {{\n'
    for f in record.fields:
        if isinstance(f.type, Pointer):
            value = 'std::ptr::null()'
        elif f.name == 'size':
            value = f'std::mem::size_of::<{record.name}>() as u32'
        elif f.name == 'msg_size':
            message = 'mcr_feed_msg' if record.name == 'mcr_feed_opts' else 'mcr_msg'
            value = f'std::mem::size_of::<{message}>() as u32'
        else:
            value = 'MCR_ALL_RINGS' if f.initial == 0xffffffff else f.initial
        text += f'    {name_of(f.name)}: {value},\n'
    return text + '};\n'


def function_text(f):
    arrow = '' if f.returns == Scalar('void') else f' -> {rust(f.returns)}'
    args = [f'{name_of(name)}: {rust(kind)}' for name, kind in f.args]
    line = f'    pub fn {f.name}({", ".join(args)}){arrow};\n'
    if len(line) <= 101:
        return line
    return f'    pub fn {f.name}(\n' + ''.join(f'        {a},\n' for a in args) + f'    ){arrow};\n'


def layout_text(records):
    """The sizes, which a compiler compares; the offsets a test does, with those that bindgen finds."""
    text = '\n#[cfg(target_pointer_width = "64")]\nconst _: () = {\n'
    for r in records:
        if r.fields:
            text += f'    assert!(std::mem::size_of::<{r.name}>() == {r.size});\n'
            text += f'    assert!(std::mem::align_of::<{r.name}>() == {r.align});\n'
    return text + '};\n'


def text(abi):
    out = HEAD.format(soname=abi.soname, version=abi.version) + '\n'
    out += ''.join(f'pub const {name}: u32 = {value};\n' for name, value in abi.constants.items())
    for enum in abi.enums:
        out += f'\npub type {enum.name} = c_uint;\n'
        out += ''.join(f'pub const {name}: {enum.name} = {value};\n' for name, value in enum.values.items())
    out += ''.join(record_text(r) for r in abi.records)
    out += ''.join(initial_text(r) for r in abi.records if r.has_initial)
    for library in dict.fromkeys(f.library for f in abi.functions):
        out += f'\n// lib{library}\nextern "C" {{\n'
        out += ''.join(function_text(f) for f in abi.functions if f.library == library) + '}\n'
    return out + layout_text(abi.records)
