"""When a grant is given anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from engine.finance.calendar import add_months
from engine.finance.problem import Where, refused
from engine.finance.wallet.facts import Grant


def recurrences(grant: Grant, after: datetime, until: datetime, where: Where) -> Iterator[datetime]:
    """The moments of recurrence after ``after`` up to ``until``, this one included; counted from the anchor both ways.

    Raises Failure(policy) for a period that is not above zero, or two of them.
    """
    anchor = grant.recurrence_anchor or grant.effective_at
    days, months = grant.recurs_every_days, grant.recurs_every_months
    if days is not None and months is not None:
        raise refused(where, "it recurs every so many days and every so many months", "give one of them")
    if (days or months or 0) <= 0:
        raise refused(where, "the period of recurrence is not above zero", "give one day or month at least")
    if days is not None:
        step = timedelta(days=days)
        moment = anchor + ((after - anchor) // step + 1) * step
        while moment <= until:
            yield moment
            moment += step
    elif months is not None:
        local = after.astimezone(anchor.tzinfo)
        apart = (local.year - anchor.year) * 12 + local.month - anchor.month
        count = apart // months - 1
        while (moment := _months_later(anchor, count * months)) <= until:
            if moment > after:
                yield moment
            count += 1


def _months_later(anchor: datetime, months: int) -> datetime:
    day = add_months(anchor.date(), months, anchor.day)
    return anchor.replace(year=day.year, month=day.month, day=day.day)
