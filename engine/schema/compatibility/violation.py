"""What makes two versions of a schema incompatible, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.source.span import Span


class Direction(StrEnum):
    """Which values meet which readers."""

    BACKWARD = "backward"  # values of the old version, readers of the new one
    FORWARD = "forward"  # values of the new version, readers of the old one


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that does not fit. ``rule`` is a stable name, ``path`` like ``lines[].amount`` (empty for the whole),
    ``message`` a sentence that is true on its own; the spans are where either version says it."""

    rule: str
    direction: Direction
    path: str
    message: str
    old_span: Span
    new_span: Span


@dataclass(frozen=True, slots=True)
class Misfit:
    """A violation before it is said which of the two versions writes and which reads."""

    rule: str
    path: str
    writer: str  # what values may be: "may be longer than 20 characters"
    reader: str  # what is taken: "takes at most 20"
    writer_span: Span
    reader_span: Span
