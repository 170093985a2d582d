"""What was worked out of parts of a workspace, kept while those parts are the same objects.

A rule that looks at one document, or at one document and its contracts, names them: ``known.of(work, document,
contract)``. ``work`` sees nothing else, so that what it gave before holds for as long as none of them was read anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

from engine.source.diagnostic import Diagnostic

P = ParamSpec("P")
R = TypeVar("R")


class Known:
    """Results by what they were worked out of. Those that two rounds of rules had no use for are forgotten."""

    def __init__(self) -> None:
        self._now: dict[tuple[object, ...], tuple[tuple[object, ...], Any]] = {}
        self._before: dict[tuple[object, ...], tuple[tuple[object, ...], Any]] = {}
        self._rows: dict[object, tuple[object, ...]] = {}

    def begin(self) -> None:
        """The rules are asked once more."""
        self._before, self._now = self._now, {}

    def of(self, work: Callable[P, R], *parts: P.args, **none: P.kwargs) -> R:
        """What ``work`` gives for these parts. It must look at nothing else, and give values that nobody changes.

        Texts are the same if they say the same, everything else if it is the same object.
        """
        key = (work, *[part if part.__class__ is str else id(part) for part in parts])
        found = self._now.get(key)
        if found is None:
            # The parts are kept with the result: while they are, no other object has their identity.
            found = self._before.get(key) or (parts, work(*parts, **none))
            self._now[key] = found
        return found[1]

    def told(self, work: Callable[P, Iterator[Diagnostic]], *parts: P.args, **none: P.kwargs) -> tuple[Diagnostic, ...]:
        """The findings of ``work`` about these parts, as :meth:`of`."""
        found: tuple[Diagnostic, ...] = self.of(_told, work, *parts, **none)
        return found

    def row(self, name: object, parts: tuple[R, ...]) -> tuple[R, ...]:
        """These parts in a row; the row of before if all of them are the same objects."""
        before = self._rows.get(name)
        if before is None or len(before) != len(parts) or any(a is not b for a, b in zip(before, parts, strict=True)):
            self._rows[name] = before = parts
        return before  # type: ignore[return-value]  # the same parts


def _told(work: Callable[..., Iterator[Diagnostic]], *parts: Any) -> Any:
    return tuple(work(*parts))
