"""Revenue counted day by day in fractions, apart from the engine: methods, styles of rounding, changes of a contract.

It is slow and says only what the definitions say; tests hold the engine against it.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

DAY = timedelta(days=1)
Month = tuple[int, int]


def month_of(day: date) -> Month:
    return day.year, day.month


def first_of(month: Month) -> date:
    return date(*month, 1)


def following(month: Month) -> Month:
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)


def name_of(month: Month) -> str:
    return f"{month[0]:04}-{month[1]:02}"


def half_up(value: Fraction) -> Fraction:
    """To cents, halves away from zero."""
    scaled = abs(value) * 100
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(units if value >= 0 else -units, 100)


def toward_zero(value: Fraction) -> Fraction:
    units = abs(value) * 100
    whole = units.numerator // units.denominator
    return Fraction(whole if value >= 0 else -whole, 100)


# ----------------------------------------------------------------------------- methods


def _service_months(start: date, after: date) -> int:
    """Months from the day of the start on, a broken one counted whole."""
    count, at = 0, start
    while at < after:
        count += 1
        years, number = divmod(start.month - 1 + count, 12)
        year, month = start.year + years, number + 1
        at = date(year, month, min(start.day, monthrange(year, month)[1]))
    return count


def _full(month: Month, days: Sequence[date]) -> bool:
    return len(days) == monthrange(*month)[1]


def _even(months: Mapping[Month, list[date]]) -> list[Fraction]:
    days = [day for each in months.values() for day in each]
    count = _service_months(days[0], days[-1] + DAY)
    return [Fraction(int(index < count)) for index in range(len(months))]


def _drop_last(months: Mapping[Month, list[date]]) -> list[Fraction]:
    last = list(months)[-1]
    ends_inside = months[last][-1].day != monthrange(*last)[1] and len(months) > 1
    return [Fraction(0) if ends_inside and month == last else Fraction(1) for month in months]


def _prorated(months: Mapping[Month, list[date]]) -> list[Fraction]:
    return [Fraction(len(days), monthrange(*month)[1]) for month, days in months.items()]


def _partial(months: Mapping[Month, list[date]]) -> list[Fraction]:
    whole = sum(len(days) for days in months.values())
    broken = sum(len(days) for month, days in months.items() if not _full(month, days))
    full = sum(_full(month, days) for month, days in months.items())
    return [
        Fraction(whole - broken, whole * full) if _full(month, days) else Fraction(len(days), whole)
        for month, days in months.items()
    ]


def _halves(months: Mapping[Month, list[date]]) -> list[Fraction]:
    found = []
    for month, days in months.items():
        begins_late, ends_early = days[0].day != 1, days[-1].day != monthrange(*month)[1]
        found.append(Fraction(2 - begins_late - ends_early, 2))
    return found


#: What each touched month weighs; a month's weight is spread evenly over its serviced days.
METHODS: dict[str, Callable[[Mapping[Month, list[date]]], list[Fraction]]] = {
    "by_day": lambda months: [Fraction(len(days)) for days in months.values()],
    "even_months": _even,
    "front_load": _even,
    "back_load": lambda months: _even(months)[::-1],
    "even_touched_months": lambda months: [Fraction(1) for _ in months],
    "even_months_drop_last": _drop_last,
    "prorated_calendar_months": _prorated,
    "partial_by_day_full_even": _partial,
    "half_month": _halves,
}


def daily_shares(method: str, start: date, after: date) -> dict[date, Fraction]:
    """What each day from ``start`` up to ``after`` earns of a whole."""
    months: dict[Month, list[date]] = {}
    day = start
    while day < after:
        months.setdefault(month_of(day), []).append(day)
        day += DAY
    weights = METHODS[method](months)
    if not any(weights):
        weights = METHODS["by_day"](months)
    whole = sum(weights)
    return {
        day: weight / whole / len(days) for weight, days in zip(weights, months.values(), strict=True) for day in days
    }


def by_style(shares: Mapping[date, Fraction], amount: Fraction, style: str) -> dict[str, Fraction]:
    """What each touched month earns, rounded to cents in one of the four styles."""
    months: dict[Month, Fraction] = {}
    counted: dict[Month, int] = {}
    for day, share in shares.items():
        months[month_of(day)] = months.get(month_of(day), Fraction(0)) + share
        counted[month_of(day)] = counted.get(month_of(day), 0) + 1
    rows: dict[Month, Fraction] = {}
    if style == "cumulative":
        reached = Fraction(0)
        for month, share in months.items():
            before = half_up(reached * amount)
            reached += share
            rows[month] = half_up(reached * amount) - before
        return {name_of(month): value for month, value in rows.items()}
    bearing = [month for month, share in months.items() if share]
    full = [month for month in bearing if counted[month] == monthrange(*month)[1]]
    cut = full if style == "floor_full_periods" else []
    for month, share in months.items():
        rows[month] = toward_zero(share * amount) if month in cut else half_up(share * amount)
    place = bearing[0] if style == "remainder_first" else full[-1] if cut else bearing[-1]
    rows[place] += amount - sum(rows.values())
    return {name_of(month): value for month, value in rows.items()}


# ----------------------------------------------------------------------------- contracts


def shared(total: Fraction, weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """Largest remainder in cents, ties by identifier; a total below zero by magnitude, with its sign."""
    units = abs(total) * 100
    whole = sum(weights.values())
    exact = {name: units * weight / whole for name, weight in weights.items()}
    cents = {name: value.numerator // value.denominator for name, value in exact.items()}
    left = int(units) - sum(cents.values())
    for name in sorted(exact, key=lambda each: (cents[each] - exact[each], each))[:left]:
        cents[name] += 1
    return {name: Fraction(value if total >= 0 else -value, 100) for name, value in cents.items()}


@dataclass(frozen=True)
class Stage:
    """From a day on: a base, and an amount over what was then left. No amount: nothing is left to earn."""

    since: date | None
    base: Fraction
    amount: Fraction | None
    begun: Fraction = Fraction(0)


@dataclass
class Promise:
    """An obligation with what each day earns of it, and its course."""

    name: str
    ssp: Fraction
    shares: Mapping[date, Fraction]
    stages: list[Stage] = field(default_factory=list)

    def done(self, day: date) -> Fraction:
        """The share delivered strictly before a day."""
        return sum((share for each, share in self.shares.items() if each < day), Fraction(0))

    def reached(self, stage: Stage, day: date) -> Fraction:
        """Recognised strictly before a day, as a stage has it."""
        if stage.amount is None:
            return stage.base
        share = (self.done(day) - stage.begun) / (1 - stage.begun)
        return stage.base + half_up(stage.amount * max(share, Fraction(0)))

    def before(self, day: date) -> Fraction:
        """Recognised strictly before a day, by the stage in force then."""
        return self.reached([each for each in self.stages if each.since is None or each.since < day][-1], day)


@dataclass(frozen=True)
class Repricing:
    """A change of the price on a day: prospective, or a cumulative catch-up."""

    on: date
    catch_up: bool
    added: Fraction


class NothingLeft(Exception):
    """A prospective change after everything was delivered."""


def recognised(
    promises: Sequence[Promise], price: Fraction, changes: Iterable[Repricing]
) -> dict[tuple[str, str], Fraction]:
    """Revenue by obligation and month, cumulative style, without months of nothing. Raises NothingLeft."""
    weights = {promise.name: promise.ssp for promise in promises}
    last = max(max(promise.shares) for promise in promises)
    for promise in promises:
        promise.stages = [Stage(None, Fraction(0), shared(price, weights)[promise.name])]
    for change in changes:
        last = max(last, change.on)
        price += change.added
        if change.catch_up:
            for promise in promises:
                promise.stages.append(Stage(change.on, Fraction(0), shared(price, weights)[promise.name]))
        elif change.added:
            _prospective(promises, price, change.on)
    return _by_month(promises, last)


def estimated(
    promises: Sequence[Promise], fixed: Fraction, included: Fraction, anew: Iterable[tuple[date, Fraction]]
) -> dict[tuple[str, str], Fraction]:
    """The same for a fixed price and a variable amount that is shared by itself, and estimated anew on days: every
    estimate counts as if it had been made at the start."""
    weights = {promise.name: promise.ssp for promise in promises}
    certain, variable = shared(fixed, weights), shared(included, weights)
    last = max(max(promise.shares) for promise in promises)
    for promise in promises:
        promise.stages = [Stage(None, Fraction(0), certain[promise.name] + variable[promise.name])]
    for day, amount in anew:
        last = max(last, day)
        variable = shared(amount, weights)
        for promise in promises:
            promise.stages.append(Stage(day, Fraction(0), certain[promise.name] + variable[promise.name]))
    return _by_month(promises, last)


def _prospective(promises: Sequence[Promise], price: Fraction, day: date) -> None:
    """What is recognised stays; the rest is shared over what is still to be delivered. Who gets what he had anyway
    keeps his schedule, to the cent."""
    kept = {promise.name: promise.reached(promise.stages[-1], day) for promise in promises}
    weights = {promise.name: promise.ssp * (1 - promise.done(day)) for promise in promises}
    weights = {name: weight for name, weight in weights.items() if weight}
    if not weights:
        raise NothingLeft
    amounts = shared(price - sum(kept.values()), weights)
    for promise in promises:
        base, amount = kept[promise.name], amounts.get(promise.name)
        first = promise.stages[0]
        if len(promise.stages) == 1 and amount is not None and base + amount == first.amount:
            continue
        begun = Fraction(0) if amount is None else promise.done(day)
        promise.stages.append(Stage(day, base, amount, begun))


def _by_month(promises: Sequence[Promise], last: date) -> dict[tuple[str, str], Fraction]:
    found = {}
    for promise in promises:
        month, before = month_of(min(promise.shares)), Fraction(0)
        first = min([month, *(month_of(each.since) for each in promise.stages if each.since is not None)])
        month = first
        while month <= month_of(last):
            reached = promise.before(first_of(following(month)))
            if reached != before:
                found[promise.name, name_of(month)] = reached - before
            month, before = following(month), reached
    return found
