"""Expected against actual: by value, field by field, lists in full."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.base.money import Money
from engine.verify.compare import compare, show


def paths(expected: Any, actual: Any) -> list[str]:
    return [each.path for each in compare(expected, actual)]


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"amount": "12.5", "currency": "EUR"}, Money(Decimal("12.50"), "EUR")),
        ({"currency": "EUR"}, Money(Decimal("12.50"), "EUR")),
        ("12.50", Decimal("12.5")),
        (Decimal("12.50"), Decimal("12.5")),
        (3, Decimal(3)),
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-01-31T12:00:00+01:00", datetime(2026, 1, 31, 11, tzinfo=UTC)),
        ({"a": 1}, {"a": 1, "b": 2}),
        ([{"a": 1}], [{"a": 1, "b": 2}]),
        (None, None),
        ({"a": None}, {}),
        (True, True),
    ],
)
def test_equal_by_value(expected: Any, actual: Any) -> None:
    assert paths(expected, actual) == []


@pytest.mark.parametrize(
    ("expected", "actual", "path"),
    [
        ({"amount": "12.51", "currency": "EUR"}, Money(Decimal("12.50"), "EUR"), "amount"),
        ({"amount": "12.50", "currency": "USD"}, Money(Decimal("12.50"), "EUR"), "currency"),
        ({"amount": "x", "currency": "EUR"}, Money(Decimal("12.50"), "EUR"), "amount"),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b[1]"),
        ({"a": [1]}, {"a": [1, 2]}, "a[1]"),
        ({"a": [1, 2]}, {"a": [1]}, "a[1]"),
        ({"a": []}, {}, "a"),
        (True, 1, "the value"),
        (1, True, "the value"),
        (0, False, "the value"),
        ("1", 1.5, "the value"),
        ("2026-01-31", date(2026, 1, 30), "the value"),
        ("soon", datetime(2026, 1, 31, tzinfo=UTC), "the value"),
        (None, 0, "the value"),
        ({"a": 1}, [1], "the value"),
        ("text", Money(Decimal(1), "EUR"), "the value"),
    ],
)
def test_different(expected: Any, actual: Any, path: str) -> None:
    assert paths(expected, actual) == [path]


def test_values_are_shown_as_people_write_them() -> None:
    shown = show({"total": Money(Decimal("12.50"), "EUR"), "on": date(2026, 1, 31), "lines": [Decimal("1E+2"), None]})
    assert shown == "{total: 12.50 EUR, on: 2026-01-31, lines: [100, null]}"
    assert show("x" * 500, 10) == "'xxxxxxxx…"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_everything_equals_itself(value: Any) -> None:
    assert paths(value, value) == []
