"""Laws of proration: parts add up to wholes, credits mirror charges, nothing is given back twice, days are kept."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.finance.prepared import Prepared, prepare

HEAD = {"spec": "proration/v1", "id": "laws", "version": "1.0.0", "owner": "billing", "summary": "Laws."}
FIRST = date(2023, 1, 1)

prices = st.decimals(min_value=0, max_value=100_000, places=2).map(str)
quantities = st.integers(min_value=0, max_value=500).map(str)


def document(**body: Any) -> Prepared:
    return prepare(yaml.safe_dump({**HEAD, **body}, sort_keys=False).encode(), "laws.proration.yaml")


def usd(amount: object) -> dict[str, str]:
    return {"amount": str(amount), "currency": "USD"}


def line(name: str, price: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "unit_price": usd(price), **more}


@st.composite
def places(draw: st.DrawFn) -> tuple[date, date, date]:
    """A period and a day inside it."""
    start = FIRST + timedelta(days=draw(st.integers(0, 1500)))
    length = draw(st.integers(1, 400))
    return start, start + timedelta(days=draw(st.integers(0, length - 1))), start + timedelta(days=length)


def run(prepared: Prepared, start: date, end: date, *changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    period = {"start": str(start), "end": str(end)}
    return prepared.calculate({"currency": "USD", "period": period, "changes": list(changes), **more})


def half_up(value: Fraction) -> Decimal:
    """A second implementation of the rounding, on whole cents."""
    cents = abs(value) * 100
    whole = cents.numerator // cents.denominator
    whole += 2 * (cents - whole) >= 1
    return Decimal(whole if value >= 0 else -whole).scaleb(-2)


EXACT = document(rounding={"amount": {"scale": 2}})
SECONDS = document(time={"count": "second"})
CHANGED = document(rebill="changed")
DIFFERENCE = document(multiply="difference")
BILLED = document(credit={"basis": "billed"})
CAPPED = document(credit={"cap": "paid"})
CALENDAR = document(time={"long": "periods"}, anchor={"periods": "calendar"})
ANNIVERSARY = document()


@given(places(), prices, prices, quantities)
def test_credit_and_charge_are_the_direct_formula(
    where: tuple[date, date, date], old: str, new: str, quantity: str
) -> None:
    start, at, end = where
    change = {"at": str(at), "old": [line("a", old, quantity=quantity)], "new": [line("b", new)]}
    result = run(EXACT, start, end, change)
    share = Fraction((end - at).days, (end - start).days)
    assert [each["amount"].amount for each in result["lines"]] == [
        -half_up(Fraction(old) * int(quantity) * share), half_up(Fraction(new) * share),
    ]  # fmt: skip
    assert result["net"].amount == sum(each["amount"].amount for each in result["lines"])


@given(places(), prices)
def test_used_and_unused_parts_are_a_whole(where: tuple[date, date, date], price: str) -> None:
    start, at, end = where
    first = run(EXACT, start, end, {"at": str(start), "until": str(at), "new": [line("a", price)]})
    second = run(EXACT, start, end, {"at": str(at), "new": [line("a", price)]})
    (used,), (unused,) = first["lines"], second["lines"]
    assert used["part"] + unused["part"] == used["whole"] == (end - start).days


@given(places(), prices)
def test_days_and_seconds_agree_where_every_day_has_24_hours(where: tuple[date, date, date], price: str) -> None:
    start, at, end = where
    change = {"at": str(at), "new": [line("a", price)]}
    by_day, by_second = run(EXACT, start, end, change), run(SECONDS, start, end, change)
    assert by_day["net"] == by_second["net"]


@given(places(), prices, quantities)
def test_changing_nothing_costs_nothing(where: tuple[date, date, date], price: str, quantity: str) -> None:
    start, at, end = where
    same = line("a", price, quantity=quantity)
    for prepared in (EXACT, SECONDS, CHANGED, DIFFERENCE):
        assert run(prepared, start, end, {"at": str(at), "old": [same], "new": [same]})["net"].amount == 0


@given(places(), prices, st.integers(0, 500), st.integers(0, 500))
def test_billing_only_what_changed_costs_the_same(
    where: tuple[date, date, date], price: str, before: int, after: int
) -> None:
    start, at, end = where
    change = {
        "at": str(at), "old": [line("a", price, quantity=before)], "new": [line("a", price, quantity=after)],
    }  # fmt: skip
    everything, changed = run(EXACT, start, end, change), run(CHANGED, start, end, change)
    assert abs(everything["net"].amount - changed["net"].amount) <= Decimal("0.02")
    assert changed["net"].amount == run(DIFFERENCE, start, end, change)["net"].amount
    assert len(changed["lines"]) == (before != after)


@given(places(), st.lists(st.tuples(prices, st.decimals(0, 1, places=3)), min_size=1, max_size=5), prices)
def test_traced_credits_never_exceed_their_charges(
    where: tuple[date, date, date], charges: list[tuple[str, Decimal]], wanted: str
) -> None:
    start, at, end = where
    billed = [{"id": f"i{index}", "line": "a", "amount": usd(amount)} for index, (amount, _) in enumerate(charges)]
    changes = [
        {"id": "c1", "at": str(at), "old": [line("a", wanted)]},
        {"id": "c2", "at": str(at), "old": [line("a", wanted)]},
    ]
    result = run(BILLED, start, end, *changes, charges=billed)
    for charge in billed:
        given_back = sum(-each["amount"].amount for each in result["lines"] if each["charge"] == charge["id"])
        assert 0 <= given_back <= Decimal(charge["amount"]["amount"])
    whole = run(BILLED, start, end, {"at": str(start), "old": [line("a", str(10**9))]}, charges=billed)
    assert whole["credits"].amount == -sum(Decimal(amount) for amount, _ in charges)


@given(places(), st.lists(prices, min_size=1, max_size=4), prices, prices)
def test_capped_credits_never_exceed_what_was_paid(
    where: tuple[date, date, date], potentials: list[str], paid: str, credited: str
) -> None:
    start, at, end = where
    changes = [
        {"id": f"c{index}", "at": str(at), "old": [line("a", price, paid=usd(paid), credited=usd(credited))]}
        for index, price in enumerate(potentials)
    ]
    result = run(CAPPED, start, end, *changes)
    left = max(Decimal(0), Decimal(paid) - Decimal(credited))
    assert 0 <= -result["credits"].amount <= left
    share = Fraction((end - at).days, (end - start).days)
    potential = sum((half_up(Fraction(price) * share) for price in potentials), Decimal(0))
    assert -result["credits"].amount + result["uncredited"].amount == potential


@given(places(), prices, prices, st.decimals(0, 30, places=2).map(str))
def test_totals_are_nets_and_taxes(where: tuple[date, date, date], old: str, new: str, rate: str) -> None:
    start, at, end = where
    change = {
        "at": str(at), "old": [line("a", old, tax_percent=rate)], "new": [line("b", new, tax_percent=rate)],
    }  # fmt: skip
    result = run(EXACT, start, end, change)
    assert result["total"] == result["net"] + result["tax"]
    for each in result["lines"]:
        exact = each["amount"].amount * Decimal(rate) / 100
        assert each["tax"].amount == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert each["gross"] + each["discount"] == each["amount"]


@given(st.integers(0, 700), st.integers(1, 400), st.integers(1, 400), st.integers(1, 31))
def test_calendar_periods_can_be_cut_anywhere(offset: int, first: int, second: int, day: int) -> None:
    prepared = document(time={"long": "periods"}, anchor={"periods": "calendar", "day": day})
    start = FIRST + timedelta(days=offset)
    cut, end = start + timedelta(days=first), start + timedelta(days=first + second)

    def factor(begin: date, until: date) -> Fraction:
        part = line("a", "1", every={"unit": "month"})
        change = {"at": str(begin), "until": str(until), "new": [part]}
        (found,) = prepared.calculate({"currency": "USD", "changes": [change]})["lines"]
        return Fraction(found["factor"])

    assert abs(factor(start, cut) + factor(cut, end) - factor(start, end)) < Fraction(1, 10**30)


@given(
    st.dates(date(2000, 1, 1), date(2090, 12, 31)), st.integers(1, 24), st.sampled_from(["month", "quarter", "year"])
)
def test_an_anniversary_keeps_its_day_or_the_months_last(start: date, count: int, unit: str) -> None:
    row = {"start": str(start), "every": {"unit": unit}, "count": count}
    dates = ANNIVERSARY.calculate({"currency": "USD", "anniversaries": row})["dates"]
    assert len(dates) == count and dates[0] == start
    for each in dates:
        assert each.day == min(start.day, calendar.monthrange(each.year, each.month)[1])
    step = {"month": 1, "quarter": 3, "year": 12}[unit]
    months = [each.year * 12 + each.month for each in dates]
    assert all(later - earlier == step for earlier, later in pairwise(months))
