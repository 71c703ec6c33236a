// SPDX-License-Identifier: BSD-3-Clause
//! Nor does the closure give it back.
use mcring::Consumer;

pub fn given(consumer: &mut Consumer) -> mcring::Result<()> {
    for m in &consumer.poll(32)? {
        m.in_place(|payload| payload.len());
        m.in_place(|payload| payload); // refused: lifetime may not live long enough
    }
    Ok(())
}
