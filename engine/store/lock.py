"""One daemon per SQLite store: an operating-system lock beside the file, gone when the process is."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from engine.base.errors import UserError


class StoreLock:
    """Holds the lock until closed or until the process ends, however it ends."""

    def __init__(self, store: Path) -> None:
        path = store.with_name(store.name + ".lock")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 64, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise UserError(
                f"the store {store} is in use by process {holder}. One process writes to a SQLite store at a time: "
                "stop it, or let this command go through the running daemon."
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        os.close(self._file)


def is_locked(store: Path) -> bool:
    """Whether a process holds the lock of this store now."""
    path = store.with_name(store.name + ".lock")
    if not path.exists():
        return False
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
