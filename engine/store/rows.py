"""Inserting, changing and deleting rows many at a time.

One statement with the values of many small rows costs less than as many statements. Large rows are better bound and
stored one after another: SQLite copies all that a statement is given before it stores the first row, and by the time
it comes to the last one none of it is in the processor's caches any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from typing import Any, Protocol

#: SQLite takes 32,766 values per statement, PostgreSQL 65,535; a wider group gains nothing any more.
ROWS_MAX = 128


class Cursor(Protocol):
    """The part of the DB-API's cursor that is used."""

    rowcount: int

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Any: ...

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]], /) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def fetchone(self) -> Any: ...


@cache
def several(sql: str, rows: int) -> str:
    """The insert of one row, ``… VALUES (?, ?) …``, as one of ``rows`` rows."""
    start = sql.index(" VALUES (") + len(" VALUES ")
    end = sql.index(")", start) + 1
    return f"{sql[:end]}{', '.join(['', *[sql[start:end]] * (rows - 1)])}{sql[end:]}"


def insert_rows(cursor: Cursor, sql: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Insert all rows with as few statements as there are ones in the binary form of their number; how many went in.

    Widths are powers of two, so that few statements are ever prepared.
    """
    return _run(cursor, several, sql, rows)


def insert_large_rows(cursor: Cursor, sql: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """:func:`insert_rows` for rows with requests, answers or a dozen texts."""
    cursor.executemany(sql, rows)
    return cursor.rowcount


@cache
def several_changes(sql: str, rows: int) -> str:
    """``UPDATE t SET a = ? WHERE k = ?`` for ``rows`` rows, each with its own values (SQLite)."""
    columns = sql.count("?")
    parts = sql.split("?")
    named = "".join(f"{part}given.column{at + 1}" for at, part in enumerate(parts[:-1])) + parts[-1]
    start = named.index(" WHERE ")
    row = f"({', '.join('?' * columns)})"
    return f"{named[:start]} FROM (VALUES {', '.join([row] * rows)}) AS given{named[start:]}"


@cache
def several_deletions(sql: str, rows: int) -> str:
    """``DELETE FROM t WHERE k = ?`` for ``rows`` keys (SQLite)."""
    return sql.replace("= ?", f"IN ({', '.join('?' * rows)})")


def update_rows(cursor: Cursor, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Change all rows, each known by the last of its values; the last change of a row stands (SQLite)."""
    latest = {row[-1]: row for row in rows}
    _run(cursor, several_changes, sql, list(latest.values()))


def delete_rows(cursor: Cursor, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Delete all rows by their keys (SQLite)."""
    _run(cursor, several_deletions, sql, rows)


def _run(cursor: Cursor, widen: Callable[[str, int], str], sql: str, rows: Sequence[tuple[Any, ...]]) -> int:
    done = 0
    at = 0
    left = len(rows)
    while left:
        width = min(1 << (left.bit_length() - 1), ROWS_MAX)
        cursor.execute(widen(sql, width), tuple(chain.from_iterable(rows[at : at + width])))
        done += cursor.rowcount
        at += width
        left -= width
    return done
