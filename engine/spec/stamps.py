"""Whether anything in a folder was changed, told without reading the files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


def stamp_of_folder(folder: Path, suffix: str = "") -> str:
    """A text that stays the same while no file below the folder is changed, added or removed; of files whose names end
    with ``suffix`` only, if given. Python's own caches do not count. Raises OSError if the folder cannot be read."""
    found = hashlib.sha256()
    for line in _lines(str(folder), suffix):
        found.update(line.encode(errors="surrogateescape"))
    return found.hexdigest()


def _lines(folder: str, suffix: str) -> Iterator[str]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _lines(entry.path, suffix)
        elif entry.name.endswith(suffix):
            stat = entry.stat()
            yield f"{entry.path}\n{stat.st_mtime_ns} {stat.st_size}\n"
