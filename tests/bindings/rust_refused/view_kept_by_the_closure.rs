// SPDX-License-Identifier: BSD-3-Clause
//! A payload in the ring does not get out of the closure that reads it.
use mcring::{Consumer, InPlace};

pub fn kept(consumer: &mut Consumer) -> mcring::Result<()> {
    let mut kept: Vec<InPlace<'_>> = Vec::new();
    for m in &consumer.poll(32)? {
        m.in_place(|payload| {
            println!("{payload:?}");
            kept.push(payload); // refused: E0521
        });
    }
    kept.clear();
    Ok(())
}
