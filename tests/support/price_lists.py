"""Short ways to write a pricing document and its facts in tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from cases.model import run_document


def money(amount: Any, currency: str = "EUR") -> dict[str, str]:
    return {"amount": str(amount), "currency": currency}


def usage(quantity: Any = None, meter: str = "units", **more: Any) -> dict[str, Any]:
    given = {} if quantity is None else {"quantity": str(quantity)}
    return {"meter": meter, **given, **more}


def charge(price: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "units", "meters": ["units"], "price": price, **more}


def carried(*names: str) -> list[dict[str, Any]]:
    """Charges that pass on the amounts of a meter of their name."""
    return [{"id": name, "meters": [name], "price": {"carried": {"multiplier": 1}}} for name in names]


def amounts(**given: Any) -> list[dict[str, Any]]:
    return [{"meter": name, "amount": money(amount)} for name, amount in given.items()]


def rate(
    charges: Sequence[Mapping[str, Any]] | Mapping[str, Any],
    given: Sequence[Mapping[str, Any]] | Any = (),
    document: Mapping[str, Any] | None = None,
    **facts: Any,
) -> dict[str, Any]:
    """Run a document; one charge and one quantity may be given bare."""
    listed = [charges] if isinstance(charges, Mapping) else list(charges)
    entries = list(given) if isinstance(given, list | tuple) else [usage(given)]
    body = {"currency": "EUR", "charges": listed, **(document or {})}
    return run_document("pricing", body, {"usage": entries, **facts})


def total(result: Mapping[str, Any]) -> Decimal:
    found: Decimal = result["total"].amount
    return found


def dec(value: Any) -> Decimal:
    return Decimal(str(value))


def tiers(mode: str, *given: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"tiers": {"mode": mode, "tiers": list(given), **more}}
