"""Laws of metrics: what is shown adds up, windows join, and order, replay and naming change nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.finance.prepared import Prepared, prepare

HEAD = {"spec": "metrics/v1", "id": "laws", "version": "1.0.0", "owner": "finance", "summary": "Laws."}
FIRST = date(2026, 1, 1)
PARTS = ("new", "reactivation", "expansion", "fx")
LOSSES = ("contraction", "churn")


def document(**body: Any) -> Prepared:
    return prepare(yaml.safe_dump({**HEAD, **body}, sort_keys=False).encode(), "laws.metrics.yaml")


DEFAULT = document()
PER_SUBSCRIPTION = document(movements={"per": "subscription"})
CONSTANT = document(movements={"exchange": "constant"})
EXACT = document(rounding={"amount": {"scale": 20}})

items = st.fixed_dictionaries(
    {
        "price": st.fixed_dictionaries(
            {"amount": st.decimals(0, 5000, places=2).map(str), "currency": st.sampled_from(["USD", "EUR"])}
        ),
        "every": st.fixed_dictionaries(
            {"unit": st.sampled_from(["day", "week", "month", "quarter", "year"]), "count": st.integers(1, 3)}
        ),
        "quantity": st.integers(0, 9).map(str),
    }
)


@st.composite
def subscriptions(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Versions of some subscriptions of some customers, some with gaps, none overlapping."""
    found = []
    for index in range(draw(st.integers(1, 4))):
        customer = f"c{draw(st.integers(0, 2))}"
        day = FIRST - timedelta(days=draw(st.integers(0, 200)))
        for _ in range(draw(st.integers(1, 4))):
            end = day + timedelta(days=draw(st.integers(1, 150)))
            found.append(
                {"subscription": f"s{index}", "customer": customer, "start": str(day), "end": str(end),
                 "items": draw(st.lists(items, min_size=1, max_size=2))}
            )  # fmt: skip
            day = end + timedelta(days=draw(st.sampled_from([0, 0, 20])))
    return found


RATES = [
    {"currency": "EUR", "start": "2025-01-01", "rate": "1.0850"},
    {"currency": "EUR", "start": "2026-02-11", "rate": "1.1237"},
]


def run(prepared: Prepared, versions: list[dict[str, Any]], start: date, end: date) -> dict[str, Any]:
    facts = {"currency": "USD", "start": str(start), "end": str(end), "subscriptions": versions, "rates": RATES}
    return prepared.calculate(facts)


def added(roll: dict[str, Any]) -> Decimal:
    gains = sum((roll[name].amount for name in PARTS), Decimal(0))
    return Decimal(roll["start"].amount + gains - sum((roll[name].amount for name in LOSSES), Decimal(0)))


@given(subscriptions(), st.integers(1, 300))
def test_opening_and_movements_are_the_closing(versions: list[dict[str, Any]], days: int) -> None:
    for prepared in (DEFAULT, PER_SUBSCRIPTION, CONSTANT):
        result = run(prepared, versions, FIRST, FIRST + timedelta(days=days))
        roll = result["rollforward"]
        assert added(roll) == roll["end"].amount == result["mrr"].amount
        assert roll["net"] == roll["end"] - roll["start"]
        if prepared is CONSTANT:
            assert roll["fx"].amount == 0


@given(subscriptions(), st.integers(2, 300), st.data())
def test_windows_join(versions: list[dict[str, Any]], days: int, data: st.DataObject) -> None:
    cut = FIRST + timedelta(days=data.draw(st.integers(1, days - 1)))
    end = FIRST + timedelta(days=days)
    whole, first, second = (
        run(EXACT, versions, begin, until) for begin, until in ((FIRST, end), (FIRST, cut), (cut, end))
    )
    assert first["rollforward"]["end"] == second["rollforward"]["start"]
    assert whole["movements"] == first["movements"] + second["movements"]
    assert first["planned"][: len(second["movements"])] == second["movements"]


@given(subscriptions(), st.randoms(use_true_random=False))
def test_the_order_of_versions_changes_nothing(versions: list[dict[str, Any]], random: Any) -> None:
    shuffled = list(versions)
    random.shuffle(shuffled)
    end = FIRST + timedelta(days=120)
    assert run(DEFAULT, versions, FIRST, end) == run(DEFAULT, shuffled, FIRST, end)


@given(subscriptions())
def test_a_version_cut_in_two_equal_ones_moves_nothing(versions: list[dict[str, Any]]) -> None:
    first, *rest = versions
    start, end = date.fromisoformat(first["start"]), date.fromisoformat(first["end"])
    middle = start + (end - start) // 2
    cut = [first] if middle == start else [{**first, "end": str(middle)}, {**first, "start": str(middle)}]
    until = FIRST + timedelta(days=120)
    assert run(DEFAULT, [*cut, *rest], FIRST, until) == run(DEFAULT, versions, FIRST, until)


@given(st.lists(st.tuples(*[st.decimals(0, 10_000, places=2)] * 6), min_size=1, max_size=1))
def test_retention_is_the_direct_formula(rows: list[tuple[Decimal, ...]]) -> None:
    ((start, new, expansion, contraction, churn, back),) = rows
    names = ("start", "new", "expansion", "contraction", "churn", "reactivation")
    given_ = {name: {"amount": str(value), "currency": "USD"} for name, value in
              zip(names, (start, new, expansion, contraction, churn, back), strict=True)}  # fmt: skip
    ratios = DEFAULT.calculate({"currency": "USD", "totals": [given_]})["ratios"]
    if not start:
        assert ratios["nrr_percent"] is None and ratios["grr_percent"] is None
        return
    lost = Fraction(churn + contraction) / Fraction(start) * 100
    net = lost - Fraction(expansion + back) / Fraction(start) * 100
    assert abs(Fraction(ratios["gross_churn_percent"]) - lost) <= Fraction(1, 200)
    assert abs(Fraction(ratios["nrr_percent"]) - (100 - net)) <= Fraction(1, 200)
    assert 0 <= ratios["grr_percent"] <= 100
