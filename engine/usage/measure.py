"""Measures usage files: columns by SQL where that gives the same digits, everything else as a stream."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.base.errors import UserError
from engine.base.identity import json_bytes
from engine.finance.meter.facts import CarriedOver, MeterPeriod, MeterResult
from engine.spec.documents.meter import Meter
from engine.usage.columnar import can_measure, measure_columns
from engine.usage.stream import Open, measure_stream

#: Bytes of one batch of a stream.
BLOCK = 1 << 22
LINES = (".jsonl", ".ndjson")
TABLES = (".parquet", ".csv")
STANDARD_INPUT = "-"


def measure(
    meter: Meter,
    file: str,
    *,
    period: MeterPeriod | None = None,
    carried: Sequence[CarriedOver] = (),
    threads: int | None = None,
) -> MeterResult:
    """The quantities of a usage file: ``.jsonl``, ``.ndjson``, ``.csv``, ``.parquet``, or ``-`` for JSON lines on
    standard input. Raises UserError for a file that cannot be read, Failure for a record that does not fit."""
    if file == STANDARD_INPUT:
        return measure_stream(meter, _standard_input(meter), period=period, carried=carried, source="standard input")
    path = usage_file(file)
    suffix = path.suffix.lower()
    if suffix in TABLES:
        if can_measure(meter):
            found = measure_columns(meter, path, period=period, carried=carried, threads=threads)
            if found is not None:
                return found
        return measure_stream(meter, lambda: _table_lines(path), period=period, carried=carried, source=path.name)
    return measure_stream(meter, lambda: _blocks(path), period=period, carried=carried, source=path.name)


def measure_files(meter: Meter, files: Sequence[str], *, period: MeterPeriod | None = None) -> MeterResult:
    """The quantities of several usage files as if they were one: a record that is in two of them counts once.

    Raises UserError and Failure as :func:`measure` does.
    """
    if len(files) == 1:
        return measure(meter, files[0], period=period)
    opened = [_opened(meter, file) for file in files]
    names = ", ".join(STANDARD_INPUT if file == STANDARD_INPUT else Path(file).name for file in files)

    def everything() -> Iterator[bytes]:
        for each in opened:
            yield from each()

    return measure_stream(meter, everything, period=period, source=names)


def _opened(meter: Meter, file: str) -> Open:
    if file == STANDARD_INPUT:
        return _standard_input(meter)
    path = usage_file(file)
    return (lambda: _table_lines(path)) if path.suffix.lower() in TABLES else (lambda: _blocks(path))


def usage_file(file: str) -> Path:
    """The path of a usage file. Raises UserError if there is none, or its name does not say its form."""
    path = Path(file)
    if path.suffix.lower() not in (*LINES, *TABLES):
        endings = ", ".join((*LINES, *TABLES))
        raise UserError(f"{path.name} is no usage file: its name must end in one of {endings}")
    if not path.is_file():
        raise UserError(f"there is no file {file}")
    return path


def _blocks(path: Path) -> Iterator[bytes]:
    """Whole lines, a few megabytes at a time, without the byte order mark that some programs begin a file with."""
    try:
        with path.open("rb") as file:
            if file.peek(3)[:3] == codecs.BOM_UTF8:
                file.seek(3)
            while block := file.read(BLOCK):
                yield block + file.readline()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def _standard_input(meter: Meter) -> Open:
    """Standard input once; it is kept in a file where a meter with corrections reads it twice."""
    fields = meter.fields
    if fields is None or (fields.replaces is None and fields.removes is None):
        return lambda: _read(sys.stdin.buffer)
    import tempfile

    kept = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the measurement
    for block in _read(sys.stdin.buffer):
        kept.write(block)

    def again() -> Iterable[bytes]:
        kept.seek(0)
        return _read(kept)

    return again


def _read(file: Any) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block + file.readline()


def _table_lines(path: Path) -> Iterator[bytes]:
    """The rows of a table as JSON lines: decimals and numbers as text, times with their zone."""
    try:
        import duckdb
    except ImportError as error:
        raise UserError("measuring tables needs the extra `usage`: install `tieout[usage]`") from error
    database = duckdb.connect(":memory:", config={"memory_limit": "200MB"})
    database.execute("set TimeZone = 'UTC'")
    name = str(path).replace("'", "''")
    reads = (
        f"read_parquet('{name}')" if path.suffix.lower() == ".parquet" else f"read_csv('{name}', all_varchar = true)"
    )
    try:
        found = database.execute(f"select * from {reads}")
        columns = [each[0] for each in found.description or ()]
        while rows := found.fetchmany(20_000):
            yield b"\n".join(
                json_bytes({name: _plain(value) for name, value in zip(columns, row, strict=True)}) for row in rows
            )
    except duckdb.Error as error:
        raise UserError(f"cannot read {path}: {_wrong_with(str(error))}") from error


def _wrong_with(report: str) -> str:
    """What a table's reader says, in a line without its own names; an encoding is what one can mend at once."""
    if "not utf-8" in report.lower():
        return "it is not UTF-8 text; save it as “CSV UTF-8”"
    return report.partition("\n")[0].removeprefix("Invalid Input Error: ")


def _plain(value: Any) -> Any:
    """A cell as JSON has it; a moment without a zone is UTC."""
    from datetime import UTC, datetime

    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value
