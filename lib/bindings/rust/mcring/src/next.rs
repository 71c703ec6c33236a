// SPDX-License-Identifier: BSD-3-Clause
//! The loop of `next_batch`, which a consumer and a feed have in common.
use std::io::ErrorKind;
use std::time::Duration;

use crate::error::Result;

pub(crate) trait Source {
    fn take_next(&mut self) -> Result<usize>;
    fn sleep(&mut self) -> Result<bool>;
    fn attach_again(&mut self) -> Result<()>;
    /// Whether the next engine is waited for.
    fn stays(&self) -> bool;
}

/// Waits until the source has taken something. Returns how much: 0 after a signal, and None when
/// the engine has ended.
pub(crate) fn next(source: &mut impl Source) -> Result<Option<usize>> {
    loop {
        match source.take_next() {
            Ok(0) => {}
            Err(end) if end.is_end() && source.stays() => match source.attach_again() {
                Ok(()) => continue,
                // It is not something that the next engine may give.
                Err(error) if error.kind() == ErrorKind::InvalidInput => return Err(error),
                Err(_) => {}
            },
            Err(end) if end.is_end() => return Ok(None),
            taken => return taken.map(Some),
        }
        match source.sleep() {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Some(0)),
            slept => slept?,
        };
    }
}

/// A timeout for the library; None is for ever.
pub(crate) fn timeout_ns(timeout: Option<Duration>) -> u64 {
    timeout.map_or(u64::MAX, ns)
}

/// At most about 584 years.
pub(crate) fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
