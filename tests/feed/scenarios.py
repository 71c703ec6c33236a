# SPDX-License-Identifier: BSD-3-Clause
"""Feeds and what is handed out of them: each scenario has its packets, and by hand the events that are
expected, the numbers that are handed out, and some counters. Events are written as items.h prints them;
times are in microseconds."""
import re

from reference import Config, Packet

A, B = 0, 1
MS = 1000  # of microseconds
ALL = []


class Scenario:
    """ops: (time in us, operation...), as they are done. Before each packet the arbiter's time is the
    packet's, unless the scenario sets the time itself (`own_time`)."""

    def __init__(self, make):
        self.name, self.text = make.__name__, make.__doc__
        self.config, self.ops, self.own_time = Config(), [], False
        self.events, self.handed_out, self.counters, self.lines = [], [], {}, {}
        make(self)
        if not self.own_time:
            self.ops.sort(key=lambda op: op[0])  # stable: what is written first comes first
        ALL.append(self)

    def feed(self, **config):
        self.config = Config(**{'silence_ns': 0} | config)

    def put(self, us, line, kind, seq=0, count=None, **more):
        self.ops.append((us, 'put', line, Packet(kind, seq, count, **more)))

    def data(self, us, line, seq, count=1, **more):
        self.put(us, line, 'data', seq, count, **more)

    def run(self, us, line, numbers, every=100, **more):
        """A packet of one message each `every` us."""
        for i, seq in enumerate(numbers):
            self.data(us + i * every, line, seq, **more)

    def op(self, us, *what):
        self.ops.append((us, *what))

    def expect(self, *events, handed_out, lines=None, **counters):
        """handed_out: runs of numbers (first, last), in order, of all streams. Numbers are those of the wire,
        and go on behind its highest: those of fewer than 64 bits begin in the second turn."""
        c = self.config
        turn = (1 << c.bits) - c.wraps_to_one if c.bits < 64 else 0
        self.events = [later(e, turn) for e in events]
        self.handed_out = [(first + turn, last + turn) for first, last in handed_out]
        self.lines, self.counters = lines or {}, counters


def later(event, turn):
    event = re.sub(r'^((?:start|mismatch|implausible) \d+ \d+|end \d+) (\d+)', lambda m: f'{m[1]} {int(m[2]) + turn}', event)
    return re.sub(r'(\d+)(\.\.|->)(\d+)', lambda m: f'{int(m[1]) + turn}{m[2]}{int(m[3]) + turn}', event)


def scenario(make):
    return Scenario(make)


ORIGIN = 1_000_000  # microseconds: there is no time 0


def perform(s, put, time, other):
    """Calls for each operation of a scenario; nanoseconds."""
    for us, what, *args in s.ops:
        us += ORIGIN
        if what == 'put':
            if not s.own_time:
                time(us * 1000)
            put(us * 1000, *args)
        elif what == 'time':
            time(us * 1000)
        else:
            if not s.own_time:
                time(us * 1000)
            other(what, *args)


# ---- two lines, RTP: 236 packets, one each 30 ms; B is 12 us behind A ----

RTP = 59133


def rtp(s, lost=((), ()), first=RTP, lines=(A, B), move=None, until=236):
    """Packets 0 to 235 on each line but for those lost; move: (line, packet, behind which it comes)."""
    for line in lines:
        for i in range(until):
            if i in lost[line]:
                continue
            us = i * 30 * MS + 12 * line
            if move and move[:2] == (line, i):
                us = move[2] * 30 * MS + 12 * line + 1
            s.data(us, line, (first + i) % 65536)


@scenario
def clean_pair(s):
    """The same on both lines."""
    s.feed(bits=16, silence_ns=100_000_000)
    rtp(s)
    s.expect('start 0 0 59133 at=0',
             handed_out=[(59133, 59368)], gaps=0, switches=0,
             lines={A: dict(first=236, lost=0), B: dict(first=0, duplicates=236, lost=0)})


@scenario
def loss_on_a(s):
    """A loses 10, 50 to 52, 200: B fills all. Three in a row are 120 ms of silence."""
    s.feed(bits=16, silence_ns=100_000_000)
    rtp(s, lost=((10, 50, 51, 52, 200), ()))
    s.expect('start 0 0 59133 at=0', 'down 0 silent at=1570000', 'up 0 at=1590000',
             handed_out=[(59133, 59368)], gaps=0, switches=6,
             lines={A: dict(first=231, lost=5), B: dict(first=5, duplicates=231, lost=0)})


@scenario
def loss_on_both(s):
    """Both lose 100 to 103, A also 104, B also 99. The gap is of 100 to 103 only, and is declared as soon
    as the lines that are up have passed it. That is at 104 on B: A is down by its silence."""
    s.feed(bits=16, silence_ns=100_000_000)
    rtp(s, lost=((100, 101, 102, 103, 104), (99, 100, 101, 102, 103)))
    s.expect('start 0 0 59133 at=0', 'down 1 silent at=3040012', 'down 0 silent at=3070000', 'silence at=3070000',
             'up 1 at=3120012', 'silence-end at=3120012',
             'gap 0 59233..59236 passed wire opened=3120012 at=3120012', 'up 0 at=3150000',
             handed_out=[(59133, 59232), (59237, 59368)], gaps=1, gap_messages=4, switches=2,
             lines={A: dict(first=231, lost=5), B: dict(first=1, duplicates=230, lost=5)})


@scenario
def loss_on_both_while_all_is_up(s):
    """The same without silence: the gap waits until A, too, has passed it."""
    s.feed(bits=16, gap_timeout_ns=1_000_000_000)
    rtp(s, lost=((100, 101, 102, 103, 104), (99, 100, 101, 102, 103)))
    s.expect('start 0 0 59133 at=0', 'gap 0 59233..59236 passed wire opened=3120012 at=3150000',
             handed_out=[(59133, 59232), (59237, 59368)], gaps=1, gap_messages=4)


@scenario
def reorder_on_one_line(s):
    """Packet 30 comes after 33, within the reorder allowance: held, in order, no gap."""
    s.feed(n_lines=1, bits=16, gap_timeout_ns=100_000_000, reorder=8, silence_ns=100_000_000)
    rtp(s, lost=((), ()), lines=(A,), move=(A, 30, 33))
    s.expect('start 0 0 59133 at=0',
             handed_out=[(59133, 59368)], gaps=0, lines={A: dict(first=236, out_of_order=1, lost=0)})


@scenario
def line_down_then_silence(s):
    """A dies after packet 59. B goes on to 119, is silent for 30 packets, comes back at 150. The gap is
    declared as soon as B, the only line that is up, has passed it."""
    s.feed(bits=16, silence_ns=150_000_000)
    rtp(s, lost=(range(60, 236), range(120, 150)))
    s.expect('start 0 0 59133 at=0', 'down 0 silent at=1920000', 'down 1 silent at=3720012', 'silence at=3720012',
             'up 1 at=4500012', 'silence-end at=4500012',
             'gap 0 59253..59282 passed wire opened=4500012 at=4500012',
             handed_out=[(59133, 59252), (59283, 59368)], gaps=1, gap_messages=30, silences=1,
             lines={A: dict(first=60, lost=0), B: dict(first=146, duplicates=60, lost=30)})


@scenario
def payload_mismatch(s):
    """B's packet 77 has other octets: A's copy stands."""
    s.feed(bits=16, silence_ns=100_000_000, compare=1)
    rtp(s, lost=((), (77,)))
    s.data(77 * 30 * MS + 12, B, RTP + 77, payload=1)
    s.expect('start 0 0 59133 at=0', 'mismatch 0 1 59210 first=0 at=2310012',
             handed_out=[(59133, 59368)], mismatches=1, lines={B: dict(duplicates=235, mismatches=1)})


@scenario
def wrap_of_16_bits(s):
    """65535 is followed by 0. A loses 34 to 37 around it, B's 65535 comes after 2: all is handed out."""
    s.feed(bits=16, gap_timeout_ns=100_000_000, reorder=8, silence_ns=100_000_000)
    rtp(s, lost=((34, 35, 36, 37), ()), first=65500, move=(B, 35, 38))
    s.expect('start 0 0 65500 at=0', 'down 0 silent at=1090000', 'up 0 at=1140000',
             handed_out=[(65500, 65735)], gaps=0, switches=2,
             lines={A: dict(first=232, lost=4), B: dict(first=4, duplicates=232, out_of_order=1, lost=0)})


@scenario
def heartbeat_shows_loss_at_the_tail(s):
    """MoldUDP64: the last two of 38 are lost on both lines, and the heartbeat's next number shows it.
    The end of the session advances nothing. Each line has lost two."""
    s.feed()
    for line in A, B:
        s.run(5 * line, line, range(19009117, 19009153))
        s.put(4700, line, 'heartbeat', 19009155)
        s.put(5700, line, 'end', 19009155)
    s.expect('start 0 0 19009117 at=0', 'gap 0 19009153..19009154 passed wire opened=4700 at=4700',
             'end 0 19009155 at=5700',
             handed_out=[(19009117, 19009152)], gaps=1, gap_messages=2,
             lines={A: dict(heartbeats=1, ended=1, lost=2), B: dict(heartbeats=1, ended=1, lost=2)})


def restart(s, old, new=range(1, 21), behind=350, **more):
    for line in A, B:
        s.run(behind * line, line, old)
        s.run(behind * line + 100 * len(old), line, new, **more)


@scenario
def restart_without_a_word(s):
    """From 500019 to 1; B is 350 us behind. One reset; what B still sends of the old run is stale."""
    s.feed()
    restart(s, range(500000, 500020))
    s.expect('start 0 0 500000 at=0', 'reset 0 0 500020->1 implicit at=2200',
             handed_out=[(500000, 500019), (1, 20)], gaps=0, resets=1,
             lines={A: dict(first=40), B: dict(first=0, duplicates=39, stale=1)})


@scenario
def without_a_number(s):
    """PITCH: number 0 is no number. It is no reset, no duplicate and no mismatch."""
    s.feed(n_lines=1, bits=32, wraps_to_one=1, compare=1)
    s.data(0, A, 47690, 2)
    s.put(50, A, 'unsequenced', payload=1)
    s.data(100, A, 47692)
    s.put(150, A, 'unsequenced', payload=2)
    s.data(200, A, 47693)
    s.expect('start 0 0 47690 at=0', handed_out=[(47690, 47693)], mismatches=0, resets=0, lines={A: dict(unsequenced=2)})


@scenario
def loop(s):
    """CME's instrument replay begins at 2; in the third round 2 is lost."""
    s.feed(n_lines=1, is_loop=1, bits=32)
    s.run(0, A, (2, 3, 1, 2, 3, 1, 3), every=50 * MS)
    s.expect('start 0 0 2 at=0', 'cycle 0 0 4->1 at=100000', 'cycle 0 0 4->1 at=250000',
             'gap 0 2..2 passed wire opened=300000 at=300000',
             handed_out=[(2, 3), (1, 3), (1, 1), (3, 3)], cycles=2, gaps=1, gap_messages=1, resets=0)


# ---- what the first model of these rules got wrong ----

@scenario
def restart_of_32_bits(s):
    """Of 32 bits, 1 lies ahead of 3,000,000,000 by less than half a circle: it is a restart all the same."""
    s.feed(bits=32)
    restart(s, range(3_000_000_000, 3_000_000_020))
    s.expect('start 0 0 3000000000 at=0', 'reset 0 0 3000000020->1 implicit at=2200',
             handed_out=[(3_000_000_000, 3_000_000_019), (1, 20)], gaps=0, resets=1, lines={B: dict(stale=1)})


@scenario
def old_numbers_after_a_reset_that_are_low(s):
    """A resets from 800 to 1 and says so; B is 350 us behind and still sends 797 to 799. They are stale, not
    of the new session, where they would make a gap. B says it again three times: one reset."""
    s.feed(bits=32)
    for line in A, B:
        late = 350 * line
        s.run(late, line, range(780, 800))
        s.put(late + 2000, line, 'reset', 1)
        s.run(late + 2001, line, range(1, 11))
    s.expect('start 0 0 780 at=0', 'reset 0 0 800->1 explicit at=2000',
             handed_out=[(780, 799), (1, 10)], gaps=0, resets=1, lines={B: dict(first=0, duplicates=27, stale=3)})


@scenario
def reset_to_a_higher_number(s):
    """OPRA: the reset carries 70000 behind 500, and is sent three times. B's reset comes 350 us later."""
    s.feed(bits=32, wraps_to_one=1)
    for line in A, B:
        late = 350 * line
        s.run(late, line, range(500, 520))
        for i in range(3):
            s.put(late + 2000 + 10 * i, line, 'reset', 70000)
        s.run(late + 2100, line, range(70000, 70010))
    s.expect('start 0 0 500 at=0', 'reset 0 0 520->70000 explicit at=2000',
             handed_out=[(500, 519), (70000, 70009)], gaps=0, resets=1, lines={A: dict(first=30), B: dict(first=0, stale=3)})


@scenario
def one_corrupt_number(s):
    """A number far ahead, of 64 bits: nothing moves, and all goes on."""
    s.feed()
    for line in A, B:
        s.run(20 * line, line, range(100, 110))
        s.run(20 * line + 1100, line, range(111, 120))
    s.data(1000, A, 110 << 56)
    s.data(1020, B, 110)
    s.expect('start 0 0 100 at=0', f'implausible 0 0 {110 << 56} at=1000',
             handed_out=[(100, 119)], gaps=0, resets=0, lines={A: dict(implausible=1, lost=1), B: dict(first=1, lost=0)})


@scenario
def one_corrupt_number_of_32_bits(s):
    """The same of 32 bits, and on the only line: the gap is the one message that did not come."""
    s.feed(n_lines=1, bits=32)
    s.run(0, A, [*range(100, 110), 110 << 24, *range(111, 120)])
    s.expect('start 0 0 100 at=0', f'implausible 0 0 {110 << 24} at=1000',
             'gap 0 110..110 passed wire opened=1100 at=1100',
             handed_out=[(100, 109), (111, 119)], gaps=1, resets=0, lines={A: dict(implausible=1, lost=1)})


@scenario
def wrap_to_one(s):
    """PITCH, OPRA: 4294967295 is followed by 1."""
    s.feed(bits=32, wraps_to_one=1)
    for line in A, B:
        s.run(20 * line, line, [*range(2**32 - 5, 2**32), *range(1, 6)])
    s.expect('start 0 0 4294967291 at=0', handed_out=[(2**32 - 5, 2**32 + 4)], gaps=0, resets=0)


@scenario
def reader_away_between_two_rings(s):
    """The reader reads A's ring, is away for 5 s, and reads B's. Time stands where B's ring was read to: A's
    hole is not timed out, B is not down. Then all that was there is read, and time goes on."""
    s.own_time = True
    s.feed(silence_ns=100_000_000)
    s.run(0, A, range(1, 6))
    s.run(0, B, range(1, 6))
    s.op(400, 'time')
    s.run(500, A, (6, 7, 10, 11))  # 8 and 9 are missing on A
    s.op(500, 'time')
    s.run(500, B, (6, 7, 8, 9, 10, 11))
    s.op(5_000_000, 'time')
    s.expect('start 0 0 1 at=0', 'down 0 silent at=100800', 'down 1 silent at=101000', 'silence at=101000',
             handed_out=[(1, 11)], gaps=0, lines={A: dict(lost=2)})


# ---- jumps and restarts that are real ----

@scenario
def jump_that_both_lines_make(s):
    """Two million numbers are missing, and the second line says so, too: a gap."""
    s.feed()
    for line in A, B:
        s.run(20 * line, line, [1, 2, 3, 2_000_001, 2_000_002, 2_000_003])
    s.expect('start 0 0 1 at=0', 'implausible 0 0 2000001 at=300', 'implausible 0 1 2000001 at=320',
             'gap 0 4..2000000 passed wire opened=300 at=320',
             handed_out=[(1, 3), (2_000_001, 2_000_003)], gaps=1, resets=0, lines={A: dict(implausible=0)})


@scenario
def jump_that_a_run_makes(s):
    """The same on one line: it is believed with its third packet."""
    s.feed(n_lines=1)
    s.run(0, A, [1, 2, 3, 2_000_001, 2_000_002, 2_000_003, 2_000_004])
    s.expect('start 0 0 1 at=0', 'implausible 0 0 2000001 at=300', 'implausible 0 0 2000002 at=400',
             'implausible 0 0 2000003 at=500', 'gap 0 4..2000000 passed wire opened=300 at=500',
             handed_out=[(1, 3), (2_000_001, 2_000_004)], gaps=1, resets=0)


@scenario
def session_changes(s):
    """MoldUDP64: a new session begins at 1; B is behind, and what it sends of the old one is stale."""
    s.feed()
    for line in A, B:
        late = 350 * line
        s.run(late, line, range(50, 60), epoch=1)
        s.put(late + 1000, line, 'heartbeat', 1, epoch=2)
        s.run(late + 1100, line, range(1, 11), epoch=2)
    s.expect('start 0 0 50 at=0', 'reset 0 0 60->1 session at=1000',
             handed_out=[(50, 59), (1, 10)], gaps=0, resets=1, lines={B: dict(stale=3, duplicates=17)})


@scenario
def failover_says_so_in_a_few_packets(s):
    """EOBI: the first three packets after a failover say that the numbers were reset. One reset."""
    s.feed(bits=32)
    for line in A, B:
        late = 350 * line
        s.run(late, line, range(5000, 5010))
        s.run(late + 1000, line, range(1, 4), resets=1)
        s.run(late + 1300, line, range(4, 10))
    s.expect('start 0 0 5000 at=0', 'reset 0 0 5010->1 explicit at=1000',
             handed_out=[(5000, 5009), (1, 9)], gaps=0, resets=1, lines={B: dict(stale=3)})


@scenario
def begins_with_a_reset(s):
    """The first packet of a stream says that its numbers were reset: that is its start, and no reset."""
    s.feed()
    for line in A, B:
        s.run(20 * line, line, (1, 2, 3), resets=1)
        s.run(20 * line + 300, line, (4, 5))
    s.expect('start 0 0 1 at=0', handed_out=[(1, 5)], gaps=0, resets=0)


# ---- packing, lines, timeouts ----

@scenario
def other_packing_on_b(s):
    """IEX: the same messages in other packets. A packet whose head was handed out is handed out with skip."""
    s.feed(n_lines=2)
    for us, line, seq, count in ((0, A, 1, 3), (10, B, 1, 2), (20, B, 3, 4), (30, A, 4, 1), (40, A, 5, 5), (50, B, 7, 3)):
        s.data(us, line, seq, count)
    s.expect('start 0 0 1 at=0', handed_out=[(1, 9)], gaps=0,
             lines={A: dict(first=2, duplicates=1), B: dict(first=1, duplicates=2)})


@scenario
def line_never_heard_is_waited_for(s):
    """B was not heard yet and may have what A lost: the gap is declared by its timeout, not before."""
    s.feed(silence_ns=100_000_000)
    s.run(0, A, (1, 2, 4, 5))
    s.op(2000, 'time')
    s.expect('start 0 0 1 at=0', 'gap 0 3..3 timeout wire opened=200 at=1200',
             handed_out=[(1, 2), (4, 5)], gaps=1)


@scenario
def each_number_has_its_whole_timeout(s):
    """3 is missing since 200 us and 5 since 900 us. 3 comes at 1,000 us: 5 has until 1,900 us."""
    s.feed()
    s.run(0, A, (1, 2, 4))
    s.data(900, A, 6)
    s.data(1000, B, 3)
    s.op(5000, 'time')
    s.expect('start 0 0 1 at=0', 'gap 0 5..5 timeout wire opened=900 at=1900',
             handed_out=[(1, 4), (6, 6)], gaps=1)


@scenario
def filled_late(s):
    """What comes after its gap was declared is named, and is handed out to those who ask."""
    s.feed(late=1)
    s.run(0, A, (1, 2, 6, 7))
    s.data(5000, B, 2, 2)  # 2 again, and 3
    s.data(5100, B, 4)
    s.data(5200, B, 4)
    s.expect('start 0 0 1 at=0', 'gap 0 3..5 timeout wire opened=200 at=1200', 'late 0 1 3..3 at=5000',
             'late 0 1 4..4 at=5100',
             handed_out=[(1, 2), (6, 7), (3, 4)], gaps=1, gap_messages=3, late_messages=2,
             lines={B: dict(late=2, duplicates=1)})


@scenario
def late_head_of_what_is_next(s):
    """A packet may hold a number that was given up and the next one, too: both count."""
    s.feed(n_lines=2, late=1)
    s.run(0, A, (1, 2, 4))
    s.data(5000, B, 3, 3)  # 3 is late, 4 was had, 5 is next
    s.expect('start 0 0 1 at=0', 'gap 0 3..3 timeout wire opened=200 at=1200', 'late 0 1 3..3 at=5000',
             handed_out=[(1, 2), (4, 4), (3, 3), (5, 5)], gaps=1, late_messages=1)


@scenario
def window_is_full(s):
    s.feed(window=16)
    s.run(0, A, (1, 2, *range(4, 20)), every=1)
    s.expect('start 0 0 1 at=0', 'gap 0 3..3 window wire opened=2 at=17',
             handed_out=[(1, 2), (4, 19)], gaps=1)


@scenario
def joined_late(s):
    """B is behind A when A is joined: what lies before the first number is neither late, nor duplicate, nor a gap."""
    s.feed()
    s.run(0, A, range(5000, 5010))
    s.run(5, B, range(3000, 3010))
    s.expect('start 0 0 5000 at=0', handed_out=[(5000, 5009)], gaps=0, resets=0, lines={B: dict(before_start=10)})


@scenario
def slow_line_is_no_restart(s):
    """B is 2,000 numbers behind all the time, more than reset_back. It never goes back itself: no reset."""
    s.feed(gap_timeout_ns=10_000_000)
    s.run(0, A, range(1, 4001), every=1)
    s.run(2000, B, range(1, 4001), every=1)
    s.expect('start 0 0 1 at=0', handed_out=[(1, 4000)], gaps=0, resets=0, lines={B: dict(duplicates=4000)})


@scenario
def line_behind_an_end_is_no_restart(s):
    """B stops at 10 and goes on three seconds after A has come to its end, slowly, where it was: no reset."""
    s.feed(gap_timeout_ns=10_000_000)
    s.run(0, A, range(1, 4001), every=1)
    s.run(2000, B, range(1, 11), every=1)
    s.run(3_000_000, B, range(11, 4001), every=500)
    s.expect('start 0 0 1 at=0', handed_out=[(1, 4000)], gaps=0, resets=0, lines={B: dict(duplicates=4000)})


@scenario
def streams_of_their_own(s):
    """Units of one group: each has numbers of its own, and a hole in one holds up no other."""
    s.feed(n_lines=1, reorder=2)
    s.run(0, A, (1, 3), scope=7)
    s.run(50, A, (900, 901), scope=8)
    s.data(300, A, 2, scope=7)
    s.expect('start 0 0 1 at=0', 'start 1 0 900 at=50',
             handed_out=[(1, 1), (900, 901), (2, 3)], gaps=0)


@scenario
def end_in_its_place(s):
    """The end of the session says that two are missing. They come on B: the end stands behind them."""
    s.feed()
    s.run(0, A, (1, 2))
    s.put(200, A, 'end', 5)
    s.run(250, B, range(1, 5))
    s.put(700, B, 'end', 5)
    s.expect('start 0 0 1 at=0', 'end 0 5 at=550', handed_out=[(1, 4)], gaps=0, lines={A: dict(ended=1)})


@scenario
def lapped_reader(s):
    """The reader was lapped in A's ring while B lost 5: the loss is the reader's own, and A is not settled."""
    s.feed()
    for line in A, B:
        s.run(20 * line, line, range(1, 5))
    s.op(400, 'lapped', 1 << A)
    s.run(520, B, (6, 7))
    s.run(600, A, (8, 9))
    s.run(720, B, (8, 9))
    s.expect('start 0 0 1 at=0', 'gap 0 5..5 passed ring opened=520 at=600',
             handed_out=[(1, 4), (6, 9)], gaps=1, lines={A: dict(lost=0, unsettled=3), B: dict(lost=1)})


@scenario
def lapped_with_a_hole(s):
    """A has passed 3, which may still come late on it, when the reader is lapped in A's ring: the 3 may have
    been in what was overwritten."""
    s.feed()
    s.run(0, A, (1, 2, 4))
    s.run(50, B, (1, 2))
    s.op(300, 'lapped', 1 << A)
    s.run(350, A, (7,))
    s.run(360, B, (4, 5, 6, 7))
    s.expect('start 0 0 1 at=0', 'gap 0 3..3 passed ring opened=200 at=360', handed_out=[(1, 2), (4, 7)], gaps=1)


@scenario
def lapped_out_of_order(s):
    """What was overwritten of A ended with 6, which had overtaken 4: 4 is the first that is left, and 5 and 6 are the
    reader's loss as much as 3. What is lost later is not."""
    s.feed()
    s.run(0, A, (1, 2))
    s.run(10, B, (1, 2))
    s.op(300, 'lapped', 1 << A)
    s.run(400, A, (4, 7))
    s.run(410, B, (3, 4, 7))
    s.run(3000, A, (8, 10))
    s.run(3010, B, (8, 10))
    s.expect('start 0 0 1 at=0', 'gap 0 5..6 passed ring opened=500 at=610', 'gap 0 9..9 passed wire opened=3100 at=3110',
             handed_out=[(1, 4), (7, 8), (10, 10)], gaps=2)


# ---- kinds of faults that others have had ----

@scenario
def duplicate_of_the_last_before_a_hole(s):
    """A retransmitted packet that is older than the hole must neither open nor close it."""
    s.feed(n_lines=2)
    s.run(0, A, (1, 2, 2, 4, 1))
    s.data(500, B, 3)
    s.expect('start 0 0 1 at=0', handed_out=[(1, 4)], gaps=0, lines={A: dict(duplicates=2)})


@scenario
def reorder_across_the_wrap(s):
    """0 comes before 65535: neither a restart nor a gap of 65,535."""
    s.feed(n_lines=1, bits=16, reorder=4)
    s.run(0, A, (65533, 65534, 0, 65535, 1))
    s.expect('start 0 0 65533 at=0', handed_out=[(65533, 65537)], gaps=0, resets=0, lines={A: dict(lost=0, out_of_order=1)})


@scenario
def heartbeats_that_are_no_sequence(s):
    """Heartbeats that say 0, as a capture of OpenBook Ultra does, move nothing back."""
    s.feed(bits=32)
    s.run(0, A, range(10, 20))
    for i in range(5):
        s.put(1000 + i * 10, A, 'heartbeat', 0)
    s.run(1100, A, range(20, 30))
    s.expect('start 0 0 10 at=0', handed_out=[(10, 29)], gaps=0, resets=0, lines={A: dict(heartbeats=5)})


@scenario
def loss_on_a_line_is_not_loss(s):
    """Out of order on A, and first on B: what came is not counted as lost, and no restart is seen."""
    s.feed(reorder=4)
    s.run(0, A, (1, 3, 2, 4, 6, 5, 7))
    s.run(20, B, range(1, 8))
    s.expect('start 0 0 1 at=0', handed_out=[(1, 7)], gaps=0, resets=0,
             lines={A: dict(lost=0, out_of_order=2), B: dict(lost=0)})


@scenario
def number_of_one_with_octets_of_another(s):
    """A camera sends 30 once more with what is 32's: the first copy stands, and 32 has not come."""
    s.feed(n_lines=1, compare=1, reorder=1)
    s.run(0, A, (29, 30, 31))
    s.data(300, A, 30, payload=32)
    s.run(400, A, (33, 34))
    s.expect('start 0 0 29 at=0', 'mismatch 0 0 30 first=0 at=300', 'gap 0 32..32 passed wire opened=400 at=500',
             handed_out=[(29, 31), (33, 34)], gaps=1, mismatches=1, lines={A: dict(mismatches=1, first=5)})


@scenario
def line_behind_is_not_out_of_order(s):
    """B is 50 packets behind A all the time: none of its packets is out of order or lost."""
    s.feed()
    s.run(0, A, range(1, 201), every=1)
    s.run(50, B, range(1, 201), every=1)
    s.expect('start 0 0 1 at=0', handed_out=[(1, 200)], gaps=0, resets=0,
             lines={B: dict(out_of_order=0, lost=0, duplicates=200)})


@scenario
def end_of_a_session_advances_nothing(s):
    """Its packet has a count that is none: what is sent behind the end has the number that was next."""
    s.feed(n_lines=1)
    s.run(0, A, (1, 2))
    s.put(200, A, 'end', 3)
    s.put(300, A, 'end', 3)
    s.data(400, A, 3)
    s.expect('start 0 0 1 at=0', 'end 0 3 at=200', handed_out=[(1, 3)], gaps=0, lines={A: dict(ended=2)})
