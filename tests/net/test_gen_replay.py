# SPDX-License-Identifier: BSD-3-Clause
"""mcring-gen --replay: the frames of a capture, as they were."""

import gzip
import json
import shutil
import struct
import subprocess

import pytest

from frames import IP, UDP, Dot1Q, mac, multicast, write_pcap
from programs import GEN

EAL = ('-l', '0', '--no-huge', '-m', '256', '--no-pci', '--no-telemetry')
US = 1000
GAPS_NS = (0, 20 * US, 0, 0, 300 * US, 5_000 * US, 0, 100 * US, 50_000 * US, 1 * US)
FRAMES = [bytes(multicast(b'%04d' % n + bytes(n * 97 % 1400), tags=[Dot1Q(vlan=7)] * (n % 3)))
          for n in range(len(GAPS_NS))]


def times(gaps=GAPS_NS, first=1_700_000_000 * 10**9):
    return [first + sum(gaps[:n + 1]) for n in range(len(gaps))]


def captured(path):
    """[(time in ns, frame)] of a capture as net_pcap or tcpdump write it."""
    with open(path, 'rb') as file:
        data = file.read()
    unit = {0xa1b2c3d4: 1000, 0xa1b23c4d: 1}[struct.unpack_from('<I', data)[0]]
    at, found = 24, []
    while at < len(data):
        sec, part, size, _ = struct.unpack_from('<IIII', data, at)
        found.append((sec * 10**9 + part * unit, data[at + 16:at + 16 + size]))
        at += 16 + size
    return found


def replay(lab, *args):
    """Sends into a capture; gives (account, what is in it)."""
    path = lab.path('sent.pcap')
    done = subprocess.run([GEN, *EAL, f'--vdev=net_pcap0,tx_pcap={path}', '--', '--port', 'net_pcap0',
                           '--json', *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    account = json.loads(done.stdout.splitlines()[-1])
    sent = captured(path)
    assert account['sent'] == account['nic']['packets'] == len(sent)
    assert account['bytes'] == sum(len(frame) for _, frame in sent)
    return account, sent, done.stderr


def refused(*args):
    """The one line with which mcring-gen does not start."""
    done = subprocess.run([GEN, '--', '--port', 'net_null0', *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ''
    line, = done.stderr.splitlines()
    return line


@pytest.fixture(scope='module')
def capture(tmp_path_factory):
    return write_pcap(str(tmp_path_factory.mktemp('gen') / 'capture.pcap'), FRAMES, times(), nano=True)


@pytest.mark.parametrize('speed', [1, 4])
def test_frames_are_sent_as_they_were_and_never_too_early(lab, capture, speed):
    account, sent, _ = replay(lab, '--replay', capture, '--speed', speed)
    assert [frame for _, frame in sent] == FRAMES
    for (at, _), then in zip(sent, times()):
        # The first one may have been late, and net_pcap's stamps are of microseconds.
        due = (then - times()[0]) / speed
        assert at - sent[0][0] >= due - account['late_max_ns'] - 2 * US
    assert account['elapsed_ns'] >= sum(GAPS_NS[1:]) / speed
    assert account['late_mean_ns'] <= account['late_max_ns'] and account['repetitions'] == 1


def test_a_packed_capture_is_sent_flat_out_and_again(lab, capture):
    path = lab.path('packed')
    with open(capture, 'rb') as plain, gzip.open(path, 'wb') as packed:
        shutil.copyfileobj(plain, packed)
    account, sent, _ = replay(lab, '--replay', path, '--flat-out', '--loop', 3)
    assert [frame for _, frame in sent] == 3 * FRAMES
    assert account['repetitions'] == 3 and account['late_max_ns'] == 0


def test_more_frames_than_are_read_ahead_come_in_order_until_the_count(lab):
    many = [bytes(multicast(b'%06d' % n)) for n in range(3000)]
    path = write_pcap(lab.path('many.pcap'), many, [n * 10 * US for n in range(len(many))])
    for way in (['--flat-out'], ['--speed', 2]):
        _, sent, _ = replay(lab, '--replay', path, '--count', 2500, '--burst', 7, *way)
        assert [frame for _, frame in sent] == many[:2500]


def test_files_are_merged_by_their_times_and_one_that_went_back_is_told(lab):
    a = write_pcap(lab.path('a.pcap'), FRAMES[:2], [0, 2_000_000])
    b = write_pcap(lab.path('b.pcap'), FRAMES[2:5], [1_000_000, 3_000_000, 2_500_000])
    account, sent, said = replay(lab, '--replay', a, '--replay', b)
    assert [frame for _, frame in sent] == [FRAMES[n] for n in (0, 2, 1, 3, 4)]
    assert account['went_back'] == 1 and '500000 ns' in said


def test_the_source_address_is_the_ports_own_on_request_or_where_none_was_captured(lab, capture):
    _, sent, _ = replay(lab, '--replay', capture, '--own-mac', '--flat-out')
    own, = {frame[6:12] for _, frame in sent}
    assert own not in {frame[6:12] for frame in FRAMES} and own != bytes(6)
    assert [frame[:6] + frame[12:] for _, frame in sent] == [frame[:6] + frame[12:] for frame in FRAMES]

    raw = lab.path('raw.pcap')
    datagram = bytes(IP(src='10.0.0.7', dst='239.1.1.1', ttl=9) / UDP(dport=5000) / b'raw')
    with open(raw, 'wb') as file:
        file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        file.write(struct.pack('<IIII', 1, 0, len(datagram), len(datagram)) + datagram)
    _, ((_, frame),), _ = replay(lab, '--replay', raw)
    assert frame[6:12] != bytes(6) and frame[14:] == datagram
    assert frame[:6] == bytes.fromhex(mac('239.1.1.1').replace(':', ''))


def test_what_cannot_be_sent_as_it_was_is_refused_before_the_start(lab):
    def one(name, size, on_wire):
        path = lab.path(name)
        with open(path, 'wb') as file:
            file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
            file.write(struct.pack('<IIII', 1, 0, 60, 60) + bytes(60))
            file.write(struct.pack('<IIII', 1, 0, size, on_wire) + bytes(size))
        return path

    assert 'frame 2 was cut to 96 of 1400 octets' in refused('--replay', one('cut', 96, 1400))
    assert 'frame 2 has 20000 octets' in refused('--replay', one('long', 20000, 20000))
    assert 'frame 2 has 13 octets, less than' in refused('--replay', one('short', 13, 13))
    with open(lab.path('none'), 'wb') as file:
        file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    assert 'there is no frame' in refused('--replay', lab.path('none'))


@pytest.mark.parametrize('args, words', [
    (('--replay', '/dev/null'), 'expected a regular file'),
    (('--replay', '-'), 'No such file'),
    (('--replay', __file__), 'no capture'),
    (('--replay', 'CAPTURE', '--size', 100), '--size does not go with --replay'),
    (('--replay', 'CAPTURE', '--group', '239.1.1.1'), '--group does not go with --replay'),
    (('--replay', 'CAPTURE', '--search'), '--search does not go with --replay'),
    (('--replay', 'CAPTURE', '--speed', 0), '--speed "0"'),
    (('--replay', 'CAPTURE', '--loop', 0), '--loop "0"'),
    (('--group', '239.1.1.1', '--flat-out'), '--flat-out is an option of --replay'),
])
def test_a_mistake_gets_one_line(capture, args, words):
    assert words in refused(*(capture if arg == 'CAPTURE' else arg for arg in args))
