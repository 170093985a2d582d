"""Opening stores in tests: one place, several openings, a clock that is moved by hand."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.base.clock import FixedClock
from engine.base.identity import Identity, digest_bytes
from engine.store.batch import Arrival, Arrived, Batch, EffectRow, RunRow
from engine.store.inbox import partition_of
from engine.store.store import Store, open_store

START = "2026-01-31T12:00:00+00:00"


class Stores:
    """Opens the store at ``url`` and closes whatever was left open."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = not url.startswith("postgresql")
        self.clock = FixedClock(START)
        self.identity = Identity(self.clock)
        self._open: list[Store] = []

    def open(self, workspace: str = "world", environment: str = "test") -> Store:
        store = open_store(
            self.url, workspace=workspace, environment=environment, clock=self.clock, identity=self.identity
        )
        self._open.append(store)
        return store

    def shut(self, store: Store) -> None:
        """A graceful end of one opening."""
        self._open.remove(store)
        store.close()
        store.committer.close()

    def close(self) -> None:
        for store in tuple(self._open):
            self.shut(store)

    def arrival(self, id_: str, body: bytes = b"{}", key: str = "cus_1", channel: str = "inbox") -> Arrival:
        return Arrival(
            self.identity.new(), "billing", id_, digest_bytes(body), "vendor", "invoice", partition_of(key), key, body,
            "", None, self.clock.now(), channel,
        )  # fmt: skip

    def run_row(self, arrival: Arrival, **over: Any) -> RunRow:
        fields: dict[str, Any] = {
            "id": self.identity.new(), "message_id": arrival.id, "event_id": f"event-{arrival.source_id}",
            "flow": "posted@1.0.0", "bundle": "b", "event_type": "invoice@1", "subject": arrival.source_id,
            "partition": arrival.partition, "key": arrival.key, "business_date": "2026-01-31", "state": "running",
            "started_at": self.clock.now(),
        }  # fmt: skip
        return RunRow(**{**fields, **over})

    def effect_row(self, run: RunRow, key: str = "k1", **over: Any) -> EffectRow:
        fields: dict[str, Any] = {
            "key": key, "run_id": run.id, "message_id": run.message_id, "partition": run.partition, "pkey": run.key,
            "path": "posted", "connection": "erp", "operation": "invoice.create", "object": "in_1", "revision": "1",
            "purpose": "ar_invoice", "element": "", "request": b"{}", "digest": "d", "state": "sent", "attempt": 1,
            "token": 1, "created_at": self.clock.now(), "sent_at": self.clock.now(),
        }  # fmt: skip
        return EffectRow(**{**fields, **over})


def arrive(store: Store, *arrivals: Arrival) -> list[Arrived]:
    """Commit arrivals in one batch."""
    batch = Batch()
    for arrival in arrivals:
        batch.arrive(arrival)
    written(store, batch)
    return batch.arrived


def written(store: Store, *batches: Batch) -> None:
    """Commit batches in one group; all of them must be written."""
    assert store.committer.write(batches) == [None] * len(batches)


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    with store.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(sql))]
