"""Codes of findings in proration documents."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

ERROR = Level.ERROR

register(
    Code("FIN050", "unknown-change-kind", ERROR,
         "A rule names a kind of change that there is not.",
         "timing:\n  by_kind:\n    sidegrade: period_end",
         "timing:\n  by_kind:\n    switch: period_end",
         "The rule would never apply and changes would be billed by the default, unnoticed."),
    Code("FIN051", "unknown-time-zone", ERROR,
         "The time zone is not in the zone database.",
         "time:\n  zone: Berlin",
         "time:\n  zone: Europe/Berlin",
         "Days begin at local midnight; without the zone no moment has a day."),
    Code("FIN052", "days-where-seconds-count", ERROR,
         "Seconds are counted, and a switch that only days have is set.",
         "time:\n  count: second\n  change_day: both",
         "time:\n  count: second",
         "A moment belongs to one side only; an owner of the day or a last day included would be ignored."),
    Code("FIN053", "not-a-length", ERROR,
         "A number of days is not above zero, or a day of the month does not exist.",
         "time:\n  count: fixed_month\n  month_days: 0",
         "time:\n  count: fixed_month\n  month_days: 30",
         "Parts are divided by it; nothing can be divided by zero."),
    Code("FIN054", "rule-without-effect", ERROR,
         "A rule can never have an effect beside another one in the document.",
         "multiply: difference\ncredit:\n  basis: billed",
         "multiply: line\ncredit:\n  basis: billed",
         "One line holds the difference of new and old; it has no credit of its own that could be traced or capped."),
    Code("FIN055", "factor-without-scale", ERROR,
         "The factor is rounded, and the document does not say to how many digits.",
         "rounding:\n  factor:\n    mode: half_up",
         "rounding:\n  factor:\n    scale: 9",
         "A factor has no currency whose digits could be meant."),
)  # fmt: skip
