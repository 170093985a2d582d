"""The calculation of pricing documents: usage and what was billed before in, a bill's lines out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from engine.base.errors import Defect
from engine.base.money import Money
from engine.base.record import frozen
from engine.finance.calculation import Calculation
from engine.finance.exact import HUNDRED, ZERO, total
from engine.finance.pricing.bounds import Scene, apply_bound
from engine.finance.pricing.charges import PreparedCharge, rate_charge
from engine.finance.pricing.check import check
from engine.finance.pricing.facts import Bill, BoundResult, Charges, RatingFacts
from engine.finance.pricing.lines import Amounts, WorkLine, title
from engine.finance.pricing.measure import Entry, entry_of_usage, share_of
from engine.finance.pricing.order import Cycle, named, steps
from engine.finance.pricing.progress import progress_of
from engine.finance.pricing.words import number
from engine.finance.problem import Where, refused
from engine.spec.documents.pricing import Charge, Pricing, Timing, Unpriced
from engine.spec.documents.pricing_bounds import Bound
from engine.spec.documents.pricing_prices import CompositeBase


@frozen
class _Program:
    """A document, ready to rate."""

    document: Pricing
    where: Where
    amounts: Amounts
    charges: tuple[PreparedCharge, ...]
    steps: tuple[Charge | Bound, ...]


def prepare(document: Pricing) -> Callable[[RatingFacts], Charges]:
    """The function of a document without findings."""
    where = Where(f"pricing {document.id} {document.version}")
    ordered = steps(document)
    if isinstance(ordered, Cycle):
        raise Defect("a document with findings was prepared")
    charges = tuple(
        PreparedCharge.of(document, charge, where) for charge in document.charges if charge.price.composite is None
    )
    program = _Program(document, where, Amounts.of(document), charges, ordered)
    return lambda facts: _rate(program, facts)


def _rate(program: _Program, facts: RatingFacts) -> Charges:
    document = program.document
    _check_facts(program, facts)
    entries = [entry_of_usage(usage, f"usage {place} of {usage.meter}") for place, usage in enumerate(facts.usage, 1)]
    unpriced = _unpriced(program, entries)
    lines, results = _lines(program, facts, entries)
    ordered = _in_order(document, lines)
    shown = tuple(line.line() for line in ordered)
    zero = Money(program.amounts.money(ZERO).amount, document.currency)
    subtotal = sum((line.base_amount for line in shown if line.kind != "true_up"), zero)
    whole = sum((line.amount for line in shown), zero)
    progress = None
    if document.thresholds is not None:
        amounts = replace(program.amounts)
        progress = progress_of(
            document.thresholds, facts, lambda count: _accrued(program, facts, entries[:count]), whole, amounts
        )
    told = f"{len(shown)} {'line' if len(shown) == 1 else 'lines'}, {whole}"
    return Charges(
        currency=document.currency, lines=shown, bounds=tuple(results), subtotal=subtotal, total=whole,
        progress=progress, unpriced=unpriced, explanation=told,
    )  # fmt: skip


def _lines(program: _Program, facts: RatingFacts, entries: Sequence[Entry]) -> tuple[list[WorkLine], list[BoundResult]]:
    """All lines: plain charges first, then composites and bounds in their order."""
    lines: list[WorkLine] = []
    for prepared in program.charges:
        if _is_billed(prepared.charge, facts):
            lines += rate_charge(prepared, facts, entries)
    results: list[BoundResult] = []
    names = tuple(charge.id for charge in program.document.charges)
    scene = Scene(program.amounts, facts, names, program.where, program.document.bounds)
    for step in program.steps:
        if isinstance(step, Bound):
            found, added = apply_bound(step, lines, scene)
            results += found
            lines += added
        elif _is_billed(step, facts):
            lines.append(_composite(step, program, facts, lines))
    places = {bound.id: place for place, bound in enumerate(program.document.bounds)}
    return lines, sorted(results, key=lambda result: places[result.bound])


def _is_billed(charge: Charge, facts: RatingFacts) -> bool:
    if facts.bill is Bill.ALL:
        return True
    return (facts.bill is Bill.IN_ADVANCE) == (charge.timing is Timing.IN_ADVANCE)


def _composite(charge: Charge, program: _Program, facts: RatingFacts, lines: Sequence[WorkLine]) -> WorkLine:
    composite = charge.price.composite
    assert composite is not None
    names = {each.text for each in (*composite.charges, *composite.bounds)}
    net = composite.base is CompositeBase.NET
    base = total(line.net if net else line.base for line in lines if line.charge in names)
    exact = base * Fraction(composite.rate_percent) / HUNDRED
    if charge.prorated:
        exact *= share_of(facts.days)
    if charge.discount_percent is not None:
        exact *= (HUNDRED - Fraction(charge.discount_percent)) / HUNDRED
    amounts = Amounts.of(program.document, charge.rounding)
    rounded = amounts.rounded(exact)
    listed = ", ".join(each.text for each in (*composite.charges, *composite.bounds))
    told = f"{number(composite.rate_percent)}% of {number(base)} for {listed}"
    return WorkLine(
        charge.id, "charge", title(charge), amounts, exact, rounded, rounded, quantity=base, shown=base, billable=base,
        free_base=base, timing=str(charge.timing), service=facts.period, told=told,
        unit_price_rounding=charge.unit_price_rounding,
    )  # fmt: skip


def _in_order(document: Pricing, lines: Sequence[WorkLine]) -> list[WorkLine]:
    """Charges as they are declared, then true-ups."""
    places = {each.id: place for place, each in enumerate(named(document))}
    return sorted(lines, key=lambda line: (line.kind == "true_up", places[line.charge]))


def _accrued(program: _Program, facts: RatingFacts, entries: Sequence[Entry]) -> Fraction:
    """The money total of the charges that count towards thresholds, at most what maximums allow. The period is not
    over: nothing is missing of a minimum yet, and no included unit is left unused."""
    thresholds = program.document.thresholds
    assert thresholds is not None
    names = None if thresholds.charges is None else {each.text for each in thresholds.charges}
    counted = {
        prepared.charge.id
        for prepared in program.charges
        if (bool(prepared.charge.meters) if names is None else prepared.charge.id in names)
    }
    lines, _ = _lines(program, replace(facts, closing=False), entries)
    return total(line.money(line.net).amount for line in lines if line.charge in counted)


# ----------------------------------------------------------------------------- facts that do not fit


def _check_facts(program: _Program, facts: RatingFacts) -> None:
    document, where = program.document, program.where
    currency = document.currency
    if facts.currency is not None and facts.currency != currency:
        raise refused(
            where, f"its prices are in {currency}, and {facts.currency} is asked for",
            "choose the price list of that currency, or convert at a declared rate first",
        )  # fmt: skip
    for place, usage in enumerate(facts.usage, 1):
        given = [usage.amount, *(each.amount for each in usage.transactions)]
        _same_currency(given, currency, where.at(record=f"usage {place} of {usage.meter}"))
        if usage.quantity is None and usage.amount is None and not usage.transactions:
            raise refused(
                where.at(record=f"usage {place} of {usage.meter}"), "it has neither a quantity nor an amount",
                "supply one of them",
            )  # fmt: skip
    for each in facts.billed:
        _same_currency([each.amount, each.base_amount, each.carried_amount], currency, where.at(record=each.charge))
    names = {each.id for each in named(document)}
    for name in [*(each.charge for each in facts.billed), *(each.charge for each in facts.earlier)]:
        if name not in names:
            raise refused(
                where, f"`{name}` was billed before, and is neither a charge nor a bound of this document",
                f"name one of {', '.join(sorted(names))}",
            )  # fmt: skip
    if facts.days is not None and (facts.days.in_period <= 0 or facts.days.billed < 0):
        raise refused(where, "`days` must be above zero", "correct the days of the period")


def _same_currency(amounts: Sequence[Money | None], currency: str, where: Where) -> None:
    for money in amounts:
        if money is not None and money.currency != currency:
            raise refused(
                where, f"an amount is in {money.currency}, the prices are in {currency}",
                "convert it at a declared rate first",
            )  # fmt: skip


def _unpriced(program: _Program, entries: Sequence[Entry]) -> tuple[str, ...]:
    where = program.where
    found = [entry for entry in entries if not any(prepared.takes(entry) for prepared in program.charges)]
    if found and program.document.unpriced_usage is Unpriced.REFUSE:
        raise refused(
            where.at(record=found[0].record), f"no charge prices this usage of the meter {found[0].meter}",
            "add a charge for it, or let the result report it with `unpriced_usage: report`",
        )  # fmt: skip
    return tuple(entry.record for entry in found)


CALCULATION = Calculation("pricing", "rate", RatingFacts, Charges, check, prepare)
