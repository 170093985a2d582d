"""Grants that burn down: published runs, recurrence, rollover, overage, value, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from cases.model import run_document
from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import Failure, UserError
from engine.base.money import Money

DAY_1 = "2024-01-01T00:00:00Z"


def day(number: int, time: str = "00:00:00") -> str:
    """A day of January 2024."""
    return f"2024-01-{number:02}T{time}Z"


def grant(name: str = "g1", amount: Any = 100, effective: str = DAY_1, **more: Any) -> dict[str, Any]:
    return {"id": name, "amount": str(amount), "effective_at": effective, **more}


def usage(quantity: Any, at: str, **more: Any) -> dict[str, Any]:
    return {"at": at, "quantity": str(quantity), **more}


def draw(document: dict[str, Any] | None = None, *, to: str = day(31), **facts: Any) -> dict[str, Any]:
    return run_document("wallet", document or {}, {"from": facts.pop("start", DAY_1), "to": to, **facts})


def balances(result: dict[str, Any]) -> dict[str, str]:
    return {name: f"{value.normalize():f}" for name, value in result["balances"].items()}


def number(value: Decimal) -> str:
    return f"{value.normalize():f}"


EXPIRES = {"expires_at": day(31)}
USE_120 = [usage(120, day(1, "01:00:00"))]


@pytest.mark.parametrize(
    ("grants", "used", "to", "left", "overage"),
    [
        # the runs that OpenMeter publishes for its credit engine
        ([], [usage(50, day(1, "01:00:00"))], day(31), {}, "50"),
        ([grant(**EXPIRES)], [usage(50, day(1, "01:00:00"))], day(30), {"g1": "50"}, "0"),
        ([grant(effective=day(11))], [usage(50, day(1, "01:00:00"))], day(6), {"g1": "0"}, "50"),
        (
            [grant(voided_at=day(1, "01:00:00"))],
            [usage(50, day(1, "00:59:00")), usage(50, day(1, "01:01:00"))], day(6), {"g1": "0"}, "50",
        ),
        (
            [grant(effective="2023-01-01T00:00:00Z", expires_at="2023-01-02T00:00:00Z")],
            [usage(50, day(1, "01:00:00"))], day(6), {"g1": "0"}, "50",
        ),
        ([grant(), grant("g2")], [usage(200, day(1, "01:00:00"))], day(2), {"g1": "0", "g2": "0"}, "0"),
        ([grant("g2", priority=2), grant(priority=1)], USE_120, day(2), {"g1": "0", "g2": "80"}, "0"),
        (
            [grant("g2", expires_at="2124-01-01T00:00:00Z"), grant(**EXPIRES)], USE_120, day(2),
            {"g1": "0", "g2": "80"}, "0",
        ),
        ([grant(recurs_every_days=1)], USE_120, day(2, "01:00:00"), {"g1": "80"}, "0"),
    ],
)  # fmt: skip
def test_published_runs(
    grants: list[dict[str, Any]], used: list[dict[str, Any]], to: str, left: dict[str, str], overage: str
) -> None:
    result = draw(to=to, grants=grants, usage=used)
    assert (balances(result), number(result["overage"])) == (left, overage)


def test_overage_before_a_grant_is_taken_from_it_when_it_begins() -> None:
    result = draw(
        start="2023-12-31T00:00:00Z", to=day(2), grants=[grant(starting_balance=0)],
        usage=[usage(25, day(1, "01:00:00")), usage(25, "2023-12-31T23:00:00Z")],
    )  # fmt: skip
    assert (balances(result), number(result["overage"])) == ({"g1": "50"}, "0")
    assert [(move["what"], number(move["credits"])) for move in result["moves"]] == [
        ("granted", "100"), ("overage", "25"),
    ]  # fmt: skip


@pytest.mark.parametrize(("to", "second"), [(day(11), "100"), (day(10, "23:00:00"), "80")])
def test_a_recurrence_is_counted_from_an_anchor_after_the_start(to: str, second: str) -> None:
    """Before and after the second week: 100 given anew, else 20 used since the anchor (published by OpenMeter)."""
    used = [
        usage(20, day(1, "01:00:00")), usage(20, day(1, "23:59:59")), usage(20, day(2)), usage(20, day(4)),
    ]  # fmt: skip
    grants = [
        grant(effective="2023-12-31T00:00:00Z", priority=3, starting_balance=80),
        grant("g2", effective=day(2), priority=1, recurs_every_days=7, recurrence_anchor=day(4)),
    ]
    assert balances(draw(to=to, grants=grants, usage=used)) == {"g1": "40", "g2": second}


def test_monthly_recurrence_remembers_the_last_day_of_its_anchor() -> None:
    grants = [grant(effective=day(31), recurs_every_months=1)]
    result = draw(start=day(31), to="2024-04-30T00:00:00Z", grants=grants)
    assert [move["at"].isoformat()[:10] for move in result["moves"] if move["what"] == "recurred"] == [
        "2024-02-29", "2024-03-31", "2024-04-30",
    ]  # fmt: skip


def test_start_is_included_and_expiry_is_not() -> None:
    grants = [grant(effective=day(2), expires_at=day(3))]
    used = [usage(1, day(2)), usage(1, day(3)), usage(1, day(2, "23:59:59"))]
    result = draw(grants=grants, usage=used, to=day(4))
    assert [(each["usage"], each["grant"]) for each in result["drawdowns"]] == [("1", "g1"), ("3", "g1"), ("2", "")]
    assert (number(result["grants"][0]["lapsed"]), number(result["overage"])) == ("98", "1")


@pytest.mark.parametrize(("window_end", "left", "lapsed"), [("this_window", "0", "50"), ("next_window", "50", "0")])
def test_an_expiry_at_the_very_end_belongs_to_the_declared_window(window_end: str, left: str, lapsed: str) -> None:
    facts = {"grants": [grant(**EXPIRES)], "usage": [usage(50, day(1, "01:00:00"))]}
    result = draw({"window_end": window_end}, **facts)
    assert (balances(result)["g1"], number(result["grants"][0]["lapsed"])) == (left, lapsed)


@pytest.mark.parametrize(
    ("rollover", "left"),
    [
        (None, "100"),
        ({}, "170"),
        ({"maximum": 50}, "150"),
        ({"minimum": 90}, "190"),
        ({"minimum": 0, "maximum": 0}, "100"),
    ],
)
def test_what_is_carried_into_a_recurrence(rollover: dict[str, Any] | None, left: str) -> None:
    document = {} if rollover is None else {"rollover": rollover}
    used = [usage(30, day(1, "12:00:00"))]
    assert balances(draw(document, to=day(2), grants=[grant(recurs_every_days=1)], usage=used)) == {"g1": left}


def test_units_are_carried_so_often_and_no_further() -> None:
    document = {"rollover": {"times_max": 2}}
    left = [
        balances(draw(document, to=day(number), grants=[grant(recurs_every_days=1)]))["g1"] for number in (2, 3, 4, 5)
    ]
    assert left == ["200", "300", "300", "300"]


@pytest.mark.parametrize(("used", "left"), [("first", "200"), ("last", "130")])
def test_carried_units_burn_before_or_after_the_new_ones(used: str, left: str) -> None:
    """70 are carried once and 70 burn on the second day: either the carried ones, or new ones that may still be."""
    document = {"rollover": {"times_max": 1, "used": used}}
    use = [usage(30, day(1, "12:00:00")), usage(70, day(2, "12:00:00"))]
    assert balances(draw(document, to=day(3), grants=[grant(recurs_every_days=1)], usage=use)) == {"g1": left}


def test_rollover_by_overlapping_grants() -> None:
    """1,000 prepaid, 800 drawn: 200 and the next 1,000 are there at the next period's start (published by Zuora)."""
    grants = [
        grant("jan", 1000, expires_at="2024-03-01T00:00:00Z"),
        grant("feb", 1000, effective="2024-02-01T00:00:00Z", expires_at="2024-04-01T00:00:00Z", starting_balance=0),
    ]
    result = draw(to="2024-02-01T00:00:00Z", grants=grants, usage=[usage(800, day(15))])
    assert (balances(result), number(result["balance"])) == ({"jan": "200", "feb": "1000"}, "1200")


AI_CREDITS = {
    "overage": {"treatment": "billed", "unit_price": Decimal("0.12"), "currency": "USD"},
}
YEAR = {"effective_at": "2026-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z"}
PREPAID = {"id": "ai", "amount": "10000", "price": {"amount": "1000.00", "currency": "USD"}, **YEAR}


def test_prepaid_credits_from_purchase_to_breakage() -> None:
    """10,000 credits for 1,000.00: 2,500 used earn 250.00; 9,000 by year end earn 900.00 and 100.00 lapse."""
    january = run_document("wallet", AI_CREDITS, {
        "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "grants": [PREPAID],
        "usage": [usage(2500, "2026-01-20T00:00:00Z")],
    })  # fmt: skip
    assert (january["value_used"], january["value_left"]) == (Money.of("250.00", "USD"), Money.of("750.00", "USD"))
    rest = run_document("wallet", AI_CREDITS, {
        "from": "2026-02-01T00:00:00Z", "to": "2027-01-01T00:00:00Z",
        "grants": [{**PREPAID, "starting_balance": "7500"}], "usage": [usage(6500, "2026-06-20T00:00:00Z")],
    })  # fmt: skip
    assert rest["value_used"] == Money.of("650.00", "USD")
    assert rest["value_lapsed"] == Money.of("100.00", "USD")
    assert rest["value_left"] == Money.of("0.00", "USD")


def test_billed_overage_has_its_price() -> None:
    result = run_document("wallet", AI_CREDITS, {
        "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "grants": [PREPAID],
        "usage": [usage(10400, "2026-06-20T00:00:00Z")],
    })  # fmt: skip
    assert (number(result["overage"]), result["overage_amount"]) == ("400", Money.of("48.00", "USD"))


def test_burn_rates_turn_units_into_credits() -> None:
    document = {"rates": [{"kind": "text", "credits": 1}, {"kind": "image", "credits": Decimal("7.5")}]}
    used = [usage(3, day(2), kind="image", id="a"), usage(10, day(3), kind="text", id="b")]
    result = draw(document, grants=[grant()], usage=used)
    assert balances(result) == {"g1": "67.5"}
    with pytest.raises(Failure, match=r"usage c: no rate for usage of kind video; rates are declared for text, image"):
        draw(document, grants=[grant()], usage=[usage(1, day(2), kind="video", id="c")])


def test_grants_for_a_kind_pay_that_kind_only() -> None:
    grants = [grant("images", 10, kinds=["image"], priority=1), grant("all", 10, priority=2)]
    used = [usage(4, day(2), kind="text"), usage(12, day(3), kind="image"), usage(5, day(4), kind="text")]
    result = draw(grants=grants, usage=used)
    assert (balances(result), number(result["overage"])) == ({"images": "0", "all": "0"}, "1")


def test_a_grant_that_begins_within_its_cycle_is_cut_by_seconds() -> None:
    part = {"effective": day(11), "cycle_start": DAY_1, "cycle_end": day(31)}
    result = draw({"proration": {"scale": 8}}, to=day(12), grants=[grant(amount=100, **part)])
    assert balances(result) == {"g1": "66.66666667"}
    with pytest.raises(Failure, match="grant g1: it names a cycle, and no proration is declared"):
        draw(grants=[grant(amount=100, **part)])


def test_usage_outside_the_window_is_named() -> None:
    used = [usage(1, "2023-12-31T23:59:59Z", id="early"), usage(1, day(31), id="late"), usage(1, day(2), id="in")]
    assert draw(grants=[grant()], usage=used)["outside"] == ["early", "late"]


def test_a_refused_overage_names_the_record() -> None:
    with pytest.raises(Failure, match=r"wallet case 1.0.0, usage u9: 20 credits lack at 2024-01-02.*add a grant"):
        draw({"overage": {"treatment": "refused"}}, grants=[grant()], usage=[usage(120, day(2), id="u9")])


@pytest.mark.parametrize(
    ("facts", "match"),
    [
        ({"grants": [grant(), grant()]}, "two grants have the same id"),
        ({"grants": [grant(starting_balance=101)]}, "grant g1: 101 is left of 100"),
        ({"grants": [grant(amount=-1)]}, "grant g1: its amount or balance is below zero"),
        ({"grants": [grant(recurs_every_days=0)]}, "grant g1: the period of recurrence is not above zero"),
        ({"grants": [grant(recurs_every_days=1, recurs_every_months=1)]}, "give one of them"),
        ({"usage": [usage(-1, day(2), id="u")]}, "usage u: -1 units were used"),
        ({"to": "2023-01-01T00:00:00Z"}, "before it begins"),
        (
            {"grants": [grant(price={"amount": "1", "currency": "USD"}),
                        grant("g2", price={"amount": "1", "currency": "EUR"})]},
            "grants were paid in EUR and USD",
        ),
        ({"grants": [grant(recurs_every_days=1, price={"amount": "1", "currency": "USD"})]}, "has no one price"),
        ({"starting_overage": "-1"}, "overage at the start is below zero"),
    ],
)  # fmt: skip
def test_facts_that_do_not_fit_are_refused(facts: dict[str, Any], match: str) -> None:
    with pytest.raises(Failure, match=match):
        draw(**facts)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"overage": {"treatment": "remembered", "unit_price": 1, "currency": "USD"}}, "FIN090"),
        ({"overage": {"treatment": "billed", "unit_price": 1}}, "FIN090"),
        ({"overage": {"treatment": "billed", "unit_price": -1, "currency": "USD"}}, "FIN090"),
        ({"rollover": {"minimum": 2, "maximum": 1}}, "FIN091"),
        ({"rollover": {"times_max": 0}}, "FIN091"),
        ({"rates": [{"kind": "a", "credits": 0}]}, "FIN092"),
        ({"rates": [{"kind": "a", "credits": 1}, {"kind": "a", "credits": 2}]}, "FIN092"),
        ({"order": ["id", "priority"]}, "FIN093"),
        ({"order": ["priority", "priority"]}, "FIN093"),
    ],
)
def test_documents_that_cannot_be_meant_are_found(document: dict[str, Any], code: str) -> None:
    with pytest.raises(UserError) as caught:
        draw(document)
    assert [finding.code for finding in caught.value.diagnostics] == [code]


# ----------------------------------------------------------------------------- laws

GRANTS = st.lists(
    st.tuples(
        st.integers(0, 500), st.integers(1, 20), st.integers(1, 15), st.integers(0, 2),
        st.sampled_from([None, None, 1, 3, 7]),
    ), max_size=5,
)  # fmt: skip
Grants = list[tuple[int, int, int, int, int | None]]
USES = st.lists(st.tuples(st.integers(1, 28), st.integers(0, 300)), max_size=12)


def _world(grants: Grants, uses: list[tuple[int, int]]) -> dict[str, Any]:
    return {
        "grants": [
            grant(f"g{at}", amount, day(begin), expires_at=day(min(31, begin + length)), priority=priority)
            | ({} if every is None else {"recurs_every_days": every, "recurrence_anchor": day(9)})
            for at, (amount, begin, length, priority, every) in enumerate(grants)
        ],
        "usage": [usage(quantity, day(on, "12:00:00"), id=f"u{at}") for at, (on, quantity) in enumerate(uses)],
    }


@given(GRANTS, USES, st.sampled_from(["remembered", "billed"]))
def test_no_credit_is_lost_and_none_appears(grants: Grants, uses: list[tuple[int, int]], treatment: str) -> None:
    result = draw({"overage": {"treatment": treatment}}, **_world(grants, uses))
    for state in result["grants"]:
        assert state["granted"] == state["used"] + state["lapsed"] + state["voided"] + state["balance"]
        assert min(state["used"], state["lapsed"], state["balance"]) >= 0
    used = sum((state["used"] for state in result["grants"]), Decimal(0))
    assert used + result["overage"] == sum(quantity for _, quantity in uses)
    taken = sum((each["credits"] for each in result["drawdowns"]), Decimal(0))
    assert taken == sum(quantity for _, quantity in uses)


@given(GRANTS, USES, st.integers(2, 27))
def test_two_windows_are_one(grants: Grants, uses: list[tuple[int, int]], cut: int) -> None:
    world = _world(grants, uses)
    whole = draw(to=day(29), **world)
    first = draw(to=day(cut), **world)
    carried = [{**each, "starting_balance": str(first["balances"][each["id"]])} for each in world["grants"]]
    second = draw(
        start=day(cut), to=day(29), grants=carried, usage=world["usage"], starting_overage=str(first["overage"])
    )
    assert second["balances"] == whole["balances"]
    assert second["overage"] == whole["overage"]


@given(st.integers(1, 9999), st.integers(1, 99999), st.lists(st.integers(0, 400), min_size=1, max_size=8))
def test_the_price_of_a_grant_is_used_up_with_its_credits(amount: int, cents: int, steps: list[int]) -> None:
    left, price = amount, Decimal(cents) / 100
    earned = Decimal(0)
    for step in [*steps, amount]:
        step = min(step, left)
        one = grant(amount=amount, starting_balance=left, price={"amount": str(price), "currency": "USD"})
        result = draw(to=day(3), grants=[one], usage=[usage(step, day(2))])
        earned += result["value_used"].amount
        left -= step
        assert earned + result["value_left"].amount == price
    assert earned == price
