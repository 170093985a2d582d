"""Values of known type as JSON: byte for byte what the encoder that knows no types gives, whatever the type says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.base.identity import json_bytes
from engine.base.money import Money
from engine.schema import types
from engine.schema.json_writer import DEPTH_MAX, json_writer

_DECIMALS = st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [Decimal("-0.00"), Decimal("1E+9"), Decimal("1E-30"), Decimal("-12.50")]
)
_LEAVES: st.SearchStrategy[Any] = (
    _DECIMALS
    | st.builds(Money, _DECIMALS, st.sampled_from(["EUR", "JPY"]))
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
    | st.timedeltas(timedelta(0), timedelta(days=400))
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(max_size=5)
    | st.sampled_from([None, True, False])
)
_NAMES = st.sampled_from(["a", "b", "ü", "it's", 'quo"te', "\\"])
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4), max_leaves=15
)
_TYPES = st.recursive(
    st.sampled_from([types.ANY, types.MONEY, types.NUMBER, types.DATE, types.TEXT, types.TIMESTAMP, types.INTEGER]),
    lambda inner: (
        inner.map(types.nullable)
        | inner.map(types.Array)
        | st.dictionaries(_NAMES, inner, max_size=4).map(lambda fields: types.Object(fields, frozenset(fields)))
        | st.tuples(inner, inner).map(lambda pair: types.union(*pair))
    ),
    max_leaves=10,
)


def type_of(value: Any) -> types.Type:
    """A type that a value has."""
    simple = {Money: types.MONEY, Decimal: types.NUMBER, date: types.DATE, datetime: types.TIMESTAMP}
    if isinstance(value, dict):
        return types.Object({name: type_of(inner) for name, inner in value.items()}, frozenset(value))
    if isinstance(value, list):
        return types.Array(types.union(*map(type_of, value)) if value else types.NEVER)
    return simple.get(value.__class__, types.TEXT)


@given(_VALUES)
def test_a_value_of_its_type_gives_the_same_bytes(value: Any) -> None:
    before = repr(value)
    assert json_writer(type_of(value))(value) == json_bytes(value)
    assert repr(value) == before


@given(_TYPES, _VALUES)
def test_a_wrong_type_never_gives_other_bytes(type_: types.Type, value: Any) -> None:
    assert json_writer(type_)(value) == json_bytes(value)


def test_the_keys_stay_in_the_order_of_the_value() -> None:
    type_ = types.Object({"a": types.MONEY, "b": types.DATE}, frozenset({"a", "b"}))
    value = {"b": date(2026, 3, 1), "x": 1, "a": Money.of("-0.00", "EUR")}
    assert json_writer(type_)(value) == b'{"b":"2026-03-01","x":1,"a":{"amount":"0.00","currency":"EUR"}}'


def test_a_moment_of_another_zone_that_the_type_names_keeps_its_form() -> None:
    moment = datetime(1850, 1, 1, tzinfo=timezone(timedelta(minutes=9, seconds=21)))
    for type_ in (types.TIMESTAMP, types.ANY, types.union(types.DATE, types.TIMESTAMP)):
        whole = types.Object({"at": type_, "on": types.DATE, "sum": types.MONEY}, frozenset())
        value = {"at": moment, "on": date(2026, 3, 1), "sum": Money.of(1, "EUR")}
        assert json_writer(whole)(value) == json_bytes(value)


def test_types_that_contain_themselves_are_looked_into_only_so_deep() -> None:
    node = types.Recursive("node", lambda: types.Object({"amount": types.MONEY, "next": types.nullable(node)}))
    value: dict[str, Any] | None = None
    for amount in range(2 * DEPTH_MAX):
        value = {"amount": Money.of(amount, "EUR"), "next": value}
    assert json_writer(node)(value) == json_bytes(value)
