"""Shapes that several document kinds share."""

from __future__ import annotations

import datetime

from engine.source.span import Span
from engine.spec.shape import Map, declare, shape
from engine.spec.values import Expression, Name, Reference, Template

NAME = r"[a-z][a-z0-9_]*"
VERSION = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"


@shape
class Effective:
    """Between which business dates a version applies."""

    from_: datetime.date = declare("First business date, inclusive. Written as the key `from`.", example="2026-01-01")
    to: datetime.date | None = declare("Last business date, exclusive; open if left out.", default=None)
    by: Expression | None = declare(
        "Where the business date is read from; left out, it is that of the event's time, in UTC or a schedule's zone.",
        default=None,
    )
    span: Span


@shape
class InputType:
    """What a named input holds: exactly one of a schema, or a row of a table."""

    schema: Reference | None = declare("A canonical or vendor schema.", default=None)
    table: Name | None = declare("A row of this table.", default=None)
    span: Span


@shape
class TableLookup:
    """One row of a reference table, by its key, at the run's business date. A missing row is a business exception."""

    table: Name = declare("The table's id.")
    key: Map[Expression] = declare("A value for every key column.")
    span: Span


@shape
class Complaint:
    """How a business exception speaks to a person: no path, class or HTTP code; says what to do."""

    reason: str = declare("A stable reason code.", pattern=NAME, example="unmapped_product")
    message: Template = declare("What is wrong, naming customer, document and amount where known.")
    action: Template = declare("What the owner should do about it.")
    owner: str = declare("The team that acts.")
    span: Span
