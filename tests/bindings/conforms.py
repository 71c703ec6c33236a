# SPDX-License-Identifier: BSD-3-Clause
"""A program `conform` as the scenarios drive it; README.md has its commands."""

import os
import select
import subprocess
import tempfile
import time

import shown

SECONDS = 60  # in which each answer must come


class Conform:
    shown = set()  # of the public headers, by all programs of a test (conftest.py)

    def __init__(self, language, wrapper=(), **env):
        self.language, self.wrapper, self.more = language, list(wrapper), env
        self.process = None
        self.start()

    def start(self):
        self.stderr = tempfile.TemporaryFile()
        env = {**os.environ, **self.language.env(), **self.more}
        env.pop('MCRING_RUN_DIR', None)
        self.process = subprocess.Popen(self.wrapper + self.language.argv(), env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.stderr, bufsize=0)
        self.pid, self.rest = self.process.pid, b''

    def is_alive(self):
        return self.process.poll() is None

    def be_ready(self):
        """After a test that ended it, another begins anew."""
        if not self.is_alive():
            self.start()

    def close(self):
        """What is open. A program of which a test did not read every answer ends here."""
        try:
            for name in ('cclose', 'close', 'feed close'):
                assert not self.is_alive() or self.ask(name) == ([], 'ok')
        except AssertionError:
            self.kill()

    def complaints(self):
        """What it wrote to stderr: sanitizers, -Xcheck:jni and exceptions that nobody caught do."""
        self.stderr.seek(0)
        return self.stderr.read().decode(errors='replace')

    def send(self, command):
        if command != 'go':
            self.command = command
        self.process.stdin.write(command.encode() + b'\n')

    def line(self, seconds=SECONDS):
        end = time.monotonic() + seconds
        while b'\n' not in self.rest:
            ready = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]
            if not ready:
                self.kill()
                raise AssertionError(f'{self.language.name}: no answer within {seconds} s\n{self.complaints()}')
            read = os.read(self.process.stdout.fileno(), 1 << 20)
            assert read, f'{self.language.name} ended with {self.process.wait(10)}\n{self.complaints()}'
            self.rest += read
        line, _, self.rest = self.rest.partition(b'\n')
        return line.decode(errors='replace')

    def answer(self):
        """The lines of items, and the last line."""
        items = []
        while True:
            line = self.line()
            if line.split(' ', 1)[0] in ('ok', 'error'):
                Conform.shown |= shown.of_answer(self.command, items, line)
                return items, line
            items.append(line)

    def ask(self, command):
        self.send(command)
        return self.answer()

    def ok(self, command):
        """The values of a command that has no items."""
        items, last = self.ask(command)
        assert items == [] and last.split(' ')[0] == 'ok', (self.language.name, command, items, last)
        return last[3:]

    def error(self, command):
        """(errno's name, text) of a command that fails."""
        items, last = self.ask(command)
        assert items == [] and last.startswith('error '), (self.language.name, command, items, last)
        _, name, text = last.split(' ', 2)
        return name.replace('EOPNOTSUPP', 'ENOTSUP'), text  # one number

    def items(self, command):
        """The items of a poll; their number is its answer."""
        items, last = self.ask(command)
        assert last == f'ok {len(items)}', (self.language.name, command, items, last)
        return items

    def all(self, command='poll 1000'):
        """Polls until nothing is there."""
        items, end = [], time.monotonic() + SECONDS
        while True:
            more = self.items(command)
            if not more:
                return items
            items += more
            assert time.monotonic() < end, (self.language.name, command, more)

    def await_items(self, n, command='poll 1000'):
        """Polls and waits until n items were there."""
        items = self.all(command)
        end = time.monotonic() + SECONDS
        while len(items) < n:
            assert time.monotonic() < end, (self.language.name, items)
            self.ok(('feed ' if command.startswith('feed') else '') + 'wait 1000')
            items += self.all(command)
        return items

    def to_the_end(self, command='poll 1000'):
        """Polls and waits until the engine's end is told; gives what came before."""
        items, end = [], time.monotonic() + SECONDS
        while True:
            more, last = self.ask(command)
            if last == 'error EPIPE -':
                return items
            assert last == f'ok {len(more)}' and time.monotonic() < end, (self.language.name, command, last)
            items += more
            if not more:
                self.ok(('feed ' if command.startswith('feed') else '') + 'wait 1000')

    def end(self):
        """Its input ends, and so does it: with 0 and without a word on stderr."""
        if self.is_alive():
            self.process.stdin.close()
            status = self.process.wait(SECONDS)
            assert (status, self.complaints()) == (0, ''), self.language.name

    def kill(self):
        if self.is_alive():
            self.process.kill()
        self.process.wait()
