// SPDX-License-Identifier: BSD-3-Clause
use std::fmt;
use std::marker::PhantomData;
use std::ptr;

/// A payload in the ring, which the writer may overwrite while it is read.
///
/// It exists only within the closure that [`View::in_place`](crate::View::in_place) calls, whose
/// result counts only if nothing was overwritten. What is read here may be torn, so let nothing
/// depend on it before that: no side effect, and no panic for nonsense.
///
/// There is no slice of the payload in safe code, because Rust takes for granted that the octets of
/// a `&[u8]` do not change. Each octet is read once when it is asked for, as a volatile read.
#[derive(Clone, Copy)]
pub struct InPlace<'v> {
    at: *const u8,
    len: usize,
    view: PhantomData<&'v [u8]>,
}

/// Reads at `at`, at whatever address that is. The compiler makes neither two reads of it nor none.
///
/// # Safety
/// The octets of a `T` at `at` can be read, and all their values make a `T`.
#[inline(always)]
unsafe fn read<T: Copy>(at: *const u8) -> T {
    #[repr(C, packed)]
    struct Unaligned<T>(T);

    // SAFETY: the caller's promise; packed takes any address.
    unsafe { ptr::read_volatile(at.cast::<Unaligned<T>>()).0 }
}

impl<'v> InPlace<'v> {
    /// # Safety
    /// len octets at `at` are mapped during 'v. Another process may write them: they are read by
    /// volatile reads only.
    #[inline]
    pub(crate) unsafe fn new(at: *const u8, len: usize) -> Self {
        Self {
            at,
            len,
            view: PhantomData,
        }
    }

    /// How many octets there are. This does not change.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The octet at an index; None behind the end.
    #[inline]
    pub fn get(&self, at: usize) -> Option<u8> {
        // SAFETY: within the payload.
        (at < self.len).then(|| unsafe { read(self.at.add(at)) })
    }

    /// The `N` octets from an index on; None if they reach beyond the end.
    ///
    /// ```no_run
    /// # fn example(payload: mcring::InPlace<'_>) -> Option<u64> {
    /// payload.array(16).map(u64::from_be_bytes)
    /// # }
    /// ```
    #[inline]
    pub fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        let mut octets = [0; N];
        self.copy(at, &mut octets).then_some(octets)
    }

    /// Copies octets from an index on, and says whether there were as many. Else `to` is as before.
    #[inline]
    pub fn copy(&self, at: usize, to: &mut [u8]) -> bool {
        if to.len() > self.len || at > self.len - to.len() {
            return false;
        }
        let mut words = to.chunks_exact_mut(8);
        let mut from = at;
        for word in &mut words {
            // SAFETY: within the payload, as the test above says.
            word.copy_from_slice(&unsafe { read::<u64>(self.at.add(from)) }.to_ne_bytes());
            from += 8;
        }
        let mut rest = words.into_remainder();
        if rest.len() >= 4 {
            let (word, behind) = rest.split_at_mut(4);
            // SAFETY: as above.
            word.copy_from_slice(&unsafe { read::<u32>(self.at.add(from)) }.to_ne_bytes());
            from += 4;
            rest = behind;
        }
        for octet in rest {
            // SAFETY: as above.
            *octet = unsafe { read(self.at.add(from)) };
            from += 1;
        }
        true
    }

    /// Where the first octet is.
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        self.at
    }

    /// The payload as a slice, for a decoder that takes no other.
    ///
    /// # Safety
    /// The octets must not change while the slice is used: the writer must be known to be so far
    /// away that it does not come here meanwhile, or to be stopped. That they were intact
    /// afterwards does not make it sound.
    #[inline]
    pub unsafe fn as_slice(&self) -> &'v [u8] {
        // SAFETY: mapped during 'v, as `new` demands; that nobody writes is the caller's promise.
        unsafe { std::slice::from_raw_parts(self.at, self.len) }
    }
}

impl fmt::Debug for InPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InPlace({} octets)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_what_is_there_at_each_place_and_length() {
        let octets: Vec<u8> = (0..40).map(|i| i * 5 + 1).collect();
        // SAFETY: they are there, and stay as they are.
        let payload = unsafe { InPlace::new(octets.as_ptr(), octets.len()) };

        for at in 0..=octets.len() {
            for len in 0..=octets.len() - at {
                let mut copy = vec![0; len];
                assert!(payload.copy(at, &mut copy));
                assert_eq!(copy, octets[at..at + len]);
            }
            assert_eq!(payload.get(at), octets.get(at).copied());
        }
        assert_eq!(payload.array(3), Some([16, 21, 26, 31, 36, 41, 46]));
    }

    #[test]
    fn nothing_beyond_the_end_is_read() {
        let octets = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        // SAFETY: they are there, and stay as they are.
        let payload = unsafe { InPlace::new(octets.as_ptr(), 8) };

        for (at, len) in [
            (0, 9),
            (1, 8),
            (8, 1),
            (9, 0),
            (usize::MAX, 1),
            (usize::MAX, 0),
        ] {
            let mut copy = vec![99; len];
            assert!(!payload.copy(at, &mut copy), "{len} octets at {at}");
            assert!(copy.iter().all(|octet| *octet == 99));
        }
        assert_eq!(payload.get(8), None);
        assert_eq!(payload.array::<4>(5), None);
        assert_eq!(payload.array::<0>(8), Some([]));
    }
}
