"""Reference tables: the facts that mappings and policies look up, effective-dated, with a steward."""

from __future__ import annotations

from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Complaint
from engine.spec.shape import ExactlyOne, Map, declare, shape
from engine.spec.values import Name, Tree


class ColumnType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    BOOLEAN = "boolean"


@shape
class Column:
    type: ColumnType = declare("What its cells hold.")
    summary: str = declare("What it means.")
    required: bool = declare("False if a cell may be empty (null).", default=True)
    span: Span


@shape
class Validity:
    """Which columns say between which business dates a row applies."""

    from_: Name = declare("Date column: first day, inclusive; empty is always. Written as the key `from`.")
    to: Name = declare("Date column: last day, exclusive; empty is open.")
    span: Span


@shape
class Table:
    """A reference table (`*.table.yaml`), its rows inline or in a CSV file beside it."""

    id: str = declare("Name of the table.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION)
    owner: str = declare("The steward: the team that may change it.")
    summary: str = declare("What it says.")
    columns: Map[Column] = declare("The columns, in the CSV file's order.")
    key: tuple[Name, ...] = declare("The columns that identify a row at a date.")
    validity: Validity | None = declare("Effective dating; rows always apply if left out.", default=None)
    file: str | None = declare("A CSV file beside this document, UTF-8, with a header.", default=None)
    rows: tuple[Tree, ...] | None = declare("The rows, each an object.", default=None)
    missing: Complaint = declare("What to tell whom when a key has no row. Its blanks may name the key columns.")
    span: Span

    RULES = (ExactlyOne(("file", "rows")),)
