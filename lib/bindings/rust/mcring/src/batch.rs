// SPDX-License-Identifier: BSD-3-Clause
use std::fmt;
use std::ops::Deref;
use std::os::raw::c_int;

use mcring_sys as sys;

use crate::error::{check, Result};
use crate::header::{Header, Kind};

/// Messages with copies of their payloads, filled in by [`Reader::take`](crate::Reader::take): a
/// slice of [`Message`]s. It has nothing to do with the consumer any more, so it may go to another
/// thread.
pub struct Batch {
    msgs: Vec<Slot>,
    octets: Room,
    len: usize,
}

// SAFETY: the pointers in msgs point into octets, which belongs to the batch, and only `fill`,
// which has it alone, writes either.
unsafe impl Send for Batch {}
// SAFETY: likewise; what is shared is only read.
unsafe impl Sync for Batch {}

/// A message of a [`Batch`].
#[repr(transparent)]
pub struct Message(Header);

/// A message for the library to fill in. Each has two cache lines of its own; where malloc puts
/// them, each would share a third.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Slot(pub(crate) sys::mcr_msg);

const _: () = assert!(std::mem::size_of::<Slot>() == std::mem::size_of::<sys::mcr_msg>());

/// Where the library puts the payloads of a batch: at a multiple of 8.
pub(crate) struct Room(Vec<u64>);

/// How many messages a batch takes, and octets of their payloads, unless the program says
/// otherwise.
pub(crate) const MESSAGES: usize = 1000;
pub(crate) const OCTETS: usize = 2 << 20;

/// So many messages the library takes at a time, if there is room for the longest payloads.
const AT_A_TIME: usize = 32;

impl Room {
    /// For so many octets, and what the library wants to be free for what it takes next. The memory
    /// is zeros of the kernel's, and costs nothing until it is used.
    pub(crate) fn new(octets: usize) -> Self {
        let octets = octets.saturating_add(AT_A_TIME * sys::MCR_TAKE_ROOM as usize);
        Self(vec![0; octets / 8])
    }

    pub(crate) fn as_mut_ptr(&mut self) -> *mut std::os::raw::c_void {
        self.0.as_mut_ptr().cast()
    }

    pub(crate) fn len(&self) -> usize {
        8 * self.0.len()
    }
}

/// Messages for the library to fill in.
///
/// # Safety
/// T is a struct of the C interface: numbers, and pointers that may be NULL.
pub(crate) unsafe fn blank<T: Copy>(n: usize) -> Vec<T> {
    // SAFETY: so zeros are a value of it.
    vec![unsafe { std::mem::zeroed() }; n.clamp(1, c_int::MAX as usize)]
}

impl Batch {
    /// A batch of up to 1,000 messages, and 2 MiB of their payloads.
    pub fn new() -> Self {
        Self::with_capacity(MESSAGES, OCTETS)
    }

    /// A batch of up to so many messages, and about so many octets of their payloads: once they
    /// are there, it takes no more.
    pub fn with_capacity(messages: usize, octets: usize) -> Self {
        Self {
            // SAFETY: mcr_msg is such a struct.
            msgs: unsafe { blank(messages) },
            octets: Room::new(octets),
            len: 0,
        }
    }

    /// Lets the library fill it in. After an error it is empty.
    ///
    /// # Safety
    /// c is open, and nobody else uses it.
    #[inline]
    pub(crate) unsafe fn fill(&mut self, c: *mut sys::mcr_consumer) -> Result<usize> {
        self.len = 0;
        let (msgs, n) = (self.msgs.as_mut_ptr().cast(), self.msgs.len() as c_int);
        // SAFETY: n messages and len octets are there, the latter at a multiple of 8.
        self.len = check(unsafe {
            sys::mcr_consumer_take(c, msgs, n, self.octets.as_mut_ptr(), self.octets.len())
        })?;
        Ok(self.len)
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Batch {
    type Target = [Message];

    #[inline]
    fn deref(&self) -> &[Message] {
        // SAFETY: Slot is as large as mcr_msg, of which Message is a transparent form; `fill` had the
        // first len filled in.
        unsafe { std::slice::from_raw_parts(self.msgs.as_ptr().cast(), self.len) }
    }
}

impl<'b> IntoIterator for &'b Batch {
    type Item = &'b Message;
    type IntoIter = std::slice::Iter<'b, Message>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl Message {
    /// The payload; of an event: no octets.
    #[inline]
    pub fn payload(&self) -> &[u8] {
        if self.kind() != Kind::Data {
            return &[];
        }
        let m = &self.0 .0;
        // SAFETY: the library copied len octets to data, which is in the room of the batch that
        // lends this message. Nobody writes there before `fill`, which needs the batch alone.
        unsafe { std::slice::from_raw_parts(m.data, self.len()) }
    }
}

impl Deref for Message {
    type Target = Header;

    #[inline]
    fn deref(&self) -> &Header {
        &self.0
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
