"""References to another table, mapping, policy or flow than is meant: what is given and read fits another of its kind.

What follows from such a reference is said once, at the reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.lint.subject import all_steps, major
from engine.report.frame import source_line
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.span import Span
from engine.spec.documents.flow import Flow
from engine.spec.documents.mapping import MappedList
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.documents.policy import Policy
from engine.spec.documents.source import Source
from engine.spec.documents.table import Table
from engine.spec.workspace import LoadedWorkspace

_KEYS = frozenset({"MAP005", "MAP105"})
_INPUTS = frozenset({"MAP102", "MAP103"})
#: What else may be said inside of what names it, once its inputs are not those that are given.
_INSIDE = ("MAP107", "TYPE")
#: What may follow from what a reference gives, where it is read.
_READ = ("EXPR010", "TYPE", "MONEY", "MAP001", "MAP003")
_CONCERNED = _KEYS | _INPUTS | {"EXPR010", "TYPE002", "MAP003"}
_SHOWN_MAX = 3


@dataclass(frozen=True, slots=True)
class _Use:
    """A place that names something by reference: how it is read afterwards, and what it is given."""

    kind: str
    name: str
    place: Span
    beginning: str
    given: frozenset[str]
    within: Span


def at_other_references(found: Sequence[Diagnostic], workspace: LoadedWorkspace) -> list[Diagnostic]:
    """The findings; those that follow from one reference to something else than is meant are one at the reference."""
    kept = list(found)
    files = {each.span.file for each in found if each.code in _CONCERNED}
    documents: tuple[Any, ...] = (*workspace.mappings, *workspace.policies, *workspace.flows, *workspace.sources)
    for document in documents:
        if document.span.file in files:
            for use in _uses(document):
                kept = _told(use, kept, workspace)
    return kept if len(kept) == len(found) else sorted(kept, key=Diagnostic.sort_key)


def _uses(document: MappingDocument | Policy | Flow | Source) -> Iterator[_Use]:
    if isinstance(document, Source):
        for emission in (each for case in document.cases for each in case.emit):
            data, given = emission.data, frozenset(dict(emission.data.input))
            yield _Use("mapping", str(data.mapping), data.mapping.span, "", given, emission.span)
        return
    if isinstance(document, Flow):
        for step in all_steps(document):
            beginning = f"steps.{step.id}"
            if step.lookup is not None and step.lookup.table is not None:
                table, key = step.lookup.table, step.lookup.key
                yield _Use("table", table.text, table.span, beginning, frozenset(dict(key)), step.span)
            for kind, named in (("mapping", step.map), ("policy", step.check), ("flow", step.call)):
                reference = None if named is None else getattr(named, kind)
                if named is not None and reference is not None:
                    given = frozenset(dict(named.input))
                    yield _Use(kind, str(reference), reference.span, beginning, given, step.span)
        return
    yield from _rows(document)


def _rows(part: MappingDocument | Policy | MappedList) -> Iterator[_Use]:
    for name, lookup in part.lookups:
        table = lookup.table
        yield _Use("table", table.text, table.span, f"lookups.{name}", frozenset(dict(lookup.key)), lookup.span)
    for _, inner in getattr(part, "lists", None) or ():
        yield from _rows(inner)


def _told(use: _Use, found: list[Diagnostic], workspace: LoadedWorkspace) -> list[Diagnostic]:
    own = [each for each in found if each.span.file == use.place.file]
    codes = _KEYS if use.kind == "table" else _INPUTS
    inside = [each for each in own if use.within.line <= each.span.line <= use.within.end_line]
    about = [each for each in inside if each.code in codes]
    reads = re.compile(rf"(?<![\w.]){re.escape(use.beginning or '-')}(?:\.(\w+))?(?![\w])")
    follows = [each for each in own if each.code.startswith(_READ) and _reads(each, reads, workspace.files)]
    read = [each for each in follows if each.code == "EXPR010"]
    if not about and len({each.about.unknown for each in read}) < 2:
        return _made(use, follows, found)
    columns = set(filter(None, reads.findall(workspace.files.get(use.place.file, ""))))
    meant = [name for name, fits in _others(use, workspace, columns) if fits and name != use.name]
    gone = {*read} if use.kind == "table" else {*follows}
    if len(meant) != 1:
        return [each for each in found if each not in gone] if about else found
    gone |= {*about, *(each for each in inside if each.code.startswith(_INSIDE) and use.kind != "table")}
    return [_at_reference(use, meant[0], (*about, *read)), *(each for each in found if each not in gone)]


def _at_reference(use: _Use, meant: str, follows: Sequence[Diagnostic]) -> Diagnostic:
    code = "MAP103" if use.kind != "table" else "MAP105" if use.beginning.startswith("steps.") else "MAP005"
    lacks = "the key and columns that are used here" if use.kind == "table" else "the inputs that it is given here"
    message = f"{use.kind} `{use.name}` does not have {lacks}"
    labels = tuple(Label(each.span, each.message) for each in follows[:_SHOWN_MAX])
    fix = Fix(f"write {meant}", (Edit(use.place, meant),), safe=False)
    return Diagnostic(code, message, use.place, help=f"did you mean `{meant}`? It has them", labels=labels, fix=fix)


def _made(use: _Use, follows: Sequence[Diagnostic], found: list[Diagnostic]) -> list[Diagnostic]:
    """What a mapping makes fits nowhere: one finding at the mapping, not one wherever it is used."""
    misfits = [each for each in follows if each.about.kind == "part" and not each.about.meant]
    if use.kind != "mapping" or not misfits:
        return found
    first = misfits[0]
    if len(misfits) == 1:
        label = Label(use.place, f"`{use.beginning}` is what {use.name} makes")
        return [replace(each, labels=(*each.labels, label)) if each == first else each for each in found]
    message = f"what mapping `{use.name}` makes fits in none of the {len(misfits)} places that take it"
    labels = tuple(Label(each.span, each.message) for each in misfits[:_SHOWN_MAX])
    told = Diagnostic(first.code, message, use.place, help="apply the mapping that is meant", labels=labels)
    return [told, *(each for each in found if each not in misfits)]


def _reads(finding: Diagnostic, reads: re.Pattern[str], files: Mapping[str, str]) -> bool:
    """Whether the path at a finding begins with what the reference gives."""
    line = source_line(files, finding.span.file, finding.span.line) or ""
    end = finding.span.end_column if finding.span.end_line == finding.span.line else len(line)
    return any(each.start() < end and each.end() >= finding.span.column - 1 for each in reads.finditer(line))


def _others(use: _Use, workspace: LoadedWorkspace, columns: set[str]) -> Iterator[tuple[str, bool]]:
    """The names of everything of the kind, and whether it is what is used here."""
    if use.kind == "table":
        for table in workspace.tables:
            yield table.id, _is_table(table, use.given, columns)
        return
    kinds: Mapping[str, Sequence[Any]] = {
        "mapping": workspace.mappings,
        "policy": workspace.policies,
        "flow": [each for each in workspace.flows if each.trigger.call is not None],
    }
    named: dict[str, bool] = {}
    for each in kinds[use.kind]:
        inputs = each.input if use.kind != "flow" else each.trigger.call.input
        named[major(each.id, each.version)] = frozenset(dict(inputs)) == use.given
    yield from named.items()


def _is_table(table: Table, given: frozenset[str], columns: set[str]) -> bool:
    return {each.text for each in table.key} == given and columns <= {name for name, _ in table.columns}
