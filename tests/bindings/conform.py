#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""conform: the Python binding for the scenarios of tests/bindings; README.md has the commands."""

import asyncio
import errno
import os
import sys
import threading

import mcring

WORDS = {'run_dir': str, 'name': str, 'channel': str, 'label': str, 'order': str, 'ring': int, 'no_wait': int,
         'feed': str, 'start_seq': int, 'late': int, 'compare': int, 'hold_on_gap': int, 'unsequenced': int,
         'events': int, 'held_max': int, 'keys_max': int}


class Failed(Exception):
    """An answer that is an error: errno's name, text."""


def say(*words):
    print(*words)


def octets(payload):
    return bytes(payload).hex() or '-'


def or_dash(text):
    return text or '-'


# ---- options ----

def group(text):
    address, _, port = text.partition('/')
    return (address, int(port)) if port else address


def options(rest):
    """K=V words as the constructors take them; config goes to the end of the line."""
    rest, has_config, config = rest.partition('config=')
    out = {'config': config.replace('; ', '\n')} if has_config else {}
    for key, _, value in (word.partition('=') for word in rest.split()):
        if key == 'start':
            out[key] = int(value) if value.isdigit() else value
        elif key == 'groups':
            out[key] = [group(one) for one in value.split(',')]
        elif key == 'ids':
            out[key] = [int(one) for one in value.split(',')]
        elif key.endswith('_ms'):
            out[key[:-3] + '_ns'] = int(value) * 1000000
        elif key in WORDS:
            out[key] = WORDS[key](value)
        else:
            raise Failed('EINVAL', key)
    return out


# ---- items ----

def say_data(m, payload):
    say('data', m.ring, m.seq, m.group, m.dst_port, m.source, m.src_port, m.id, m.vlan, m.interface, m.ttl,
        m.traffic_class, int(m.flags), m.rx_ns, m.hw_ns, len(payload), octets(payload))


def say_event(m):
    if m.kind == mcring.LOST:
        say('lost', m.ring, m.seq, m.lost)
    elif m.kind == mcring.LINK:
        say('link', m.ring, m.seq, m.id, int(m.flags))
    elif m.kind == mcring.RESTART:
        say('restart', m.ring, m.since_ns, m.rx_ns)
    elif m.kind == mcring.STALL:
        say('stall', m.ring, m.rx_ns)
    elif m.kind == mcring.ENGINE_STALL:
        say('engine_stall', int(m.flags), m.since_ns, m.rx_ns)


def read(m, is_in_place):
    """The payload, or None if it was overwritten."""
    if not is_in_place:
        try:
            return m.payload
        except mcring.Error as error:
            if error.errno != errno.ESTALE:
                raise
            return None
    payload = bytes(m.view)
    return payload if m.intact else None


def say_items(messages, is_in_place):
    for m in messages:
        payload = read(m, is_in_place) if m.kind == mcring.DATA else None
        if m.kind != mcring.DATA:
            say_event(m)
        elif payload is None:
            say('overwritten', m.ring, m.seq)
        else:
            say_data(m, payload)
    return len(messages)


def await_go(go, live):
    """With `N go`, the test does something before anything of the messages is read."""
    if go:
        say('polled', len(live))
        sys.stdout.flush()
        sys.stdin.readline()


def poll(reader, rest, is_in_place=False):
    n, *go = rest.split()
    with reader.poll(int(n)) as live:
        await_go(go, live)
        return say_items(live, is_in_place)


def take(reader, n):
    return say_items(reader.take(int(n)), False) if int(n) > 0 else poll(reader, n)


# ---- commands of a consumer, of a cursor, of the process ----

class Program:
    def __init__(self):
        self.consumer = self.cursor = self.feed = None

    def open(self, rest):
        self.close(rest)
        self.consumer = mcring.Consumer(**options(rest))

    def close(self, rest):
        if self.consumer:
            self.consumer.close()

    def poll(self, rest):
        return poll(self.consumer, rest)

    def view(self, rest):
        return poll(self.consumer, rest, True)

    def take(self, rest):
        return take(self.consumer, rest)

    def follow(self, rest):
        data = lost = total = 0
        for batch in self.consumer.batches(1000):
            for m in batch:
                data += m.kind == mcring.DATA
                lost += m.lost
                total += sum(m.payload)
            if data + lost >= int(rest):
                return data, lost, total
        raise Failed('EPIPE', '')

    def one(self):
        """Polls one message of data."""
        while True:
            live = self.consumer.poll(1)
            if not live:
                raise Failed('EAGAIN', '')
            if live[0].kind == mcring.DATA:
                return live[0]

    def held(self, rest):
        m = self.one()
        say('held', m.seq, octets(m.view))
        sys.stdout.flush()
        sys.stdin.readline()
        is_intact = m.intact
        self.consumer.release()
        return 'intact' if is_intact else 'overwritten'

    def keep(self, rest):
        m = self.one()
        self.kept_message, self.kept_view = m, m.view
        return m.seq

    def kept(self, rest):
        payload = bytes(self.kept_view)
        return ('intact', octets(payload)) if self.kept_message.intact else 'overwritten'

    def wait(self, rest):
        return int(self.consumer.wait(int(rest) / 1000))

    def sleep(self, rest):
        return int(asyncio.run(self.consumer.ready(int(rest) / 1000)))

    def seek(self, rest):
        self.consumer.seek(rest)

    def select(self, rest):
        self.consumer.select(**options(rest))

    def join(self, rest):
        self.consumer.join(rest)

    def leave(self, rest):
        self.consumer.leave(rest)

    def reattach(self, rest):
        self.consumer.reattach()

    def skipped(self, rest):
        return self.consumer.skipped

    def rings(self, rest):
        return self.consumer.rings

    def headroom(self, rest):
        return self.consumer.headroom

    def until(self, rest):
        return self.consumer.until(int(rest))

    def ring(self, rest):
        r = self.consumer.ring(int(rest))
        return r.ring, r.epoch, r.oldest, r.next, r.head, r.watermark_ns, r.host_lost

    def interface(self, rest):
        i = self.consumer.interface(int(rest))
        return (i.index, or_dash(i.name), f'{i.address}/{i.prefix_len}', i.vlan, i.dpdk_port, or_dash(i.port),
                or_dash(i.netdev), or_dash(i.kernel))

    def make_cursor(self, rest):
        self.cclose(rest)
        self.cursor = self.consumer.cursor(**options(rest))

    def cpoll(self, rest):
        return poll(self.cursor, rest)

    def ctake(self, rest):
        return take(self.cursor, rest)

    def creattach(self, rest):
        self.cursor.reattach()

    def cclose(self, rest):
        if self.cursor:
            self.cursor.close()

    def abi(self, rest):
        return mcring.ABI, mcring.__version__

    def address(self, rest):
        return mcring.format_address(mcring.parse_address(rest))

    def cycle(self, rest):
        n, _, rest = rest.partition(' ')
        kwargs, opened = options(rest), 0
        for _ in range(int(n)):
            try:
                consumer = mcring.Consumer(**kwargs)
            except mcring.Error:
                continue
            with consumer:
                opened += 1
                try:
                    consumer.poll(16)
                    consumer.take(16)
                except mcring.Error:
                    pass
        return opened

    def fork(self, rest):
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            os._exit(self.end_of_child())
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def end_of_child(self):
        try:
            for one in (self.consumer, self.cursor, self.feed):
                if one and not one.is_closed:
                    try:
                        one.poll(1)
                        return 1
                    except RuntimeError:
                        one.close()
            return 0
        except BaseException:
            return 2

    def busy(self, rest):
        thread = threading.Thread(target=self.consumer.wait, args=(0.3,))
        thread.start()
        said = 'allowed'
        while thread.is_alive():
            try:
                self.consumer.skipped
            except RuntimeError:
                said = 'refused'
        thread.join()
        return said

    def run_feed(self, rest):
        word, _, rest = rest.partition(' ')
        return FEED_COMMANDS[word](self, rest) if word in FEED_COMMANDS else unknown()


# ---- feeds ----

def say_gap(word, item):
    g = item.gap
    say(word, item.key, g.first, g.last, g.why, g.whose, g.host_lost, g.opened_ns, g.declared_ns)


EVENTS = {
    'START': lambda item: say('start', item.key, item.line, item.seq),
    'GAP': lambda item: say_gap('gap', item),
    'GAP_HOST': lambda item: say_gap('gap_host', item),
    'FILLED_LATE': lambda item: say('filled_late', item.key, *item.late),
    'RESET': lambda item: say('reset', item.key, *item.reset),
    'CYCLE': lambda item: say('cycle', item.key, item.reset.old_next, item.reset.new_next),
    'LINE_DOWN': lambda item: say('line_down', item.line, item.down.why),
    'LINE_UP': lambda item: say('line_up', item.line),
    'LINE_SWITCH': lambda item: say('line_switch', item.key, item.line),
    'MISMATCH': lambda item: say('mismatch', item.key, *item.mismatch),
    'IMPLAUSIBLE': lambda item: say('implausible', item.key, *item.mismatch),
    'END_OF_SESSION': lambda item: say('end_of_session', item.key, item.seq),
}


def say_feed_items(items):
    for item in items:
        payload = read(item, False) if item.kind == mcring.FeedKind.DATA else None
        if item.kind != mcring.FeedKind.DATA:
            EVENTS.get(item.kind.name, lambda item: say(item.kind.name.lower()))(item)
        elif payload is None:
            say('overwritten', item.key, item.seq)
        else:
            say('data', item.key, item.line, item.seq, item.count, item.skip, int(item.flags), len(payload),
                octets(payload))
    return len(items)


def feed_open(program, rest):
    feed_close(program, rest)
    program.feed = mcring.Feed(**options(rest))


def feed_close(program, rest):
    if program.feed:
        program.feed.close()


def feed_poll(program, rest):
    n, *go = rest.split()
    live = program.feed.poll(int(n))
    await_go(go, live)
    n = say_feed_items(live)
    live.release()
    return n


def feed_take(program, rest):
    return say_feed_items(program.feed.take(int(rest))) if int(rest) > 0 else feed_poll(program, rest)


def feed_insert(program, rest):
    key, seq, count, payload = rest.split()
    program.feed.insert(int(key), int(seq), int(count), b'' if payload == '-' else bytes.fromhex(payload))


def feed_key(program, rest):
    key = program.feed.key(int(rest))
    return key.next, key.gaps, or_dash(key.text)


def feed_line(program, rest):
    line = program.feed.line(int(rest))
    return line.name, line.is_up, line.packets, line.lost


def feed_stats(program, rest):
    stats = program.feed.stats
    return stats.lines, stats.keys, stats.packets, stats.messages, stats.gaps


FEED_COMMANDS = {
    'open': feed_open,
    'close': feed_close,
    'poll': feed_poll,
    'view': feed_poll,  # a feed's payloads can be copied only: nothing holds its rings
    'take': feed_take,
    'insert': feed_insert,
    'resume': lambda program, rest: program.feed.resume(*map(int, rest.split())),
    'wire': lambda program, rest: program.feed.wire(int(rest)),
    'key': feed_key,
    'line': feed_line,
    'stats': feed_stats,
    'config': lambda program, rest: '; '.join(filter(None, program.feed.config.split('\n'))),
    'wait': lambda program, rest: int(program.feed.wait(int(rest) / 1000)),
    'sleep': lambda program, rest: int(asyncio.run(program.feed.ready(int(rest) / 1000))),
    'reattach': lambda program, rest: program.feed.reattach(),
}


# ---- answers ----

def unknown():
    raise Failed('EINVAL', 'no such command')


def answer(program, line):
    word, _, rest = line.partition(' ')
    word = {'cursor': 'make_cursor', 'feed': 'run_feed'}.get(word, word)
    command = getattr(program, word, None) if word in COMMANDS else None
    try:
        values = command(rest) if command else unknown()
        values = () if values is None else values if isinstance(values, tuple) else (values,)
        say('ok', *values)
    except Failed as error:
        say('error', error.args[0], or_dash(error.args[1]))
    except mcring.Error as error:
        text = error.strerror if error.strerror != os.strerror(error.errno) else '-'
        say('error', errno.errorcode[error.errno].replace('EOPNOTSUPP', 'ENOTSUP'), text)
    except ValueError as error:
        say('error', 'EBADF' if 'closed' in str(error) else 'EINVAL', error)
    except AttributeError as error:
        if "'NoneType'" not in str(error):
            raise
        say('error', 'EBADF', 'not open')


COMMANDS = {name for name in vars(Program) if name not in ('__init__', 'one', 'end_of_child')}


def main():
    program = Program()
    for line in iter(sys.stdin.readline, ''):
        answer(program, line.rstrip('\n'))
        sys.stdout.flush()
    for one in (program.cursor, program.consumer, program.feed):
        if one:
            one.close()


if __name__ == '__main__':
    main()
