"""The content of files on disk, kept so that only those whose stamp changed are read again."""

from __future__ import annotations

import os

from engine.base.clock import SECOND, Clock, SystemClock
from engine.base.record import frozen

#: A file may be written twice within one tick of its stamps: what was read so soon after a change is not relied on.
SETTLED_MICROSECONDS = 3 * SECOND


@frozen
class _Stamp:
    """What the file system says of a file. Its own clock tells when it was changed, whatever a program sets."""

    device: int
    node: int
    size: int
    modified: int
    changed: int


@frozen
class _Content:
    stamp: _Stamp
    raw: bytes
    settled: bool


class KeptBytes:
    """Reads files as they are now. ``clock`` is the one that the stamps of files are set by."""

    __slots__ = ("_clock", "_contents")

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._contents: dict[str, _Content] = {}

    def read(self, path: str) -> bytes:
        """The content of a file; the same object while it does not change. Raises OSError if it cannot be read."""
        known = self._contents.get(path)
        if known is not None and known.settled and known.stamp == _stamp(os.stat(path)):  # noqa: PTH116 - of every file
            return known.raw
        now = self._clock.now()
        with open(path, "rb") as file:  # noqa: PTH123 - hundreds of times in a tenth of a second
            before = _stamp(os.fstat(file.fileno()))
            raw = file.read()
            after = _stamp(os.fstat(file.fileno()))
        if known is not None and known.raw == raw:
            raw = known.raw
        latest = max(after.modified, after.changed) // 1_000
        settled = before == after and latest + SETTLED_MICROSECONDS < now
        self._contents[path] = _Content(after, raw, settled)
        return raw


def _stamp(stat: os.stat_result) -> _Stamp:
    return _Stamp(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
