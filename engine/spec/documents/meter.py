"""How usage records become quantities: which records count, what of them, per what, over which windows."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective
from engine.spec.documents.finance import Rounding
from engine.spec.shape import Map, declare, shape
from engine.spec.values import Expression


class Aggregation(StrEnum):
    COUNT = "count"
    UNIQUE_COUNT = "unique_count"
    SUM = "sum"
    MAX = "max"
    MIN = "min"
    AVERAGE = "average"
    LATEST = "latest"
    #: Level times time: a level that is held for the whole period counts in full.
    WEIGHTED_SUM = "weighted_sum"
    PRORATED_SUM = "prorated_sum"
    PRORATED_UNIQUE_COUNT = "prorated_unique_count"


class Window(StrEnum):
    PERIOD = "period"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class NegativeTotal(StrEnum):
    KEEP = "keep"
    ZERO = "zero"


class OutsidePeriod(StrEnum):
    REPORT = "report"
    REFUSE = "refuse"


@shape
class RecordFields:
    """Where things stand in a record: field names, with dots for fields inside objects."""

    id: str = declare("Its identity: a record that comes again counts once.", default="id")
    time: str = declare("When it happened (RFC 3339).", default="time")
    value: str = declare("The value; not read by `count`, and by `unique_count` as what is counted.", default="value")
    operation: str | None = declare(
        "For unique counts: a field that says `add` or `remove`; every record adds if left out.", default=None
    )
    replaces: str | None = declare("A field with the id of the record that this one corrects.", default=None)
    removes: str | None = declare("A field with the id of the record that this one deletes.", default=None)
    span: Span


@shape
class Meter:
    """A meter (`*.meter.yaml`): usage records in, quantities out, each record counted once."""

    id: str = declare("Its name; prices refer to it.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it measures, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    unit: str = declare("What is counted.", example="call")
    aggregate: Aggregation = declare("How values become one quantity.")
    fields: RecordFields | None = declare(
        "Where things stand in a record; `id`, `time`, `value` if left out.", default=None
    )
    where: Map[tuple[str, ...]] = declare(
        'Only records with one of these texts in each field; `["*"]` is any text.', default=Map()
    )
    filter: Expression | None = declare("Only records for which this is true; it reads `record`.", default=None)
    compute: Expression | None = declare(
        "The value, computed from `record`, in place of the field. Slower than a field.", default=None
    )
    group_by: tuple[str, ...] = declare("Fields whose values make quantities of their own.", default=())
    window: Window = declare(
        "Quantities per window of the period; of the whole period if left out.", default=Window.PERIOD
    )
    zone: str = declare("IANA time zone in which days and months begin.", default="UTC")
    carried_over: bool = declare(
        "Whether the last period's level goes on: sums start with it, and what was present stays.", default=False
    )
    empty: Decimal | None = declare(
        "The quantity of no records at all; null if left out for `min` and `average`, else zero.", default=None
    )
    negative: NegativeTotal = declare("A quantity below zero is kept, or becomes zero.", default=NegativeTotal.KEEP)
    rounding: Rounding | None = declare("Rounds the quantity; it keeps all its digits if left out.", default=None)
    outside: OutsidePeriod = declare(
        "Records of another period: counted and reported apart, or refused.", default=OutsidePeriod.REPORT
    )
    span: Span
