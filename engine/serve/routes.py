"""What operators, callers and monitors ask over HTTP. Pages are bounded, actions are audited."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.base.errors import Failure, UserError
from engine.base.identity import json_bytes
from engine.plan.model import Stopped
from engine.run.operate import Released
from engine.serve.actions import action
from engine.serve.calls import Calls
from engine.serve.checks import check_policy
from engine.serve.operator import known_connection
from engine.store import pauses, queries
from engine.store.checkpoint import touch, verify_store
from engine.store.files import StoreGone

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon
    from engine.serve.intake import Intake
    from engine.serve.metrics import Metrics

log = logging.getLogger("tieout.server")

PAGE_MAX = 500
BODY_MAX = 1_048_576


def reply(content: Any, status: int = 200) -> Response:
    return Response(json_bytes(content), status, media_type="application/json")


async def body_of(request: Request) -> dict[str, Any]:
    """A JSON object from the request's body; an empty body is an empty object. Raises UserError."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > BODY_MAX:
            raise UserError(f"a request may have at most {BODY_MAX} bytes")
    try:
        value = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError as error:
        raise UserError(f"the request's body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UserError("the request's body must be a JSON object")
    return value


class Routes:
    """The routes of one daemon."""

    def __init__(self, daemon: Daemon, intake: Intake, metrics: Metrics) -> None:
        self._daemon = daemon
        self._metrics = metrics
        self._calls = Calls(daemon, intake)
        self.last_refusal: list[dict[str, Any]] = []
        get = ["GET"]
        post = ["POST"]
        self.app = Starlette(
            routes=[
                Route("/healthz", self._health, methods=get),
                Route("/readyz", self._ready, methods=get),
                Route("/metrics", self._metrics_text, methods=get),
                Route("/flows/{flow}/call", self._calls.call, methods=post),
                Route("/policies/{policy}/check", self._check, methods=post),
                Route("/api/status", self._status, methods=get),
                Route("/api/runs", self._runs, methods=get),
                Route("/api/exceptions", self._exceptions, methods=get),
                Route("/api/exceptions/{id}", self._exception, methods=get),
                Route("/api/exceptions/{id}/{action}", self._act, methods=post),
                Route("/api/connections/{id}/pause", self._pause, methods=post),
                Route("/api/connections/{id}/resume", self._resume, methods=post),
                Route("/api/invalid", self._invalid, methods=get),
                Route("/api/unused", self._unused, methods=get),
                Route("/api/lineage/{id:path}", self._lineage, methods=get),
                Route("/api/audit/verify", self._verify, methods=get),
                Route("/api/generation", self._generation, methods=get),
                Route("/api/reload", self._reload, methods=post),
            ],
            exception_handlers={UserError: _user_error, Failure: _failure, StoreGone: _gone, sa.exc.DBAPIError: _gone},  # type: ignore[dict-item]
        )

    async def _health(self, _request: Request) -> Response:
        return reply({"status": "alive"})

    async def _ready(self, _request: Request) -> Response:
        if self._daemon.draining:
            return reply({"status": "draining"}, 503)
        try:
            await asyncio.to_thread(self._daemon.writer.transact, lambda connection, _audit: touch(connection))
        except (sa.exc.SQLAlchemyError, Failure) as error:
            reason = str(error.orig if isinstance(error, sa.exc.DBAPIError) else error)
            return reply({"status": "the store does not accept writes", "reason": reason}, 503)
        return reply({"status": "ready", "generation": self._daemon.generation.number})

    async def _metrics_text(self, _request: Request) -> Response:
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4")

    async def _check(self, request: Request) -> Response:
        inputs = await body_of(request)
        try:
            violations = check_policy(
                self._daemon.plan, request.path_params["policy"], inputs, self._daemon.clock.now()
            )
        except Stopped as stopped:
            violations = [stopped.exception]
        return reply(
            {"passed": not violations, "violations": [operator_view(each) for each in violations]},
            200 if not violations else 422,
        )

    # ------------------------------------------------------------------------- asking

    async def _query(self, ask: Callable[[sa.Connection], Any]) -> Any:
        def work() -> Any:
            with self._daemon.store.engine.connect() as connection:
                return ask(connection)

        return await asyncio.to_thread(work)

    async def _status(self, _request: Request) -> Response:
        status = await self._query(lambda c: queries.status(c, self._daemon.clock.now()))
        worker = self._daemon.worker
        status["engine"] = {
            "generation": self._daemon.generation.number,
            "refused": self._daemon.last_refusal,
            "active": worker.active,
            "in_memory": len(worker.keys),
            "blocked_keys": worker.keys.blocked_keys,
            "counts": {name: getattr(worker.counts, name) for name in worker.counts.__dataclass_fields__},
            "connections": {
                name: {"in_flight": lane.in_flight, "waiting": lane.waiting, "open_circuit": lane.is_open}
                for name, lane in worker.lanes.items()
            },
            "left_alone": {
                name: {"why": closure.why, "until": closure.until} for name, closure in worker.closures.all()
            },
        }
        return reply(status)

    async def _runs(self, request: Request) -> Response:
        given = request.query_params
        limit = _limit(given.get("limit"))
        return reply(
            await self._query(lambda c: queries.runs(c, state=given.get("state"), flow=given.get("flow"), limit=limit))
        )

    async def _exceptions(self, request: Request) -> Response:
        given = request.query_params
        state = given.get("state", "open")
        return reply(
            await self._query(
                lambda c: queries.exceptions(
                    c,
                    state=None if state == "all" else state,
                    kind=given.get("kind"),
                    owner=given.get("owner"),
                    limit=_limit(given.get("limit")),
                )
            )
        )

    async def _exception(self, request: Request) -> Response:
        found = await self._query(lambda c: queries.exception(c, request.path_params["id"]))
        return reply(found, 200 if found else 404)

    async def _invalid(self, request: Request) -> Response:
        return reply(await self._query(lambda c: queries.invalid(c, _limit(request.query_params.get("limit")))))

    async def _unused(self, request: Request) -> Response:
        return reply(await self._query(lambda c: queries.unused(c, _limit(request.query_params.get("limit")))))

    async def _lineage(self, request: Request) -> Response:
        chains = await self._query(lambda c: queries.lineage(c, request.path_params["id"]))
        return reply(chains, 200 if chains else 404)

    async def _verify(self, _request: Request) -> Response:
        settings = self._daemon.settings
        report = await asyncio.to_thread(verify_store, self._daemon.store.engine, settings.state)
        return reply(report.as_json())

    # ------------------------------------------------------------------------- acting

    async def _act(self, request: Request) -> Response:
        given = await body_of(request)
        by = _who(given)
        work = action(request.path_params["action"], request.path_params["id"], by, self._daemon.clock.now(), given)
        released: Released = await asyncio.to_thread(self._daemon.writer.transact, work)
        self._daemon.worker.apply(released)
        return reply({"status": "done", "message": released.message_id, "again": released.again})

    async def _pause(self, request: Request) -> Response:
        given = await body_of(request)
        by, why, until = _who(given), given.get("why"), given.get("until")
        if not isinstance(why, str) or not (until is None or type(until) is int):
            raise UserError('say why, and until when if that is known: {"why": "text", "until": microseconds}')
        daemon, name = self._daemon, request.path_params["id"]
        known_connection(name, daemon.plan.connections)
        id_, now = daemon.identity.new(), daemon.clock.now()
        await self._change_pause(lambda c, audit: pauses.pause(c, audit, id_, name, by, now, why, until))
        return reply({"status": "paused", "connection": name, "until": until})

    async def _resume(self, request: Request) -> Response:
        by, name, now = _who(await body_of(request)), request.path_params["id"], self._daemon.clock.now()
        await self._change_pause(lambda c, audit: pauses.resume(c, audit, name, by, now))
        return reply({"status": "resumed", "connection": name})

    async def _change_pause(self, change: Callable[..., Any]) -> None:
        await asyncio.to_thread(self._daemon.writer.transact, change)
        self._daemon.worker.read_pauses()

    async def _generation(self, _request: Request) -> Response:
        generation = self._daemon.generation
        return reply(
            {
                "generation": generation.number,
                "digest": generation.digest,
                "flows": generation.flows,
                "last_refusal": self._daemon.last_refusal,
            }
        )

    async def _reload(self, _request: Request) -> Response:
        try:
            generation = await self._daemon.reload()
        except UserError as wrong:
            return reply({"error": wrong.message, "findings": self._daemon.last_refusal}, 422)
        return reply({"generation": generation.number, "digest": generation.digest})


def operator_view(exception: Any) -> dict[str, Any]:
    """A business exception as people see it."""
    return {
        "reason": exception.reason,
        "message": exception.message,
        "action": exception.action,
        "owner": exception.owner,
        "amount": exception.amount,
    }


def _who(given: dict[str, Any]) -> str:
    by = given.get("by")
    if not isinstance(by, str) or not by:
        raise UserError('say who acts: {"by": "name"}')
    return by


def _limit(given: str | None) -> int:
    if given is None:
        return 100
    if not given.isdigit() or not 1 <= int(given) <= PAGE_MAX:
        raise UserError(f"limit is a number from 1 to {PAGE_MAX}")
    return int(given)


def _user_error(_request: Request, error: UserError) -> Response:
    return reply({"error": error.message}, 400)


def _gone(_request: Request, error: Failure | sa.exc.DBAPIError) -> Response:
    reason = str(error.orig) if isinstance(error, sa.exc.DBAPIError) else error.message
    log.warning("store_not_read", extra={"reason": reason})
    return reply({"error": f"the store cannot be read or written now: {reason}"}, 503)


def _failure(_request: Request, failure: Failure) -> Response:
    return reply({"error": failure.message, "class": str(failure.error_class)}, 422)
