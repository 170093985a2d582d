"""The language server over the real protocol: a process of its own, driven by a client library."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from lsp_world import Editor, editor
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from small_workspace import copy_base

from engine.api import init_workspace
from engine.lint.runner import lint
from engine.source.diagnostic import Level
from engine.verify.runner import run_tests

FLOW = "mappings/flows/invoice_posted.flow.yaml"
MAPPING = "mappings/accounting/ar_invoice.mapping.yaml"
TEST = "mappings/flows/invoice_posted.test.yaml"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lsp") / "ws"
    init_workspace(root)
    return root


Work = Callable[[Editor], Coroutine[Any, Any, None]]
Desk = Callable[[Work], None]


def drive(root: Path, work: Work, *, pull: bool = False) -> None:
    """Run one session of an editor."""

    async def session() -> None:
        async with editor(root, pull=pull) as made:
            await asyncio.wait_for(work(made), 100)

    asyncio.run(session())


@pytest.fixture(scope="module")
def desk(shipped: Path) -> Iterator[Desk]:
    """One editor and one server for many tests; each begins and ends with no document open."""
    loop = asyncio.new_event_loop()
    context = editor(shipped)
    made = loop.run_until_complete(context.__aenter__())

    def run(work: Work) -> None:
        made.messages.clear()
        loop.run_until_complete(asyncio.wait_for(work(made), 100))
        for file in list(made.texts):
            made.close(file)
        made.found.clear()

    yield run
    loop.run_until_complete(context.__aexit__(None, None, None))
    loop.close()


def document(made: Editor, file: str) -> types.TextDocumentIdentifier:
    return types.TextDocumentIdentifier(made.uri(file))


def test_findings_are_those_of_the_command_line_and_go_when_they_are_mended(desk: Desk, shipped: Path) -> None:
    async def work(made: Editor) -> None:
        made.open(FLOW)
        assert await made.diagnostics(FLOW) == []
        made.replace(FLOW, "policy: invoice_facts@1", "policy: invoice_fact@1")
        made.replace(FLOW, "summary: A final", "summary: 𝒜😀 final {{ x")
        made.replace(FLOW, "      mode: accept", "      mode: acept")
        found = await made.diagnostics(FLOW, lambda each: each)
        path = shipped / FLOW
        before = path.read_text("utf-8")
        path.write_text(made.texts[FLOW], "utf-8")
        expected = [each for each in lint(shipped).diagnostics if each.span.file == FLOW]
        path.write_text(before, "utf-8")
        assert [(each.code, each.message.partition("\n")[0], each.range.start.line) for each in found] == [
            (each.code, each.message, each.span.line - 1) for each in expected
        ]
        assert found and all(each.source == "tieout" for each in found)
        made.replace(FLOW, "      mode: acept", "      mode: accept")
        made.replace(FLOW, "policy: invoice_fact@1", "policy: invoice_facts@1")
        made.replace(FLOW, "𝒜😀 final {{ x", "A final")
        assert await made.diagnostics(FLOW, lambda each: not each) == []

    desk(work)


def test_columns_are_counted_in_utf_16(desk: Desk) -> None:
    async def work(made: Editor) -> None:
        made.open(FLOW)
        wrong = "output: {name: '😀😀', id: =steps.nowhere}\nsteps:"
        made.replace(FLOW, "steps:", wrong)
        (found,) = await made.diagnostics(FLOW, lambda each: each)
        assert (found.code, found.range) == ("EXPR010", made_range(made, "nowhere"))

    def made_range(made: Editor, text: str) -> types.Range:
        start = made.at(FLOW, f"steps.{text}", text)
        return types.Range(start, types.Position(start.line, start.character + len(text)))

    desk(work)


def test_pulled_findings_are_the_same_and_nothing_is_pushed(shipped: Path) -> None:
    async def work(made: Editor) -> None:
        made.open(FLOW)
        made.replace(FLOW, "policy: invoice_facts@1", "policy: invoice_fact@1")
        ask = types.DocumentDiagnosticParams(text_document=document(made, FLOW))
        answer = await made.client.text_document_diagnostic_async(ask)
        assert isinstance(answer, types.RelatedFullDocumentDiagnosticReport)
        assert [each.code for each in answer.items] == ["POL101"]
        again = types.DocumentDiagnosticParams(document(made, FLOW), previous_result_id=answer.result_id)
        unchanged = await made.client.text_document_diagnostic_async(again)
        assert isinstance(unchanged, types.RelatedUnchangedDocumentDiagnosticReport)
        everything = await made.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
        assert [each.uri for each in everything.items] == [made.uri(FLOW)]
        assert made.found == {}

    drive(shipped, work, pull=True)


def test_completion_offers_what_can_stand_there(desk: Desk) -> None:
    async def work(made: Editor) -> None:
        made.open(FLOW)
        made.open(MAPPING)
        await made.diagnostics(FLOW)
        assert (await made.labels(FLOW, made.replace(FLOW, "      mode: accept", "      mode: "))) == [
            "accept", "calculate", "verify",
        ]  # fmt: skip
        made.replace(FLOW, "      mode: \n", "      mode: accept\n")
        keys = await made.labels(FLOW, made.replace(FLOW, "steps:", "steps:\n  - id: new\n    "))
        assert {"when", "validate", "post", "on_error"} <= set(keys) and "id" not in keys
        made.replace(FLOW, "steps:\n  - id: new\n    \n", "steps:\n")
        place = made.replace(FLOW, "policy: invoice_facts@1", "policy: ")
        assert "posting_controls@1" in await made.labels(FLOW, place)
        made.replace(FLOW, "policy: \n", "policy: invoice_facts@1\n")
        place = made.replace(FLOW, "figures: =event.data.invoice", "figures: =event.data.invoice.customer.")
        assert "name" in await made.labels(FLOW, place)
        place = made.replace(
            FLOW, "figures: =event.data.invoice.customer.", "figures: =sum(event.data.invoice.lines[]."
        )
        assert "amount" in await made.labels(FLOW, place)
        place = made.replace(FLOW, "figures: =sum(event.data.invoice.lines[].", "figures: =")
        offered = await made.labels(FLOW, place)
        assert offered[:2] == ["event", "steps"] and "round" in offered
        place = made.replace(MAPPING, "  kind: invoice\n", "  ki")
        assert "kind" in await made.labels(MAPPING, place)

    desk(work)


def test_completion_works_while_the_document_is_broken(desk: Desk) -> None:
    async def work(made: Editor) -> None:
        made.open(FLOW)
        await made.diagnostics(FLOW)
        made.replace(FLOW, "latency:", "latency: [unclosed\n  {broken: \n")
        place = made.replace(FLOW, "invoice: =event.data.invoice", "invoice: =event.data.")
        assert await made.labels(FLOW, place) == ["invoice"]
        symbols = await made.client.text_document_document_symbol_async(
            types.DocumentSymbolParams(document(made, FLOW))
        )
        assert symbols is not None and {"id", "steps"} <= {each.name for each in symbols}

    desk(work)


def test_hover_tells_keys_types_names_functions_and_samples(desk: Desk) -> None:
    async def work(made: Editor) -> None:
        made.open(FLOW)
        await made.diagnostics(FLOW)
        place = made.at(FLOW, "event.data.invoice.number", "number")
        number = await made.eventually(lambda: made.hover(FLOW, place), lambda text: "In a sample" in text)
        assert "wait until the id is learned" in await made.hover(FLOW, made.at(FLOW, "missing: hold"))
        assert "An invoice must carry the facts" in await made.hover(FLOW, made.at(FLOW, "invoice_facts@1"))
        assert "**number**: `text`" in number and 'In a sample: `"' in number
        assert "hidden" in await made.hover(FLOW, made.at(FLOW, "event.data.invoice.customer.name", "name"))
        assert "The first, or the second" in await made.hover(FLOW, made.at(FLOW, "=default(", "default"))

    desk(work)


def test_places_of_names(desk: Desk) -> None:
    async def work(made: Editor) -> None:
        made.open(FLOW)
        await made.diagnostics(FLOW)

        async def defined(text: str, inside: str) -> list[str]:
            ask = types.DefinitionParams(**made.on(FLOW, made.at(FLOW, text, inside)))
            answer = await made.client.text_document_definition_async(ask)
            assert isinstance(answer, list)
            return [f"{each.uri.rpartition('/')[2]}:{each.range.start.line + 1}" for each in answer]  # type: ignore[union-attr]

        assert await defined("policy: invoice_facts@1", "invoice_facts") == ["invoice_facts.policy.yaml:4"]
        assert (await defined("=event.data.invoice.customer.id", "customer"))[0].startswith("invoice%401.schema.json:")
        assert (await defined("steps.entity.code", "entity"))[0].startswith("invoice_posted.flow.yaml:")
        assert (await defined("steps.entity.code", "code"))[0].startswith("legal_entities.table.yaml:")
        ask = types.ReferenceParams(
            types.ReferenceContext(include_declaration=False), **made.on(FLOW, made.at(FLOW, "invoice_facts@1"))
        )
        answer = await made.client.text_document_references_async(ask)
        files = {each.uri.rpartition("/")[2] for each in answer or ()}
        assert files == {"invoice_posted.flow.yaml", "invoice_voided.flow.yaml", "invoice_facts.test.yaml"}

    desk(work)


def test_rename_changes_a_field_everywhere_and_refuses_what_is_taken(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "ws").resolve()
    file = "mappings/bill.mapping.yaml"

    async def work(made: Editor) -> None:
        made.open(file)
        await made.diagnostics(file)
        place = made.on(file, made.at(file, "revision: ="))
        ready = await made.client.text_document_prepare_rename_async(types.PrepareRenameParams(**place))
        assert isinstance(ready, types.PrepareRenamePlaceholder) and ready.placeholder == "revision"
        edit = await made.client.text_document_rename_async(types.RenameParams(new_name="edition", **place))
        assert edit is not None and edit.changes is not None
        for uri, edits in edit.changes.items():
            apply(root / uri.removeprefix(root.as_uri() + "/").replace("%40", "@"), list(edits))
        with pytest.raises(JsonRpcException, match="already"):
            await made.client.text_document_rename_async(types.RenameParams(new_name="due", **place))

    drive(root, work)
    assert [each for each in lint(root).diagnostics if each.level is Level.ERROR] == []
    assert run_tests(root).failures == ()
    assert any("edition" in path.read_text("utf-8") for path in (root / "schemas").glob("*.json"))


def apply(path: Path, edits: list[Any]) -> None:
    lines = path.read_text("utf-8").split("\n")
    for each in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        start, end = each.range.start, each.range.end
        assert start.line == end.line
        line = lines[start.line]
        lines[start.line] = line[: start.character] + each.new_text + line[end.character :]
    path.write_text("\n".join(lines), "utf-8")


def test_code_actions_mend_accept_and_draft(desk: Desk, shipped: Path) -> None:
    async def work(made: Editor) -> None:
        made.open(FLOW)
        made.replace(FLOW, "policy: invoice_facts@1", "policy: invoice_fact@1")
        (found,) = await made.diagnostics(FLOW, lambda each: each)
        ask = types.CodeActionParams(document(made, FLOW), found.range, types.CodeActionContext([found]))
        offered = await made.client.text_document_code_action_async(ask)
        fix = next(each for each in offered or () if isinstance(each, types.CodeAction) and each.edit is not None)
        assert fix.edit is not None and fix.edit.changes is not None
        (edit,) = fix.edit.changes[made.uri(FLOW)]
        assert edit.new_text.startswith("invoice_facts")
        made.replace(FLOW, "policy: invoice_fact@1", "policy: invoice_facts@1")
        policy, wanted = "policies/lonely.policy.yaml", "Create a test for policy lonely"
        text = (shipped / "policies/customer_controls.policy.yaml").read_text("utf-8")
        (shipped / policy).write_text(text.replace("id: customer_controls", "id: lonely"), "utf-8")
        made.open(policy)
        await made.diagnostics(policy, lambda each: any(one.code == "TEST201" for one in each))
        start = types.Range(types.Position(2, 0), types.Position(2, 3))
        ask = types.CodeActionParams(document(made, policy), start, types.CodeActionContext([]))

        async def drafted() -> str:
            offered = {each.title: each for each in await made.client.text_document_code_action_async(ask) or ()}
            draft = offered.get(wanted)
            if draft is None:
                return ""
            assert isinstance(draft, types.CodeAction) and draft.edit is not None
            assert draft.edit.document_changes is not None
            return str(draft.edit.document_changes[1].edits[0].new_text)  # type: ignore[union-attr]

        written = await made.eventually(drafted, lambda text: "given:" in text)  # once its input is known
        assert "spec: test/v1" in written and "policy: lonely@1" in written
        (shipped / policy).unlink()

    desk(work)


def test_lenses_run_tests_and_preview_steps(desk: Desk) -> None:
    async def work(made: Editor) -> None:
        made.open(FLOW)
        made.open(TEST)
        await made.diagnostics(FLOW)
        ask = types.CodeLensParams(document(made, FLOW))

        async def lens_titles() -> list[str]:
            return [
                each.command.title
                for each in await made.client.text_document_code_lens_async(ask) or ()
                if each.command
            ]

        titles = await made.eventually(lens_titles, lambda found: "preview step" in found)
        assert titles[0].startswith("run ") and "preview step" in titles
        run = types.ExecuteCommandParams("tieout.runTests", [made.uri(FLOW), "invoice_posted/upgrade"])
        result = await made.client.workspace_execute_command_async(run)
        assert (result["passed"], result["failed"], made.messages) == (1, 0, ["1 passed"])
        preview = types.ExecuteCommandParams("tieout.previewStep", [made.uri(FLOW), "entity"])
        shown = await made.client.workspace_execute_command_async(preview)
        assert (shown["state"], shown["output"]["code"]) == ("done", "NW-US")
        made.replace(FLOW, "policy: invoice_facts@1", "policy: invoice_fact@1")
        with pytest.raises(JsonRpcException, match="free of errors"):
            await made.client.workspace_execute_command_async(run)

    desk(work)


def test_tokens_formatting_and_symbols(desk: Desk) -> None:
    async def work(made: Editor) -> None:
        made.open(FLOW)
        await made.diagnostics(FLOW)
        coloured = await made.client.text_document_semantic_tokens_full_async(
            types.SemanticTokensParams(document(made, FLOW))
        )
        assert coloured is not None and len(coloured.data) % 5 == 0 and len(coloured.data) > 100
        made.replace(FLOW, "owner: revenue-accounting", 'owner:    "revenue-accounting"')
        edits = await made.client.text_document_formatting_async(
            types.DocumentFormattingParams(document(made, FLOW), types.FormattingOptions(2, True))
        )
        assert edits and "owner: revenue-accounting\n" in edits[0].new_text
        found = await made.client.workspace_symbol_async(types.WorkspaceSymbolParams("invposted"))
        assert "invoice_posted@1" in [each.name for each in found or ()]

    desk(work)


def test_the_server_stays_up_without_a_workspace_and_with_strange_files(tmp_path: Path) -> None:
    async def work(made: Editor) -> None:
        made.open("alone.flow.yaml", "spec: flow/v1\n")
        assert await made.labels("alone.flow.yaml", types.Position(0, 0)) == []
        assert await made.hover("alone.flow.yaml", types.Position(9, 9)) == ""

    drive(tmp_path, work)


def test_a_workspace_that_goes_and_comes_back_is_checked_again(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "ws").resolve()
    file = "mappings/bill.mapping.yaml"

    async def work(made: Editor) -> None:
        made.open(file)
        await made.diagnostics(file)
        (root / "tieout.yaml").rename(root / "gone.yaml")
        ask = types.DocumentDiagnosticParams(text_document=document(made, file))
        made.replace(file, "output: bill.issued@1", "output: bill.isued@1")
        await asyncio.wait_for(made.client.text_document_diagnostic_async(ask), 30)
        (root / "gone.yaml").rename(root / "tieout.yaml")
        made.replace(file, "id: bill\n", "id: bill \n")
        found = await made.diagnostics(file, lambda each: any(one.code == "MAP004" for one in each))
        assert found[0].message.startswith("there is no schema bill.isued@1")

    drive(root, work)
