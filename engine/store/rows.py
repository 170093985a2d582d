"""Inserting rows many at a time.

For every row of ``executemany`` SQLite's driver lets go of the interpreter and takes it back. Beside a busy event
loop each of these costs a switch of threads, more than the row itself; one statement with the values of many rows
costs one switch for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, Protocol

#: SQLite takes 32,766 values per statement, PostgreSQL 65,535; a wider group gains nothing any more.
ROWS_MAX = 128


class Cursor(Protocol):
    """The part of the DB-API's cursor that is used."""

    rowcount: int

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Any: ...

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
    inserted = 0
    at = 0
    left = len(rows)
    while left:
        width = min(1 << (left.bit_length() - 1), ROWS_MAX)
        cursor.execute(several(sql, width), tuple(chain.from_iterable(rows[at : at + width])))
        inserted += cursor.rowcount
        at += width
        left -= width
    return inserted
