// SPDX-License-Identifier: BSD-3-Clause
//! The feed's commands.
use std::fmt::Write;
use std::io::BufRead;
use std::ops::ControlFlow;
use std::time::Duration;

use mcring::feed::{Batch, Feed, Gap, Item, Kind, Options, Order};

use crate::words::{self, answer, failed, hex, invalid, number, or_dash, unit, Answer, Parsed};

#[derive(Default)]
pub struct State {
    feed: Option<Feed>,
}

fn read_options(rest: &str) -> Parsed<Options> {
    let mut options = Options::new();

    for (key, value) in words::options(rest)? {
        match key {
            "run_dir" => options.run_dir(value),
            "name" => options.name(value),
            "feed" => options.feed(value),
            "label" => options.label(value),
            "order" if value == "as_they_come" => options.order(Order::AsTheyCome),
            "order" => options.order(Order::InOrder),
            "start" => options.start(words::start(value)?),
            "start_seq" => options.start_seq(number(value)?),
            "gap_timeout_ms" => options.gap_timeout(words::ms(value)?),
            "late" => options.late(words::flag(value)?),
            "compare" => options.compare(words::flag(value)?),
            "hold_on_gap" => options.hold_on_gap(words::flag(value)?),
            "unsequenced" => options.unsequenced(words::flag(value)?),
            "events" => options.events(number(value)?),
            "held_max" => options.held_max(number(value)?),
            "keys_max" => options.keys_max(number(value)?),
            "config" => options.config(value.replace("; ", "\n")),
            _ => return Err(invalid(key)),
        };
    }
    Ok(options)
}

// ---- items ----

fn put_gap(out: &mut String, name: &str, key: u32, gap: &Gap) {
    let (why, whose) = (gap.why.number(), gap.whose.number());
    let times = (gap.opened_ns, gap.declared_ns);
    write!(
        out,
        "{name} {key} {} {} {why} {whose} ",
        gap.first, gap.last
    )
    .unwrap();
    writeln!(out, "{} {} {}", gap.host_lost, times.0, times.1).unwrap();
}

fn put_event(out: &mut String, item: &Item) {
    let (key, line, seq) = (item.key(), item.line(), item.seq());
    match item.kind() {
        Kind::Start => writeln!(out, "start {key} {line} {seq}"),
        Kind::Gap(gap) => {
            put_gap(out, "gap", key, &gap);
            Ok(())
        }
        Kind::GapHost(gap) => {
            put_gap(out, "gap_host", key, &gap);
            Ok(())
        }
        Kind::FilledLate { first, last } => writeln!(out, "filled_late {key} {first} {last}"),
        Kind::Reset {
            old_next,
            new_next,
            why,
        } => {
            writeln!(out, "reset {key} {old_next} {new_next} {}", why.number())
        }
        Kind::Cycle { old_next, new_next } => writeln!(out, "cycle {key} {old_next} {new_next}"),
        Kind::LineDown(why) => writeln!(out, "line_down {line} {}", why.number()),
        Kind::LineUp => writeln!(out, "line_up {line}"),
        Kind::LineSwitch => writeln!(out, "line_switch {key} {line}"),
        Kind::Silence => writeln!(out, "silence"),
        Kind::SilenceEnd => writeln!(out, "silence_end"),
        Kind::Mismatch { seq, first_line } => writeln!(out, "mismatch {key} {seq} {first_line}"),
        Kind::Implausible { seq, first_line } => {
            writeln!(out, "implausible {key} {seq} {first_line}")
        }
        Kind::EndOfSession => writeln!(out, "end_of_session {key} {seq}"),
        Kind::KeysFull => writeln!(out, "keys_full"),
        Kind::Changed => writeln!(out, "changed"),
        kind => writeln!(out, "kind {kind:?}"),
    }
    .unwrap();
}

fn put_item(out: &mut String, item: &Item, payload: Option<&[u8]>) {
    let (key, seq) = (item.key(), item.seq());
    if item.kind() != Kind::Data {
        return put_event(out, item);
    }
    let payload = match payload {
        Some(payload) => payload,
        None => return writeln!(out, "overwritten {key} {seq}").unwrap(),
    };
    assert_eq!(payload.len(), item.packet().unwrap().len());
    let (line, count, skip, flags) = (item.line(), item.count(), item.skip(), item.flags().0);
    write!(
        out,
        "data {key} {line} {seq} {count} {skip} {flags} {} ",
        payload.len()
    )
    .unwrap();
    writeln!(out, "{}", hex(payload)).unwrap();
}

fn polled(
    feed: &mut Feed,
    way: &str,
    (n, go): (usize, bool),
    input: &mut impl BufRead,
) -> mcring::Result<(String, usize)> {
    let mut out = String::new();

    if way == "take" && n > 0 {
        let mut batch = Batch::with_capacity(n, 2 << 20);
        feed.take(&mut batch)?;
        for item in &batch {
            put_item(&mut out, item, Some(item.payload()));
        }
        return Ok((out, batch.len()));
    }
    let mut buf = vec![0; 65536];
    let polled = feed.poll(n)?;
    if go {
        words::await_go(polled.len(), input);
    }
    for item in &polled {
        if way == "view" {
            let octets = item.in_place(|payload| {
                let mut copy = vec![0; payload.len()];
                assert!(payload.copy(0, &mut copy));
                copy
            });
            put_item(&mut out, &item, octets.as_deref());
        } else {
            put_item(&mut out, &item, item.read(&mut buf));
        }
    }
    let n = polled.len();
    Ok((out, n))
}

// ---- commands ----

fn insert(feed: &mut Feed, rest: &str) -> Parsed<Answer> {
    let words: Vec<_> = rest.split(' ').collect();
    let (key, seq, count, digits) = match words[..] {
        [key, seq, count, digits] => (number(key)?, number(seq)?, number(count)?, digits),
        _ => return Err(invalid(rest)),
    };
    let octets: Parsed<Vec<u8>> = (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).map_err(|_| invalid(digits)))
        .collect();
    Ok(unit(feed.insert(key, seq, count, &octets?)))
}

fn resume(feed: &mut Feed, rest: &str) -> Parsed<Answer> {
    let (key, next) = rest.split_once(' ').ok_or_else(|| invalid(rest))?;
    Ok(unit(feed.resume(number(key)?, number(next)?)))
}

fn config(feed: &Feed) -> String {
    let text = feed.config();
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
    lines.join("; ")
}

fn sleep(feed: &mut Feed, timeout: Duration) -> mcring::Result<bool> {
    Ok(!feed.arm()? || words::is_readable(feed, timeout))
}

impl State {
    pub fn run(&mut self, command: &str, input: &mut impl BufRead) -> ControlFlow<(), Answer> {
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        let answer = self.command(word, rest, input);
        ControlFlow::Continue(answer.unwrap_or_else(|answer| answer))
    }

    fn command(&mut self, word: &str, rest: &str, input: &mut impl BufRead) -> Parsed<Answer> {
        if word == "open" {
            self.feed = None;
            let opened = read_options(rest)?.open();
            return Ok(unit(opened.map(|feed| self.feed = Some(feed))));
        }
        if word == "close" {
            self.feed = None;
            return Ok(Answer::ok(""));
        }
        let feed = self
            .feed
            .as_mut()
            .ok_or_else(|| Answer::error("EBADF", ""))?;
        Ok(match word {
            "poll" | "view" | "take" => {
                let polled = polled(feed, word, words::count(rest)?, input);
                let (items, n) = polled.map_err(|e| failed(&e))?;
                Answer::with_items(items, n)
            }
            "insert" => insert(feed, rest)?,
            "resume" => resume(feed, rest)?,
            "wire" => Answer::ok(feed.wire(number(rest)?)),
            "key" => answer(feed.key(number(rest)?), |key| {
                format!("{} {} {}", key.next, key.gaps, or_dash(&key.text()))
            }),
            "line" => answer(feed.line(number(rest)?), |line| {
                let is_up = u8::from(line.is_up());
                format!("{} {is_up} {} {}", line.name(), line.packets, line.lost)
            }),
            "stats" => {
                let s = feed.stats();
                let what = (s.lines, s.keys, s.packets, s.messages, s.gaps);
                Answer::ok(format!(
                    "{} {} {} {} {}",
                    what.0, what.1, what.2, what.3, what.4
                ))
            }
            "config" => Answer::ok(config(feed)),
            "wait" => words::one_or_zero(feed.wait(words::ms(rest)?)),
            "sleep" => words::one_or_zero(sleep(feed, words::ms(rest)?)),
            "reattach" => unit(feed.reattach()),
            _ => invalid(word),
        })
    }
}
