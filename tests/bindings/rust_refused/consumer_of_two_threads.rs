// SPDX-License-Identifier: BSD-3-Clause
//! One thread at a time uses a consumer.
use mcring::Consumer;
use std::thread;

pub fn two(consumer: &Consumer) {
    thread::scope(|scope| {
        scope.spawn(|| println!("here is none"));
        scope.spawn(|| consumer.headroom()); // refused: E0277
    });
}
