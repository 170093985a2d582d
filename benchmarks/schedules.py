"""Schedules of 36 months: the kernel's curves, whole contracts through a document, and a plain Decimal loop by hand.

Run it as ``python -m benchmarks.schedules [COUNT]``; a whole run (a hundred thousand of each, none extrapolated) is
kept in ``benchmarks/results/schedules.json``. Every amount and start date differs from the one before, so that
nothing is answered from memory but the shape of a span. The loop by hand gives the same cents (it is compared).
"""

from __future__ import annotations

import calendar
import gc
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from engine.base.money import Money
from engine.finance.calendar import Span
from engine.finance.prepared import prepare
from engine.finance.revenue.curve import Method, curve
from engine.finance.revenue.facts import ContractFacts, Obligation

COUNT = 100_000
RESULTS = Path(__file__).parent / "results" / "schedules.json"
DOCUMENT = b"""spec: revenue/v1
id: by_day
version: "1.0.0"
owner: benchmark
summary: Three years, earned day by day.
obligations:
  - id: all
    method: by_day
"""
CENT = Decimal("0.01")


def contracts(count: int) -> Iterator[tuple[Span, Decimal]]:
    """Services of 36 months with amounts of their own."""
    for index in range(count):
        start = date(2024, 1, 1) + timedelta(days=index % 1461)
        yield (
            Span(start, start.replace(year=start.year + 3, day=min(start.day, 28))),
            Decimal(1_000_000 + index).scaleb(-2),
        )


def by_hand(span: Span, amount: Decimal) -> list[tuple[str, Decimal]]:
    """What a program without a kernel does: a Decimal loop over months with cumulative rounding."""
    rows = []
    days = Decimal((span.end - span.start).days)
    before = Decimal(0)
    year, month = span.start.year, span.start.month
    while date(year, month, 1) < span.end:
        after = date(year, month, 1) + timedelta(days=calendar.monthrange(year, month)[1])
        elapsed = (min(after, span.end) - span.start).days
        reached = (amount * elapsed / days).quantize(CENT, rounding=ROUND_HALF_UP)
        rows.append((f"{year:04d}-{month:02d}", reached - before))
        before = reached
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return rows


def timed(name: str, count: int, work: Callable[[Span, Decimal], object]) -> float:
    """Processor seconds for all contracts; they are made before the clock starts."""
    made = list(contracts(count))
    gc.collect()
    gc.freeze()
    began = time.process_time()
    for span, amount in made:
        work(span, amount)
    seconds = time.process_time() - began
    gc.unfreeze()
    print(f"{name}: {seconds:.1f} s for {count:,} schedules of 36 months, {seconds / count * 1e6:.0f} µs each")
    return seconds


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else COUNT
    recognise = prepare(DOCUMENT, "by_day.revenue.yaml").run

    def of_curve(span: Span, amount: Decimal) -> object:
        return curve(Method.BY_DAY, span).schedule(amount)

    def of_document(span: Span, amount: Decimal) -> object:
        line = Obligation(id="line", price=Money(amount, "USD"), start=span.start, end_exclusive=span.end)
        return recognise(ContractFacts(currency="USD", obligations=(line,)))

    for span, amount in contracts(200):
        expected = by_hand(span, amount)
        if [(row.period, row.amount) for row in curve(Method.BY_DAY, span).schedule(amount)] != expected:
            print(f"the schedules of {amount} from {span.start} differ", file=sys.stderr)
            return 1
    subjects: dict[str, Callable[[Span, Decimal], object]] = {
        "Decimal loop by hand": by_hand,
        "curve and schedule": of_curve,
        "whole contract by a document (schedule, periods, postings, allocation, reasons)": of_document,
    }
    seconds = {name: round(timed(name, count, work), 1) for name, work in subjects.items()}
    if count == COUNT:
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
        found = {"machine": machine, "schedules": count, "months": 36, "processor_seconds": seconds}
        RESULTS.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
