"""Worked cases of totals, wallets and commissions in their neutral form, with every key that such cases may have.

Their figures are those of public test suites and documentation, named in ``source``.
"""

from __future__ import annotations

from typing import Any

import pytest
from cases.adapters import adapters
from cases.model import case_of
from cases.runner import run_case


def pricing(model: str, params: dict[str, Any], given: dict[str, Any], expected: dict[str, Any], **more: Any) -> Any:
    raw = {"id": model, "model": model, "params": params, "input": given, "expected": expected, **more}
    return case_of("pricing", {"currency": "USD", **raw})


def revenue(topic: str, given: dict[str, Any], expected: dict[str, Any], currency: str = "USD") -> Any:
    return case_of("revenue", {
        "id": topic, "topic": topic, "input": given, "expected": expected, "currency": currency,
    })  # fmt: skip


GRANT = {"id": "g1", "amount": "100", "effective_at": "2024-01-01T00:00:00Z", "starting_balance": "100"}
WINDOW = {"from": "2024-01-01T00:00:00Z", "to": "2024-01-31T00:00:00Z"}

CASES = [
    # allocation: ties by key, the digits of the currency, a cap, and what the field does with the rest
    pricing(
        "allocate", {"method": "largest_remainder", "scale": "2"},
        {"amount": "0.05", "weights": ["1", "1", "1"], "tie_break_keys": ["C", "A", "B"]},
        {"allocations": ["0.01", "0.02", "0.02"]}, source="OpenMeter, key comparator as tie-breaker",
    ),
    pricing(
        "allocate", {"method": "largest_remainder", "scale": "0"}, {"amount": "5", "weights": ["1", "1", "1"]},
        {"allocations": ["2", "2", "1"]}, currency="JPY", source="OpenMeter, uses currency precision",
    ),
    pricing(
        "allocate", {"method": "largest_remainder", "scale": "2"}, {"amount": "100.00", "weights": ["1", "2", "3"]},
        {"allocations": ["16.67", "33.33", "50.00"]}, source="OpenMeter, dimensionless weights",
    ),
    pricing(
        "allocate", {"method": "largest_remainder", "scale": "2", "cap_at_total_weight": "true"},
        {"amount": "200", "weights": ["99", "1"]}, {"allocations": ["99", "1"]}, source="Polar, Flexprice: capped",
    ),
    pricing(
        "allocate", {"method": "last_takes_rest", "scale": "2"},
        {"amount": "10", "weights": ["33.33", "33.33", "33.34"]},
        {"allocations": ["3.33", "3.34", "3.33"]}, source="Flexprice: sorted by amount, the last takes the rest",
    ),
    pricing(
        "allocate", {"method": "cut, remainder to the first line", "scale": "2"},
        {"amount": "1.00", "weights": ["1", "1", "1"]}, {"allocations": ["0.34", "0.33", "0.33"]}, source="UniBee",
    ),
    pricing(
        "allocate", {"method": "unrounded", "scale": "7"}, {"amount": "23", "weights": ["10", "20", "4"]},
        {"allocations": ["6.7647059", "13.5294118", "2.7058824"]}, currency="EUR", source="Lago coupons",
    ),
    pricing(
        "allocate", {"method": "independent_rounding", "scale": "2"},
        {"amount": "0", "percent": "10", "weights": ["0.05", "0.05"]},
        {"allocations": ["0.01", "0.01"], "pooled": "0.01"},
        source="Polar, accepted drift",
    ),
    # discounts
    pricing(
        "discount", {"percent": "15.5"}, {"amount": "1000", "currency": "JPY"}, {"discount": "155", "final": "845"},
        currency="JPY", source="Flexprice, JPY_Percentage",
    ),
    pricing(
        "discount", {"amount_off": "15.00"}, {"amount": "10.00", "currency": "USD"},
        {"discount": "10.00", "final": "0.00"}, source="Flexprice, Fixed_Exceeds_Price",
    ),
    pricing(
        "discount", {"amount_off": "0.12"}, {"amount": "1.00", "already_consumed": "0.10", "currency": "EUR"},
        {"discount": "0.02"}, currency="EUR", source="Lago, partially consumed coupon",
    ),
    pricing(
        "discount_stack",
        {"discounts": [{"amount": "5"}, {"percent": "10"}, {"percent": "20"}],
         "order": "percentages first, then fixed amounts"},
        {"amount": "100.00"}, {"discount": "33.00"}, source="Meteroid, percentages compound",
    ),
    # tax
    pricing(
        "tax_lines", {"scale": "3"}, {"lines": [{"amount": "1.255", "rates_percent": ["10"]}]},
        {"tax_by_line": ["0.126"], "gross_total": "1.381"}, currency="KWD", source="three digits",
    ),
    pricing(
        "tax_lines", {"scale": "2", "rounding_level": "per_invoice_per_rate"},
        {"lines": [{"amount": "0.13", "rates_percent": ["19"]}] * 3},
        {"tax_total_rounded_once": "0.07", "tax_total_sum_of_rounded_lines": "0.06", "gross_total": "0.46"},
        currency="EUR", source="per invoice and rate",
    ),
    pricing(
        "tax_lines", {"scale": "2", "rounding_level": "sum_of_rates"},
        {"lines": [{"amount": "99.99", "rates_percent": ["8.875", "2.125", "0.5"]}]}, {"tax_by_line": ["11.50"]},
        source="per line on the sum of rates",
    ),
    # currencies
    pricing("currency_round", {"mode": "half_up"}, {"amount": "1.23456", "currency": "CLF"}, {"rounded": "1.2346"}),
    pricing("currency_round", {"mode": "half_even"}, {"amount": "2.125", "currency": "USD"}, {"rounded": "2.12"}),
    pricing("currency_round", {"mode": "half_up"}, {"amount": "1.005", "currency": "XXX"}, {"rounded": "1.01"}),
    pricing(
        "rounding_order", {}, {"amounts": ["10.333", "10.333"]},
        {"round_then_sum": "20.66", "sum_then_round": "20.67"}, source="Flexprice, Addition_Then_Round",
    ),
    # an invoice from lines to what is due
    pricing(
        "invoice_pipeline", {"order": "line discounts, invoice discounts, prepaid credits on usage lines"},
        {"currency": "USD", "lines": [{"amount": "30.00"}, {"amount": "70.00"}], "prepaid_balances": ["100.00"],
         "invoice_discounts": [{"amount": "50.00"}]},
        {"subtotal": "100.00", "discount": "50.00", "credits_applied": "50.00", "total": "0"},
        source="Flexprice, TestCreditExceedingRemainingAmount",
    ),
    pricing(
        "invoice_pipeline", {"order": "line discounts, invoice discounts, prepaid credits on usage lines"},
        {"currency": "USD", "lines": [{"amount": "50.00"}, {"amount": "50.00"}], "prepaid_balances": ["15", "25"],
         "invoice_discounts": [{"amount": "20.00"}]},
        {"subtotal": "100.00", "discount": "20.00", "credits_applied": "40.00", "total": "40.00"},
        source="Flexprice, TestMultipleCreditTypes",
    ),
    pricing(
        "invoice_pipeline", {"order": "line discounts, invoice discounts, prepaid credits on usage lines"},
        {"currency": "USD", "lines": [{"amount": "9.99"}, {"amount": "0.01"}], "prepaid_balances": ["1.00"],
         "invoice_discounts": [{"percent": "10"}]},
        {"subtotal": "10.00", "discount": "1.00", "credits_applied": "1.00", "total": "8.00"},
        source="Flexprice, TestMinimumApplicationAmount",
    ),
    pricing(
        "credits_across_lines", {}, {"line_amounts": ["100", "50"], "credits": ["75", "75"]},
        {"credits_by_line": ["100", "50"], "amount_due": "0"}, source="OpenMeter, paid fully from multiple credits",
    ),
    # grants
    pricing(
        "burn_down",
        {"grants": [{**GRANT, "expires_at": "2024-01-31T00:00:00Z"}], "order": "priority asc, then expiry asc"},
        {**WINDOW, "usage": [{"at": "2024-01-01T01:00:00Z", "quantity": "50"}]},
        {"balances": {"g1": "50"}, "overage": "0"}, currency="credits", source="OpenMeter, single active grant",
    ),
    pricing(
        "burn_down", {"grants": [{**GRANT, "voided_at": "2024-01-01T01:00:00Z", "priority": "1"}]},
        {**WINDOW, "usage": [{"at": "2024-01-01T00:59:00Z", "quantity": "50"},
                             {"at": "2024-01-01T01:01:00Z", "quantity": "50"}]},
        {"balances": {"g1": "0"}, "overage": "50"}, currency="credits", source="OpenMeter, until it is voided",
    ),
    pricing(
        "burn_down",
        {"grants": [{**GRANT, "recurs_every_days": "1", "recurrence_anchor": "2024-01-01T00:00:00Z"}]},
        {"from": "2024-01-01T00:00:00Z", "to": "2024-01-02T01:00:00Z",
         "usage": [{"at": "2024-01-01T01:00:00Z", "quantity": "120"}]},
        {"balances": {"g1": "80"}, "overage": "0"}, currency="credits", source="OpenMeter, recurring grant",
    ),
    pricing("burn_down", {"grants": []}, {**WINDOW, "usage": [{"at": "2024-01-01T01:00:00Z", "quantity": "50"}]},
            {"balances": {}, "overage": "50"}, currency="credits", source="OpenMeter, no grants"),
    # commissions
    pricing(
        "commission", {"rate_percent": "7.5", "rounding": {"scale": "2", "mode": "half_up"}}, {"base": "1000.10"},
        {"commission": "75.01"}, source="one rate",
    ),
    pricing(
        "commission", {"mode": "whole amount", "tiers": [{"up_to": "5000", "rate_percent": "15"},
                                                         {"up_to": None, "rate_percent": "20"}]},
        {"base": "15000"}, {"commission": "3000.00"}, source="the tier of the total",
    ),
    pricing(
        "revenue_split",
        {"scale": "0", "split": {"in_order": [
            {"max": "10", "to": {"shares": [{"share": "1 / 2", "to": "a"}, {"share": "remaining", "to": "kept"}]}},
            {"remaining": "true", "to": "world"},
        ]}},
        {"amount": "25"}, {"allocations": {"a": "5", "kept": "5", "world": "15"}}, currency="points",
        source="Numscript, a share inside a waterfall",
    ),
    # revenue cases
    revenue(
        "principal_agent", {"customer_pays": "1000", "paid_to_supplier": "700"},
        {"principal": {"revenue": "1000", "cost_of_revenue": "700", "margin": "300"},
         "agent": {"revenue": "300", "cost_of_revenue": "0"}},
    ),
    revenue(
        "principal_agent",
        {"list": "100", "reseller_margin_rate": "0.20", "store_fee_rate_on_post_margin": "0.15",
         "local_tax_rate_on_post_margin": "0.05"},
        {"reseller_margin": "20.00", "post_margin": "80.00", "store_fee": "12.00", "local_tax": "4.00",
         "publisher_net": "64.00"},
    ),
    revenue(
        "contract_cost.obtain", {"external_legal": "15000", "travel": "25000", "commissions": "10000"},
        {"capitalised": "10000.00", "expensed": "40000.00", "total": "50000.00"}, currency="CU",
    ),
    revenue(
        "contract_cost.obtain",
        {"commission": "1000", "benefit_months": "36", "rounding": "remainder in the last month"},
        {"asset": "1000.00", "monthly_amortisation": "27.78", "last_month": "27.70"},
    ),
    revenue(
        "contract_cost.obtain", {"commission": "1200", "benefit_months": "12", "renewal_commensurate": True},
        {"expense_now_if_expedient": "1200.00", "monthly_amortisation": "100.00"},
    ),
    revenue(
        "rounding.allocation", {"total": "100", "weights": {"z": "1", "b": "1", "a": "1"}},
        {"allocation": {"a": "33.34", "b": "33.33", "z": "33.33"}, "sum": "100.00"},
    ),
    revenue(
        "rounding.allocation", {"total": "-100", "weights": {"a": "1", "b": "1", "c": "1"}},
        {"allocation": {"a": "-33.34"}, "c": "-33.33", "sum": "-100.00"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_key_of_the_neutral_form_is_understood(case: Any) -> None:
    assert run_case(case, adapters()).problems == ()
