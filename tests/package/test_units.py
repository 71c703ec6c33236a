# SPDX-License-Identifier: BSD-3-Clause
"""The units under systemd: mcring@trial beside whatever else runs, with net_af_packet unless a test says otherwise."""

import itertools
import json
import os
import re
import shutil

import pytest

import debian
import debs
from netlab import wait_for
from programs import BUILD, mcsend

UNIT = 'mcring@trial'
FILE = '/etc/mcring/trial.yaml'
DROP_INS = f'/etc/systemd/system/{UNIT}.service.d'
CONFIG = '''
idle: adaptive
keep_memberships: yes
eal: ['-l', '0-1', '--no-huge', '-m', '256', '--no-pci', '--vdev=net_af_packet0,iface=lan0,framecnt=1024']
interfaces: [{name: lan, port: net_af_packet0}]
channels: [{name: default, bytes: 1M}]
joins:
'''
NATS = os.path.join(BUILD, 'peers', 'nats')
ERROR, WARNING, INFO = '3', '4', '6'


class Unit:
    numbers = itertools.count(1)

    def __init__(self, machine):
        self.machine = machine
        self.configure(self.new_group())

    def new_group(self):
        """One that the switch has not heard of: it remembers those that nobody leaves."""
        self.group = f'239.77.0.{next(self.numbers)}'
        return self.group

    def configure(self, *joins, **changes):
        text = CONFIG + ''.join(f'  - {{groups: [{join}]}}\n' for join in joins)
        for old, new in changes.items():
            text = text.replace(old, new)
        with open(self.machine.debian.path(FILE), 'w') as out:
            out.write(text)

    def do(self, verb, check=True):
        return self.machine.run('systemctl', verb, UNIT, check=check)

    def shown(self, name):
        return self.machine.shown(UNIT, name)[name]

    def drop_in(self, name, text):
        self.machine.run('mkdir', '-p', DROP_INS)
        with open(self.machine.debian.path(f'{DROP_INS}/{name}'), 'w') as out:
            out.write(text)
        self.machine.run('systemctl', 'daemon-reload')

    def driver(self, driver):
        """Links a driver's drop-in, as docs/operating.md says."""
        self.machine.sh(f'mkdir -p {DROP_INS}; ln -sf /usr/share/mcring/drop-ins/{driver}.conf {DROP_INS}/driver.conf\n'
                        'systemctl daemon-reload')

    def clear(self):
        self.machine.sh(f'rm -rf {DROP_INS}; systemctl daemon-reload')

    def lines(self):
        """(priority, text) of each of the daemon's own lines since it was last started."""
        found = self.machine.run('journalctl', '-o', 'json', '--no-pager', '-u', UNIT,
                                 f'_SYSTEMD_INVOCATION_ID={self.shown("InvocationID")}').stdout
        entries = [json.loads(line) for line in found.splitlines()]
        return [(one['PRIORITY'], one['MESSAGE']) for one in entries if one.get('_TRANSPORT') == 'stdout']

    def priority(self, text):
        """The one with which the line that has this text is in the journal."""
        return wait_for(lambda: [priority for priority, line in self.lines() if text in line], 10, f'{text}: {self.lines()}')[0]


@pytest.fixture
def unit(machine):
    machine.run('systemctl', 'stop', 'mcring@feed')  # of other modules, on the same interface
    machine.run('ip', 'link', 'set', 'lan0', 'up')
    one = Unit(machine)
    one.do('start')
    yield one
    one.do('stop', check=False)
    one.clear()
    machine.run('rm', '-f', FILE)


def test_it_is_started_when_its_joins_are_reported(site, unit):
    assert unit.group in site.members()
    status = unit.shown('StatusText')
    assert re.fullmatch(r'1 group, 1 port, missed 0, \d consumers?', status), status


def test_it_is_not_ready_before_the_last_of_many_joins_is_reported(site, unit):
    """In version 2 each takes a message of its own, and 16 go out in a millisecond."""
    unit.configure('239.78.0.0/22', **{'port: net_af_packet0': 'port: net_af_packet0, igmp: 2'})
    unit.do('restart')
    assert len([group for group in site.members() if group.startswith('239.78.')]) == 1024
    assert unit.shown('StatusText').startswith('1024 groups')


def test_it_has_no_more_than_its_driver_needs_at_run_time(unit):
    status = unit.machine.sh(f'cat /proc/{unit.shown("MainPID")}/task/*/status').stdout
    threads = re.findall(r'^CapPrm:\t(\w+)$', status, re.M)
    assert len(threads) > 3 and set(threads) == {'0000000000001000'}  # CAP_NET_ADMIN
    assert set(re.findall(r'^CapAmb:\t(\w+)$', status, re.M)) == {'0' * 16}
    assert set(re.findall(r'^Seccomp:\t(\d)$', status, re.M)) == {'2'}
    assert unit.machine.run('stat', '-c', '%U %a', '/run/mcring/trial/control').stdout == 'mcring 600\n'
    # The sandbox holds from outside: another user of the group may ask, and may not change.
    other = ('setpriv', '--reuid=nobody', '--regid=nogroup')
    asks = ('mcring-ctl', '--name', 'trial', 'status')
    assert unit.machine.run(*other, '--groups=mcring', *asks).stdout.startswith('trial, started')
    assert unit.machine.run(*other, '--clear-groups', *asks, check=False).returncode != 0


def test_a_reload_is_told_of_and_fails_when_the_file_is_no_good(site, unit):
    first, pid = unit.group, unit.shown('MainPID')
    unit.configure(first, unit.new_group())
    unit.do('reload')
    wait_for(lambda: unit.group in site.members(), 5, 'the new group is reported')
    wait_for(lambda: unit.shown('StatusText').startswith('2 groups'), 5, unit.shown('StatusText'))

    unit.configure('10.0.0.1')
    assert unit.do('reload', check=False).returncode != 0
    assert unit.priority('not reloaded: ') == ERROR
    wait_for(lambda: 'the last reload failed' in unit.shown('StatusText'), 5, 'the status says so')
    assert unit.machine.shown(UNIT, 'MainPID', 'SubState') == {'MainPID': pid, 'SubState': 'running'}
    unit.configure(first)
    unit.machine.run('kill', '-HUP', pid)
    wait_for(lambda: unit.shown('StatusText').startswith('1 group,'), 5, 'a signal does the same')
    assert unit.machine.shown(UNIT, 'MainPID', 'SubState') == {'MainPID': pid, 'SubState': 'running'}
    assert 'failed' not in unit.shown('StatusText')


def test_the_journal_has_priorities(unit):
    unit.configure(unit.group, unit.group)  # which is warned of
    unit.do('restart')
    assert unit.priority('ready: trial') == INFO
    assert unit.priority('twice') == WARNING
    unit.configure('nonsense')
    assert unit.do('restart', check=False).returncode != 0
    assert unit.priority('nonsense') == ERROR


def test_a_killed_daemon_is_started_again_in_the_same_directory(unit):
    folder = ('stat', '-c', '%i', '/run/mcring/trial')
    before = unit.machine.run(*folder).stdout
    unit.machine.run('kill', '-KILL', unit.shown('MainPID'))
    wait_for(lambda: unit.machine.shown(UNIT, 'NRestarts', 'SubState') == {'NRestarts': '1', 'SubState': 'running'}, 20,
             'it runs again')
    assert unit.machine.run(*folder).stdout == before
    unit.do('stop')
    assert unit.shown('Result') == 'success'
    assert not os.path.exists(f'/proc/{unit.machine.pid}/root/run/mcring/trial')


def test_the_watchdog_ends_what_stands_still_and_nothing_else(unit):
    assert unit.shown('WatchdogUSec') == '0'
    unit.drop_in('watchdog.conf', '[Service]\nWatchdogSec=1\n')
    unit.do('restart')
    first = unit.shown('WatchdogTimestampMonotonic')
    wait_for(lambda: int(unit.shown('WatchdogTimestampMonotonic')) > int(first) + 2000000, 20, 'signs of life')
    assert unit.shown('NRestarts') == '0'
    unit.machine.run('kill', '-STOP', unit.shown('MainPID'))
    wait_for(lambda: unit.shown('NRestarts') == '1', 20, 'it is started again')
    assert 'Watchdog timeout' in unit.machine.journal(UNIT)


def test_a_file_that_is_not_there_is_named(unit):
    """The service manager goes on trying: it may come."""
    assert unit.machine.run('systemctl', 'start', 'mcring@nosuch', check=False).returncode != 0
    assert '/etc/mcring/nosuch.yaml' in unit.machine.journal('mcring@nosuch')
    assert unit.machine.shown('mcring@nosuch', 'SubState')['SubState'] in ('auto-restart', 'start')
    unit.machine.run('systemctl', 'stop', 'mcring@nosuch')


def test_net_af_xdp_starts_with_its_own_drop_in_alone(site, unit):
    unit.do('stop')
    unit.configure(unit.new_group(), **{'net_af_packet0,iface=lan0,framecnt=1024': 'net_af_xdp0,iface=lan0', 'net_af_packet0': 'net_af_xdp0'})
    assert unit.do('start', check=False).returncode != 0
    unit.do('stop')
    unit.driver('af_xdp')
    assert unit.shown('DropInPaths') == f'{DROP_INS}/driver.conf'
    unit.do('start')
    assert unit.group in site.members()
    assert 'xdp' in unit.machine.run('ip', 'link', 'show', 'lan0').stdout
    unit.do('stop')
    assert 'xdp' not in unit.machine.run('ip', 'link', 'show', 'lan0').stdout


def test_a_device_for_the_kernel_and_queriers_need_no_more(unit):
    unit.configure(unit.group, "'[ff15::77]'", **{'{name: lan, port: net_af_packet0}':
                                            '{name: lan, port: net_af_packet0, kernel: trial0, querier: on, mld_querier: on, '
                                            'address: 10.0.0.77/24}'})
    unit.do('restart')
    assert 'trial0' in unit.machine.run('ip', 'link', 'show', 'trial0').stdout
    assert unit.shown('StatusText').startswith('2 groups')


def test_systemd_finds_no_fault_with_the_units(sink_machine):
    done = sink_machine.run('systemd-analyze', 'verify', '--man=no', f'{UNIT}.service', 'mcring-exporter.service',
                       'mcring-watch.service', 'mcring-sink@trial.service')
    assert done.stdout + done.stderr == ''


def test_what_is_left_open_is_what_the_document_says(unit, sink_machine):
    def exposure(name):
        found = unit.machine.run('systemd-analyze', 'security', '--no-pager', name).stdout
        return re.search(r'Overall exposure level for \S+: ([\d.]+)', found)[1]

    with open(os.path.join(debian.ROOT, 'docs', 'operating.md')) as text:
        document = text.read()
    drivers = dict(re.findall(r'^\| `(\w+)\.conf` \|.* ([\d.]+) \|$', document, re.M))
    assert sorted(drivers) == ['af_packet', 'af_xdp', 'mlx5', 'vfio']
    said = {name: document.split(f'`{name}.service`')[1].split('(exposure ')[1].split(')')[0]
            for name in ('mcring-exporter', 'mcring-watch', 'mcring-sink@')}
    for name in 'mcring-exporter', 'mcring-watch':
        unit.machine.run('systemctl', 'start', name)
    assert {name: exposure(name + 'trial' if name.endswith('@') else name) for name in said} == said
    found = {}
    for driver in drivers:
        unit.driver(driver)
        found[driver] = exposure(UNIT)
    assert found == drivers


def metrics(machine):
    """What the exporter says."""
    return machine.sh('exec 3<>/dev/tcp/127.0.0.1/9810; printf "GET /metrics HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3',
                      check=False).stdout


def test_the_exporter_and_the_watch_may_ask_the_daemon(unit):
    unit.machine.run('systemctl', 'restart', 'mcring-watch', 'mcring-exporter')
    try:
        for engine in ('trial', 'watch'):
            wait_for(lambda: re.search(rf'^mcring_up{{[^}}]*engine="{engine}"[^}}]*}} 1$', metrics(unit.machine), re.M),
                     10, engine)
        assert 'nobody listens' not in unit.machine.journal('mcring-watch')
    finally:
        unit.machine.run('systemctl', 'stop', 'mcring-watch')  # it reads what other modules' daemons have


SINK = 'mcring-sink@trial'


@pytest.fixture
def broker(machine):
    """Debian's nats-server in the machine, which is not installed there."""
    debs.need(NATS, 'nats-server')
    shutil.copy(os.path.join(NATS, 'usr/sbin/nats-server'), machine.debian.path('/root/nats-server'))
    with open(machine.debian.path('/root/nats.conf'), 'w') as out:
        out.write('host: 127.0.0.1\njetstream { store_dir: /root/nats }\n')
    machine.run('systemd-run', '--unit=broker', '/root/nats-server', '-c', '/root/nats.conf')
    yield
    machine.run('systemctl', 'stop', 'broker', check=False)


def test_a_sink_needs_its_file_and_stays_down_for_options_that_it_does_not_understand(sink_machine):
    machine = sink_machine
    assert machine.run('systemctl', 'start', SINK, check=False).returncode != 0
    machine.run('systemctl', 'stop', SINK)
    with open(machine.debian.path('/etc/mcring/sink-trial.env'), 'w') as out:
        out.write('OPTIONS=--no-such\n')
    machine.run('systemctl', 'start', SINK, check=False)
    wait_for(lambda: machine.shown(SINK, 'ActiveState')['ActiveState'] == 'failed', 10, 'it has failed')
    assert machine.shown(SINK, 'NRestarts', 'ExecMainStatus') == {'NRestarts': '0', 'ExecMainStatus': '2'}
    machine.run('systemctl', 'reset-failed', SINK)


def test_a_sink_hands_over_what_its_user_may_read_and_goes_on_after_a_kill(site, unit, sink_machine, broker):
    machine = sink_machine
    with open(machine.debian.path('/etc/mcring/sink-trial.env'), 'w') as out:
        out.write('OPTIONS=--engine trial --channel default --to nats://127.0.0.1 --stream TRIAL,create\n')
    machine.run('systemctl', 'restart', 'mcring-exporter')

    def stored():
        found = re.search(r'^mcring_sink_stored_messages_total{engine="sink-trial",.*} (\d+)$', metrics(machine), re.M)
        return found and int(found[1])

    try:
        machine.run('systemctl', 'enable', '--now', SINK)
        wait_for(lambda: stored() == 0, 20, 'it has the broker')
        mcsend(site.sender, f'{unit.group}:5000', count=100, rate=1000)
        wait_for(lambda: stored() == 100, 20, 'the broker has all')
        pid = machine.shown(SINK, 'MainPID')['MainPID']
        assert machine.run('ps', '-o', 'user=', '-p', pid).stdout.strip() == 'mcring-sink'
        machine.run('kill', '-9', pid)
        wait_for(lambda: machine.shown(SINK, 'MainPID')['MainPID'] not in ('0', pid) and stored() == 0, 20, 'it is back')
        mcsend(site.sender, f'{unit.group}:5000', count=10, rate=1000)
        wait_for(lambda: stored() == 10, 20, f'it goes on, and nothing is stored twice: {stored()}')

        restarts = machine.shown(SINK, 'NRestarts')
        machine.run('systemd-run', '--unit=other', 'mcring-sink', '--name', 'trial', '--engine', 'trial', '--channel',
                    'default', '--to', 'nats://127.0.0.1', '--stream', 'TRIAL', '--state-dir', '/root/other')
        wait_for(lambda: 'its socket is in' in machine.journal('other'), 20, 'another one of its name has begun')
        mcsend(site.sender, f'{unit.group}:5000', count=10, rate=1000)
        wait_for(lambda: machine.shown(SINK, 'ActiveState')['ActiveState'] == 'failed', 20, 'it gives way')
        assert machine.shown(SINK, 'ExecMainStatus', 'NRestarts') == {'ExecMainStatus': '3', **restarts}
        machine.run('systemctl', 'stop', 'other')
        machine.run('systemctl', 'reset-failed', SINK)
        machine.run('systemctl', 'start', SINK)
        machine.run('systemctl', 'stop', SINK)
        assert machine.shown(SINK, 'ActiveState', 'Result') == {'ActiveState': 'inactive', 'Result': 'success'}
        assert machine.run('test', '-e', '/run/mcring/sink-trial', check=False).returncode != 0
    finally:
        machine.run('systemctl', 'stop', SINK, check=False)  # it stays enabled, for the purge
