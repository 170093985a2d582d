"""A release plan as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from engine.release.change_rules import ChangeClass
from engine.release.classify import DocumentChange
from engine.release.plan import ReleasePlan, by_gravity, place

_SIGNS = {"added": "+", "changed": "~", "removed": "-"}
_SHOWN_MAX = 12
_MEANING = {
    ChangeClass.BREAKING: "something that worked stops, or happens twice",
    ChangeClass.BEHAVIOURAL: "the same event comes out differently",
    ChangeClass.ADDITIVE: "something new becomes possible, and nothing that was there changes",
    ChangeClass.NONE: "nothing changes at run time",
}


def plan_lines(plan: ReleasePlan) -> Iterator[str]:
    """The plan, line by line."""
    yield f"{plan.old} → {plan.new}"
    yield summary(plan)
    yield from plan.notes
    for level, changes in by_gravity(plan.changes):
        yield ""
        yield f"{level.word}: {_MEANING[level]}"
        for change in changes:
            yield f"  {_SIGNS[change.action]} {change.title}  {change.document.file}"
            yield from (f"      {line}" for line in details(change))
    if plan.in_flight:
        yield ""
        yield from (each.sentence for each in plan.in_flight)


def summary(plan: ReleasePlan) -> str:
    """What it comes to, in a sentence."""
    if not plan.changes:
        return "No document changes."
    counts = ", ".join(f"{count} {word}" for word, count in reversed(plan.counts.items()) if count)
    count = len(plan.changes)
    return f"{count} {'document changes' if count == 1 else 'documents change'}: {counts}."


def details(change: DocumentChange) -> Iterator[str]:
    """Why a change is what it is, and what it reaches; long lists are cut."""
    for reason in change.reasons[:_SHOWN_MAX]:
        where = place(reason.new_span or reason.old_span)
        yield reason.sentence + (f"  ({where})" if where and reason.path else "")
    if len(change.reasons) > _SHOWN_MAX:
        yield f"and {len(change.reasons) - _SHOWN_MAX} more: see --json"
    if change.version:
        yield f"version: {change.version}"
    for what, names in change.reached.items():
        if names:
            yield f"reaches {what}: {_listed(names)}"


def _listed(names: list[str]) -> str:
    rest = len(names) - _SHOWN_MAX
    return ", ".join(names[:_SHOWN_MAX]) + (f" and {rest} more" if rest > 0 else "")
