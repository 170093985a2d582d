"""Recurring revenue and its movements: worked figures of acceptance scenarios and of published definitions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
import yaml

from engine import api
from engine.base.errors import Failure, UserError

HEAD = {"spec": "metrics/v1", "id": "board", "version": "1.0.0", "owner": "finance", "summary": "Board pack."}
YEAR = {"start": "2026-01-01", "end": "2027-01-01"}
MONTH, ANNUAL = {"unit": "month"}, {"unit": "year"}


def measure(body: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    text = yaml.safe_dump({**HEAD, **body}, sort_keys=False)
    return api.calculate("board.metrics.yaml", {"currency": "USD", **facts}, text.encode())


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def version(name: str, start: str, *items: dict[str, Any], end: str | None = None, **more: Any) -> dict[str, Any]:
    found = {"subscription": name, "customer": more.pop("customer", name), "start": start, "items": list(items), **more}
    return found if end is None else {**found, "end": end}


def item(price: str, every: Mapping[str, Any] = MONTH, **more: Any) -> dict[str, Any]:
    currency = more.pop("currency", "USD")
    return {"price": {"amount": price, "currency": currency}, "every": dict(every), **more}


def mrr(body: Mapping[str, Any], *items: dict[str, Any], day: str = "2026-01-15", **more: Any) -> str:
    facts = {"start": "2026-01-01", "end": day, "subscriptions": [version("s", "2026-01-01", *items, **more)]}
    return str(measure(body, facts)["mrr"].amount)


def moved(result: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [(str(each["on"]), str(each["type"]), str(each["amount"].amount)) for each in result["movements"]]


# ----------------------------------------------------------------------------- acceptance


def test_an_upgrade_is_one_expansion() -> None:
    versions = [
        version("s", "2026-01-01", item("30.00", quantity="200"), end="2026-02-10"),
        version("s", "2026-02-10", item("50.00", quantity="500")),
    ]
    result = measure({}, {"start": "2026-02-01", "end": "2026-03-01", "subscriptions": versions})
    roll = result["rollforward"]
    assert [str(roll[key].amount) for key in ("start", "expansion", "end")] == ["6000.00", "19000.00", "25000.00"]
    assert moved(result) == [("2026-02-10", "expansion", "19000.00")]
    assert str(result["arr"].amount) == "300000.00"


def test_a_signed_downgrade_is_planned_and_moves_nothing_yet() -> None:
    seats = [item("40", quantity="100"), item("1000", type="addon")]
    versions = [
        version("s", "2026-01-01", *seats, end="2027-01-01"),
        version("s", "2027-01-01", item("40", quantity="80")),
    ]
    result = measure({}, {"start": "2026-11-01", "end": "2026-12-01", "subscriptions": versions})
    assert (str(result["mrr"].amount), str(result["cmrr"].amount)) == ("5000.00", "3200.00")
    assert result["movements"] == []
    (planned,) = result["planned"]
    assert (str(planned["on"]), planned["type"], str(planned["amount"].amount)) == (
        "2027-01-01",
        "contraction",
        "-1800.00",
    )


# ----------------------------------------------------------------------------- MRR of a subscription


@pytest.mark.parametrize(
    ("price", "every", "body", "expected"),
    [
        ("1200", ANNUAL, {}, "100.00"), ("100", MONTH, {}, "100.00"), ("300", {"unit": "quarter"}, {}, "100.00"),
        ("600", {"unit": "month", "count": 6}, {}, "100.00"), ("2400", {"unit": "year", "count": 2}, {}, "100.00"),
        ("12", {"unit": "week"}, {}, "52.00"), ("12", {"unit": "week"}, {"mrr": {"week": "four"}}, "48.00"),
        ("12", {"unit": "day"}, {}, "365.00"), ("12", {"unit": "day"}, {"mrr": {"day": "month_of_30"}}, "360.00"),
        ("24", {"unit": "week", "count": 2}, {}, "52.00"),
    ],
)  # fmt: skip
def test_every_interval_is_brought_to_a_month(
    price: str, every: dict[str, Any], body: dict[str, Any], expected: str
) -> None:
    assert mrr(body, item(price, every)) == expected


@pytest.mark.parametrize(
    ("duration", "rule", "first", "later"),
    [
        ("forever", {}, "50.00", "50.00"), ("repeating", {}, "100.00", "100.00"), ("once", {}, "100.00", "100.00"),
        ("repeating", {"repeating": "included"}, "50.00", "100.00"), ("once", {"once": "included"}, "50.00", "100.00"),
        ("forever", {"forever": "excluded"}, "100.00", "100.00"),
    ],
)  # fmt: skip
def test_discounts_count_by_their_duration(duration: str, rule: dict[str, Any], first: str, later: str) -> None:
    discount = {"duration": duration, "percent": "50", **({"months": 3} if duration == "repeating" else {})}
    body = {"mrr": {"discounts": rule}}
    assert mrr(body, item("100", discounts=[discount])) == first
    assert mrr(body, item("100", discounts=[discount]), day="2026-05-01") == later


def test_a_percentage_goes_before_an_amount_and_nothing_below_zero() -> None:
    half, ten = {"duration": "forever", "percent": "50"}, {"duration": "forever", "amount": usd("10")}
    assert mrr({}, item("100", discounts=[ten, half])) == "40.00"
    assert mrr({}, item("15", discounts=[ten, half])) == "0.00"
    assert mrr({}, item("1200", ANNUAL, discounts=[{"duration": "forever", "amount": usd("120")}])) == "90.00"


def test_what_is_counted_is_a_switch() -> None:
    lines = [item("100"), item("20", type="addon"), item("7", type="usage"), item("500", type="one_time")]
    assert mrr({}, *lines) == "120.00"
    assert mrr({"mrr": {"addons": "excluded", "usage": "included"}}, *lines) == "107.00"


@pytest.mark.parametrize(
    ("status", "expected"),
    [("active", "100.00"), ("trialing", "0.00"), ("past_due", "100.00"), ("unpaid", "0.00"), ("paused", "0.00")],
)
def test_states_count_by_default_as_most_products_do(status: str, expected: str) -> None:
    assert mrr({}, item("100"), status=status) == expected
    other = "excluded" if expected == "100.00" else "included"
    assert mrr({"mrr": {"statuses": {status: other}}}, item("100"), status=status) != expected


# ----------------------------------------------------------------------------- movements


def test_the_life_of_a_customer() -> None:
    versions = [
        version("gold", "2026-01-05", item("500", ANNUAL, quantity="4"), customer="sync", end="2026-09-01"),
        version("silver", "2026-01-20", item("30", quantity="2"), customer="sync", end="2026-02-03"),
        version("again", "2026-10-01", item("50", quantity="3"), customer="sync"),
    ]
    result = measure({}, {**YEAR, "subscriptions": versions})
    assert moved(result) == [
        ("2026-01-05", "new", "166.67"), ("2026-01-20", "expansion", "60.00"), ("2026-02-03", "contraction", "-60.00"),
        ("2026-09-01", "churn", "-166.67"), ("2026-10-01", "reactivation", "150.00"),
    ]  # fmt: skip
    alone = measure({"movements": {"per": "subscription"}}, {**YEAR, "subscriptions": versions})
    assert [each[1] for each in moved(alone)] == ["new", "new", "churn", "churn", "new"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "reactivation"), ({"reactivation": "excluded"}, "new"),
        ({"reactivation_days": 29}, "new"), ({"reactivation_days": 30}, "reactivation"),
    ],
)  # fmt: skip
def test_coming_back_is_reactivation_or_new(rule: dict[str, Any], expected: str) -> None:
    versions = [
        version("a", "2025-01-01", item("10"), customer="c", end="2026-03-01"),
        version("b", "2026-03-31", item("10"), customer="c"),
    ]
    found = measure({"movements": rule}, {**YEAR, "subscriptions": versions})["movements"]
    assert [str(each["type"]) for each in found] == ["churn", expected]
    assert "2026-03-01" in found[1]["explanation"]


@pytest.mark.parametrize(("rule", "day"), [("cancelled", "2026-03-10"), ("period_end", "2026-04-01")])
def test_churn_is_dated_by_rule(rule: str, day: str) -> None:
    one = version("a", "2025-01-01", item("10"), cancelled="2026-03-10", paid_to="2026-04-01")
    result = measure({"movements": {"churn_date": rule}}, {**YEAR, "subscriptions": [one]})
    assert moved(result) == [(day, "churn", "-10.00")]


@pytest.mark.parametrize(("rule", "count"), [("shown", 2), ("ignored", 0)])
def test_short_lived_customers_show_in_both_or_neither(rule: str, count: int) -> None:
    one = version("a", "2026-03-02", item("10"), end="2026-03-20")
    facts = {"start": "2026-03-01", "end": "2026-04-01", "subscriptions": [one]}
    result = measure({"movements": {"short_lived": rule}}, facts)
    assert len(result["movements"]) == count
    assert result["rollforward"]["end"].amount == 0


def test_exchange_rates_are_a_line_or_held_constant() -> None:
    rates = [
        {"currency": "EUR", "start": "2025-01-01", "rate": "1.10"},
        {"currency": "EUR", "start": "2026-06-01", "rate": "1.20"},
    ]
    versions = [
        version("a", "2025-01-01", item("100", currency="EUR"), end="2026-07-01"),
        version("a", "2026-07-01", item("150", currency="EUR")),
    ]
    facts = {**YEAR, "subscriptions": versions, "rates": rates}
    roll = measure({}, facts)["rollforward"]
    assert [str(roll[key].amount) for key in ("start", "expansion", "fx", "end")] == [
        "110.00",
        "60.00",
        "10.00",
        "180.00",
    ]
    roll = measure({"movements": {"exchange": "constant"}}, facts)["rollforward"]
    assert [str(roll[key].amount) for key in ("start", "expansion", "fx", "end")] == [
        "110.00",
        "55.00",
        "0.00",
        "165.00",
    ]


def test_shown_figures_add_up_even_where_each_would_round_another_way() -> None:
    versions = [version(f"s{index}", "2026-02-01", item("1", ANNUAL, quantity="1")) for index in range(7)]
    versions += [version("old", "2025-01-01", item("1", ANNUAL), end="2026-05-01")]
    roll = measure({}, {**YEAR, "subscriptions": versions})["rollforward"]
    assert roll["start"] + roll["new"] - roll["churn"] == roll["end"]
    assert str(roll["end"].amount) == "0.58"


# ----------------------------------------------------------------------------- ratios


def totals(**given: str) -> dict[str, Any]:
    return {"totals": [{key: usd(value) for key, value in given.items()}]}


def test_churn_and_retention_of_a_roll_forward() -> None:
    facts = totals(start="100", churn="10", contraction="10", expansion="10", reactivation="5")
    ratios = measure({}, facts)["ratios"]
    names = ("gross_churn_percent", "grr_percent", "net_churn_percent", "nrr_percent", "quick_ratio")
    assert [ratios[name] for name in names] == [20, 80, 5, 95, Decimal("0.75")]
    apart = measure({"retention": {"reactivation": "excluded"}}, facts)["ratios"]
    assert (apart["net_churn_percent"], apart["nrr_percent"]) == (10, 90)


def test_a_time_in_which_nobody_subscribes_comes_to_zero() -> None:
    result = measure({}, {"start": "2026-02-01", "end": "2026-03-01", "subscriptions": []})
    assert {name: amount.amount for name, amount in result["rollforward"].items()} == dict.fromkeys(
        ("start", "new", "reactivation", "expansion", "contraction", "churn", "fx", "end", "net"), 0
    )
    assert (result["mrr"].amount, result["arr"].amount, result["logos"]["closing"]) == (0, 0, 0)
    assert (result["movements"], result["ratios"]["nrr_percent"]) == ([], None)
    assert measure({}, {})["rollforward"] is None


def test_gross_retention_stays_between_0_and_100() -> None:
    assert measure({}, totals(start="100", churn="150"))["ratios"]["grr_percent"] == 0
    assert measure({}, totals(start="100", expansion="50"))["ratios"]["grr_percent"] == 100
    assert measure({}, totals(start="0", new="50"))["ratios"]["nrr_percent"] is None


def test_daily_churn_adds_up_day_by_day() -> None:
    days = [
        {"start": usd("100"), "churn": usd("5")},
        {"start": usd("95"), "contraction": usd("19"), "expansion": usd("9.5")},
    ]
    ratios = measure({"retention": {"formula": "daily"}}, {"totals": days})["ratios"]
    assert (ratios["gross_churn_percent"], ratios["net_churn_percent"]) == (25, 15)


def test_a_closing_that_is_not_explained_is_a_net_gain_or_loss() -> None:
    body = {"retention": {"formula": "daily"}}
    days = [{"start": usd("100"), "new": usd("20"), "end": usd("115")}, {"start": usd("115"), "end": usd("138")}]
    result = measure(body, {"totals": days})
    assert result["ratios"]["net_churn_percent"] == -15  # 5 lost of 100, then 23 gained on 115
    assert str(result["rollforward"]["end"].amount) == "138.00"


def test_customers_are_counted_from_subscriptions() -> None:
    before = [version(f"o{index}", "2025-01-01", item("10")) for index in range(8)]
    gone = [version(f"g{index}", "2025-01-01", item("10"), end="2026-05-01") for index in range(2)]
    new = [version(f"n{index}", "2026-06-01", item("10")) for index in range(5)]
    facts = {**YEAR, "subscriptions": [*before, *gone, *new]}
    result = measure({}, facts)
    assert {key: int(value) for key, value in result["logos"].items()} == {
        "opening": 10, "new": 5, "reactivated": 0, "churned": 2, "closing": 13,
    }  # fmt: skip
    ratios = result["ratios"]
    assert (ratios["logo_churn_percent"], ratios["logo_retention_percent"], str(ratios["arpa"].amount)) == (
        20,
        80,
        "10.00",
    )
    assert str(ratios["ltv"].amount) == "50.00"
    wider = measure({"retention": {"logo_base": "opening_and_new"}}, facts)["ratios"]
    assert wider["logo_churn_percent"] == Decimal("13.33")


def test_lifetime_value_counts_margin_and_the_declared_churn() -> None:
    counts = {"opening": "300", "churned": "10", "active": "100", "trials_ended": "80", "converted": "20"}
    facts = {"mrr": usd("50000"), "counts": counts}
    assert str(measure({}, facts)["ratios"]["ltv"].amount) == "15000.00"
    body = {"ltv": {"margin_percent": 80, "churn_rounding": {"scale": 3}}}
    ratios = measure(body, facts)["ratios"]
    assert str(ratios["ltv"].amount) == "12121.21"
    assert ratios["conversion_percent"] == 25
    revenue = {"ltv": {"churn": "revenue"}}
    assert str(measure(revenue, {**facts, **totals(start="100", churn="5")})["ratios"]["ltv"].amount) == "10000.00"


def test_expansion_of_a_cohort_is_the_increase_not_the_new_price() -> None:
    versions = []
    for index in range(10):
        end = "2026-01-15" if index < 3 else None
        versions.append(version(f"s{index}", "2025-06-01", item("10"), end=end))
        if 1 <= index < 3:
            versions.append(version(f"s{index}", "2026-01-15", item("25")))
    result = measure({}, {"start": "2026-01-01", "end": "2026-02-01", "subscriptions": versions})
    roll, ratios = result["rollforward"], result["ratios"]
    assert [str(roll[key].amount) for key in ("start", "expansion", "churn", "end")] == [
        "100.00",
        "30.00",
        "10.00",
        "120.00",
    ]
    assert (ratios["nrr_percent"], ratios["cohort_nrr_percent"]) == (120, 120)


def test_cohorts_month_by_month() -> None:
    versions = [
        version("a", "2026-01-10", item("100"), end="2026-03-05"),
        version("b", "2026-01-20", item("100"), end="2026-02-10"),
        version("b", "2026-02-10", item("150")),
        version("c", "2026-02-01", item("10")),
    ]
    result = measure({}, {"start": "2026-01-01", "end": "2026-04-01", "subscriptions": versions})
    found = [(c["cohort"], c["month"], c["customers"], c["retention_percent"]) for c in result["cohorts"]]
    assert found == [
        ("2026-01", 0, 2, 100), ("2026-01", 1, 2, 125), ("2026-01", 2, 1, 75), ("2026-02", 0, 1, 100),
        ("2026-02", 1, 1, 100),
    ]  # fmt: skip


def test_annual_recurring_revenue_may_count_committed_contracts_alone() -> None:
    versions = [version("a", "2025-01-01", item("10"), committed_months=12), version("b", "2025-01-01", item("5"))]
    facts = {**YEAR, "subscriptions": versions}
    assert str(measure({}, facts)["arr"].amount) == "180.00"
    assert str(measure({"arr": "committed_year"}, facts)["arr"].amount) == "120.00"


def test_a_cohort_counted_elsewhere_and_usage() -> None:
    usage = [{"quantity": "10.5", "unit_price": usd("2")}, {"quantity": "4", "unit_price": usd("0.125")}]
    facts = {"counts": {"retained": ["200", "150", "120"]}, "usage": usage}
    result = measure({}, facts)
    assert result["ratios"]["retained_percent"] == [100, 75, 60]
    assert (result["usage_quantity"], str(result["usage_revenue"].amount)) == (Decimal("14.5"), "21.50")


# ----------------------------------------------------------------------------- the bridge


def test_every_difference_between_recurring_revenue_and_the_books_has_a_name() -> None:
    discount = {"duration": "repeating", "percent": "50", "months": 1}
    versions = [
        version("a", "2026-01-01", item("100", discounts=[discount])),
        version("b", "2026-02-15", item("280")),
    ]
    books = {
        "recognised": usd("497"), "billed": usd("650"), "cash": usd("600"), "deferred_change": usd("140"),
        "tax": usd("13"), "receivable_change": usd("45"),
        "differences": [{"name": "service credits", "stage": "recognised", "amount": usd("-8")},
                        {"name": "write-offs", "stage": "cash", "amount": usd("-5")}],
    }  # fmt: skip
    usage = [{"quantity": "15", "unit_price": usd("1")}]
    facts = {"start": "2026-01-01", "end": "2026-04-01", "subscriptions": versions, "usage": usage, "books": books}
    bridge = measure({}, facts)["bridge"]
    named = [(str(step["stage"]), step["name"], str(step["amount"].amount)) for step in bridge["steps"]]
    assert named == [
        ("recognised", "recurring revenue at month ends", "860.00"),
        ("recognised", "changes inside months", "-140.00"),
        ("recognised", "discounts that recurring revenue does not count", "-50.00"),
        ("recognised", "usage", "15.00"),
        ("recognised", "service credits", "-8.00"),
        ("recognised", "unexplained", "-180.00"),
        ("billed", "change of deferred revenue", "140.00"),
        ("billed", "tax", "13.00"),
        ("billed", "unexplained", "0.00"),
        ("cash", "change of receivables", "-45.00"),
        ("cash", "write-offs", "-5.00"),
        ("cash", "unexplained", "0.00"),
    ]
    assert (str(bridge["unexplained"].amount), bridge["ties"]) == ("180.00", False)
    ties = {**facts, "books": {**books, "recognised": usd("677"), "billed": usd("830"), "cash": usd("780")}}
    assert measure({}, ties)["bridge"]["ties"] is True
    assert measure({"bridge": {"tolerance": 180}}, facts)["bridge"]["ties"] is True


# ----------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"ltv": {"margin_percent": 120}}, "FIN190"), ({"bridge": {"tolerance": -1}}, "FIN190"),
        ({"movements": {"reactivation_days": -1}}, "FIN190"),
        ({"movements": {"reactivation": "excluded", "reactivation_days": 90}}, "FIN191"),
        ({"ltv": {"churn_rounding": {"mode": "down"}}}, "FIN192"),
        ({"rounding": {"percent": {"mode": "down"}}}, "FIN192"),
    ],
)  # fmt: skip
def test_a_document_is_refused_at_its_place(body: dict[str, Any], code: str) -> None:
    with pytest.raises(UserError) as caught:
        measure(body, {})
    (found,) = caught.value.diagnostics
    assert (found.code, bool(found.help)) == (code, True)
    assert found.span.line > 6


@pytest.mark.parametrize(
    ("facts", "told", "action"),
    [
        ({"subscriptions": [version("a", "2026-01-01", item("1"))]}, "no start and end", "give `start`"),
        ({**YEAR, "subscriptions": [version("a", "2026-01-01", item("1", currency="EUR"))]},
         "there is no rate from EUR to USD", "give a rate for EUR"),
        ({**YEAR, "subscriptions": [version("a", "2026-01-01", item("1")), version("a", "2026-02-01", item("1"))]},
         "subscription a: a version begins on 2026-02-01 while the one from 2026-01-01 is still open",
         "end each version"),
        ({**YEAR, "subscriptions": [version("a", "2026-02-01", item("1"), end="2026-01-01")]},
         "ends on 2026-01-01", "correct its dates"),
        ({**YEAR, "subscriptions": [version("a", "2026-01-01", item("1", {"unit": "month", "count": 0}))]},
         "its billing interval is 0 months", "one or more"),
        ({**YEAR, **totals(start="1"), "subscriptions": [version("a", "2026-01-01", item("1"))]},
         "both subscriptions and totals", "give one of the two"),
        ({"start": "1001-01-01", "end": "2026-01-01", "subscriptions": [version("a", "2026-01-01", item("1"))]},
         "longer than a century", "really measured"),
        ({**YEAR, "subscriptions": [version("a", "0001-01-01", item("1"))]}, "begins on 0001-01-01", "really began"),
        ({"books": {"recognised": usd("1")}}, "begins with subscriptions", "leave `books` out"),
        ({"mrr": {"amount": "1", "currency": "EUR"}}, "1 EUR is not in USD", "convert it"),
    ],
)  # fmt: skip
def test_facts_are_refused_with_reason_and_action(facts: dict[str, Any], told: str, action: str) -> None:
    with pytest.raises(Failure) as caught:
        measure({}, facts)
    assert "metrics board 1.0.0" in caught.value.message
    assert told in caught.value.message and action in caught.value.message


def test_a_repeating_discount_without_an_end_is_refused() -> None:
    body = {"mrr": {"discounts": {"repeating": "included"}}}
    with pytest.raises(Failure, match="does not say how many months it runs; give its `months`"):
        mrr(body, item("100", discounts=[{"duration": "repeating", "percent": "5"}]))
