"""Cases in the neutral form, with every key that proration cases can have: from the form to the figure."""

from __future__ import annotations

from typing import Any

import pytest
from cases.adapters import proration
from cases.model import case_of
from cases.runner import run_case

HALF_UP = {"scale": "2", "mode": "half_up"}
SECONDS = {"day_count": "seconds", "rounding": HALF_UP}
INCLUSIVE = {"day_count": "actual_days_inclusive_end", "rounding": HALF_UP}
MARCH = {"period_start": "2024-03-01", "period_end": "2024-03-31"}
JUNE = {"period_start": "2025-06-01", "period_end": "2025-07-01"}
DAYS_LOCAL = {"rule": "calendar_days_local", "use_literal_dates": "true"}

CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("proration", INCLUSIVE,
     {**MARCH, "change_at": "2024-03-15", "old_items": [{"unit_price": "10", "quantity": "5"}],
      "new_items": [{"unit_price": "10", "quantity": "10"}]},
     {"credits": ["-27.42"], "charges": ["54.84"], "net": "27.42"}),
    ("proration", INCLUSIVE,
     {**MARCH, "change_at": "2024-03-15", "old_items": [{"unit_price": "40", "credit_cap": "20"}]},
     {"credits": ["-20"], "charges": [], "net": "-20.00"}),
    ("proration", SECONDS,
     {**JUNE, "change_at": "2025-06-16", "old_items": [{"unit_price": "100"}],
      "new_items": [{"unit_price": "200"}, {"unit_price": "49", "one_time": "true"}]},
     {"credits": ["-50.00"], "charges": ["100.00", "49.00"], "net": "99.00"}),
    ("proration", SECONDS,
     {**JUNE, "change_at": "2025-06-16", "new_items": [{"unit_price": "365", "own_period_days": "365"}]},
     {"charges": ["15.00"], "factor": "0.0410958904"}),
    ("proration", SECONDS,
     {**JUNE, "change_at": "2025-06-16", "old_items": [{"unit_price": "100", "discount": "100"}],
      "new_items": [{"unit_price": "10", "quantity": "3", "discount": "6", "full_new_cycle": "true"}]},
     {"credits": ["0.00"], "charges": ["24.00"], "net": "24.00"}),
    ("proration", {"day_count": "seconds", "rounding": {"scale": "8", "mode": "half_up"}},
     {"period_start": "2025-01-01T00:00:00Z", "period_end": "2025-02-01T00:00:00Z", "price": "100",
      "factor_interval": ["2025-01-20T00:00:00Z", "2025-02-01T00:00:00Z"]},
     {"amount": "38.70967742"}),
    ("proration", {"day_count": "seconds", "rounding": {"scale": "8", "mode": "half_up"}},
     {"period_start": "2025-01-01T00:00:00Z", "period_end": "2025-02-01T00:00:00Z", "price": "100",
      "factor_interval": ["2025-02-01T00:00:00Z", "2025-02-01T00:00:00Z"]},
     {"amount": "0", "factor": "0"}),
    ("proration", {"day_count": "actual_days", "factor_scale": "9"},
     {"period_start": "2011-10-01", "period_end": "2011-11-01", "factor_interval": ["2011-10-01", "2012-01-01"]},
     {"factor": "2.967741935"}),
    ("proration", {"day_count": "fixed_days_30", "factor_scale": "9"},
     {"period_start": "2024-02-23", "period_end": "2024-03-15", "factor_interval": ["2024-02-23", "2024-03-15"]},
     {"factor": "0.733333333"}),
    ("proration", {"day_count": "fixed_days_28", "factor_scale": "4"},
     {**JUNE, "factor_interval": ["2025-06-08", "2025-06-15"], "price": "40"}, {"factor": "0.25", "amount": "10"}),
    ("proration", {"day_count": "actual_days", "factor_scale": "4", "rounding": {"scale": "2", "mode": "down"}},
     {**JUNE, "factor_interval": ["2025-06-11", "2025-07-01"], "price": "10"}, {"factor": "0.6666", "amount": "6.66"}),
    ("proration", {"day_count": "strict_30_360", "rounding": HALF_UP},
     {"period_start": "2021-02-01", "period_end": "2021-02-28", "price": "30",
      "factor_interval": ["2021-02-27", "2021-02-28"]}, {"amount": "4.00"}),
    ("proration", {"day_count": "actual_360", "rounding": HALF_UP},
     {"period_start": "2021-01-01", "period_end": "2021-01-31", "price": "30",
      "factor_interval": ["2021-01-27", "2021-01-31"]}, {"amount": "5.00"}),
    ("proration", {"day_count": "nominal", "rounding": HALF_UP},
     {"period_start": "2026-01-01", "period_end": "2026-04-01", "price": "91",
      "factor_interval": ["2026-03-22", "2026-04-01"]}, {"amount": "10.00"}),
    ("proration", {"day_count": "actual_days", "rounding": HALF_UP},
     {**JUNE, "change_at": "2025-06-16", "price": "30"}, {"amount": "15.00"}),
    ("proration", INCLUSIVE,
     {**MARCH, "factor_interval": ["2024-03-01", "2024-05-01"], "price": "31"}, {"amount": "62.00"}),
    ("proration", INCLUSIVE,
     {**MARCH, "factor_interval": ["2024-05-01", "2024-03-31"], "price": "31"}, {"amount": "0"}),
    ("proration", {"day_count": "full_months_plus_days_30", "rounding": HALF_UP},
     {**JUNE, "factor_interval": ["2025-06-01", "2025-08-16"], "price": "100"}, {"amount": "250.00"}),
    ("anchor_dates", {"rule": "anniversary_clamped_to_month_end"}, {"anchor": "2024-12-30", "count": "4"},
     {"dates": ["2024-12-30", "2025-01-30", "2025-02-28", "2025-03-30"]}),
    ("anchor_dates", {"rule": "calendar_month"}, {"anchor": "2024-12-30", "count": "3"},
     {"dates": ["2024-12-30", "2025-01-01", "2025-02-01"]}),
    ("day_count", {**DAYS_LOCAL, "timezone": "Australia/Sydney"},
     {"start": "2024-04-06T00:00:00Z", "end": "2024-04-08T00:00:00Z"}, {"days": "2"}),
    ("day_count", {**DAYS_LOCAL, "timezone": "Asia/Tokyo"},
     {"start": "2024-07-15T12:30:00Z", "end": "2024-07-16T08:15:00Z"}, {"days": "1"}),
    ("day_count", {**DAYS_LOCAL, "timezone": "Europe/Berlin"},
     {"start": "2024-05-01T08:00:00Z", "end": "2024-05-01T17:00:00Z"}, {"days": "0"}),
    ("day_count", {"rule": "calendar_days_local", "timezone": "Asia/Tokyo"},
     {"start": "2024-07-15T12:30:00Z", "end": "2024-07-15T16:00:00Z"}, {"days": "1"}),
    ("day_count", {"rule": "strict_30_360"}, {"start": "2021-02-01", "end": "2021-02-28"}, {"days": "30"}),
    ("credit_cap", {}, {"potential_credit": "300", "original_amount_paid": "200", "previous_credits": "50"},
     {"credit": "150"}),
    ("credit_cap", {}, {"potential_credit": "100", "original_amount_paid": "0", "previous_credits": "0"},
     {"credit": "0"}),
    ("credit_note", {"scale": "2", "rule": "net and tax rounded separately, total = net + tax"},
     {"paid_amount_net": "15.00", "unused_days": "24", "period_days": "31", "tax_percent": "25"},
     {"net": "11.61", "tax": "2.90", "total": "14.51"}),
    ("credit_trace", {"proration_factor": "0.25", "rule": "newest charge first"},
     {"credit_before_proration": "30",
      "charges_oldest_first": [{"id": "invoice1", "amount": "50"}, {"id": "invoice2", "amount": "20"}]},
     {"credits": {"invoice2": "-5.00", "invoice1": "-2.50"}, "total": "-7.50"}),
    ("credit_trace", {"proration_factor": "0.5", "rule": "newest charge first"},
     {"credit_before_proration": "10",
      "charges_oldest_first": [{"id": "invoice1", "amount": "50"}, {"id": "invoice2", "amount": "0"},
                               {"id": "invoice3", "amount": "20"}]},
     {"credits": {"invoice3": "-5.00", "invoice1": "0"}, "total": "-5.00"}),
    ("discount_reversal", {"rule": "in proportion"}, {"charge": "30", "discount_on_charge": "3", "credit": "10"},
     {"discount_reversed": "1.00", "net_credit": "-9.00"}),
    ("proration.billing", {},
     {"monthly": "100", "start": "2019-01-15", "end": "2019-04-10", "anchor": "calendar_start", "basis": "actual"},
     {"duration_months": "2.881", "amount": "288.10"}),
    ("proration.billing", {},
     {"monthly": "100", "start": "2019-01-15", "end": "2019-04-10", "anchor": "service_start", "basis": "fixed_30"},
     {"duration_months": "2.9", "amount": "290"}),
    ("proration.billing", {},
     {"monthly": "100", "start": "2019-03-01", "end": "2020-02-10", "anchor": "service_start", "basis": "actual"},
     {"duration_months": "11.345", "amount": "1134.50"}),
    ("proration.billing", {},
     {"list_price": "100", "start": "2026-01-15", "end": "2026-04-20", "anchor_day": "15", "partial_allowed": "false"},
     {"term_count": "4", "price": "400"}),
    ("proration.billing", {},
     {"list_price": "100", "start": "2026-01-01", "end": "2026-04-15", "anchor_day": "1", "partial_allowed": "true"},
     {"term_count": "3.5", "price": "350"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "params", "given", "expected"), CASES, ids=[f"{index}-{case[0]}" for index, case in enumerate(CASES)]
)
def test_a_case_gives_exactly_its_figure(
    model: str, params: dict[str, Any], given: dict[str, Any], expected: dict[str, Any]
) -> None:
    family = "revenue" if "." in model else "pricing"
    raw = {
        "id": "ours", "group": "proration", "model": model, "topic": model, "params": params, "input": given,
        "expected": expected, "currency": "USD", "source": "ours", "compare_scale": {"factor": "9"},
    }  # fmt: skip
    assert run_case(case_of(family, raw), proration.ADAPTERS).problems == ()
