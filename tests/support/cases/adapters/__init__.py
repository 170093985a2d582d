"""From the neutral form of cases to documents and facts: one module per calculation, each with ``ADAPTERS``."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from cases.model import Adapter

MODULES = (
    "rating", "bounds", "aggregation", "proration", "totals", "wallet", "commission",
    "recognition", "allocation", "modification", "variable", "balances",
    "subledger", "cash", "currencies", "metrics",
)  # fmt: skip


def adapters() -> dict[str, Adapter]:
    """Every adapter, by the case's model (pricing) or topic (revenue)."""
    found: dict[str, Adapter] = {}
    for module in MODULES:
        name = f"cases.adapters.{module}"
        if find_spec(name) is not None:
            found.update(import_module(name).ADAPTERS)
    return found
