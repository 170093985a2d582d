"""Rows of revenue: by obligation and period, where each is posted, and what remains to be posted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from engine.base.money import EXACT, Money
from engine.finance.problem import refused
from engine.finance.revenue.inception import Contract
from engine.finance.revenue.periods import Period
from engine.finance.revenue.results import PeriodRevenue, ScheduleRow
from engine.finance.revenue.rows import period_revenue_row, schedule_row
from engine.finance.revenue.setting import Setting
from engine.finance.revenue.track import Track
from engine.spec.documents.revenue import BeforeBooking, ClosedPeriod, PostedDifference


def schedule_rows(contract: Contract) -> list[ScheduleRow]:
    """Every obligation's revenue by period. Raises Failure for a period that the calendar does not hold."""
    rows: list[ScheduleRow] = []
    floor = _Floor(contract)
    currency = contract.setting.currency
    for track in contract.tracks:
        earliest = floor.of(track)
        name, forecast = track.id, track.measure.forecast
        if earliest is None:
            rows += [
                schedule_row(name, period, period, amount, currency, forecast)
                for period, amount in _amounts(contract.setting, track)
            ]
            continue
        for period, amount in _amounts(contract.setting, track):
            posted = period if period.first >= earliest.first else floor.checked(track, period, earliest, amount)
            rows.append(schedule_row(name, period, posted, amount, currency, forecast))
    policy = contract.setting.document.policy
    if policy is not None and policy.posted_difference is PostedDifference.LAST_PERIOD:
        return _as_posted(contract, rows)
    return rows


def _as_posted(contract: Contract, rows: list[ScheduleRow]) -> list[ScheduleRow]:
    """What was posted stays as it was; the last row of each obligation takes the difference."""
    already = {(each.obligation, each.period): each.amount for each in contract.facts.posted}
    last = {row.obligation: index for index, row in enumerate(rows)}
    kept = list(rows)
    for index, row in enumerate(rows):
        posted = already.get((row.obligation, row.period))
        end = last[row.obligation]
        if posted is not None and index != end:
            kept[end] = replace(kept[end], amount=kept[end].amount + row.amount - posted)
            kept[index] = replace(row, amount=posted)
    return kept


def _amounts(setting: Setting, track: Track) -> Iterable[tuple[Period, Decimal]]:
    layers = track.layers
    try:
        if len(layers) == 1 and len(layers[0].stages) == 1:
            stage = layers[0].stages[0]
            if stage.curve is None:
                return []
            if stage.amount or stage.unit is not None:
                return stage.curve.rows(stage.amount if stage.unit is None else stage.unit)
        spans = [span for span in (layer.span() for layer in layers) if span is not None]
        if not spans:
            return []
        first, after = min(start for start, _ in spans), max(end for _, end in spans)
        periods = setting.periods.touching(first.toordinal(), after.toordinal())
    except ValueError as wrong:
        raise refused(
            setting.where.at(rule="calendar", record=f"obligation {track.id}"), str(wrong), "list more periods"
        ) from wrong
    rows: list[tuple[Period, Decimal]] = []
    before = track.before(periods[0].start)
    for period in periods:
        reached = track.before(period.end)
        rows.append((period, EXACT.subtract(reached, before)))
        before = reached
    return rows


class _Floor:
    """The earliest period that may be posted to: the first open one, and that of booking."""

    def __init__(self, contract: Contract) -> None:
        self._setting = contract.setting
        opened = contract.facts.open_from
        self._open = None if opened is None else self._setting.period_of(opened)

    def of(self, track: Track) -> Period | None:
        booked = track.obligation.booked_on
        if booked is None or self._setting.choices.before_booking is BeforeBooking.BACK_DATE:
            return self._open
        booking = self._setting.period_of(booked)
        return booking if self._open is None or booking.first > self._open.first else self._open

    def checked(self, track: Track, period: Period, earliest: Period, amount: Decimal) -> Period:
        """The period to post in instead of an earlier one."""
        closed = self._open is not None and period.first < self._open.first
        if closed and amount and self._setting.choices.closed_period is ClosedPeriod.REFUSE:
            raise refused(
                self._setting.where.at(rule="closed periods", record=f"obligation {track.id}"),
                f"{amount} belongs to {period.name}, which is closed",
                "reopen the period, or let the document post in the first open one",
            )
        return earliest


def period_revenue(setting: Setting, rows: Sequence[ScheduleRow]) -> list[PeriodRevenue]:
    """Revenue by the period it is posted in, forecasts aside, in the order of time."""
    if rows and rows[0].obligation == rows[-1].obligation and not rows[0].forecast:
        days = [row.posted_on for row in rows]
        if all(left < right for left, right in pairwise(days)):
            return [period_revenue_row(row.posted, row.amount) for row in rows]
    totals: dict[date, list[ScheduleRow]] = {}
    for row in rows:
        if not row.forecast:
            totals.setdefault(row.posted_on, []).append(row)
    found = []
    for day in sorted(totals):
        of_period = totals[day]
        amount = of_period[0].amount
        if len(of_period) > 1:
            amount = Money(sum((row.amount.amount for row in of_period), setting.zero), setting.currency)
        found.append(period_revenue_row(of_period[0].posted, amount))
    return found


def postings(contract: Contract, rows: Iterable[ScheduleRow]) -> list[ScheduleRow]:
    """What is to be posted: the rows up to ``as_of``, less what was posted before; nothing twice, nothing unposted.

    What was posted for a period that now has no row is taken back in the first open period.
    """
    setting, facts = contract.setting, contract.facts
    last = None if facts.as_of is None else setting.period_of(facts.as_of)
    already: dict[tuple[str, str], Decimal] = {}
    for each in facts.posted:
        key = each.obligation, each.period
        already[key] = EXACT.add(already.get(key, Decimal(0)), each.amount.amount)
    found: list[ScheduleRow] = []
    for row in rows:
        if row.forecast:
            continue
        period = setting.period_named(row.period, f"obligation {row.obligation}")
        if last is not None and period.first > last.first:
            continue
        difference = EXACT.subtract(row.amount.amount, already.pop((row.obligation, row.period), Decimal(0)))
        if difference:
            found.append(replace(row, amount=setting.money(difference)))
    for (name, period_name), amount in already.items():
        if not amount:
            continue
        period = setting.period_named(period_name, f"what was posted of {name}")
        opened = None if facts.open_from is None else setting.period_of(facts.open_from)
        posted = opened if opened is not None and opened.first > period.first else period
        found.append(schedule_row(name, period, posted, -amount, setting.currency, False))
    return found
