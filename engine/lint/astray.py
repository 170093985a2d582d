"""References to another contract than is meant: many fields are unknown, and one other contract has them all.

What follows from such a reference is said once, at the reference. A second slip in the same document shows when the
reference is corrected.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from engine.lint.subject import all_steps
from engine.report.frame import source_line
from engine.schema.registry import Registry
from engine.schema.schema import Schema
from engine.schema.types import Array, Object, Type, members
from engine.source.diagnostic import Diagnostic, Diagnostics, Edit, Fix, Label
from engine.source.node import Mapping as ObjectNode
from engine.source.node import Node
from engine.source.span import Span
from engine.spec.documents.flow import Flow
from engine.spec.documents.mapping import Mapping
from engine.spec.values import Reference, Tree
from engine.spec.workspace import LoadedWorkspace

#: Fewer may be slips of their own.
_FIELDS_MIN = 2
_SHOWN_MAX = 3
_PATH = re.compile(r"(?<![\w.'\"])[a-z_]\w*(?:\.[A-Za-z_]\w*|\[[^\]]*\])+")
_FIELD = re.compile(r"\.([A-Za-z_]\w*)")
_BRACKETS = re.compile(r"\[[^\]]*\]")
#: What may follow from the type of a scope.
_FROM_SCOPE = ("EXPR01", "TYPE", "MONEY", "MAP003")
_FROM_RESULT = ("MAP001", "MAP002", "MAP003")


def at_references(found: Sequence[Diagnostic], workspace: LoadedWorkspace) -> list[Diagnostic]:
    """The findings; those that follow from one reference to the wrong contract are one finding at that reference."""
    files = {each.span.file for each in found if each.code in ("EXPR010", "MAP002")}
    kept = list(found)
    contracts = _Contracts(workspace)
    documents: tuple[Mapping | Flow, ...] = (*workspace.mappings, *workspace.flows)
    for document in documents:
        file = document.span.file
        if file not in files:
            continue
        own = [each for each in kept if each.span.file == file]
        for reference, beginning in _scopes(document):
            told = _scope_astray(reference, beginning, own, contracts)
            if told is not None:
                gone = {each for each in own if each.code.startswith(_FROM_SCOPE)}
                kept = [told, *(each for each in kept if each not in gone)]
                own = [each for each in own if each not in gone]
        for reference, made in _results(document):
            told = _result_astray(reference, made.node, own, contracts)
            if told is not None:
                place = made.span if isinstance(document, Flow) else None
                kept = [told, *(each for each in kept if not _follows(each, file, place))]
    return kept if len(kept) == len(found) else sorted(kept, key=Diagnostic.sort_key)


class _Contracts:
    """The contracts of a workspace; their types are worked out when one is looked for."""

    def __init__(self, workspace: LoadedWorkspace) -> None:
        self.workspace = workspace

    @cached_property
    def all(self) -> tuple[Schema, ...]:
        return Registry.load(self.workspace.schemas, Diagnostics()).all

    def others(self, reference: Reference) -> Iterator[Schema]:
        """Those that can stand in its place: events for an event, records for a record."""
        is_event = "." in reference.id
        for each in self.all:
            if (each.id, each.major) != (reference.id, reference.major) and ("." in each.id) == is_event:
                yield each


def _scopes(document: Mapping | Flow) -> Iterator[tuple[Reference, str]]:
    """References that give a scope its type, and the name that expressions read it by."""
    if isinstance(document, Mapping):
        for name, given in document.input:
            if given.schema is not None:
                yield given.schema, name
    elif document.trigger is not None and document.trigger.event is not None and not _shadowed(document):
        yield document.trigger.event, "event.data"


def _shadowed(flow: Flow) -> bool:
    """Whether steps inside name something `event` themselves."""
    return any(step.id == "event" for step in all_steps(flow))


# ----------------------------------------------------------------------------- what is read


def _scope_astray(
    reference: Reference, beginning: str, own: Sequence[Diagnostic], contracts: _Contracts
) -> Diagnostic | None:
    files = contracts.workspace.files
    unknown: dict[tuple[str, ...], Diagnostic] = {}
    for each in own:
        path = _path_at(each, beginning, files) if _is_unknown_field(each) else None
        if path is not None:
            unknown.setdefault(path, each)
    if len(unknown) < _FIELDS_MIN:
        return None
    read = {*unknown, *_paths_of(files.get(reference.span.file, ""), beginning)}
    meant = [each for each in contracts.others(reference) if all(_has(each.type, path) for path in read)]
    return _told(reference, {f"{beginning}.{'.'.join(path)}": each for path, each in unknown.items()}, "read", meant)


def _is_unknown_field(diagnostic: Diagnostic) -> bool:
    return diagnostic.code == "EXPR010" or diagnostic.about.kind == "field"


def _path_at(diagnostic: Diagnostic, beginning: str, files: dict[str, str]) -> tuple[str, ...] | None:
    """The fields below ``beginning`` that the path at a finding names; None if it is another path."""
    line = source_line(files, diagnostic.span.file, diagnostic.span.line) or ""
    for found in _PATH.finditer(line):
        if found.start() < diagnostic.span.column <= found.end() and found[0].startswith(f"{beginning}."):
            return _fields(found[0], beginning)
    return None


def _paths_of(text: str, beginning: str) -> Iterator[tuple[str, ...]]:
    """Every path below ``beginning`` in a document."""
    for line in text.split("\n"):
        if beginning in line and not line.lstrip().startswith(("#", "summary:", "note:", "reason:")):
            for found in _PATH.finditer(line):
                if found[0].startswith(f"{beginning}."):
                    yield _fields(found[0], beginning)


def _fields(path: str, beginning: str) -> tuple[str, ...]:
    return tuple(_FIELD.findall(_BRACKETS.sub("", path[len(beginning) :])))


def _has(type_: Type, path: tuple[str, ...]) -> bool:
    """Whether a contract declares all the fields of a path, inside lists too."""
    if not path:
        return True
    for each in members(type_):
        if isinstance(each, Array) and _has(each.element, path):
            return True
        inner = each.fields.get(path[0]) if isinstance(each, Object) else None
        if inner is not None and _has(inner, path[1:]):
            return True
    return False


# ----------------------------------------------------------------------------- what is set


def _results(document: Mapping | Flow) -> Iterator[tuple[Reference, Tree]]:
    """References to the contract of what is made, with the fields that are set."""
    if isinstance(document, Mapping):
        yield document.output, document.fields
        return
    for step in all_steps(document):
        if step.emit is not None:
            yield step.emit.event, step.emit.data


def _follows(finding: Diagnostic, file: str, place: Span | None) -> bool:
    """Whether a finding is about what is made: at ``place``, or anywhere in the file if that makes one thing."""
    if finding.span.file != file or finding.code not in _FROM_RESULT:
        return False
    return place is None or place.line <= finding.span.line <= place.end_line


def _result_astray(
    reference: Reference, node: Node, own: Sequence[Diagnostic], contracts: _Contracts
) -> Diagnostic | None:
    if not isinstance(node, ObjectNode):
        return None
    fields = {entry.key: entry.key_span for entry in node.entries}
    unknown = {
        name: each
        for name, span in fields.items()
        for each in own
        if each.code == "MAP002" and (each.span.line, each.span.column) == (span.line, span.column)
    }
    if len(unknown) < _FIELDS_MIN:
        return None
    meant = [each for each in contracts.others(reference) if _is_made(each.type, fields)]
    return _told(reference, unknown, "set", meant)


def _is_made(type_: Type, fields: Collection[str]) -> bool:
    """Whether the fields are those of a contract, with all that it requires."""
    return isinstance(type_, Object) and type_.required <= set(fields) <= set(type_.fields)


def _told(
    reference: Reference, unknown: dict[str, Diagnostic], verb: str, meant: Sequence[Schema]
) -> Diagnostic | None:
    if not meant:
        return None
    names = [f"{each.id}@{each.major}" for each in meant]
    fields = f"{len(unknown)} fields are {verb} here that {reference} does not have: {_listed(list(unknown))}"
    message = f"{fields}; {_listed(names)} {'has' if len(names) == 1 else 'have'} all of them"
    labels = tuple(Label(each.span, f"not in {reference}") for each in list(unknown.values())[:_SHOWN_MAX])
    fix = Fix(f"write {names[0]}", (Edit(reference.span, names[0]),), safe=False) if len(names) == 1 else None
    help = f"write {names[0]}" if len(names) == 1 else "write the one that is meant"
    return Diagnostic("SCHEMA110", message, reference.span, help=help, labels=labels, fix=fix)


def _listed(names: Sequence[str]) -> str:
    """Names for a sentence: the first few, and how many more."""
    more = len(names) - _SHOWN_MAX
    if more > 0:
        return f"{', '.join(names[:_SHOWN_MAX])} and {more} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
