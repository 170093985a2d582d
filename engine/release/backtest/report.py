"""What a comparison found: counts, kinds of difference, and the net effect in money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.base.money import EXACT, decimal_text
from engine.release.backtest.comparing import Change, EventDifference, Verdict, outcome_text
from engine.release.backtest.outcome import Outcome

_KINDS_SHOWN = 6
#: What an event may be asked for by.
NAMES = ("event", "subject", "origin")


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
class ValueChange:
    """One field's change from one value to another, and how many events have it."""

    path: str
    old: str | None
    new: str | None
    difference: str | None
    events: int
    example: str


@dataclass(frozen=True, slots=True)
class Group:
    """Events that differ in the same way: ``count`` of them, and in full those that move the most money.

    ``net`` is new minus old, by account and currency; ``values`` are the most frequent changes of values and
    ``more_values`` how many there are besides.
    """

    verdict: Verdict
    kinds: tuple[str, ...]
    events: tuple[EventDifference, ...]
    count: int
    size: Decimal  # how much money it moves, whatever its direction, in the currency where it is most
    net: Mapping[tuple[str, str], Decimal]
    values: tuple[ValueChange, ...]
    more_values: int

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


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """Everything about one comparison, whatever the number of events.

    ``made_up`` are the replies nobody had recorded and ``recorded`` those that were, each with how often it was
    needed; ``failed`` says how many events failed on ``both`` sides, or on the ``old`` or ``new`` one alone.
    """

    flow: str
    old: str
    new: str
    events: str
    total: int
    counts: Mapping[str, int]  # how many events there are of each verdict, all of them named
    differences: tuple[EventDifference, ...]  # the first events, in order, whatever became of them
    groups: tuple[Group, ...]
    accounts: tuple[NetRow, ...]
    customers: tuple[NetRow, ...]
    taxes: tuple[NetRow, ...]
    failed: Mapping[str, int]
    made_up: Mapping[str, int]
    recorded: Mapping[str, int]
    notes: tuple[str, ...] = ()
    asked: EventDifference | None = None

    @property
    def is_identical(self) -> bool:
        return not self.groups

    def find(self, event: str) -> EventDifference | None:
        """One event by its id, its subject, or the place it was read from, of those that are kept."""
        kept = [*self.differences, *(each for group in self.groups for each in group.events)]
        if self.asked is not None:
            kept.insert(0, self.asked)
        for name in NAMES:
            found = next((each for each in kept if getattr(each, name) == event), None)
            if found is not None:
                return found
        return None

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON-like value: of each kind of difference the events that move the most money."""
        shown = [each for group in self.groups for each in group.events]
        return {
            "flow": self.flow,
            "old": self.old,
            "new": self.new,
            "events": self.events,
            "total": self.total,
            **self.counts,
            "net": [_row(row, "account") for row in self.accounts],
            "net_by_customer": [_row(row, "customer") for row in self.customers],
            "net_by_tax": [_row(row, "tax") for row in self.taxes],
            "groups": [_group(each) for each in self.groups],
            "differences": [event_json(each) for each in shown],
            "differences_left_out": sum(group.count for group in self.groups) - len(shown),
            "failed": dict(self.failed),
            "made_up": dict(self.made_up),
            "recorded": dict(self.recorded),
            "notes": list(self.notes),
        }


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
        "events": group.count,
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
        "changes": [_change(each) for each in difference.changes],
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


def _change(change: Change) -> dict[str, Any]:
    said: dict[str, Any] = {"path": change.path, "old": change.old, "new": change.new}
    return said if change.difference is None else {**said, "difference": change.difference}


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
