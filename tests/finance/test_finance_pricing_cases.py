"""Cases in the neutral form, with every key that rating cases can have: from the form to the figure."""

from __future__ import annotations

from typing import Any

import pytest
from cases.adapters import bounds, rating
from cases.model import case_of
from cases.runner import run_case

ADAPTERS = {**rating.ADAPTERS, **bounds.ADAPTERS}
HALF_UP = {"scale": "2", "mode": "half_up"}
PLAIN = [{"up_to": "5", "unit_price": "1"}, {"up_to": None, "unit_price": "2"}]
FLAT = [{"up_to": "5", "flat_fee": "100"}, {"up_to": "10", "flat_fee": "150"}, {"up_to": None, "unit_price": "10"}]
REGIONS = [{"when": {"region": "eu"}, "unit_price": "10"}, {"when": {"region": "eu", "cpu": "arm"}, "unit_price": "8"}]

CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("per_unit", {"unit_price": "5.12345"}, {"quantity": "10", "display_quantity": "100"},
     {"amount": "51.2345", "effective_unit_price": "0.512345"}),
    ("per_unit", {"unit_price": "1", "maximum_amount": "7"}, {"quantity": "10"}, {"amount": "7"}),
    ("per_unit", {"unit_price": "2", "negative_quantity": "clamp_to_zero"}, {"quantity": "-3"}, {"amount": "0"}),
    ("per_unit", {"unit_price": "2", "negative_quantity": "credit"}, {"quantity": "-3"}, {"amount": "-6"}),
    ("per_unit", {"unit_price": "2"}, {"quantity": "0"}, {"amount": "0", "effective_unit_price": "0"}),
    ("graduated", {"tiers": PLAIN}, {"quantity": "3", "already_billed_quantity": "4"},
     {"amount": "5", "tier_amounts": ["1", "4"]}),
    ("graduated", {"tiers": FLAT, "charge_first_flat_fee_at_zero": "true"}, {"quantity": "0"},
     {"amount": "100", "effective_unit_price": "0"}),
    ("graduated", {"tiers": FLAT}, {"quantity": "0"}, {"amount": "0"}),
    ("graduated_cumulative", {"tiers": PLAIN},
     {"cumulative_quantities": ["0", "7", "6"]}, {"phase_amounts": ["0", "9", "-2"]}),
    ("volume", {"tiers": PLAIN}, {"quantity": "4.5", "tier_selection_quantity": "6"},
     {"amount": "9", "effective_unit_price": "1.5"}),
    ("volume", {"tiers_by_unit": {"FOO": PLAIN, "BAR": PLAIN}}, {"quantities": {"FOO": "5", "BAR": "6"}},
     {"amount": "17"}),
    ("volume", {"tiers": [{"up_to": "100", "unit_price": "2", "flat_fee": "10"}]}, {"quantity": "-5"}, {"amount": "0"}),
    ("volume_cumulative", {"tiers": FLAT}, {"cumulative_quantities": ["0", "3", "7", "11"]},
     {"phase_amounts": ["100", "0", "50", "-40"]}),
    ("package", {"package_size": "10", "package_price": "100", "free_units": "10"}, {"quantity": "121"},
     {"amount": "1200", "packages": "12"}),
    ("package", {"package_size": "10", "package_price": "100", "free_units": "200"}, {"quantity": "121"},
     {"amount": "0", "effective_unit_price_on_paid_units": "0"}),
    ("package", {"package_size": "10", "package_price": "15"}, {"quantity": "5", "already_billed_quantity": "17"},
     {"amount": "15", "packages": "1"}),
    ("package", {"package_size": "100", "package_price": "1", "rounding_of_packages": "down"}, {"quantity": "199"},
     {"amount": "1"}),
    ("package_cumulative", {"package_size": "10", "package_price": "15"},
     {"cumulative_quantities": ["5", "10", "12", "8"]},
     {"phase_amounts": ["15", "0", "15", "-15"]}),
    ("stairstep", {"tiers": [{"up_to": "5", "flat_fee": "9"}, {"up_to": None, "flat_fee": "20"}]}, {"quantity": "6"},
     {"amount": "20"}),
    ("percentage", {"rate_percent": "1.3", "fixed_fee_per_transaction": "2", "free_transactions": "3",
     "free_amount": "250"},
     {"transactions": ["50", "100", "250", "400"]},
     {"amount": "11.15", "paid_transactions": "2", "paid_amount_base": "550"}),
    ("percentage", {"rate_percent": "1.3"}, {"transactions": []}, {"amount": "0"}),
    ("graduated_percentage", {"tiers": [{"up_to": "10", "flat_fee": "200", "rate_percent": "1"}],
                              "charge_first_flat_fee_at_zero": "true"}, {"base_amount": "0"},
     {"amount": "200", "effective_unit_price": "0"}),
    ("matrix", {"rates": REGIONS, "default_unit_price": "1", "rounding": HALF_UP}, {"usage": [
        {"dimensions": {"region": "eu", "cpu": "arm"}, "quantity": "2"},
     {"dimensions": {"region": "us"}, "quantity": "3"},
    ]}, {"line_amounts": ["16", "3"], "amount": "19"}),
    ("matrix", {"rates": REGIONS, "minimum_amount": "62", "minimum_proration_numerator": "15",
                "minimum_proration_denominator": "31", "conversion_rate": "0.5"},
     {"usage": [{"dimensions": {"region": "eu"}, "quantity": "2"}]},
     {"line_amounts": ["10"], "amount": "10", "true_up": "5"}),
    ("dynamic", {"multiplier": "1", "minimum_amount": "100"}, {"base": "0"}, {"amount": "100"}),
    ("dynamic", {}, {"event_amounts": ["0.2", "0.202"], "quantity": "20"},
     {"amount": "0.402", "effective_unit_price": "0.0201"}),
    ("dynamic", {}, {"event_amounts": ["0.402"], "quantity": "0"}, {"amount": "0", "effective_unit_price": "0"}),
    ("included_overage", {"included_units": "1000", "overage_unit_price": "0.01", "base_fee": "20"},
     {"quantity": "600", "prior_quantity": "700"},
     {"amount": "3", "total": "23", "included_units_consumed": "300", "overage_units": "300"}),
    ("included_overage", {"included_units": "10", "overage_unit_price": "1"}, {"usage_by_period": ["15", "3", "12"]},
     {"overage_units": "7", "amount": "7"}),
    ("unit_conversion", {"operation": "multiply", "factor": "1.5", "rounding": "none", "unit_price": "2"},
     {"quantity": "3"},
     {"billable_quantity": "4.5", "amount": "9"}),
    ("unit_conversion", {"operation": "divide", "factor": "1000", "rounding": "ceiling", "tiers": PLAIN,
                         "usage_discount_after_conversion": "0.5"}, {"quantity": "7400"},
     {"billable_quantity": "7.5", "amount": "10"}),
    ("bucketed_price", {"price_model": "package", "package_size": "10", "package_price": "1"},
     {"bucket_values": ["9", "15"]},
     {"amount": "3"}),
    ("bucketed_price", {"price_model": "graduated", "tiers": PLAIN}, {"bucket_values": ["6", "6"]}, {"amount": "14"}),
    ("bucketed_price", {"price_model": "per_unit", "unit_price": "2"}, {"bucket_values": ["1", "0"]}, {"amount": "2"}),
    ("prorated_graduated", {"tiers": FLAT, "rounding": HALF_UP}, {"events": []},
     {"amount": "100", "effective_unit_price": "0"}),
    ("quantity_rounding", {"function": "round", "precision": "-1"}, {"value": "125"}, {"value": "130"}),
    ("quantity_rounding", {"function": "floor"}, {"value": "5.9"}, {"value": "5"}),
    ("minimum_commitment", {"minimum_amount": "10.00", "pricing_unit_conversion_rate": "0.25", "rounding": HALF_UP},
     {"charges": ["7.00"]}, {"true_up": "3", "true_up_fiat": "0.75"}),
    ("minimum_commitment", {"minimum_amount": "10.00", "rounding": HALF_UP},
     {"charges": ["2.00"], "days_billed": "15", "days_in_period": "31"}, {"true_up": "2.84", "total": "4.84"}),
    ("minimum_commitment", {"minimum_amount": "10.00"}, {"charges": []}, {"true_up": "10.00"}),
    ("maximum_spend", {"maximum_amount": "150", "percent_discount": "10"}, {"line_amounts": ["100", "100"]},
     {"cap_discounts": ["0", "30"], "net_line_amounts": ["90", "60"]}),
    ("window_commitment", {"commitments": {"A": {"amount": "10", "true_up": "false"},
     "B": {"amount": "20", "true_up": "true"}}},
     {"windows": [{"commitment": "A", "quantity": "15", "unit_price": "2"},
     {"commitment": "B", "quantity": "8", "unit_price": "1"},
                  {"quantity": "17", "unit_price": "1"}]},
     {"amount": "67", "utilized": "35", "overage": "20", "true_up": "12"}),
    ("window_commitment", {"commitments": {"line": {"quantity": "7", "overage_factor": "2", "true_up": "true"}}},
     {"windows": [{"commitment": "line", "quantity": "8", "tiers": PLAIN}]}, {"amount": "13", "overage": "4"}),
    ("cumulative_commitment", {"commitment_amount": "60", "overage_factor": "2"},
     {"prior_base_amount": "50", "current_base_amounts": ["12", "8"]},
     {"within_by_line": ["6", "4"], "overage_charge": "20", "amount": "30"}),
    ("progressive_billing", {"unit_price": "1", "thresholds": ["200"]}, {"event_quantities": ["50"]},
     {"threshold_invoices": [], "final_fees": "50", "final_credit": "0", "final_invoice": "50"}),

]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "params", "given", "expected"), CASES, ids=[f"{case[0]}_{place}" for place, case in enumerate(CASES)]
)
def test_a_case_in_the_neutral_form_gives_its_figure(
    model: str, params: dict[str, Any], given: dict[str, Any], expected: dict[str, Any]
) -> None:
    raw = {
        "id": "own", "model": model, "params": params, "input": given, "expected": expected, "currency": "EUR",
        "compare_scale": {},
    }  # fmt: skip
    assert run_case(case_of("pricing", raw), ADAPTERS).problems == ()
