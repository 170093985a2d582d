"""Types of arithmetic, comparison and logic, and what is certainly wrong with their operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.expr.lattice import kind, kinds, may_be_null, union
from engine.expr.narrowing import Facts
from engine.expr.nodes import Arithmetic, Ast, Compare, Negate
from engine.schema.types import (
    ANY,
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    NULL,
    NUMBER,
    TIMESTAMP,
    Money,
    Object,
    Text,
    Type,
    describe,
    members,
    nullable,
    sort_of,
    without_null,
)
from engine.source.about import About

if TYPE_CHECKING:
    from engine.expr.check import Checker

_TIMES = frozenset({"date", "timestamp", "duration"})
_OPERANDS: dict[str, frozenset[str]] = {
    "+": frozenset({"number", "money"}) | _TIMES,
    "-": frozenset({"number", "money"}) | _TIMES,
    "*": frozenset({"number", "money", "duration"}),
    "/": frozenset({"number", "money"}),
    "%": frozenset({"number"}),
}
_MOVED: dict[str, Type] = {"date": DATE, "timestamp": TIMESTAMP, "duration": DURATION}


def infer_arithmetic(checker: Checker, node: Arithmetic, current: Type, facts: Facts) -> Type:
    left = _operand(checker, node.left, current, facts)
    right = _operand(checker, node.right, current, facts)
    results = [_combined(node.operator, a, b) for a in members(left) for b in members(right)]
    defined = [result for result in results if result is not None]
    if len(defined) == len(results):
        if _currencies_differ(node.operator, left, right):
            return checker.report(
                "MONEY001", f"{describe(left)} and {describe(right)} are combined", node.span, "convert one with a rate"
            )
        return union(defined)
    message = f"{node.operator} is not defined for {describe(left)} and {describe(right)}"
    texts = node.operator == "+" and "text" in kinds(left) | kinds(right)
    return checker.report("TYPE002", message, node.span, "put texts together with join('', [a, b])" if texts else "")


def _operand(checker: Checker, node: Ast, current: Type, facts: Facts) -> Type:
    type_ = checker.unsettled(node, current, facts)
    if may_be_null(type_):
        checker.may_be_null(node)
        return ANY if type_ == NULL else without_null(type_)
    return type_


def _combined(operator: str, a: Type, b: Type) -> Type | None:
    """The type of one operation on two single types; None if it is not defined."""
    x, y = kind(a), kind(b)
    if "any" in (x, y):
        # Even of two sides of which one is not known, the other may be of no use at all.
        return ANY if {x, y} - {"any"} <= _OPERANDS[operator] else None
    if x == y == "number":
        whole = a == b == INTEGER and operator != "/"
        return INTEGER if whole else NUMBER
    if operator in "+-":
        if x == y == "money":
            return _money(a, b)
        if y == "duration" and x in _MOVED:
            return _MOVED[x]
        if operator == "+" and x == "duration" and y in _MOVED:
            return _MOVED[y]
        if operator == "-" and x == y == "date":
            return INTEGER
        return DURATION if operator == "-" and x == y == "timestamp" else None
    if operator == "*":
        if {x, y} == {"money", "number"}:
            return a if x == "money" else b
        return DURATION if {x, y} == {"duration", "number"} and INTEGER in (a, b) else None
    if operator == "/" and x == "money":
        return a if y == "number" else NUMBER if y == "money" else None
    return None


def _money(a: Type, b: Type) -> Type:
    return a if isinstance(a, Money) and a.currency is not None else b


def _currencies_differ(operator: str, left: Type, right: Type) -> bool:
    """Whether both sides surely are money of known and different currencies."""
    if operator in {"*", "%"}:
        return False
    sides = [{m.currency if isinstance(m, Money) else None for m in members(side)} for side in (left, right)]
    return None not in sides[0] | sides[1] and not sides[0] & sides[1]


def infer_negate(checker: Checker, node: Negate, current: Type, facts: Facts) -> Type:
    type_ = _operand(checker, node.child, current, facts)
    found = kinds(type_)
    if found and not found & {"number", "money", "duration"}:
        return checker.report("TYPE002", f"- is not defined for {describe(type_)}", node.span)
    return type_


def infer_compare(checker: Checker, node: Compare, current: Type, facts: Facts) -> Type:
    left = checker.infer(node.left, current, facts)
    right = checker.infer(node.right, current, facts)
    if node.operator in {"==", "!="}:
        _check_equality(checker, node, left, right)
        return BOOLEAN
    result: Type = BOOLEAN
    for side, type_ in ((node.left, left), (node.right, right)):
        if may_be_null(type_):
            checker.may_be_null(side)
        unordered = kinds(without_null(type_)) & {"bool", "array", "object"}
        if unordered:
            checker.report("TYPE002", f"{describe(without_null(type_))} has no order", side.span)
        elif not kinds(type_):
            result = nullable(BOOLEAN) if type_ != ANY else result
    a, b = kinds(without_null(left)), kinds(without_null(right))
    if a and b and len(a | b) > 1 and not (a | b) & {"bool", "array", "object", "null"}:
        message = f"{describe(left)} and {describe(right)} cannot be compared by size"
        checker.report("TYPE002", message, node.span, about=_sides(left, right, "size"))
    elif _currencies_differ(node.operator, left, right):
        checker.report("MONEY001", f"{describe(left)} and {describe(right)} are compared", node.span)
    return result


def _check_equality(checker: Checker, node: Compare, left: Type, right: Type) -> None:
    a, b = kinds(left), kinds(right)
    if not a or not b:
        return
    if not a & b:
        if "null" in (a | b) and (a == {"null"} or b == {"null"}):
            return  # comparing with null what cannot be null is a matter of taste, not a mistake
        _never_equal(checker, node, left, right)
        return
    if a & b <= {"text"}:
        for declared, constant, side in ((left, right, node.right), (right, left, node.left)):
            _check_constant(checker, declared, constant, side)
    if _currencies_differ("==", left, right):
        _never_equal(checker, node, left, right)


def _never_equal(checker: Checker, node: Compare, left: Type, right: Type) -> None:
    message = f"{describe(left)} and {describe(right)} are never equal"
    checker.report("TYPE003", message, node.span, about=_sides(left, right, "equality"))


def _sides(left: Type, right: Type, kind: str) -> About:
    """The about of a finding about the two sides of a comparison."""
    return About(kind=kind, given=sort_of(left), wanted=sort_of(right))


def _check_constant(checker: Checker, declared: Type, constant: Type, side: Ast) -> None:
    """A constant text that the other side, whose texts are listed, cannot be."""
    if not isinstance(constant, Text) or constant.values is None or len(constant.values) != 1:
        return
    listed = [member.values for member in members(declared) if isinstance(member, Text)]
    if not listed or any(values is None for values in listed):
        return
    known = frozenset(value for values in listed if values is not None for value in values)
    (value,) = constant.values
    if value not in known:
        names = ", ".join(sorted(known)[:20])
        checker.report("TYPE005", f"'{value}' is never the value here", side.span, f"it is one of {names}")


def truthy(type_: Type) -> Type | None:
    """What is left of a type where JMESPath calls it true; None if nothing is."""
    kept = [member for member in members(type_) if member != NULL]
    return union(kept) if kept else None


def falsy(type_: Type) -> Type | None:
    """What is left of a type where JMESPath calls it false; None if nothing is."""
    kept = []
    for member in members(type_):
        always_true = kind(member) in {"number", "money", "date", "timestamp", "duration"}
        filled = isinstance(member, Object) and bool(member.required)
        if not (always_true or filled):
            kept.append(member)
    return union(kept) if kept else None
