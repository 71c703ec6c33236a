# SPDX-License-Identifier: BSD-3-Clause
"""From a bare Debian to a running unit with the page in a browser: the README's commands, as they stand there."""

import json
import os
import re

import pytest

import readme
from chromium import CHROMIUM, Browser, Inside
from conftest import INTERFACE
from debian import ROOT
from netlab import wait_for
from programs import mcsend

COUNT = 100
PACKAGES = '''libmcring-client-dev libmcring-client2 libmcring-dev libmcring-feed2 libmcring-socket2 libmcring2
    librust-mcring-dev mcring mcring-bench mcring-doc mcring-exporter mcring-sink mcring-socket mcring-tools python3-mcring'''.split()


def test_there_are_five_commands(commands):
    assert len(commands.all) == 5


def test_the_first_builds_all_packages_with_what_build_depends_names(packages):
    assert sorted(name.split('_')[0] for name in packages.files()) == PACKAGES
    assert packages.changed == '', 'a build leaves the tree as it was'


def test_the_second_installs_and_starts_nothing(site, machine):
    assert 'cannot' not in site.installed
    assert machine.shown('mcring@feed', 'LoadState', 'ActiveState') == {'LoadState': 'loaded', 'ActiveState': 'inactive'}
    assert machine.shown('mcring-exporter', 'ActiveState', 'UnitFileState') == {'ActiveState': 'inactive',
                                                                              'UnitFileState': 'disabled'}
    assert not machine.run('pgrep', 'mcring', check=False).stdout
    for compiler in 'cc', 'ninja', 'pkg-config':
        assert machine.run('which', compiler, check=False).returncode, 'it takes no compiler'


def test_the_trial_runs_with_installed_programs_and_no_variables(site, machine):
    """As who has just logged in would run it, on the interface that it names."""
    page = readme.Readme(os.path.join(ROOT, 'README.md'))
    daemon, (consumer, *asked) = page.block('mcring -l'), page.block('mcring-cat').splitlines()
    assert 'iface=eth1,' in daemon.replace(' ', ',') and consumer == 'mcring-cat'
    site.switch.connect(machine, 'eth1', 'to_trial')
    trial, printed = site.start(daemon, 'trial.log')
    try:
        wait_for(lambda: 'ready' in printed(), 20, 'the daemon is ready')
        cat, messages = site.start(consumer, 'cat.log')
        answer = {line: machine.sh(line).stdout for line in asked}
        wait_for(lambda: json.loads(machine.sh('mcring-ctl --json stats').stdout)['consumers'], 5, 'it is attached')
        wait_for(lambda: {'239.1.1.1', '239.1.1.2'} <= site.switch.members('to_trial'), 5, 'the switch knows of the joins')
        mcsend(site.sender, '239.1.1.1:5000', count=COUNT, rate=1000)
        wait_for(lambda: json.loads(machine.sh('mcring-ctl --json stats').stdout)['delivered'] == COUNT, 5, 'all of it')
        assert 'feed' in answer['mcring-ctl status'] and json.loads(answer['mcring-ctl --json stats'])['interfaces']
    finally:
        machine.sh('kill $(pidof mcring) || true')
        trial.wait(10)
        machine.sh('rm -rf /run/mcring/mcring')
    cat.wait(10)
    assert len(re.findall(r'^\S+ .*239\.1\.1\.1', messages(), re.M)) == COUNT


def test_then_the_unit_runs_and_its_readers_get_what_is_sent(feed):
    machine = feed.machine
    assert INTERFACE in machine.read('/etc/mcring/feed.yaml')
    assert machine.shown('mcring@feed', 'ActiveState', 'SubState', 'Type') == {
        'ActiveState': 'active', 'SubState': 'running', 'Type': 'notify'}
    wait_for(lambda: '239.1.1.1' in feed.members(), 5, 'the switch knows of the join')
    cat, messages = feed.start(f'mcring-cat --name feed --count {COUNT} --format text', 'feed.log')
    wait_for(lambda: feed.stats()['consumers'], 5, 'the reader is attached')
    mcsend(feed.sender, '239.1.1.1:5000', count=COUNT, rate=1000)
    assert cat.wait(10) == 0
    assert len(messages().splitlines()) == COUNT


def test_the_page_shows_it_in_a_browser(feed, commands):
    if not os.path.exists(CHROMIUM):
        pytest.skip(f'absent: {CHROMIUM}')
    feed.do(commands.enable[1])
    text = readme.Readme(os.path.join(ROOT, 'README.md')).text
    url = re.search(r'The page is at (http://\S+/)\.', text)[1]
    with Inside(f'/proc/{feed.machine.pid}/ns/net'):
        browser = Browser()
        try:
            browser.open(url)
            before = feed.stats()['groups'][0]['packets']
            mcsend(feed.sender, '239.1.1.1:5000', count=COUNT, rate=1000)
            wait_for(lambda: feed.stats()['groups'][0]['packets'] == before + COUNT, 5, 'it has received them')
            browser.wait_for_rates()
            assert browser.js('return [...page.engines.keys()]') == ['/run/mcring/feed/stats']
            assert browser.row('#groups', '239.1.1.1')['Total'] == f'{before + COUNT:,}'
            assert browser.complaints() == []
        finally:
            browser.close()


def test_all_of_it_comes_back_when_the_machine_boots(feed):
    feed.reboot()
    wait_for(lambda: feed.machine.shown('mcring@feed', 'ActiveState')['ActiveState'] == 'active', 20, 'the unit runs')
    wait_for(lambda: '239.1.1.1' in feed.members(), 5, 'the switch knows of the join')
    assert feed.machine.shown('mcring-exporter', 'ActiveState') == {'ActiveState': 'active'}
