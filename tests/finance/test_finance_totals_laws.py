"""Laws of totals and allocations, and a second calculation in plain fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from cases.model import run_document
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.finance.totals.allocation import ordered, shares
from engine.spec.documents.totals import LineOrder, Method

WEIGHTS = st.lists(st.integers(0, 10**6).map(lambda units: Fraction(units, 100)), min_size=1, max_size=8)
WHOLE = (Method.LARGEST_REMAINDER, Method.UNITS_IN_ORDER, Method.LAST_TAKES_REST, Method.FIRST_TAKES_REST)


@given(st.integers(-(10**9), 10**9), WEIGHTS, st.sampled_from(WHOLE), st.sampled_from(LineOrder), st.integers(0, 4))
def test_every_method_that_gives_out_units_loses_none(
    units: int, weights: list[Fraction], method: Method, order: LineOrder, scale: int
) -> None:
    assume(any(weights))
    amount = Fraction(units, 10**scale)
    keys = [f"k{at}" for at in range(len(weights))]
    given_, exact = shares(amount, weights, method, scale=scale, positions=ordered(keys, weights, order))
    unit = Fraction(1, 10**scale)
    assert sum(given_) == amount == sum(exact)
    assert all((each / unit).denominator == 1 for each in given_)
    assert all(share == 0 for share, weight in zip(given_, weights, strict=True) if weight == 0)
    if method in (Method.LARGEST_REMAINDER, Method.UNITS_IN_ORDER):
        assert all(abs(share - precise) <= unit for share, precise in zip(given_, exact, strict=True))


@given(st.integers(0, 10**6), WEIGHTS)
def test_a_credit_is_spread_as_the_charge_it_mirrors(units: int, weights: list[Fraction]) -> None:
    assume(any(weights))
    positions = range(len(weights))
    for method in WHOLE:
        there, _ = shares(Fraction(units, 100), weights, method, scale=2, positions=positions)
        back, _ = shares(Fraction(-units, 100), weights, method, scale=2, positions=positions)
        assert [-each for each in back] == there


CENTS = st.integers(0, 100_000)
PERCENT = st.integers(0, 3000).map(lambda each: Decimal(each) / 100)
LINES = st.lists(st.tuples(CENTS, PERCENT, PERCENT), min_size=1, max_size=6)


def _facts(lines: list[tuple[int, Decimal, Decimal]], coupon: int, credit: int, *, early: bool) -> dict[str, Any]:
    def money(cents: int) -> dict[str, str]:
        return {"amount": str(Decimal(cents) / 100), "currency": "USD"}

    return {
        "currency": "USD",
        "lines": [
            {
                "id": str(at), "amount": money(cents), "kind": "usage" if at % 2 else "seat",
                "discounts": [{"id": "d", "percent": str(off)}], "taxes": [{"code": "t", "percent": str(rate)}],
            }
            for at, (cents, off, rate) in enumerate(lines)
        ],
        "discounts": [{"id": "coupon", "amount": money(coupon)}],
        "credits": [{"id": "credit", "amount": money(credit), "applies": "before_tax" if early else "after_tax"}],
    }  # fmt: skip


@given(
    LINES, CENTS, CENTS, st.booleans(), st.sampled_from(["line_and_rate", "line", "document_and_rate", "document"]),
    st.sampled_from(["exclusive", "inclusive"]),
)  # fmt: skip
def test_a_document_is_the_sum_of_its_lines_to_the_cent(
    lines: list[tuple[int, Decimal, Decimal]], coupon: int, credit: int, early: bool, rounding: str, prices: str
) -> None:
    result = run_document(
        "totals", {"taxes": {"rounding": rounding, "prices": prices}}, _facts(lines, coupon, credit, early=early)
    )

    def summed(name: str) -> Decimal:
        return sum((line[name].amount for line in result["lines"]), Decimal(0))

    for name, line_name in (
        ("subtotal", "amount"), ("line_discount", "discount"), ("document_discount", "document_discount"),
        ("net", "net"), ("tax", "tax"), ("gross", "gross"), ("credits", "credits"), ("total", "due"),
    ):  # fmt: skip
        assert result[name].amount == summed(line_name), name
    assert result["rounding_difference"].amount == 0
    assert all(line["due"].amount >= 0 and line["net"].amount >= 0 for line in result["lines"])
    used = result["credits_used"][0]
    assert used["used"] + used["left"] == result["credits_used"][0]["used"] + used["left"]
    assert used["used"].amount + used["left"].amount == Decimal(credit) / 100


@given(LINES)
def test_line_taxes_agree_with_a_direct_formula(lines: list[tuple[int, Decimal, Decimal]]) -> None:
    result = run_document("totals", {}, _facts(lines, 0, 0, early=False))

    def half_up(value: Fraction) -> Fraction:
        return Fraction(int(value * 100 + Fraction(1, 2)), 100)

    for (cents, off, rate), line in zip(lines, result["lines"], strict=True):
        amount = Fraction(cents, 100)
        net = amount - half_up(amount * Fraction(off) / 100)
        assert Fraction(line["net"].amount) == net
        assert Fraction(line["tax"].amount) == half_up(net * Fraction(rate) / 100)
