// SPDX-License-Identifier: BSD-3-Clause
//! A feed: the same numbered messages on one to eight lines, handed out once and in order, with
//! what is missing named.
//!
//! ```no_run
//! use mcring::feed::{Kind, Options};
//!
//! let mut feed = Options::new().feed("itch").open()?;
//! while let Some(batch) = feed.next_batch()? {
//!     for item in batch {
//!         match item.kind() {
//!             Kind::Data => println!("{}: {} octets", item.seq(), item.payload().len()),
//!             Kind::Gap(gap) => println!("{} to {} are missing", gap.first, gap.last),
//!             _ => {}
//!         }
//!     }
//! }
//! # Ok::<(), mcring::Error>(())
//! ```
//!
//! What the feed is, is declared by those who run the host; the engine hands the declaration out.

mod batch;
mod handle;
mod item;
mod options;
mod polled;

pub use batch::{Batch, Message};
pub use handle::{Feed, Key, Line, Stats};
pub use item::{DownWhy, Flags, Gap, GapWhy, Item, Kind, ResetWhy, Whose};
pub use options::{Options, Order};
pub use polled::{Polled, View, Views};
