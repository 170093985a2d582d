"""Bad input: what is certain is told at lint time, the rest names the document, the rule and the record."""

from __future__ import annotations

from typing import Any

import pytest
from revenue_documents import BY_DAY, document, line, run, usd

from engine.base.errors import ErrorClass, Failure, UserError

RULE = {"id": "all", "method": "by_day"}


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"obligations": []}, "FIN110", "no rule says how obligations are recognised"),
        ({"obligations": [{**RULE, "when": "=line.id == 'x'"}, RULE]}, "FIN111", "two rules are called `all`"),
        ({"obligations": [RULE, {"id": "late", "method": "by_day"}]}, "FIN112", "the rules after it are never used"),
        (
            {"obligations": [{**RULE, "cutover_day": 15}]},
            "FIN113",
            "`cutover_day` has no meaning for the method `by_day`",
        ),
        ({"obligations": [{**RULE, "percentages": [100]}]}, "FIN113", "`percentages` has no meaning"),
        ({"obligations": [{**RULE, "estimate": "max"}]}, "FIN113", "`estimate` has no meaning"),
        ({"obligations": [{**RULE, "rate": "latest"}]}, "FIN113", "`rate` has no meaning"),
        ({"obligations": [{**RULE, "measure_scale": 3}]}, "FIN113", "`measure_scale` has no meaning"),
        (
            {"obligations": [{"id": "all", "method": "units", "gate": {"late": "slide"}}]},
            "FIN113",
            "`gate.late: slide`",
        ),
        ({"obligations": [{"id": "all", "method": "half_month", "cutover_day": 40}]}, "FIN114", "no day of a month"),
        (
            {"obligations": [{"id": "all", "method": "percent_table", "percentages": [50, 40]}]},
            "FIN115",
            "add up to 90",
        ),
        ({**BY_DAY, "allocation": {"unit": 0}}, "FIN116", "`unit` is 0"),
        (
            {**BY_DAY, "allocation": {"discounts": [{"id": "d", "products": ["B"], "price": 5}]}},
            "FIN117",
            "at least two",
        ),
        (
            {**BY_DAY, "allocation": {"discounts": [{"id": "d", "products": ["B", "C"], "price": 0}]}},
            "FIN117",
            "price 0",
        ),
        (
            {
                **BY_DAY,
                "allocation": {
                    "discounts": [
                        {"id": "d", "products": ["B", "C"], "price": 5},
                        {"id": "e", "products": ["C", "D"], "price": 5},
                    ]
                },
            },
            "FIN118",
            "`C` is in the discounts `d` and `e`",
        ),
        ({**BY_DAY, "allocation": {"residual": {"product": "D", "low": 45, "high": 15}}}, "FIN119", "holds nothing"),
        ({**BY_DAY, "allocation": {"observed": {"band_percent": -1}}}, "FIN122", "`band_percent` is -1"),
        ({**BY_DAY, "allocation": {"observed": {"at_least_percent": 120}}}, "FIN122", "`at_least_percent` is 120"),
        ({**BY_DAY, "policy": {"time_zone": "Berlin"}}, "FIN120", "`Berlin` is no time zone"),
        (
            {
                **BY_DAY,
                "calendar": {
                    "listed": {
                        "periods": [{"name": "P2", "start": "2026-02-01"}, {"name": "P1", "start": "2026-01-01"}],
                        "end": "2026-03-01",
                    }
                },
            },
            "FIN121",
            "order of time",
        ),
        ({"obligations": [{**RULE, "when": "=line.prise"}]}, "EXPR010", "prise"),
    ],
)
def test_findings_of_a_document(body: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        document(body)
    found = {each.code: each for each in caught.value.diagnostics}
    assert code in found
    assert message in found[code].message
    assert found[code].span.file == "policy.revenue.yaml"


def refusal(body: dict[str, Any], *obligations: dict[str, Any], **facts: Any) -> str:
    with pytest.raises(Failure) as caught:
        run(body, *obligations, **facts)
    assert caught.value.error_class in (ErrorClass.POLICY, ErrorClass.DATA)
    return caught.value.message


SERVICE = line("1200.00", "2026-01-01", "2026-12-31")
ALLOCATED = {**BY_DAY, "allocation": {"ties": "identifier"}}


WEEKS = {**BY_DAY, "calendar": {"weeks_445": {"start": "2025-12-29", "years": 1}}}
INSIDE = line("9", "2026-01-05", "2026-02-10")


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            lambda: refusal(WEEKS, INSIDE, billing=[{"on": "2027-05-01", "amount": usd(1)}]),
            ["calendar", "2027-05-01 lies outside the listed periods (2026-P01 to 2026-P12)", "list more periods"],
        ),
        (
            lambda: refusal(BY_DAY, SERVICE, changes=[{"on": "2026-05-01", "treatment": "separate_contract"}]),
            ["change change", "a separate contract holds what is added"],
        ),
        (lambda: refusal(BY_DAY, {**SERVICE, "quantity": "0"}), ["obligation line", "its quantity is 0"]),
        (lambda: refusal(ALLOCATED, {**SERVICE, "ssp": usd("-5")}, price=usd("5")), ["its weight is -5, below zero"]),
        (
            lambda: refusal(BY_DAY, payable_to_customer={"amount": usd(1), "expected_sales": usd(0)}),
            ["payable to customer", "expected sales of 0 USD"],
        ),
        (
            lambda: refusal(BY_DAY, financed={"annual_rate": "0.1", "months": 0, "paid_later": usd(1)}),
            ["financing", "0 months at a rate of 0.1"],
        ),
        (lambda: refusal(WEEKS, INSIDE, open_from="2020-01-01"), ["2020-01-01 lies outside"]),
        (
            lambda: refusal(BY_DAY, SERVICE, posted=[{"obligation": "x", "period": "2026-13", "amount": usd(1)}]),
            ["what was posted of x", "2026-13 is no accounting period"],
        ),
        (
            lambda: refusal({"obligations": [{**RULE, "when": "=line.id == 'x'"}]}, SERVICE),
            ["revenue policy 1.0.0", "obligation line", "no rule says how it is recognised"],
        ),
        (lambda: refusal(BY_DAY, SERVICE, SERVICE), ["two obligations are called line", "its own identifier"]),
        (
            lambda: refusal(BY_DAY, {**SERVICE, "price": {"amount": "1", "currency": "EUR"}}),
            ["obligation line", "1 EUR is not in the contract's currency, USD", "at a declared rate"],
        ),
        (
            lambda: refusal(BY_DAY, line("10.005", "2026-01-01", "2026-01-31")),
            ["obligation line", "10.005 USD has more than 2 digits", "policy.scale"],
        ),
        (
            lambda: refusal(BY_DAY, SERVICE, price=usd("1300.00")),
            ["the stated prices add up to 1200.00, the price is 1300.00"],
        ),
        (lambda: refusal(ALLOCATED, SERVICE), ["allocation", "obligation line", "its stand-alone price is not known"]),
        (lambda: refusal(ALLOCATED, {**SERVICE, "ssp": usd("0")}), ["weights", "add up to zero"]),
        (
            lambda: refusal({**BY_DAY, "allocation": {"unit": 1}}, {**SERVICE, "ssp": usd("1"), "price": usd("10.50")}),
            ["10.50 cannot be shared in multiples of 1"],
        ),
        (
            lambda: refusal(BY_DAY, {**SERVICE, "end_exclusive": "2027-01-01"}),
            ["rule all", "a last day of service and a first day after it"],
        ),
        (
            lambda: refusal(BY_DAY, {**SERVICE, "method": "units", "total": "10", "readings": [{"on": "2026-01-01"}]}),
            ["the reading of 2026-01-01 says neither a quantity"],
        ),
        (
            lambda: refusal(
                {**BY_DAY, "policy": {"overuse": "refuse"}},
                {**SERVICE, "method": "units", "total": "10", "readings": [{"on": "2026-01-01", "quantity": "11"}]},
            ),
            ["usage exceeds total units on 2026-01-01"],
        ),
        (
            lambda: refusal(
                BY_DAY, {**SERVICE, "method": "milestone", "readings": [{"on": "2026-01-01", "percent": "101"}]}
            ),
            ["progress is 101 percent"],
        ),
        (
            lambda: refusal(BY_DAY, {"id": "u", "method": "usage_as_invoiced", "readings": [{"on": "2026-01-01"}]}),
            ["neither an amount nor a quantity and a rate"],
        ),
        (
            lambda: refusal(BY_DAY, SERVICE, consideration=[{"id": "bonus"}]),
            ["variable amount bonus", "it is not said what is included of it"],
        ),
        (
            lambda: refusal(
                {**BY_DAY, "variable": {"estimate": "expected_value"}},
                SERVICE,
                consideration=[{"id": "bonus", "outcomes": [{"amount": usd("1"), "probability": "0.5"}]}],
            ),
            ["its probabilities add up to 0.5"],
        ),
        (
            lambda: refusal(
                BY_DAY, SERVICE, consideration=[{"id": "b", "included": usd("1"), "obligations": ["other"]}]
            ),
            ["variable amount b", "it relates to other, which is no obligation"],
        ),
        (
            lambda: refusal(
                BY_DAY,
                SERVICE,
                consideration=[{"id": "b", "included": usd("1"), "obligations": ["line"], "period": "2027-05"}],
            ),
            ["nothing is earned between 2027-05-01 and 2027-06-01"],
        ),
        (
            lambda: refusal(
                BY_DAY, SERVICE, changes=[{"id": "b", "on": "2026-05-01"}, {"id": "a", "on": "2026-04-01"}]
            ),
            ["change a", "it applies from 2026-04-01, before the change listed above it"],
        ),
        (lambda: refusal(BY_DAY, SERVICE, changes=[{"on": "2026-05-01", "removed": ["x"]}]), ["it removes x"]),
        (
            lambda: refusal(BY_DAY, SERVICE, changes=[{"on": "2026-05-01", "ends": {"x": "2026-06-30"}}]),
            ["it moves the end of x"],
        ),
        (
            lambda: refusal(BY_DAY, SERVICE, changes=[{"on": "2026-05-01", "added": [SERVICE]}]),
            ["it adds line, which is"],
        ),
        (
            lambda: refusal(BY_DAY, SERVICE, changes=[{"on": "2026-05-01", "component": "x", "included": usd(1)}]),
            ["it estimates x anew"],
        ),
        (
            lambda: refusal(BY_DAY, SERVICE, changes=[{"on": "2026-05-01", "obligation": "x", "amount": usd(1)}]),
            ["it corrects x"],
        ),
        (
            lambda: refusal(
                BY_DAY,
                SERVICE,
                changes=[{"id": "CN-1", "on": "2030-01-01", "treatment": "prospective", "added_price": usd("-5")}],
            ),
            ["change CN-1", "nothing is left to earn -5", "date it within the service"],
        ),
        (
            lambda: refusal({**BY_DAY, "policy": {"closed_period": "refuse"}}, SERVICE, open_from="2026-02-01"),
            ["obligation line", "belongs to 2026-01, which is closed", "reopen the period"],
        ),
        (
            lambda: refusal(BY_DAY, SERVICE, billing=[{"on": "2026-01-01"}]),
            ["billing of 2026-01-01", "neither an amount nor an obligation"],
        ),
        (lambda: refusal(BY_DAY, SERVICE, claims=[{"due": "2026-01-01"}]), ["claim of 2026-01-01"]),
        (
            lambda: refusal(BY_DAY, returns=[{"units": "10", "unit_price": usd(1), "expected_kept": "11"}]),
            ["11 of 10 units are expected to be kept"],
        ),
        (lambda: refusal(BY_DAY, financed={"annual_rate": "0.1", "months": 24}), ["exactly one payment or price"]),
        (
            lambda: refusal(
                {**BY_DAY, "calendar": {"weeks_445": {"start": "2025-12-29", "years": 1}}},
                line("9", "2026-12-20", "2027-01-31"),
            ),
            ["obligation line", "lies outside the listed periods", "list more periods"],
        ),
    ],
)
def test_facts_that_do_not_fit(message: Any, parts: list[str]) -> None:
    text = message()
    for part in parts:
        assert part in text
