"""The time zones that the machine knows."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def zones() -> frozenset[str]:
    """The names of all time zones. They are looked for once: it means walking through hundreds of files."""
    return frozenset(available_timezones())
