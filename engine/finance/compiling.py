"""Computed values inside calculating documents: parsed, checked against the facts' types, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from engine.base.errors import Defect
from engine.expr.check import check
from engine.expr.compile import compile_condition, compile_expression
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
    found = Diagnostics()
    ast = parse(expression.text, expression.span, found)
    type_ = ANY if ast is None else check(ast, scope, found, expected)
    diagnostics.extend(found)
    if ast is None or found.has_errors:
        return unusable, type_
    compile_ = compile_condition if expected is BOOLEAN else compile_expression
    return compile_(ast, scope), type_
