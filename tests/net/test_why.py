# SPDX-License-Identifier: BSD-3-Clause
"""Frames arrive, and readers do not get them: each kind is made for real, and why names it. All are
sent all the time to one engine with five ports."""

import pytest

import netlab
from frames import Dot1Q, Ether, IP, fragments, multicast, write_pcap
from membership_lan import IGMP
from netlab import wait_for
from programs import CAT, CTL, Daemon, Traffic
from test_kernel_side import SEGMENTED
from why_lab import CAUSE, FLOWS, ask, codes, pages_answer, says, spray, wait_verdict, why, without_times

# The interfaces, each at the end of a wire eth0, eth1, ... of this MTU; one more plays a file.
WIRES = {'feed': 9000, 'five': 1500, 'soft': 1500, 'raw': 1500}
VDEVS = ('net_af_packet0,iface=eth0', 'net_af_packet1,iface=eth1',
         # A bridge gets uncut what a sender hands over as one: docs/nics.md.
         'net_af_packet2,iface=br0', 'net_pcap0,iface=eth3')
FLOWING, UNREAD = '239.1.0.1', '239.1.0.2'


def with_ip(frame, **fields):
    for key, value in fields.items():
        setattr(frame[IP], key, value)
    return frame


def from_mac(frame, address):
    frame[Ether].src = address
    return frame


def icmp(group):
    """What pings a group."""
    frame = multicast(b'', group)
    frame[IP].remove_payload()
    frame[IP].proto = 1
    return frame / (b'\x08\0\xf7\xff' + bytes(4))


class Case:
    """code: the first finding when `ask` (the join, unless given) is asked about, whose line has the
    words. join: on `interface`. frames: come by the wire of `wire` (the interface, unless given)."""

    def __init__(self, code, join, frames, *words, interface='feed', wire=None, ask=None, channel=''):
        self.code, self.join, self.frames, self.words = code, join, frames, words
        self.interface, self.wire, self.ask = interface, wire or interface, ask or join
        self.channel = channel and f',channel={channel}'


CASES = {
    'tagged frames to an untagged interface': Case(
        'wrong_vlan', '239.1.1.1:5000', [multicast(b'x', '239.1.1.1', tags=[Dot1Q(vlan=7)])], 'VLAN 7'),
    'untagged frames to an interface with a VLAN': Case(
        'wrong_vlan', '239.1.1.2:5000', [multicast(b'x', '239.1.1.2')], 'untagged', interface='five'),
    'frames of another VLAN than that of the interface': Case(
        'wrong_vlan', '239.1.1.3:5000', [multicast(b'x', '239.1.1.3', tags=[Dot1Q(vlan=6)])], 'VLAN 6',
        interface='five'),
    'another port gets it': Case(
        'wrong_interface', '239.1.1.4:5000', [multicast(b'x', '239.1.1.4', tags=[Dot1Q(vlan=5)])], 'five',
        wire='five'),
    'another interface of the port gets it': Case(
        'wrong_interface', '239.1.1.5:5000', [multicast(b'x', '239.1.1.5', tags=[Dot1Q(vlan=10)])], 'ten'),
    'another source': Case(
        'wrong_source', '239.1.1.6:5000@10.0.0.9', [multicast(b'x', '239.1.1.6')], '10.0.0.7'),
    'an excluded source': Case(
        'wrong_source', '239.1.1.7:5000@!10.0.0.7', [multicast(b'x', '239.1.1.7')], '10.0.0.7',
        ask='239.1.1.7:5000'),
    'another source of IPv6': Case(
        'wrong_source', '[ff15::8]:5000@[2001:db8::9]', [multicast(b'x', 'ff15::8')], '2001:db8::7'),
    'another UDP port': Case(
        'wrong_port', '239.1.1.9:5000', [multicast(b'x', '239.1.1.9', port=5001)], '5001'),
    'another group of the same MAC address': Case(
        'mac_alias', '239.1.1.10:5000', [multicast(b'x', '239.129.1.10')], '239.129.1.10'),
    'its source sends to a neighbouring group': Case(
        'wrong_group', '239.1.2.1:5100@10.0.0.77', [multicast(b'x', '239.1.2.2', port=5100, source='10.0.0.77')],
        '239.1.2.2'),
    'it comes in IPv4': Case(
        'wrong_family', '[ff15::2:3]:5200', [multicast(b'x', '239.1.2.3', port=5200)], '239.1.2.3'),
    'a group that never leaves its link, and a source elsewhere': Case(
        'out_of_scope', '224.0.0.99:5000', [], ask='224.0.0.99:5000@10.9.9.9'),
    'nobody joined it': Case(
        'not_joined', None, [multicast(b'x', '239.1.1.11')], '10.0.0.7', ask='239.1.1.11:5000'),
    'nobody joined it, and it does not come': Case(
        'not_joined', None, [], ask='239.1.1.12:5000'),
    'fragments of IPv6': Case(
        'fragment', '[ff15::d]:5000', fragments(multicast(bytes(2000), 'ff15::d'), 1200)),
    'fragments of IPv4': Case(
        'fragment', '239.1.1.14:5000', [with_ip(multicast(bytes(96), '239.1.1.14'), flags='MF')],
        interface='raw'),
    'a frame longer than the driver takes': Case(
        'truncated', '239.1.1.15:5000', [multicast(bytes(3000), '239.1.1.15')], '1982'),
    'a bad checksum of UDP': Case(
        'bad_checksum', '239.1.1.16:5000', [multicast(b'x', '239.1.1.16', checksum=0x1234)], 'UDP'),
    'a bad checksum of IP': Case(
        'bad_checksum', '239.1.1.17:5000', [with_ip(multicast(b'x', '239.1.1.17'), chksum=0x1234)], 'IP'),
    'IPv6 without a checksum': Case(
        'bad_checksum', '[ff15::12]:5000', [multicast(b'x', 'ff15::12', checksum=0)], 'UDP'),
    'a length of IP that is none': Case(
        'malformed', '239.1.1.19:5000', [with_ip(multicast(b'x', '239.1.1.19'), len=12)]),
    'a source that no host may have': Case(
        'bad_source', '239.1.1.20:5000', [multicast(b'x', '239.1.1.20', source='127.0.0.1')], '127.0.0.1'),
    'frames from the port\'s own address': Case(
        'own_frame', '239.1.1.21:5000', lambda own: [from_mac(multicast(b'x', '239.1.1.21'), own)]),
    'a payload that the ring cannot hold': Case(
        'too_large', '239.1.1.22:5000', [multicast(bytes(16400), '239.1.1.22')], interface='file',
        channel='small'),
    'no UDP': Case('not_udp', '239.1.1.23:5000', [icmp('239.1.1.23')]),
}
GSO = '239.1.1.30'


class Hosts:
    """A sender with wires to a receiver, and the engine there with a reader."""

    def __init__(self, lab):
        self.sender, receiver = lab.namespace('tx'), lab.namespace('rx')
        for n, mtu in enumerate(WIRES.values()):
            lab.wire(self.sender, f'eth{n}', receiver, f'eth{n}', mtu)
            self.sender.run('ip', 'addr', 'add', f'10.0.{n}.1/24', 'dev', f'eth{n}')
        receiver.run('sh', '-ec', 'ip link add br0 up type bridge mcast_snooping 0; '
                     'ip link set eth2 master br0')
        joins = [f'--join={case.join},interface={case.interface}{case.channel}'
                 for case in CASES.values() if case.join]
        path = write_pcap(lab.path('file.pcap'), CASES['a payload that the ring cannot hold'].frames)
        self.daemon = Daemon(
            lab, receiver,
            '--interface', 'feed=net_af_packet0,address=10.0.0.2/24,udp-checksum=verify',
            '--interface', 'ten=net_af_packet0,vlan=10,address=10.0.10.2/24',
            '--interface', 'five=net_af_packet1,vlan=5,address=10.0.1.2/24',
            '--interface', 'soft=net_af_packet2,address=10.0.2.2/24',
            '--interface', 'raw=net_pcap0,address=10.0.3.2/24', '--interface', 'file=net_pcap1,igmp=off',
            '--channel', 'default,bytes=1M', '--channel', 'small,bytes=64K', '--channel', 'unread,bytes=64K',
            f'--join={FLOWING}:5000,interface=feed',
            f'--join={UNREAD}:5000,interface=feed,channel=unread', f'--join={GSO}:5000,interface=soft',
            *joins, '--idle', 'adaptive', vdev=(*VDEVS, f'net_pcap1,rx_pcap={path}'))
        self.readers = [self.daemon.cat('--channel', name, timeout=300) for name in ('default', 'small')]
        wait_for(lambda: len(self.daemon.stats()['consumers']) == 2, 10, 'the readers are attached')
        # veth leaves checksums to a NIC that is not there.
        self.sender.run('ethtool', '-K', 'eth0', 'tx', 'off')
        self.traffic = Traffic(self.sender, f'{FLOWING}:5000', f'{UNREAD}:5000', rate=20)
        self.send()

    def send(self):
        own = self.daemon.stats()['ports'][0]['mac']
        for n, wire in enumerate(WIRES):
            frames = [IGMP.query(3, tenths=10, source='10.0.0.254')]
            for case in CASES.values():
                if case.wire == wire:
                    frames += case.frames(own) if callable(case.frames) else case.frames
            spray(self.sender, f'eth{n}', frames, seconds=0.5)
        self.segment(1400)

    def segment(self, size):
        """Ten datagrams that a sender hands over as one: UDP_SEGMENT of udp(7)."""
        script = SEGMENTED.replace('10.0.0.1', '10.0.2.1')
        self.sender.run('/usr/bin/python3', '-c', script, size, GSO)


@pytest.fixture(scope='module')
def hosts():
    lab = netlab.Lab()
    try:
        yield Hosts(lab)
    finally:
        lab.close()


@pytest.mark.parametrize('name', CASES)
def test_why_names(hosts, name):
    case = CASES[name]
    answer = wait_verdict(hosts.daemon, case.code, CAUSE, case.words, case.ask)
    finding = answer['findings'][0]
    assert finding['interface'] in (case.interface, None), finding


def test_a_sender_that_hands_over_many_as_one(hosts):
    """Only where the kernel does not cut them: docs/nics.md."""
    answer = wait_verdict(hosts.daemon, 'truncated', CAUSE, ['1982'], f'{GSO}:5000')
    assert says(answer['findings'][0]['todo'], 'UDP_SEGMENT') and says(answer['findings'][0]['todo'], 'framesz'), answer


def test_what_goes_into_a_channel_that_nobody_reads(hosts):
    answer = wait_verdict(hosts.daemon, 'reader_elsewhere', CAUSE, ['unread', 'default'], f'{UNREAD}:5000')
    assert says(answer['findings'][0]['todo'], 'default', 'unread'), answer
    wait_verdict(hosts.daemon, 'reader_elsewhere', CAUSE, ['unread'], channel='unread')


def test_what_flows_is_well_beside_all_of_them(hosts):
    wait_verdict(hosts.daemon, None, FLOWS, [FLOWING], f'{FLOWING}:5000')


def test_without_a_group_the_worst_comes_first(hosts):
    answer = wait_verdict(hosts.daemon, why(hosts.daemon)['findings'][0]['code'], CAUSE)
    # Those that something arrives of are before those that nothing does.
    assert {'wrong_vlan', 'wrong_source', 'truncated', 'fragment', 'bad_checksum'} <= set(codes(answer)), answer
    assert len(answer['findings']) <= 64
    read_only = ask(hosts.daemon, 'stats', command='why')
    assert codes(read_only) == codes(answer), 'the socket of monitors says the same'
    for finding in answer['findings']:
        assert finding['groups'] >= 1 or finding['group'] is None, finding


def text_of(daemon, *args):
    """What mcring-ctl why prints; its status is that of the JSON."""
    done = daemon.ctl('why', *args, check=False)
    assert max(map(len, done.stdout.splitlines())) <= 100, done.stdout
    assert done.stderr == '', done.stderr
    return done.returncode, done.stdout.splitlines()


def test_the_text_has_it_all(hosts):
    for group in '239.1.1.1:5000', '239.1.1.15:5000', f'{FLOWING}:5000', None:
        status, lines = text_of(hosts.daemon, *([group] if group else []))
        answer = why(hosts.daemon, group)
        assert status == answer['exit'], lines
        text = ' '.join(' '.join(lines).split())
        for finding in answer['findings']:
            assert finding['code'] in text and all(one in text for one in finding['todo']), (finding, lines)


def test_a_question_that_is_none_is_no_verdict(hosts, lab):
    for args in ('10.0.0.1',), ('239.1.1.1:0',), ('239.1.1.1', '239.1.1.2'), ('--channel', 'nobodys'):
        done = hosts.daemon.ctl('why', *args, check=False)
        assert (done.returncode, done.stdout) == (3, '') and done.stderr.count('\n') == 1, done
    done = lab.namespace('h').run(CTL, '--run-dir', '/nowhere', 'why', check=False)
    assert done.returncode == 3 and done.stdout == '', done


def test_mcring_cat_says_the_first_line_when_nothing_came(hosts):
    done = hosts.daemon.host.run(CAT, '--run-dir', hosts.daemon.run_dir, '--channel', 'small', '--timeout', 1,
                                 check=False)
    first = why(hosts.daemon, channel='small')['first']
    assert done.stdout == '' and without_times(first) in without_times(done.stderr), (done, first)


@pytest.mark.parametrize('page', ['README.md', 'docs/why.md'])
def test_the_pages_show_what_is_printed(hosts, page):
    group = '239.1.1.1:5000'
    _, lines = text_of(hosts.daemon, group)
    assert without_times(pages_answer(page, group)) == without_times(' '.join(lines))
