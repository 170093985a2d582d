"""What an expression reads of its scope: two expressions that read the same values give the same result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from engine.expr.nodes import (
    Ast,
    Chain,
    Current,
    ExpressionReference,
    Field,
    Filter,
    Project,
    ProjectValues,
    children,
)

#: A name in the scope and a field of what stands there.
Read: TypeAlias = tuple[str, str]


def reads(ast: Ast) -> frozenset[Read] | None:
    """The fields that it reads of the names in its scope; None where it takes a name, or the scope, whole."""
    found = frozenset(_reads(ast))
    return None if _WHOLE in found else found


_WHOLE: Read = ("", "")


def _reads(node: Ast) -> Iterator[Read]:
    match node:
        case Current() | Field():
            yield _WHOLE
        case Chain(left=Field(name=name), right=Field(name=field)):
            yield name, field
        case Chain(left=left) | Project(left=left) | ProjectValues(left=left) | Filter(left=left):
            yield from _reads(left)  # the rest is applied to what stands there
        case ExpressionReference():
            return  # applied to elements of what another argument reads
        case _:
            for child in children(node):
                yield from _reads(child)
