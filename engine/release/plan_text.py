"""A release plan as text for a terminal, and as markdown for the conversation about a change."""

from __future__ import annotations

from collections.abc import Iterator

from engine.release.change_rules import ChangeClass
from engine.release.classify import DocumentChange
from engine.release.plan import ReleasePlan, by_gravity, place

#: A comment that begins with this line is the one that the next plan takes the place of.
MARKER = "<!-- tieout plan -->"
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
            yield from (f"      {line}" for line in _details(change))
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


def _details(change: DocumentChange) -> Iterator[str]:
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


def plan_markdown(plan: ReleasePlan) -> str:
    """The plan as a comment; the first line tells it from other comments, so that it can be replaced."""
    return "\n".join(_markdown(plan)) + "\n"


def _markdown(plan: ReleasePlan) -> Iterator[str]:
    yield MARKER
    yield f"### Release plan: {plan.level.word}"
    yield ""
    yield f"{_escaped(summary(plan))} Compared with {_escaped(plan.old)}."
    yield from (f"\n{_escaped(note)}" for note in plan.notes)
    if plan.changes:
        yield ""
        yield "| class | | document | reaches |"
        yield "|---|---|---|---|"
        for _, changes in by_gravity(plan.changes):
            for change in changes:
                cells = (change.level.word, change.action, change.title, _reached(change))
                yield f"| {' | '.join(map(_escaped, cells))} |"
    for level, changes in by_gravity(plan.changes):
        if level is ChangeClass.NONE:
            continue
        for change in changes:
            yield ""
            opened = " open" if level is ChangeClass.BREAKING else ""
            yield f"<details{opened}><summary>{level.word}: {_html(change.title)}</summary>"
            yield ""
            yield from (f"- {_escaped(line)}" for line in _details(change))
            yield ""
            yield "</details>"
    if plan.in_flight:
        yield ""
        yield from (f"- {_escaped(each.sentence)}" for each in plan.in_flight)


def _reached(change: DocumentChange) -> str:
    parts = [f"{len(names)} {what if len(names) > 1 else what[:-1]}" for what, names in change.reached.items() if names]
    return ", ".join(parts) or "nothing"


def _escaped(text: str) -> str:
    """Text that means itself in a table, a list or a line of markdown; code in backticks stays code."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
