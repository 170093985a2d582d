"""Manifests: what is wrong with one is found when it is loaded, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.connect.manifest import Manifest, connector_names, load_manifest, read_manifest
from engine.schema.types import ANY, MONEY, TEXT, Object, nullable
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

GOOD = """\
spec: connector/v1
name: example
summary: An example.
tested: "1"
base_url: =settings.base_url
settings:
  base_url:
    default: https://example.com
    doc: Where it is.
  limit_seconds:
    type: integer
    doc: How long the server may work.
  strict:
    type: boolean
    default: false
    doc: Whether it is strict.
secrets:
  token:
    doc: The token.
authentication:
  bearer:
    secret: token
operations:
  - name: invoice.create
    kind: write
    summary: Creates an invoice.
    ledger: true
    input: example.invoice@1
    request:
      method: POST
      path: /invoices/{{ key }}
    receipt:
      id: =reply.body.id
    fields:
      total:
        type: money
        value: =reply.body.total
        doc: What it came to.
    idempotency:
      mechanism: upsert
      refuses_duplicates: true
      key_length: 32
      window: PT1H
      commit_within: PT60S
      commit_within_setting: limit_seconds
      visible_within: PT2S
    read_back:
      request:
        method: GET
        path: /invoices/{{ key }}
      found: =reply.status == 200
    reverse: invoice.cancel
  - name: invoice.cancel
    kind: write
    summary: Cancels an invoice.
    request:
      method: DELETE
      path: /invoices/{{ input.id }}
    receipt:
      id: =reply.body.id
    idempotency:
      mechanism: natural
      refuses_duplicates: true
      commit_within: PT60S
      visible_within: PT0S
  - name: invoice.get
    kind: read
    summary: Reads an invoice.
    request:
      method: GET
      path: /invoices/{{ input.id }}
errors:
  - status: [404, 5xx]
    class: not_found
    message: gone
otherwise:
  class: unknown_outcome
  message: unreadable
"""


def read(folder: Path, text: str) -> tuple[Manifest | None, Diagnostics]:
    (folder / "manifest.yaml").write_text(text)
    diagnostics = Diagnostics()
    return read_manifest(folder, "example", "connectors/example/manifest.yaml", diagnostics), diagnostics


def good(folder: Path) -> Manifest:
    manifest, diagnostics = read(folder, GOOD)
    assert manifest is not None, diagnostics.sorted
    assert len(diagnostics) == 0
    return manifest


def test_what_the_plan_asks(tmp_path: Path) -> None:
    manifest = good(tmp_path)
    create, get = manifest.operation("invoice.create"), manifest.operation("invoice.get")
    assert create is not None and get is not None
    assert create.ledger and create.reverse == "invoice.cancel"
    guarantees = create.guarantees
    assert (guarantees.commit_within_seconds, guarantees.visible_within_seconds) == (60, 2)
    assert (guarantees.window_seconds, guarantees.can_look_up, guarantees.key_length) == (3600, True, 32)
    assert create.guarantees_with({"limit_seconds": 5}).commit_within_seconds == 5
    receipt = create.receipt_type
    assert isinstance(receipt, Object)
    fields, document = receipt.fields["fields"], receipt.fields["document"]
    assert isinstance(fields, Object) and isinstance(document, Object)
    assert fields.fields["total"] == nullable(MONEY)
    assert document.fields["id"] == TEXT
    assert get.result_type(lambda _id, _major: None) == ANY
    assert manifest.operation("nonsense") is None
    assert manifest.webhook is None and not manifest.has_python


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    first = good(tmp_path).digest
    manifest, _ = read(tmp_path, "# a comment\n" + GOOD)
    assert manifest is not None and manifest.digest == first
    manifest, _ = read(tmp_path, GOOD.replace("PT2S", "PT3S"))
    assert manifest is not None and manifest.digest != first


@pytest.mark.parametrize(
    ("before", "after", "code", "words"),
    [
        ("spec: connector/v1", "spec: flow/v1", "CONN002", "says first"),
        ("    reverse: invoice.cancel", "    reverse: invoice.cancl", "CONN002", "no operation"),
        ("name: invoice.get", "name: invoice.create", "CONN002", "declared twice"),
        ("    secret: token", "    secret: tokn", "CONN002", "no secret 'tokn'"),
        ("commit_within_setting: limit_seconds", "commit_within_setting: limits", "CONN002", "no setting"),
        ("      key_length: 32\n", "      key_length: 8\n", "CONN002", "16 characters"),
        ("mechanism: upsert", "mechanism: header", "CONN002", "header's name"),
        ("mechanism: upsert", "mechanism: none", "CONN002", "cannot refuse duplicates"),
        ("      found: =reply.status == 200\n", "", "CONN002", "needs `request` and `found`"),
        ("        value: =reply.body.total\n", "", "CONN002", "has no value"),
        ("otherwise:\n  class: unknown_outcome\n  message: unreadable\n", "", "CONN002", "otherwise"),
        ("base_url: =settings.base_url\n", "", "CONN002", "base_url"),
        ("[404, 5xx]", "[404, 5x]", "CONN002", "a status is"),
        ("path: /invoices/{{ key }}", "path: invoices/{{ key }}", "CONN002", "begin with a slash"),
        ("    receipt:\n      id: =reply.body.id\n    fields", "    fields", "CONN002", "no receipt"),
        ("    kind: read\n", "    kind: read\n    read_back: {}\n", "CONN002", "no use for `read_back`"),
        ("class: not_found", "class: not_fond", "SPEC", "not_found"),
        ("=settings.base_url", "=settings.base_ulr", "", "base_url"),
        ("=reply.body.id\n    fields", "=reply.bdy.id\n    fields", "", "body"),
        ("{{ key }}\n    receipt", "{{ kye }}\n    receipt", "", "key"),
        ("summary: An example.", "sumary: An example.", "SPEC", "summary"),
    ],
)
def test_contradictions_are_found(tmp_path: Path, before: str, after: str, code: str, words: str) -> None:
    assert before in GOOD
    manifest, diagnostics = read(tmp_path, GOOD.replace(before, after, 1))
    assert manifest is None
    assert any(
        finding.code.startswith(code) and words in f"{finding.message} {finding.help}" for finding in diagnostics.sorted
    ), diagnostics.sorted
    assert all(finding.span.file == "connectors/example/manifest.yaml" for finding in diagnostics.sorted)


def test_settings_are_completed_and_checked(tmp_path: Path) -> None:
    manifest = good(tmp_path)
    found = Diagnostics()
    complete = manifest.complete({"limit_seconds": "5"}, Span("x.connection.yaml"), found)
    assert complete == {"base_url": "https://example.com", "limit_seconds": 5, "strict": False}
    assert len(found) == 0
    manifest.complete({"strict": "perhaps", "base_ulr": "x"}, Span("x.connection.yaml"), found)
    assert [finding.code for finding in found.sorted] == ["CONN003", "CONN003"]
    assert manifest.missing_secrets({}) == {"token": "secret 'token' is missing: The token."}
    assert manifest.missing_secrets({"token": 1, "other": 2}) == {"other": "connector example has no secret 'other'"}


def test_an_unknown_connector_is_said_with_those_that_exist() -> None:
    diagnostics = Diagnostics()
    assert load_manifest("strpe", diagnostics) is None
    (finding,) = diagnostics.sorted
    assert finding.code == "CONN001"
    assert "stripe" in finding.help


@pytest.mark.parametrize("name", ["http", "memory", "stripe"])
def test_shipped_connectors_load_without_findings(name: str) -> None:
    diagnostics = Diagnostics()
    manifest = load_manifest(name, diagnostics)
    assert diagnostics.sorted == ()
    assert manifest is not None and manifest.name == name
    assert name in connector_names()


def test_a_connector_brings_its_schemas() -> None:
    manifest = load_manifest("stripe", Diagnostics())
    assert manifest is not None
    files = dict(manifest.schema_files())
    assert b'"tieout:schema/stripe.annotate@1"' in files["connectors/stripe/schemas/annotate@1.schema.json"]


def test_the_guides_manifest_loads(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "connectors.md").read_text()
    blocks = [block.partition("\n```")[0] for block in guide.split("```yaml\n")[1:]]
    secrets = "secrets:\n  webhook_secret:\n    doc: One.\n  webhook_secret_previous:\n    doc: Another.\n"
    manifest, diagnostics = read(tmp_path, blocks[0])
    assert manifest is not None, diagnostics.sorted
    manifest, diagnostics = read(tmp_path, blocks[0].replace("secrets:\n", secrets, 1) + "\n" + blocks[1])
    assert manifest is not None and manifest.webhook is not None, diagnostics.sorted
