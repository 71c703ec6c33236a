#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""consumer RUN_DIR ROUNDS take|each|read|place: as tools/benchmarks/bindings.py says."""

import statistics
import sys
import time

import mcring


def require(holds, what):
    if not holds:
        sys.exit(f'consumer: {what}')


def first(payload):
    return int.from_bytes(payload[:8], 'little')


def take(consumer, batch):
    """The batch as numpy has it: columns."""
    n = consumer.take_into(batch)
    if n == 0:  # no batch
        return 0, 0
    rows = batch.array
    require(not rows['kind'].any(), 'an event came')
    return n, int(batch.first('<u8').sum()) + int(rows['len'].sum())


def each(consumer, batch):
    """The batch message by message."""
    total = 0
    for m in batch if consumer.take_into(batch) else ():
        require(m.kind == mcring.DATA, 'an event came')
        total += first(m.payload) + len(m.payload)
    return len(batch), total


def read(consumer, _):
    with consumer.poll(1000) as live:
        total = 0
        for m in live:
            require(m.kind == mcring.DATA, 'an event came')
            payload = m.payload
            total += first(payload) + len(payload)
        return len(live), total


def place(consumer, _):
    with consumer.poll(1000) as live:
        total = 0
        for m in live:
            view = m.view
            total += first(view) + len(view)
            require(m.intact, 'overwritten, or an event')
        return len(live), total


def one_round(consumer, batch, way):
    messages = total = 0
    consumer.seek('oldest')
    since = time.perf_counter_ns()
    while True:
        n, added = way(consumer, batch)
        if n == 0:
            return messages, total, (time.perf_counter_ns() - since) / messages
        messages += n
        total += added


def main(run_dir, rounds, way):
    batch = mcring.Batch(1000)
    with mcring.Consumer(run_dir=run_dir, start='oldest') as consumer:
        done = [one_round(consumer, batch, way) for _ in range(int(rounds))]
    messages, totals, ns = zip(*done)
    print(f'messages {sum(messages)} sum {sum(totals) % 2 ** 64} ns {statistics.median(ns):.2f}')


if __name__ == '__main__':
    main(*sys.argv[1:3], {'take': take, 'each': each, 'read': read, 'place': place}[sys.argv[3]])
