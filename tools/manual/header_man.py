#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""header_man.py --name PAGE --library NAME --version V [--example FILE] [--see-also X]... HEADER...

Writes the manual page of a public header and of those that it includes, in mdoc, on standard output. The
headers are the one source: the first comment of each is its description, the comment before a function,
struct, enum or macro is what the page says of it, a comment beside a member is that member's. What has
no comment is still listed. A function without one is an error, so that nothing undocumented is exported.
"""

import argparse
import errno
import itertools
import os
import re
import sys

sys.dont_write_bytecode = True
from mdoc import blocks, capital, date, escape, wrapped  # noqa: E402

INTERNAL = {'MCR_API'}


class Item:
    """A declaration with its comment."""

    def __init__(self, kind, name, doc, text):
        self.kind, self.name, self.doc, self.text = kind, name, doc, text


def comment_text(raw):
    """The paragraphs of a comment: its lines without the stars, indented ones kept as they are."""
    lines = [re.sub(r'^\s*\*? ?', '', line, count=1) for line in raw[2:-2].split('\n')]
    lines[0] = raw[2:-2].split('\n')[0].strip()
    return '\n'.join(line.rstrip() for line in lines).strip()


def tokens(source):
    """Comments, and what stands between them."""
    at = 0
    for match in re.finditer(r'/\*.*?\*/', source, re.S):
        yield 'code', source[at:match.start()]
        yield 'comment', match.group()
        at = match.end()
    yield 'code', source[at:]


def skip_braces(source, at):
    depth = 0
    while True:
        if source.startswith('/*', at):
            at = source.index('*/', at) + 2
            continue
        depth += {'{': 1, '}': -1}.get(source[at], 0)
        at += 1
        if depth == 0:
            return at


def parse(source):
    """The header's items in their order, and its first comment."""
    source = re.sub(r'/\* SPDX.*?\*/\n', '', source, count=1)
    # What C sees.
    source = re.sub(r'#ifdef __cplusplus\n(?:(?!#e).*\n)*(?:#else\n((?:(?!#e).*\n)*))?#endif\n',
                    r'\1', source)
    first = re.match(r'\s*(/\*.*?\*/)', source, re.S)
    items, doc, at = [], '', first.end()
    while at < len(source):
        rest = source[at:]
        comment = re.match(r'\s*(/\*.*?\*/)[ \t]*\n', rest, re.S)
        func = re.match(r'\s*MCR_API\s+(.*?)\b(mcr_\w+)\((.*?)\);', rest, re.S)
        inlined = re.match(r'\s*static inline [^;{]*?\bmcr_\w+\([^)]*\)(?=\s*\{)', rest)
        body = re.match(r'\s*(struct|enum) (mcr_\w+) \{', rest)
        macro = re.match(r'\s*#define (MCR_\w+)[ \t]+((?:\\\n|/\*.*?\*/|[^\n])*)\n', rest, re.S)
        if comment:
            at += comment.end()
            # One that stands by itself belongs to nothing.
            doc = '' if source[at:at + 1] == '\n' else comment_text(comment.group(1))
        elif func:
            items.append(Item('function', func.group(2), doc, func.group(0).strip()))
            at += func.end()
            if source[at:at + 2] != '\nM':  # several in a row share a comment
                doc = ''
            at += 1
        elif inlined:
            text = inlined.group(0).strip().replace('static inline', 'MCR_API') + ';'
            items.append(Item('function', re.search(r'\b(mcr_\w+)\(', text).group(1), doc, text))
            at, doc = skip_braces(source, source.index('{', at + inlined.end())), ''
        elif body:
            end = skip_braces(source, at + body.end() - 1)
            items.append(Item(body.group(1), body.group(2), doc, source[at:end].strip()))
            at, doc = source.index(';', end) + 1, ''
            tail = re.match(r'[ \t]*/\*.*?\*/\n', source[at:], re.S)
            at += tail.end() if tail else 0
        elif macro:
            if macro.group(1) in INTERNAL or macro.group(1).endswith('_H'):
                at, doc = at + macro.end(), ''
                continue
            items.append(Item('macro', macro.group(1), doc, macro.group(2)))
            at, doc = at + macro.end(), ''
        else:
            line = re.match(r'[^\n]*\n?', rest)
            at, doc = at + max(line.end(), 1), ''
    return comment_text(first.group(1)), items


def members(text):
    """(declaration, comment) of each member of a struct or an enum; declaration '' for a remark."""
    inner = text[text.index('{') + 1:text.rindex('}')]
    found, code = [], ''
    separator = ';' if text.startswith('struct') else ','
    parts = list(tokens(inner))
    for i, (kind, value) in enumerate(parts):
        if kind == 'code':
            code += value
            start = 0
            for end in (match.end() for match in re.finditer(separator, code)):
                found.append([' '.join(code[start:end].split()), ''])
                start = end
            code = code[start:]
            if i == len(parts) - 1 and code.strip():
                found.append([' '.join(code.split()), ''])
        else:
            before = parts[i - 1][1] if i else ''
            beside = '\n' not in before[max(before.rfind(';'), before.rfind(',')) + 1:]
            if beside and found and before.strip():
                found[-1][1] = (found[-1][1] + ' ' + comment_text(value)).strip()
            else:
                found.append(['', comment_text(value)])
    shown = []
    for decl, doc in found:
        if decl and not doc and shown and not shown[-1][0]:
            doc = shown.pop()[1]  # right before a member that has none beside it: of that member
        shown.append((decl.rstrip(';,'), ' '.join(doc.split())))
    return shown


# ---- mdoc ----

def prose(text, functions, out):
    """Paragraphs; indented lines are a display; errors after "Errors:" or "Errors (remark):" are a
    list."""
    for literal, block in blocks(text):
        if literal:
            out += ['.Bd -literal -offset indent', *escape(block).split('\n'), '.Ed']
            continue
        if out and out[-1] and not out[-1].startswith(('.S', '.Pp', '.It')):
            out.append('.Pp')
        block = ' '.join(block.split())
        head = re.search(r'\bErrors( \([^)]*\))?: (?=-E)', block)
        rest = error_list(block[head.end():]) if head else None
        if rest is None:
            inline(block, functions, out)
            continue
        if block[:head.start()].strip():
            inline(block[:head.start()].strip(), functions, out)
            out.append('.Pp')
        inline(head.group().strip(), functions, out)
        out.append('.Bl -tag -width Er')
        for name, why in rest[0]:
            out.append(f'.It Bq Er {name}')
            inline(why or os.strerror(getattr(errno, name)).lower(), functions, out)
        out.append('.El')
        if rest[1]:
            out.append('.Pp')
            inline(rest[1], functions, out)


def error_list(text):
    """([(name, why)...], what follows) of "-ENOENT (why), -EACCES, -EINVAL (why). More." or None."""
    found, at = [], 0
    while True:
        match = re.match(r'(?:, or |, | or )?-(E[A-Z0-9]+)', text[at:])
        if not match:
            break
        at += match.end()
        why = ''
        if text[at:at + 2] == ' (':
            start, depth, at = at + 2, 1, at + 2
            while depth and at < len(text):
                depth += {'(': 1, ')': -1}.get(text[at], 0)
                at += 1
            why = text[start:at - 1]
        found.append((match.group(1), why))
    rest = re.sub(r'^or ', 'Also ', text[at:].lstrip('., ').strip())
    return (found, capital(rest)) if found else None


def inline(text, functions, out):
    """A paragraph with its functions and constants marked."""
    for line in wrapped(text):
        line = escape(line)
        line = re.sub(r'\b(mcr_[a-z_]+)\b', lambda m: r'\fB' + m.group() + r'\fP'
                      if m.group() in functions else m.group(), line)
        line = re.sub(r'\b(MCR_[A-Z0-9_]+)\b', r'\\fB\1\\fP', line)
        # Not hyphenated: a name that is cut in two cannot be searched for.
        line = re.sub(r'(?<!\S)(?=\S*_)', r'\\%', line)
        out.append(line)


def synopsis(item, out):
    match = re.match(r'MCR_API\s+(.*?)\b(mcr_\w+)\((.*?)\);', item.text, re.S)
    out.append(f'.Ft {" ".join(match.group(1).split())}')
    out.append(f'.Fo {match.group(2)}')
    for arg in match.group(3).split(','):
        out.append(f'.Fa "{" ".join(arg.split())}"')
    out.append('.Fc')


def structure(item, functions, out):
    out.append(f'.Ss {item.kind} {item.name}')
    if item.doc:
        prose(item.doc, functions, out)
    open_list = False
    for decl, doc in members(item.text):
        if decl and not open_list:
            out.append('.Bl -tag -width 4n')
        elif not decl and open_list:
            out += ['.El', '.Pp']
        elif not decl and item.doc:
            out.append('.Pp')
        open_list = bool(decl)
        if decl:
            out.append(f'.It Li "{escape(decl)}"')
        if doc:
            inline(doc, functions, out)
    if open_list:
        out.append('.El')


def macros(items, functions, out):
    out.append('.Ss Constants')
    out.append('.Bl -tag -width 4n')
    for item in items:
        value, _, doc = item.text.partition('/*')
        value = ' '.join(value.replace('\\\n', ' ').split())
        shown = f' = {value}' if len(value) < 30 and '{' not in value else ''
        out.append(f'.It Li "{escape(item.name + shown)}"')
        doc = ' '.join(comment_text('/*' + doc).split()) if doc else item.doc
        if doc:
            inline(doc, functions, out)
    out.append('.El')


def strip_licence(text):
    return re.sub(r'\A/\* SPDX.*?\*/\n', '', text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--name', required=True)
    parser.add_argument('--library', required=True)
    parser.add_argument('--version', required=True)
    parser.add_argument('--example')
    parser.add_argument('--see-also', action='append', default=[])
    parser.add_argument('headers', nargs='+')
    args = parser.parse_args()

    descriptions, items, includes, included = [], [], [], set()
    for path in args.headers:
        with open(path) as header:
            source = header.read()
        name = 'mcring/' + os.path.basename(path)
        text, found = parse(source)
        descriptions.append((name, text))
        items += found
        if name not in included and any(item.kind == 'function' for item in found):
            includes.append(name)
        included.update(re.findall(r'#include <(mcring/\w+\.h)>', source))
    description = descriptions[0][1]
    calls = [item for item in items if item.kind == 'function']
    functions = {item.name for item in calls}
    bare = [item.name for item in calls if not item.doc]
    if bare or not calls:
        sys.exit(f'{args.headers[0]}: no comment says what these do: {", ".join(bare)}')

    out = ['.\\" Generated from ' + ', '.join('mcring/' + os.path.basename(path)
                                              for path in args.headers) + ': do not edit.',
           date(args.headers),
           f'.Dt {args.name.upper()} 3', f'.Os mcring {args.version}', '.Sh NAME']
    names = [args.name, *(item.name for item in calls if item.name != args.name)]
    out += [*(f'.Nm {name} ,' for name in names[:-1]), f'.Nm {names[-1]}']
    first = re.split(r'\.\s', description)[0]
    out.append('.Nd ' + re.sub(r'^The \w+: ', '', ' '.join(first.split())).rstrip('.'))
    out += ['.Sh LIBRARY',
            f'{escape(args.library)}; flags for the compiler and the linker are what',
            f'.Dq {escape(f"pkg-config --cflags --libs {args.library}")}',
            'prints.',
            '.Sh SYNOPSIS']
    out += [f'.In {name}' for name in includes]
    for item in calls:
        synopsis(item, out)
    out.append('.Sh DESCRIPTION')
    # The page has a whole program where the header has a sketch.
    sketch = re.compile(r'(?m)(^( {4}|\t).*\n|^\n(?= {4}|\t))+')
    prose(sketch.sub('\n', description + '\n').strip() if args.example else description,
          functions, out)
    for name, text in descriptions[1:]:
        out.append(f'.Ss {name}')
        prose(text, functions, out)
    out.append('.Sh FUNCTIONS')
    for doc, same in itertools.groupby(calls, key=lambda item: item.doc):
        out.append('.Ss ' + ', '.join(item.name for item in same))
        prose(doc, functions, out)
    out.append('.Sh TYPES AND CONSTANTS')
    for item in items:
        if item.kind in ('struct', 'enum'):
            structure(item, functions, out)
    constants = [item for item in items if item.kind == 'macro']
    if constants:
        macros(constants, functions, out)
    if args.example:
        with open(args.example) as example:
            code = strip_licence(example.read()).rstrip()
        out += ['.Sh EXAMPLES', '.Bd -literal', *escape(code.replace('\t', '        ')).split('\n'),
                '.Ed']
    if args.see_also:
        out.append('.Sh SEE ALSO')
        pages = sorted(page.split('.') for page in args.see_also)
        out += [f'.Xr {name} {section}' + (' ,' if i + 1 < len(pages) else '')
                for i, (name, section) in enumerate(pages)]
    print('\n'.join(out))


if __name__ == '__main__':
    main()
