// SPDX-License-Identifier: BSD-3-Clause
//! A feed is like a consumer: its items end with the next poll, insert or resume.
use mcring::feed::Feed;

pub fn over(feed: &mut Feed) -> mcring::Result<()> {
    let polled = feed.poll(32)?;
    feed.resume(0, 1)?; // refused: E0499
    println!("{}", polled.len());
    Ok(())
}
