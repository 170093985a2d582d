"""What a meter is told, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.finance.facts import fact, facts


@facts
class MeterPeriod:
    """The moments from `from` up to, not including, `to`."""

    from_: datetime = fact("The first moment.")
    to: datetime = fact("The first moment after it.")


@facts
class CarriedOver:
    """What was there when the period began, for one set of dimensions."""

    dimensions: Mapping[str, str] | None = fact("Values of the meter's dimensions.", default=None)
    level: Decimal = fact("The level of a sum.", default=Decimal(0))
    present: tuple[str, ...] = fact("What was present, for unique counts.", default=())


@facts
class MeterFacts:
    """What a meter is told."""

    records: tuple[Any, ...] = fact("Usage records, as objects with the fields that the meter names.")
    period: MeterPeriod | None = fact("The period; every record counts if left out.", default=None)
    carried_over: tuple[CarriedOver, ...] = fact("What was there when the period began.", default=())


@facts
class Metered:
    """One quantity. It has the shape in which pricing takes usage."""

    meter: str = fact("The meter.")
    quantity: Decimal | None = fact("How much; null where nothing can be said, such as the average of no records.")
    dimensions: Mapping[str, str] | None = fact("Values of its dimensions.")
    at: datetime | None = fact("When its window begins; null for the whole period.")
    references: tuple[str, ...] = fact("The records it comes from: their ids, or how to find them where they are many.")


@facts
class Outside:
    """Records of other periods."""

    before: int = fact("How many happened before the period.")
    after: int = fact("How many happened after it.")


@facts
class MeterResult:
    """What a meter answers."""

    usage: tuple[Metered, ...] = fact("The quantities, in order of window and dimensions.")
    records: int = fact("How many records were read.")
    counted: int = fact("How many of them counted.")
    duplicates: int = fact("How many came again and counted once.")
    corrected: int = fact("How many were replaced or deleted by a later record.")
    outside: Outside = fact("How many were of another period.")
    fingerprint: str = fact("The same for the same quantities, however they were added up.")
