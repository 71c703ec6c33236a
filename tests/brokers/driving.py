# SPDX-License-Identifier: BSD-3-Clause
"""Hands units to a broker as mcring-sink does, without an engine: broker_driver.c says how."""

import json
import os
import subprocess

from netlab import _die_with_parent
from programs import BUILD


class Driver:
    """One broker of broker.h, from open until close(). first: what came of open and load."""

    def __init__(self, lab, url, stream='-', name='one', *keys):
        argv = [os.path.join(BUILD, 'tests', 'brokers', 'broker_driver'), url, stream, name, *keys]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, start_new_session=True, preexec_fn=_die_with_parent)
        lab.processes.append(self.process)
        self.checkpoints = 0
        self.first = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        assert line, f'broker_driver ended: {self.process.stderr.read()}'
        return json.loads(line)

    def ask(self, command):
        self.process.stdin.write(f'{command}\n')
        self.process.stdin.flush()
        return self.answer()

    @property
    def position(self):
        """What load found; None = nothing."""
        assert 'loaded' in self.first, self.first
        return self.first['loaded']

    @property
    def failure(self):
        """The errno and the text of an open or a load that failed."""
        assert 'failed' in self.first, self.first
        return self.first['failed']

    def send(self, first, count, octets=64):
        self.ask(f'send {first} {count} {octets}')
        return self.ask('sent')

    def checkpoint(self, text):
        answer = self.ask(f'checkpoint {text}')
        assert answer['taken'], answer
        self.checkpoints += 1
        return answer

    def hand_over(self, first, count, text, octets=64):
        """Sends, writes the position, and waits until it is stored and all given back, or the broker is at its
        end; gives the last answer."""
        self.send(first, count, octets)
        self.checkpoint(text)
        self.ask('wait')
        answer = self.ask(f'stored {self.checkpoints}')
        assert answer['twice'] == 0, answer
        return answer

    def close(self):
        return self.ask('close')
