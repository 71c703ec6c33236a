# SPDX-License-Identifier: BSD-3-Clause
"""A user's connections to the socket `stats`, well and badly behaved, until the process is ended.

monitors.py PATH ASKERS DEAF: so many ask without pause, so many never read. Then one of each: sends
nothing, sends half a request, sends garbage, sends without an end of line, leaves its connection to a
child. Each connects again when it is cut off; and so many connections wait to be accepted that there is
no room for more."""

import os
import select
import socket
import sys
import time

ASK = b'{"command":"stats"}\n'


class Monitor:
    """Asks, reads, asks again."""

    events = select.POLLIN

    def __init__(self, path):
        self.path, self.socket, self.answers = path, None, 0
        self.connect()

    def connect(self):
        if self.socket:
            self.socket.close()
        self.socket = socket.socket(socket.AF_UNIX)
        try:
            self.socket.setblocking(False)
            self.socket.connect(self.path)
            self.begin()
        except OSError:
            self.socket.close()
            self.socket = None

    def begin(self):
        self.socket.send(ASK)

    def ready(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError
        if data.endswith(b'\n'):
            self.answers += 1
            self.begin()


class Deaf(Monitor):
    """Has the answer begin and reads none of it."""

    events = 0


class Silent(Deaf):
    def begin(self):
        pass


class Half(Deaf):
    def begin(self):
        self.socket.send(ASK[:7])


class Garbage(Monitor):
    def begin(self):
        self.socket.send(b'\xff{[\x00\n')


class Endless(Monitor):
    events = select.POLLIN | select.POLLOUT

    def begin(self):
        pass

    def ready(self):
        self.socket.send(b'x' * 65536)


class Orphan(Deaf):
    """A child keeps the connection."""

    def connect(self):
        super().connect()
        if self.socket and os.fork() == 0:
            os.closerange(0, 3)
            time.sleep(2)
            os._exit(0)


class Knocker:
    """Connects, and is gone."""

    def __init__(self, path, n=40):
        self.path, self.n, self.sockets = path, n, []

    def knock(self):
        for one in self.sockets:
            one.close()
        self.sockets = [socket.socket(socket.AF_UNIX) for _ in range(self.n)]
        for one in self.sockets:
            one.setblocking(False)
            one.connect_ex(self.path)


def main():
    path, askers, deaf = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    all_of_us = [Monitor(path) for _ in range(askers)] + [Deaf(path) for _ in range(deaf)]
    all_of_us += [kind(path) for kind in (Silent, Half, Garbage, Endless, Orphan)]
    knocker = Knocker(path)
    print('ready', flush=True)
    while True:
        knocker.knock()
        poll = select.poll()
        by_fd = {one.socket.fileno(): one for one in all_of_us if one.socket}
        for fd, one in by_fd.items():
            poll.register(fd, one.events)
        for fd, events in poll.poll(20):
            one = by_fd[fd]
            try:
                if events & select.POLLHUP and not events & select.POLLIN:
                    raise ConnectionError
                one.ready()
            except BlockingIOError:
                pass
            except OSError:
                one.connect()
        for one in all_of_us:
            if not one.socket:
                one.connect()


if __name__ == '__main__':
    main()
