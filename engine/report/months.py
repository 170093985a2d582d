"""Months without anything between months with something: who reads by month misses them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
#: More months in a row than these say nothing: something is wrong with a date, and the reader sees it as it is.
_MONTHS_MAX = 120


def missing_months(names: Iterable[str]) -> list[str]:
    """The months between the first and the last of ``names`` that are not among them. None where a name is no month
    (other calendars have names of their own), or where the gap is a century's."""
    known = set(names)
    found = [_MONTH.fullmatch(name) for name in known]
    months = [int(each[1]) * 12 + int(each[2]) - 1 for each in found if each is not None]
    if len(months) != len(known) or not months or max(months) - min(months) > len(months) + _MONTHS_MAX:
        return []
    between = (f"{count // 12:04}-{count % 12 + 1:02}" for count in range(min(months), max(months)))
    return [name for name in between if name not in known]
