"""Runs a flow for one event on a store, with real connections, and says what came of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from engine.base.clock import Clock
from engine.base.errors import UserError
from engine.base.identity import Identity
from engine.plan.model import FlowPlan, Plan
from engine.run.worker import Worker
from engine.serve.assembly import Compiled, keep_snapshot, open_connection
from engine.serve.event_file import FileInput, arrivals_for, find_flow
from engine.serve.settings import ServeSettings
from engine.store import queries
from engine.store import tables as t
from engine.store.batch import Arrival, Arrived, Batch
from engine.store.store import Store, open_store
from engine.store.writer import InlineCommits

_SETTLED = {"exception": "exception", "waiting": "waiting", "running": "under_way"}


async def run_once(
    compiled: Compiled, settings: ServeSettings, name: str, given: FileInput, clock: Clock, wait_seconds: float
) -> dict[str, Any]:
    """The outcome and the chain of every message. The store must be free; its order per key is kept.

    Raises UserError if earlier messages of the same key are unfinished: they come first.
    """
    identity = Identity(clock)
    plan = compiled.plan
    reference, versions = find_flow(plan, name)
    arrivals = arrivals_for(plan, reference, versions, given, identity, clock.now())
    store = open_store(
        settings.store_url, workspace=plan.workspace, environment=settings.environment, clock=clock, identity=identity
    )
    connectors = {}
    try:
        _check_order(store, arrivals)
        for id_, connection in plan.connections.items():
            connectors[id_] = open_connection(connection, clock)
        commits = InlineCommits(store.committer)
        commits.transact(lambda connection, _audit: keep_snapshot(connection, compiled, clock.now()))
        worker = Worker(
            store, commits, _narrowed(plan, versions), connectors, clock, identity, asyncio.get_running_loop(),
            settings.environment,
        )  # fmt: skip
        ids = [_arrive(worker, commits, store, arrival) for arrival in arrivals]
        await _settled(worker, wait_seconds)
        with store.engine.connect() as asking:
            chains = [(known, queries.chain(asking, id_)) for known, id_ in ids]
    finally:
        for connector in connectors.values():
            await connector.close()
        store.committer.close()
        store.close()
    return {
        "flow": reference,
        "outcome": _worst([_outcome(known, chain) for known, chain in chains]),
        "messages": [{"known_before": known, **chain} for known, chain in chains],
    }


def _narrowed(plan: Plan, versions: tuple[FlowPlan, ...]) -> Plan:
    """The plan in which the flow's event starts this flow alone; events that it emits start what they always do."""
    event = versions[-1].event
    return plan if event is None else replace(plan, by_event={**plan.by_event, event: (versions,)})


def _check_order(store: Store, arrivals: list[Arrival]) -> None:
    keys = {arrival.key for arrival in arrivals}
    statement = (
        sa.select(sa.func.count())
        .select_from(t.message.join(t.queue, t.queue.c.message_id == t.message.c.id))
        .where(t.message.c.key.in_(keys), t.queue.c.state != "parked")
    )
    with store.engine.connect() as connection:
        waiting = connection.execute(statement).scalar_one()
    if waiting:
        raise UserError(
            f"{waiting} earlier messages of {', '.join(sorted(keys))} are unfinished and come first: "
            "let the daemon work on them (`tieout serve`), or settle what they wait for (`tieout exceptions`)"
        )


def _arrive(worker: Worker, commits: InlineCommits, store: Store, arrival: Arrival) -> tuple[bool, str]:
    """Whether the message was known before, and the id that it has in the store."""
    batch = Batch()
    batch.arrive(arrival)
    errors: list[Exception] = []
    commits.submit(batch, lambda _batch, error: None if error is None else errors.append(error))
    if errors:
        raise errors[0]
    (arrived,) = batch.arrived
    if arrived is Arrived.FRESH:
        worker.arrived(arrival)
        return False, arrival.id
    if arrived is Arrived.CONFLICT:
        raise UserError(
            f"the id {arrival.source_id} was used before with other content: the message is kept in quarantine, "
            "and nothing was run"
        )
    known = sa.select(t.message.c.id).where(
        t.message.c.source == arrival.source, t.message.c.source_id == arrival.source_id
    )
    with store.engine.connect() as connection:
        return True, str(connection.execute(known).scalar_one())


async def _settled(worker: Worker, wait_seconds: float) -> None:
    try:
        await asyncio.wait_for(worker.drained(), wait_seconds)
    except TimeoutError:
        worker.close_intake()
    worker.paused = True


def _outcome(known: bool, chain: dict[str, Any]) -> str:
    states = [run["state"] for run in chain["runs"]]
    states += [run["state"] for child in chain["children"] for run in child["runs"]]
    for state, outcome in _SETTLED.items():
        if state in states:
            return outcome
    if not states:
        return "exception" if chain["exceptions"] else "known_before" if known else "under_way"
    return "skipped" if set(states) == {"skipped"} else "completed"


def _worst(outcomes: list[str]) -> str:
    order = ("exception", "under_way", "waiting", "known_before", "completed", "skipped")
    return min(outcomes, key=order.index)
