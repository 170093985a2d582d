"""Commissions and divisions of a sale: published figures, refunds to zero, laws, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from cases.model import run_document
from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import Failure, UserError
from engine.base.money import Money


def money(amount: Any, currency: str = "USD") -> dict[str, str]:
    return {"amount": str(amount), "currency": currency}


def commission(document: dict[str, Any], sale: Any = None, **facts: Any) -> dict[str, Any]:
    given_sale = {} if sale is None else {"sale": money(sale)}
    return run_document("commission", document, {"currency": "USD", **given_sale, **facts})


def one(sale: Any, **line: Any) -> dict[str, Any]:
    result: dict[str, Any] = commission({"commissions": [{"id": "c", "to": "seller", **line}]}, sale)["lines"][0]
    return result


def divide(split: dict[str, Any], amount: Any, *, scale: int = 0, method: str = "units_in_order") -> dict[str, str]:
    document = {"rounding": {"scale": scale}, "shared": {"method": method, "split": split}}
    result = commission(document, amount)
    found = {name: str(value.amount) for name, value in result["allocations"].items()}
    return found if result["kept"].amount == 0 else {**found, "kept": str(result["kept"].amount)}


def shares(*parts: tuple[str, Any]) -> dict[str, Any]:
    def part(share: str, to: Any) -> dict[str, Any]:
        size = {"remaining": True} if share == "remaining" else {"share": share}
        if isinstance(to, dict):
            return {**size, "split": to}
        return {**size, "kept": True} if to == "kept" else {**size, "to": to}

    return {"shares": [part(share, to) for share, to in parts]}


def in_order(*parts: tuple[Any, str]) -> dict[str, Any]:
    return {
        "in_order": [
            {**({"remaining": True} if most == "remaining" else {"max": most}),
             **({"kept": True} if to == "kept" else {"to": to})}
            for most, to in parts
        ]
    }  # fmt: skip


TIERS = [{"up_to": 5000, "percent": 15}, {"percent": 20}]
MYTIME = [
    {"up_to": Decimal("499.99"), "percent": 25}, {"up_to": Decimal("2999.98"), "percent": 30}, {"percent": 40},
]  # fmt: skip


@pytest.mark.parametrize(
    ("sale", "line", "amount"),
    [
        ("15000", {"tiers": TIERS}, "2750.00"),
        ("15000", {"tiers": TIERS, "mode": "whole"}, "3000.00"),
        ("5000", {"tiers": TIERS, "mode": "whole"}, "750.00"),
        ("400", {"tiers": MYTIME}, "100.00"),
        ("1500", {"tiers": MYTIME}, "425.00"),  # the page prints 424.98
        ("3500", {"tiers": MYTIME}, "1075.00"),
        ("0", {"tiers": MYTIME}, "0.00"),
        ("-15000", {"tiers": TIERS}, "-2750.00"),
        ("100", {"percent": Decimal("2.9"), "plus": Decimal("0.30")}, "3.20"),
        ("100", {"percent": 1, "minimum": 5}, "5.00"),
        ("10000", {"percent": 1, "maximum": 25}, "25.00"),
        ("10000", {"fixed": 30}, "30.00"),
        ("6000", {"tiers": [{"up_to": 5000, "percent": 0, "fixed": 10}, {"percent": 0, "fixed": 25}]}, "35.00"),
        ("0.05", {"percent": 10}, "0.01"),
    ],
)
def test_a_commission_on_a_sale(sale: str, line: dict[str, Any], amount: str) -> None:
    assert str(one(sale, **line)["amount"].amount) == amount


def test_tiers_may_count_over_the_period() -> None:
    """3,000 then 4,000 with 15% up to 5,000 and 20% above: 450, then 300 + 400."""
    document = {"commissions": [{"id": "c", "to": "seller", "tiers": TIERS, "cumulative": True}]}
    assert str(commission(document, 3000)["commission"].amount) == "450.00"
    later = commission(document, 4000, before={"c": money(3000)})
    assert str(later["commission"].amount) == "700.00"
    assert later["lines"][0]["explanation"].endswith("; less 450 on 3000 before")
    with pytest.raises(Failure, match="`before` names x, which is no cumulative commission of it; name c"):
        commission(document, 1, before={"x": money(1)})


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=6))
def test_cumulative_commissions_add_up_to_that_on_the_whole(sales: list[int]) -> None:
    document = {
        "commissions": [{"id": "c", "to": "seller", "tiers": TIERS, "cumulative": True, "maximum": 900}],
    }
    before = paid = Decimal(0)
    for cents in sales:
        sale = Decimal(cents) / 100
        paid += commission(document, sale, before={"c": money(before)})["commission"].amount
        before += sale
    assert paid == commission(document, before)["commission"].amount


def test_slices_show_what_each_rate_applied_to() -> None:
    result = one("15000", tiers=TIERS)
    assert [[str(each[name]) for name in ("above", "up_to", "percent", "amount")] for each in result["slices"]] == [
        ["0", "5000", "15", "750"], ["5000", "15000", "20", "2000"],
    ]  # fmt: skip
    assert result["explanation"] == "15% above 0 up to 5000; 20% above 5000 up to 15000"


@pytest.mark.parametrize(
    ("base", "amount"),
    [
        ({}, "100.00"), ({"less": ["tax"]}, "84.00"), ({"less": ["tax", "refunds"]}, "64.00"),
        ({"less": ["tax", "cost"]}, "24.00"), ({"less": ["cost"]}, "40.00"),
    ],
)  # fmt: skip
def test_the_base_is_gross_net_of_tax_net_of_refunds_or_the_margin(base: dict[str, Any], amount: str) -> None:
    line = {"id": "c", "to": "seller", "percent": 10, "base": base}
    facts = {"tax": money(160), "refunded": money(200), "cost": money(600)}
    assert str(commission({"commissions": [line]}, 1000, **facts)["commission"].amount) == amount


def test_a_base_that_needs_a_figure_that_is_not_given_is_refused() -> None:
    line = {"id": "fee", "to": "seller", "percent": 10, "base": {"less": ["refunds"]}}
    with pytest.raises(Failure, match=r"commission case 1.0.0, commission fee: its base is less refunds.*`refunded`"):
        commission({"commissions": [line]}, 1000)
    with pytest.raises(Failure, match="the sale is not given; give `sale`"):
        commission({"commissions": [{"id": "fee", "to": "seller", "percent": 10}]})


def test_reseller_margin_store_fee_and_local_tax_follow_each_other() -> None:
    after = {"base": {"less_lines": ["reseller_margin"]}}
    result = commission({"commissions": [
        {"id": "reseller_margin", "to": "reseller", "percent": 15},
        {"id": "store_fee", "to": "store", "percent": 3, **after},
        {"id": "local_tax", "to": "tax office", "percent": 10, **after},
    ]}, "1000")  # fmt: skip
    assert [str(line["amount"].amount) for line in result["lines"]] == ["150.00", "25.50", "85.00"]
    assert str(result["remainder"].amount) == "739.50"


@pytest.mark.parametrize(
    ("split", "amount", "given"),
    [
        # the tests that Numscript publishes for its allotments
        (shares(("80%", "driver"), ("8%", "a"), ("12%", "b")), 15, {"driver": "13", "a": "1", "b": "1"}),
        (shares(("80%", "b"), ("15%", "c"), ("remaining", "d")), 15, {"b": "13", "c": "2"}),
        (shares(("60%", "a"), ("35.5%", "b"), ("4.5%", "c")), 100, {"a": "61", "b": "35", "c": "4"}),
        (shares(("1/3", "a"), ("remaining", "kept")), 3, {"a": "1", "kept": "2"}),
        (shares(("1/7", "a"), ("2/7", "b"), ("4/7", "c")), 100, {"a": "15", "b": "28", "c": "57"}),
        (shares(("1/3", "a"), ("1/3", "b"), ("1/3", "c")), 10, {"a": "4", "b": "3", "c": "3"}),
        (shares(("100%", "dest"), ("remaining", "kept")), 7, {"dest": "7"}),
        (shares(("remaining", "a")), 7, {"a": "7"}),
        (
            shares(("10%", in_order((10, "fees"), ("remaining", "dest"))), ("remaining", "dest")), 500,
            {"fees": "10", "dest": "490"},
        ),
        (
            shares(
                ("10%", shares(("remaining", shares(("100%", in_order((1, "dest1"), ("remaining", "kept")))),))),
                ("remaining", "dest2"),
            ), 100, {"dest1": "1", "dest2": "90", "kept": "9"},
        ),
        (in_order((0, "d1"), ("remaining", "d2")), 100, {"d2": "100"}),
        (in_order((40, "a"), (60, "b")), 100, {"a": "40", "b": "60"}),
        (shares(("1/2", "a"), ("1/2", "b")), -5, {"a": "-3", "b": "-2"}),
    ],
)  # fmt: skip
def test_published_divisions(split: dict[str, Any], amount: int, given: dict[str, str]) -> None:
    assert divide(split, amount) == given


def test_waterfalls_in_cents() -> None:
    split = in_order((Decimal("0.10"), "d1"), (Decimal("0.12"), "d2"), ("remaining", "rem"))
    assert divide(split, "1.00", scale=2) == {"d1": "0.10", "d2": "0.12", "rem": "0.78"}
    assert divide(split, "0.15", scale=2) == {"d1": "0.10", "d2": "0.05"}
    assert divide(shares(("100%", "d")), "999992233720368547758.07", scale=2) == {"d": "999992233720368547758.07"}


def test_left_over_units_go_to_the_largest_remainder_where_that_is_declared() -> None:
    split = shares(("60%", "a"), ("35.5%", "b"), ("4.5%", "c"))
    assert divide(split, 100, method="largest_remainder") == {"a": "60", "b": "36", "c": "4"}
    split = shares(("80%", "driver"), ("8%", "a"), ("12%", "b"))
    assert divide(split, 15, method="largest_remainder") == {"driver": "12", "a": "1", "b": "2"}


def test_each_place_of_a_division_says_why() -> None:
    document = {"rounding": {"scale": 0}, "shared": {"split": shares(("35.5%", "a"), ("remaining", "b"))}}
    parts = commission(document, 101)["parts"]
    assert [(part["path"], part["explanation"]) for part in parts] == [
        ("shares[0]", "35.5%, up from 35.855"), ("shares[1]", "what remains, down from 65.145"),
    ]  # fmt: skip


def test_revenue_is_the_sale_as_principal_and_what_is_kept_as_agent() -> None:
    split = {"shared": {"split": shares(("30%", "kept"), ("remaining", "principal"))}}
    agent = commission({**split, "recognise": "net"}, 100)["revenue"]
    assert [str(agent[name].amount) for name in ("revenue", "fee_expense", "payable")] == ["30.00", "0.00", "70.00"]
    fee = {"commissions": [{"id": "fee", "to": "marketplace", "percent": 3}]}
    gross = commission({**fee, "recognise": "gross"}, 100000)["revenue"]
    assert [str(gross[name].amount) for name in ("revenue", "fee_expense", "cash")] == [
        "100000.00", "3000.00", "97000.00",
    ]  # fmt: skip
    net = commission({**fee, "recognise": "net"}, 100000, cost=money(60000), tax=money(0))["revenue"]
    assert [str(net[name].amount) for name in ("revenue", "cost_of_revenue")] == ["37000.00", "0.00"]


def test_a_refund_takes_back_its_proportion_and_all_refunds_take_back_all() -> None:
    document = {
        "commissions": [
            {"id": "c", "to": "seller", "percent": Decimal("3.33")},
            {"id": "listing", "to": "platform", "fixed": 1, "on_refund": "kept"},
        ],
        "shared": {"split": shares(("1/3", "a"), ("1/3", "b"), ("remaining", "kept"))},
    }
    refunds = [{"id": f"r{at}", "amount": money(amount)} for at, amount in enumerate(("33.33", "33.33", "33.34"))]
    result = commission(document, 100, refunds=refunds)
    assert [{name: str(value.amount) for name, value in each["amounts"].items()} for each in result["reversals"]] == [
        {"seller": "1.11", "a": "11.11", "b": "11.11"}, {"seller": "1.11", "a": "11.11", "b": "11.11"},
        {"seller": "1.11", "a": "11.12", "b": "11.11"},
    ]  # fmt: skip
    assert sum((each["kept"].amount for each in result["reversals"]), Decimal(0)) == result["kept"].amount


@pytest.mark.parametrize(
    ("facts", "match"),
    [
        ({"refunds": [{"id": "r", "amount": money(200)}]}, "the refunds are above the sale"),
        ({"refunds": [{"id": "r", "amount": money(-1)}]}, "refund r: a refund is below zero"),
        ({"tax": money(1, "EUR")}, "tax: 1 EUR is not in USD"),
    ],
)
def test_facts_that_do_not_fit_are_refused(facts: dict[str, Any], match: str) -> None:
    with pytest.raises(Failure, match=match):
        commission({"commissions": [{"id": "c", "to": "seller", "percent": 1}]}, 100, **facts)


def test_an_amount_that_cannot_be_divided_without_a_rest_is_refused() -> None:
    with pytest.raises(Failure, match=r"shared: 10.001 cannot be spread without a rest in steps of 0.01"):
        divide(shares(("1/2", "a"), ("1/2", "b")), "10.001", scale=2)
    with pytest.raises(Failure, match=r"20 of 100 is above every maximum; say who gets what remains"):
        divide(in_order((40, "a"), (40, "b")), 100)


LINE = {"id": "c", "to": "seller"}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "FIN106"),
        ({"commissions": [{**LINE, "tiers": []}]}, "FIN100"),
        ({"commissions": [{**LINE, "tiers": [{"up_to": 5, "percent": 1}]}]}, "FIN100"),
        ({"commissions": [{**LINE, "tiers": [{"percent": 1}, {"percent": 2}]}]}, "FIN100"),
        (
            {"commissions": [{**LINE, "tiers": [
                {"up_to": 5, "percent": 1}, {"up_to": 5, "percent": 1}, {"percent": 2},
            ]}]}, "FIN100",
        ),
        ({"commissions": [{**LINE, "percent": 1, "base": {"less_lines": ["c"]}}]}, "FIN101"),
        ({"commissions": [{**LINE, "percent": 1}, {**LINE, "percent": 1}]}, "FIN101"),
        ({"commissions": [{**LINE, "percent": -1}]}, "FIN102"),
        ({"commissions": [{**LINE, "percent": 1, "minimum": 2, "maximum": 1}]}, "FIN102"),
        ({"shared": {"split": shares(("60%", "a"), ("30%", "b"))}}, "FIN103"),
        ({"shared": {"split": shares(("60%", "a"), ("50%", "b"))}}, "FIN103"),
        ({"shared": {"split": {"shares": []}}}, "FIN103"),
        ({"shared": {"split": shares(("remaining", "a"), ("remaining", "b"))}}, "FIN104"),
        ({"shared": {"split": in_order(("remaining", "a"), (1, "b"))}}, "FIN104"),
        ({"shared": {"split": {"shares": [{"remaining": False, "to": "a"}, {"share": "100%", "to": "b"}]}}}, "FIN104"),
        ({"contract_cost": {"capitalise": ["a"], "other_standards": ["a"]}}, "FIN105"),
        ({"contract_cost": {"capitalise": ["a"], "expedient": {"months_max": 0}}}, "FIN105"),
        ({"contract_cost": {"capitalise": ["a"], "clawback": {"within_months": 0}}}, "FIN105"),
    ],
)  # fmt: skip
def test_documents_that_cannot_be_meant_are_found(document: dict[str, Any], code: str) -> None:
    with pytest.raises(UserError) as caught:
        commission(document, 1)
    assert [finding.code for finding in caught.value.diagnostics] == [code]
    assert all(finding.help for finding in caught.value.diagnostics)


# ----------------------------------------------------------------------------- laws

PARTS = st.lists(st.integers(1, 40), min_size=1, max_size=6)


@given(PARTS, st.integers(-(10**9), 10**9), st.sampled_from(["units_in_order", "largest_remainder"]))
def test_a_division_gives_out_every_unit(parts: list[int], cents: int, method: str) -> None:
    whole = sum(parts) + 1
    split = shares(*((f"{part}/{whole}", f"p{at}") for at, part in enumerate(parts)), ("remaining", "kept"))
    amount = Decimal(cents) / 100
    given_ = divide(split, amount, scale=2, method=method)
    assert sum((Decimal(each) for each in given_.values()), Decimal(0)) == amount
    exact = {f"p{at}": Fraction(amount) * part / whole for at, part in enumerate(parts)}
    assert all(abs(Fraction(given_.get(name, "0")) - share) <= Fraction(1, 100) for name, share in exact.items())


@given(PARTS, st.integers(1, 10**6), st.lists(st.integers(1, 10**5), max_size=6))
def test_refunds_end_exactly_at_zero(parts: list[int], cents: int, steps: list[int]) -> None:
    refunds, left = [], cents
    for step in steps:
        refunds.append(min(step, left))
        left -= refunds[-1]
    refunds.append(left)
    whole = sum(parts)
    document = {
        "commissions": [{"id": "c", "to": "agent", "percent": Decimal("7.77")}],
        "shared": {"split": shares(*((f"{part}/{whole}", f"p{at}") for at, part in enumerate(parts)))},
    }
    facts = [{"id": str(at), "amount": money(Decimal(each) / 100)} for at, each in enumerate(refunds)]
    result = commission(document, Decimal(cents) / 100, refunds=facts)
    back: dict[str, Decimal] = {}
    for refund, reversal in zip(refunds, result["reversals"], strict=True):
        divided = Decimal(0)
        for name, value in reversal["amounts"].items():
            back[name] = back.get(name, Decimal(0)) + value.amount
            divided += value.amount if name != "agent" else 0
        assert divided == Decimal(refund) / 100
    expected = {name: value.amount for name, value in result["allocations"].items()}
    expected["agent"] = result["commission"].amount
    assert back == {name: value for name, value in expected.items() if value}


@given(st.integers(0, 10**7), st.lists(st.tuples(st.integers(1, 10**5), st.integers(0, 100)), min_size=1, max_size=5))
def test_marginal_tiers_agree_with_a_direct_formula(cents: int, steps: list[tuple[int, int]]) -> None:
    bounds: list[int] = []
    for step, _ in steps[:-1]:
        bounds.append((bounds[-1] if bounds else 0) + step)
    tiers = [
        {"percent": percent} | ({"up_to": Decimal(bounds[at]) / 100} if at < len(bounds) else {})
        for at, (_, percent) in enumerate(steps)
    ]
    result = one(Decimal(cents) / 100, tiers=tiers)["amount"]
    exact = sum(
        (Fraction(max(0, min(cents, top) - low), 100) * percent / 100
         for low, top, (_, percent) in zip([0, *bounds], [*bounds, cents], steps, strict=True)),
        Fraction(0),
    )  # fmt: skip
    assert result == Money(Decimal(int(exact * 100 + Fraction(1, 2))) / 100, "USD")
