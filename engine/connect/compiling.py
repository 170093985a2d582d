"""Compiles a manifest's computed values with the names that are in scope there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from engine.base.errors import Defect
from engine.connect import codes
from engine.expr.check import check
from engine.expr.compile import compile_expression
from engine.expr.parse import parse
from engine.expr.text import compile_text
from engine.expr.tree import compile_tree
from engine.schema.types import ANY, Type
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span
from engine.spec.values import Expression, Template, Tree

Computed: TypeAlias = Callable[[dict[str, Any]], Any]


def unusable(_scope: object) -> Any:
    """Stands where a finding was reported; such a manifest is never opened."""
    raise Defect("a connector's manifest with findings was run")


class Compiler:
    """Compiles values of one manifest in one scope; findings go to ``diagnostics``."""

    __slots__ = ("_diagnostics", "_scope")

    def __init__(self, scope: Mapping[str, Type], diagnostics: Diagnostics) -> None:
        self._scope = scope
        self._diagnostics = diagnostics

    def expression(self, expression: Expression) -> Computed:
        ast = parse(expression.text, expression.span, self._diagnostics)
        if ast is None:
            return unusable
        before = len(self._diagnostics)
        check(ast, self._scope, self._diagnostics)
        return unusable if len(self._diagnostics) > before else compile_expression(ast, self._scope)

    def tree(self, tree: Tree) -> Computed:
        computed, _ = compile_tree(tree, self._scope, self._diagnostics, None)
        return computed

    def text(self, template: Template) -> Computed:
        return compile_text(template.text, template.span, self._scope, self._diagnostics)

    def wrong(self, span: Span, message: str, help: str = "") -> None:
        """Report a slip in the manifest."""
        self._diagnostics.error(codes.MANIFEST, message, span, help)


def open_scope(*names: str) -> dict[str, Type]:
    """A scope whose names hold anything."""
    return dict.fromkeys(names, ANY)
