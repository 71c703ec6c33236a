// SPDX-License-Identifier: BSD-3-Clause
//! The consumer's commands.
use std::fmt::Write;
use std::io::BufRead;
use std::ops::ControlFlow;
use std::time::Duration;

use mcring::{Batch, Consumer, Cursor, Header, Kind, Options, Order, Reader};

use crate::words::{self, answer, failed, hex, invalid, number, or_dash, unit, Answer, Parsed};

#[derive(Default)]
pub struct State {
    consumer: Option<Consumer>,
    cursor: Option<Cursor>,
}

fn read_options(rest: &str) -> Parsed<Options> {
    let mut options = Options::new();
    let (mut groups, mut ids) = (Vec::new(), Vec::new());

    for (key, value) in words::options(rest)? {
        match key {
            "run_dir" => options.run_dir(value),
            "name" => options.name(value),
            "channel" => options.channel(value),
            "label" => options.label(value),
            "start" => options.start(words::start(value)?),
            "ring" => options.ring(number(value)?),
            "order" => options.order(if value == "merged" {
                Order::Merged
            } else {
                Order::Rings
            }),
            "hold_ms" => options.hold(words::ms(value)?),
            "stall_ms" => options.stall(words::ms(value)?),
            "answer_ms" => options.answer(words::ms(value)?),
            "no_wait" => options.no_wait(words::flag(value)?),
            "groups" => {
                groups = words::groups(value)?;
                &mut options
            }
            "ids" => {
                ids = words::ids(value)?;
                &mut options
            }
            _ => return Err(invalid(key)),
        };
    }
    options.select(&groups, &ids);
    Ok(options)
}

// ---- items ----

fn put_event(out: &mut String, m: &Header) {
    let (ring, seq, flags, rx) = (m.ring(), m.seq(), m.flags().0, m.rx_ns());
    match m.kind() {
        Kind::Lost(n) => writeln!(out, "lost {ring} {seq} {n}"),
        Kind::Link => writeln!(out, "link {ring} {seq} {} {flags}", m.id()),
        Kind::Restart { since_ns } => writeln!(out, "restart {ring} {since_ns} {rx}"),
        Kind::Stall => writeln!(out, "stall {ring} {rx}"),
        Kind::EngineStall { since_ns } => writeln!(out, "engine_stall {flags} {since_ns} {rx}"),
        kind => writeln!(out, "kind {kind:?}"),
    }
    .unwrap();
}

fn put_item(out: &mut String, m: &Header, payload: Option<&[u8]>) {
    if m.kind() != Kind::Data {
        return put_event(out, m);
    }
    let payload = match payload {
        Some(payload) => payload,
        None => return writeln!(out, "overwritten {} {}", m.ring(), m.seq()).unwrap(),
    };
    assert_eq!(payload.len(), m.len());
    let (destination, sender) = ((m.group(), m.dst_port()), (m.source(), m.src_port()));
    writeln!(
        out,
        "data {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}",
        m.ring(),
        m.seq(),
        destination.0,
        destination.1,
        sender.0,
        sender.1,
        m.id(),
        m.vlan(),
        m.interface(),
        m.ttl(),
        m.traffic_class(),
        m.flags().0,
        m.rx_ns(),
        m.hw_ns(),
        m.len(),
        hex(payload)
    )
    .unwrap();
}

fn polled(
    reader: &mut Reader,
    way: &str,
    (n, go): (usize, bool),
    input: &mut impl BufRead,
) -> mcring::Result<(String, usize)> {
    let mut out = String::new();

    if way == "take" && n > 0 {
        let mut batch = Batch::with_capacity(n, 2 << 20);
        reader.take(&mut batch)?;
        for m in &batch {
            put_item(&mut out, m, Some(m.payload()));
        }
        return Ok((out, batch.len()));
    }
    let mut buf = vec![0; 65536];
    let polled = reader.poll(n)?;
    if go {
        words::await_go(polled.len(), input);
    }
    for m in &polled {
        if way == "view" {
            let octets = m.in_place(|payload| {
                let mut copy = vec![0; payload.len()];
                assert!(payload.copy(0, &mut copy));
                copy
            });
            put_item(&mut out, &m, octets.as_deref());
        } else {
            put_item(&mut out, &m, m.read(&mut buf));
        }
    }
    let n = polled.len();
    Ok((out, n))
}

fn poll(reader: &mut Reader, way: &str, n: &str, input: &mut impl BufRead) -> Parsed<Answer> {
    let (items, n) = polled(reader, way, words::count(n)?, input).map_err(|e| failed(&e))?;
    Ok(Answer::with_items(items, n))
}

/// None: the engine ended before.
fn follow(consumer: &mut Consumer, want: u64) -> mcring::Result<Option<String>> {
    let (mut data, mut lost, mut sum) = (0, 0, 0u64);
    while data + lost < want {
        let batch = match consumer.next_batch()? {
            Some(batch) => batch,
            None => return Ok(None),
        };
        for m in batch {
            match m.kind() {
                Kind::Data => data += 1,
                Kind::Lost(n) => lost += n,
                _ => {}
            }
            sum = m
                .payload()
                .iter()
                .fold(sum, |sum, octet| sum.wrapping_add((*octet).into()));
        }
    }
    Ok(Some(format!("{data} {lost} {sum}")))
}

/// None: the input ended.
fn held(consumer: &mut Consumer, input: &mut impl BufRead) -> mcring::Result<Option<Answer>> {
    loop {
        let polled = consumer.poll(1)?;
        let m = match polled.iter().next() {
            Some(m) if m.kind() == Kind::Data => m,
            Some(_) => continue,
            None => return Ok(Some(Answer::error("EAGAIN", ""))),
        };
        let mut line = String::new();
        let intact = m.in_place(|payload| {
            let octets: Vec<_> = (0..payload.len())
                .map(|at| payload.get(at).unwrap())
                .collect();
            println!("held {} {}", m.seq(), hex(&octets));
            input.read_line(&mut line).unwrap();
        });
        let said = if intact.is_some() {
            "intact"
        } else {
            "overwritten"
        };
        return Ok(if line.is_empty() {
            None
        } else {
            Some(Answer::ok(said))
        });
    }
}

// ---- commands ----

fn cycle(rest: &str) -> Parsed<Answer> {
    let (n, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let mut options = read_options(rest)?;
    let mut batch = Batch::with_capacity(16, 2 << 20);
    let mut opened = 0;
    for _ in 0..number::<u32>(n)? {
        if let Ok(mut consumer) = options.open() {
            drop(consumer.poll(16));
            drop(consumer.take(&mut batch));
            opened += 1;
        }
    }
    Ok(Answer::ok(opened))
}

fn select(reader: &mut Reader, rest: &str) -> Parsed<Answer> {
    let (mut groups, mut ids) = (Vec::new(), Vec::new());
    for (key, value) in words::options(rest)? {
        match key {
            "groups" => groups = words::groups(value)?,
            "ids" => ids = words::ids(value)?,
            _ => return Err(invalid(key)),
        }
    }
    Ok(unit(reader.select(&groups, &ids)))
}

fn ring(reader: &Reader, i: &str) -> Parsed<Answer> {
    Ok(answer(reader.ring(number(i)?), |r| {
        let (at, ns) = ((r.oldest, r.next, r.head), r.watermark_ns);
        format!(
            "{} {} {} {} {} {ns} {}",
            r.ring, r.epoch, at.0, at.1, at.2, r.host_lost
        )
    }))
}

fn interface(consumer: &mut Consumer, i: &str) -> Parsed<Answer> {
    Ok(answer(consumer.interface(number(i)?), |i| {
        let names = [&i.name, &i.port, &i.netdev, &i.kernel].map(|name| or_dash(name));
        let [name, port, netdev, kernel] = names;
        let (address, prefix_len) = (i.address, i.prefix_len);
        let head = format!(
            "{} {name} {address}/{prefix_len} {} {}",
            i.index, i.vlan, i.dpdk_port
        );
        format!("{head} {port} {netdev} {kernel}")
    }))
}

fn sleep(consumer: &mut Consumer, timeout: Duration) -> mcring::Result<bool> {
    Ok(!consumer.arm()? || words::is_readable(consumer, timeout))
}

impl State {
    pub fn run(
        &mut self,
        word: &str,
        rest: &str,
        input: &mut impl BufRead,
    ) -> ControlFlow<(), Answer> {
        if let ("held", Some(consumer)) = (word, &mut self.consumer) {
            return match held(consumer, input) {
                Ok(Some(answer)) => ControlFlow::Continue(answer),
                Ok(None) => ControlFlow::Break(()),
                Err(error) => ControlFlow::Continue(failed(&error)),
            };
        }
        let answer = self.command(word, rest, input);
        ControlFlow::Continue(answer.unwrap_or_else(|answer| answer))
    }

    fn command(&mut self, word: &str, rest: &str, input: &mut impl BufRead) -> Parsed<Answer> {
        match word {
            "open" => {
                self.consumer = None;
                let opened = read_options(rest)?.open();
                Ok(unit(opened.map(|consumer| self.consumer = Some(consumer))))
            }
            "close" => {
                self.consumer = None;
                Ok(Answer::ok(""))
            }
            "cclose" => {
                self.cursor = None;
                Ok(Answer::ok(""))
            }
            "abi" => Ok(Answer::ok(format!("{} {}", mcring::ABI, mcring::VERSION))),
            "address" => Ok(answer(rest.parse::<mcring::Address>(), |a| a.to_string())),
            "cycle" => cycle(rest),
            "keep" | "kept" | "busy" => Ok(Answer::error("ENOTSUP", "")),
            "cpoll" | "ctake" | "creattach" => self.on_cursor(word, rest, input),
            _ => self.on_consumer(word, rest, input),
        }
    }

    fn on_consumer(&mut self, word: &str, rest: &str, input: &mut impl BufRead) -> Parsed<Answer> {
        let consumer = self
            .consumer
            .as_mut()
            .ok_or_else(|| Answer::error("EBADF", ""))?;
        Ok(match word {
            "poll" | "view" | "take" => poll(consumer, word, rest, input)?,
            "follow" => match follow(consumer, number(rest)?) {
                Ok(Some(sums)) => Answer::ok(sums),
                Ok(None) => Answer::error("EPIPE", ""),
                Err(error) => failed(&error),
            },
            "wait" => words::one_or_zero(consumer.wait(words::ms(rest)?)),
            "sleep" => words::one_or_zero(sleep(consumer, words::ms(rest)?)),
            "seek" => unit(consumer.seek(words::start(rest)?)),
            "select" => select(consumer, rest)?,
            "join" => unit(consumer.join(rest)),
            "leave" => unit(consumer.leave(rest)),
            "reattach" => unit(consumer.reattach()),
            "skipped" => Answer::ok(consumer.skipped()),
            "rings" => Answer::ok(consumer.rings()),
            "headroom" => Answer::ok(consumer.headroom()),
            "until" => Answer::ok(consumer.until_ns(number(rest)?)),
            "ring" => ring(consumer, rest)?,
            "interface" => interface(consumer, rest)?,
            "cursor" => {
                self.cursor = None;
                let made = consumer.cursor(&read_options(rest)?);
                unit(made.map(|cursor| self.cursor = Some(cursor)))
            }
            _ => invalid(word),
        })
    }

    fn on_cursor(&mut self, word: &str, rest: &str, input: &mut impl BufRead) -> Parsed<Answer> {
        let cursor = self
            .cursor
            .as_mut()
            .ok_or_else(|| Answer::error("EBADF", ""))?;
        Ok(match word {
            "creattach" => unit(cursor.reattach()),
            _ => poll(cursor, &word[1..], rest, input)?,
        })
    }
}
