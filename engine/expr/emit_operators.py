"""Python for arithmetic, comparison and logic: a fast path for what is common, a function for the rest."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from engine.expr.nodes import And, Arithmetic, Ast, Compare, Literal, Negate, Not, Or
from engine.expr.quick import arithmetic_type, hint, quick_arithmetic, quick_equal, quick_order
from engine.expr.scope import Operand

if TYPE_CHECKING:
    from engine.expr.emitter import Emitter

_FUNCTIONS = {"+": "_add", "-": "_subtract", "*": "_multiply", "/": "_divide", "%": "_remainder"}
_EXACT = {"+": "_exact_add", "-": "_exact_subtract", "*": "_exact_multiply"}
_SIZES = {"<": "_less", "<=": "_less_equal", ">": "_greater", ">=": "_greater_equal"}


def divides(node: Ast) -> bool:
    """Whether arithmetic contains a division whose result nothing but arithmetic has touched."""
    if isinstance(node, Negate):
        return divides(node.child)
    return isinstance(node, Arithmetic) and (node.operator == "/" or divides(node.left) or divides(node.right))


def emit_arithmetic(emitter: Emitter, node: Arithmetic, current: Operand) -> str:
    left = emitter.built(emitter.unsettled(node.left, current), node.left.span)
    right = emitter.built(emitter.unsettled(node.right, current), node.right.span)
    function = _FUNCTIONS[node.operator]
    general = f"{function}({left}, {right})"
    exact = _EXACT.get(node.operator)
    if divides(node):
        if node.operator == "*":
            general = f"_multiply_unrounded({left}, {right})"
        return emitter.writer.assign(general, node.span, "number")
    a, b = hint(emitter, node.left, left), hint(emitter, node.right, right)
    quick = quick_arithmetic(node.operator, left, a, right, b, general) if emitter.writer.quick else general
    test = _both_decimal(node.left, left, node.right, right)
    if quick is not general:
        general = quick
    elif exact and test:
        general = f"{exact}({left}, {right}) if {test} else {general}"
    name = emitter.writer.assign(general, node.span, "number")
    emitter.writer.types[name] = arithmetic_type(node.operator, a, b)
    return name


def _both_decimal(left_node: Ast, left: str, right_node: Ast, right: str) -> str:
    """A quick test under which both sides are surely exact numbers that Python handles alike; "" if there is none."""
    numbers = (int, Decimal)
    if isinstance(left_node, Literal):
        fits = left_node.value.__class__ in numbers and right.isidentifier()
        return f"{right}.__class__ is Decimal" if fits else ""
    if isinstance(right_node, Literal):
        fits = right_node.value.__class__ in numbers and left.isidentifier()
        return f"{left}.__class__ is Decimal" if fits else ""
    return f"{left}.__class__ is Decimal is {right}.__class__" if left.isidentifier() and right.isidentifier() else ""


def emit_negate(emitter: Emitter, node: Negate, current: Operand) -> str:
    value = emitter.built(emitter.unsettled(node.child, current), node.child.span)
    return emitter.writer.assign(f"_negate({value})", node.span, "number")


def emit_compare(emitter: Emitter, node: Compare, current: Operand) -> str:
    left, right = emitter.value(node.left, current), emitter.value(node.right, current)
    if node.operator in _SIZES:
        general = f"{_SIZES[node.operator]}({left}, {right})"
        a, b = hint(emitter, node.left, left), hint(emitter, node.right, right)
        quick = quick_order(node.operator, left, a, right, b, general) if emitter.writer.quick else general
        test = _both_decimal(node.left, left, node.right, right)
        if quick is not general:
            general = quick
        elif test:
            general = f"{left} {node.operator} {right} if {test} else {general}"
        return emitter.writer.assign(general, node.span, "bool")
    if isinstance(node.left, Literal):
        python = _equals_constant(node.left, left, emitter.variable(right, node.span))
    elif isinstance(node.right, Literal):
        python = _equals_constant(node.right, right, emitter.variable(left, node.span))
    elif emitter.writer.quick:
        a, b = hint(emitter, node.left, left), hint(emitter, node.right, right)
        python = quick_equal(left, a, right, b)
    else:
        python = f"_equal({left}, {right})"
    return emitter.writer.assign(f"not ({python})" if node.operator == "!=" else python, node.span, "bool")


def _equals_constant(literal: Literal, constant: str, other: str) -> str:
    value = literal.value
    if value is None or value is True or value is False:
        return f"{other} is {constant}"
    if value.__class__ is str:
        return f"{other} == {constant}"
    if value.__class__ in (int, Decimal):
        return f"{other} == {constant} and {other}.__class__ is not bool"
    return f"_equal({other}, {constant})"


def emit_logic(emitter: Emitter, node: And | Or, current: Operand) -> str:
    writer = emitter.writer
    left = emitter.value(node.left, current)
    result = writer.assign(left, node.span)
    test = emitter.truth(left, node.left.span)
    with writer.block(f"if {test}:" if isinstance(node, And) else f"if not ({test}):", node.span):
        right = emitter.value(node.right, current)
        writer.write(f"{result} = {right}", node.span)
    kinds = {writer.kinds.get(left), writer.kinds.get(right)}
    if kinds == {"bool"}:
        writer.kinds[result] = "bool"
    return result


def emit_not(emitter: Emitter, node: Not, current: Operand) -> str:
    child = emitter.value(node.child, current)
    return emitter.writer.assign(f"not ({emitter.truth(child, node.child.span)})", node.span, "bool")
