# SPDX-License-Identifier: BSD-3-Clause
"""What a sink hands over, read: the header Mcring, and the records of a pack (include/mcring/sink.h is the same in C)."""

import collections
import ipaddress
import struct
import urllib.parse

FIXED = struct.Struct('<HBBIQQ')  # len, octets before the payload, what follows, count, number, rx_ns
HAS_HW, HAS_SOURCE, HAS_SKIP = 1, 2, 4
LATE, AFTER_GAP = 1, 2

Record = collections.namedtuple('Record', 'number count rx_ns hw_ns skip flags source payload')


def parse(value):
    """The words of a header: {key: text}, of a word without a value True. What is missing has `kind`."""
    words = dict(word.split('=', 1) if '=' in word else (word, True) for word in value.split())
    assert words['v'] == '1', value
    words = {key: urllib.parse.unquote(text) if isinstance(text, str) else text for key, text in words.items()}
    if 'pos' in words:
        words['epoch'], words['ring'], words['number'] = words['pos'].split('.')
    words['number'] = int(words['number'])
    kinds = [key for key in ('n', 'lost', 'gap', 'restart') if key in words]
    assert len(kinds) == 1, value
    words['kind'] = kinds[0]
    words['count'] = 0 if kinds[0] == 'restart' else int(words[kinds[0]])
    return words


def stream_of(words):
    """Whose numbers they are."""
    if 'feed' in words:
        return words['feed'], words['scope'], words['epoch'], words.get('gen', '0')
    return words['channel'], words['epoch'], words['ring']


def source_of(text):
    address, port = text.rsplit(',', 1)
    return ipaddress.ip_address(address), int(port)


def records(words, body):
    """The datagrams of a message whose header has these words."""
    source = source_of(words['src']) if 'src' in words else None
    if 'pack' not in words:
        flags = words.get('flags', '').split('+')
        yield Record(words['number'], words['count'], int(words['rx']), int(words.get('hw', 0)),
                     int(words.get('skip', 0)), LATE * ('late' in flags) | AFTER_GAP * ('after-gap' in flags), source, body)
        return
    at = n = 0
    while at < len(body):
        length, head, has, count, number, rx_ns = FIXED.unpack_from(body, at)
        more, hw_ns, skip = at + FIXED.size, 0, 0
        if has & HAS_HW:
            hw_ns, = struct.unpack_from('<Q', body, more)
            more += 8
        if has & HAS_SOURCE:
            address = ipaddress.IPv6Address(body[more:more + 16])
            source = address.ipv4_mapped or address, struct.unpack_from('<H', body, more + 16)[0]
            more += 18
        if has & HAS_SKIP:
            skip, = struct.unpack_from('<I', body, more)
            more += 4
        assert more <= at + head <= at + head + length <= len(body)
        yield Record(number, count, rx_ns, hw_ns, skip, has >> 4, source, body[at + head:at + head + length])
        at += head + length
        n += count
    assert n == words['count']
