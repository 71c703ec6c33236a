#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The benchmarks run and say what they should; nothing is said about their figures."""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

KEYS = {'name', 'case', 'ours', 'peer', 'peer_name', 'unit', 'ratio', 'spread', 'target', 'holds'}
CASES = {
    'engine': ['86 octets, no reader', '86 octets, one reader',
               '86 octets, no reader, instructions',
               '1400 octets, no reader, against the copy alone'],
    'link': ['from testpmd, one flow, a consumer once a millisecond',
             'from mcring-gen, 512 groups'],
    'burst': ['32: first', '32: last, p99', '10000, reader takes 2000 ns: lost',
              'longest rx loop gap in 1 s'],
    'hop': ['1000000 messages/s, p50', 'there and back, one after the other, p50'],
    'growth': ['10000 groups', '8 channels that take the same groups', '1 packets a burst',
               'a join, until the driver has its report', '1000 joins at once, IGMP packets'],
    'family': ['86 octets, as many lines, no reader', '86 octets, as long a payload, no reader',
               '86 octets, as many lines, 10000 groups', '86 octets, as many lines, one reader',
               '86 octets, as many lines, 1000000 messages/s, p50',
               '86 octets, as many lines, burst of 32: first',
               'a join, until the driver has its report',
               '86 octets, as many lines, no reader, instructions'],
    'relay:outputs': ['86 octets, 1 output', '86 octets, 2 outputs, each beyond the first',
                      '1400 octets, 1 output, without loss'],
    'relay:groups': ['86 octets, 1 output, 512 groups'],
    'relay:rings': ['86 octets, 1 output, published as well'],
    'relay:forms': ['1400 octets, 2 outputs, copies'],
    'relay:instructions': ['86 octets, 1 output, instructions'],
    'querier': ['IGMP, any source: a report that refreshes a group',
                'IGMP, any source: a report that refreshes a group, instructions',
                'MLD, three sources: a question about a leave'],
    'feed': ['86 octets', '86 octets, more', 'a lone message, p50', '1000 keys',
             'payloads compared, an octet', '86 octets, instructions'],
    'watch': ['86 octets, watched', '86 octets, watched and recorded', '86 octets, instructions'],
}
GAIN = {
    'gain': ['86 octets, no reader', '86 octets, no reader, in pieces',
             '86 octets, no reader, NIC times', '86 octets, one reader',
             '1000000 messages/s, hop p50', 'burst of 32: first'],
}
# The same with a port of the user's, here a capture that comes in over and over.
PORT_CASES = {
    'engine': ['from the wire, no reader, busy', 'from the wire, one reader, lost by it'],
    'burst': ['1 of a burst', 'longest rx loop gap in 1 s'],
}
EAL = '--lcores 0@0,1@1,2@0 --no-huge -m 512 --no-pci --no-telemetry --log-level=3'


def bench(root, build, folder, cases, *args, env=None):
    """Runs the suites that cases names; gives their results, which have the right form."""
    path = os.path.join(folder, 'results.json')
    subprocess.run([os.path.join(root, 'tools', 'bench'), '--quick', '--pairs', '1', '--json',
                    path, *args, *cases], env={**(env or os.environ), 'MCRING_BUILD': build}, check=True)
    with open(path) as f:
        results = json.load(f)
    for r in results:
        assert set(r) == KEYS, r
        assert (r['ours'] >= 0 or r['case'].endswith(', more')) and (r['peer'] is None or r['peer'] > 0), r
        assert r['peer'] is None or abs(r['ours'] / r['peer'] / r['ratio'] - 1) < 1e-6, r
        assert (r['holds'] is None) == (r['target'] is None), r
    for name, expected in cases.items():
        for case in expected:
            assert any(r['name'] == suite_of(name) and r['case'] == case for r in results), case
    return results


def suite_of(name):
    return name.split(':')[0]


def figure(results, name, case):
    return next(r['ours'] for r in results if r['name'] == name and r['case'] == case)


def report(root, build, folder):
    """The page has a table for each suite, and its pictures; what stood around them stays."""
    page = os.path.join(folder, 'page.md')
    with open(page, 'w') as f:
        f.write('before\n<!-- results: begin -->\nold\n<!-- results: end -->\nafter\n')
    subprocess.run([os.path.join(root, 'tools', 'bench'), '--add',
                    os.path.join(folder, 'results.json'), '--report', page],
                   env={**os.environ, 'MCRING_BUILD': build}, check=True)
    with open(page) as f:
        text = f.read()
    assert text.startswith('before\n') and text.endswith('after\n') and '\nold\n' not in text, text
    suites = set(map(suite_of, CASES))
    assert text.count('\n### ') == text.count('| case |') == len(suites), text
    pictures = re.findall(r'\(plots/(.*?)\)', text)
    assert 'targets.svg' in pictures and 'growth.svg' in pictures, pictures
    for picture in pictures:
        with open(os.path.join(folder, 'plots', picture)) as f:
            assert '</svg>' in f.read(), picture


# A repository whose one commit builds the present program, under its name, in no time. That HEAD builds
# out of a clean clone is shown by suite bare.
BASELINE = {
    'meson_options.txt': "option('tests', type: 'boolean', value: true)\n",
    'meson.build': '''project('baseline', 'c')
assert(not get_option('tests') and get_option('optimization') == '{optimization}')
subdir('tools')
''',
    'tools/meson.build': '''custom_target('program', output: 'mcring-bench',
  command: ['sh', '-c', 'ln -s {program} $0 && echo built >>{log}', '@OUTPUT@'])
''',
}


def make_baseline(build, folder):
    """Gives (environment in which git finds the repository, the commit, what its build writes to)."""
    log, repository = os.path.join(folder, 'built'), os.path.join(folder, 'repository')
    with open(os.path.join(build, 'meson-info', 'intro-buildoptions.json')) as f:
        optimization = next(o['value'] for o in json.load(f) if o['name'] == 'optimization')
    for name, text in BASELINE.items():
        path = os.path.join(repository, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as f:
            f.write(text.format(program=os.path.join(build, 'tools', 'mcring-bench'), log=log,
                                optimization=optimization))
    author = {f'GIT_{who}_{what}': 'test@localhost' for who in ('AUTHOR', 'COMMITTER')
              for what in ('NAME', 'EMAIL')}
    env = {**os.environ, **author, 'GIT_DIR': os.path.join(repository, '.git')}

    def git(*args):
        done = subprocess.run(['git', *args], cwd=repository, env=env, check=True, text=True,
                              stdout=subprocess.PIPE)
        return done.stdout.strip()

    git('init', '-q')
    git('--work-tree=.', 'add', '.')
    git('commit', '-qm', 'baseline')
    return env, git('rev-parse', 'HEAD'), log


def gain(root, build, folder):
    """The commit is built once; the figures of its program are the peer's."""
    env, commit, log = make_baseline(build, folder)
    try:
        results = bench(root, build, folder, GAIN, '--baseline', 'HEAD', env=env)
        bench(root, build, folder, {'gain:hops': []}, '--baseline', commit[:10], env=env)
    finally:
        shutil.rmtree(os.path.join(build, 'baseline', commit), ignore_errors=True)
    with open(log) as f:
        assert f.read() == 'built\n'
    assert any(r['peer_name'] == f'commit {commit[:7]}' for r in results), results
    assert figure(results, 'gain', 'burst of 32: lost') == 0


def parts(root, build):
    """What needs no measurement."""
    sys.path.insert(0, os.path.join(root, 'tools'))
    from benchmarks import baseline, common
    # Of 9 pairs, 8 above 1 are no chance any more; whatever is as before or less is not worse.
    assert common.by_chance([1.2] * 7 + [0.99] * 2) and not common.by_chance([1.01] * 8 + [0.5])
    assert common.by_chance([1.0] * 9)
    # An option that the earlier program does not have.
    earlier = object.__new__(baseline.Baseline)
    earlier.help = '  --depth N  messages of a ring\n'
    assert earlier.arguments(('--bytes', 1 << 20, '--ms', 5)) == ['--depth', 4096, '--ms', 5]
    earlier.help = '  --bytes N  of a ring\n'
    assert earlier.arguments(('--bytes', 1 << 20)) == ['--bytes', 1 << 20]
    r = subprocess.run([os.path.join(root, 'tools', 'bench'), '--baseline', 'nosuchcommit', 'gain'],
                       env={**os.environ, 'MCRING_BUILD': build}, capture_output=True, text=True)
    assert r.returncode == 1 and 'baseline nosuchcommit: ' in r.stderr, r


def checksum(words):
    total = sum(struct.unpack(f'>{len(words) // 2}H', words))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def datagram(family, i):
    """To the i-th group of mcring-bench, from a host that is not the port."""
    group = struct.pack('>BBH', 239, 16, i) # IPv6: the end of it
    udp = struct.pack('>HHHH', 5000, 5000, 8 + 86, 0) + bytes(86)
    if family == 4:
        ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 0, 0, 16, 17, 0,
                         bytes((192, 0, 2, 1)), group)
        ip = ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:]
        return bytes((1, 0, 0x5e, 16)) + group[2:] + bytes((2, 0, 0, 0, 0, 9, 8, 0)) + ip + udp
    addresses = bytes.fromhex('20010db8') + bytes(11) + b'\1' + b'\xff\x15' + bytes(10) + group
    ip = struct.pack('>IHBB', 6 << 28, len(udp), 17, 16) + addresses
    pseudo = addresses + struct.pack('>II', len(udp), 17)
    udp = udp[:6] + struct.pack('>H', checksum(pseudo + udp)) + udp[8:]
    return b'\x33\x33' + group + bytes((2, 0, 0, 0, 0, 9, 0x86, 0xdd)) + ip + udp


def write_capture(path, family=4, n=512):
    """Datagrams, one for each group."""
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(n):
            frame = datagram(family, i)
            f.write(struct.pack('<IIII', 0, 0, len(frame), len(frame)) + frame)


def measure(build, *args, vdev=()):
    """One run of mcring-bench: (its exit status, its figures or its errors)."""
    r = subprocess.run([os.path.join(build, 'tools', 'mcring-bench'), *EAL.split(), *vdev, '--',
                        *map(str, args)], capture_output=True, text=True)
    return r.returncode, r.stderr if r.returncode else json.loads(r.stdout.splitlines()[-1])


def families(build, folder):
    """Both come from a wire and out of captures; a mistake gets one line."""
    for family in (4, 6):
        capture = os.path.join(folder, f'ipv{family}.pcap')
        write_capture(capture, family)
        status, r = measure(build, 'engine', '--port', 'net_pcap0', '--family', family, '--ms', 100,
                            vdev=[f'--vdev=net_pcap0,rx_pcap={capture},infinite_rx=1'])
        assert status == 0 and r['delivered'] == r['packets'] > 0, r
        write_capture(capture, family, 100)
        status, r = measure(build, 'burst', '--capture', capture, '--ms', 100)
        assert status == 0 and r['captured'] == 100 and r['lost'] == 0, r
    for args, words in ((('--family', 5), 'expected 4 or 6'),
                        (('--family', 6, '--size', 1453), 'up to 1452'),
                        (('--family', 6), 'the payload + 62')):
        status, errors = measure(build, 'engine', '--port', 'net_null0', '--ms', 10, *args,
                                 vdev=['--vdev=net_null0,size=128'])
        assert status == 1 and words in errors and len(errors.splitlines()) == 1, errors


def main():
    root, build = sys.argv[1:]
    if not {0, 1} <= os.sched_getaffinity(0):
        print('skipped: needs two CPUs, 0 and 1')
        return 77
    parts(root, build)
    with tempfile.TemporaryDirectory() as folder:
        families(build, folder)
        gain(root, build, folder)
        results = bench(root, build, folder, CASES)
        assert all(r['ours'] > 0 or r['case'].endswith(('lost', 'more', 'an octet')) for r in results), results
        # What no load changes: the loop's instructions, and 184 groups fit one report.
        assert 50 < figure(results, 'engine', '86 octets, no reader, instructions') < 5000
        assert figure(results, 'growth', '1000 joins at once, IGMP packets') >= 6
        # What is relayed is looked at, and more than a loop that only replicates.
        assert 50 < figure(results, 'relay', '86 octets, 1 output, instructions') < 5000
        # The ring holds all of a burst.
        assert figure(results, 'burst', '32: lost') == 0
        assert figure(results, 'burst', '10000, reader takes 2000 ns: lost') == 0
        report(root, build, folder)
        capture = os.path.join(folder, 'feed.pcap')
        write_capture(capture)
        vdev = f'--vdev=net_pcap0,rx_pcap={capture},infinite_rx=1'
        results = bench(root, build, folder, PORT_CASES, '--port', 'net_pcap0', '--eal',
                        f'{EAL} {vdev}')
        assert figure(results, 'engine', 'from the wire, of them delivered to a ring') == 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
