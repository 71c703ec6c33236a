# SPDX-License-Identifier: BSD-3-Clause
"""What an engine says when it is asked why there is no data."""

import json
import os
import re
import socket
import sys
import time

from programs import ROOT

FLOWS, CAUSE, UNDECIDED = range(3)  # exit status

# Sends the lines of a file, which are frames, over and over, some at a time: all in argv[3] seconds.
SPRAY = '''
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
frames = [bytes.fromhex(line) for line in open(sys.argv[2])]
some = 1 + len(frames) // 200
due = time.monotonic()
while True:
    for at in range(0, len(frames), some):
        for frame in frames[at:at + some]:
            s.send(frame)
        due += float(sys.argv[3]) * some / len(frames)
        time.sleep(max(0, due - time.monotonic()))
'''


def spray(host, interface, frames, seconds=2):
    """Has a host send whole frames over and over, all of them in so many seconds."""
    path = host.lab.path(f'{host.name}-{interface}.frames')
    with open(path, 'w') as out:
        out.write('\n'.join(bytes(frame).hex() for frame in frames))
    host.start(sys.executable, '-c', SPRAY, interface, path, seconds)


def ask(daemon, where='control', **request):
    """The answer of the engine to a request on one of its sockets."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(os.path.join(daemon.run_dir, where))
        s.sendall(json.dumps(request).encode() + b'\n')
        return json.loads(s.makefile().readline())


def why(daemon, group=None, channel=None):
    """The verdict. What holds of each is looked at here."""
    query = {key: value for key, value in (('group', group), ('channel', channel)) if value}
    answer = ask(daemon, command='why', **query)
    assert answer['ok'] and answer['schema'] == 1, answer
    assert answer['verdict'] == ('flows', 'cause', 'undecided')[answer['exit']], answer
    severities = [one['severity'] for one in answer['findings']]
    assert severities == sorted(severities, key=('fault', 'warning', 'note').index), answer
    assert ('fault' in severities) == (answer['exit'] == CAUSE), answer
    assert answer['candidates'] or not group or answer['exit'] != UNDECIDED, answer
    for one in answer['findings']:
        assert one['text'] and (one['severity'] == 'note' or one['todo']), one
    for one in answer['candidates']:
        assert one['text'] and one['command'] and one['where'], one
    return answer


def codes(answer, key='findings'):
    return [one['code'] for one in answer[key]]


def troubles(answer):
    """The codes of what is no mere note."""
    return [one['code'] for one in answer['findings'] if one['severity'] != 'note']


def wait_verdict(daemon, code, status, words=(), group=None, channel=None, seconds=10):
    """Until `code` is the first finding, with this exit status, and the first line has the words; gives
    the answer. None: no finding that is more than a note."""
    end = time.monotonic() + seconds
    while True:
        answer = why(daemon, group, channel)
        is_first = codes(answer)[:1] == [code] if code else not troubles(answer)
        if is_first and answer['exit'] == status and all(word in answer['first'] for word in words):
            return answer
        if time.monotonic() > end:
            raise AssertionError(f'{group or channel or "the host"}: not {code} ({status}) with {words}, but\n' +
                                 json.dumps(answer, indent=1))
        time.sleep(0.1)


def pages_answer(page, group):
    """What a page, README.md or one of docs/, shows as the answer about a group: the block behind that of
    the command."""
    with open(os.path.join(ROOT, page)) as file:
        blocks = [block.strip() for block in re.findall(r'(?:^    .*\n|^\n(?=    ))+', file.read(), re.M)]
    return blocks[blocks.index(f'mcring-ctl why {group}') + 1]


def without_times(text):
    """And without the line breaks that follow from them."""
    text = re.sub(r'\d\d:\d\d:\d\d\.\d+', 'TIME', text)
    return ' '.join(re.sub(r'\d+(\.\d+)? (s|min|h) ago', 'AGE', text).split())


def says(part, *words):
    """Whether one text of a list has all of the words."""
    return any(all(word in text for word in words) for text in part)
