# SPDX-License-Identifier: BSD-3-Clause
"""A user's mistake gets one line that says what, where and what to do, and exit status 1."""

import json
import os
import re
import shutil
import tempfile

import pytest

from programs import BUILD, CAT, CTL, EAL, GEN, MCRING, Daemon

NULL = 'net_null0'


@pytest.fixture
def host(lab):
    return lab.namespace('host')


def own_lines(done):
    """mcring's lines; EAL's log has a prefix of its own."""
    lines = (done.stdout + done.stderr).splitlines()
    return [line for line in lines if not re.match(r'(EAL|TELEMETRY|ETHDEV|[A-Za-z_]+\(\)): ', line)]


def mistake(host, *args, eal=EAL, vdev=NULL, env=None, under=()):
    """Runs mcring with a mistake in it; gives the one line that it prints. under: what runs it."""
    vdevs = [f'--vdev={vdev}'] if vdev else []
    done = host.run(*under, MCRING, *eal, *vdevs, '--', '--name', f'mistake{os.getpid()}',
                    '--run-dir', host.lab.path('run'), *args, check=False, env=env)
    assert done.returncode == 1, done
    lines = own_lines(done)
    assert len(lines) == 1, lines
    assert lines[0].startswith('mcring: ')
    return lines[0]


def test_no_such_port(host):
    line = mistake(host, '--interface', 'feed=net_null7', '--join', '239.1.1.1')
    assert 'net_null7' in line and 'net_null0' in line, 'it names what there is'


def test_a_start_without_memory_says_how_much_is_needed(host):
    eal = ('-l', '0,1', '--no-huge', '-m', '8', '--no-pci', '--no-telemetry')
    line = mistake(host, '--interface', f'feed={NULL}', eal=eal)
    needed = int(re.search(rf'{NULL}: no memory for 1 receive queue .* give EAL -m (\d+)',
                           line).group(1))
    daemon = Daemon(host.lab, host, '--interface', f'feed={NULL},igmp=off',
                    eal=(*eal[:4], str(needed), *eal[5:]), vdev=NULL)
    assert daemon.stop() == 0


def test_no_such_kernel_interface(host):
    line = mistake(host, '--interface', 'feed=net_af_packet0', '--join', '239.1.1.1',
                   vdev='net_af_packet0,iface=nosuch0')
    assert 'nosuch0' in line or 'net_af_packet0' in line


@pytest.mark.parametrize('join, words', [
    ('10.1.1.1', 'multicast'),
    ('239.1.1.1:70000', '70000'),
    ('239.1.1.1,channel=', 'channel'),
    ('[ff3e::1]:5000', 'sources to include'),
    ('ff15::1', 'expected [ff15::1]'),
    ('232.1.1.1', 'source'),
    ('239.1.1.1,interface=nosuch', 'nosuch'),
    ('239.1.1.0/4x', '239.1.1.0/4x'),
])
def test_a_join_that_is_not_one(host, join, words):
    line = mistake(host, '--interface', f'feed={NULL}', '--join', join)
    assert words in line


def test_a_join_without_interface_among_several(host):
    line = mistake(host, '--interface', f'a={NULL}', '--interface', f'b={NULL},vlan=2', '--join',
                   '239.1.1.1')
    assert 'interface' in line and 'a' in line and 'b' in line


def test_a_yaml_mistake_has_file_and_line(host):
    path = host.lab.path('bad.yaml')
    with open(path, 'w') as out:
        out.write('interfaces:\n  - name: feed\n    port: net_null0\n    colour: red\n')
    line = mistake(host, '--config', path)
    assert re.search(r'bad\.yaml:4\b', line) and 'colour' in line


def test_a_config_file_that_is_not_there(host):
    assert 'nosuch.yaml' in mistake(host, '--config', '/nosuch.yaml')


def test_an_unknown_option(host):
    assert '--colour' in mistake(host, '--colour', 'red')


BENCH, EXPORTER, RUN = (os.path.join(BUILD, 'tools', f'mcring-{name}') for name in ('bench', 'exporter', 'run'))


@pytest.mark.parametrize('program, status', [(MCRING, 1), (CTL, 1), (CAT, 2), (RUN, 125), (GEN, 1), (BENCH, 1),
                                             (EXPORTER, 1)])
def test_every_program_has_a_version_a_help_and_words_for_a_wrong_option(host, program, status):
    name = os.path.basename(program)
    version = host.run(program, '--version')
    assert re.fullmatch(rf'{name} [0-9.]+( \(DPDK [0-9.]+[^ ]*\))?\n', version.stdout) and not version.stderr
    assert ('DPDK' in version.stdout) == (program == MCRING)
    usage = host.run(program, '--help')
    assert usage.stdout.startswith(f'usage: {name} ') and not usage.stderr
    own = ['-l', '0,1', '--no-huge', '-m', '64', '--no-pci', '--', 'engine'][-2 if program == GEN else 0:]
    wrong = host.run(program, *(own if program in (GEN, BENCH) else ()), '--hepl', check=False)
    assert wrong.returncode == status and not wrong.stdout
    assert f"{name}: unknown option '--hepl' (did you mean --help?): see {name} --help" in wrong.stderr


@pytest.mark.parametrize('word, says', [
    ('239.1.1.1:5000', 'a group is given with an option: --join 239.1.1.1:5000'),
    ('udp://@239.1.1.1:5000', 'a group is given with an option: --join 239.1.1.1:5000'),
    ('[ff15::1]:5000', 'a group is given with an option: --join [ff15::1]:5000'),
    ('md', "'md': not an option: see mcring-cat --help"),
])
def test_mcring_cat_takes_no_group_without_an_option(host, word, says):
    done = host.run(CAT, word, check=False)
    assert done.returncode == 2 and done.stderr == f'mcring-cat: {says}\n' and not done.stdout


# What the kernel shows where there are none; the machine may have some.
NO_HUGEPAGES = '''
mount -t tmpfs none /sys/kernel/mm/hugepages
mkdir /sys/kernel/mm/hugepages/hugepages-2048kB
for count in nr free resv surplus; do
    echo 0 >/sys/kernel/mm/hugepages/hugepages-2048kB/${count}_hugepages
done
exec "$@"'''


def test_no_hugepages_says_how_to_run_without(host):
    eal = [arg for arg in EAL if arg not in ('--no-huge', '-m', '512')]
    line = mistake(host, '--interface', f'feed={NULL}', '--join', '239.1.1.1', eal=eal,
                   under=('unshare', '--mount', 'sh', '-e', '-c', NO_HUGEPAGES, 'sh'))
    assert '--no-huge' in line


def test_no_permission(host):
    # nobody may not open a packet socket, but has a folder for EAL's files.
    xdg = tempfile.mkdtemp(dir='/tmp', prefix='mcrtest_xdg_')
    os.chmod(xdg, 0o777)
    done = host.run('setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups',
                    host.lab.public(MCRING), *EAL, '--vdev=net_af_packet0,iface=lo', '--',
                    '--run-dir', '/tmp/mcrtest_nobody', '--interface', 'feed=net_af_packet0', '--join', '239.1.1.1', check=False,
                    env=dict(os.environ, XDG_RUNTIME_DIR=xdg))
    shutil.rmtree(xdg)
    assert done.returncode == 1
    lines = own_lines(done)
    assert len(lines) == 1 and 'CAP_NET_RAW' in lines[0] and 'start mcring as root' in lines[0]


@pytest.mark.parametrize('vdev, words', [
    ('net_af_packet0,iface=nosuch0', '`ip link` lists those for iface='),
    ('net_af_packet0,ifac=lo', 'lack iface=NAME, or one of them is misspelled'),
    ('net_afpacket0,iface=lo', 'did you mean net_af_packet?'),
    ('net_pcap0,rx_pcap=/nosuch.pcap', 'correct the path'),
])
def test_the_last_line_of_a_device_that_does_not_open_is_ours(host, vdev, words):
    assert words in mistake(host, '--interface', f'feed={vdev.split(",")[0]}', vdev=vdev)


def check(host, *args):
    done = host.run(MCRING, '--check', *args, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize('own, words', [
    ('feed=eth0', 'eth0 is a network interface of the kernel, and not a port of DPDK: give EAL '
                  '--vdev=net_af_packet0,iface=eth0, and write --interface feed=net_af_packet0'),
    ('feed=lo', '--vdev=net_af_packet0,iface=lo'),
    ('feed=enp1s0f0.5', '--vdev=net_af_packet0,iface=enp1s0f0, and write --interface feed=net_af_packet0,vlan=5'),
    ('feed=up7', 'up7 is a network interface of the kernel'),
    ('feed=0,address=10.0.0.0/24', 'is the address of the network'),
])
def test_an_interface_that_cannot_be_is_answered_with_one_that_can(host, own, words):
    if 'up7' in own:
        host.run('ip', 'link', 'add', 'up7', 'type', 'veth', 'peer', 'up8')
    status, said = check(host, '--interface', own)
    assert status == 1 and words in said and len(said.splitlines()) == 1


def test_too_few_open_files(host):
    line = mistake(host, '--interface', f'feed={NULL}', under=('sh', '-c', 'ulimit -n 20; exec "$@"', 'sh'))
    assert 'the limit of open files is 20: expected 128 at least' in line and 'LimitNOFILE=' in line


def test_a_join_in_two_places_is_warned_of(lab, host):
    path = lab.path('m.yaml')
    with open(path, 'w') as out:
        out.write(f'interfaces: [{{name: feed, port: {NULL}}}]\njoins:\n  - groups: [239.1.1.0/30]\n')
    twice = ("warning: join '239.1.1.1,interface=feed,channel=default' is made twice, on the command line and "
             f'at {path}:3: it must be left twice')
    status, said = check(host, '--config', path, '--join', '239.1.1.1')
    assert status == 0 and f'mcring: {twice}' in said
    with open(path, 'a') as out:
        out.write('  - groups: [239.1.1.2]\n')
    daemon = Daemon(lab, host, '--config', path, vdev=NULL)
    assert f"join '239.1.1.2,interface=feed,channel=default' is made twice, at {path}:3 and at {path}:4" in daemon.log()
    with open(path, 'a') as out:
        out.write('  - groups: [239.1.1.3]\n')
    daemon.ctl('reload')
    assert f'made twice (and 1 more is), at {path}:3 and at {path}:4' in daemon.log()
    assert len(json.loads(daemon.ctl('--json', 'groups').stdout)['joins']) == 6
    daemon.ctl('leave', '239.1.1.2')
    assert len(json.loads(daemon.ctl('--json', 'groups').stdout)['groups']) == 4
    daemon.ctl('leave', '239.1.1.2')
    assert len(json.loads(daemon.ctl('--json', 'groups').stdout)['groups']) == 3


def test_a_run_directory_of_a_live_daemon_is_refused_and_a_stale_one_taken_over(lab, host):
    first = Daemon(lab, host, '--interface', f'feed={NULL}', '--join', '239.1.1.1', vdev=NULL)
    done = host.run(MCRING, *EAL, '--file-prefix', f'second{os.getpid()}', f'--vdev={NULL}', '--',
                    '--run-dir', first.run_dir, '--interface', f'feed={NULL}', check=False)
    assert done.returncode == 1
    lines = own_lines(done)
    assert len(lines) == 1 and first.run_dir in lines[0]
    first.process.kill()
    first.process.wait()
    second = Daemon(lab, host, '--interface', f'feed={NULL}', '--run-dir', first.run_dir, vdev=NULL)
    second.run_dir = first.run_dir
    assert second.stats()['drops']


def test_a_dpdk_name_that_is_in_use(lab, host):
    prefix = ('--file-prefix', f'same{os.getpid()}')
    Daemon(lab, host, '--interface', f'feed={NULL}', vdev=NULL, eal=(*EAL, *prefix))
    line = mistake(host, '--interface', f'feed={NULL}', eal=(*EAL, *prefix))
    assert '--name' in line or '--file-prefix' in line


def test_an_unknown_channel_is_answered_with_the_channels(lab, host):
    daemon = Daemon(lab, host, '--interface', f'feed={NULL}', '--join', '239.1.1.1,channel=md',
                    '--join', '239.1.1.2,channel=news', vdev=NULL)
    done = host.run(CAT, '--run-dir', daemon.run_dir, '--channel', 'nosuch', check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert all(word in done.stderr for word in ('nosuch', 'md', 'news'))


def test_tools_say_that_there_is_no_engine(host):
    for program in (CAT, CTL):
        args = ['stats'] if program == CTL else []
        done = host.run(program, '--run-dir', '/tmp/nosuch', *args, check=False)
        assert done.returncode in (1, 2)
        assert len(done.stderr.splitlines()) == 1 and '/tmp/nosuch' in done.stderr
        assert re.search(r' \((running: --name |below /run/mcring none is running)', done.stderr)


def test_check_prints_the_expansion_without_starting(host):
    path = host.lab.path('good.yaml')
    with open(path, 'w') as out:
        out.write('interfaces:\n  - name: feed\n    port: net_null0\n'
                  'joins:\n  - groups: [239.1.1.0/30]\n    ports: [5000-5001]\n')
    done = host.run(MCRING, '--', '--config', path, '--check')
    for group in ('239.1.1.0', '239.1.1.3'):
        for port in (5000, 5001):
            assert f'{group}:{port}' in done.stdout


# Rings of 64 GiB, one more than any host's memory holds.
LARGER_THAN_THE_HOST = [
    f'--channel=x{n},bytes=64G'
    for n in range(1 + os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') // (64 << 30))]


@pytest.mark.parametrize('own, eal, words', [
    ([], (), 'no interface'),
    (['--interface', f'a={NULL}', *LARGER_THAN_THE_HOST], (), 'rings need '),
    (['--interface', f'a={NULL}', '--channel', 'x,lcore=7'], ('-l', '0,1', f'--vdev={NULL}'),
     'lcore 7 does not receive here'),
    (['--interface', f'a={NULL}'], ('-l', '1', f'--vdev={NULL}'), 'no worker lcore'),
    (['--interface', f'a={NULL}', '--channel', 'md,depth=4096'], (),
     "mcring: --channel: channel 'md': depth is gone: write bytes=1M (4096 messages of up to 216 octets)"),
    (['--interface', 'a=net_null7'], ('-l', '0,1', f'--vdev={NULL}'), 'net_null7'),
    (['--interface', f'a={NULL},queues=1', '--interface', f'b={NULL},queues=2,vlan=2'],
     ('-l', '0,1', f'--vdev={NULL}'), 'name them for one'),
    (['--interface', f'a={NULL},kernel=lo'], ('-l', '0,1', f'--vdev={NULL}'), 'of this name already'),
])
def test_check_refuses_what_a_start_is_refused_for(host, own, eal, words):
    """With the same line, before EAL is asked."""
    check = host.run(MCRING, *eal, '--', '--check', *own, check=False)
    start = host.run(MCRING, *eal, '--', *own, check=False)
    assert check.returncode == start.returncode == 1
    assert words in check.stderr
    # What is left of the memory changes all the time.
    assert re.sub('leaves [0-9]+', '', check.stderr) == re.sub('leaves [0-9]+', '', start.stderr)
    assert len(check.stderr.splitlines()) == 1 and check.stdout == start.stdout == ''


def test_a_file_with_the_depth_of_a_channel_is_told_its_bytes(lab, host):
    path = lab.path('m.yaml')

    def write(size):
        with open(path, 'w') as out:
            out.write(f'interfaces: [{{name: feed, port: {NULL}}}]\n'
                      f'channels:\n  - name: md\n    {size}\n')

    write('bytes: 1M')
    daemon = Daemon(lab, host, '--config', path, vdev=NULL)
    write('depth: 4096')
    words = "m.yaml:4: channel 'md': depth is gone: write bytes: 1M (4096 messages of up to 216 octets)"
    for how in ('reload',), ('reload', '--dry-run'):
        done = daemon.ctl(*how, check=False)
        assert done.returncode == 1 and words in done.stderr, done
    one, = daemon.stats()['channels']
    assert one['bytes'] == 1 << 20 and 'depth' not in one
    check = host.run(MCRING, '--', '--check', '--config', path, check=False)
    assert check.returncode == 1 and words in check.stderr, check
    write('bytes: 1M')
    daemon.ctl('reload')
    assert daemon.stop() == 0


def test_a_reload_of_what_is_no_configuration_is_an_error_that_quotes_nothing_of_it(lab, host):
    path, secret = lab.path('m.yaml'), lab.path('secret')
    with open(path, 'w') as out:
        out.write(f'interfaces: [{{name: feed, port: {NULL}}}]\n')
    daemon = Daemon(lab, host, '--config', path, vdev=NULL)
    for text in 'root:$6$hunter2:19000:0:9:7:::\n', 'password: hunter2\n', '[' * 50000:
        with open(secret, 'w') as out:
            out.write(text)
        os.unlink(path)
        os.symlink(secret, path)
        done = daemon.ctl('reload', check=False)
        assert done.returncode == 1 and 'm.yaml:1: ' in done.stderr, done
        assert 'hunter2' not in done.stderr
    os.unlink(path)
    os.mkfifo(path)
    assert 'not a regular file' in daemon.ctl('reload', check=False).stderr
    assert daemon.stop() == 0 and 'hunter2' not in daemon.log()
