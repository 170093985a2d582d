"""Schedules that never come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.source.diagnostic import Diagnostic

#: From any day on, every date of the calendar comes within eight years, the 29th of February too.
_FROM = datetime(2096, 3, 1, tzinfo=UTC)


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        schedule = flow.trigger.schedule
        if schedule is not None and not _comes(schedule.cron):
            message = f"there is no day on which `{schedule.cron}` comes: flow `{flow.id}` never runs"
            yield finding("FLOW244", message, schedule.span, "correct the day of the month, or the month")


def _comes(cron: str) -> bool:
    from croniter import CroniterBadDateError, croniter  # wanted by few workspaces

    try:
        croniter(cron, _FROM).get_next(datetime)
    except CroniterBadDateError:
        return False
    return True
