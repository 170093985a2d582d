"""Sources: a vendor's message becomes canonical events; vendor payloads stop here."""

from __future__ import annotations

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION
from engine.spec.shape import Map, declare, shape
from engine.spec.values import Expression, Name, Reference


@shape
class Elements:
    """One event per element of an array."""

    over: Expression = declare("The array.")
    as_: str = declare("The element's name inside. Written as the key `as`.", pattern=NAME)
    key: Expression = declare("What identifies the element; never its position.")
    span: Span


@shape
class EventData:
    """The event's data: the result of a mapping whose output is the event type's schema."""

    mapping: Reference = declare("The mapping.")
    input: Map[Expression] = declare("A value for every input of the mapping.")
    span: Span


@shape
class Emission:
    """One canonical event. Its id is the digest of source, vendor id, case, emission and element."""

    id: str = declare("Name of the emission within its case.", pattern=NAME)
    event: Reference = declare("The event type and its major version.")
    each: Elements | None = declare("One event per element.", default=None)
    time: Expression = declare("When it happened (timestamp).")
    subject: Expression = declare("The object it is about.")
    partitionkey: Expression = declare("The ordering key: normally the billing account.")
    data: EventData = declare("Its data.")
    span: Span


@shape
class SourceCase:
    id: str = declare("Name of the case.", pattern=NAME)
    when: Expression | None = declare("Applies only if true; always if left out.", default=None)
    emit: tuple[Emission, ...] = declare("The events it makes; none means deliberately none.")
    note: str | None = declare("Why, for a case that emits nothing.", default=None)
    span: Span


@shape
class Source:
    """A source (`*.source.yaml`). `message` is the vendor's message; the first case that applies counts."""

    id: str = declare("Name of the source.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION)
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What comes in and what it becomes.")
    connection: Name = declare("The connection it comes in by.")
    messages: tuple[str, ...] = declare("The vendor's message types.", example="invoice.finalized")
    schema: Reference | None = declare("The vendor's message schema, if described.", default=None)
    cases: tuple[SourceCase, ...] = declare("In order.")
    span: Span
