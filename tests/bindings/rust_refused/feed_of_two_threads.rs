// SPDX-License-Identifier: BSD-3-Clause
//! One thread at a time uses a feed.
use mcring::feed::Feed;
use std::thread;

pub fn two(feed: &Feed) {
    thread::scope(|scope| {
        scope.spawn(|| println!("here is none"));
        scope.spawn(|| feed.wire(1)); // refused: E0277
    });
}
