"""Changes inside a period: worked figures of acceptance scenarios and of published conventions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
import yaml

from engine import api
from engine.base.errors import Failure

HEAD = {
    "spec": "proration/v1",
    "id": "terms",
    "version": "1.0.0",
    "owner": "billing",
    "summary": "How changes are billed.",
}
YEAR = {"start": "2026-01-01", "end": "2027-01-01"}
MARCH = {"start": "2024-03-01", "end": "2024-03-31"}
JUNE = {"start": "2025-06-01", "end": "2025-07-01"}
MONTHLY = {"unit": "month"}


def prorate(body: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    text = yaml.safe_dump({**HEAD, **body}, sort_keys=False)
    return api.calculate("terms.proration.yaml", {"currency": "USD", **facts}, text.encode())


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def line(name: str, price: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "unit_price": usd(price), **more}


def change(at: str, **more: Any) -> dict[str, Any]:
    return {"at": at, **more}


def amounts(result: Mapping[str, Any], side: str | None = None) -> list[str]:
    return [str(each["amount"].amount) for each in result["lines"] if side in (None, each["side"])]


def figures(result: Mapping[str, Any], *names: str) -> list[str]:
    return [str(result[name].amount) for name in names]


# ----------------------------------------------------------------------------- acceptance


def test_a_mid_quarter_upgrade_credits_and_charges_half_open_days() -> None:
    old = line("professional", "90.00", quantity="200", tax_percent="8.25")
    new = line("enterprise", "150.00", quantity="500", tax_percent="8.25")
    facts = {
        "period": {"start": "2026-01-01", "end": "2026-04-01"},
        "changes": [change("2026-02-10", old=[old], new=[new])],
    }
    result = prorate({}, facts)
    credit, charge = result["lines"]
    assert (credit["part"], credit["whole"], credit["kind"]) == (50, 90, "upgrade")
    assert amounts(result) == ["-10000.00", "41666.67"]
    assert [str(each["tax"].amount) for each in (credit, charge)] == ["-825.00", "3437.50"]
    assert figures(result, "net", "tax", "total") == ["31666.67", "2612.50", "34279.17"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [({"multiply": "difference"}, ["-3077.26"]), ({"rebill": "changed"}, ["-1367.67", "-1709.59"])],
)
def test_a_downgrade_at_once_gives_back_the_unused_days(body: dict[str, Any], expected: list[str]) -> None:
    old = [line("seats", "480", quantity="100"), line("module", "12000")]
    facts = {"period": YEAR, "changes": [change("2026-11-10", old=old, new=[line("seats", "480", quantity="80")])]}
    result = prorate(body, facts)
    assert amounts(result) == expected
    assert str(result["net"].amount) == "-3077.26"


def test_a_downgrade_that_waits_for_the_term_bills_nothing_and_is_remembered() -> None:
    body = {"timing": {"by_kind": {"downgrade": "term_end"}}}
    facts = {
        "period": YEAR, "term_end": "2027-01-01",
        "changes": [change("2026-11-10", id="c1", old=[line("seats", "100")], new=[line("seats", "80")])],
    }  # fmt: skip
    result = prorate(body, facts)
    assert result["lines"] == []
    assert [(each["change"], str(each["at"]), each["kind"]) for each in result["deferred"]] == [
        ("c1", "2027-01-01", "downgrade")
    ]
    assert "term end" in result["deferred"][0]["explanation"]


def test_immediate_with_a_future_date_is_a_conflict() -> None:
    one = change("2027-01-01", timing="immediate", decided="2026-11-10", old=[line("seats", "100")], new=[])
    with pytest.raises(Failure, match=r"proration terms 1\.0\.0, change change: effective_date_conflict: .*2026-11-10"):
        prorate({}, {"period": YEAR, "changes": [one]})


@pytest.mark.parametrize(("mode", "expected"), [("prorated", ["-9041.10"]), ("none", []), ("full", ["-12000.00"])])
def test_a_cancellation_gives_back_by_its_own_rule(mode: str, expected: list[str]) -> None:
    facts = {"period": YEAR, "changes": [change("2026-04-01", old=[line("plan", "12000")])]}
    result = prorate({"credit": {"by_kind": {"cancel": mode}}}, facts)
    assert amounts(result) == expected
    assert bool(result["omitted"]) is (mode == "none")
    assert all("cancel" in each["explanation"] for each in result["omitted"])


# ----------------------------------------------------------------------------- conventions


@pytest.mark.parametrize(
    ("owner", "credit", "charge"),
    [("new", 16, 16), ("old", 15, 15), ("both", 15, 16), ("neither", 16, 15)],
)
def test_the_day_of_a_change_belongs_to_the_declared_side(owner: str, credit: int, charge: int) -> None:
    facts = {"period": JUNE, "changes": [change("2025-06-15", old=[line("a", "30")], new=[line("b", "60")])]}
    result = prorate({"time": {"change_day": owner}}, facts)
    assert [each["part"] for each in result["lines"]] == [credit, charge]


def test_a_pause_may_keep_its_first_day_active_and_a_resume_too() -> None:
    body = {"time": {"change_day_by_kind": {"pause": "old", "resume": "new"}}}
    changes = [
        change("2025-06-10", kind="pause", old=[line("a", "30")]),
        change("2025-06-20", kind="resume", new=[line("a", "30")]),
    ]
    result = prorate(body, {"period": JUNE, "changes": changes})
    assert amounts(result) == ["-20.00", "11.00"]
    ended = prorate(body, {"period": JUNE, "changes": [{**changes[0], "until": "2025-06-20"}]})
    assert amounts(ended) == ["-9.00"]


@pytest.mark.parametrize(
    ("time", "at", "until", "part", "whole"),
    [
        ({}, "2025-06-16", None, "15", "30"),
        ({"count": "second"}, "2025-06-16T12:00:00Z", None, "1252800", "2592000"),
        ({"denominator": "nominal"}, "2025-06-16", None, "15", "30"),
        ({"denominator": "fixed", "month_days": 28}, "2025-06-16", None, "15", "28"),
        ({"denominator": "fresh"}, "2025-06-16", None, "15", "30"),
        ({"count": "thirty_360"}, "2025-06-16", None, "15", "30"),
        ({"interval": "inclusive"}, "2025-06-16", "2025-06-30", "15", "31"),
    ],
)
def test_parts_and_wholes(time: dict[str, Any], at: str, until: str | None, part: str, whole: str) -> None:
    one = change(at, new=[line("a", "100", every=MONTHLY)], **({"until": until} if until else {}))
    result = prorate({"time": time}, {"period": JUNE, "changes": [one]})
    (found,) = result["lines"]
    assert (found["part"], found["whole"]) == (Decimal(part), Decimal(whole))


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2023-05-23", "2023-06-15", 22), ("2023-02-23", "2023-03-15", 22), ("2023-07-31", "2023-08-15", 14),
        ("2023-05-15", "2023-05-23", 8), ("2024-02-23", "2024-03-15", 22),
    ],
)  # fmt: skip
def test_months_of_thirty_days_crossed_at_month_ends(start: str, end: str, days: int) -> None:
    time = {"count": "fixed_month", "denominator": "fixed", "outside": "extend"}
    facts = {"period": {"start": start, "end": end}, "changes": [change(start, until=end, new=[line("a", "30")])]}
    assert prorate({"time": time}, facts)["lines"][0]["part"] == days


@pytest.mark.parametrize(
    ("start", "end", "actual", "strict"),
    [
        ("2021-01-27", "2021-01-31", 5, 4), ("2021-02-27", "2021-02-28", 2, 4), ("2021-02-01", "2021-02-28", 28, 30),
        ("2020-02-01", "2020-02-29", 29, 30), ("2021-01-27", "2021-02-03", 8, 7), ("2021-01-27", "2021-01-30", 4, 4),
    ],
)  # fmt: skip
def test_strict_thirty_days_a_month_against_actual_days(start: str, end: str, actual: int, strict: int) -> None:
    facts = {"changes": [change(start, until=end, new=[line("a", "1", every={"unit": "day"})])]}
    for count, days in (("day", actual), ("thirty_360", strict)):
        time = {"count": count, "interval": "inclusive", "long": "periods"}
        assert prorate({"time": time}, facts)["lines"][0]["part"] == days


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [("America/New_York", "2024-03-09", "2024-03-11"), ("America/New_York", "2024-11-02", "2024-11-04"),
     ("Australia/Sydney", "2024-04-06", "2024-04-08")],
)  # fmt: skip
def test_a_day_of_23_or_25_hours_is_one_day_and_seconds_see_it(zone: str, start: str, end: str) -> None:
    period = {"start": "2024-01-01", "end": "2025-01-01"}
    facts = {"period": period, "changes": [change(start, until=end, new=[line("a", "366")])]}
    assert prorate({"time": {"zone": zone}}, facts)["lines"][0]["part"] == 2
    seconds = prorate({"time": {"zone": zone, "count": "second"}}, facts)["lines"][0]["part"]
    assert abs(seconds - 2 * 86_400) == 3_600


def test_a_moment_falls_on_its_local_day() -> None:
    facts = {"period": JUNE, "changes": [change("2025-06-15T22:30:00Z", new=[line("a", "30")])]}
    assert prorate({"time": {"zone": "Europe/Berlin"}}, facts)["lines"][0]["part"] == 15
    assert prorate({}, facts)["lines"][0]["part"] == 16


def test_a_long_stub_is_a_ratio_or_whole_periods_and_a_rest() -> None:
    period = {"start": "2011-10-01", "end": "2011-11-01"}
    one = change("2011-10-01", until="2012-01-01", new=[line("a", "100", every=MONTHLY)])
    ratio = {"time": {"outside": "extend"}, "rounding": {"factor": {"scale": 9}}}
    assert prorate(ratio, {"period": period, "changes": [one]})["lines"][0]["factor"] == Decimal("2.967741935")
    assert prorate({"time": {"long": "periods"}}, {"changes": [one]})["lines"][0]["factor"] == 3


@pytest.mark.parametrize(
    ("body", "factor"),
    [
        ({}, "2.871"),
        ({"anchor": {"periods": "calendar"}}, "2.882"),
        ({"denominator": "fixed"}, "2.900"),
        ({"anchor": {"periods": "calendar"}, "denominator": "fixed"}, "2.900"),
        ({"partial": "full"}, "3.000"),
        ({"anchor": {"periods": "calendar"}, "partial": "full"}, "4.000"),
        ({"partial": "none"}, "2.000"),
        ({"anchor": {"periods": "calendar", "day": 15}}, "2.871"),
    ],
)
def test_a_service_of_whole_and_broken_months(body: dict[str, Any], factor: str) -> None:
    time = {"interval": "inclusive", "long": "periods", **{k: v for k, v in body.items() if k != "anchor"}}
    document = {"time": time, "rounding": {"factor": {"scale": 3}}, **{k: v for k, v in body.items() if k == "anchor"}}
    one = change("2019-01-15", until="2019-04-10", new=[line("a", "100", every=MONTHLY)])
    result = prorate(document, {"changes": [one]})
    assert result["lines"][0]["factor"] == Decimal(factor)
    assert result["net"].amount == Decimal(factor) * 100


def test_each_broken_period_may_be_rounded_by_itself() -> None:
    """0.548 + 2 + 0.333, as statements that print every period have it; together they would be 2.882."""
    time = {"interval": "inclusive", "long": "periods"}
    document = {"time": time, "anchor": {"periods": "calendar"}, "rounding": {"broken": {"scale": 3}}}
    one = change("2019-01-15", until="2019-04-10", new=[line("a", "100", every=MONTHLY)])
    result = prorate(document, {"changes": [one]})
    assert (result["lines"][0]["factor"], result["net"].amount) == (Decimal("2.881"), Decimal("288.10"))


def test_what_is_multiplied_decides_the_last_cent() -> None:
    facts = {
        "period": MARCH,
        "changes": [change("2024-03-15", old=[line("a", "10")], new=[line("a", "20")])],
    }
    inclusive = {"time": {"interval": "inclusive"}}
    assert amounts(prorate(inclusive, facts)) == ["-5.48", "10.97"]
    assert amounts(prorate({**inclusive, "multiply": "difference"}, facts)) == ["5.48"]
    seats = {"period": MARCH, "changes": [change("2024-03-15", new=[line("seat", "0.99", quantity="100")])]}
    assert amounts(prorate(inclusive, seats)) == ["54.29"]
    assert amounts(prorate({**inclusive, "multiply": "unit_price"}, seats)) == ["54.00"]


def test_a_factor_cut_at_four_digits_and_a_unit_price_cut_to_the_cent() -> None:
    body = {
        "multiply": "unit_price", "time": {"count": "second"},
        "rounding": {"factor": {"scale": 4, "mode": "down"}, "amount": {"mode": "down"}},
    }  # fmt: skip
    facts = {"period": JUNE, "changes": [change("2025-06-21", new=[line("a", "9.99", quantity="3")])]}
    result = prorate(body, facts)
    assert (str(result["lines"][0]["factor"]), amounts(result)) == ("0.3333", ["9.96"])


def test_a_part_within_the_tolerance_counts_as_a_whole() -> None:
    body = {"time": {"denominator": "nominal", "tolerance_percent": 25}}
    new = [line("a", "100", every=MONTHLY)]
    assert amounts(prorate(body, {"period": JUNE, "changes": [change("2025-06-05", new=new)]})) == ["100.00"]
    assert amounts(prorate(body, {"period": JUNE, "changes": [change("2025-06-16", new=new)]})) == ["50.00"]


# ----------------------------------------------------------------------------- anchors


@pytest.mark.parametrize(
    ("anchor", "charge", "period"),
    [
        ("keep", "30.00", ("2025-06-01", "2025-07-01")),
        ("reset", "60.00", ("2025-06-16", "2025-07-16")),
        ("calendar", "30.00", ("2025-06-16", "2025-07-01")),
    ],
)
def test_an_anchor_is_kept_reset_or_moved_to_the_calendar(anchor: str, charge: str, period: tuple[str, str]) -> None:
    one = change("2025-06-16", old=[line("a", "30", every=MONTHLY)], new=[line("b", "60", every=MONTHLY)])
    result = prorate({"anchor": {"on_change": anchor}}, {"period": JUNE, "changes": [one]})
    assert amounts(result) == ["-15.00", charge]
    (found,) = result["periods"]
    assert (str(found["start"]), str(found["end"])) == period


def test_another_interval_begins_a_new_period_charged_in_full() -> None:
    one = change("2025-06-16", old=[line("a", "100", every=MONTHLY)], new=[line("b", "1000", every={"unit": "year"})])
    result = prorate({"multiply": "difference"}, {"period": JUNE, "changes": [one]})
    assert (result["lines"][0]["kind"], amounts(result)) == ("interval", ["-50.00", "1000.00"])
    assert str(result["periods"][0]["end"]) == "2026-06-16"


@pytest.mark.parametrize(
    ("start", "every", "body", "expected"),
    [
        ("2026-01-31", MONTHLY, {}, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        ("2024-01-30", MONTHLY, {}, ["2024-01-30", "2024-02-29", "2024-03-30", "2024-04-30"]),
        ("2024-02-29", {"unit": "year"}, {}, ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28"]),
        ("2026-01-31", {"unit": "week", "count": 2}, {}, ["2026-01-31", "2026-02-14", "2026-02-28", "2026-03-14"]),
        ("2026-02-10", {"unit": "quarter"}, {"anchor": {"periods": "calendar"}},
         ["2026-02-10", "2026-04-01", "2026-07-01", "2026-10-01"]),
        ("2026-02-10", MONTHLY, {"anchor": {"periods": "calendar", "day": 31}},
         ["2026-02-10", "2026-02-28", "2026-03-31", "2026-04-30"]),
    ],
)  # fmt: skip
def test_periods_remember_their_day(
    start: str, every: dict[str, Any], body: dict[str, Any], expected: list[str]
) -> None:
    result = prorate(body, {"anniversaries": {"start": start, "every": every, "count": 4}})
    assert [str(each) for each in result["dates"]] == expected


# ----------------------------------------------------------------------------- terms and co-terming


def test_extending_goes_by_a_fresh_term_and_shortening_by_the_current_one() -> None:
    body = {"charge": {"denominator": "fresh"}, "time": {"denominator": "period"}}
    june = [line("a", "30", every=MONTHLY)]
    extend = change("2025-07-01", until="2025-07-11", kind="extend", decided="2025-07-01", new=june)
    longer = prorate(body, {"period": JUNE, "changes": [extend]})
    assert (longer["lines"][0]["part"], longer["lines"][0]["whole"], amounts(longer)) == (10, 31, ["9.68"])
    assert str(longer["periods"][0]["end"]) == "2025-07-11"
    shorten = change("2025-06-21", kind="shorten", old=june)
    shorter = prorate(body, {"period": JUNE, "changes": [shorten]})
    assert (shorter["lines"][0]["whole"], amounts(shorter)) == (30, ["-10.00"])
    assert str(shorter["periods"][0]["end"]) == "2025-06-21"


def test_an_added_line_ends_with_the_one_it_is_bound_to() -> None:
    one = change("2026-03-10", until="2026-12-31", new=[line("addon", "100", every=MONTHLY)])
    time = {"interval": "inclusive", "long": "periods"}
    result = prorate({"time": time}, {"changes": [one]})
    assert amounts(result) == ["970.97"]  # nine months to 9 December, then 22 of 31 days
    assert prorate({"time": {**time, "partial": "full"}}, {"changes": [one]})["net"].amount == 1000


def test_a_lines_own_period_takes_the_place_of_the_denominator() -> None:
    one = change("2025-06-16", new=[line("a", "365", period_days="365")])
    assert amounts(prorate({}, {"period": JUNE, "changes": [one]})) == ["15.00"]
    assert amounts(prorate({"time": {"count": "second"}}, {"period": JUNE, "changes": [one]})) == ["15.00"]
