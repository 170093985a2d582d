"""Which version of a definition applies on a business date.

Versions of one definition are ordered by their first business date; a later one takes over from the
earlier on its first day, so a released version need not be edited when its successor comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Generic, TypeVar

from engine.base.errors import ErrorClass, Failure
from engine.base.record import frozen
from engine.source.diagnostic import Diagnostics, Label
from engine.source.span import Span
from engine.spec.documents.common import Effective

P = TypeVar("P")


@frozen
class Version(Generic[P]):
    """One version: what it is called, from when to when it applies, and what it compiled to."""

    name: str  # "invoice_posted@1.2.0"
    number: tuple[int, int, int]
    first: date
    end: date | None  # exclusive
    span: Span
    plan: P


@lru_cache(1_024)
def version_number(text: str) -> tuple[int, int, int]:
    """``"1.10.0"`` as numbers that sort."""
    major, minor, patch = text.split(".")
    return int(major), int(minor), int(patch)


def dated(name: str, version: str, effective: Effective | None, span: Span, plan: P) -> Version[P]:
    """A version with the business dates that its document declares; without any it always applies."""
    return Version(
        f"{name}@{version}",
        version_number(version),
        date.min if effective is None else effective.from_,
        None if effective is None else effective.to,
        span if effective is None else effective.span,
        plan,
    )


def in_order(versions: Iterable[Version[P]]) -> tuple[Version[P], ...]:
    """Oldest first."""
    return tuple(sorted(versions, key=lambda version: (version.first, version.number)))


def check_dates(versions: Sequence[Version[P]], diagnostics: Diagnostics) -> None:
    """Report versions of one definition whose business dates contradict each other or leave a gap."""
    for version in versions:
        if version.end is not None and version.end <= version.first:
            diagnostics.error(
                "VERS101",
                f"{version.name} ends on {version.end}, before or on its first day {version.first}",
                version.span,
                "give a `to` after `from`; `to` is the first day on which it no longer applies",
            )
    ordered = in_order(versions)
    for earlier, later in pairwise(ordered):
        other = (Label(earlier.span, f"{earlier.name} is dated here"),)
        if later.first == earlier.first or (earlier.end is not None and earlier.end > later.first):
            diagnostics.error(
                "VERS102",
                f"{earlier.name} and {later.name} both apply on {later.first}",
                later.span,
                "give the later version a later `from`; it takes over from the earlier one on that day",
                other,
            )
        elif earlier.end is not None and earlier.end < later.first:
            diagnostics.warning(
                "VERS103",
                f"no version applies from {earlier.end} to {later.first}, between {earlier.name} and {later.name}",
                later.span,
                f"leave out the `to` of {earlier.name}, or let {later.name} begin on {earlier.end}",
            )
        if later.number < earlier.number:
            diagnostics.error(
                "VERS104",
                f"{later.name} applies after {earlier.name} but has a lower version",
                later.span,
                "number versions in the order of their business dates",
                other,
            )


def find(versions: Sequence[Version[P]], on: date) -> P | None:
    """The version that applies on a business date: the one with the latest first day, if it has not ended."""
    for version in reversed(versions):
        if version.first <= on:
            return version.plan if version.end is None or on < version.end else None
    return None


def selector(label: str, versions: Sequence[Version[P]]) -> Callable[[date], P]:
    """A function from a business date to the version that applies. It raises Failure(mapping) if none does."""
    ordered = in_order(versions)
    if len(ordered) == 1 and ordered[0].first == date.min and ordered[0].end is None:
        only = ordered[0].plan
        return lambda _on: only

    def select(on: date) -> P:
        found = find(ordered, on)
        if found is None:
            raise Failure(ErrorClass.MAPPING, f"no version of {label} applies on {on}")
        return found

    return select
