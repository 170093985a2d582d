"""Test documents that are written for people to finish: as YAML, and from an event with what a flow reads of it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import yaml

from engine.base.clock import FixedClock, as_datetime
from engine.base.errors import Failure, UserError
from engine.plan.model import FlowPlan, LookupStep, Plan, PostStep, StepPlan
from engine.rewrite.format import format_text
from engine.run.decide import Context
from engine.source.span import Span
from engine.spec.documents.test import Expect, TestCase
from engine.spec.nearest import suggestion
from engine.verify.flow_case import ENVIRONMENT, all_steps, start_of
from engine.verify.script import Script
from engine.verify.trace import Trace, trace_flow

TIME = "2026-01-31T12:00:00Z"


def draft_test(plan: Plan, event: Any, flow: str | None = None) -> str:
    """A test document with one case for an event: what is given, only as far as the flow reads it; what the outside
    would be asked; and nothing that is expected, so that the case fails until somebody says what must come out.

    ``event`` is a CloudEvent as JSON. Raises UserError if no flow takes it.
    """
    versions = _flow(plan, event, flow)
    clock = str(event.get("time", TIME))
    kept = {name: event[name] for name in ("type", "id", "time", "subject", "partitionkey") if name in event}
    given = {**kept, "data": _only_read(plan, versions, {**kept, "data": event.get("data")}, clock)}
    trace, chosen, on = _trace(plan, versions, given, clock)
    asked = _replies(trace, {step.id: step for step in all_steps(chosen.steps, on)})
    links = list(_links(trace, chosen, on))
    case: dict[str, Any] = {
        "id": "drafted",
        **({"links": links} if links else {}),
        **({"replies": asked} if asked else {}),
    }
    document = {
        "spec": "test/v1",
        "id": f"{chosen.id}_drafted",
        "summary": "To be written: what this shows.",
        "target": {"flow": f"{chosen.id}@{chosen.version.partition('.')[0]}"},
        "clock": clock,
        "given": {"event": given},
        "cases": [case],
    }
    hint = "    # What must come out: outcome, path, sent, postings, emitted, exception.\n    expect: {}\n"
    return format_text(as_yaml(document) + hint)


def as_yaml(document: Mapping[str, Any]) -> str:
    """A document as YAML that reads back as the same: texts that look like something else are quoted. What
    :func:`format_text` makes of it is in canonical form."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, indent=2)


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key; no anchors."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Plain where it is a plain word; quoted where it could be read as anything else."""
    plain = _NAME.fullmatch(text) is not None and text.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, None if plain or " " in text else '"')


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.@-]*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
_Dumper.add_representer(str, _text)


def _flow(plan: Plan, event: Any, flow: str | None) -> tuple[FlowPlan, ...]:
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise UserError(
            "this is not an event: it needs a `type` such as invoice.posted@1, and `data`; "
            "for a vendor's own message say --connection"
        )
    if flow is not None:
        named = [versions for name, versions in plan.flows.items() if flow in (name, name.partition("@")[0])]
        if not named:
            known = [name.partition("@")[0] for name in plan.flows]
            raise UserError(f"there is no flow {flow}: {suggestion(flow, known)}")
        return named[-1]
    found = plan.by_event.get(event["type"], ())
    if not found:
        raise UserError(f"no flow takes {event['type']}: {suggestion(event['type'], plan.by_event)}")
    if len(found) > 1:
        names = ", ".join(f"{versions[-1].id}" for versions in found)
        raise UserError(f"several flows take {event['type']}: name one with --flow ({names})")
    return found[0]


def _trace(
    plan: Plan, versions: tuple[FlowPlan, ...], event: Mapping[str, Any], clock: str
) -> tuple[Trace, FlowPlan, date]:
    """What the flow does with an event, with nothing sent. Raises UserError if the event does not fit it."""
    fixed = FixedClock(clock)
    try:
        canonical, scope = start_of(versions, {"event": dict(event)}, fixed)
        on = versions[-1].business_date(scope) if canonical.type else as_datetime(fixed.now()).date()
    except Failure as failure:
        raise UserError(f"the event does not fit flow {versions[-1].id}: {failure.message}") from failure
    chosen = plan.select(versions, on)
    if chosen is None:
        raise UserError(f"no version of the flow applies on {on}")
    context = Context(plan.workspace, ENVIRONMENT, canonical.id, canonical.partitionkey, on)
    return trace_flow(plan, chosen, scope, context, empty_script()), chosen, on


def empty_script() -> Script:
    """A script that answers nothing."""
    span = Span("")
    return Script(TestCase(id="empty", expect=Expect(span=span), span=span))


def _only_read(plan: Plan, versions: tuple[FlowPlan, ...], event: dict[str, Any], clock: str) -> Any:
    """The event's data without what makes no difference to what the flow does, and is not required."""
    wanted = _behaviour(plan, versions, event, clock)
    data = copy.deepcopy(event["data"])
    for path in sorted(_places(data), key=len):
        around, holder = path[:-1], data
        try:
            for segment in around:
                holder = holder[segment]
            value = holder.pop(path[-1])
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # what is around it is gone already
        if _behaviour(plan, versions, {**event, "data": data}, clock) != wanted:
            holder[path[-1]] = value
            _restore_order(holder, path, event["data"])
    return data


def _restore_order(holder: dict[str, Any], path: tuple[str | int, ...], original: Any) -> None:
    for segment in path[:-1]:
        original = original[segment]
    kept = {name: holder[name] for name in original if name in holder}
    holder.clear()
    holder.update(kept)


def _behaviour(plan: Plan, versions: tuple[FlowPlan, ...], event: dict[str, Any], clock: str) -> Any:
    try:
        trace, _, _ = _trace(plan, versions, event, clock)
    except UserError as wrong:
        return wrong.message
    seen = trace.as_json()
    return {name: seen[name] for name in ("outcome", "output", "effects", "emitted", "exceptions", "problem")}, [
        (step["path"], step["state"]) for step in seen["steps"]
    ]


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all fields; elements of lists stay."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield (*path, name)
            yield from _places(part, (*path, name))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _places(part, (*path, position))


def _replies(trace: Trace, steps: Mapping[str, StepPlan]) -> dict[str, Any]:
    """An answer for every post that the flow comes to; ids are made up, and say so."""
    made: dict[str, Any] = {}
    for effect in trace.effects:
        path = str(effect["path"])
        if isinstance(steps.get(path.rpartition("/")[2]), PostStep):
            made[path] = [{"document": {"id": f"{path.rpartition('/')[2]}-{len(made) + 1}"}}]
    return made


def _links(trace: Trace, flow: FlowPlan, on: date) -> Iterator[dict[str, str]]:
    """The learned ids that the flow looks up."""
    lookups = {step.id: step for step in all_steps(flow.steps, on) if isinstance(step, LookupStep)}
    seen: set[tuple[str, str, str]] = set()
    for step in trace.steps:
        lookup = lookups.get(step.path.rpartition("/")[2])
        if lookup is None or lookup.link is None or not isinstance(step.input, dict):
            continue
        key: Sequence[Any] = step.input["key"]
        found = (str(lookup.connection), lookup.link, str(key[0]))
        if found not in seen:
            seen.add(found)
            yield {"connection": found[0], "link": found[1], "id": found[2], "external": str(len(seen))}
