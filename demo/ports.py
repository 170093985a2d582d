"""Loopback ports of programs that are killed and started again at the same address."""

from __future__ import annotations

import socket
from random import SystemRandom

#: Below the ports that operating systems give to outgoing connections: while the program is away, no connection can
#: take its port for an end of its own, nor, asking for that very port, be connected to itself.
_FIRST, _LAST = 20_000, 32_000
_TRIES = 100


def free_port() -> int:
    """A loopback port that is free now. Raises OSError if none is found."""
    chance = SystemRandom()
    for _ in range(_TRIES):
        port = chance.randint(_FIRST, _LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port between {_FIRST} and {_LAST}")
