"""Cases of a source for messages that it does not read, and messages that none of its cases is for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.expr.narrowing import is_path, path_names
from engine.expr.nodes import Ast, Compare, Literal, children
from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.subject import Subject
from engine.lint.syntax import chosen_values, syntax
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.source.span import Span
from engine.spec.documents.source import Source


def check(subject: Subject) -> Iterator[Diagnostic]:
    for source in subject.workspace.sources:
        yield from _run_together(source, subject)
        yield from _ordering(source, subject)
        type_ = _type_of_message(source, subject)
        if type_ is not None:
            yield from _unread(source, type_)
            yield from _uncovered(source, type_, subject)


def _ordering(source: Source, subject: Subject) -> Iterator[Diagnostic]:
    """An ordering key that no two messages share."""
    connected = subject.plan.connections.get(source.connection.text)
    webhook = None if connected is None else connected.manifest.form.webhook
    ids = {f"message.{each.removeprefix('body.')}" for each in (() if webhook is None else webhook.id)}
    for case in source.cases:
        for emission in case.emit:
            ast = syntax(emission.partitionkey)
            if ast is not None and is_path(ast) and ".".join(path_names(ast)) in ids:
                message = "every message has an ordering key of its own, so that events overtake each other"
                help = "take the billing account, or whatever the events of one object have in common"
                yield finding("FLOW256", message, emission.partitionkey.span, help)


def _run_together(source: Source, subject: Subject) -> Iterator[Diagnostic]:
    """``- invoice.paid, invoice.voided``: one entry of the list, and no message type."""
    for each in source.messages:
        if "," in each or " " in each.strip():
            names = ", ".join(part for part in re.split(r"[,\s]+", each) if part)
            message = f"`{each}` is one message type here, and none is called so"
            span = place_of(each, source.span, subject)
            fix = Fix(f"write [{names}]", (Edit(span, names),), safe=False) if _in_brackets(span, subject) else None
            yield finding("FLOW250", message, span, "give every message type an entry of its own", fix=fix)


def _is_within(name: str, source: Source) -> bool:
    """Whether a message type is one of several that are run together in an entry."""
    return any(name in re.split(r"[,\s]+", each) for each in source.messages)


def _in_brackets(span: Span, subject: Subject) -> bool:
    line = subject.workspace.files.get(span.file, "").split("\n")[span.line - 1]
    return "[" in line[: span.column]


def _type_of_message(source: Source, subject: Subject) -> list[str] | None:
    """The path at which a message says its type; None if the connector finds it elsewhere, or in several places."""
    connected = subject.plan.connections.get(source.connection.text)
    webhook = None if connected is None else connected.manifest.form.webhook
    if webhook is None or len(webhook.type) != 1 or not webhook.type[0].startswith("body."):
        return None
    return ["message", *webhook.type[0].split(".")[1:]]


def _unread(source: Source, type_: list[str]) -> Iterator[Diagnostic]:
    for case in source.cases:
        ast = None if case.when is None else syntax(case.when)
        for literal in () if ast is None else _compared(ast, type_):
            if literal.value not in source.messages and not _is_within(str(literal.value), source):
                message = f"case `{case.id}` never applies: source `{source.id}` reads no `{literal.value}`"
                yield finding("FLOW249", message, literal.span, "add it to `messages`, or correct it")


def _compared(ast: Ast, type_: list[str]) -> Iterator[Literal]:
    if isinstance(ast, Compare) and ast.operator == "==":
        for side, other in ((ast.left, ast.right), (ast.right, ast.left)):
            if is_path(side) and list(path_names(side)) == type_ and isinstance(other, Literal):
                yield other
        return
    for child in children(ast):
        yield from _compared(child, type_)


def _uncovered(source: Source, type_: list[str], subject: Subject) -> Iterator[Diagnostic]:
    taken: set[str] = set()
    for case in source.cases:
        ast = None if case.when is None else syntax(case.when)
        chosen = None if ast is None else chosen_values(ast)
        if chosen is None or not is_path(chosen[0]) or list(path_names(chosen[0])) != type_:
            return  # it may be for any of them
        taken |= chosen[1]
    unknown = taken - set(source.messages)
    for name in source.messages if source.cases and not unknown else ():
        if name not in taken:
            message = f"`{name}` is read by source `{source.id}`, and no case is for it"
            help = "add a case, with `emit: []` and a note if nothing follows from it"
            yield finding("FLOW250", message, place_of(f"- {name}", source.span, subject), help)
