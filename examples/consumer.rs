// SPDX-License-Identifier: BSD-3-Clause
use mcring::{Kind, Options};

fn print_messages() -> mcring::Result<()> {
    let mut options = Options::new();
    if let Some(run_dir) = std::env::args().nth(1) {
        options.run_dir(run_dir);
    }
    let mut consumer = options.open()?;
    // Waits for messages, and ends with the engine.
    while let Some(batch) = consumer.next_batch()? {
        for m in batch {
            match m.kind() {
                Kind::Lost(n) => println!("lost {n} from {} on", m.seq()),
                Kind::Data => println!("{}: {} octets", m.seq(), m.payload().len()),
                _ => {}
            }
        }
    }
    Ok(())
}

fn main() {
    if let Err(error) = print_messages() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
