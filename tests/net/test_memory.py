# SPDX-License-Identifier: BSD-3-Clause
"""Rings that the memory cannot hold are refused before the kernel kills the daemon for them."""

import pytest

from memory_cgroup import REASON, MemoryCgroup
from netlab import wait_for
from programs import EAL, MCRING, Daemon

NULL = 'net_null0'
LIMIT = 192 << 20
SMALL = tuple('64' if arg == '512' else arg for arg in EAL)
INTERFACE = f'interfaces:\n  - {{name: feed, port: {NULL}, igmp: off}}\n'


@pytest.fixture
def host(lab):
    """A host whose programs may have LIMIT octets."""
    try:
        group = MemoryCgroup(LIMIT)
    except OSError:
        pytest.skip(REASON)
    host = lab.namespace('host')
    group.take(host)
    yield host
    for process in lab.processes:
        process.kill()
    wait_for(lambda: not open(f'{group.path}/cgroup.procs').read(), 10, 'the cgroup is empty')
    group.remove()


def config(lab, *channels):
    path = lab.path('memory.yaml')
    with open(path, 'w') as out:
        out.write(INTERFACE + 'channels:\n')
        for channel in channels:
            out.write(f'  - {{{channel}}}\n')
    return path


def refused(done):
    assert done.returncode == 1, done
    lines = [line for line in done.stderr.splitlines() if line.startswith('mcring: ')]
    assert len(lines) == 1 and 'rings need ' in lines[0] and 'mcrtest' in lines[0], done.stderr
    assert 'make bytes smaller, or raise Memory' in lines[0]


def test_a_start_with_more_ring_memory_than_the_cgroup_has_is_an_error_and_no_kill(lab, host):
    path = config(lab, 'name: md, bytes: 256M')
    refused(host.run(MCRING, *SMALL, f'--vdev={NULL}', '--', '--run-dir', lab.path('run'),
                     '--config', path, check=False))


def test_a_reload_that_adds_too_large_a_channel_is_an_error_and_the_engine_goes_on(lab, host):
    path = config(lab, 'name: md, bytes: 1M')
    daemon = Daemon(lab, host, '--config', path, vdev=NULL, eal=SMALL)
    config(lab, 'name: md, bytes: 1M', 'name: large, bytes: 256M')
    for how in (), ('--dry-run',):
        done = daemon.ctl('reload', *how, check=False)
        assert done.returncode == 1 and '"large"' in done.stderr and 'rings need' in done.stderr
    config(lab, 'name: md, bytes: 1M', *(f'name: more{i}, bytes: 64M' for i in range(3)))
    assert '3 channels, 1 receiving lcore: rings need ' in \
        daemon.ctl('reload', check=False).stderr
    assert [one['name'] for one in daemon.stats()['channels']] == ['md']
    config(lab, 'name: md, bytes: 1M', 'name: large, bytes: 16M')
    daemon.ctl('reload')
    assert sorted(one['name'] for one in daemon.stats()['channels']) == ['large', 'md']
    assert daemon.stop() == 0
