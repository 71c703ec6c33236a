# SPDX-License-Identifier: BSD-3-Clause
"""The rules of docs/feeds.md as a slow and plain model, to compare the arbiter with.

A Feed is what struct mcr_arbiter is, and says what it hands out in the words of items.h. Numbers are
intervals [x, end). What the rules leave open is decided here, each time beside the code that does it,
by what somebody expects who trades on the messages: a message that came is handed out, a gap is never
declared of what may still come in time, and one bad packet costs one packet.
"""
import bisect

NEVER, UP, DOWN = 'never', 'up', 'down'
SILENT, NOT_HEARD = 'silent', 'never'


class Config:
    def __init__(self, **given):
        self.n_lines = 2
        self.bits = 64
        self.wraps_to_one = self.is_loop = self.late = self.compare = self.unsequenced = 0
        self.window = 4096
        self.reorder = 0
        self.reset_run = 3
        self.held_max = 4096
        self.keys_max = 1024
        self.gap_timeout_ns = 1_000_000
        self.silence_ns = 100_000_000
        self.reset_back = 1000
        self.jump_max = 1_000_000
        self.start_seq = 0
        for name, value in given.items():
            assert hasattr(self, name), name
            setattr(self, name, value)

    def text(self):
        return ' '.join(f'{name}={value}' for name, value in vars(self).items())


class Packet:
    """What a declaration makes of a payload, and the octets to compare."""

    def __init__(self, kind, seq=0, count=None, scope=0, epoch=0, resets=0, payload=None):
        self.kind, self.seq, self.scope, self.epoch, self.resets = kind, seq, scope, epoch, resets
        self.count = (1 if kind == 'data' else 0) if count is None else count
        self.payload = seq if payload is None else payload

    def text(self):
        return f'{self.kind} {self.seq} {self.count} {self.scope} {self.epoch} {self.resets} {self.payload}'


class Line:
    """A line of the feed, over all streams."""
    COUNTERS = ('packets', 'first', 'duplicates', 'mismatches', 'late', 'out_of_order', 'stale', 'before_start',
                'implausible', 'heartbeats', 'unsequenced', 'not_tracked', 'malformed', 'ended', 'lost', 'unsettled', 'filled')

    def __init__(self):
        self.state, self.last, self.was_lapped = NEVER, None, False
        for name in self.COUNTERS:
            setattr(self, name, 0)


class Side:
    """A line as one stream sees it."""

    def __init__(self):
        self.hi = None  # behind the highest number that it has shown in its epoch
        self.missing = []  # what it has not carried below hi: [x, end)
        self.epoch = -1  # the last one that it took part in; -1: it was never heard
        self.run = []  # packets that are not believed yet
        self.returned = 0  # packets of the session before, since it began this one
        self.since_reset = None  # packets since the last that said "reset", in this epoch
        self.lapped = []  # [lo, hi): the reader was lapped in this line's ring; hi None: nothing came since


class Doubted:
    def __init__(self, order, far, ns, i, x, p):
        self.order, self.far, self.ns, self.i, self.x, self.p = order, far, ns, i, x, p
        # A heartbeat says the same again and again.
        self.end = x + p.count


class Held:
    def __init__(self, order, x, end, line, ns, passed):
        self.order, self.x, self.end, self.line, self.ns = order, x, end, line, ns
        self.passed = passed  # other lines had passed what is below


class Stream:
    """opened: since when the number `next` is known to be missing, which all that is held shows."""

    opened = property(lambda self: min((h.ns for h in self.held), default=None))

    def __init__(self, key, n_lines):
        self.key = key
        self.next = self.start = None
        self.epoch, self.octets, self.before = 0, 0, None  # number of the epoch; its octets; those of the last one
        self.message = False
        self.said = None  # when a packet last said that the epoch began
        self.flagged = self.session = False  # the epoch began by a reset that a packet named; by its octets
        self.old_next = None  # where the last epoch ended
        self.begun = []  # runs of the lines when the epoch began that a packet is about to begin
        self.held = []  # sorted by x; what a heartbeat or an end says is next is held as well, empty
        self.given = []  # what was given up: [x, end)
        self.seen = {}  # (x, end): line, payload
        self.current = None  # the line of the last data
        self.after_gap = False
        self.end = None  # the number of the end of the session, until it is said
        self.ended = None  # the number of the last end that was said
        self.sides = [Side() for _ in range(n_lines)]


def covered(x, end, ranges):
    """What of [x, end) lies in the ranges."""
    return [(max(x, a), min(end, b)) for a, b in ranges if x < b and end > a]


def without(ranges, x, end):
    """The ranges less [x, end)."""
    return [(p, q) for a, b in ranges for p, q in ((a, min(b, x)), (max(a, end), b)) if p < q]


class Feed:
    def __init__(self, config):
        self.c = config
        self.lapped_ns = 0  # when the first packet came behind the last lap
        self.now, self.since = 0, None  # the feed's time; since when lines are listened to
        self.lines = [Line() for _ in range(config.n_lines)]
        self.streams, self.order = {}, 0
        self.silent, self.awake = False, True
        self.out = []
        self.packets = self.messages = self.gaps = self.gap_messages = self.late_messages = 0
        self.resets = self.cycles = self.switches = self.mismatches = self.silences = 0

    def say(self, text):
        self.out.append(text)

    # ---- numbers ----

    def modulus(self):
        return (1 << self.c.bits) - self.c.wraps_to_one

    def fresh(self, seq):
        """The first number of a stream or an epoch: of the second turn, so that there is room below it."""
        return seq + (self.modulus() if self.c.bits < 64 else 0)

    def unwrap(self, seq, near):
        """Rule 2: the number that lies nearest."""
        if self.c.bits >= 64 or near is None:
            return seq
        m = self.modulus()
        d = (seq - near) % m
        return near + (d - m if d > m // 2 else d)

    def wire(self, x):
        low = self.c.wraps_to_one
        return (x - low) % self.modulus() + low if self.c.bits < 64 else x

    def jump_max(self):
        # A number of few bits is always near: what is "too far" is a sixteenth of the circle, then.
        return min(self.c.jump_max, (1 << self.c.bits) // 16)

    # ---- time and lines (rules 10, 16) ----

    def time(self, ns):
        if ns <= self.now:
            return
        if self.since is None:
            self.since = ns
        while self.fire(ns):
            pass
        self.now = ns

    def timers(self):
        for s in self.streams.values():
            if s.opened is not None:
                yield s.opened + self.c.gap_timeout_ns, 1, s
        if self.c.silence_ns and self.awake:
            for line in self.lines:
                if line.state == UP:
                    yield max(line.last, self.since) + self.c.silence_ns, 0, line
                elif line.state == NEVER and self.since is not None:
                    yield self.since + self.c.silence_ns, 0, line

    def fire(self, ns):
        """The earliest timer that is due. A packet that came at that very time is late."""
        due, is_gap, what = min(self.timers(), key=lambda t: t[:2], default=(None, 0, None))
        if due is None or due > ns:
            return False
        if is_gap:
            self.declare(what, due, 'timeout')
            self.check(what, due)
        else:
            self.line_down(self.lines.index(what), NOT_HEARD if what.state == NEVER else SILENT, due)
        return True

    def line_down(self, i, why, ns):
        if self.lines[i].state == DOWN:
            return
        self.lines[i].state = DOWN
        self.say(f'down {i} {why} at={ns}')
        if all(line.state == DOWN for line in self.lines):
            self.silent = True
            self.silences += 1
            self.say(f'silence at={ns}')
        for s in self.streams.values():
            self.check(s, ns)

    def heard(self, i, ns):
        line = self.lines[i]
        if self.since is None:
            self.since = ns
        if line.state == DOWN:
            self.say(f'up {i} at={ns}')
        line.state, line.last = UP, max(ns, line.last or 0)
        if self.silent:
            self.silent = False
            self.say(f'silence-end at={ns}')

    def set_awake(self, on):
        if on and not self.awake:
            self.since = self.now
        self.awake = bool(on)

    # ---- packets ----

    def put(self, ns, i, p):
        line = self.lines[i]
        line.packets += 1
        if line.was_lapped:
            line.was_lapped, self.lapped_ns = False, max(ns, self.lapped_ns)
        self.heard(i, ns)
        if p.kind in ('unsequenced', 'not_tracked', 'malformed'):  # rules 2, 13: they touch no stream
            setattr(line, p.kind, getattr(line, p.kind) + 1)
            return
        s = self.streams.get(p.scope)
        if not s:
            s = self.streams[p.scope] = Stream(len(self.streams), self.c.n_lines)
            self.open(s, ns, i, p)
        side = s.sides[i]
        if not self.in_epoch(s, side, ns, i, p):
            return
        if p.kind == 'reset':
            line.heartbeats += 1
        elif p.kind == 'data':
            self.data(s, side, ns, i, p)
        else:
            self.announce(s, side, ns, i, p)
        self.take_begun(s, ns)

    def open(self, s, ns, i, p):
        s.next = s.start = self.fresh(self.c.start_seq or p.seq)
        s.octets, s.flagged = p.epoch, p.kind == 'reset' or bool(p.resets)
        s.message = p.kind == 'reset'
        s.said = ns if s.flagged else None
        self.say(f'start {s.key} {i} {s.next} at={ns}')

    # ---- epochs (rules 9, 12, 13) ----

    def in_epoch(self, s, side, ns, i, p):
        """Whether the packet belongs to the stream's epoch, which it may be the first to begin."""
        if p.epoch != s.octets:
            lags = side.epoch not in (-1, s.epoch) and p.epoch == side.octets  # by more than one epoch, perhaps
            if lags or (p.epoch == s.before and not self.comes_back(s, side, p)):
                self.lines[i].stale += 1
                return False
            self.begin(s, ns, i, self.fresh(p.seq), 'session', p)
            return True
        resets = p.kind == 'reset' or (p.kind == 'data' and p.resets)
        if side.epoch == s.epoch:
            side.returned = 0
            if not resets:
                side.since_reset = side.since_reset + 1 if side.since_reset is not None else None
            elif self.says_it_again(s, side, ns, p):
                side.since_reset, s.said = 0, ns
                if p.kind == 'reset':
                    side.hi = max(side.hi or 0, s.start)
            else:
                self.begin(s, ns, i, self.fresh(p.seq), 'explicit', p)
            return True
        # The line was not heard in this epoch yet.
        if not resets and side.since_reset is not None:
            side.since_reset = side.since_reset + 1 if side.since_reset < self.c.reset_run else None
        if side.epoch == -1 and resets and not s.flagged:
            self.begin(s, ns, i, self.fresh(p.seq), 'explicit', p)
            return True
        if resets and self.is_over(s, side, p):
            if p.kind == 'data':
                self.lines[i].stale += 1
            else:
                self.lines[i].heartbeats += 1
            return False
        if not resets and not s.session and self.is_old(s, side, p):
            if p.kind == 'data':
                self.lines[i].stale += 1
            elif p.kind == 'end':
                self.lines[i].ended += 1
            else:
                self.lines[i].heartbeats += 1
            return False
        self.join(s, side, resets)
        s.said = ns if resets else s.said
        if p.kind == 'reset':
            side.hi = s.start
        return True

    def join(self, s, side, resets=False):
        side.epoch, side.hi, side.missing, side.run, side.lapped = s.epoch, None, [], [], []
        side.octets = s.octets
        side.returned = 0
        side.since_reset = 0 if resets or s.flagged else None

    def says_it_again(self, s, side, ns, p):
        # Resets are repeated: in the first few packets (EOBI), or the message itself. It is the same one
        # as long as no more than a few other packets came since on this line, or it comes as soon as a copy
        # does, unless it goes back behind where the epoch began.
        x = self.unwrap(p.seq, s.next)
        more = self.c.reset_back if p.kind == 'data' else 0  # some of them may be lost
        is_soon = s.said is not None and ns < s.said + self.c.gap_timeout_ns  # a copy
        is_few = side.since_reset is not None and side.since_reset <= self.c.reset_run
        return (is_soon or is_few) and s.start <= x <= max(s.start, (side.hi or s.next) + more)

    def is_over(self, s, side, p):
        """A line that is behind by more than one epoch says "reset": of one that is over already."""
        x = self.fresh(p.seq)
        if side.epoch == -1 or s.session or (x == s.start if p.kind == 'reset' else s.start <= x <= s.next + self.c.window):
            return False
        if s.epoch - side.epoch < 2 and side.since_reset is None:
            return False
        if side.since_reset is None:
            side.epoch += 1
        side.hi, side.since_reset = x + p.count, 0
        return True

    def comes_back(self, s, side, p):
        # One packet with a wrong session has begun an epoch that nobody else knows: the line that brought
        # it goes back to the session before. Its packets are believed as those of a restart are.
        if side.epoch != s.epoch or p.kind != 'data':
            return False
        side.returned += 1
        return side.returned >= self.c.reset_run

    def is_old(self, s, side, p):
        """Whether a line that has not restarted yet still sends what belongs to the epoch before."""
        if side.hi is None:
            return False
        x, new = self.unwrap(p.seq, side.hi), self.unwrap(p.seq, s.next)
        if new - s.next > self.c.jump_max:
            return True  # what is not believed begins nothing
        if self.c.is_loop and p.seq <= 1:
            return False  # it begins again as well, however short the loop is
        if x < side.hi:  # it goes back: a restart, or an old packet out of order
            return side.hi - x <= self.c.reset_back or side.hi - x < abs(new - s.next)
        if x - side.hi > self.c.reset_back:
            return False
        if side.hi + self.c.reset_back < s.old_next and abs(new - s.next) <= self.c.window:
            return False  # it was never where the others were, but where they are now
        # It goes on where it was. It is of the new epoch only if the old one never came so far and the
        # number was handed out anew already, so that no gap can follow from a wrong guess.
        return not (s.old_next is not None and x >= s.old_next and s.start <= new and new + max(p.count, 1) <= s.next)

    def begin(self, s, ns, i, number, why, p=None):
        self.flush(s, ns)
        if why == 'cycle':
            self.cycles += 1
            self.say(f'cycle {s.key} {i} {s.next}->{number} at={ns}')
        else:
            self.resets += 1
            self.say(f'reset {s.key} {i} {s.next}->{number} {why} at={ns}')
        s.old_next, s.next, s.start = s.next, number, number
        s.epoch += 1
        if p and p.epoch != s.octets:
            s.before, s.octets = s.octets, p.epoch
        s.message = bool(p and p.kind == 'reset')  # it had the number, so nothing lies below
        s.flagged, s.session = why in ('explicit', 'session'), why == 'session'
        s.said = ns if why == 'session' or (p and (p.kind == 'reset' or p.resets)) else None
        s.given, s.seen = [], {}
        s.end, s.ended, s.after_gap = None, None, False
        s.begun = [] if s.session else [side.run for side in s.sides]
        for side in s.sides:
            side.run = []
        self.join(s, s.sides[i], bool(p and (p.kind == 'reset' or p.resets)))
        if p and p.kind == 'reset':
            s.sides[i].hi = number

    def flush(self, s, ns):
        while self.hole(s):
            self.declare(s, ns, 'flush')
        if s.end is not None:
            self.say_end(s, ns)

    # ---- what is believed (rules 9, 15) ----

    def data(self, s, side, ns, i, p):
        x = self.unwrap(p.seq, side.hi if side.hi is not None else s.next)
        if self.c.is_loop and side.hi is not None and p.seq <= 1 and x + p.count < side.hi:
            self.begin(s, ns, i, self.fresh(p.seq), 'cycle', p)
            x = s.next
        far = self.far(s, side, x)
        if not far:
            self.goes_on_ahead(s, side, ns, x)
            self.forget(side)
            self.take(s, side, ns, i, x, p.count, p.payload)
            return
        run = self.believe(s, side, ns, i, x, p, far)
        if run and far == 'back':
            self.restart(s, ns, i, run)
        elif run:
            self.catch_up(s, ns, run)
            self.settle(s, ns)

    def restart(self, s, ns, i, run):
        """A run of line i proves it. Other lines may have shown a little of it already, and from lower on."""
        def first(r):
            return self.fresh(self.wire(r[0].x))
        others = [s.sides[(i + k) % len(s.sides)].run for k in range(1, len(s.sides))]
        others = [r for r in others if r and r[0].far == 'back']
        start = min([first(run)] + [first(r) for r in others if 0 <= first(run) - first(r) <= self.c.reset_back])
        self.begin(s, ns, i, start, 'implicit')
        s.sides[i].hi = start
        if run[-1].p.resets:  # it says so as well
            s.said, s.sides[i].since_reset = ns, 0
        self.take_begun(s, ns, run)

    def take_begun(self, s, ns, own=None):
        """What lines have kept when an epoch began that may be of it; own: what proved it."""
        def first(r):
            return self.fresh(self.wire(r[0].x))
        runs = [r for r in s.begun if r and r[0].far == 'back' and s.start <= first(r) <= s.start + self.c.reset_back]
        s.begun = []
        for r in runs:
            if s.sides[r[0].i].epoch != s.epoch:
                self.join(s, s.sides[r[0].i])
            for d in r:
                self.lines[d.i].implausible -= 1
        if own:
            runs.append(own)
        # In the order in which they came.
        for d, shift in sorted(((d, first(r) - r[0].x) for r in runs for d in r), key=lambda d: d[0].order):
            self.catch_up(s, ns, [d], shift)
        if runs:
            self.settle(s, ns)

    def is_left_over(self, s, side, x):
        """Shortly behind a reset, where the epoch before ended: it came late, or many were lost."""
        return side.since_reset is not None and side.since_reset <= self.c.reset_run and not s.session and \
            s.old_next is not None and s.old_next - self.c.window <= x < s.old_next and x > s.next + self.c.window

    def far(self, s, side, x):
        if x - s.next > self.jump_max():
            # Of few bits, what is lower on the wire began anew rather than went on for half a circle.
            return 'back' if self.wire(x) < self.wire(s.next) else 'ahead'
        if self.is_left_over(s, side, x):
            return 'ahead'
        is_undone = s.message and side.hi is not None and x < min(s.start, side.hi)  # it named a number too high
        if x + self.c.reset_back >= s.next and not is_undone:
            return None
        # Far below. A line that is slow is far below as well, but it never goes back itself. Of a line that
        # was not heard before nobody knows: it is slow if there is another line that speaks.
        if side.hi is not None:
            return 'back' if x + self.c.reset_back < side.hi or is_undone else None
        others = (l for other, l in zip(s.sides, self.lines) if other is not side and other.epoch == s.epoch)
        return None if any(l.state == UP for l in others) else 'back'

    def believe(self, s, side, ns, i, x, p, far):
        """The packets that are believed with this one, or None: it waits for more. They ascend; a few
        numbers may be missing between them."""
        if far == 'ahead':
            self.say(f'implausible {s.key} {i} {x} at={ns}')
        if p.kind == 'data' and any(r.far == far and r.x == x < r.end for r in side.run):
            self.lines[i].implausible += 1
            return None  # a copy proves nothing
        if side.run and (side.run[-1].far != far or not side.run[-1].end <= x <= side.run[-1].end + self.c.window):
            self.forget(side)
        self.lines[i].implausible += 1
        self.order += 1
        side.run.append(Doubted(self.order, far, ns, i, x, p))
        proven, before = len(side.run) >= self.c.reset_run, []
        # Another line that says nearly the same proves a jump as well, but not what is left over from before a
        # reset: of that two lines have the same. Its packets came first.
        for o in s.sides:
            if o is not side and o.run and far == 'ahead' == o.run[-1].far and x - s.next > self.jump_max() and abs(x - o.run[-1].end) <= self.c.window:
                before, o.run = before + o.run, []
        if not proven and not before:
            return None
        run, side.run = before + side.run, []
        for r in run:
            self.lines[r.i].implausible -= 1
        return sorted(run, key=lambda r: r.order)

    def catch_up(self, s, ns, run, shift=0):
        """Numbers of a restart, or far ahead, are believed: they were held. What lies before those far ahead
        is a gap like another."""
        for r in run:
            if r.p.kind == 'data':
                self.take(s, s.sides[r.i], r.ns, r.i, r.x + shift, r.p.count, r.p.payload, now=ns, order=r.order)
            else:
                self.announced(s, s.sides[r.i], r.ns, r.i, r.x, r.p, held=True, order=r.order)

    def settle(self, s, ns):
        self.drain(s, ns)
        self.check(s, ns)

    def goes_on_ahead(self, s, side, ns, x):
        """What was too far ahead to be believed was right: the stream has come close to it."""
        run = side.run
        if run and run[-1].far == 'ahead' and run[-1].end <= x <= run[-1].end + self.c.window:
            side.run = []
            for r in run:
                self.lines[r.i].implausible -= 1
            self.catch_up(s, ns, run)

    @staticmethod
    def forget(side):
        side.run = []

    # ---- data (rules 3 to 8, 18) ----

    def account(self, side, line, x, end):
        """What the line itself has carried and lost."""
        for lap in side.lapped:
            if lap[1] is None:
                lap[1] = max(x, lap[0])
                if side.hi is not None and x > side.hi:
                    line.unsettled += x - side.hi
                    side.hi = x
        if side.hi is None:
            side.hi = x
        if x > side.hi:
            line.lost += x - side.hi
            side.missing.append((side.hi, x))
        elif x < side.hi and end > x:
            line.out_of_order += 1
            line.lost -= sum(b - a for a, b in covered(x, end, side.missing))
            side.missing = without(side.missing, x, end)
        side.hi = max(side.hi, end)

    def take(self, s, side, ns, i, x, count, payload, now=None, order=None):
        """now: it is not the packet at hand, but one that waited until now."""
        line, end, held = self.lines[i], x + count, now is not None
        self.account(side, line, x, end)
        if end <= s.start:
            line.before_start += 1
            return
        known = s.seen.get((x, end))
        late = covered(x, min(end, s.next), s.given)
        for a, b in late:
            self.fill_late(s, i, now or ns, x, a, b)
        if known and self.c.compare and known[1] != payload and not late:
            line.mismatches += 1
            self.mismatches += 1
            self.say(f'mismatch {s.key} {i} {x} first={known[0]} at={now or ns}')
        elif end <= s.next:
            line.late += bool(late)
            line.duplicates += not late
        elif any(h.x <= x and end <= h.end for h in s.held):
            line.duplicates += 1
        elif x <= s.next and not held:
            self.give(s, i, x, end, '')
        else:
            self.hold(s, i, ns, x, end, order)
        s.seen.setdefault((x, end), (i, payload))
        if not held:
            self.settle(s, ns)

    def hold(self, s, i, ns, x, end, order=None):
        """order: in which it came, if it waited since."""
        self.order += 1
        passed = max((o.hi or 0 for k, o in enumerate(s.sides) if k != i and o.epoch == s.epoch), default=0)
        bisect.insort(s.held, Held(order or self.order, x, end, i, ns, passed), key=lambda h: (h.x, h.order))

    def fill_late(self, s, i, ns, x, a, b):
        s.given = without(s.given, a, b)
        self.late_messages += b - a
        self.say(f'late {s.key} {i} {a}..{b - 1} at={ns}')
        if self.c.late:
            self.say(f'data {s.key} {i} {a}+{b - a} skip={a - x} late')

    def give(self, s, i, x, end, held, passed=None):
        lack = [o.missing for k, o in enumerate(s.sides) if k != i and o.epoch == s.epoch]
        new = range(s.next, end if passed is None else min(end, passed))
        self.lines[i].filled += sum(any(a <= n < b for missing in lack for a, b in missing) for n in new)
        if s.current not in (None, i):
            self.switches += 1
        s.current = i
        self.lines[i].first += 1
        self.packets += 1
        self.messages += end - s.next
        flags = (' after-gap' if s.after_gap else '') + held
        self.say(f'data {s.key} {i} {s.next}+{end - s.next} skip={s.next - x}{flags}')
        s.after_gap = False
        s.next = end

    def drain(self, s, ns):
        """What was held and is next now."""
        while s.held and s.held[0].x <= s.next:
            h = s.held.pop(0)
            if h.end > s.next:
                self.give(s, h.line, h.x, h.end, ' held', h.passed)
            elif h.end > h.x:
                self.lines[h.line].duplicates += 1
        if s.end is not None and s.next >= s.end:
            self.say_end(s, ns)

    def say_end(self, s, ns):
        self.say(f'end {s.key} {s.end} at={ns}')
        s.end, s.ended = None, s.end

    def announce(self, s, side, ns, i, p):
        """A heartbeat or an end of session: p.seq is the next number to come."""
        x = self.unwrap(p.seq, side.hi if side.hi is not None else s.next)
        if x - s.next <= self.jump_max() and not self.is_left_over(s, side, x):
            self.goes_on_ahead(s, side, ns, x)
            self.announced(s, side, ns, i, x, p)
            return
        run = self.believe(s, side, ns, i, x, p, 'ahead')
        if run:
            self.catch_up(s, ns, run)
            self.settle(s, ns)

    def announced(self, s, side, ns, i, x, p, held=False, order=None):
        line = self.lines[i]
        line.heartbeats += p.kind == 'heartbeat'
        line.ended += p.kind == 'end'
        if side.hi is None or x > side.hi:
            self.account(side, line, x, x)
        if x > s.next and not any(h.x <= x <= h.end for h in s.held):
            self.hold(s, i, ns, x, x, order)
        # The end is said in its place: behind all data below it.
        if p.kind == 'end' and (s.ended is None or x > s.ended) and s.end is None and x >= s.next:
            s.end = x
            if x <= s.next:
                self.say_end(s, ns)
        if not held:
            self.check(s, ns)

    # ---- gaps (rules 4, 5, 17) ----

    def hole(self, s):
        return (s.next, s.held[0].x) if s.held else None

    def check(self, s, ns):
        while True:
            hole = self.hole(s)
            if not hole:
                return
            passed = hole[1] + (self.c.reorder + 1 if self.c.reorder else 0)  # 1: neighbours may be swapped
            waited = [side for side, line in zip(s.sides, self.lines) if line.state != DOWN]
            if waited and all(side.epoch == s.epoch and side.hi is not None and side.hi >= passed
                              for side in waited):
                self.declare(s, ns, 'passed')
            elif max(h.end for h in s.held) - s.next > self.c.window:
                self.declare(s, ns, 'window')
            else:
                return

    def declare(self, s, ns, why):
        a, b = self.hole(s)
        # Out of order, what was overwritten may have been of higher numbers than what came next.
        by_time = self.lapped_ns and min(s.opened, ns) <= self.lapped_ns + self.c.gap_timeout_ns
        whose = 'ring' if by_time or any(self.overlaps(side, a, b) for side in s.sides) else 'wire'
        self.gaps += 1
        self.gap_messages += b - a
        self.say(f'gap {s.key} {a}..{b - 1} {why} {whose} opened={min(s.opened, ns)} at={ns}')
        s.given.append((a, b))
        s.next, s.after_gap = b, True
        self.drain(s, ns)

    @staticmethod
    def overlaps(side, a, b):
        return any(b > lo and (hi is None or a < hi) for lo, hi in side.lapped)

    def lapped(self, lines):
        for i, line in enumerate(self.lines):
            line.was_lapped |= bool(lines & 1 << i)
        for s in self.streams.values():
            for i, side in enumerate(s.sides):
                if lines & 1 << i and not (side.lapped and side.lapped[-1][1] is None):
                    # What is missing below hi may have been among it: it came late.
                    side.lapped.append([min(side.hi, s.next) if side.hi is not None else 0, None])

    # ---- what items.h prints of the counters ----

    def stats(self):
        lines = [{name: getattr(line, name) for name in Line.COUNTERS} | {'up': int(line.state == UP)} for line in self.lines]
        feed = {name: getattr(self, name) for name in (
            'packets', 'messages', 'gaps', 'gap_messages', 'late_messages', 'resets', 'cycles', 'switches', 'mismatches',
            'silences')} | {'keys': len(self.streams)}
        return feed, lines, [s.next for s in self.streams.values()]
