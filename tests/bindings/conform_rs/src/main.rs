// SPDX-License-Identifier: BSD-3-Clause
//! conform: the crate `mcring` for the scenarios of tests/bindings; README.md has the commands.
mod consumer;
mod feed;
mod words;

use std::io::{self, BufRead, Write};
use std::ops::ControlFlow;

use crate::words::Answer;

fn main() {
    let mut state = consumer::State::default();
    let mut feed = feed::State::default();
    let mut input = io::stdin().lock();
    let mut line = String::new();

    while input.read_line(&mut line).unwrap() > 0 {
        let command = line.trim_end_matches('\n');
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        let answer = match word {
            "feed" => feed.run(rest, &mut input),
            "fork" => fork(&mut state, &mut feed),
            _ => state.run(word, rest, &mut input),
        };
        match answer {
            ControlFlow::Continue(answer) => answer.print(),
            ControlFlow::Break(()) => break, // the input ended within a command
        }
        io::stdout().flush().unwrap();
        line.clear();
    }
}

/// The child closes what it inherited, which is what Rust's drop does.
fn fork(state: &mut consumer::State, feed: &mut feed::State) -> ControlFlow<(), Answer> {
    extern "C" {
        fn fork() -> i32;
        fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
        fn _exit(status: i32) -> !;
    }
    let mut status = -1;
    // SAFETY: there is one thread; the child drops what it inherited, which it may, and exits.
    unsafe {
        let child = fork();
        if child == 0 {
            drop((std::mem::take(state), std::mem::take(feed)));
            _exit(0);
        }
        waitpid(child, &mut status, 0);
    }
    ControlFlow::Continue(Answer::ok(status >> 8 & 0xff))
}
