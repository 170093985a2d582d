"""Steps that only make a value, which nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps, major
from engine.lint.texts import leaves_of
from engine.plan.flows import nested
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.flow import Flow, Missing, Mode, Step

_READ = re.compile(r"\bsteps\s*\.\s*\"?([a-z][a-z0-9_]*)")
#: The steps taken as a whole, from which anything may be read.
_WHOLE = re.compile(r"\bsteps\b(?!\s*\.)")


def check(subject: Subject) -> Iterator[Diagnostic]:
    flows: dict[str, list[Flow]] = {}
    for flow in subject.workspace.flows:
        flows.setdefault(major(flow.id, flow.version), []).append(flow)
    for flow in subject.workspace.flows:
        used = set(_READ.findall(subject.workspace.files[flow.span.file]))
        unused = [
            (step, does) for step in all_steps(flow) if step.id not in used and (does := _only_makes(step, flows))
        ]
        if unused and not _taken_whole(flow):
            for step, does in unused:
                message = f"step `{step.id}` {does}, and nothing uses it"
                yield finding("FLOW229", message, step.span, "remove the step, or use its output")


def _only_makes(step: Step, flows: dict[str, list[Flow]]) -> str:
    """What the step does, if its output is all that it is for."""
    if step.map is not None:
        return "maps"
    if step.read is not None:
        return f"asks `{step.read.connection}`"
    if step.calculate is not None and step.calculate.mode is Mode.CALCULATE:
        return "calculates"
    if step.lookup is not None and step.lookup.missing is Missing.NULL:
        return "looks up what may be missing"
    if step.call is not None:
        called = flows.get(str(step.call.flow), [])
        inside = [inner for flow in called for inner in flow.steps]
        return "calls a flow" if called and _all_only_make(inside, flows) else ""
    if step.branch is not None or step.each is not None:
        does = "decides" if step.branch is not None else "goes through a list"
        inside = list(nested(step))
        return does if inside and _all_only_make(inside, flows) else ""
    return ""


def _all_only_make(steps: Sequence[Step], flows: dict[str, list[Flow]]) -> bool:
    return all(_only_makes(each, flows) for each in steps)


def _taken_whole(flow: Flow) -> bool:
    return any(leaf.computed and _WHOLE.search(leaf.text) for leaf in leaves_of(flow))
