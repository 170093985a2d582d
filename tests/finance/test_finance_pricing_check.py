"""Findings in pricing documents: each with its code, before anything is rated."""

from __future__ import annotations

import re
from typing import Any

import pytest
from price_lists import charge, dec, rate, tiers

from engine.base.errors import UserError


def price(**given: Any) -> dict[str, Any]:
    return {"charges": [charge(given)]}


def with_charge(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"charges": [charge(given, **more)]}


UNIT = {"unit_price": 1}
PERCENT_OF = {"composite": {"rate_percent": 1, "charges": ["units"]}}


def price_by_region(given: dict[str, Any]) -> dict[str, Any]:
    return {"table": {"rows": [{"when": {"region": ["eu"]}, "price": given}]}}


def bounded_by(charges: list[str]) -> dict[str, Any]:
    return {"charges": [charge(UNIT)], "bounds": [{"id": "least", "charges": charges, "minimum": {"amount": 1}}]}


def row(*values: str, **more: Any) -> dict[str, Any]:
    return {"when": {"region": list(values)}, "price": UNIT, **more}


@pytest.mark.parametrize(
    ("code", "document", "message"),
    [
        ("FIN020", price(**tiers("slice", {"up_to": 10}, {"up_to": 5})), "the tier up to 5 does not go beyond 10"),
        ("FIN020", price(**tiers("slice", {"up_to": 10}, {"from": 8})), "the tier from 8 overlaps the one up to 10"),
        (
            "FIN021",
            price(**tiers("slice", {"up_to": 10}, {"from": 15})),
            "the tier from 15 leaves a gap after the one up to 10",
        ),
        (
            "FIN022",
            price(**tiers("slice", {"unit_price": 1}, {"up_to": 5})),
            "only the last tier can be without an end",
        ),
        ("FIN023", price(**tiers("slice")), "there are no tiers"),
        ("FIN023", {"charges": []}, "the document charges nothing"),
        ("FIN024", price(**tiers("slice", {"unit_price": 1, "rate_percent": 1})), "a tier has both"),
        ("FIN024", price(**tiers("step", {"unit_price": 1})), "a step costs its flat fee alone"),
        ("FIN024", price(**tiers("slice", {"rate_percent": 1})), "a percentage needs an amount"),
        ("FIN024", price(**tiers("slice", {"unit_price": 1}, over="amount")), "tiers over amounts have percentages"),
        ("FIN024", {"charges": [{"id": "a", "price": {"package": {"size": 1, "price": 1}}}]}, "no meter is named"),
        (
            "FIN024",
            with_charge(UNIT, included={"units": 1, "per": "each"}),
            "an allowance for each piece of usage needs",
        ),
        ("FIN024", with_charge({"carried": {}}, included={"units": 1}), "this price does not count units"),
        ("FIN024", with_charge(UNIT, scope="each", accumulate="period"), "priced piece by piece"),
        ("FIN024", with_charge({"flat": 1}, accumulate="period"), "this price counts nothing over bills"),
        ("FIN024", with_charge(PERCENT_OF), "a percentage of other charges has no usage of its own"),
        (
            "FIN024",
            with_charge(UNIT, quantity={"prorated": True}, included={"units": 1}),
            "cannot be taken off prorated",
        ),
        ("FIN024", price(table={"rows": [{"when": {}, "price": UNIT}]}), "a row without conditions takes everything"),
        ("FIN024", with_charge({"carried": {}}, quantity={"convert": {"divide_by": 2}}), "so none are converted"),
        (
            "FIN024",
            with_charge(tiers("slice", {"rate_percent": 1}, over="amount"), included={"units": 1}),
            "none can be",
        ),
        ("FIN024", with_charge(price_by_region({"flat": 1}), accumulate="period"), "counts nothing over bills"),
        ("FIN024", with_charge({"carried": {}}, commitments=[{"id": "c", "quantity": 1}]), "a quantity is promised"),
        ("FIN024", with_charge(UNIT, quantity={"prorated": True, "combine": "max"}), "are added up"),
        ("FIN024", with_charge(UNIT, quantity={"prorated": True}, accumulate="period"), "of a part of the period"),
        (
            "FIN024",
            {
                "charges": [charge(UNIT), {"id": "part", "price": PERCENT_OF}],
                "thresholds": {"amounts": [1], "charges": ["part"]},
            },
            "`part` is a percentage of other charges and accrues with them",
        ),
        ("FIN024", with_charge(UNIT, earlier_bills="as_billed"), "nothing counts over bills here"),
        (
            "FIN024",
            {
                "charges": [charge(UNIT), {**charge(UNIT), "id": "more"}],
                "bounds": [
                    {"id": "first", "commitment": {"amount": 1}},
                    {"id": "second", "charges": ["more"], "commitment": {"amount": 1}},
                ],
            },
            "`second` and `first` share some charges, and not all",
        ),
        ("FIN023", bounded_by([]), "the bound names no charge"),
        ("FIN026", bounded_by(["units", "units"]), "`units` is named twice, and would count twice"),
        ("FIN025", price(package={"size": 0, "price": 1}), "the size of a package must be above zero, not 0"),
        ("FIN025", with_charge(UNIT, discount_percent=101), "a discount lies between 0 and 100 percent"),
        ("FIN025", with_charge(UNIT, quantity={"convert": {"divide_by": 0}}), "a conversion must be above zero"),
        ("FIN026", {"charges": [charge(UNIT), charge(UNIT)]}, "`units` is the name of two charges or bounds"),
        (
            "FIN027",
            {"charges": [charge(UNIT)], "bounds": [{"id": "b", "charges": ["unit"], "minimum": {"amount": 1}}]},
            "there is no `unit` here",
        ),
        (
            "FIN027",
            price(capacity={"tiers": [{"limits": {"other": 1}, "price": 1}]}),
            "`other` is no meter of this charge",
        ),
        (
            "FIN028",
            {
                "charges": [
                    {"id": "a", "price": {"composite": {"rate_percent": 1, "charges": ["b"]}}},
                    {"id": "b", "price": {"composite": {"rate_percent": 1, "charges": ["a"]}}},
                ]
            },
            "these wait for each other: ",
        ),
        ("FIN029", price(table={"rows": [row("*"), row("eu")]}), "the row for region eu is never reached"),
        (
            "FIN030",
            price(percentage={"rate_percent": 1, "minimum": 5, "maximum": 2}),
            "the minimum 5 is above the maximum 2",
        ),
        (
            "FIN031",
            price(phases={"phases": [{"from_month": 6, "price": UNIT}, {"from_month": 6, "price": UNIT}]}),
            "the phase from month 6 does not come after month 6",
        ),
        ("FIN032", price(times={"zone": "Berlin", "windows": [], "otherwise": UNIT}), "there is no time zone `Berlin`"),
        (
            "FIN033",
            {"charges": [charge(UNIT)], "thresholds": {"amounts": [500, 200]}},
            "the threshold 200 does not rise",
        ),
        ("FIN034", {"charges": [charge(UNIT)], "currency": "QQQ"}, "`QQQ` is not a currency of ISO 4217"),
        (
            "FIN035",
            {
                "charges": [charge(UNIT, commitments=[{"id": "w", "amount": 1, "overage_factor": 2}])],
                "bounds": [{"id": "b", "commitment": {"amount": 1, "overage_factor": dec("1.5")}}],
            },
            "`units` has an overage factor of its own",
        ),
        ("EXPR", price(formula={"amount": "=quantity * nothing_known"}), "nothing_known"),
        ("TYPE", price(formula={"amount": "=dimensions"}), ""),
    ],
)
def test_a_document_that_cannot_be_right_is_found_before_it_is_used(
    code: str, document: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError) as raised:
        rate(document["charges"], "1", document)
    found = [each for each in raised.value.diagnostics if each.code.startswith(code)]
    assert found, [f"{each.code} {each.message}" for each in raised.value.diagnostics]
    if message:
        assert any(re.search(message, each.message) for each in found), [each.message for each in found]
    about_all = code in {"FIN034"} or not document["charges"]
    assert all(about_all or each.span.line > 6 for each in found), "the finding is placed in the part that it is about"


@pytest.mark.parametrize(
    ("matching", "rows"),
    [
        ("first", [row("eu"), row("*")]),
        ("most_specific", [row("*"), row("eu")]),
        ("priority", [row("*"), row("*", priority=1)]),
        ("first", [row("eu", "us"), row("us", "ap")]),
    ],
)
def test_rows_that_can_be_reached_are_no_finding(matching: str, rows: list[dict[str, Any]]) -> None:
    result = rate(charge({"table": {"matching": matching, "rows": rows}}), [
        {"meter": "units", "quantity": "3", "dimensions": {"region": "eu"}}
    ])  # fmt: skip
    assert result["total"].amount == 3
