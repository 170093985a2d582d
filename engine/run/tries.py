"""One try of an effect, as the connector gets it, and what is known of all its tries so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.base.identity import short_form
from engine.connect.port import Call
from engine.run.settle import History
from engine.run.state import Run

if TYPE_CHECKING:
    from engine.run.worker import Worker


def call_of(run: Run) -> Call:
    """The open effect's request, as it is said to the system."""
    request, row = run.request, run.effect
    assert request is not None
    assert row is not None
    message = run.row.message_id.replace("-", "")
    return Call(
        request.operation,
        request.key,
        short_form(request.key, request.step.guarantees.key_length),
        request.content,
        request.raw,
        row.attempt,
        f"00-{message}-{request.key[:16]}-01",
    )


def history_of(worker: Worker, run: Run) -> History:
    """What is known of the open effect's tries. What was tried before a person last asked
    for more does not count, nor does time in which the connection was left alone."""
    row, request = run.effect, run.request
    assert row is not None
    assert request is not None
    now = worker.clock.now()
    by_wall = (now - (row.sent_at or now)) / 1_000_000
    since = worker.gained_monotonic if run.sent_monotonic is None else run.sent_monotonic
    return History(
        row.key,
        row.attempt - run.tries_before,
        row.created_at,
        now,
        request.step.attempts_max,
        request.step.elapsed_max_seconds,
        max(0.0, min(by_wall, worker.clock.monotonic() - since)),
        run.absent_reads,
        run.asked,
        run.tries_from + worker.closures.spent(row.connection, run.tries_from, now),
    )
