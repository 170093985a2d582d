"""One root cause, one finding: leaves out what only follows from another finding."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from engine.source.about import Slip
from engine.source.diagnostic import Diagnostic, Level
from engine.source.span import Span
from engine.spec.workspace import WORKSPACE_FILE

#: Something that is named and was not found. If a whole folder was not read, nobody knows whether it is there.
_NOT_FOUND = frozenset({
    "MAP004", "MAP101", "MAP104", "POL101", "FLOW001", "FLOW005", "FLOW207", "SCHEMA003", "SCHEMA101", "FIN002",
    "CONN101", "TEST203", "TEST205", "TEST206",
})  # fmt: skip
_CONNECTION_LOST = frozenset({"CONN001", "CONN003"})
_NAMES_CONFUSED = frozenset({"FLOW003", "FLOW006", "MAP006"})
#: So far behind a condition what it guards may stand.
_GUARDED_LINES = 12
#: Findings that say less than others at the same place.
_WEAKER = frozenset({"MAP231", "MAP236", "MONEY225"})


def _same_file(later: Diagnostic, first: Diagnostic) -> bool:
    return later.span.file == first.span.file


def _wherever(_later: Diagnostic, _first: Diagnostic) -> bool:
    """A rule of a connector that comes too late shows in every flow that asks the connector."""
    return True


def _of_test(later: Diagnostic, first: Diagnostic) -> bool:
    """Whether a case that is not there is one of a test in which two have one name."""
    return any(name.partition("/")[0] == first.about.owner for name in later.about.unknown)


def _same_line(later: Diagnostic, first: Diagnostic) -> bool:
    return (later.span.file, later.span.line) == (first.span.file, first.span.line)


def _just_before(later: Diagnostic, first: Diagnostic) -> bool:
    """Whether what should be below a key does not fit there."""
    return first.span.file == later.span.file and 0 < first.span.line - later.span.line <= 2


def _shared(later: Diagnostic, first: Diagnostic) -> bool:
    """Whether what the later one names is what was meant in the first."""
    return not {*first.about.unknown, *first.about.near, first.about.meant}.isdisjoint(later.about.named)


def _of_row(later: Diagnostic, first: Diagnostic) -> bool:
    """Whether an unknown field is one of a row of the table whose file has other columns."""
    known = later.about.near
    return bool(known) and not later.about.meant and set(known) <= set(first.about.near)


def _among(later: Diagnostic, first: Diagnostic) -> bool:
    """Whether what lacks a key should not be there at all, beside another of its kind."""
    near = first.span.file == later.span.file and -2 <= first.span.line - later.span.line <= 2
    return near and first.about.slip is Slip.BESIDE and later.about.owner in first.about.named


def _not_null(later: Diagnostic, first: Diagnostic) -> bool:
    """Whether the test for null that should have come before is written with a text."""
    near = first.span.file == later.span.file and 0 <= later.span.line - first.span.line <= 2
    return near and any("null" in sort.texts for sort in (first.about.given, first.about.wanted) if sort is not None)


def _unguarded(later: Diagnostic, first: Diagnostic) -> bool:
    """Whether a condition that should have kept null away is none."""
    near = first.span.file == later.span.file and 0 <= later.span.line - first.span.line <= _GUARDED_LINES
    return near and later.about.given is not None and "null" in later.about.given.kinds


def _shadowed(later: Diagnostic, first: Diagnostic) -> bool:
    """Whether one case comes before both."""
    before = first.labels[:1] == later.labels[:1] and bool(first.labels)
    return before and first.span.file == later.span.file and first.span.line < later.span.line


def _round(later: Diagnostic, first: Diagnostic) -> bool:
    return _same_line(later, first) and first.about.kind == "argument" and first.about.owner == "round"


#: What is found only because of something else: its code, the code of the cause, and whether they belong together.
_FOLLOWING: tuple[tuple[str, str, Callable[[Diagnostic, Diagnostic], bool]], ...] = (
    ("DOC221", "YAML223", _same_line),
    ("FIN156", "FIN220", _same_file),
    ("FIN156", "FIN150", _shared),
    ("EXPR010", "SPEC202", _of_row),
    ("SPEC011", "SPEC016", _among),
    ("TYPE001", "TYPE003", _not_null),
    ("TYPE001", "TYPE004", _unguarded),
    ("TYPE002", "TYPE004", _unguarded),
    ("YAML007", "YAML001", _just_before),
    ("TEST201", "TEST205", _shared),
    ("TEST233", "TEST206", _shared),
    ("TEST235", "FLOW243", _shared),
    ("FLOW202", "FLOW202", _shadowed),
    ("TYPE005", "TYPE002", _round),
    ("CONN228", "CONN233", _wherever),
    ("TEST203", "TEST222", _of_test),
)
_LATER = frozenset(code for code, _, _ in _FOLLOWING)
_COMPUTING = ("EXPR", "TYPE", "MONEY")


def root_causes(found: Sequence[Diagnostic], unread: Collection[tuple[str, str]]) -> Iterator[Diagnostic]:
    """The findings that stand for themselves, in their order. ``unread`` are documents that are there but were left
    out because of their own findings, as (kind, id)."""
    # A table whose rows or columns are wrong is not built, so whoever looks it up misses it.
    tables = {each.span.file for each in found if each.code.startswith("SPEC20")}
    lost = {id for _, id in unread} | {Path(file).name.partition(".")[0] for file in tables}
    unsure = _Unsure(found, lost)
    errors = {each.span for each in found if each.level is Level.ERROR}
    confused = {each.span.file for each in found if each.code in _NAMES_CONFUSED}
    aimless = {each.span.file for each in found if each.code == "TEST205"}
    inner = [each.span for each in found if each.code.startswith(_COMPUTING)]
    for each in found:
        if each.code in _NOT_FOUND and unsure(each):
            continue
        if each.code == "YAML015" and each.span in errors:
            continue  # it is said already that another value is needed here
        if each.code.startswith(_COMPUTING) and any(_within(other, each.span) for other in inner):
            continue  # a part of the expression is wrong, so nothing is known of the whole
        if each.span.file in confused and each.code.startswith(("EXPR01", "TYPE")):
            continue  # a name stands for two things, so what it is cannot be told
        if each.span.file in aimless and each.code.startswith("TEST") and each.code != "TEST205":
            continue  # what a test is about is not known
        if each.code in _LATER and any(_follows(each, other) for other in found):
            continue
        if each.code in _WEAKER and any(other.span == each.span and other.code not in _WEAKER for other in found):
            continue  # what stands there fails before it comes so far
        yield each


def _follows(later: Diagnostic, first: Diagnostic) -> bool:
    """Whether one finding is there only because of another."""
    return any(
        later.code == code and first.code == cause and together(later, first) for code, cause, together in _FOLLOWING
    )


class _Unsure:
    """Whether something that was not found may be there after all, or is only missed because of it."""

    def __init__(self, found: Sequence[Diagnostic], unread: Collection[str]) -> None:
        self._folder_lost = any(
            each.code in ("SPEC101", "SPEC102") and each.span.file == WORKSPACE_FILE for each in found
        )
        broken = {each.span.file for each in found if each.code.startswith(("YAML0", "YAML1", "SPEC0"))}
        self._connection_lost = any(each.code in _CONNECTION_LOST for each in found) or any(
            file.endswith((".connection.yaml", "manifest.yaml")) for file in broken
        )
        self._policy_lost = {each.span.file for each in found if each.code == "POL101"}
        self._unread = unread

    def __call__(self, each: Diagnostic) -> bool:
        if self._folder_lost:
            return True
        if each.code == "FLOW005":
            return each.span.file in self._policy_lost  # the check is there, its policy is not
        names = each.about.unknown
        if each.about.kind == "schema" and self._connection_lost and any("." in name for name in names):
            return True  # schemas of a connector come with its connection
        return any(part in self._unread for name in names for part in (name, *name.split("@"), *name.split("/")))


def _within(inner: Span, outer: Span) -> bool:
    """Whether one place is a part of another, and not the whole of it."""
    if inner.file != outer.file or inner == outer:
        return False
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
