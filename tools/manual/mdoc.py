# SPDX-License-Identifier: BSD-3-Clause
"""What the makers of the manual's pages have in common: text as mdoc wants it."""

import os
import re
import textwrap
import time

WIDTH = 67
BOLD, ITALIC, ROMAN, BREAK = '\x01', '\x02', '\x03', '\x04' # until the text is wrapped and escaped


def escape(text):
    text = text.replace('\\', '\\e').replace('-', '\\-')
    return re.sub(r"(?m)^(?=[.'])", r'\\&', text)


def styled(text):
    """escape, with the fonts that the text has. A long word may be broken behind a comma, or before a key."""
    text = re.sub(r'\S{60,}', lambda word: re.sub(r'(?<!\[)(?=\[,)|(?<=(?<!\[),)', BREAK, word.group()), text)
    text = escape(text)
    for mark, font in (BOLD, r'\fB'), (ITALIC, r'\fI'), (ROMAN, r'\fP'), (BREAK, r'\:'):
        text = text.replace(mark, font)
    return text


def sentences(text):
    """New sentence, new line, as mdoc wants it."""
    return re.sub(r'(?<=[A-Za-z0-9)"_\x03][.?!]) (?=[A-Za-z0-9`*"\x01\x02-])', '\n', text)


def blocks(text):
    """(whether it is indented, text) of each paragraph."""
    found = []
    for line in text.split('\n'):
        literal = line.startswith(('    ', '\t'))
        if not line:
            found.append((False, ''))
        elif found and found[-1][0] == literal and found[-1][1]:
            found[-1] = (literal, found[-1][1] + '\n' + line)
        else:
            found.append((literal, line))
    return [(literal, block) for literal, block in found if block]


def wrapped(text):
    """The lines of a paragraph, a new one for each sentence."""
    return [line for sentence in sentences(text).split('\n')
            for line in textwrap.wrap(sentence, WIDTH, break_long_words=False, break_on_hyphens=False)]


def paragraph(text, out):
    out += [styled(line) for line in wrapped(' '.join(text.split()))]


def display(lines, out):
    out += ['.Bd -literal -offset indent', *(escape(line.expandtabs()) for line in lines), '.Ed']


def item(head, out):
    """An entry of a list of tags. Nothing in its head is a macro."""
    out.append('.It "' + styled(head).replace('"', r'\(dq') + '"')


def capital(text):
    """As a sentence begins, unless it begins with a word that is meant as it is, as in `auto (default): ...`."""
    return text if re.match(r'[\w-]+(, [\w-]+)*:|\w+ \(default', text) else text[:1].upper() + text[1:]


def date(sources):
    """The page's date: of the newest of its sources, or what the builder of a package says."""
    newest = int(os.environ.get('SOURCE_DATE_EPOCH', max(os.path.getmtime(path) for path in sources)))
    return time.strftime('.Dd %B %d, %Y', time.gmtime(newest)).replace(' 0', ' ')
