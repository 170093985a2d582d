"""Credits: caps, tracing to charges, discounts, taxes, several and backdated changes, scope and timing."""

from __future__ import annotations

from collections.abc import Mapping
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
    "summary": "How credits are made.",
}
JUNE = {"start": "2025-06-01", "end": "2025-07-01"}
QUARTER = {"start": "2026-01-01", "end": "2026-04-01"}


def prorate(body: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    text = yaml.safe_dump({**HEAD, **body}, sort_keys=False)
    return api.calculate("terms.proration.yaml", {"currency": "USD", **facts}, text.encode())


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def line(name: str, price: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "unit_price": usd(price), **more}


def amounts(result: Mapping[str, Any]) -> list[str]:
    return [str(each["amount"].amount) for each in result["lines"]]


# ----------------------------------------------------------------------------- caps


@pytest.mark.parametrize(
    ("potential", "paid", "credited", "expected", "lost"),
    [
        ("100", "200", "50", "-100.00", 0), ("100", "200", "150", "-50.00", 50), ("100", "200", "200", "0.00", 100),
        ("100", "60", "0", "-60.00", 40), ("100", "200", "250", "0.00", 100), ("-50", "200", "50", "0.00", 0),
        ("0", "200", "50", "0.00", 0),
    ],
)  # fmt: skip
def test_a_credit_never_exceeds_what_was_paid_and_not_given_back(
    potential: str, paid: str, credited: str, expected: str, lost: int
) -> None:
    old = line("a", potential, paid=usd(paid), credited=usd(credited))
    result = prorate({"credit": {"cap": "paid"}}, {"period": JUNE, "changes": [{"at": "2025-06-01", "old": [old]}]})
    assert (amounts(result), result["uncredited"].amount) == ([expected], lost)


def test_the_cap_holds_over_several_changes_of_one_line() -> None:
    old = line("a", "60", paid=usd("40"))
    changes = [{"id": "c1", "at": "2025-06-11", "old": [old]}, {"id": "c2", "at": "2025-06-21", "old": [old]}]
    result = prorate({"credit": {"cap": "paid"}}, {"period": JUNE, "changes": changes})
    assert amounts(result) == ["-40.00", "0.00"]
    assert result["uncredited"].amount == 20
    told = result["lines"][1]["explanation"]
    assert told == "unused time at the old price is 20.00; 0.00 of it was paid and not given back: 10 of 30 days"


def test_a_capped_credit_needs_to_know_what_was_paid() -> None:
    facts = {"period": JUNE, "changes": [{"id": "c7", "at": "2025-06-11", "old": [line("a", "60")]}]}
    with pytest.raises(Failure) as caught:
        prorate({"credit": {"cap": "paid"}}, facts)
    told = caught.value.message
    assert "proration terms 1.0.0, line a, change c7" in told
    assert "not known what was paid" in told and "give the line its `paid`" in told


# ----------------------------------------------------------------------------- tracing

CHARGES = [
    {"id": "invoice1", "line": "seats", "amount": usd("50")},
    {"id": "invoice2", "line": "seats", "amount": usd("20")},
]


@pytest.mark.parametrize(
    ("order", "expected"),
    [("newest_first", {"invoice2": "-5.00", "invoice1": "-2.50"}), ("oldest_first", {"invoice1": "-7.50"})],
)
def test_three_of_seven_seats_are_credited_to_their_charges(order: str, expected: dict[str, str]) -> None:
    body = {"credit": {"basis": "billed", "order": order}}
    change = {"at": "2026-03-01", "share": "0.25", "old": [line("seats", "10", quantity="3")]}
    result = prorate(body, {"period": QUARTER, "charges": CHARGES, "changes": [change]})
    assert {each["charge"]: str(each["amount"].amount) for each in result["lines"]} == expected


def test_credits_of_one_charge_add_up_to_it_to_the_cent() -> None:
    charge = {"id": "i1", "line": "seats", "amount": usd("10.00"), "discount": usd("1.00")}
    seat = line("seats", "3.333333333333333333333333")
    changes = [{"id": f"c{index}", "at": "2026-01-01", "old": [seat]} for index in range(3)]
    result = prorate({"credit": {"basis": "billed"}}, {"period": QUARTER, "charges": [charge], "changes": changes})
    assert [str(each["gross"].amount) for each in result["lines"]] == ["-3.33", "-3.34", "-3.33"]
    assert [str(each["discount"].amount) for each in result["lines"]] == ["0.33", "0.34", "0.33"]
    assert str(result["credits"].amount) == "-9.00"


def test_what_no_charge_billed_is_not_credited_and_is_said() -> None:
    body = {"credit": {"basis": "billed"}}
    change = {"at": "2026-03-01", "share": "0.5", "old": [line("seats", "10", quantity="9")]}
    result = prorate(body, {"period": QUARTER, "charges": CHARGES, "changes": [change]})
    assert (amounts(result), str(result["uncredited"].amount)) == (["-10.00", "-25.00"], "10.00")
    ended = [{**CHARGES[0], "ended": usd("50")}, CHARGES[1]]
    result = prorate(body, {"period": QUARTER, "charges": ended, "changes": [change]})
    assert (amounts(result), str(result["uncredited"].amount)) == (["-10.00"], "35.00")


def test_seats_added_within_the_period_are_given_back_before_the_first_ones() -> None:
    """Ten seats for the quarter, two more for its last 60 days, four fewer for its last 30."""
    body = {"credit": {"basis": "billed"}, "rebill": "changed"}
    first = {"id": "q1", "line": "seats", "amount": usd("900")}
    changes = [
        {"id": "more", "at": "2026-01-31", "old": [line("seats", "90", quantity="10")],
         "new": [line("seats", "90", quantity="12")]},
        {"id": "fewer", "at": "2026-03-02", "old": [line("seats", "90", quantity="12")],
         "new": [line("seats", "90", quantity="8")]},
    ]  # fmt: skip
    result = prorate(body, {"period": QUARTER, "charges": [first], "changes": changes})
    found = [(each["side"], each["charge"], str(each["amount"].amount)) for each in result["lines"]]
    assert found == [("charge", None, "120.00"), ("credit", "more/seats", "-60.00"), ("credit", "q1", "-60.00")]
    assert [each["kind"] for each in result["lines"]] == ["increase", "decrease", "decrease"]


# ----------------------------------------------------------------------------- discounts and taxes


def test_a_discount_is_given_back_in_proportion() -> None:
    charge = {"id": "i1", "line": "units", "amount": usd("10"), "discount": usd("2")}
    change = {"at": "2025-06-01", "old": [line("units", "1", quantity="3")]}
    result = prorate({"credit": {"basis": "billed"}}, {"period": JUNE, "charges": [charge], "changes": [change]})
    (found,) = result["lines"]
    assert [str(found[key].amount) for key in ("gross", "discount", "amount")] == ["-3.00", "0.60", "-2.40"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, ["50.00", "-10.00", "40.00"]),
        ({"fixed": "whole"}, ["50.00", "-20.00", "30.00"]),
        ({"stage": "after"}, ["50.00", "-10.00", "40.00"]),
        ({"stage": "after", "fixed": "whole"}, ["50.00", "-20.00", "30.00"]),
    ],
)
def test_an_amount_off_is_prorated_or_whole(rule: dict[str, Any], expected: list[str]) -> None:
    new = line("a", "100", discount=usd("20"))
    facts = {"period": JUNE, "changes": [{"at": "2025-06-16", "new": [new]}]}
    (found,) = prorate({"discount": rule}, facts)["lines"]
    assert [str(found[key].amount) for key in ("gross", "discount", "amount")] == expected


def test_a_discount_before_or_after_differs_by_a_cent_and_never_turns_the_sign() -> None:
    new = line("a", "9.99", discount_percent="12.5")
    facts = {"period": JUNE, "changes": [{"at": "2025-06-08", "new": [new]}]}
    assert amounts(prorate({}, facts)) == ["6.70"]
    assert amounts(prorate({"discount": {"stage": "after"}}, facts)) == ["6.70"]
    free = line("a", "10", discount=usd("25"))
    for stage in ("before", "after"):
        document = {"discount": {"stage": stage, "fixed": "whole"}}
        result = prorate(document, {"period": JUNE, "changes": [{"at": "2025-06-16", "new": [free]}]})
        assert result["net"].amount == 0


@pytest.mark.parametrize(
    ("net", "unused", "days", "rate", "expected"),
    [
        ("50.00", 20, 28, "20", ["-35.71", "-7.14", "-42.85"]), ("15.00", 24, 31, "25", ["-11.61", "-2.90", "-14.51"]),
        ("10.00", 24, 31, "25", ["-7.74", "-1.94", "-9.68"]), ("10.00", 1, 31, "0", ["-0.32", "0.00", "-0.32"]),
    ],
)  # fmt: skip
def test_net_and_tax_of_a_credit_note_are_rounded_each(
    net: str, unused: int, days: int, rate: str, expected: list[str]
) -> None:
    period = {
        "start": "2023-02-01" if days == 28 else "2023-03-01",
        "end": "2023-03-01" if days == 28 else "2023-04-01",
    }
    month = period["start"][5:7]
    at = f"2023-{month}-{days - unused + 1:02d}"
    facts = {"period": period, "changes": [{"at": at, "old": [line("a", net, tax_percent=rate)]}]}
    result = prorate({}, facts)
    assert [str(result[key].amount) for key in ("credits", "tax", "total")] == expected


def test_tax_can_be_what_the_rounded_total_exceeds_the_net_by() -> None:
    facts = {
        "period": {"start": "2023-03-01", "end": "2023-04-01"},
        "changes": [{"at": "2023-03-08", "old": [line("a", "15.00", tax_percent="25")]}],
    }
    result = prorate({"rounding": {"tax": "within_total"}}, facts)
    assert [str(result[key].amount) for key in ("credits", "tax", "total")] == ["-11.61", "-2.91", "-14.52"]


def test_a_credit_mirrors_its_charge_to_the_half_cent() -> None:
    facts = {
        "period": {"start": "2025-06-01", "end": "2025-06-03"},
        "changes": [{"at": "2025-06-02", "old": [line("a", "2.01")], "new": [line("a", "2.01")]}],
    }
    assert amounts(prorate({}, facts)) == ["-1.01", "1.01"]
    assert amounts(prorate({"rounding": {"amount": {"mode": "half_even"}}}, facts)) == ["-1.00", "1.00"]


# ----------------------------------------------------------------------------- several, backdated, future


def test_a_backdated_change_touches_every_billed_period_and_gives_the_delta() -> None:
    facts = {
        "period": {"start": "2025-06-01", "end": "2025-07-01"},
        "earlier_periods": [{"start": "2025-05-01", "end": "2025-06-01"}],
        "changes": [{"at": "2025-05-17", "old": [line("a", "31")], "new": [line("a", "62")]}],
        "billed": [{"line": "a", "side": "charge", "amount": usd("15.00")}],
    }
    result = prorate({}, facts)
    assert amounts(result) == ["-15.00", "-31.00", "30.00", "62.00"]
    assert [(each["side"], str(each["amount"].amount)) for each in result["deltas"]] == [
        ("credit", "-46.00"), ("charge", "77.00"),
    ]  # fmt: skip


def test_a_change_before_every_known_period_is_refused_with_what_to_do() -> None:
    facts = {"period": JUNE, "changes": [{"id": "late", "at": "2025-04-17", "new": [line("a", "31")]}]}
    with pytest.raises(Failure, match=r"change late: the part from 2025-04-17 .* give the earlier periods"):
        prorate({}, facts)
    assert amounts(prorate({"time": {"outside": "clamp"}}, facts)) == ["31.00"]
    assert amounts(prorate({"time": {"outside": "extend"}}, facts)) == ["77.50"]


def test_a_future_change_waits_for_its_period() -> None:
    facts = {"period": JUNE, "changes": [{"id": "next", "at": "2025-07-05", "new": [line("a", "31")]}]}
    result = prorate({}, facts)
    assert (result["lines"], str(result["deferred"][0]["at"])) == ([], "2025-07-05")


def test_what_the_customer_was_told_goes_before_the_rule() -> None:
    one = {"at": "2025-06-16", "old": [line("a", "60")], "new": [line("a", "30")]}
    later = {"timing": {"default": "period_end"}}
    waiting = prorate(later, {"period": JUNE, "changes": [one]})
    assert str(waiting["deferred"][0]["at"]) == "2025-07-01"
    now = prorate(later, {"period": JUNE, "changes": [{**one, "timing": "immediate"}]})
    assert amounts(now) == ["-30.00", "15.00"]


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [("gold", "silver", "2025-07-01"), ("gold", "platinum", None), ("silver", "platinum", "2025-12-01")],
)
def test_the_first_case_that_holds_decides_the_time(old: str, new: str, at: str | None) -> None:
    cases = [
        {"when": "=change.old[0].id == 'gold' && change.new[0].id == 'silver'", "timing": "period_end"},
        {"when": "=change.old[0].id == 'gold'", "timing": "immediate"},
    ]
    body = {"timing": {"cases": cases, "default": "term_end"}}
    change = {"at": "2025-06-16", "old": [line(old, "60")], "new": [line(new, "90")]}
    result = prorate(body, {"period": JUNE, "term_end": "2025-12-01", "changes": [change]})
    assert [str(each["at"]) for each in result["deferred"]] == ([at] if at else [])
    assert len(result["lines"]) == (0 if at else 2)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ([], [line("a", "1")], "start"), ([line("a", "1")], [], "cancel"),
        ([line("a", "1")], [line("b", "2")], "upgrade"), ([line("a", "2")], [line("b", "1")], "downgrade"),
        ([line("a", "2")], [line("b", "2")], "switch"),
        ([line("a", "2")], [line("a", "2", quantity="3")], "increase"),
        ([line("a", "2", quantity="3")], [line("a", "2", quantity="2")], "decrease"),
        ([line("a", "2", every={"unit": "month"})], [line("a", "2", every={"unit": "year"})], "interval"),
    ],
)  # fmt: skip
def test_the_kind_of_a_change_is_worked_out(old: list[Any], new: list[Any], kind: str) -> None:
    body = {"timing": {"default": "period_end"}}
    result = prorate(body, {"period": JUNE, "changes": [{"at": "2025-06-16", "old": old, "new": new}]})
    assert result["deferred"][0]["kind"] == kind


def test_scope_decides_what_takes_part_and_says_what_does_not() -> None:
    old = [line("fee", "30"), line("setup", "99", type="one_time"), line("calls", "12", type="usage")]
    new = [line("fee2", "60"), line("setup2", "99", type="one_time"), line("minimum", "10", type="minimum")]
    body = {"scope": {"minimum": "excluded"}}
    result = prorate(body, {"period": JUNE, "changes": [{"at": "2025-06-16", "old": old, "new": new}]})
    assert amounts(result) == ["-15.00", "30.00", "99.00"]
    assert {each["line"]: each["explanation"] for each in result["omitted"]} == {
        "setup": "one time charges are billed whole and not given back",
        "calls": "usage charges are not prorated",
        "minimum": "minimum charges are not prorated",
    }


@pytest.mark.parametrize(
    ("credit", "charge", "expected"),
    [("full", "full", ["-30.00", "60.00"]), ("none", "full", ["60.00"]), ("prorated", "none", ["-15.00"])],
)
def test_credit_and_charge_have_their_own_modes(credit: str, charge: str, expected: list[str]) -> None:
    body = {"credit": {"mode": credit}, "charge": {"mode": charge}}
    one = {"at": "2025-06-16", "old": [line("a", "30")], "new": [line("b", "60")]}
    assert amounts(prorate(body, {"period": JUNE, "changes": [one]})) == expected


def test_an_excluded_change_of_plan_leaves_nothing_out_when_rebilled_in_part() -> None:
    old = [line("base", "30"), line("seats", "10", quantity="5")]
    new = [line("base", "30"), line("seats", "10", quantity="8")]
    one = {"at": "2025-06-16", "old": old, "new": new}
    assert amounts(prorate({"rebill": "changed"}, {"period": JUNE, "changes": [one]})) == ["15.00"]
    everything = prorate({}, {"period": JUNE, "changes": [one]})
    assert (len(everything["lines"]), str(everything["net"].amount)) == (4, "15.00")
