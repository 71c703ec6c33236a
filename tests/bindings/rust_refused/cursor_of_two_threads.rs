// SPDX-License-Identifier: BSD-3-Clause
//! Nor is a cursor of several threads, but it may go to one of its own.
use mcring::Cursor;
use std::thread;

pub fn two(mut cursor: Cursor) {
    thread::scope(|scope| {
        scope.spawn(|| cursor.headroom()); // refused: E0277
    });
    thread::spawn(move || cursor.poll(1).map(|polled| polled.len()).ok());
}
