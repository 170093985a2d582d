"""Every name that the shipped workspace writes is what the editor would have offered, told about and found there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lsprotocol import types

from engine.api import init_workspace
from engine.expr.nodes import Field
from engine.lsp.completion import complete
from engine.lsp.hover import hover
from engine.lsp.positions import Units
from engine.lsp.scopes import checked_in
from engine.lsp.trees import Document
from engine.lsp.workbench import View, Workbench
from engine.lsp.written import names_in
from engine.source.span import Span
from engine.spec.values import Name, Reference

#: Every so many names are tried: enough that each kind of place is met.
FIELDS_STEP, KEYS_STEP, VALUES_STEP = 31, 41, 7
#: Objects whose keys people make up: nothing can be offered there.
FREE = {
    "values", "input", "lookups", "lists", "columns", "roles", "amounts", "settings", "when", "output", "where",
    "by_kind", "change", "append", "metadata", "rows", "choices", "cells", "derive", "among", "dimensions", "group_by",
}  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    root = tmp_path_factory.mktemp("everywhere") / "ws"
    init_workspace(root)
    made = Workbench(root.resolve(), Units(), {})
    made.check()
    made.refresh()
    return made


def documents(bench: Workbench) -> Iterator[View]:
    for file in sorted(bench.knowledge.names.documents):
        if file.endswith(".yaml"):
            yield View(bench.document(file), bench.uri(file), bench.knowledge, bench.units, bench)


def offered_without(view: View, span: Span) -> set[str]:
    """What completion offers where a name was taken away."""
    lines = list(view.lines)
    line = lines[span.line - 1]
    lines[span.line - 1] = line[: span.column - 1] + line[span.end_column - 1 :]
    changed = View(Document(view.document.file, "\n".join(lines)), view.uri, view.knowledge, view.units, view.bench)
    place = view.units.position(lines, span.line - 1, span.column - 1)
    return {each.label for each in complete(changed, place).items}


def test_every_field_of_an_expression_is_offered_where_it_stands_and_told_about(bench: Workbench) -> None:
    missed, tried, at = [], 0, 0
    for view in documents(bench):
        for checked in checked_in(view.document, view.knowledge):
            for name, span in names_in(checked, view.lines):
                at += 1
                if at % FIELDS_STEP or not isinstance(name, Field):
                    continue
                tried += 1
                place = view.units.position(view.lines, span.line - 1, span.column - 1)
                told = hover(view, place)
                assert told is not None, f"nothing is told about {name.name} at {span}"
                unknown = isinstance(told.contents, types.MarkupContent) and ": `any" in told.contents.value
                if not unknown and name.name not in offered_without(view, span):
                    missed.append(f"{span} {name.name}")
    assert tried > 180 and missed == []


def test_every_reference_and_alternative_is_offered_where_it_stands(bench: Workbench) -> None:
    missed, tried = [], 0
    for view in documents(bench):
        places = [
            place
            for place in view.document.places
            if place.entry is not None
            and place.entry.key != "id"
            and (place.declared.alternatives is not None or place.declared.hint in (Name, Reference))
            and isinstance(getattr(place.node, "value", None), str)
            and not getattr(place.node, "quoted", True)
        ]
        for place in places[::VALUES_STEP]:
            tried += 1
            if str(getattr(place.node, "value", "")) not in offered_without(view, place.node.span):
                missed.append(f"{place.node.span} {getattr(place.node, 'value', '')}")
    assert tried > 150 and missed == []


def test_every_declared_key_is_offered_where_it_stands(bench: Workbench) -> None:
    missed, tried, at = [], 0, 0
    for view in documents(bench):
        for place in view.document.places:
            entry = place.entry
            if entry is None or place.declared.key is None or FREE & {str(part) for part in place.path}:
                continue
            at += 1
            if at % KEYS_STEP == 0 and view.document.kind != "test":
                tried += 1
                cut = Span(entry.key_span.file, entry.key_span.line, entry.key_span.column, entry.key_span.line, 10_000)
                if entry.key not in offered_without(view, cut):
                    missed.append(f"{entry.key_span} {entry.key}")
    assert tried > 60 and missed == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("posted:\n          entity", {"entity"}),
        ("replies:\n      posted", {"posted", "changed"}),
        ("posted:\n        - document", {"document", "rejected", "fault"}),
        ("links:\n      - {connection", {"connection", "link", "external"}),
    ],
)
def test_the_case_of_a_flow_offers_its_steps_and_what_they_send_and_get(
    bench: Workbench, text: str, names: set[str]
) -> None:
    view = next(each for each in documents(bench) if each.document.file.endswith("/invoice_posted.test.yaml"))
    assert text in view.document.text
    end = view.document.text.index(text) + len(text)
    word = text.rpartition("\n")[2].lstrip(" -{")
    line = view.document.text.count("\n", 0, end)
    column = end - view.document.text.rfind("\n", 0, end) - 1
    span = Span(view.document.file, line + 1, column - len(word) + 1, line + 1, 10_000)
    assert names <= offered_without(view, span)


def test_paths_into_what_a_test_gives_are_offered_segment_by_segment(bench: Workbench) -> None:
    view = next(each for each in documents(bench) if each.document.file.endswith("/ar_invoice.test.yaml"))
    lines = view.document.text.split("\n")
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("invoice.lines[0].product"))
    for written, expected in [
        ("inv", "invoice"),
        ("invoice.", "invoice.lines[0]"),
        ("invoice.lines[0].", "invoice.lines[0].product"),
    ]:
        changed = [*lines[:at], f"      {written}", *lines[at + 1 :]]
        document = Document(view.document.file, "\n".join(changed))
        inside = View(document, view.uri, view.knowledge, view.units, view.bench)
        items = complete(inside, types.Position(at, 6 + len(written))).items
        assert expected in {each.label for each in items}, written


def test_where_no_schema_tells_the_fields_those_of_a_sample_are_offered(bench: Workbench) -> None:
    view = next(each for each in documents(bench) if each.document.file.endswith("/paid_invoice_facts.mapping.yaml"))
    line = next(number for number, text in enumerate(view.lines) if "billed.metadata" in text)
    column = view.lines[line].index("billed.metadata") + len("billed.")
    names = offered_without(
        view, Span(view.document.file, line + 1, column + 1, line + 1, column + 1 + len("metadata"))
    )
    assert "metadata" in names
