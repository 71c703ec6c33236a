#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""completion.py PROGRAM: writes the completion of a program for bash on standard output.

What it takes is what it says with --help; how a word is completed is completion.bash, which is put before it.
"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from help_text import Help  # noqa: E402

# What the names of values stand for, by themselves and behind an option or a command.
KINDS = {'FILE': 'file', 'DIR': 'folder', 'FOLDER': 'folder',
         'CMD': 'program', 'COMMAND': 'program', 'PROGRAM': 'program', 'USER': 'user'}
KINDS_OF = {('--name', 'NAME'): 'engine', ('--engine', 'NAME'): 'engine', ('--run-dir', 'DIR'): 'run_dir', ('--channel', 'NAME'): 'channel',
            ('--feed', 'NAME'): 'feed', ('--group', 'ADDRESS'): 'group', ('why', 'GROUP'): 'group',
            ('check', 'GROUP'): 'group', ('routes', 'GROUP'): 'group', ('leave', 'TEXT'): 'join',
            ('=', 'GROUP'): 'users'}


def value(of, text, kinds):
    """The candidates of one value, as completion.bash wants them: of what is written as A|B, NAME, KIND+KIND."""
    if text.startswith('KIND+'):
        return ['+' + kind for kind in kinds]
    found = [word for word in text.split('|') if re.fullmatch(r'[a-z0-9][\w-]*', word)]
    for name in re.findall(r'[A-Z][A-Z0-9]*', text if text[:1] != "'" else '')[:1]:
        if of == '=' and name != text:
            continue
        kind = KINDS_OF.get((of, name)) or KINDS.get(name)
        found += ['@' + kind] if kind else []
    return found


def keys(text, subkeys):
    """(key, value, whether it can be the first) of NAME[,KEY=VALUE]..., and of the keys with entries of their own."""
    at_first = text.startswith('[')
    found = [(key, written, at_first) for key, written in
             re.findall(r'(?:\[,?|,)([a-z][\w-]*)=((?:[^,\[\]]|\[(?!,)[^\[\]]*\])*)', text)]
    for spec in (spec for entry in subkeys for spec in entry.spec.split(', ')):
        found.append((*spec.partition('=')[::2], False))
    return found


def option(name, entry, kinds):
    """The candidates for what follows an option: '' if it takes nothing."""
    if not entry.value:
        return ''
    found = []
    for key, written, at_first in keys(entry.value, entry.keys):
        values = '|'.join(value('=', written, kinds))
        found.append(('' if at_first else ',') + key + ('=' + values if written else ''))
    return ' '.join(found or value(name, entry.value, kinds)) or '@none'


def tables(text):
    """(values, operands) of completion.bash."""
    said = re.search(r'of these kinds: ([\w, -]+)', ' '.join(entry.text for entry in text.entries()))
    kinds = re.split(r', (?:or )?', said.group(1).strip()) if said else []
    values, operands = {}, {'.': []}
    for entry in text.entries():
        for name in entry.names if entry.is_option else []:
            values[name] = option(name, entry, kinds)
        if not entry.is_option and 'COMMAND' in text.usage[0]:
            operands[entry.names[0]] = value(entry.names[0], entry.value, kinds)
        for name in re.findall(r'--[\w-]+', entry.value) if not entry.is_option else []:
            values.setdefault(name, '')
    for usage in text.usage:
        for name, taken in re.findall(r'\[(--[\w-]+)( [A-Z]+)?\]', usage):
            values.setdefault(name, '@none' if taken else '')
        words = re.sub(r'^\S+ (\[EAL options\] -- )?', '', usage)
        for word in re.match(r'(?:[a-z]+(?: ?\| ?| |$))*', words).group().replace('|', ' ').split():
            operands[word] = []
        for name in re.findall(r'(?<![\[-])\b(FILE|PROGRAM)\b', re.sub(r'--\w\S* [A-Z]+', '', words)):
            operands['.'].append('@' + KINDS[name])
    operands['.'] += [name for name in operands if name != '.']
    if '--engine' in values:  # so --name is the program's own
        values['--name'] = '@none'
    return values, operands


def quoted(table):
    return ''.join(f"\t\t['{name}']='{held if isinstance(held, str) else ' '.join(held)}'\n"
                   for name, held in sorted(table.items()))


def main():
    program = sys.argv[1]
    shown = subprocess.run([program, '--help'], stdout=subprocess.PIPE, text=True, check=True).stdout
    values, operands = tables(Help(shown))
    name = os.path.basename(program)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'completion.bash')) as common:
        print(common.read(), end='')
    print(f"""
_{name.replace('-', '_')}_options() {{
\tlocal -A values=(
{quoted(values)}\t) operands=(
{quoted(operands)}\t)
\t_mcring
}}
complete -F _{name.replace('-', '_')}_options {name}""")


if __name__ == '__main__':
    main()
