"""Flows as plans: trigger, business date, steps and output, in order of who calls whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.base.errors import ErrorClass, Failure
from engine.base.record import frozen
from engine.base.zones import zones
from engine.plan.bundles import bundle_digest
from engine.plan.expressions import computed, condition, tree
from engine.plan.flow_scope import RESERVED, FlowScope, event_type
from engine.plan.library import Library, Parts
from engine.plan.model import Computed, FlowPlan, Scope
from engine.plan.steps import StepCompiler
from engine.plan.versions import version_number
from engine.schema.types import DATE, NULL, OPEN_OBJECT, TEXT, TIMESTAMP, Object, Type, union
from engine.source.diagnostic import Diagnostics, Label
from engine.spec.documents.flow import Flow, Step, Trigger
from engine.spec.values import Reference


@frozen
class CompiledFlow:
    plan: FlowPlan
    inputs: Mapping[str, Type]
    output: Type
    parts: Parts


def compile_flow(flow: Flow, digest: str, library: Library) -> CompiledFlow:
    """The plan of a flow. Findings go to the library's diagnostics; called flows are compiled already."""
    parts: Parts = {f"flow:{flow.id}@{flow.version}": digest}
    found = library.diagnostics
    names, inputs, decode = _start(flow.trigger, library, parts)
    scope = FlowScope(names, {})
    business_date = _business_date(flow, names, found)
    when: Computed | None = None
    if flow.trigger.when is not None:
        starts = condition(flow.trigger.when, names, found)
        when, scope = starts.value, scope.known_as(starts.holding(names))
    compiler = StepCompiler(library, parts)
    steps, behind = compiler.steps(flow.steps, scope)
    output: Computed | None = None
    output_type: Type = NULL
    if flow.output is not None:
        typed = tree(flow.output, behind.types(), found)
        output, output_type = typed.value, typed.type
    trigger = flow.trigger
    plan = FlowPlan(
        id=flow.id,
        version=flow.version,
        digest=bundle_digest(parts),
        owner=flow.owner,
        summary=flow.summary,
        event=None if trigger.event is None else str(trigger.event),
        when=when,
        business_date=business_date,
        decode=decode,
        steps=steps,
        output=output,
        inputs=tuple(inputs),
        may_change_outside=compiler.reaches_outside,
        bundle=dict(sorted(parts.items())),
        schedule=None if trigger.schedule is None else (trigger.schedule.cron, trigger.schedule.zone),
        folder=None if trigger.file is None else (trigger.file.folder, trigger.file.pattern),
    )
    return CompiledFlow(plan, inputs, output_type, parts)


def _start(
    trigger: Trigger, library: Library, parts: Parts
) -> tuple[dict[str, Type], dict[str, Type], Callable[[Any], Any]]:
    """The names in scope at the start, the named inputs of a call, and how what arrives is typed."""
    if trigger.event is not None:
        schema = library.schema(trigger.event, parts)
        if schema is None:
            return {"event": event_type(OPEN_OBJECT)}, {}, _as_it_is
        return {"event": event_type(schema.type)}, {}, schema.decode
    if trigger.call is not None:
        inputs = library.input_types(trigger.call.input, parts)
        for name, declared in trigger.call.input:
            if name in RESERVED:
                message = f"an input cannot be called `{name}`"
                library.diagnostics.error("FLOW006", message, declared.span, "choose another name")
        return dict(inputs), inputs, library.input_decoder(trigger.call.input, parts)
    if trigger.schedule is not None:
        _check_schedule(trigger, library.diagnostics)
        return {"event": event_type(OPEN_OBJECT)}, {}, _as_it_is
    return {"event": event_type(Object({}, frozenset(), TEXT))}, {}, _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _check_schedule(trigger: Trigger, diagnostics: Diagnostics) -> None:
    from croniter import croniter

    schedule = trigger.schedule
    assert schedule is not None
    if len(schedule.cron.split()) != 5 or not croniter.is_valid(schedule.cron):
        message = f"`{schedule.cron}` is not a schedule"
        diagnostics.error("FLOW013", message, schedule.span, "write five cron fields: minute hour day month weekday")
    if schedule.zone not in zones():
        message = f"there is no time zone `{schedule.zone}`"
        diagnostics.error("FLOW013", message, schedule.span, "use an IANA name such as `Europe/Berlin`")


def _business_date(flow: Flow, names: Mapping[str, Type], diagnostics: Diagnostics) -> Callable[[Scope], date]:
    by = None if flow.effective is None else flow.effective.by
    if by is None:
        schedule = flow.trigger.schedule
        return _date_of_event if schedule is None or schedule.zone not in zones() else _date_in(schedule.zone)
    value: Computed = computed(by, names, diagnostics, union(DATE, TIMESTAMP)).value

    def business_date(scope: Scope) -> date:
        found = value(scope)
        if isinstance(found, datetime):
            return found.date()
        if not isinstance(found, date):
            raise Failure(ErrorClass.MAPPING, f"the business date of flow {flow.id} is {found!r}, not a date")
        return found

    return business_date


def _date_of_event(scope: Scope) -> date:
    event = scope.get("event")
    if event is None:
        raise Failure(ErrorClass.CONFIG, "a call of this flow carries no business date")
    moment: datetime = event["time"]
    return moment.date()


def _date_in(zone: str) -> Callable[[Scope], date]:
    """The date on which a schedule was due where its clock stands: midnight there is the day before in UTC, or not."""
    place = ZoneInfo(zone)

    def business_date(scope: Scope) -> date:
        moment: datetime = scope["event"]["time"]
        return moment.astimezone(place).date()

    return business_date


# ----------------------------------------------------------------------------- who calls whom


def called_by(steps: Sequence[Step]) -> Iterable[Reference]:
    """The flows that steps call, nested ones included."""
    for step in steps:
        if step.call is not None:
            yield step.call.flow
        yield from called_by(nested(step))


def nested(step: Step) -> tuple[Step, ...]:
    """The steps inside a branch or an each."""
    if step.each is not None:
        return step.each.steps
    if step.branch is not None:
        inside = [inner for case in step.branch.cases for inner in case.steps]
        return (*inside, *step.branch.otherwise.steps)
    return ()


def in_call_order(flows: Sequence[Flow], diagnostics: Diagnostics) -> tuple[list[list[Flow]], set[tuple[str, int]]]:
    """Flows grouped by id and major version, called ones first, and those that (through others) call themselves,
    which are reported and left out."""
    groups: dict[tuple[str, int], list[Flow]] = {}
    for flow in flows:
        groups.setdefault((flow.id, version_number(flow.version)[0]), []).append(flow)
    ordered: list[list[Flow]] = []
    done: set[tuple[str, int]] = set()
    cyclic: set[tuple[str, int]] = set()

    def visit(key: tuple[str, int], trail: tuple[tuple[str, int], ...]) -> None:
        if key in done or key not in groups:
            return
        for flow in groups[key]:
            for reference in called_by(flow.steps):
                target = (reference.id, reference.major)
                if target in (*trail, key):
                    _report_cycle(reference, (*trail, key), target, diagnostics)
                    cyclic.update((*trail, key)[(*trail, key).index(target) :])
                else:
                    visit(target, (*trail, key))
        if key not in done:
            done.add(key)
            ordered.append(groups[key])

    for key in groups:
        visit(key, ())
    return [group for group in ordered if (group[0].id, version_number(group[0].version)[0]) not in cyclic], cyclic


def _report_cycle(
    reference: Reference, trail: tuple[tuple[str, int], ...], target: tuple[str, int], diagnostics: Diagnostics
) -> None:
    circle = [f"{id}@{major}" for id, major in trail[trail.index(target) :]]
    diagnostics.error(
        "FLOW002",
        f"flows call each other in a circle: {' → '.join((*circle, circle[0]))}",
        reference.span,
        "a flow must come to an end: call only flows that do not call back",
        (Label(reference.span, "the call that closes the circle"),),
    )
