"""Switches of a revenue document: what each does to a schedule, a price or a balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from revenue_documents import BY_DAY, by_period, line, run, usd

EVEN = {"obligations": [{"id": "all", "method": "even_months"}]}


def gated(late: str, **gate: Any) -> dict[str, Any]:
    return {"obligations": [{"id": "all", "method": "by_day", "gate": {"late": late, **gate}}]}


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        ("slide", {"2026-02": "18.82", "2026-03": "12.18"}),
        ("catch_up", {"2026-02": "31.00"}),
        ("condense", {"2026-02": "31.00"}),
    ],
)
def test_a_gate_that_opens_after_the_service_started(late: str, expected: dict[str, str]) -> None:
    service = line("31.00", "2026-01-15", "2026-02-14", released_on="2026-02-12")
    assert by_period(run(gated(late), service)) == expected


def test_a_shut_gate_recognises_nothing_and_a_forecast_is_never_posted() -> None:
    service = line("31.00", "2026-01-01", "2026-01-31")
    assert run(gated("slide"), service)["schedule"] == []
    forecast = run(gated("slide", forecast=True), {**service, "expected_on": "2026-02-01"}, billing=[])
    assert [(row["period"], row["forecast"]) for row in forecast["schedule"]] == [("2026-02", True)]
    assert (forecast["postings"], forecast["positions"], forecast["periods"]) == ([], [], [])
    assert forecast["remaining"].amount == 31


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, {"2026-01": "17.00", "2026-02": "14.00"}),
        ({"start_day": "not_counted"}, {"2026-01": "16.53", "2026-02": "14.47"}),
        ({"end_day": "not_counted"}, {"2026-01": "17.57", "2026-02": "13.43"}),
    ],
)
def test_first_and_last_day(policy: dict[str, str], expected: dict[str, str]) -> None:
    assert by_period(run({**BY_DAY, "policy": policy}, line("31.00", "2026-01-15", "2026-02-14"))) == expected


def test_moments_become_days_in_the_declared_zone() -> None:
    service = {
        "id": "line",
        "price": usd("30.00"),
        "start_at": "2026-01-31T23:30:00Z",
        "end_at": "2026-03-02T23:30:00Z",
    }
    assert list(by_period(run(BY_DAY, service))) == ["2026-01", "2026-02", "2026-03"]
    berlin = run({**BY_DAY, "policy": {"time_zone": "Europe/Berlin"}}, service)
    assert by_period(berlin) == {"2026-02": "28.00", "2026-03": "2.00"}


def test_service_before_booking_is_caught_up_or_dated_back() -> None:
    service = line("92.00", "2024-10-01", "2024-12-31", booked_on="2024-11-01")
    assert by_period(run(BY_DAY, service)) == {"2024-11": "61.00", "2024-12": "31.00"}
    back = run({**BY_DAY, "policy": {"before_booking": "back_date"}}, service)
    assert by_period(back) == {"2024-10": "31.00", "2024-11": "30.00", "2024-12": "31.00"}


def test_a_profile_sets_several_switches_and_each_can_be_overridden() -> None:
    service = line("100.00", "2026-01-01", "2026-03-31")
    assert list(by_period(run({**EVEN, "profile": "strict_close"}, service)).values()) == ["33.33", "33.33", "33.34"]
    assert list(by_period(run({**EVEN, "profile": "remainder_first"}, service)).values()) == ["33.34", "33.33", "33.33"]
    both = {**EVEN, "profile": "remainder_first", "policy": {"rounding": "cumulative"}}
    assert list(by_period(run(both, service)).values()) == ["33.33", "33.34", "33.33"]


def test_gross_posting_reverses_last_months_reclassification() -> None:
    body = {**EVEN, "policy": {"posting": "gross"}}
    service = line("200.00", "2026-01-01", "2026-02-28")
    result = run(body, service, billing=[{"on": "2026-02-01", "amount": usd("200.00")}])
    lines = [
        (row["period"], row["entry"], row["role"], str((row["debit"] or -row["credit"]).amount))
        for row in result["journal"]
    ]
    assert lines == [
        ("2026-01", "recognition", "deferred_revenue", "100.00"),
        ("2026-01", "recognition", "revenue", "-100.00"),
        ("2026-01", "reclassification", "contract_asset", "100.00"),
        ("2026-01", "reclassification", "deferred_revenue", "-100.00"),
        ("2026-02", "reversal", "deferred_revenue", "100.00"),
        ("2026-02", "reversal", "contract_asset", "-100.00"),
        ("2026-02", "billing", "billing_clearing", "200.00"),
        ("2026-02", "billing", "deferred_revenue", "-200.00"),
        ("2026-02", "recognition", "deferred_revenue", "100.00"),
        ("2026-02", "recognition", "revenue", "-100.00"),
    ]


def test_short_and_long_term_and_what_is_disclosed() -> None:
    service = line("3600.00", "2026-01-01", "2028-12-31")
    usage = {"id": "usage", "method": "usage_as_invoiced", "readings": [{"on": "2026-01-20", "amount": usd("5.00")}]}
    billing = [{"on": "2026-01-01", "amount": usd("3600.00")}]
    result = run(EVEN, service, usage, billing=billing, as_of="2026-01-31")
    (position,) = result["positions"]
    assert position["deferred"].amount == Decimal("3495.00")
    assert position["deferred_long_term"].amount == Decimal("2295.00")
    assert position["remaining"].amount == position["remaining_obligations"].amount == 3500
    short = {**EVEN, "policy": {"remaining_excludes_within_months": 36}}
    (position,) = run(short, service, billing=billing, as_of="2026-01-31")["positions"]
    assert position["remaining"].amount == 3500
    assert position["remaining_obligations"].amount == 0


@pytest.mark.parametrize(
    ("stated", "used"), [("80.00", "90.00"), ("100.00", "100.00"), ("130.00", "110.00")],
)  # fmt: skip
def test_the_zone_of_a_stated_price_chooses_the_stand_alone_price(stated: str, used: str) -> None:
    body = {**BY_DAY, "allocation": {"ssp_range": {"below": "low", "inside": "price", "above": "high"}}}
    first = line(stated, "2026-01-01", "2026-01-31", ssp_low=usd("90"), ssp_high=usd("110"))
    second = {**line("100.00", "2026-01-01", "2026-01-31", ssp=usd("100")), "id": "other"}
    rows = {row["obligation"]: row for row in run(body, first, second)["allocation"]}
    assert rows["line"]["ssp"].amount == Decimal(used)
    assert rows["line"]["carve"].amount == -rows["other"]["carve"].amount


def test_variable_amounts_are_estimated_and_constrained() -> None:
    outcomes = [{"amount": usd("100"), "probability": "0.5"}, {"amount": usd("60"), "probability": "0.3"},
                {"amount": usd("0"), "probability": "0.2"}]  # fmt: skip
    bonus = {"id": "bonus", "outcomes": outcomes, "highly_probable": usd("60")}
    service = line("1000.00", "2026-01-01", "2026-01-31")

    def price(**variable: Any) -> tuple[str, str]:
        found = run({**BY_DAY, "variable": variable}, service, consideration=[bonus])["price"]
        return str(found["variable"].amount), str(found["estimated"].amount)

    assert price(estimate="expected_value", constrained=False) == ("68.00", "1068.00")
    assert price(estimate="expected_value") == ("60.00", "1068.00")
    assert price(estimate="most_likely", constrained=False) == ("100.00", "1100.00")


def test_a_variable_amount_of_one_obligation_is_not_pooled() -> None:
    body = {**BY_DAY, "allocation": {"ties": "identifier"}}
    pair = [{**line("0", "2026-01-01", "2026-01-31", ssp=usd(1)), "id": name} for name in ("a", "b")]
    bonus = {"id": "bonus", "included": usd("30.00"), "obligations": ["a"]}
    rows = run(body, *pair, price=usd("100.00"), consideration=[bonus])["allocation"]
    assert [(row["obligation"], str(row["fixed"].amount), str(row["variable"].amount)) for row in rows] == [
        ("a", "50.00", "30.00"), ("b", "50.00", "0"),
    ]  # fmt: skip


def test_two_treatments_in_one_period_resolve_to_one() -> None:
    service = line("1200.00", "2026-01-01", "2026-12-31")
    changes = [
        {"id": "a", "on": "2026-07-01", "treatment": "prospective", "price": usd("1800.00")},
        {"id": "b", "on": "2026-07-01", "treatment": "catch_up", "price": usd("2400.00")},
    ]
    default = run(EVEN, service, changes=changes)
    assert [change["treatment"] for change in default["changes"]] == ["catch_up", "catch_up"]
    assert by_period(default)["2026-07"] == "800.00"
    forward = run({**EVEN, "policy": {"conflicting_treatments": "prospective"}}, service, changes=changes)
    assert [change["treatment"] for change in forward["changes"]] == ["prospective", "prospective"]
    assert by_period(forward)["2026-07"] == "300.00"


@pytest.mark.parametrize(("release", "july", "remaining"), [(True, "600.00", "0.00"), (False, "0.00", "600.00")])
def test_the_rest_of_a_terminated_contract_is_released_or_shown(release: bool, july: str, remaining: str) -> None:
    service = line("1200.00", "2026-01-01", "2026-12-31")
    change = {"id": "end", "on": "2026-07-01", "treatment": "prospective", "removed": ["line"], "price": usd("1200.00"),
              "release": release}  # fmt: skip
    result = run(EVEN, service, changes=[change])
    assert by_period(result)["2026-07"] == july
    assert str(result["remaining"].amount) == remaining
    assert bool(result["warnings"]) is not release


def test_termination_without_a_price_gives_up_what_was_not_earned() -> None:
    service = line("1200.00", "2026-01-01", "2026-12-31")
    change = {"id": "end", "on": "2026-07-01", "treatment": "prospective", "removed": ["line"]}
    result = run(EVEN, service, changes=[change], billing=[{"on": "2026-01-01", "amount": usd("1200.00")}])
    assert result["price"]["total"].amount == result["recognized"].amount == 600
    assert result["positions"][-1]["deferred"].amount == 600


def test_an_extension_blends_what_is_left_over_the_longer_term() -> None:
    service = line("1200.00", "2026-01-01", "2026-12-31")
    change = {
        "id": "extend",
        "on": "2026-07-01",
        "distinct": True,
        "price": usd("1800.00"),
        "ends": {"line": "2027-06-30"},
    }
    periods = by_period(run(EVEN, service, changes=[change]))
    assert (periods["2026-06"], periods["2026-07"], periods["2027-06"]) == ("100.00", "100.00", "100.00")


def test_what_was_posted_can_stay_with_the_difference_in_the_last_period() -> None:
    body = {**EVEN, "policy": {"posted_difference": "last_period"}}
    posted = [{"obligation": "line", "period": "2026-01", "amount": usd("90.00")}]
    result = run(body, line("300.00", "2026-01-01", "2026-03-31"), posted=posted)
    assert by_period(result) == {"2026-01": "90.00", "2026-02": "100.00", "2026-03": "110.00"}
    assert [row["period"] for row in result["postings"]] == ["2026-02", "2026-03"]


def test_what_was_posted_for_an_obligation_that_is_gone_is_taken_back_in_the_open_period() -> None:
    posted = [{"obligation": "gone", "period": "2026-01", "amount": usd("7.00")}]
    result = run(BY_DAY, line("31.00", "2026-03-01", "2026-03-31"), posted=posted, open_from="2026-03-01")
    rows = [(row["obligation"], row["period"], row["posted"], row["amount"].amount) for row in result["postings"]]
    assert rows == [("line", "2026-03", "2026-03", 31), ("gone", "2026-01", "2026-03", -7)]


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        ("sum", {"2026-01": "30.00", "2026-02": "15.00"}),
        ("max", {"2026-01": "20.00", "2026-02": "5.00"}),
        ("last", {"2026-01": "10.00", "2026-02": "5.00"}),
    ],
)
def test_running_estimates_of_usage(estimate: str, expected: dict[str, str]) -> None:
    body = {"obligations": [{"id": "all", "method": "usage_estimate", "estimate": estimate}]}
    figure = "quantity" if estimate == "sum" else "reached"
    february = "25" if estimate == "max" else "15"
    readings = [
        {"on": "2026-01-10", figure: "20", "rate": "1"},
        {"on": "2026-01-20", figure: "10", "rate": "1"},
        {"on": "2026-02-10", figure: february, "rate": "1"},
    ]
    assert by_period(run(body, {"id": "usage", "readings": readings})) == expected
    settled = [*readings, {"on": "2026-02-28", "amount": usd("50.00")}]
    assert sum(map(Decimal, by_period(run(body, {"id": "usage", "readings": settled})).values())) == 50


def test_revenue_released_by_hand() -> None:
    body = {"obligations": [{"id": "all", "method": "manual"}]}
    released = [{"on": "2026-01-10", "amount": usd("10.00")}, {"on": "2026-03-10", "amount": usd("20.00")}]
    result = run(body, {"id": "held", "readings": released})
    assert by_period(result) == {"2026-01": "10.00", "2026-02": "0.00", "2026-03": "20.00"}


def test_interest_is_no_revenue_and_short_terms_have_none() -> None:
    body = {**BY_DAY, "financing": {"compounding": "yearly"}}
    late = run(body, financed={"annual_rate": "0.10", "months": 24, "paid_later": usd("121.00")})["financing"]
    assert (str(late["price"].amount), str(late["interest"].amount)) == ("100.00", "21.00")
    soon = run(body, financed={"annual_rate": "0.10", "months": 12, "paid_later": usd("121.00")})["financing"]
    assert (str(soon["price"].amount), str(soon["interest"].amount)) == ("121.00", "0.00")
    broken = run(body, financed={"annual_rate": "0.21", "months": 18, "paid_ahead": usd("1000.00")})["financing"]
    assert str(broken["price"].amount) == "1331.00"


def test_yen_have_no_cents_and_a_declared_scale_has_as_many_as_it_says() -> None:
    yen = {"currency": "JPY", "obligations": [
        {"id": "line", "price": {"amount": "100", "currency": "JPY"}, "start": "2026-01-01", "end": "2026-03-31"},
    ]}  # fmt: skip
    from revenue_documents import document

    assert [row["amount"].amount for row in document(EVEN).calculate(yen)["periods"]] == [33, 34, 33]
    fine = document({**EVEN, "policy": {"scale": 3}}).calculate(yen)
    assert [str(row["amount"].amount) for row in fine["periods"]] == ["33.333", "33.334", "33.333"]


def test_what_lapses_is_breakage_or_owed_to_somebody_else() -> None:
    credits_ = {
        "id": "c",
        "price": usd("100.00"),
        "total": "10",
        "expires_on": "2026-03-31",
        "readings": [{"on": "2026-01-31", "quantity": "4"}],
    }
    rule = {"id": "all", "method": "drawdown"}
    assert by_period(run({"obligations": [rule]}, credits_)) == {
        "2026-01": "40.00",
        "2026-02": "0.00",
        "2026-03": "60.00",
    }
    owed = run({"obligations": [{**rule, "lapsed": "owed"}]}, credits_)
    assert by_period(owed) == {"2026-01": "40.00"}
    assert owed["remaining"].amount == 60


def test_a_price_released_by_hand_in_parts() -> None:
    body = {"obligations": [{"id": "all", "method": "manual"}]}
    held = {"id": "held", "price": usd("90.00"), "readings": [{"on": "2026-01-10", "percent": "50"}]}
    result = run(body, held)
    assert (by_period(result), result["remaining"].amount) == ({"2026-01": "45.00"}, 45)


def test_the_basis_of_a_change_is_told() -> None:
    service, credit = (
        line("90.00", "2026-01-01", "2026-03-31"),
        {**line("-30.00", "2026-03-01", "2026-03-31"), "id": "credit"},
    )
    change = {"on": "2026-02-01", "price": usd("120.00")}
    assert run(BY_DAY, service)["basis"] == "unchanged"
    assert run(BY_DAY, service, credit)["basis"] == "lines"
    assert run(BY_DAY, service, changes=[change])["basis"] == "contract"
    allocated = {**BY_DAY, "allocation": {"ties": "order"}}
    warned = run(allocated, {**service, "ssp": usd(9)}, {**credit, "ssp": usd(1)})
    assert "credit is a credit line inside an allocation" in warned["warnings"][0]


def test_an_estimate_that_grows_after_a_modification_waits_for_what_is_not_delivered() -> None:
    """A variable amount of 200 in a price of 1,000 grows to 240 after a third product joined the one still to come."""
    body = {"obligations": [{"id": "all", "method": "point_in_time"}], "allocation": {"ties": "order"}}
    x, y = ({"id": name, "ssp": usd(1)} for name in ("x", "y"))
    modified = {
        "id": "m",
        "on": "2026-06-01",
        "treatment": "prospective",
        "added_price": usd(300),
        "added": [{"id": "z", "ssp": usd(1)}],
    }
    later = {"id": "e", "on": "2026-09-01", "component": "bonus", "included": usd(240)}
    facts = {"price": usd(1000), "consideration": [{"id": "bonus", "included": usd(200)}], "changes": [modified, later]}
    waiting = run(body, {**x, "satisfied_on": "2026-03-01"}, y, **facts)
    shares = {row["obligation"]: row["amount"].amount for row in waiting["allocation"]}
    assert shares == {"x": 620, "y": 460, "z": 460}
    assert {name: amount for name, amount in by_period(waiting).items() if Decimal(amount)} == {
        "2026-03": "600.00",
        "2026-09": "20.00",
    }
    assert waiting["remaining"].amount == 920
    delivered = run(body, {**x, "satisfied_on": "2026-03-01"}, {**y, "satisfied_on": "2026-10-05"}, **facts)
    assert by_period(delivered)["2026-10"] == "460.00"


def test_what_lines_give_up_to_others_is_told_by_period() -> None:
    """Stated 1,000 and 500, worth 1,000 each: 250 move from the one to the other, over the schedule of each."""
    body = {**BY_DAY, "allocation": {}}
    first = line("1000.00", "2026-01-01", "2026-03-31", ssp=usd("1000"))
    second = {**line("500.00", "2026-01-31", "2026-02-01", ssp=usd("1000")), "id": "other"}
    result = run(body, first, second)
    assert [(row["obligation"], row["period"], str(row["carve"].amount)) for row in result["carves"]] == [
        ("line", "2026-01", "-86.11"), ("line", "2026-02", "-77.78"), ("line", "2026-03", "-86.11"),
        ("other", "2026-01", "125.00"), ("other", "2026-02", "125.00"),
    ]  # fmt: skip
    for row in result["carves"]:
        assert row["allocated"].amount - row["stated"].amount == row["carve"].amount
    assert sum(row["carve"].amount for row in result["carves"]) == 0
    assert run(BY_DAY, first, second)["carves"] == []
    assert run(body, {**first, "price": usd("750.00")}, {**second, "price": usd("750.00")})["carves"] == []


@pytest.mark.parametrize(
    ("treatment", "end", "price", "expected"),
    [  # 1,200.00 a year each; 18 months against 6 are left, or 3 against 6; a catch-up weighs 24 months against 12
        ("prospective", "2027-12-31", "2900.00", ["1925.00", "975.00"]),
        ("prospective", "2026-09-30", "1500.00", ["666.67", "833.33"]),
        ("catch_up", "2027-12-31", "2900.00", ["1933.33", "966.67"]),
    ],
)
def test_a_service_that_becomes_longer_weighs_more(treatment: str, end: str, price: str, expected: list[str]) -> None:
    services = [
        {"id": name, "ssp": usd("1200.00"), "start": "2026-01-01", "end": "2026-12-31"} for name in ("first", "second")
    ]
    change = {"on": "2026-07-01", "treatment": treatment, "price": usd(price), "ends": {"first": end}}
    result = run({**EVEN, "allocation": {}}, *services, price=usd("2000.00"), changes=[change])
    assert [str(row["amount"].amount) for row in result["allocation"]] == expected
    stated = {**change, "ssp": {"first": usd("1200.00")}}  # a new stand-alone price is taken as it is
    told = run({**EVEN, "allocation": {}}, *services, price=usd("2000.00"), changes=[stated])
    assert [str(row["amount"].amount) for row in told["allocation"]] != expected
