# SPDX-License-Identifier: BSD-3-Clause
"""mcring-watch as the tests drive it, and senders of feeds that write down what they did."""

import functools
import ipaddress
import json
import os
import re
import signal
import socket
import struct
import subprocess

from netlab import wait_for
from programs import BUILD

WATCH = os.path.join(BUILD, 'tools', 'mcring-watch')
S = 10**9
START = 1_700_000_000 * S
WINDOWS = {'10us': 10_000, '100us': 100_000, '1ms': 1_000_000, '1s': S}


def question(path, request, seconds=30):
    """A JSON object, or octets, to a socket; gives the answer's object."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(seconds)
        s.connect(str(path))
        s.sendall(request if isinstance(request, bytes) else json.dumps(request).encode() + b'\n')
        with s.makefile() as answer:
            return json.loads(answer.readline())


class Watch:
    """One run, with its log. run_dirs: of the engines. host: the namespace that it runs in; None: ours. under: what
    runs it."""

    def __init__(self, folder, run_dirs, *args, host=None, wait=True, under=()):
        self.folder, self.host = folder, host
        self.state_dir = f'{folder}/watch'
        self.log_path = f'{folder}/watch.log'
        dirs = [word for one in run_dirs for word in ('--run-dir', str(one))]
        self.argv = [*under, WATCH, *dirs, '--state-dir', self.state_dir, '--log', *map(str, args)]
        self.start(wait)

    def start(self, wait=True):
        with open(self.log_path, 'a') as log:
            start = self.host.start if self.host else lambda *argv, **kwargs: subprocess.Popen(argv, **kwargs)
            self.process = start(*self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if wait:
            wait_for(self.is_ready, 20, f'it has its sockets ({self.log_path})')

    def is_ready(self):
        assert self.process.poll() is None, self.log()
        try:
            return self.stats()
        except (OSError, ValueError):
            return None

    def stats(self, **request):
        return question(f'{self.state_dir}/stats', {'command': 'stats', **request})

    def one(self, kind, name):
        """A feed, channel or recording by its name, or None."""
        return next((one for one in self.stats()[kind] if one['name'] == name), None)

    def feed(self, name):
        return self.one('feeds', name)

    def channel(self, name):
        return self.one('channels', name)

    def recording(self, name):
        return self.one('recordings', name)

    def alarms(self):
        return {one['kind']: one['raised'] for one in self.stats()['alarms']}

    def groups(self):
        return {(one['channel'], one['group']): one for one in self.stats(groups=20_000)['groups']}

    def snap(self, *names, comment=None):
        """The paths of files that are whole."""
        words = ['--comment', comment] if comment else []
        done = subprocess.run([WATCH, 'snap', '--state-dir', self.state_dir, *words, *names],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr + self.log()
        return done.stdout.split('\n')[:-1]

    def log(self):
        with open(self.log_path, errors='replace') as log:
            return log.read()

    def stop(self, signo=signal.SIGTERM, seconds=20):
        if self.process.poll() is None:
            self.process.send_signal(signo)
        return self.process.wait(seconds)


@functools.cache
def headers(group, octets):
    """Of a datagram with a payload so long, without a checksum of UDP."""
    address = ipaddress.ip_address(group).packed
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 28 + octets, 0, 0, 16, 17, 0, bytes((10, 0, 0, 7)), address)
    total = sum(struct.unpack('>10H', ip))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    ip = ip[:10] + struct.pack('>H', ~total & 0xffff) + ip[12:]
    ethernet = b'\x01\0\x5e' + bytes((address[1] & 0x7f,)) + address[2:] + bytes.fromhex('0200000000070800')
    return ethernet + ip + struct.pack('>HHHH', 4000, 5000, 8 + octets, 0)


def frame(group, payload):
    return headers(group, len(payload)) + payload


def write_frames(path, frames):
    """A capture of (ns, frame)."""
    with open(path, 'wb') as file:
        file.write(struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
        for at, octets in frames:
            file.write(struct.pack('<IIII', at // S, at % S, len(octets), len(octets)) + octets)
    return path


class Sender:
    """Lines of a feed of MoldUDP64, line i to 239.1.1.1 + i, as a capture for each of them, and what was done
    to them. Times count from START."""

    def __init__(self, lines=2):
        self.packets = []        # (ns, line, seq, count, octets)
        self.sent = [set() for _ in range(lines)]
        self.numbers = set()     # on any line, or on none
        self.arrival_ns = [{} for _ in range(lines)]
        self.restarted = 0

    def put(self, ns, seq, lost=(), late_ns=(0, 400), other=(), count=1, size=60):
        """Messages seq to seq + count - 1, in one packet, on each line not in lost; with other octets on those
        in other. late_ns: of each line."""
        self.numbers.update(range(seq, seq + count))
        for line in range(len(self.sent)):
            if line in lost:
                continue
            at = START + ns + late_ns[line]
            body = b''.join(struct.pack('>HQ', size, n).ljust(2 + size, b'!' if line in other else b'.')
                            for n in range(seq, seq + count))
            self.packets.append((at, line, b'truth00001' + struct.pack('>QH', seq, count) + body))
            self.sent[line].update(range(seq, seq + count))
            for n in range(seq, seq + count):
                self.arrival_ns[line].setdefault(n, at)

    def filled(self, line, other):
        """How many numbers came on a line when the other one had passed them, and brings them never."""
        passed = sorted((at, n) for n, at in self.arrival_ns[other].items())
        highest, at, found = 0, 0, 0
        for ns, n in sorted((ns, n) for n, ns in self.arrival_ns[line].items()):
            while at < len(passed) and passed[at][0] < ns:
                highest, at = max(highest, passed[at][1]), at + 1
            found += n < highest and n not in self.sent[other]
        return found

    def restart(self, ns, count, spacing_ns, lag_ns):
        """Numbers begin again, without a word; they are not among those of before."""
        self.restarted = count
        for n in range(count):
            for line in range(len(self.sent)):
                octets = b'truth00001' + struct.pack('>QHHQ', 1 + n, 1, 8, n)
                self.packets.append((START + ns + n * spacing_ns + lag_ns * line, line, octets))

    def heartbeat(self, ns, next_seq):
        for line in range(len(self.sent)):
            self.packets.append((START + ns, line, b'truth00001' + struct.pack('>QH', next_seq, 0)))

    def given_up(self):
        """Numbers that no line has."""
        return sorted(self.numbers - set.union(*self.sent))

    def lost(self, line):
        """Numbers that a line lacks behind its first."""
        return {n for n in self.numbers - self.sent[line] if n > min(self.sent[line])}

    def octets(self, line):
        return [(at, octets) for at, of, octets in sorted(self.packets, key=lambda p: p[0]) if of == line]

    def write(self, folder):
        """A.pcap, B.pcap, ...; gives their paths."""
        paths = []
        for line in range(len(self.sent)):
            packets = self.octets(line)
            paths.append(write_frames(f'{folder}/{"ABC"[line]}.pcap',
                                      [(at, frame(f'239.1.1.{1 + line}', octets)) for at, octets in packets]))
        return paths


def runs(numbers):
    """[(first, last)] of numbers in their order."""
    found = []
    for n in numbers:
        if found and found[-1][1] == n - 1:
            found[-1] = (found[-1][0], n)
        else:
            found.append((n, n))
    return found


def feed_text(lines=2, silence='1s', channels=('md',) * 3, more=''):
    text = f'feed truth; declaration moldudp64; gap_timeout 1ms; silence {silence}{more}'
    for line in range(lines):
        text += f'; line {"ABC"[line]} channel={channels[line]}; join 239.1.1.{1 + line}:5000,interface={"ABC"[line]}'
    return text


# ---- bursts ----

def most(packets, window_ns):
    """(packets, octets): the most in any window of (ns, octets)."""
    best, first, octets, most_octets = 0, 0, 0, 0
    for n, (at, size) in enumerate(packets):
        octets += size
        while packets[first][0] <= at - window_ns:
            octets -= packets[first][1]
            first += 1
        best, most_octets = max(best, n + 1 - first), max(most_octets, octets)
    return best, most_octets


def check_bursts(said, packets, slack=1 / 8):
    """The largest bursts are those of the packets (ns, octets), whose windows may be longer by a step."""
    assert [one['window'] for one in said] == list(WINDOWS)
    for one in said:
        window_ns = WINDOWS[one['window']]
        least, longer = most(packets, window_ns), most(packets, round(window_ns * (1 + slack)))
        for n, key in enumerate(('packets', 'bytes')):
            assert least[n] <= one[key] <= longer[n], (one, least, longer)
            begin = one[f'{key}_at_ns']
            inside = [size for at, size in packets if begin <= at < begin + window_ns * (1 + slack)]
            assert one[key] <= (len(inside), sum(inside))[n], (one, len(inside), sum(inside))


# ---- files of recordings ----

def tshark(path, *args):
    done = subprocess.run(['tshark', '-n', '-r', path, '-o', 'ip.check_checksum:TRUE', '-o',
                           'udp.check_checksum:TRUE', *args], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    complaints = [line for line in done.stderr.splitlines() if 'Running as user' not in line]
    assert not complaints, (path, complaints)
    return done.stdout


def packets_of(path):
    """[(ns, interface, group, payload)] of a file, of which tshark has nothing to complain."""
    assert not tshark(path, '-Y', '_ws.expert.severity >= "Warning" or _ws.malformed'), path
    out = tshark(path, '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.interface_name', '-e', 'ip.dst',
                 '-e', 'udp.payload')
    found = []
    for line in out.splitlines():
        time, interface, group, payload = line.split('\t')
        seconds, fraction = time.split('.')
        found.append((int(seconds) * S + int(fraction.ljust(9, '0')), interface, group, bytes.fromhex(payload)))
    return found


def files_of(folder, name):
    """The whole files of a recording, in their order."""
    return sorted(os.path.join(folder, one) for one in os.listdir(folder)
                  if re.fullmatch(rf'{name}-.*\.pcapng', one))


COMMENT, IF_NAME, DROPS, PACKET_ID = 1, 2, 4, 5
SECTION, INTERFACE, PACKET, STATISTICS = 0x0a0d0d0a, 1, 6, 5
FIXED = {SECTION: 16, INTERFACE: 8, PACKET: 20, STATISTICS: 12}  # octets before data and options


def blocks(path):
    """(type, fixed part, packet's octets, {code: [value]}) of each block of a pcapng file, which has no other
    octets (draft-ietf-opsawg-pcapng)."""
    with open(path, 'rb') as file:
        data = file.read()
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from('<II', data, at)
        assert length % 4 == 0 and struct.unpack_from('<I', data, at + length - 4)[0] == length, (path, at)
        fixed, begin = data[at + 8:at + 8 + FIXED[kind]], at + 8 + FIXED[kind]
        captured = struct.unpack_from('<I', fixed, 12)[0] if kind == PACKET else 0
        octets, begin, options = data[begin:begin + captured], begin + (captured + 3) // 4 * 4, {}
        while begin < at + length - 4:
            code, size = struct.unpack_from('<HH', data, begin)
            options.setdefault(code, []).append(data[begin + 4:begin + 4 + size])
            begin += 4 + (size + 3) // 4 * 4
            if code == 0:
                break
        assert begin == at + length - 4, (path, at)
        yield kind, fixed, octets, options
        at += length


class File:
    """What a file of a recording has: packets (ns, interface, payload), the ids of copies, comments."""

    def __init__(self, path):
        self.path, self.names, self.packets, self.ids, self.drops = path, [], [], [], 0
        self.drops_before = 0  # of them, those said at an interface's first packet: some may be before the file
        self.comments = []  # of the file
        self.notes = []     # of packets
        begun = set()       # interfaces
        for kind, fixed, octets, options in blocks(path):
            comments = [one.decode() for one in options.get(COMMENT, ())]
            if kind == INTERFACE:
                self.names.append(options[IF_NAME][0].decode())
            elif kind == PACKET:
                interface, high, low = struct.unpack_from('<III', fixed)
                payload = octets[14 + 4 * (octets[14] & 15) + 8:]
                drops = sum(struct.unpack('<Q', one)[0] for one in options.get(DROPS, ()))
                self.drops += drops
                if interface not in begun:
                    self.drops_before += drops
                    begun.add(interface)
                self.packets.append((high << 32 | low, self.names[interface], payload))
                self.ids.append(*struct.unpack('<Q', options[PACKET_ID][0]) if PACKET_ID in options else (None,))
                self.notes += comments
            else:
                self.comments += comments
