"""One name written for another: what has a key too many and lacks another one is told once, at the key to change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.base.record import frozen
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.spec.workspace import LoadedWorkspace


@frozen
class _Pair:
    """The code of a finding about a missing name, and that of one about an unknown name.

    ``aligned``: the unknown key stands in the column in which the finding about the missing one does.
    """

    missing: str
    unknown: str
    aligned: bool = False


_PAIRS = (
    _Pair("SPEC011", "SPEC010", True),
    _Pair("MAP001", "MAP002", True),
    _Pair("MAP102", "MAP103"),
    _Pair("MAP105", "MAP105"),
    _Pair("MAP005", "MAP005"),
    _Pair("CONN003", "CONN003"),
    _Pair("CONN102", "CONN102"),
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
    if "SPEC011" in codes:
        instead.update(_moved(found))
    keyed = [each for each in found if each.code == "SPEC010"] if "SPEC016" in codes else []
    for each in found:
        if each.code == "SPEC016" and any(_same_object(each, other) for other in keyed):
            continue  # what stands there instead is said already
        told = instead.get(each, each)
        if told is not None:
            yield told


def _paired(pair: _Pair, found: Sequence[Diagnostic]) -> dict[Diagnostic, Diagnostic | None]:
    """What becomes of the findings of a pair: None is left out."""
    lacking = [each for each in found if each.code == pair.missing and len(each.about.missing) == 1]
    unknown = [each for each in found if each.code == pair.unknown and len(each.about.unknown) == 1]
    instead: dict[Diagnostic, Diagnostic | None] = {}
    for missing in lacking:
        owner = missing.about.owner
        beside = [each for each in unknown if each.about.owner == owner and _beside(pair, missing, each)]
        others = [each for each in lacking if each.about.owner == owner and each.span == missing.span]
        if len(beside) == 1 and len(others) == 1 and beside[0] not in instead:
            instead[missing] = None
            instead[beside[0]] = _renamed(beside[0], missing.about.missing[0])
    return instead


def _moved(found: Sequence[Diagnostic]) -> dict[Diagnostic, Diagnostic | None]:
    """What becomes of a key that stands too far left or right: it does not fit there, and is missing elsewhere."""
    instead: dict[Diagnostic, Diagnostic | None] = {}
    for missing in (each for each in found if each.code == "SPEC011"):
        (name,), owner = missing.about.missing, missing.about.owner
        for wrong in (each for each in found if each.code in ("SPEC010", "SPEC012") and each not in instead):
            a, b = missing.span, wrong.span
            if a.file != b.file or not 0 < b.line - a.line <= _NEAR_LINES:
                continue
            if wrong.code == "SPEC010" and wrong.about.unknown == (name,) and b.column < a.column:
                help = f"indent it as far as what stands below {owner}, which needs it"
            elif wrong.code == "SPEC012" and wrong.about.owner == f"`{name}`" and b.column > a.column:
                help = f"indent it less: {owner} needs it"
            else:
                continue
            instead[missing] = None
            instead[wrong] = replace(wrong, help=help, fix=None)
            break
    return instead


def _beside(pair: _Pair, missing: Diagnostic, unknown: Diagnostic) -> bool:
    a, b = missing.span, unknown.span
    if a.file != b.file or (pair.aligned and a.column != b.column):
        return False
    return a.file.endswith(".connection.yaml") or 0 <= b.line - a.line <= _NEAR_LINES


def _renamed(wrong: Diagnostic, wanted: str) -> Diagnostic:
    """The finding about the unknown name, which says what is wanted in its place."""
    if wrong.about.meant == wanted:
        return wrong
    span, written = wrong.span, wrong.about.unknown[0]
    fix = None
    if span.end_line == span.line and span.end_column - span.column == len(written):
        fix = Fix(f"write {wanted}", (Edit(span, wanted),), safe=False)
    help, about = f"did you mean `{wanted}`? It is missing here", replace(wrong.about, meant=wanted)
    return replace(wrong, help=help, fix=wrong.fix or fix, about=about)


def _same_object(wanted: Diagnostic, unknown: Diagnostic) -> bool:
    a, b = wanted.span, unknown.span
    return (a.file, a.column) == (b.file, b.column) and 0 <= b.line - a.line <= _NEAR_LINES
