"""Computed values of documents: parsed, checked against the types in scope, compiled.

A value with a finding still gives a type, so that one pass over a workspace reports all of its findings.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.errors import Defect
from engine.base.record import frozen
from engine.expr.check import assume, check
from engine.expr.compile import compile_condition, compile_expression
from engine.expr.nodes import Ast
from engine.expr.parse import parse
from engine.expr.text import compile_text
from engine.expr.tree import compile_tree
from engine.plan.model import Computed, Scope
from engine.schema.types import ANY, BOOLEAN, Type
from engine.source.diagnostic import Diagnostics
from engine.spec.values import Expression, Template, Tree


@frozen
class Typed:
    """A compiled value and what it is known to hold; ``ast`` is None where a finding was reported."""

    value: Computed
    type: Type
    ast: Ast | None = None


@frozen
class Condition:
    """A compiled condition, and what is known of the names in scope where it holds and where it does not."""

    value: Computed
    ast: Ast | None

    def holding(self, scope: Mapping[str, Type]) -> dict[str, Type]:
        """The types in scope where the condition is true."""
        return dict(scope) if self.ast is None else assume(self.ast, scope, True)

    def failing(self, scope: Mapping[str, Type]) -> dict[str, Type]:
        """The types in scope where the condition is false."""
        return dict(scope) if self.ast is None else assume(self.ast, scope, False)


def unusable(_scope: Scope) -> object:
    """Stands where a finding was reported; such a workspace never becomes a plan."""
    raise Defect("a definition with findings was run")


def computed(
    expression: Expression, scope: Mapping[str, Type], diagnostics: Diagnostics, expected: Type | None = None
) -> Typed:
    """Compile a computed value; with ``expected``, what it must hold."""
    found = Diagnostics()
    ast = parse(expression.text, expression.span, found)
    type_ = ANY if ast is None else check(ast, scope, found, expected)
    diagnostics.extend(found)
    if ast is None or found.has_errors:
        return Typed(unusable, type_)
    compile_ = compile_condition if expected is BOOLEAN else compile_expression
    return Typed(compile_(ast, scope), type_, ast)


def computed_or_none(
    expression: Expression | None, scope: Mapping[str, Type], diagnostics: Diagnostics, expected: Type | None = None
) -> Computed | None:
    """Compile a computed value that may be left out."""
    return None if expression is None else computed(expression, scope, diagnostics, expected).value


def condition(expression: Expression, scope: Mapping[str, Type], diagnostics: Diagnostics) -> Condition:
    """Compile what must be true or false."""
    typed = computed(expression, scope, diagnostics, BOOLEAN)
    return Condition(typed.value, typed.ast)


def text(template: Template, scope: Mapping[str, Type], diagnostics: Diagnostics) -> Computed:
    """Compile text with blanks."""
    return compile_text(template.text, template.span, scope, diagnostics)


def tree(value: Tree, scope: Mapping[str, Type], diagnostics: Diagnostics, expected: Type | None = None) -> Typed:
    """Compile a free tree of literals, computed values and texts with blanks."""
    function, type_ = compile_tree(value, scope, diagnostics, expected)
    return Typed(function, type_)
