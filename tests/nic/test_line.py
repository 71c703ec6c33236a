# SPDX-License-Identifier: BSD-3-Clause
"""The line to the guest, here to a process of this machine, by way of one that loses octets."""

import os
import random
import socket
import subprocess
import threading

import pytest

import line


def pump(source, target, rng, loss):
    """Passes on what comes, but for some octets."""
    while True:
        data = source.recv(4096)
        if not data:
            target.shutdown(socket.SHUT_WR)
            return
        target.sendall(bytes(c for c in data if rng.random() >= loss))


@pytest.mark.parametrize('loss', [0, 0.002])
def test_each_command_runs_once_and_its_output_is_whole_whatever_the_line_loses(tmp_path, loss,
                                                                                monkeypatch):
    monkeypatch.setattr(line, 'HEARD_SECONDS', 0.3)
    near, far_near = socket.socketpair()
    far_far, far = socket.socketpair()
    serve = os.path.join(os.path.dirname(__file__), 'serve')
    guest = subprocess.Popen(['/usr/bin/busybox', 'sh', serve], stdin=far, stdout=far,
                             env={'ANSWER': str(tmp_path / 'answer'), 'PATH': '/usr/bin:/bin'})
    far.close()
    for seed, ends in enumerate([(far_near, far_far), (far_far, far_near)]):
        threading.Thread(target=pump, args=(*ends, random.Random(seed), loss), daemon=True).start()
    asked = line.Line(near)
    for n in range(60):
        status, output = asked.run(f'echo {n} >>{tmp_path}/ran; seq {n} {2 * n}; exit {n % 3}', 30)
        assert (status, output.split()) == (n % 3, [b'%d' % i for i in range(n, 2 * n + 1)])
    assert (tmp_path / 'ran').read_text().split() == [str(n) for n in range(60)]
    assert (asked.repeated > 0) == (loss > 0)
    near.shutdown(socket.SHUT_WR)
    assert guest.wait(10) == 0
