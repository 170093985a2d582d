"""Flows for readers: a drawing, a row per step, and what a flow refers to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.catalog.diagram import Block, Box, Fork, Loop
from engine.spec.documents.flow import Flow, Step
from engine.spec.values import Reference


@dataclass(frozen=True, slots=True)
class Use:
    """A flow's step uses another definition: its kind and its reference as written."""

    step: str
    kind: str
    reference: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step for a table: how deep it lies, what it does, when, and what happens if it fails."""

    depth: int
    id: str
    kind: str
    does: str
    when: str
    failing: str
    note: str
    line: int


def kind_of(step: Step) -> str:
    """The key that says what the step does."""
    return next(kind for kind in Step.KINDS if getattr(step, kind) is not None)


def trigger_words(flow: Flow) -> tuple[str, ...]:
    """What starts the flow, in words."""
    trigger = flow.trigger
    if trigger.event is not None:
        first = f"event {trigger.event}"
    elif trigger.schedule is not None:
        first = f"schedule {trigger.schedule.cron} ({trigger.schedule.zone})"
    elif trigger.file is not None:
        first = f"files {trigger.file.folder}/{trigger.file.pattern}"
    else:
        first = "a call"
    return (first,) if trigger.when is None else (first, f"when {trigger.when.text}")


def blocks_of(flow: Flow) -> list[Block]:
    """The drawing of a flow from its trigger to its end."""
    start, *condition = trigger_words(flow)
    return [Box(start, "", tuple(condition)), *(_block(each) for each in flow.steps)]


def _block(step: Step) -> Block:
    kind = kind_of(step)
    lines = [words(step)] if words(step) else []
    if step.when is not None:
        lines.append(f"when {step.when.text}")
    box = Box(step.id, kind, tuple(lines))
    if step.each is not None:
        return Loop(box, tuple(_block(each) for each in step.each.steps))
    if step.branch is not None:
        columns = [(case.id, tuple(_block(each) for each in case.steps)) for case in step.branch.cases]
        columns.append(("otherwise", tuple(_block(each) for each in step.branch.otherwise.steps)))
        return Fork(box, tuple(columns))
    return box


def words(step: Step) -> str:
    """What a step works with, in a few words."""
    if step.validate is not None:
        return str(step.validate.schema)
    if step.lookup is not None:
        return (
            f"table {step.lookup.table}"
            if step.lookup.table
            else f"link {step.lookup.link} of {step.lookup.connection}"
        )
    if step.read is not None:
        return f"{step.read.connection}: {step.read.operation}"
    if step.map is not None:
        return str(step.map.mapping)
    if step.calculate is not None:
        by = _calculated_by(step)
        return f"{step.calculate.mode} {step.calculate.subject}" + (f" by {by[1]}" if by else "")
    if step.check is not None:
        return str(step.check.policy)
    if step.approve is not None:
        return f"by {step.approve.group}"
    if step.branch is not None:
        return f"{len(step.branch.cases)} cases"
    if step.each is not None:
        return f"each {step.each.as_} of {step.each.over.text}"
    if step.post is not None:
        return f"{step.post.connection}: {step.post.operation}"
    if step.call is not None:
        return str(step.call.flow)
    if step.wait is not None:
        return str(step.wait.event) if step.wait.event is not None else "until a moment"
    if step.emit is not None:
        return str(step.emit.event)
    return step.fail.complaint.reason if step.fail is not None else ""


def _calculated_by(step: Step) -> tuple[str, str] | None:
    by = step.calculate.by if step.calculate is not None else None
    for kind in by.KINDS if by is not None else ():
        reference = getattr(by, kind)
        if isinstance(reference, Reference):
            return kind, str(reference)
    return None


def rows_of(steps: Sequence[Step], depth: int = 0) -> Iterator[StepRow]:
    """A row per step, nested ones below their step."""
    for step in steps:
        yield StepRow(
            depth, step.id, kind_of(step), words(step), step.when.text if step.when is not None else "",
            _failing(step), step.note or "", step.span.line,
        )  # fmt: skip
        if step.each is not None:
            yield from rows_of(step.each.steps, depth + 1)
        if step.branch is not None:
            for case in step.branch.cases:
                yield from rows_of(case.steps, depth + 1)
            yield from rows_of(step.branch.otherwise.steps, depth + 1)


def _failing(step: Step) -> str:
    clause = step.on_error
    parts = [f"{', '.join(clause.classes)}: {clause.do}, because {clause.reason}"] if clause is not None else []
    if step.retry is not None:
        limits = [f"{step.retry.attempts_max} tries" if step.retry.attempts_max else ""]
        limits += [f"for {step.retry.elapsed_max.text}" if step.retry.elapsed_max else ""]
        parts.append("retried: " + " ".join(each for each in limits if each))
    return "; ".join(parts)


def uses_of(steps: Sequence[Step]) -> Iterator[Use]:
    """What steps refer to, in order."""
    for step in steps:
        if step.lookup is not None and step.lookup.table is not None:
            yield Use(step.id, "table", str(step.lookup.table))
        if step.map is not None:
            yield Use(step.id, "mapping", str(step.map.mapping))
        if step.check is not None:
            yield Use(step.id, "policy", str(step.check.policy))
        if step.call is not None:
            yield Use(step.id, "flow", str(step.call.flow))
        if step.validate is not None:
            yield Use(step.id, "schema", str(step.validate.schema))
        by = _calculated_by(step)
        if by is not None:
            yield Use(step.id, *by)
        for target in (step.read, step.post):
            if target is not None:
                yield Use(step.id, "connection", str(target.connection))
        if step.each is not None:
            yield from uses_of(step.each.steps)
        if step.branch is not None:
            for case in step.branch.cases:
                yield from uses_of(case.steps)
            yield from uses_of(step.branch.otherwise.steps)
