"""One cause, one finding, at what is to be changed, with what to write there."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_workspace import copy_base, replace_in

from engine.lint.look_alikes import called, plain_signs
from engine.lint.runner import lint

ENTRY, FLOW, TABLE, POLICY = "entry.mapping.yaml", "booked.flow.yaml", "accounts.table.yaml", "controls.policy.yaml"


def told(root: Path) -> list[tuple[str, int, int, str]]:
    """Code, line, column and help of every finding."""
    return [(each.code, each.span.line, each.span.column, each.help) for each in lint(root, environment={}).diagnostics]


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (ENTRY, ("  bill:\n    schema", "  invoice:\n    schema"), ("EXPR011", 7, 3, "did you mean `bill`?")),
        (ENTRY, ("customer: =bill.customer", "client: =bill.customer"), ("MAP005", 14, 7, "did you mean `customer`?")),
        (FLOW, ("        bill: =event.data", "        paper: =event.data"), ("MAP103", 16, 9, "did you mean `bill`?")),
        (FLOW, ("mapping: entry@1", "mapping: bill@1"), ("MAP103", 14, 16, "did you mean `entry@1`?")),
        (POLICY, ("    reason: negative", "    cause: negative"), ("SPEC010", 14, 5, "did you mean `reason`?")),
        (ENTRY, ("  bill: =bill.id", "  bill:=bill.id"), ("YAML001", 16, 3, "write `bill: `")),
        (ENTRY, ("=bill.id", "=bill.id || \u201cnone\u201d"), ("EXPR001", 16, 21, "straight quotes")),
        (ENTRY, ("=bill.id", "=b\u0456ll.id"), ("EXPR001", 16, 11, "type it anew")),
        (ENTRY, ("=bill.total", "=amount(bill.total)"), ("MAP003", 19, 11, "money(x, currency)")),
        (POLICY, ("money(`0`, currency(entry.amount))", "0"), ("TYPE002", 13, 15, "money('0', currency(x))")),
        (POLICY, ("{{ entry.amount | money }}", "{{ entry.amount | cash }}"), ("EXPR013", 15, 68, "known here")),
        (POLICY, ("message: Bill {{ entry.bill }}", "message: {{ entry.bill }}"), ("YAML013", 15, 14, "in quotes")),
        (TABLE, ("key: [customer]", "key: customer"), ("SPEC012", 11, 6, "write [customer]")),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) and len(each) == 4 else None,
)
def test_one_cause_is_told_once_where_it_is(
    tmp_path: Path, file: str, change: tuple[str, str], expected: tuple[str, int, int, str]
) -> None:
    root = copy_base(tmp_path)
    replace_in(root, file, change)
    (found,) = told(root)
    assert found[:3] == expected[:3]
    assert expected[3] in found[3]


def test_a_schema_under_another_id_is_told_at_its_id(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    schema = root / "schemas" / "entry@1.schema.json"
    schema.write_text(schema.read_text("utf-8").replace("schema/entry@1", "schema/entries@1"), "utf-8")
    (found,) = lint(root, environment={}).diagnostics
    assert (found.code, found.span.file) == ("SCHEMA001", "schemas/entry@1.schema.json")
    assert found.fix is not None and found.fix.edits[0].text == '"tieout:schema/entry@1"'


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("NW\u2011DE", "NW-DE"),
        ("\u0410CME1", "ACME1"),
        ("a\u00a0b", "a b"),
        ("ab\u200b", "ab"),
        ("plain", None),
        ("Häfen", None),
    ],
)
def test_signs_that_look_plain(written: str, plain: str | None) -> None:
    assert plain_signs(written) == plain


def test_signs_are_named() -> None:
    assert called("\u0430") == "a letter that looks like a"
    assert called("\u200b") == "a sign that cannot be seen"
    assert called("\u00a0") == "a blank that does not break"
    assert called("\u2011") == "a sign that looks like -"
    assert called("a") == ""
