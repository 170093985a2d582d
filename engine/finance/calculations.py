"""All calculations, by kind of document. Each is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from engine.finance.calculation import Calculation

#: The kinds of documents that calculate, with the command that runs one on files.
VERBS: dict[str, str] = {
    "meter": "measure",
    "pricing": "rate",
    "proration": "prorate",
    "totals": "total",
    "wallet": "draw",
    "commission": "commission",
    "revenue": "schedule",
    "journal": "journal",
    "settlement": "settle",
    "metrics": "metrics",
}


def calculation(kind: str) -> Calculation[Any, Any, Any]:
    """The calculation of a kind. Raises KeyError for a kind that does not calculate."""
    VERBS[kind]
    found: Calculation[Any, Any, Any] = import_module(f"engine.finance.{kind}.calculation").CALCULATION
    return found
