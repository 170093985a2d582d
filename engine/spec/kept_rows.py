"""The rows of tables, kept while their documents and files do not change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.base.record import frozen
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.table import Table
from engine.spec.files import Files
from engine.spec.paths import inside
from engine.spec.rows import load_rows

Rows = tuple[dict[str, Any], ...]


@frozen
class _Kept:
    """Rows, what was found in them, and what they were read from. ``raw`` is None for rows of the document itself."""

    table: Table
    raw: bytes | None
    rows: Rows
    found: Diagnostics


class KeptRows:
    """Rows by the place of their table."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def rows(self, table: Table, files: Files, diagnostics: Diagnostics) -> Rows:
        """The rows of a table, as :func:`load_rows` gives them; the same objects while nothing changes."""
        raw = _raw(table, files)
        if table.file is not None and raw is None:
            return load_rows(table, files.root, diagnostics, files.read)  # says why they cannot be read
        known = self._kept.get(table.span.file)
        if known is None or known.table is not table or known.raw != raw:
            found = Diagnostics()
            rows = load_rows(table, files.root, found, files.read)
            known = self._kept[table.span.file] = _Kept(table, raw, rows, found)
        diagnostics.extend(known.found)
        return known.rows


def _raw(table: Table, files: Files) -> bytes | None:
    if table.file is None:
        return None
    relative = (Path(table.span.file).parent / table.file).as_posix()
    if not inside(files.root, files.root / relative):
        return None
    try:
        return files.read(relative)
    except OSError:
        return None
