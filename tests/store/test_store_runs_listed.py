"""The list of runs says what each one waits for, also outside."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.store import queries
from engine.store import tables as t

RUN = {
    "event_id": "e", "flow": "booked@1.0.0", "bundle": "b", "event_type": "bill@1", "subject": "b1", "partition": 0,
    "key": "k", "business_date": "2026-02-10", "started_at": 0,
}  # fmt: skip
EFFECT = {
    "partition": 0, "pkey": "k", "path": "posted", "connection": "books", "operation": "invoice.create", "object": "b1",
    "revision": "1", "purpose": "bill", "element": "", "request": b"{}", "digest": "d", "token": 1, "created_at": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("intended", "invoice.create to books: it does not answer"),
        ("sent", "the answer of books to invoice.create"),
        ("unknown", "books to tell whether invoice.create was done"),
        ("rejected", "invoice.create to books again, try 3"),
    ],
)
def test_a_running_run_says_what_it_is_about_outside(state: str, said: str) -> None:
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    t.metadata.create_all(engine)
    with engine.begin() as connection:
        for id_, run_state, waits_for in (("r1", "running", None), ("r2", "completed", None), ("r3", "waiting", "x")):
            row = {**RUN, "id": id_, "message_id": f"m{id_}", "state": run_state, "waits_for": waits_for}
            connection.execute(sa.insert(t.run).values(**{name: row[name] for name in row if name in t.run.c}))
        effect = {**EFFECT, "key": "1", "run_id": "r1", "message_id": "mr1", "state": state, "attempt": 2}
        effect |= {"error": "it does not answer"} if state == "intended" else {}
        connection.execute(sa.insert(t.effect).values(**effect))
        found = {run["id"]: run["waits_for"] for run in queries.runs(connection)}
    assert found == {"r1": said, "r2": None, "r3": "x"}
