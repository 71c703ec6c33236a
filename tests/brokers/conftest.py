# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the tests of mcring-sink with brokers. They need root and a build (see tools/check)."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), 'lab'))

import nats  # noqa: E402
from suite import lab, pytest_configure  # noqa: E402, F401


@pytest.fixture
def server(lab):
    """A nats-server with JetStream on loopback."""
    return nats.Server(lab)


@pytest.fixture
def client(server):
    """A connection to it."""
    one = nats.Client(server.url)
    yield one
    one.close()
