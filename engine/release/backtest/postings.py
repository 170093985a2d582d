"""What an effect books, read from its content: amounts by account, with customer and tax where it says them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any


@dataclass(frozen=True, slots=True)
class Posting:
    """One amount on one account: debits are positive, credits negative."""

    account: str
    currency: str
    amount: Decimal
    customer: str = ""
    tax: str = ""


@dataclass(frozen=True, slots=True)
class _Around:
    """What a line takes from the document that it stands in."""

    currency: str = ""
    customer: str = ""
    side: str = ""
    tax: str = ""


def postings_of(content: Any, operation: str, side: str = "") -> tuple[Posting, ...]:
    """The postings in the content of an effect, JSON-like or typed alike.

    Every object with an ``account`` and an ``amount`` is one (or with ``debit`` and ``credit``); ``side`` is that of
    lines which name none. A document without accounts is one amount under the name of its operation.
    """
    found = tuple(_walk(content, _Around(side=side)))
    if found or not isinstance(content, Mapping):
        return found
    around = _within(content, _Around())
    money = _money(content.get("amount"), around.currency) or _money(content.get("total"), around.currency)
    if money is None:
        return ()
    return (Posting(f"({operation})", money[1], money[0], around.customer),)


def _walk(value: Any, around: _Around) -> Iterator[Posting]:
    if isinstance(value, list | tuple):
        for each in value:
            yield from _walk(each, around)
        return
    if not isinstance(value, Mapping):
        return
    inner = _within(value, around)
    account = value.get("account")
    if isinstance(account, str) and account:
        posting = _posting(account, value, inner)
        if posting is not None:
            yield posting
            return
    for part in value.values():
        if isinstance(part, Mapping | list | tuple):
            yield from _walk(part, inner)


def _posting(account: str, line: Mapping[str, Any], around: _Around) -> Posting | None:
    debit, credit = (_money(line.get(name), around.currency) for name in ("debit", "credit"))
    if debit is not None or credit is not None:
        currency = (debit or credit or (Decimal(0), ""))[1]
        amount = (debit[0] if debit else Decimal(0)) - (credit[0] if credit else Decimal(0))
    else:
        money = _money(line.get("amount"), around.currency)
        if money is None:
            return None
        amount, currency = -money[0] if around.side == "credit" else money[0], money[1]
    return Posting(account, currency, amount, around.customer, around.tax)


def _within(value: Mapping[str, Any], around: _Around) -> _Around:
    currency, customer, side = value.get("currency"), value.get("customer"), value.get("side")
    if isinstance(customer, Mapping):
        customer = customer.get("id") or customer.get("code")
    taxes = value.get("taxes")
    listed = taxes if isinstance(taxes, list | tuple) else ()
    codes = [each.get("code") if isinstance(each, Mapping) else each for each in listed]
    return _Around(
        currency if isinstance(currency, str) else around.currency,
        customer if isinstance(customer, str) else around.customer,
        side if side in ("debit", "credit") else around.side,
        ", ".join(sorted(each for each in codes if isinstance(each, str))) or around.tax,
    )


def _money(value: Any, currency: str) -> tuple[Decimal, str] | None:
    if isinstance(value, Mapping):
        inner = value.get("currency")
        return _money(value.get("amount"), inner) if isinstance(inner, str) else None
    if not currency or isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        return Decimal(value), currency
    except InvalidOperation:
        return None
