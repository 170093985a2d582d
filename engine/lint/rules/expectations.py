"""Expectations that can never be met, and replies that are never used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.base.clock import as_microseconds
from engine.base.errors import ErrorClass
from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.rules.test_names import step_of
from engine.lint.subject import Subject, all_steps, kind_of, major
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.spec.documents.flow import Flow, Missing, Step
from engine.spec.documents.test import Expect, Target, Test, TestCase
from engine.spec.nearest import nearest, suggestion

OUTCOMES = ("completed", "exception", "waiting", "skipped")
#: Which kinds of targets have what an expectation speaks of.
_HAVE = {
    "path": ("flow", "source"),
    "sent": ("flow",),
    "attempts": ("flow",),
    "emitted": ("flow", "source"),
    "violations": ("policy",),
}
_ANSWERED = frozenset({"post", "read", "approve", "wait"})


def check(subject: Subject) -> Iterator[Diagnostic]:
    flows: dict[str, list[Flow]] = {}
    for flow in subject.workspace.flows:
        flows.setdefault(major(flow.id, flow.version), []).append(flow)
    kinds_of: dict[str, dict[str, set[str]]] = {}
    for test in subject.workspace.tests:
        yield from _clock(test, subject)
        kind, target = _kind(test.target), str(test.target.flow)
        if kind == "flow" and target not in kinds_of:
            kinds_of[target] = _kinds_of_steps(flows.get(target, ()), flows)
        kinds = kinds_of.get(target, {}) if kind == "flow" else {}
        for case in test.cases:
            yield from _possible(case, case.expect, kind, subject)
            yield from _steps(case, kinds, subject)


def _kind(target: Target) -> str:
    named = [kind for kind in ("flow", "mapping", "policy", "source") if getattr(target, kind) is not None]
    return named[0] if len(named) == 1 else "calculation"


def _clock(test: Test, subject: Subject) -> Iterator[Diagnostic]:
    clocks = [(test.id, test.clock, test.span)]
    clocks += [(f"{test.id}/{case.id}", getattr(case, "clock", None) or test.clock, case.span) for case in test.cases]
    for name, clock, span in clocks:
        if (name == test.id or clock != test.clock) and not _is_time(clock):
            message = f"the `clock` of `{name}` is no time: {clock!r}"
            yield finding(
                "TEST228", message, place_of("clock:", span, subject), 'write it as in "2026-01-31T12:00:00Z"'
            )


def _is_time(clock: str) -> bool:
    try:
        as_microseconds(clock)
    except ValueError:
        return False
    return True


def _possible(case: TestCase, expect: Expect, kind: str, subject: Subject) -> Iterator[Diagnostic]:
    if expect.outcome is not None and expect.outcome not in OUTCOMES:
        message = f"case `{case.id}` never holds: there is no outcome `{expect.outcome}`"
        span = place_of(expect.outcome, place_of("outcome:", expect.span, subject), subject)
        meant = nearest(expect.outcome, OUTCOMES)
        fix = None if meant is None else Fix(f"write {meant}", (Edit(span, meant),), safe=False)
        yield finding("TEST225", message, span, suggestion(expect.outcome, OUTCOMES), fix=fix)
    elif expect.outcome not in (None, "exception") and (expect.exception is not None or expect.violations):
        message = f"case `{case.id}` never holds: what is {expect.outcome} has no exception"
        yield finding("TEST225", message, expect.span, "expect the outcome `exception`, or no exception")
    if expect.exception is not None and expect.exception.class_ is not None:
        classes = [str(each) for each in ErrorClass]
        if expect.exception.class_ not in classes:
            message = f"case `{case.id}` never holds: there is no failure class `{expect.exception.class_}`"
            yield finding("TEST225", message, expect.exception.span, suggestion(expect.exception.class_, classes))
    for name, kinds in _HAVE.items():
        if getattr(expect, name) is not None and kind not in kinds:
            have = " or ".join(f"a {each}" for each in kinds)
            message = f"`{name}` in case `{case.id}` proves nothing: only {have} has it"
            yield finding("TEST226", message, expect.span, f"remove `{name}`, and expect what the {kind} gives")


def _kinds_of_steps(versions: Sequence[Flow], flows: dict[str, list[Flow]]) -> dict[str, set[str]]:
    """What the steps of a flow and of those that it calls ask, by their ids."""
    kinds: dict[str, set[str]] = {}
    open_, seen = list(versions), set[int]()
    while open_:
        flow = open_.pop()
        if id(flow) not in seen:
            seen.add(id(flow))
            for step in all_steps(flow):
                kinds.setdefault(step.id, set()).add(_asks(step))
                if step.call is not None:
                    open_ += flows.get(str(step.call.flow), ())
    return kinds


def _asks(step: Step) -> str:
    held = step.lookup is not None and step.lookup.missing is Missing.HOLD
    return "wait" if held else kind_of(step)


def _steps(case: TestCase, kinds: dict[str, set[str]], subject: Subject) -> Iterator[Diagnostic]:
    expect = case.expect
    for name, tree in case.replies:
        kind = kinds.get(step_of(name))
        if kind is not None and not kind & _ANSWERED:
            message = f"step `{name}` asks nobody, so nothing uses its reply"
            yield finding("TEST227", message, tree.span, "remove the reply")
        elif kind is not None and expect.path is not None and name not in expect.path:
            message = f"the expected path does not come to step `{name}`, so nothing uses its reply"
            yield finding("TEST229", message, tree.span, "remove the reply, or correct the path")
    for name in expect.not_visited or ():
        if name in (expect.path or ()):
            message = f"case `{case.id}` never holds: step `{name}` is in `path` and in `not_visited`"
            span = place_of(name, place_of("not_visited:", expect.span, subject), subject)
            yield finding("TEST225", message, span, "leave it out of one of them")
    places = [(name, tree.span) for name, tree in expect.sent or ()]
    places += [(name, expect.span) for name, _ in expect.attempts or ()]
    for name, span in places:
        kind = kinds.get(step_of(name))
        if kind is not None and "post" not in kind:
            message = f"step `{name}` sends nothing, so case `{case.id}` never holds"
            yield finding("TEST227", message, span, "name a `post` step")
