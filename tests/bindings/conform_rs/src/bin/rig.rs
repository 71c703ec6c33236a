// SPDX-License-Identifier: BSD-3-Clause
//! rig WHAT RUN_DIR [N]: what tests/bindings/test_rust.py looks at.
use std::os::raw::c_int;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::thread;
use std::time::Duration;

use mcring::{feed, Batch, Consumer, Kind, Message, Options, Start};

fn number(m: &Message) -> u64 {
    u64::from_be_bytes(m.payload()[..8].try_into().unwrap())
}

/// Opens when `want` messages are in the ring.
fn open(options: &mut Options, want: usize) -> mcring::Result<Consumer> {
    let mut consumer = options.open()?;
    while consumer.ring(0)?.head <= want as u64 {
        consumer.seek(Start::Newest)?;
        consumer.wait(None)?;
    }
    consumer.seek(Start::Oldest)?;
    Ok(consumer)
}

/// Sums the numbers in a thread that has only the batch, and by a cursor in another.
fn threads(options: &mut Options, want: usize) -> mcring::Result<()> {
    let mut consumer = open(options, want)?;
    let mut cursor = consumer.cursor(Options::new().start(Start::Oldest))?;
    let mut batch = Batch::with_capacity(want, 20 * want);
    consumer.take(&mut batch)?;
    assert_eq!(batch.len(), want);
    let of_batch = thread::spawn(move || batch.iter().map(number).sum::<u64>());
    let of_cursor = thread::spawn(move || {
        let polled = cursor.poll(want)?;
        let first = |m: mcring::View<'_>| m.in_place(|p| p.array(0).map(u64::from_be_bytes));
        Ok(polled
            .iter()
            .map(|m| first(m).flatten().expect("intact"))
            .sum::<u64>())
    });
    println!("batch {}", of_batch.join().unwrap());
    println!("cursor {}", of_cursor.join().unwrap()?);
    Ok(())
}

fn panic(options: &mut Options) -> mcring::Result<()> {
    let mut consumer = open(options, 3)?;
    std::panic::set_hook(Box::new(|_| {}));
    let look = AssertUnwindSafe(|| -> mcring::Result<()> {
        for m in &consumer.poll(32)? {
            m.in_place(|_| panic!("nonsense"));
        }
        Ok(())
    });
    println!(
        "{}",
        if catch_unwind(look).is_err() {
            "caught"
        } else {
            "nothing came"
        }
    );
    consumer.seek(Start::Oldest)?;
    let polled = consumer.poll(32)?;
    let seqs: Vec<_> = polled.iter().map(|m| m.seq().to_string()).collect();
    println!("{}", seqs.join(" "));
    Ok(())
}

extern "C" {
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn alarm(seconds: u32) -> u32;
}
const SIGALRM: c_int = 14;

/// Comes again, lest it comes before the program sleeps.
extern "C" fn again(_: c_int) {
    // SAFETY: a handler may call it.
    unsafe { alarm(1) };
}

fn interrupted(options: &mut Options) -> mcring::Result<()> {
    let mut consumer = open(options, 1)?;
    for _ in 0..2 {
        println!(
            "batch of {}",
            consumer.next_batch()?.expect("the engine runs").len()
        );
        // SAFETY: the handler may run at any time.
        unsafe { signal(SIGALRM, again) };
        again(SIGALRM);
    }
    Ok(())
}

/// What was polled is released when it is dropped, and not before.
fn release(options: &mut Options, want: usize) -> mcring::Result<()> {
    let mut consumer = open(options, want)?;
    let polled = consumer.poll(want)?;
    assert_eq!(polled.len(), want);
    std::mem::forget(polled);
    let before = consumer.headroom();
    drop(consumer.poll(0)?);
    println!("grew: {}", consumer.headroom() > before);
    Ok(())
}

/// Holds two packets of a feed in their place, each until a line comes on standard input.
fn feed(run_dir: &str) -> mcring::Result<()> {
    let mut feed = feed::Options::new()
        .run_dir(run_dir)
        .start(Start::Oldest)
        .open()?;
    let mut buf = [0; 2000];
    let mut left = 2;
    while left > 0 {
        let polled = feed.poll(1)?;
        let item = match polled.iter().next() {
            Some(item) if item.kind() == feed::Kind::Data => item,
            _ => continue,
        };
        let octets = item.in_place(|payload| {
            println!("{}", item.seq());
            std::io::stdin().read_line(&mut String::new()).unwrap();
            payload.array(0).map(u64::from_be_bytes)
        });
        let copy = item.read(&mut buf).map(<[u8]>::len);
        println!("in place {:?}, read {copy:?}", octets.flatten());
        left -= 1;
    }
    Ok(())
}

/// Reads by poll what waits for its readers.
fn paced(run_dir: &str, want: u64) -> mcring::Result<()> {
    let mut feed = feed::Options::new()
        .run_dir(run_dir)
        .start(Start::Oldest)
        .open()?;
    println!("open");
    let mut data = 0;
    while data < want {
        for item in &feed.poll(32)? {
            match item.kind() {
                feed::Kind::Data => data += 1,
                feed::Kind::Start => {}
                kind => println!("{kind:?}"),
            }
        }
        feed.wait(Duration::from_millis(1))?;
    }
    println!("{data}");
    Ok(())
}

/// Prints messages until there were `want`, or the engine ends.
fn print(options: &mut Options, want: usize) -> mcring::Result<()> {
    let mut consumer = options.open()?;
    let mut data = 0;
    while data < want {
        let batch = match consumer.next_batch()? {
            Some(batch) => batch,
            None => {
                println!("the end");
                return Ok(());
            }
        };
        for m in batch {
            match m.kind() {
                Kind::Data => {
                    println!("Data {}", number(m));
                    data += 1;
                }
                kind => println!("{kind:?}"),
            }
        }
    }
    Ok(())
}

fn main() -> mcring::Result<()> {
    let argv: Vec<_> = std::env::args().collect();
    let n = argv.get(3).map_or(0, |n| n.parse().expect("N"));
    let mut options = Options::new();
    options.run_dir(&argv[2]).start(Start::Oldest);
    match &argv[1][..] {
        "threads" => threads(&mut options, n),
        "panic" => panic(&mut options),
        "signal" => interrupted(&mut options),
        "stay" => print(options.stay(true), n),
        "end" => print(&mut options, n),
        "release" => release(&mut options, n),
        "feed" => feed(&argv[2]),
        "paced" => paced(&argv[2], n as u64),
        what => panic!("what is {what}?"),
    }
}
