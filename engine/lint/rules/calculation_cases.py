"""Cases of calculations that give or expect what the calculation does not take or answer."""

from __future__ import annotations

from collections.abc import Iterator

from engine.finance.calculations import calculation
from engine.finance.facts import type_of
from engine.lint.finding import finding
from engine.lint.places import place_in
from engine.lint.rules.contradictions import Lost, contradictions, reached
from engine.lint.subject import Subject
from engine.schema.types import Object
from engine.source.diagnostic import Diagnostic
from engine.source.node import Mapping, Node
from engine.source.span import Span
from engine.spec.documents.flow import CalculatedBy
from engine.spec.documents.test import Test, TestCase
from engine.spec.nearest import suggestion


def check(subject: Subject) -> Iterator[Diagnostic]:
    for test in subject.workspace.tests:
        kinds = [kind for kind in CalculatedBy.KINDS if getattr(test.target, kind) is not None]
        if len(kinds) == 1:
            yield from subject.known.told(_test, test, kinds[0], subject.workspace.files.get(test.span.file, ""))


def _test(test: Test, kind: str, content: str) -> Iterator[Diagnostic]:
    made = calculation(kind)
    takes, answers = type_of(made.facts), type_of(made.result)
    if isinstance(takes, Object) and not all(_refused(each) for each in test.cases):
        yield from _given(test, kind, takes, content)
    for case in test.cases:
        if case.expect.output is not None:
            for words, span, help in contradictions(case.expect.output.node, answers, "output"):
                yield finding("TEST239", f"case `{case.id}` never holds: {words}", span, help)
        if not _refused(case) and isinstance(takes, Object):
            for path, tree in case.change:
                gone = reached(path, takes)
                if gone is not None and not isinstance(gone, Lost) and not _is_file(tree.node):
                    for words, span, help in contradictions(tree.node, gone, path):
                        yield finding("TEST239", f"case `{case.id}` is refused: {words}", span, help)
                if isinstance(gone, Lost):
                    place = place_in(path, _line(case.span), content)
                    message = f"case `{case.id}` is refused: {kind} documents are told no `{gone.name}`"
                    yield finding(
                        "TEST239", message, place if place.column > 1 else tree.span, suggestion(gone.name, gone.known)
                    )


def _given(test: Test, kind: str, takes: Object, content: str) -> Iterator[Diagnostic]:
    for name, tree in test.given:
        declared = takes.fields.get(name)
        if declared is None:
            place = place_in(f"{name}:", place_in("given:", test.span, content), content)
            span = Span(place.file, place.line, place.column, place.line, place.column + len(name))
            message = f"no case can hold: {kind} documents are told no `{name}`"
            yield finding("TEST239", message, span, suggestion(name, list(takes.fields)))
        elif not _is_file(tree.node):
            for words, span, help in contradictions(tree.node, declared, name):
                yield finding("TEST239", f"no case can hold: {words}", span, help)


def _refused(case: TestCase) -> bool:
    """Whether the case is about facts that the calculation refuses, or may be in one of its rows."""
    return case.expect.exception is not None or case.expect.outcome == "exception" or case.table is not None


def _is_file(node: Node) -> bool:
    return isinstance(node, Mapping) and [entry.key for entry in node.entries] == ["file"]


def _line(span: Span) -> Span:
    return Span(span.file, span.line, 1, span.line, 1)
