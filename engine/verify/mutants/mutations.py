"""The changes that are tried on a document: each one is the document's tree with one line of it changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from engine.source.node import Entry, Mapping, Node, Scalar, Sequence
from engine.source.span import Span
from engine.verify.mutants.expressions import Surroundings, changed_expressions

#: Keys whose content nobody but people reads, or that says when and for whom, not what; and identities of effects,
#: which a case cannot see.
PASSED_OVER = frozenset((
    "spec", "id", "version", "owner", "summary", "note", "effective", "latency", "message", "action", "identity",
    "learn", "retry", "timeout", "author", "group", "expires", "hold_for", "as", "connection",
    "operation", "reverse", "messages", "explanation", "purpose", "posting_controls",
))  # fmt: skip
#: The lines of a journal's templates: that debits equal credits is proved for every template, so that one line cannot
#: be changed without the checker's notice.
PROVED = ("templates", "post")
CONDITIONS = frozenset(("when", "require"))
#: Keys of lists from which one element can be dropped.
DROPPABLE = frozenset(("rules", "templates", "cases", "steps", "emit", "tiers"))
_TREES = frozenset((("post", "input"), ("emit", "data")))
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_DATE_LIKE = re.compile(r"\d{4}-\d\d")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change: where, what stands there, what would stand there, and the whole tree with it."""

    file: str
    line: int
    what: str
    original: str
    mutated: str
    tree: Node

    @property
    def name(self) -> str:
        """What tells it apart from all others of the workspace, whatever else changes."""
        return f"{self.file}:{self.line}:{self.original}:{self.mutated}:{self.what}"


@dataclass(frozen=True, slots=True)
class _Change:
    span: Span
    what: str
    original: str
    mutated: str
    node: Node | None  # None: the entry or element is dropped


def mutations_of(tree: Node, around: Surroundings) -> tuple[Mutation, ...]:
    """Every change of a document that is tried, in the order of its lines."""
    found = []
    for change, whole in _changes(tree, around, ()):
        if whole is not None:
            found.append(
                Mutation(change.span.file, change.span.line, change.what, change.original, change.mutated, whole)
            )
    return tuple(sorted(found, key=lambda each: each.line))


def _changes(node: Node, around: Surroundings, keys: tuple[str, ...]) -> Iterator[tuple[_Change, Node | None]]:
    """Each change below a node with what the node is then; None where it would be dropped itself."""
    if isinstance(node, Mapping):
        yield from _of_object(node, around, keys)
    elif isinstance(node, Sequence):
        yield from _of_list(node, around, keys)
    else:
        for change in _of_scalar(node, around, keys):
            yield change, change.node


def _of_object(node: Mapping, around: Surroundings, keys: tuple[str, ...]) -> Iterator[tuple[_Change, Node | None]]:
    for position, entry in enumerate(node.entries):
        if entry.key in PASSED_OVER and not _inside_fields(keys):
            continue
        if (*keys[-1:], entry.key) == PROVED:
            continue
        before, after = node.entries[:position], node.entries[position + 1 :]
        if _inside_fields(keys) and not around.must_be_set((*keys, entry.key)):
            line = f"{entry.key}: {_said(entry.value)}"
            change = _Change(entry.key_span, f"{entry.key} dropped", line, "", None)
            yield change, Mapping((*before, *after), node.span)
        for change, made in _changes(entry.value, around, (*keys, entry.key)):
            if made is not None:
                yield change, Mapping((*before, Entry(entry.key, entry.key_span, made), *after), node.span)


def _of_list(node: Sequence, around: Surroundings, keys: tuple[str, ...]) -> Iterator[tuple[_Change, Node | None]]:
    for position, element in enumerate(node.items):
        before, after = node.items[:position], node.items[position + 1 :]
        if keys[-1:] and keys[-1] in DROPPABLE and not _inside_fields(keys) and isinstance(element, Mapping):
            name = _name_of(element)
            change = _Change(element.span, f"{_singular(keys[-1])} {name} dropped".replace("  ", " "), name, "", None)
            yield change, Sequence((*before, *after), node.span)
        for change, made in _changes(element, around, keys):
            if made is not None:
                yield change, Sequence((*before, made, *after), node.span)


def _of_scalar(node: Scalar, around: Surroundings, keys: tuple[str, ...]) -> Iterator[_Change]:
    value = node.value
    if isinstance(value, str) and value.startswith("="):
        condition = bool(keys) and keys[-1] in CONDITIONS and not _inside_fields(keys)
        for text, what in changed_expressions(value[1:].strip(), around, condition=condition):
            yield _Change(node.span, what, value, f"={text}", Scalar(f"={text}", node.span, node.quoted, node.block))
        return
    other = _other(value, keys)
    if other is not None:
        made = Scalar(other, node.span, node.quoted, node.block)
        yield _Change(node.span, "constant changed", _said(node), _said(made), made)


def _other(value: Any, keys: tuple[str, ...]) -> Any:
    """Another constant; None where the text is a name or a choice of the language."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | Decimal):
        return value + 1
    if isinstance(value, str):
        if _DECIMAL.fullmatch(value):
            return str(Decimal(value) + 1)
        if keys[-1:] == ("reason",) or (_inside_fields(keys) and "{{" not in value and not _DATE_LIKE.match(value)):
            return f"{value}_x"
    return None


def _inside_fields(keys: tuple[str, ...]) -> bool:
    """Whether these keys lead into what a mapping sets, a post sends or an emitted event says."""
    return "fields" in keys or any(pair in _TREES for pair in pairwise(keys))


def _said(node: Node) -> str:
    if isinstance(node, Mapping):
        return "{…}"
    if isinstance(node, Sequence):
        return "[…]"
    if isinstance(node.value, bool):
        return str(node.value).lower()
    return str(node.value)


def _name_of(node: Mapping) -> str:
    for key in ("id", "event"):
        found = node.get(key)
        if isinstance(found, Scalar):
            return str(found.value)
    return ""


def _singular(key: str) -> str:
    return {"steps": "step", "emit": "emission"}.get(key, key.removesuffix("s"))
