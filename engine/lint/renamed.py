"""Inputs that are called one thing and read as another: one finding at the input, not one wherever it is read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.span import Span
from engine.spec.documents.mapping import Mapping
from engine.spec.documents.policy import Policy
from engine.spec.workspace import LoadedWorkspace

_UNKNOWN = re.compile(r"nothing is called (\w+) here")
_READ_MIN = 2
_SHOWN_MAX = 3


def at_inputs(found: Sequence[Diagnostic], workspace: LoadedWorkspace) -> list[Diagnostic]:
    """The findings; those about one unknown name are one where an input has a name that nothing reads."""
    unknown: dict[str, dict[str, list[Diagnostic]]] = defaultdict(lambda: defaultdict(list))
    for each in found:
        missing = _UNKNOWN.fullmatch(each.message) if each.code == "EXPR011" else None
        if missing is not None:
            unknown[each.span.file][missing[1]].append(each)
    if not unknown:
        return list(found)
    kept = list(found)
    documents: tuple[Mapping | Policy, ...] = (*workspace.mappings, *workspace.policies)
    for document in documents:
        names = unknown.get(document.span.file, {})
        idle = list(_idle(document, workspace)) if len(names) == 1 else []
        for name, places in names.items():
            if len(idle) == 1 and len(places) >= _READ_MIN:
                kept = [_told(*idle[0], name, places), *(each for each in kept if each not in places)]
    return kept if len(kept) == len(found) else sorted(kept, key=Diagnostic.sort_key)


def _idle(document: Mapping | Policy, workspace: LoadedWorkspace) -> Iterator[tuple[str, Span]]:
    """The inputs that nothing reads, and where their names stand."""
    file = document.span.file
    text = workspace.files.get(file, "")
    lines = text.split("\n")
    for name, declared in document.input:
        if re.search(rf"(?<![\w.]){re.escape(name)}(?=[.\[|)\s,}}]|$)(?!:)", text, re.MULTILINE) is not None:
            continue
        for number in range(declared.span.line, 0, -1):
            key = re.match(rf" +({re.escape(name)}):", lines[number - 1])
            if key is not None:
                yield name, Span(file, number, key.start(1) + 1, number, key.end(1) + 1)
                break


def _told(written: str, place: Span, name: str, places: Sequence[Diagnostic]) -> Diagnostic:
    message = f"the input `{written}` is read by nothing, and `{name}`, which is read {len(places)} times, is no input"
    labels = tuple(Label(each.span, f"`{name}` is read here") for each in places[:_SHOWN_MAX])
    fix = Fix(f"write {name}", (Edit(place, name),), safe=False)
    return Diagnostic("EXPR011", message, place, help=f"did you mean `{name}`?", labels=labels, fix=fix)
