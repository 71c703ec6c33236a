# SPDX-License-Identifier: BSD-3-Clause
"""Faults that users of other libraries for sockets reported: the kind of each does not occur here.
Others of the kind have their tests in test_socket_holds.py."""

import pytest

from netlab import wait_for
from programs import mcsend
from socket_host import GROUP, OTHER, PORT, Host


@pytest.fixture
def host(wire):
    host = Host(wire)
    host.start_engine()
    return host


def engines(host, script, *args, options=()):
    """Starts a program that receives from the engine, or fails."""
    return host.python(script, *args, options=['--require', *options])


def test_datagrams_of_every_size_that_a_frame_holds_arrive(host):
    """Mellanox/libvma 387: those that needed no fragments were lost."""
    program = engines(host, """
s = member()
say('ready')
print([len(s.recv(2048)) for _ in range(5)], flush=True)
""")
    program.says('ready')
    sizes = [1, 18, 100, 1471, 1472]
    for size in sizes:
        host.send('x' * size)
    program.says(str(sizes))


def test_a_set_within_a_set_reports_data_level_and_edge(host):
    """Mellanox/libvma 219: nothing ever came out of the outer set."""
    script = """
s = member()
s.setblocking(False)
inner, outer = select.epoll(), select.epoll()
inner.register(s, select.EPOLLIN)
outer.register(inner, select.EPOLLIN | (select.EPOLLET if sys.argv[1] == 'edge' else 0))
for n in 1, 2:
    say('ready')
    say('outer', outer.poll(20) == [(inner.fileno(), select.EPOLLIN)], 'inner',
        inner.poll(0) == [(s.fileno(), select.EPOLLIN)], s.recv(2048).decode())
"""
    programs = [engines(host, script, kind) for kind in ('level', 'edge')]
    for n in 1, 2:
        for one in programs:
            one.says('ready', n)
        host.send(n)
        for one in programs:
            one.says(f'outer True inner True {n}')


def test_data_that_came_before_an_add_is_an_edge(host):
    """F-Stack/f-stack 351: an event was missed if data was there when the socket was added."""
    program = engines(host, """
s = member()
s.setblocking(False)
say('ready')
select.select([s], [], [], 20)  # it has come
e = select.epoll()
e.register(s, select.EPOLLIN | select.EPOLLET)
say(e.poll(20) == [(s.fileno(), select.EPOLLIN)], e.poll(0))
e.modify(s, select.EPOLLIN | select.EPOLLET)
say(e.poll(20) == [(s.fileno(), select.EPOLLIN)], e.poll(0))
""")
    program.says('ready')
    host.send('1')
    program.says('True []', times=2)


def test_threads_of_one_program_reach_each_other(host):
    """Mellanox/libvma 1009: what stayed within the host was lost."""
    program = engines(host, """
s, one = member(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(('127.0.0.1', 0))
server = socket.create_server(('127.0.0.1', 0))
def client():
    with socket.create_connection(server.getsockname()) as c:
        c.sendall(b'tcp')
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'udp', one.getsockname())
threading.Thread(target=client).start()
e, got = select.epoll(), []
for it in s, one, server:
    e.register(it, select.EPOLLIN)
say('ready')
while len(got) < 3:
    for fd, _ in e.poll(20):
        if fd == server.fileno():
            e.unregister(server)
            got.append(server.accept()[0].recv(100, socket.MSG_WAITALL))
        else:
            got.append((s if fd == s.fileno() else one).recv(100))
say(b' '.join(sorted(got)).decode())
""")
    program.says('ready')
    host.send('joined')
    program.says('joined tcp udp')


def test_a_program_hears_this_host_and_the_wire_at_once(host):
    """cisco/exanic-software 88: with the loop, nothing came in from the wire."""
    program = engines(host, """
s = member()
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(OWN))
for n in range(3):
    receive(s)
    s.sendto(b'own%d' % n, (GROUP, PORT))
    say('got', s.recv(2048).decode())
""", options=['--loop'])
    for n in range(3):
        program.says('ready', n + 1)
        host.send(f'wire{n}')
        program.says(f'got own{n}')
    assert [line for line in program.end()[1] if line != 'ready'] == [
        f'got {who}{n}' for n in range(3) for who in ('wire', 'own')]


COUNT = """
s = member()
say('ready')
n = 0
while True:
    data = s.recv(2048)
    if data == b'end':
        break
    n += 1
say('got', n)
"""


def test_a_second_program_that_ends_changes_nothing_for_the_first(host):
    """Xilinx-CNS/onload 321: from then on it received each datagram twice."""
    first = engines(host, COUNT)
    first.says('ready')
    for _ in range(2):
        second = engines(host, COUNT)
        second.says('ready')
        mcsend(host.wire.sender, f'{GROUP}:{PORT}', count=100, rate=10_000)
        second.kill()
        wait_for(lambda: len(host.engine.stats()['consumers']) == 1, 10, 'it is gone')
        mcsend(host.wire.sender, f'{GROUP}:{PORT}', count=100, rate=10_000)
    host.send('end')
    first.says('got 400')


@pytest.mark.parametrize('way', ['kernel', 'engine'])
def test_two_groups_on_one_port_are_told_apart_as_the_option_says(host, way):
    """tsduck/tsduck 22: a program received what others on the host had joined."""
    script = """
IP_MULTICAST_ALL = 49
one, other = member(GROUP), member(OTHER)
for all in 1, 0:
    for s in one, other:
        s.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, all)
        s.settimeout(20)
    say('ready')
    for s in one, other:
        got = []
        while not got or got[-1] != 'end':
            got.append(s.recv(2048).decode())
            if got[-1] == 'end' and all and got.count('end') < 2:
                got.append('')
        say(all, ' '.join(got))
"""
    program = engines(host, script) if way == 'engine' else host.python_on_kernel(script)
    for n in 1, 2:
        program.says('ready', n)
        host.send('a')
        host.send('b', group=OTHER)
        host.send('end')
        host.send('end', group=OTHER)
    assert program.end()[1] == ['ready', '1 a b end  end', '1 a b end  end', 'ready', '0 a end',
                                '0 b end']


def test_a_file_over_the_socket_reads_what_arrives(host):
    """shadow/shadow 991: calls within libc pass by a library that is preloaded."""
    program = engines(host, """
s = member()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.fread.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p
file, data = libc.fdopen(s.fileno(), b'r'), ctypes.create_string_buffer(4)
say('ready')
say(libc.fread(data, 1, 4, file), data.raw.decode())
""")
    program.says('ready')
    host.send('four')
    program.says('4 four')
