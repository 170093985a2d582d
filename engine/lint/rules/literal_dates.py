"""Dates written into conditions, where only a release can change them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.expr.nodes import Compare, Literal, walk
from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.lint.syntax import syntax
from engine.lint.texts import leaves_of
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.flow import Flow
from engine.spec.documents.mapping import Mapping
from engine.spec.documents.policy import Policy
from engine.spec.values import Expression

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


#: As a constant of an expression; few files hold any, and only those are read.
_WRITTEN = re.compile(r"['`]\"?\d{4}-\d{2}-\d{2}\"?['`]")


def check(subject: Subject) -> Iterator[Diagnostic]:
    workspace = subject.workspace
    parts: tuple[Flow | Mapping | Policy, ...] = (*workspace.flows, *workspace.mappings, *workspace.policies)
    for part in parts:
        yield from subject.known.told(_document, part, workspace.files[part.span.file])


def _document(part: Flow | Mapping | Policy, text: str) -> Iterator[Diagnostic]:
    for leaf in leaves_of(part) if _WRITTEN.search(text) else ():
        if leaf.computed and _DATE.search(leaf.text):
            yield from _dates(Expression(leaf.text, leaf.span))


def _dates(expression: Expression) -> Iterator[Diagnostic]:
    ast = syntax(expression)
    for node in walk(ast) if ast is not None else ():
        for side in (node.left, node.right) if isinstance(node, Compare) else ():
            for literal in walk(side):
                if isinstance(literal, Literal) and isinstance(literal.value, str) and _DATE.fullmatch(literal.value):
                    message = f"what happens changes on {literal.value}, and only this condition says so"
                    help = "write a version with `effective`, or a table with `validity`"
                    yield finding("SAFE221", message, expression.span, help)
