"""The outcome table (requirement B0): for every event and case, what follows, or deliberately nothing."""

from __future__ import annotations

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION
from engine.spec.shape import declare, shape
from engine.spec.values import Reference


@shape
class Outcome:
    """One cell."""

    event: Reference = declare("The event type.")
    case: str = declare("The policy case, in words an accountant uses.")
    flow: Reference | None = declare(
        "The flow that brings it about; none if deliberately nothing happens.", default=None
    )
    documents: tuple[str, ...] = declare("Accounting documents that follow.", default=())
    write_backs: tuple[str, ...] = declare("Facts written back.", default=())
    events: tuple[Reference, ...] = declare("Events published.", default=())
    none: str | None = declare("Why nothing follows, where nothing does.", default=None)
    tests: tuple[str, ...] = declare("Test cases that show it, as `test id/case id`.")
    span: Span


@shape
class Outcomes:
    """An outcome table (`*.outcomes.yaml`)."""

    id: str = declare("Name of the table.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION)
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it covers.")
    outcomes: tuple[Outcome, ...] = declare("The cells.")
    span: Span
