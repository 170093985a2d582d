"""Commissions, division of a sale, revenue gross or net, and costs of a contract (finance/pricing.md 6.18)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from engine.base.money import Money, RoundingMode
from engine.finance.calculation import Calculation
from engine.finance.commission.check import check
from engine.finance.commission.costs import contract_cost
from engine.finance.commission.facts import (
    CommissionFacts,
    CommissionResult,
    LineResult,
    Part,
    Revenue,
    Reversal,
)
from engine.finance.commission.rating import Digits, base_amount, rate
from engine.finance.commission.splitting import Placed, divide, reversed_parts
from engine.finance.exact import ZERO, scale_for, total
from engine.finance.problem import Where, refused
from engine.spec.documents.commission import Commission, OnRefund, Recognition, Shared


def prepare(document: Commission) -> Callable[[CommissionFacts], CommissionResult]:
    """The function from a sale and a contract to commissions, shares, revenue and costs."""
    where = Where(f"commission {document.id} {document.version}")

    def run(facts: CommissionFacts) -> CommissionResult:
        _check_facts(facts, where)
        rounding = document.rounding
        scale = scale_for(facts.currency, None if rounding is None else rounding.scale)
        digits = Digits(facts.currency, scale, RoundingMode.HALF_UP if rounding is None else rounding.mode)
        amounts, lines = _lines(document, facts, digits, where)
        places = [] if document.shared is None else _divided(document.shared, facts, amounts, digits, where)
        refunds = _refunds(facts, where)
        return _result(document, facts, digits, amounts, lines, places, refunds, where)

    return run


def _check_facts(facts: CommissionFacts, where: Where) -> None:
    for name, amount in _amounts(facts):
        if amount.currency != facts.currency:
            raise refused(where.at(record=name), f"{amount} is not in {facts.currency}", "convert it first")


def _amounts(facts: CommissionFacts) -> Iterator[tuple[str, Money]]:
    named = (("sale", facts.sale), ("tax", facts.tax), ("refunded", facts.refunded), ("cost", facts.cost))
    yield from ((name, amount) for name, amount in named if amount is not None)
    yield from ((f"before {name}", amount) for name, amount in (facts.before or {}).items())
    yield from ((f"refund {refund.id}", refund.amount) for refund in facts.refunds)
    yield from ((f"cost {cost.id}", cost.amount) for cost in facts.costs)


def _lines(
    document: Commission, facts: CommissionFacts, digits: Digits, where: Where
) -> tuple[dict[str, Fraction], tuple[LineResult, ...]]:
    amounts: dict[str, Fraction] = {}
    results = []
    before = facts.before or {}
    cumulative = [line.id for line in document.commissions if line.cumulative]
    for name in before:
        if name not in cumulative:
            message = f"`before` names {name}, which is no cumulative commission of it"
            raise refused(where, message, f"name {' or '.join(cumulative)}" if cumulative else "leave it out")
    for line in document.commissions:
        at = where.at(rule=f"commission {line.id}")
        earlier = Fraction(before[line.id].amount) if line.id in before else ZERO
        amounts[line.id], result = rate(line, base_amount(line.base, facts, amounts, at), earlier, digits)
        results.append(result)
    return amounts, tuple(results)


def _divided(
    shared: Shared, facts: CommissionFacts, amounts: dict[str, Fraction], digits: Digits, where: Where
) -> list[Placed]:
    at = where.at(rule="shared")
    amount = base_amount(shared.base, facts, amounts, at)
    return divide(shared.split, amount, shared.method, digits.scale, at)


def _refunds(facts: CommissionFacts, where: Where) -> list[Fraction]:
    refunds = [Fraction(refund.amount.amount) for refund in facts.refunds]
    sale = ZERO if facts.sale is None else Fraction(facts.sale.amount)
    for refund, amount in zip(facts.refunds, refunds, strict=True):
        if amount < 0:
            raise refused(where.at(record=f"refund {refund.id}"), "a refund is below zero", "give it positive")
    if refunds and total(refunds) > abs(sale):
        raise refused(where, "the refunds are above the sale", "refund no more than was sold")
    return refunds


def _result(
    document: Commission,
    facts: CommissionFacts,
    digits: Digits,
    amounts: dict[str, Fraction],
    lines: tuple[LineResult, ...],
    places: list[Placed],
    refunds: list[Fraction],
    where: Where,
) -> CommissionResult:
    money = digits.money
    sale = ZERO if facts.sale is None else Fraction(facts.sale.amount)
    commission = total(amounts.values())
    cost_rule = document.contract_cost
    costs = None
    if cost_rule is not None:
        costs = contract_cost(cost_rule, facts, list(amounts.items()), digits, where.at(rule="contract_cost"))
    return CommissionResult(
        lines=lines, commission=money(commission), remainder=money(sale - commission),
        allocations={name: money(amount) for name, amount in _by_party(places).items() if amount},
        kept=money(total(place.amount for place in places if not place.to)),
        parts=tuple(
            Part(path=place.path, to=place.to, amount=money(place.amount), explanation=place.told) for place in places
        ),
        revenue=_revenue(document, facts, digits, commission, places),
        reversals=_reversals(document, facts, digits, amounts, places, refunds, where), contract_cost=costs,
    )  # fmt: skip


def _by_party(places: list[Placed]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for place in places:
        if place.to:
            found[place.to] = found.get(place.to, ZERO) + place.amount
    return found


def _revenue(
    document: Commission, facts: CommissionFacts, digits: Digits, commission: Fraction, places: list[Placed]
) -> Revenue:
    """Tax is never revenue. As principal the sale is revenue and what others get is expense; as agent, what is kept."""
    sale = _value(facts.sale) - _value(facts.tax)
    cost = _value(facts.cost)
    paid_out = commission + total(place.amount for place in places if place.to)
    gross = document.recognise is Recognition.GROSS
    money = digits.money
    return Revenue(
        recognised=document.recognise.value,
        revenue=money(sale if gross else sale - cost - paid_out),
        cost_of_revenue=money(cost if gross else ZERO), fee_expense=money(paid_out if gross else ZERO),
        margin=money(sale - cost - paid_out), payable=money(paid_out),
        cash=money(_value(facts.sale) - paid_out),
    )  # fmt: skip


def _value(amount: Money | None) -> Fraction:
    return ZERO if amount is None else Fraction(amount.amount)


def _reversals(
    document: Commission,
    facts: CommissionFacts,
    digits: Digits,
    amounts: dict[str, Fraction],
    places: list[Placed],
    refunds: list[Fraction],
    where: Where,
) -> tuple[Reversal, ...]:
    """By refund and party. Commissions go back along the cumulative proportion, so that all of it is gone with the
    whole sale."""
    if not refunds:
        return ()
    sale = abs(_value(facts.sale))
    divided = [ZERO] * len(refunds)
    whole = abs(total(place.amount for place in places))
    reached = ZERO
    for at, amount in enumerate(refunds):
        before, reached = reached, reached + amount
        divided[at] = digits.fit(whole * reached / sale) - digits.fit(whole * before / sale)
    parts = reversed_parts(places, divided, digits.scale, where) if places else [[] for _ in refunds]
    found = []
    reached = ZERO
    for at, (refund, amount) in enumerate(zip(facts.refunds, refunds, strict=True)):
        before, reached = reached, reached + amount
        by_party: dict[str, Fraction] = {}
        for line in document.commissions:
            if line.on_refund is OnRefund.REVERSED:
                back = digits.fit(amounts[line.id] * reached / sale) - digits.fit(amounts[line.id] * before / sale)
                by_party[line.to] = by_party.get(line.to, ZERO) + back
        kept = ZERO
        for place, part in zip(places, parts[at], strict=True):
            if place.to:
                by_party[place.to] = by_party.get(place.to, ZERO) + part
            else:
                kept += part
        shown = {name: digits.money(value) for name, value in by_party.items() if value}
        found.append(Reversal(refund=refund.id, amounts=shown, kept=digits.money(kept)))
    return tuple(found)


CALCULATION = Calculation("commission", "commission", CommissionFacts, CommissionResult, check, prepare)
