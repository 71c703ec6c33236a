# SPDX-License-Identifier: BSD-3-Clause
"""A feed against the truth of its sender, which writes down what it lost itself on each line, and what
it sent late: each number is handed out once or given up, and nothing that came is given up without
saying so later. Two engines, one for each line. mcring-watch is beside the reader, records, and counts the same.
MCR_TRUTH_SECONDS (12) is how long it is sent."""

import collections
import json
import os
import re
import signal
import struct
import subprocess
import time

import pytest

from netlab import wait_for
from programs import BUILD, Daemon
from watching import File, Watch

SECONDS = int(os.environ.get('MCR_TRUTH_SECONDS', '12'))
STOP_SECONDS = int(os.environ.get('MCR_STOP_SECONDS', '1'))
SEED = int(os.environ.get('MCR_TRUTH_SEED', '1'))
EXAMPLE = os.path.join(BUILD, 'examples', 'feed')
SENDER, READER = (os.path.join(BUILD, 'tests', 'net', name) for name in ('feed_sender', 'feed_truth'))
RATE, HIGH_RATE = 20_000, 100_000  # messages a second
RING_BYTES = 2 << 20
LEAST = 128        # octets of a ring that a packet takes, at least
LOOKS_S = 0.5      # an engine looks at its ports each 100 ms
PACK_MAX = 5       # messages of a packet
LOSS = 20          # of 1,000 packets
DELAY_US = 2000    # of a tenth of them, at most
A, B = 1, 2        # bits of the sender's truth
TAKEN, WIRE, HOST, RING, LATE = 1, 2, 4, 8, 16  # bits of the reader's
LINE_DOWN, LINE_UP = 6, 7  # enum mcr_feed_kind

# What is missing may still come within the timeout of a machine that is not busy: where it does not,
# FILLED_LATE says so.
CONFIG = '''
idle: adaptive
interfaces:
  - {{name: feed, port: net_af_packet{n}, address: 10.0.{n}.2/24}}
channels:
  - {{name: md, bytes: 2M}}
feeds:
  - name: truth
    declaration: moldudp64
    gap_timeout: 20ms
    silence: 60s  # the sender has pauses
    window: 65536
    lines:
      - {{engine: {engines[0]}, channel: md, joins: [{{groups: ['239.1.1.1:5000'], interface: feed}}]}}
      - {{engine: {engines[1]}, channel: md, joins: [{{groups: ['239.1.1.2:5000'], interface: feed}}]}}
'''


class Truth:
    def __init__(self, lab):
        self.lab = lab
        self.tx, self.rx = lab.namespace('tx'), lab.namespace('rx')
        engines = [f't{os.getpid()}_{letter}' for letter in 'ab']
        self.daemons = []
        for n, engine in enumerate(engines):
            self.wire(n)
            path = lab.path(f'{engine}.yaml')
            with open(path, 'w') as file:
                file.write(CONFIG.format(n=n, engines=engines))
            # Both rx lcores have CPU 1; the sender and the reader are on the other.
            self.daemons.append(Daemon(lab, self.rx, '--config', path, name=engine,
                                       vdev=f'net_af_packet{n},iface=eth{n},framecnt=4096'))
        self.watch = Watch(lab.path(''), [one.run_dir for one in self.daemons], '--record',
                           f'all,dir={lab.path("")},megabytes=64,after=1ms,on=recorder')
        wait_for(lambda: (self.watch.feed('truth') or {}).get('open'), 20, 'the watch has the feed')
        wait_for(lambda: sum(one['attached'] for one in self.watch.stats()['channels']) == 2, 20, 'and the channels')
        self.away, self.checked = [], 0
        self.missed_before = [0, 0]
        self.sent, self.fates = lab.path('sent'), lab.path('fates')
        self.reader = self.start(self.rx, READER, self.daemons[0].run_dir, 'truth', self.fates)
        assert self.reader.stdout.readline() == 'ready\n'
        with open(lab.path('example'), 'w') as out:
            self.example = self.rx.start('stdbuf', '-oL', EXAMPLE, 'truth', stdout=out, env={
                **os.environ, 'MCRING_RUN_DIR': self.daemons[0].run_dir})
        self.sender = self.start(self.tx, SENDER, self.sent, SEED, LOSS, DELAY_US, 'eth0', 'eth1')

    @staticmethod
    def start(host, *argv):
        return host.start(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def wire(self, n):
        self.lab.wire(self.tx, f'eth{n}', self.rx, f'eth{n}')
        self.tx.run('ip', 'addr', 'add', f'10.0.{n}.1/24', 'dev', f'eth{n}')
        self.tx.run('ip', 'route', 'replace', '224.0.0.0/4', 'dev', f'eth{n}')

    def send(self, seconds, rate=RATE):
        """Starts to send; done() waits for the end."""
        print(int(seconds * 1000), rate, file=self.sender.stdin, flush=True)

    def done(self):
        self.account = json.loads(self.sender.stdout.readline())
        return self.account

    def report(self):
        print(file=self.reader.stdin, flush=True)
        return json.loads(self.reader.stdout.readline())

    def settled(self):
        """The reader's report when it has come to the end of what was sent, which heartbeats have said."""
        def is_through():
            self.seen = self.report()
            return self.seen['next'] == self.account['next'] and not self.seen['held']

        wait_for(is_through, 30, f'all is handed out or given up, up to {self.account["next"]}')
        time.sleep(LOOKS_S)  # what the ports have lost is known by then
        self.seen = self.report()
        return self.seen

    def check(self, away=0, under_way=0):
        """Of each number from the first on: what became of it agrees with what was sent. away: bits of
        lines that had no engine for a part of the last run: what was sent on them alone may be missing.
        under_way: numbers that were given up when the reader was stopped, and came late in what it missed."""
        with open(self.sent, 'rb') as sent, open(self.fates, 'rb') as fates:
            sent, fates = bytearray(sent.read()), fates.read()
        assert len(sent) == len(fates) == self.account['next'] - 1
        assert self.seen['wrong'] == 0, self.seen
        self.away.append((self.checked, len(sent), away))
        self.checked = len(sent)
        for first, end, lines in self.away:
            for n in range(first, end) if lines else ():
                if not sent[n] & ~lines and not fates[n] & (TAKEN | LATE):
                    sent[n] = 0
        kinds = collections.Counter(zip(sent, fates))
        # On no line, so given up; on one at least, so taken, or late, or lost in this host. Of more gaps than
        # the feed remembers it does not say later that a port may have lost them.
        unsaid = 0
        for (lines, fate), n in kinds.items():
            of = n, lines, fate, self.around(sent, fates, lines, fate)
            if not lines:
                assert fate in (WIRE, HOST, RING), of
            elif not fate & (TAKEN | LATE | HOST | RING):
                unsaid += n
                assert unsaid <= under_way + PACK_MAX * sum(map(self.missed, range(2))), of
            assert bool(fate & TAKEN) != bool(fate & (WIRE | HOST | RING)), of
        given_up = sum(n for (_, fate), n in kinds.items() if not fate & TAKEN)
        assert self.seen['messages'] + given_up == len(sent)
        assert self.seen['gap_messages'] == given_up
        return kinds

    def around(self, sent, fates, lines, fate):
        """What was sent and what became of it where this is the first of its kind; what the ports lost."""
        at = next(n for n, pair in enumerate(zip(sent, fates)) if pair == (lines, fate))
        near = slice(max(0, at - 8), at + 16)
        return f'{at + 1}: {list(zip(sent[near], fates[near]))}, missed {[self.missed(n) for n in range(2)]}'

    def missed(self, n):
        """Packets that the port lost, also in lives of its engine before a restart()."""
        return self.missed_before[n] + sum(port['rx_missed'] for port in self.daemons[n].stats()['ports'])

    def restart(self, n):
        self.missed_before[n] = self.missed(n)
        self.daemons[n].restart()

    def check_lost(self, n):
        """What the feed says that a line lost is what was not sent on it. A port that lost packets on a busy
        machine says how many; each had some messages."""
        lost = self.seen['lines'][n]['lost'] - self.account['lost'][n]
        packets = self.missed(n)
        assert packets <= lost <= PACK_MAX * packets, (self.seen, self.account, packets)

    def check_recorded(self):
        """What the watch has recorded of a line is what was sent on it, but for what the port lost."""
        path, = self.watch.snap('all')
        file, found = File(path), ({}, {})
        for _, name, octets in file.packets:
            first, count = struct.unpack_from('>QH', octets, 10)
            found['AB'.index(name[-1])].update(dict.fromkeys(range(first, first + count)))
        with open(self.sent, 'rb') as sent:
            sent = sent.read()
        assert file.drops == 0 and not sum(one['lost'] for one in self.watch.stats()['channels'])
        for n in range(2):
            expected = {i + 1 for i, lines in enumerate(sent) if lines & 1 << n}
            assert found[n].keys() <= expected and len(expected) - len(found[n]) <= PACK_MAX * self.missed(n)

    def check_watched(self):
        """Each number came, or was given up."""
        def is_through():
            self.watched = self.watch.feed('truth')
            return self.watched['messages'] + self.watched['gap_messages'] - self.watched['late_messages']

        wait_for(lambda: is_through() == self.account['next'] - 1, 20, 'the watch counts all numbers')
        assert self.watched['resets'] == self.watched['implausible'] == self.watched['mismatches'] == 0
        assert all(line['downs'] >= (0, 2)[n] and line['up'] for n, line in enumerate(self.watched['lines']))
        assert 'blind: ' in self.watch.log() and self.watch.alarms()['silence'] == 0
        assert self.watch.stop() == 0

    def delivered(self):
        return [daemon.stats()['delivered'] for daemon in self.daemons]


    def example_said(self):
        """[(what, first, last)] of the numbers that the handler of docs/feeds.md printed."""
        with open(self.lab.path('example')) as lines:
            found = [re.match(r'0: (|gap |lost )(\d+)([+-])(\d+)', line) for line in lines]
        return [(one[1].strip(), int(one[2]), int(one[4]) if one[3] == '-' else int(one[2]) + int(one[4]) - 1)
                for one in found if one]


@pytest.fixture
def truth(lab):
    return Truth(lab)


def test_what_was_sent_is_handed_out_or_given_up(truth):
    # Both lines lose and are late.
    truth.send(SECONDS / 3)
    truth.done()
    seen = truth.settled()
    kinds = truth.check()
    assert sum(n for (lines, _), n in kinds.items() if not lines) > 0, 'some are lost on both lines'
    assert not any(fate & RING for _, fate in kinds)
    for n, line in enumerate(seen['lines']):
        assert line['up'] and line['unsettled'] == 0, seen
        truth.check_lost(n)
        assert line['first'] > 0 and line['out_of_order'] > 0
    truth.check_recorded()
    ends = seen['kinds']

    # The port of B is removed, which ends its engine, and is back; then that engine is restarted.
    truth.send(SECONDS / 3)
    time.sleep(SECONDS / 24)
    truth.rx.run('ip', 'link', 'del', 'eth1')
    assert truth.daemons[1].process.wait(10) == 3
    wait_for(lambda: truth.report()['kinds'][LINE_DOWN] > ends[LINE_DOWN], 5, 'B is down')
    truth.wire(1)
    truth.daemons[1].start()
    truth.done()
    truth.settled()
    truth.check(away=B)
    truth.send(SECONDS / 6)
    time.sleep(SECONDS / 24)
    truth.restart(1)
    truth.done()
    truth.settled()
    truth.check(away=B)
    truth.check_lost(0)  # A was not concerned

    # The reader is stopped until it is lapped: its loss, not the wire's.
    before = truth.check()
    truth.send(STOP_SECONDS + SECONDS / 6, HIGH_RATE)
    time.sleep(SECONDS / 24)
    truth.reader.send_signal(signal.SIGSTOP)
    delivered = truth.delivered()
    time.sleep(STOP_SECONDS)
    wait_for(lambda: all(now - then > RING_BYTES / LEAST for now, then in zip(truth.delivered(), delivered)), 20,
             'the rings went round')
    truth.reader.send_signal(signal.SIGCONT)
    truth.done()
    seen = truth.settled()
    after = truth.check(under_way=HIGH_RATE * DELAY_US // 1_000_000)

    def lost(kinds, whose):
        return sum(n for (lines, fate), n in kinds.items() if lines and fate & whose and not fate & LATE)

    # A machine that is busy may keep an engine's control thread waiting: that is down, too.
    assert seen['kinds'][LINE_UP] >= ends[LINE_UP] + 2 and seen['lines'][1]['up'], 'B came back twice'
    assert all(line['ring_lost'] > 0 for line in seen['lines']), str(seen)
    assert lost(after, RING) > lost(before, RING)
    def example_is_through():
        return truth.example_said()[-1][2] == truth.account['next'] - 1

    # The handler of the documentation was there all the time.
    wait_for(example_is_through, 10, 'it has handled all')
    said = truth.example_said()
    assert all(first == last + 1 for (_, _, last), (_, first, _) in zip(said, said[1:]))
    assert {'', 'gap'} <= {what for what, _, _ in said} and truth.example.poll() is None
    truth.check_watched()
    truth.sender.stdin.close()
    truth.reader.stdin.close()
    assert truth.reader.wait(10) == 0 and truth.sender.wait(10) == 0
