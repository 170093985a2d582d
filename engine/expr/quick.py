"""Python for quick functions: fields, calls and operators where the types say what the values are.

Nothing here may be wrong about a value of another kind than expected: it must raise, or ask the general function.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from engine.base.errors import Failure
from engine.expr.functions_number import number
from engine.expr.nodes import Ast, Call, Field, Literal
from engine.expr.quick_values import EPOCH_DAY, SECONDS_MAX
from engine.expr.scope import Operand
from engine.expr.typing_of_values import type_of_value
from engine.expr.writer import FunctionWriter
from engine.schema.types import (
    ANY,
    DATE,
    INTEGER,
    MONEY,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Array,
    Money,
    Object,
    Text,
    Type,
    members,
    nullable,
    without_null,
)
from engine.source.span import Span

if TYPE_CHECKING:
    from engine.expr.emitter import Emitter

#: What functions give that always give the same, by the name in their declaration.
RESULTS: dict[str, Type] = {
    "money": MONEY,
    "date": DATE,
    "timestamp": TIMESTAMP,
    "text": TEXT,
    "integer": INTEGER,
    "number": NUMBER,
}
_EXACT = {"+": "_exact_add", "-": "_exact_subtract", "*": "_exact_multiply"}


# ---------------------------------------------------------------------- fields and elements


def quick_field(writer: FunctionWriter, node: Field, value: str) -> str:
    """A variable with a field. Only objects have ``get``, and only they are read by a name in brackets."""
    hint = writer.types.get(value, ANY)
    whole = without_null(hint)
    if not isinstance(whole, Object):
        return writer.assign(f"{value}.get({node.name!r}) if {value}.__class__ is dict else None", node.span)
    type_ = whole.read(node.name) or ANY
    if whole is not hint:
        python = f"None if {value} is None else {value}.get({node.name!r})"
        type_ = nullable(type_)
    elif type_ != ANY and without_null(type_) is type_:
        python = f"{value}[{node.name!r}]"
    else:
        python = f"{value}.get({node.name!r})"
    name = writer.assign(python, node.span)
    writer.types[name] = type_
    return name


def element_type(type_: Type | None) -> Type:
    """What the elements of an array are; any if that is not known."""
    arrays = [] if type_ is None else [member for member in members(type_) if isinstance(member, Array)]
    return arrays[0].element if len(arrays) == 1 else ANY


def quick_element(writer: FunctionWriter, array: str) -> str:
    """A new variable for the elements of an array."""
    name = writer.fresh()
    element = element_type(writer.types.get(array))
    if writer.quick and element != ANY:
        writer.types[name] = element
    return name


def only_objects(writer: FunctionWriter, element: str, span: Span) -> None:
    """Give up at an element that is no object."""
    with writer.block(f"if {element}.__class__ is not dict:", span):
        writer.write("raise TypeError", span)
    writer.kinds[element] = "dict"


# ---------------------------------------------------------------------- calls


def quick_date_of(emitter: Emitter, node: Call, current: Operand) -> str | None:
    """``date_of(unix_time(seconds), 'UTC')`` without the moment in between; None if the call is another."""
    moment, zone = node.arguments
    if not (isinstance(moment, Call) and moment.name == "unix_time"):
        return None
    if not (isinstance(zone, Literal) and zone.value == "UTC"):
        return None
    seconds = emitter.variable(emitter.value(moment.arguments[0], current), node.span)
    common = f"_day({EPOCH_DAY} + {seconds} // 86400)"
    test = f"{seconds}.__class__ is int and 0 <= {seconds} <= {SECONDS_MAX}"
    general = f"_f_date_of(_f_unix_time({seconds}), 'UTC')"
    name = emitter.writer.assign(f"{common} if {test} else {general}", node.span, "number")
    emitter.writer.types[name] = emitter.writer.sure[name] = DATE
    return name


def quick_call(emitter: Emitter, node: Call, operands: list[str]) -> str | None:
    """The Python expression of a call whose arguments are in variables; None if there is nothing quicker."""
    first = operands[0] if operands and operands[0].isidentifier() else ""
    if node.name == "money" and isinstance(node.arguments[0], Literal):
        return _constant_money(emitter, node.arguments[0], operands[1])
    general = f"_f_{node.name}({', '.join(operands)})"
    if node.name == "from_minor_units" and operands[0].isdigit():
        return f"Money(_exact_multiply({operands[0]}, _unit({operands[1]})), {operands[1]})"
    if not first:
        return None
    match node.name:
        case "from_minor_units":
            made = f"Money(_exact_multiply({first}, _unit({operands[1]})), {operands[1]})"
            return f"{made} if {first}.__class__ is int else {general}"
        case "number":
            return f"_number({first}) if {first}.__class__ is str else {general}"
        case "upper" | "lower":
            return f"{first}.{node.name}() if {first}.__class__ is str else {general}"
        case "amount" | "currency":
            return f"{first}.{node.name} if {first}.__class__ is Money else {general}"
        case "length":
            return f"len({first}) if {first}.__class__ is list else {general}"
    return None


def _constant_money(emitter: Emitter, amount: Literal, currency: str) -> str | None:
    if amount.value.__class__ is not str:
        return None
    try:
        constant = emitter.writer.constant(Decimal(number(amount.value)), f"amount {amount.token}")
    except Failure:
        return None  # it will fail when it runs, with its place
    return f"Money({constant}, {currency}) if _unit({currency}) else None"


def hint(emitter: Emitter, node: Ast, operand: str) -> Type:
    """What an operand holds, as far as it is known."""
    return type_of_value(node.value) if isinstance(node, Literal) else emitter.writer.types.get(operand, ANY)


# ---------------------------------------------------------------------- operators


def quick_arithmetic(operator: str, left: str, a: Type, right: str, b: Type, general: str) -> str:
    """``general`` with the common case before it."""
    if not (left.isidentifier() and right.isidentifier()) or operator not in _EXACT:
        return general
    exact = _EXACT[operator]
    if isinstance(a, Money) and isinstance(b, Money) and operator != "*":
        test = f"{left}.__class__ is Money is {right}.__class__ and {left}.currency == {right}.currency"
        return f"Money({exact}({left}.amount, {right}.amount), {left}.currency) if {test} else {general}"
    if isinstance(a, Money) and b in (NUMBER, INTEGER) and operator == "*":
        test = f"{left}.__class__ is Money and {right}.__class__ in _NUMBERS"
        return f"Money({exact}({left}.amount, {right}), {left}.currency) if {test} else {general}"
    if a in (NUMBER, INTEGER) and b in (NUMBER, INTEGER):
        one = f"{left}.__class__ is Decimal and {right}.__class__ in _NUMBERS"
        other = f"{right}.__class__ is Decimal and {left}.__class__ is int"
        return f"{exact}({left}, {right}) if {one} or {other} else {general}"
    return general


def arithmetic_type(operator: str, a: Type, b: Type) -> Type:
    """What the result of arithmetic is sure to be; any if it is not known."""
    if isinstance(a, Money) and (isinstance(b, Money) or b in (NUMBER, INTEGER)):
        return NUMBER if isinstance(b, Money) and operator == "/" else MONEY
    if a in (NUMBER, INTEGER) and isinstance(b, Money):
        return MONEY
    return NUMBER if a in (NUMBER, INTEGER) and b in (NUMBER, INTEGER) else ANY


def quick_order(operator: str, left: str, a: Type, right: str, b: Type, general: str) -> str:
    """A comparison by size with the common case before it."""
    if isinstance(a, Money) and isinstance(b, Money) and left.isidentifier() and right.isidentifier():
        test = f"{left}.__class__ is Money is {right}.__class__ and {left}.currency == {right}.currency"
        return f"{left}.amount {operator} {right}.amount if {test} else {general}"
    if a == DATE and b == DATE and left.isidentifier() and right.isidentifier():
        return f"{left} {operator} {right} if {left}.__class__ is _date is {right}.__class__ else {general}"
    if a in (NUMBER, INTEGER) and b in (NUMBER, INTEGER):
        tests = [f"{each}.__class__ in _NUMBERS" for each in (left, right) if each.isidentifier()]
        return f"{left} {operator} {right} if {' and '.join(tests)} else {general}" if tests else general
    return general


def quick_equal(left: str, a: Type, right: str, b: Type) -> str:
    """Whether two values are equal, with the common case before it."""
    general = f"_equal({left}, {right})"
    if not (left.isidentifier() and right.isidentifier()):
        return general
    if isinstance(a, Money) and isinstance(b, Money):
        test = f"{left}.__class__ is Money is {right}.__class__"
        return f"({left}.amount == {right}.amount and {left}.currency == {right}.currency) if {test} else {general}"
    if isinstance(without_null(a), Text) or isinstance(without_null(b), Text):
        return f"{left} == {right} if {left}.__class__ is str else {general}"
    return general
