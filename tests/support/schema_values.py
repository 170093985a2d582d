"""Values for schema tests: some that fit a form, typed or on the wire, and ways of breaking them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from engine.base.money import Money
from engine.schema.forms import (
    AnyForm,
    ArrayForm,
    BooleanForm,
    ChoiceForm,
    Form,
    FormatForm,
    IntegerForm,
    MoneyForm,
    NullableForm,
    ObjectForm,
    TextForm,
)
from engine.schema.schema import Schema

#: Whole numbers of 38 digits with up to four of them after the point.
decimals = st.builds(
    lambda digits, scale: Decimal(digits).scaleb(-scale), st.integers(-(10**18), 10**18), st.integers(0, 4)
)
currencies = st.sampled_from(["EUR", "USD", "JPY"])
texts = st.text(st.characters(codec="utf-8"), max_size=5)

FORMATS: dict[str, st.SearchStrategy[Any]] = {
    "decimal": decimals.map(lambda value: Decimal(format(value, "f"))),
    "date": st.dates(),
    "date-time": st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC)),
    "duration": st.timedeltas(timedelta(days=-9999), timedelta(days=9999)),
}
money = st.builds(Money, FORMATS["decimal"], currencies)
anything = st.none() | st.booleans() | st.integers() | texts | st.lists(texts, max_size=2) | st.just({"a": 1})


def typed_values(schema: Schema, form: Form, depth: int = 3) -> st.SearchStrategy[Any]:
    """What decoding can give for a form."""
    form = schema.definitions.open(form)
    if isinstance(form, ObjectForm):
        return _objects(schema, form, depth)
    if isinstance(form, ArrayForm):
        most = form.count_min if depth <= 0 else form.count_max or 2
        return st.lists(typed_values(schema, form.element, depth - 1), min_size=form.count_min, max_size=most)
    if isinstance(form, ChoiceForm):
        return st.one_of(*(typed_values(schema, case, depth) for case in form.cases.values()))
    if isinstance(form, NullableForm):
        return st.none() | typed_values(schema, form.form, depth)
    if isinstance(form, MoneyForm):
        return money
    if isinstance(form, FormatForm):
        return FORMATS[form.format]
    if isinstance(form, IntegerForm):
        return st.sampled_from(sorted(form.values)) if form.values else st.integers(form.minimum, form.maximum)
    if isinstance(form, BooleanForm):
        return st.booleans() if form.value is None else st.just(form.value)
    if isinstance(form, TextForm):
        return _texts(form)
    return anything if isinstance(form, AnyForm) else st.none()


def _texts(form: TextForm) -> st.SearchStrategy[str]:
    if form.values is not None:
        return st.sampled_from(sorted(form.values))
    if form.pattern is not None:
        return st.sampled_from(["DE", "FR"])
    return st.text("abcé", min_size=form.length_min, max_size=form.length_max or 8)


def _objects(schema: Schema, form: ObjectForm, depth: int) -> st.SearchStrategy[Any]:
    strategies = {
        name: typed_values(schema, field, depth - 1)
        for name, field in form.fields.items()
        if depth > 0 or name in form.required
    }
    for name in form.required - strategies.keys():
        strategies[name] = anything
    required = {name: each for name, each in strategies.items() if name in form.required}
    optional = {name: each for name, each in strategies.items() if name not in form.required}
    fixed = st.fixed_dictionaries(required, optional=optional)
    if form.extra is None:
        return fixed
    keys = st.sampled_from(["k1", "k2"])
    extra = st.dictionaries(keys, typed_values(schema, form.extra, depth - 1), max_size=2)
    return st.builds(lambda own, more: {**more, **own}, fixed, extra)


WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [
        None, True, 0, -1, 7, 10**40, Decimal("1.5"), "", "x", "DE\n", "2026-13-01", "2026-02-28", "20260228",
        "2026-01-01T10:00:00", "2026-01-01T10:00:00Z", "2026-01-01T10:00:00.5+02:00", "P1M", "P1D", "1e5", "1.",
        "-1.50", "+1", " 1", "9" * 39, "abcdefghijklmnop", [], {}, ["x"], {"amount": "1"},
        {"amount": "1", "currency": "EUR"},
        {"amount": "1", "currency": "eur"}, {"amount": 1, "currency": "EUR"}, {"amount": "1", "currency": []},
        {"amount": "1", "currency": "EUR", "x": 1}, {"type": "card"}, {"type": ["card"]}, {"type": "cash"},
    ]
)  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> Any:
    """A value with up to two places changed: something else put there, left out, or added."""
    value = draw(values)
    for _ in range(draw(st.integers(0, 2))):
        value = _changed(draw, value)
    return value


def _changed(draw: st.DrawFn, value: Any) -> Any:
    deeper = draw(st.integers(0, 3))
    if isinstance(value, dict) and value and deeper:
        key = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 4)) == 0:
            return {name: inner for name, inner in value.items() if name != key}
        return {**value, key: _changed(draw, value[key])}
    if isinstance(value, list) and value and deeper:
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], _changed(draw, value[index]), *value[index + 1 :]]
    if isinstance(value, dict) and draw(st.booleans()):
        return {**value, "unknown": 1}
    if isinstance(value, list) and draw(st.booleans()):
        return [*value, *value, *value]
    return draw(WRONG)
