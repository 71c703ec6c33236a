# SPDX-License-Identifier: BSD-3-Clause
"""A run of mcring-replay with its readers, and captures for it."""

import json
import os
import shlex
import subprocess

from frames import multicast, write_pcap
from programs import BUILD, CAT

REPLAY = os.path.join(BUILD, 'tools', 'mcring-replay')


class Replay:
    """A run of mcring-replay, with a run directory of its own."""

    def __init__(self, folder, *args, stdin=subprocess.DEVNULL):
        self.env = dict(os.environ, MCRING_RUN_DIR=str(folder / 'run'))
        self.process = subprocess.Popen([REPLAY, *map(str, args)], env=self.env, stdin=stdin, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert shlex.split(self.process.stdout.readline()) == ['export', f'MCRING_RUN_DIR={folder}/run']

    def start_cat(self, *args, **kwargs):
        return subprocess.Popen([CAT, '--from', 'oldest', *args], env=self.env, stdout=subprocess.PIPE, **kwargs)

    def messages(self):
        """What a reader gets until all has been sent."""
        out, _ = self.start_cat('--format', 'json', stderr=subprocess.DEVNULL).communicate(timeout=30)
        return [json.loads(line) for line in out.splitlines()]

    def end(self):
        """Its lines at the end."""
        _, err = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, err
        return err


def write(path, *args, **kwargs):
    write_pcap(str(path), *args, **kwargs)
    return path


def numbered(n, first=0, **kwargs):
    return [multicast(b'%06d' % i, **kwargs) for i in range(first, first + n)]


def numbers_in(messages):
    return [int(bytes.fromhex(m['data'])) for m in messages]
