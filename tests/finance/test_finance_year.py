"""A generated year of a subscription company, through every document: what was sold, billed, earned, paid and reported
hangs together to the last unit. `python -m company_check 100` in tests/support checks more seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest
from company_book_laws import LAWS as BOOK_LAWS
from company_laws import LAWS
from company_usage_laws import LAWS as USAGE_LAWS
from company_year import Company, generate

SEEDS = (2026, 606)
company = cache(generate)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("law", [*LAWS, *USAGE_LAWS, *BOOK_LAWS], ids=lambda law: law.__name__)
def test_the_year_keeps_the_law(law: Callable[[Company], None], seed: int) -> None:
    year = company(seed)
    assert len(year.customers) == 30
    law(year)


def test_the_years_have_everything_in_them() -> None:
    """The laws are not kept for want of events."""
    years = [company(seed) for seed in SEEDS]
    kinds = Counter(event["event"] for year in years for customer in year.customers for event in customer.events)
    assert set(kinds) >= {
        "invoice.finalized", "payment.succeeded", "payout.paid", "service.agreed", "refund.succeeded", "dispute.opened",
        "dispute.won", "dispute.lost", "invoice.voided", "invoice.uncollectible", "payment.applied", "credit.issued",
        "customer_balance.applied", "credit.voided", "payment.unapplied",
    }  # fmt: skip
    asked = Counter(kind for year in years for kind, _, _ in year.answers)
    assert set(asked) >= {"meter", "pricing", "proration", "totals", "settlement"}
    assert {customer.currency for customer in years[0].customers} == {"USD", "JPY", "KWD"}
    states = {version["status"] for year in years for customer in year.customers for version in customer.versions}
    assert states == {"active", "paused"}
