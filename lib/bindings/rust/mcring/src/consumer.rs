// SPDX-License-Identifier: BSD-3-Clause
use std::ops::{Deref, DerefMut};
use std::os::unix::io::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use mcring_sys as sys;

use crate::batch::Batch;
use crate::error::{c_string, check, check_text, text_of, Result};
use crate::next::{next, timeout_ns, Source};
use crate::options::Options;
use crate::reader::Reader;
use crate::Address;

/// Reads the rings of one channel. [`Options::open`] makes it, and dropping it closes it: the
/// engine then leaves the groups that it joined.
///
/// It never holds up the engine. When it falls a whole ring behind, the writer laps it, and the
/// next poll begins with a [`Kind::Lost`](crate::Kind::Lost) that has the exact number.
///
/// What else it can do is in [`Reader`].
#[derive(Debug)]
pub struct Consumer {
    reader: Reader,
    batch: Option<Batch>, // of next_batch
    stay: bool,
}

/// Another position in what a [`Consumer`] has mapped, with a selection and an order of its own. It
/// costs neither a connection nor another mapping, and may be used by a thread of its own. It does
/// not look whether the engine lives: poll the consumer as well, about as often as you would
/// without cursors. Both may be dropped in any order.
///
/// What it can do is in [`Reader`].
#[derive(Debug)]
pub struct Cursor(Reader);

/// An interface of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interface {
    /// From 0, as in [`Header::interface`](crate::Header::interface).
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its own address, or none.
    pub address: Address,
    /// Of the address.
    pub prefix_len: u8,
    /// 0: untagged.
    pub vlan: u16,
    /// As in [`Kind::Link`](crate::Kind::Link).
    pub dpdk_port: u16,
    /// DPDK's name of the port.
    pub port: String,
    /// The kernel's interface below the port; empty: there is none.
    pub netdev: String,
    /// The device that the engine made in the kernel for the interface; empty: none.
    pub kernel: String,
}

impl Consumer {
    /// # Safety
    /// As [`Reader::from_raw`].
    pub(crate) unsafe fn from_raw(raw: *mut sys::mcr_consumer, stay: bool) -> Self {
        // SAFETY: the caller's promise.
        Self {
            reader: unsafe { Reader::from_raw(raw) },
            batch: None,
            stay,
        }
    }

    /// Waits for messages and takes up to 1,000 of them. The batch is used again by the next call;
    /// [`Reader::take`] fills one of your own.
    ///
    /// Returns None when the engine has ended and everything was returned, unless
    /// [`Options::stay`] is set. After a signal whose handler ran meanwhile the batch is empty, so
    /// that the program can look at what the handler did.
    pub fn next_batch(&mut self) -> Result<Option<&Batch>> {
        let taken = next(self)?;
        Ok(taken.and(self.batch.as_ref()))
    }

    /// Sleeps until there may be something to poll, or for the timeout; None: for ever. It wakes
    /// about 50 us after a message.
    ///
    /// Returns true to poll, or to call [`reattach`](Reader::reattach) again; false when the time
    /// is over. Errors: `Interrupted` (a signal arrived).
    pub fn wait(&mut self, timeout: impl Into<Option<Duration>>) -> Result<bool> {
        let timeout = timeout_ns(timeout.into());
        // SAFETY: open, and ours alone.
        check(unsafe { sys::mcr_consumer_wait(self.as_raw(), timeout) }).map(|ready| ready == 1)
    }

    /// Announces that the program is about to sleep on the descriptor ([`AsFd`], [`AsRawFd`]) by
    /// poll, epoll or what an async runtime has. Watch it for reading, level triggered; do not read
    /// from it. The next poll withdraws the announcement. An engine that hangs does not make it
    /// readable: poll about once a second as well.
    ///
    /// Returns true if the next message will make it readable. False: there is something already,
    /// or the engine has ended: poll instead.
    pub fn arm(&mut self) -> Result<bool> {
        // SAFETY: open, and ours alone.
        check(unsafe { sys::mcr_consumer_arm(self.as_raw()) }).map(|something| something == 0)
    }

    /// Makes the engine join groups into this channel, such as `239.1.1.1:5000@10.0.0.7,id=3`. All
    /// consumers of the channel get their messages. A new engine has none of the joins: join again.
    ///
    /// It waits at most [`Options::answer`] for the engine. Errors: `PermissionDenied` (not for
    /// this user), `InvalidInput`, `NotFound` (no such interface), `ENOSPC` (limits), `BrokenPipe`,
    /// `TimedOut` (the join may still take effect), and others of `mcr_consumer_join`.
    pub fn join(&mut self, join: &str) -> Result<()> {
        self.ask("join", join, sys::mcr_consumer_join)
    }

    /// Takes a join back: the same text. Errors as [`join`](Self::join); `NotFound`: this consumer
    /// has no such join.
    pub fn leave(&mut self, join: &str) -> Result<()> {
        self.ask("join", join, sys::mcr_consumer_leave)
    }

    fn ask(&mut self, what: &str, text: &str, call: Call) -> Result<()> {
        let text = c_string(what, text)?;
        // SAFETY: open, and ours alone; the text lasts for the call.
        check_text(|err| unsafe { call(self.as_raw(), text.as_ptr(), err) }).map(drop)
    }

    /// Asks the engine for its interface i, counted from 0. Errors: `NotFound` (past the last),
    /// `BrokenPipe`, `TimedOut`.
    pub fn interface(&mut self, i: u32) -> Result<Interface> {
        // SAFETY: zeros are a value of this struct, which has numbers only.
        let mut out: sys::mcr_consumer_interface = unsafe { std::mem::zeroed() };
        out.size = std::mem::size_of_val(&out) as u32;
        let raw = self.as_raw();
        // SAFETY: open, and ours alone; out is as large as it says.
        check_text(|err| unsafe { sys::mcr_consumer_interface_info(raw, i, &mut out, err) })?;
        Ok(Interface {
            index: out.index,
            name: text_of(&out.name),
            address: Address(out.address),
            prefix_len: out.prefix_len,
            vlan: out.vlan,
            dpdk_port: out.dpdk_port,
            port: text_of(&out.port),
            netdev: text_of(&out.netdev),
            kernel: text_of(&out.kernel),
        })
    }

    /// Makes a cursor. Of the options only start, ring, order, selection and hold count.
    pub fn cursor(&mut self, options: &Options) -> Result<Cursor> {
        options.with_c(|opts| {
            let mut out = std::ptr::null_mut();
            // SAFETY: open, and ours alone; opts and what it points to last for the call.
            check_text(|err| unsafe {
                sys::mcr_consumer_cursor(&mut out, self.as_raw(), opts, err)
            })?;
            // SAFETY: the call succeeded, and gave us a cursor of our own.
            Ok(Cursor(unsafe { Reader::from_raw(out) }))
        })
    }
}

/// mcr_consumer_join, mcr_consumer_leave.
type Call = unsafe extern "C" fn(
    *mut sys::mcr_consumer,
    *const std::os::raw::c_char,
    *mut sys::mcr_error,
) -> std::os::raw::c_int;

impl Source for Consumer {
    fn take_next(&mut self) -> Result<usize> {
        self.reader.take(self.batch.get_or_insert_with(Batch::new))
    }

    fn sleep(&mut self) -> Result<bool> {
        self.wait(None)
    }

    fn attach_again(&mut self) -> Result<()> {
        self.reader.reattach()
    }

    fn stays(&self) -> bool {
        self.stay
    }
}

impl AsRawFd for Consumer {
    fn as_raw_fd(&self) -> RawFd {
        // SAFETY: open, and no other thread uses it.
        unsafe { sys::mcr_consumer_fd(self.as_raw()) }
    }
}

impl AsFd for Consumer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        let fd = self.as_raw_fd();
        assert!(fd >= 0, "a cursor was swapped in, which has no descriptor");
        // SAFETY: it stays open as long as the consumer.
        unsafe { BorrowedFd::borrow_raw(fd) }
    }
}

impl Deref for Consumer {
    type Target = Reader;

    #[inline]
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Consumer {
    #[inline]
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}

impl Deref for Cursor {
    type Target = Reader;

    #[inline]
    fn deref(&self) -> &Reader {
        &self.0
    }
}

impl DerefMut for Cursor {
    #[inline]
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.0
    }
}
