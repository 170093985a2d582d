"""The lattice: its laws, what may stand where, and the words for what may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.schema.types import (
    ANY,
    BOOLEAN,
    DATE,
    INTEGER,
    MONEY,
    NEVER,
    NULL,
    NUMBER,
    OPEN_OBJECT,
    TEXT,
    TIMESTAMP,
    Array,
    Money,
    Object,
    Recursive,
    Text,
    Type,
    Union,
    assignable,
    describe,
    explain_mismatch,
    members,
    merge,
    nullable,
    union,
    without_null,
)

LEAVES: list[Type] = [
    ANY, NULL, BOOLEAN, INTEGER, NUMBER, DATE, TIMESTAMP, MONEY, Money("EUR"), Money("USD"), TEXT,
    Text(frozenset({"a"})), Text(frozenset({"a", "b"})), Text(frozenset({"c"})), OPEN_OBJECT,
]  # fmt: skip


def _objects(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    return st.builds(
        lambda fields, required, extra: Object(fields, frozenset(required) & frozenset(fields), extra),
        st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
        st.sets(st.sampled_from("xyz")),
        st.sampled_from([None, ANY, TEXT]),
    )


types = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.builds(Array, inner) | _objects(inner) | st.builds(nullable, inner) | st.builds(union, inner, inner)
    ),
    max_leaves=6,
)


@given(types)
def test_a_type_fits_itself_and_equals_its_copy(type_: Type) -> None:
    assert assignable(type_, type_)
    assert merge(type_, type_) == type_
    assert hash(type_) == hash(merge(type_, type_))


@given(types, types)
def test_a_merged_type_holds_both(a: Type, b: Type) -> None:
    merged = merge(a, b)
    assert assignable(a, merged), explain_mismatch(a, merged, "")
    assert assignable(b, merged), explain_mismatch(b, merged, "")


@given(types)
def test_null_comes_and_goes(type_: Type) -> None:
    assert NULL in members(nullable(type_)) or nullable(type_) == ANY
    assert NULL not in members(without_null(type_))
    assert without_null(nullable(without_null(type_))) == without_null(type_)


@given(types, types)
def test_a_mismatch_is_told_exactly_when_a_type_does_not_fit(a: Type, b: Type) -> None:
    told = explain_mismatch(a, b, "invoice.total")
    assert (told is None) == assignable(a, b)
    assert told is None or str(told).startswith("invoice.total")


@given(types, types)
def test_a_union_does_not_depend_on_order(a: Type, b: Type) -> None:
    assert union(a, b) == union(b, a)
    assert hash(union(a, b)) == hash(union(b, a))


def test_any_fits_everywhere_and_swallows() -> None:
    assert assignable(ANY, MONEY) and assignable(MONEY, ANY)
    assert merge(TEXT, ANY) == ANY and nullable(ANY) == ANY


def test_integers_are_numbers_but_not_the_other_way() -> None:
    assert assignable(INTEGER, NUMBER)
    assert not assignable(NUMBER, INTEGER)
    assert merge(INTEGER, NUMBER) == NUMBER == union(INTEGER, NUMBER)


def test_the_empty_list_fits_every_list() -> None:
    assert assignable(Array(NEVER), Array(MONEY))
    assert merge(Array(NEVER), Array(MONEY)) == Array(MONEY)


def test_a_field_that_may_be_missing_reads_as_its_type_or_null() -> None:
    invoice = Object({"id": TEXT, "due": DATE}, frozenset({"id"}))
    assert invoice.read("id") == TEXT
    assert invoice.read("due") == Union((DATE, NULL))
    assert invoice.read("total") is None
    assert Object({}, frozenset(), NUMBER).read("eur") == nullable(NUMBER)


def test_objects_told_apart_by_a_constant_stay_apart() -> None:
    card = Object({"type": Text(frozenset({"card"})), "last4": TEXT}, frozenset({"type", "last4"}))
    bank = Object({"type": Text(frozenset({"bank"})), "iban": TEXT}, frozenset({"type", "iban"}))
    assert merge(card, bank) == Union((card, bank))
    assert merge(Object({"a": TEXT}, frozenset({"a"})), Object({"b": DATE}, frozenset({"b"}))) == Object(
        {"a": TEXT, "b": DATE}
    )


def test_recursive_types_are_compared_without_end() -> None:
    def folder(named: str) -> Type:
        made: list[Type] = []
        inner = Recursive(named, lambda: made[0])
        made.append(Object({"name": TEXT, "inside": Array(inner)}, frozenset({"name", "inside"})))
        return made[0]

    def other() -> Type:
        made: list[Type] = []
        inner = Recursive("other", lambda: made[0])
        made.append(Object({"name": DATE, "inside": Array(inner)}, frozenset({"name", "inside"})))
        return made[0]

    assert assignable(folder("a"), folder("b"))
    assert str(explain_mismatch(folder("a"), other(), "root")) == "root.name is text, but date is wanted"


INVOICE = Object(
    {
        "total": MONEY,
        "status": Text(frozenset({"open", "paid"})),
        "due": DATE,
        "lines": Array(Object({"amount": Money("EUR")}, frozenset({"amount"}))),
    },
    frozenset({"total", "status"}),
)
GOOD: dict[str, Type] = {"total": MONEY, "status": Text(frozenset({"open"}))}
NEEDED = frozenset({"total", "status"})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Object(GOOD, NEEDED), None),
        (Object({**GOOD, "due": nullable(DATE)}, NEEDED), None),
        (Object({**GOOD, "status": TEXT}, NEEDED), None),
        (Object({**GOOD, "total": ANY}, NEEDED), None),
        (ANY, None),
        (Object({"total": MONEY}, NEEDED), "invoice.status is missing"),
        (Object({**GOOD, "total": TEXT}, NEEDED), "invoice.total is text, but money is wanted"),
        (Object({**GOOD, "total": nullable(MONEY)}, NEEDED), "invoice.total may be null, but money is wanted"),
        (Object(GOOD, frozenset({"total"})), "invoice.status may be null, but 'open' or 'paid' is wanted"),
        (
            Object({**GOOD, "status": Text(frozenset({"void"}))}, NEEDED),
            "invoice.status is 'void', but 'open' or 'paid' is wanted",
        ),
        (
            Object({**GOOD, "status": Text(frozenset({"open", "void"}))}, NEEDED),
            "invoice.status may be 'void', but 'open' or 'paid' is wanted",
        ),
        (
            Object({**GOOD, "lines": Array(Object({"amount": Money("USD")}, frozenset({"amount"})))}, NEEDED),
            "invoice.lines[].amount is money in USD, but money in EUR is wanted",
        ),
        (
            Object({**GOOD, "totl": MONEY}, NEEDED),
            "invoice.totl is not a field there; did you mean total?",
        ),
        (Array(MONEY), "invoice is array of money, but object with total, status, due, lines is wanted"),
    ],
)
def test_the_first_difference_in_plain_words(source: Type, message: str | None) -> None:
    told = explain_mismatch(source, INVOICE, "invoice")
    assert (None if told is None else str(told)) == message


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        (nullable(TEXT), "text or null"),
        (BOOLEAN, "true or false"),
        (Text(frozenset({"b", "a"})), "'a' or 'b'"),
        (Array(MONEY), "array of money"),
        (Money("EUR"), "money in EUR"),
        (OPEN_OBJECT, "object"),
        (Object({}, frozenset(), NUMBER), "map of number"),
        (NEVER, "nothing"),
        (Object(dict.fromkeys("abcdefgh", TEXT)), "object with a, b, c, d, e, f and 2 more"),
    ],
)
def test_types_in_words(type_: Type, words: str) -> None:
    assert describe(type_) == words
