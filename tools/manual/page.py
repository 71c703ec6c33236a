#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""page.py --version V --documents FOLDER [--help-of PROGRAM | --body FILE] [--example FILE] docs/man/NAME.SECTION.md

Writes a manual page in mdoc on standard output. What a program takes is what it says with --help, what a file
holds is a page of docs/: the file in docs/man has the page's title, and what neither says, as sections.
"""

import argparse
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import markdown  # noqa: E402
from help_text import Help  # noqa: E402
from mdoc import BOLD, ITALIC, ROMAN, capital, date, display, item, paragraph  # noqa: E402

# In the order of mdoc(7); OPTIONS and what stands in docs/ come after DESCRIPTION.
LAST = ['ENVIRONMENT', 'FILES', 'EXIT STATUS', 'EXAMPLES', 'SEE ALSO', 'STANDARDS', 'CAVEATS']


def placeholders(spec):
    return set(re.findall(r'\b[A-Z][A-Z0-9]*\b', spec))


def form(spec):
    """How an option or a command is written: what stands for something else is italic."""
    return ''.join(ITALIC + part + ROMAN if re.fullmatch(r'[A-Z][A-Z0-9]*', part) else
                   BOLD + part + ROMAN if re.fullmatch(r'-*[a-z][\w-]*', part) else part
                   for part in re.findall(r'--?[a-z][\w-]*|[A-Z][A-Z0-9]*\b|\w[\w-]*|[^\w-]+|-', spec))


def prose(text, names=()):
    """What --help says: options and commands bold, the names of values italic."""
    text = re.sub(r'docs/([\w.-]+\.md)', lambda m: f'[{m.group(1)}]({m.group(1)})', text)
    text = markdown.inline(text)
    text = re.sub(r'(?<![\w-])--[a-z][\w-]*', BOLD + r'\g<0>' + ROMAN, text)
    for name in names:
        text = re.sub(rf'(?<![\w$]){name}(?!\w)', ITALIC + name + ROMAN, text)
    return text


def synopsis(usages, out):
    for usage in usages:
        name, _, rest = usage.partition(' ')
        out.append(f'.Nm {name}')
        for option in ('[EAL options]', '[options]'):
            rest = rest.replace(option, option.replace(option[1:-1], ITALIC + option[1:-1] + ROMAN))
        if rest:
            paragraph(form(rest) if ITALIC not in rest else
                      ''.join(part if part.startswith(ITALIC) else form(part)
                              for part in re.split(f'({ITALIC}[^{ROMAN}]*{ROMAN})', rest)), out)


def keys_of(value):
    """(the value without its optional keys, these) of NAME[,KEY=VALUE][,...]."""
    keys = re.findall(r'\[,?([a-z][\w-]*=[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\](\.\.\.)?', value)
    if len(keys) < 4:
        return value, []
    begin = value[:value.index('[' + (',' if value[0] != '[' else ''))]
    return begin + '[,KEY=VALUE]...' if begin else 'KEY=VALUE[,KEY=VALUE]...', [k for k, _ in keys]


def option(entry, out):
    short, keys = keys_of(entry.value)
    spec = ', '.join(entry.names) + (' ' + short if short else '') if entry.is_option else entry.spec
    item(form(spec), out)
    names = placeholders(entry.spec)
    if entry.text:
        paragraph(prose(capital(entry.text), names), out)
    if keys:
        out.append('.Pp')
        paragraph('Keys: ' + ', '.join(form(key) for key in keys) + '; mcring.yaml(5) says what they mean.', out)
    if entry.keys:
        out.append('.Bl -tag -width Ds')
        for key in entry.keys:
            item(form(key.spec), out)
            paragraph(prose(capital(key.text), placeholders(key.spec)), out)
        out.append('.El')


def options(text, out):
    """COMMANDS, if --help lists them by themselves, and OPTIONS."""
    section = ''
    for heading, entries in text.sections:
        named = 'OPTIONS' if any(entry.is_option for entry in entries) else 'COMMANDS'
        if named != section:
            out.append(f'.Sh {named}')
            section = named
        if heading:
            out.append(f'.Ss {heading}')
        out.append('.Bl -tag -width Ds')
        for entry in entries:
            option(entry, out)
        out.append('.El')


def sections(text):
    """(title, name, what stands before the first section, {SECTION: markdown}) of a file of docs/man."""
    head, *rest = re.split(r'(?m)^## (.*)\n', text)
    title = re.match(r'# (\S+): (.*)\n', head)
    return title.group(1), title.group(2), head[title.end():], \
        {name.upper(): body for name, body in zip(rest[::2], rest[1::2])}


def see_also(text, documents, out):
    """The pages, and where the documents are that the page names."""
    named = any(re.search(r'\\fI[\w\\-]+\.md', line) for line in out)
    pages = sorted(re.findall(r'([\w.-]+)\((\d)\)', text), key=lambda page: (page[1], page[0]))
    out += [f'.Xr {name} {number}' + (' ,' if i + 1 < len(pages) else '')
            for i, (name, number) in enumerate(pages)]
    if named:
        out += ['.Pp', 'Documents that are named', r'\fI*.md\fP', 'are in', f'.Pa {documents}/docs .']


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--version', required=True)
    parser.add_argument('--documents', required=True)
    parser.add_argument('--help-of')
    parser.add_argument('--body')
    parser.add_argument('--example')
    parser.add_argument('page')
    args = parser.parse_args()

    section = args.page.split('.')[-2]
    with open(args.page) as page:
        name, what, introduction, more = sections(page.read())
    files = [path for path in (args.page, args.body, args.example) if path]
    out = [f'.\\" Generated from {", ".join(os.path.basename(path) for path in files)}'
           + (f' and {name} --help' if args.help_of else '') + ': do not edit.',
           date(files), f'.Dt {name.upper()} {section}', f'.Os mcring {args.version}',
           '.Sh NAME', f'.Nm {name}', f'.Nd {what}']
    text = None
    if args.help_of:
        shown = subprocess.run([args.help_of, '--help'], stdout=subprocess.PIPE, text=True,
                               check=True).stdout
        text = Help(shown)
        out.append('.Sh SYNOPSIS')
        synopsis(text.usage, out)
    elif 'SYNOPSIS' in more:
        out.append('.Sh SYNOPSIS')
        markdown.convert(more.pop('SYNOPSIS'), out)
    out.append('.Sh DESCRIPTION')
    for said in text.prose if text else []:
        if not out[-1].startswith('.Sh'):
            out.append('.Pp')
        paragraph(prose(said), out)
    markdown.convert(introduction, out)
    if text:
        options(text, out)
    if args.body:
        with open(args.body) as body:
            markdown.convert(body.read().split('\n', 1)[1], out)
    for title, body in more.items():
        if title not in LAST:
            out.append(f'.Sh {title}')
            markdown.convert(body, out)
    for title in LAST:
        last(title, more.get(title, ''), text, args, out)
    print('\n'.join(out))


def last(title, body, text, args, out):
    """A section at the end: of the file, of --help, of the example."""
    begin = len(out)
    out.append(f'.Sh {title}')
    if title == 'EXIT STATUS' and text and text.exit_status:
        paragraph(prose(capital(text.exit_status)), out)
    if title == 'EXAMPLES':
        for introduction, lines in text.examples if text else []:
            paragraph(prose(introduction), out)
            display(lines, out)
        if args.example:
            with open(args.example) as lines:
                display(lines.read().rstrip().split('\n'), out)
    if title == 'SEE ALSO':
        see_also(body, args.documents, out)
    else:
        markdown.convert(body, out)
    if len(out) == begin + 1:
        out.pop()


if __name__ == '__main__':
    main()
