// SPDX-License-Identifier: BSD-3-Clause
//! mcring's C interface, ABI 2, mcring 0.1.0. Made by tools/abi from include/mcring: not to be edited.
#![allow(non_camel_case_types)]

use std::marker::{PhantomData, PhantomPinned};
use std::os::raw::{c_char, c_int, c_uint, c_void};

pub const MCRING_ABI: u32 = 2;
pub const MCRING_VERSION: &str = "0.1.0";

pub const MCR_NAME_MAX: u32 = 32;
pub const MCR_LABEL_MAX: u32 = 32;
pub const MCR_ADDRESS_TEXT: u32 = 46;
pub const MCR_ALL_RINGS: u32 = 4294967295;
pub const MCR_TAKE_ROOM: u32 = 65536;
pub const MCR_SELECT_MAX: u32 = 65536;
pub const MCR_FEED_LINES_MAX: u32 = 8;
pub const MCR_FEED_LEADS: u32 = 32;
pub const MCR_FLAG_KERNEL: u32 = 32768;
pub const MCR_RECEIVE_NO_INTERFACE: u32 = 65535;

pub type mcr_kind = c_uint;
pub const MCR_DATA: mcr_kind = 0;
pub const MCR_LOST: mcr_kind = 1;
pub const MCR_LINK: mcr_kind = 2;
pub const MCR_RESTART: mcr_kind = 3;
pub const MCR_STALL: mcr_kind = 4;
pub const MCR_ENGINE_STALL: mcr_kind = 5;

pub type mcr_msg_flags = c_uint;
pub const MCR_FLAG_RX_TIME_TSC: mcr_msg_flags = 1;
pub const MCR_FLAG_CLOCK_STEP: mcr_msg_flags = 2;
pub const MCR_FLAG_HW_TIME: mcr_msg_flags = 4;
pub const MCR_FLAG_HW_TIME_SYNCED: mcr_msg_flags = 8;
pub const MCR_FLAG_LINK_UP: mcr_msg_flags = 16;
pub const MCR_FLAG_LINK_GONE: mcr_msg_flags = 32;
pub const MCR_FLAG_LATE: mcr_msg_flags = 64;
pub const MCR_FLAG_STALL_OVER: mcr_msg_flags = 128;

pub type mcr_start = c_uint;
pub const MCR_START_NEWEST: mcr_start = 0;
pub const MCR_START_OLDEST: mcr_start = 1;
pub const MCR_START_SEQ: mcr_start = 2;

pub type mcr_order = c_uint;
pub const MCR_ORDER_RINGS: mcr_order = 0;
pub const MCR_ORDER_MERGED: mcr_order = 1;

pub type mcr_feed_kind = c_uint;
pub const MCR_FEED_DATA: mcr_feed_kind = 0;
pub const MCR_FEED_START: mcr_feed_kind = 1;
pub const MCR_FEED_GAP: mcr_feed_kind = 2;
pub const MCR_FEED_GAP_HOST: mcr_feed_kind = 3;
pub const MCR_FEED_FILLED_LATE: mcr_feed_kind = 4;
pub const MCR_FEED_RESET: mcr_feed_kind = 5;
pub const MCR_FEED_LINE_DOWN: mcr_feed_kind = 6;
pub const MCR_FEED_LINE_UP: mcr_feed_kind = 7;
pub const MCR_FEED_LINE_SWITCH: mcr_feed_kind = 8;
pub const MCR_FEED_SILENCE: mcr_feed_kind = 9;
pub const MCR_FEED_SILENCE_END: mcr_feed_kind = 10;
pub const MCR_FEED_MISMATCH: mcr_feed_kind = 11;
pub const MCR_FEED_END_OF_SESSION: mcr_feed_kind = 12;
pub const MCR_FEED_IMPLAUSIBLE: mcr_feed_kind = 13;
pub const MCR_FEED_KEYS_FULL: mcr_feed_kind = 14;
pub const MCR_FEED_CHANGED: mcr_feed_kind = 15;
pub const MCR_FEED_CYCLE: mcr_feed_kind = 16;

pub type mcr_feed_gap_why = c_uint;
pub const MCR_FEED_GAP_TIMEOUT: mcr_feed_gap_why = 1;
pub const MCR_FEED_GAP_PASSED: mcr_feed_gap_why = 2;
pub const MCR_FEED_GAP_WINDOW: mcr_feed_gap_why = 3;
pub const MCR_FEED_GAP_FLUSH: mcr_feed_gap_why = 4;
pub const MCR_FEED_GAP_OVERWRITTEN: mcr_feed_gap_why = 5;

pub type mcr_feed_whose = c_uint;
pub const MCR_FEED_WIRE: mcr_feed_whose = 1;
pub const MCR_FEED_HOST_MAYBE: mcr_feed_whose = 2;
pub const MCR_FEED_RING: mcr_feed_whose = 3;

pub type mcr_feed_reset_why = c_uint;
pub const MCR_FEED_RESET_EXPLICIT: mcr_feed_reset_why = 1;
pub const MCR_FEED_RESET_SESSION: mcr_feed_reset_why = 2;
pub const MCR_FEED_RESET_IMPLICIT: mcr_feed_reset_why = 3;
pub const MCR_FEED_RESET_RESUME: mcr_feed_reset_why = 4;

pub type mcr_feed_down_why = c_uint;
pub const MCR_FEED_DOWN_SILENT: mcr_feed_down_why = 1;
pub const MCR_FEED_DOWN_NEVER: mcr_feed_down_why = 2;
pub const MCR_FEED_DOWN_ENGINE: mcr_feed_down_why = 3;
pub const MCR_FEED_DOWN_LINK: mcr_feed_down_why = 4;

pub type mcr_feed_msg_flags = c_uint;
pub const MCR_FEED_FLAG_LATE: mcr_feed_msg_flags = 1;
pub const MCR_FEED_FLAG_AFTER_GAP: mcr_feed_msg_flags = 2;
pub const MCR_FEED_FLAG_HELD: mcr_feed_msg_flags = 4;
pub const MCR_FEED_FLAG_INSERTED: mcr_feed_msg_flags = 8;
pub const MCR_FEED_FLAG_DUPLICATE: mcr_feed_msg_flags = 16;
pub const MCR_FEED_FLAG_OUT_OF_ORDER: mcr_feed_msg_flags = 32;
pub const MCR_FEED_FLAG_UNSEQUENCED: mcr_feed_msg_flags = 64;

pub type mcr_feed_order = c_uint;
pub const MCR_FEED_IN_ORDER: mcr_feed_order = 0;
pub const MCR_FEED_AS_THEY_COME: mcr_feed_order = 1;

pub type mcr_receive_kind = c_uint;
pub const MCR_RECEIVE_ENGINE: mcr_receive_kind = 64;
pub const MCR_RECEIVE_KERNEL: mcr_receive_kind = 65;
pub const MCR_RECEIVE_NOWHERE: mcr_receive_kind = 66;
pub const MCR_RECEIVE_IDLE: mcr_receive_kind = 67;

pub type mcr_receive_fallback = c_uint;
pub const MCR_RECEIVE_AUTO: mcr_receive_fallback = 0;
pub const MCR_RECEIVE_ALWAYS: mcr_receive_fallback = 1;
pub const MCR_RECEIVE_NEVER: mcr_receive_fallback = 2;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_error {
    pub text: [c_char; 512],
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_address {
    pub octets: [u8; 16],
}

#[repr(C)]
pub struct mcr_consumer {
    _opaque: [u8; 0],
    _not_send: PhantomData<(*mut u8, PhantomPinned)>,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_pos {
    pub epoch: u64,
    pub seq: u64,
    pub ring: u32,
    pub pad: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union mcr_msg_u {
    pub lost: u64,
    pub since_ns: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mcr_msg {
    pub data: *const u8,
    pub len: u32,
    pub kind: u16,
    pub flags: u16,
    pub pos: mcr_pos,
    pub rx_ns: u64,
    pub hw_ns: u64,
    pub offset: u64,
    pub group: mcr_address,
    pub source: mcr_address,
    pub id: u32,
    pub dst_port: u16,
    pub src_port: u16,
    pub vlan: u16,
    pub interface: u16,
    pub ttl: u8,
    pub traffic_class: u8,
    pub pad: [u8; 2],
    pub u: mcr_msg_u,
    pub reserved: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_select_group {
    pub group: mcr_address,
    pub port: u16,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_consumer_opts {
    pub size: u32,
    pub msg_size: u32,
    pub run_dir: *const c_char,
    pub name: *const c_char,
    pub channel: *const c_char,
    pub label: *const c_char,
    pub fd: c_int,
    pub start: u32,
    pub ring: u32,
    pub order: u32,
    pub seq: u64,
    pub groups: *const mcr_select_group,
    pub ids: *const u32,
    pub n_groups: usize,
    pub n_ids: usize,
    pub hold_ns: u64,
    pub stall_ns: u64,
    pub answer_ns: u64,
    pub no_wait: u32,
    pub pad: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_consumer_interface {
    pub size: u32,
    pub index: u32,
    pub name: [c_char; 32],
    pub address: mcr_address,
    pub prefix_len: u8,
    pub pad: u8,
    pub vlan: u16,
    pub dpdk_port: u16,
    pub pad2: u16,
    pub port: [c_char; 64],
    pub netdev: [c_char; 16],
    pub kernel: [c_char; 16],
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_consumer_ring {
    pub size: u32,
    pub ring: u32,
    pub epoch: u64,
    pub oldest: u64,
    pub next: u64,
    pub head: u64,
    pub watermark_ns: u64,
    pub host_lost: u64,
    pub host_looked_ns: u64,
}

#[repr(C)]
pub struct mcr_hold {
    _opaque: [u8; 0],
    _not_send: PhantomData<(*mut u8, PhantomPinned)>,
}

#[repr(C)]
pub struct mcr_feed {
    _opaque: [u8; 0],
    _not_send: PhantomData<(*mut u8, PhantomPinned)>,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_feed_gap {
    pub first: u64,
    pub last: u64,
    pub opened_ns: u64,
    pub declared_ns: u64,
    pub host_lost: u64,
    pub why: u32,
    pub whose: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_feed_late {
    pub first: u64,
    pub last: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_feed_reset {
    pub old_next: u64,
    pub new_next: u64,
    pub why: u32,
    pub pad: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_feed_mismatch {
    pub seq: u64,
    pub first_line: u32,
    pub pad: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_feed_down {
    pub why: u32,
    pub pad: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union mcr_feed_msg_u {
    pub gap: mcr_feed_gap,
    pub late: mcr_feed_late,
    pub reset: mcr_feed_reset,
    pub mismatch: mcr_feed_mismatch,
    pub down: mcr_feed_down,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mcr_feed_msg {
    pub msg: *const mcr_msg,
    pub seq: u64,
    pub count: u32,
    pub skip: u32,
    pub key: u32,
    pub kind: u8,
    pub line: u8,
    pub flags: u16,
    pub held: u64,
    pub ns: u64,
    pub u: mcr_feed_msg_u,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_feed_opts {
    pub size: u32,
    pub msg_size: u32,
    pub feed: *const c_char,
    pub config: *const c_char,
    pub run_dir: *const c_char,
    pub name: *const c_char,
    pub label: *const c_char,
    pub order: u32,
    pub late: u32,
    pub compare: u32,
    pub hold_on_gap: u32,
    pub unsequenced: u32,
    pub events: u32,
    pub held_max: u32,
    pub keys_max: u32,
    pub arena_bytes: u64,
    pub gap_timeout_ns: u64,
    pub start_seq: u64,
    pub start: u32,
    pub pad: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_feed_key {
    pub size: u32,
    pub key: u32,
    pub next: u64,
    pub hole_ns: u64,
    pub scope: [u64; 2],
    pub epoch: [u64; 2],
    pub resets: u64,
    pub gaps: u64,
    pub gap_messages: u64,
    pub late_messages: u64,
    pub text: [c_char; 64],
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_feed_line {
    pub size: u32,
    pub line: u32,
    pub name: [c_char; 32],
    pub is_up: u32,
    pub was_heard: u32,
    pub last_ns: u64,
    pub packets: u64,
    pub bytes: u64,
    pub heartbeats: u64,
    pub first: u64,
    pub duplicates: u64,
    pub mismatches: u64,
    pub late: u64,
    pub out_of_order: u64,
    pub stale: u64,
    pub before_start: u64,
    pub implausible: u64,
    pub malformed: u64,
    pub unsequenced: u64,
    pub not_tracked: u64,
    pub ended: u64,
    pub lost: u64,
    pub unsettled: u64,
    pub ring_lost: u64,
    pub behind: [u64; 32],
    pub behind_max_ns: u64,
    pub filled: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_feed_stats {
    pub size: u32,
    pub lines: u32,
    pub keys: u32,
    pub held: u32,
    pub packets: u64,
    pub messages: u64,
    pub gaps_opened: u64,
    pub gaps_filled: u64,
    pub gaps: u64,
    pub gap_messages: u64,
    pub late_messages: u64,
    pub resets: u64,
    pub cycles: u64,
    pub switches: u64,
    pub mismatches: u64,
    pub not_comparable: u64,
    pub silences: u64,
    pub keys_refused: u64,
    pub held_copied: u64,
    pub held_lost: u64,
    pub time_ns: u64,
    pub digest: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcr_receive_opts {
    pub size: u32,
    pub msg_size: u32,
    pub joins: *const *const c_char,
    pub n_joins: usize,
    pub run_dir: *const c_char,
    pub name: *const c_char,
    pub label: *const c_char,
    pub channel: *const c_char,
    pub fallback: u32,
    pub buffer_bytes: u32,
    pub spin_ns: u64,
    pub idle_ns: u64,
}

pub const MCR_CONSUMER_OPTS_INIT: mcr_consumer_opts = mcr_consumer_opts {
    size: std::mem::size_of::<mcr_consumer_opts>() as u32,
    msg_size: std::mem::size_of::<mcr_msg>() as u32,
    run_dir: std::ptr::null(),
    name: std::ptr::null(),
    channel: std::ptr::null(),
    label: std::ptr::null(),
    fd: -1,
    start: 0,
    ring: MCR_ALL_RINGS,
    order: 0,
    seq: 0,
    groups: std::ptr::null(),
    ids: std::ptr::null(),
    n_groups: 0,
    n_ids: 0,
    hold_ns: 0,
    stall_ns: 0,
    answer_ns: 0,
    no_wait: 0,
    pad: 0,
};

pub const MCR_FEED_OPTS_INIT: mcr_feed_opts = mcr_feed_opts {
    size: std::mem::size_of::<mcr_feed_opts>() as u32,
    msg_size: std::mem::size_of::<mcr_feed_msg>() as u32,
    feed: std::ptr::null(),
    config: std::ptr::null(),
    run_dir: std::ptr::null(),
    name: std::ptr::null(),
    label: std::ptr::null(),
    order: 0,
    late: 0,
    compare: 0,
    hold_on_gap: 0,
    unsequenced: 0,
    events: 0,
    held_max: 0,
    keys_max: 0,
    arena_bytes: 0,
    gap_timeout_ns: 0,
    start_seq: 0,
    start: 0,
    pad: 0,
};

pub const MCR_RECEIVE_OPTS_INIT: mcr_receive_opts = mcr_receive_opts {
    size: std::mem::size_of::<mcr_receive_opts>() as u32,
    msg_size: std::mem::size_of::<mcr_msg>() as u32,
    joins: std::ptr::null(),
    n_joins: 0,
    run_dir: std::ptr::null(),
    name: std::ptr::null(),
    label: std::ptr::null(),
    channel: std::ptr::null(),
    fallback: 0,
    buffer_bytes: 0,
    spin_ns: 0,
    idle_ns: 0,
};

// libmcring-client
extern "C" {
    pub fn mcr_address_parse(out: *mut mcr_address, text: *const c_char, len: usize) -> c_int;
    pub fn mcr_address_format(text: *mut c_char, address: mcr_address) -> *const c_char;
    pub fn mcr_consumer_open(
        out: *mut *mut mcr_consumer,
        opts: *const mcr_consumer_opts,
        err: *mut mcr_error,
    ) -> c_int;
    pub fn mcr_consumer_poll(c: *mut mcr_consumer, msgs: *mut mcr_msg, n: c_int) -> c_int;
    pub fn mcr_consumer_read(
        c: *mut mcr_consumer,
        m: *const mcr_msg,
        buf: *mut c_void,
        cap: usize,
    ) -> i64;
    pub fn mcr_consumer_intact(c: *const mcr_consumer, m: *const mcr_msg) -> c_int;
    pub fn mcr_consumer_release(c: *mut mcr_consumer);
    pub fn mcr_consumer_take(
        c: *mut mcr_consumer,
        msgs: *mut mcr_msg,
        n: c_int,
        buf: *mut c_void,
        cap: usize,
    ) -> c_int;
    pub fn mcr_consumer_reattach(c: *mut mcr_consumer, err: *mut mcr_error) -> c_int;
    pub fn mcr_consumer_cursor(
        out: *mut *mut mcr_consumer,
        c: *mut mcr_consumer,
        opts: *const mcr_consumer_opts,
        err: *mut mcr_error,
    ) -> c_int;
    pub fn mcr_consumer_seek(c: *mut mcr_consumer, start: u32) -> c_int;
    pub fn mcr_consumer_select(
        c: *mut mcr_consumer,
        groups: *const mcr_select_group,
        n_groups: usize,
        ids: *const u32,
        n_ids: usize,
        err: *mut mcr_error,
    ) -> c_int;
    pub fn mcr_consumer_skipped(c: *const mcr_consumer) -> u64;
    pub fn mcr_consumer_wait(c: *mut mcr_consumer, timeout_ns: u64) -> c_int;
    pub fn mcr_consumer_fd(c: *const mcr_consumer) -> c_int;
    pub fn mcr_consumer_arm(c: *mut mcr_consumer) -> c_int;
    pub fn mcr_consumer_join(
        c: *mut mcr_consumer,
        join: *const c_char,
        err: *mut mcr_error,
    ) -> c_int;
    pub fn mcr_consumer_leave(
        c: *mut mcr_consumer,
        join: *const c_char,
        err: *mut mcr_error,
    ) -> c_int;
    pub fn mcr_consumer_interface_info(
        c: *mut mcr_consumer,
        i: u32,
        out: *mut mcr_consumer_interface,
        err: *mut mcr_error,
    ) -> c_int;
    pub fn mcr_consumer_ring_info(
        c: *const mcr_consumer,
        ring: u32,
        out: *mut mcr_consumer_ring,
        err: *mut mcr_error,
    ) -> c_int;
    pub fn mcr_consumer_until(c: *const mcr_consumer, ring: u32) -> u64;
    pub fn mcr_consumer_headroom(c: *const mcr_consumer) -> u64;
    pub fn mcr_consumer_rings(c: *const mcr_consumer) -> u32;
    pub fn mcr_consumer_hold(out: *mut *mut mcr_hold, c: *mut mcr_consumer) -> c_int;
    pub fn mcr_hold_release(hold: *mut mcr_hold);
    pub fn mcr_consumer_close(c: *mut mcr_consumer);
}

// libmcring-feed
extern "C" {
    pub fn mcr_feed_open(
        out: *mut *mut mcr_feed,
        opts: *const mcr_feed_opts,
        err: *mut mcr_error,
    ) -> c_int;
    pub fn mcr_feed_poll(f: *mut mcr_feed, msgs: *mut mcr_feed_msg, n: c_int) -> c_int;
    pub fn mcr_feed_read(
        f: *mut mcr_feed,
        m: *const mcr_feed_msg,
        buf: *mut c_void,
        cap: usize,
    ) -> i64;
    pub fn mcr_feed_intact(f: *const mcr_feed, m: *const mcr_feed_msg) -> c_int;
    pub fn mcr_feed_release(f: *mut mcr_feed);
    pub fn mcr_feed_take(
        f: *mut mcr_feed,
        items: *mut mcr_feed_msg,
        msgs: *mut mcr_msg,
        n: c_int,
        buf: *mut c_void,
        cap: usize,
    ) -> c_int;
    pub fn mcr_feed_wait(f: *mut mcr_feed, timeout_ns: u64) -> c_int;
    pub fn mcr_feed_fd(f: *const mcr_feed) -> c_int;
    pub fn mcr_feed_arm(f: *mut mcr_feed) -> c_int;
    pub fn mcr_feed_reattach(f: *mut mcr_feed, err: *mut mcr_error) -> c_int;
    pub fn mcr_feed_wire(f: *const mcr_feed, seq: u64) -> u64;
    pub fn mcr_feed_insert(
        f: *mut mcr_feed,
        key: u32,
        seq: u64,
        count: u32,
        data: *const c_void,
        len: usize,
    ) -> c_int;
    pub fn mcr_feed_resume(f: *mut mcr_feed, key: u32, next: u64) -> c_int;
    pub fn mcr_feed_key_info(f: *const mcr_feed, key: u32, out: *mut mcr_feed_key) -> c_int;
    pub fn mcr_feed_line_info(f: *const mcr_feed, line: u32, out: *mut mcr_feed_line) -> c_int;
    pub fn mcr_feed_stats_info(f: *const mcr_feed, out: *mut mcr_feed_stats) -> c_int;
    pub fn mcr_feed_config_text(f: *const mcr_feed) -> *const c_char;
    pub fn mcr_feed_close(f: *mut mcr_feed);
}

// libmcring-socket
extern "C" {
    pub fn mcr_receive(
        opts: *const mcr_receive_opts,
        r#fn: Option<unsafe extern "C" fn(*mut c_void, *const mcr_msg, *const c_void) -> c_int>,
        ctx: *mut c_void,
        err: *mut mcr_error,
    ) -> c_int;
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(std::mem::size_of::<mcr_error>() == 512);
    assert!(std::mem::align_of::<mcr_error>() == 1);
    assert!(std::mem::size_of::<mcr_address>() == 16);
    assert!(std::mem::align_of::<mcr_address>() == 1);
    assert!(std::mem::size_of::<mcr_pos>() == 24);
    assert!(std::mem::align_of::<mcr_pos>() == 8);
    assert!(std::mem::size_of::<mcr_msg>() == 128);
    assert!(std::mem::align_of::<mcr_msg>() == 8);
    assert!(std::mem::size_of::<mcr_select_group>() == 18);
    assert!(std::mem::align_of::<mcr_select_group>() == 2);
    assert!(std::mem::size_of::<mcr_consumer_opts>() == 128);
    assert!(std::mem::align_of::<mcr_consumer_opts>() == 8);
    assert!(std::mem::size_of::<mcr_consumer_interface>() == 160);
    assert!(std::mem::align_of::<mcr_consumer_interface>() == 4);
    assert!(std::mem::size_of::<mcr_consumer_ring>() == 64);
    assert!(std::mem::align_of::<mcr_consumer_ring>() == 8);
    assert!(std::mem::size_of::<mcr_feed_gap>() == 48);
    assert!(std::mem::align_of::<mcr_feed_gap>() == 8);
    assert!(std::mem::size_of::<mcr_feed_late>() == 16);
    assert!(std::mem::align_of::<mcr_feed_late>() == 8);
    assert!(std::mem::size_of::<mcr_feed_reset>() == 24);
    assert!(std::mem::align_of::<mcr_feed_reset>() == 8);
    assert!(std::mem::size_of::<mcr_feed_mismatch>() == 16);
    assert!(std::mem::align_of::<mcr_feed_mismatch>() == 8);
    assert!(std::mem::size_of::<mcr_feed_down>() == 8);
    assert!(std::mem::align_of::<mcr_feed_down>() == 4);
    assert!(std::mem::size_of::<mcr_feed_msg>() == 96);
    assert!(std::mem::align_of::<mcr_feed_msg>() == 8);
    assert!(std::mem::size_of::<mcr_feed_opts>() == 112);
    assert!(std::mem::align_of::<mcr_feed_opts>() == 8);
    assert!(std::mem::size_of::<mcr_feed_key>() == 152);
    assert!(std::mem::align_of::<mcr_feed_key>() == 8);
    assert!(std::mem::size_of::<mcr_feed_line>() == 472);
    assert!(std::mem::align_of::<mcr_feed_line>() == 8);
    assert!(std::mem::size_of::<mcr_feed_stats>() == 160);
    assert!(std::mem::align_of::<mcr_feed_stats>() == 8);
    assert!(std::mem::size_of::<mcr_receive_opts>() == 80);
    assert!(std::mem::align_of::<mcr_receive_opts>() == 8);
};
