"""Test cases that show nothing: without an expectation, the same as another, or changed to what they were."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.source.about import About
from engine.source.diagnostic import Diagnostic, Label
from engine.source.node import plain
from engine.spec.documents.test import Expect, Test, TestCase
from engine.spec.shape import Map
from engine.spec.values import Tree

_SEGMENT = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_ABSENT = object()
#: What of a case decides what it leads to.
_DECIDES = tuple(
    each.name for each in dataclasses.fields(TestCase) if each.name not in ("id", "summary", "expect", "span")
)

#: What every part of an expectation is if it is left out.
_LEFT_OUT = tuple((each.name, each.default) for each in dataclasses.fields(Expect) if each.name != "span")


def check(subject: Subject) -> Iterator[Diagnostic]:
    for test in subject.workspace.tests:
        yield from subject.known.told(_test, test)


def _test(test: Test) -> Iterator[Diagnostic]:
    if not test.cases:
        yield finding("TEST220", f"test `{test.id}` has no cases, so it shows nothing", test.span, "add a case")
    yield from _cases(test)
    given = {name: plain(tree.node) for name, tree in test.given} if any(each.change for each in test.cases) else {}
    for case in test.cases:
        yield from _expects(case)
        yield from _changes(given, case)


def _expects(case: TestCase) -> Iterator[Diagnostic]:
    expect = case.expect
    if getattr(case, "table", None) is not None or getattr(case, "forall", None) is not None:
        return
    if all(getattr(expect, name) == default for name, default in _LEFT_OUT):
        message = f"case `{case.id}` expects nothing yet, so it fails until somebody says what must come out"
        yield finding("TEST221", message, case.span, "say in `expect` what must come out")


def _cases(test: Test) -> Iterator[Diagnostic]:
    by_id: dict[str, TestCase] = {}
    by_content: dict[str, TestCase] = {}
    alike = Counter(_outline(case) for case in test.cases)
    for case in test.cases:
        first = by_id.setdefault(case.id, case)
        if first is not case:
            yield finding(
                "TEST222",
                f"two cases of test `{test.id}` are called `{case.id}`",
                case.span,
                "give every case a name of its own",
                (Label(first.span, "the other case"),),
                about=About(owner=test.id, named=(case.id,), kind="test case"),
            )
        if alike[_outline(case)] == 1:
            continue
        same = by_content.setdefault(_content(case), case)
        if same is not case:
            yield finding(
                "TEST223",
                f"case `{case.id}` is case `{same.id}` once more",
                case.span,
                "change what comes in, or remove one of them",
                (Label(same.span, "the same case"),),
            )


def _outline(case: TestCase) -> tuple[object, ...]:
    """What cases that say the same have in common, without reading their values."""
    expect = case.expect
    paths = tuple(path for path, _ in case.change)
    return (
        paths,
        tuple(step for step, _ in case.replies),
        len(case.links),
        expect.outcome,
        expect.violations,
        expect.path,
    )


def _content(case: TestCase) -> str:
    return repr((_said(case.expect), [_said(getattr(case, name)) for name in _DECIDES]))


def _said(part: Any) -> Any:
    """What a part of a document says, wherever it stands."""
    if isinstance(part, Tree):
        return plain(part.node)
    if isinstance(part, Map):
        return {name: _said(value) for name, value in part}
    if isinstance(part, tuple):
        return [_said(each) for each in part]
    if dataclasses.is_dataclass(part):
        return {each.name: _said(getattr(part, each.name)) for each in dataclasses.fields(part) if each.name != "span"}
    return part


def _changes(given: Mapping[str, Any], case: TestCase) -> Iterator[Diagnostic]:
    """Changes to what the input holds already; inputs in files are not read."""
    for path, tree in case.change:
        before = _at(given, path)
        if before is not _ABSENT and before == plain(tree.node) and repr(before) == repr(plain(tree.node)):
            message = f"`{path}` is that already, so case `{case.id}` changes nothing by it"
            yield finding("TEST224", message, tree.span, "give another value, or remove the change")


def _at(whole: Mapping[str, Any], path: str) -> Any:
    """What stands at a path; absent where it leads through a file or nowhere."""
    at: Any = whole
    for name, index in _SEGMENT.findall(path):
        if index:
            if not isinstance(at, list) or int(index) >= len(at):
                return _ABSENT
            at = at[int(index)]
        else:
            if not isinstance(at, Mapping) or name not in at:
                return _ABSENT
            at = at[name]
    return at
