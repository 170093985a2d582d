"""What expressions give: paths, projections, exact arithmetic, comparison, null."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.base.errors import ErrorClass, Failure
from engine.base.money import Money
from engine.expr import writer
from engine.expr.compile import compile_condition

D = Decimal
EUR = Money.of("10.00", "EUR")
DOCUMENT: dict[str, Any] = {
    "total": EUR,
    "usd": Money.of("1.00", "USD"),
    "rate": D("0.19"),
    "count": 3,
    "name": "Ada",
    "empty": "",
    "yes": True,
    "nothing": None,
    "due": date(2026, 1, 31),
    "at": datetime(2026, 1, 31, 23, 30, tzinfo=UTC),
    "customer": {"id": "c1", "tags": ["a", "b"]},
    "lines": [
        {"sku": "x", "amount": Money.of("4.00", "EUR"), "n": 2, "parts": [1, 2]},
        {"sku": "y", "amount": Money.of("6.00", "EUR"), "n": None, "parts": [3]},
    ],
}

CASES: list[tuple[str, Any]] = [
    # paths
    ("customer.id", "c1"),
    ("customer.nothing.at.all", None),
    ('"customer"."id"', "c1"),
    ("lines[0].sku", "x"),
    ("lines[-1].sku", "y"),
    ("lines[5]", None),
    ("name[0]", None),
    ("lines[*].sku", ["x", "y"]),
    ("lines[*].n", [2]),
    ("lines[].parts[]", [1, 2, 3]),
    ("lines[1:].sku", ["y"]),
    ("lines[::-1].sku", ["y", "x"]),
    ("customer.*", ["c1", ["a", "b"]]),
    ("lines[?sku == 'y'].parts | [0][0]", 3),
    ("lines[?n]", [DOCUMENT["lines"][0]]),
    ("name[*]", None),
    ("customer.{key: id, count: length(tags)}", {"key": "c1", "count": 2}),
    ("nothing.{key: id}", None),
    ("[name, count]", ["Ada", 3]),
    ("lines[*].[sku, n]", [["x", 2], ["y", None]]),
    ('`{"a": [1.50]}`.a[0]', D("1.50")),
    # arithmetic
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("10 - 3 - 2", 5),
    ("2 * 3 % 4", 2),
    ("-2 * 3", -6),
    ("-count * 2", -6),
    ("count-1", 2),
    ("count -1", 2),
    ("count - -1", 4),
    ("-7 % 3", -1),
    ("0.1 + 0.2", D("0.3")),
    ("1.10 * 1", D("1.10")),
    ("1 / 8", D("0.125")),
    ("round(2 / 3, 4, 'half_up')", D("0.6667")),
    ("count * rate", D("0.57")),
    ("total + total", Money.of("20.00", "EUR")),
    ("total - lines[0].amount", Money.of("6.00", "EUR")),
    ("total * rate", Money.of("1.9000", "EUR")),
    ("rate * total", Money.of("1.9000", "EUR")),
    ("-total", Money.of("-10.00", "EUR")),
    ("total / lines[0].amount", D("2.5")),
    ("round(total / 3, 2, 'half_up')", Money.of("3.33", "EUR")),
    ("round(total * (1 / 3), 2, 'half_up')", Money.of("3.33", "EUR")),
    ("round(-total / 8 * 3, 2, 'half_even')", Money.of("-3.75", "EUR")),
    ("due + duration('P1D')", date(2026, 2, 1)),
    ("due - duration('P31D')", date(2025, 12, 31)),
    ("due - date('2026-01-01')", 30),
    ("at + duration('PT30M')", datetime(2026, 2, 1, tzinfo=UTC)),
    ("at - timestamp('2026-01-31T23:00:00Z')", timedelta(minutes=30)),
    ("duration('PT1H') * 2", timedelta(hours=2)),
    # comparison and logic
    ("count == 3.00", True),
    ("count == `3`", True),
    ("`1` == `true`", False),
    ("`[0]` == `[false]`", False),
    ('`{"a": 1}` == `{"a": 1.0}`', True),
    ("name == 'Ada'", True),
    ("name != 'Ada'", False),
    ("total == money('10', 'EUR')", True),
    ("total == usd", False),
    ("total > lines[0].amount", True),
    ("due < date('2026-02-01')", True),
    ("'a' < 'b'", True),
    ("yes < count", None),
    ("nothing == `null`", True),
    ("nothing == null", True),
    ("nothing || 'x'", "x"),
    ("empty || 'x'", "x"),
    ("default(empty, 'x')", ""),
    ("default(nothing, 'x')", "x"),
    ("count && name", "Ada"),
    ("empty && name", ""),
    ("!empty", True),
    ("!count", False),
    ("!(count == 4)", True),
    ("name == 'Ada' && count > 2 || yes == `false`", True),
    ("is_null(nothing) && !is_null(name)", True),
    # functions over elements
    ("map(&n, lines)", [2, None]),
    ("sort_by(lines, &sku)[*].sku", ["x", "y"]),
    ("max_by(lines, &amount).sku", "y"),
    ("sum(lines[*].amount)", EUR),
    ("sum(`[]`)", 0),
    ("sum_money(lines[?sku == 'z'].amount, 'EUR')", Money.of("0", "EUR")),
    ("one(lines[?sku == 'x']).parts", [1, 2]),
    ("index_by(lines, &sku).y.parts", [3]),
    ("keys(group_by(lines, &sku))", ["x", "y"]),
    ('distinct(`[1, 1.0, true, "1"]`)', [1, True, "1"]),
    ("get(customer, 'id')", "c1"),
]


@pytest.mark.parametrize(("text", "value"), CASES, ids=lambda each: str(each)[:40])
def test_value(run: Any, text: str, value: Any) -> None:
    got = run(text, DOCUMENT)
    assert got == value
    assert type(got) is type(value)


FAILURES: list[tuple[str, str, int]] = [
    ("count + nothing", "+ needs two values, but the right one is null", 11),
    ("nothing > 1", "> needs two values, but the left one is null", 11),
    ("lines[?n > 1]", "> needs two values, but the left one is null", 18),
    ("total + usd", "+ needs one currency, not EUR and USD", 11),
    ("total > usd", "> needs one currency, not EUR and USD", 11),
    ("total + count", "+ is not defined for money and a number", 11),
    ("total * total", "* is not defined for money and money", 11),
    ("yes + 1", "+ is not defined for true or false and a number", 11),
    ("count < name", "a number and text cannot be compared by size", 11),
    ("1 + count / 0", "division by zero", 15),
    ("count % 0", "division by zero", 11),
    ("total / 3", "money was divided and not rounded", 11),
    ("total * (1 / 3)", "money was divided and not rounded", 11),
    ("total / 3 == total", "money was divided and not rounded", 11),
    ("[total / 3]", "money was divided and not rounded", 12),
    ("map(&amount / 3, lines)", "money was divided and not rounded", 16),
    ("name == 'Ada' && upper(count) == 'X'", "the argument of upper must be text, not a number", 28),
    ("one(lines)", "exactly one element is expected, but there are 2", 11),
    ('index_by(`[{"k": "a"}, {"k": "a"}]`, &k)', "a key that no two elements share", 11),
    ("sum_money(lines[*].amount, 'USD')", "sum_money adds USD, but one amount is in EUR", 11),
    ("money('1', 'EURO')", "is not a currency of ISO 4217", 11),
    ("number('1e5x')", "the text is not a number", 11),
    ("date('2026-02-30')", "there is no such date", 11),
    ("round(count, 2, 'bankers')", "unknown rounding mode 'bankers'", 11),
    ("due + duration('PT1H')", "a date moves by whole days only", 11),
    ("date('9999-12-31') + duration('P1D')", "outside the years 1 to 9999", 11),
    ('sort(`[1, "a"]`)', "values of one kind that have an order", 11),
]


@pytest.mark.parametrize(("text", "words", "column"), FAILURES, ids=lambda each: str(each)[:40])
def test_a_failure_says_what_and_where(run: Any, text: str, words: str, column: int) -> None:
    with pytest.raises(Failure) as caught:
        run(text, DOCUMENT)
    assert words in caught.value.message
    assert caught.value.message.endswith(f"(flows/x.flow.yaml:7:{column})")
    assert caught.value.error_class in (ErrorClass.MAPPING, ErrorClass.DATA)


def test_more_than_sixty_digits_are_an_error_and_never_rounded(run: Any) -> None:
    document = {"a": D("1" * 38), "b": D("0." + "1" * 30)}
    with pytest.raises(Failure, match="more than 60 digits"):
        run("a * b", document)
    with pytest.raises(Failure, match="more than 60 digits"):
        run("a * a", {"a": 10**31})
    assert run("a + b", {"a": D("1" * 20), "b": D("0." + "1" * 30)}) == D("1" * 20 + "." + "1" * 30)


def test_nothing_of_python_can_be_reached(run: Any) -> None:
    for text in ("__class__", "total.__class__", "total.amount", "name.upper", "customer.__class__.__mro__", "keys"):
        assert run(text, DOCUMENT) is None


def test_loops_have_a_budget(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "STEPS_MAX", 5)
    assert run("[*]", [1, 2, 3]) == [1, 2, 3]
    with pytest.raises(Failure) as caught:
        run("[*] | [*]", [1, 2, 3])
    assert caught.value.error_class is ErrorClass.TOO_LARGE


def test_a_condition_must_be_true_or_false(read: Any) -> None:
    condition = compile_condition(read("flag"))
    assert condition({"flag": True}) is True
    assert condition({"flag": False}) is False
    with pytest.raises(Failure, match="a condition must be true or false, not null"):
        condition({})
    with pytest.raises(Failure, match="not a number"):
        condition({"flag": 1})


def test_equal_parts_are_computed_once(read: Any) -> None:
    from engine.expr.emitter import Emitter
    from engine.expr.writer import FunctionWriter

    function = FunctionWriter("f", ("scope",))
    result = Emitter(function).value(read("[a.b.c + 1, a.b.c + 1, a.b.c + 2]"), "scope")
    computed = function.build(result, None)
    assert computed({"a": {"b": {"c": 1}}}) == [2, 2, 3]
    assert function.source().count(".get('c')") == 1
    assert function.source().count(" else _add(") == 2


def test_what_is_computed_in_one_branch_is_not_taken_for_known_in_another(run: Any) -> None:
    text = "(a && upper(b)) || lower(b)"
    assert run(text, {"a": True, "b": "x"}) == "X"
    assert run(text, {"a": False, "b": "X"}) == "x"
    both = "[a && upper(b), upper(b)]"
    assert run(both, {"a": False, "b": "x"}) == [False, "X"]
