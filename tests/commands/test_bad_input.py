"""What people get wrong: every slip is answered with its place, a code and a way out, or a plain sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from daemon_world import event

FLOW = "mappings/bill_posted.flow.yaml"
POLICY = "policies/bill_limits.policy.yaml"
CONNECTION = "mappings/ledger.connection.yaml"
SCHEMA = "schemas/bill.issued@1.schema.json"
CSV = "mappings/rates.csv"
ODD = "schemas/odd@1.schema.json"

Slip = Callable[[Path], None]


def put(file: str, content: str | bytes) -> Slip:
    raw = content.encode() if isinstance(content, str) else content
    return lambda root: (root / file).write_bytes(raw) and None


def change(file: str, before: str, after: str) -> Slip:
    def work(root: Path) -> None:
        text = (root / file).read_text("utf-8")
        assert before in text
        (root / file).write_text(text.replace(before, after, 1), "utf-8")

    return work


def copied(root: Path) -> None:
    (root / "mappings" / "again.flow.yaml").write_bytes((root / FLOW).read_bytes())


def rates(rows: str) -> Slip:
    def work(root: Path) -> None:
        (root / "mappings" / "rates.table.yaml").write_text(
            'spec: table/v1\nid: rates\nversion: "1.0.0"\nowner: tax\nsummary: Rates by country.\n'
            "key:\n  - country\ncolumns:\n  country:\n    type: text\n    summary: The country.\n"
            "  since:\n    type: date\n    summary: The first day.\nfile: rates.csv\n"
            "missing:\n  reason: no_rate\n  message: There is no rate.\n  action: Add it.\n  owner: tax\n",
            "utf-8",
        )
        (root / CSV).write_text(rows, "utf-8")

    return work


def calling_in_a_circle(root: Path) -> None:
    for here, there in (("first", "second"), ("second", "first")):
        (root / "mappings" / f"{here}.flow.yaml").write_text(
            f'spec: flow/v1\nid: {here}\nversion: "1.0.0"\nowner: tax\nsummary: One of two.\n'
            f"trigger:\n  call:\n    input: {{}}\nsteps:\n  - id: other\n    call:\n      flow: {there}@1\n"
            "      input: {}\n",
            "utf-8",
        )


def contract(**body: Any) -> Slip:
    """A contract beside the others."""
    head = {"$id": "tieout:schema/odd@1", "x-version": "1.0.0", "title": "Odd", "type": "object"}
    return put(ODD, json.dumps({**head, "additionalProperties": False, **body}))


def chain(link: Callable[[int], Any], count: int) -> Slip:
    """A contract of definitions, each of which refers to the next."""
    definitions = {f"d{number}": link(number + 1) for number in range(count)}
    return contract(**{"$defs": {**definitions, f"d{count}": {"type": "string"}}}, properties={"a": refer(0)})


def refer(number: int) -> dict[str, str]:
    return {"$ref": f"#/$defs/d{number}"}


def holding(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": fields}


def field(**body: Any) -> Slip:
    return contract(properties={"a": {"type": "string", **body}})


SLIPS: dict[str, tuple[Slip, str, str, str]] = {
    # what is done to the workspace; the file, the code and the words that the answer has
    "tab": (change(FLOW, "  event:", "\tevent:"), FLOW, "YAML006", "indent with spaces"),
    "unclosed quote": (change(FLOW, "summary: An", 'summary: "An'), FLOW, "YAML001", "add the closing quote"),
    "key misspelt": (change(FLOW, "owner:", "ownr:"), FLOW, "SPEC010", "did you mean `owner`?"),
    "indentation": (change(FLOW, "steps:\n", "steps:\n      x: y\n"), FLOW, "YAML001", "indentation"),
    "list for object": (change(FLOW, "  event: bill", "  - event: bill"), FLOW, "SPEC012", "must be an object"),
    "number for text": (change(FLOW, 'version: "1.0.0"', "version: 1.0"), FLOW, "SPEC013", "three numbers"),
    "unknown field": (change(FLOW, "data.revision", "data.revison"), FLOW, "EXPR010", "did you mean revision?"),
    "missing policy": (change(FLOW, "bill_limits@1", "bill_limit@1"), FLOW, "POL101", "did you mean `bill_limits`?"),
    "missing event": (change(FLOW, "bill.issued@1", "bill.isued@1"), FLOW, "SCHEMA101", "did you mean `bill.issued`?"),
    "missing connection": (change(FLOW, "n: ledger", "n: leger"), FLOW, "CONN101", "did you mean `ledger`?"),
    "missing operation": (change(FLOW, "post_json", "post_jsn"), FLOW, "CONN103", "did you mean `post_json`?"),
    "bad expression": (change(FLOW, "=event.data.revision", "=event.data."), FLOW, "EXPR001", "expression"),
    "no equals sign": (change(POLICY, "=amount(", "amount("), POLICY, "SPEC014", "begin it with `=`"),
    "blank of nothing": (change(POLICY, "{{ total.id", "{{ bill.id"), POLICY, "EXPR011", "known here: "),
    "blank not closed": (change(POLICY, "{{ total.id }}", "{{ total.id }"), POLICY, "EXPR013", "blank"),
    "duplicate id": (copied, FLOW, "SPEC103", "mappings/again.flow.yaml"),
    "duplicate key": (change(FLOW, "owner:", "owner: a\nowner:"), FLOW, "YAML002", "keep one of the two"),
    "empty file": (put("mappings/a.flow.yaml", ""), "mappings/a.flow.yaml", "YAML017", "no document"),
    "binary file": (put("mappings/a.flow.yaml", bytes(range(256))), "mappings/a.flow.yaml", "YAML", ""),
    "five megabytes": (put("mappings/a.flow.yaml", b"#" * 5_000_000), "mappings/a.flow.yaml", "YAML011", "at most"),
    "nested without end": (put("mappings/a.flow.yaml", "[" * 5000), "mappings/a.flow.yaml", "YAML012", "64 deep"),
    "other suffix": (put("mappings/a.flw.yaml", "a: b\n"), "mappings/a.flw.yaml", "SPEC105", "`.flow.yaml`"),
    "a folder": (lambda root: (root / "mappings/a.flow.yaml").mkdir(), "mappings/a.flow.yaml", "SPEC104", "rename"),
    "a link to itself": (
        lambda root: (root / "mappings/a.flow.yaml").symlink_to("a.flow.yaml"),
        "mappings/a.flow.yaml", "SPEC104", "leads to itself",
    ),
    "cyclic call": (calling_in_a_circle, "mappings/second.flow.yaml", "FLOW002", "call back"),
    "column missing": (rates("country\nDE\n"), CSV, "SPEC202", "the header must be: country,since"),
    "row too long": (rates("country,since\nDE,2026-01-01,x\n"), CSV, "SPEC201", "3 cells"),
    "no such date": (rates("country,since\nDE,2026-02-30\n"), CSV, "SPEC", "2026-02-30"),
    "row written twice": (rates("country,since\nDE,2026-01-01\nDE,2026-01-02\n"), CSV, "", "DE"),
    "schema not JSON": (put(SCHEMA, '{"a": '), SCHEMA, "YAML101", "missing"),
    "schema of no type": (change(SCHEMA, '"object"', '"objct"'), SCHEMA, "SCHEMA011", "did you mean `object`?"),
    "schema is a list": (put(SCHEMA, "[]"), SCHEMA, "SCHEMA001", "one object"),
    "policy unreadable": (change(POLICY, "message:", "mesage:"), POLICY, "SPEC010", "did you mean `message`?"),
    "no such connector": (change(CONNECTION, "r: http", "r: htp"), CONNECTION, "CONN001", "did you mean `http`?"),
    "no such setting": (change(CONNECTION, "base_url:", "base_ulr:"), CONNECTION, "CONN", "base_url"),
    "twenty megabytes": (put("mappings/a.flow.yaml", b"a: b\n" * 4_000_000), "mappings/a.flow.yaml", "YAML011", "at"),
    "a thousand levels": (
        put("mappings/a.flow.yaml", "\n".join(f"{' ' * depth}a:" for depth in range(1000))),
        "mappings/a.flow.yaml", "YAML012", "64 deep",
    ),
    "alias bomb": (
        put("mappings/a.flow.yaml", "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(20))),
        "mappings/a.flow.yaml", "YAML005", "anchor &a is not allowed",
    ),
    "exponential pattern": (field(pattern="^(a+)+$"), ODD, "SCHEMA007", "exponential"),
    "pattern of brackets": (field(pattern="(" * 500 + "a" + ")" * 500), ODD, "SCHEMA008", "cannot be read"),
    "reference outside": (contract(properties={"a": {"$ref": "../../x.json"}}), ODD, "SCHEMA004", "within the"),
    "reference to the web": (contract(properties={"a": {"$ref": "https://x.example"}}), ODD, "SCHEMA004", "within"),
    "reference in a circle": (chain(lambda number: refer(0), 3), ODD, "SCHEMA009", "is made of itself"),
    "references without end": (chain(refer, 5000), ODD, "SCHEMA016", "objects within objects"),
    "objects without end": (chain(lambda n: holding(a=refer(n)), 3000), ODD, "SCHEMA016", "objects within objects"),
    "lists without end": (chain(lambda n: {"type": "array", "items": refer(n)}, 3000), ODD, "SCHEMA016", "within"),
    "parts without end": (chain(lambda n: {"allOf": [refer(n)]}, 3000), ODD, "SCHEMA016", "objects within objects"),
    "sensitive on every way": (
        chain(lambda n: holding(a=refer(n), b=refer(n), c={"type": "string", "x-sensitive": True}), 40),
        ODD, "SCHEMA016", "paths to sensitive fields",
    ),
    "long expression": (change(FLOW, "=event.data.revision", f"={'(' * 4000}1{')' * 4000}"), FLOW, "EXPR002", "long"),
    "no such kind": (put("tieout.yaml", "spec: workspac/v1\nid: a\n"), "tieout.yaml", "SPEC002", "spec: workspace/v1"),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_the_workspace_is_answered_where_it_is(tieout: Any, place: Path, slip: str) -> None:
    work, file, code, words = SLIPS[slip]
    work(place)
    said = tieout("lint")
    assert said.code == 1, said.out
    assert re.search(rf"{re.escape(file)}:\d+:\d+", said.out), said.out
    assert f"[{code}" in said.out
    assert words in said.out
    assert "Traceback" not in said.out + said.err
    found = tieout("lint", "--json").json["diagnostics"]
    assert all(re.fullmatch(r"[A-Z]+\d{3}", each["code"]) and each["span"]["line"] >= 1 for each in found)


@pytest.mark.parametrize("slip", ["twenty megabytes", "a thousand levels", "alias bomb", "objects without end"])
def test_the_rest_of_the_workspace_is_checked_beside_it(tieout: Any, place: Path, slip: str) -> None:
    SLIPS[slip][0](place)
    change(POLICY, "message:", "mesage:")(place)
    said = tieout("lint")
    assert (POLICY in said.out, SLIPS[slip][1] in said.out) == (True, True), said.out


def test_definitions_that_use_each_other_twice_are_read_in_no_time(tieout: Any, place: Path) -> None:
    chain(lambda n: holding(a=refer(n), b=refer(n)), 60)(place)
    assert ODD not in tieout("lint").out


@pytest.mark.parametrize("slip", ["schema not JSON", "schema is a list", "schema of no type", "policy unreadable"])
def test_what_uses_something_wrong_is_not_called_wrong_too(tieout: Any, place: Path, slip: str) -> None:
    work, file, *_ = SLIPS[slip]
    work(place)
    found = tieout("lint", "--json").json["diagnostics"]
    assert {each["span"]["file"] for each in found} == {file}
    assert len(found) == 1


EVENTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "there is nothing in the file"),
    "half": (b'{"id": ', "not JSON at line 1"),
    "a list": (b"[]", "one JSON object"),
    "not UTF-8": (b'{"id": "\xff"}', "not UTF-8"),
    "a key twice": (b'{"id": "a", "id": "b"}', "written twice"),
    "nested": (b'{"id":' * 100 + b"1" + b"}" * 100, "nested more than"),
    "no data": (b'{"type": "bill.issued@1", "id": "e1"}', "the event has no `data`"),
    "no id": (b'{"type": "bill.issued@1", "data": {}}', "needs an `id`"),
    "other type": (b'{"type": "bill.paid@1", "id": "e1", "data": {}}', "is started by bill.issued@1"),
    "broken contract": (b'{"type": "bill.issued@1", "id": "e1", "data": {"id": 5}}', "not a valid bill.issued@1"),
    "other attribute": (b'{"type": "bill.issued@1", "id": "e1", "dat": {}}', "no attribute dat"),
}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_that_cannot_be_used_is_refused_in_a_sentence(tieout: Any, place: Path, name: str) -> None:
    content, words = EVENTS[name]
    said = tieout("trace", "bill_posted", "--event", "-", "--json", stdin=content)
    assert said.code == 2
    assert words in said.json["error"]
    assert words in said.err


def test_replies_for_a_step_that_is_not_there_are_refused(tieout: Any, place: Path) -> None:
    replies = place / "replies.yaml"
    replies.write_text('postd:\n  - document: {id: "17"}\n', "utf-8")
    raw = json.dumps(event("x")).encode()
    said = tieout("trace", "bill_posted", "--event", "-", "--replies", str(replies), stdin=raw)
    assert said.code == 2
    assert "there is no step `postd`: did you mean `posted`?" in said.err


STORES = {
    "no database": ("{folder}/text", "file is not a database"),
    "another system": ("mysql://ledger/x", "not mysql://"),
    "nobody answers": ("postgresql://127.0.0.1:1/x", "connection"),
}


@pytest.mark.parametrize("name", STORES)
def test_a_store_that_is_none_is_refused(tieout: Any, place: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "text").write_text("hello", "utf-8")
    store, words = STORES[name]
    for command in (("status",), ("serve", "--port", "0")):
        said = tieout(*command, "--store", store.format(folder=tmp_path))
        assert (said.code, words in said.err) == (2, True), said.err


def test_all_missing_secrets_are_named_at_once(tieout: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMALL_API_KEY", "SMALL_WEBHOOK_SECRET"):
        monkeypatch.delenv(name)
    said = tieout("serve", "--port", "0")
    assert said.code == 2
    assert "set the environment variable SMALL_API_KEY" in said.err
    assert "set the environment variable SMALL_WEBHOOK_SECRET" in said.err


@pytest.mark.parametrize(
    ("address", "words"),
    [("nonsense", "not a plain http or https address"), ("http://elsewhere.example", "not among the hosts")],
)
def test_an_address_that_may_not_be_called_names_its_connection(
    tieout: Any, place: Path, monkeypatch: pytest.MonkeyPatch, address: str, words: str
) -> None:
    monkeypatch.setenv("SMALL_LEDGER_URL", address)
    said = tieout("serve", "--port", "0")
    assert said.code == 2
    assert "connection 'ledger': " in said.err
    assert words in said.err
