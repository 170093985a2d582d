"""Rows of a schedule, made past the guard of frozen classes.

A contract of three years has 37 rows, and making them the usual way costs more than everything else about it. The
fields are set through the slots, as :class:`engine.base.money.Money` does; nobody can change a row afterwards.
"""

from __future__ import annotations

from decimal import Decimal

from engine.base.money import Money
from engine.finance.revenue.periods import Period
from engine.finance.revenue.results import PeriodRevenue, ScheduleRow

_new = object.__new__
_slots = vars(ScheduleRow)
_set_obligation = _slots["obligation"].__set__
_set_period = _slots["period"].__set__
_set_posted = _slots["posted"].__set__
_set_posted_on = _slots["posted_on"].__set__
_set_amount = _slots["amount"].__set__
_set_forecast = _slots["forecast"].__set__
_set_revenue_period = vars(PeriodRevenue)["period"].__set__
_set_revenue_amount = vars(PeriodRevenue)["amount"].__set__


def schedule_row(
    obligation: str, period: Period, posted: Period, amount: Decimal, currency: str, forecast: bool
) -> ScheduleRow:
    """One row: revenue that belongs to ``period`` and is posted in ``posted``."""
    row = _new(ScheduleRow)
    _set_obligation(row, obligation)
    _set_period(row, period.name)
    _set_posted(row, posted.name)
    _set_posted_on(row, posted.last)
    _set_amount(row, Money(amount, currency))
    _set_forecast(row, forecast)
    return row


def period_revenue_row(period: str, amount: Money) -> PeriodRevenue:
    """The revenue of one period."""
    row = _new(PeriodRevenue)
    _set_revenue_period(row, period)
    _set_revenue_amount(row, amount)
    return row
