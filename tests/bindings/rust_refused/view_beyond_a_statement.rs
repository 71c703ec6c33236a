// SPDX-License-Identifier: BSD-3-Clause
//! Also where what was polled has no name.
use mcring::Consumer;

pub fn outlives(consumer: &mut Consumer) -> mcring::Result<()> {
    println!("{:?}", consumer.poll(1)?.iter().next());
    let first = consumer.poll(1)?.iter().next(); // refused: E0716
    println!("{first:?}"); // goes with it
    Ok(())
}
