"""Business dates on which a flow applies and what it uses does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from engine.lint.finding import finding
from engine.lint.lines import removal
from engine.lint.subject import Subject, all_steps, major
from engine.source.diagnostic import Diagnostic, Label
from engine.source.span import Span
from engine.spec.documents.flow import CalculatedBy, Step
from engine.spec.values import Reference

#: All versions of a major, by kind and reference.
Known = Mapping[tuple[str, str], Sequence[Any]]


def check(subject: Subject) -> Iterator[Diagnostic]:
    workspace = subject.workspace
    known: dict[tuple[str, str], list[Any]] = {}
    others: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("mapping", workspace.mappings),
        ("policy", workspace.policies),
        *workspace.calculating.items(),
    )
    for kind, documents in (("flow", workspace.flows), *others):
        for document in documents:
            known.setdefault((kind, major(document.id, document.version)), []).append(document)
    for kind, documents in others:
        for document in documents:
            effective = document.effective
            if effective is not None and effective.by is not None:
                message = f"only a flow chooses the business date: `by` of {kind} `{document.id}` has no effect"
                fix = removal("by", effective.by.span, subject)
                yield finding("VERS221", message, effective.by.span, "remove it; write it in the flow", fix=fix)
    for flow in workspace.flows:
        first, end = _dates(flow)
        end = _followed(flow, known["flow", major(flow.id, flow.version)], end)
        for step in all_steps(flow):
            for kind, reference in uses(step):
                yield from _covered(step, reference, known.get((kind, str(reference)), ()), first, end)


def _dates(document: Any) -> tuple[date, date]:
    effective = document.effective
    if effective is None:
        return date.min, date.max
    return effective.from_, effective.to or date.max


def _followed(document: Any, versions: Sequence[Any], end: date) -> date:
    """When a version ends, by itself or because a later one takes over."""
    first = _dates(document)[0]
    return min([end, *(begin for each in versions if (begin := _dates(each)[0]) > first)])


def uses(step: Step) -> Iterator[tuple[str, Reference]]:
    """The definitions that a step runs, with their kinds."""
    if step.map is not None:
        yield "mapping", step.map.mapping
    if step.check is not None:
        yield "policy", step.check.policy
    if step.call is not None:
        yield "flow", step.call.flow
    by = None if step.calculate is None else step.calculate.by
    for kind in CalculatedBy.KINDS if by is not None else ():
        reference = getattr(by, kind)
        if reference is not None:
            yield kind, reference


def _covered(step: Step, reference: Reference, versions: Sequence[Any], first: date, end: date) -> Iterator[Diagnostic]:
    if not versions:
        return
    dates = [(_dates(each), each) for each in versions]
    (begins, _), earliest = min(dates, key=lambda entry: entry[0][0])
    (_, ends), latest = max(dates, key=lambda entry: entry[0][0])
    if first != date.min and begins > first:
        yield _gap(step, reference, f"from {first} to {begins}", earliest.effective.span)
    if ends < end:
        until = "" if end == date.max else f" to {end}"
        yield _gap(step, reference, f"from {max(first, ends)}{until}", latest.effective.span)


def _gap(step: Step, reference: Reference, when: str, other: Span) -> Diagnostic:
    return finding(
        "VERS220",
        f"step `{step.id}` fails {when}: no version of `{reference}` applies",
        reference.span,
        "let both apply on the same business dates",
        (Label(other, "its dates"),),
    )
