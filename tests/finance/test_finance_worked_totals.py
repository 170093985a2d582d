"""Worked cases of totals, each figure by hand: discounts, coupons, taxes, rounding, currencies of 0, 2 and 3 digits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from cases.model import run_document

VAT = [{"code": "VAT", "percent": "19"}]
QUEBEC = [{"code": "GST", "percent": "5"}, {"code": "QST", "percent": "9.975"}]
STACKED = [{"code": "A", "percent": "5"}, {"code": "B", "percent": "9.5"}]
INCLUSIVE = {"prices": "inclusive"}


def line(amount: str, name: str = "", **more: Any) -> dict[str, Any]:
    return {"id": name, "amount": amount, **more}


def case(name: str, body: dict[str, Any], facts: dict[str, Any], expected: dict[str, Any]) -> Any:
    return pytest.param(body, facts, expected, id=name)


def off(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, **more}


TEN_OFF = [off("ten", amount="10.00"), off("tenth", percent="10")]
THREE = [line("0.33"), line("0.33"), line("0.33")]

CASES = [
    # 100.00 - 10% = 90.00, - 10.00 = 80.00; 19% of it 15.20
    case("percent_then_amount", {}, {"lines": [line("100.00", discounts=TEN_OFF)], "taxes": VAT},
         {"net": "80.00", "tax": "15.20", "gross": "95.20"}),
    # (100.00 - 10.00) x 0.9
    case("amount_then_percent", {"line_discounts": {"stacking": "amounts_first"}},
         {"lines": [line("100.00", discounts=TEN_OFF)]}, {"net": "81.00"}),
    case("percentages_compound", {}, {"lines": [line("50.00", discounts=[off("a", percent="10"), off("b",
         percent="20")])]},
         {"net": "36.00"}),
    case("percentages_add_up", {"line_discounts": {"percentages": "add_up"}},
         {"lines": [line("50.00", discounts=[off("a", percent="10"), off("b", percent="20")])]}, {"net": "35.00"}),
    # half of 0.33 is 0.165 -> 0.17; a tenth of 0.16 is 0.016 -> 0.02
    case("each_discount_rounded", {},
         {"lines": [line("0.33", discounts=[off("a", percent="50"), off("b", percent="10")])]}, {"net": "0.14"}),
    # 0.33 x 0.5 x 0.9 = 0.1485
    case("discounts_never_rounded", {"lines": "never", "line_discounts": {"rounded": "never"}},
         {"lines": [line("0.33", discounts=[off("a", percent="50"), off("b", percent="10")])]}, {"net": "0.15"}),
    # 8.00 off 5.00 takes 5.00, and leaves 3.00 for later
    case("no_more_than_the_line", {}, {"lines": [line("5.00", discounts=[off("a", amount="8.00")])]},
         {"net": "0.00", "left": ["3.00"]}),
    case("what_was_used_before", {}, {"lines": [line("100.00")],
         "discounts": [off("a", amount="10.00", already_consumed="7.50")]},
         {"net": "97.50", "left": ["0.00"]}),
    # a quarter, at most 12.00, of which 5.00 are gone
    case("percentage_with_a_limit", {},
         {"lines": [line("100.00")], "discounts": [off("a", percent="25", maximum="12.00", already_consumed="5.00")]},
         {"net": "93.00", "left": ["0.00"]}),
    # 10.00 x 10/34, 20/34, 4/34 = 2.941, 5.882, 1.176: cut 9.99, the last cent to the largest remainder
    case("coupon_over_lines", {}, {"lines": [line("10.00"), line("20.00"), line("4.00")],
         "discounts": [off("a", amount="10.00")]},
         {"net": "24.00", "nets": ["7.06", "14.12", "2.82"]}),
    case("coupon_skips_credits", {}, {"lines": [line("10.00"), line("-4.00"), line("30.00")],
         "discounts": [off("a", amount="8.00")]},
         {"net": "28.00", "nets": ["8.00", "-4.00", "24.00"]}),
    # half of usage first: 20.00 and 60.00 are left; 10.00 over them 2.50 and 7.50
    case("targeted_coupon_first", {},
         {"lines": [line("40.00", kind="usage"), line("60.00", kind="seat")],
          "discounts": [off("all", amount="10.00"), off("usage", percent="50", kinds=["usage"])]},
         {"nets": ["17.50", "52.50"], "net": "70.00"}),
    # as given: 4.00 and 6.00 first, then half of 36.00
    case("targeted_coupon_as_given", {"document_discounts": {"targeted_first": False, "stacking": "as_given"}},
         {"lines": [line("40.00", kind="usage"), line("60.00", kind="seat")],
          "discounts": [off("all", amount="10.00"), off("usage", percent="50", kinds=["usage"])]},
         {"nets": ["18.00", "54.00"], "net": "72.00"}),
    # 10% of 0.45 is 0.045 -> 0.05; of each 0.15 it is 0.015 -> 0.02
    case("percent_of_the_total", {}, {"lines": [line("0.15")] * 3, "discounts": [off("a", percent="10")]},
         {"net": "0.40"}),
    case("percent_of_the_lines", {"document_discounts": {"percent_of": "lines"}},
         {"lines": [line("0.15")] * 3, "discounts": [off("a", percent="10")]}, {"net": "0.39"}),
    # 19% of 0.33 = 0.0627: 0.06 each, 0.18; of 0.99 it is 0.1881
    case("tax_by_line", {}, {"lines": THREE, "taxes": VAT}, {"tax": "0.18", "gross": "1.17"}),
    case("tax_by_document", {"taxes": {"rounding": "document"}}, {"lines": THREE, "taxes": VAT},
         {"tax": "0.19", "gross": "1.18", "difference": "0.00"}),
    case("tax_by_document_on_rounded_lines", {"taxes": {"rounding": "document", "line_taxes": "rounded"}},
         {"lines": THREE, "taxes": VAT}, {"tax": "0.19", "gross": "1.18", "difference": "0.01"}),
    # 5% of 1.05 is 0.0525, 9.975% is 0.10473750: 0.05 + 0.10, or 0.1572375 at once
    case("two_rates_each_rounded", {"taxes": {"rounding": "line_and_rate"}}, {"lines": [line("1.05")], "taxes": QUEBEC},
         {"tax": "0.15"}),
    case("two_rates_rounded_at_once", {}, {"lines": [line("1.05")], "taxes": QUEBEC}, {"tax": "0.16"}),
    case("two_rates_over_the_document", {"taxes": {"rounding": "document_and_rate"}},
         {"lines": [line("1.05"), line("1.05")], "taxes": QUEBEC}, {"tax": "0.32"}),  # 0.105 -> 0.11, 0.209475 -> 0.21
    # 5.00, then 9.5% of 105.00 = 9.975: 14.975 -> 14.98
    case("compound", {"taxes": {"compound": True}}, {"lines": [line("100.00")], "taxes": STACKED}, {"tax": "14.98"}),
    # 115.00 / (1.05 x 1.095) = 100.021744...; the rest is 14.978256
    case("compound_inside", {"taxes": {"compound": True, **INCLUSIVE}}, {"lines": [line("115.00")], "taxes": STACKED},
         {"net": "100.02", "tax": "14.98", "gross": "115.00"}),
    # 10.00 / 1.19 = 8.4034
    case("inside", {"taxes": INCLUSIVE}, {"lines": [line("10.00")], "taxes": VAT}, {"net": "8.40", "tax": "1.60"}),
    # 119.00 less a tenth is 107.10, of which 90.00 are net
    case("inside_after_a_discount", {"taxes": INCLUSIVE},
         {"lines": [line("119.00")], "taxes": VAT, "discounts": [off("a", percent="10")]},
         {"net": "90.00", "tax": "17.10", "gross": "107.10"}),
    # three lines of 10.00: 1.60 each; of 30.00 it is 4.7899
    case("inside_by_line", {"taxes": INCLUSIVE}, {"lines": [line("10.00")] * 3, "taxes": VAT},
         {"tax": "4.80", "net": "25.20"}),
    case("inside_by_document", {"taxes": {"rounding": "document", **INCLUSIVE}},
         {"lines": [line("10.00")] * 3, "taxes": VAT},
         {"tax": "4.79", "net": "25.21", "gross": "30.00"}),
    case("reverse_charge", {"taxes": {"required": True}},
         {"lines": [line("10.00", taxes=[{"code": "RC", "percent": "0"}])], "taxes": VAT},
         {"tax": "0.00", "gross": "10.00"}),
    # yen have no digits: 33.3 -> 33 by line, 99.9 -> 100 by document; inside 1,000 are 90.909
    case("yen_by_line", {}, {"currency": "JPY", "lines": [line("333")] * 3, "taxes": [{"code": "C",
         "percent": "10"}]}, {"tax": "99"}),
    case("yen_by_document", {"taxes": {"rounding": "document"}},
         {"currency": "JPY", "lines": [line("333")] * 3, "taxes": [{"code": "C", "percent": "10"}]}, {"tax": "100"}),
    case("yen_inside", {"taxes": INCLUSIVE}, {"currency": "JPY", "lines": [line("1000")], "taxes": [{"code": "C",
         "percent": "10"}]},
         {"net": "909", "tax": "91"}),
    # 100 yen over three equal lines: 34, 33, 33
    case("yen_coupon", {}, {"currency": "JPY", "lines": [line("200")] * 3, "discounts": [off("a", amount="100")]},
         {"nets": ["166", "167", "167"]}),
    # dinars have three: 5% of 12.345 = 0.61725
    case("dinar", {}, {"currency": "KWD", "lines": [line("12.345")], "taxes": [{"code": "V", "percent": "5"}]},
         {"tax": "0.617", "gross": "12.962"}),
    case("dinar_coupon", {}, {"currency": "KWD", "lines": [line("1.000")] * 3, "discounts": [off("a", amount="1.000")]},
         {"nets": ["0.666", "0.667", "0.667"]}),
    # half away from zero on both sides; half to the even digit where that is declared
    case("half_up_below_zero", {}, {"lines": [line("-1.005")]}, {"net": "-1.01"}),
    case("half_even", {"rounding": {"mode": "half_even"}}, {"lines": [line("0.125"), line("0.135")]},
         {"nets": ["0.12", "0.14"]}),
    case("credit_line_has_its_tax", {}, {"lines": [line("100.00"), line("-30.00")], "taxes": VAT},
         {"net": "70.00", "tax": "13.30"}),
    # 10.333 twice: 20.66 by line, 20.67 at once
    case("lines_rounded", {}, {"lines": [line("10.333"), line("10.333")]}, {"net": "20.66"}),
    case("lines_exact", {"lines": "never"}, {"lines": [line("10.333"), line("10.333")]}, {"net": "20.67"}),
    # 50.00 of credit: before tax 20% of 50.00, after tax 120.00 - 50.00
    case("credit_before_tax", {}, {"lines": [line("100.00")], "taxes": [{"code": "V", "percent": "20"}],
         "credits": [off("c", amount="50.00", applies="before_tax")]}, {"tax": "10.00", "total": "60.00"}),
    case("credit_after_tax", {}, {"lines": [line("100.00")], "taxes": [{"code": "V", "percent": "20"}],
         "credits": [off("c", amount="50.00")]}, {"tax": "20.00", "total": "70.00"}),
    case("credit_for_usage_alone", {}, {"lines": [line("30.00", kind="usage"), line("70.00", kind="seat")],
         "credits": [off("c", amount="50.00", applies="before_tax", kinds=["usage"])]},
         {"total": "70.00", "credit_left": ["20.00"]}),
    # 80.00 were billed: of 12.00 (15.00 less a fifth) and 10.00, 2.00 are above 100.00
    case("maximum_after_the_discount", {"maximum": {"amount": Decimal("100")}},
         {"lines": [line("15.00", discounts=[off("a", percent="20")]), line("10.00")], "billed_before": "80.00"},
         {"nets": ["12.00", "8.00"], "net": "20.00"}),
    case("minimum_is_taxed", {"minimum": {"amount": Decimal("50")}},
         {"lines": [line("30.00")], "taxes": [{"code": "V", "percent": "10"}]},
         {"net": "50.00", "tax": "5.00", "total": "55.00"}),
    case("minimum_of_usage", {"minimum": {"amount": Decimal("50"), "kinds": ["usage"]}},
         {"lines": [line("30.00", kind="usage"), line("99.00", kind="seat")]}, {"net": "149.00"}),
    # the smallest coin is 0.05: 17.33 -> 17.35, 17.32 -> 17.30; tax and total stay
    case("coins_up", {"cash_rounding": {"increment": Decimal("0.05")}}, {"currency": "CHF", "lines": [line("17.33")]},
         {"total": "17.33", "payable": "17.35"}),
    case("coins_down", {"cash_rounding": {"increment": Decimal("0.05")}}, {"currency": "CHF", "lines": [line("17.32")]},
         {"total": "17.32", "payable": "17.30"}),
]  # fmt: skip

AMOUNTS = {"amount", "already_consumed", "maximum", "billed_before"}


def with_currency(value: Any, currency: str, name: str = "") -> Any:
    """Amounts of the facts as amounts of money, and ids where none is given."""
    if isinstance(value, dict):
        return {key: with_currency(each, currency, key) for key, each in value.items()}
    if isinstance(value, list):
        numbered = [
            {**each, "id": each["id"] or f"l{at}"} if isinstance(each, dict) and "id" in each else each
            for at, each in enumerate(value)
        ]
        return [with_currency(each, currency) for each in numbered]
    return {"amount": value, "currency": currency} if name in AMOUNTS else value


@pytest.mark.parametrize(("body", "facts", "expected"), CASES)
def test_a_worked_case_of_totals(body: Any, facts: Any, expected: Any) -> None:
    currency = facts.get("currency", "EUR")
    result = run_document("totals", body, {"currency": currency, **with_currency(facts, currency)})
    found = {
        "nets": [each["net"].amount for each in result["lines"]], "difference": result["rounding_difference"].amount,
        "left": [each["left"].amount for each in result["discounts"] if each["left"] is not None][:1],
        "credit_left": [each["left"].amount for each in result["credits_used"]],
        **{name: result[name].amount for name in ("net", "tax", "gross", "total", "payable")},
    }  # fmt: skip
    wanted = {
        name: [Decimal(each) for each in value] if isinstance(value, list) else Decimal(value)
        for name, value in expected.items()
    }
    assert {name: found[name] for name in wanted} == wanted
    assert found["net"] + found["tax"] == found["gross"]
