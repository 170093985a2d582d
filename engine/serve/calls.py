"""Synchronous calls of flows: a durable message with the caller's key, or an immediate answer.

A flow that can change anything outside is stored and ordered like any other message; the caller waits up to
a deadline and otherwise gets the run's id. A flow that only computes runs at once, with one audit entry.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from engine.base.errors import UserError
from engine.base.identity import digest_bytes, json_bytes
from engine.plan.model import BusinessException, FlowPlan
from engine.run.answer_now import answer_now
from engine.run.state import Run
from engine.serve.event_file import is_called
from engine.serve.intake import KEY_BYTES_MAX
from engine.store import tables as t
from engine.store.batch import Arrival, Arrived, AuditEntry
from engine.store.inbox import partition_of

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon
    from engine.serve.intake import Intake

WAIT_SECONDS_MAX = 60.0


def _reply(content: Any, status: int) -> Response:
    return Response(json_bytes(content), status, media_type="application/json")


class Calls:
    """Answers ``POST /flows/{flow}/call``."""

    def __init__(self, daemon: Daemon, intake: Intake) -> None:
        self._daemon = daemon
        self._intake = intake

    async def call(self, request: Request) -> Response:
        """200 outcome, 422 business exception, 202 run still under way."""
        from engine.serve.routes import body_of

        reference, versions = self._called(request.path_params["flow"])
        inputs = await body_of(request)
        flow = versions[-1]
        flow.decode(inputs)  # a wrong call is refused before it is stored
        if not flow.may_change_outside:
            return await self._now(flow, inputs)
        key = request.headers.get("idempotency-key")
        if not key:
            raise UserError(
                "this flow can change something outside: give the call a key "
                "(`--key`, or over HTTP the header Idempotency-Key)"
            )
        if max(len(key), len(request.headers.get("x-partition-key") or "")) > KEY_BYTES_MAX:
            raise UserError(f"Idempotency-Key and X-Partition-Key may have {KEY_BYTES_MAX} characters")
        return await self._stored(reference, inputs, key, _wait_seconds(request), request)

    def _called(self, name: str) -> tuple[str, tuple[FlowPlan, ...]]:
        """A flow that is called, by ``id@MAJOR``, or by its id while it has one major version. Raises UserError."""
        flows = self._daemon.plan.flows
        named = [each for each in flows if each.partition("@")[0] == name]
        reference = named[0] if len(named) == 1 else name
        versions = flows.get(reference)
        if versions and is_called(versions[-1]):
            return reference, versions
        if versions:
            started = versions[-1].event or "time or a file"
            raise UserError(f"flow {reference!r} is not called: it starts with {started}")
        if named:
            raise UserError(f"flow {name} has several versions: call one of {', '.join(sorted(named))}")
        known = sorted(each for each in flows if is_called(flows[each][-1]))
        raise UserError(f"there is no callable flow {name!r}; known: {', '.join(known) or 'none'}")

    async def _now(self, flow: FlowPlan, inputs: dict[str, Any]) -> Response:
        daemon = self._daemon
        outcome = await answer_now(
            flow, inputs, daemon.plan, daemon.settings.environment, daemon.store, daemon.connectors, daemon.clock
        )
        entry = AuditEntry("called", daemon.identity.new(), -1, "", 0, {"flow": f"{flow.id}@{flow.version}"})
        await asyncio.to_thread(daemon.writer.transact, lambda _connection, audit: audit(entry))
        if isinstance(outcome, BusinessException):
            return _exception(outcome)
        return _reply({"outcome": "completed", "output": outcome}, 200)

    async def _stored(
        self, reference: str, inputs: dict[str, Any], key: str, wait: float, request: Request
    ) -> Response:
        daemon = self._daemon
        ordering = request.headers.get("x-partition-key") or key
        body = json_bytes(inputs)
        arrival = Arrival(
            daemon.identity.new(), "call", key, digest_bytes(body), "call", f"call:{reference}",
            partition_of(ordering), ordering, body, request.headers.get("traceparent", ""), None, daemon.clock.now(),
        )  # fmt: skip
        future: asyncio.Future[Run | BusinessException] = asyncio.get_running_loop().create_future()
        daemon.worker.calls[arrival.id] = future
        arrived = await self._intake.store(arrival)
        if arrived is not Arrived.FRESH:
            daemon.worker.calls.pop(arrival.id, None)
        if arrived is None:
            return _reply({"error": "the store could not commit; call again with the same key"}, 503)
        if arrived is Arrived.CONFLICT:
            return _reply({"error": "this Idempotency-Key was used with other inputs"}, 409)
        if arrived is Arrived.DUPLICATE:
            return await self._known(reference, key)
        try:
            outcome = await asyncio.wait_for(asyncio.shield(future), wait)
        except TimeoutError:
            daemon.worker.calls.pop(arrival.id, None)
            return _reply({"outcome": "under_way", "message": arrival.id}, 202)
        if isinstance(outcome, BusinessException):
            return _exception(outcome)
        return _reply({"outcome": outcome.row.state, "output": _output(outcome.row.output)}, 200)

    async def _known(self, reference: str, key: str) -> Response:
        """The stored outcome of a call that came again; 409 if the key was used to call another flow."""

        def find() -> Any:
            with self._daemon.store.engine.connect() as connection:
                statement = (
                    sa.select(t.run.c.state, t.run.c.output, t.message.c.id, t.message.c.type, t.exception)
                    .select_from(
                        t.message.outerjoin(t.run, t.run.c.message_id == t.message.c.id).outerjoin(
                            t.exception, t.exception.c.run_id == t.run.c.id
                        )
                    )
                    .where(t.message.c.source == "call", t.message.c.source_id == key)
                    .order_by(t.exception.c.opened_at.desc())
                )
                return connection.execute(statement).mappings().first()

        row = await asyncio.to_thread(find)
        called = reference if row is None else str(row[t.message.c.type]).removeprefix("call:")
        if called != reference:
            return _reply({"error": f"this Idempotency-Key was used to call the flow {called}"}, 409)
        if row is None or row["state"] in (None, "running", "waiting"):
            return _reply({"outcome": "under_way", "message": None if row is None else row["id"]}, 202)
        if row["state"] == "exception":
            names = ("reason", "message", "action", "owner")
            return _reply({"outcome": "exception", **{name: row[t.exception.c[name]] for name in names}}, 422)
        return _reply({"outcome": row["state"], "output": _output(row["output"])}, 200)


def _wait_seconds(request: Request) -> float:
    given = request.query_params.get("wait_seconds", "10")
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise UserError(f"wait_seconds is a number from 0 to {WAIT_SECONDS_MAX:g}, not {given!r}")
    return min(seconds, WAIT_SECONDS_MAX)


def _output(raw: bytes | None) -> Any:
    return None if raw is None else orjson.loads(bytes(raw))


def _exception(exception: BusinessException) -> Response:
    return _reply(
        {
            "outcome": "exception",
            "reason": exception.reason,
            "message": exception.message,
            "action": exception.action,
            "owner": exception.owner,
        },
        422,
    )
