"""The tree that a YAML or JSON file is read into: every key and value knows where it stands.

Nodes are structs, which cost a twentieth of what other values cost to make, and of which no cycles can be made.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from engine.source.span import Span


class Scalar(Struct, frozen=True, gc=False):
    """Text, an exact number, true, false or null.

    ``quoted`` says how text was written, for fixes and places only; for text below ``|`` or ``>`` it is true
    and ``block`` is the column in which its lines begin, else 0.
    """

    value: str | int | Decimal | bool | None
    span: Span
    quoted: bool = False
    block: int = 0


class Sequence(Struct, frozen=True, gc=False):
    items: tuple[Node, ...]
    span: Span

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


class Entry(Struct, frozen=True, gc=False):
    key: str
    key_span: Span
    value: Node


class Mapping(Struct, frozen=True, gc=False):
    entries: tuple[Entry, ...]
    span: Span

    def get(self, key: str) -> Node | None:
        for entry in self.entries:
            if entry.key == key:
                return entry.value
        return None


Node: TypeAlias = Scalar | Sequence | Mapping


def plain(node: Node) -> object:
    """The node as dicts, lists and scalars, without places."""
    if isinstance(node, Mapping):
        return {entry.key: plain(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value
