// SPDX-License-Identifier: BSD-3-Clause
//! The next poll writes over the messages of the last one, so these are gone by then.
use mcring::Consumer;

pub fn over(consumer: &mut Consumer) -> mcring::Result<()> {
    let polled = consumer.poll(32)?;
    consumer.poll(32)?; // refused: E0499
    println!("{}", polled.len());
    Ok(())
}
