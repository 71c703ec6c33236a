// SPDX-License-Identifier: BSD-3-Clause
use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;

use mcring_sys as sys;

use crate::feed::handle::Feed;
use crate::feed::item::Item;
use crate::in_place::InPlace;

/// The items of a [`Feed::poll`], whose payloads are in the rings. The feed can do nothing else
/// while it exists; when it is dropped, they are released.
#[derive(Debug)]
pub struct Polled<'f> {
    pub(crate) feed: &'f mut Feed,
    pub(crate) n: usize,
}

impl Polled<'_> {
    /// How many items.
    #[inline]
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether nothing was due.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The items.
    #[inline]
    pub fn iter(&self) -> Views<'_> {
        Views {
            raw: self.feed.raw,
            items: self.feed.items[..self.n].iter(),
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
        unsafe { sys::mcr_feed_release(self.feed.as_raw()) }
    }
}

/// Iterates over the items of a [`Polled`].
pub struct Views<'p> {
    raw: NonNull<sys::mcr_feed>,
    items: slice::Iter<'p, sys::mcr_feed_msg>,
}

impl<'p> Iterator for Views<'p> {
    type Item = View<'p>;

    #[inline]
    fn next(&mut self) -> Option<View<'p>> {
        let item: *const sys::mcr_feed_msg = self.items.next()?;
        // SAFETY: Item is transparent; poll filled it in, and it stays as it is while the Polled is
        // borrowed, as does the message that it points to, until the next poll, insert or resume.
        Some(View {
            raw: self.raw,
            item: unsafe { &*item.cast() },
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl ExactSizeIterator for Views<'_> {}

impl fmt::Debug for Views<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Views({} left)", self.len())
    }
}

/// An item whose payload is in a ring. The writer may overwrite it at any time, so it is either
/// copied ([`read`](Self::read)) or looked at in a closure ([`in_place`](Self::in_place)); both say
/// whether it was whole. If it was not, treat its numbers as lost: no gap names them.
#[derive(Clone, Copy, Debug)]
pub struct View<'p> {
    raw: NonNull<sys::mcr_feed>,
    item: &'p Item,
}

impl View<'_> {
    /// Octets of payload; of an event 0.
    #[inline]
    pub fn len(&self) -> usize {
        self.packet().map_or(0, |packet| packet.len())
    }

    /// Whether the payload has no octets.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the packet's payload into the beginning of buf, as much as there is room for. None:
    /// the writer overwrote it.
    #[inline]
    pub fn read<'b>(&self, buf: &'b mut [u8]) -> Option<&'b [u8]> {
        if self.packet().is_none() {
            return Some(&[]);
        }
        // SAFETY: the feed is open and no other thread uses it, for its Polled is borrowed. buf has
        // as many octets as we say.
        let len = unsafe {
            sys::mcr_feed_read(
                self.raw.as_ptr(),
                &self.item.0,
                buf.as_mut_ptr().cast(),
                buf.len(),
            )
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
    /// overwritten. None: it was; forget whatever look made of it.
    #[inline]
    pub fn in_place<T>(&self, look: impl FnOnce(InPlace<'_>) -> T) -> Option<T> {
        let packet = match self.packet() {
            Some(packet) => packet,
            // SAFETY: no octets.
            None => return Some(look(unsafe { InPlace::new([].as_ptr(), 0) })),
        };
        // SAFETY: len octets at data are mapped, or held in the feed's own memory, until the next
        // poll, insert, resume or reattach. Its Polled is borrowed, so none happens.
        let result = look(unsafe { InPlace::new(packet.0.data, packet.len()) });
        // SAFETY: as for read.
        let intact = unsafe { sys::mcr_feed_intact(self.raw.as_ptr(), &self.item.0) };
        (intact == 1).then_some(result)
    }
}

impl Deref for View<'_> {
    type Target = Item;

    #[inline]
    fn deref(&self) -> &Item {
        self.item
    }
}
