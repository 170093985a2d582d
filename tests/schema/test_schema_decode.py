"""Decoding: what wire forms become, that nothing is lost, and what is said when a value does not fit."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from referencing import Registry as Resources
from referencing import Resource
from schema_files import fixture_documents, head, load, load_fixtures
from schema_values import broken, typed_values

from engine.base.errors import ErrorClass, Failure
from engine.base.identity import json_bytes
from engine.base.money import Money, decimal_text
from engine.schema.formats import READERS, has_format
from engine.source.json_payload import parse_json

REGISTRY = load_fixtures()
ORDER = REGISTRY.get("order", 1)
MESSAGE = REGISTRY.get("shop_message", 2)
assert ORDER is not None and MESSAGE is not None

typed_orders = typed_values(ORDER, ORDER.form)
wire_orders = typed_orders.map(ORDER.encode)


def wire() -> dict[str, Any]:
    return {
        "id": "o1",
        "status": "open",
        "total": {"amount": "30.00", "currency": "EUR"},
        "placed_at": "2026-01-31T23:30:00+02:00",
        "due": "2026-02-28",
        "term": "P1DT12H",
        "buyer": "Ada",
        "rates": {"de": "0.190"},
        "lines": [
            {"amount": {"amount": "30.00", "currency": "EUR"}, "quantity": "1.50", "parts": []},
        ],
        "payment": {"type": "card", "holder": "Ada L", "last4": "4242"},
        "open": {"kind": "x", "on": "2026-01-01", "more": [1, "2026-01-01"]},
    }


def failure(value: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        ORDER.decode(value)
    assert caught.value.error_class is ErrorClass.SCHEMA
    return caught.value


def test_wire_forms_become_values() -> None:
    typed = ORDER.decode(wire())
    assert typed["total"] == Money.of("30.00", "EUR")
    assert typed["placed_at"] == datetime(2026, 1, 31, 21, 30, tzinfo=UTC) and typed["placed_at"].tzinfo is UTC
    assert typed["due"] == date(2026, 2, 28)
    assert typed["term"] == timedelta(days=1, hours=12)
    assert decimal_text(typed["rates"]["de"]) == "0.190"
    assert decimal_text(typed["lines"][0]["quantity"]) == "1.50"
    assert typed["open"] == {"kind": "x", "on": date(2026, 1, 1), "more": [1, "2026-01-01"]}
    assert list(typed) == list(wire())
    assert "country" not in typed


def test_the_argument_is_not_changed() -> None:
    value = wire()
    before = copy.deepcopy(value)
    ORDER.decode(value)
    assert value == before


def test_an_integer_becomes_a_decimal_where_one_is_wanted() -> None:
    value = wire()
    value["lines"][0]["quantity"] = 3
    assert ORDER.check(value) == []
    quantity = ORDER.decode(value)["lines"][0]["quantity"]
    assert quantity == 3 and type(quantity) is Decimal
    assert [error.path for error in ORDER.errors(value)] == ["lines[0].quantity"]


@given(typed_orders)
def test_decoding_undoes_encoding_and_nothing_twice(typed: Any) -> None:
    encoded = ORDER.encode(typed)
    assert ORDER.errors(encoded) == []
    assert ORDER.decode(encoded) == typed
    assert ORDER.decode(typed) == typed
    assert ORDER.check(typed) == []
    assert ORDER.encode(ORDER.decode(encoded)) == encoded


@given(typed_orders)
def test_the_bytes_of_a_typed_value_decode_to_it(typed: Any) -> None:
    assert ORDER.decode(parse_json(json_bytes(ORDER.encode(typed)))) == typed


RESOURCES: Resources[Any] = Resources().with_resources(
    (name, Resource.from_contents(document)) for name, document in fixture_documents().items()
)
FORMAT_CHECKER = jsonschema.FormatChecker(formats=())
for _name in READERS:
    FORMAT_CHECKER.checks(_name)(lambda text, name=_name: not isinstance(text, str) or has_format(name, text))
REFERENCE = jsonschema.Draft202012Validator(
    fixture_documents()["tieout:schema/order@1"], registry=RESOURCES, format_checker=FORMAT_CHECKER
)


@given(broken(wire_orders))
def test_the_same_values_are_valid_as_for_the_reference_implementation(value: Any) -> None:
    expected = REFERENCE.is_valid(value)
    found = ORDER.errors(value)
    assert (found == []) == expected, found or list(REFERENCE.iter_errors(value))


def test_an_integer_is_written_without_a_point() -> None:
    """The one difference to JSON Schema, which counts 2.0 as an integer."""
    assert REFERENCE.is_valid({**wire(), "priority": 2.0})
    value = {**wire(), "priority": parse_json(b"2.0")}
    assert [error.message for error in ORDER.errors(value)] == ["priority must be a whole number, not 2.0"]


@given(broken(wire_orders | typed_orders))
def test_checking_and_decoding_agree(value: Any) -> None:
    errors = ORDER.check(value)
    try:
        ORDER.decode(value)
    except Failure as caught:
        assert [error.message for error in errors][:20] == caught.detail.split("\n")[:20]
        assert errors[0].message in caught.message
    else:
        assert errors == []


def _without(value: dict[str, Any], *path: Any) -> None:
    *above, last = path
    for step in above:
        value = value[step]
    del value[last]


def _with(value: dict[str, Any], new: Any, *path: Any) -> None:
    *above, last = path
    for step in above:
        value = value[step]
    value[last] = new


DECIMAL = "a decimal number as text, like '12.50', of at most 38 digits"
CHANGES: list[tuple[Any, tuple[Any, ...], str]] = [
    (..., ("lines", 0, "amount"), "lines[0].amount is missing"),
    (..., ("total",), "total is missing"),
    (..., ("total", "currency"), "total.currency is missing"),
    (12, ("total",), "total must be money, an amount and a currency, not 12"),
    ("12,50", ("total", "amount"), f"total.amount must be {DECIMAL}, not '12,50'"),
    ("eur", ("total", "currency"), "total.currency must be a currency code like EUR, not 'eur'"),
    ("x", ("total", "tax"), "total.tax is not a field of money"),
    ("1e3", ("lines", 0, "quantity"), f"lines[0].quantity must be {DECIMAL}, not '1e3'"),
    ("9" * 39, ("lines", 0, "quantity"), f"lines[0].quantity must be {DECIMAL}, not '{'9' * 39}'"),
    ("void", ("status",), "status must be one of 'open', 'paid', not 'void'"),
    (1, ("statsu",), "statsu is not a field of this object"),
    ("31.01.2026", ("due",), "due must be a date like 2026-01-31, not '31.01.2026'"),
    ("2026-01-01T10:00:00", ("placed_at",),
     "placed_at must be a time with its zone, like 2026-01-31T09:30:00Z, not '2026-01-01T10:00:00'"),
    ("P1M", ("term",), "term must be a length of time like P14D or PT1H30M, not 'P1M'"),
    ("", ("id",), "id must be text that is not empty, not ''"),
    ("o" * 13, ("id",), f"id must be at most 12 characters long, not '{'o' * 13}'"),
    (3.5, ("priority",), "priority must be a whole number, not 3.5"),
    (True, ("priority",), "priority must be a whole number, not true"),
    (9, ("priority",), "priority must be at most 5, not 9"),
    (3, ("version",), "version must be one of 1, 2, not 3"),
    ("yes", ("confirmed",), "confirmed must be true or false, not 'yes'"),
    (False, ("terms_accepted",), "terms_accepted must be true, not false"),
    ("DE\n", ("country",), r"country must be text of the form ^[A-Z]{2}$, not 'DE\n'"),
    ("long", ("tags",), "tags must be an object, not 'long'"),
    ({"a": "long"}, ("tags",), "tags.a must be at most 3 characters long, not 'long'"),
    ([], ("lines",), "lines must have at least 1 elements, not 0"),
    ({}, ("lines",), "lines must be a list, not an object"),
    ({"type": "cash"}, ("payment",), "payment.type must be one of 'card', 'bank', not 'cash'"),
    ({"type": ["card"]}, ("payment",), "payment.type must be one of 'card', 'bank', not a list"),
    ({}, ("payment",), "payment.type is missing"),
    ("card", ("payment",), "payment must be an object, not 'card'"),
    (..., ("payment", "holder"), "payment.holder is missing"),
    (1, ("payment", "lst4"), "payment.lst4 is not a field of this object"),
    (..., ("open", "kind"), "open.kind is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("new", "path", "message"), CHANGES)
def test_one_thing_wrong_in_plain_words(new: Any, path: tuple[Any, ...], message: str) -> None:
    value = wire()
    if new is ...:
        _without(value, *path)
    else:
        _with(value, new, *path)
    caught = failure(value)
    assert caught.detail == message
    assert caught.message == f"this is not a valid order@1: {message}"


def test_everything_wrong_is_listed() -> None:
    value = wire()
    _without(value, "lines", 0, "amount")
    _with(value, "void", "status")
    _with(value, 1, "amount")
    caught = failure(value)
    assert caught.message.endswith("(and 2 more)")
    assert caught.detail.split("\n") == [
        "status must be one of 'open', 'paid', not 'void'",
        "lines[0].amount is missing",
        "amount is not a field of this object",
    ]


def test_a_misspelt_field_is_told_which_was_meant() -> None:
    value = wire()
    value["countri"] = "DE"
    assert failure(value).detail == "countri is not a field of this object; did you mean country?"


def test_sensitive_values_stay_out_of_messages() -> None:
    value = wire()
    value["buyer"] = 123456
    value["lines"][0]["note"] = [1]
    assert failure(value).detail == "buyer must be text, not what is there\nlines[0].note must be text, not a list"


@pytest.mark.parametrize("value", [None, [], "x", 1, [wire()]])
def test_what_is_no_object_at_all(value: Any) -> None:
    assert failure(value).message.startswith("this is not a valid order@1: the value must be an object, not ")


def test_a_vendor_message_is_checked_by_all_of_its_schema() -> None:
    value = {"id": "evt_1", "created": 1, "body": {"kind": "x"}, "ratio": Decimal("0.5"), "sent_on": "2026-01-01"}
    typed = MESSAGE.decode({**value, "price": {"amount": "1.00", "currency": "EUR"}, "more": None})
    assert typed == {**value, "sent_on": date(2026, 1, 1), "price": Money.of("1.00", "EUR"), "more": None}
    assert MESSAGE.decode(typed) == typed and MESSAGE.check(typed) == []
    wrong = {"id": "1", "created": 0, "labels": ["a", "a"], "sent_on": "soon"}
    paths = sorted(error.path for error in MESSAGE.errors(wrong))
    assert paths == ["body", "created", "id", "labels", "sent_on"]
    with pytest.raises(Failure) as caught:
        MESSAGE.decode(wrong)
    assert caught.value.error_class is ErrorClass.SCHEMA
    assert "body is missing" in caught.value.detail


def test_a_slow_pattern_of_a_vendor_takes_no_time() -> None:
    registry, diagnostics = load(
        head("v@1", **{"x-vendor": True}, type="object", properties={"x": {"type": "string", "pattern": "^(a+)+$"}})
    )
    assert diagnostics.sorted == ()
    schema = registry.get("v", 1)
    assert schema is not None
    assert [error.path for error in schema.errors({"x": "a" * 5000 + "b"})] == ["x"]


@given(st.text(alphabet="0123456789.-+eE_ \n٣", max_size=6) | st.decimals(allow_nan=True).map(str))
def test_decimals_are_plain_digits(text: str) -> None:
    plain = text.removeprefix("-")
    whole, point, rest = plain.partition(".")
    digits = all(part.isascii() and part.isdigit() for part in ([whole, rest] if point else [whole]))
    assert has_format("decimal", text) == (digits and len(whole + rest) <= 38)
