# SPDX-License-Identifier: BSD-3-Clause
"""Which programs the tree calls, as its sources say it: the words in a command's place of each shell
script, of the README's examples and of Python's calls that start a program. Not seen: what stands in
a string that some shell reads later, and what only the emulated machine of tests/nic runs."""

import ast
import glob
import os
import re

KEYWORDS = {'if', 'then', 'else', 'elif', 'do', 'while', 'until', '!', '{', 'time'}
CLOSERS = {'fi', 'done', 'esac', '}', ')'}
BUILTINS = set('''. : [ alias bg break cd command compgen continue declare dirs echo eval exec exit
    export false fg getopts hash jobs kill let local mapfile popd printf pushd pwd read readarray readonly
    return set shift shopt source test times trap true type typeset ulimit umask unset wait'''.split())
# What runs the command that follows its options; with how many words before it.
WRAPPERS = {'exec': 0, 'command': 0, 'nice': 0, 'nohup': 0, 'setsid': 0, 'stdbuf': 0, 'xargs': 0,
            'setpriv': 0, 'unshare': 0, 'timeout': 1, 'chroot': 1, 'env': 0}
CALLS = {'run', 'start', 'Popen', 'call', 'check_call', 'check_output', 'argv', 'which'}
# Not installed: what runs only where it is asked for, or there already.
LEFT_OUT = 'tests/net/test_socket_peers.py'
OPTIONAL = {'/usr/bin/chromium', '/usr/bin/chromedriver',  # `install-deps web`
            # `install-deps bindings`
            '/usr/bin/java', '/usr/bin/mypy', 'bindgen', 'cargo', 'go', 'gofmt', 'java', 'javac', 'javadoc',
            'mypy', 'rustc', 'rustfmt',
            # without it, tools/bench sink says so
            'nats-server',
            # tools/build-packages installs them
            'dpkg-buildpackage', 'dpkg-checkbuilddeps', 'dpkg-parsechangelog', 'lintian'}
NAME = re.compile(r'[a-zA-Z][\w.+-]*|/(usr/)?s?bin/[\w.+-]+')


class Shell:
    """One script; `called` are its commands, `functions` its own."""

    def __init__(self, text):
        self.text, self.at = text, 0
        self.called, self.functions = [], set()
        self.documents = []  # their last lines
        self.commands('')

    def peek(self, n=1):
        return self.text[self.at:self.at + n]

    def commands(self, end):
        """Up to the unquoted character `end`, which is taken too."""
        expected, skip, cases = True, 0, []
        while self.at < len(self.text):
            c = self.peek()
            if c == end and not (cases and cases[-1] == 'pattern'):
                self.at += 1
                return
            if c == '#':
                self.at = self.find('\n')
            elif self.peek(2) == '((':
                self.at = self.find('))') + 2
            elif self.peek(2) in ('<(', '>('):
                self.at += 2
                self.commands(')')
            elif c in '<>':
                operator = re.compile(r'[<>&|]+-?').match(self.text, self.at)
                self.at = operator.end()
                self.spaces()
                if self.peek(2) not in ('<(', '>('):
                    word = self.word()
                    if operator[0] in ('<<', '<<-'):
                        self.documents.append(word.strip('\'"'))
            elif c in '\n;&|':
                if self.peek(2) == ';;' and cases:
                    cases[-1] = 'pattern'
                self.at = re.compile(r'[;&|]+|\n').match(self.text, self.at).end()
                while c == '\n' and self.documents:
                    end = rf'^\t*{self.documents.pop(0)}\n'
                    self.at = re.compile(end, re.M).search(self.text, self.at).end()
                expected = True
            elif c == '(':
                self.at += 1
                self.commands(')')
                expected = False
            elif c == ')':  # of a pattern
                self.at += 1
                expected = True
                if cases:
                    cases[-1] = 'commands'
            elif c.isspace():
                self.at += 1
            elif self.peek(2) == '\\\n':
                self.at += 2
            else:
                expected, skip = self.one(expected, skip, cases)

    def one(self, expected, skip, cases):
        """One word and what it is; gives what is expected then."""
        word = self.word()
        if cases and cases[-1] == 'pattern' and word != 'esac':
            return True, 0
        if not expected:
            return False, 0
        if re.fullmatch(r'\d+', word) and self.peek() in ('<', '>'):
            return True, skip  # of a redirection
        if re.match(r'\w+(\[[^]]*\])?\+?=', word):
            if word.endswith('=') and self.peek() == '(':
                self.at += 1
                self.array()
            return True, skip
        if skip or word.startswith('-'):
            return True, max(0, skip - (not word.startswith('-')))
        if self.peek(2) == '()':
            self.at += 2
            self.functions.add(word)
            return True, 0
        if word == 'case':
            self.at = self.find(' in') + 3
            cases.append('pattern')
            return True, 0
        if word == 'esac' and cases:
            cases.pop()
            return False, 0
        if word == '[[':
            self.at = re.compile(r'\s\]\]').search(self.text, self.at).end()
            return False, 0
        if word in KEYWORDS:
            return True, 0
        if word in CLOSERS or word in ('for', 'select'):
            return False, 0
        self.called.append(word)
        return word in WRAPPERS, WRAPPERS.get(word, 0)

    def array(self):
        while self.peek() != ')':
            if self.peek() == '#':
                self.at = self.find('\n')
            elif self.peek().isspace() or self.peek() == '(':
                self.at += 1
            else:
                self.word()
        self.at += 1

    def find(self, what):
        at = self.text.find(what, self.at)
        return len(self.text) if at < 0 else at

    def spaces(self):
        while self.peek() in (' ', '\t'):
            self.at += 1

    def word(self):
        """A word, with the commands that it has inside."""
        start = self.at
        while self.at < len(self.text):
            c = self.peek()
            if c == '\\':
                self.at += 2
            elif c == "'":
                self.at = self.text.index("'", self.at + 1) + 1
            elif c == '"':
                self.at += 1
                self.quoted()
            elif c == '$':
                self.dollar()
            elif c.isspace() or c in ';&|()<>':
                break
            else:
                self.at += 1
        self.at = max(self.at, start + 1)
        return self.text[start:self.at]

    def quoted(self):
        while self.peek() != '"':
            if self.peek() == '$':
                self.dollar()
            else:
                self.at += 2 if self.peek() == '\\' else 1
        self.at += 1

    def dollar(self):
        if self.peek(3) == '$((':
            self.at = self.find('))') + 2
        elif self.peek(2) == '$(':
            self.at += 2
            self.commands(')')
        elif self.peek(2) == '${':
            depth = 0
            while True:
                depth += {'{': 1, '}': -1}.get(self.peek(), 0)
                self.at += 1
                if depth == 0 and self.text[self.at - 1] == '}':
                    return
        else:
            self.at += 1


def of_shell(text, functions=frozenset()):
    """functions: those of scripts that it may read."""
    shell = Shell(text)
    return {word for word in shell.called
            if word not in shell.functions | functions | BUILTINS and NAME.fullmatch(word)}


def of_argv(words):
    """The program of a command and, where that only starts another, that one; words: constants,
    None for what is not known."""
    found, skip = set(), 0
    for word in words:
        if skip:
            skip -= 1
        elif word is None:
            break
        elif not word.startswith('-'):
            found.add(word)
            if word not in WRAPPERS:
                break
            skip = WRAPPERS[word]
    return found


def constants(nodes):
    """What they are, where they are constants, else None; a list counts as its elements, and `*NAME`
    as nothing: what comes first runs what comes behind it."""
    words = []
    for node in nodes:
        if isinstance(node, (ast.List, ast.Tuple)):
            words += constants(node.elts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.append(node.value)
        elif not isinstance(node, ast.Starred) or not isinstance(node.value, ast.Name):
            words.append(None)
    return words


def of_python(text):
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(r'/(usr/)?s?bin/[\w.+-]+', node.value):
                found.add(node.value)
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, 'attr', getattr(node.func, 'id', ''))
        owner = ast.unparse(node.func)
        if name in CALLS and 'guest' not in owner:
            found |= of_argv(constants(node.args))
    return {word for word in found if NAME.fullmatch(word)}


def blocks(text):
    """What stands indented in a page, without programs, an answer of why and a formula."""
    program = r'(?:#include|/\*|import |use |package |\d\S+ on \S+: )'
    text = re.sub(rf'(?ms)^    {program}.*?(?=^\S)|^    \w+ == .*?$', '', text)
    return '\n'.join(line[4:] for line in text.splitlines() if line.startswith('    '))


def of_tree(root, own=()):
    """{program: the files that call it}; own: what the tree itself makes."""
    found = {}

    def add(path, names):
        for name in names - set(own) - OPTIONAL:
            found.setdefault(name, []).append(os.path.relpath(path, root))

    with open(f'{root}/tools/check', encoding='utf-8') as script:
        functions = Shell(script.read()).functions
    for path in [p for top in ('.ci', 'tools', 'tests')
                 for p in glob.glob(f'{root}/{top}/**', recursive=True)
                 if os.path.isfile(p) and not p.endswith(LEFT_OUT)]:
        try:
            with open(path, encoding='utf-8') as source:
                text = source.read()
        except UnicodeDecodeError:
            continue
        first = text.partition('\n')[0]
        if re.match(r'#!/bin/(ba)?sh', first):
            add(path, of_shell(text, functions))
        elif path.endswith('.py') or first.startswith('#!/usr/bin/python3'):
            add(path, of_python(text))
        elif path.endswith('meson.build'):
            add(path, {name for name in re.findall(r"find_program\('([^']+)'", text)
                       if NAME.fullmatch(name) and not os.path.exists(
                           os.path.join(os.path.dirname(path), name))})
    with open(f'{root}/README.md', encoding='utf-8') as readme:
        text = readme.read()
    inline = '\n'.join(re.findall(r'`(cc [^`]*)`', text))
    add(f'{root}/README.md', of_shell(blocks(text) + '\n' + inline))
    return found
