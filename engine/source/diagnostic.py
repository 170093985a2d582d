"""Findings about a user's files, as values. Rendering them is :mod:`engine.report`'s work."""

from __future__ import annotations

import re
from dataclasses import field
from enum import StrEnum

from engine.base.errors import UserError
from engine.base.record import frozen
from engine.source.about import NO_MORE, About
from engine.source.span import Span

_MARKED = re.compile(r"`([^`]+)`|'([^']+)'|(?<![\w.-])(-?\d+(?:\.\d+)?)(?![\w.])")


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@frozen
class Label:
    """A further place that explains the finding: "defined here", "type comes from here"."""

    span: Span
    text: str


@frozen
class Edit:
    """Replace the text at ``span`` by ``text``."""

    span: Span
    text: str


@frozen
class Fix:
    """An edit that mends the finding.

    ``safe`` fixes are applied without asking: what the file means is sure. Others are applied when that is asked
    for. A ``suggestion`` is a likely one among several: it is shown, an editor offers it, and nothing applies it
    by itself.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True
    suggestion: bool = False


@frozen
class Diagnostic:
    """One finding: a stable code, where, a terse message that is true on its own, and what to do.

    ``code`` is prefix + three digits, listed in :mod:`engine.source.catalogue`. ``about`` says the same as the message
    to the program; it does not tell findings apart, and is not kept with findings that are stored.
    """

    code: str
    message: str
    span: Span
    level: Level = Level.ERROR
    help: str = ""
    labels: tuple[Label, ...] = ()
    fix: Fix | None = None
    notes: tuple[str, ...] = field(default=())
    about: About = field(default=NO_MORE, compare=False, repr=False, kw_only=True)

    @property
    def marked(self) -> tuple[str, ...]:
        """What the message takes from the file, in order: names in back quotes, texts in quotes, numbers."""
        return tuple(each[1] or each[2] or each[3] for each in _MARKED.finditer(self.message))

    def sort_key(self) -> tuple[str, int, int, str, str]:
        return (self.span.file, self.span.line, self.span.column, self.code, self.message)


class Diagnostics:
    """Collects findings while a file or a workspace is read. Duplicates are dropped; order is by place.

    Beside the findings it carries what a checker saw on its way (``observed``), which goes wherever they go.
    """

    __slots__ = ("_found", "_observed")

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._observed: list[object] = []

    def add(self, diagnostic: Diagnostic) -> None:
        self._found[diagnostic] = None

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        help: str = "",
        labels: tuple[Label, ...] = (),
        about: About = NO_MORE,
    ) -> None:
        self.add(Diagnostic(code, message, span, Level.ERROR, help, labels, about=about))

    def warning(self, code: str, message: str, span: Span, help: str = "", about: About = NO_MORE) -> None:
        self.add(Diagnostic(code, message, span, Level.WARNING, help, about=about))

    def observe(self, seen: object) -> None:
        """Keep something that is not a finding, for those who read the findings."""
        self._observed.append(seen)

    @property
    def observed(self) -> tuple[object, ...]:
        """What was seen, in order."""
        return tuple(self._observed)

    def extend(self, others: Diagnostics) -> None:
        self._found.update(others._found)
        self._observed += others._observed

    @property
    def sorted(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted(self._found, key=Diagnostic.sort_key))

    @property
    def has_errors(self) -> bool:
        return any(each.level is Level.ERROR for each in self._found)

    def __len__(self) -> int:
        return len(self._found)

    def raise_errors(self, message: str) -> None:
        """Raise UserError with everything found, if any of it is an error."""
        if self.has_errors:
            raise UserError(message, self.sorted)
