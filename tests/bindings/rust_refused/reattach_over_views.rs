// SPDX-License-Identifier: BSD-3-Clause
//! What is mapped stays so as long as a view may look at it.
use mcring::Consumer;

pub fn over(consumer: &mut Consumer) -> mcring::Result<()> {
    let polled = consumer.poll(32)?;
    for m in &polled {
        consumer.reattach()?; // refused: E0499
        println!("{:?}", m.to_vec());
    }
    Ok(())
}
