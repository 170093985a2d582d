"""A meter ready to take records: which count, under which dimensions and window, with which value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.base.errors import Failure
from engine.base.record import frozen
from engine.finance.compiling import computed
from engine.finance.meter.aggregates import UNIQUE
from engine.finance.problem import Where, refused
from engine.schema.formats import Mismatch, read_decimal, read_timestamp
from engine.schema.types import ANY, BOOLEAN
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.meter import Meter, RecordFields, Window

#: Any text, in `where`.
ANYTHING = "*"
_DEFAULT = {"id": "id", "time": "time", "value": "value"}


@frozen
class Paths:
    """Where things stand in a record."""

    id: str
    time: str
    value: str
    operation: str | None
    replaces: str | None
    removes: str | None

    @classmethod
    def of(cls, fields: RecordFields | None) -> Paths:
        if fields is None:
            return cls("id", "time", "value", None, None, None)
        return cls(fields.id, fields.time, fields.value, fields.operation, fields.replaces, fields.removes)


@frozen
class Row:
    """One record that counts."""

    id: str
    time: datetime | None
    value: Any  # a Decimal; a text where things are counted; None for `count`
    group: tuple[str, ...]
    removes: bool


def at_path(record: Any, path: str) -> Any:
    """The value at a dotted path; None where it leads nowhere."""
    for part in path.split("."):
        if not isinstance(record, Mapping):
            return None
        record = record.get(part)
    return record


class Reader:
    """Reads records as a meter says. Raises Failure that names the meter and the record."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.paths = Paths.of(meter.fields)
        self.where = Where(f"meter {meter.id} {meter.version}")
        self.unique = meter.aggregate in UNIQUE
        self.needs_value = str(meter.aggregate) != "count"
        found = Diagnostics()
        scope = {"record": ANY}
        self._filter = None if meter.filter is None else computed(meter.filter, scope, found, BOOLEAN)[0]
        self._compute = None if meter.compute is None else computed(meter.compute, scope, found)[0]
        self._texts = [(path, frozenset(texts)) for path, texts in meter.where]

    @property
    def plain(self) -> bool:
        """Whether it reads fields alone, without expressions."""
        return self._filter is None and self._compute is None

    def id(self, record: Any, number: int) -> str:
        """A record's identity."""
        value = at_path(record, self.paths.id)
        if not isinstance(value, str) or not value:
            at = self.where.at(record=f"record {number}")
            raise refused(at, f"it has no `{self.paths.id}`, so it could be counted twice", "give every record an id")
        return value

    def counts(self, record: Any) -> bool:
        """Whether the meter is about this record."""
        for path, texts in self._texts:
            value = at_path(record, path)
            if not isinstance(value, str) or (value not in texts and ANYTHING not in texts):
                return False
        return self._filter is None or bool(self._filter({"record": record}))

    def computed(self, record: Any) -> Any:
        """The value that is computed of a record; None where none is, or where it cannot be."""
        try:
            return None if self._compute is None else self._compute({"record": record})
        except Failure:
            return None

    def row(self, record: Any, id_: str) -> Row:
        """A record that counts, read."""
        at = self.where.at(record=f"record {id_}")
        removes = False
        if self.paths.operation is not None:
            operation = at_path(record, self.paths.operation)
            if operation not in (None, "add", "remove"):
                raise refused(at, f"`{self.paths.operation}` is {operation!r}", "write add or remove")
            removes = operation == "remove"
        return Row(id_, self.time(record, at), self._value(record, at), self.group(record, at), removes)

    def time(self, record: Any, at: Where) -> datetime | None:
        """When it happened; None if it does not say and nobody asks."""
        value = at_path(record, self.paths.time)
        if value is None:
            return None
        try:
            return read_timestamp(value)
        except (Mismatch, ValueError):
            pass
        try:
            return datetime.fromisoformat(f"{value}T00:00:00").replace(tzinfo=ZoneInfo(self.meter.zone)).astimezone(UTC)
        except (ValueError, TypeError):
            message = f"`{self.paths.time}` is {value!r}, which is no moment"
            raise refused(at, message, "write it like 2026-01-31T12:00:00Z") from None

    def group(self, record: Any, at: Where) -> tuple[str, ...]:
        """The values of its dimensions."""
        found = []
        for path in self.meter.group_by:
            value = at_path(record, path)
            if not isinstance(value, str):
                message = f"`{path}` is {'missing' if value is None else 'no text'}, and quantities are grouped by it"
                raise refused(at, message, "give it, or take it out of `group_by`")
            found.append(value)
        return tuple(found)

    def _value(self, record: Any, at: Where) -> Any:
        if self._compute is not None:
            try:
                value = self._compute({"record": record})
            except Failure as failure:
                raise refused(at, f"the value cannot be computed: {failure.message}", "correct the record") from failure
        elif self.needs_value:
            value = at_path(record, self.paths.value)
        else:
            return None
        if self.unique:
            if not isinstance(value, str) or not value:
                raise refused(at, f"`{self.paths.value}` is no text, and is what is counted", "give it")
            return value
        try:
            return number_of(value)
        except (Mismatch, ValueError, TypeError):
            shown = "missing" if value is None else repr(value)
            message = f"`{self.paths.value}` is {shown}, which is no decimal number"
            raise refused(at, message, "write digits, as text or as a whole number") from None


def window_start(window: Window, zone: ZoneInfo) -> Callable[[datetime], datetime]:
    """A function from a moment to the beginning of its window, in UTC."""

    def start(moment: datetime) -> datetime:
        local = moment.astimezone(zone)
        if window is Window.MINUTE:
            begin = local.replace(second=0, microsecond=0)
        elif window is Window.HOUR:
            begin = local.replace(minute=0, second=0, microsecond=0)
        elif window is Window.DAY:
            begin = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        else:
            begin = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
        return begin.astimezone(UTC)

    return start


_WITH_EXPONENT = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,38})?[eE][+-]?[0-9]{1,2}").fullmatch


def number_of(value: Any) -> Decimal:
    """A decimal, exactly; meters also write small and large values with an exponent. Raises Mismatch."""
    if isinstance(value, str) and _WITH_EXPONENT(value) is not None:
        return Decimal(value)
    return read_decimal(value)
