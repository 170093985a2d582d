"""Generated invoices, against a slip of paper: stacked discounts, shares of them, tax at every point of rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
import yaml
from invoice_by_hand import discounted, shared, tax

from engine.base.money import minor_units
from engine.finance.prepared import Prepared, prepare

HEAD = {"spec": "totals/v1", "id": "by_hand", "version": "1.0.0", "owner": "finance", "summary": "Generated."}
RATES = (Fraction(0), Fraction(7), Fraction(19), Fraction(35, 4), Fraction(21, 2))


def _document(**body: Any) -> Prepared:
    return prepare(yaml.safe_dump({**HEAD, **body}, sort_keys=False).encode(), "by_hand.totals.yaml")


def _discounts(random: Random, most: int) -> list[dict[str, Any]]:
    kinds = [random.random() < 0.5 for _ in range(random.randrange(0, 3))]
    return [{"percent": random.randrange(0, 101)} if kind else {"amount": random.randrange(0, most)} for kind in kinds]


def _facts_of(discounts: list[dict[str, Any]], currency: str, place: str) -> list[dict[str, Any]]:
    return [
        {"id": f"{place}{at}", **({"amount": _money(each["amount"], currency)} if "amount" in each else each)}
        for at, each in enumerate(discounts)
    ]


def _money(coins: int, currency: str) -> dict[str, str]:
    return {"amount": f"{Decimal(coins).scaleb(-minor_units(currency)):f}", "currency": currency}


@pytest.mark.parametrize("seed", range(60))
def test_an_invoice_costs_what_it_costs_on_paper(seed: int) -> None:
    random = Random(f"totals {seed}")
    currency = random.choice(("EUR", "JPY", "KWD"))
    level = random.choice(("line_and_rate", "line", "document_and_rate", "document"))
    inclusive, compound = random.random() < 0.5, random.random() < 0.3
    prices = "inclusive" if inclusive else "exclusive"
    document = _document(taxes={"rounding": level, "prices": prices, "compound": compound})
    for _ in range(3):
        amounts = [random.randrange(0, 20_000) for _ in range(random.randrange(1, 7))]
        own = [_discounts(random, 3000) for _ in amounts]
        whole = _discounts(random, 9000)
        rates = [random.sample(RATES, random.randrange(0, 3)) for _ in amounts]
        facts = {
            "currency": currency,
            "lines": [
                {
                    "id": str(place), "amount": _money(amount, currency),
                    "discounts": _facts_of(own[place], currency, f"line{place}_"),
                    "taxes": [{"code": f"r{float(rate)}", "percent": str(float(rate))} for rate in rates[place]],
                }
                for place, amount in enumerate(amounts)
            ],
            "discounts": _facts_of(whole, currency, "whole_"),
        }  # fmt: skip
        result = document.calculate(facts)
        lefts = shared([discounted(amount, each) for amount, each in zip(amounts, own, strict=True)], whole)
        taken = tax(lefts, rates, level, inclusive=inclusive, compound=compound)
        gross = sum(lefts) if inclusive else sum(lefts) + taken
        unit = 10 ** minor_units(currency)
        shown = {name: int(result[name].amount * unit) for name in ("discount", "tax", "gross", "net", "total")}
        assert shown == {
            "discount": sum(amounts) - sum(lefts), "tax": taken, "gross": gross, "net": gross - taken, "total": gross,
        }, facts  # fmt: skip
        by_line = [int((line["amount"] - line["discount"] - line["document_discount"]).amount * unit)
                   for line in result["lines"]]  # fmt: skip
        assert by_line == lefts
