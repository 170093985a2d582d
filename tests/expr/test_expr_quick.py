"""A quick function and the exact one cannot be told apart, also where values are not what the types promise."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import Failure
from engine.base.money import Money as MoneyValue
from engine.expr.compile import compile_condition, compile_expression
from engine.expr.nodes import Ast
from engine.expr.parse import parse
from engine.schema.types import DATE, INTEGER, MONEY, NUMBER, TEXT, Array, Object, nullable
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

LINE = Object({"t": TEXT, "m": MONEY, "n": NUMBER, "i": INTEGER, "o": NUMBER}, frozenset({"t", "m", "n", "i"}))
SCOPE = {
    "t": TEXT,
    "n": NUMBER,
    "i": INTEGER,
    "m": MONEY,
    "w": MONEY,
    "d": DATE,
    "e": DATE,
    "j": INTEGER,
    "u": TEXT,
    "xs": Array(LINE),
    "r": nullable(LINE),
    "deep": Object({"xs": Array(Object({"ys": Array(LINE)}, frozenset({"ys"})))}, frozenset({"xs"})),
}

EXPRESSIONS = [
    "m + w", "m - w", "m < w", "m >= w", "m == w", "m != w", "m * j", "i + j", "i < j", "i != j", "t == u", "u != t",
    "t", "r.t", "r.m", "xs[].m", "xs[].o", "xs[*].i", "xs[].{a: t, b: n}", "xs[].[t, n]", "deep.xs[].ys[].m",
    "deep.xs[].ys[]", "xs[?n > `1`].m", "xs[?t == 'x'].i", "xs[0].n", "map(&m, xs)", "map(&currency(m), xs)",
    "sum(xs[].i)", "sum(xs[].n)", "sum(xs[].m)", "sum_money(xs[].m, 'EUR')", "sum_money(deep.xs[].ys[].m, t)",
    "from_minor_units(i, t)", "from_minor_units(1, t)", "from_minor_units(n, 'JPY')", "number(t)", "number(t) * n",
    "number(t) * amount(m)", "upper(t)", "lower(t)", "amount(m)", "currency(m)", "length(xs)", "length(t)",
    "money('0', t)", "money('1.50', 'EUR') + m", "money('x', 'EUR')", "m + m", "m - xs[0].m", "m * n", "n * m",
    "m / n", "round(m / 3, 2, 'half_up')", "i + i", "i * n", "n - i", "n + 1", "1.5 * i", "m == xs[0].m", "m < xs[0].m",
    "n < i", "n >= -31", "i == n", "t == r.t", "t != r.t", "d < e", "d == e", "date_of(unix_time(i), 'UTC')",
    "date_of(unix_time(n), 'UTC')", "date_of(unix_time(i), 'Europe/Berlin')", "unix_time(i)", "distinct(xs[].t)",
    "default(r.o, n)", "r != null && r.n > n", "r.t || t", "!r", "xs[].n | sum(@)", "{a: m, b: xs[].t}", "[t, n]",
    "@.t",
]  # fmt: skip

_numbers = st.decimals(-1000, 1000, places=2) | st.integers(-10, 300_000_000_000)
_money = st.builds(MoneyValue, st.decimals(-1000, 1000, places=2), st.sampled_from(["EUR", "JPY", "USD"]))
_texts = st.sampled_from(["", "x", "EUR", "JPY", "12.5", "7"])
#: Whatever a value of the language can be, of the type that was promised or not.
_anything = st.one_of(
    st.none(), st.booleans(), _numbers, _money, _texts, st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.just(timedelta(days=1)), st.just([]), st.just({}), st.just([[{"m": MoneyValue(Decimal(1), "EUR")}]]),
)  # fmt: skip


def _mostly(promised: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 11).flatmap(lambda chosen: promised if chosen else _anything)


_lines = st.fixed_dictionaries(
    {"t": _mostly(_texts), "m": _mostly(_money), "i": _mostly(st.integers(-10, 300_000_000_000))},
    optional={"o": _mostly(_numbers), "n": _mostly(_numbers)},
)
_arrays = _mostly(st.lists(_mostly(_lines), max_size=3))
_scopes = st.fixed_dictionaries(
    {
        "t": _mostly(_texts),
        "n": _mostly(_numbers),
        "i": _mostly(st.integers(-10, 300_000_000_000)),
        "m": _mostly(_money),
        "w": _mostly(_money),
        "e": _mostly(st.dates(date(2020, 1, 1), date(2030, 1, 1))),
        "j": _mostly(st.integers(-50, 50)),
        "u": _mostly(_texts),
        "d": _mostly(st.dates(date(2020, 1, 1), date(2030, 1, 1))),
        "xs": _arrays,
        "deep": _mostly(st.fixed_dictionaries({"xs": _mostly(st.lists(_mostly(_arrays.map(lambda a: {"ys": a}))))})),
    },
    optional={"r": _mostly(_lines)},
)


def _parsed(text: str) -> Ast:
    found = Diagnostics()
    ast = parse(text, Span("mapping.yaml", 3, 5, 3, 5 + len(text)), found)
    assert ast is not None and found.sorted == (), text
    return ast


def _outcome(function: Any, scope: Any) -> tuple[str, str]:
    try:
        return "value", repr(function(scope))
    except Failure as failure:
        return str(failure.error_class), failure.message


_PAIRS = [
    (text, compile_expression(ast, SCOPE), compile_expression(ast)) for text in EXPRESSIONS for ast in [_parsed(text)]
]


@given(_scopes)
def test_quick_and_exact_give_the_same(scope: dict[str, Any]) -> None:
    for text, quick, exact in _PAIRS:
        assert _outcome(quick, scope) == _outcome(exact, scope), text


@given(_anything)
def test_they_agree_on_a_scope_that_is_none(scope: Any) -> None:
    for text, quick, exact in _PAIRS:
        assert _outcome(quick, scope) == _outcome(exact, scope), text


def test_a_condition_that_is_none_is_refused_by_both_with_its_place() -> None:
    ast = _parsed("t")
    for condition in (compile_condition(ast, SCOPE), compile_condition(ast)):
        with pytest.raises(Failure, match=r"true or false, not text \(mapping\.yaml:3:5\)"):
            condition({"t": "x"})


def test_minor_units_keep_every_digit() -> None:
    many = 10**40 + 1
    for names in (SCOPE, ()):
        made = compile_expression(_parsed("from_minor_units(i, t)"), names)({"i": many, "t": "EUR"})
        assert str(made.amount) == "1" + "0" * 38 + ".01"
