"""The plan of a release: what changed, how much it matters, what it reaches, and which runs it leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.base.errors import UserError
from engine.release.change_rules import ChangeClass, Reason
from engine.release.classify import DocumentChange, document_changes
from engine.release.reach import InFlight, add_reach, runs_in_flight
from engine.release.reached_fields import add_fields
from engine.release.revisions import opened, working
from engine.source.span import Span


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """Everything about the step from one revision to the next."""

    old: str
    new: str
    changes: tuple[DocumentChange, ...]
    in_flight: tuple[InFlight, ...]
    notes: tuple[str, ...] = ()

    @property
    def level(self) -> ChangeClass:
        """The class of the gravest change."""
        return max((each.level for each in self.changes), default=ChangeClass.NONE)

    @property
    def counts(self) -> dict[str, int]:
        """How many documents changed, by class; all classes are named."""
        counted = Counter(each.level for each in self.changes)
        return {level.word: counted[level] for level in ChangeClass}

    @property
    def version_problems(self) -> tuple[DocumentChange, ...]:
        """The changes whose version does not say that they are there."""
        return tuple(each for each in self.changes if each.version)

    def as_json(self) -> dict[str, Any]:
        return {
            "old": self.old,
            "new": self.new,
            "class": self.level.word,
            "counts": self.counts,
            "changes": [_change(each) for each in self.changes],
            "in_flight": [
                {"flow": each.flow, "unfinished": each.unfinished, "excepted": each.excepted} for each in self.in_flight
            ],
            "notes": list(self.notes),
        }


def plan_release(root: Path, against: str, engine: sa.Engine | None = None) -> ReleasePlan:
    """What the workspace at ``root`` would change if it took the place of ``against``.

    Raises UserError if the workspace has errors; what is compared with need not compile.
    """
    new = working(root)
    plan = new.compile()
    with opened(root, against, engine) as old:
        before = old.plan_or_none()
        changes = document_changes(old, new)
        add_reach(changes, before, plan, new.workspace)
        add_fields(changes, plan)
        notes = []
        if before is None:
            notes.append(
                f"The definitions of {old.label} do not compile with this program, so what they reached is not known."
            )
        in_flight: list[InFlight] = []
        if engine is not None:
            try:
                in_flight = runs_in_flight(engine, plan)
            except sa.exc.DBAPIError as error:
                raise UserError(f"the runs in flight cannot be counted: {error.orig}") from error
        return ReleasePlan(old.label, new.label, tuple(changes), tuple(in_flight), tuple(notes))


def _change(change: DocumentChange) -> dict[str, Any]:
    return {
        "kind": change.document.kind,
        "id": change.document.id,
        "action": change.action,
        "old_version": None if change.old is None else change.old.version,
        "new_version": None if change.new is None else change.new.version,
        "file": change.document.file,
        "class": change.level.word,
        "reasons": [_reason(each) for each in change.reasons],
        "version_problem": change.version or None,
        "reaches": change.reached,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "class": reason.level.word,
        "sentence": reason.sentence,
        "path": reason.path,
        "old": place(reason.old_span),
        "new": place(reason.new_span),
    }


def place(span: Span | None) -> str | None:
    """``file:line``, as people click it."""
    return None if span is None else f"{span.file}:{span.line}"


def by_gravity(changes: Sequence[DocumentChange]) -> list[tuple[ChangeClass, list[DocumentChange]]]:
    """The changes of each class, the gravest first."""
    groups = [(level, [each for each in changes if each.level is level]) for level in reversed(ChangeClass)]
    return [(level, found) for level, found in groups if found]
