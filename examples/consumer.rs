// SPDX-License-Identifier: BSD-3-Clause
use mcring::{Kind, Options};

fn print_messages(run_dir: Option<String>) -> mcring::Result<()> {
    let mut consumer = Options::new().run_dir(run_dir).open()?;
    // Waits for messages, and ends with the engine.
    while let Some(batch) = consumer.next_batch()? {
        for m in &batch {
            match m.kind() {
                Kind::Lost => println!("lost {} from {} on", m.lost(), m.seq()),
                Kind::Data => println!("{}: {} octets", m.seq(), m.payload().len()),
                _ => {}
            }
        }
    }
    Ok(())
}

fn main() {
    if let Err(error) = print_messages(std::env::args().nth(1)) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
