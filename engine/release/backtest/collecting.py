"""Adds up a comparison event by event, keeping of each kind of difference only what a report shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.base.money import EXACT
from engine.release.backtest.comparing import Change, EventDifference, Verdict
from engine.release.backtest.report import NAMES, BacktestReport, Group, NetRow, ValueChange

#: How many events are kept in full: of the first ones, and of each kind of difference the biggest.
KEPT_MAX = 200
#: Of further kinds of difference, where there are very many.
KEPT_OF_MANY = 20
_MANY_KINDS = 50
#: How many different changes of values are counted for a kind of difference, and how many of them are shown.
_VALUES_MAX = 2_000
_VALUES_SHOWN = 20
_ZERO = Decimal(0)
_PARTS = ("account", "customer", "tax")

_Place = tuple[str, str]  # an account, customer or tax, and a currency


@dataclass(slots=True)
class _Sums:
    old: Decimal = _ZERO
    new: Decimal = _ZERO
    events: int = 0  # in how many the two differ


@dataclass(slots=True)
class _Kind:
    """Events that differ in the same way, while they come in."""

    kept_max: int
    count: int = 0
    events: list[EventDifference] = field(default_factory=list)
    net: dict[_Place, Decimal] = field(default_factory=dict)
    moved: dict[str, Decimal] = field(default_factory=dict)
    values: dict[Change, tuple[int, str]] = field(default_factory=dict)
    other_values: int = 0

    def add(self, difference: EventDifference) -> None:
        self.count += 1
        self.events.append(difference)
        if len(self.events) >= 2 * self.kept_max:
            self.events = self.biggest
        for key, amount in (difference.net or {}).items():
            place = (key.account, key.currency)
            self.net[place] = EXACT.add(self.net.get(place, _ZERO), amount)
            self.moved[key.currency] = EXACT.add(self.moved.get(key.currency, _ZERO), abs(amount))
        for change in difference.changes:
            known = self.values.get(change)
            if known is not None:
                self.values[change] = (known[0] + 1, known[1])
            elif len(self.values) < _VALUES_MAX:
                self.values[change] = (1, difference.event)
            else:
                self.other_values += 1

    @property
    def biggest(self) -> list[EventDifference]:
        """The events that move the most money, in order."""
        return sorted(self.events, key=lambda each: -each.size)[: self.kept_max]


class Collector:
    """Takes differences one by one. ``asked`` is the id, subject or place of an event that is kept in any case."""

    def __init__(self, asked: str | None = None) -> None:
        self._asked = asked
        self._asked_for: EventDifference | None = None
        self._total = 0
        self._counts: Counter[Verdict] = Counter()
        self._failed: Counter[str] = Counter()
        self._first: list[EventDifference] = []
        self._kinds: dict[tuple[Verdict, tuple[str, ...]], _Kind] = {}
        self._sums: dict[str, dict[_Place, _Sums]] = {part: {} for part in _PARTS}

    def add(self, difference: EventDifference) -> None:
        """Take in one event."""
        self._total += 1
        self._counts[difference.verdict] += 1
        if len(self._first) < KEPT_MAX:
            self._first.append(difference)
        if self._asked_for is None and any(getattr(difference, name) == self._asked for name in NAMES):
            self._asked_for = difference
        failed = tuple(each is not None and each.failed for each in (difference.old, difference.new))
        if any(failed):
            self._failed["both" if all(failed) else "old" if failed[0] else "new"] += 1
        self._add_sums(difference)
        if difference.verdict in (Verdict.IDENTICAL, Verdict.NOTHING):
            return
        changed = difference.verdict is Verdict.CHANGED
        kinds = tuple(dict.fromkeys(change.kind for change in difference.changes)) if changed else ()
        kind = self._kinds.get((difference.verdict, kinds))
        if kind is None:
            kind = _Kind(KEPT_MAX if len(self._kinds) < _MANY_KINDS else KEPT_OF_MANY)
            self._kinds[difference.verdict, kinds] = kind
        kind.add(difference)

    def _add_sums(self, difference: EventDifference) -> None:
        for part, sums in self._sums.items():
            for is_new, outcome in enumerate((difference.old, difference.new)):
                for posting in () if outcome is None else outcome.postings:
                    found = sums.setdefault((getattr(posting, part), posting.currency), _Sums())
                    if is_new:
                        found.new = EXACT.add(found.new, posting.amount)
                    else:
                        found.old = EXACT.add(found.old, posting.amount)
            moved: dict[_Place, Decimal] = {}
            for key, amount in (difference.net or {}).items():
                place = (getattr(key, part), key.currency)
                moved[place] = EXACT.add(moved.get(place, _ZERO), amount)
            for place, amount in moved.items():
                sums[place].events += bool(amount)

    def report(
        self,
        flow: str,
        old: str,
        new: str,
        events: str,
        made_up: Mapping[str, int],
        recorded: Mapping[str, int],
        notes: Iterable[str] = (),
    ) -> BacktestReport:
        """What it came to: the kinds of difference and the sums, the most money first."""
        groups = [_group(verdict, kinds, found) for (verdict, kinds), found in self._kinds.items()]
        accounts, customers, taxes = (_rows(self._sums[part]) for part in _PARTS)
        return BacktestReport(
            flow, old, new, events, self._total,
            {verdict.value: self._counts[verdict] for verdict in Verdict}, tuple(self._first),
            tuple(sorted(groups, key=lambda group: (-group.size, -group.count, group.title))),
            accounts, customers, taxes, {side: self._failed[side] for side in ("both", "old", "new")},
            dict(sorted(made_up.items())), dict(sorted(recorded.items())), tuple(notes), self._asked_for,
        )  # fmt: skip


def build_report(
    flow: str, old: str, new: str, events: str, differences: Iterable[EventDifference], made_up: Mapping[str, int]
) -> BacktestReport:
    """A report of differences that are there already."""
    collector = Collector()
    for each in differences:
        collector.add(each)
    return collector.report(flow, old, new, events, made_up, {})


def _group(verdict: Verdict, kinds: tuple[str, ...], found: _Kind) -> Group:
    ordered = sorted(found.values.items(), key=lambda each: -each[1][0])
    values = tuple(
        ValueChange(change.path, change.old, change.new, change.difference, count, example)
        for change, (count, example) in ordered[:_VALUES_SHOWN]
    )
    net = {place: amount for place, amount in sorted(found.net.items()) if amount}
    more = len(ordered) - len(values) + found.other_values
    size = max(found.moved.values(), default=_ZERO)
    return Group(verdict, kinds, tuple(found.biggest), found.count, size, net, values, more)


def _rows(sums: Mapping[_Place, _Sums]) -> tuple[NetRow, ...]:
    """What differs somewhere, the biggest first."""
    rows = [
        NetRow(name, currency, _scaled(each.old, each.new), _scaled(each.new, each.old), each.events)
        for (name, currency), each in sums.items()
        if name and (each.events or each.old != each.new)
    ]
    return tuple(sorted(rows, key=lambda row: (-abs(row.difference), row.name, row.currency)))


def _scaled(amount: Decimal, other: Decimal) -> Decimal:
    """The amount with the digits of the other one, so that a nothing beside 12.00 is 0.00."""
    return EXACT.add(amount, EXACT.subtract(other, other))
