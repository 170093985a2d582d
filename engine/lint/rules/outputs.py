"""Steps that only make a value, which nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.base.record import frozen
from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps, major
from engine.lint.texts import leaves_of
from engine.plan.flows import nested
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.flow import Flow, Missing, Mode, Step
from engine.spec.documents.mapping import MappedList, Mapping

_READ = re.compile(r"\bsteps\s*\.\s*\"?([a-z][a-z0-9_]*)")
#: The steps taken as a whole, from which anything may be read.
_WHOLE = re.compile(r"\bsteps\b(?!\s*\.)")


@frozen
class _Known:
    """Flows by what they are called, and the mappings that also see to it that a row is there."""

    flows: dict[str, list[Flow]]
    guarding: frozenset[str]


def check(subject: Subject) -> Iterator[Diagnostic]:
    known = _known(subject)
    for flow in subject.workspace.flows:
        used = subject.known.of(_read_in, subject.workspace.files[flow.span.file])
        unused = [
            (step, does) for step in all_steps(flow) if step.id not in used and (does := _only_makes(step, known))
        ]
        if unused and not _taken_whole(flow):
            for step, does in unused:
                message = f"step `{step.id}` {does}, and nothing uses it"
                yield finding("FLOW229", message, step.span, "remove the step, or use its output")


def _read_in(text: str) -> frozenset[str]:
    return frozenset(_READ.findall(text))


def _known(subject: Subject) -> _Known:
    flows: dict[str, list[Flow]] = {}
    for flow in subject.workspace.flows:
        flows.setdefault(major(flow.id, flow.version), []).append(flow)
    mappings = subject.workspace.mappings
    return _Known(flows, frozenset(major(each.id, each.version) for each in mappings if _looks_up(each)))


def _looks_up(part: Mapping | MappedList) -> bool:
    return bool(len(part.lookups)) or any(_looks_up(inner) for _, inner in part.lists)


def _only_makes(step: Step, known: _Known) -> str:
    """What the step does, if its output is all that it is for."""
    if step.map is not None:
        return "" if str(step.map.mapping) in known.guarding else "maps"
    if step.read is not None:
        return f"asks `{step.read.connection}`"
    if step.calculate is not None and step.calculate.mode is Mode.CALCULATE:
        return "calculates"
    if step.lookup is not None and step.lookup.missing is Missing.NULL:
        return "looks up what may be missing"
    if step.call is not None:
        called = known.flows.get(str(step.call.flow), [])
        inside = [inner for flow in called for inner in flow.steps]
        return "calls a flow" if called and _all_only_make(inside, known) else ""
    if step.branch is not None or step.each is not None:
        does = "decides" if step.branch is not None else "goes through a list"
        inside = list(nested(step))
        return does if inside and _all_only_make(inside, known) else ""
    return ""


def _all_only_make(steps: Sequence[Step], known: _Known) -> bool:
    return all(_only_makes(each, known) for each in steps)


def _taken_whole(flow: Flow) -> bool:
    return any(leaf.computed and _WHOLE.search(leaf.text) for leaf in leaves_of(flow))
