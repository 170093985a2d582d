"""Documents made of lines: published figures, the order of operations, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from cases.model import run_document

from engine.base.errors import ErrorClass, Failure, UserError
from engine.base.money import Money


def money(amount: Any, currency: str = "USD") -> dict[str, str]:
    return {"amount": str(amount), "currency": currency}


def line(amount: Any, name: str = "a", *, currency: str = "USD", **more: Any) -> dict[str, Any]:
    return {"id": name, "amount": money(amount, currency), **more}


def totals(document: dict[str, Any] | None = None, currency: str = "USD", **facts: Any) -> dict[str, Any]:
    return run_document("totals", document or {}, {"currency": currency, **facts})


def amount(value: Money) -> str:
    return str(value.amount)


@pytest.mark.parametrize(
    ("price", "discount", "taken", "left"),
    [
        ("100.00", {"percent": "15"}, "15.00", "85.00"),
        ("10.00", {"percent": "15.5"}, "1.55", "8.45"),
        ("10.00", {"percent": "33.333"}, "3.33", "6.67"),
        ("1.00", {"percent": "0.1"}, "0.00", "1.00"),
        ("100.00", {"percent": "150"}, "100.00", "0.00"),
        ("10.00", {"amount": money("15.00")}, "10.00", "0.00"),
        ("50.00", {"amount": money("50.00")}, "50.00", "0.00"),
        ("0", {"percent": "10"}, "0.00", "0.00"),
        ("100.00", {"amount": money("40"), "already_consumed": money("30")}, "10.00", "90.00"),
        ("100.00", {"percent": "50", "maximum": money("20")}, "20.00", "80.00"),
        ("-100.00", {"percent": "10"}, "-10.00", "-90.00"),
        ("-100.00", {"amount": money("10")}, "0.00", "-100.00"),
    ],
)
def test_one_discount_off_one_line(price: str, discount: dict[str, Any], taken: str, left: str) -> None:
    result = totals(lines=[line(price, discounts=[{"id": "d", **discount}])])
    assert (amount(result["line_discount"]), amount(result["net"])) == (taken, left)


@pytest.mark.parametrize(
    ("stacking", "percentages", "taken"),
    [
        ("percentages_first", "compound", "38.00"),  # 10% of 100, 20% of 90, 5, 5
        ("amounts_first", "compound", "35.20"),  # 5, 5, 10% of 90, 20% of 81
        ("as_given", "compound", "37.00"),  # 10% of 100, 5, 20% of 85, 5
        ("percentages_first", "add_up", "40.00"),
    ],
)
def test_several_discounts_apply_in_the_declared_order(stacking: str, percentages: str, taken: str) -> None:
    discounts = [
        {"id": "a", "percent": "10"}, {"id": "b", "amount": money("5")}, {"id": "c", "percent": "20"},
        {"id": "d", "amount": money("5")},
    ]  # fmt: skip
    settings = {"line_discounts": {"stacking": stacking, "percentages": percentages}}
    result = totals(settings, lines=[line("100", discounts=discounts)])
    assert amount(result["discount"]) == taken


def test_a_used_up_coupon_tells_what_is_left_for_later_documents() -> None:
    coupon = {"id": "welcome", "amount": money("50"), "already_consumed": money("10")}
    result = totals(lines=[line("15")], discounts=[coupon])
    assert result["discounts"] == [
        {"id": "welcome", "used": Money.of("15.00", "USD"), "left": Money.of("25.00", "USD")}
    ]


@pytest.mark.parametrize(
    ("method", "order", "given"),
    [
        ("largest_remainder", "as_given", ["0.02", "0.02", "0.01"]),
        ("largest_remainder", "by_key", ["0.01", "0.02", "0.02"]),
        ("units_in_order", "as_given", ["0.02", "0.02", "0.01"]),
        ("last_takes_rest", "as_given", ["0.02", "0.02", "0.01"]),
        ("first_takes_rest", "as_given", ["0.03", "0.01", "0.01"]),
        ("independent_rounding", None, ["0.02", "0.02", "0.02"]),
    ],
)
def test_five_cents_over_three_equal_weights_by_every_method(method: str, order: str | None, given: list[str]) -> None:
    allocation = {"method": method} | ({} if order is None else {"order": order})
    weights = [{"key": key, "weight": "1"} for key in ("C", "A", "B")]
    result = totals({"allocation": allocation}, spreads=[{"id": "s", "amount": money("0.05"), "weights": weights}])[
        "spreads"
    ][0]
    assert [amount(share["amount"]) for share in result["shares"]] == given
    assert amount(result["drift"]) == ("0.01" if method == "independent_rounding" else "0.00")


def test_unrounded_shares_keep_the_declared_digits() -> None:
    weights = [{"key": str(at), "weight": weight} for at, weight in enumerate(("10", "20", "4"))]
    spread = {"id": "s", "amount": money("23"), "weights": weights}
    kept = totals({"allocation": {"method": "unrounded", "scale": 7}}, spreads=[spread])["spreads"][0]
    assert [amount(share["amount"]) for share in kept["shares"]] == ["6.7647059", "13.5294118", "2.7058824"]
    exact = totals({"allocation": {"method": "unrounded"}}, spreads=[spread])["spreads"][0]
    assert str(exact["shares"][0]["amount"].amount).startswith("6.76470588235294117647")


def test_an_amount_above_the_weights_is_cut_where_that_is_declared() -> None:
    weights = [{"key": "big", "weight": "99"}, {"key": "tiny", "weight": "1"}]
    spread = {"id": "s", "amount": money("200"), "weights": weights}
    result = totals({"allocation": {"cap_at_total_weight": True}}, spreads=[spread])["spreads"][0]
    assert [amount(share["amount"]) for share in result["shares"]] == ["99.00", "1.00"]


def test_a_discount_may_fill_lines_one_after_the_other() -> None:
    """15.00 over a fixed fee and seats of 10.00 each: 10.00 and 5.00."""
    settings = {"allocation": {"method": "fill_in_order"}}
    lines = [line("10.00", "fee"), line("10.00", "seats")]
    result = totals(settings, lines=lines, discounts=[{"id": "d", "amount": money("15.00")}])
    assert [amount(each["document_discount"]) for each in result["lines"]] == ["10.00", "5.00"]
    spread = {"id": "s", "amount": money("-3"), "weights": [{"key": "a", "weight": "2"}, {"key": "b", "weight": "2"}]}
    shares = totals(settings, spreads=[spread])["spreads"][0]["shares"]
    assert [amount(each["amount"]) for each in shares] == ["-2.00", "-1.00"]
    with pytest.raises(Failure, match="spread s: 1 of 5 is above the sum of the weights; spread less"):
        totals(settings, spreads=[{**spread, "amount": money("5")}])


def test_a_discount_of_the_document_spreads_over_eligible_lines_only() -> None:
    result = totals(
        lines=[
            line("3.33", "a", kind="usage"), line("3.33", "b", kind="usage"), line("3.34", "c", kind="usage"),
            line("50", "seat", kind="seat"), line("20", "free", kind="usage",
                                                  discounts=[{"id": "gift", "percent": "100"}]),
        ],
        discounts=[{"id": "usage_coupon", "amount": money("1.00"), "kinds": ["usage"]}],
    )  # fmt: skip
    shares = {each["id"]: amount(each["document_discount"]) for each in result["lines"]}
    assert shares == {"a": "0.33", "b": "0.33", "c": "0.34", "seat": "0.00", "free": "0.00"}


def test_targeted_discounts_come_before_general_ones() -> None:
    discounts = [
        {"id": "general", "amount": money("60")},
        {"id": "seats", "amount": money("50"), "kinds": ["seat"]},
    ]
    lines = [line("50", "seat", kind="seat"), line("50", "usage", kind="usage")]
    result = totals(lines=lines, discounts=discounts)
    assert amount(result["discount"]) == "100.00"
    settings = {"document_discounts": {"targeted_first": False}}
    later = totals(settings, lines=lines, discounts=discounts)
    assert amount(later["discount"]) == "80.00"


def test_a_percentage_of_each_line_may_differ_from_one_of_the_total() -> None:
    lines = [line("1.00", "a"), line("1.00", "b")]
    discounts = [{"id": "third", "percent": "33.33"}]
    pooled = totals(lines=lines, discounts=discounts)
    each = totals({"document_discounts": {"percent_of": "lines"}}, lines=lines, discounts=discounts)
    assert (amount(pooled["discount"]), amount(each["discount"])) == ("0.67", "0.66")


def test_the_cap_of_a_percentage_of_each_line_is_one_for_all_lines() -> None:
    discounts = [{"id": "half", "percent": "50", "maximum": money("60")}]
    settings = {"document_discounts": {"percent_of": "lines"}}
    result = totals(settings, lines=[line("100", "a"), line("100", "b")], discounts=discounts)
    assert [amount(each["document_discount"]) for each in result["lines"]] == ["50.00", "10.00"]
    assert amount(result["discounts"][0]["left"]) == "0.00"


def test_no_share_of_a_discount_exceeds_its_line() -> None:
    """Lines with fractions of a cent: a whole cent is above what is left of the first."""
    settings = {"lines": "never", "allocation": {"method": "first_takes_rest"}}
    lines = [line("0.004", "a"), line("1.994", "b"), line("0", "c")]
    result = totals(settings, lines=lines, discounts=[{"id": "d", "amount": money("1.00")}])
    assert [amount(each["document_discount"]) for each in result["lines"]] == ["0.004", "0.996", "0.00"]
    assert amount(result["document_discount"]) == "1.00"


def test_the_cap_of_spending_is_a_discount_line_by_line() -> None:
    """Maximum 170, 160 billed before: 15 and 7 are cut to 10 and nothing (published by OpenMeter)."""
    result = totals({"maximum": {"amount": 170}}, lines=[line("15", "a"), line("7", "b")], billed_before=money("160"))
    assert [amount(each["maximum_discount"]) for each in result["lines"]] == ["5.00", "7.00"]
    assert amount(result["net"]) == "10.00"


def test_what_lacks_to_the_minimum_is_a_line_of_its_own_with_tax() -> None:
    result = totals(
        {"minimum": {"amount": 200, "kinds": ["usage"]}},
        lines=[line("150", kind="usage"), line("30", "seat", kind="seat")], taxes=[{"code": "vat", "percent": "10"}],
    )  # fmt: skip
    assert [(each["id"], amount(each["net"]), amount(each["tax"])) for each in result["lines"]] == [
        ("a", "150.00", "15.00"), ("seat", "30.00", "3.00"), ("true_up", "50.00", "5.00"),
    ]  # fmt: skip
    assert amount(result["gross"]) == "253.00"


@pytest.mark.parametrize(
    ("rounding", "tax"),
    [("line_and_rate", "11.49"), ("line", "11.50"), ("document_and_rate", "11.49"), ("document", "11.50")],
)
def test_three_rates_on_one_line_by_the_point_of_rounding(rounding: str, tax: str) -> None:
    """8.87 + 2.12 + 0.50 rounded one by one is a cent less than rounded once (published by Flexprice)."""
    rates = [{"code": str(at), "percent": rate} for at, rate in enumerate(("8.875", "2.125", "0.5"))]
    result = totals({"taxes": {"rounding": rounding}}, lines=[line("99.99", taxes=rates)])
    assert amount(result["tax"]) == tax
    assert sum((each["tax"].amount for each in result["taxes"]), Decimal(0)) == Decimal(tax)


EIGHT = (
    ("10.00", "6.7647059", "10"), ("20.00", "13.5294117", "20"), ("30.00", "0.8823529", "10"),
    ("40.00", "1.1764706", "10"), ("10.00", "1.2647059", "10"), ("20.00", "2.5294118", "20"),
    ("30.00", "3.7941176", "10"), ("40.00", "5.0588235", "10"),
)  # fmt: skip


def _eight() -> list[dict[str, Any]]:
    return [
        line(price, str(at), discounts=[{"id": "c", "amount": money(off)}], taxes=[{"code": rate, "percent": rate}])
        for at, (price, off, rate) in enumerate(EIGHT)
    ]


def test_tax_of_the_document_and_of_its_lines_may_differ_and_says_so() -> None:
    """Lago's eight lines after a coupon: 18.87 as the sum of line taxes, 18.89 rounded once, total 183.89."""
    body = {"lines": "never", "line_discounts": {"rounded": "never"}}
    shown = totals({**body, "taxes": {"rounding": "document", "line_taxes": "rounded"}}, lines=_eight())
    assert (amount(shown["tax"]), amount(shown["gross"])) == ("18.89", "183.89")
    assert amount(sum((each["tax"] for each in shown["lines"]), Money.of("0.00", "USD"))) == "18.87"
    assert amount(shown["rounding_difference"]) == "0.0199999"  # the published discounts lack a ten-millionth to 35
    allocated = totals({**body, "taxes": {"rounding": "document"}}, lines=_eight())
    assert sum((each["tax"].amount for each in allocated["lines"]), Decimal(0)) == Decimal("18.89")


def test_a_difference_of_rounding_becomes_a_line_where_the_target_needs_one() -> None:
    body = {
        "lines": "never", "line_discounts": {"rounded": "never"}, "difference_line": True,
        "taxes": {"rounding": "document", "line_taxes": "rounded"},
    }  # fmt: skip
    result = totals(body, lines=_eight())
    assert (result["lines"][-1]["kind"], amount(result["lines"][-1]["gross"])) == ("rounding", "0.0199999")
    assert sum((each["gross"].amount for each in result["lines"]), Decimal(0)) == result["gross"].amount


@pytest.mark.parametrize(
    ("gross", "percent", "net", "tax"),
    [("119.00", "19", "100.00", "19.00"), ("9.99", "20", "8.32", "1.67"), ("31.00", "10", "28.18", "2.82")],
)
def test_tax_inside_prices_is_gross_less_gross_over_one_plus_rate(gross: str, percent: str, net: str, tax: str) -> None:
    result = totals(
        {"taxes": {"prices": "inclusive"}}, lines=[line(gross, taxes=[{"code": "vat", "percent": percent}])]
    )
    assert (amount(result["net"]), amount(result["tax"]), amount(result["gross"])) == (net, tax, gross)


def test_compound_tax_takes_each_rate_of_the_taxes_before_it() -> None:
    rates = [{"code": "gst", "percent": "5"}, {"code": "pst", "percent": "10"}]
    result = totals({"taxes": {"compound": True}}, lines=[line("100", taxes=rates)])
    assert [(amount(each["base"]), amount(each["tax"])) for each in result["taxes"]] == [
        ("100.00", "5.00"), ("105.00", "10.50"),
    ]  # fmt: skip
    inside = totals({"taxes": {"compound": True, "prices": "inclusive"}}, lines=[line("115.50", taxes=rates)])
    assert (amount(inside["net"]), amount(inside["tax"])) == ("100.00", "15.50")


@pytest.mark.parametrize(("currency", "tax"), [("KWD", "0.126"), ("USD", "0.13"), ("JPY", "0"), ("CLF", "0.1255")])
def test_tax_has_the_digits_of_its_currency(currency: str, tax: str) -> None:
    result = totals(
        {"lines": "never"}, currency, lines=[line("1.255", currency=currency, taxes=[{"code": "t", "percent": "10"}])]
    )
    assert amount(result["lines"][0]["tax"]) == tax


def test_cash_rounding_is_a_step_of_its_own_on_what_is_to_be_paid() -> None:
    result = totals({"cash_rounding": {"increment": Decimal("0.05")}}, "CHF", lines=[line("10.03", currency="CHF")])
    assert [amount(result[name]) for name in ("total", "cash_rounding", "payable")] == ["10.03", "0.02", "10.05"]


def test_lines_rounded_first_or_their_sum() -> None:
    lines = [line("10.333", "a"), line("10.333", "b")]
    assert amount(totals(lines=lines)["total"]) == "20.66"
    assert amount(totals({"lines": "never"}, lines=lines)["total"]) == "20.67"


def test_credits_pay_lines_one_after_the_other() -> None:
    """Published by OpenMeter: 75 and 75 on lines of 100 and 50 give 100 and 50."""
    credits = [{"id": "one", "amount": money("75")}, {"id": "two", "amount": money("75")}]
    result = totals(lines=[line("100", "a"), line("50", "b"), line("5", "c")], credits=credits)
    assert [amount(each["credits"]) for each in result["lines"]] == ["100.00", "50.00", "0.00"]
    assert amount(result["total"]) == "5.00"


def test_credits_before_tax_lower_the_tax_and_those_after_it_do_not() -> None:
    taxes = [{"code": "vat", "percent": "20"}]
    before = totals(
        lines=[line("100")], taxes=taxes, credits=[{"id": "c", "amount": money("50"), "applies": "before_tax"}]
    )
    after = totals(lines=[line("100")], taxes=taxes, credits=[{"id": "c", "amount": money("50")}])
    assert [amount(before[name]) for name in ("net", "tax", "total")] == ["50.00", "10.00", "60.00"]
    assert [amount(after[name]) for name in ("net", "tax", "total")] == ["100.00", "20.00", "70.00"]


def test_credits_for_some_kinds_leave_the_others_and_their_rest() -> None:
    credits = [{"id": "c", "amount": money("80"), "kinds": ["usage"]}]
    result = totals(lines=[line("50", "u", kind="usage"), line("50", "f", kind="fixed")], credits=credits)
    assert [amount(each["credits"]) for each in result["lines"]] == ["50.00", "0.00"]
    assert amount(result["credits_used"][0]["left"]) == "30.00"


def test_a_general_credit_also_pays_a_difference_of_rounding() -> None:
    body = {
        "lines": "never", "line_discounts": {"rounded": "never"},
        "taxes": {"rounding": "document", "line_taxes": "rounded"},
    }  # fmt: skip
    result = totals(body, lines=_eight(), credits=[{"id": "c", "amount": money("500")}])
    assert (amount(result["credits"]), amount(result["total"])) == ("183.89", "0.00")


def test_lines_explain_themselves() -> None:
    result = totals(
        lines=[line("100.004", discounts=[{"id": "ten", "percent": "10"}])],
        credits=[{"id": "gift", "amount": money("5")}],
    )  # fmt: skip
    assert result["lines"][0]["explanation"] == (
        "100.004 USD rounded to 100.00 USD; discount ten of 10%: 10.00 USD; credit gift: 5.00 USD"
    )


# ----------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("facts", "parts"),
    [
        ({"lines": [line("1", currency="EUR")]}, ["line a", "1 EUR is not in USD", "convert it"]),
        ({"lines": [line("1"), line("2")]}, ["line a", "same id"]),
        ({"lines": [line("1", discounts=[{"id": "d"}])]}, ["discount d", "exactly one"]),
        ({"discounts": [{"id": "d", "percent": "-1"}]}, ["discount d", "below zero"]),
        ({"taxes": [{"code": "t", "percent": "-100"}]}, ["tax t", "a rate is below zero"]),
        ({"credits": [{"id": "c", "amount": money("-1")}]}, ["credit c", "below zero"]),
        (
            {"spreads": [{"id": "s", "amount": money("1"), "weights": [{"key": "k", "weight": "0"}]}]},
            ["spread s", "weights add up to zero"],
        ),
        (
            {"spreads": [{"id": "s", "amount": money("1"), "weights": [{"key": "k", "weight": "-2"}]}]},
            ["spread s", "weight is below zero"],
        ),
        (
            {"spreads": [{"id": "s", "amount": money("1.001"), "weights": [{"key": "k", "weight": "2"}]}]},
            ["spread s", "1.001 cannot be spread", "round the amount"],
        ),
    ],
)
def test_facts_that_do_not_fit_are_refused_with_place_reason_and_action(
    facts: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(Failure) as caught:
        totals(**facts)
    assert caught.value.error_class is ErrorClass.POLICY
    assert all(part in caught.value.message for part in ["totals case 1.0.0", *parts])


def test_facts_for_a_stage_that_is_left_out_are_refused() -> None:
    with pytest.raises(Failure, match="facts for `taxes` are given, which is not a stage of it; add it to `order`"):
        totals({"order": ["line_discounts"]}, lines=[line("1", taxes=[{"code": "t", "percent": "1"}])])


def test_a_line_without_a_rate_is_refused_where_one_is_required() -> None:
    assert amount(totals(lines=[line("1")])["tax"]) == "0.00"
    with pytest.raises(Failure, match="line a: it has no rate of tax; give its rates, one of zero"):
        totals({"taxes": {"required": True}}, lines=[line("1")])
    free = totals({"taxes": {"required": True}}, lines=[line("1", taxes=[{"code": "free", "percent": "0"}])])
    assert amount(free["gross"]) == "1.00"


def test_a_currency_without_digits_needs_a_scale() -> None:
    with pytest.raises(Failure, match="declare the scale"):
        totals({}, "XTS", lines=[line("1", currency="XTS")])
    assert amount(totals({"rounding": {"scale": 4}}, "XTS", lines=[line("1", currency="XTS")])["total"]) == "1.0000"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"order": ["taxes", "taxes"]}, "FIN070"),
        ({"order": ["taxes", "line_discounts"]}, "FIN071"),
        ({"order": ["credits_after_tax", "taxes"]}, "FIN071"),
        ({"order": ["line_discounts"], "maximum": {"amount": 1}}, "FIN072"),
        ({"maximum": {"amount": 1}, "minimum": {"amount": 2}}, "FIN073"),
        ({"maximum": {"amount": -1}}, "FIN073"),
        ({"cash_rounding": {"increment": 0}}, "FIN074"),
        ({"allocation": {"method": "unrounded", "order": "by_key"}}, "FIN075"),
        ({"taxes": {"rounding": "line", "line_taxes": "rounded"}}, "FIN075"),
    ],
)
def test_documents_that_cannot_be_meant_are_found(document: dict[str, Any], code: str) -> None:
    with pytest.raises(UserError) as caught:
        totals(document, lines=[line("1")])
    assert [finding.code for finding in caught.value.diagnostics] == [code]
    assert all(finding.span.line > 0 and finding.help for finding in caught.value.diagnostics)
