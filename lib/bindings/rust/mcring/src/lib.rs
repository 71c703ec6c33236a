// SPDX-License-Identifier: BSD-3-Clause
//! Reads UDP multicast from the rings of an mcring engine.
//!
//! ```no_run
//! use mcring::{Kind, Options};
//!
//! let mut consumer = Options::new().channel("md").open()?;
//! // Waits for messages, and ends with the engine.
//! while let Some(batch) = consumer.next_batch()? {
//!     for m in batch {
//!         match m.kind() {
//!             Kind::Data => println!("{}: {} octets", m.seq(), m.payload().len()),
//!             Kind::Lost(n) => println!("lost {n} from {} on", m.seq()),
//!             _ => {}
//!         }
//!     }
//! }
//! # Ok::<(), mcring::Error>(())
//! ```
//!
//! - A [`Batch`] is a copy: one call polls many messages and copies their payloads, so they are
//!   ordinary memory, intact for as long as the batch is.
//! - [`Reader::poll`] leaves the payloads in the ring, where the writer may overwrite them. A
//!   [`View`] of one is read by a closure, whose result is given only if nothing was overwritten.
//! - [`feed`] has the feeds: the same numbered messages on several lines, handed out once and in
//!   order.
//!
//! This is `libmcring-client` and `libmcring-feed` in Rust, with no logic of its own: `man
//! mcr_consumer` and `man mcr_feed` describe in full what the calls do.
#![deny(missing_docs, missing_debug_implementations, unsafe_op_in_unsafe_fn)]

mod address;
mod batch;
mod consumer;
mod error;
pub mod feed;
mod header;
mod in_place;
mod next;
mod options;
mod reader;

pub use address::Address;
pub use batch::{Batch, Message};
pub use consumer::{Consumer, Cursor, Interface};
pub use error::{Error, Result};
pub use header::{Flags, Header, Kind};
pub use in_place::InPlace;
pub use mcring_sys as sys;
pub use options::{Group, Options, Order, Start};
pub use reader::{Polled, Reader, Ring, View, Views};

/// The version of the library for which this crate was made.
pub const VERSION: &str = sys::MCRING_VERSION;
/// The number of its ABI, which is in the SONAMEs.
pub const ABI: u32 = sys::MCRING_ABI;

#[cfg(test)]
mod tests {
    #[test]
    fn the_crate_has_the_version_of_the_library() {
        assert_eq!(env!("CARGO_PKG_VERSION"), crate::VERSION);
    }
}
