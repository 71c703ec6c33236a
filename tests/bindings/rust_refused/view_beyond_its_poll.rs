// SPDX-License-Identifier: BSD-3-Clause
//! A view ends with what was polled.
use mcring::Consumer;

pub fn outlives(consumer: &mut Consumer) -> mcring::Result<()> {
    let polled = consumer.poll(1)?;
    let first = polled.iter().next();
    drop(polled); // refused: E0505
    println!("{first:?}");
    Ok(())
}
