"""init, lint, test, eval and explain."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from engine.source.catalogue import load_all


def test_init_makes_a_workspace_that_is_clean_and_whose_tests_pass(tieout: Any, tmp_path: Path) -> None:
    made = tieout("init", str(tmp_path / "new"), "--json")
    assert made.code == 0
    assert "tieout.yaml" in made.json["files"]
    assert {path.split("/")[0] for path in made.json["files"]} >= {"mappings", "schemas", "policies"}
    lint = tieout("lint", "--workspace", str(tmp_path / "new"), "--json")
    assert (lint.code, lint.json["diagnostics"]) == (0, [])
    only = tieout("test", "--workspace", str(tmp_path / "new"), "--only", "flow:invoice_posted")
    assert (only.code, "passed" in only.out) == (0, True)


def test_init_changes_no_folder_that_has_something_in_it(tieout: Any, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    said = tieout("init", str(tmp_path))
    assert (said.code, "not an empty folder" in said.err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def broken(place: Path) -> None:
    policy = place / "policies" / "order_limits.policy.yaml"
    policy.write_text(policy.read_text().replace("amount(order.total)", "amount(order.totl)"))


def test_lint_prints_findings_in_every_form(tieout: Any, place: Path) -> None:
    broken(place)
    human = tieout("lint")
    assert human.code == 1
    assert "policies/order_limits.policy.yaml:12:" in human.out
    assert "did you mean total?" in human.out
    found = tieout("lint", "--json").json
    assert found["errors"] == 1
    code = found["diagnostics"][0]["code"]
    assert tieout("lint", "--format", "json").json == found
    assert tieout("lint", "--format", "sarif").json["runs"][0]["results"][0]["ruleId"] == code
    assert ET.fromstring(tieout("lint", "--format", "junit").out).get("failures") == "1"
    assert tieout("lint", "--format", "github").out.startswith("::error file=policies/order_limits.policy.yaml,line=12")


def test_lint_fails_on_the_level_that_is_asked_for_and_in_the_paths_that_are_named(tieout: Any, place: Path) -> None:
    levels = {each["level"] for each in tieout("lint", "--json").json["diagnostics"]}
    assert levels == {"warning"}, "the small workspace has no tests, and nothing worse"
    assert tieout("lint").code == 1
    assert tieout("lint", "--fail-on", "error").code == 0
    files = {each["span"]["file"] for each in tieout("lint", "policies", "--json").json["diagnostics"]}
    assert files == {"policies/bill_limits.policy.yaml", "policies/order_limits.policy.yaml"}
    assert tieout("lint", "schemas").code == 0


def test_findings_of_a_workspace_that_does_not_compile_come_with_their_lines(tieout: Any, place: Path) -> None:
    broken(place)
    said = tieout("trace", "bill_posted", "--event", "-", stdin=b"{}")
    assert said.code == 2
    assert "require: =amount(order.totl) <= 10000" in said.err


def test_test_says_which_field_differs(tieout: Any, place: Path) -> None:
    (place / "policies" / "bill_limits.test.yaml").write_text(
        "spec: test/v1\nid: limits\nsummary: Zero is no bill.\ntarget:\n  policy: bill_limits@1\n"
        "given:\n  total:\n    id: b1\n    revision: '1'\n    customer: c1\n    total:\n"
        '      amount: "0.00"\n      currency: EUR\n'
        "cases:\n  - id: zero\n    expect:\n      violations: [total_positive]\n"
        "  - id: wrong\n    expect:\n      violations: []\n"
    )
    said = tieout("test")
    assert (said.code, "limits/wrong" in said.out, "1 failed, 1 passed" in said.out) == (1, True, True)
    assert tieout("test", "--only", "limits/zero").code == 0
    assert tieout("test", "--json").json["failed"] == 1
    assert ET.fromstring(tieout("test", "--format", "junit").out).get("failures") == "1"
    unknown = tieout("test", "--only", "nothing")
    assert (unknown.code, "nothing" in unknown.err) == (2, True)


def test_eval_prints_value_and_type(tieout: Any) -> None:
    document = b'{"lines": [{"amount": 1.10}, {"amount": 2.20}]}'
    said = tieout("eval", "sum(lines[].amount)", "--input", "-", stdin=document)
    assert (said.code, said.out) == (0, '"3.30"\ntype: number\n')
    assert tieout("eval", "=sum(lines[].amount) * 2", "--input", "-", "--json", stdin=document).json == {
        "value": "6.60",
        "type": "number",
    }


@pytest.mark.parametrize(
    ("expression", "stdin", "words"),
    [
        ("lines[].amunt", b'{"lines": [{"amount": 1}]}', "amunt"),
        ("sum(", b"{}", "EXPR"),
        ("1 +", b"{}", "EXPR"),
        ("a", b'{"a": 1, "a": 2}', "cannot be read"),
        ("a", b"\xff", "cannot be read"),
        ("a / b", b'{"a": 1, "b": 0}', "error"),
    ],
)
def test_eval_answers_bad_input_in_words(tieout: Any, expression: str, stdin: bytes, words: str) -> None:
    said = tieout("eval", expression, "--input", "-", stdin=stdin)
    assert (said.code, words in said.err) == (2, True), said
    assert "Traceback" not in said.err


def test_the_prompt_of_eval_answers_everything_and_never_ends_by_itself(tieout: Any, tmp_path: Path) -> None:
    file = tmp_path / "document.json"
    file.write_text('{"a": 2, "b": {"c": "x"}}')
    lines = [
        "a",
        f":load {file}",
        "a + 1",
        "b.c",
        ":keys",
        "b.",
        "nope(",
        ":load /nowhere",
        ":help",
        "",
        "b.d",
        "a / 0",
        "a",
    ]
    said = tieout("eval", stdin="\n".join(lines).encode())
    assert said.code == 0
    assert "3\n  integer\n" in said.out
    assert '"x"\n' in said.out
    assert "a, b\n" in said.out
    assert "cannot read /nowhere" in said.out
    assert said.out.endswith("2\n  integer\n")


def test_explain_has_an_entry_for_every_code(tieout: Any) -> None:
    codes = list(load_all())
    everything = tieout("explain", "--all", "--json").json
    assert [each["code"] for each in everything] == codes
    listed = tieout("explain", "--all").out.splitlines()
    assert [line.split()[0] for line in listed] == codes
    one = tieout("explain", codes[0].lower())
    assert (one.code, one.out.startswith(codes[0])) == (0, True)
    assert tieout("explain", codes[0], "--json").json["code"] == codes[0]
    unknown = tieout("explain", "YAML999")
    assert (unknown.code, "YAML" in unknown.err) == (2, True)


def test_eval_takes_amounts_with_a_currency_for_money_as_flows_see_them(tieout: Any, place: Path) -> None:
    document = place / "bill.json"
    document.write_text(
        '{"lines": [{"amount": {"amount": "10.25", "currency": "EUR"}},'
        '{"amount": {"amount": "-0.25", "currency": "EUR"}}],'
        ' "odd": {"amount": "1,5", "currency": "EUR"}, "unit": {"amount": "1", "currency": "XYZ"}}'
    )
    said = tieout("eval", "sum(lines[].amount)", "--input", str(document), "--json")
    assert (said.code, said.json) == (0, {"value": {"amount": "10.00", "currency": "EUR"}, "type": "money in EUR"})
    assert tieout("eval", "odd.amount", "--input", str(document), "--json").json["value"] == "1,5"
    assert tieout("eval", "unit.currency", "--input", str(document), "--json").json["value"] == "XYZ"
