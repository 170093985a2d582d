"""Python for function calls: arguments first, expressions with & as loops, constant calls once and for all."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.base.errors import Failure
from engine.base.money import Money
from engine.expr.functions import FUNCTIONS
from engine.expr.nodes import Call, ExpressionReference, Literal
from engine.expr.quick import RESULTS, quick_call, quick_date_of, quick_element
from engine.expr.scope import Operand
from engine.expr.signature import Function
from engine.schema.types import Array

if TYPE_CHECKING:
    from engine.expr.emitter import Emitter

_KINDS = {
    "text": "text",
    "bool": "bool",
    "array": "list",
    "object": "dict",
    "map": "dict",
    "number": "number",
    "integer": "number",
    "money": "number",
    "date": "number",
    "timestamp": "number",
}
_LASTING = (str, bool, int, Decimal, Money, date, datetime, timedelta)


def emit_call(emitter: Emitter, node: Call, current: Operand) -> str:
    function = FUNCTIONS[node.name]
    folded = _folded(emitter, node, function)
    if folded is not None:
        return folded
    if node.name == "default":
        return _emit_default(emitter, node, current)
    if node.name == "is_null":
        value = emitter.variable(emitter.value(node.arguments[0], current), node.span)
        return emitter.writer.assign(f"{value} is None", node.span, "bool")
    quick = emitter.writer.quick
    if quick and node.name == "date_of":
        day = quick_date_of(emitter, node, current)
        if day is not None:
            return day
    operands: list[str] = []
    references: list[tuple[int, ExpressionReference]] = []
    for position, argument in enumerate(node.arguments):
        if isinstance(argument, ExpressionReference):
            references.append((position, argument))
            operands.append("")
        elif position == 0 and node.name in {"round", "abs"}:
            operands.append(emitter.built(emitter.unsettled(argument, current), argument.span))
        else:
            operands.append(emitter.value(argument, current))
    array = next((operand for operand in operands if operand), "")
    for position, reference in references:
        operands[position] = _emit_results(emitter, reference, array)
    results = {overload.result.name for overload in function.overloads}
    kinds = {_KINDS.get(each, "") for each in results}
    python = quick_call(emitter, node, operands) if quick else None
    if python is None:
        python = f"_f_{node.name}({', '.join(operands)})"
    name = emitter.writer.assign(python, node.span, kinds.pop() if len(kinds) == 1 else "")
    if len(results) == 1 and (type_ := RESULTS.get(results.pop())) is not None:
        emitter.writer.types[name] = emitter.writer.sure[name] = type_
    return name


def _emit_results(emitter: Emitter, reference: ExpressionReference, array: str) -> str:
    """An array of the expression's results for every element."""
    writer, span = emitter.writer, reference.span
    array = emitter.variable(array, span)
    results = writer.assign("[]", span, "list")
    with writer.block(f"if {array}.__class__ is list:", span):
        writer.count_steps(array, span)
        element = quick_element(writer, array)
        with writer.block(f"for {element} in {array}:", span):
            made = emitter.value(reference.child, element)
            writer.write(f"{results}.append({made})", span)
    if made in writer.types:
        writer.types[results] = Array(writer.types[made])
    return results


def _emit_default(emitter: Emitter, node: Call, current: Operand) -> str:
    writer = emitter.writer
    result = writer.assign(emitter.value(node.arguments[0], current), node.span)
    with writer.block(f"if {result} is None:", node.span):
        writer.write(f"{result} = {emitter.value(node.arguments[1], current)}", node.span)
    return result


def _folded(emitter: Emitter, node: Call, function: Function) -> str | None:
    """The result of a call with constants only, computed now; None if it is none, or fails (it will fail then)."""
    values = [argument.value for argument in node.arguments if isinstance(argument, Literal)]
    if len(values) != len(node.arguments):
        return None
    try:
        result = function.run(*values)
    except Failure:
        return None
    if result.__class__ not in _LASTING:
        return None
    token = f"{node.name} {[argument.token for argument in node.arguments if isinstance(argument, Literal)]}"
    return emitter.writer.constant(result, token)
