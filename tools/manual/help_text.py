# SPDX-License-Identifier: BSD-3-Clause
"""What a program says with --help, taken apart: the one source of its manual page and of its completion."""

import re


class Entry:
    """An option, a command, or a key of an option's value: how it is written, and what is said of it."""

    def __init__(self, spec, text=''):
        self.spec, self.text, self.keys = spec, text, []

    @property
    def is_option(self):
        return self.spec.startswith('-')

    @property
    def names(self):
        """Of an option, or of several that share a text: `--log`, `--json`. Of a command: its words."""
        pattern = r'-[\w-]+(?:, -[\w-]+)*' if self.is_option else r'[\w-]+(?:, [\w-]+)*'
        return re.match(pattern, self.spec).group().split(', ')

    @property
    def value(self):
        """How the value of an option is written, or what follows a command; '' if there is none."""
        return self.spec[len(', '.join(self.names)):].strip()


class Help:
    """usage: the forms of the command line. prose: paragraphs, and exit_status what one of them says.
    examples: (introduction, lines). sections: (heading or '', entries)."""

    def __init__(self, text):
        self.usage, self.prose, self.exit_status, self.examples, self.sections = [], [], '', [], []
        lines = text.rstrip().split('\n')
        at = self._usage(lines)
        while at < len(lines):
            at = self._block(lines, at)

    def entries(self):
        return [entry for _, entries in self.sections for entry in entries]

    def _usage(self, lines):
        program = re.match(r'usage: (\S+)', lines[0]).group(1)
        at = 0
        while at < len(lines) and (at == 0 or lines[at].startswith(' ')):
            line = re.split(r' {2,}\(', lines[at].removeprefix('usage:').strip())[0]
            if line.split()[0] == program:
                self.usage.append(line)
            else:
                self.usage[-1] += ' ' + line
            at += 1
        self.program = program
        return at

    def _block(self, lines, at):
        """One line without indentation and what belongs to it, or entries. Returns where the next one is."""
        line = lines[at]
        term = re.match(r'([a-z]\w*(?:, [a-z]\w*)*): +', line)
        if not line:
            return at + 1
        if line.startswith(' '):
            if not self.sections or not lines[at - 1]:
                self.sections.append(('', []))
            return self._entries(lines, at)
        if line.endswith(':') and at + 1 < len(lines) and lines[at + 1].startswith(' '):
            if line.startswith('Example'):
                return self._example(lines, at)
            self.sections.append((line.rstrip(':'), []))
            return self._entries(lines, at + 1)
        if term:
            if not self.sections:
                self.sections.append(('', []))
            return self._entries(lines, at)
        return self._paragraph(lines, at)

    def _paragraph(self, lines, at):
        words = []
        status = lines[at].startswith('Exit status: ')
        while at < len(lines) and lines[at] and not lines[at].startswith(' '):
            if words and not status and re.match(r'[a-z]\w*: ', lines[at]):
                break
            if words and re.match(r'Exit status: |Example.*:$', lines[at]):
                break
            words.append(lines[at])
            at += 1
        text = ' '.join(words)
        if status:
            self.exit_status = text.removeprefix('Exit status: ')
        else:
            self.prose.append(text)
        return at

    def _example(self, lines, at):
        introduction, shown = lines[at], []
        at += 1
        while at < len(lines) and lines[at].startswith(' '):
            shown.append(lines[at][2:])
            at += 1
        self.examples.append((introduction, shown))
        return at

    def _entries(self, lines, at):
        """Entries up to a blank line, or to prose."""
        entries = self.sections[-1][1]
        while at < len(lines) and lines[at]:
            line = lines[at]
            indent = len(line) - len(line.lstrip())
            parts = re.split(r' {2,}', line.strip(), maxsplit=1)
            term = re.match(r'([a-z]\w*(?:, [a-z]\w*)*): +(.*)', line)
            if term:
                entries.append(Entry(term.group(1), term.group(2)))
            elif indent == 0:
                break
            elif indent == 2:
                entries.append(Entry(*parts))
            elif indent == 6 and len(parts) == 2:
                entries[-1].keys.append(Entry(*parts))
            elif line.strip().startswith('[') and not entries[-1].text:
                entries[-1].spec += line.strip()
            else:
                last = entries[-1].keys[-1] if entries[-1].keys and indent > 6 else entries[-1]
                last.text = (last.text + ' ' + line.strip()).strip()
            at += 1
        return at
