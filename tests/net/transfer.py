#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""One TCP connection that carries octets one way: `transfer.py listen|connect ADDRESS PORT
send|receive MEGABYTES`. Prints the octets' number and SHA-256 on either side."""

import hashlib
import random
import socket
import sys

TIMEOUT = 60
PIECE = 1 << 16


def peer(role, address, port):
    if role == 'connect':
        return socket.create_connection((address, port), TIMEOUT)
    with socket.create_server((address, port)) as server:
        server.settimeout(TIMEOUT)
        print('listening', flush=True)
        connection, _ = server.accept()
        connection.settimeout(TIMEOUT)
        return connection


def main(role, address, port, way, megabytes):
    digest, total = hashlib.sha256(), 0
    with peer(role, address, int(port)) as connection:
        if way == 'send':
            data = random.Random(port + address).randbytes(int(megabytes) * 1_000_000)
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)  # until the other side has read it all
            digest.update(data)
            total = len(data)
        else:
            while piece := connection.recv(PIECE):
                digest.update(piece)
                total += len(piece)
    print(total, digest.hexdigest(), flush=True)


main(*sys.argv[1:])
