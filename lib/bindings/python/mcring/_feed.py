# SPDX-License-Identifier: BSD-3-Clause
"""Feeds: man mcr_feed."""

import ctypes
import warnings
from dataclasses import dataclass
from os import PathLike
from typing import Any, Optional, Tuple, Union

from . import _abi
from ._errors import check
from ._feed_batch import FeedBatch, FeedLive
from ._feed_message import FeedMessage
from ._guard import Guard
from ._library import quick, slow
from ._reader import STARTS, filled, put, text_or_none, unsigned, word
from ._stream import Stream

_ORDERS = {'in_order': _abi.MCR_FEED_IN_ORDER, 'as_they_come': _abi.MCR_FEED_AS_THEY_COME}


@dataclass(frozen=True)
class FeedKey:
    """A stream of a feed."""

    key: int
    next: int  #: the next number to hand out
    hole_ns: int  #: since when a number is missing; 0 = none is
    scope: Tuple[int, ...]
    epoch: Tuple[int, ...]
    resets: int
    gaps: int
    gap_messages: int
    late_messages: int
    text: str  #: 'unit=15'


@dataclass(frozen=True)
class FeedLine:
    """A line of a feed. Counters are packets since the feed was opened, unless man mcr_feed says otherwise."""

    line: int
    name: str
    is_up: int
    was_heard: int
    last_ns: int
    packets: int
    bytes: int
    heartbeats: int
    first: int  #: handed out from this line
    duplicates: int
    mismatches: int
    late: int
    out_of_order: int
    stale: int
    before_start: int
    implausible: int
    malformed: int
    unsequenced: int
    not_tracked: int
    ended: int
    lost: int  #: messages missing on this line
    unsettled: int
    ring_lost: int
    behind: Tuple[int, ...]  #: [i]: by less than 2^i * 16 ns
    behind_max_ns: int
    filled: int


@dataclass(frozen=True)
class FeedStats:
    """A feed as a whole."""

    lines: int
    keys: int
    held: int
    packets: int
    messages: int
    gaps_opened: int
    gaps_filled: int
    gaps: int
    gap_messages: int
    late_messages: int
    resets: int
    cycles: int
    switches: int
    mismatches: int
    not_comparable: int
    silences: int
    keys_refused: int
    held_copied: int
    held_lost: int
    time_ns: int
    digest: int


class Feed(Stream[FeedMessage, FeedBatch]):
    """The same numbered messages on one to eight lines: each once and in order, and what is missing by name.

    Use it in a `with` block and in one thread at a time:

        with mcring.Feed('itch') as feed:
            for item in feed:
                if item.kind == mcring.FeedKind.DATA:
                    handle(item.seq, item.count, item.skip, item.payload)
                elif item.kind == mcring.FeedKind.GAP:
                    recover(item.gap.first, item.gap.last)
    """

    _polls = 0

    def __init__(self, feed: Optional[str] = None, *, config: Optional[str] = None,
                 run_dir: Union[str, 'PathLike[str]', None] = None, name: Optional[str] = None,
                 label: Optional[str] = None, order: str = 'in_order', late: bool = False, compare: bool = False,
                 hold_on_gap: bool = False, unsequenced: bool = False, events: int = 0, held_max: int = 0,
                 keys_max: int = 0, arena_bytes: int = 0, gap_timeout_ns: int = 0, start: str = 'newest',
                 start_seq: int = 0, stay: bool = False) -> None:
        """Attaches to the channels of the feed's lines.

        feed: its name; None = the engine's only one. config: a declaration of the program's own.
        run_dir, name, label, stay: as for Consumer.
        order: 'in_order', or 'as_they_come', duplicates too.
        late: hand out what fills a declared gap. compare: payloads under one number.
        hold_on_gap: a stream stops at its gap until `insert` fills it or `resume` gives it up.
        unsequenced: hand out packets without a number. events: bits 1 << kind; 0 = all but LINE_SWITCH.
        start: 'newest' or 'oldest'. start_seq: the first number wanted; 0 = the first that comes.
        What is 0 has the declaration's or the library's value.

        Raises mcring.Error as Consumer; FileNotFoundError also for a feed that is not declared, EBADMSG for a bad
        config, ESTALE if two engines declare it in different ways.
        """
        opts, error = _abi.mcr_feed_opts(**_abi.MCR_FEED_OPTS_INIT), _abi.mcr_error()
        opts.feed, opts.config, opts.run_dir = map(text_or_none, (feed, config, run_dir))
        opts.name, opts.label = map(text_or_none, (name, label))
        opts.order, opts.start = word(_ORDERS, order), word(STARTS, start)
        put(opts, late=late, compare=compare, hold_on_gap=hold_on_gap, unsequenced=unsequenced, events=events,
            held_max=held_max, keys_max=keys_max, arena_bytes=arena_bytes, gap_timeout_ns=gap_timeout_ns,
            start_seq=start_seq)
        pointer = ctypes.c_void_p()
        check(slow.mcr_feed_open(ctypes.byref(pointer), ctypes.byref(opts), ctypes.byref(error)), error.text)
        self._guard = Guard('feed', pointer)
        self._stay = stay
        self._one = FeedBatch(1, _abi.MCR_TAKE_ROOM)

    # ---- reading ----

    def _take(self, batch: FeedBatch) -> int:
        packets = batch._packets
        with self._guard as f:
            self._polls += 1
            n: int = quick.mcr_feed_take(f, batch._items, packets._msgs, batch._room, packets._payloads,
                                         packets._cap)
        batch._filled(max(n, 0))
        return n

    def take(self, n: int = 1000, octets: Optional[int] = None) -> FeedBatch:
        """Takes up to n packets and events that are due now, with copies of the payloads, in one call.

        It does not wait. Raises mcring.Error: BrokenPipeError when no engine of any line runs any more and all was
        taken.
        """
        batch = FeedBatch(n, octets)
        check(self._take(batch))
        return batch

    def _first(self, batch: FeedBatch) -> FeedMessage:
        return batch[0]

    def _new_batch(self, n: int, octets: Optional[int]) -> FeedBatch:
        return FeedBatch(n, octets)

    def poll(self, n: int = 1000) -> FeedLive:
        """Polls up to n packets and events that are due now. Payloads are copied only when they are asked for."""
        items = (_abi.mcr_feed_msg * n)()
        with self._guard as f:
            self._polls += 1
            return FeedLive(self, items, check(quick.mcr_feed_poll(f, items, n)), self._polls)

    # ---- sleeping ----

    def _wait(self, timeout_ns: int) -> int:
        with self._guard as f:
            return int(slow.mcr_feed_wait(f, timeout_ns))

    def fileno(self) -> int:
        with self._guard as f:
            return check(quick.mcr_feed_fd(f))

    def arm(self) -> bool:
        with self._guard as f:
            return check(quick.mcr_feed_arm(f)) == 0

    def _reattach(self) -> None:
        error = _abi.mcr_error()
        with self._guard as f:
            self._polls += 1
            check(slow.mcr_feed_reattach(f, ctypes.byref(error)), error.text)

    # ---- recovery ----

    def wire(self, seq: int) -> int:
        """A number as the feed's packets write it: what a request for retransmission has to name."""
        with self._guard as f:
            return int(quick.mcr_feed_wire(f, unsigned(seq, 64)))

    def insert(self, key: int, seq: int, count: int, payload: bytes) -> None:
        """Gives the feed messages that were retransmitted: count of stream key, from number seq on.

        Raises mcring.Error: FileNotFoundError (no such stream), ENOSPC (no room), EINVAL, EALREADY (they were
        handed out before), EAGAIN (take first what is due). Python has BlockingIOError for both of the last.
        """
        octets = bytes(memoryview(payload))
        with self._guard as f:
            self._polls += 1
            check(quick.mcr_feed_insert(f, unsigned(key), unsigned(seq, 64), unsigned(count), octets, len(octets)))

    def resume(self, key: int, next: int) -> None:
        """Goes on at number next, after a snapshot that covers all below. Errors: as insert."""
        with self._guard as f:
            self._polls += 1
            check(quick.mcr_feed_resume(f, unsigned(key), unsigned(next, 64)))

    # ---- what it is ----

    def key(self, key: int) -> FeedKey:
        """A stream. Raises mcring.Error: FileNotFoundError."""
        info = _abi.mcr_feed_key(size=ctypes.sizeof(_abi.mcr_feed_key))
        with self._guard as f:
            check(quick.mcr_feed_key_info(f, unsigned(key), ctypes.byref(info)))
        found: FeedKey = filled(FeedKey, info)
        return found

    def line(self, line: int) -> FeedLine:
        """A line. Raises mcring.Error: FileNotFoundError."""
        info = _abi.mcr_feed_line(size=ctypes.sizeof(_abi.mcr_feed_line))
        with self._guard as f:
            check(quick.mcr_feed_line_info(f, unsigned(line), ctypes.byref(info)))
        found: FeedLine = filled(FeedLine, info)
        return found

    @property
    def stats(self) -> FeedStats:
        """The feed as a whole."""
        info = _abi.mcr_feed_stats(size=ctypes.sizeof(_abi.mcr_feed_stats))
        with self._guard as f:
            check(quick.mcr_feed_stats_info(f, ctypes.byref(info)))
        found: FeedStats = filled(FeedStats, info)
        return found

    @property
    def config(self) -> str:
        """The declaration as the engine gave it."""
        with self._guard as f:
            declaration: bytes = quick.mcr_feed_config_text(f)
        return declaration.decode()

    # ---- life ----

    def close(self) -> None:
        """Detaches. What is closed can be closed again."""
        pointer = self._guard.close()
        if pointer:
            slow.mcr_feed_close(pointer)

    def __del__(self, warn: Any = warnings.warn) -> None:
        if hasattr(self, '_guard') and not self.is_closed:
            warn(f'unclosed {self!r}', ResourceWarning, source=self)
            self.close()

    def __repr__(self) -> str:
        return f'<mcring.Feed{" (closed)" if self.is_closed else ""}>'
