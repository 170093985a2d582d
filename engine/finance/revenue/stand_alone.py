"""Stand-alone prices that nobody stated: from a list, a cost and its margin, another price, or sales of the unit."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from engine.base.money import Money
from engine.finance.exact import HUNDRED, decimal_of, total
from engine.finance.problem import Where, refused
from engine.finance.revenue.facts import Sale, StandAlone
from engine.finance.revenue.setting import Setting
from engine.spec.documents.revenue_price import Observed, Statistic


def worked_out(setting: Setting, obligation: str, given: StandAlone) -> Fraction:
    """The stand-alone price of a unit, exact. Raises Failure if it does not follow from what is given."""
    place = setting.where.at(rule="allocation", record=f"obligation {obligation}")
    ways = [each for each in (given.list_price, given.cost, given.base, given.sales or None) if each is not None]
    if len(ways) != 1:
        raise refused(
            place, f"its stand-alone price comes from {len(ways)} sources",
            "give exactly one of `list_price`, `cost`, `base` and `sales`",
        )  # fmt: skip
    if given.list_price is not None:
        share = _percent(place, "discount_percent", Fraction(given.discount_percent))
        return _amount(setting, place, given.list_price) * (1 - share)
    if given.cost is not None:
        share = _percent(place, "margin_percent", Fraction(given.margin_percent))
        if share == 1:
            raise refused(place, "a margin of 100 percent leaves no cost", "give a margin below 100")
        return _amount(setting, place, given.cost) / (1 - share)
    if given.base is not None:
        if given.percent < 0:
            raise refused(place, f"`percent` is {given.percent}", "give a share of the base from 0 up")
        return _amount(setting, place, given.base) * Fraction(given.percent) / HUNDRED
    return _observed(setting, place, given.sales)


def _amount(setting: Setting, place: Where, money: Money) -> Fraction:
    if money.currency != setting.currency:
        raise refused(
            place, f"{money} is not in the contract's currency, {setting.currency}",
            "convert it before, at the rate of the day on which the contract began",
        )  # fmt: skip
    return Fraction(money.amount)


def _percent(place: Where, name: str, percent: Fraction) -> Fraction:
    if not 0 <= percent <= HUNDRED:
        raise refused(place, f"`{name}` is {decimal_of(percent)}", "give a percentage from 0 to 100")
    return percent / HUNDRED


def _observed(setting: Setting, place: Where, sales: Sequence[Sale]) -> Fraction:
    """The declared figure for many sales. Raises Failure if too few of them lie close to it."""
    allocation = setting.document.allocation
    declared = None if allocation is None else allocation.observed
    if declared is None:
        raise refused(
            place, "its stand-alone price comes from sales, and the document does not say which figure stands for them",
            "declare `allocation.observed`",
        )  # fmt: skip
    if any(sale.quantity <= 0 for sale in sales):
        raise refused(place, "a sale of the unit alone has no quantity above zero", "leave returns out of the sales")
    prices = [_amount(setting, place, sale.price) for sale in sales]
    figure = _figure(declared.statistic, prices, [Fraction(sale.quantity) for sale in sales])
    _check_band(place, declared, prices, figure)
    return figure


def _figure(statistic: Statistic, prices: Sequence[Fraction], quantities: Sequence[Fraction]) -> Fraction:
    if statistic is Statistic.AVERAGE:
        return total(prices) / len(prices)
    if statistic is Statistic.WEIGHTED_AVERAGE:
        return total(price * number for price, number in zip(prices, quantities, strict=True)) / total(quantities)
    ordered = sorted(prices)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _check_band(place: Where, declared: Observed, prices: Sequence[Fraction], figure: Fraction) -> None:
    if declared.band_percent is None:
        return
    width = abs(figure) * Fraction(declared.band_percent) / HUNDRED
    inside = sum(1 for price in prices if abs(price - figure) <= width)
    if Fraction(inside) * HUNDRED < len(prices) * Fraction(declared.at_least_percent):
        raise refused(
            place,
            f"{inside} of {len(prices)} sales lie within {declared.band_percent} percent of the {declared.statistic} "
            f"{decimal_of(figure)}, and {declared.at_least_percent} percent of them have to",
            "estimate the stand-alone price another way: by its cost and margin, or as the residual",
        )
