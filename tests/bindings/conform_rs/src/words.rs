// SPDX-License-Identifier: BSD-3-Clause
//! Words of a command, and answers.
use std::ffi::CStr;
use std::fmt::{Display, Write};
use std::io::BufRead;
use std::os::raw::{c_char, c_int};
use std::os::unix::io::AsRawFd;
use std::time::Duration;

use mcring::{Error, Group, Start};

pub const BATCH: usize = 1000; // messages of one command

extern "C" {
    fn strerrorname_np(number: c_int) -> *const c_char;
    fn poll(fds: *mut PollFd, n: u64, timeout_ms: c_int) -> c_int;
}

#[repr(C)]
struct PollFd {
    fd: c_int,
    events: i16,
    revents: i16,
}

const POLLIN: i16 = 1;

/// The last line of an answer, with what stands before it.
pub struct Answer {
    items: String,
    last: String,
}

impl Answer {
    pub fn ok(values: impl Display) -> Self {
        Self::with_items(String::new(), values)
    }

    pub fn with_items(items: String, values: impl Display) -> Self {
        Self {
            items,
            last: format!("ok {values}").trim_end().into(),
        }
    }

    pub fn error(name: &str, text: &str) -> Self {
        let text = if text.is_empty() { "-" } else { text };
        Self {
            items: String::new(),
            last: format!("error {name} {text}"),
        }
    }

    pub fn print(self) {
        println!("{}{}", self.items, self.last);
    }
}

/// What the binding returned: values behind `ok`, or its error.
pub fn answer<T>(result: mcring::Result<T>, values: impl FnOnce(T) -> String) -> Answer {
    match result {
        Ok(value) => Answer::ok(values(value)),
        Err(error) => failed(&error),
    }
}

pub fn failed(error: &Error) -> Answer {
    // SAFETY: the names are constants of libc.
    let name = unsafe { CStr::from_ptr(strerrorname_np(error.code())) };
    Answer::error(name.to_str().unwrap(), error.text())
}

pub fn unit(result: mcring::Result<()>) -> Answer {
    answer(result, |()| String::new())
}

pub fn one_or_zero(result: mcring::Result<bool>) -> Answer {
    answer(result, |ready| u8::from(ready).to_string())
}

pub fn invalid(what: &str) -> Answer {
    Answer::error("EINVAL", what)
}

/// What is not understood is an EINVAL of this program.
pub type Parsed<T> = Result<T, Answer>;

pub fn number<T: std::str::FromStr>(text: &str) -> Parsed<T> {
    text.parse().map_err(|_| invalid(text))
}

/// N of a poll, 0 to BATCH, and whether the test does something before anything is read (`N go`).
pub fn count(text: &str) -> Parsed<(usize, bool)> {
    let n = text.strip_suffix(" go").unwrap_or(text);
    number(n).and_then(|number| {
        if number > BATCH {
            Err(invalid("N is 0 to 1000"))
        } else {
            Ok((number, n.len() < text.len()))
        }
    })
}

pub fn await_go(polled: usize, input: &mut impl BufRead) {
    println!("polled {polled}");
    input.read_line(&mut String::new()).unwrap();
}

pub fn ms(text: &str) -> Parsed<Duration> {
    number(text).map(Duration::from_millis)
}

pub fn flag(text: &str) -> Parsed<bool> {
    number(text).map(|n: u32| n != 0)
}

pub fn start(text: &str) -> Parsed<Start> {
    match text {
        "newest" => Ok(Start::Newest),
        "oldest" => Ok(Start::Oldest),
        _ => number(text).map(Start::Seq),
    }
}

/// The K=V of a command. config=TEXT goes to the end of the line.
pub fn options(mut rest: &str) -> Parsed<Vec<(&str, &str)>> {
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (word, behind) = match rest.split_once(' ') {
            Some(split) if !rest.starts_with("config=") => split,
            _ => (rest, ""),
        };
        all.push(word.split_once('=').ok_or_else(|| invalid(word))?);
        rest = behind;
    }
    Ok(all)
}

/// ADDRESS[/PORT],...
pub fn groups(text: &str) -> Parsed<Vec<Group>> {
    text.split(',')
        .map(|word| {
            let (address, port) = word.split_once('/').unwrap_or((word, "0"));
            let address: mcring::Address = address.parse().map_err(|e| failed(&e))?;
            Ok(Group {
                address,
                port: number(port)?,
            })
        })
        .collect()
}

pub fn ids(text: &str) -> Parsed<Vec<u32>> {
    text.split(',').map(number).collect()
}

pub fn or_dash(text: &str) -> &str {
    if text.is_empty() {
        "-"
    } else {
        text
    }
}

pub fn hex(octets: &[u8]) -> String {
    let mut out = String::with_capacity(2 * octets.len() + 1);
    for octet in octets {
        write!(out, "{octet:02x}").unwrap();
    }
    or_dash(&out).into()
}

/// Waits until the descriptor is readable: what the blocking wait does, for an event loop.
pub fn is_readable(object: &impl AsRawFd, timeout: Duration) -> bool {
    let mut one = PollFd {
        fd: object.as_raw_fd(),
        events: POLLIN,
        revents: 0,
    };
    // SAFETY: one descriptor.
    unsafe { poll(&mut one, 1, timeout.as_millis() as c_int) == 1 }
}
