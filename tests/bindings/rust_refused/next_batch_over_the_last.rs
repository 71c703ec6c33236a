// SPDX-License-Identifier: BSD-3-Clause
//! next_batch uses its batch again.
use mcring::Consumer;

pub fn over(consumer: &mut Consumer) -> mcring::Result<()> {
    let batch = consumer.next_batch()?;
    consumer.next_batch()?; // refused: E0499
    println!("{batch:?}");
    Ok(())
}
