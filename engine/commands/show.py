"""Printing for people and for programs: JSON, tables, findings, and reports of defects."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from engine.base.errors import UserError
from engine.base.identity import json_bytes


def show_json(value: Any) -> None:
    """One JSON value on standard output."""
    sys.stdout.write(json_bytes(value).decode() + "\n")


def show_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[tuple[str, str]], empty: str) -> None:
    """Rows as an aligned table: ``columns`` are (key, heading). Wide cells are cut on a terminal only."""
    if not rows:
        click.echo(empty)
        return
    cells = [[_cell(row.get(key)) for key, _ in columns] for row in rows]
    headings = [heading for _, heading in columns]
    widths = [max(len(heading), *(len(row[at]) for row in cells)) for at, heading in enumerate(headings)]
    click.echo("  ".join(heading.ljust(width) for heading, width in zip(headings, widths, strict=True)).rstrip())
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return str(value).replace("\n", " ")


def wants_color() -> bool:
    """Colour on a terminal, unless NO_COLOR says otherwise (no-color.org)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def show_user_error(wrong: UserError) -> None:
    """The findings with their places, then the message."""
    if wrong.diagnostics:
        from engine.report.human import render

        click.echo(render(wrong.diagnostics, {}, color=wants_color()), err=True)  # type: ignore[arg-type]
    click.echo(f"error: {wrong.message}", err=True)


def show_defect(error: Exception) -> None:
    """A defect of ours: one line for the user, the details in a report file."""
    handle, name = tempfile.mkstemp(prefix="tieout-defect-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as report:
        report.write("".join(traceback.format_exception(error)))
    click.echo(f"defect: Tieout made a mistake ({type(error).__name__}). The details are in {Path(name)}.", err=True)
