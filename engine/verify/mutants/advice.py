"""What to write so that a change is noticed: the case that comes nearest, and the field that it does not look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.plan.model import CanonicalEvent
from engine.spec.documents.test import TestCase
from engine.verify.compare import ABSENT, compare, show
from engine.verify.model import Difference, Observed
from engine.verify.trace import shown


@dataclass(frozen=True, slots=True)
class Advice:
    """The case that should have noticed a change, and what to expect in it. Without ``path`` no case has an input for
    which the change matters; ``case`` is then the one that comes nearest, if there is one."""

    case: str
    file: str
    line: int
    path: str = ""
    expected: str = ""
    changed: str = ""

    def words(self, original: str) -> str:
        """One sentence for people."""
        where = f"{self.case} ({self.file}:{self.line})"
        if self.path:
            return f"{where} would notice it: expect `{self.path}: {self.expected}`; with the change: {self.changed}"
        what = f"write one in which `{original}` makes a difference"
        if not self.case:
            return f"no case comes here: {what}"
        return f"no case has an input for which it matters: {what}, beside {where}"


def seen_in(case: TestCase, name: str, before: Observed, after: Observed) -> Advice | None:
    """What the case could have looked at to notice; None if nothing that a case can look at differs."""
    difference = next(_told(before, after), None)
    if difference is None:
        return None
    written = "null" if difference.expected == show(ABSENT) else difference.expected  # so a case expects that
    return Advice(name, case.span.file, case.span.line, difference.path, written, difference.actual)


def _told(before: Observed, after: Observed) -> Iterator[Difference]:
    """Every difference that an expectation can name, what comes out first."""
    if before.outcome != after.outcome:
        yield Difference("outcome", before.outcome, after.outcome)
    for name in ("output", "sent", "emitted"):
        yield from _apart(name, getattr(before, name), getattr(after, name))
    if before.violations != after.violations:
        yield Difference("violations", _listed(before.violations), _listed(after.violations))
    for old, new in zip(before.exceptions, after.exceptions, strict=False):
        for part in ("reason", "owner", "amount", "message"):
            yield from _apart(f"exception.{part}", getattr(old, part), getattr(new, part))
    if before.path != after.path:
        yield Difference("path", _listed(before.path), _listed(after.path))
    yield from _apart("attempts", before.attempts, after.attempts)


def _apart(name: str, before: Any, after: Any) -> Iterator[Difference]:
    if name == "emitted":
        before, after = [_said_of(each) for each in before], [_said_of(each) for each in after]
    if before is None and after is None:
        return
    yield from compare(shown(before), after, name, exactly=True)


def _said_of(event: CanonicalEvent) -> dict[str, Any]:
    """What a case may expect of an event, its data last."""
    return {name: getattr(event, name) for name in ("type", "subject", "partitionkey", "data")}


def _listed(names: tuple[str, ...]) -> str:
    return show(list(names)) if names else "none"
