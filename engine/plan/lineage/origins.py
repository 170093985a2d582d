"""Origins: fields, columns and constants that a value comes from, each with its own origins behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

from engine.source.span import Span


class OriginKind(StrEnum):
    """What an origin is."""

    EVENT = "event"
    VENDOR = "vendor"
    SCHEMA = "schema"
    MAPPING = "mapping"
    STEP = "step"
    RULE = "rule"
    TABLE = "table"
    CONSTANT = "constant"
    REPLY = "reply"
    CALCULATION = "calculation"


Origins = tuple["Origin", ...]


class Origin:
    """One place that a value comes from.

    ``address`` names it (``mapping:ar_invoice@1/lines[].account``), ``text`` is what the file writes there, ``feeds``
    are the origins of the value and ``decides`` those of conditions and keys that choose it. Both are worked out
    when they are asked for.
    """

    __slots__ = ("_decides", "_feeds", "_parts", "address", "kind", "span", "text")

    def __init__(
        self,
        address: str,
        kind: OriginKind,
        span: Span | None = None,
        text: str = "",
        parts: Callable[[], tuple[Origins, Origins]] | None = None,
    ) -> None:
        self.address = address
        self.kind = kind
        self.span = span
        self.text = text
        self._parts = parts
        self._feeds: Origins | None = None
        self._decides: Origins = ()

    @property
    def feeds(self) -> Origins:
        """What the value is made of."""
        if self._feeds is None:
            self._feeds = ()  # while it is worked out, a circle of events ends here
            if self._parts is not None:
                feeds, decides = self._parts()
                self._feeds, self._decides = distinct(feeds), distinct(decides)
        return self._feeds

    @property
    def decides(self) -> Origins:
        """What chooses the value: conditions, keys of look-ups, what a list is sorted or filtered by."""
        return self._decides if self.feeds is not None else ()

    def __repr__(self) -> str:
        return f"Origin({self.address})"


def distinct(origins: Iterable[Origin]) -> Origins:
    """Each once, in order; the same place read twice is one origin."""
    return tuple({(each.address, each.span): each for each in origins}.values())
