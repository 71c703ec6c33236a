# SPDX-License-Identifier: BSD-3-Clause
"""Our pages of docs/ as mdoc: headings, paragraphs, indented code, lists, and tables, which become lists."""

import re

from mdoc import BOLD, ITALIC, ROMAN, capital, display, item, paragraph

PAGES = {'config.md': 'mcring.yaml(5)', 'feed-declarations.md': 'mcring-feed-declarations(5)'}


def inline(text):
    """Code, emphasis and links."""
    codes = []

    def code(match):
        codes.append(match.group(1))
        return f'\x00{len(codes) - 1}\x00'

    text = re.sub(r'`([^`]+)`', code, text)
    text = re.sub(r'\*\*(.+?)\*\*', BOLD + r'\1' + ROMAN, text)
    text = re.sub(r'\[([^\[\]]+)\]\(([^()]+)\)', link, text)
    return re.sub(r'\x00(\d+)\x00', lambda m: BOLD + codes[int(m.group(1))] + ROMAN, text)


def link(match):
    """A place on the same page is found by its words; another page is named."""
    text, page = match.group(1), match.group(2).partition('#')[0]
    if not page or '://' in page:
        return text
    name = PAGES.get(page, ITALIC + page + ROMAN)
    return name if text == page else f'{text} ({name})'


def cells(row):
    return [cell.strip().replace('\\|', '|') for cell in re.split(r'(?<!\\)\|', row.strip().strip('|'))]


def table(rows, out):
    """A list whose entries are the first column; what the others are stands before their text."""
    header = [cell.lower() for cell in cells(rows[0])]
    out.append('.Bl -tag -width Ds')
    for row in rows[2:]:
        first, *rest = cells(row)
        item(inline(first), out)
        paragraph(inline(body(header[1:], rest)), out)
    out.append('.El')


def body(header, row):
    if header[:2] == ['type', 'default']:
        kind, default, *rest = row
        if default:
            kind += ' (required)' if default == 'required' else f' (default {default})'
        header, row = header[2:], [f'{kind}. {capital(rest[0])}' if rest[0] else kind] + rest[1:]
        header[0] = ''
    named = [(name if len(header) > 1 else '', cell) for name, cell in zip(header, row)]
    return '. '.join(f'{capital(name)}: {cell}' if name else cell.rstrip('.') for name, cell in named if cell)


def blocks(text):
    """(kind, lines): heading, code, table, list or paragraph."""
    found = []
    for line in text.split('\n'):
        last = found[-1][0] if found else ''
        if not line.strip():
            found.append(('', []))
        elif line.startswith('#'):
            found.append(('heading', [line]))
        elif line.startswith('|'):
            found.append(('table', [line])) if last != 'table' else found[-1][1].append(line)
        elif re.match(r'- |\d+\. ', line):
            found.append(('list', [line])) if last != 'list' else found[-1][1].append(line)
        elif last == 'list' and line.startswith(' '):
            found[-1][1][-1] += ' ' + line.strip()
        elif line.startswith('    '):
            found.append(('code', [line[4:]])) if last != 'code' else found[-1][1].append(line[4:])
        elif last == 'paragraph':
            found[-1][1].append(line)
        else:
            found.append(('paragraph', [line]))
    return [(kind, lines) for kind, lines in found if kind]


def convert(text, out):
    """Appends the lines of mdoc. What stands before the first heading has no section yet."""
    for kind, lines in blocks(text):
        if kind == 'heading':
            level, _, title = lines[0].partition(' ')
            title = inline(title)
            out.append(f'.Sh {title.upper()}' if len(level) < 3 else f'.Ss {title}')
            continue
        if kind == 'paragraph':
            if not out[-1].startswith(('.Sh', '.Ss')):
                out.append('.Pp')
            paragraph(inline(' '.join(lines)), out)
        elif kind == 'code':
            display(lines, out)
        elif kind == 'table':
            table(lines, out)
        else:
            entries(lines, out)


def entries(lines, out):
    """A list. `term`: text, in each entry, is a list of terms."""
    terms = [re.match(r'- (`[^`]+`(?:, `[^`]+`)*): (.*)', line) for line in lines]
    if all(terms):
        out.append('.Bl -tag -width Ds')
        for term in terms:
            item(inline(term.group(1)), out)
            paragraph(inline(capital(term.group(2))), out)
    else:
        out.append('.Bl -enum' if lines[0][0].isdigit() else '.Bl -bullet')
        for line in lines:
            out.append('.It')
            paragraph(inline(line.split(' ', 1)[1]), out)
    out.append('.El')
