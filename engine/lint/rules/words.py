"""Texts for people that say nothing: empty, unfinished, copied, or meant for machines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.subject import Subject, all_steps
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.span import Span
from engine.spec.documents.common import Complaint
from engine.spec.documents.policy import Rule
from engine.spec.nearest import distance

SUMMARY_CHARACTERS = 300
#: So often a name is no slip.
OFTEN = 3
_BLANK = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_UNFINISHED = re.compile(r"\b(todo|fixme|tbd|lorem ipsum)\b|\?{3}", re.IGNORECASE)
_MACHINE = re.compile(r"\bHTTP[ /]?\d|\b(?:event|steps)\.\w+|\bnull\b|Traceback|\w\(\)|Exception\b")
#: Parts of what these look for: most texts hold none, and are not searched further.
_MAYBE_UNFINISHED = ("todo", "fixme", "tbd", "lorem", "???")
_MAYBE_MACHINE = ("HTTP", "event.", "steps.", "null", "Traceback", "()", "Exception")


def check(subject: Subject) -> Iterator[Diagnostic]:
    documents = _documents(subject)
    yield from _summaries(documents, subject)
    yield from _near_owners(
        [document for _, document in documents] + [each for _, each in _complaints(subject)], subject
    )
    for place, complaint in _complaints(subject):
        for name in ("reason", "message", "action"):
            value = getattr(complaint, name)
            text, span = (value, complaint.span) if isinstance(value, str) else (value.text, value.span)
            if not text.strip():
                yield finding("DOC220", f"the {name} of {place} is empty", span, "say it to the person who acts")
            elif name != "reason":
                yield from _readable(f"the {name} of {place}", text, span)
        if complaint.message.text.strip() and not _BLANK.search(complaint.message.text):
            message = f"the message of {place} is the same for every customer and document"
            yield finding("DOC221", message, complaint.message.span, "name them: `{{ ... }}`")
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.approve is not None and not _BLANK.search(step.approve.message.text):
                message = f"step `{step.id}` asks for approval without saying of what"
                yield finding("DOC221", message, step.approve.message.span, "name document and amount: `{{ ... }}`")
    for source in subject.workspace.sources:
        for case in source.cases:
            if not case.emit and not (case.note or "").strip():
                message = f"case `{case.id}` makes no event, and does not say why"
                yield finding("DOC222", message, case.span, "add a `note`")


def _documents(subject: Subject) -> list[tuple[str, Any]]:
    workspace = subject.workspace
    kinds: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("flow", workspace.flows),
        ("mapping", workspace.mappings),
        ("policy", workspace.policies),
        ("table", workspace.tables),
        ("source", workspace.sources),
        ("connection", workspace.connections),
        *workspace.calculating.items(),
    )
    return [(kind, document) for kind, documents in kinds for document in documents]


def _complaints(subject: Subject) -> Iterator[tuple[str, Complaint | Rule]]:
    for table in subject.workspace.tables:
        yield f"table `{table.id}`", table.missing
    for policy in subject.workspace.policies:
        for rule in policy.rules:
            yield f"rule `{rule.id}`", rule
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.fail is not None:
                yield f"step `{step.id}`", step.fail.complaint


def _readable(what: str, text: str, span: Span) -> Iterator[Diagnostic]:
    words = _BLANK.sub("…", text)
    lower = words.casefold()
    unfinished = _UNFINISHED.search(words) if any(each in lower for each in _MAYBE_UNFINISHED) else None
    machine = _MACHINE.search(words) if any(each in words for each in _MAYBE_MACHINE) else None
    if unfinished is not None:
        yield finding("DOC223", f"{what} is unfinished: `{unfinished[0]}`", span, "write what people are to read")
    elif machine is not None:
        message = f"{what} speaks of `{machine[0]}` to people"
        yield finding("DOC224", message, span, "say it in words of the business")


def _summaries(documents: list[tuple[str, Any]], subject: Subject) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str], Any] = {}
    owners: dict[str, tuple[str, Any]] = {}
    for kind, document in documents:
        name, summary = f"{kind} `{document.id}`", document.summary.strip()
        first = seen.setdefault((kind, summary), document)
        for code, message, help in _of_summary(name, document.id, summary):
            yield finding(code, message, place_of("summary:", document.span, subject), help)
        yield from _readable(f"the summary of {name}", summary, document.span)
        if first.id != document.id and summary:
            message = f"the summary of {name} is that of `{first.id}`"
            labels = (Label(place_of("summary:", first.span, subject), "copied from here"),)
            span = place_of("summary:", document.span, subject)
            yield finding("DOC226", message, span, "say what this one does", labels)
        yield from _owner(document, owners, subject)


def _of_summary(name: str, id: str, summary: str) -> Iterator[tuple[str, str, str]]:
    if not summary:
        yield "DOC220", f"the summary of {name} is empty", "say what it does in a sentence"
    elif _plain(summary) == _plain(id):
        yield "DOC225", f"the summary of {name} only repeats its name", "say what it does in a sentence"
    elif len(summary) > SUMMARY_CHARACTERS:
        message = f"the summary of {name} has {len(summary)} characters, and lists cut it"
        yield "DOC225", message, "write one sentence; put the rest into a comment"


def _owner(document: Any, owners: dict[str, tuple[str, Any]], subject: Subject) -> Iterator[Diagnostic]:
    """Two spellings of one team: exceptions of the one do not show in the list of the other."""
    written, first = owners.setdefault(_plain(document.owner), (document.owner, document))
    if document.owner.strip() and written != document.owner:
        span = place_of(document.owner, place_of("owner:", document.span, subject), subject)
        yield finding(
            "DOC227",
            f"`{document.owner}` and `{written}` are two teams here: each sees its own exceptions only",
            span,
            f"write `{written}`, if it is the same team",
            (Label(place_of("owner:", first.span, subject), "the other spelling"),),
            Fix(f"write {written}", (Edit(span, written),), safe=False),
        )


def _near_owners(owned: list[Any], subject: Subject) -> Iterator[Diagnostic]:
    """An owner named once, which is one slip of the keyboard away from one that is named often."""
    meant = subject.known.of(_meant, subject.known.row("owners", tuple(each.owner for each in owned)))
    for each in owned:
        if each.owner in meant:
            often, number = meant[each.owner]
            span = place_of(f"owner: {each.owner}", each.span, subject)
            message = f"the owner `{each.owner}` is named only here; `{often}` is named {number} times"
            yield finding("DOC229", message, span, f"did you mean `{often}`?")


def _meant(owners: tuple[str, ...]) -> dict[str, tuple[str, int]]:
    """Owners that are a slip, with the one that is meant and how often that is named."""
    named = Counter(owners)
    often = [owner for owner, number in named.items() if number >= OFTEN]
    found: dict[str, tuple[str, int]] = {}
    for owner, number in named.items():
        meant = [each for each in often if _slipped(owner, each)] if number == 1 else []
        if len(meant) == 1:
            found[owner] = (meant[0], named[meant[0]])
    return found


def _slipped(written: str, meant: str) -> bool:
    """A letter left out, doubled or swapped with its neighbour; another letter may be another team."""
    if len(meant) < 8 or distance(written, meant) != 1:
        return False
    return len(written) != len(meant) or sorted(written) == sorted(meant)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
