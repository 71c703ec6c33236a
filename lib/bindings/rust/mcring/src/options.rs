// SPDX-License-Identifier: BSD-3-Clause
use std::ffi::{CString, OsString};
use std::os::raw::c_int;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::io::{IntoRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mcring_sys as sys;

use crate::error::{c_string, check_text, pointer, Result};
use crate::next::ns;
use crate::{Address, Consumer};

/// Where a consumer starts in each ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// At what is published from now on.
    Newest,
    /// At the oldest message that the ring still holds.
    Oldest,
    /// At this number, which the ring must hold, or at the next one to be published. A channel of
    /// several rings needs [`Options::ring`], too.
    Seq(u64),
}

impl Start {
    /// enum mcr_start, and the number.
    pub(crate) fn to_c(self) -> (u32, u64) {
        match self {
            Self::Newest => (sys::MCR_START_NEWEST, 0),
            Self::Oldest => (sys::MCR_START_OLDEST, 0),
            Self::Seq(seq) => (sys::MCR_START_SEQ, seq),
        }
    }
}

/// The order of messages from several rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// In order within each ring only.
    Rings,
    /// By `rx_ns`, then by ring.
    Merged,
}

/// The messages of a group to one UDP port, or to any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The group.
    pub address: Address,
    /// The port; 0: any.
    pub port: u16,
}

impl Group {
    /// A group with any port.
    pub fn any_port(address: impl Into<Address>) -> Self {
        Self {
            address: address.into(),
            port: 0,
        }
    }

    pub(crate) fn to_c(self) -> sys::mcr_select_group {
        sys::mcr_select_group {
            group: self.address.0,
            port: self.port,
        }
    }
}

/// What to open, and how. What is not set is as in the library: the engine of `MCRING_RUN_DIR` or
/// `/run/mcring/mcring`, its channel `default`, all of it, from now on.
///
/// ```no_run
/// use mcring::{Options, Start};
///
/// let consumer = Options::new().channel("md").start(Start::Oldest).open()?;
/// # Ok::<(), mcring::Error>(())
/// ```
#[derive(Debug)]
pub struct Options {
    run_dir: Option<PathBuf>,
    name: Option<String>,
    channel: Option<String>,
    label: Option<String>,
    fd: Option<OwnedFd>,
    start: Start,
    ring: u32,
    order: Order,
    groups: Vec<sys::mcr_select_group>,
    ids: Vec<u32>,
    hold: Duration,
    stall: Duration,
    answer: Duration,
    no_wait: bool,
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
            run_dir: None,
            name: None,
            channel: None,
            label: None,
            fd: None,
            start: Start::Newest,
            ring: sys::MCR_ALL_RINGS,
            order: Order::Rings,
            groups: Vec::new(),
            ids: Vec::new(),
            hold: Duration::ZERO,
            stall: Duration::ZERO,
            answer: Duration::ZERO,
            no_wait: false,
            stay: false,
        }
    }

    /// The engine's run directory.
    pub fn run_dir(&mut self, path: impl AsRef<Path>) -> &mut Self {
        self.run_dir = Some(path.as_ref().into());
        self
    }

    /// The engine's name: `/run/mcring/NAME`.
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        self.name = Some(name.into());
        self
    }

    /// The channel.
    pub fn channel(&mut self, channel: impl Into<String>) -> &mut Self {
        self.channel = Some(channel.into());
        self
    }

    /// What statistics show; else the program's name.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// A socket from `mcr_engine_attach`, in place of run directory, name, channel and label. The
    /// next [`open`](Self::open) takes it.
    pub fn fd(&mut self, fd: OwnedFd) -> &mut Self {
        self.fd = Some(fd);
        self
    }

    /// Where to start in each ring.
    pub fn start(&mut self, start: Start) -> &mut Self {
        self.start = start;
        self
    }

    /// The only ring to read.
    pub fn ring(&mut self, ring: u32) -> &mut Self {
        self.ring = ring;
        self
    }

    /// The order of several rings.
    pub fn order(&mut self, order: Order) -> &mut Self {
        self.order = order;
        self
    }

    /// The part of the channel to read, as [`Reader::select`](crate::Reader::select) takes it.
    pub fn select(&mut self, groups: &[Group], ids: &[u32]) -> &mut Self {
        self.groups = groups.iter().map(|group| group.to_c()).collect();
        self.ids = ids.into();
        self
    }

    /// [`Order::Merged`]: how long the others wait for a silent ring; else 100 ms.
    pub fn hold(&mut self, hold: Duration) -> &mut Self {
        self.hold = hold;
        self
    }

    /// How long an engine whose process exists may show no sign of life; else 10 s.
    /// `Duration::MAX`: for ever.
    pub fn stall(&mut self, stall: Duration) -> &mut Self {
        self.stall = stall;
        self
    }

    /// How long the connection, and each answer of the engine, may take; else 5 s.
    pub fn answer(&mut self, answer: Duration) -> &mut Self {
        self.answer = answer;
        self
    }

    /// No call waits for the engine: `open` attaches nowhere, and
    /// [`reattach`](crate::Reader::reattach) does it later.
    pub fn no_wait(&mut self, no_wait: bool) -> &mut Self {
        self.no_wait = no_wait;
        self
    }

    /// [`Consumer::next_batch`] does not end with the engine: it waits for the next one, whose
    /// first message is a [`Kind::Restart`](crate::Kind::Restart).
    pub fn stay(&mut self, stay: bool) -> &mut Self {
        self.stay = stay;
        self
    }

    /// Attaches to the channel. It waits at most twice [`answer`](Self::answer).
    ///
    /// Errors: `NotFound` (no engine there, or no such channel), `ConnectionRefused` (the engine
    /// has ended), `PermissionDenied`, `InvalidInput`, `TimedOut`, and others of
    /// `mcr_consumer_open`.
    pub fn open(&mut self) -> Result<Consumer> {
        let mut fd = self.fd.take();
        let opened = self.with_c(|opts| {
            opts.fd = fd.take().map_or(-1, IntoRawFd::into_raw_fd);
            let mut out = std::ptr::null_mut();
            // SAFETY: opts and what it points to last for the call.
            check_text(|err| unsafe { sys::mcr_consumer_open(&mut out, opts, err) })?;
            // SAFETY: the call succeeded, and gave us a consumer of our own.
            Ok(unsafe { Consumer::from_raw(out, self.stay) })
        });
        self.fd = fd; // if it was not handed over
        opened
    }

    /// Calls with the options in the form of the library, without fd.
    pub(crate) fn with_c<T>(
        &self,
        call: impl FnOnce(&mut sys::mcr_consumer_opts) -> Result<T>,
    ) -> Result<T> {
        let run_dir = path("run_dir", &self.run_dir)?;
        let name = text("name", &self.name)?;
        let channel = text("channel", &self.channel)?;
        let label = text("label", &self.label)?;
        let (start, seq) = self.start.to_c();
        call(&mut sys::mcr_consumer_opts {
            run_dir: pointer(&run_dir),
            name: pointer(&name),
            channel: pointer(&channel),
            label: pointer(&label),
            fd: -1 as c_int,
            start,
            ring: self.ring,
            order: match self.order {
                Order::Rings => sys::MCR_ORDER_RINGS,
                Order::Merged => sys::MCR_ORDER_MERGED,
            },
            seq,
            groups: self.groups.as_ptr(),
            ids: self.ids.as_ptr(),
            n_groups: self.groups.len(),
            n_ids: self.ids.len(),
            hold_ns: ns(self.hold),
            stall_ns: ns(self.stall),
            answer_ns: ns(self.answer),
            no_wait: self.no_wait.into(),
            ..sys::MCR_CONSUMER_OPTS_INIT
        })
    }
}

/// An option for the library, None if it was not set.
pub(crate) fn text(what: &str, option: &Option<String>) -> Result<Option<CString>> {
    option
        .as_deref()
        .map(|text| c_string(what, text))
        .transpose()
}

pub(crate) fn path(what: &str, option: &Option<PathBuf>) -> Result<Option<CString>> {
    let octets = |path: &PathBuf| OsString::from(path).into_vec();
    option
        .as_ref()
        .map(|path| c_string(what, octets(path)))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_descriptor_goes_to_the_library_which_closes_it() {
        let (mut peer, ours) = UnixStream::pair().unwrap();
        let mut options = Options::new();
        options.fd(ours.into()).answer(Duration::from_millis(1));
        assert!(options.open().is_err(), "nobody answers");
        assert_eq!(peer.read_to_end(&mut Vec::new()).unwrap_or_default(), 0);
        assert!(options.fd.is_none());
    }

    #[test]
    fn a_descriptor_stays_where_the_library_was_not_called() {
        let (_peer, ours) = UnixStream::pair().unwrap();
        let mut options = Options::new();
        options.fd(ours.into()).label("a\0b");
        assert_eq!(
            options.open().unwrap_err().text(),
            "label has a NUL within it"
        );
        assert!(options.fd.is_some());
    }
}
