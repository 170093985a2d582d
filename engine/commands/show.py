"""Printing for people and for programs: JSON, tables, findings, progress, and reports of defects."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.base.errors import UserError


def show_json(value: Any) -> None:
    """One JSON value on standard output."""
    from engine.base.identity import json_bytes

    sys.stdout.write(json_bytes(value).decode() + "\n")


def show_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[tuple[str, str]], empty: str) -> None:
    """Rows as an aligned table: ``columns`` are (key, heading). Lines are cut on a terminal only."""
    if not rows:
        click.echo(empty)
        return
    cells = [[_cell(row.get(key)) for key, _ in columns] for row in rows]
    headings = [heading for _, heading in columns]
    widths = [max(len(heading), *(len(row[at]) for row in cells)) for at, heading in enumerate(headings)]
    room = _columns_of_terminal()
    for row in (headings, *cells):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        click.echo(line if room is None or len(line) <= room else f"{line[: room - 1]}…")


def _columns_of_terminal() -> int | None:
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def _cell(value: Any) -> str:
    return "-" if value is None else printable(str(value).replace("\n", " "))


def printable(text: str) -> str:
    """Text from outside without characters that would steer a terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)


def age(microseconds: int) -> str:
    """A stretch of time in its largest unit: ``45s``, ``12m``, ``3h``, ``5d``."""
    seconds = max(0, microseconds // 1_000_000)
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def moment(microseconds: int | None) -> str:
    """A stored time to the second, or ``-``."""
    if microseconds is None:
        return "-"
    from engine.base.clock import as_text

    return as_text(microseconds // 1_000_000 * 1_000_000)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Say on a terminal that something takes a moment; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


@contextmanager
def telling(what: str) -> Iterator[None]:
    """The same in words that stand still, for what copies the process: nothing else may go on in it."""
    if not sys.stderr.isatty():
        yield
        return
    sys.stderr.write(f"{what} …")
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


@contextmanager
def counting(what: str) -> Iterator[Callable[[str], None]]:
    """The same for what can say how far it is: on a terminal in one line that changes, elsewhere a line now and then,
    at twice the number of words each time, so that a log shows that something goes on."""
    if sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status(what) as status:
            yield lambda text: status.update(f"{what}: {text}")
        return
    heard, due = 0, 1

    def tell(text: str) -> None:
        nonlocal heard, due
        heard += 1
        if heard == due:
            due *= 2
            sys.stderr.write(f"{what}: {text}\n")
            sys.stderr.flush()

    yield tell


def wants_color(*, errors: bool = False) -> bool:
    """Whether standard output (or standard error) is a terminal, unless NO_COLOR says otherwise (no-color.org)."""
    stream = sys.stderr if errors else sys.stdout
    return stream.isatty() and not os.environ.get("NO_COLOR")


def sources_of(diagnostics: Sequence[Any], root: Path | None) -> dict[str, str]:
    """The texts that findings point into, where they lie in the workspace: a link out of it shows nothing."""
    texts: dict[str, str] = {}
    top = (Path() if root is None else root).resolve()
    for file in {each.span.file for each in diagnostics}:
        path = Path(file) if root is None else root / file
        if path.is_file() and (not path.is_symlink() or path.resolve().is_relative_to(top)):
            texts[file] = path.read_bytes().decode(errors="replace")
    return texts


def show_user_error(wrong: UserError, sources: Mapping[str, str] | None = None, *, as_json: bool = False) -> None:
    """The findings with their places, then the message; for programs also as JSON on standard output."""
    if as_json:
        from engine.report.json import as_json as finding

        show_json({"error": wrong.message, "diagnostics": [finding(each) for each in wrong.diagnostics]})  # type: ignore[arg-type]
    if wrong.diagnostics:
        from engine.report.human import render

        click.echo(render(wrong.diagnostics, sources or {}, color=wants_color(errors=True)), err=True)  # type: ignore[arg-type]
    click.echo(f"error: {printable(wrong.message)}", err=True)


#: What a machine refuses for reasons of its own, whatever the program does: rights, room, and what lies in the way.
_MACHINE = frozenset({
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENAMETOOLONG,
    errno.ENOTDIR, errno.EISDIR, errno.EEXIST,
})  # fmt: skip
_EXTRAS = {"psycopg": "postgresql", "duckdb": "usage", "numpy": "usage", "hypothesis": "properties", "pygls": "lsp"}


def machine_says(error: Exception) -> str | None:
    """What the machine refused, in words for who can change it; None for a mistake of the program."""
    if isinstance(error, OSError) and error.errno in _MACHINE and error.filename is not None:
        return f"cannot use {os.fsdecode(error.filename)}: {error.strerror}"
    if isinstance(error, ModuleNotFoundError) and error.name in _EXTRAS:
        extra = _EXTRAS[error.name]
        return f"this needs the extra `{extra}`: install `tieout[{extra}]`"
    return None


def show_defect(error: Exception) -> None:
    """A defect of ours: one line for the user, the details in a report file."""
    handle, name = tempfile.mkstemp(prefix="tieout-defect-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as report:
        report.write("".join(traceback.format_exception(error)))
    click.echo(f"defect: Tieout made a mistake ({type(error).__name__}). The details are in {Path(name)}.", err=True)
