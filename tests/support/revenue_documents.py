"""Revenue documents for tests: written as YAML, run through the public reader."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

from engine.finance.prepared import Prepared, prepare

HEAD = {"spec": "revenue/v1", "id": "policy", "version": "1.0.0", "owner": "revenue", "summary": "A policy under test."}
BY_DAY = {"obligations": [{"id": "all", "method": "by_day"}]}


def document(body: Mapping[str, Any]) -> Prepared:
    """A document without findings."""
    return prepare(yaml.safe_dump({**HEAD, **body}, sort_keys=False).encode(), "policy.revenue.yaml")


def usd(amount: Any) -> dict[str, str]:
    return {"amount": str(amount), "currency": "USD"}


def run(body: Mapping[str, Any], *obligations: Mapping[str, Any], **facts: Any) -> dict[str, Any]:
    """The answer for a contract in dollars."""
    return document(body).calculate({"currency": "USD", "obligations": list(obligations), **facts})


def line(amount: Any, start: str, end: str, **more: Any) -> dict[str, Any]:
    """An obligation with a price and service dates, both inside."""
    return {"id": "line", "price": usd(amount), "start": start, "end": end, **more}


def by_period(result: Mapping[str, Any]) -> dict[str, str]:
    """Revenue by the period it is posted in, as text."""
    return {row["period"]: str(row["amount"].amount) for row in result["periods"]}


def total(result: Mapping[str, Any]) -> Decimal:
    return sum((row["amount"].amount for row in result["schedule"]), Decimal(0))
