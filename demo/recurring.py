"""Recurring revenue of the month: every version of every subscription, measured by the shipped definition."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from connectors.tryton.entities import CURRENCIES
from demo.billing import Billing
from engine import api
from engine.base.money import Money, decimal_text

#: The parts of a roll-forward between its opening and its closing.
PARTS = ("new", "expansion", "contraction", "churn")
#: Of these, the ones that lower it; a roll-forward states them as positive amounts.
LOSSES = ("contraction", "churn")
_RATES_FROM = "2020-01-01"


def movements(billing: Billing, workspace: Path, start: date, end: date) -> dict[str, Any]:
    """The roll-forward and the movements from ``start`` up to ``end``, in US dollars at the declared rates."""
    facts = {
        "currency": "USD",
        "start": start,
        "end": end,
        "rates": [
            {"currency": each.code, "start": _RATES_FROM, "rate": decimal_text(round(1 / each.rate, 10))}
            for each in CURRENCIES
            if each.code != "USD"
        ],
        "subscriptions": [
            {
                "subscription": version.subscription,
                "customer": version.customer,
                "start": version.start,
                "end": version.end,
                "items": [
                    {"price": Money.from_minor(minor, version.currency), "every": {"unit": "month"}, "quantity": number}
                    for _, number, minor in version.items
                ],
            }
            for version in billing.versions
            if version.items
        ],
    }
    result = api.calculate(api.find_document("neutral", "metrics", workspace), _plain(facts))
    return {"rollforward": result["rollforward"], "movements": result["movements"], "planned": result["planned"]}


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return {"amount": decimal_text(value.amount), "currency": value.currency}
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value
