"""What the checker infers, what it reports, and that it keeps silent where nothing is certain."""

from __future__ import annotations

from typing import Any

import pytest

from engine.expr.check import assume
from engine.schema.types import (
    ANY,
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    MONEY,
    NULL,
    NUMBER,
    TEXT,
    Array,
    Money,
    Object,
    Text,
    Type,
    Union,
    nullable,
)

KIND = Text(frozenset({"upgrade", "downgrade"}))
LINE = Object(
    {"sku": TEXT, "amount": Money("EUR"), "n": NUMBER, "discount": Money("EUR"), "kind": KIND},
    frozenset({"sku", "amount", "n", "kind"}),
)
SHIP = Object({"zip": TEXT}, frozenset({"zip"}))
CARD = Object({"type": Text(frozenset({"card"})), "last4": TEXT}, frozenset({"type", "last4"}))
BANK = Object({"type": Text(frozenset({"bank"})), "iban": TEXT}, frozenset({"type", "iban"}))
INVOICE = Object(
    {
        "number": TEXT, "total": Money("EUR"), "usd": Money("USD"), "due": DATE, "paid": BOOLEAN, "count": INTEGER,
        "lines": Array(LINE), "discount": NUMBER, "ship": SHIP, "pay": Union((CARD, BANK)),
        "map": Object({}, frozenset(), TEXT), "open": Object({}, frozenset(), ANY),
    },
    frozenset({"number", "total", "usd", "due", "paid", "count", "lines", "pay", "map", "open"}),
)  # fmt: skip
SCOPE: dict[str, Type] = {"invoice": INVOICE, "vendor": ANY}

TYPES: list[tuple[str, Type]] = [
    ("invoice.number", TEXT),
    ("invoice.discount", nullable(NUMBER)),
    ("invoice.ship.zip", nullable(TEXT)),
    ("invoice.lines[*].amount", Array(Money("EUR"))),
    ("invoice.lines[*].discount", Array(Money("EUR"))),
    ("invoice.lines[0].sku", nullable(TEXT)),
    ("invoice.lines[1:]", Array(LINE)),
    ("invoice.lines[?discount != `null`].discount", Array(Money("EUR"))),
    ("invoice.lines[*].{s: sku, d: discount}",
     Array(Object({"s": TEXT, "d": nullable(Money("EUR"))}, frozenset({"s", "d"})))),
    ("invoice.map.anything", nullable(TEXT)),
    ("invoice.open.anything.at.all", ANY),
    ("vendor.anything + 1", ANY),
    ("invoice.total + invoice.total", Money("EUR")),
    ("invoice.total * 2", Money("EUR")),
    ("invoice.total / invoice.total", NUMBER),
    ("round(invoice.total / 3, 2, 'half_up')", Money("EUR")),
    ("invoice.count + 1", INTEGER),
    ("invoice.count / 2", NUMBER),
    ("invoice.due - invoice.due", INTEGER),
    ("invoice.due + duration('P1D')", DATE),
    ("duration('P1D') * 2", DURATION),
    ("invoice.discount || 0", NUMBER),
    ("default(invoice.discount, 0)", NUMBER),
    ("invoice.discount != `null` && invoice.discount > 1", BOOLEAN),
    ("invoice.discount != null && invoice.discount > 1", BOOLEAN),
    ("is_null(invoice.discount) || invoice.discount > 1", BOOLEAN),
    ("!(invoice.discount == null) && invoice.discount > 1", BOOLEAN),
    ("invoice.ship.zip != null && upper(invoice.ship.zip) == 'X'", BOOLEAN),
    ("invoice.pay.type == 'card' && invoice.pay.last4 == '1234'", BOOLEAN),
    ("invoice.lines[?discount != null && amount > discount].sku", Array(TEXT)),
    ("sum(invoice.lines[*].n)", NUMBER),
    ("sum(invoice.lines[*].amount)", Union((Money("EUR"), INTEGER))),
    ("sum_money(invoice.lines[*].amount, 'EUR')", Money("EUR")),
    ("sum_money(invoice.lines[*].amount, vendor.currency)", MONEY),
    ("money(vendor.x, 'USD')", Money("USD")),
    ("one(invoice.lines).sku", TEXT),
    ("max(invoice.lines[*].n)", nullable(NUMBER)),
    ("sort_by(invoice.lines, &sku)[*].n", Array(NUMBER)),
    ("map(&discount, invoice.lines)", Array(nullable(Money("EUR")))),
    ("index_by(invoice.lines, &sku)", Object({}, frozenset(), LINE)),
    ("get(index_by(invoice.lines, &sku), 'x').n", nullable(NUMBER)),
    ("group_by(invoice.lines, &kind)", Object({}, frozenset(), Array(LINE))),
    ("not_null(invoice.discount, 0)", NUMBER),
    ("merge(invoice.ship || `{\"zip\": \"0\"}`, {a: invoice.count}).a", INTEGER),
    ("length(invoice.lines) > 0", BOOLEAN),
    ("invoice.lines[0].kind == 'upgrade'", BOOLEAN),
    ("contains(`[\"a\"]`, invoice.number)", BOOLEAN),
    ("invoice.paid && invoice.count > 2", BOOLEAN),
    ("vendor.list[*].x", ANY),
    ("vendor == `null`", BOOLEAN),
]  # fmt: skip


@pytest.mark.parametrize(("text", "type_"), TYPES, ids=lambda each: str(each)[:50])
def test_type(checked: Any, text: str, type_: Type) -> None:
    inferred, found = checked(text, SCOPE)
    assert found == ()
    assert inferred == type_


WRONG: list[tuple[str, str, str, str, str]] = [
    ("invoice.numbr", "EXPR010", "numbr", "there is no field numbr", "did you mean number?"),
    ("invoce.number", "EXPR011", "invoce", "nothing is called invoce here", "did you mean invoice?"),
    ("invoice.lines[?amount > invoice.total]", "EXPR010", "invoice", "no field invoice", "a name outside"),
    ('invoice.number == "PL"', "EXPR012", '"PL"', '"PL" names a field', "text stands in single quotes: 'PL'"),
    ("invoice.paid == true", "EXPR011", "true", "true is read as a name here", "write `true`"),
    ("invoice.discount == None", "EXPR011", "None", "nothing is called None here", "write null"),
    ("invoice.paid == True", "EXPR011", "True", "nothing is called True here", "write `true`"),
    ("invoice.discount > 1", "TYPE001", "invoice.discount", "this may be null", "default(x, y)"),
    ("invoice.discount + 1", "TYPE001", "invoice.discount", "this may be null", ""),
    ("upper(invoice.ship.zip)", "TYPE001", "invoice.ship.zip", "this may be null", ""),
    ("-invoice.discount", "TYPE001", "invoice.discount", "this may be null", ""),
    ("invoice.lines.sku", "TYPE002", "sku", "an array has no field sku", "[*].sku"),
    ("invoice.total.amount", "TYPE002", "amount", "money has no field amount", "amount(x)"),
    ("!invoice.paid", "TYPE002", "paid", "true or false has no field paid", "write !(a.b)"),
    ("invoice.number.x", "TYPE002", "x", "has no field x", ""),
    ("invoice.ship[*]", "TYPE002", "ship", "an array is needed", ""),
    ("invoice.number + 1", "TYPE002", "invoice.number + 1", "+ is not defined for text and", ""),
    ("-invoice.number", "TYPE002", "-invoice.number", "- is not defined for text", ""),
    ("invoice.number < 5", "TYPE002", "invoice.number < 5", "cannot be compared by size", ""),
    ("invoice.paid > 1", "TYPE002", "invoice.paid", "has no order", ""),
    ("upper(invoice.total)", "TYPE002", "invoice.total", "argument 1 of upper must be text", ""),
    ("date('2026-13-01')", "TYPE002", "'2026-13-01'", "there is no such date", ""),
    ("money('x', 'EUR')", "TYPE002", "money('x', 'EUR')", "the text is not a number", ""),
    ("invoice.number == 5", "TYPE003", "invoice.number == 5", "never equal", ""),
    ("invoice.total == invoice.usd", "TYPE003", "invoice.total == invoice.usd", "never equal", ""),
    ("invoice.lines[0].kind == 'upgrad'", "TYPE005", "'upgrad'", "never the value here", "downgrade, upgrade"),
    ("round(invoice.total, 2, 'bankers')", "TYPE005", "'bankers'", "no way to round", "half_up"),
    ("invoice.total + invoice.usd", "MONEY001", "invoice.total + invoice.usd", "are combined", "rate"),
    ("invoice.total > invoice.usd", "MONEY001", "invoice.total > invoice.usd", "are compared", ""),
    ("invoice.total / 3", "MONEY002", "invoice.total / 3", "divided and not rounded", "round("),
    ("invoice.total * (1 / 3)", "MONEY002", "invoice.total * (1 / 3)", "divided and not rounded", ""),
    ("invoice.pay.type == 'bank' && invoice.pay.last4 == 'x'", "EXPR010", "last4", "no field last4", ""),
    ("invoice.discount == null && invoice.discount > 1", "TYPE001", "invoice.discount", "may be null", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "at", "message", "help"), WRONG, ids=lambda each: str(each)[:50])
def test_a_mistake_is_reported_where_it_is(
    checked: Any, text: str, code: str, at: str, message: str, help: str
) -> None:
    _, (found,) = checked(text, SCOPE)
    assert (found.code, text[found.span.column - 11 : found.span.end_column - 11]) == (code, at)
    assert message in found.message
    assert help in found.help


def test_what_is_expected_must_be_given(checked: Any) -> None:
    _, (condition,) = checked("invoice.number", SCOPE, BOOLEAN)
    assert condition.code == "TYPE004"
    _, (maybe,) = checked("invoice.discount", SCOPE, NUMBER)
    assert maybe.code == "TYPE001"
    _, (other,) = checked("invoice.number", SCOPE, NUMBER)
    assert other.code == "TYPE002"
    assert checked("invoice.paid", SCOPE, BOOLEAN)[1] == ()
    assert checked("vendor.x", SCOPE, BOOLEAN)[1] == ()


def test_a_condition_narrows_what_follows_it(read: Any) -> None:
    inside = assume(read("invoice.discount != `null` && invoice.pay.type == 'card'"), SCOPE)
    invoice = inside["invoice"]
    assert isinstance(invoice, Object)
    assert invoice.read("discount") == NUMBER
    assert invoice.read("pay") == CARD
    outside = assume(read("invoice.discount == `null`"), SCOPE, False)["invoice"]
    assert isinstance(outside, Object)
    assert outside.read("discount") == NUMBER


def test_null_itself_is_a_type(checked: Any) -> None:
    assert checked("`null`", SCOPE) == (NULL, ())
    assert checked("`null`.a.b", SCOPE) == (NULL, ())
