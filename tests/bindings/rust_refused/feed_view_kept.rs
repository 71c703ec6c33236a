// SPDX-License-Identifier: BSD-3-Clause
//! And so is a payload in place.
use mcring::feed::Feed;
use mcring::InPlace;

pub fn kept(feed: &mut Feed) -> mcring::Result<()> {
    let mut kept: Vec<InPlace<'_>> = Vec::new();
    for item in &feed.poll(32)? {
        item.in_place(|payload| kept.push(payload)); // refused: E0521
        item.in_place(|payload| println!("{payload:?}"));
    }
    kept.clear();
    Ok(())
}
