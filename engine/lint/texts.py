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
    found: list[Leaf] = []
    _gather(part, found)
    return iter(found)


#: The fields of each class of parts; none where it is no part.
_FIELDS: dict[type[Any], tuple[str, ...]] = {Span: ()}


def _gather(part: Any, found: list[Leaf]) -> None:
    cls = part.__class__
    if cls is Expression:
        found.append(Leaf(part.text, True, part.span))
    elif cls is Tree:
        found.extend(_of_node(part.node))
    elif cls is Map:
        for _, value in part:
            _gather(value, found)
    elif cls is tuple:
        for value in part:
            _gather(value, found)
    else:
        names = _FIELDS.get(cls)
        if names is None:
            # Asked once per class of parts.
            is_part = dataclasses.is_dataclass(part) and not isinstance(part, type)
            names = _FIELDS[cls] = tuple(each.name for each in dataclasses.fields(part)) if is_part else ()
        for name in names:
            _gather(getattr(part, name), found)


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
