"""Proves that a template balances where its amounts are sums and differences of measures and no line has a condition.

Such amounts are linear in the measures, and so is what is debited less what is credited. What is zero for each
independent measure by itself is then zero for all of them together, whatever they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.expr.nodes import Arithmetic, Ast, Chain, Field, Negate
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
