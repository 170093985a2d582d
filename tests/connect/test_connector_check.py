"""`tieout connector check`: what a connector's author is told before the first document is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import tieout
from connectors.http.sandbox import DocumentSandbox
from connectors.memory.connector import forget_stores, store_of
from engine.api import new_document
from engine.connect.conformance import CHECKS

MANIFEST = "connectors/ledgerline/manifest.yaml"
CONNECTION = """spec: connection/v1
id: books
connector: ledgerline
owner: accounting
summary: The books.
settings:
  base_url: BASE_URL
secrets:
  token:
    env: BOOKS_TOKEN
hosts:
  - 127.0.0.1
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    new_document(tmp_path, "workspace", "mine")
    new_document(tmp_path, "connector", "ledgerline")
    return tmp_path


def edit(root: Path, old: str, new: str) -> None:
    text = (root / MANIFEST).read_text("utf-8")
    assert old in text
    (root / MANIFEST).write_text(text.replace(old, new), "utf-8")


def run(root: Path, *arguments: str, name: str = "ledgerline") -> Result:
    return CliRunner().invoke(tieout, ["connector", "check", name, "--workspace", str(root), *arguments],
                              standalone_mode=False)  # fmt: skip


def checked(root: Path, *arguments: str, name: str = "ledgerline") -> tuple[int, list[dict[str, Any]]]:
    result = run(root, "--json", *arguments, name=name)
    assert result.exception is None, result.exception
    shown = json.loads(result.stdout)
    assert shown["connector"] == name and shown["holds"] == (result.return_value == 0)
    return result.return_value, shown["checks"]


def broken(root: Path, *arguments: str) -> dict[str, str]:
    _, checks = checked(root, *arguments)
    return {each["check"]: each["found"] for each in checks if each["verdict"] == "broken"}


def test_a_new_connector_holds_in_every_check(root: Path) -> None:
    code, checks = checked(root)
    assert code == 0
    assert {each["verdict"] for each in checks} == {"holds"}
    behaved = [each["check"] for each in checks if each["operation"] == "document.create"]
    assert behaved == ["errors", "fate", *(check.__name__ for check in CHECKS)]


@pytest.mark.parametrize(("name", "operation"), [("http", "post_json"), ("stripe", "invoice.annotate")])
def test_the_shipped_manifests_hold_without_their_sandboxes(root: Path, name: str, operation: str) -> None:
    code, checks = checked(root, "--operation", operation, name=name)
    assert (code, [each for each in checks if each["verdict"] != "holds"]) == (0, [])


RATE = "  - status: 429\n    class: rate_limited\n    message: the system asks for fewer requests\n"
AUTH = "  - status: 401\n    class: auth\n    message: the system does not accept the token\n"


@pytest.mark.parametrize(
    ("old", "new", "check", "said"),
    [
        (RATE, "", "a_rate_limit_is_one", "a rate limit was refused (data)"),
        (AUTH, "", "refused_credentials_stop_the_connection",
         "when the credentials were refused, the call was refused (data)"),
        ("absent: =reply.status == 404 && reply.body != null", "absent: =reply.status != 200",
         "a_look_up_that_fails_is_not_absence", "the look-up says: nothing is there"),
        ("path: /documents/{{ key }}", "path: /documents/latest", "identity", "ask exactly the same"),
        ("  class: unknown_outcome", "  class: transient", "lost_after_the_change_is_unknown_and_found",
         "a fault of its own after the change, the call was refused (transient)"),
        ("  class: unknown_outcome", "  class: data", "a_server_error_is_never_a_success", "was refused (data)"),
        ("status: 4xx\n    class: data", "status: 4xx\n    class: transient", "a_refusal_changes_nothing",
         "would be sent again as it is"),
        ("      found: =reply.status == 200\n", "      found: =reply.status == 200\n      receipt:\n        id: =key\n",
         "", ""),
    ],
)  # fmt: skip
def test_a_slip_is_told_by_what_it_leads_to(root: Path, old: str, new: str, check: str, said: str) -> None:
    edit(root, old, new)
    found = broken(root)
    assert not check or said in found[check], found
    assert bool(found) is bool(check)


def test_what_is_broken_is_said_in_words_with_what_to_do(root: Path) -> None:
    edit(root, RATE, "")
    result = run(root)
    assert (result.return_value, result.exception) == (1, None)
    assert "  broken    A rate limit is told apart from a refusal: the call waits and is sent again\n" in result.output
    assert "            a rate limit was refused (data): made up\n" in result.output
    assert "            What to do: add a rule to `errors`, before the one for `4xx`: `status: 429`" in result.output
    assert "16 hold, 1 broken, 0 left out" in result.output


def test_a_key_that_is_not_sent_is_told(root: Path) -> None:
    edit(root, "mechanism: header\n      header: Idempotency-Key", "mechanism: body")
    edit(root, "path: /documents\n", "path: /documents\n      body:\n        kind: bill\n")
    found = broken(root)
    assert "neither the key nor anything of the document's own is in the request" in found["identity"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # the key in the body, an answer that wraps the document, and a look-up by a search that is a POST
        ("mechanism: header\n      header: Idempotency-Key", "mechanism: body"),
        ("      found: =reply.status == 200\n",
         "      found: =reply.status == 200 && reply.body.results[0].id != null\n"
         "      receipt:\n        id: =reply.body.results[0].id\n        number: =reply.body.results[0].number\n"),
        ("        method: GET\n        path: /documents/{{ key }}\n", "        method: POST\n        path: /search\n"
         "        body:\n          reference: =key\n"),
    ],
)  # fmt: skip
def test_other_ways_to_say_it_hold_as_well(root: Path, old: str, new: str) -> None:
    edit(root, old, new)
    if "mechanism: body" in new:
        edit(
            root, "path: /documents\n", "path: /documents\n      body:\n        reference: =key\n        bill: =input\n"
        )
    if "results" in new:
        edit(root, "=reply.status == 404 && reply.body != null", "=reply.status == 200 && reply.body.results == `[]`")
    assert broken(root) == {}
    assert all(each["verdict"] == "holds" for each in checked(root)[1])


def test_a_duplicate_that_is_refused_is_looked_up_and_confirmed(root: Path) -> None:
    edit(root, "      status: [200, 201]\n      duplicate: =reply.status == 200\n", "      status: [201]\n")
    edit(root, "errors:\n", "errors:\n  - status: 409\n    when: =reply.body.code == 'exists'\n    class: duplicate\n"
         "    message: the system has it\n")  # fmt: skip
    assert broken(root) == {}
    edit(
        root,
        "      found: =reply.status == 200\n",
        "      found: =reply.status == 200 && reply.body.never\n      conflict: ='differs'\n",
    )
    _, checks = checked(root)
    assert "left out" in {each["verdict"] for each in checks}  # nothing made up can be found without a conflict


def test_what_the_system_cannot_do_is_left_out_with_the_reason(root: Path) -> None:
    text = (root / MANIFEST).read_text("utf-8")
    start, end = text.index("    read_back:\n"), text.index("  - name: server.check")
    (root / MANIFEST).write_text(text[:start] + text[end:], "utf-8")
    edit(root, "refuses_duplicates: true", "refuses_duplicates: false")
    code, checks = checked(root)
    left = {each["check"]: each["found"] for each in checks if each["verdict"] == "left out"}
    assert code == 0
    assert "a person is asked each time" in left["fate"]
    assert "there is no `read_back`" in left["looks_up_what_was_made"]
    assert "does not refuse duplicates" in left["a_repeated_key_gives_the_same_document"]


def test_a_contract_that_is_not_there_is_named(root: Path) -> None:
    edit(root, "    summary: Makes a document, once per key.\n", "    summary: Makes a document.\n    input: bill@1\n")
    assert "document.create names bill@1" in broken(root)["contracts"]
    new_document(root, "schema", "bill")
    assert broken(root) == {}


def test_a_manifest_with_slips_is_shown_with_its_places(root: Path) -> None:
    edit(root, "refuses_duplicates: true", "refuse_duplicates: true")
    code, checks = checked(root)
    assert code == 1
    assert f"{MANIFEST}:" in checks[0]["found"] and "no key `refuse_duplicates`" in checks[0]["found"]


def test_an_input_of_ones_own_is_used(root: Path, tmp_path: Path) -> None:
    edit(
        root,
        "path: /documents\n",
        "path: /documents\n      body:\n        total: =input.amount + 1\n        key: =key\n",
    )
    edit(root, "mechanism: header\n      header: Idempotency-Key", "mechanism: body")
    _, checks = checked(root)
    assert any("name an input with --input" in each["found"] for each in checks)
    given = tmp_path / "input.json"
    given.write_text('{"amount": 3}', "utf-8")
    code, checks = checked(root, "--operation", "document.create", "--input", str(given))
    assert (code, {each["verdict"] for each in checks}) == (0, {"holds"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--operation", "document.make"], "it has: document.create"),
        (["--write", "document.create"], "--write goes with --connection and --input"),
        (["--input", "x.json"], "--input goes with --operation"),
        (["--connection", "nowhere"], "those that do: none"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(root: Path, arguments: list[str], said: str) -> None:
    result = run(root, *arguments)
    shown = f"{result.output}{result.stderr}{result.exception}"
    assert said in shown and result.return_value != 0


def test_a_connector_that_is_not_there_is_no_finding_but_a_question(root: Path) -> None:
    result = run(root, name="ledgrline")
    assert result.return_value == 2 and "did you mean `ledgerline`?" in f"{result.output}{result.stderr}"


@pytest.fixture
def books(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, DocumentSandbox]]:
    monkeypatch.setenv("BOOKS_TOKEN", "books-token")
    edit(root, "visible_within: PT5S", "visible_within: PT0S")
    edit(root, "path: /ping", "path: /documents/ping")
    edit(root, "status: [200]\n", "status: [404]\n")
    sandbox = DocumentSandbox("books-token")
    with sandbox.serving() as url:
        (root / "mappings/books.connection.yaml").write_text(CONNECTION.replace("BASE_URL", url), "utf-8")
        yield root, sandbox


def test_a_connection_is_asked_and_nothing_is_written_there(books: tuple[Path, DocumentSandbox]) -> None:
    root, sandbox = books
    code, checks = checked(root, "--connection", "books")
    assert (code, checks[-1]["check"], checks[-1]["verdict"]) == (0, "reach", "holds")
    assert sandbox.documents == {}
    sandbox.token = "another-token"
    code, checks = checked(root, "--connection", "books")
    assert code == 1 and "does not accept the token" in checks[-1]["found"]


def test_with_write_the_operation_is_said_for_real(books: tuple[Path, DocumentSandbox], tmp_path: Path) -> None:
    root, sandbox = books
    given = tmp_path / "input.json"
    given.write_text('{"number": 7}', "utf-8")
    arguments = ("--connection", "books", "--write", "document.create", "--input", str(given))
    code, checks = checked(root, *arguments)
    assert (code, {each["verdict"] for each in checks}) == (0, {"holds"})
    assert len(sandbox.documents) == 3
    checked(root, *arguments)
    assert len(sandbox.documents) == 6  # another time, other keys
    assert "books-token" not in run(root, *arguments).output


def test_a_connector_with_python_is_tried_on_its_connection(root: Path, tmp_path: Path) -> None:
    forget_stores()
    connection = CONNECTION.replace("connector: ledgerline", "connector: memory")
    head = connection[: connection.index("settings:")]
    (root / "mappings/books.connection.yaml").write_text(head, "utf-8")
    given = tmp_path / "input.json"
    given.write_text('{"number": 7}', "utf-8")
    code, checks = checked(
        root, "--connection", "books", "--write", "document.create", "--input", str(given), name="memory"
    )
    assert (code, [each["check"] for each in checks if each["verdict"] != "holds"]) == (0, [])
    assert len(store_of("books").documents) == 3
    forget_stores()
