"""Ports for servers that are told where to listen before they start.

A port that the system hands out lies in the range of outgoing connections: between the
handing out and the listening any connection may take it. Ours lie below that range, each
process of the tests has a slice of its own, and none is given twice.
"""

import os
import random
import socket

FIRST, LAST = 20_000, 32_000  # Linux begins outgoing connections at 32,768
SLICE = 1_500

_given: set[int] = set()


def free_port() -> int:
    """One that nobody listens on and that this process has not given yet."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST + worker * SLICE % (LAST - FIRST)
    while True:
        port = random.randrange(first, first + SLICE)
        if port not in _given and _free(port):
            _given.add(port)
            return port


def free_ports(count: int) -> list[int]:
    return [free_port() for _ in range(count)]


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
