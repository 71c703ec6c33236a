// SPDX-License-Identifier: BSD-3-Clause
use std::fmt;
use std::ops::Deref;
use std::os::raw::c_int;
use std::ptr::NonNull;
use std::slice;

use mcring_sys as sys;

use crate::batch::{blank, Batch, Slot};
use crate::error::{check, check_text, Result};
use crate::header::Header;
use crate::in_place::InPlace;
use crate::options::{Group, Start};

/// Where a ring is, and where the consumer is in it: `oldest`, `next`, `head` and more, as `man
/// mcr_consumer` has them.
pub type Ring = sys::mcr_consumer_ring;

/// What a [`Consumer`](crate::Consumer) and a [`Cursor`](crate::Cursor) have in common: both
/// are this.
///
/// It may go to another thread, but only one at a time may use it. A forked child may drop what it
/// inherited, which changes nothing for the parent; otherwise it must not use a consumer of it.
pub struct Reader {
    raw: NonNull<sys::mcr_consumer>,
    msgs: Vec<Slot>, // of the last poll
}

// SAFETY: a consumer of the library has no tie to a thread; it takes one at a time, which is why
// Reader is not Sync.
unsafe impl Send for Reader {}

impl Reader {
    /// # Safety
    /// raw is an open consumer that nobody else uses or closes.
    pub(crate) unsafe fn from_raw(raw: *mut sys::mcr_consumer) -> Self {
        Self {
            raw: NonNull::new(raw).expect("the library gave a consumer"),
            msgs: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn as_raw(&self) -> *mut sys::mcr_consumer {
        self.raw.as_ptr()
    }

    /// Fills a batch with what there is, and copies the payloads. It waits for nothing.
    ///
    /// Returns how many messages. 0: there is nothing new. Errors: [`Error::is_end`] (the engine
    /// has ended, and everything was returned), `EPROTO` (the ring's content makes no sense).
    ///
    /// [`Error::is_end`]: crate::Error::is_end
    #[inline]
    pub fn take(&mut self, batch: &mut Batch) -> Result<usize> {
        // SAFETY: open, and ours alone.
        unsafe { batch.fill(self.as_raw()) }
    }

    /// Polls up to n messages, whose payloads stay in the ring. They are released when the result
    /// is dropped. Errors as [`take`](Self::take).
    ///
    /// ```no_run
    /// # fn example(consumer: &mut mcring::Consumer) -> mcring::Result<()> {
    /// for m in &consumer.poll(32)? {
    ///     match m.in_place(|payload| payload.array(0).map(u32::from_be_bytes)) {
    ///         Some(first) => println!("{}: begins with {first:?}", m.seq()),
    ///         None => println!("lost {}", m.seq()), // the writer was faster
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn poll(&mut self, n: usize) -> Result<Polled<'_>> {
        let n = n.min(c_int::MAX as usize);
        if self.msgs.len() < n {
            // SAFETY: it is such a struct.
            self.msgs = unsafe { blank(n) };
        }
        // SAFETY: there are n messages to fill in.
        let n = check(unsafe {
            sys::mcr_consumer_poll(self.as_raw(), self.msgs.as_mut_ptr().cast(), n as c_int)
        })?;
        Ok(Polled { reader: self, n })
    }

    /// Attaches again after the end of the engine, to the one that runs now: one step, which waits
    /// for nobody. Repeat it until it succeeds, with a [`Consumer::wait`] between two.
    /// [`Options::stay`] does it for you.
    ///
    /// [`Consumer::wait`]: crate::Consumer::wait
    /// [`Options::stay`]: crate::Options::stay
    pub fn reattach(&mut self) -> Result<()> {
        // SAFETY: open, and ours alone. No message of the last poll is borrowed any more.
        check_text(|err| unsafe { sys::mcr_consumer_reattach(self.as_raw(), err) }).map(drop)
    }

    /// Goes to [`Start::Newest`] or [`Start::Oldest`] in each ring. What it passes over counts as
    /// neither lost nor skipped.
    pub fn seek(&mut self, start: Start) -> Result<()> {
        // SAFETY: open, and ours alone.
        check(unsafe { sys::mcr_consumer_seek(self.as_raw(), start.to_c().0) }).map(drop)
    }

    /// Limits the next polls to the messages of these groups, and those with one of these ids. No
    /// group and no id selects everything. Events always come.
    pub fn select(&mut self, groups: &[Group], ids: &[u32]) -> Result<()> {
        let groups: Vec<_> = groups.iter().map(|group| group.to_c()).collect();
        let (raw, n, n_ids) = (self.as_raw(), groups.len(), ids.len());
        // SAFETY: the library copies both lists.
        let select = |err| unsafe {
            sys::mcr_consumer_select(raw, groups.as_ptr(), n, ids.as_ptr(), n_ids, err)
        };
        check_text(select).map(drop)
    }

    /// How many messages were skipped because they were not selected.
    pub fn skipped(&self) -> u64 {
        // SAFETY: open, and no other thread uses it.
        unsafe { sys::mcr_consumer_skipped(self.as_raw()) }
    }

    /// How many rings the channel has.
    pub fn rings(&self) -> u32 {
        // SAFETY: as above.
        unsafe { sys::mcr_consumer_rings(self.as_raw()) }
    }

    /// Describes a ring. Errors: `NotFound` (no such ring).
    pub fn ring(&self, ring: u32) -> Result<Ring> {
        // SAFETY: zeros are a value of this struct, which has numbers only.
        let mut out: Ring = unsafe { std::mem::zeroed() };
        out.size = std::mem::size_of::<Ring>() as u32;
        let raw = self.as_raw();
        // SAFETY: as above; out is as large as it says.
        check_text(|err| unsafe { sys::mcr_consumer_ring_info(raw, ring, &mut out, err) })?;
        Ok(out)
    }

    /// The time, in ns of `CLOCK_REALTIME`, up to which everything that arrived in a ring was
    /// polled; 0: unknown, or no such ring.
    pub fn until_ns(&self, ring: u32) -> u64 {
        // SAFETY: as above.
        unsafe { sys::mcr_consumer_until(self.as_raw(), ring) }
    }

    /// About how many messages the writer can publish before it overwrites one that was not
    /// released.
    pub fn headroom(&self) -> u64 {
        // SAFETY: as above.
        unsafe { sys::mcr_consumer_headroom(self.as_raw()) }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // SAFETY: ours, and nothing borrows from it any more.
        unsafe { sys::mcr_consumer_close(self.as_raw()) }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader({:p})", self.raw)
    }
}

/// The messages of a [`Reader::poll`], whose payloads are in the ring. The reader can do nothing
/// else while it exists; when it is dropped, they are released.
#[derive(Debug)]
pub struct Polled<'r> {
    reader: &'r mut Reader,
    n: usize,
}

impl Polled<'_> {
    /// How many messages.
    #[inline]
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there was nothing new.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The messages.
    #[inline]
    pub fn iter(&self) -> Views<'_> {
        Views {
            raw: self.reader.raw,
            msgs: self.reader.msgs[..self.n].iter(),
        }
    }
}

impl<'p> IntoIterator for &'p Polled<'_> {
    type Item = View<'p>;
    type IntoIter = Views<'p>;

    #[inline]
    fn into_iter(self) -> Views<'p> {
        self.iter()
    }
}

impl Drop for Polled<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: open, and ours alone: all views have ended.
        unsafe { sys::mcr_consumer_release(self.reader.as_raw()) }
    }
}

/// Iterates over the messages of a [`Polled`].
pub struct Views<'p> {
    raw: NonNull<sys::mcr_consumer>,
    msgs: slice::Iter<'p, Slot>,
}

impl<'p> Iterator for Views<'p> {
    type Item = View<'p>;

    #[inline]
    fn next(&mut self) -> Option<View<'p>> {
        // SAFETY: poll filled it in, and it stays as it is while the Polled is borrowed.
        let header = unsafe { Header::from_ptr(&self.msgs.next()?.0) };
        Some(View {
            raw: self.raw,
            header,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.msgs.size_hint()
    }
}

impl ExactSizeIterator for Views<'_> {}

impl fmt::Debug for Views<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Views({} left)", self.len())
    }
}

/// A message whose payload is in the ring. The writer may overwrite it at any time, so it is either
/// copied ([`read`](Self::read)) or looked at in a closure ([`in_place`](Self::in_place)); both say
/// whether it was whole.
#[derive(Clone, Copy, Debug)]
pub struct View<'p> {
    raw: NonNull<sys::mcr_consumer>,
    header: &'p Header,
}

impl View<'_> {
    /// Copies the payload into the beginning of buf, as much as there is room for.
    ///
    /// Returns the copy; None: the writer overwrote the payload, so count the message as lost.
    #[inline]
    pub fn read<'b>(&self, buf: &'b mut [u8]) -> Option<&'b [u8]> {
        let m = &self.header.0;
        // SAFETY: the consumer is open and no other thread uses it, for its Polled is borrowed. buf
        // has as many octets as we say.
        let len = unsafe {
            sys::mcr_consumer_read(self.raw.as_ptr(), m, buf.as_mut_ptr().cast(), buf.len())
        };
        let len = usize::try_from(len).ok()?;
        Some(&buf[..len.min(buf.len())])
    }

    /// A copy of the payload; None as for [`read`](Self::read).
    pub fn to_vec(&self) -> Option<Vec<u8>> {
        let mut copy = vec![0; self.len()];
        self.read(&mut copy)?;
        Some(copy)
    }

    /// Calls look with the payload where it is, and returns its result if nothing that it read was
    /// overwritten. None: it was; forget whatever look made of it, and count the message as lost.
    #[inline]
    pub fn in_place<T>(&self, look: impl FnOnce(InPlace<'_>) -> T) -> Option<T> {
        let m = &self.header.0;
        // SAFETY: poll validated that len octets at data are in the map, which stays until the
        // consumer is attached again or closed. Its Polled is borrowed, so neither happens.
        let result = look(unsafe { InPlace::new(m.data, self.len()) });
        // SAFETY: as for read.
        let intact = unsafe { sys::mcr_consumer_intact(self.raw.as_ptr(), m) };
        (intact == 1).then_some(result)
    }
}

impl Deref for View<'_> {
    type Target = Header;

    #[inline]
    fn deref(&self) -> &Header {
        self.header
    }
}
