# SPDX-License-Identifier: BSD-3-Clause
"""The recipe of docs/operating.md: two daemons, one for each line of a feed, are upgraded one after the
other, by the very commands of that page, while a reader of both loses nothing."""

import json
import os
import re
import subprocess
import threading

import pytest

from netlab import wait_for
from programs import BUILD, CTL, MCRING, ROOT, Daemon

SENDER, READER, READER_NEXT, MCRING_NEXT = (
    os.path.join(BUILD, 'tests', 'net', name)
    for name in ('feed_sender', 'feed_truth', 'feed_truth_next', 'mcring-next'))
ENGINES = ('feed-a', 'feed-b')  # as that page has them
TAKEN = b'\x01'                 # of feed_truth: handed out, each once
RATE = 4000                     # messages a second

CONFIG = '''
name: {name}
run_dir: {run_dir}
idle: adaptive
keep_memberships: yes
interfaces:
  - {{name: feed, port: net_af_packet{n}, address: 10.0.{n}.2/24}}
channels:
  - {{name: md, bytes: 2M}}
feeds:
  - name: truth
    declaration: moldudp64
    gap_timeout: 20ms
    silence: 60s
    window: 65536
    lines:
      - {{engine: feed-a, channel: md, joins: [{{groups: ['239.1.1.1:5000'], interface: feed}}]}}
      - {{engine: feed-b, channel: md, joins: [{{groups: ['239.1.1.2:5000'], interface: feed}}]}}
'''


def recipe():
    with open(os.path.join(ROOT, 'docs', 'operating.md')) as page:
        return re.search(r'(?m)^    readers\(\) .*\n(    .*\n)*?    done\n', page.read()).group()


class Pair:
    """Two daemons, and a sender of both lines that never pauses."""

    def __init__(self, lab):
        self.lab = lab
        self.tx, self.rx = lab.namespace('tx'), lab.namespace('rx')
        self.daemons = {}
        for n, name in enumerate(ENGINES):
            lab.wire(self.tx, f'eth{n}', self.rx, f'eth{n}')
            self.tx.run('ip', 'addr', 'add', f'10.0.{n}.1/24', 'dev', f'eth{n}')
            self.tx.run('ip', 'route', 'replace', '224.0.0.0/4', 'dev', f'eth{n}')
            path = lab.path(f'{name}.yaml')
            with open(path, 'w') as file:
                file.write(CONFIG.format(name=name, run_dir=lab.path(name), n=n))
            self.daemons[name] = Daemon(lab, self.rx, '--config', path, name=name,
                                        vdev=f'net_af_packet{n},iface=eth{n},framecnt=4096')
        self.sent = lab.path('sent')
        self.sender = self.start(self.tx, SENDER, self.sent, 1, 0, 0, 'eth0', 'eth1')

    @staticmethod
    def start(host, *argv):
        return host.start(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, ms=200):
        """Sends for so long; gives the number that is next."""
        print(ms, RATE, file=self.sender.stdin, flush=True)
        return json.loads(self.sender.stdout.readline())['next']

    def read(self, program):
        reader = self.start(self.rx, program, self.daemons[ENGINES[0]].run_dir, 'truth', self.lab.path('fates'))
        assert reader.stdout.readline() == 'ready\n'
        return reader

    @staticmethod
    def report(reader):
        print(file=reader.stdin, flush=True)
        return json.loads(reader.stdout.readline())

    def lost_nothing(self, reader):
        """All that was sent was handed out, each message once and in order."""
        last = self.send()
        wait_for(lambda: self.report(reader)['next'] == last, 20, 'all is handed out or given up')
        seen = self.report(reader)
        assert seen['wrong'] == 0 and seen['gap_messages'] == 0, seen
        with open(self.lab.path('fates'), 'rb') as fates:
            assert fates.read() == TAKEN * (last - 1)
        return seen

    def shims(self, program):
        """Stand-ins for what is installed: the program, mcring-ctl, and a systemd that has our daemons."""
        folder = self.lab.path('bin')
        os.makedirs(folder, exist_ok=True)
        self.orders, self.answers = (self.lab.path(name) for name in ('orders', 'answers'))
        for path in (self.orders, self.answers):
            if not os.path.exists(path):
                os.mkfifo(path)
        for name, text in (('mcring', f'exec {program} "$@"'),
                           ('mcring-ctl', f'[ "$1" = --name ] && exec {CTL} --run-dir {self.lab.dir}/"$2" "${{@:3}}"'),
                           ('systemctl', f'echo "$*" >{self.orders}; read -r answer <{self.answers}; $answer')):
            with open(os.path.join(folder, name), 'w') as file:
                file.write(f'#!/bin/bash\n{text}\n')
            os.chmod(file.name, 0o755)
        return folder

    def obey(self, words, program):
        """What systemctl was asked for."""
        verb, unit = words
        daemon = self.daemons[unit.removeprefix('mcring@')]
        daemon.argv = [program if word in (MCRING, MCRING_NEXT) else word for word in daemon.argv]
        daemon.stop()
        with open(self.answers, 'w') as answer:
            answer.write('true\n')  # earlier than systemd, so that the recipe has to wait
        daemon.start()
        return verb, unit

    def upgrade(self, program):
        """Runs the recipe while data flows; gives what systemctl was asked for, and the warnings. Daemons end
        with the thread that started them: this one."""
        folder, ordered, ended = self.shims(program), [], threading.Event()
        script = f'{recipe().replace("/etc/mcring/", f"{self.lab.dir}/")}\necho end >{self.orders}'
        run = self.rx.start('env', f'PATH={folder}:{os.environ["PATH"]}', 'bash', '-c', script,
                            stderr=subprocess.PIPE, text=True)

        def send_on():
            while not ended.is_set():
                self.send()

        sending = threading.Thread(target=send_on)
        sending.start()
        try:
            while True:
                with open(self.orders) as orders:
                    words = orders.read().split()
                if words == ['end']:
                    said = run.communicate(timeout=10)[1]
                    return ordered, [line for line in said.splitlines() if 'warning' in line]
                ordered.append(self.obey(words, program))
        finally:
            ended.set()
            sending.join()


@pytest.fixture
def pair(lab):
    return Pair(lab)


BOTH = [('restart', 'mcring@feed-a'), ('restart', 'mcring@feed-b')]


def test_a_reader_of_two_daemons_loses_nothing_while_each_is_upgraded(pair):
    reader = pair.read(READER)
    pair.send()
    assert pair.upgrade(MCRING) == (BOTH, [])
    lines = pair.lost_nothing(reader)['lines']
    assert all(line['up'] and line['first'] > 0 for line in lines)
    reader.stdin.close()
    assert reader.wait(10) == 0


def test_across_a_change_of_format_readers_go_first_and_who_does_not_is_named(pair):
    reader = pair.read(READER_NEXT)
    old = pair.daemons['feed-a'].cat('--channel', 'md')
    pair.send()
    wait_for(lambda: len(pair.daemons['feed-a'].stats()['consumers']) == 2, 10, 'both read')
    told = {one['label']: (one['attach_oldest'], one['attach_newest'])
            for one in pair.daemons['feed-a'].stats()['consumers']}
    assert told.pop('mcring-cat') == (2, 2) and list(told.values()) == [(2, 3)]

    ordered, said = pair.upgrade(MCRING_NEXT)
    assert ordered == [], 'the recipe ends before the first restart'
    assert said == [f'mcring: warning: reader "mcring-cat" (pid {old.process.pid}, user root, channel "md") would be '
                    'left behind: its library reads attach version 2, this mcring speaks 3: build it with this '
                    "version's libmcring-client first"]
    old.process.terminate()
    assert old.wait()[0] == 0
    wait_for(lambda: len(pair.daemons['feed-a'].stats()['consumers']) == 1, 10, 'it is gone')

    assert pair.upgrade(MCRING_NEXT) == (BOTH, [])
    assert all(line['up'] for line in pair.lost_nothing(reader)['lines'])
    refused = pair.daemons['feed-a'].cat('--channel', 'md')
    assert refused.wait()[0] != 0
    assert 'the engine speaks attach version 3, the client library 2' in refused.errors
    reader.stdin.close()
    assert reader.wait(10) == 0
