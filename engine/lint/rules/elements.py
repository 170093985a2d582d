"""Elements of `each` that all have the same key."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.nodes import Field, walk
from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.lint.syntax import syntax
from engine.source.diagnostic import Diagnostic, Label
from engine.spec.documents.flow import Each
from engine.spec.documents.source import Elements


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.each is not None:
                yield from _key(step.each, "its effects are one effect")
    for source in subject.workspace.sources:
        for case in source.cases:
            for emission in case.emit:
                if emission.each is not None:
                    yield from _key(emission.each, "its events are one event")


def _key(each: Each | Elements, what_follows: str) -> Iterator[Diagnostic]:
    ast = syntax(each.key)
    if ast is not None and not any(isinstance(node, Field) and node.name == each.as_ for node in walk(ast)):
        yield finding(
            "FLOW230",
            f"every `{each.as_}` has the same key: {what_follows}",
            each.key.span,
            f"read the key from the element, such as `={each.as_}.id`",
            (Label(each.over.span, "the elements"),),
        )
