"""Holds on a contract or an obligation: what would be posted while one lasts waits for its release or expiry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from engine.finance.problem import refused
from engine.finance.revenue.facts import Hold
from engine.finance.revenue.inception import Contract
from engine.finance.revenue.periods import Period
from engine.finance.revenue.results import ScheduleRow
from engine.finance.revenue.setting import Setting


def held(contract: Contract, rows: Sequence[ScheduleRow], through: date | None = None) -> list[ScheduleRow]:
    """The rows with what is held moved to the period in which its hold ends, and what is held without an end shown as
    a forecast; an end after the day ``through`` is none yet. Rows keep the period that they belong to. Raises Failure
    for a hold that does not fit."""
    setting = contract.setting
    for hold in contract.facts.holds:
        _check(contract, hold)
    found = []
    for row in rows:
        own = [hold for hold in contract.facts.holds if hold.obligation in ("", row.obligation)]
        found.append(_posted(setting, row, [(hold.from_, ends(hold, through)) for hold in own]))
    return found


def _posted(setting: Setting, row: ScheduleRow, holds: Sequence[tuple[date, date | None]]) -> ScheduleRow:
    day, period = row.posted_on, None
    waiting = True
    while waiting:  # a hold may end inside another one; each moves the day on, so this ends
        waiting = False
        for start, until in holds:
            if start <= day and (until is None or day < until):
                if until is None:
                    return replace(row, forecast=True)
                period = setting.period_of(until)
                day, waiting = period.last, True
    return row if period is None else _moved(row, period)


def _moved(row: ScheduleRow, period: Period) -> ScheduleRow:
    return replace(row, posted=period.name, posted_on=period.last)


def ends(hold: Hold, through: date | None = None) -> date | None:
    """The day from which a hold holds nothing any more: of its release or its expiry, whichever comes first; none if
    that is after ``through``."""
    known = [day for day in (hold.released_on, hold.expires_on) if day is not None]
    return min((day for day in known if through is None or day <= through), default=None)


def _check(contract: Contract, hold: Hold) -> None:
    place = contract.setting.where.at(rule="holds", record=f"hold {hold.id}")
    if hold.obligation and contract.track(hold.obligation) is None:
        raise refused(
            place, f"it holds {hold.obligation}, which is no obligation of the contract",
            "name one of its obligations, or none for the whole contract",
        )  # fmt: skip
    until = ends(hold)
    if until is not None and until < hold.from_:
        raise refused(place, f"it ends on {until}, before it begins on {hold.from_}", "correct its dates")
