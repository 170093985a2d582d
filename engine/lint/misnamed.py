"""One name written for another: what has a key too many and lacks another one is told once, at the key to change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.spec.workspace import LoadedWorkspace


@dataclass(frozen=True, slots=True)
class _Pair:
    """How a code says that something is missing, and how one says that something is unknown.

    Both patterns capture whose key it is, if they name it, and the key. ``aligned``: the unknown key stands in the
    column in which the finding about the missing one does.
    """

    missing: str
    lacks: re.Pattern[str]
    unknown: str
    has: re.Pattern[str]
    aligned: bool = False


_PAIRS = (
    _Pair("SPEC011", re.compile(r"(.+) has no `(\w+)`"), "SPEC010", re.compile(r"(.+) has no key `(\w[\w-]*)`"), True),
    _Pair(
        "MAP001",
        re.compile(r"()the required field ([\w.\[\]]+) is not set"),
        "MAP002",
        re.compile(r"()the result has no field (\S+)"),
        True,
    ),
    _Pair("MAP102", re.compile(r"(.+) also wants `(\w+)`"), "MAP103", re.compile(r"(.+) has no input `(\w+)`")),
    _Pair(
        "MAP105",
        re.compile(r"the key of (table `\w+`) also needs `(\w+)`"),
        "MAP105",
        re.compile(r"(?=.*(table `\w+`))`(\w+)` is not a key column.*"),
    ),
    _Pair(
        "MAP005",
        re.compile(r"the key of (table \w+) needs `(\w+)` too"),
        "MAP005",
        re.compile(r"(?=.*(table \w+))`(\w+)` is no key column.*"),
    ),
    _Pair(
        "CONN003",
        re.compile(r"()setting '(\w+)' is missing.*"),
        "CONN003",
        re.compile(r"()connector \w+ has no setting '(\w+)'"),
    ),
    _Pair(
        "CONN102",
        re.compile(r"()secret '(\w+)' is missing.*"),
        "CONN102",
        re.compile(r"()connector \w+ has no secret '(\w+)'"),
    ),
)
_NEAR_LINES = 40


def told_once(found: Sequence[Diagnostic], _workspace: LoadedWorkspace) -> list[Diagnostic]:
    """The findings; a missing name and the one unknown name beside it are one finding."""
    return list(_once(found))


def _once(found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    codes = {each.code for each in found}
    instead: dict[Diagnostic, Diagnostic | None] = {}
    for pair in _PAIRS:
        if pair.missing in codes and pair.unknown in codes:
            instead.update(_paired(pair, found))
    keyed = [each for each in found if each.code == "SPEC010"] if "SPEC016" in codes else []
    for each in found:
        if each.code == "SPEC016" and any(_same_object(each, other) for other in keyed):
            continue  # what stands there instead is said already
        told = instead.get(each, each)
        if told is not None:
            yield told


def _paired(pair: _Pair, found: Sequence[Diagnostic]) -> dict[Diagnostic, Diagnostic | None]:
    """What becomes of the findings of a pair: None is left out."""
    lacking = [
        (each, match) for each in found if each.code == pair.missing and (match := pair.lacks.fullmatch(each.message))
    ]
    unknown = [
        (each, match) for each in found if each.code == pair.unknown and (match := pair.has.fullmatch(each.message))
    ]
    instead: dict[Diagnostic, Diagnostic | None] = {}
    for missing, lacks in lacking:
        beside = [(each, has) for each, has in unknown if has[1] == lacks[1] and _beside(pair, missing, each)]
        others = [each for each, match in lacking if match[1] == lacks[1] and each.span == missing.span]
        if len(beside) == 1 and len(others) == 1 and beside[0][0] not in instead:
            wrong, has = beside[0]
            instead[missing] = None
            instead[wrong] = _renamed(wrong, has[2].rpartition(".")[2], lacks[2].rpartition(".")[2])
    return instead


def _beside(pair: _Pair, missing: Diagnostic, unknown: Diagnostic) -> bool:
    a, b = missing.span, unknown.span
    if a.file != b.file or (pair.aligned and a.column != b.column):
        return False
    return a.file.endswith(".connection.yaml") or 0 <= b.line - a.line <= _NEAR_LINES


def _renamed(wrong: Diagnostic, written: str, wanted: str) -> Diagnostic:
    """The finding about the unknown name, which says what is wanted in its place."""
    if wrong.help.startswith("did you mean") and wanted in wrong.help:
        return wrong
    span = wrong.span
    fix = None
    if span.end_line == span.line and span.end_column - span.column == len(written):
        fix = Fix(f"write {wanted}", (Edit(span, wanted),), safe=False)
    return replace(wrong, help=f"did you mean `{wanted}`? It is missing here", fix=wrong.fix or fix)


def _same_object(wanted: Diagnostic, unknown: Diagnostic) -> bool:
    a, b = wanted.span, unknown.span
    return (a.file, a.column) == (b.file, b.column) and 0 <= b.line - a.line <= _NEAR_LINES
