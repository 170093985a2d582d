"""Rename in the shipped workspace: afterwards lint finds nothing, and the tests that are about it still pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from engine.api import init_workspace
from engine.lsp.navigation import NotRenamed, edited, prepare_rename, refusal, rename
from engine.lsp.positions import Units
from engine.lsp.workbench import View, Workbench

FLOW = "mappings/flows/invoice_posted.flow.yaml"
MAPPING = "mappings/accounting/ar_invoice.mapping.yaml"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    root = tmp_path_factory.mktemp("rename") / "ws"
    init_workspace(root)
    made = Workbench(root, Units(), {})
    assert made.check().diagnostics == ()
    made.refresh()
    return made


def place(bench: Workbench, file: str, text: str, inside: str) -> tuple[View, types.Position]:
    view = bench.view(bench.uri(file))
    assert view is not None
    at = view.document.text.index(text) + text.index(inside)
    before = view.document.text[:at]
    return view, types.Position(before.count("\n"), at - before.rfind("\n") - 1)


@pytest.mark.parametrize(
    ("file", "text", "inside", "new", "files"),
    [
        (FLOW, "=steps.entity.code", "entity", "company", {"invoice_posted.test.yaml"}),
        (MAPPING, "=default(line.product", "product", "item", {"invoice_line@1.schema.json", "invoice_upgrade.json"}),
        (MAPPING, "id: ar_invoice", "ar_invoice", "receivable", {"invoice_posted.flow.yaml"}),
        (MAPPING, "input:\n  invoice:", "invoice", "bill", {"ar_invoice.test.yaml", "invoice_posted.flow.yaml"}),
    ],
)
def test_everything_that_says_the_name_is_changed(
    bench: Workbench, file: str, text: str, inside: str, new: str, files: set[str]
) -> None:
    view, position = place(bench, file, text, inside)
    ready = prepare_rename(view, position)
    assert ready is not None and ready.placeholder == inside
    edit = rename(view, position, new)
    assert refusal(view, edit) is None
    assert edit.changes is not None
    changed = {name: edits for uri, edits in edit.changes.items() if (name := bench.relative(uri)) is not None}
    assert files <= {Path(name).name for name in changed}
    for name, edits in changed.items():
        assert edited(view, name, edits) != bench.text(name)
        assert all(each.range.start.line == each.range.end.line for each in edits)


def test_what_would_break_the_workspace_or_a_connector_is_refused(bench: Workbench) -> None:
    view, position = place(bench, "mappings/erp/tryton/ledger_invoice.mapping.yaml", "\nfields:\n  entity:", "entity:")
    assert prepare_rename(view, position) is None, "the ledger's connector declares this field"
    view, position = place(bench, MAPPING, "=default(line.product", "product")
    for new, said in [("amount", "already"), ("two words", "not a name")]:
        with pytest.raises(NotRenamed, match=said):
            rename(view, position, new)
    schema = bench.uri("schemas/invoice_line@1.schema.json")
    edit = rename(view, position, "item")
    assert edit.changes is not None
    partial = types.WorkspaceEdit(changes={schema: edit.changes[schema]})
    assert (refusal(view, partial) or "").startswith("it cannot be renamed everywhere: mappings/")
