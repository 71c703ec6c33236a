# SPDX-License-Identifier: BSD-3-Clause
"""mcring: UDP multicast from the rings of an engine, and feeds of several lines.

    with mcring.Consumer() as consumer:
        for m in consumer:
            if m.kind == mcring.DATA:
                print(m.seq, m.payload)

Consumer reads a channel, Feed the lines of a declared feed. Both are iterators, for `async for` too, and give
Batches of many messages in one call, which numpy reads as columns. Consumer.poll leaves payloads in place.
PcapngWriter writes messages as a capture.

An error is an Error, which is an OSError. Wrong use is a ValueError (closed, arguments) or RuntimeError (two
threads at once, a forked child). `man mcr_consumer` and `man mcr_feed` say what lies below.
"""

from . import _abi
from ._address import format_address, parse_address
from ._batch import Batch, dtype
from ._consumer import Consumer, Cursor, Interface
from ._errors import Error
from ._feed import Feed, FeedKey, FeedLine, FeedStats
from ._feed_batch import FeedBatch, FeedLive, LiveFeedMessage
from ._feed_message import (DownWhy, FeedFlag, FeedKind, FeedMessage, Gap, GapWhy, Late, Mismatch, Reset, ResetWhy,
                            Whose)
from ._live import Live, LiveMessage
from ._message import Flag, Kind, Message
from ._pcapng import PcapngWriter
from ._reader import Ring

DATA = Kind.DATA
LOST = Kind.LOST
LINK = Kind.LINK
RESTART = Kind.RESTART
STALL = Kind.STALL
ENGINE_STALL = Kind.ENGINE_STALL

ABI = _abi.ABI  #: of the C libraries, the number of their SONAME
__version__ = _abi.VERSION

__all__ = [
    'ABI', 'Batch', 'Consumer', 'Cursor', 'DATA', 'DownWhy', 'ENGINE_STALL', 'Error', 'Feed', 'FeedBatch',
    'FeedFlag', 'FeedKey', 'FeedKind', 'FeedLine', 'FeedLive', 'FeedMessage', 'FeedStats', 'Flag', 'Gap',
    'GapWhy', 'Interface', 'Kind', 'LINK', 'LOST', 'Late', 'Live', 'LiveFeedMessage', 'LiveMessage', 'Message',
    'Mismatch', 'PcapngWriter', 'RESTART', 'Reset', 'ResetWhy', 'Ring', 'STALL', 'Whose', 'dtype',
    'format_address', 'parse_address',
]
