"""What expressions read by name, from the names in their scope inwards."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.checked import Checked
from engine.expr.nodes import (
    Ast,
    Chain,
    Current,
    ExpressionReference,
    Field,
    Filter,
    Flatten,
    Index,
    Project,
    ProjectValues,
    Slice,
    children,
)

#: Stands for the whole scope.
WHOLE = ("@",)


def paths_of(checked: Checked) -> tuple[tuple[str, ...], ...]:
    """The paths that a computed value reads, each once."""
    found: tuple[tuple[str, ...], ...] | None = checked.known.get("paths")
    if found is None:
        found = checked.known["paths"] = tuple(dict.fromkeys(paths_read(checked.ast)))
    return found


def paths_read(ast: Ast) -> Iterator[tuple[str, ...]]:
    """The paths of names that an expression reads of its scope, as far as they go by fields: ``("line", "amount")``."""
    path = _path(ast)
    if path is not None:
        yield path
        return
    match ast:
        case Current():
            yield WHOLE
        case Chain(left=left) | Project(left=left) | ProjectValues(left=left) | Filter(left=left):
            yield from paths_read(left)  # what follows is applied to what stands there
        case ExpressionReference():
            return  # applied to elements of another argument
        case _:
            for child in children(ast):
                yield from paths_read(child)


def _path(node: Ast) -> tuple[str, ...] | None:
    """The path, if the node is one: fields, positions and elements are passed through."""
    match node:
        case Field(name=name):
            return (name,)
        case Chain(left=left, right=right) if isinstance(right, Field | Index | Slice):
            before = _path(left)
            return before if before is None or not isinstance(right, Field) else (*before, right.name)
        case Chain(left=left, right=Chain() as right):
            before, behind = _path(left), _path(right)
            return None if before is None or behind is None else (*before, *behind)
        case Flatten(child=child):
            return _path(child)
        case Project(left=left, right=right):
            before = _path(left)
            if before is None or isinstance(right, Current):
                return before
            behind = _path(right)
            return None if behind is None else (*before, *behind)
    return None
