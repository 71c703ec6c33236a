# SPDX-License-Identifier: BSD-3-Clause
"""mcring's C interface, ABI 2, mcring 0.1.0. Made by tools/abi from include/mcring: not to be edited.

Pointers are c_void_p: they take byref(), arrays, addresses and None. Texts are c_char_p."""

from __future__ import annotations

import ctypes
from ctypes import (c_char, c_char_p, c_int, c_int64, c_size_t, c_uint8, c_uint16, c_uint32,
                    c_uint64, c_void_p)
from typing import Any

ABI = 2
VERSION = '0.1.0'

MCR_NAME_MAX = 32
MCR_LABEL_MAX = 32
MCR_ADDRESS_TEXT = 46
MCR_ALL_RINGS = 4294967295
MCR_TAKE_ROOM = 65536
MCR_SELECT_MAX = 65536
MCR_FEED_LINES_MAX = 8
MCR_FEED_LEADS = 32
MCR_FLAG_KERNEL = 32768
MCR_RECEIVE_NO_INTERFACE = 65535

# enum mcr_kind
MCR_DATA = 0
MCR_LOST = 1
MCR_LINK = 2
MCR_RESTART = 3
MCR_STALL = 4
MCR_ENGINE_STALL = 5

# enum mcr_msg_flags
MCR_FLAG_RX_TIME_TSC = 1
MCR_FLAG_CLOCK_STEP = 2
MCR_FLAG_HW_TIME = 4
MCR_FLAG_HW_TIME_SYNCED = 8
MCR_FLAG_LINK_UP = 16
MCR_FLAG_LINK_GONE = 32
MCR_FLAG_LATE = 64
MCR_FLAG_STALL_OVER = 128

# enum mcr_start
MCR_START_NEWEST = 0
MCR_START_OLDEST = 1
MCR_START_SEQ = 2

# enum mcr_order
MCR_ORDER_RINGS = 0
MCR_ORDER_MERGED = 1

# enum mcr_feed_kind
MCR_FEED_DATA = 0
MCR_FEED_START = 1
MCR_FEED_GAP = 2
MCR_FEED_GAP_HOST = 3
MCR_FEED_FILLED_LATE = 4
MCR_FEED_RESET = 5
MCR_FEED_LINE_DOWN = 6
MCR_FEED_LINE_UP = 7
MCR_FEED_LINE_SWITCH = 8
MCR_FEED_SILENCE = 9
MCR_FEED_SILENCE_END = 10
MCR_FEED_MISMATCH = 11
MCR_FEED_END_OF_SESSION = 12
MCR_FEED_IMPLAUSIBLE = 13
MCR_FEED_KEYS_FULL = 14
MCR_FEED_CHANGED = 15
MCR_FEED_CYCLE = 16

# enum mcr_feed_gap_why
MCR_FEED_GAP_TIMEOUT = 1
MCR_FEED_GAP_PASSED = 2
MCR_FEED_GAP_WINDOW = 3
MCR_FEED_GAP_FLUSH = 4
MCR_FEED_GAP_OVERWRITTEN = 5

# enum mcr_feed_whose
MCR_FEED_WIRE = 1
MCR_FEED_HOST_MAYBE = 2
MCR_FEED_RING = 3

# enum mcr_feed_reset_why
MCR_FEED_RESET_EXPLICIT = 1
MCR_FEED_RESET_SESSION = 2
MCR_FEED_RESET_IMPLICIT = 3
MCR_FEED_RESET_RESUME = 4

# enum mcr_feed_down_why
MCR_FEED_DOWN_SILENT = 1
MCR_FEED_DOWN_NEVER = 2
MCR_FEED_DOWN_ENGINE = 3
MCR_FEED_DOWN_LINK = 4

# enum mcr_feed_msg_flags
MCR_FEED_FLAG_LATE = 1
MCR_FEED_FLAG_AFTER_GAP = 2
MCR_FEED_FLAG_HELD = 4
MCR_FEED_FLAG_INSERTED = 8
MCR_FEED_FLAG_DUPLICATE = 16
MCR_FEED_FLAG_OUT_OF_ORDER = 32
MCR_FEED_FLAG_UNSEQUENCED = 64

# enum mcr_feed_order
MCR_FEED_IN_ORDER = 0
MCR_FEED_AS_THEY_COME = 1

# enum mcr_receive_kind
MCR_RECEIVE_ENGINE = 64
MCR_RECEIVE_KERNEL = 65
MCR_RECEIVE_NOWHERE = 66
MCR_RECEIVE_IDLE = 67

# enum mcr_receive_fallback
MCR_RECEIVE_AUTO = 0
MCR_RECEIVE_ALWAYS = 1
MCR_RECEIVE_NEVER = 2


class mcr_error(ctypes.Structure):
    text: bytes
    _fields_ = [
        ('text', c_char * 512),
    ]


class mcr_address(ctypes.Structure):
    octets: ctypes.Array[c_uint8]
    _fields_ = [
        ('octets', c_uint8 * 16),
    ]


class mcr_pos(ctypes.Structure):
    epoch: int
    seq: int
    ring: int
    pad: int
    _fields_ = [
        ('epoch', c_uint64),
        ('seq', c_uint64),
        ('ring', c_uint32),
        ('pad', c_uint32),
    ]


class mcr_msg_u(ctypes.Union):
    _fields_ = [
        ('lost', c_uint64),
        ('since_ns', c_uint64),
    ]


class mcr_msg(ctypes.Structure):
    data: int | None
    len: int
    kind: int
    flags: int
    pos: mcr_pos
    rx_ns: int
    hw_ns: int
    offset: int
    group: mcr_address
    source: mcr_address
    id: int
    dst_port: int
    src_port: int
    vlan: int
    interface: int
    ttl: int
    traffic_class: int
    pad: ctypes.Array[c_uint8]
    lost: int
    since_ns: int
    reserved: int
    _anonymous_ = ('u',)
    _fields_ = [
        ('data', c_void_p),
        ('len', c_uint32),
        ('kind', c_uint16),
        ('flags', c_uint16),
        ('pos', mcr_pos),
        ('rx_ns', c_uint64),
        ('hw_ns', c_uint64),
        ('offset', c_uint64),
        ('group', mcr_address),
        ('source', mcr_address),
        ('id', c_uint32),
        ('dst_port', c_uint16),
        ('src_port', c_uint16),
        ('vlan', c_uint16),
        ('interface', c_uint16),
        ('ttl', c_uint8),
        ('traffic_class', c_uint8),
        ('pad', c_uint8 * 2),
        ('u', mcr_msg_u),
        ('reserved', c_uint64),
    ]


class mcr_select_group(ctypes.Structure):
    group: mcr_address
    port: int
    _fields_ = [
        ('group', mcr_address),
        ('port', c_uint16),
    ]


class mcr_consumer_opts(ctypes.Structure):
    size: int
    msg_size: int
    run_dir: bytes | None
    name: bytes | None
    channel: bytes | None
    label: bytes | None
    fd: int
    start: int
    ring: int
    order: int
    seq: int
    groups: int | None
    ids: int | None
    n_groups: int
    n_ids: int
    hold_ns: int
    stall_ns: int
    answer_ns: int
    no_wait: int
    pad: int
    _fields_ = [
        ('size', c_uint32),
        ('msg_size', c_uint32),
        ('run_dir', c_char_p),
        ('name', c_char_p),
        ('channel', c_char_p),
        ('label', c_char_p),
        ('fd', c_int),
        ('start', c_uint32),
        ('ring', c_uint32),
        ('order', c_uint32),
        ('seq', c_uint64),
        ('groups', c_void_p),
        ('ids', c_void_p),
        ('n_groups', c_size_t),
        ('n_ids', c_size_t),
        ('hold_ns', c_uint64),
        ('stall_ns', c_uint64),
        ('answer_ns', c_uint64),
        ('no_wait', c_uint32),
        ('pad', c_uint32),
    ]


class mcr_consumer_interface(ctypes.Structure):
    size: int
    index: int
    name: bytes
    address: mcr_address
    prefix_len: int
    pad: int
    vlan: int
    dpdk_port: int
    pad2: int
    port: bytes
    netdev: bytes
    kernel: bytes
    _fields_ = [
        ('size', c_uint32),
        ('index', c_uint32),
        ('name', c_char * 32),
        ('address', mcr_address),
        ('prefix_len', c_uint8),
        ('pad', c_uint8),
        ('vlan', c_uint16),
        ('dpdk_port', c_uint16),
        ('pad2', c_uint16),
        ('port', c_char * 64),
        ('netdev', c_char * 16),
        ('kernel', c_char * 16),
    ]


class mcr_consumer_ring(ctypes.Structure):
    size: int
    ring: int
    epoch: int
    oldest: int
    next: int
    head: int
    watermark_ns: int
    host_lost: int
    host_looked_ns: int
    _fields_ = [
        ('size', c_uint32),
        ('ring', c_uint32),
        ('epoch', c_uint64),
        ('oldest', c_uint64),
        ('next', c_uint64),
        ('head', c_uint64),
        ('watermark_ns', c_uint64),
        ('host_lost', c_uint64),
        ('host_looked_ns', c_uint64),
    ]


class mcr_feed_gap(ctypes.Structure):
    first: int
    last: int
    opened_ns: int
    declared_ns: int
    host_lost: int
    why: int
    whose: int
    _fields_ = [
        ('first', c_uint64),
        ('last', c_uint64),
        ('opened_ns', c_uint64),
        ('declared_ns', c_uint64),
        ('host_lost', c_uint64),
        ('why', c_uint32),
        ('whose', c_uint32),
    ]


class mcr_feed_late(ctypes.Structure):
    first: int
    last: int
    _fields_ = [
        ('first', c_uint64),
        ('last', c_uint64),
    ]


class mcr_feed_reset(ctypes.Structure):
    old_next: int
    new_next: int
    why: int
    pad: int
    _fields_ = [
        ('old_next', c_uint64),
        ('new_next', c_uint64),
        ('why', c_uint32),
        ('pad', c_uint32),
    ]


class mcr_feed_mismatch(ctypes.Structure):
    seq: int
    first_line: int
    pad: int
    _fields_ = [
        ('seq', c_uint64),
        ('first_line', c_uint32),
        ('pad', c_uint32),
    ]


class mcr_feed_down(ctypes.Structure):
    why: int
    pad: int
    _fields_ = [
        ('why', c_uint32),
        ('pad', c_uint32),
    ]


class mcr_feed_msg_u(ctypes.Union):
    _fields_ = [
        ('gap', mcr_feed_gap),
        ('late', mcr_feed_late),
        ('reset', mcr_feed_reset),
        ('mismatch', mcr_feed_mismatch),
        ('down', mcr_feed_down),
    ]


class mcr_feed_msg(ctypes.Structure):
    msg: int | None
    seq: int
    count: int
    skip: int
    key: int
    kind: int
    line: int
    flags: int
    held: int
    ns: int
    gap: mcr_feed_gap
    late: mcr_feed_late
    reset: mcr_feed_reset
    mismatch: mcr_feed_mismatch
    down: mcr_feed_down
    _anonymous_ = ('u',)
    _fields_ = [
        ('msg', c_void_p),
        ('seq', c_uint64),
        ('count', c_uint32),
        ('skip', c_uint32),
        ('key', c_uint32),
        ('kind', c_uint8),
        ('line', c_uint8),
        ('flags', c_uint16),
        ('held', c_uint64),
        ('ns', c_uint64),
        ('u', mcr_feed_msg_u),
    ]


class mcr_feed_opts(ctypes.Structure):
    size: int
    msg_size: int
    feed: bytes | None
    config: bytes | None
    run_dir: bytes | None
    name: bytes | None
    label: bytes | None
    order: int
    late: int
    compare: int
    hold_on_gap: int
    unsequenced: int
    events: int
    held_max: int
    keys_max: int
    arena_bytes: int
    gap_timeout_ns: int
    start_seq: int
    start: int
    pad: int
    _fields_ = [
        ('size', c_uint32),
        ('msg_size', c_uint32),
        ('feed', c_char_p),
        ('config', c_char_p),
        ('run_dir', c_char_p),
        ('name', c_char_p),
        ('label', c_char_p),
        ('order', c_uint32),
        ('late', c_uint32),
        ('compare', c_uint32),
        ('hold_on_gap', c_uint32),
        ('unsequenced', c_uint32),
        ('events', c_uint32),
        ('held_max', c_uint32),
        ('keys_max', c_uint32),
        ('arena_bytes', c_uint64),
        ('gap_timeout_ns', c_uint64),
        ('start_seq', c_uint64),
        ('start', c_uint32),
        ('pad', c_uint32),
    ]


class mcr_feed_key(ctypes.Structure):
    size: int
    key: int
    next: int
    hole_ns: int
    scope: ctypes.Array[c_uint64]
    epoch: ctypes.Array[c_uint64]
    resets: int
    gaps: int
    gap_messages: int
    late_messages: int
    text: bytes
    _fields_ = [
        ('size', c_uint32),
        ('key', c_uint32),
        ('next', c_uint64),
        ('hole_ns', c_uint64),
        ('scope', c_uint64 * 2),
        ('epoch', c_uint64 * 2),
        ('resets', c_uint64),
        ('gaps', c_uint64),
        ('gap_messages', c_uint64),
        ('late_messages', c_uint64),
        ('text', c_char * 64),
    ]


class mcr_feed_line(ctypes.Structure):
    size: int
    line: int
    name: bytes
    is_up: int
    was_heard: int
    last_ns: int
    packets: int
    bytes: int
    heartbeats: int
    first: int
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
    lost: int
    unsettled: int
    ring_lost: int
    behind: ctypes.Array[c_uint64]
    behind_max_ns: int
    filled: int
    _fields_ = [
        ('size', c_uint32),
        ('line', c_uint32),
        ('name', c_char * 32),
        ('is_up', c_uint32),
        ('was_heard', c_uint32),
        ('last_ns', c_uint64),
        ('packets', c_uint64),
        ('bytes', c_uint64),
        ('heartbeats', c_uint64),
        ('first', c_uint64),
        ('duplicates', c_uint64),
        ('mismatches', c_uint64),
        ('late', c_uint64),
        ('out_of_order', c_uint64),
        ('stale', c_uint64),
        ('before_start', c_uint64),
        ('implausible', c_uint64),
        ('malformed', c_uint64),
        ('unsequenced', c_uint64),
        ('not_tracked', c_uint64),
        ('ended', c_uint64),
        ('lost', c_uint64),
        ('unsettled', c_uint64),
        ('ring_lost', c_uint64),
        ('behind', c_uint64 * 32),
        ('behind_max_ns', c_uint64),
        ('filled', c_uint64),
    ]


class mcr_feed_stats(ctypes.Structure):
    size: int
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
    _fields_ = [
        ('size', c_uint32),
        ('lines', c_uint32),
        ('keys', c_uint32),
        ('held', c_uint32),
        ('packets', c_uint64),
        ('messages', c_uint64),
        ('gaps_opened', c_uint64),
        ('gaps_filled', c_uint64),
        ('gaps', c_uint64),
        ('gap_messages', c_uint64),
        ('late_messages', c_uint64),
        ('resets', c_uint64),
        ('cycles', c_uint64),
        ('switches', c_uint64),
        ('mismatches', c_uint64),
        ('not_comparable', c_uint64),
        ('silences', c_uint64),
        ('keys_refused', c_uint64),
        ('held_copied', c_uint64),
        ('held_lost', c_uint64),
        ('time_ns', c_uint64),
        ('digest', c_uint64),
    ]


class mcr_receive_opts(ctypes.Structure):
    size: int
    msg_size: int
    joins: int | None
    n_joins: int
    run_dir: bytes | None
    name: bytes | None
    label: bytes | None
    channel: bytes | None
    fallback: int
    buffer_bytes: int
    spin_ns: int
    idle_ns: int
    _fields_ = [
        ('size', c_uint32),
        ('msg_size', c_uint32),
        ('joins', c_void_p),
        ('n_joins', c_size_t),
        ('run_dir', c_char_p),
        ('name', c_char_p),
        ('label', c_char_p),
        ('channel', c_char_p),
        ('fallback', c_uint32),
        ('buffer_bytes', c_uint32),
        ('spin_ns', c_uint64),
        ('idle_ns', c_uint64),
    ]


# What *_OPTS_INIT sets.
MCR_CONSUMER_OPTS_INIT = {'size': 128, 'msg_size': 128, 'fd': -1, 'ring': 4294967295}  # all else is 0
MCR_FEED_OPTS_INIT = {'size': 112, 'msg_size': 96}  # all else is 0
MCR_RECEIVE_OPTS_INIT = {'size': 80, 'msg_size': 128}  # all else is 0

# For numpy: name, format and offset of each column of a batch.
MCR_MSG_COLUMNS: list[tuple[str, str, int]] = [
    ('data', 'u8', 0),
    ('len', 'u4', 8),
    ('kind', 'u2', 12),
    ('flags', 'u2', 14),
    ('epoch', 'u8', 16),
    ('seq', 'u8', 24),
    ('ring', 'u4', 32),
    ('rx_ns', 'u8', 40),
    ('hw_ns', 'u8', 48),
    ('offset', 'u8', 56),
    ('group', '(16,)u1', 64),
    ('source', '(16,)u1', 80),
    ('id', 'u4', 96),
    ('dst_port', 'u2', 100),
    ('src_port', 'u2', 102),
    ('vlan', 'u2', 104),
    ('interface', 'u2', 106),
    ('ttl', 'u1', 108),
    ('traffic_class', 'u1', 109),
    ('lost', 'u8', 112),
    ('since_ns', 'u8', 112),
]

MCR_FEED_MSG_COLUMNS: list[tuple[str, str, int]] = [
    ('msg', 'u8', 0),
    ('seq', 'u8', 8),
    ('count', 'u4', 16),
    ('skip', 'u4', 20),
    ('key', 'u4', 24),
    ('kind', 'u1', 28),
    ('line', 'u1', 29),
    ('flags', 'u2', 30),
    ('held', 'u8', 32),
    ('ns', 'u8', 40),
    ('gap_first', 'u8', 48),
    ('gap_last', 'u8', 56),
    ('gap_opened_ns', 'u8', 64),
    ('gap_declared_ns', 'u8', 72),
    ('gap_host_lost', 'u8', 80),
    ('gap_why', 'u4', 88),
    ('gap_whose', 'u4', 92),
    ('late_first', 'u8', 48),
    ('late_last', 'u8', 56),
    ('reset_old_next', 'u8', 48),
    ('reset_new_next', 'u8', 56),
    ('reset_why', 'u4', 64),
    ('mismatch_seq', 'u8', 48),
    ('mismatch_first_line', 'u4', 56),
    ('down_why', 'u4', 48),
]

# Of each library: name, what it returns, arguments.
FUNCTIONS: dict[str, list[tuple[str, Any, list[Any]]]] = {
    'mcring-client': [
        ('mcr_address_parse', c_int,
         [c_void_p, c_char_p, c_size_t]),
        ('mcr_address_format', c_char_p,
         [c_char_p, mcr_address]),
        ('mcr_consumer_open', c_int,
         [c_void_p, c_void_p, c_void_p]),
        ('mcr_consumer_poll', c_int,
         [c_void_p, c_void_p, c_int]),
        ('mcr_consumer_read', c_int64,
         [c_void_p, c_void_p, c_void_p, c_size_t]),
        ('mcr_consumer_intact', c_int,
         [c_void_p, c_void_p]),
        ('mcr_consumer_release', None,
         [c_void_p]),
        ('mcr_consumer_take', c_int,
         [c_void_p, c_void_p, c_int, c_void_p, c_size_t]),
        ('mcr_consumer_reattach', c_int,
         [c_void_p, c_void_p]),
        ('mcr_consumer_cursor', c_int,
         [c_void_p, c_void_p, c_void_p, c_void_p]),
        ('mcr_consumer_seek', c_int,
         [c_void_p, c_uint32]),
        ('mcr_consumer_select', c_int,
         [c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, c_void_p]),
        ('mcr_consumer_skipped', c_uint64,
         [c_void_p]),
        ('mcr_consumer_wait', c_int,
         [c_void_p, c_uint64]),
        ('mcr_consumer_fd', c_int,
         [c_void_p]),
        ('mcr_consumer_arm', c_int,
         [c_void_p]),
        ('mcr_consumer_join', c_int,
         [c_void_p, c_char_p, c_void_p]),
        ('mcr_consumer_leave', c_int,
         [c_void_p, c_char_p, c_void_p]),
        ('mcr_consumer_interface_info', c_int,
         [c_void_p, c_uint32, c_void_p, c_void_p]),
        ('mcr_consumer_ring_info', c_int,
         [c_void_p, c_uint32, c_void_p, c_void_p]),
        ('mcr_consumer_until', c_uint64,
         [c_void_p, c_uint32]),
        ('mcr_consumer_headroom', c_uint64,
         [c_void_p]),
        ('mcr_consumer_rings', c_uint32,
         [c_void_p]),
        ('mcr_consumer_hold', c_int,
         [c_void_p, c_void_p]),
        ('mcr_hold_release', None,
         [c_void_p]),
        ('mcr_consumer_close', None,
         [c_void_p]),
    ],
    'mcring-feed': [
        ('mcr_feed_open', c_int,
         [c_void_p, c_void_p, c_void_p]),
        ('mcr_feed_poll', c_int,
         [c_void_p, c_void_p, c_int]),
        ('mcr_feed_read', c_int64,
         [c_void_p, c_void_p, c_void_p, c_size_t]),
        ('mcr_feed_intact', c_int,
         [c_void_p, c_void_p]),
        ('mcr_feed_release', None,
         [c_void_p]),
        ('mcr_feed_take', c_int,
         [c_void_p, c_void_p, c_void_p, c_int, c_void_p, c_size_t]),
        ('mcr_feed_wait', c_int,
         [c_void_p, c_uint64]),
        ('mcr_feed_fd', c_int,
         [c_void_p]),
        ('mcr_feed_arm', c_int,
         [c_void_p]),
        ('mcr_feed_reattach', c_int,
         [c_void_p, c_void_p]),
        ('mcr_feed_wire', c_uint64,
         [c_void_p, c_uint64]),
        ('mcr_feed_insert', c_int,
         [c_void_p, c_uint32, c_uint64, c_uint32, c_void_p, c_size_t]),
        ('mcr_feed_resume', c_int,
         [c_void_p, c_uint32, c_uint64]),
        ('mcr_feed_key_info', c_int,
         [c_void_p, c_uint32, c_void_p]),
        ('mcr_feed_line_info', c_int,
         [c_void_p, c_uint32, c_void_p]),
        ('mcr_feed_stats_info', c_int,
         [c_void_p, c_void_p]),
        ('mcr_feed_config_text', c_char_p,
         [c_void_p]),
        ('mcr_feed_close', None,
         [c_void_p]),
    ],
    'mcring-socket': [
        ('mcr_receive', c_int,
         [c_void_p, ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p), c_void_p, c_void_p]),
    ],
}
