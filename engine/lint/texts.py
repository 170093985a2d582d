"""The computed values and literal texts of a document, wherever they stand in it."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from engine.base.record import frozen
from engine.source.node import Mapping, Node, Scalar, Sequence
from engine.source.span import Span
from engine.spec.shape import Map
from engine.spec.values import Expression, Tree


@frozen
class Leaf:
    """A computed value (without its sign) or a literal text."""

    text: str
    computed: bool
    span: Span


#: Values that hold nothing else; most parts of a document are one of these.
_PLAIN = frozenset({str, int, bool, type(None), Span, datetime.date, Decimal})
#: The fields of a class, worked out once.
_FIELDS: dict[type, tuple[str, ...]] = {}


def leaves_of(part: Any) -> Iterator[Leaf]:
    """Every computed value and every literal of a tree below a document or a part of one."""
    found: list[Leaf] = []
    _collect(part, found)
    return iter(found)


def _collect(part: Any, found: list[Leaf]) -> None:
    kind = part.__class__
    if kind in _PLAIN:
        return
    if kind is tuple:
        for value in part:
            _collect(value, found)
    elif kind is Expression:
        found.append(Leaf(part.text, True, part.span))
    elif kind is Tree:
        _collect_node(part.node, found)
    elif kind is Map:
        for _, value in part:
            _collect(value, found)
    else:
        for name in _fields(kind):
            _collect(getattr(part, name), found)


def _fields(kind: type) -> tuple[str, ...]:
    names = _FIELDS.get(kind)
    if names is None:
        declared = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
        names = _FIELDS[kind] = tuple(field.name for field in declared)
    return names


def _collect_node(node: Node, found: list[Leaf]) -> None:
    if isinstance(node, Mapping):
        for entry in node.entries:
            _collect_node(entry.value, found)
    elif isinstance(node, Sequence):
        for each in node:
            _collect_node(each, found)
    elif isinstance(node, Scalar) and isinstance(node.value, str):
        if node.value.startswith("="):
            found.append(Leaf(node.value[1:], True, node.span))
        else:
            found.append(Leaf(node.value, False, node.span))
