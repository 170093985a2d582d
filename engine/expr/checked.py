"""What the checker saw: every computed value with its tree, its scope and the types of its parts.

Kept beside the findings, so that rules, lineage and editors ask what was inferred instead of inferring it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.expr.nodes import Ast, walk
from engine.schema.types import ANY, Type
from engine.source.span import Span


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A computed value that was checked. ``types`` are those of its nodes, by the identity of the node."""

    ast: Ast
    scope: Mapping[str, Type]
    type: Type
    types: Mapping[int, Type] = field(repr=False)
    #: What was worked out of the tree once, by name: values live as long as their definition does not change.
    known: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def nodes(self) -> tuple[Ast, ...]:
        """The tree and everything below it, in the order it is written."""
        found: tuple[Ast, ...] | None = self.known.get("nodes")
        if found is None:
            found = self.known["nodes"] = tuple(walk(self.ast))
        return found

    @property
    def span(self) -> Span:
        return self.ast.span

    def of(self, node: Ast) -> Type:
        """The type of a node of the tree; any where it was not needed."""
        return self.types.get(id(node), ANY)


@dataclass(frozen=True, slots=True, eq=False)
class PlainText:
    """A literal text among computed values, and the names that were in scope there."""

    text: str
    span: Span
    scope: Mapping[str, Type]
