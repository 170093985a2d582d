"""The world during a comparison: what was recorded, and otherwise what is made up; nothing is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson
import sqlalchemy as sa

from engine.base.errors import ErrorClass
from engine.base.identity import json_bytes
from engine.plan import model as plan
from engine.release.backtest.outcome import Emitted, Sent
from engine.release.backtest.postings import postings_of
from engine.release.backtest.stand_in import StandIns
from engine.run.records import receipt_of
from engine.run.requests import (
    Answer,
    EffectAnswer,
    EffectRequest,
    EmitAnswer,
    EmitRequest,
    HoldAnswer,
    HoldRequest,
    LinkAnswer,
    LinkRequest,
    ReadAnswer,
    ReadRequest,
    Refused,
    Request,
)
from engine.store import tables as t


class Memory(Protocol):
    """What was recorded about the world."""

    def about(self, messages: Sequence[str]) -> None:
        """The messages that are replayed next, by their ids."""
        ...

    def effect(self, key: str) -> Mapping[str, Any] | None:
        """What became of an effect: ``receipt``, or ``error_class``, ``error`` and ``digest`` of a refused one."""
        ...

    def link(self, connection: str, kind: str, id_: str) -> str | None:
        """An id that another system gave."""
        ...


class NoMemory:
    """Nothing was recorded: there is no store."""

    def about(self, messages: Sequence[str]) -> None:
        """Nothing to look up."""

    def effect(self, key: str) -> Mapping[str, Any] | None:  # noqa: ARG002 - the port's signature
        return None

    def link(self, connection: str, kind: str, id_: str) -> str | None:  # noqa: ARG002 - the port's signature
        return None


class StoreMemory:
    """What a store holds of the messages that are replayed, so many at a time."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._effects: dict[str, dict[str, Any]] = {}
        self._links: dict[tuple[str, str, str], str | None] = {}

    def about(self, messages: Sequence[str]) -> None:
        self._effects = _effects(self._engine, messages)
        self._links.clear()

    def effect(self, key: str) -> Mapping[str, Any] | None:
        return self._effects.get(key)

    def link(self, connection: str, kind: str, id_: str) -> str | None:
        place = (connection, kind, id_)
        if place not in self._links:
            c = t.link.c
            statement = sa.select(c.external).where(c.connection == connection, c.kind == kind, c.id == id_)
            with self._engine.connect() as opened:
                self._links[place] = opened.execute(statement).scalar_one_or_none()
        return self._links[place]


def _effects(engine: sa.Engine, messages: Sequence[str]) -> dict[str, dict[str, Any]]:
    e, r = t.effect.c, t.receipt.c
    found: dict[str, dict[str, Any]] = {}
    with engine.connect() as connection:
        for start in range(0, len(messages), 500):
            statement = (
                sa.select(e.key, e.state, e.digest, e.error_class, e.error, r.content)
                .outerjoin(t.receipt, r.effect_key == e.key)
                .where(e.message_id.in_(messages[start : start + 500]))
            )
            for key, state, digest, error_class, error, content in connection.execute(statement):
                if content is not None:
                    found[key] = {"receipt": orjson.loads(bytes(content))}
                elif state == "rejected":
                    found[key] = {"digest": digest, "error_class": error_class, "error": error}
    return found


class Outside:
    """Answers one decision, and notes what it would have sent and what had to be made up."""

    def __init__(
        self,
        plan_: plan.Plan,
        stand_ins: StandIns,
        memory: Memory,
        answers: Mapping[str, Any],
        made_up: Counter[str],
        recorded: Counter[str],
    ) -> None:
        self._plan = plan_
        self._stand_ins = stand_ins
        self._memory = memory
        self._answers = answers
        self._made_up = made_up
        self._recorded = recorded
        self._learned: dict[tuple[str, str, str], str] = {}
        self.sent: list[Sent] = []
        self.emitted: list[Emitted] = []

    def answer(self, request: Request) -> Answer:
        """The answer to one request of the decision."""
        match request:
            case EffectRequest():
                return self._effect(request)
            case LinkRequest():
                return LinkAnswer(self._link(request.connection, request.link, request.id))
            case HoldRequest():
                return self._hold(request)
            case ReadRequest():
                return self._read(request)
            case EmitRequest():
                data = orjson.loads(json_bytes(request.data))
                self.emitted.append(Emitted(request.id, request.path, request.type, request.subject, data))
        return EmitAnswer()

    def _effect(self, request: EffectRequest) -> Answer:
        operation = self._plan.connections[request.connection].manifest.operations[request.operation]
        content = orjson.loads(request.raw)
        side = "" if operation.form.side is None else str(operation.form.side)
        postings = postings_of(content, request.operation, side) if operation.ledger else ()
        identity = (request.object, request.revision, request.purpose, request.element)
        self.sent.append(
            Sent(request.key, request.path, request.connection, request.operation, identity, content, postings)
        )
        recorded = self._memory.effect(request.key)
        what = f"of {request.operation} from {request.connection}"
        if recorded is not None and "receipt" in recorded:
            receipt = receipt_of(recorded["receipt"])
            self._recorded[f"the receipt {what}"] += 1
        elif recorded is not None and recorded["digest"] == request.digest and recorded["error_class"]:
            self._recorded[f"the refusal {what}"] += 1
            return Refused(ErrorClass(recorded["error_class"]), recorded["error"] or "refused")
        else:
            self._made_up[f"the receipt {what}"] += 1
            receipt = self._stand_ins.receipt(request)
        if request.learn is not None:
            self._learned[request.connection, *request.learn] = receipt.document.id
        return EffectAnswer(receipt)

    def _link(self, connection: str, kind: str, id_: str) -> str:
        known = self._learned.get((connection, kind, id_))
        if known is not None:
            return known  # learned from a receipt of the same event
        known = self._memory.link(connection, kind, id_)
        answers = self._made_up if known is None else self._recorded
        answers[f"the id of a {kind.replace('_', ' ')} in {connection}"] += 1
        return known or f"{kind}-{id_}"

    def _hold(self, request: HoldRequest) -> HoldAnswer:
        what = {"approval": "an approval", "event": "the arrival of an event", "time": "the passing of time"}
        waited = f"{what.get(request.kind, 'a release')} in step {request.path}"
        recorded = self._answers.get(request.waits_for if request.kind == "approval" else f"hold:{request.path}")
        if isinstance(recorded, Mapping):
            self._recorded[waited] += 1
            return HoldAnswer(recorded.get("value"), bool(recorded.get("refused")), bool(recorded.get("expired")))
        if request.kind == "link":
            _, connection, kind, id_ = request.waits_for.split(":", 3)
            return HoldAnswer(self._link(connection, kind, id_))
        self._made_up[waited] += 1
        return HoldAnswer("stand-in" if request.kind == "approval" else None)

    def _read(self, request: ReadRequest) -> Answer:
        recorded = self._answers.get(request.path)
        what = f"the reply of {request.operation} from {request.connection}"
        if isinstance(recorded, Mapping) and "value" in recorded:
            self._recorded[what] += 1
            return ReadAnswer(recorded["value"])
        value, declared = self._stand_ins.answer(request.connection, request.operation)
        empty = "" if declared else " (an empty object: its contract does not say what it looks like)"
        self._made_up[f"{what}{empty}"] += 1
        return ReadAnswer(value)
