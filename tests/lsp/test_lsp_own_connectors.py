"""The editor in a workspace with connectors of its own: no findings, places in manifests, slips as they are saved."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lsprotocol import types

from engine.lsp.completion import complete
from engine.lsp.hover import hover
from engine.lsp.navigation import define
from engine.lsp.positions import Units
from engine.lsp.workbench import View, Workbench

MANIFEST = "connectors/ledgerline/manifest.yaml"


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    root = tmp_path.resolve() / "books"
    example = Path(__file__).parents[2] / "examples/chargebee"
    shutil.copytree(example, root, ignore=shutil.ignore_patterns(".*"))
    made = Workbench(root, Units(), {})
    made.check()
    made.refresh()
    return made


def view(bench: Workbench, file: str) -> View:
    return View(bench.document(file), bench.uri(file), bench.knowledge, bench.units, bench)


def test_every_place_of_a_manifest_can_be_asked_about(bench: Workbench) -> None:
    shown = view(bench, MANIFEST)
    lists = [
        complete(shown, types.Position(line, character))
        for line, text in enumerate(shown.lines)
        for character in (0, len(text) - len(text.lstrip()), len(text))
    ]
    assert all(isinstance(each, types.CompletionList) for each in lists)
    said = [hover(shown, types.Position(line, len(text) - len(text.lstrip()))) for line, text in enumerate(shown.lines)]
    assert all(each is None or isinstance(each, types.Hover) for each in said)


def test_an_operation_is_defined_in_the_manifest(bench: Workbench) -> None:
    flow = view(bench, "mappings/flows/invoice_posted.flow.yaml")
    (line,) = [number for number, text in enumerate(flow.lines) if "operation: invoice.create" in text]
    (found,) = define(flow, types.Position(line, flow.lines[line].index("invoice.create") + 2))
    assert found.uri.endswith(MANIFEST)


def test_a_slip_is_found_as_it_is_saved(bench: Workbench) -> None:
    assert bench.check().diagnostics == ()
    file = bench.root / MANIFEST
    file.write_text(file.read_text("utf-8").replace("=reply.body.id", "=reply.bdy.id", 1), "utf-8")
    assert [(each.code, each.span.file) for each in bench.check().diagnostics] == [("EXPR010", MANIFEST)]


def test_a_slip_is_found_as_it_is_typed_and_is_gone_when_it_is_taken_back(bench: Workbench) -> None:
    text = bench.text(MANIFEST)
    bench.open(MANIFEST, text.replace("=reply.body.id", "=reply.bdy.id", 1))
    assert [(each.code, each.span.file) for each in bench.check().diagnostics] == [("EXPR010", MANIFEST)]
    bench.open(MANIFEST, text)
    assert bench.check().diagnostics == ()
    bench.open(MANIFEST, text.replace("spec: connector/v1", "spec: connector/v1\nsumary: x", 1))
    assert [each.span.file for each in bench.check().diagnostics][:1] == [MANIFEST]
    bench.close(MANIFEST)
    assert bench.check().diagnostics == ()


def test_an_operation_that_is_renamed_and_not_saved_is_missed_by_its_flow(bench: Workbench) -> None:
    bench.open(MANIFEST, bench.text(MANIFEST).replace("name: invoice.create", "name: invoice.make", 1))
    found = {each.span.file for each in bench.check().diagnostics}
    assert "mappings/flows/invoice_posted.flow.yaml" in found


@pytest.mark.parametrize(
    "schema", ["connectors/ledgerline/schemas/document@1.schema.json", "schemas/bill@1.schema.json"]
)
def test_a_field_that_is_renamed_in_a_schema_and_not_saved_is_missed(bench: Workbench, schema: str) -> None:
    before = bench.text(schema)
    bench.open(schema, before.replace('"currency"', '"curency"').replace('"customer"', '"custmer"'))
    assert bench.text(schema) != before
    assert any(each.span.file.startswith("mappings/") for each in bench.check().diagnostics)
    bench.close(schema)
    assert bench.check().diagnostics == ()
