"""Conditions whose outcome is known before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from engine.expr.narrowing import excludes_itself, is_null
from engine.expr.nodes import And, Arithmetic, Ast, Call, Compare, Literal, Or
from engine.lint.computed import Inspected, never_null, surely
from engine.lint.finding import finding
from engine.lint.syntax import chosen_values
from engine.schema.types import NULL, Money, Text, Type, members
from engine.source.diagnostic import Diagnostic

_FLIPPED = {"<": ">", ">": "<"}
#: What functions of two values give for one value twice.
_OF_TWO = {"days_between": "zero", "starts_with": "true", "ends_with": "true"}
_LENGTH: dict[tuple[str, int], bool] = {(">=", 0): True, ("<", 0): False, (">", -1): True, ("<=", -1): False}


def check_or(at: Inspected, node: Or) -> Iterator[Diagnostic]:
    """A choice among all the values that there are."""
    if _exhausts(at, node):
        message = f"{at.written(node, 'this condition')} is always true: it names every possible value"
        yield finding("EXPR220", message, node.span, "leave the condition out")


def check_excluded(at: Inspected, node: And | Or) -> Iterator[Diagnostic]:
    """Two constants for one thing."""
    if excludes_itself(node):
        always, why = (
            ("true", "it is always unlike one of them") if isinstance(node, Or) else ("false", "it is one only")
        )
        help = "write && instead of ||" if isinstance(node, Or) else "write || instead of &&"
        message = f"{at.written(node, 'this condition')} is always {always}: {why}"
        yield finding("EXPR220", message, node.span, help)


def check_range(at: Inspected, node: And | Or) -> Iterator[Diagnostic]:
    """Bounds of one value that no value keeps, or that every value keeps one of: ``x >= 31 && x <= -31``."""
    first, second = _bound(node.left), _bound(node.right)
    if first is None or second is None or first[0] != second[0] or {first[1], second[1]} != {"<", ">"}:
        return
    lower, upper = (first, second) if first[1] == ">" else (second, first)
    both = lower[3] and upper[3]
    if isinstance(node, And) and (lower[2] > upper[2] or (lower[2] == upper[2] and not both)):
        message = f"{at.written(node, 'this condition')} is always false: nothing is within both bounds"
        yield finding("EXPR220", message, node.span, "exchange the bounds, or write || instead of &&")
    elif isinstance(node, Or) and (lower[2] < upper[2] or (lower[2] == upper[2] and (lower[3] or upper[3]))):
        message = f"{at.written(node, 'this condition')} is always true: everything is within one of the bounds"
        yield finding("EXPR220", message, node.span, "write && instead of ||")


#: The value that is bounded, on which side, by what, and whether the bound itself is inside.
_Bound = tuple[Ast, str, Decimal, bool]


def _bound(node: Ast) -> _Bound | None:
    if not isinstance(node, Compare) or node.operator in {"==", "!="}:
        return None
    side, mark = node.operator[0], len(node.operator) == 2
    for value, other, direction in ((node.left, node.right, side), (node.right, node.left, _FLIPPED[side])):
        if isinstance(other, Literal) and not isinstance(value, Literal) and type(other.value) in (int, Decimal):
            return value, direction, Decimal(other.value), mark
    return None


def check_same(at: Inspected, node: Call) -> Iterator[Diagnostic]:
    """A function of two values that is given one twice."""
    if node.name in _OF_TWO and len(node.arguments) == 2 and node.arguments[0] == node.arguments[1]:
        message = f"{at.written(node)} is always {_OF_TWO[node.name]}: both arguments are the same"
        yield finding("EXPR221", message, node.span, "one of them was meant to be something else")


def check_difference(at: Inspected, node: Arithmetic) -> Iterator[Diagnostic]:
    """A value taken from itself."""
    if node.operator == "-" and node.left == node.right:
        message = f"{at.written(node)} is always zero: both sides are the same"
        yield finding("EXPR221", message, node.span, "one side was meant to be something else")


def check_comparison(at: Inspected, node: Compare) -> Iterator[Diagnostic]:
    """A comparison that always comes out the same."""
    shown = at.written(node, "this condition")
    if node.left == node.right:
        outcome = "true" if node.operator in {"==", "<=", ">="} else "false"
        message = f"{shown} is always {outcome}: both sides are the same"
        yield finding("EXPR221", message, node.span, "one side was meant to be something else")
        return
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if is_null(other) and node.operator in {"==", "!="}:
            yield from _null_test(shown, node, side, at.of(side))
            return
    known = _outcome(at, node)
    if known is not None:
        message = f"{shown} is always {'true' if known else 'false'}"
        yield finding("EXPR220", message, node.span, "correct the condition, or leave it out")


def _null_test(shown: str, node: Compare, side: Ast, type_: Type) -> Iterator[Diagnostic]:
    if isinstance(side, Literal):
        return
    if never_null(type_):
        outcome = "false" if node.operator == "==" else "true"
        message = f"{shown} is always {outcome}: the value is never null"
        yield finding("EXPR225", message, node.span, "leave the test out")
    elif type_ == NULL:
        outcome = "true" if node.operator == "==" else "false"
        yield finding("EXPR220", f"{shown} is always {outcome}: nothing ever gives a value here", node.span)


def _outcome(at: Inspected, node: Compare) -> bool | None:
    """What the comparison always comes to, if that is sure."""
    left, right = node.left, node.right
    if isinstance(left, Literal) and isinstance(right, Literal):
        equal = left.token == right.token
        return (equal if node.operator == "==" else not equal) if node.operator in {"==", "!="} else None
    if isinstance(left, Call) and left.name == "length" and isinstance(right, Literal) and type(right.value) is int:
        return _LENGTH.get((node.operator, right.value))
    if node.operator in {"==", "!="}:
        one, other = _only(at.of(left)), _only(at.of(right))
        if one is not None and one == other:
            return node.operator == "=="
    return None


def _only(type_: Type) -> str | None:
    """The one text that a value can be."""
    if isinstance(type_, Text) and type_.values is not None and len(type_.values) == 1:
        return next(iter(type_.values))
    return None


def _exhausts(at: Inspected, node: Or) -> bool:
    """Whether ``x == 'a' || x == 'b'`` names everything that x can be."""
    chosen = chosen_values(node)
    if chosen is None:
        return False
    subject, texts = chosen
    first = node.left
    while isinstance(first, Or):
        first = first.left
    sides = (first.left, first.right) if isinstance(first, Compare) else ()
    types = [at.of(side) for side in sides if side == subject]
    return bool(types) and _listed(types[0]) is not None and (_listed(types[0]) or frozenset()) <= texts


def _listed(type_: Type) -> frozenset[str] | None:
    """Every text that a value can be; None if it can be something else."""
    values: set[str] = set()
    for member in members(type_):
        if not isinstance(member, Text) or member.values is None:
            return None
        values |= member.values
    return frozenset(values) if values else None


def check_text_order(at: Inspected, node: Compare) -> Iterator[Diagnostic]:
    """A text that looks like a number, compared letter by letter."""
    if node.operator in {"==", "!="}:
        return
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(side, Literal) and _numeric(side.value) and surely(at.of(other), "text"):
            message = f"{at.written(node)} compares letter by letter: '9' is more than '10' there"
            yield finding("EXPR231", message, node.span, "compare numbers: number(x) > 10")


def _numeric(text: Any) -> bool:
    return isinstance(text, str) and text.removeprefix("-").replace(".", "", 1).isdigit()


def check_amounts(at: Inspected, node: Compare | Arithmetic) -> Iterator[Diagnostic]:
    """Amounts compared or combined as bare numbers, whatever their currencies."""
    left, right = _amount_of(node.left), _amount_of(node.right)
    if left is None or right is None or left == right or node.operator in "*/%":
        return
    if _any_currency(at.of(left)) and _any_currency(at.of(right)):
        message = f"{at.written(node)} leaves the currencies out: EUR and USD would be mixed"
        yield finding("MONEY221", message, node.span, "combine the money itself; amount() comes last")


def _amount_of(node: Ast) -> Ast | None:
    """What ``amount(x)`` takes."""
    return node.arguments[0] if isinstance(node, Call) and node.name == "amount" else None


def _any_currency(type_: Type) -> bool:
    return any(isinstance(member, Money) and member.currency is None for member in members(type_))
