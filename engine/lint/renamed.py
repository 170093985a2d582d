"""Inputs and elements that are called one thing and read as another: one finding at the name, not one at each use."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.span import Span
from engine.spec.documents.flow import Flow
from engine.spec.documents.mapping import Mapping
from engine.spec.documents.policy import Policy
from engine.spec.workspace import LoadedWorkspace

_READ_MIN = 2
_SHOWN_MAX = 3


def at_inputs(found: Sequence[Diagnostic], workspace: LoadedWorkspace) -> list[Diagnostic]:
    """The findings; those about one unknown name are one where an input has a name that nothing reads."""
    unknown: dict[str, dict[str, list[Diagnostic]]] = defaultdict(lambda: defaultdict(list))
    for each in found:
        for name in each.about.unknown if each.code == "EXPR011" else ():
            unknown[each.span.file][name].append(each)
    if not unknown:
        return list(found)
    kept = list(found)
    documents: tuple[Mapping | Policy | Flow, ...] = (*workspace.mappings, *workspace.policies, *workspace.flows)
    for document in documents:
        names = unknown.get(document.span.file, {})
        idle = list(_idle(document, workspace)) if len(names) == 1 else []
        for name, places in names.items():
            if len(idle) == 1 and len(places) >= _READ_MIN:
                kept = [_told(*idle[0], name, places), *(each for each in kept if each not in places)]
    return kept if len(kept) == len(found) else sorted(kept, key=Diagnostic.sort_key)


def _idle(document: Mapping | Policy | Flow, workspace: LoadedWorkspace) -> Iterator[tuple[str, Span]]:
    """The inputs and elements that nothing reads, and where their names stand."""
    file = document.span.file
    text = workspace.files.get(file, "")
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        element = re.match(r" +(?:- +)?as: +(\w+) *$", line)
        if element is not None and not _is_read(element[1], text):
            yield element[1], Span(file, number, element.start(1) + 1, number, element.end(1) + 1)
    for name, declared in () if isinstance(document, Flow) else document.input:
        if _is_read(name, text):
            continue
        for number in range(declared.span.line, 0, -1):
            key = re.match(rf" +({re.escape(name)}):", lines[number - 1])
            if key is not None:
                yield name, Span(file, number, key.start(1) + 1, number, key.end(1) + 1)
                break


def _is_read(name: str, text: str) -> bool:
    """Whether an expression may read the name: it stands alone, or fields of it are named."""
    pattern = rf"(?<![\w.]){re.escape(name)}(?=[.\[|)\s,}}]|$)"
    for line in text.split("\n"):
        for found in re.finditer(pattern, line):
            if not re.search(r"\bas: +$", line[: found.start()]):
                return True
    return False


def _told(written: str, place: Span, name: str, places: Sequence[Diagnostic]) -> Diagnostic:
    message = f"`{written}` is read by nothing, and `{name}`, which is read {len(places)} times, stands for nothing"
    labels = tuple(Label(each.span, f"`{name}` is read here") for each in places[:_SHOWN_MAX])
    fix = Fix(f"write {name}", (Edit(place, name),), safe=False)
    return Diagnostic("EXPR011", message, place, help=f"did you mean `{name}`?", labels=labels, fix=fix)
