# SPDX-License-Identifier: BSD-3-Clause
"""The description of the C interface (lib/bindings/abi, made by tools/abi): tools take it as it is, it is what the
headers say, the languages' declarations are what it says, and a change that breaks programs is found."""

import ctypes
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig

import pytest

from engines import equal_datagrams
from languages import BINDINGS, LIBRARIES, PATH, ROOT

sys.path.insert(0, os.path.join(ROOT, 'tools'))
from bindings import description, headers  # noqa: E402

ABI = os.path.join(BINDINGS, 'abi')
with open(os.path.join(ABI, 'mcring_abi.h')) as file:
    HEADER = file.read()
with open(os.path.join(ABI, 'mcring_abi.json')) as file:
    DESCRIPTION = json.load(file)
OWN_HEADERS = ''.join(f'#include <mcring/{name}.h>\n' for name in ('address', 'consumer', 'feed', 'receive', 'types'))


def run(*argv, cwd=ROOT, check=True):
    done = subprocess.run([str(word) for word in argv], cwd=cwd, env=dict(os.environ, PATH=PATH),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0 or not check, done.stdout
    return done


# ---- cffi ----

LAYOUTS = """
def layouts(ffi, names):
    out = {}
    for name in names:
        t = ffi.typeof(name)
        out[name] = sorted(t.elements.items()) if t.kind == 'enum' else [
            ffi.sizeof(t), ffi.alignof(t), *((n, f.offset, f.type.cname) for n, f in t.fields)]
    return out
"""
CHILD = LAYOUTS + """
import importlib.util, sys
spec = importlib.util.spec_from_file_location('_described', sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(layouts(module.ffi, sys.argv[2:]))
"""


def verify(header, folder):
    """What of a description is not so, by the headers. In cffi's API mode a C compiler compares the prototypes with
    the headers' and tells the numbers and layouts; these are to be those of its ABI mode, which has the description
    alone."""
    cffi = pytest.importorskip('cffi')
    if not os.path.exists(os.path.join(sysconfig.get_paths()['include'], 'Python.h')):
        pytest.skip('not installed: Python.h')
    libraries = LIBRARIES + [os.path.join(os.path.dirname(LIBRARIES[0]), 'socket')]
    ffi = cffi.FFI()
    ffi.cdef(header)
    ffi.set_source('_described', OWN_HEADERS, include_dirs=[os.path.join(ROOT, 'include')], library_dirs=libraries,
                   libraries=['mcring-client', 'mcring-feed', 'mcring-socket'], extra_compile_args=['-O0', '-Werror'])
    try:
        module = ffi.compile(tmpdir=folder)
    except cffi.VerificationError as error:
        return str(error)
    names = re.findall(r'^((?:struct|enum) \w+) \{', header, re.M)
    assert len(names) > 30
    done = subprocess.run([sys.executable, '-c', CHILD, module, *names], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=dict(os.environ, LD_LIBRARY_PATH=':'.join(libraries)))
    assert done.returncode == 0 or 'VerificationError' in done.stdout, done.stdout
    scope = {}
    exec(LAYOUTS, scope)
    mine = repr(scope['layouts'](ffi, names)) + '\n'
    return None if mine == done.stdout else f'{mine}{done.stdout}'


@pytest.mark.parametrize('old, new', [
    ('', ''),
    ('\tuint64_t rx_ns;\n\tuint64_t hw_ns;\n', '\tuint64_t hw_ns;\n\tuint64_t rx_ns;\n'),
    ('\tMCR_LINK = 2,', '\tMCR_LINK = 3,'),
    ('mcr_feed_wire(const struct mcr_feed *f, uint64_t seq)', 'mcr_feed_wire(struct mcr_feed **f, uint64_t seq)'),
], ids=['as-it-is', 'order', 'enum', 'pointer'])
def test_cffi_finds_what_differs_from_the_headers(folder, old, new):
    assert HEADER.count(old) >= 1
    found = verify(HEADER.replace(old, new, 1), folder)
    if old:
        assert found
    else:
        assert found is None


def test_a_language_without_a_binding_needs_the_description_and_the_library_only(replay):
    """By cffi's ABI mode, which has no compiler: poll, a batch, an address by value, an error with its text."""
    cffi = pytest.importorskip('cffi')
    ffi = cffi.FFI()
    ffi.cdef(HEADER)
    lib = ffi.dlopen(os.path.join(LIBRARIES[0], f'libmcring-client.so.{DESCRIPTION["abi"]}'))
    engine = replay()
    engine.publish(equal_datagrams(100, 64))
    out, err = ffi.new('struct mcr_consumer **'), ffi.new('struct mcr_error *')
    opts = ffi.new('struct mcr_consumer_opts *')
    for field in DESCRIPTION['structs']['mcr_consumer_opts']['fields']:
        if 'initial' in field:
            setattr(opts, field['name'], field['initial'])
    texts = {'run_dir': ffi.new('char[]', engine.run_dir.encode()), 'channel': ffi.new('char[]', b'nowhere')}
    opts.run_dir, opts.channel = texts['run_dir'], texts['channel']
    assert lib.mcr_consumer_open(out, opts, err) == -2
    assert b'default' in ffi.string(err.text)
    opts.channel, opts.start = ffi.NULL, lib.MCR_START_OLDEST
    assert lib.mcr_consumer_open(out, opts, err) == 0, ffi.string(err.text)
    msgs, room = ffi.new('struct mcr_msg[]', 1000), ffi.new('uint64_t[]', 33 * lib.MCR_TAKE_ROOM // 8)
    assert lib.mcr_consumer_take(out[0], msgs, 1000, room, 8 * len(room)) == 100
    for i in range(100):
        assert msgs[i].kind == lib.MCR_DATA and msgs[i].pos.seq == i + 1
        assert bytes(ffi.buffer(msgs[i].data, msgs[i].len)) == i.to_bytes(8, 'big') + bytes(56)
    text = ffi.new('char[]', lib.MCR_ADDRESS_TEXT)
    assert ffi.string(lib.mcr_address_format(text, msgs[0].group)) == b'239.1.1.1'
    lib.mcr_consumer_close(out[0])


# ---- Rust ----

def normal(rust):
    """A declaration as both write it."""
    for pattern, text in ((r'\s+', ' '), (r'::std::(os::raw|option)::', ''), (r'(\d)usize', r'\1'), (r'\br#', ''),
                          (r'\bfn_\b', 'fn'), (r', ?([)>])', r'\1'), (r'\( ', '('), (r'< ', '<'), (r' >', '>'),
                          (r'fn\((?:\w+: )', 'fn('), (r'(\w+)__bindgen_ty_1', r'\1_u'), (r'__bindgen_anon_1', 'u')):
        rust = re.sub(pattern, text, rust)
    return re.sub(r'fn\([^()]*\)', lambda m: re.sub(r'\b\w+: ', '', m[0]), rust).strip()


def declared(text):
    """What a file of Rust declares of ours."""
    functions = {m[1]: normal(m[0]) for m in re.finditer(r'pub fn (mcr_\w+)\s*\([^;]*;', text)}
    records = {}
    for m in re.finditer(r'pub (?:struct|union) (\w+) \{\n(.*?)\n\}', text, re.S):
        fields = re.findall(r'pub ([\w#]+): (.*?),\n', m[2] + '\n')
        records[normal(m[1])] = [(normal(name), normal(kind)) for name, kind in fields]
    constants = dict(re.findall(r'pub const (MCR_\w+): \w+ = (\d+);', text))
    types = dict(re.findall(r'pub type (mcr_\w+) = (?:::std::os::raw::)?(\w+);', text))
    return functions, records, constants, types


@pytest.fixture(scope='module')
def bindgen(tmp_path_factory):
    for program in ('bindgen', 'rustc'):
        if not shutil.which(program, path=PATH):
            pytest.skip(f'not installed: {program}')
    out = tmp_path_factory.mktemp('bindgen') / 'described.rs'
    run('bindgen', os.path.join(ABI, 'mcring_abi.h'), '-o', out, '--no-prepend-enum-name', '--size_t-is-usize',
        '--allowlist-function', 'mcr_.*', '--allowlist-type', 'mcr_.*', '--allowlist-var', 'MCR_.*',
        '--', '-include', 'stdint.h', '-include', 'stddef.h')
    return out


def test_bindgen_makes_of_it_what_the_crate_has(bindgen):
    with open(os.path.join(BINDINGS, 'rust', 'mcring-sys', 'src', 'abi.rs')) as file:
        ours = declared(file.read())
    theirs = declared(bindgen.read_text())
    assert len(ours[0]) == len(DESCRIPTION['functions']) and len(ours[1]) > 20 and len(ours[2]) == len(list(numbers()))
    for mine, other in zip(ours, theirs):
        assert mine == other


def test_the_layouts_that_bindgen_found_are_those_of_the_crate(bindgen):
    """Its tests compare clang's offsets with rustc's; ours those of the description with both."""
    checks = ''
    for name, record in DESCRIPTION['structs'].items():
        checks += f'{{ let u = std::mem::MaybeUninit::<M::{name}>::uninit(); let base = u.as_ptr() as usize;\n'
        checks += f'assert_eq!(std::mem::size_of::<M::{name}>(), {record["size"]});\n'
        checks += f'assert_eq!(std::mem::align_of::<M::{name}>(), {record["align"]});\n'
        for field in record['fields']:
            path = field['name']
            if is_in_union(name, path):
                path = f'u.{path}'
            checks += (f'assert_eq!(unsafe {{ std::ptr::addr_of!((*u.as_ptr()).{path}) }} as usize - base, '
                       f'{field["offset"]}, "{name}.{path}");\n')
        checks += '}\n'
    text = bindgen.read_text() + '\n'
    both = bindgen.with_name('both.rs')
    both.write_text(
        '#![allow(warnings)]\n'
        f'#[path = "{os.path.join(BINDINGS, "rust", "mcring-sys", "src", "abi.rs")}"]\nmod abi;\n'
        f'mod described {{\n{text}\n}}\n'
        f'#[test]\nfn the_crate_is_as_described() {{ use abi as M;\n{checks}}}\n'
        + '#[test]\nfn bindgen_is_as_described() { use described as M;\n'
        + checks.replace(').u.', ').__bindgen_anon_1.') + '}\n')
    run('rustc', '--edition', '2021', '--test', both, '-o', both.with_suffix(''), cwd=both.parent)
    result = run(both.with_suffix('')).stdout
    assert re.search(r'test result: ok. (\d+) passed', result)
    assert int(re.search(r'(\d+) passed', result)[1]) > 20


def is_in_union(record, field):
    offsets = [f['offset'] for f in DESCRIPTION['structs'][record]['fields']]
    mine = next(f['offset'] for f in DESCRIPTION['structs'][record]['fields'] if f['name'] == field)
    return offsets.count(mine) > 1


# ---- Python ----

@pytest.fixture(scope='module')
def python():
    spec = importlib.util.spec_from_file_location('described', os.path.join(BINDINGS, 'python', 'mcring', '_abi.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def numbers():
    yield from DESCRIPTION['constants'].items()
    for values in DESCRIPTION['enums'].values():
        yield from values.items()


def test_ctypes_has_the_layouts_and_numbers_of_the_description(python):
    for name, record in DESCRIPTION['structs'].items():
        structure = getattr(python, name)
        assert (ctypes.sizeof(structure), ctypes.alignment(structure)) == (record['size'], record['align'])
        for field in record['fields']:
            at = getattr(structure, field['name'])
            assert (at.offset, at.size) == (field['offset'], field['size']), f'{name}.{field["name"]}'
    for name, value in numbers():
        assert getattr(python, name) == value
    for record in ('mcr_consumer_opts', 'mcr_feed_opts', 'mcr_receive_opts'):
        initial = {f['name']: f['initial'] for f in DESCRIPTION['structs'][record]['fields'] if 'initial' in f}
        assert getattr(python, f'{record.upper()}_INIT') == initial


def test_ctypes_has_each_function_with_its_arguments(python):
    kinds = {'int': ctypes.c_int, 'int64_t': ctypes.c_int64, 'uint64_t': ctypes.c_uint64, 'uint32_t': ctypes.c_uint32,
             'size_t': ctypes.c_size_t, 'void': None, 'struct mcr_address': python.mcr_address}
    seen = set()
    for library, functions in python.FUNCTIONS.items():
        for name, returns, arguments in functions:
            described = DESCRIPTION['functions'][name]
            assert described['library'] == library
            for kind, mine in zip([described['returns'], *(a['type'] for a in described['arguments'])],
                                  [returns, *arguments], strict=True):
                if kind in ('const char *', 'char *'):
                    assert mine is ctypes.c_char_p
                elif kind.endswith('*'):
                    assert mine is ctypes.c_void_p
                elif '(*)' in kind:
                    assert len(mine._argtypes_) == 3
                else:
                    assert mine is kinds[kind]
            seen.add(name)
    assert seen == set(DESCRIPTION['functions'])


def value_of(structure, column):
    """A column's name in a structure: pos.seq is seq, gap.first is gap_first."""
    if hasattr(structure, column):
        value = getattr(structure, column)
    elif hasattr(structure, 'pos') and hasattr(structure.pos, column):
        value = getattr(structure.pos, column)
    else:
        head, rest = column.split('_', 1)
        value = getattr(getattr(structure, head), rest)
    return bytes(value.octets) if hasattr(value, 'octets') else value or 0


@pytest.mark.parametrize('name', ['mcr_msg', 'mcr_feed_msg'])
def test_the_columns_for_numpy_are_the_fields(python, name):
    numpy = pytest.importorskip('numpy')
    names, formats, offsets = zip(*getattr(python, f'{name.upper()}_COLUMNS'))
    structure = getattr(python, name)
    size = ctypes.sizeof(structure)
    dtype = numpy.dtype({'names': names, 'formats': formats, 'offsets': offsets, 'itemsize': size})
    octets = bytes((i * 37 + 11) % 256 for i in range(3 * size))
    batch = numpy.frombuffer(octets, dtype)
    for i in range(3):
        item = structure.from_buffer_copy(octets, i * size)
        for column in names:
            found = batch[i][column]
            assert (found.tobytes() if found.ndim else int(found)) == value_of(item, column), column
    fields = [f for f in DESCRIPTION['structs'][name]['fields'] if not f['name'].startswith(('pad', 'reserved'))]
    assert len(names) >= len(fields)


# ---- Java ----

def described_places(record, prefix='', at=0):
    for field in DESCRIPTION['structs'][record]['fields']:
        name, kind = prefix + field['name'].upper(), field['type']
        inner = kind.removeprefix('struct ')
        if kind.startswith('struct ') and inner != 'mcr_address' and not kind.endswith('*'):
            yield from described_places(inner, f'{name}_', at + field['offset'])
        elif not field['name'].startswith(('pad', 'reserved')):
            yield name, at + field['offset']
            if kind.endswith(']'):
                yield f'{name}_LENGTH', int(re.search(r'\[(\d+)\]', kind)[1])


def test_java_has_the_places_and_numbers_of_the_description():
    with open(os.path.join(BINDINGS, 'java', 'src', 'main', 'java', 'net', 'mcring', 'Abi.java')) as file:
        text = file.read()
    constants = re.compile(r'static final int (\w+) = (\w+);')
    outside, *classes = re.split(r'\n    static final class (\w+) \{', text)
    found = dict(zip(classes[::2], classes[1::2]))
    assert len(found) == len(DESCRIPTION['structs'])
    for name, record in DESCRIPTION['structs'].items():
        java = ''.join(part.capitalize() for part in name.split('_')[1:])
        mine = {key: int(value, 0) for key, value in constants.findall(found[java])}
        assert mine == {'SIZEOF': record['size'], **dict(described_places(name))}, name
    mine = {key: int(value, 0) for key, value in constants.findall(outside)}
    assert mine == {'ABI': DESCRIPTION['abi'], **dict(numbers())}


# ---- tools/abi ----

def fields_of(description, record):
    return description['structs'][record]['fields']


def field(description, record, name):
    return next(f for f in fields_of(description, record) if f['name'] == name)


def grow(record, *, at=None, name='more'):
    """A field of 8 octets is added at the end, or elsewhere."""
    def change(d):
        struct = d['structs'][record]
        offset = struct['size'] if at is None else at
        struct['fields'].append({'name': name, 'type': 'uint64_t', 'offset': offset, 'size': 8})
        struct['size'] += 8 if at is None else 0
    return change


def rename(record, old, new):
    return lambda d: field(d, record, old).update(name=new)


def breaks(change):
    new = json.loads(json.dumps(DESCRIPTION))
    change(new)
    assert new != DESCRIPTION
    return list(description.breaks(DESCRIPTION, new))


@pytest.mark.parametrize('change, complaint', [
    (lambda d: field(d, 'mcr_msg', 'rx_ns').update(offset=48), 'struct mcr_msg: offset of rx_ns was 40, is 48'),
    (lambda d: field(d, 'mcr_msg', 'vlan').update(type='int16_t'), 'struct mcr_msg: type of vlan was uint16_t'),
    (lambda d: field(d, 'mcr_error', 'text').update(size=256), 'struct mcr_error: size of text was 512, is 256'),
    (lambda d: field(d, 'mcr_consumer_opts', 'fd').pop('initial'), 'struct mcr_consumer_opts: initial of fd was -1'),
    (rename('mcr_msg', 'ttl', 'hops'), 'struct mcr_msg: ttl is gone'),
    (grow('mcr_msg'), 'struct mcr_msg: size was 128, is 136'),
    (grow('mcr_select_group', at=16), 'struct mcr_select_group: more stands where a program of before has padding'),
    (lambda d: d['structs']['mcr_consumer_ring'].update(size=60), 'struct mcr_consumer_ring: size was 64, is 60'),
    (lambda d: d['structs']['mcr_pos'].update(align=4), 'struct mcr_pos: alignment was 8, is 4'),
    (lambda d: d['structs'].pop('mcr_feed_gap'), 'mcr_feed_gap is gone'),
    (lambda d: d['enums']['mcr_kind'].update(MCR_LINK=6), 'MCR_LINK was 2, is 6'),
    (lambda d: d['enums']['mcr_kind'].pop('MCR_LINK'), 'MCR_LINK was 2, is gone'),
    (lambda d: d['constants'].update(MCR_TAKE_ROOM=32768), 'MCR_TAKE_ROOM was 65536, is 32768'),
    (lambda d: d['functions'].pop('mcr_consumer_arm'), 'mcr_consumer_arm is gone'),
    (lambda d: d['functions']['mcr_consumer_arm'].update(returns='void'), 'mcr_consumer_arm was '),
    (lambda d: d['functions']['mcr_consumer_poll']['arguments'].pop(), 'mcr_consumer_poll was '),
    (lambda d: d['functions']['mcr_consumer_arm'].update(library='mcring-feed'), 'mcr_consumer_arm was '),
])
def test_what_breaks_programs_is_named(change, complaint):
    found = breaks(change)
    assert found and found[0].startswith(complaint), found

    def anew(d):  # programs of before do not find a library of another SONAME
        change(d)
        d['abi'] += 1
    assert breaks(anew) == []


@pytest.mark.parametrize('change', [
    rename('mcr_msg', 'reserved', 'more'),
    grow('mcr_msg', at=112),  # one more of what stands there by the kind of message
    grow('mcr_consumer_ring'),
    lambda d: d['enums']['mcr_kind'].update(MCR_MORE=6),
    lambda d: d['constants'].update(MCR_MORE=6),
    lambda d: d['structs'].update(mcr_more=d['structs']['mcr_pos']),
    lambda d: d['functions'].update(mcr_more=d['functions']['mcr_consumer_arm']),
    lambda d: field(d, 'mcr_consumer_opts', 'msg_size').update(initial=256),
])
def test_what_is_added_breaks_nothing(change):
    assert breaks(change) == []


@pytest.fixture
def tree(folder):
    """What tools/abi reads and writes."""
    root = os.path.join(folder, 'tree')
    for name in ('include', 'tools/bindings', 'lib/bindings/abi'):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(root, name),
                        ignore=shutil.ignore_patterns('__pycache__'))
    for name in ('tools/abi', 'meson.build', *(f'lib/{x}/libmcring-{x}.map' for x in ('client', 'feed', 'socket'))):
        os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
        shutil.copy(os.path.join(ROOT, name), os.path.join(root, name))
    return root


def change_file(root, name, old, new):
    path = os.path.join(root, name)
    with open(path) as file:
        text = file.read()
    assert text.count(old) == 1, (name, old)
    with open(path, 'w') as file:
        file.write(text.replace(old, new))


def written(root):
    with open(os.path.join(root, 'lib/bindings/abi/mcring_abi.json')) as file:
        return json.load(file)


def test_a_change_of_a_header_is_found_refused_or_written(tree):
    abi, consumer = os.path.join(tree, 'tools/abi'), 'include/mcring/consumer.h'
    run(abi)  # the files of languages are not there yet
    run(abi, '--check')
    change_file(tree, consumer, '\tuint64_t reserved; /* 0 */\n};', '\tuint64_t more; /* 0 */\n};')
    stale = run(abi, '--check', check=False)
    assert stale.returncode == 1 and 'breaks' not in stale.stdout
    for name in ('abi/mcring_abi.h', 'abi/mcring_abi.json', 'rust/mcring-sys/src/abi.rs', 'python/mcring/_abi.py',
                 'java/src/main/java/net/mcring/Abi.java'):
        assert f'lib/bindings/{name} is not what include/mcring says' in stale.stdout
    run(abi)
    assert field(written(tree), 'mcr_msg', 'more')['offset'] == 120
    change_file(tree, consumer, '\tuint64_t rx_ns;  /*', '\tuint64_t new_ns;\n\tuint64_t rx_ns;  /*')
    refused = run(abi, check=False)
    assert refused.returncode == 1
    assert 'breaks programs: struct mcr_msg: offset of rx_ns was 40, is 48' in refused.stdout
    assert field(written(tree), 'mcr_msg', 'rx_ns')['offset'] == 40
    run(abi, '--break')
    assert field(written(tree), 'mcr_msg', 'rx_ns')['offset'] == 48


def test_a_function_that_no_library_exports_is_found(tree):
    clients = 'lib/client/libmcring-client.map'
    change_file(tree, clients, '\t\tmcr_consumer_take;\n', '')
    with pytest.raises(SystemExit, match='consumer.h declares mcr_consumer_take, which no library exports'):
        headers.read(pathlib.Path(tree))
    change_file(tree, clients, '\t\tmcr_consumer_until;\n',
                '\t\tmcr_consumer_take;\n\t\tmcr_consumer_until;\n\t\tmcr_new;\n')
    with pytest.raises(SystemExit, match='exports mcr_new'):
        headers.read(pathlib.Path(tree))
