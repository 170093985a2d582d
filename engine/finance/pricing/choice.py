"""Choices between prices: by dimensions, by decision table, by phase, by time of day. A choice gives one rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import TypeAlias
from zoneinfo import ZoneInfo

from engine.base.record import frozen
from engine.finance.calendar import add_months
from engine.finance.exact import decimal_of, rounded
from engine.finance.pricing.facts import RatingFacts
from engine.finance.pricing.measure import Entry, Rate
from engine.finance.pricing.rates import rate_of, unit_rate
from engine.finance.pricing.words import number
from engine.finance.problem import Where, refused
from engine.spec.documents.pricing import Charge, Timing
from engine.spec.documents.pricing_prices import (
    Decision,
    Phase,
    PhaseDate,
    Phases,
    Price,
    Row,
    RowMatching,
    Table,
    Times,
    TimeWindow,
    Weekday,
)
from engine.spec.shape import Map

ANY_VALUE = "*"


@frozen
class Chosen:
    """A rate, and the way to it in words; usage with one ``path`` is priced as one quantity."""

    path: str
    rate: Rate


#: Chooses for a piece of usage; the place is what messages name.
Choice: TypeAlias = Callable[[Entry, RatingFacts, Where], Chosen]


def fits(when: Map[tuple[str, ...]], dimensions: Mapping[str, str]) -> bool:
    """Whether every named dimension has one of its values; ``*`` is any value, but one must be there."""
    for name, wanted in when:
        value = dimensions.get(name)
        if value is None or (value not in wanted and ANY_VALUE not in wanted):
            return False
    return True


def choice_of(price: Price, charge: Charge, path: str = "") -> Choice:
    """The choice that a price makes; a plain rate chooses itself."""
    if price.table is not None:
        return _table(price.table, charge, path)
    if price.decision is not None:
        return _decision(price.decision, path)
    if price.phases is not None:
        return _phases(price.phases, charge, path)
    if price.times is not None:
        return _times(price.times, charge, path)
    chosen = Chosen(path, rate_of(price, charge))
    return lambda _entry, _facts, _where: chosen


def reads_usage(price: Price) -> bool:
    """Whether the choice needs a piece of usage; without any, there is nothing to price."""
    if price.table is not None or price.decision is not None or price.times is not None or price.formula is not None:
        return True
    if price.phases is not None:
        by_usage = price.phases.by is PhaseDate.USAGE
        return by_usage or any(reads_usage(phase.price) for phase in price.phases.phases)
    return False


def _below(path: str, name: str) -> str:
    return f"{path} / {name}" if path else name


# ----------------------------------------------------------------------------- dimensions


def row_name(row: Row) -> str:
    return ", ".join(f"{name} {' or '.join(values)}" for name, values in row.when)


def _table(table: Table, charge: Charge, path: str) -> Choice:
    rows = [(row, choice_of(row.price, charge, _below(path, row_name(row)))) for row in ordered_rows(table)]
    otherwise = None if table.otherwise is None else choice_of(table.otherwise, charge, _below(path, "otherwise"))

    def choose(entry: Entry, facts: RatingFacts, where: Where) -> Chosen:
        for row, choice in rows:
            if fits(row.when, entry.dimensions):
                return choice(entry, facts, where)
        if otherwise is None:
            shown = ", ".join(f"{name} {value}" for name, value in sorted(entry.dimensions.items())) or "no dimensions"
            raise refused(
                where.at(record=entry.record), f"no row of the price table fits usage with {shown}",
                "add a row for it, or a price `otherwise`",
            )  # fmt: skip
        return otherwise(entry, facts, where)

    return choose


def ordered_rows(table: Table) -> list[Row]:
    """The rows in the order in which they are tried."""
    rows = list(table.rows)
    if table.matching is RowMatching.PRIORITY:
        rows.sort(key=lambda row: -row.priority)
    elif table.matching is RowMatching.MOST_SPECIFIC:
        rows.sort(key=lambda row: tuple(-count for count in _specificity(row)))
    return rows


def _specificity(row: Row) -> tuple[int, int]:
    """Dimensions with given values, then those with any value."""
    given = sum(ANY_VALUE not in values for _, values in row.when)
    return given, len(row.when) - given


def _decision(decision: Decision, path: str) -> Choice:
    known: dict[tuple[Fraction, str], Chosen] = {}

    def choose(entry: Entry, _facts: RatingFacts, _where: Where) -> Chosen:
        price, told = Fraction(decision.list_price), f"list price {number(decision.list_price)}"
        for segment in decision.segments:
            if fits(segment.when, entry.dimensions):
                price, told = Fraction(segment.unit_price), f"segment price {number(segment.unit_price)}"
                break
        for each in decision.factors:
            if fits(each.when, entry.dimensions):
                price, told = price * Fraction(each.factor), f"{told} x {number(each.factor)}"
        if decision.minimum is not None and price < Fraction(decision.minimum):
            price, told = Fraction(decision.minimum), f"{told}, at least {number(decision.minimum)}"
        if decision.maximum is not None and price > Fraction(decision.maximum):
            price, told = Fraction(decision.maximum), f"{told}, at most {number(decision.maximum)}"
        if decision.rounding is not None:
            price = Fraction(rounded(price, decision.rounding.scale or 0, decision.rounding.mode))
        key = (price, told)
        if key not in known:
            known[key] = Chosen(_below(path, told), unit_rate(decimal_of(price)))
        return known[key]

    return choose


# ----------------------------------------------------------------------------- time


def _phases(phases: Phases, charge: Charge, path: str) -> Choice:
    listed = [
        (phase, choice_of(phase.price, charge, _below(path, _phase_name(index, phase))))
        for index, phase in enumerate(phases.phases, 1)
    ]

    def choose(entry: Entry, facts: RatingFacts, where: Where) -> Chosen:
        day = _day(phases.by, charge, entry, facts, where)
        found: Choice | None = None
        for phase, choice in listed:
            if day >= _begin(phase, facts, where):
                found = choice
        if found is None:
            raise refused(
                where.at(record=entry.record), f"{day.isoformat()} is before the first phase of the price",
                "add a phase that begins earlier, or correct the date",
            )  # fmt: skip
        return found(entry, facts, where)

    return choose


def _phase_name(index: int, phase: Phase) -> str:
    begin = phase.from_.isoformat() if phase.from_ is not None else f"month {phase.from_month}"
    return f"phase {index} from {begin}"


def is_ahead(charge: Charge, facts: RatingFacts) -> bool:
    """Whether a charge is for the next period."""
    return charge.timing is Timing.IN_ADVANCE and facts.next_period is not None


def _day(by: PhaseDate, charge: Charge, entry: Entry, facts: RatingFacts, where: Where) -> date:
    if by is PhaseDate.USAGE:
        if entry.at is None:
            raise refused(
                where.at(record=entry.record),
                "the price depends on the day of the usage, which has none",
                "give `at` with it",
            )
        return entry.at.date()
    if by is PhaseDate.CONTRACT:
        return _contract_start(facts, where)
    period = facts.next_period if is_ahead(charge, facts) else facts.period
    if period is None:
        raise refused(where, "the price depends on the billed period, which is not given", "give `period`")
    return period.from_


def _contract_start(facts: RatingFacts, where: Where) -> date:
    if facts.contract_start is None:
        raise refused(
            where, "the price depends on the contract's first day, which is not given", "give `contract_start`"
        )
    return facts.contract_start


def _begin(phase: Phase, facts: RatingFacts, where: Where) -> date:
    if phase.from_ is not None:
        return phase.from_
    return add_months(_contract_start(facts, where), phase.from_month or 0)


_DAYS = tuple(Weekday)


def _times(times: Times, charge: Charge, path: str) -> Choice:
    zone = ZoneInfo(times.zone)
    listed = [(window, choice_of(window.price, charge, _below(path, window.id))) for window in times.windows]
    otherwise = choice_of(times.otherwise, charge, _below(path, "other hours"))

    def choose(entry: Entry, facts: RatingFacts, where: Where) -> Chosen:
        if entry.at is None:
            raise refused(
                where.at(record=entry.record),
                "the price depends on the time of the usage, which has none",
                "give `at` with it",
            )
        local = entry.at.astimezone(zone)
        minute, day = f"{local.hour:02d}:{local.minute:02d}", _DAYS[local.weekday()]
        for window, choice in listed:
            if _inside(window, minute, day):
                return choice(entry, facts, where)
        return otherwise(entry, facts, where)

    return choose


def _inside(window: TimeWindow, minute: str, day: Weekday) -> bool:
    """Whether a minute lies in the window. One that ends before it begins goes over midnight, into the next day."""
    if window.from_ < window.to:
        return window.from_ <= minute < window.to and (not window.days or day in window.days)
    if minute >= window.from_:
        return not window.days or day in window.days
    before = _DAYS[(_DAYS.index(day) - 1) % len(_DAYS)]
    return minute < window.to and (not window.days or before in window.days)
