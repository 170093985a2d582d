"""Proves that a template balances where its amounts are sums and differences of measures and the conditions of its
lines look at no measure.

Such amounts are linear in the measures, and so is what is debited less what is credited. What is zero for each
independent measure by itself is then zero for all of them together, whatever they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.base.errors import Defect, Failure
from engine.expr.nodes import And, Arithmetic, Ast, Chain, Compare, Field, Literal, Negate, Not, Or
from engine.expr.values import equal
from engine.finance.journal.posting import CompiledTemplate, PostingTrees


def balances(
    template: CompiledTemplate,
    samples: Sequence[Mapping[str, Decimal]],
    scopes: Iterable[dict[str, Any]] | None = None,
) -> bool:
    """Whether it surely balances, for ``samples`` in which every independent measure stands by itself once, and
    ``scopes`` with every wording that the conditions of lines, which look at no measure, can ask for.

    False means that this cannot tell, as where lines have conditions and no scopes are given.
    """
    lines: list[tuple[PostingTrees, Counter[str]]] = []
    for line in template.trees:
        linear: Counter[str] = Counter()
        if (line.when is None) != (line.applies is None) or line.amount is None or (line.when and scopes is None):
            return False
        if not _add(line.amount, line.sign, linear):
            return False
        lines.append((line, linear))
    if scopes is None or all(line.when is None for line, _ in lines):
        return _is_nothing([linear for _, linear in lines], samples)
    try:
        return all(
            _is_nothing([linear for line, linear in lines if _applies(line, scope)], samples) for scope in scopes
        )
    except Failure:
        return False


def _applies(line: PostingTrees, scope: dict[str, Any]) -> bool:
    if line.when is None or line.applies is None:
        return True
    return _holds(line.when, scope) if cannot_fail(line.when) else bool(line.applies(scope))


def _holds(condition: Ast, scope: Mapping[str, Any]) -> bool:
    """Whether a condition that cannot fail is true: what running it would give, without making a function of it."""
    match condition:
        case Compare(operator=operator, left=left, right=right):
            return equal(_value(left, scope), _value(right, scope)) == (operator == "==")
        case And(left=left, right=right):
            return _holds(left, scope) and _holds(right, scope)
        case Or(left=left, right=right):
            return _holds(left, scope) or _holds(right, scope)
        case Not(child=child):
            return not _holds(child, scope)
        case _:
            raise Defect("this condition may fail")


def _value(value: Ast, scope: Mapping[str, Any]) -> Any:
    match value:
        case Literal(value=constant):
            return constant
        case Field(name=name):
            return scope.get(name)
        case Chain(left=Field(name=name), right=Field(name=field)):
            return scope[name].get(field)
        case _:
            raise Defect("this is no constant and no field")


def _is_nothing(linear: Iterable[Counter[str]], samples: Sequence[Mapping[str, Decimal]]) -> bool:
    """Whether these amounts add up to nothing in every sample."""
    difference: Counter[str] = Counter()
    for each in linear:
        for measure, times in each.items():
            difference[measure] += times
    left = [(measure, times) for measure, times in difference.items() if times]
    return not left or not any(sum(times * sample[measure] for measure, times in left) for sample in samples)


def cannot_fail(condition: Ast) -> bool:
    """Whether a condition that was checked surely gives true or false: names compared for being equal, and put
    together. False means that this cannot tell."""
    match condition:
        case Compare(operator="==" | "!=", left=left, right=right):
            return _is_read(left) and _is_read(right)
        case And(left=left, right=right) | Or(left=left, right=right):
            return cannot_fail(left) and cannot_fail(right)
        case Not(child=child):
            return cannot_fail(child)
        case _:
            return False


def _is_read(value: Ast) -> bool:
    """A constant, or a field of what is in scope."""
    return isinstance(value, Literal | Field) or (
        isinstance(value, Chain) and isinstance(value.left, Field) and isinstance(value.right, Field)
    )


def _add(amount: Ast, times: int, difference: Counter[str]) -> bool:
    """Add an amount so many times; False if it is not linear in measures."""
    match amount:
        case Chain(left=Field(name="line" | "total"), right=Field(name=measure)):
            difference[measure] += times
            return True
        case Arithmetic(operator="+" | "-" as operator, left=left, right=right):
            return _add(left, times, difference) and _add(right, times if operator == "+" else -times, difference)
        case Negate(child=child):
            return _add(child, -times, difference)
        case _:
            return False
