# SPDX-License-Identifier: BSD-3-Clause
"""What the conftest.py of every suite of pytest takes over."""

import os
import signal

import pytest

import netlab
import programs


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit('these tests make network namespaces: run them as root', 1)
    if not os.path.exists(programs.MCRING):
        pytest.exit(f'{programs.MCRING} is missing: tools/check builds it', 1)

    # A polite end of the run, so that everything is removed.
    def interrupt(signo, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    os.umask(0o022)
    netlab.sweep()


def need_tun():
    """Skips the test where there are no tap devices: a container may have none."""
    if not os.path.exists('/dev/net/tun'):
        pytest.skip('absent: /dev/net/tun')


@pytest.fixture
def lab():
    lab = netlab.Lab()
    yield lab
    lab.close()
