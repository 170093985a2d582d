"""The check itself: modes, views, and violations said in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from engine.schema.compatibility.contained import Containment
from engine.schema.compatibility.finance import finance_violations
from engine.schema.compatibility.places import Place
from engine.schema.compatibility.violation import Direction, Misfit, Violation


class Mode(StrEnum):
    """What has to stay compatible with what. The names are those of schema registries."""

    BACKWARD = "backward"
    BACKWARD_TRANSITIVE = "backward_transitive"
    FORWARD = "forward"
    FORWARD_TRANSITIVE = "forward_transitive"
    FULL = "full"
    FULL_TRANSITIVE = "full_transitive"
    NONE = "none"

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Which values have to fit which readers."""
        kind = self.value.partition("_")[0]
        if kind == "full":
            return (Direction.BACKWARD, Direction.FORWARD)
        return () if kind == "none" else (Direction(kind),)

    @property
    def is_transitive(self) -> bool:
        """Whether every earlier version counts, and not the last one alone."""
        return self.value.endswith("_transitive")


class View(StrEnum):
    """How the two sides of a contract behave.

    ``producer`` and ``consumer``: whoever writes writes what is declared and nothing else, and whoever reads passes
    over what it does not know; the two differ in whose contract it is. ``lenient`` is the same with defaults filled
    in. ``strict`` takes the schemas as they stand, with defaults filled in, as schema registries do.
    """

    PRODUCER = "producer"
    CONSUMER = "consumer"
    LENIENT = "lenient"
    STRICT = "strict"


#: Rules of the grammar that a rule about finance says better.
_SAID_BETTER = {
    "date_changed_kind": ("format_changed",),
    "scale_changed": ("multiple_changed",),
    "currency_added": ("enum_value_removed",),
    "longer_than_connector_takes": ("max_length_lowered",),
}


def check(
    old: Place, new: Place, mode: Mode, view: View, limits: Mapping[str, int] | None = None
) -> tuple[Violation, ...]:
    """Why ``new`` may not take the place of ``old``; nothing if it may.

    ``limits`` gives, by a field's path, the longest text that the system takes in which the field ends up.
    """
    if not mode.directions:
        return ()
    finance = tuple(finance_violations(old, new, mode.directions[0], limits))
    better = {(generic, each.path) for each in finance for generic in _SAID_BETTER.get(each.rule, ())}
    found = [each for direction in mode.directions for each in _direction(old, new, direction, view)]
    return (*(each for each in found if (each.rule, each.path) not in better), *finance)


def _direction(old: Place, new: Place, direction: Direction, view: View) -> Iterator[Violation]:
    backward = direction is Direction.BACKWARD
    writer, reader = (old, new) if backward else (new, old)
    containment = Containment(tolerant=view is not View.STRICT, fills_defaults=view in (View.STRICT, View.LENIENT))
    for misfit in containment.all_misfits(writer, reader):
        yield _said(misfit, direction, backward)


def _said(misfit: Misfit, direction: Direction, backward: bool) -> Violation:
    writes, reads = ("before this change", "the new version") if backward else ("now", "the old version")
    field = f"`{misfit.path}`" if misfit.path else "the value"
    message = f"{field} as written {writes} {misfit.writer}; {reads} {misfit.reader}"
    spans = (misfit.writer_span, misfit.reader_span) if backward else (misfit.reader_span, misfit.writer_span)
    return Violation(misfit.rule, direction, misfit.path, message, *spans)


def is_annotation_only(old: Place, new: Place) -> bool:
    """Whether two versions differ in nothing but what people read."""
    return old.content == new.content
