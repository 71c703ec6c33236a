# SPDX-License-Identifier: BSD-3-Clause
"""mcring-gen, on this host or on another one. It is started for each burst. Each start bounds what it
sends, and if the way to it breaks, it ends."""

import contextlib
import json
import os
import shlex
import subprocess
import threading

from . import process
from .process import Failure

# Its search asks for the receiver's count over its own standard streams: so the way to the sender is
# all that is needed, and none leads back.
ASK = 'echo "count? $MCR_SENT" >&2; read n; echo "$n"'
END_SECONDS = 10    # for what is on the way to its port
START_SECONDS = 60  # for EAL, its link and the settle time


class Sender:
    def __init__(self, words, settle, vlan=0, max_rate=0):
        self.words = words
        self.more = ['--json', '--until-eof', '--settle', settle, *(['--vlan', vlan] if vlan else [])]
        self.settle = settle
        self.max_rate = max_rate
        self.sent = 0  # in all
        program = next((i for i, word in enumerate(words) if word.endswith('mcring-gen')), 0)
        self.version = [*words[:program + 1], '--version']

    def argv(self, args):
        args = [str(word) for word in (*args, *self.more)]
        if os.path.basename(self.words[0]) == 'ssh':  # there a shell reads them once more
            args = [shlex.quote(word) for word in args]
        return [*self.words, *args]

    def rate(self, rate):
        """As it may be: 0 is as fast as it can."""
        if self.max_rate:
            rate = min(rate or self.max_rate, self.max_rate)
        return rate or 'max'

    def start(self, groups, rate, size=100, **much):
        """much: count or duration. See Sending."""
        assert much.keys() & {'count', 'duration'}, 'all that is sent has a bound'
        args = ['--rate', self.rate(rate), '--size', size]
        for group in groups:
            args += ['--group', group]
        for name, value in much.items():
            args += [f'--{name}', value]
        return Sending(self, self.argv(args))

    def send(self, groups, rate, size=100, **much):
        """Gives mcring-gen's account."""
        seconds = much.get('duration') or much['count'] / (self.max_rate or rate or 10_000)
        return self.start(groups, rate, size, **much).wait(seconds)

    def search(self, groups, size, count, effort):
        """The highest rate without loss (RFC 2544 §26.1). count(sent) gives what was received so
        far, of which a trial has sent so much."""
        args = ['--search', '--received-by', ASK, '--rate', self.rate(0), '--size', size,
                '--duration', effort.trial, '--confirm', effort.confirm, '--resolution',
                effort.resolution, '--repeat', effort.repeat]
        for group in groups:
            args += ['--group', group]
        return Sending(self, self.argv(args), count).wait(3600)


class Sending:
    """One run of mcring-gen. Without count nobody writes to it."""

    def __init__(self, sender, argv, count=None):
        self.sender, self.argv = sender, argv
        self.process = process.start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True, bufsize=1)
        self.lines, self.out = [], []
        self.count = count
        self.reader = threading.Thread(target=lambda: self.out.extend(self.process.stdout),
                                       daemon=True)
        self.reader.start()

    def stop(self):
        """Ends it by the end of its input, which also reaches another host."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.process.stdin.close()
            self.process.wait(END_SECONDS)
        process.stop(self.process)

    def wait(self, seconds):
        """Until its end, for at most so many seconds after its start-up; gives its account."""
        wait = START_SECONDS + self.sender.settle + 2 * seconds
        guard = threading.Timer(wait, self.process.kill)
        guard.daemon = True
        try:
            guard.start()
            for line in self.process.stderr:
                if self.count and line.startswith('count? '):
                    with contextlib.suppress(OSError):  # it is gone, and its status says why
                        self.process.stdin.write(f'{self.count(int(line.split()[1]))}\n')
                        self.process.stdin.flush()
                else:
                    self.lines.append(line.strip())
            status = self.process.wait()
        finally:
            guard.cancel()
            process.stop(self.process)
        self.reader.join(5)
        if status:
            said = [line for line in self.lines if line.startswith('mcring-gen: ')] or self.lines
            raise Failure(f'the sender: {said[-1] if said else f"ended with {status}"}')
        try:
            account = json.loads(self.out[-1])
        except (IndexError, ValueError):
            raise Failure(f'the sender gave no account: {" ".join(self.argv)}') from None
        self.sender.sent += account['sent'] if 'sent' in account else sum(
            trial['sent'] for trial in account['trials'])
        return account
