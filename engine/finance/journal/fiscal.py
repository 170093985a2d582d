"""The accounting periods that a journal posts by: calendar months, or those that its document declares."""

from __future__ import annotations

from datetime import date

from engine.base.record import frozen
from engine.finance.problem import Where, refused
from engine.finance.revenue.periods import MONTHS, Period, Periods


@frozen
class Fiscal:
    """Accounting periods. Raises Failure for a day that they do not reach."""

    periods: Periods = MONTHS
    document: str = "journal"

    def of(self, day: date) -> Period:
        """The period of a day."""
        try:
            return self.periods.of(day)
        except ValueError as wrong:
            raise refused(Where(self.document, "calendar"), str(wrong), "list more periods") from wrong

    def name(self, day: date) -> str:
        """What the period of a day is called."""
        return self.of(day).name

    def last_of(self, name: str) -> date:
        """The last day of a period of the calendar."""
        return self.periods.named(name).last

    def between(self, first: date, after: date) -> tuple[Period, ...]:
        """The periods that hold a day of ``[first, after)``, and the one that begins on ``after`` if it is known."""
        self.of(first)
        self.of(date.fromordinal(max(first.toordinal(), after.toordinal() - 1)))
        found = self.periods.touching(first.toordinal(), after.toordinal())
        if found[-1].end != after:
            return found
        try:
            return (*found, self.periods.of(after))
        except ValueError:  # the calendar ends there, and so does what can be posted
            return found


#: Calendar months.
MONTHLY = Fiscal()
