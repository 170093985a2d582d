"""Where the type of a value comes from: a second place for findings about fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.lint.subject import all_steps
from engine.report.frame import source_line
from engine.source.diagnostic import Diagnostic, Label
from engine.source.node import Mapping as Object
from engine.source.node import Scalar
from engine.source.span import Span
from engine.spec.documents.flow import Flow
from engine.spec.documents.mapping import Mapping as Mapping_
from engine.spec.documents.policy import Policy
from engine.spec.nearest import about_unknown, suggestion
from engine.spec.workspace import LoadedWorkspace

_ABOUT_FIELDS = frozenset({"EXPR010", "EXPR012", "TYPE001", "TYPE003", "TYPE005"})
_ABOUT_RESULT = frozenset({"MAP001", "MAP002", "MAP003"})
#: Findings about parts of documents that keep the place of the whole part only.
_OF_PARTS = ("FLOW006", "FLOW008", "FLOW013", "FIN", "CONN", "TEST203", "TEST206", "TEST225", "TEST227", "TEST234")
#: Of those, the ones whose message begins with the value that is wrong.
_OF_VALUES = frozenset({"FIN036", "FIN157", "FLOW008", "FLOW013", "TEST206"})
#: Findings that a key is not one of those that are known.
_ABOUT_KEYS = frozenset({"MAP005", "MAP103", "MAP105", "CONN003", "CONN102"})
_PATH = re.compile(r"[a-z_]\w*(?:\.[A-Za-z_]\w*|\[[^\]]*\])*")


def with_origins(found: list[Diagnostic], workspace: LoadedWorkspace) -> Iterator[Diagnostic]:
    """The findings; those about a field also point at the declaration that says which fields there are."""
    wanted = {each.span.file for each in found if each.code in _ABOUT_FIELDS}
    origins = {file: dict(_origins(document)) for file, document in _documents(workspace) if file in wanted}
    results = {each.span.file: each.output for each in workspace.mappings}
    for each in found:
        result = results.get(each.span.file)
        if each.code in _ABOUT_RESULT and result is not None and each.span.line > result.span.line:
            yield replace(each, labels=(*each.labels, Label(result.span, f"the result is {result}")))
            continue
        known = origins.get(each.span.file, {})
        yield _labelled(each, known, workspace.files) if each.code in _ABOUT_FIELDS and known else each


#: Keys at which a finding about a whole document belongs, by its code.
_AT_VALUE = {"CONN001": re.compile(r"connector: *(\S+)")}


def closer(diagnostic: Diagnostic, files: Mapping[str, str]) -> Diagnostic:
    """The finding; one that points at a whole part of a document points at the one key or value in it that it names."""
    span = diagnostic.span
    value = _AT_VALUE.get(diagnostic.code)
    for number, line in enumerate(files.get(span.file, "").split("\n") if value is not None else (), 1):
        written = value and value.match(line)
        if written:
            return replace(diagnostic, span=Span(span.file, number, written.start(1) + 1, number, written.end(1) + 1))
    if diagnostic.code in _ABOUT_KEYS and diagnostic.about.unknown:
        return _at_key(diagnostic, files)
    if diagnostic.code == "TEST206" and (at_key := _at_key(diagnostic, files)) is not diagnostic:
        return at_key
    to_value = diagnostic.code in _OF_VALUES
    if not diagnostic.code.startswith(_OF_PARTS) or (span.end_line == span.line and not to_value):
        return diagnostic
    lines = files.get(span.file, "").split("\n")[: span.end_line]
    first = span.line - 1
    if diagnostic.code.startswith("TEST") and first:
        first -= 1  # the name of what is given stands above it
    for named in diagnostic.marked:
        token = re.escape(named)
        pattern = re.compile(rf"(?:^|[ \[{{'\"])({token})(?=[:,\]}}'\"]|$| +#)")
        places = [
            (number, found)
            for number, line in enumerate(lines[first:], first + 1)
            for found in pattern.finditer(line)
            if not line.lstrip().startswith("#")
        ]
        if len(places) == 1:
            number, found = places[0]
            place = Span(span.file, number, found.start(1) + 1, number, found.end(1) + 1)
            return diagnostic if number == span.line and not to_value else replace(diagnostic, span=place)
    return diagnostic


def _at_key(diagnostic: Diagnostic, files: Mapping[str, str]) -> Diagnostic:
    """The finding about a key, at that key instead of at its value."""
    span = diagnostic.span
    lines = files.get(span.file, "").split("\n")
    for number in (span.line, span.line - 1):
        for name in diagnostic.about.unknown:
            found = re.search(rf"(?:^|[ {{])({re.escape(name)}): ", lines[number - 1] + " ")
            if found is not None and (number < span.line or found.start(1) < span.column):
                place = Span(span.file, number, found.start(1) + 1, number, found.end(1) + 1)
                return replace(diagnostic, span=place)
    return diagnostic


def with_names(diagnostic: Diagnostic, workspace: LoadedWorkspace) -> Diagnostic:
    """The finding; a schema or table of a mapping that is not there gets the names that are."""
    about = diagnostic.about
    if diagnostic.code != "MAP004" or diagnostic.help or not about.unknown:
        return diagnostic
    if about.kind == "table":
        known = [each.id for each in workspace.tables]
    else:
        ids = [each.node.get("$id") for each in workspace.schemas if isinstance(each.node, Object)]
        known = [str(id.value).rpartition("/")[2] for id in ids if isinstance(id, Scalar)]
    (name,) = about.unknown
    help = suggestion(name, known, what=f"{about.kind}s are")
    return replace(diagnostic, help=help, about=about_unknown(name, known, kind=about.kind))


def _documents(workspace: LoadedWorkspace) -> Iterator[tuple[str, Any]]:
    documents: tuple[Mapping_ | Policy | Flow, ...] = (*workspace.mappings, *workspace.policies, *workspace.flows)
    for each in documents:
        yield each.span.file, each


def _origins(document: Any) -> Iterator[tuple[str, tuple[Span, str]]]:
    """Beginnings of paths, and the place and words of what they are."""
    for name, given in getattr(document, "input", None) or ():
        if getattr(given, "schema", None) is not None:
            yield name, (given.schema.span, f"`{name}` is {given.schema}")
    for name, lookup in getattr(document, "lookups", None) or ():
        yield f"lookups.{name}", (lookup.table.span, f"`lookups.{name}` is a row of `{lookup.table}`")
    trigger = getattr(document, "trigger", None)
    if trigger is not None and trigger.event is not None:
        yield "event.data", (trigger.event.span, f"`event.data` is {trigger.event}")
    for step in all_steps(document) if trigger is not None else ():
        place = step.span
        name = Span(place.file, place.line, place.column, place.line, place.column + len(f"id: {step.id}"))
        yield f"steps.{step.id}!", (name, f"step `{step.id}` comes only here")
        mapping = getattr(step.map, "mapping", None) if step.map is not None else None
        if mapping is not None:
            yield f"steps.{step.id}", (mapping.span, f"`steps.{step.id}` is what {mapping} makes")


def _labelled(diagnostic: Diagnostic, origins: Mapping[str, tuple[Span, str]], files: Mapping[str, str]) -> Diagnostic:
    line = source_line(files, diagnostic.span.file, diagnostic.span.line) or ""
    for path in _PATH.finditer(line):
        if not path.start() < diagnostic.span.column <= path.end() + 1:
            continue
        if diagnostic.code == "EXPR010" and f"{path[0]}!" in origins:
            return replace(diagnostic, labels=(*diagnostic.labels, Label(*origins[f"{path[0]}!"])))
        for beginning in sorted(origins, key=len, reverse=True):
            span, words = origins[beginning]
            if re.match(rf"{re.escape(beginning)}[.\[]", path[0]) and span.line != diagnostic.span.line:
                return replace(diagnostic, labels=(*diagnostic.labels, Label(span, words)))
    return diagnostic
