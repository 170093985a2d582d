"""What is certainly wrong with a proration document alone."""

from __future__ import annotations

from enum import StrEnum

from engine.finance.calendar import zone_of
from engine.finance.proration.rules import timing_cases
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span
from engine.spec.documents.proration import (
    Basis,
    Cap,
    ChangeKind,
    Count,
    Interval,
    Long,
    Multiply,
    Owner,
    Proration,
    TimeFraction,
)
from engine.spec.nearest import suggestion
from engine.spec.shape import Map

KINDS = [kind.value for kind in ChangeKind]
LAST_DAY = 31


def check(document: Proration, diagnostics: Diagnostics) -> None:
    """Report rules for kinds of change that there are not, lengths that are none, and rules without effect."""
    _check_kinds(document, diagnostics)
    timing_cases(document.timing, diagnostics)
    if document.time is not None:
        _check_time(document.time, diagnostics)
    anchor = document.anchor
    if anchor is not None and not 1 <= anchor.day <= LAST_DAY:
        diagnostics.error("FIN053", f"no month has a day {anchor.day}", anchor.span, "choose a day from 1 to 31")
    _check_factor(document, diagnostics)
    _check_difference(document, diagnostics)


def _check_factor(document: Proration, diagnostics: Diagnostics) -> None:
    rounding = document.rounding
    if rounding is None:
        return
    for name, rule in (("factor", rounding.factor), ("broken", rounding.broken)):
        if rule is not None and rule.scale is None:
            diagnostics.error("FIN055", "the factor is rounded to no number of digits", rule.span,
                              f"add `scale`, or leave `{name}` out to keep it exact")  # fmt: skip
    if rounding.broken is not None and (document.time is None or document.time.long is not Long.PERIODS):
        diagnostics.error("FIN054", "`broken` is for parts counted in periods, and this document counts none",
                          rounding.broken.span, "say `time.long: periods`, or leave `broken` out")  # fmt: skip


def _check_kinds(document: Proration, diagnostics: Diagnostics) -> None:
    named: list[tuple[Map[StrEnum] | None, Span]] = []
    if document.time is not None:
        named.append((document.time.change_day_by_kind, document.time.span))  # type: ignore[arg-type]
    for rule in (document.timing, document.credit, document.charge):
        if rule is not None:
            named.append((rule.by_kind, rule.span))  # type: ignore[arg-type]
    for entries, span in named:
        for name, _ in entries or ():
            if name not in KINDS:
                help = suggestion(name, KINDS, what="kinds of change are")
                diagnostics.error("FIN050", f"there is no kind of change `{name}`", span, help)


def _check_time(time: TimeFraction, diagnostics: Diagnostics) -> None:
    try:
        zone_of(time.zone)
    except ValueError as error:
        diagnostics.error("FIN051", str(error), time.span, "name one of the zone database, such as Europe/Berlin")
    if time.count is Count.SECOND and (
        time.interval is Interval.INCLUSIVE or time.change_day is not Owner.NEW or len(time.change_day_by_kind)
    ):
        diagnostics.error("FIN052", "seconds are counted, and days at the end or of the change are shared out",
                          time.span, "count days, or leave `interval` and `change_day` out")  # fmt: skip
    lengths = {"month_days": time.month_days}
    nominal = time.nominal_days
    if nominal is not None:
        lengths |= {"week": nominal.week, "month": nominal.month, "quarter": nominal.quarter,
                    "half_year": nominal.half_year, "year": nominal.year}  # fmt: skip
    for name, days in lengths.items():
        if days <= 0:
            diagnostics.error("FIN053", f"`{name}` is {days} days", time.span, "give it at least one day")
    if not 0 <= time.tolerance_percent < 100:
        diagnostics.error("FIN053", f"a tolerance of {time.tolerance_percent} percent leaves no length to tell apart",
                          time.span, "choose one from 0 up to 100")  # fmt: skip


def _check_difference(document: Proration, diagnostics: Diagnostics) -> None:
    credit = document.credit
    if document.multiply is not Multiply.DIFFERENCE or credit is None:
        return
    if credit.basis is Basis.BILLED or credit.cap is not Cap.NONE:
        diagnostics.error("FIN054", "a difference has no credit of its own that could be traced or capped",
                          credit.span, "multiply the `line`, or leave `basis` and `cap` out")  # fmt: skip
