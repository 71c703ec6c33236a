# SPDX-License-Identifier: BSD-3-Clause
"""Commands over a serial line that loses an octet now and then. What is asked and what is answered
are lines with the MD5 sum of what stands behind it: one that does not fit is asked for again, under
the same number, and the other side (tests/nic/serve) runs no number twice.

    ? SUM NUMBER COMMAND        asked
    + NUMBER                    heard; the answer comes when the command ended
    = SUM NUMBER STATUS BASE64  answered
    !                           not understood"""

import base64
import binascii
import hashlib
import re
import time

HEARD_SECONDS = 5  # in which a line is heard, or comes to its end


class Line:
    def __init__(self, connection):
        self.connection = connection
        self.number = self.repeated = 0
        self.pending = b''

    def run(self, command, seconds):
        """A shell command on the other side, to its end; gives (status, output)."""
        assert '\n' not in command
        self.number += 1
        deadline = time.monotonic() + seconds
        self._ask(command)
        heard = False
        while True:
            line = self._read()
            answer = self._parse(line)
            if answer and answer[0] == self.number:
                if answer[1:]:
                    return answer[1:]
                heard = True
            elif time.monotonic() > deadline:
                raise AssertionError(f'no answer in {seconds} s: {command}')
            elif answer is None and (line or not heard):
                self.repeated += 1
                self._ask(command)
                heard = False

    def _ask(self, command):
        text = f'{self.number} {command}'.encode()
        self.connection.settimeout(60)
        self.connection.sendall(b'? %s %s\n' % (_sum(text), text))

    def _read(self):
        """A line, or what there is of one when no more comes."""
        while b'\n' not in self.pending:
            self.connection.settimeout(HEARD_SECONDS)
            try:
                data = self.connection.recv(65536)
            except TimeoutError:
                line, self.pending = self.pending, b''
                return line
            if not data:
                raise ConnectionError(f'the line is closed after {self.pending}')
            self.pending += data
        line, _, self.pending = self.pending.partition(b'\n')
        return line

    @staticmethod
    def _parse(line):
        """(number,) of what was heard, (number, status, output) of an answer, else None."""
        heard = re.fullmatch(rb'\+ (\d+)', line)
        if heard:
            return (int(heard[1]),)
        found = re.fullmatch(rb'= (\w+) ((\d+) (\d+) (\S*))', line)
        if not found or found[1] != _sum(found[2]):
            return None
        try:
            return int(found[3]), int(found[4]), base64.b64decode(found[5], validate=True)
        except binascii.Error:
            return None


def _sum(data):
    return hashlib.md5(data).hexdigest().encode()
