"""Tryton's JSON-RPC as bytes, its errors as classes, and the arithmetic of documents."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.tryton.amounts import sales_lines, sales_totals
from connectors.tryton.errors import is_out_of_order, refusal_class, status_failure
from connectors.tryton.moves import like_literal
from connectors.tryton.protocol import (
    Number,
    Refusal,
    Unreadable,
    answer_value,
    call_body,
    call_parts,
    login_body,
    result_body,
)
from connectors.tryton.warnings import foreseen_warnings
from engine.base.errors import ErrorClass, Failure
from engine.base.money import Money

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]))
    | st.decimals(allow_nan=False, allow_infinity=False, places=4)
    | st.dates(min_value=date(1900, 1, 1))
    | st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))
    | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8).filter(lambda name: name != "__class__"), inner, max_size=4)
    ),
    max_leaves=12,
)


def plain(value: Any) -> Any:
    """A value as it comes back: negative zero has no sign on the wire."""
    if isinstance(value, Decimal) and value.is_zero():
        return abs(value)
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, dict):
        return {name: plain(element) for name, element in value.items()}
    return value


@given(VALUES)
def test_values_come_back_as_they_went(value: Any) -> None:
    method, parameters, context = call_parts(call_body("model.x.y", [value], {"company": 1}))
    assert (method, parameters, context) == ("model.x.y", [plain(value)], {"company": 1})
    assert answer_value(result_body(value)) == plain(value)


def test_a_call_has_exactly_three_members_and_the_context_last() -> None:
    body = call_body("model.m.create", [[{"quantity": Number(Decimal("2.5"))}]], {"company": 2})
    assert body == b'{"id":1,"method":"model.m.create","params":[[{"quantity":2.5}],{"company":2}]}'
    assert login_body("admin", "p") == b'{"id":1,"method":"common.db.login","params":["admin",{"password":"p"}]}'


@pytest.mark.parametrize(
    ("body", "kind", "text", "name"),
    [
        (b'{"id":1,"error":["UserError",["No.","Why.",null]]}', "UserError", "No. Why.", ""),
        (b'{"id":1,"error":["UserError",["No.","",null]]}', "UserError", "No.", ""),
        (b'{"id":1,"error":["UserWarning",["ab.rule","Sure?",""]]}', "UserWarning", "Sure?", "ab.rule"),
        (b'{"id":1,"error":["ConcurrencyException","stale"]}', "ConcurrencyException", "stale", ""),
        (b'{"id":1,"error":["\'bogus\'",""]}', "", "'bogus'", ""),
    ],
)
def test_refusals_keep_the_servers_words(body: bytes, kind: str, text: str, name: str) -> None:
    with pytest.raises(Refusal) as caught:
        answer_value(body)
    assert (caught.value.kind, caught.value.text, caught.value.name) == (kind, text, name)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"id":1}',
        b'{"result":{"__class__":"date"}}',
        b'{"result":1,"result":2}',
        b'{"result":[{"id":1,"id":1}]}',
        b'{"result":1,"\\u0072esult":1}',
    ],
)
def test_what_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        answer_value(body)


@pytest.mark.parametrize(
    ("message", "error_class"),
    [
        ('To continue, you must create a period for the date "2031-01-01" and company "N".', ErrorClass.PERIOD_CLOSED),
        (
            'To continue, you must reopen the period "2026-01" of company "N" for the date "x".',
            ErrorClass.PERIOD_CLOSED,
        ),
        ('To continue, you must reopen the fiscal year "2025" of company "N".', ErrorClass.PERIOD_CLOSED),
        ('You cannot create a journal-period in closed period "2026-01".', ErrorClass.PERIOD_CLOSED),
        ("The code on party must be unique.", ErrorClass.DUPLICATE),
        ('You are not allowed to access "account.invoice".', ErrorClass.PERMISSION),
        ('Calling button "post on "account.invoice" is not allowed.', ErrorClass.PERMISSION),
        ('To post invoice "x", you must define a sequence on fiscal year "2026".', ErrorClass.MISSING_REFERENCE),
        ('The value "9" for field "Party" in "Invoice" does not exist.', ErrorClass.MISSING_REFERENCE),
        ('You cannot modify invoice "x" because it is posted, paid or cancelled.', ErrorClass.CONFLICT),
        ('You cannot reconcile already reconciled line "x".', ErrorClass.CONFLICT),
        ('To post move "1", you must balance all its lines debits and credits.', ErrorClass.DATA),
        ('The value "x" for field "Account" in "y" is not valid according to its domain.', ErrorClass.DATA),
        ("Something that nobody has seen before.", ErrorClass.DATA),
    ],
)
def test_every_refusal_has_a_class(message: str, error_class: ErrorClass) -> None:
    assert refusal_class(Refusal("UserError", message)) is error_class


def test_the_other_kinds_of_refusal_have_classes() -> None:
    assert refusal_class(Refusal("UserWarning", "Sure?", "", "a.b")) is ErrorClass.POLICY
    assert refusal_class(Refusal("ConcurrencyException", "stale")) is ErrorClass.TRANSIENT
    assert refusal_class(Refusal("LoginException", "who?")) is ErrorClass.AUTH
    assert refusal_class(Refusal("", "'bogus'")) is ErrorClass.DEFECT


@given(st.integers(100, 599).filter(lambda status: status != 200))
def test_every_status_has_a_class_and_what_the_server_broke_on_stays_open(status: int) -> None:
    found = status_failure(status).error_class
    if status >= 500 and status != 503:
        assert found is ErrorClass.UNKNOWN_OUTCOME
    if 400 <= status < 500:
        assert found is not ErrorClass.UNKNOWN_OUTCOME


def test_an_out_of_order_date_is_recognised() -> None:
    words = (
        'To number the invoice "x", you must set an invoice date after "1" because the sequence "s" has already been '
        'used for invoice "y".'
    )
    assert is_out_of_order(Refusal("UserError", words))
    assert not is_out_of_order(Refusal("UserError", "no"))


def test_a_key_with_wildcards_is_searched_as_it_is() -> None:
    assert like_literal("50%_\\") == "50\\%\\_\\\\"


def document(total: str, **line: Any) -> dict[str, Any]:
    money = Money(Decimal(total), "USD")
    row = {"account": "4.2.2", "description": "x", "amount": money, "taxes": [], **line}
    zero = Money(Decimal("0.00"), "USD")
    return {"currency": "USD", "lines": [row], "untaxed": money, "tax": zero, "total": money}


@given(st.decimals(min_value="-9999999", max_value="9999999", places=2))
def test_a_line_without_quantity_keeps_its_amount_and_never_a_negative_price(amount: Decimal) -> None:
    [found] = sales_lines(document(str(amount)))
    assert found.quantity * found.unit_price == found.amount == amount
    assert found.unit_price >= 0


@pytest.mark.parametrize(
    "line",
    [
        {"quantity": Decimal(3)},
        {"unit_price": Decimal(3)},
        {"quantity": Decimal(3), "unit_price": Decimal("3.34")},
        {"quantity": Decimal(100000), "unit_price": Decimal("0.00010000001")},
        {"amount": Money(Decimal("10.001"), "USD")},
        {"amount": Money(Decimal("10.00"), "EUR")},
    ],
)
def test_lines_that_contradict_themselves_are_refused(line: dict[str, Any]) -> None:
    with pytest.raises(Failure) as caught:
        sales_lines(document("10.00", **line))
    assert caught.value.error_class is ErrorClass.DATA


@pytest.mark.parametrize("part", ["untaxed", "tax", "total"])
def test_totals_that_contradict_the_lines_are_refused(part: str) -> None:
    content = {**document("10.00"), part: Money(Decimal("9.99"), "USD")}
    with pytest.raises(Failure) as caught:
        sales_totals(content, sales_lines(content))
    assert caught.value.error_class is ErrorClass.DATA and "9.99" in caught.value.message


def test_only_acknowledged_and_certain_warnings_are_answered_beforehand() -> None:
    today, both = date(2026, 3, 31), frozenset({"invoice_payment_term", "invoice_date_future"})
    overdue = foreseen_warnings(17, date(2026, 3, 1), date(2026, 3, 29), today, both)
    # Tryton's own name for a warning about one record: the MD5 of "model,id", a point, the rule.
    assert overdue == ["f1ddd4667949a9b9df234de158c03376.invoice_payment_term"]
    assert foreseen_warnings(17, date(2026, 3, 1), date(2026, 3, 30), today, both) == []
    assert foreseen_warnings(17, date(2026, 3, 1), date(2026, 3, 1), today, frozenset()) == []
    [future] = foreseen_warnings(17, date(2026, 4, 2), date(2026, 4, 2), today, both)
    assert future.endswith(".invoice_date_future")
