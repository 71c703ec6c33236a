// SPDX-License-Identifier: BSD-3-Clause
//! A view stays in the thread of its consumer.
use mcring::Consumer;
use std::thread;

pub fn sent(consumer: &mut Consumer) -> mcring::Result<()> {
    let polled = consumer.poll(32)?;
    thread::scope(|scope| {
        for m in &polled {
            println!("{m:?}");
            scope.spawn(move || m.to_vec()); // refused: E0277
        }
    });
    Ok(())
}
