"""Fields that their contract has given up, and that are read or set nevertheless."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.lint.texts import leaves_of
from engine.source.diagnostic import Diagnostic, Label
from engine.source.node import Mapping, Node, Scalar, plain
from engine.source.span import Span
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.documents.policy import Policy

#: Paths of deprecated fields and where they are declared, by schema.
Fields = dict[str, dict[str, Span]]


def check(subject: Subject) -> Iterator[Diagnostic]:
    fields = {file: found for file, found in _deprecated(subject).items() if found}
    if not fields:
        return
    workspace = subject.workspace
    for flow in workspace.flows:
        if str(flow.trigger.event) in fields:
            yield from _read(flow, "event.data", fields[str(flow.trigger.event)])
        for name, declared in flow.trigger.call.input if flow.trigger.call is not None else ():
            yield from _read(flow, name, fields.get(str(declared.schema), {}))
    with_inputs: tuple[MappingDocument | Policy, ...] = (*workspace.mappings, *workspace.policies)
    for document in with_inputs:
        for name, declared in document.input:
            yield from _read(document, name, fields.get(str(declared.schema), {}))
    for mapping in workspace.mappings:
        for path, span in fields.get(str(mapping.output), {}).items():
            place = _set_at(mapping.fields.node, path.split("."))
            if place is not None:
                yield _finding("set", path, place, span)


def _read(document: object, name: str, fields: dict[str, Span]) -> Iterator[Diagnostic]:
    for path, span in fields.items():
        pattern = re.compile(rf"(?<![.\w]){re.escape(name)}\.{re.escape(path)}\b")
        for leaf in leaves_of(document):
            if leaf.computed and pattern.search(leaf.text):
                yield _finding("read", path, leaf.span, span)


def _finding(what: str, path: str, place: Span, declared: Span) -> Diagnostic:
    message = f"`{path}` is {what}, and its contract is about to lose it"
    help = "see in the schema's description what has taken its place"
    return finding("DOC228", message, place, help, (Label(declared, "marked `deprecated` here"),))


def _set_at(node: Node, path: list[str]) -> Span | None:
    for entry in node.entries if isinstance(node, Mapping) else ():
        if entry.key == path[0]:
            return entry.key_span if len(path) == 1 else _set_at(entry.value, path[1:])
    return None


def _deprecated(subject: Subject) -> Fields:
    found: Fields = {}
    for file in subject.workspace.schemas:
        if "deprecated" in subject.workspace.files.get(file.path, "") and isinstance(file.node, Mapping):
            id = file.node.get("$id")
            name = str(plain(id)).removeprefix("tieout:schema/") if id is not None else ""
            found[name] = dict(_fields(file.node, ""))
    return found


def _fields(node: Mapping, path: str) -> Iterator[tuple[str, Span]]:
    properties = node.get("properties")
    for entry in properties.entries if isinstance(properties, Mapping) else ():
        if isinstance(entry.value, Mapping):
            given_up = entry.value.get("deprecated")
            if isinstance(given_up, Scalar) and given_up.value is True:
                yield f"{path}{entry.key}", entry.key_span
            yield from _fields(entry.value, f"{path}{entry.key}.")
