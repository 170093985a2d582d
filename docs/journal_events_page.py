"""The reference page of journal events: what happens in the sub-ledger and the measures that templates can post."""

from __future__ import annotations

from engine.finance.journal.vocabulary import (
    EVENT_TEXTS,
    INVOICE_TEXTS,
    KINDS,
    LINE_TEXTS,
    MEANINGS,
    NEEDS,
    Kind,
)

_INTRODUCTION = """\
# Journal events

Written from the vocabulary of the sub-ledger. A template of a [journal document](documents.md) says `on:` one of these
events; its expressions read the measures below: `line.<measure>` where it posts `per: line` (or obligation, or
contract), `total.<measure>` for all lines together. Amounts below zero are posted on the other side, zeros left out.

A document may declare events of its own under `events`, with their amounts.
"""


def journal_events_page() -> str:
    """The page as Markdown."""
    parts = [_INTRODUCTION, _names()]
    parts += [_section(kind) for kind in KINDS.values()]
    return "\n".join(parts)


def _names() -> str:
    rows = [
        f"- `event`: {_listed((*EVENT_TEXTS, 'date'))}",
        f"- `invoice`, as it stood before the event: {_listed((*INVOICE_TEXTS, 'open'))}",
        f"- `line`, besides its measures: {_listed(LINE_TEXTS)}",
        "- `policy`: the keys of the document's `policy`",
    ]
    return "Expressions also read:\n\n" + "\n".join(rows) + "\n"


def _section(kind: Kind) -> str:
    parts = [f"## {kind.name}\n\n{kind.summary}\n"]
    if kind.name in NEEDS:
        must, _, may = NEEDS[kind.name].partition("; ")
        parts.append(f"Needs {must}." + (f" May have {may}." if may else "") + "\n")
    if not kind.posts:
        parts.append("Posts nothing itself: what it leads to is `revenue.recognised`.\n")
        return "\n".join(parts)
    rows = ["| Measure | Per line | Meaning |", "|---|---|---|"]
    for name in (*kind.line, *kind.sums):
        rows.append(f"| `{name}` | yes | {_meaning(kind, name)} |")
    for name in (*kind.total, *kind.total_sums):
        rows.append(f"| `{name}` | no | {_meaning(kind, name)} |")
    parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _meaning(kind: Kind, name: str) -> str:
    found = [MEANINGS[name]]
    for sums in (kind.sums, kind.also, kind.total_sums):
        if name in sums:
            found.append(f"= {_sum(sums[name])}.")
    return " ".join(found)


def _sum(parts: tuple[str, ...]) -> str:
    text = " ".join(f"− `{part[1:]}`" if part.startswith("-") else f"+ `{part}`" for part in parts)
    return text.removeprefix("+ ")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
