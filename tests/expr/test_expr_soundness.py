"""If the checker has no findings and gives a type, evaluation ends in a value of that type, on every instance.

What may still fail at run time are the places where types say nothing: an exact result too long to hold,
a division by zero.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume as given_that
from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import Failure
from engine.base.money import Money as MoneyValue
from engine.expr.check import check
from engine.expr.compile import compile_expression
from engine.expr.parse import parse
from engine.expr.typing_of_values import type_of_value
from engine.schema.types import BOOLEAN, DATE, INTEGER, NUMBER, TEXT, Array, Money, Object, assignable
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

LINE = Object({"t": TEXT, "m": Money("EUR"), "n": NUMBER, "o": NUMBER}, frozenset({"t", "m", "n"}))
SCOPE = {
    "t": TEXT, "n": NUMBER, "i": INTEGER, "b": BOOLEAN, "m": Money("EUR"), "d": DATE, "xs": Array(LINE),
    "r": Object({"o": NUMBER, "t": TEXT, "r": LINE}, frozenset({"t"})),
}  # fmt: skip

_numbers = st.decimals(-1000, 1000, places=2) | st.integers(-1000, 1000).map(Decimal)
_money = _numbers.map(lambda amount: MoneyValue(amount, "EUR"))
_texts = st.sampled_from(["", "x", "EUR", "2026-01-01", "12.5"])


def _objects(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


_lines = _objects({"t": _texts, "m": _money, "n": _numbers}, {"o": _numbers})
_scopes = _objects(
    {
        "t": _texts, "n": _numbers, "i": st.integers(-50, 50), "b": st.booleans(), "m": _money,
        "d": st.dates(date(2020, 1, 1), date(2030, 1, 1)), "xs": st.lists(_lines, max_size=3),
        "r": _objects({"t": _texts}, {"o": _numbers, "r": _lines}),
    },
    {},
)  # fmt: skip

_paths = st.sampled_from(
    ["t", "n", "i", "b", "m", "d", "xs", "r", "r.o", "r.t", "r.r.n", "r.r.o", "r.r.m", "xs[0].n", "xs[*].n",
     "xs[*].o", "xs[*].m", "xs[*].t", "xs[?o].o", "xs[?o != null && o > n].n", "xs[?t == 'x'].m", "xs[1:]"]
)  # fmt: skip
_leaves = _paths | st.sampled_from(
    ["1", "2.50", "'x'", "`true`", "`null`", "`[]`", "money('1', 'EUR')", "duration('P1D')"]
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    binary = st.sampled_from(["+", "-", "*", "%", "==", "!=", "<", ">=", "&&", "||"])
    one_argument = st.sampled_from(
        ["!({})", "-({})", "length({})", "upper({})", "sum({})", "max({})", "sort({})", "to_array({})", "type({})",
         "round({} / 4, 2, 'half_up')", "amount({})", "is_null({})", "not_null({}, 0)", "default({}, 0)", "text({})",
         "to_number({})", "[{}, 1 + 1]", "{{a: {}}}.a", "({})[0]", "({})[]", "add_days(d, i + {})",
         "sum_money({}, 'EUR')",
         "sort_by(xs, &n)[*].{}", "map(&o, {})", "reverse({})", "one(to_array({}))", "avg({})", "currency({})",
         "r.r != null && r.r.n > {}", "(r.o || 1) + {}", "to_string({})", "distinct({})", "abs({})"]
    )  # fmt: skip
    return st.one_of(
        st.tuples(two, binary).map(lambda each: f"({each[0][0]} {each[1]} {each[0][1]})"),
        st.tuples(inner, one_argument).map(lambda each: each[1].format(each[0])),
    )


_expressions = st.recursive(_leaves, _grown, max_leaves=4)
_ALLOWED = (
    "more than 60 digits",
    "division by zero",
    "one element is expected",
    "outside the years",
    "currency of ISO",
)


@given(_expressions, _scopes)
def test_a_checked_expression_gives_what_the_checker_said(text: str, scope: dict[str, Any]) -> None:
    found = Diagnostics()
    tree = parse(text, Span("case"), found)
    given_that(tree is not None)
    assert tree is not None
    type_ = check(tree, SCOPE, found)
    given_that(not found.has_errors)
    try:
        value = compile_expression(tree)(scope)
    except Failure as failure:
        assert any(words in failure.message for words in _ALLOWED), (text, failure.message)
        return
    assert assignable(type_of_value(value), type_), (text, value, type_)


def test_the_types_of_values_are_told() -> None:
    value = {"m": MoneyValue.of("1", "EUR"), "d": date(2026, 1, 1), "l": [1, Decimal("1.5")], "p": timedelta(1)}
    type_ = type_of_value(value)
    assert isinstance(type_, Object)
    assert type_.fields["m"] == Money("EUR")
    assert type_.fields["l"] == Array(NUMBER)
