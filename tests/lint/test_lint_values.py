"""Rules about computed values: what they keep silent about, and how they word what they say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_workspace import BASE, copy_base, replace_in

from engine.lint.codes_values import VALUE_CODES
from engine.lint.runner import lint

FIXTURES = BASE.parent
MESSAGE_MAX = 90


def found(root: Path) -> list[tuple[str, str]]:
    mine = {each.code for each in VALUE_CODES}
    return [(each.code, each.message) for each in lint(root, environment={}).diagnostics if each.code in mine]


def with_order(root: Path, order: str) -> list[tuple[str, str]]:
    """What is found where a computed value stands in a field of a mapping."""
    replace_in(copy_base(root), "entry.mapping.yaml", ("=bill.order", order))
    return found(root)


def test_enough_is_known_to_be_wrong() -> None:
    assert len(VALUE_CODES) >= 45
    assert all(each.why and each.summary.endswith(".") for each in VALUE_CODES)
    assert all(bool(each.avoid) == bool(each.prefer) for each in VALUE_CODES)


@pytest.mark.parametrize("code", [each.code for each in VALUE_CODES])
def test_a_message_is_short_and_a_fix_mends_what_it_is_offered_for(tmp_path: Path, code: str) -> None:
    copy_base(tmp_path)
    shutil.copytree(FIXTURES / code / "bad", tmp_path, dirs_exist_ok=True)
    (first, *_) = [each for each in lint(tmp_path, environment={}).diagnostics if each.code == code]
    assert len(first.message) <= MESSAGE_MAX
    assert first.help
    if first.fix is None:
        return
    assert next(each.fixable for each in VALUE_CODES if each.code == code)
    file = tmp_path / first.fix.edits[0].span.file
    lines = file.read_text("utf-8").split("\n")
    for edit in sorted(first.fix.edits, key=lambda each: each.span.column, reverse=True):
        line = lines[edit.span.line - 1]
        lines[edit.span.line - 1] = line[: edit.span.column - 1] + edit.text + line[edit.span.end_column - 1 :]
    file.write_text("\n".join(lines), "utf-8")
    assert [each.message for each in lint(tmp_path, environment={}).diagnostics if each.code == code] == []


@pytest.mark.parametrize(
    "order",
    [
        "=bill.order",
        "=default(bill.order, bill.id)",
        "=bill.order || bill.id",
        "=bill.revision || bill.id",  # an empty text counts as nothing, so the alternative may be used
        "=not_null(bill.order, bill.id)",
        "=bill.order != `null` && upper(bill.order) || `null`",
        "=text(length(bill.lines || `[]`) > 1)",
        "=text(amount(bill.total) > 0)",  # the sign of an amount needs no currency
        "=text(bill.total - bill.total * 0.5 > bill.total)",
        "=join('', ['{', bill.id, '}'])",
        "=starts_with('abc', 'a') && bill.id || `null`",
        "=bill.revision > 'a' && bill.id || `null`",
        "=contains(['a', 'b'], bill.id) && bill.id || `null`",
        "=text(round(bill.total * 1.19, 2, 'half_up') > bill.total)",
        "=text(length(bill.lines[].id || `[]`))",
        "=text(number(bill.revision) / 100 * 3)",
        "order.bill",
        "A bill of {bill}",
        "date of the bill",
        '"invoice.finalized"',
    ],
)
def test_what_may_be_right_is_left_alone(tmp_path: Path, order: str) -> None:
    assert with_order(tmp_path, order) == []


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ("=bill.id == bill.id && bill.order || `null`", "EXPR221"),
        ("=length(bill.lines || `[]`) >= 0 && bill.order || `null`", "EXPR220"),
        ("=text(default(bill.total, bill.total) > bill.total)", "EXPR223"),
        ("=text(bill.total - bill.total > bill.total)", "EXPR221"),
        ("=text(bill.total * 0 > bill.total)", "EXPR226"),
        ("=(bill.id == 'a' && bill.id == 'a') && bill.order || `null`", "EXPR220"),
        ("=(bill.lines == `[]` || bill.lines == `[]`) && bill.order || `null`", "EXPR229"),
        ("=contains(['a', 'b', 'a'], bill.id) && bill.order || `null`", "EXPR229"),
        ("=bill.id != null && bill.order || `null`", "EXPR225"),
        ("=join(' ', bill.lines[*].{a: id}.a || `[]`)", ""),
        ("=text(sum(map(&amount(amount), bill.lines || `[]`)) > 0 || amount(bill.total) > 0)", ""),
        ("upper(bill.id)", "YAML220"),
        ("${bill.id}", "YAML221"),
    ],
)
def test_what_must_be_wrong_is_told(tmp_path: Path, order: str, code: str) -> None:
    assert [each for each, _ in with_order(tmp_path, order)] == ([code] if code else [])


def test_a_literal_that_names_no_field_is_only_text(tmp_path: Path) -> None:
    assert with_order(tmp_path, "bill.nothing") == []


def test_a_text_in_a_flow_is_looked_at_too(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    replace_in(root, "booked.flow.yaml", ("document: =steps.posted.document.id", "document: steps.posted.document.id"))
    assert [code for code, _ in found(root)] == ["YAML220"]
