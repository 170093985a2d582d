"""Stripe-shaped webhooks for measurements: invoice.finalized with eight lines, made from a number alone.

The shape is that of API version 2026-06-24.dahlia, cut to the fields that billing integrations read. The same
number always gives the same bytes, whatever else was made before.
"""

from __future__ import annotations

import hmac
from typing import Any

import orjson

LINES = 8
CUSTOMERS = 500
SECRET = "whsec_benchmark"  # the loopback secret of measurements, not a credential
FINALIZED_AT = 1_772_366_400  # 2026-03-01T12:00:00Z

_PERIOD = {"start": 1_772_323_200, "end": 1_775_001_600}
_TAX_PERCENT = 20


def event_id(number: int) -> str:
    return f"evt_{number:012d}"


def invoice_id(number: int) -> str:
    return f"in_{number:012d}"


def webhook(number: int, customers: int = CUSTOMERS) -> dict[str, Any]:
    """Event ``number``: its customer, quantities and prices follow from the number."""
    customer = f"cus_{number % customers:06d}"
    subscription = f"sub_{number % customers:06d}"
    lines = [_line(number, index, subscription) for index in range(LINES)]
    net = sum(line["amount"] for line in lines)
    tax = sum(line["taxes"][0]["amount"] for line in lines)
    invoice = {
        "id": invoice_id(number),
        "object": "invoice",
        "number": f"R-{number:08d}",
        "billing_reason": "subscription_cycle",
        "currency": "eur",
        "customer": customer,
        "customer_name": f"Customer {number % customers:06d} GmbH",
        "status": "open",
        "status_transitions": {"finalized_at": FINALIZED_AT},
        "subtotal": net,
        "total_excluding_tax": net,
        "total": net + tax,
        "amount_due": net + tax,
        "total_taxes": [{"amount": tax}],
        "metadata": {"legal_entity": "eu"},
        "lines": {"object": "list", "has_more": False, "data": lines},
    }
    return {
        "id": event_id(number),
        "object": "event",
        "api_version": "2026-06-24.dahlia",
        "created": FINALIZED_AT + number % 3600,
        "type": "invoice.finalized",
        "livemode": False,
        "data": {"object": invoice},
    }


def _line(number: int, index: int, subscription: str) -> dict[str, Any]:
    quantity = 1 + (number + index) % 40
    unit = 1_250 + 375 * index
    amount = quantity * unit
    return {
        "id": f"il_{number:08d}_{index}",
        "amount": amount,
        "description": f"{quantity} x Plan {index}",
        "parent": {"subscription_item_details": {"proration": False, "subscription": subscription}},
        "period": _PERIOD,
        "pricing": {"price_details": {"product": f"prod_{index}"}, "unit_amount_decimal": str(unit)},
        "quantity": quantity,
        "taxes": [{"amount": amount * _TAX_PERCENT // 100, "tax_rate_details": {"tax_rate": "txr_eu"}}],
    }


def body(number: int, customers: int = CUSTOMERS) -> bytes:
    return orjson.dumps(webhook(number, customers))


def signature(content: bytes, at: int, secret: str = SECRET) -> str:
    """The value of ``Stripe-Signature`` for these bytes at that unix time."""
    signed = hmac.digest(secret.encode(), b"%d.%b" % (at, content), "sha256").hex()
    return f"t={at},v1={signed}"


def request(path: str, content: bytes, at: int, secret: str = SECRET) -> bytes:
    """The whole HTTP request that delivers the webhook."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: {signature(content, at, secret)}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
