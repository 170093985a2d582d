"""What one event leads to under one set of definitions: an outcome, as a value that can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.plan.model import BusinessException
from engine.release.backtest.postings import Posting


@dataclass(frozen=True, slots=True)
class Sent:
    """An effect that would have been sent. ``identity`` is its object, revision, purpose and element."""

    key: str
    path: str
    connection: str
    operation: str
    identity: tuple[str, str, str, str]
    content: Any
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event that would have been published."""

    id: str
    path: str
    type: str
    subject: str
    data: Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one event. ``state`` is completed, exception, skipped (deliberately nothing) or refused (the
    event does not fit the definitions, and is a dead letter)."""

    event: str
    subject: str
    state: str
    flow: str = ""
    business_date: str = ""
    sent: tuple[Sent, ...] = ()
    emitted: tuple[Emitted, ...] = ()
    output: Any = None
    exceptions: tuple[BusinessException, ...] = ()

    @property
    def is_something(self) -> bool:
        """Whether anything came of it at all."""
        return self.state != "skipped"

    @property
    def failed(self) -> bool:
        """Whether it ended in a business exception, or the event could not be read at all."""
        return self.state in ("exception", "refused")

    @property
    def postings(self) -> Iterator[Posting]:
        for each in self.sent:
            yield from each.postings
