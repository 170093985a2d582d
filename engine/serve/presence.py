"""How other commands find a running daemon: one small file in the state folder, there while it serves."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from engine.base.identity import json_bytes

FILE = "daemon.json"
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - replaced by loopback


@dataclass(frozen=True, slots=True)
class Presence:
    """A daemon as it announced itself: where it listens, its process id, and its store."""

    address: str
    process: int
    store: str


def announce(state: Path, host: str, port: int, store: str) -> Presence:
    """Write the file, whole or not at all; ``address`` is one that a command on this machine can reach."""
    reachable = _ANY_ADDRESS.get(host, host)
    shown = f"[{reachable}]" if ":" in reachable else reachable
    presence = Presence(f"http://{shown}:{port}", os.getpid(), store)
    draft = state / f"{FILE}.new"
    draft.write_bytes(
        json_bytes({"address": presence.address, "process": presence.process, "store": presence.store}) + b"\n"
    )
    draft.replace(state / FILE)
    return presence


def withdraw(state: Path) -> None:
    """Take the file away, if it is this process's."""
    found = find_presence(state)
    if found is not None and found.process == os.getpid():
        (state / FILE).unlink(missing_ok=True)


def find_presence(state: Path) -> Presence | None:
    """What a daemon with this state folder announced; None if there is none, or it cannot be read."""
    try:
        value = orjson.loads((state / FILE).read_bytes())
        return Presence(str(value["address"]), int(value["process"]), str(value["store"]))
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def is_running(presence: Presence) -> bool:
    """Whether the process that announced itself is there."""
    try:
        os.kill(presence.process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
