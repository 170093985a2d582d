"""From usage files to charges: every meter that a pricing document names is measured, then the document rates them."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.base.errors import UserError
from engine.finance.facts import shown
from engine.finance.meter.calculation import check
from engine.finance.meter.facts import MeterPeriod, MeterResult
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.meter import Meter
from engine.spec.documents.pricing import Pricing
from engine.spec.nearest import suggestion
from engine.usage.measure import STANDARD_INPUT, measure_files


@dataclass(frozen=True, slots=True)
class Measured:
    """The facts for a pricing document, and what each meter (by its name) found."""

    facts: dict[str, Any]
    meters: tuple[tuple[str, MeterResult], ...]


def facts_from_usage(
    pricing: Pricing,
    meters: Mapping[str, Meter],
    files: Sequence[str],
    given: Mapping[str, Any],
    first: date | None,
    end: date | None,
) -> Measured:
    """The facts of a rating: ``given`` ones, with the quantities of every meter of the document from ``files``.

    ``first`` and ``end`` are the period, the end not included; days begin in each meter's zone. Raises UserError for a
    meter that nobody declares, Failure for a record that does not fit.
    """
    usage = list(given.get("usage", ()))
    results = []
    measured: dict[str, Meter] = {}
    for name in _names(pricing):
        if not files or any(each.get("meter") == name for each in usage if isinstance(each, Mapping)):
            continue  # quantities at hand need no meter
        meter = meters.get(name)
        if meter is None:
            raise UserError(
                f"there is no meter document `{name}` to say which usage records count and how: "
                f"{suggestion(name, sorted(meters), what='there are')}"
            )
        measured[name] = meter
    with _readable_again(files, len(measured)) as readable:
        for name, meter in measured.items():
            result = measure_files(meter, readable, period=_period(meter, first, end))
            results.append((name, result))
            usage += [shown(each) for each in result.usage if each.quantity is not None]
    facts = {**given, "usage": usage}
    if first is not None and end is not None:
        facts["period"] = {"from": first, "to": end}
    return Measured(facts, tuple(results))


@contextmanager
def _readable_again(files: Sequence[str], times: int) -> Iterator[list[str]]:
    """The files, each of them once; standard input as a file where it is read for several meters."""
    chosen = list(dict.fromkeys(files))
    if STANDARD_INPUT not in chosen or times < 2:
        yield chosen
        return
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
        kept.flush()
        yield [kept.name if file == STANDARD_INPUT else file for file in chosen]


def load_meters(root: Path | None, files: Sequence[Path]) -> dict[str, Meter]:
    """The meters of a workspace and of single files, by id; of several versions the newest. Raises UserError."""
    found: dict[str, Meter] = {}
    diagnostics = Diagnostics()
    documents: list[Meter] = []
    if root is not None:
        from engine.spec.workspace import load_workspace

        documents += load_workspace(root, kinds=("meter",)).calculating["meter"]
    for file in files:
        from engine.finance.prepared import prepare

        try:
            prepared = prepare(file.read_bytes(), str(file))
        except OSError as error:
            raise UserError(f"cannot read {file}: {error.strerror}") from error
        if not isinstance(prepared.document, Meter):
            raise UserError(f"{file} is no meter: it is of kind {prepared.calculation.kind}")
        documents.append(prepared.document)
    for document in documents:
        check(document, diagnostics)
        known = found.get(document.id)
        if known is None or _number(known) <= _number(document):
            found[document.id] = document
    diagnostics.raise_errors("a meter cannot be used")
    return found


def _number(document: Meter) -> tuple[int, ...]:
    return tuple(int(part) for part in document.version.split("."))


def _names(pricing: Pricing) -> list[str]:
    names = [meter.text for charge in pricing.charges for meter in charge.meters]
    names += [
        charge.included.meter.text
        for charge in pricing.charges
        if charge.included is not None and charge.included.meter is not None
    ]
    return list(dict.fromkeys(names))


def _period(meter: Meter, first: date | None, end: date | None) -> MeterPeriod | None:
    if first is None or end is None:
        return None
    zone = ZoneInfo(meter.zone)

    def begin(day: date) -> datetime:
        return datetime.combine(day, time(), zone).astimezone(UTC)

    return MeterPeriod(from_=begin(first), to=begin(end))
