// SPDX-License-Identifier: BSD-3-Clause
//! There is no slice of memory that another process writes, but for who vouches for it.
use mcring::Consumer;

pub fn slice(consumer: &mut Consumer) -> mcring::Result<()> {
    for m in &consumer.poll(32)? {
        m.in_place(|payload| {
            let first = payload.get(0);
            println!("{:?}", payload.as_slice()); // refused: E0133
            first
        });
    }
    Ok(())
}
