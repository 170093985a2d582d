"""Connectors that a workspace declares itself: found, checked, kept with its definitions, never Python."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.api import new_document
from engine.base.clock import FixedClock, SystemClock
from engine.base.errors import Failure, UserError
from engine.base.identity import Identity
from engine.connect.port import Call, Rejected, Unclear
from engine.lint.runner import lint
from engine.serve.assembly import compile_workspace, keep_snapshot, load_snapshot, open_connection
from engine.serve.daemon import Daemon
from engine.serve.settings import ServeSettings
from engine.store import tables as t

MANIFEST = "connectors/ledgerline/manifest.yaml"
CONNECTION = """spec: connection/v1
id: books
connector: ledgerline
owner: accounting
summary: The books.
settings:
  base_url: https://api.example.com
secrets:
  token:
    env: BOOKS_TOKEN
hosts:
  - api.example.com
"""
FLOW = """spec: flow/v1
id: booked
version: "1.0.0"
owner: accounting
summary: Books what it is called with.
trigger:
  call:
    input:
      bill:
        schema: bill@1
steps:
  - id: posted
    post:
      connection: books
      operation: document.create
      identity:
        object: =bill.id
        revision: =bill.id
        purpose: bill
      input:
        id: =bill.id
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    new_document(tmp_path, "workspace", "mine")
    assert new_document(tmp_path, "connector", "ledgerline") == [MANIFEST]
    assert "  - connectors\n" in (tmp_path / "tieout.yaml").read_text("utf-8")
    (tmp_path / "mappings/books.connection.yaml").write_text(CONNECTION, "utf-8")
    return tmp_path


def findings(root: Path) -> list[tuple[str, str]]:
    return [(each.code, each.span.file) for each in lint(root).diagnostics if each.code != "CONN221"]


def edit(root: Path, old: str, new: str, file: str = MANIFEST) -> None:
    text = (root / file).read_text("utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new), "utf-8")


def test_a_workspace_speaks_by_a_connector_of_its_own(root: Path) -> None:
    assert findings(root) == []
    connection = compile_workspace(root).plan.connections["books"]
    assert connection.connector == "ledgerline"
    assert connection.manifest.operation("document.create") is not None


@pytest.mark.parametrize("used", [True, False])
def test_a_slip_in_the_manifest_is_found_where_it_is(root: Path, used: bool) -> None:
    if not used:
        (root / "mappings/books.connection.yaml").unlink()
    edit(root, "=reply.body.id", "=reply.bdy.id")
    report = lint(root)
    (finding,) = report.diagnostics
    assert (finding.code, finding.span.file) == ("EXPR010", MANIFEST)
    assert "reply.bdy.id" in report.files[MANIFEST].splitlines()[finding.span.line - 1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: ledgerline", "name: ledger_line", "calls itself 'ledger_line'"),
        ("refuses_duplicates: true", "refuse_duplicates: true", "no key `refuse_duplicates`"),
    ],
)
def test_what_contradicts_itself_is_refused(root: Path, old: str, new: str, said: str) -> None:
    edit(root, old, new)
    assert [said in each.message for each in lint(root).diagnostics] == [True]


def test_python_is_not_run_out_of_a_workspace(root: Path) -> None:
    (root / "connectors/ledgerline/connector.py").write_text("raise SystemExit(1)\n", "utf-8")
    (finding,) = lint(root).diagnostics
    assert finding.code == "CONN002" and "not run out of a workspace" in finding.message


def test_the_name_of_an_installed_connector_is_taken(root: Path) -> None:
    shutil.copytree(root / "connectors/ledgerline", root / "connectors/http")
    edit(root, "name: ledgerline", "name: http", "connectors/http/manifest.yaml")
    (finding,) = lint(root).diagnostics
    assert finding.code == "CONN002" and "installed connector 'http'" in finding.message


def test_a_connector_that_is_not_there_says_where_it_would_be(root: Path) -> None:
    edit(root, "connector: ledgerline", "connector: ledgrline", "mappings/books.connection.yaml")
    (finding,) = lint(root).diagnostics
    assert (finding.code, finding.help) == ("CONN001", "did you mean `ledgerline`?")
    edit(root, "  - connectors\n", "", "tieout.yaml")
    (finding,) = lint(root).diagnostics
    assert "add `connectors` to the `folders` of tieout.yaml" in finding.help


def test_a_changed_manifest_is_another_bundle_and_the_old_one_is_kept(root: Path, tmp_path: Path) -> None:
    new_document(root, "schema", "bill")
    (root / "mappings/booked.flow.yaml").write_text(FLOW, "utf-8")
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    t.metadata.create_all(engine)
    old = compile_workspace(root)
    (digest,) = old.plan.bundles
    with engine.begin() as connection:
        keep_snapshot(connection, old, 0)
    edit(root, "path: /documents\n", "path: /v2/documents\n")
    assert digest not in compile_workspace(root).plan.bundles
    kept = load_snapshot(engine, digest)
    assert kept is not None and digest in kept.bundles
    operation = kept.connections["books"].manifest.operation("document.create")
    assert operation is not None and operation.form.request is not None
    assert operation.form.request.path.text == "/documents"


def test_folders_that_are_not_one_a_line_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tieout.yaml").write_text("spec: workspace/v1\nid: mine\nfolders: [mappings]\n", "utf-8")
    (tmp_path / "mappings").mkdir()
    with pytest.raises(UserError, match="add `connectors` to the `folders`"):
        new_document(tmp_path, "connector", "ledgerline")
    assert "folders: [mappings]" in (tmp_path / "tieout.yaml").read_text("utf-8")
    assert not (tmp_path / "connectors").exists()


def test_a_workspace_file_without_folders_gets_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "tieout.yaml").write_text("spec: workspace/v1\nid: mine\n", "utf-8")
    for folder in ("mappings", "schemas", "policies"):
        (tmp_path / folder).mkdir()
    new_document(tmp_path, "connector", "ledgerline")
    assert "folders:\n  - mappings\n  - schemas\n  - policies\n  - connectors\n" in (
        tmp_path / "tieout.yaml"
    ).read_text("utf-8")
    assert findings(tmp_path) == []


WEBHOOKS = """spec: connector/v1
name: ledgerline
summary: A system that only sends.
tested: "1"
secrets:
  token:
    doc: The secret.
operations: []
webhook:
  signature:
    scheme: shared_secret
    secrets: [token]
    header: Authorization
  id: [body.id]
  type: [body.type]
  key: [body.id]
"""


def test_a_system_that_only_sends_is_opened_like_any_other(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / MANIFEST).write_text(WEBHOOKS, "utf-8")
    edit(root, "settings:\n  base_url: https://api.example.com\n", "", "mappings/books.connection.yaml")
    assert findings(root) == []
    monkeypatch.setenv("BOOKS_TOKEN", "Basic aGk6dGhlcmU=")
    connector = open_connection(compile_workspace(root).plan.connections["books"], FixedClock(0))
    call = Call("invoice.create", "k", "k", {}, b"{}")

    async def ask() -> None:
        assert await connector.check() == "only takes messages; nothing to ask"
        assert isinstance(await connector.perform(call), Rejected)
        assert isinstance(await connector.look_up(call), Unclear)
        with pytest.raises(Failure, match="only takes messages"):
            await connector.read("invoice.get", {})
        await connector.close()

    asyncio.run(ask())


def test_a_running_daemon_speaks_by_the_changed_manifest(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKS_TOKEN", "secret-token")

    async def reload() -> tuple[bool, bool]:
        settings = ServeSettings(root, root / ".tieout", work=False)
        daemon = Daemon(settings, SystemClock(), Identity(SystemClock()))
        await daemon.start()
        try:
            first = daemon.connectors["books"]
            await daemon.reload()
            same = daemon.connectors["books"] is first
            edit(root, "path: /documents\n", "path: /v2/documents\n")
            await daemon.reload()
            return same, daemon.connectors["books"] is not first
        finally:
            await daemon.stop()

    assert asyncio.run(reload()) == (True, True)
