"""Cases in the neutral form, with every key that cases of metrics can have: from the form to the figure."""

from __future__ import annotations

from typing import Any

import pytest
from cases.adapters import metrics
from cases.model import case_of
from cases.runner import run_case

PRICES = {"Gold": {"month": "50", "year": "500"}, "Silver": {"month": "30", "year": "300"}}

CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("metrics.mrr", "stripe_metrics", {"price": "300", "interval": "quarter"}, {"mrr": "100.00"}),
    ("metrics.mrr", "stripe_metrics", {"price": "100", "interval": "week"}, {"mrr": "433.33"}),
    ("metrics.mrr", "neutral", {"plan": "100", "addon": "20", "interval": "month"}, {"mrr": "120.00"}),
    ("metrics.mrr", "profitwell", {"plan": "100", "addon": "20", "discount": "10", "interval": "month"},
     {"mrr": "110.00"}),
    ("metrics.mrr", "chartmogul",
     {"price": "100", "interval": "month", "discount_percent": "20", "discount_months": "3"},
     {"mrr_during": "80.00", "mrr_after": "100.00"}),
    ("metrics.mrr", "recurly", {"price": "100", "interval": "month", "discount_percent": "20", "discount_months": "3"},
     {"mrr_during": "80.00", "mrr_after": "100.00"}),
    ("metrics.mrr", "stripe_metrics",
     {"subscriptions": [{"count": "100", "interval": "month", "price": "100"},
                        {"count": "50", "interval": "year", "price": "600"}]}, {"mrr": "12500.00"}),
    ("metrics.mrr_movement", "stripe_metrics",
     {"start": "1000", "new": "200", "reactivation": "50", "expansion": "100", "contraction": "30", "churn": "70",
      "fx": "-5"}, {"net": "245.00", "end": "1245.00"}),
    ("metrics.mrr_movement", "chartmogul",
     {"prices": PRICES, "events": [
         {"n": "1", "event": "subscribe", "plan": "Gold", "interval": "year", "qty": "4"},
         {"n": "2", "event": "subscribe", "plan": "Silver", "interval": "month", "qty": "2"},
         {"n": "3", "event": "cancel", "plan": "Silver", "interval": "month", "qty": "2"},
         {"n": "4", "event": "cancel", "plan": "Gold", "interval": "year", "qty": "4"},
         {"n": "5", "event": "subscribe", "plan": "Gold", "interval": "month", "qty": "3"},
         {"n": "6", "event": "upgrade", "plan": "Gold", "interval": "month", "qty": "5"},
         {"n": "7", "event": "downgrade", "plan": "Silver", "interval": "month", "qty": "5"}]},
     {"movements": [
         {"n": "1", "type": "new_business", "amount": "166.67"}, {"n": "2", "type": "expansion", "amount": "60"},
         {"n": "3", "type": "contraction", "amount": "-60"}, {"n": "4", "type": "churn", "amount": "-166.67"},
         {"n": "5", "type": "reactivation", "amount": "150"}, {"n": "6", "type": "expansion", "amount": "100"},
         {"n": "7", "type": "contraction", "amount": "-100"}]}),
    ("metrics.ratio", "stripe_metrics", {"opening": "450", "new": "50", "churned": "25"},
     {"churn": "0.05", "churn_pct": "5"}),
    ("metrics.ratio", "stripe_metrics", {"opening": "500", "churned": "25"}, {"churn_pct": "5"}),
    ("metrics.ratio", "stripe_metrics", {"trials_ended": "80", "converted": "20"}, {"conversion_pct": "25"}),
    ("metrics.ratio", "neutral", {"arpu": "500", "churn": "0.05"}, {"ltv": "10000.00"}),
    ("metrics.ratio", "neutral", {"mrr": "50000", "active": "100", "opening": "300", "churned": "10",
                                  "churn_rounding": "3"},
     {"arpu": "500.00", "ltv": "15151.52", "churn": "0.033", "churn_pct": "3.3"}),
    ("metrics.retention", "chartmogul", {"start": "1000", "churn": "50", "contraction": "20", "expansion": "100",
                                         "reactivation": "10", "new_business": "300"},
     {"gross_churn_pct": "7.0", "grr_pct": "93", "net_churn_pct": "-4", "nrr_pct": "104"}),
    ("metrics.retention", "neutral", {"cohort": "100", "price": "10", "churned": "5", "upgraded": "10",
                                      "upgrade_price": "20"},
     {"start_mrr": "1000.00", "churn": "50.00", "expansion": "100.00", "revenue_retention_pct": "105",
      "retention_pct": "95"}),
    ("metrics.retention", "neutral", {"cohort": "200", "churned": "30"}, {"retention_pct": "85"}),
    ("metrics.retention", "neutral", {"cohort": "200", "months": ["150", "120"]}, {"retention_pct": ["75", "60"]}),
    ("metrics.retention", "neutral", {"cancelled": {"interval": "year", "price": "1200"},
                                      "downgrade": {"interval": "month", "from": "80", "to": "50"}},
     {"churned_revenue": "130.00"}),
    ("metrics.usage", "neutral", {"events": ["10", "20", "12"], "unit_price": "0.5"},
     {"aggregate_sum": "42", "usage_revenue": "21.00"}),
    ("metrics.retention", "neutral", {"start": "200", "churned": "30"}, {"retention_pct": "85"}),
    ("metrics.ratio", "neutral", {"active": "200", "churned": "30"}, {"churn": "0.15"}),
    ("metrics.usage", "neutral", {"events": [{"value": "4"}, {"value": "6"}]}, {"aggregate_sum": "10"}),
    ("metrics.usage", "neutral", {"quantity": "42", "unit_price": "0.5"}, {"usage_revenue": "21.00"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("topic", "profile", "given", "expected"), CASES, ids=[f"{index}-{case[0]}" for index, case in enumerate(CASES)]
)
def test_a_case_gives_exactly_its_figure(
    topic: str, profile: str, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    raw = {
        "id": "ours", "topic": topic, "input": given, "expected": expected, "currency": "USD", "source": "ours",
        "policy_profile": profile,
    }  # fmt: skip
    assert run_case(case_of("revenue", raw), metrics.ADAPTERS).problems == ()
