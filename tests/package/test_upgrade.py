# SPDX-License-Identifier: BSD-3-Clause
"""From one built version to the next, and the end: what is kept, what is not interrupted, what is left."""

import json
import os

from frames import multicast, write_pcap
from membership_lan import IGMP, Tap
from netlab import wait_for
from programs import Traffic, sequence

MORE = '''
# By the operator.
keep_memberships: yes
'''
OVERRIDE = '/etc/systemd/system/mcring@feed.service.d/operator.conf'


def version(site, package='mcring'):
    return site.machine.run('dpkg-query', '-W', '-f', '${Version}', package).stdout


def pid(site):
    return site.machine.shown('mcring@feed', 'MainPID')['MainPID']


def test_an_upgrade_keeps_the_configuration_and_the_daemon_and_a_restart_the_memberships(feed, commands, packages):
    machine = feed.machine
    machine.sh(f'''
cat >>/etc/mcring/feed.yaml <<'END'{MORE}END
mkdir -p {OVERRIDE.rpartition('/')[0]}
printf '[Service]\\nNice=-5\\n' >{OVERRIDE}
systemctl daemon-reload
systemctl restart mcring@feed''')
    wait_for(lambda: '239.1.1.1' in feed.members(), 5, 'the switch knows of the join')
    kept = {path: machine.read(path) for path in ('/etc/mcring/feed.yaml', OVERRIDE)}
    before, old = version(feed), pid(feed)

    cat, messages = feed.start('mcring-cat --name feed --format json', 'upgrade.json')
    wait_for(lambda: feed.stats()['consumers'], 5, 'the reader is attached')
    traffic = Traffic(feed.sender, '239.1.1.1:5000', rate=1000)
    feed.put(packages, 'next')
    printed = feed.do(commands.install)
    sent = traffic.stop()['flows'][0]['sent']
    assert version(feed) == version(feed, 'mcring-exporter') == version(feed, 'mcring-tools') != before
    assert pid(feed) == old and 'systemctl restart mcring@feed' in printed, 'the operator is told to restart it'
    assert {path: machine.read(path) for path in kept} == kept
    wait_for(lambda: feed.stats()['consumers'][0]['received'] == sent, 10, 'the reader has them all')

    # At the switch: the driver's frames pass by who listens on the interface itself.
    tap = Tap(feed.switch.host, 'to_machine', machine.sh('cat /sys/class/net/lan0/address').stdout.strip(), IGMP)
    machine.sh('systemctl restart mcring@feed')
    assert pid(feed) != old and '239.1.1.1' in feed.members()
    assert machine.shown('mcring@feed', 'Nice') == {'Nice': '-5'}
    told = tap.stop()
    assert told, 'the new daemon reports what it joins'
    for m in told:
        # 1, 2: current state, 4: change to exclude, that is a join.
        assert m.type == IGMP.report and set(m.records) <= {1, 2, 4}, m.told()
    cat.wait(10)  # it ended with its daemon
    seen = [json.loads(line) for line in messages().splitlines() if line.startswith('{')]
    assert [sequence(one) for one in seen if 'event' not in one] == list(range(1, sent + 1))


def test_a_program_in_python_reads_a_replay(feed):
    """Without numpy, which is only recommended."""
    debs = ' '.join(f'./build-packages/{name}_*.deb' for name in ('libmcring-client2', 'libmcring-feed2', 'python3-mcring'))
    feed.do(f'apt-get install -y --no-install-recommends {debs}')
    path = feed.debian.path('/root/three.pcap')
    write_pcap(path, [multicast(b'%06d' % i) for i in range(3)])
    replay, _ = feed.start('mcring-replay --speed max --wait-readers 1 --run-dir /root/run /root/three.pcap', 'replay.log')
    wait_for(lambda: os.path.exists(feed.debian.path('/root/run/attach')), 10, 'the replay serves')
    assert feed.do("""python3 -c '
import mcring
with mcring.Consumer(run_dir="/root/run") as consumer:
    print(*(m.payload.decode() for m in consumer))'""").split() == ['000000', '000001', '000002']
    assert replay.wait(10) == 0


def test_a_purge_leaves_nothing(feed):
    """But what the operator made outside of what is ours, and Debian's packages that others may want."""
    machine = feed.machine
    feed.do('apt-get install -y --no-install-recommends $(ls ./build-packages/*.deb | grep -v -- -dev_)')
    names = machine.sh("dpkg-query -W -f '${Package}\\n' 'mcring*' 'libmcring*' python3-mcring").stdout.split()
    assert {'mcring', 'mcring-bench', 'libmcring2'} <= set(names)
    # Without these options apt keeps what another package only suggests: python3 for iproute2.
    feed.do(f'apt-get purge -y {" ".join(names)}\napt-get autoremove --purge -y '
            '-o APT::AutoRemove::RecommendsImportant=false -o APT::AutoRemove::SuggestsImportant=false')
    assert not machine.run('pgrep', 'mcring', check=False).stdout
    assert not machine.sh("getent passwd | grep mcring || true; getent group | grep mcring || true").stdout
    assert not machine.sh("ls -d /run/mcring* /dev/shm/*mcring* /dev/hugepages/*mcring* 2>/dev/null || true").stdout
    assert not machine.sh("systemctl list-units --all --plain --no-legend '*mcring*.service'").stdout
    after = feed.files()
    left = {path: (feed.before.get(path), after.get(path)) for path in feed.before.keys() | after.keys()
            if feed.before.get(path) != after.get(path)}
    assert not left
