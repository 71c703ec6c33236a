// SPDX-License-Identifier: BSD-3-Clause
use std::fmt;
use std::ops::Deref;
use std::os::raw::c_int;

use mcring_sys as sys;

use crate::batch::{blank, Room, MESSAGES, OCTETS};
use crate::error::{check, Result};
use crate::feed::item::Item;

/// Packets with copies of their payloads, and events, filled in by [`Feed::take`]: a slice of
/// [`Message`]s. It has nothing to do with the feed any more, so it may go to another thread.
///
/// [`Feed::take`]: crate::feed::Feed::take
pub struct Batch {
    items: Vec<sys::mcr_feed_msg>,
    msgs: Vec<sys::mcr_msg>,
    octets: Room,
    len: usize,
}

// SAFETY: the pointers in items point into msgs, those in msgs into octets, which all belong to the
// batch, and only `fill`, which has it alone, writes any of them.
unsafe impl Send for Batch {}
// SAFETY: likewise; what is shared is only read.
unsafe impl Sync for Batch {}

/// A packet or an event of a [`Batch`].
#[repr(transparent)]
pub struct Message(Item);

impl Batch {
    /// A batch of up to 1,000 packets and events, and 2 MiB of payloads.
    pub fn new() -> Self {
        Self::with_capacity(MESSAGES, OCTETS)
    }

    /// A batch of up to so many packets and events, and about so many octets of payloads: once they
    /// are there, it takes no more.
    pub fn with_capacity(messages: usize, octets: usize) -> Self {
        Self {
            // SAFETY: both are such structs.
            items: unsafe { blank(messages) },
            // SAFETY: likewise.
            msgs: unsafe { blank(messages) },
            octets: Room::new(octets),
            len: 0,
        }
    }

    /// Lets the library fill it in. After an error it is empty.
    ///
    /// # Safety
    /// f is open, and nobody else uses it.
    pub(crate) unsafe fn fill(&mut self, f: *mut sys::mcr_feed) -> Result<usize> {
        self.len = 0;
        let (items, msgs, n) = (
            self.items.as_mut_ptr(),
            self.msgs.as_mut_ptr(),
            self.items.len(),
        );
        // SAFETY: n of both and len octets are there, the latter at a multiple of 8.
        self.len = check(unsafe {
            let (octets, len) = (self.octets.as_mut_ptr(), self.octets.len());
            sys::mcr_feed_take(f, items, msgs, n as c_int, octets, len)
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
        // SAFETY: Message is transparent, down to mcr_feed_msg; `fill` had the first len filled in.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr().cast(), self.len) }
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
    /// The packet's payload, all messages of it; of an event: no octets.
    #[inline]
    pub fn payload(&self) -> &[u8] {
        // SAFETY: the library copied len octets to data, which is in the room of the batch that
        // lends this message. Nobody writes there before `fill`, which needs the batch alone.
        self.packet().map_or(&[], |packet| unsafe {
            std::slice::from_raw_parts(packet.0.data, packet.len())
        })
    }
}

impl Deref for Message {
    type Target = Item;

    #[inline]
    fn deref(&self) -> &Item {
        &self.0
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
