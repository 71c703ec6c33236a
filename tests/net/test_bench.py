# SPDX-License-Identifier: BSD-3-Clause
"""The benchmarks against the kernel run and say what they should; nothing is said about their
figures."""

import json
import os
import subprocess

import pytest

from programs import BUILD, ROOT

CASES = ['lossless, net_af_packet', 'lossless, net_af_xdp',
         'busy CPU a packet at 50000/s', 'daemon, idle adaptive, 10000/s',
         'daemon, idle adaptive, no traffic', 'latency p50 at 10000/s, handler, net_af_xdp',
         'latency max at 10000/s, handler, net_af_packet']


def test_the_comparison_with_the_kernel_gives_its_figures(lab):
    path = lab.path('results.json')
    done = subprocess.run([os.path.join(ROOT, 'tools', 'bench'), '--quick', '--pairs', '1', '--json', path, 'kernel'],
                          env={**os.environ, 'MCRING_BUILD': BUILD}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with open(path) as f:
        results = json.load(f)
    for case in CASES:
        found = [r for r in results if r['case'].startswith(case)]
        assert found, case
        assert any(r['ours'] > 0 and (r['peer'] is None or r['peer'] > 0) for r in found), found
    targets = [(r['case'], r['peer_name']) for r in results if r['target'] is not None]
    assert len(targets) == 3 and all(r['holds'] in (True, False) for r in results if r['target'])
    unknown = subprocess.run([os.path.join(ROOT, 'tools', 'bench'), 'kernel:speed'],
                             env={**os.environ, 'MCRING_BUILD': BUILD}, capture_output=True, text=True)
    assert unknown.returncode == 1 and 'lossless' in unknown.stderr


def test_the_comparison_of_programs_on_sockets_gives_its_figures(lab):
    path = lab.path('results.json')
    done = subprocess.run([os.path.join(ROOT, 'tools', 'bench'), '--quick', '--pairs', '1', '--json',
                           path, 'sockets'], env={**os.environ, 'MCRING_BUILD': BUILD},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with open(path) as f:
        cases = {r['case']: r for r in json.load(f)}
    for case in 'recvfrom, wall', 'epoll_wait and recvfrom, CPU', 'asleep, p50', 'spinning, p99':
        assert cases[case]['ours'] > 0 and cases[case]['peer'] > 0
    assert 'recv on a descriptor that is not ours, more than the kernel' in cases


def test_the_comparison_with_the_kernels_forwarding_gives_its_figures(lab):
    path = lab.path('results.json')
    done = subprocess.run([os.path.join(ROOT, 'tools', 'bench'), '--quick', '--pairs', '1', '--json',
                           path, 'relay:wires'], env={**os.environ, 'MCRING_BUILD': BUILD},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with open(path) as f:
        results = {(r['case'], r['peer_name']): r for r in json.load(f)}
    for case in 'veth', 'veth, idle adaptive', 'vhost', 'vhost as fast as it goes':
        r = results[f'CPU a packet at 50000/s, 1 output, {case}', 'ipmr on veth']
        assert r['ours'] > 0 and r['peer'] > 0, r
    assert results['CPU a packet at 50000/s, 1 output, veth, forwarded', 'ipmr on veth']['ours'] > 0


def test_a_restart_is_measured_by_step(lab):
    path = lab.path('results.json')
    done = subprocess.run([os.path.join(ROOT, 'tools', 'bench'), '--quick', '--json', path, 'restart'],
                          env={**os.environ, 'MCRING_BUILD': BUILD}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with open(path) as f:
        results = {r['case']: r['ours'] for r in json.load(f)}
    for case in '16 groups', '16 groups, one stands by':
        steps = [ms for name, ms in results.items() if name.startswith((f'{case}: stop: ', f'{case}: start: '))]
        assert len(steps) == 7 and all(ms >= 0 for ms in steps)
        assert results[f'{case}: datagrams missing, one each 10 us'] > 0
        assert results[f'{case}: nothing is received'] > 0


@pytest.mark.parametrize('suite, package', [
    ('engine', 'dpdk-dev'), ('link', 'dpdk-dev'), ('kernel', 'iproute2'),
    ('growth', 'wireshark-common')])
def test_a_program_that_is_missing_is_named_with_its_package(lab, suite, package):
    os.mkdir(lab.path('no-programs'))
    done = subprocess.run([os.path.join(ROOT, 'tools', 'bench'), '--quick', suite],
                          env={**os.environ, 'MCRING_BUILD': BUILD, 'PATH': lab.path('no-programs')},
                          capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ''
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith('bench: ')
    assert package in done.stderr and 'tools/install-deps' in done.stderr
