# SPDX-License-Identifier: BSD-3-Clause
"""What a join gives while an engine is down, late, or refuses: an error or the data, never success
and silence."""

import os

import pytest

from frames import multicast
from membership_lan import inject
from netlab import wait_for
from programs import Daemon, Traffic, sockets_config
from socket_host import GROUP, OTHER, PORT, Host
from suite import need_tun

UNSEEN = '10.9.0.2'  # the engine's address on a port that the kernel does not see

# Joins each group at each address, as named, and says what became of it. Then it receives.
JOIN = """
if sys.argv[1] == 'nobody':
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
s = unbound()
s.bind(('', PORT))
for one in sys.argv[2:]:
    group, at = one.split('@')
    try:
        join(s, group, at)
        say(one, 'joined')
    except OSError as error:
        say(one, errno.errorcode[error.errno])
while True:
    receive(s)
"""


class Unseen(Host):
    """The engine has a port alone, and the kernel has none at all."""

    def start_engine(self, keys='', port='net_null0', vdev='net_null0,no-rx=1'):
        self.engine = Daemon(self.wire.lab, self.wire.receiver, '--interface',
                             f'feed={port},address={UNSEEN}/24', '--config',
                             sockets_config(self.wire.lab, keys), '--run-dir', self.run_dir,
                             vdev=vdev)
        self.engine.run_dir = self.run_dir
        return self.engine

    def outcomes(self, *joins, user='root', **kwargs):
        """What the joins of one program give; and the program, which goes on."""
        program = self.python(JOIN, user, *joins, **kwargs)
        program.says('ready')
        return [line.split()[1] for line in program.lines()[:len(joins)]], program


@pytest.fixture
def unseen(wire):
    wire.receiver.run('ip', 'link', 'del', 'eth0')
    os.chmod(wire.lab.dir, 0o755)
    return Unseen(wire, kernel=False)


def test_the_engines_address_is_enough_where_the_kernel_sees_nothing(unseen):
    unseen.start_engine()
    outcomes, program = unseen.outcomes(f'{GROUP}@{UNSEEN}', f'{OTHER}@0.0.0.0')
    assert outcomes == ['joined', 'joined']
    assert unseen.groups() == [GROUP, OTHER]
    assert [(s['kernel'], s['why']) for s in unseen.sockets(program)] == [(None, None)]
    program.kill()
    wait_for(lambda: unseen.groups() == [], 10, 'they are left')


def test_an_engine_that_is_down_is_an_error_where_the_kernel_sees_nothing(unseen):
    assert unseen.start_engine().stop() == 0
    assert unseen.outcomes(f'{GROUP}@{UNSEEN}')[0] == ['ENETDOWN']
    assert unseen.outcomes(f'{GROUP}@0.0.0.0')[0] == ['ENETDOWN']


def test_a_user_without_permission_gets_an_error_where_the_kernel_sees_nothing(unseen):
    unseen.start_engine()
    assert unseen.outcomes(f'{GROUP}@{UNSEEN}', user='nobody')[0] == ['EACCES']
    assert unseen.groups() == []


def test_a_second_group_beyond_the_limit_is_an_error_and_the_first_stays(unseen):
    unseen.start_engine('    joins: 1\n')
    outcomes, _ = unseen.outcomes(f'{GROUP}@{UNSEEN}', f'{OTHER}@{UNSEEN}')
    assert outcomes == ['joined', 'ENOBUFS']
    assert unseen.groups() == [GROUP]


def test_a_program_beyond_the_limit_gets_an_error(unseen):
    unseen.start_engine('    programs: 1\n')
    assert unseen.outcomes(f'{GROUP}@{UNSEEN}')[0] == ['joined']
    assert unseen.outcomes(f'{GROUP}@{UNSEEN}')[0] == ['ENOBUFS']


def test_an_unknown_interface_is_the_kernels_error(unseen):
    unseen.start_engine()
    assert unseen.outcomes(f'{GROUP}@10.8.0.2')[0] == ['ENODEV']


def test_what_is_joined_on_a_port_that_the_kernel_does_not_see_arrives(unseen):
    need_tun()
    unseen.start_engine(port='net_tap0', vdev='net_tap0,iface=dtap0')
    outcomes, program = unseen.outcomes(f'{GROUP}@{UNSEEN}')
    assert outcomes == ['joined']
    frame = multicast(b'1', group=GROUP, port=PORT, source='10.9.0.1')
    inject(unseen.wire.receiver, bytes(frame), interface='dtap0')
    program.says('got 1')


def test_a_late_engine_takes_over_and_no_datagram_is_lost(wire):
    host = Host(wire)
    program = host.python("""
s = member()
s.settimeout(0.2)
numbers, is_over = [], False
say('ready')
while not is_over:
    try:
        data = s.recv(2048)
        is_over = data == b'end'
        numbers.append(int.from_bytes(data[:8], 'big'))
    except TimeoutError:
        pass
numbers.pop()
say(len(set(numbers)), sorted(set(numbers)) == list(range(1, max(numbers) + 1)))
""")
    program.says('ready')
    assert host.kernel_groups() == [GROUP]
    traffic = Traffic(wire.sender, f'{GROUP}:{PORT}', rate=2000)
    engine = host.start_engine()
    wait_for(lambda: [(s['engine'], s['kernel']) for s in host.sockets(program)] ==
             [(GROUP, None)], 20, 'it has moved')
    before = engine.stats()['delivered']
    wait_for(lambda: engine.stats()['delivered'] > before + 500, 10, 'it goes on')
    sent = traffic.stop()['flows'][0]['sent']
    host.send('end')
    assert program.end() == (0, ['ready', f'{sent} True'])
