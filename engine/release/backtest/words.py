"""The sentences of a backtest report, the same on the terminal and on the page."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.release.backtest.comparing import Change, EventDifference, Verdict
from engine.release.backtest.report import BacktestReport, Group, NetRow, ValueChange

VERDICTS = {
    Verdict.IDENTICAL: "identical",
    Verdict.CHANGED: "changed",
    Verdict.ONLY_OLD: "only old",
    Verdict.ONLY_NEW: "only new",
    Verdict.NOTHING: "no outcome",
}

SIGNS = "Debits are positive, credits negative; amounts of documents without sides are as they are sent."


def amount_text(amount: Decimal) -> str:
    """An amount for people, its thousands set apart."""
    return f"{amount:,f}"


def signed_text(amount: Decimal) -> str:
    """The same with its sign, also where it is above zero."""
    return f"+{amount_text(amount)}" if amount > 0 else amount_text(amount)


def counts_line(report: BacktestReport) -> str:
    """``3 identical, 2 changed, 0 only old, 0 only new``."""
    counts = report.counts
    shown = [verdict for verdict in VERDICTS if verdict is not Verdict.NOTHING or counts[verdict]]
    return ", ".join(f"{counts[verdict]:,} {VERDICTS[verdict]}" for verdict in shown)


def net_sentence(row: NetRow, events: int) -> str:
    return f"net effect on {row.name}: {signed_text(row.difference)} {row.currency} over {plural(events, 'event')}"


def verdict_sentence(report: BacktestReport) -> str:
    """What it comes to, in a sentence."""
    total = report.total
    if not total:
        return "None of the messages leads to an event of this flow."
    if report.is_identical:
        same = "The only outcome is" if total == 1 else f"All {total:,} outcomes are"
        return f"{same} the same under both definitions: nothing changes."
    differing = sum(group.count for group in report.groups)
    moved = "" if report.accounts else " No amount on any account changes."
    return f"{differing:,} of {plural(total, 'event')} {'comes' if differing == 1 else 'come'} out differently.{moved}"


def group_net(group: Group) -> str:
    """The group's net effect in a line."""
    shown = [f"{account} {signed_text(amount)} {currency}" for (account, currency), amount in group.net.items()]
    if not shown:
        return "no money moves"
    more = len(shown) - 6
    return ", ".join(shown[:6]) + (f" and {more} more" if more > 0 else "")


def made_up_lines(report: BacktestReport) -> list[str]:
    """What nobody had recorded, each with how often it was needed."""
    return _counted(report.made_up)


def recorded_lines(report: BacktestReport) -> list[str]:
    """What was answered from what the store has recorded, each with how often it was needed."""
    return _counted(report.recorded)


def _counted(answers: Mapping[str, int]) -> list[str]:
    return [f"{what} ({count:,} times)" if count > 1 else what for what, count in answers.items()]


def failed_sentence(report: BacktestReport) -> str:
    """Which events fail, and on which side; empty if none does."""
    sides = (("both", "on both sides"), ("old", "only on the old side"), ("new", "only on the new side"))
    parts = [f"{report.failed[side]:,} {words}" for side, words in sides if report.failed.get(side)]
    return f"Ended in an exception, or could not be read: {', '.join(parts)}." if parts else ""


def change_text(change: Change | ValueChange) -> str:
    """``(+0.01 EUR)`` behind an amount that changes; empty for all else."""
    return f" ({change.difference})" if change.difference else ""


def event_title(difference: EventDifference) -> str:
    """An event by its id and what it is about."""
    return f"{difference.event} of {difference.subject}" if difference.subject else difference.event


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
