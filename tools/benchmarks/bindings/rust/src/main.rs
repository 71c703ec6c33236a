// SPDX-License-Identifier: BSD-3-Clause
//! consumer RUN_DIR ROUNDS take|each|read|place: by the rules of tools/benchmarks/bindings.py.
use std::time::Instant;

use mcring::{Batch, Consumer, Kind, Options, Start};

const BATCH: usize = 1000;

#[derive(Default)]
struct Total {
    messages: u64,
    sum: u64,
}

impl Total {
    fn add(&mut self, first: Option<[u8; 8]>, len: usize) {
        let first = u64::from_le_bytes(first.expect("8 octets"));
        self.sum = self.sum.wrapping_add(first).wrapping_add(len as u64);
    }
}

fn first(payload: &[u8]) -> Option<[u8; 8]> {
    payload.get(..8)?.try_into().ok()
}

/// One poll of one way; returns how many messages.
type Way = fn(&mut Consumer, &mut Buffers, &mut Total) -> mcring::Result<usize>;

struct Buffers {
    batch: Batch,
    octets: Vec<u8>,
}

fn take(
    consumer: &mut Consumer,
    buffers: &mut Buffers,
    total: &mut Total,
) -> mcring::Result<usize> {
    consumer.take(&mut buffers.batch)?;
    for m in &buffers.batch {
        assert!(m.kind() == Kind::Data, "an event came");
        total.add(first(m.payload()), m.len());
    }
    total.messages += buffers.batch.len() as u64;
    Ok(buffers.batch.len())
}

fn read(
    consumer: &mut Consumer,
    buffers: &mut Buffers,
    total: &mut Total,
) -> mcring::Result<usize> {
    let polled = consumer.poll(BATCH)?;
    for m in &polled {
        assert!(m.kind() == Kind::Data, "an event came");
        let octets = m.read(&mut buffers.octets).expect("overwritten");
        total.add(first(octets), octets.len());
    }
    total.messages += polled.len() as u64;
    Ok(polled.len())
}

fn place(consumer: &mut Consumer, _: &mut Buffers, total: &mut Total) -> mcring::Result<usize> {
    let polled = consumer.poll(BATCH)?;
    for m in &polled {
        assert!(m.kind() == Kind::Data, "an event came");
        let first = m.in_place(|payload| payload.array(0)).expect("overwritten");
        total.add(first, m.len());
    }
    total.messages += polled.len() as u64;
    Ok(polled.len())
}

fn main() -> mcring::Result<()> {
    let argv: Vec<_> = std::env::args().collect();
    let (run_dir, rounds, way): (_, usize, Way) =
        match argv.iter().map(|s| &s[..]).collect::<Vec<_>>()[..] {
            [_, run_dir, rounds, "take"] => (run_dir, rounds.parse().expect("ROUNDS"), take),
            [_, run_dir, rounds, "read"] => (run_dir, rounds.parse().expect("ROUNDS"), read),
            [_, run_dir, rounds, "place"] => (run_dir, rounds.parse().expect("ROUNDS"), place),
            _ => panic!("usage: consumer RUN_DIR ROUNDS take|read|place"),
        };
    let mut consumer = Options::new()
        .run_dir(run_dir)
        .start(Start::Oldest)
        .open()?;
    let mut buffers = Buffers {
        batch: Batch::new(),
        octets: vec![0; 65536],
    };
    let mut all = Total::default();
    let mut ns = Vec::new();
    for _ in 0..rounds {
        let mut total = Total::default();
        consumer.seek(Start::Oldest)?;
        let since = Instant::now();
        while way(&mut consumer, &mut buffers, &mut total)? > 0 {}
        ns.push(since.elapsed().as_nanos() as f64 / total.messages as f64);
        all.messages += total.messages;
        all.sum = all.sum.wrapping_add(total.sum);
    }
    ns.sort_by(f64::total_cmp);
    println!(
        "messages {} sum {} ns {:.2}",
        all.messages,
        all.sum,
        ns[rounds / 2]
    );
    Ok(())
}
