"""Proves that a template balances where its amounts are sums and differences of measures and no line has a condition.

Such amounts are linear in the measures, and so is what is debited less what is credited. What is zero for each
independent measure by itself is then zero for all of them together, whatever they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.expr.nodes import And, Arithmetic, Ast, Chain, Compare, Field, Literal, Negate, Not, Or
from engine.finance.journal.posting import CompiledTemplate


def balances(template: CompiledTemplate, samples: Sequence[Mapping[str, Decimal]]) -> bool:
    """Whether it surely balances, for ``samples`` in which every independent measure stands by itself once.

    False means that this cannot tell.
    """
    difference: Counter[str] = Counter()
    for line in template.trees:
        if line.when is not None or line.amount is None or not _add(line.amount, line.sign, difference):
            return False
    return not any(sum(times * sample[name] for name, times in difference.items()) for sample in samples)


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
