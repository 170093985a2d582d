"""What holds for every input: results fit, entries balance, nothing is lost or made, the rest is for a person."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.base.errors import ErrorClass, Failure
from engine.base.money import Money
from engine.expr.compile import compile_expression
from engine.expr.parse import parse
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.test import Conserved, Expect
from engine.spec.values import Expression
from engine.verify.compare import show
from engine.verify.expectations import differences, entries_of
from engine.verify.model import Observed
from engine.verify.postings import unbalanced
from engine.verify.script import typed

#: An exception of these classes is no matter for a person: the definitions do not cope with an input that is allowed.
OURS = frozenset((ErrorClass.MAPPING, ErrorClass.SCHEMA, ErrorClass.DEFECT))


def broken(
    expect: Expect, conserve: Sequence[Conserved], given: Mapping[str, Any], observed: Observed
) -> Iterator[str]:
    """A sentence about every law that does not hold for what an input led to."""
    yield from observed.problems
    for exception in observed.exceptions:
        if exception.error_class in OURS:
            yield f"the definitions fail on it: {exception.message}"
    entries = entries_of(observed)
    for difference in unbalanced(entries) if entries else ():
        yield f"{difference.path.partition('.')[2]} does not balance: {difference.actual} ({difference.about})"
    if observed.outcome == "completed":
        for law in conserve:
            yield from _lost(law, given, observed)
    wanted = expect
    if expect.outcome is None and expect.exception is None:
        wanted = dataclasses.replace(expect, outcome=observed.outcome)
    if observed.outcome == "completed" or wanted.outcome != observed.outcome:
        for each in differences(wanted, observed):
            yield f"{each.path} is {each.actual}, expected {each.expected}"


def _lost(law: Conserved, given: Mapping[str, Any], observed: Observed) -> Iterator[str]:
    scope = {"given": typed(dict(given)), "output": observed.output, "sent": dict(observed.sent)}
    try:
        parts, total = _value(law.parts, scope), _value(law.total, scope)
    except Failure as failure:
        yield f"`{law.parts.text}` and `{law.total.text}` cannot be compared: {failure.message}"
        return
    if parts is None and total is None:
        return
    parts = [] if parts is None else parts
    if not isinstance(parts, list):
        yield f"`{law.parts.text}` is no array but {show(parts)}"
        return
    made = _sum(parts, total)
    if made != total:
        yield f"`{law.parts.text}` adds up to {show(made)}, but `{law.total.text}` is {show(total)}"


def _value(expression: Expression, scope: Mapping[str, Any]) -> Any:
    found = Diagnostics()
    ast = parse(expression.text, expression.span, found)
    found.raise_errors("what must be conserved cannot be read")
    assert ast is not None
    return compile_expression(ast, tuple(scope))(scope)


def _sum(parts: Sequence[Any], total: Any) -> Any:
    """The sum, in the form of the total; null where the parts cannot be added."""
    if isinstance(total, Money):
        if not all(isinstance(part, Money) and part.currency == total.currency for part in parts):
            return None
        return Money(sum((part.amount for part in parts), Decimal(0)), total.currency)
    if all(isinstance(part, int | Decimal) and not isinstance(part, bool) for part in parts):
        return sum(parts, Decimal(0))
    return None
