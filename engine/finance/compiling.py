"""Computed values inside calculating documents: parsed, checked against the facts' types, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from engine.base.errors import Defect
from engine.expr.check import check
from engine.expr.compile import compile_condition, compile_expression
from engine.expr.nodes import Ast
from engine.expr.parse import parse
from engine.schema.types import ANY, BOOLEAN, Type
from engine.source.diagnostic import Diagnostics
from engine.spec.values import Expression

Computed: TypeAlias = Callable[[dict[str, Any]], Any]


def unusable(_scope: object) -> Any:
    """Stands where a finding was reported; such a document is never run."""
    raise Defect("a document with findings was run")


def computed(
    expression: Expression, scope: Mapping[str, Type], diagnostics: Diagnostics, expected: Type | None = None
) -> tuple[Computed, Type]:
    """A function of a scope that holds these names, and the type of its value. With ``expected``, what it must hold;
    ``BOOLEAN`` is what conditions want. Findings go to ``diagnostics``."""
    compute, type_, _ = _computed(expression, scope, diagnostics, expected)
    return compute, type_


def computed_tree(
    expression: Expression, scope: Mapping[str, Type], diagnostics: Diagnostics, expected: Type | None = None
) -> tuple[Computed, Ast | None]:
    """Like :func:`computed`, with the expression's tree in place of its type; None where a finding was reported."""
    compute, _, ast = _computed(expression, scope, diagnostics, expected)
    return compute, ast


def _computed(
    expression: Expression, scope: Mapping[str, Type], diagnostics: Diagnostics, expected: Type | None
) -> tuple[Computed, Type, Ast | None]:
    found = Diagnostics()
    ast = parse(expression.text, expression.span, found)
    type_ = ANY if ast is None else check(ast, scope, found, expected)
    diagnostics.extend(found)
    if ast is None or found.has_errors:
        return unusable, type_, None
    compile_ = compile_condition if expected is BOOLEAN else compile_expression
    return compile_(ast, scope), type_, ast
