// SPDX-License-Identifier: BSD-3-Clause
//! A batch that is filled again has other octets.
use mcring::{Batch, Consumer};

pub fn over(consumer: &mut Consumer, batch: &mut Batch) -> mcring::Result<()> {
    consumer.take(batch)?;
    let first = batch[0].payload();
    consumer.take(batch)?; // refused: E0502
    println!("{first:?}");
    Ok(())
}
