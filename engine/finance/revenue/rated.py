"""Usage that earns what it is rated at: as invoiced, as a running estimate, or released by hand.

Amounts are rounded once per period, not per record. The curve counts in smallest units of its own amount.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from engine.base.money import EXACT
from engine.base.record import frozen
from engine.finance.exact import decimal_of, rounded
from engine.finance.revenue.curve import Curve
from engine.finance.revenue.facts import Obligation, Reading
from engine.finance.revenue.periods import Period
from engine.finance.revenue.results import RebateLiability
from engine.finance.revenue.setting import Setting
from engine.spec.documents.revenue_methods import Method, RateOf, Recognition, RunningEstimate


@frozen
class Rated:
    """A curve whose weights are smallest units (its whole is one of them), and the amount that it reaches."""

    curve: Curve | None
    amount: Decimal
    rebates: tuple[RebateLiability, ...] = ()


def rated_curve(
    setting: Setting, obligation: Obligation, rule: Recognition, method: Method, payable: Fraction
) -> Rated:
    """What the readings come to. Raises ValueError for a reading that has neither an amount nor a rate."""
    if not obligation.readings:
        return Rated(None, setting.zero)
    rebates: list[RebateLiability] = []
    if method is Method.USAGE_ESTIMATE:
        steps = _estimated(setting, obligation, rule.estimate)
    elif rule.rate is RateOf.LATEST:
        steps = _latest(setting, obligation, rebates)
    else:
        steps = _each(setting, obligation, payable)
    days: list[int] = []
    weights: list[int] = []
    reached = 0
    for day, units in steps:
        days += [day.toordinal(), day.toordinal() + 1]
        weights += [reached, reached + units]
        reached += units
    amount = Decimal(reached).scaleb(-setting.scale, EXACT)
    made = Curve(tuple(days), tuple(weights), 1, setting.scale, periods=setting.periods)
    return Rated(made, amount, tuple(rebates))


def _by_period(setting: Setting, obligation: Obligation) -> Iterator[tuple[Period, list[Reading]]]:
    last = None
    for reading in obligation.readings:
        if last is not None and reading.on < last:
            raise ValueError(f"the reading of {reading.on} comes after that of {last}")
        last = reading.on
    for period, readings in groupby(obligation.readings, lambda reading: setting.periods.of(reading.on)):
        yield period, list(readings)


def _value(reading: Reading) -> Fraction:
    if reading.amount is not None:
        return Fraction(reading.amount.amount)
    if reading.quantity is None or reading.rate is None:
        raise ValueError(f"the reading of {reading.on} has neither an amount nor a quantity and a rate")
    return Fraction(reading.quantity) * Fraction(reading.rate)


def _units(setting: Setting, value: Fraction) -> int:
    return int(rounded(value, setting.scale).scaleb(setting.scale, EXACT))


def _each(setting: Setting, obligation: Obligation, payable: Fraction) -> list[tuple[date, int]]:
    """Every reading at its own rate, less what goes back to the customer."""
    steps = []
    for _, readings in _by_period(setting, obligation):
        value = sum((_value(reading) for reading in readings), Fraction(0))
        steps.append((readings[-1].on, _units(setting, value * (1 - payable))))
    return steps


def _latest(setting: Setting, obligation: Obligation, rebates: list[RebateLiability]) -> list[tuple[date, int]]:
    """Everything so far at the newest expected rate; what earlier periods change by is told apart."""
    steps: list[tuple[date, int]] = []
    quantity = invoiced = rate = Fraction(0)
    reached = 0
    for period, readings in _by_period(setting, obligation):
        before, rate_before = quantity, rate
        for reading in readings:
            if reading.quantity is None or reading.rate is None:
                raise ValueError(f"the reading of {reading.on} needs a quantity and the rate that is expected to stay")
            quantity += Fraction(reading.quantity)
            rate = Fraction(reading.rate)
            invoiced += Fraction(reading.quantity) * Fraction(reading.invoiced_rate or reading.rate)
        units = _units(setting, quantity * rate)
        steps.append((readings[-1].on, units - reached))
        reached = units
        rebates.append(
            RebateLiability(
                obligation=obligation.id,
                period=period.name,
                units=decimal_of(quantity),
                rate=decimal_of(rate),
                catch_up=setting.money(rounded(before * (rate - rate_before), setting.scale)),
                refund_liability=setting.money(rounded(invoiced - quantity * rate, setting.scale)),
            )
        )
    return steps


def _estimated(setting: Setting, obligation: Obligation, estimate: RunningEstimate) -> list[tuple[date, int]]:
    """A running figure, period by period; a reading with an amount is the invoice, which settles it."""
    steps: list[tuple[date, int]] = []
    running, reached = Fraction(0), 0
    for _, readings in _by_period(setting, obligation):
        for reading in readings:
            if reading.amount is not None:
                running = Fraction(reading.amount.amount)
            elif reading.rate is None or (reading.quantity is None and reading.reached is None):
                raise ValueError(f"the reading of {reading.on} needs a rate and what was used")
            else:
                used = Fraction(reading.quantity if reading.quantity is not None else reading.reached or 0)
                value = used * Fraction(reading.rate)
                if estimate is RunningEstimate.SUM:
                    running += value
                else:
                    running = max(running, value) if estimate is RunningEstimate.MAX else value
        units = _units(setting, running)
        steps.append((readings[-1].on, units - reached))
        reached = units
    return steps
