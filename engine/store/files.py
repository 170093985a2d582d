"""Whether the files that a SQLite store was opened on are still where they were.

An open file lives on under no name when it is deleted, or when another is moved into its place. SQLite goes on writing
to it and says that all is well, and everything is gone with the process. So each commit looks first.
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.base.errors import ErrorClass, Failure


class StoreGone(Failure):
    """The store's database does not answer, or is not where it was. It may soon be: what was asked is asked again."""

    def __init__(self, detail: str, message: str = "the store's database does not answer") -> None:
        super().__init__(ErrorClass.TRANSIENT, message, detail=detail)


class StoreFiles:
    """The database and its log, known by what they were when they were first looked at."""

    __slots__ = ("_files", "_known")

    def __init__(self, path: Path) -> None:
        absolute = path.absolute()
        self._files = (str(absolute), f"{absolute}-wal")
        self._known: dict[str, tuple[int, int]] = {}

    def check(self, *_connecting: object) -> None:
        """Raises StoreGone in words if one is no longer there, or no longer the same. Costs two microseconds."""
        for file in self._files:
            try:
                found = os.stat(file)  # noqa: PTH116 - on the hot path, and a Path costs more than the question
                identity: tuple[int, int] | None = (found.st_dev, found.st_ino)
            except FileNotFoundError:
                identity = None
            known = self._known.get(file)
            if known is None:
                if identity is not None:
                    self._known[file] = identity
            elif identity != known:
                what = "deleted or moved" if identity is None else "replaced by another file"
                raise StoreGone(
                    file,
                    f"{file} was {what} while the engine was running. Nothing is taken in or sent until it is back: "
                    "put it back before the engine is stopped, or what it holds is lost",
                )
