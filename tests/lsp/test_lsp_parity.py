"""Findings in the editor are those of the command line, whole messages and places, on the corpus of real mistakes; in
two workspaces at once; and when files come, go and change outside of the editor."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from corpus.measure import mistakes
from corpus.patches import trial
from lsp_world import Editor, editor
from lsprotocol import types
from small_workspace import copy_base

from engine.lint.runner import lint
from engine.lsp.positions import Units
from engine.lsp.reports import convert
from engine.lsp.workbench import Workbench

#: Every so many mistakes are tried here; `tests/corpus` tries them all on the same checker.
STEP = 31
BILL = "mappings/bill.mapping.yaml"
ENTRY = "mappings/entry.mapping.yaml"


def test_findings_of_the_corpus_are_those_of_the_command_line(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "ws"
    root.mkdir()
    every = [each.patch for each in mistakes()]  # those over other files need these on disk
    patches = [each for each in every if each.file.endswith(".yaml") and not each.latin1 and not each.over][::STEP]
    with trial(root) as tried:
        expected = {}
        bench = Workbench(root, Units(), {})
        for patch in patches:
            text = patch.applied(root).decode()
            bench.open(patch.file, text)
            report = tried.check({patch.file: text})
            expected[patch.id] = sorted(
                (bench.uri(each.span.file), each.code, str(shown.range), shown.message)
                for each in report.diagnostics
                for shown in (convert(bench, each),)
            )
            bench.close(patch.file)

        async def session() -> None:
            async with editor(root, pull=True) as made:
                for patch in patches:
                    made.open(patch.file, patch.applied(root).decode())
                    answer = await made.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
                    found = sorted(
                        (report.uri, str(each.code), str(each.range), each.message)
                        for report in answer.items
                        if isinstance(report, types.WorkspaceFullDocumentDiagnosticReport)
                        for each in report.items
                    )
                    assert found == expected[patch.id] != [], patch.id
                    made.close(patch.file)

        asyncio.run(asyncio.wait_for(session(), 200))
    assert len(patches) > 4


def test_two_workspaces_are_apart_and_each_has_its_own_findings(tmp_path: Path) -> None:
    one, other = (copy_base(tmp_path / name).resolve() for name in ("one", "other"))
    path = other / BILL
    path.write_text(path.read_text("utf-8").replace("output: bill.issued@1", "output: bill.isued@1"), "utf-8")

    async def session() -> None:
        async with editor(one) as made:
            made.open(BILL)
            assert await made.diagnostics(BILL) == []
            beside = f"../other/{BILL}"
            uri = path.as_uri()
            made.texts[beside] = path.read_text("utf-8")
            item = types.TextDocumentItem(uri, "yaml", 1, made.texts[beside])
            made.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
            while not made.found.get(uri):
                made.news.clear()
                await made.news.wait()
            assert [each.code for each in made.found[uri]] == ["MAP004"]
            assert made.found[made.uri(BILL)] == []

    asyncio.run(asyncio.wait_for(session(), 100))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_columns_are_counted_as_the_editor_and_the_server_agreed(tmp_path: Path, encoding: str) -> None:
    root = copy_base(tmp_path / "ws").resolve()
    text = (root / ENTRY).read_text("utf-8").replace("=bill.order", "=join('😀é', [bill.ordr])")
    number, line = next((number, line) for number, line in enumerate(text.split("\n")) if "bill.ordr" in line)

    def place(before: str) -> types.Position:
        width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
        name = encoding if encoding == "utf-8" else f"{encoding}-le"
        return types.Position(number, len(line[: line.index(before)].encode(name)) // width)

    async def session() -> None:
        async with editor(root, encodings=[encoding, "utf-16"]) as made:
            assert made.capabilities is not None and made.capabilities.position_encoding == encoding
            made.open(ENTRY, text)
            (found,) = await made.diagnostics(ENTRY, lambda each: each)
            assert found.range == types.Range(place("ordr"), place("])"))
            change = types.TextDocumentContentChangePartial(range=types.Range(place("r]"), place("r]")), text="e")
            version = types.VersionedTextDocumentIdentifier(2, made.uri(ENTRY))
            made.client.text_document_did_change(types.DidChangeTextDocumentParams(version, [change]))
            made.texts[ENTRY] = text.replace("bill.ordr", "bill.order")
            found = (await made.diagnostics(ENTRY, lambda each: [one.code for one in each] != ["EXPR010"]))[0]
            assert (found.code, found.range.start) == ("TYPE002", place("[bill"))

    asyncio.run(asyncio.wait_for(session(), 100))


def test_fixes_and_new_names_are_for_the_text_as_it_is(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "ws").resolve()
    text = (root / ENTRY).read_text("utf-8")
    bad = text.replace("=bill.order", "=bill.ordr")

    async def session() -> None:
        async with editor(root) as made:

            def become(new: str) -> None:
                made.replace(ENTRY, made.texts[ENTRY], new)

            made.open(ENTRY, bad)
            await made.diagnostics(ENTRY, lambda each: each)
            become("# one\n# two\n" + bad)
            place = types.Range(made.at(ENTRY, "ordr"), made.at(ENTRY, "ordr"))
            ask = types.CodeActionParams(
                types.TextDocumentIdentifier(made.uri(ENTRY)), place, types.CodeActionContext([])
            )
            found = await made.client.text_document_code_action_async(ask) or []
            edits = [
                edit
                for each in found
                if isinstance(each, types.CodeAction) and each.title == "Write order" and each.edit is not None
                for edit in (each.edit.changes or {})[made.uri(ENTRY)]
            ]
            assert [edit.range.start for edit in edits] == [made.at(ENTRY, "ordr")]
            become(text)
            assert not await made.client.text_document_code_action_async(ask)
            become("# one\n" + text)
            rename = types.RenameParams(new_name="ordered", **made.on(ENTRY, made.at(ENTRY, "bill.order", "order")))
            answer = await made.client.text_document_rename_async(rename)
            assert answer is not None and answer.changes is not None
            line = made.at(ENTRY, "bill.order").line
            assert [each.range.start.line for each in answer.changes[made.uri(ENTRY)]] == [line]

    asyncio.run(asyncio.wait_for(session(), 100))


def test_folders_that_come_are_checked_and_those_that_go_are_said_no_more(tmp_path: Path) -> None:
    one, other = (copy_base(tmp_path / name).resolve() for name in ("one", "other"))
    path = other / BILL
    path.write_text(path.read_text("utf-8").replace("output: bill.issued@1", "output: bill.isued@1"), "utf-8")
    folder = types.WorkspaceFolder(other.as_uri(), "other")

    async def session() -> None:
        async with editor(one) as made:

            async def said(codes: list[str]) -> None:
                while [each.code for each in made.found.get(path.as_uri(), [])] != codes:
                    made.news.clear()
                    await made.news.wait()

            def changed(added: list[types.WorkspaceFolder], removed: list[types.WorkspaceFolder]) -> None:
                event = types.WorkspaceFoldersChangeEvent(added, removed)
                made.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))

            for _ in range(2):
                changed([folder], [])
                await said(["MAP004"])
                changed([], [folder])
                await said([])
            assert made.messages == []

    asyncio.run(asyncio.wait_for(session(), 100))


def test_files_that_come_change_and_go_outside_of_the_editor(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "ws").resolve()
    made_file, moved = root / "mappings/extra.policy.yaml", root / "mappings/moved.policy.yaml"

    def told(made: Editor, *changes: tuple[Path, types.FileChangeType]) -> None:
        events = [types.FileEvent(path.as_uri(), kind) for path, kind in changes]
        made.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))

    async def codes(made: Editor, path: Path) -> list[str]:
        ask = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(path.as_uri()))
        answer = await made.client.text_document_diagnostic_async(ask)
        assert isinstance(answer, types.RelatedFullDocumentDiagnosticReport)
        return [str(each.code) for each in answer.items]

    async def session() -> None:
        async with editor(root, pull=True) as made:
            made.open(BILL)
            assert await codes(made, root / BILL) == []
            made_file.parent.mkdir(exist_ok=True)
            made_file.write_text("spec: policy/v1\nid: extra\n", "utf-8")
            told(made, (made_file, types.FileChangeType.Created))
            expected = [each.code for each in lint(root).diagnostics if each.span.file == "mappings/extra.policy.yaml"]
            assert await codes(made, made_file) == expected != []
            made_file.rename(moved)
            told(made, (made_file, types.FileChangeType.Deleted), (moved, types.FileChangeType.Created))
            assert (await codes(made, made_file), await codes(made, moved)) == ([], expected)
            moved.unlink()
            told(made, (moved, types.FileChangeType.Deleted))
            assert await codes(made, moved) == []

    asyncio.run(asyncio.wait_for(session(), 100))


def test_signatures_and_folding(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "ws").resolve()

    async def session() -> None:
        async with editor(root) as made:
            text = made.open(BILL)
            line = next(each for each in text.split("\n") if each.strip().startswith("total:"))
            place = made.replace(BILL, line, line.partition(":")[0] + ": =join('/', [lower('a'), |")
            ask = types.SignatureHelpParams(**made.on(BILL, place))
            answer = await made.client.text_document_signature_help_async(ask)
            assert answer is not None
            assert (answer.signatures[0].label, answer.active_parameter) == ("join(text, array[text])", 1)
            folds = await made.client.text_document_folding_range_async(
                types.FoldingRangeParams(types.TextDocumentIdentifier(made.uri(BILL)))
            )
            lines = made.texts[BILL].split("\n")
            assert folds and {"fields:"} <= {lines[each.start_line].strip() for each in folds}

    asyncio.run(asyncio.wait_for(session(), 100))
