"""Tax of lines: inclusive and exclusive, compound, rounded at the declared point."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from engine.base.money import RoundingMode
from engine.base.record import frozen
from engine.finance.exact import HUNDRED, ONE, ZERO, rounded
from engine.finance.totals.allocation import shares
from engine.finance.totals.facts import Tax
from engine.spec.documents.totals import LineTaxes, Method, Prices, Taxes, TaxRounding


@frozen
class Taken:
    """Tax of one rate of a line: what it was taken of, and how much."""

    rate: Tax
    base: Fraction
    tax: Fraction


@frozen
class Taxed:
    """The tax of a document."""

    lines: tuple[tuple[Taken, ...], ...]
    line_taxes: tuple[Fraction, ...]
    rates: tuple[Taken, ...]
    tax: Fraction


def exact_taxes(amount: Fraction, rates: Sequence[Tax], prices: Prices, *, compound: bool) -> list[Taken]:
    """The exact tax of each rate, and what it is taken of."""
    net = amount
    if prices is Prices.INCLUSIVE:
        net = amount / _factor(rates, compound=compound)
    taken = []
    before = ZERO
    for rate in rates:
        base = net + before if compound else net
        tax = base * Fraction(rate.percent) / HUNDRED
        before += tax
        taken.append(Taken(rate, base, tax))
    return taken


def _factor(rates: Sequence[Tax], *, compound: bool) -> Fraction:
    if not compound:
        return ONE + sum((Fraction(rate.percent) for rate in rates), ZERO) / HUNDRED
    factor = ONE
    for rate in rates:
        factor *= ONE + Fraction(rate.percent) / HUNDRED
    return factor


def tax_lines(
    amounts: Sequence[Fraction],
    rates: Sequence[Sequence[Tax]],
    settings: Taxes,
    *,
    scale: int,
    mode: RoundingMode,
) -> Taxed:
    """The tax of all lines, rounded where ``settings`` say. Amounts are net, or hold their tax if inclusive."""
    lines = [
        exact_taxes(amount, line_rates, settings.prices, compound=settings.compound)
        for amount, line_rates in zip(amounts, rates, strict=True)
    ]

    def fit(value: Fraction) -> Fraction:
        return Fraction(rounded(value, scale, mode))

    at_document = settings.rounding in (TaxRounding.DOCUMENT, TaxRounding.DOCUMENT_AND_RATE)
    if settings.rounding is TaxRounding.LINE_AND_RATE:
        lines = [[Taken(each.rate, each.base, fit(each.tax)) for each in line] for line in lines]
    exact = [sum((each.tax for each in line), ZERO) for line in lines]
    line_taxes = [fit(tax) for tax in exact]
    by_rate = _by_rate(lines)
    if not at_document:
        tax = sum(line_taxes, ZERO)
        by_rate = _fitted(by_rate, tax, scale)
    elif settings.rounding is TaxRounding.DOCUMENT_AND_RATE:
        by_rate = [Taken(each.rate, each.base, fit(each.tax)) for each in by_rate]
        tax = sum((each.tax for each in by_rate), ZERO)
    else:
        tax = fit(sum(exact, ZERO))
        by_rate = _fitted(by_rate, tax, scale)
    if at_document and settings.line_taxes is LineTaxes.ALLOCATED:
        line_taxes = fitted(exact, tax, scale)
    shown = [tuple(_fitted(line, whole, scale)) for line, whole in zip(lines, line_taxes, strict=True)]
    return Taxed(tuple(shown), tuple(line_taxes), tuple(by_rate), tax)


def _by_rate(lines: Sequence[Sequence[Taken]]) -> list[Taken]:
    found: dict[tuple[str, Fraction], Taken] = {}
    for line in lines:
        for each in line:
            key = (each.rate.code, Fraction(each.rate.percent))
            known = found.get(key, Taken(each.rate, ZERO, ZERO))
            found[key] = Taken(each.rate, known.base + each.base, known.tax + each.tax)
    return list(found.values())


def _fitted(taken: Sequence[Taken], whole: Fraction, scale: int) -> list[Taken]:
    parts = fitted([each.tax for each in taken], whole, scale)
    return [Taken(each.rate, each.base, part) for each, part in zip(taken, parts, strict=True)]


def fitted(exact: Sequence[Fraction], whole: Fraction, scale: int) -> list[Fraction]:
    """Exact parts brought to ``scale`` digits so that they add up to ``whole``: each is cut, what lacks goes to the
    largest remainders. Parts of both signs keep theirs."""
    given = [Fraction(rounded(each, scale, RoundingMode.FLOOR)) for each in exact]
    unit = Fraction(10) ** -scale
    left = int((whole - sum(given, ZERO)) / unit)
    if left < 0 or left > len(given):
        weights = [abs(each) for each in exact]
        if not any(weights):
            return given
        return shares(whole, weights, Method.LARGEST_REMAINDER, scale=scale, positions=range(len(weights)))[0]
    order = sorted(range(len(given)), key=lambda at: given[at] - exact[at])
    for at in order[:left]:
        given[at] += unit
    return given
