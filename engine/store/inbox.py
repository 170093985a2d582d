"""Storing arrivals once: deduplicated by source and id, conflicts found by digest."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from engine.store.batch import Arrival, Arrived, arrival_row
from engine.store.rows import Cursor, insert_rows
from engine.store.statements import Hot
from engine.store.tables import PARTITIONS


def partition_of(key: str) -> int:
    """The logical partition of an ordering key: CRC-32 of its UTF-8 bytes, modulo 256. Never changes."""
    return zlib.crc32(key.encode("utf-8", "surrogatepass")) % PARTITIONS


def store_arrivals(cursor: Cursor, hot: Hot, select_identity: str, arrivals: Sequence[Arrival]) -> list[Arrived]:
    """Insert arrivals inside the caller's transaction and say what became of each.

    A message whose source and id are known with another digest is kept beside the first one on the
    quarantine channel, under an id that names its digest, so that nothing is lost and nothing runs twice.
    """
    if insert_rows(cursor, hot.arrive.sql, [arrival_row(arrival) for arrival in arrivals]) == len(arrivals):
        return [Arrived.FRESH] * len(arrivals)
    results = []
    for arrival in arrivals:
        cursor.execute(select_identity, (arrival.source, arrival.source_id))
        stored = cursor.fetchone()
        if stored[0] == arrival.id:
            results.append(Arrived.FRESH)
        elif stored[1] == arrival.digest:
            results.append(Arrived.DUPLICATE)
        else:
            results.append(Arrived.CONFLICT)
            cursor.execute(hot.arrive.sql, _quarantined(arrival))
    return results


def _quarantined(arrival: Arrival) -> tuple[Any, ...]:
    row = list(arrival_row(arrival))
    row[2] = f"{arrival.source_id}#{arrival.digest[:16]}"
    row[12] = "quarantine"
    row[13] = f"the id {arrival.source_id} was used before with other content"
    return tuple(row)
