"""Where things are named in a workspace: their definitions, and every reference to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.lsp.declared import Place, role_of
from engine.lsp.trees import Document
from engine.source.node import Mapping, Node, Scalar, Sequence
from engine.source.span import Span

_SCHEMA = re.compile(r"tieout:schema/(?P<name>[a-z0-9_.]+@[0-9]+)")
#: Kinds that are referred to by id alone, and not by id and major version.
WITHOUT_MAJOR = ("table", "source", "connection", "outcomes", "test", "workspace", "connector")


@dataclass(frozen=True, slots=True)
class Definition:
    """What a file defines. ``name`` is what references say: ``id@MAJOR``, or the id for kinds without versions.

    ``span`` is the place of its id, ``whole`` that of the document.
    """

    kind: str
    id: str
    name: str
    version: str
    summary: str
    span: Span
    whole: Span


@dataclass(frozen=True, slots=True)
class Use:
    """A reference. ``span`` covers the text of the name, its version included."""

    kind: str
    name: str
    span: Span
    path: tuple[str | int, ...] = ()


def definition_of(document: Document) -> Definition | None:
    """What a document defines, as far as it can be told."""
    if document.is_schema:
        return _schema(document)
    if document.kind is None or not isinstance(document.tree, Mapping):
        return None
    key = "name" if document.kind == "connector" else "id"
    id_ = document.tree.get(key)
    if not isinstance(id_, Scalar) or not isinstance(id_.value, str):
        return None
    version = _text(document.tree, "version")
    name = id_.value
    if document.kind not in WITHOUT_MAJOR:
        name += f"@{version.partition('.')[0] or '1'}"
    summary = _text(document.tree, "summary")
    return Definition(document.kind, id_.value, name, version, summary, within_quotes(id_), document.tree.span)


def _schema(document: Document) -> Definition | None:
    if not isinstance(document.tree, Mapping):
        return None
    id_ = document.tree.get("$id")
    found = _SCHEMA.fullmatch(str(id_.value)) if isinstance(id_, Scalar) else None
    if found is None or not isinstance(id_, Scalar):
        return None
    name = found["name"]
    start = within_quotes(id_).column + found.start("name")
    line = id_.span.line
    span = Span(document.file, line, start, line, start + len(name.partition("@")[0]))
    title = _text(document.tree, "description") or _text(document.tree, "title")
    version = _text(document.tree, "x-version") or _text(document.tree, "version")
    return Definition("schema", name.partition("@")[0], name, version, title, span, document.tree.span)


def uses_in(document: Document) -> Iterator[Use]:
    """Every reference that a document makes."""
    if document.is_schema:
        yield from _references(document.tree)
        return
    for place in document.places:
        use = use_at(place)
        if use is not None:
            yield use


def use_at(place: Place) -> Use | None:
    """The reference that stands at a place, if one does."""
    role = role_of(place.declared)
    node = place.node
    if role is None or not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    name = node.value
    if role == "operation":
        connection = _text(place.parents[-1], "connection") if place.parents else ""
        name = f"{connection}:{node.value}"
    return Use(role, name, within_quotes(node), place.path)


def _references(node: Node) -> Iterator[Use]:
    if isinstance(node, Mapping):
        for entry in node.entries:
            if entry.key == "$ref" and isinstance(entry.value, Scalar):
                found = _SCHEMA.match(str(entry.value.value))
                if found is not None:
                    inside = within_quotes(entry.value)
                    yield Use("schema", found["name"], inside.within(found.start("name"), found.end("name")))
            yield from _references(entry.value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _references(item)


def _text(node: Node, key: str) -> str:
    found = node.get(key) if isinstance(node, Mapping) else None
    return found.value if isinstance(found, Scalar) and isinstance(found.value, str) else ""


def within_quotes(node: Scalar) -> Span:
    """The place of a text on one line without its quotation marks."""
    span = node.span
    if not node.quoted or span.line != span.end_line:
        return span
    return Span(span.file, span.line, span.column + 1, span.end_line, span.end_column - 1)


class Names:
    """The definitions and references of all documents of a workspace."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = {document.file: document for document in documents}
        self.definitions: dict[tuple[str, str], list[Definition]] = {}
        for document in self.documents.values():
            found = definition_of(document)
            if found is not None:
                self.definitions.setdefault((found.kind, found.name), []).append(found)

    def of_kind(self, kind: str) -> list[Definition]:
        """Every definition of a kind, in order of name; of several versions the last."""
        return [found[-1] for (each, _), found in sorted(self.definitions.items()) if each == kind]

    def find(self, kind: str, name: str) -> list[Definition]:
        """The definitions that a name means, all versions of one major."""
        return self.definitions.get((kind, name), [])

    def uses(self, kind: str, name: str) -> Iterator[Use]:
        """Every reference to a name."""
        for document in self.documents.values():
            for use in uses_in(document):
                if use.kind == kind and use.name == name:
                    yield use
