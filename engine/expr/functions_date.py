"""Functions on dates, timestamps and durations. None knows what time it is."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.expr.functions_number import integer_of, text_of
from engine.expr.signature import Registry
from engine.expr.values import EXACT_60, kind, wrong

DATE = Registry()
_declare = DATE.declare

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_DURATION = re.compile(r"(-?)P(?:(\d{1,5})W|(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?)")
_SECONDS_MAX = 253_402_300_799  # the last second of the year 9999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def date_of_value(value: Any, what: str) -> date:
    return value if value.__class__ is date else wrong(f"{what} must be a date, not {kind(value)}")


def timestamp_of(value: Any, what: str) -> datetime:
    return value if value.__class__ is datetime else wrong(f"{what} must be a timestamp, not {kind(value)}")


@_declare(
    "text -> date",
    "date -> date",
    doc="The date that a text writes.",
    example="date('2026-01-31')",
    gives="2026-01-31",
    name="date",
)
def to_date(value: Any) -> date:
    if value.__class__ is date:
        return value
    text = text_of(value, "the argument of date")
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else wrong("a date is written YYYY-MM-DD")
    except ValueError:
        return wrong("there is no such date")


@_declare(
    "text -> timestamp",
    "timestamp -> timestamp",
    doc="The moment that a text writes, with its zone, in UTC.",
    example="timestamp('2026-01-31T10:00:00+01:00')",
    gives="2026-01-31T09:00:00Z",
)
def timestamp(value: Any) -> datetime:
    if value.__class__ is datetime:
        return value
    text = text_of(value, "the argument of timestamp")
    if not _TIMESTAMP.fullmatch(text):
        wrong("a timestamp is written YYYY-MM-DDThh:mm:ss with Z or a zone like +01:00")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return wrong("there is no such moment")


@_declare(
    "number -> timestamp",
    doc="The moment so many seconds after 1970-01-01 UTC.",
    example="unix_time(1767225600)",
    gives="2026-01-01T00:00:00Z",
)
def unix_time(seconds: Any) -> datetime:
    if seconds.__class__ is int and 0 <= seconds <= _SECONDS_MAX:
        return _EPOCH + timedelta(seconds=seconds)
    if seconds.__class__ is Decimal:
        micro = integer_of(EXACT_60.multiply(seconds, Decimal(1_000_000)), "unix_time in microseconds")
    else:
        micro = integer_of(seconds, "the argument of unix_time") * 1_000_000
    if not 0 <= micro <= _SECONDS_MAX * 1_000_000:
        wrong("unix_time is from 1970 to 9999, in seconds")
    return _EPOCH + timedelta(microseconds=micro)


@_declare(
    "timestamp, text -> date",
    doc="The calendar date of a moment in a time zone.",
    example="date_of(timestamp('2026-01-31T23:30:00Z'), 'Europe/Berlin')",
    gives="2026-02-01",
)
def date_of(moment: Any, zone: Any) -> date:
    when = timestamp_of(moment, "the first argument of date_of")
    if text_of(zone, "a time zone") == "UTC":
        return when.date()
    try:
        return when.astimezone(ZoneInfo(zone)).date()
    except (KeyError, ValueError, OSError):
        return wrong("there is no such time zone; they are named like Europe/Berlin")
    except OverflowError:
        return wrong("the date is outside the years 1 to 9999")


@_declare(
    "date, text -> timestamp",
    doc="The moment at which a day begins in a time zone; the other way from `date_of`.",
    example="day_start(date('2026-03-30'), 'Europe/Berlin')",
    gives="2026-03-29T22:00:00Z",
)
def day_start(day: Any, zone: Any) -> datetime:
    first = date_of_value(day, "the first argument of day_start")
    try:
        # Where the clock goes forward at midnight, the offset before leads to the moment at which it does.
        place = UTC if text_of(zone, "a time zone") == "UTC" else ZoneInfo(zone)
        return datetime(first.year, first.month, first.day, tzinfo=place).astimezone(UTC)
    except (KeyError, ValueError, OSError):
        return wrong("there is no such time zone; they are named like Europe/Berlin")
    except OverflowError:
        return wrong("the moment is outside the years 1 to 9999")


@_declare(
    "date, date -> integer",
    doc="Days from the first to the second; negative if the second is earlier.",
    example="days_between(date('2026-01-01'), date('2026-01-31'))",
    gives="30",
)
def days_between(first: Any, second: Any) -> int:
    start, end = (date_of_value(each, "every argument of days_between") for each in (first, second))
    return (end - start).days


@_declare(
    "date, integer -> date",
    doc="So many days later; earlier if negative.",
    example="add_days(date('2026-01-31'), 1)",
    gives="2026-02-01",
)
def add_days(start: Any, days: Any) -> date:
    first = date_of_value(start, "the first argument of add_days")
    try:
        return first + timedelta(days=integer_of(days, "the days of add_days"))
    except OverflowError:
        return wrong("the date is outside the years 1 to 9999")


@_declare(
    "date, integer -> date",
    doc="So many months later, at the month's last day if it has no such day.",
    example="add_months(date('2026-01-31'), 1)",
    gives="2026-02-28",
)
def add_months(start: Any, months: Any) -> date:
    first = date_of_value(start, "the first argument of add_months")
    count = first.year * 12 + first.month - 1 + integer_of(months, "the months of add_months")
    year, month = divmod(count, 12)
    if not 1 <= year <= 9999:
        wrong("the date is outside the years 1 to 9999")
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


@_declare(
    "date -> date", doc="The first day of its month.", example="month_start(date('2026-02-14'))", gives="2026-02-01"
)
def month_start(value: Any) -> date:
    return date_of_value(value, "the argument of month_start").replace(day=1)


@_declare("date -> date", doc="The last day of its month.", example="month_end(date('2026-02-14'))", gives="2026-02-28")
def month_end(value: Any) -> date:
    day = date_of_value(value, "the argument of month_end")
    return day.replace(day=monthrange(day.year, day.month)[1])


@_declare("date -> integer", doc="Its year.", example="year(date('2026-02-14'))", gives="2026")
def year(value: Any) -> int:
    return date_of_value(value, "the argument of year").year


@_declare("date -> integer", doc="Its month, 1 to 12.", example="month(date('2026-02-14'))", gives="2")
def month(value: Any) -> int:
    return date_of_value(value, "the argument of month").month


@_declare("date -> integer", doc="Its day of the month.", example="day(date('2026-02-14'))", gives="14")
def day(value: Any) -> int:
    return date_of_value(value, "the argument of day").day


@_declare(
    "date, text -> text",
    doc="A date by a pattern of `YYYY`, `YY`, `MMMM` (name), `MMM`, `MM`, `M`, `DD`, `D` and signs between them.",
    example="format_date(date('2026-02-04'), 'D MMMM YYYY')",
    gives="4 February 2026",
)
def format_date(value: Any, pattern: Any) -> str:
    day = date_of_value(value, "the first argument of format_date")
    name = _MONTHS[day.month - 1]
    parts = {
        "YYYY": f"{day.year:04d}",
        "YY": f"{day.year % 100:02d}",
        "MMMM": name,
        "MMM": name[:3],
        "MM": f"{day.month:02d}",
        "M": str(day.month),
        "DD": f"{day.day:02d}",
        "D": str(day.day),
    }

    def part(match: re.Match[str]) -> str:
        found = parts.get(match.group())
        return found if found is not None else wrong("format_date knows YYYY YY MMMM MMM MM M DD D and signs between")

    return re.sub(r"[A-Za-z]+", part, text_of(pattern, "the pattern of format_date"))


@_declare(
    "text -> duration",
    "duration -> duration",
    doc="A length of time as ISO 8601 writes it, in weeks, days, hours, minutes, seconds.",
    example="date('2026-01-01') + duration('P14D')",
    gives="2026-01-15",
)
def duration(value: Any) -> timedelta:
    if value.__class__ is timedelta:
        return value
    text = text_of(value, "the argument of duration")
    match = _DURATION.fullmatch(text)
    if match is None or text[-1] in "PT":
        wrong("a duration is written like P14D, P2W or PT1H30M")
    sign, weeks, days, hours, minutes, seconds = match.groups()
    length = timedelta(
        weeks=int(weeks or 0), days=int(days or 0), hours=int(hours or 0),
        minutes=int(minutes or 0), seconds=int(seconds or 0),
    )  # fmt: skip
    return -length if sign else length
