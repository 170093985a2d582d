"""A run that happened, as a test: its event, the replies it got, what it came to; sensitive texts masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from engine.base.clock import as_text
from engine.base.errors import Failure, UserError
from engine.plan.library import Library
from engine.plan.model import CanonicalEvent, FlowPlan, LookupStep, Plan
from engine.rewrite.format import format_text
from engine.run.normalise import event_scope, events_of
from engine.store import tables as t
from engine.store.batch import Arrival
from engine.verify.drafting import as_yaml
from engine.verify.flow_case import all_steps
from engine.verify.masking import Mask
from engine.verify.trace import shown


def record_run(engine: sa.Engine, run_id: str, plan: Plan, library: Library) -> str:
    """A test document with one case for a run of the store: what came in, what the outside answered, and what the run
    came to and sent. Texts in fields marked ``x-sensitive`` are masked, wherever they come again.

    Raises UserError if there is no such run, if it has not ended, or if its flow is not in the plan.
    """
    with engine.connect() as connection:
        run = _one(connection, sa.select(t.run).where(t.run.c.id == run_id))
        if run is None:
            raise UserError(f"there is no run {run_id}: `tieout runs` lists them")
        if run["state"] not in ("completed", "exception", "skipped"):
            raise UserError(f"run {run_id} is {run['state']}: only a run that has ended can be recorded")
        message = _one(connection, sa.select(t.message).where(t.message.c.id == run["message_id"]))
        e = t.effect
        effects = _all(connection, sa.select(e).where(e.c.run_id == run_id).order_by(e.c.created_at))
        keys = [effect["key"] for effect in effects]
        proofs = _all(connection, sa.select(t.receipt).where(t.receipt.c.effect_key.in_(keys)))
        receipts = {row["effect_key"]: row for row in proofs}
        reasons = _all(connection, sa.select(t.exception).where(t.exception.c.run_id == run_id))
        assert message is not None
        flow = _flow(plan, run)
        event = _event(plan, message, run["event_id"])
        held = sorted({*_leaves(shown(event.data)), event.subject, event.partitionkey})
        links = _all(connection, sa.select(t.link).where(t.link.c.id.in_(held[:900])))
    answers = orjson.loads(bytes(run["answers"])) if run["answers"] is not None else {}
    mask = _mask(library, event, effects)
    case: dict[str, Any] = {"id": "recorded"}
    known = list(_links(flow, event, links, effects, answers))
    if known:
        case["links"] = known
    replies = _replies(effects, receipts, answers)
    if replies:
        case["replies"] = replies
    case["expect"] = _expected(run, effects, reasons)
    document = {
        "spec": "test/v1",
        "id": f"{flow.id}_recorded_{run_id.replace('-', '')[-8:]}",
        "summary": "A run that happened.",
        "target": {"flow": f"{flow.id}@{flow.version.partition('.')[0]}"},
        "clock": as_text(run["started_at"]),
        "given": {"event": _given(event)},
        "cases": [case],
    }
    return format_text(as_yaml({**document, **{name: mask.masked(document[name]) for name in ("given", "cases")}}))


def _one(connection: sa.Connection, statement: sa.Select[Any]) -> Mapping[str, Any] | None:
    row = connection.execute(statement).first()
    return None if row is None else dict(row._mapping)


def _all(connection: sa.Connection, statement: sa.Select[Any]) -> list[Mapping[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(statement)]


def _flow(plan: Plan, run: Mapping[str, Any]) -> FlowPlan:
    for versions in plan.flows.values():
        for flow in versions:
            if f"{flow.id}@{flow.version}" == run["flow"]:
                return flow
    raise UserError(f"the workspace has no flow {run['flow']}, which the run was made by")


def _event(plan: Plan, message: Mapping[str, Any], event_id: str) -> CanonicalEvent:
    names = {column.name for column in t.message.columns} - {"seq"}
    arrival = Arrival(**{name: message[name] for name in names if name != "body"}, body=bytes(message["body"]))
    if arrival.kind not in ("vendor", "event"):
        raise UserError(f"the run was started by a {arrival.kind}, not by an event: write its test by hand")
    try:
        events = events_of(plan, arrival)
    except Failure as failure:
        raise UserError(f"the run's message cannot be read any more: {failure.message}") from failure
    found = next((event for event in events if event.id == event_id), None)
    if found is None:
        raise UserError("the definitions make other events of the run's message now")
    return found


def _given(event: CanonicalEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "id": event.id,
        "time": as_text(event.time),
        "subject": event.subject,
        "partitionkey": event.partitionkey,
        "data": shown(event.data),
    }


def _mask(library: Library, event: CanonicalEvent, effects: list[Mapping[str, Any]]) -> Mask:
    """All texts that any contract on the way calls sensitive."""
    mask = Mask()
    id_, _, major = event.type.partition("@")
    schema = library.schemas.get(id_, int(major)) if major.isdecimal() else None
    if schema is not None:
        mask.learn(shown(event.data), schema.sensitive_paths)
    for effect in effects:
        connected = library.connections.get(effect["connection"])
        operation = None if connected is None else connected.manifest.operation(effect["operation"])
        if operation is None or operation.input is None:
            continue
        schema = library.schemas.get(operation.input.id, operation.input.major)
        if schema is not None:
            mask.learn(orjson.loads(bytes(effect["request"])), schema.sensitive_paths)
    return mask


def _links(
    flow: FlowPlan,
    event: CanonicalEvent,
    links: list[Mapping[str, Any]],
    effects: list[Mapping[str, Any]],
    answers: Mapping[str, Any],
) -> Iterator[dict[str, str]]:
    """The learned ids that the flow may have looked up: those of its connections whose own id the event holds, unless
    the run itself learned them or was told that there is none."""
    on_hand = {row["key"] for row in effects}
    wanted = {
        (step.connection, step.link)
        for step in all_steps(flow.steps, flow.business_date(event_scope(event)))
        if isinstance(step, LookupStep) and step.link is not None and answers.get(step.id, "") is not None
    }
    for row in links:
        if (row["connection"], row["kind"]) in wanted and row["effect_key"] not in on_hand:
            yield {
                "connection": row["connection"],
                "link": row["kind"],
                "id": row["id"],
                "external": row["external"],
            }


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)


def _replies(
    effects: list[Mapping[str, Any]], receipts: Mapping[str, Mapping[str, Any]], answers: Mapping[str, Any]
) -> dict[str, Any]:
    replies: dict[str, Any] = {}
    for effect in effects:
        receipt = receipts.get(effect["key"])
        if receipt is not None:
            replies[effect["path"]] = [_receipt(orjson.loads(bytes(receipt["content"])))]
        elif effect["error_class"]:
            said = {"class": effect["error_class"], "message": effect["error"] or "refused"}
            replies[effect["path"]] = [{"rejected": said}]
    for path, answer in answers.items():
        if path.startswith("approval:") and isinstance(answer, dict):
            step = path.split(":", 3)[-1]
            replies[step] = [{"refused" if answer.get("refused") else "approved": answer.get("value") or "somebody"}]
        elif path.startswith("hold:") and isinstance(answer, dict):
            told = {"expired": True} if answer.get("expired") else {"value": answer.get("value")}
            replies[path.removeprefix("hold:")] = [told]
        elif isinstance(answer, dict) and set(answer) == {"value"}:
            replies[path] = [{"value": answer["value"]}]
    return replies


def _receipt(content: Mapping[str, Any]) -> dict[str, Any]:
    document = {name: value for name, value in content["document"].items() if value is not None}
    fields = {name: value for name, value in (content.get("fields") or {}).items() if value is not None}
    return {"document": document, **({"fields": fields} if fields else {})}


def _expected(
    run: Mapping[str, Any], effects: list[Mapping[str, Any]], reasons: list[Mapping[str, Any]]
) -> dict[str, Any]:
    expected: dict[str, Any] = {"outcome": run["state"]}
    if run["path"]:
        expected["path"] = str(run["path"]).split(" ")
    expected["sent"] = {effect["path"]: orjson.loads(bytes(effect["request"])) for effect in effects}
    if reasons and run["state"] == "exception":
        expected["exception"] = {"reason": reasons[0]["reason"], "owner": reasons[0]["owner"]}
    return expected
