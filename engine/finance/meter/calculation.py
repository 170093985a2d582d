"""The calculation of ``meter`` documents, for records at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.base.errors import Failure
from engine.finance.calculation import Calculation
from engine.finance.compiling import computed
from engine.finance.meter import codes as codes
from engine.finance.meter.aggregates import UNIQUE
from engine.finance.meter.facts import MeterFacts, MeterResult
from engine.finance.meter.reading import Reader, at_path
from engine.finance.meter.tally import Tally
from engine.finance.problem import refused
from engine.schema.types import ANY, BOOLEAN
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.meter import Aggregation, Meter, Window

_CARRYING = UNIQUE | {Aggregation.SUM, Aggregation.WEIGHTED_SUM, Aggregation.PRORATED_SUM}


def check(document: Meter, diagnostics: Diagnostics) -> None:
    """Report what is certainly wrong with a meter alone."""
    try:
        ZoneInfo(document.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        help = "write a name of the IANA database, such as Europe/Berlin"
        diagnostics.error("FIN200", f"there is no time zone `{document.zone}`", document.span, help)
    if document.carried_over and document.aggregate not in _CARRYING:
        message = f"`{document.aggregate}` has nothing that could be carried over"
        diagnostics.error("FIN201", message, document.span, "remove `carried_over`")
    if document.carried_over and document.window is not Window.PERIOD:
        message = "what is carried over belongs to a period, not to each of its windows"
        diagnostics.error("FIN201", message, document.span, "remove `window` or `carried_over`")
    fields = document.fields
    if fields is not None and fields.operation is not None and document.aggregate not in UNIQUE:
        help = "remove `operation`, or count unique values"
        diagnostics.error("FIN201", "only unique counts add and remove", fields.span, help)
    if document.aggregate is Aggregation.COUNT and document.compute is not None:
        diagnostics.error("FIN201", "`count` reads no value", document.compute.span, "remove `compute`")
    scope = {"record": ANY}
    if document.filter is not None:
        computed(document.filter, scope, diagnostics, BOOLEAN)
    if document.compute is not None:
        computed(document.compute, scope, diagnostics)


def prepare(document: Meter) -> Callable[[MeterFacts], MeterResult]:
    """The meter as a function of records."""
    reader = Reader(document)

    def measure(facts: MeterFacts) -> MeterResult:
        tally = Tally(document, facts.period, facts.carried_over)
        gone = corrections(reader, facts.records)
        seen: dict[str, tuple[Any, ...]] = {}
        duplicates = corrected = 0
        for number, record in enumerate(facts.records, 1):
            id_ = reader.id(record, number)
            content = (*content_of(reader, record), *circumstances(reader, tally, record))
            if id_ in seen:
                same_again(reader, id_, seen[id_] == content)
                duplicates += 1
                continue
            seen[id_] = content
            if id_ in gone:
                corrected += 1
            elif not removes(reader, record) and reader.counts(record):
                tally.add(reader.row(record, id_))
        return tally.result(records=len(facts.records), duplicates=duplicates, corrected=corrected)

    return measure


def corrections(reader: Reader, records: Iterable[Any]) -> set[str]:
    """The ids of records that others replace or delete."""
    paths = [path for path in (reader.paths.replaces, reader.paths.removes) if path is not None]
    return {
        value for record in records for path in paths
        if isinstance(value := at_path(record, path), str)
    }  # fmt: skip


def content_of(reader: Reader, record: Any) -> tuple[Any, ...]:
    """What must be the same when a record comes again: its value and its dimensions."""
    value = at_path(record, reader.paths.value)
    if reader.needs_value and not reader.unique:
        try:
            value = Decimal(str(value))
        except InvalidOperation:
            value = str(value)
    return (value, *(at_path(record, path) for path in reader.meter.group_by))


#: Of a record that counts, lies in the period and corrects nothing.
USUAL = (True, None, None, None, None, None)


def circumstances(reader: Reader, tally: Tally, record: Any) -> tuple[Any, ...]:
    """What else must be the same, because the quantity depends on it: whether the meter is about the record, when it
    happened (or only whether that is in the period, where no more is asked), what it does to others, and what is
    computed of it. What cannot be read is as it stands: a record that others correct may be wrong in anything."""
    paths = reader.paths
    does = tuple(
        None if path is None else at_path(record, path) for path in (paths.operation, paths.replaces, paths.removes)
    )
    if does[2] is not None or not reader.counts(record):
        return (does[2] is not None, None, *does, None)
    try:
        when = tally.when(reader.time(record, reader.where))
    except Failure:
        when = str(at_path(record, paths.time))
    return (True, when, *does, reader.computed(record))


def removes(reader: Reader, record: Any) -> bool:
    """Whether a record only deletes another one."""
    path = reader.paths.removes
    return path is not None and at_path(record, path) is not None


def same_again(reader: Reader, id_: str, same: bool) -> None:
    """A record that comes again must be the same. Raises Failure if it is not."""
    if not same:
        at = reader.where.at(record=f"record {id_}")
        raise refused(at, "it comes twice with different content", "find out which is right; correct by a new record")


CALCULATION: Calculation[Meter, MeterFacts, MeterResult] = Calculation(
    "meter", "measure", MeterFacts, MeterResult, check, prepare
)
