# SPDX-License-Identifier: BSD-3-Clause
"""Feeds that are declared once, by a daemon: its joins, who is handed a declaration, what a reload does."""

import array
import errno
import json
import os
import select
import signal
import socket
import struct
import subprocess

from netlab import wait_for
from programs import BUILD, MCRING, Daemon, Traffic, mcsend

NOBODY = 65534
HANDLER = os.path.join(BUILD, 'examples', 'feed')
HELLO = struct.Struct('=QII32s32sB47x')
WELCOME = struct.Struct('=QIiIIQ480s')
HELLO_MAGIC, VERSION, FEED, NOTICE_FEED = 0x006f6c6c6548434d, 2, 1, 3


class Refused(Exception):
    """Of the errno and the words that the engine gave."""


def ask(run_dir, feed):
    """Asks for a feed's declaration by hand; gives (socket, digest, text)."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(10)
    client.connect(os.path.join(run_dir, 'attach'))
    client.send(HELLO.pack(HELLO_MAGIC, VERSION, 0, feed.encode(), b'test', FEED))
    fds = array.array('i')
    answer, ancillary, _, _ = client.recvmsg(WELCOME.size, socket.CMSG_SPACE(fds.itemsize))
    for _, _, data in ancillary:
        fds.frombytes(data)
    _, _, status, rings, flags, digest, words = WELCOME.unpack(answer)
    assert rings == 0 and flags == 1
    if status < 0:
        assert not fds
        raise Refused(errno.errorcode[-status], words.rstrip(b'\0').decode())
    text = os.pread(fds[0], os.fstat(fds[0]).st_size, 0).decode()
    os.close(fds[0])
    return client, f'{digest:016x}', text


def refusal(run_dir, feed):
    try:
        ask(run_dir, feed)
    except Refused as why:
        return why.args
    raise AssertionError(f'{feed} was handed out')


def refusal_of_nobody(run_dir, feed):
    """The same for a user who is not among any readers."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(writing, json.dumps(refusal(run_dir, feed)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        words = answer.read()
    os.waitpid(child, 0)
    return json.loads(words)


def noticed(client, seconds=10):
    """Whether the engine says within that time that the feed is declared otherwise."""
    if not select.select([client], [], [], seconds)[0]:
        return False
    assert struct.unpack('=II', client.recv(64)) == (NOTICE_FEED, 0)
    return True


def line(group, channel='md', **keys):
    return {'channel': channel, 'joins': [{'groups': [group], 'ports': [5000], **keys}]}


class File:
    """The daemon's configuration."""

    def __init__(self, lab):
        self.path = lab.path('mcring.yaml')
        self.content = {
            'idle': 'adaptive', 'attach': {'mode': '0666'},
            'interfaces': [{'name': 'feed', 'port': 'net_af_packet0', 'address': '10.0.0.2/24'}],
            'channels': [{'name': 'md'}, {'name': 'secret', 'readers': {'users': ['root']}}],
            'joins': [{'groups': ['239.1.9.9:5000'], 'channel': 'md'}]}

    def write(self, *feeds, **more):
        with open(self.path, 'w') as out:
            json.dump({**self.content, **more, 'feeds': feeds}, out)  # YAML as well


def itch(**keys):
    return {'name': 'itch', 'declaration': 'moldudp64', **keys,
            'lines': [line('239.1.1.1', id=7), line('239.1.1.2')]}


HIDDEN = {'name': 'hidden', 'declaration': 'pitch',
          'lines': [line('239.1.2.1'), line('239.1.2.2', channel='secret')]}


def groups(daemon):
    return {group['group'] for group in daemon.stats()['groups']}


def listed(daemon):
    return {one['name']: one for one in json.loads(daemon.ctl('--json', 'feeds').stdout)['feeds']}


def test_a_feed_is_declared_once_and_handed_to_whoever_may_read_all_of_it(wire):
    os.chmod(wire.lab.dir, 0o755)
    file = File(wire.lab)
    file.write(itch(), HIDDEN)
    check = subprocess.run([MCRING, '--check', '--config', file.path], capture_output=True, text=True, timeout=30)
    assert check.returncode == 0 and check.stderr == '', check.stderr
    daemon = Daemon(wire.lab, wire.receiver, '--config', file.path, vdev='net_af_packet0,iface=eth0')

    # It makes the joins, with the user's ids, and nothing else of them.
    assert groups(daemon) == {'239.1.1.1', '239.1.1.2', '239.1.2.1', '239.1.2.2', '239.1.9.9'}
    reader = daemon.cat('--channel', 'md')
    mcsend(wire.sender, '239.1.1.1:5000', count=3)
    status, messages, _ = reader.stop(3)
    assert status == 0 and [one['id'] for one in messages] == [7, 7, 7]

    # The declaration is the same wherever one looks.
    client, digest, text = ask(daemon.run_dir, 'itch')
    assert f'# feed itch: digest {digest}, ' in check.stdout
    assert listed(daemon)['itch']['digest'] == digest
    assert text.startswith('feed itch\ndeclaration seq=10:8:be ')
    assert text.endswith('\nline A channel=md\njoin 239.1.1.1:5000\nline B channel=md\njoin 239.1.1.2:5000\n')
    assert listed(daemon)['itch']['readers'] == 1

    # Who may not read one channel is told nothing of the feed but that.
    code, words = refusal_of_nobody(daemon.run_dir, 'hidden')
    assert code == 'EACCES' and 'its channel "secret" has readers' in words and '239' not in words
    assert refusal_of_nobody(daemon.run_dir, 'nothing') == ['ENOENT', 'unknown feed "nothing"; this engine '
                                                            'declares: itch']
    assert ask(daemon.run_dir, 'hidden')[1] == listed(daemon)['hidden']['digest']

    # A reload that changes it: what is open stays what it was, and hears of it once.
    file.write(itch(gap_timeout='5ms'), HIDDEN)
    assert 'feeds +0 -0, changed 1' in daemon.ctl('reload').stdout
    assert noticed(client) and not noticed(client, 0.2)
    assert (listed(daemon)['itch']['readers'], listed(daemon)['itch']['old_readers']) == (0, 1)
    later, changed, text = ask(daemon.run_dir, 'itch')
    assert changed != digest and '\ngap_timeout 5ms\n' in text

    # The same file, or a bad one, concerns nobody.
    assert 'feeds' not in daemon.ctl('reload').stdout
    file.write(itch(gap_timeout='5 parsecs'), HIDDEN)
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: 'not reloaded' in daemon.log(), 10, 'the bad file is reported')
    assert f'{file.path}:1: gap_timeout' in daemon.log()
    assert not noticed(later, 0.2) and listed(daemon)['itch']['digest'] == changed

    # Without the feed those who have it open hear of it, and receive it as before; with the last of them
    # its groups are left.
    file.write(HIDDEN)
    assert 'joins +0 -2' in daemon.ctl('reload').stdout
    assert noticed(later)
    assert refusal(daemon.run_dir, 'itch')[0] == 'ENOENT'
    staying = {'239.1.2.1', '239.1.2.2', '239.1.9.9'}
    assert groups(daemon) == staying | {'239.1.1.1', '239.1.1.2'}
    client.close()
    assert groups(daemon) == staying | {'239.1.1.1', '239.1.1.2'}
    reader = daemon.cat('--channel', 'md', '--from', 'newest')
    wait_for(lambda: daemon.stats()['consumers'], 10, 'it is attached')
    mcsend(wire.sender, '239.1.1.1:5000', count=3)
    assert len(reader.stop(3)[1]) == 3
    later.close()
    wait_for(lambda: groups(daemon) == staying, 10, 'the groups of the feed that nobody has are left')

    # A preset that was not verified is warned of, on a reload, too.
    file.write({**itch(), 'declaration': 'cme'})
    daemon.ctl('reload')
    wait_for(lambda: "warning: " in daemon.log() and "feed itch: declaration 'cme': " in daemon.log(), 10,
             'the warning is in the log')
    check = subprocess.run([MCRING, '--check', '--config', file.path], capture_output=True, text=True, timeout=30)
    assert check.returncode == 0 and "feed itch: declaration 'cme': " in check.stderr

    # The end of the engine ends what it handed out.
    later = ask(daemon.run_dir, 'itch')[0]
    assert daemon.stop() == 0
    assert later.recv(64) == b''


def depth(engines, **keys):
    # As mcsend numbers its packets.
    return {'name': 'depth', 'declaration': 'seq=0:8:be counts=packets scope=feed', **keys,
            'lines': [{'engine': engine, **line(f'239.1.1.{n}')} for n, engine in enumerate(engines, 1)]}


class Handler:
    """The example of docs/feeds.md, which opens a feed of the engine in run_dir."""

    def __init__(self, daemon, feed):
        self.path = daemon.lab.path(f'handler{next(Daemon.count)}')
        with open(self.path, 'w') as out:
            self.process = daemon.host.start('env', f'MCRING_RUN_DIR={daemon.run_dir}', 'stdbuf', '-oL',
                                             HANDLER, feed, stdout=out, stderr=out)

    def text(self):
        with open(self.path) as lines:
            return lines.read()

    def refused(self):
        assert self.process.wait(20) == 1, self.text()
        return self.text()

    def says(self, words):
        def said():
            assert self.process.poll() is None, self.text()
            return words in self.text()

        wait_for(said, 20, f'the handler says "{words}"')

    def end(self):
        self.process.kill()
        self.process.wait()


def test_two_engines_of_one_feed_must_agree(wire):
    engines = [f't{os.getpid()}_{letter}' for letter in 'ab']
    files = [File(wire.lab), File(wire.lab)]
    files[1].path = wire.lab.path('other.yaml')
    files[1].content['interfaces'] = [{'name': 'feed', 'port': 'net_null0', 'igmp': 'off'}]
    files[0].write(depth(engines))
    files[1].write(depth(engines, window=64))
    daemons = [Daemon(wire.lab, wire.receiver, '--config', file.path, vdev=vdev, name=engine)
               for file, engine, vdev in zip(files, engines, ('net_af_packet0,iface=eth0', 'net_null0,size=64'))]

    # Each makes the joins of its own line.
    assert groups(daemons[0]) == {'239.1.1.1', '239.1.9.9'}
    assert groups(daemons[1]) == {'239.1.1.2', '239.1.9.9'}
    assert [one['own'] for one in listed(daemons[1])['depth']['lines']] == [False, True]

    # Whichever is asked, the difference is named.
    here = [f'4096 on {daemons[0].run_dir}', f'64 on {daemons[1].run_dir}']
    for daemon, order in zip(daemons, (here, here[::-1])):
        words = Handler(daemon, 'depth').refused()
        assert 'window is ' + ', '.join(order) in words, words

    # Where they agree it opens, and data come by the line of the one; and when they no longer do, it goes on.
    files[1].write(depth(engines))
    daemons[1].ctl('reload')
    assert listed(daemons[0])['depth']['digest'] == listed(daemons[1])['depth']['digest']
    handler = Handler(daemons[1], 'depth')
    wait_for(lambda: all(listed(daemon)['depth']['readers'] == 1 for daemon in daemons), 20, 'it has asked both')
    traffic = Traffic(wire.sender, '239.1.1.1:5000', rate=100)
    handler.says('octets by line 0')
    files[0].write(depth(engines, window=64))
    daemons[0].ctl('reload')
    assert listed(daemons[0])['depth']['old_readers'] == 1
    seen = len(handler.text())
    wait_for(lambda: len(handler.text()) > seen + 100, 20, 'the handler goes on with what it has')
    assert handler.process.poll() is None
    handler.end()
    assert 'window is' in Handler(daemons[1], 'depth').refused()

    # An engine that does not run is a line that is down, not the end of the feed.
    assert daemons[1].stop() == 0
    handler = Handler(daemons[0], 'depth')
    handler.says('octets by line 0')
    handler.end()
    traffic.stop()
