"""Estimates that stand beside the schedule: sales with a right of return, and interest inside a price."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from engine.base.money import DIVISION
from engine.finance.exact import rounded
from engine.finance.problem import refused
from engine.finance.revenue.facts import Financed, ReturnsExpected
from engine.finance.revenue.results import CostOfSales, FinancingResult, Returned
from engine.finance.revenue.setting import Setting
from engine.finance.revenue.track import Track
from engine.spec.documents.revenue_price import Compounding


def returned(setting: Setting, sale: ReturnsExpected) -> Returned:
    """Revenue for what is expected to be kept; a liability and an asset for the rest. Raises Failure."""
    if not 0 <= sale.expected_kept <= sale.units:
        raise refused(
            setting.where.at(rule="returns", record="the sale with a right of return"),
            f"{sale.expected_kept} of {sale.units} units are expected to be kept", "correct the estimate",
        )  # fmt: skip
    back = sale.units - sale.expected_kept
    cost = sale.unit_cost.amount if sale.unit_cost is not None else Decimal(0)
    return Returned(
        revenue=setting.money(rounded(sale.expected_kept * sale.unit_price.amount, setting.scale)),
        refund_liability=setting.money(rounded(back * sale.unit_price.amount, setting.scale)),
        cost_of_sales=setting.money(rounded(sale.expected_kept * cost, setting.scale)),
        return_asset=setting.money(rounded(back * cost, setting.scale)),
    )


def cost_of_sales(setting: Setting, track: Track) -> CostOfSales | None:
    """Revenue and cost as far as the obligation is satisfied; None without a cost."""
    cost, curve = track.obligation.cost, track.measure.curve
    if cost is None:
        return None
    revenue, share = setting.zero, Fraction(0)
    if curve is not None:
        revenue, share = track.before(curve.end), track.share_before(curve.end)
    spent = rounded(Fraction(cost.amount) * share, setting.scale)
    return CostOfSales(
        obligation=track.id,
        revenue=setting.money(revenue),
        cost_of_sales=setting.money(spent),
        profit=setting.money(revenue - spent),
    )


def financed(setting: Setting, facts: Financed) -> FinancingResult:
    """The price without interest, and the interest. Raises Failure unless exactly one payment or price is given.

    With the declared limit of months there is no financing, as the standards allow.
    """
    given = [facts.paid_later, facts.paid_ahead, facts.instalment, facts.cash_price]
    place = setting.where.at(rule="financing", record="the financed price")
    if sum(each is not None for each in given) != 1 and not (facts.paid_later and facts.cash_price):
        raise refused(place, "exactly one payment or price must be given", "leave out the figures that follow from it")
    if facts.months <= 0 or facts.annual_rate < 0:
        raise refused(place, f"{facts.months} months at a rate of {facts.annual_rate}", "correct the terms")
    declared = setting.document.financing
    monthly = declared is not None and declared.compounding is Compounding.MONTHLY
    limit = 12 if declared is None else declared.skip_within_months
    rate = Fraction(facts.annual_rate)
    if facts.months <= limit:
        rate = Fraction(0)
    if facts.paid_later is not None:
        price = Fraction(facts.paid_later.amount) / _growth(rate, facts.months, monthly)
        return _result(
            setting, facts, price, Fraction(facts.paid_later.amount), None, "discounted to the day of delivery"
        )
    if facts.paid_ahead is not None:
        price = Fraction(facts.paid_ahead.amount) * _growth(rate, facts.months, monthly)
        return _result(setting, facts, price, Fraction(facts.paid_ahead.amount), None, "with interest up to delivery")
    annuity = _annuity(rate / 12, facts.months)
    if facts.instalment is not None:
        paid = Fraction(facts.instalment.amount) * facts.months
        price = Fraction(facts.instalment.amount) * annuity
        return _result(setting, facts, price, paid, Fraction(facts.instalment.amount), "instalments, discounted")
    cash = facts.cash_price
    instalment = Fraction(cash.amount if cash is not None else 0) / annuity
    paid_price = Fraction(cash.amount if cash is not None else 0)
    return _result(
        setting, facts, paid_price, instalment * facts.months, instalment, "the cash price, in equal instalments"
    )


def _growth(rate: Fraction, months: int, monthly: bool) -> Fraction:
    if monthly:
        return (1 + rate / 12) ** months
    whole, rest = divmod(months, 12)
    grown = (1 + rate) ** whole
    if rest:
        # A broken year grows by its twelfth root; that is the one place where the result is not exact.
        twelfth = DIVISION.power(
            DIVISION.divide(_decimal(1 + rate), Decimal(1)), DIVISION.divide(Decimal(rest), Decimal(12))
        )
        grown *= Fraction(twelfth)
    return grown


def _decimal(value: Fraction) -> Decimal:
    return DIVISION.divide(Decimal(value.numerator), Decimal(value.denominator))


def _annuity(rate: Fraction, months: int) -> Fraction:
    """What payments of one each month are worth at their start."""
    return Fraction(months) if not rate else (1 - (1 + rate) ** -months) / rate


def _result(
    setting: Setting, facts: Financed, price: Fraction, paid: Fraction, instalment: Fraction | None, explanation: str
) -> FinancingResult:
    at_price = rounded(price, setting.scale)
    interest = abs(paid - price)
    return FinancingResult(
        price=setting.money(at_price),
        interest=setting.money(rounded(interest, setting.scale)),
        instalment=None if instalment is None else setting.money(rounded(instalment, setting.scale)),
        return_asset=facts.unit_cost,
        explanation=explanation,
    )
