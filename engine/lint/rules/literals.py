"""Accounts, tax codes and entities written into documents instead of being looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from engine.expr.nodes import Ast, Literal, children
from engine.expr.parse import parse
from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.subject import Subject
from engine.lint.texts import Leaf, leaves_of
from engine.source.diagnostic import Diagnostic, Diagnostics, Label

#: Columns whose cells are facts of accounting, by the words that their names end in.
_KINDS = {"account": "GL account", "tax_code": "tax code", "legal_entity": "legal entity", "entity": "legal entity"}


def check(subject: Subject) -> Iterator[Diagnostic]:
    facts = _facts(subject)
    if not facts:
        return
    texts = subject.known.row("facts", tuple(sorted(facts)))
    workspace = subject.workspace
    kinds: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("SAFE201", (*workspace.mappings, *workspace.flows)),
        ("SAFE220", (*workspace.policies, *workspace.sources, *workspace.connections)),
    )
    for code, document in ((code, document) for code, documents in kinds for document in documents):
        for leaf, text in subject.known.of(_mentions, document, texts):
            kind, table = facts[text]
            help = f"look it up: it is a row of table `{table}`"
            yield finding(code, f"the {kind} {text!r} is written here", leaf.span, help)
    for connection in workspace.connections:
        manifest = subject.plan.connections[connection.id].manifest
        for leaf, text in subject.known.of(_mentions, manifest.form, texts):
            message = f"the connector `{manifest.name}` has the {facts[text][0]} {text!r} written into it"
            span, labels = place_of(connection.connector, connection.span, subject), (Label(leaf.span, "here"),)
            yield finding("SAFE222", message, span, "have it come with the operation's input", labels)


def _mentions(part: Any, facts: tuple[str, ...]) -> tuple[tuple[Leaf, str], ...]:
    """The constants of a document that are one of the facts, with the values that they stand in."""
    # Few computed values hold any such text at all; only those are parsed.
    mentioned, known = _pattern(facts), frozenset(facts)
    leaves = [leaf for leaf in leaves_of(part) if mentioned.search(leaf.text)]
    return tuple((leaf, text) for leaf in leaves for text in _literals(leaf) if text in known)


@lru_cache(maxsize=4)
def _pattern(texts: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(text) for text in texts))


def _facts(subject: Subject) -> dict[str, tuple[str, str]]:
    """Every account, tax code and entity that a table holds: what it is, and in which table."""
    facts: dict[str, tuple[str, str]] = {}
    for table in subject.workspace.tables:
        kinds = {name: kind for name, _ in table.columns if (kind := _kind(name, table.id)) is not None}
        for row in subject.workspace.rows(table, Diagnostics()) if kinds else ():
            for name, kind in kinds.items():
                value: Any = row.get(name)
                if isinstance(value, str) and len(value) >= 3:
                    facts.setdefault(value, (kind, table.id))
    return facts


def _kind(column: str, table: str) -> str | None:
    if column == "code" and table.endswith("s"):
        column = table.removesuffix("s")  # the codes of `tax_codes` are tax codes
    return next((kind for name, kind in _KINDS.items() if column == name or column.endswith(f"_{name}")), None)


def _literals(leaf: Leaf) -> Iterator[str]:
    """The texts that stand in a value: itself, or the constants of an expression."""
    if not leaf.computed:
        yield leaf.text
        return
    ast = parse(leaf.text, leaf.span, Diagnostics())
    if ast is not None:
        yield from _texts(ast)


def _texts(ast: Ast) -> Iterator[str]:
    if isinstance(ast, Literal):
        if isinstance(ast.value, str):
            yield ast.value
        return
    for child in children(ast):
        yield from _texts(child)
