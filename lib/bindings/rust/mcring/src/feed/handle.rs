// SPDX-License-Identifier: BSD-3-Clause
use std::ffi::CStr;
use std::fmt;
use std::ops::Deref;
use std::os::raw::c_int;
use std::os::unix::io::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::ptr::NonNull;
use std::time::Duration;

use mcring_sys as sys;

use crate::batch::blank;
use crate::error::{check, check_text, text_of, Result};
use crate::feed::batch::Batch;
use crate::feed::polled::Polled;
use crate::next::{next, timeout_ns, Source};

/// A feed. [`Options::open`](crate::feed::Options::open) makes it, and dropping it closes it.
///
/// It may go to another thread, but only one at a time may use it.
pub struct Feed {
    pub(crate) raw: NonNull<sys::mcr_feed>,
    pub(crate) items: Vec<sys::mcr_feed_msg>, // of the last poll
    batch: Option<Batch>,                     // of next_batch
    stay: bool,
}

// SAFETY: a feed of the library has no tie to a thread; it takes one at a time, which is why Feed
// is not Sync.
unsafe impl Send for Feed {}

/// The feed as a whole, as `man mcr_feed` has it.
pub type Stats = sys::mcr_feed_stats;

/// A stream: the numbers of `man mcr_feed` ([`sys::mcr_feed_key`]), and its text.
#[derive(Clone, Copy, Debug)]
pub struct Key(sys::mcr_feed_key);

/// A line: the numbers of `man mcr_feed` ([`sys::mcr_feed_line`]), and its name.
#[derive(Clone, Copy, Debug)]
pub struct Line(sys::mcr_feed_line);

impl Feed {
    /// # Safety
    /// raw is an open feed that nobody else uses or closes.
    pub(crate) unsafe fn from_raw(raw: *mut sys::mcr_feed, stay: bool) -> Self {
        let raw = NonNull::new(raw).expect("the library gave a feed");
        Self {
            raw,
            items: Vec::new(),
            batch: None,
            stay,
        }
    }

    #[inline]
    pub(crate) fn as_raw(&self) -> *mut sys::mcr_feed {
        self.raw.as_ptr()
    }

    /// Waits until something is due and takes up to 1,000 packets and events. The batch is used
    /// again by the next call; [`take`](Self::take) fills one of your own.
    ///
    /// Returns None when no engine of any line runs any more and all was handed out, unless
    /// [`Options::stay`](crate::feed::Options::stay) is set. After a signal whose handler ran
    /// meanwhile the batch is empty.
    pub fn next_batch(&mut self) -> Result<Option<&Batch>> {
        let taken = next(self)?;
        Ok(taken.and(self.batch.as_ref()))
    }

    /// Fills a batch with what is due, and copies the payloads. It waits for nothing. A packet that
    /// was overwritten before it was copied is a gap in its place ([`GapWhy::Overwritten`]).
    ///
    /// Returns how many items. Errors: [`Error::is_end`](crate::Error::is_end) (no engine of any
    /// line runs any more and all was handed out).
    ///
    /// [`GapWhy::Overwritten`]: crate::feed::GapWhy::Overwritten
    #[inline]
    pub fn take(&mut self, batch: &mut Batch) -> Result<usize> {
        // SAFETY: open, and ours alone.
        unsafe { batch.fill(self.as_raw()) }
    }

    /// Polls up to n packets and events, whose payloads stay in the rings. They are released when
    /// the result is dropped. Errors as [`take`](Self::take).
    pub fn poll(&mut self, n: usize) -> Result<Polled<'_>> {
        let n = n.min(c_int::MAX as usize);
        if self.items.len() < n {
            // SAFETY: it is such a struct.
            self.items = unsafe { blank(n) };
        }
        // SAFETY: there are n items to fill in.
        let n = check(unsafe {
            sys::mcr_feed_poll(self.as_raw(), self.items.as_mut_ptr(), n as c_int)
        })?;
        Ok(Polled { feed: self, n })
    }

    /// Sleeps until something may be due, or for the timeout; None: for ever.
    ///
    /// Returns true to poll; false when the time is over. Errors: `Interrupted` (a signal arrived).
    pub fn wait(&mut self, timeout: impl Into<Option<Duration>>) -> Result<bool> {
        let timeout = timeout_ns(timeout.into());
        // SAFETY: open, and ours alone.
        check(unsafe { sys::mcr_feed_wait(self.as_raw(), timeout) }).map(|ready| ready == 1)
    }

    /// Announces that the program is about to sleep on the descriptor, as
    /// [`Consumer::arm`](crate::Consumer::arm). Returns false: poll instead.
    pub fn arm(&mut self) -> Result<bool> {
        // SAFETY: open, and ours alone.
        check(unsafe { sys::mcr_feed_arm(self.as_raw()) }).map(|something| something == 0)
    }

    /// Attaches again the lines whose engines ended: one step. It succeeds when at least one line
    /// is attached.
    pub fn reattach(&mut self) -> Result<()> {
        // SAFETY: open, and ours alone.
        check_text(|err| unsafe { sys::mcr_feed_reattach(self.as_raw(), err) }).map(drop)
    }

    /// A number as the feed's packets write it, for a request for retransmission.
    pub fn wire(&self, seq: u64) -> u64 {
        // SAFETY: open, and no other thread uses it.
        unsafe { sys::mcr_feed_wire(self.as_raw(), seq) }
    }

    /// Gives the feed messages that were retransmitted: count messages of a stream from number seq
    /// on, whose octets are copied. The next polls hand them out.
    ///
    /// Errors: `NotFound` (no such stream), `ENOSPC` (no room), `EALREADY` (all were handed out
    /// before), `InvalidInput`, `WouldBlock` (items of calls before are due: poll, then try again).
    pub fn insert(&mut self, key: u32, seq: u64, count: u32, octets: &[u8]) -> Result<()> {
        let (data, len) = (octets.as_ptr().cast(), octets.len());
        // SAFETY: open, and ours alone; len octets are there.
        check(unsafe { sys::mcr_feed_insert(self.as_raw(), key, seq, count, data, len) }).map(drop)
    }

    /// Goes on at number next, after a snapshot that covers all below. Errors: `NotFound`,
    /// `WouldBlock`, as [`insert`](Self::insert).
    pub fn resume(&mut self, key: u32, next: u64) -> Result<()> {
        // SAFETY: open, and ours alone.
        check(unsafe { sys::mcr_feed_resume(self.as_raw(), key, next) }).map(drop)
    }

    /// Describes a stream. Errors: `NotFound` (no such stream).
    pub fn key(&self, key: u32) -> Result<Key> {
        // SAFETY: zeros are a value of this struct, which has numbers only.
        let mut out: sys::mcr_feed_key = unsafe { std::mem::zeroed() };
        out.size = std::mem::size_of_val(&out) as u32;
        // SAFETY: open, and no other thread uses it; out is as large as it says.
        check(unsafe { sys::mcr_feed_key_info(self.as_raw(), key, &mut out) })?;
        Ok(Key(out))
    }

    /// Describes a line. Errors: `NotFound` (no such line).
    pub fn line(&self, line: u32) -> Result<Line> {
        // SAFETY: as for key.
        let mut out: sys::mcr_feed_line = unsafe { std::mem::zeroed() };
        out.size = std::mem::size_of_val(&out) as u32;
        // SAFETY: as for key.
        check(unsafe { sys::mcr_feed_line_info(self.as_raw(), line, &mut out) })?;
        Ok(Line(out))
    }

    /// Describes the feed as a whole.
    pub fn stats(&self) -> Stats {
        // SAFETY: as for key.
        let mut out: Stats = unsafe { std::mem::zeroed() };
        out.size = std::mem::size_of_val(&out) as u32;
        // SAFETY: as for key. It fails only for a wrong size.
        let ret = unsafe { sys::mcr_feed_stats_info(self.as_raw(), &mut out) };
        debug_assert_eq!(ret, 0);
        out
    }

    /// The declaration as the engine gave it.
    pub fn config(&self) -> String {
        // SAFETY: open, and no other thread uses it; the text is the feed's, and is copied.
        let text = unsafe { CStr::from_ptr(sys::mcr_feed_config_text(self.as_raw())) };
        text.to_string_lossy().into_owned()
    }
}

impl Key {
    /// The key for a person: `unit=15`.
    pub fn text(&self) -> String {
        text_of(&self.0.text)
    }
}

impl Deref for Key {
    type Target = sys::mcr_feed_key;

    fn deref(&self) -> &sys::mcr_feed_key {
        &self.0
    }
}

impl Line {
    /// The line's name.
    pub fn name(&self) -> String {
        text_of(&self.0.name)
    }

    /// Whether it is up.
    pub fn is_up(&self) -> bool {
        self.0.is_up != 0
    }
}

impl Deref for Line {
    type Target = sys::mcr_feed_line;

    fn deref(&self) -> &sys::mcr_feed_line {
        &self.0
    }
}

impl Source for Feed {
    fn take_next(&mut self) -> Result<usize> {
        let raw = self.as_raw();
        // SAFETY: open, and ours alone.
        unsafe { self.batch.get_or_insert_with(Batch::new).fill(raw) }
    }

    fn sleep(&mut self) -> Result<bool> {
        self.wait(None)
    }

    fn attach_again(&mut self) -> Result<()> {
        self.reattach()
    }

    fn stays(&self) -> bool {
        self.stay
    }
}

impl AsRawFd for Feed {
    fn as_raw_fd(&self) -> RawFd {
        // SAFETY: open, and no other thread uses it.
        unsafe { sys::mcr_feed_fd(self.as_raw()) }
    }
}

impl AsFd for Feed {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: it stays open as long as the feed.
        unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        // SAFETY: ours, and nothing borrows from it any more.
        unsafe { sys::mcr_feed_close(self.as_raw()) }
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Feed({:p})", self.raw)
    }
}
