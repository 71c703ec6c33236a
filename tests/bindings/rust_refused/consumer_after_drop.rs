// SPDX-License-Identifier: BSD-3-Clause
//! What is closed is gone.
use mcring::Consumer;

pub fn after(consumer: Consumer) {
    drop(consumer);
    consumer.headroom(); // refused: E0382
}
