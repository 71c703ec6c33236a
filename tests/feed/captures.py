# SPDX-License-Identifier: BSD-3-Clause
"""A scenario as a capture (pcap, nanoseconds) and as a feed's declaration. Line i is the group 239.1.1.1+i,
or 239.1.N.1+i where several are sent at once."""
import struct

PORT = 31000
NS = 1_000_000_000
START = 1_700_000_000 * NS
KINDS = {'data': 0, 'heartbeat': 1, 'end': 2, 'reset': 3, 'unsequenced': 4, 'not_tracked': 5}


def declaration(config):
    """The number at the end of eight octets, so that it may have any width."""
    width = config.bits // 8
    fields = [f'seq={8 - width}:{width}:be', 'count=8:2:be', 'key=unit:11:1', 'epoch=session:12:2:be', 'scope=feed',
              'skip=10:1=5', 'reset=10:1=3:next', 'reset=14:1=1:data', 'end=10:1=2:next', 'heartbeat=10:1=1:next',
              'unsequenced=10:1=4']
    return ' '.join(fields + ['wrap=1'] * config.wraps_to_one + ['loop=yes'] * config.is_loop)


def group(line, n=1):
    return f'239.1.{n}.{1 + line}'


def feed_text(config, channel=lambda line: 'default'):
    """The feed as a handler brings it. channel: of a line."""
    text = ['feed scenario', f'declaration {declaration(config)}', f'gap_timeout {config.gap_timeout_ns}ns',
            f'reorder {config.reorder}', f'window {max(config.window, 16)}']
    if config.silence_ns:
        text.append(f'silence {config.silence_ns}ns')
    for i in range(config.n_lines):
        text += [f'line {"ABC"[i]} channel={channel(i)}', f'join {group(i)}:{PORT}']
    return '\n'.join(text) + '\n'


def payload(p):
    return struct.pack('>QHBBHBxQ', p.seq, p.count, KINDS[p.kind], p.scope, p.epoch, p.resets, p.payload)


def checksum(octets):
    total = sum(struct.unpack(f'>{len(octets) // 2}H', octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(line, octets, n=1):
    address = bytes((239, 1, n, 1 + line))
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 28 + len(octets), 0, 0, 8, 17, 0, bytes((10, 0, 0, 1 + line)), address)
    ip = ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:]
    udp = struct.pack('>HHHH', 5000, PORT, 8 + len(octets), 0)
    return bytes.fromhex('01005e01') + address[2:] + bytes.fromhex('020000000001') + b'\x08\x00' + ip + udp + octets


def tail(s):
    """When something without a number shows that time has passed behind the last packet; or None."""
    times = [us for us, what, *_ in s.ops if what == 'time']
    return times[-1] if times and times[-1] > max(us for us, what, *_ in s.ops if what == 'put') else None


def write(path, s):
    """The packets of a scenario in the order of time."""
    packets = [(us, args[0], args[1]) for us, what, *args in s.ops if what == 'put']
    packets.sort(key=lambda p: p[0])
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHIIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
        for us, line, p in packets:
            record(f, us, frame(line, payload(p)))
        if tail(s):
            for line in range(s.config.n_lines):
                record(f, tail(s), frame(line, struct.pack('>QHBBHBxQ', 0, 0, KINDS['unsequenced'], 0, 0, 0, 0)))


def record(f, us, octets):
    ns = START + us * 1000
    f.write(struct.pack('<IIII', ns // NS, ns % NS, len(octets), len(octets)) + octets)
