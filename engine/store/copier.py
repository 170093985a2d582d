"""Copies SQLite's write-ahead log into the database beside the writer, so that no commit has to wait for it.

SQLite copies inside a commit otherwise, and whoever waits for that commit waits for thousands of scattered pages. The
log begins anew only once all of it is copied, and while the copier works, the writer makes it longer. So the copier
takes the long way on a thread and a connection of its own, and the writer the short rest between two groups.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from queue import SimpleQueue

from engine.store.driver import SqliteDriver

#: Rows that are written between one copying and the next: about 4,000 pages of log.
ROWS_BETWEEN = 5_000
#: Pages of 4 KB at which a commit copies after all, should the copier stay behind: about 130 MB of log.
PAGES_MAX = 32_000

_COPY = "PRAGMA wal_checkpoint(PASSIVE)"


class LogCopier:
    """Belongs to one writing connection. All but the copying itself is done on the writer's thread."""

    def __init__(self, driver: SqliteDriver) -> None:
        self._connection = driver.connect()
        self._wanted: SimpleQueue[bool] = SimpleQueue()
        self._is_wanted = False
        self._passed = threading.Event()
        self._rows = 0  # of the writing connection, when the log was last copied
        self._thread = threading.Thread(target=self._run, name="store-copier", daemon=True)
        self._thread.start()

    def relieve(self, writing: sqlite3.Connection) -> None:
        """Have this connection's commits not copy any more."""
        writing.execute(f"PRAGMA wal_autocheckpoint={PAGES_MAX}")
        self._rows = writing.total_changes

    @property
    def is_due(self) -> bool:
        """Whether the part that falls between two transactions is to be done."""
        return self._is_wanted and self._passed.is_set()

    def after_commit(self, writing: sqlite3.Connection) -> None:
        """Between two transactions of the writing connection: ask for a copying, or complete the one that ended."""
        if not self._is_wanted:
            if writing.total_changes - self._rows >= ROWS_BETWEEN:
                self._is_wanted = True
                self._wanted.put(True)
        elif self.is_due:
            self._passed.clear()
            self._is_wanted = False
            self._rows = writing.total_changes
            _copy(writing)

    def close(self) -> None:
        self._wanted.put(False)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while self._wanted.get():
            _copy(self._connection)
            self._passed.set()


def _copy(connection: sqlite3.Connection) -> None:
    # As inside commits, a copying that fails harms nothing: the log keeps all, and the next one tries again.
    with suppress(sqlite3.Error):
        connection.execute(_COPY).fetchone()
