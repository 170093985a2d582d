"""What a comparison found: counts, kinds of difference, and the net effect in money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.base.money import EXACT, decimal_text
from engine.release.backtest.comparing import EventDifference, NetKey, Verdict, outcome_text
from engine.release.backtest.outcome import Outcome

_ZERO = Decimal(0)
_KINDS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class NetRow:
    """The sums of one account, customer or tax in one currency. Debits are positive, credits negative."""

    name: str
    currency: str
    old: Decimal
    new: Decimal
    events: int  # in how many the two differ

    @property
    def difference(self) -> Decimal:
        return EXACT.subtract(self.new, self.old)


@dataclass(frozen=True, slots=True)
class Group:
    """Events that differ in the same way. ``net`` is new minus old, by account and currency."""

    verdict: Verdict
    kinds: tuple[str, ...]
    events: tuple[EventDifference, ...]
    net: Mapping[tuple[str, str], Decimal]

    @property
    def title(self) -> str:
        """The difference in a line."""
        if self.verdict is Verdict.ONLY_OLD:
            return "no outcome any more"
        if self.verdict is Verdict.ONLY_NEW:
            return "an outcome where there was none"
        shown = ", ".join(self.kinds[:_KINDS_SHOWN])
        more = len(self.kinds) - _KINDS_SHOWN
        return f"{shown} and {more} more" if more > 0 else shown

    @property
    def size(self) -> Decimal:
        """How much money the group moves, in the currency where it is most."""
        sums: dict[str, Decimal] = {}
        for each in self.events:
            for key, amount in (each.net or {}).items():
                sums[key.currency] = EXACT.add(sums.get(key.currency, _ZERO), abs(amount))
        return max(sums.values(), default=_ZERO)


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """Everything about one comparison. ``made_up`` are the replies nobody had recorded, and how often."""

    flow: str
    old: str
    new: str
    events: str
    differences: tuple[EventDifference, ...]  # every event, in order
    groups: tuple[Group, ...]
    accounts: tuple[NetRow, ...]
    customers: tuple[NetRow, ...]
    taxes: tuple[NetRow, ...]
    made_up: Mapping[str, int]
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many events there are of each verdict, all of them named."""
        counted = Counter(each.verdict for each in self.differences)
        return {verdict.value: counted[verdict] for verdict in Verdict}

    @property
    def is_identical(self) -> bool:
        return not self.groups

    def find(self, event: str) -> EventDifference | None:
        """One event by its id, its subject, or the place it was read from."""
        for name in ("event", "subject", "origin"):
            found = next((each for each in self.differences if getattr(each, name) == event), None)
            if found is not None:
                return found
        return None

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON-like value; identical events are counted only."""
        return {
            "flow": self.flow,
            "old": self.old,
            "new": self.new,
            "events": self.events,
            "total": len(self.differences),
            **self.counts,
            "net": [_row(row, "account") for row in self.accounts],
            "net_by_customer": [_row(row, "customer") for row in self.customers],
            "net_by_tax": [_row(row, "tax") for row in self.taxes],
            "groups": [_group(each) for each in self.groups],
            "differences": [event_json(each) for group in self.groups for each in group.events],
            "made_up": dict(self.made_up),
            "notes": list(self.notes),
        }


def build_report(
    flow: str,
    old: str,
    new: str,
    events: str,
    differences: Sequence[EventDifference],
    made_up: Mapping[str, int],
    notes: Iterable[str] = (),
) -> BacktestReport:
    """Group the differences, the most money first, and add up both sides' postings."""
    return BacktestReport(
        flow, old, new, events, tuple(differences), _groups(differences),
        _rows(differences, "account"), _rows(differences, "customer"), _rows(differences, "tax"),
        dict(sorted(made_up.items())), tuple(notes),
    )  # fmt: skip


def _groups(differences: Sequence[EventDifference]) -> tuple[Group, ...]:
    collected: dict[tuple[Verdict, tuple[str, ...]], list[EventDifference]] = {}
    for each in differences:
        if each.verdict is Verdict.CHANGED:
            kinds = tuple(dict.fromkeys(change.kind for change in each.changes))
            collected.setdefault((each.verdict, kinds), []).append(each)
        elif each.verdict in (Verdict.ONLY_OLD, Verdict.ONLY_NEW):
            collected.setdefault((each.verdict, ()), []).append(each)
    groups = []
    for (verdict, kinds), events in collected.items():
        net: dict[tuple[str, str], Decimal] = {}
        for each in events:
            for key, amount in (each.net or {}).items():
                place = (key.account, key.currency)
                net[place] = EXACT.add(net.get(place, _ZERO), amount)
        ordered = tuple(sorted(events, key=lambda each: -each.size))
        groups.append(
            Group(verdict, kinds, ordered, {place: amount for place, amount in sorted(net.items()) if amount})
        )
    return tuple(sorted(groups, key=lambda group: (-group.size, -len(group.events), group.title)))


def _rows(differences: Sequence[EventDifference], name: str) -> tuple[NetRow, ...]:
    """The sums of both sides under one part of the key; only what differs somewhere, the biggest first."""
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for each in differences:
        for position, outcome in enumerate((each.old, each.new)):
            for posting in () if outcome is None else outcome.postings:
                place = (getattr(posting, name), posting.currency)
                found = sums.setdefault(place, [_ZERO, _ZERO])
                found[position] = EXACT.add(found[position], posting.amount)
    touched: Counter[tuple[str, str]] = Counter()
    for each in differences:
        moved: dict[tuple[str, str], Decimal] = {}
        for key, amount in (each.net or {}).items():
            place = (_part(key, name), key.currency)
            moved[place] = EXACT.add(moved.get(place, _ZERO), amount)
        touched.update(place for place, amount in moved.items() if amount)
    rows = [
        NetRow(part, currency, old, new, touched[part, currency])
        for (part, currency), (old, new) in sums.items()
        if part and (touched[part, currency] or old != new)
    ]
    return tuple(sorted(rows, key=lambda row: (-abs(row.difference), row.name, row.currency)))


def _part(key: NetKey, name: str) -> str:
    part: str = getattr(key, name)
    return part


# ----------------------------------------------------------------------------- JSON


def _row(row: NetRow, name: str) -> dict[str, Any]:
    return {
        name: row.name,
        "currency": row.currency,
        "old": decimal_text(row.old),
        "new": decimal_text(row.new),
        "difference": decimal_text(row.difference),
        "events": row.events,
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "verdict": group.verdict.value,
        "title": group.title,
        "kinds": list(group.kinds),
        "events": len(group.events),
        "net": [
            {"account": account, "currency": currency, "difference": decimal_text(amount)}
            for (account, currency), amount in group.net.items()
        ],
        "examples": [each.event for each in group.events[:5]],
    }


def event_json(difference: EventDifference) -> dict[str, Any]:
    """One event as a JSON-like value."""
    return {
        "event": difference.event,
        "subject": difference.subject,
        "from": difference.origin,
        "verdict": difference.verdict.value,
        "old": _outcome(difference.old),
        "new": _outcome(difference.new),
        "changes": [{"path": each.path, "old": each.old, "new": each.new} for each in difference.changes],
        "net": [
            {
                "account": key.account,
                "currency": key.currency,
                "customer": key.customer,
                "tax": key.tax,
                "difference": decimal_text(amount),
            }
            for key, amount in (difference.net or {}).items()
        ],
    }


def _outcome(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "outcome": outcome_text(outcome),
        "flow": outcome.flow,
        "business_date": outcome.business_date,
        "sent": [
            {"step": each.path, "connection": each.connection, "operation": each.operation, "content": each.content}
            for each in outcome.sent
        ],
        "emitted": [{"step": each.path, "type": each.type, "data": each.data} for each in outcome.emitted],
    }
