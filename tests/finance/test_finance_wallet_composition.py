"""Documents that work together: what pricing, a wallet and totals say of the same prepaid credits is one story."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine import api
from engine.base.money import Money

MAPPINGS = Path(__file__).parents[2] / "mappings"


def _usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def _prepared(place: str) -> Any:
    return api.prepare(MAPPINGS / place)


PRICING = _prepared("pricing/ai_credits.pricing.yaml")
WALLET = _prepared("wallets/ai_credits.wallet.yaml")
TOTALS = _prepared("totals/business_invoice.totals.yaml")


def _drawn(used: int, left: int, overage: int) -> dict[str, Any]:
    drawn: dict[str, Any] = WALLET.calculate({
        "from": "2026-01-01T00:00:00Z", "to": "2026-12-01T00:00:00Z",
        "grants": [{
            "id": "purchase", "amount": 10_000, "effective_at": "2026-01-01T00:00:00Z", "starting_balance": left,
            "expires_at": "2027-01-01T00:00:00Z", "price": _usd("1000.00"),
        }],
        "usage": [{"at": "2026-02-01T00:00:00Z", "quantity": used, "kind": "text"}],
        "starting_overage": overage,
    })  # fmt: skip
    return drawn


@given(st.lists(st.integers(0, 6_000), min_size=1, max_size=5))
def test_a_wallet_and_the_price_of_overage_agree_in_every_period(periods: list[int]) -> None:
    before = 0
    for used in periods:
        rated = PRICING.calculate({
            "bill": "in_arrears",
            "usage": [{"meter": "credits_used", "quantity": used}],
            "billed": [{"charge": "overage", "over": "contract", "quantity": before}],
        })  # fmt: skip
        drawn = _drawn(used, max(0, 10_000 - before), max(0, before - 10_000))
        assert drawn["overage_amount"] == rated["total"]
        before += used


def test_rated_lines_become_an_invoice_that_a_balance_pays() -> None:
    rated = PRICING.calculate({
        "bill": "in_arrears", "usage": [{"meter": "credits_used", "quantity": "1400"}],
        "billed": [{"charge": "overage", "over": "contract", "quantity": "9000"}],
    })  # fmt: skip
    lines = [{"id": line["charge"], "kind": "usage", "amount": line["amount"]} for line in rated["lines"]]
    invoice = TOTALS.calculate({
        "currency": "USD", "lines": lines, "taxes": [{"code": "US-SALES-8.25", "percent": Decimal("8.25")}],
    })  # fmt: skip
    assert (invoice["net"], invoice["tax"], invoice["payable"]) == (_usd("48.00"), _usd("3.96"), _usd("51.96"))
    fees = [{"id": line["id"], "kind": line["kind"], "amount": line["due"]} for line in invoice["lines"]]
    paid = _prepared("wallets/customer_balance.wallet.yaml").calculate({
        "wallets": [{"id": "balance", "balance": _usd("50.00")}],
        "invoice": {"fees": fees, "total": invoice["payable"]},
    })  # fmt: skip
    assert (paid["paid"], paid["due"]) == (_usd("50.00"), _usd("1.96"))
