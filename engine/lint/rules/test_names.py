"""Tests about something that does not exist, or that name steps, rules and inputs which their target does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps, major
from engine.source.about import About
from engine.source.diagnostic import Diagnostic
from engine.source.span import Span
from engine.spec.documents.flow import Flow
from engine.spec.documents.test import Test
from engine.spec.nearest import about_unknown, suggestion

Versions = Mapping[str, list[Any]]


def step_of(key: str) -> str:
    """The id of the step that a test means by ``step``, ``step[key]``, or its whole path."""
    return key.rpartition("/")[2].partition("[")[0]


def check(subject: Subject) -> Iterator[Diagnostic]:
    workspace = subject.workspace
    named: dict[str, Versions] = {
        "flow": _by_major(workspace.flows),
        "mapping": _by_major(workspace.mappings),
        "policy": _by_major(workspace.policies),
        "source": {each.id: [each] for each in workspace.sources},
        **{kind: _by_major(documents) for kind, documents in workspace.calculating.items()},
    }
    for test in workspace.tests:
        targets = [(kind, target) for kind in named if (target := getattr(test.target, kind)) is not None]
        if len(targets) != 1:
            said = "nothing" if not targets else " and ".join(kind for kind, _ in targets)
            yield finding("TEST205", f"a test is about one thing; this one names {said}", test.target.span)
            continue
        ((kind, target),) = targets
        versions = named[kind].get(str(target))
        if versions is None:
            message = f"there is no {kind} `{target}` that this test could be about"
            other = next((each for each, known in named.items() if str(target) in known and each != kind), None)
            help, about = f"write `{other}: {target}`", About(unknown=(str(target),), kind=kind)
            if other is None:
                help, about = suggestion(str(target), named[kind]), about_unknown(str(target), named[kind], kind=kind)
            yield finding("TEST205", message, target.span, help, about=about)
        elif kind == "flow":
            yield from _flow_test(test, _steps(versions, named["flow"]))
        else:
            yield from _pure_test(test, kind, versions)


def _by_major(documents: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for each in documents:
        found.setdefault(major(each.id, each.version), []).append(each)
    return found


def _steps(versions: Iterable[Flow], flows: Versions) -> set[str]:
    """The ids of every step of a flow's versions, those of the flows that it calls included; and `branch:case`."""
    known: set[str] = set()
    open_ = list(versions)
    seen: set[int] = set()
    while open_:
        flow = open_.pop()
        if id(flow) in seen:
            continue
        seen.add(id(flow))
        for step in all_steps(flow):
            known.add(step.id)
            if step.branch is not None:
                cases = [case.id for case in step.branch.cases]
                known.update(f"{step.id}:{case}" for case in (*cases, "otherwise"))
            if step.call is not None:
                open_ += flows.get(str(step.call.flow), [])
    return known


def _flow_test(test: Test, known: set[str]) -> Iterator[Diagnostic]:
    for case in test.cases:
        expect = case.expect
        places: list[tuple[str, Span]] = [(step, tree.span) for step, tree in case.replies]
        places += [(step, tree.span) for step, tree in expect.sent or ()]
        places += [(step, expect.span) for step, _ in expect.attempts or ()]
        places += [(step, expect.span) for step in expect.path or ()]
        for named, span in places:
            step = step_of(named)
            if step not in known:
                steps = [each for each in known if ":" not in each]
                about = replace(about_unknown(step, steps, kind="step"), unknown=(named,))
                yield finding("TEST206", f"there is no step `{named}`", span, suggestion(step, steps), about=about)


def _pure_test(test: Test, kind: str, versions: list[Any]) -> Iterator[Diagnostic]:
    for case in test.cases:
        for step, tree in case.replies:
            message = f"only a flow asks the outside: nothing would use the reply of `{step}`"
            yield finding("TEST206", message, tree.span, "remove `replies`", about=About(unknown=(step,), kind="step"))
    if kind == "policy":
        rules = {rule.id for policy in versions for rule in policy.rules}
        for case in test.cases:
            for rule in case.expect.violations or ():
                if rule not in rules:
                    help, about = suggestion(rule, rules), about_unknown(rule, rules, kind="rule")
                    yield finding("TEST206", f"there is no rule `{rule}`", case.expect.span, help, about=about)
    if kind in ("policy", "mapping"):
        inputs = {name for document in versions for name, _ in document.input}
        for name, tree in test.given:
            if name not in inputs:
                help, about = suggestion(name, inputs), about_unknown(name, inputs, kind="input")
                yield finding("TEST206", f"there is no input `{name}`", tree.span, help, about=about)
