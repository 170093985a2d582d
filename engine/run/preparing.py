"""Preparing a message's work: its events, the runs they start, and the runs that the store knows already."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import orjson

from engine.base.errors import Defect
from engine.base.identity import digest_bytes
from engine.plan.model import FlowPlan
from engine.run.decide import Context, decide
from engine.run.keys import Waiting
from engine.run.normalise import Started, call_start, cloudevent_bytes, events_of, starts
from engine.run.state import Run, Work
from engine.store import loading
from engine.store.batch import Arrival, Arrived, Batch, RunRow
from engine.store.inbox import partition_of

if TYPE_CHECKING:
    from engine.run.worker import Worker

Known = dict[tuple[str, str], RunRow]


def prepare(worker: Worker, work: Work, waiting: Waiting, batch: Batch) -> None:
    """Fill ``work`` with the runs that are still to be worked on; may raise Failure."""
    arrival = waiting.arrival
    known: Known = {}
    continued: set[tuple[str, str]] = set()
    if waiting.resumed:
        known = {
            (row.event_id, row.flow.partition("@")[0]): row for row in loading.runs_of(worker.store.engine, arrival.id)
        }
        for place, row in list(known.items()):
            if row.state in ("running", "waiting") and row.bundle and row.bundle not in worker.plan.bundles:
                _add_run(worker, work, _as_it_was(worker, arrival, row), {place: known.pop(place)})
                continued.add(place)
    if arrival.kind == "call":
        if not continued:
            _add_run(worker, work, call_start(worker.plan, arrival), known)
        return
    for event in events_of(worker.plan, arrival, waiting.parsed):
        if arrival.kind == "vendor" and event.partitionkey != arrival.key:
            child = child_of(
                worker, arrival, event.id, event.type, event.partitionkey, cloudevent_bytes(event), "source"
            )
            publish(worker, work, child, batch)
            continue
        for started in starts(worker.plan, event):
            if (event.id, started.flow.id) not in continued:
                _add_run(worker, work, started, known)


def _as_it_was(worker: Worker, arrival: Arrival, row: RunRow) -> Started:
    """How a stored run began, by the definitions of that time: its flow may have changed since, or be gone."""
    plan = worker.bundle_plan(row.bundle)
    if plan is not None:
        begun = (
            [call_start(plan, arrival)]
            if arrival.kind == "call"
            else [started for event in events_of(plan, arrival) for started in starts(plan, event)]
        )
        for started in begun:
            if (started.event.id, started.flow.id) == (row.event_id, row.flow.partition("@")[0]):
                return started
    raise Defect(f"the definitions that run {row.id} started with are not in the store")


def publish(worker: Worker, work: Work, child: Arrival, batch: Batch) -> None:
    """Store a message that this one makes; a replay makes it again, and the store knows it then."""
    place = len(batch.arrivals)
    batch.arrive(child)

    def stored() -> None:
        if batch.arrived[place] is Arrived.FRESH:
            worker.arrived(child)

    work.after_commit.append(stored)


def child_of(worker: Worker, parent: Arrival, id_: str, type_: str, key: str, body: bytes, by: str) -> Arrival:
    """An event made by a source document or an ``emit`` step, as a message of its own."""
    return Arrival(
        worker.identity.new(), f"{by}:{parent.source}", id_, digest_bytes(body), "event", type_, partition_of(key),
        key, body, parent.trace, parent.id, worker.clock.now(),
    )  # fmt: skip


def _add_run(worker: Worker, work: Work, started: Started, known: Known) -> None:
    arrival, event, flow = work.arrival, started.event, started.flow
    row = known.get((event.id, flow.id))
    answers: dict[str, Any] = {}
    on = started.business_date
    if row is not None:
        if row.state in ("completed", "skipped"):
            return
        if row.state == "exception":
            work.excepted = True
            return
        answers = {} if row.answers is None else orjson.loads(bytes(row.answers))
        flow, on = _pinned(worker, row, started)
    else:
        row = RunRow(
            worker.identity.new(), arrival.id, event.id, f"{flow.id}@{flow.version}", flow.digest, event.type,
            event.subject, arrival.partition, arrival.key, on.isoformat(), "running", worker.clock.now(),
        )  # fmt: skip
    context = Context(worker.plan.workspace, worker.environment, event.id, arrival.key, on)
    deciding = decide(flow, started.scope, context)
    stored = (event.id, flow.id) in known
    run = Run(
        row=row, flow=flow, event=event, scope=started.scope, deciding=deciding, answers=answers, stored=stored,
        answers_stored=len(answers),
    )  # fmt: skip
    work.runs.append(run)


def _pinned(worker: Worker, row: RunRow, started: Started) -> tuple[FlowPlan, date]:
    """The flow version that a stored run started with; an empty bundle means: moved to today's by a person."""
    if not row.bundle:
        row.flow = f"{started.flow.id}@{started.flow.version}"
        row.bundle = started.flow.digest
        return started.flow, started.business_date
    flow = worker.plan.bundles.get(row.bundle)
    if flow is None:
        plan = worker.bundle_plan(row.bundle)
        flow = None if plan is None else plan.bundles.get(row.bundle)
    if flow is None:
        raise Defect(f"the definitions that run {row.id} started with are not in the store")
    return flow, date.fromisoformat(row.business_date)
