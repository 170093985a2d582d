"""The sentences of a backtest report, the same on the terminal and on the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from engine.base.money import decimal_text
from engine.release.backtest.comparing import EventDifference, Verdict
from engine.release.backtest.report import BacktestReport, Group, NetRow

VERDICTS = {
    Verdict.IDENTICAL: "identical",
    Verdict.CHANGED: "changed",
    Verdict.ONLY_OLD: "only old",
    Verdict.ONLY_NEW: "only new",
    Verdict.NOTHING: "no outcome",
}

SIGNS = "Debits are positive, credits negative; amounts of documents without sides are as they are sent."


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One field's change from one value to another, and how many events have it."""

    path: str
    old: str | None
    new: str | None
    events: int
    example: str


def signed(amount: Decimal) -> str:
    """An amount with its sign, also where it is above zero."""
    text = decimal_text(amount)
    return f"+{text}" if amount > 0 else text


def counts_line(report: BacktestReport) -> str:
    """``3 identical, 2 changed, 0 only old, 0 only new``."""
    counts = report.counts
    shown = [verdict for verdict in VERDICTS if verdict is not Verdict.NOTHING or counts[verdict]]
    return ", ".join(f"{counts[verdict]} {VERDICTS[verdict]}" for verdict in shown)


def net_sentences(report: BacktestReport) -> Iterator[str]:
    """``net effect on 4000: -0.03 EUR over 500 events``, for every account that moves."""
    events = len(report.differences)
    for row in report.accounts:
        yield net_sentence(row, events)


def net_sentence(row: NetRow, events: int) -> str:
    return f"net effect on {row.name}: {signed(row.difference)} {row.currency} over {plural(events, 'event')}"


def verdict_sentence(report: BacktestReport) -> str:
    """What it comes to, in a sentence."""
    total = len(report.differences)
    if not total:
        return "None of the messages leads to an event of this flow."
    if report.is_identical:
        return f"All {plural(total, 'outcome')} are the same under both definitions: nothing changes."
    differing = sum(len(group.events) for group in report.groups)
    moved = "" if report.accounts else " No amount on any account changes."
    return f"{differing} of {plural(total, 'event')} {'comes' if differing == 1 else 'come'} out differently.{moved}"


def group_net(group: Group) -> str:
    """The group's net effect in a line."""
    shown = [f"{account} {signed(amount)} {currency}" for (account, currency), amount in group.net.items()]
    if not shown:
        return "no money moves"
    more = len(shown) - 6
    return ", ".join(shown[:6]) + (f" and {more} more" if more > 0 else "")


def made_up_lines(report: BacktestReport) -> list[str]:
    """What nobody had recorded, each with how often it was needed."""
    return [f"{what} ({count} times)" if count > 1 else what for what, count in report.made_up.items()]


def value_changes(group: Group, shown_max: int) -> tuple[list[ValueChange], int]:
    """The most frequent changes of values in a group, and how many more there are."""
    counted: Counter[tuple[str, str | None, str | None]] = Counter()
    example: dict[tuple[str, str | None, str | None], str] = {}
    for event in group.events:
        for change in event.changes:
            place = (change.path, change.old, change.new)
            counted[place] += 1
            example.setdefault(place, event.event)
    ordered = counted.most_common(shown_max)
    found = [ValueChange(*place, count, example[place]) for place, count in ordered]
    return found, len(counted) - len(found)


def event_title(difference: EventDifference) -> str:
    """An event by its id and what it is about."""
    return f"{difference.event} of {difference.subject}" if difference.subject else difference.event


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
