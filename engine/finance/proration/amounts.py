"""The amount of one line for a part of a period: discount, factor, rounding and tax, in the declared order."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from engine.base.money import EXACT, Money, decimal_text
from engine.base.record import frozen
from engine.finance.exact import HUNDRED, ONE, ZERO, decimal_of, rounded
from engine.finance.problem import Where, refused
from engine.finance.proration.facts import Line, ProratedLine, Side
from engine.finance.proration.measure import Share, Stretch
from engine.finance.proration.rules import Rules
from engine.finance.proration.timing import Situation, value_of
from engine.spec.documents.proration import Count, DiscountStage, FixedDiscount, Multiply, TaxRounding


@frozen
class Amount:
    """Rounded figures of a line, without the sign of its side."""

    gross: Decimal
    net: Decimal

    @property
    def discount(self) -> Decimal:
        return EXACT.subtract(self.gross, self.net)


def prorated(rules: Rules, line: Line, factor: Fraction) -> Amount:
    """A line's price and discount for a factor. The discount never takes more than the price."""
    currency = line.unit_price.currency
    gross, rate, off = value_of(line), Fraction(line.discount_percent) / HUNDRED, _off(line)
    whole = rules.discount.fixed is FixedDiscount.WHOLE
    if rules.discount.stage is DiscountStage.AFTER:
        shown = _rounded(rules, line, gross, factor)
        exact = gross * rate * factor + (off if whole else off * factor)
        taken = rules.amount(exact, currency)
        return Amount(shown, EXACT.subtract(shown, _bounded(taken, shown)))
    discounted = gross - gross * rate
    if whole:
        net = _rounded(rules, line, _floored(discounted * factor - off, gross), ONE)
    else:
        net = _rounded(rules, line, _floored(discounted - off, gross), factor)
    shown = _rounded(rules, line, gross, factor) if rate or off else net
    return Amount(shown, net)


def _off(line: Line) -> Fraction:
    return ZERO if line.discount is None else Fraction(line.discount.amount)


def _floored(net: Fraction, gross: Fraction) -> Fraction:
    """A discount is bounded by its line: it never turns a charge into a credit."""
    return max(net, ZERO) if gross >= 0 else net


def _bounded(taken: Decimal, gross: Decimal) -> Decimal:
    return min(taken, max(gross, Decimal(0)))


def _rounded(rules: Rules, line: Line, whole: Fraction, factor: Fraction) -> Decimal:
    """A figure for a whole period times the factor, rounded as a line or unit by unit."""
    currency = line.unit_price.currency
    quantity = Fraction(line.quantity)
    if rules.document.multiply is not Multiply.UNIT_PRICE or not quantity:
        return rules.amount(whole * factor, currency)
    unit = rules.amount(whole / quantity * factor, currency)
    return rules.amount(Fraction(unit) * quantity, currency)


def taxed(rules: Rules, net: Decimal, exact: Fraction, percent: Decimal | None, currency: str) -> Decimal | None:
    """The tax on a rounded net amount, or what the rounded total exceeds it by."""
    if percent is None:
        return None
    rate = Fraction(percent) / HUNDRED
    if rules.rounding.tax is TaxRounding.SEPARATE:
        return rules.amount(Fraction(net) * rate, currency)
    return EXACT.subtract(rules.amount(exact * (1 + rate), currency), net)


@frozen
class Piece:
    """What a line of the result is made from."""

    line: Line
    side: Side
    stretch: Stretch
    share: Share
    factor: Fraction
    amount: Amount
    explanation: str
    charge: str | None = None


def line_of(rules: Rules, found: Situation, piece: Piece) -> ProratedLine:
    """The line of the result: signs, tax, and the figures a person follows it by."""
    line, currency = piece.line, piece.line.unit_price.currency
    sign = -1 if piece.side is Side.CREDIT else 1

    def money(value: Decimal) -> Money:
        return Money(value * sign if value else abs(value), currency)

    net = piece.amount.net
    discounted = value_of(line) * (1 - Fraction(line.discount_percent) / HUNDRED) - _off(line)
    exact = discounted * piece.factor if piece.charge is None else Fraction(net)
    tax = taxed(rules, net, exact, line.tax_percent, currency)
    return ProratedLine(
        change=found.change.id, line=line.id, side=piece.side, kind=found.kind, start=piece.stretch.start,
        end=piece.stretch.end, part=decimal_of(piece.share.part), whole=decimal_of(piece.share.whole),
        factor=decimal_of(piece.factor), quantity=line.quantity, unit_price=line.unit_price,
        gross=money(piece.amount.gross), discount=money(-piece.amount.discount), amount=money(net),
        tax=None if tax is None else money(tax), total=money(net if tax is None else EXACT.add(net, tax)),
        charge=piece.charge, explanation=_explained(rules, piece),
    )  # fmt: skip


def _explained(rules: Rules, piece: Piece) -> str:
    """The reason, and the part of the period in words where only a part is billed."""
    share = piece.share
    if piece.factor == 1 and share.factor != 1:
        return piece.explanation
    if share.whole and share.part / share.whole == share.factor and share.whole != 1:
        unit = "seconds" if rules.time.count is Count.SECOND else "days"
        return f"{piece.explanation}: {decimal_of(share.part)} of {decimal_of(share.whole)} {unit}"
    return f"{piece.explanation}: {_words(piece.factor)} periods"


def _words(factor: Fraction) -> str:
    """A factor for a person to read; the exact one is its own field."""
    return decimal_text(rounded(factor, 6).normalize())


def same_currency(where: Where, currency: str, amounts: list[tuple[str, Money | None]]) -> None:
    """Refuse amounts in another currency than the rest."""
    for name, amount in amounts:
        if amount is not None and amount.currency != currency:
            raise refused(
                where.at(rule=name),
                f"{amount} is not in {currency}, the currency of the subscription",
                "bring it to one currency before it is prorated",
            )
