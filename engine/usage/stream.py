"""Usage records as a stream of JSON lines: measured in batches, in memory that does not grow with their number.

Batches are decoded into the fields that the meter reads and nothing else. What such a batch cannot hold (a time without
a clock, a broken line) is read again line by line by the meter's own reader, which names the record that is wrong.
"""

from __future__ import annotations

import decimal
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

import msgspec

from engine.base.errors import ErrorClass, Failure
from engine.base.money import EXACT
from engine.finance.meter.aggregates import TIMED, UNIQUE, Sum
from engine.finance.meter.calculation import USUAL, circumstances, content_of, removes, same_again
from engine.finance.meter.facts import CarriedOver, MeterPeriod, MeterResult
from engine.finance.meter.reading import ANYTHING, Reader
from engine.finance.meter.tally import Tally
from engine.finance.problem import refused
from engine.source.json_payload import parse_json
from engine.spec.documents.meter import Aggregation, Meter, Window
from engine.usage.seen import Conflict, Seen

#: Opens the stream: blocks of whole lines. Asked twice where the meter knows corrections.
Open = Callable[[], Iterable[bytes]]


def measure_stream(
    meter: Meter,
    open_: Open,
    *,
    period: MeterPeriod | None = None,
    carried: Sequence[CarriedOver] = (),
    source: str = "the stream",
) -> MeterResult:
    """The quantities of a stream of JSON lines. Raises Failure that names the record that does not fit."""
    return _Stream(meter, period, carried, source).run(open_)


#: What tells a record that the meter is not about.
_OF_ANOTHER = hash((False, None, None, None, None, None))


class _Stream:
    """One pass over a stream, or two where records correct others."""

    def __init__(self, meter: Meter, period: MeterPeriod | None, carried: Sequence[CarriedOver], source: str) -> None:
        self._meter = meter
        self._reader = Reader(meter)
        self._tally = Tally(meter, period, carried, source)
        self._seen = Seen()
        self._records = 0
        self._corrected = 0
        self._gone: set[str] = set()
        self._fields = _Fields(meter, self._reader, timed=period is not None)

    def run(self, open_: Open) -> MeterResult:
        paths = self._reader.paths
        if paths.replaces is not None or paths.removes is not None:
            self._gone = _corrections(self._reader, open_())
        batched = self._reader.plain and not self._gone and paths.removes is None and paths.operation is None
        for block in open_():
            rows = self._fields.decoded(block) if batched else None
            try:
                if rows is None:
                    self._one_by_one(block)
                else:
                    self._batch(rows)
            except Conflict as conflict:
                same_again(self._reader, conflict.id, same=False)
        return self._tally.result(
            records=self._records, duplicates=self._seen.duplicates, corrected=self._corrected
        )  # fmt: skip

    # ------------------------------------------------------------------------- batches

    def _batch(self, rows: list[Any]) -> None:
        fields = self._fields
        first = self._records
        self._records += len(rows)
        ids = list(map(fields.id, rows))
        if not all(ids):
            self._reader.id({}, first + ids.index(next(each for each in ids if not each)) + 1)
        fresh = self._seen.fresh(ids, self._contents(rows))
        if fresh is not None:
            rows = [rows[position] for position in fresh]
        for path, texts in fields.where:
            rows = [row for row in rows if (text := path(row)) is not None and (texts is None or text in texts)]
        if fields.timed:
            rows = self._inside(rows)
        with decimal.localcontext(EXACT):
            self._add(rows)

    def _contents(self, rows: list[Any]) -> list[int]:
        """A hash of what must be the same when a record comes again; see :func:`circumstances`."""
        fields, contents = self._fields, self._fields.contents(rows)
        whens: list[Any] = []
        if fields.timed:
            times = list(map(fields.time, rows))
            if self._tally.instants or any(map(self._tally.when, (min(times), max(times)) if times else ())):
                whens = list(map(self._tally.when, times))
        other = fields.of_others(rows)
        odd = [at for at, when in enumerate(whens) if when is not None and at not in other] if whens else []
        for at in odd:
            contents[at] ^= hash((True, whens[at], None, None, None, None))
        for at in other:
            contents[at] ^= _OF_ANOTHER
        return contents

    def _inside(self, rows: list[Any]) -> list[Any]:
        start, end, time = self._tally.start, self._tally.end, self._fields.time
        if start is None or end is None:
            return rows
        times = list(map(time, rows))
        if None not in times and min(times, default=start) >= start and max(times, default=start) < end:
            return rows
        return [row for row, at in zip(rows, times, strict=True) if self._tally.inside(at, self._fields.id(row))]

    def _add(self, rows: list[Any]) -> None:
        """Add a batch to the states of its groups: sums all at once, everything else row by row."""
        fields, tally = self._fields, self._tally
        if self._meter.aggregate not in (Aggregation.SUM, Aggregation.COUNT) or fields.windowed:
            self._add_rows(rows)
            return
        groups: defaultdict[Any, list[Any]] = defaultdict(list)
        for group, row in zip(map(fields.group, rows), rows, strict=True):
            groups[group].append(row)
        for group, members in groups.items():
            key = (None, self._named(group, members))
            state = tally.state(key)
            if isinstance(state, Sum):
                try:
                    state.total = sum(map(fields.value, members), state.total)
                except decimal.DecimalException:
                    self._no_number(members)
                    raise tally.too_long(fields.id(members[-1])) from None
                if not state.total.is_finite():
                    self._no_number(members)
            else:
                for _ in members:
                    state.add(None, None, "", removes=False)
            tally.note_many(key, len(members), list(map(fields.id, members[: tally.room(key)])))

    def _named(self, group: Any, members: list[Any]) -> tuple[str, ...]:
        """The values of the dimensions, each of which every record must have."""
        names: tuple[Any, ...] = group if isinstance(group, tuple) else (group,)
        if not self._meter.group_by:
            return ()
        if None in names:
            path = self._meter.group_by[names.index(None)]
            at = self._reader.where.at(record=f"record {self._fields.id(members[0])}")
            raise refused(
                at, f"`{path}` is missing, and quantities are grouped by it", "give it, or take it out of `group_by`"
            )
        return names

    def _add_rows(self, rows: list[Any]) -> None:
        fields, tally = self._fields, self._tally
        unique = self._meter.aggregate in UNIQUE
        for row in rows:
            id_ = fields.id(row)
            value = fields.value(row)
            if not unique and value is not None and not value.is_finite():
                self._no_number([row])
            time = fields.time(row) if fields.timed else None
            key = tally.key(time, self._named(fields.group(row), [row]), id_)
            try:
                tally.state(key).add(value, time, id_, False)
            except decimal.DecimalException:
                raise tally.too_long(id_) from None
            tally.note(key, id_)

    def _no_number(self, members: list[Any]) -> None:
        for row in members:
            value = self._fields.value(row)
            if not value.is_finite():
                at = self._reader.where.at(record=f"record {self._fields.id(row)}")
                message = f"`{self._reader.paths.value}` is {value}, which is no decimal number"
                raise refused(at, message, "write digits, as text or as a whole number")

    # ------------------------------------------------------------------------- line by line

    def _one_by_one(self, block: bytes) -> None:
        for record in _lines(self._reader, block, self._records):
            self._records += 1
            id_ = self._reader.id(record, self._records)
            more = unusual(circumstances(self._reader, self._tally, record))
            if self._seen.fresh((id_,), (fingerprint(content_of(self._reader, record)) ^ more,)) is not None:
                continue
            if id_ in self._gone:
                self._corrected += 1
            elif not removes(self._reader, record) and self._reader.counts(record):
                self._tally.add(self._reader.row(record, id_))


def fingerprint(content: tuple[Any, ...]) -> int:
    """The hash that batches compare, of one record's value and dimensions."""
    value, *groups = content
    group: Any = None if not groups else groups[0] if len(groups) == 1 else tuple(groups)
    if isinstance(value, Decimal):
        value = int(value.scaleb(9)) if value.is_finite() else 0
    return hash((value, group))


def unusual(circumstances: tuple[Any, ...]) -> int:
    """The hash of a record's circumstances; 0 for those that nearly every record has."""
    return 0 if circumstances == USUAL else hash(tuple(str(each) if _odd(each) else each for each in circumstances))


def _odd(value: Any) -> bool:
    """Whether a value of a record has no hash of its own."""
    return isinstance(value, (list, dict))


def _corrections(reader: Reader, blocks: Iterable[bytes]) -> set[str]:
    from engine.finance.meter.calculation import corrections

    found: set[str] = set()
    number = 0
    for block in blocks:
        records = list(_lines(reader, block, number))
        number += len(records)
        found |= corrections(reader, records)
    return found


def _lines(reader: Reader, block: bytes, before: int) -> Iterator[Any]:
    number = before
    for line in block.splitlines():
        if not line.strip():
            continue
        number += 1
        try:
            yield parse_json(line)
        except Failure as failure:
            at = reader.where.at(record=f"record {number}")
            raise refused(
                at, f"it cannot be read: {failure.message}", "correct the line", error_class=ErrorClass.DATA
            ) from failure


class _Fields:
    """The fields that a meter reads, as the layout of a decoded row and the functions that read it."""

    def __init__(self, meter: Meter, reader: Reader, *, timed: bool) -> None:
        paths = reader.paths
        self.windowed = meter.window is not Window.PERIOD
        self.timed = timed or self.windowed or meter.aggregate in TIMED | {Aggregation.LATEST}
        types: dict[str, Any] = {paths.id: str | None}
        for path in (*meter.group_by, *(path for path, _ in meter.where)):
            types[path] = str | None
        if self.timed:
            types[paths.time] = datetime
        if reader.needs_value:
            types[paths.value] = str if meter.aggregate in UNIQUE else Decimal
        struct, names = _layout(types)
        self._decoder: Any = msgspec.json.Decoder(struct)
        self.id: Callable[[Any], str] = attrgetter(names[paths.id])
        self.time: Callable[[Any], Any] = attrgetter(names[paths.time]) if self.timed else _nothing
        self.value: Callable[[Any], Any] = attrgetter(names[paths.value]) if reader.needs_value else _nothing
        groups = [names[path] for path in meter.group_by]
        self.group: Callable[[Any], Any] = attrgetter(*groups) if groups else _nothing
        self.where = [
            (attrgetter(names[path]), None if ANYTHING in texts else frozenset(texts)) for path, texts in meter.where
        ]
        self._decimals = reader.needs_value and meter.aggregate not in UNIQUE

    def of_others(self, rows: list[Any]) -> set[int]:
        """Where the rows are that the meter is not about."""
        found: set[int] = set()
        for path, texts in self.where:
            of = map(path, rows)
            found.update(at for at, text in enumerate(of) if text is None or (texts is not None and text not in texts))
        return found

    def decoded(self, block: bytes) -> list[Any] | None:
        """The rows of a block; None if a line of it is to be read by itself."""
        try:
            rows: list[Any] = self._decoder.decode_lines(block)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        if self.timed and None in {at.tzinfo for at in map(self.time, rows)}:
            return None
        return rows

    def contents(self, rows: list[Any]) -> list[int]:
        """A hash of what must be the same when a record comes again. Of a decimal it takes nine digits after the point:
        hashing it whole costs more than reading it."""
        if self._decimals:
            scaled = [int(value.scaleb(9)) if value.is_finite() else 0 for value in map(self.value, rows)]
            return list(map(hash, zip(scaled, map(self.group, rows), strict=True)))
        return list(map(hash, zip(map(self.value, rows), map(self.group, rows), strict=True)))


def _nothing(_row: Any) -> None:
    return None


def _layout(types: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    """A struct that holds the fields at these dotted paths, and the attribute path of each."""
    tree: dict[str, Any] = {}
    for path, type_ in types.items():
        *above, last = path.split(".")
        at = tree
        for part in above:
            at = at.setdefault(part, {})
        at[last] = type_
    names: dict[str, str] = {}

    def struct(branch: dict[str, Any], prefix: str, attributes: str) -> Any:
        fields: list[Any] = []
        rename: dict[str, str] = {}
        for number, (key, below) in enumerate(branch.items()):
            attribute = f"f{number}"
            rename[attribute] = key
            if isinstance(below, dict):
                fields.append((attribute, struct(below, f"{prefix}{key}.", f"{attributes}{attribute}.")))
            elif below == str | None:
                fields.append((attribute, below, None))
                names[prefix + key] = attributes + attribute
            else:
                fields.append((attribute, below))
                names[prefix + key] = attributes + attribute
        return msgspec.defstruct("Row", [f for f in fields if len(f) == 2] + [f for f in fields if len(f) == 3],
                                 rename=rename, gc=False, forbid_unknown_fields=False)  # fmt: skip

    return struct(tree, "", ""), names
