// SPDX-License-Identifier: BSD-3-Clause
use std::path::{Path, PathBuf};
use std::time::Duration;

use mcring_sys as sys;

use crate::error::{check_text, pointer, Result};
use crate::feed::Feed;
use crate::next::ns;
use crate::options::{path, text, Start};

/// In which order the packets of a feed are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// Each message once, in the order of the numbers.
    InOrder,
    /// Each packet when it comes, duplicates too, with flags.
    AsTheyCome,
}

/// Which feed to open, and how. What is not set is as in the feed's declaration.
#[derive(Clone, Debug)]
pub struct Options {
    feed: Option<String>,
    config: Option<String>,
    run_dir: Option<PathBuf>,
    name: Option<String>,
    label: Option<String>,
    order: Order,
    late: bool,
    compare: bool,
    hold_on_gap: bool,
    unsequenced: bool,
    events: u32,
    held_max: u32,
    keys_max: u32,
    arena_bytes: u64,
    gap_timeout: Duration,
    start_seq: u64,
    start: Start,
    stay: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// Options of which none is set.
    pub fn new() -> Self {
        Self {
            feed: None,
            config: None,
            run_dir: None,
            name: None,
            label: None,
            order: Order::InOrder,
            late: false,
            compare: false,
            hold_on_gap: false,
            unsequenced: false,
            events: 0,
            held_max: 0,
            keys_max: 0,
            arena_bytes: 0,
            gap_timeout: Duration::ZERO,
            start_seq: 0,
            start: Start::Newest,
            stay: false,
        }
    }

    /// The feed's name; else the only feed of the engine, or of [`config`](Self::config).
    pub fn feed(&mut self, name: impl Into<String>) -> &mut Self {
        self.feed = Some(name.into());
        self
    }

    /// The declaration's text, for a program that brings its own; else the engine's.
    pub fn config(&mut self, text: impl Into<String>) -> &mut Self {
        self.config = Some(text.into());
        self
    }

    /// The run directory of the engine that is asked.
    pub fn run_dir(&mut self, path: impl AsRef<Path>) -> &mut Self {
        self.run_dir = Some(path.as_ref().into());
        self
    }

    /// The engine's name: `/run/mcring/NAME`.
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        self.name = Some(name.into());
        self
    }

    /// What statistics show; else the program's name.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// The order.
    pub fn order(&mut self, order: Order) -> &mut Self {
        self.order = order;
        self
    }

    /// Data that fills a declared gap is handed out, with [`Flags::LATE`](super::Flags::LATE).
    pub fn late(&mut self, late: bool) -> &mut Self {
        self.late = late;
        self
    }

    /// Payloads under one number are compared.
    pub fn compare(&mut self, compare: bool) -> &mut Self {
        self.compare = compare;
        self
    }

    /// A stream stops at its gap until [`Feed::insert`] fills it or [`Feed::resume`] gives it up.
    pub fn hold_on_gap(&mut self, hold_on_gap: bool) -> &mut Self {
        self.hold_on_gap = hold_on_gap;
        self
    }

    /// Packets without a number are handed out, too.
    pub fn unsequenced(&mut self, unsequenced: bool) -> &mut Self {
        self.unsequenced = unsequenced;
        self
    }

    /// Bits `1 << sys::MCR_FEED_...` of the events wanted; else all but `LINE_SWITCH`.
    pub fn events(&mut self, events: u32) -> &mut Self {
        self.events = events;
        self
    }

    /// Packets held at a time; else 4,096.
    pub fn held_max(&mut self, packets: u32) -> &mut Self {
        self.held_max = packets;
        self
    }

    /// Streams; else 1,024.
    pub fn keys_max(&mut self, streams: u32) -> &mut Self {
        self.keys_max = streams;
        self
    }

    /// Octets for payloads of held packets that leave the ring; else 4 MiB.
    pub fn arena_bytes(&mut self, octets: u64) -> &mut Self {
        self.arena_bytes = octets;
        self
    }

    /// How long what is missing is waited for.
    pub fn gap_timeout(&mut self, timeout: Duration) -> &mut Self {
        self.gap_timeout = timeout;
        self
    }

    /// The first number wanted, of every stream; else the first that comes.
    pub fn start_seq(&mut self, seq: u64) -> &mut Self {
        self.start_seq = seq;
        self
    }

    /// Where in the rings: newest or oldest.
    pub fn start(&mut self, start: Start) -> &mut Self {
        self.start = start;
        self
    }

    /// [`Feed::next_batch`] does not end with the engines: it waits for the next one.
    pub fn stay(&mut self, stay: bool) -> &mut Self {
        self.stay = stay;
        self
    }

    /// Asks the engine for the declaration, and attaches to the channels of the lines.
    ///
    /// Errors: those of [`Options::open`](crate::Options::open), `NotFound` (no such feed),
    /// `PermissionDenied` (a channel of it is not for this user), `EBADMSG` (the text of the
    /// declaration), `ESTALE` (two engines declare the feed in different ways).
    pub fn open(&self) -> Result<Feed> {
        let feed = text("feed", &self.feed)?;
        let config = text("config", &self.config)?;
        let run_dir = path("run_dir", &self.run_dir)?;
        let name = text("name", &self.name)?;
        let label = text("label", &self.label)?;
        let opts = sys::mcr_feed_opts {
            feed: pointer(&feed),
            config: pointer(&config),
            run_dir: pointer(&run_dir),
            name: pointer(&name),
            label: pointer(&label),
            order: match self.order {
                Order::InOrder => sys::MCR_FEED_IN_ORDER,
                Order::AsTheyCome => sys::MCR_FEED_AS_THEY_COME,
            },
            late: self.late.into(),
            compare: self.compare.into(),
            hold_on_gap: self.hold_on_gap.into(),
            unsequenced: self.unsequenced.into(),
            events: self.events,
            held_max: self.held_max,
            keys_max: self.keys_max,
            arena_bytes: self.arena_bytes,
            gap_timeout_ns: ns(self.gap_timeout),
            start_seq: self.start_seq,
            start: self.start.to_c().0,
            ..sys::MCR_FEED_OPTS_INIT
        };
        let mut out = std::ptr::null_mut();
        // SAFETY: opts and what it points to last for the call.
        check_text(|err| unsafe { sys::mcr_feed_open(&mut out, &opts, err) })?;
        // SAFETY: the call succeeded, and gave us a feed of our own.
        Ok(unsafe { Feed::from_raw(out, self.stay) })
    }
}
