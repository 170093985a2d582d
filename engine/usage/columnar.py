"""Usage in tables (Parquet, CSV): measured as SQL over columns by DuckDB, with the very digits of the stream.

Each id counts once. Hashes of ids that come up more than once are found first, by sorting them; all other rows are
added as they are. The few with such a hash are compared by their whole id: those that are the same in everything the
meter reads collapse, others are refused. Both go in as many passes as keep one in memory. Values are added as
decimals; a table whose values need more digits than a column holds is left to the stream, as is every meter that reads
expressions, operations or corrections.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.base.errors import UserError
from engine.finance.meter.calculation import same_again
from engine.finance.meter.facts import CarriedOver, MeterPeriod, MeterResult
from engine.finance.meter.reading import ANYTHING, Reader
from engine.finance.meter.tally import Tally
from engine.finance.problem import refused
from engine.spec.documents.meter import Aggregation, Meter, Window

#: Hashes of ids, and whole ids, that one pass holds in the memory below.
HASHES_PER_PASS = 12_000_000
IDS_PER_PASS = 2_500_000
MEMORY = "320MB"
#: Digits after the point of values that are text; a value with more of them is left to the stream.
SCALE = 12

_SIMPLE = {
    Aggregation.COUNT: "count(*)",
    Aggregation.SUM: "sum(value)",
    Aggregation.MAX: "max(value)",
    Aggregation.MIN: "min(value)",
    Aggregation.AVERAGE: "sum(value)",
    Aggregation.UNIQUE_COUNT: "count(distinct value)",
}


def can_measure(meter: Meter) -> bool:
    """Whether a meter can be said in SQL with the same digits."""
    reader = Reader(meter)
    paths = reader.paths
    plain = reader.plain and paths.operation is None and paths.replaces is None and paths.removes is None
    return plain and meter.aggregate in _SIMPLE and meter.window is Window.PERIOD and not meter.carried_over


def measure_columns(
    meter: Meter,
    file: Path,
    *,
    period: MeterPeriod | None = None,
    carried: Sequence[CarriedOver] = (),
    threads: int | None = None,
) -> MeterResult | None:
    """The quantities of a Parquet or CSV file; None if it holds values that only the stream adds exactly.

    Raises Failure that names the record that does not fit, UserError for a file that cannot be read.
    """
    return _Columns(meter, file, period, threads).run(carried)


class _Columns:
    """One measurement of one file."""

    def __init__(self, meter: Meter, file: Path, period: MeterPeriod | None, threads: int | None) -> None:
        try:
            import duckdb
        except ImportError as error:
            raise UserError("measuring tables needs the extra `usage`: install `tieout[usage]`") from error
        self._error = duckdb.Error
        self._meter = meter
        self._reader = Reader(meter)
        self._period = period
        self._file = file
        self._db = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "preserve_insertion_order": "false"})
        if threads is not None:
            self._db.execute(f"set threads = {int(threads)}")
        self._db.execute(f"set TimeZone = {_quoted(meter.zone, chr(39))}")
        reads = "read_parquet" if file.suffix.lower() == ".parquet" else "read_csv"
        options = "" if reads == "read_parquet" else ", all_varchar = true, header = true"
        self._source = f"{reads}({_quoted(str(file), chr(39))}{options})"
        self._types = self._columns()

    def _columns(self) -> dict[str, str]:
        try:
            rows = self._db.execute(f"describe select * from {self._source}").fetchall()
        except self._error as error:
            raise UserError(f"cannot read {self._file}: {str(error).partition(chr(10))[0]}") from error
        return {row[0]: str(row[1]).upper() for row in rows}

    def run(self, carried: Sequence[CarriedOver]) -> MeterResult | None:
        tally = Tally(self._meter, self._period, carried, self._file.name)
        self._check_columns()
        (records,) = self._one(f"select count(*) from {self._source}")
        if self._needs_stream():
            return None
        if not self._typed():
            self._check_rows()
        counted: dict[tuple[str, ...], tuple[Any, int]] = {}
        again = self._again(records)
        try:
            sizes = self._add(self._alone(), counted)
            for number in range(passes := max(1, -(-again // IDS_PER_PASS))) if again else ():
                part = f" where hash({self._id}) % {passes} = {number}" if passes > 1 else ""
                sizes += self._add(self._collapsed(part), counted)
        except self._error as error:
            if "verflow" in str(error):
                return None
            raise
        if self._meter.aggregate is Aggregation.UNIQUE_COUNT:
            self._unique(counted)
        for names, (quantity, size) in counted.items():
            average = self._meter.aggregate is Aggregation.AVERAGE
            tally.put((None, self._named(names)), Fraction(quantity) / size if average else Decimal(quantity), size)
        tally.count_outside(sizes[1], sizes[2])
        return tally.result(records=records, duplicates=records - sum(sizes.values()), corrected=0)

    def _again(self, records: int) -> int:
        """Keep the hashes that come up more than once in the table `again`; how many rows have one of them."""
        import numpy

        self._db.execute("create or replace temp table again (hash ubigint)")
        passes = max(1, -(-records // HASHES_PER_PASS))
        rows = 0
        for number in range(passes):
            part = f" where hash({self._id}) % {passes} = {number}" if passes > 1 else ""
            found = self._db.execute(f"select hash({self._id}) as hash from {self._source}{part}").fetchnumpy()["hash"]
            found.sort()
            found = found[1:][found[1:] == found[:-1]]  # all but the first of each
            twice = {"hash": numpy.unique(found)}
            rows += len(found) + len(twice["hash"])
            self._db.execute("insert into again select hash from twice")
        return rows

    def _add(self, statement: str, counted: dict[tuple[str, ...], tuple[Any, int]]) -> Counter[int]:
        """Add what a statement gives to what is known; how many rows lie where (0 in the period, 1 before, 2 after).

        Raises Failure for rows that do not fit.
        """
        sizes: Counter[int] = Counter()
        rows = self._db.execute(statement).fetchall()
        if any(broken for *_, broken, _ in rows):
            self._check_rows()
        if any(different for *_, different in rows):
            self._refuse_different()
        for place, *group, quantity, size, _, _ in rows:
            sizes[place] += size
            if place == 0:
                self._merge(counted, tuple(group), quantity, size)
        return sizes

    def _merge(
        self, counted: dict[tuple[str, ...], tuple[Any, int]], group: tuple[str, ...], quantity: Any, size: int
    ) -> None:
        """Add what a pass found to what is known."""
        known = counted.get(group)
        if known is None:
            counted[group] = (quantity, size)
        elif self._meter.aggregate in (Aggregation.MAX, Aggregation.MIN):
            best = max if self._meter.aggregate is Aggregation.MAX else min
            counted[group] = (best(known[0], quantity), known[1] + size)
        else:
            counted[group] = (known[0] + quantity, known[1] + size)

    def _unique(self, counted: dict[tuple[str, ...], tuple[Any, int]]) -> None:
        """Values, unlike ids, are not apart in the passes: they are counted in one."""
        groups = "".join(f", {column}" for column in self._groups)
        by = " group by " + ", ".join(str(2 + index) for index in range(len(self._groups))) if self._groups else ""
        statement = (
            f"select count(distinct {self._plain(self._reader.paths.value)}){groups} from {self._source} "
            f"where {self._place()} = 0{by}"
        )
        for quantity, *group in self._db.execute(statement).fetchall():
            if tuple(group) in counted:
                counted[tuple(group)] = (quantity, counted[tuple(group)][1])

    def _named(self, names: tuple[Any, ...]) -> tuple[str, ...]:
        return tuple(str(name) for name in names)

    # ------------------------------------------------------------------------- statements

    def _one(self, statement: str) -> tuple[Any, ...]:
        found = self._db.execute(statement).fetchone()
        assert found is not None
        return tuple(found)

    @property
    def _id(self) -> str:
        return self._plain(self._reader.paths.id)

    @property
    def _groups(self) -> list[str]:
        return [self._plain(path) for path in self._meter.group_by]

    def _plain(self, path: str) -> str:
        """A column by its dotted path."""
        return ".".join(_quoted(part, '"') for part in path.split("."))

    def _type(self, path: str) -> str:
        return self._types.get(path.partition(".")[0], "")

    def _value(self) -> str:
        """The value as the meter reads it: a decimal, or what is counted."""
        path = self._reader.paths.value
        column = self._plain(path)
        if not self._reader.needs_value:
            return "1"
        if self._reader.unique:
            return column
        type_ = self._type(path)
        if type_.startswith("DECIMAL"):
            return column
        if _is_whole(type_):
            return f"cast({column} as decimal(38, 0))"
        return f"cast(cast({column} as varchar) as decimal(38, {SCALE}))"

    def _place(self) -> str:
        """0 in the period, 1 before it, 2 after it, 3 for what the meter is not about."""
        about = []
        for path, texts in self._meter.where:
            column = self._plain(path)
            listed = ", ".join(_quoted(text, "'") for text in texts)
            about.append(f"{column} is not null" if ANYTHING in texts else f"coalesce({column} in ({listed}), false)")
        cases = [f"when not ({' and '.join(about)}) then 3"] if about else []
        if self._period is not None:
            time, zoned = self._time()
            cases.append(f"when {time} < {_moment(self._period.from_, zoned)} then 1")
            cases.append(f"when {time} >= {_moment(self._period.to, zoned)} then 2")
        return f"(case {' '.join(cases)} else 0 end)" if cases else "0"

    def _time(self) -> tuple[str, bool]:
        """The moment of a row, and whether it has a zone. One without is in UTC and is compared as it is: to put a zone
        on every row takes longer than everything else."""
        path = self._reader.paths.time
        column = self._plain(path)
        type_ = self._type(path)
        if type_ == "TIMESTAMP WITH TIME ZONE":
            return column, True
        if type_.startswith("TIMESTAMP"):
            return (column if type_ == "TIMESTAMP" else f"cast({column} as timestamp)"), False
        return f"try_cast({column} as timestamptz)", True  # what is no moment is refused by itself

    def _read_columns(self) -> list[str]:
        """What the meter reads of a row, under short names."""
        broken = " or ".join(f"({condition})" for condition, _, _ in self._broken_rows()) if self._typed() else "false"
        return [
            f"{self._place()} as place",
            *(f"{column} as g{index}" for index, column in enumerate(self._groups)),
            f"{self._value()} as value",
            f"{broken} as broken",
        ]

    def _added(self, rows: str, different: str = "0") -> str:
        """Every group of some rows added up, how many of them do not fit, and how many ids differ in content."""
        groups = "".join(f", g{index}" for index in range(len(self._groups)))
        how = "0" if self._reader.unique else _SIMPLE[self._meter.aggregate]
        return (
            f"select place{groups}, {how}, count(*), count(*) filter (broken), {different} "
            f"from ({rows}) group by place{groups}"
        )

    def _alone(self) -> str:
        """The rows whose id's hash comes up once."""
        anti = f"anti join again on hash({self._id}) = again.hash"
        return self._added(f"select {', '.join(self._read_columns())} from {self._source} {anti}")

    def _repeated(self, part: str) -> str:
        """The rows of one pass whose id's hash comes up again, by id: their content, the least and the greatest."""
        names = ["place", *(f"g{index}" for index in range(len(self._groups))), "value", "broken"]
        columns = ", ".join([f"{self._id} as id", *self._read_columns()])
        rows = f"select {columns} from {self._source} semi join again on hash({self._id}) = again.hash{part}"
        content = f"struct_pack({', '.join(f'{name} := {name}' for name in names)})"
        return f"select id, min({content}) as one, max({content}) as other from ({rows}) group by id"

    def _collapsed(self, part: str) -> str:
        """Rows that are the same are one."""
        rows = f"select one.*, one is distinct from other as different from ({self._repeated(part)})"
        return self._added(rows, "count(*) filter (different)")

    # ------------------------------------------------------------------------- what does not fit

    def _check_columns(self) -> None:
        paths = self._reader.paths
        wanted = [paths.id, *self._meter.group_by, *(path for path, _ in self._meter.where)]
        wanted += [paths.value] if self._reader.needs_value else []
        wanted += [paths.time] if self._period is not None else []
        for path in wanted:
            if path.partition(".")[0] not in self._types:
                message = f"{self._file.name} has no column `{path}`: it has {', '.join(self._types)}"
                raise refused(self._reader.where, message, "name the columns under `fields`, or rename them")

    def _needs_stream(self) -> bool:
        """Whether values have more digits than are kept here."""
        if not self._reader.needs_value or self._reader.unique:
            return False
        type_ = self._type(self._reader.paths.value)
        if type_.startswith("DECIMAL") or _is_whole(type_):
            return False
        text = f"cast({self._plain(self._reader.paths.value)} as varchar)"
        digits = f"max(case when {text} ilike '%e%' then 99 else length({text}) - strpos({text}, '.') end) "
        digits += f"filter (strpos({text}, '.') > 0 or {text} ilike '%e%')"
        after, whole = self._one(f"select {digits}, max(length({text})) from {self._source}")
        return (after or 0) > SCALE or (whole or 0) > 36

    def _typed(self) -> bool:
        """Whether no column is read from text: rows that do not fit can then be counted while others are added."""
        value, time = self._type(self._reader.paths.value), self._type(self._reader.paths.time)
        known = not self._reader.needs_value or self._reader.unique or value.startswith("DECIMAL") or _is_whole(value)
        return known and (self._period is None or time.startswith("TIMESTAMP"))

    def _check_rows(self) -> None:
        """Raise Failure for the first record without an id, without a dimension, or with a value that is none."""
        broken = list(self._broken_rows())
        counts = ", ".join(f"count(*) filter ({condition})" for condition, _, _ in broken)
        found = self._one(f"select {counts} from {self._source}")
        for number, (condition, message, action) in zip(found, broken, strict=True):
            if number:
                (id_,) = self._one(f"select cast({self._id} as varchar) from {self._source} where {condition} limit 1")
                raise refused(self._reader.where.at(record=f"record {id_ or '?'}"), message, action)

    def _broken_rows(self) -> Iterator[tuple[str, str, str]]:
        """Conditions that no row may meet, with what is wrong then and what to do."""
        paths = self._reader.paths
        yield (
            f"{self._id} is null or {self._id} = ''",
            f"it has no `{paths.id}`, so it could be counted twice",
            "give every record an id",
        )
        inside = f"{self._place()} = 0"
        if self._period is not None and not self._type(paths.time).startswith("TIMESTAMP"):
            text = f"cast({self._plain(paths.time)} as varchar)"
            form = r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?"
            yield (
                f"{text} is null or not regexp_full_match({text}, '{form}')",
                f"`{paths.time}` is no moment",
                "write it like 2026-01-31T12:00:00Z",
            )
        for path, column in zip(self._meter.group_by, self._groups, strict=True):
            missing = f"`{path}` is missing, and quantities are grouped by it"
            yield f"{inside} and {column} is null", missing, "give it, or take it out of `group_by`"
        if not self._reader.needs_value:
            return
        column = self._plain(paths.value)
        none = f"{column} is null"
        type_ = self._type(paths.value)
        if not self._reader.unique and not type_.startswith("DECIMAL") and not _is_whole(type_):
            number = r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?"
            none += f" or not regexp_full_match(cast({column} as varchar), '{number}')"
        yield f"{inside} and ({none})", f"`{paths.value}` is no decimal number", "write digits"

    def _refuse_different(self) -> None:
        """Refuse an id that comes with different content."""
        (twice,) = self._one(f"select id from ({self._repeated('')}) where one is distinct from other limit 1")
        same_again(self._reader, str(twice), same=False)


def _is_whole(type_: str) -> bool:
    return type_ in {
        "BIGINT",
        "INTEGER",
        "SMALLINT",
        "TINYINT",
        "UBIGINT",
        "UINTEGER",
        "USMALLINT",
        "UTINYINT",
        "HUGEINT",
    }


def _quoted(text: str, mark: str) -> str:
    """A name or text in SQL; the mark inside is doubled, so that it cannot end early."""
    return mark + text.replace(mark, mark * 2) + mark


def _moment(moment: datetime, zoned: bool) -> str:
    utc = moment.astimezone(UTC)
    return f"timestamptz '{utc.isoformat()}'" if zoned else f"timestamp '{utc.replace(tzinfo=None).isoformat(sep=' ')}'"
