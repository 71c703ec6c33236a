# SPDX-License-Identifier: BSD-3-Clause
"""What an answer of `conform` shows of the public headers: values of their enums, and errors of their functions."""

import json
import os
import re

import pytest

from languages import BINDINGS, ROOT

SCENARIOS = ('test_consumer.py', 'test_errors.py', 'test_feed.py', 'test_feed_engine.py', 'test_harm.py', 'test_loss.py',
             'test_overwritten.py', 'test_restart.py')

with open(os.path.join(BINDINGS, 'abi', 'mcring_abi.json')) as file:
    ABI = json.load(file)
# The rest is not of the libraries that have bindings.
ENUMS = {name: values for name, values in ABI['enums'].items() if not name.startswith('mcr_receive_')}



def shows(*what):
    """Marks a scenario: values of enums, `MCR_LOST MCR_LINK`, and errors, `consumer_open: ENOENT EINVAL`."""
    out = set()
    for one in what:
        function, _, errors = one.rpartition(':')
        out |= {f'mcr_{function} {name}' if function else name for name in errors.split()}
    return pytest.mark.shows(*sorted(out))


# Of each item: where a number of an enum stands.
NUMBERS = {
    'data': [(12, 'mcr_msg_flags')],
    'link': [(4, 'mcr_msg_flags')],
    'engine_stall': [(1, 'mcr_msg_flags')],
    'feed data': [(6, 'mcr_feed_msg_flags')],
    'feed gap': [(4, 'mcr_feed_gap_why'), (5, 'mcr_feed_whose')],
    'feed gap_host': [(4, 'mcr_feed_gap_why'), (5, 'mcr_feed_whose')],
    'feed reset': [(4, 'mcr_feed_reset_why')],
    'feed line_down': [(2, 'mcr_feed_down_why')],
}
# The functions that commands call; others are called as the command.
FUNCTIONS = {'view': 'poll', 'ring': 'ring_info', 'interface': 'interface_info', 'key': 'key_info', 'line': 'line_info',
             'stats': 'stats_info'}


def names(enum, number):
    """Of a value, or of each flag that is set."""
    return {name for name, value in ENUMS[enum].items()
            if (number & value if enum.endswith('_flags') else number == value)}


def of_item(prefix, item):
    words = item.split(' ')
    if words[0] == 'overwritten':
        return set()
    out = {f'MCR_{prefix.upper()}{words[0].upper()}'.replace(' ', '_')}
    for at, enum in NUMBERS.get(prefix + words[0], ()):
        out |= names(enum, int(words[at]))
    return out


def of_options(prefix, words):
    out = set()
    for word in words:
        key, _, value = word.partition('=')
        if key == 'start' or words[0] == 'seek' and word != 'seek':
            value = value or word
            out.add('MCR_START_' + ('SEQ' if value.isdigit() else value.upper()))
        elif key == 'order':
            out.add('MCR_FEED_' + value.upper() if prefix else 'MCR_ORDER_' + value.upper())
    return out


def function(prefix, word):
    return f'mcr_{"feed" if prefix else "consumer"}_{FUNCTIONS.get(word, word)}'


def of_answer(command, items, last):
    """Names of values, and errors as `mcr_consumer_open ENOENT`."""
    prefix = 'feed ' if command.startswith('feed ') else ''
    words = command[len(prefix):].split(' ')
    on_cursor = words[0] in ('cpoll', 'ctake', 'creattach')
    word = words[0][1:] if on_cursor else words[0]
    out = set().union(*(of_item(prefix, item) for item in items))
    if last.startswith('ok'):
        out |= of_options(prefix, words)
    else:
        out.add(f'{function(prefix, word)} {last.split(" ")[1].replace("EOPNOTSUPP", "ENOTSUP")}')
    if any(item.startswith('overwritten') for item in items):  # or intact said so
        out.add(function(prefix, 'read') + ' ESTALE')
    return out


def documented_errors():
    """Those that the comments of the functions name: `mcr_consumer_open ENOENT`."""
    out = set()
    for header in ('consumer.h', 'feed.h'):
        with open(os.path.join(ROOT, 'include', 'mcring', header)) as file:
            text = file.read()
        for comment, name in re.findall(r'(?s)/\*((?:(?!\*/).)*)\*/\s*MCR_API [^;]*?\b(mcr_\w+)\(', text):
            errors = comment.partition('Errors')[2]
            out |= {f'{name} {error}' for error in re.findall(r'-(E[A-Z0-9]+)\b', errors)}
    return out
