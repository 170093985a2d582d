"""A release plan as markdown for the conversation about a change: a comment of bounded size."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.release.change_rules import ChangeClass
from engine.release.classify import DocumentChange
from engine.release.plan import ReleasePlan, by_gravity
from engine.release.plan_text import details, summary
from engine.report.visible import visible

#: A comment that begins with this line is the one that the next plan takes the place of.
MARKER = "<!-- tieout plan -->"
#: Comments of forges end at 65,536 characters; this leaves room for what a pipeline puts around it.
SIZE_MAX = 60_000
_ROWS_MAX = 100
_LINE_MAX = 600
_PATH = re.compile(r"`[^`]+`")
_SPECIAL = re.compile(r"([\\`*_{}\[\]#!|~$])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MENTION = re.compile(r"(?<!\w)@")


def plan_markdown(plan: ReleasePlan) -> str:
    """The plan as a comment; the first line tells it from other comments, so that it can be replaced."""
    changes = [change for _, found in by_gravity(plan.changes) for change in found]
    parts = ["\n".join(_head(plan)), *_table(changes)]
    tail = "".join(f"\n- {_escaped(each.sentence)}" for each in plan.in_flight)
    size = sum(map(len, parts)) + len(tail)
    left_out = 0
    for change in changes:
        if change.level is ChangeClass.NONE:
            continue
        part = "\n".join(_unfolded(change))
        if size + len(part) > SIZE_MAX:
            left_out += 1
            continue
        size += len(part) + 1
        parts.append(part)
    if left_out:
        which = "document is" if left_out == 1 else "documents are"
        parts.append(f"\nThe reasons of {left_out} more {which} left out here: run `tieout plan`.")
    return "\n".join((*parts, *((tail,) if tail else ()))) + "\n"


def _head(plan: ReleasePlan) -> Iterator[str]:
    yield MARKER
    yield f"### Release plan: {plan.level.word}"
    yield ""
    yield f"{_escaped(summary(plan))} Compared with {_escaped(plan.old)}."
    yield from (f"\n{_escaped(note)}" for note in plan.notes)
    wrong = len(plan.version_problems)
    if wrong:
        yield f"\n**{wrong} {'document needs' if wrong == 1 else 'documents need'} another version** before a release."


def _table(changes: list[DocumentChange]) -> Iterator[str]:
    if not changes:
        return
    yield "\n| class | | document | reaches |\n|---|---|---|---|"
    for change in changes[:_ROWS_MAX]:
        cells = (change.level.word, change.action, _escaped(change.title), _reached(change))
        yield f"| {' | '.join(cells)} |"
    rest = changes[_ROWS_MAX:]
    if rest:
        levels = [each.level.word for each in rest]
        counted = ", ".join(f"{levels.count(word)} {word}" for word in dict.fromkeys(levels))
        yield f"\nand {len(rest)} more: {counted}."


def _unfolded(change: DocumentChange) -> Iterator[str]:
    opened = " open" if change.level is ChangeClass.BREAKING else ""
    title = _MENTION.sub("&#64;", change.title.translate(_ENTITIES))
    yield f"\n<details{opened}><summary>{change.level.word}: {title}</summary>\n"
    yield from (f"- {_escaped(_cut(line))}" for line in details(change))
    yield "\n</details>"


def _reached(change: DocumentChange) -> str:
    parts = [f"{len(names)} {what if len(names) > 1 else what[:-1]}" for what, names in change.reached.items() if names]
    return ", ".join(parts) or "nothing"


def _cut(line: str) -> str:
    return line if len(line) <= _LINE_MAX else f"{line[: _LINE_MAX - 1]}…"


def _escaped(text: str) -> str:
    """Text that means itself, on one line: no emphasis, links, mentions or tags; a path that it begins with is code."""
    line = visible(" ".join(text.split()))
    path = _PATH.match(line)
    return _plain(line) if path is None else path[0].replace("|", "\\|") + _plain(line[path.end() :])


def _plain(text: str) -> str:
    return _MENTION.sub("&#64;", _SPECIAL.sub(r"\\\1", text).translate(_ENTITIES))
