"""The computed values and literal texts of a document, wherever they stand in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.source.node import Mapping, Node, Scalar, Sequence
from engine.source.span import Span
from engine.spec.shape import Map
from engine.spec.values import Expression, Tree


@dataclass(frozen=True, slots=True)
class Leaf:
    """A computed value (without its sign) or a literal text."""

    text: str
    computed: bool
    span: Span


def leaves_of(part: Any) -> Iterator[Leaf]:
    """Every computed value and every literal of a tree below a document or a part of one."""
    if isinstance(part, Expression):
        yield Leaf(part.text, True, part.span)
    elif isinstance(part, Tree):
        yield from _of_node(part.node)
    elif isinstance(part, Map):
        for _, value in part:
            yield from leaves_of(value)
    elif isinstance(part, tuple):
        for value in part:
            yield from leaves_of(value)
    elif dataclasses.is_dataclass(part) and not isinstance(part, Span | type):
        for field in dataclasses.fields(part):
            yield from leaves_of(getattr(part, field.name))


def _of_node(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield from _of_node(entry.value)
    elif isinstance(node, Sequence):
        for each in node:
            yield from _of_node(each)
    elif isinstance(node, Scalar) and isinstance(node.value, str):
        if node.value.startswith("="):
            yield Leaf(node.value[1:], True, node.span)
        else:
            yield Leaf(node.value, False, node.span)
