"""Laws of contracts: whatever changes, nothing is lost, and both styles of posting end the same."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from revenue_documents import document, total, usd

METHODS = ["by_day", "even_months", "prorated_calendar_months", "even_touched_months", "thirty_360"]
DOCUMENTS = {
    (method, style, posting): document({
        "policy": {"rounding": style, "posting": posting},
        "obligations": [{"id": "all", "method": method}],
        "allocation": {"ties": "identifier"},
    })
    for method in METHODS for style in ("cumulative", "remainder_last", "remainder_first", "floor_full_periods")
    for posting in ("net", "gross")
}  # fmt: skip

cents = st.integers(0, 5_000_000).map(lambda units: Decimal(units).scaleb(-2))
choices = st.sampled_from(sorted(DOCUMENTS))


@st.composite
def contracts(draw: st.DrawFn) -> dict[str, Any]:
    """A contract of one to three services, with billing, and changes in the order of time."""
    start = draw(st.dates(date(2025, 1, 1), date(2026, 6, 30)))
    obligations = []
    for index in range(draw(st.integers(1, 3))):
        begin = start + timedelta(days=draw(st.integers(0, 40)))
        obligations.append({
            "id": f"o{index}", "ssp": usd(draw(st.integers(1, 900))), "start": str(begin),
            "end": str(begin + timedelta(days=draw(st.integers(200, 500)))),
        })  # fmt: skip
    price = draw(cents)
    days = sorted(draw(st.lists(st.integers(1, 150), max_size=3)))
    changes: list[dict[str, Any]] = []
    for index, offset in enumerate(days):
        on = str(start + timedelta(days=41 + offset))
        kind = draw(st.sampled_from(["prospective", "catch_up", "estimate", "separate"]))
        if kind == "estimate":
            changes.append({"id": f"c{index}", "on": on, "component": "bonus", "included": usd(draw(cents))})
        elif kind == "separate":
            added = {"id": f"n{index}", "ssp": usd(10), "start": on, "end": "2027-06-30", "price": usd(draw(cents))}
            changes.append({"id": f"c{index}", "on": on, "treatment": "separate_contract", "added": [added]})
        else:
            changes.append({"id": f"c{index}", "on": on, "treatment": kind, "added_price": usd(draw(cents))})
    billing = [
        {"on": str(start + timedelta(days=draw(st.integers(-30, 400)))), "amount": usd(draw(cents))}
        for _ in range(draw(st.integers(0, 3)))
    ]
    return {
        "currency": "USD", "price": usd(price), "obligations": obligations, "changes": changes, "billing": billing,
        "consideration": [{"id": "bonus", "included": usd(draw(cents))}],
    }  # fmt: skip


@given(choices, contracts())
def test_recognised_and_remaining_are_the_price_at_every_period_end(choice: Any, facts: dict[str, Any]) -> None:
    result = DOCUMENTS[choice].calculate(facts)
    price = result["price"]["total"].amount
    assert total(result) == price
    assert result["remaining"].amount == 0
    assert sum(row["amount"].amount for row in result["allocation"]) == price
    assert sum(row["amount"].amount for row in result["periods"]) == price
    last = result["positions"][-1]
    assert last["recognized_to_date"].amount == price
    assert last["remaining"].amount == 0


@given(choices, contracts())
def test_positions_are_billed_less_recognised(choice: Any, facts: dict[str, Any]) -> None:
    result = DOCUMENTS[choice].calculate(facts)
    billed = recognized = Decimal(0)
    for row in result["positions"]:
        billed += row["billed"].amount
        recognized += row["revenue"].amount
        assert row["deferred"].amount - row["contract_asset"].amount == billed - recognized
        assert row["deferred"].amount == 0 or row["contract_asset"].amount == 0
        assert row["remaining"].amount == row["remaining_obligations"].amount
        assert 0 <= row["deferred_long_term"].amount <= row["deferred"].amount


def closings(result: dict[str, Any]) -> dict[str, dict[str, Decimal]]:
    """The balance of every account at the end of each period, from the journal alone."""
    balances: dict[str, Decimal] = {}
    found = {}
    moves: dict[str, list[dict[str, Any]]] = {}
    for each in result["journal"]:
        moves.setdefault(each["period"], []).append(each)
    for row in result["positions"]:
        debits = credits = Decimal(0)
        for move in moves.get(row["period"], []):
            debit = move["debit"].amount if move["debit"] else Decimal(0)
            credit = move["credit"].amount if move["credit"] else Decimal(0)
            debits, credits = debits + debit, credits + credit
            balances[move["role"]] = balances.get(move["role"], Decimal(0)) + debit - credit
        assert debits == credits
        found[row["period"]] = {role: amount for role, amount in balances.items() if amount}
    return found


@given(st.sampled_from(METHODS), st.sampled_from(["cumulative", "remainder_last"]), contracts())
def test_both_styles_of_posting_close_alike(method: str, style: str, facts: dict[str, Any]) -> None:
    net = DOCUMENTS[method, style, "net"].calculate(facts)
    gross = DOCUMENTS[method, style, "gross"].calculate(facts)
    ends = closings(net)
    assert ends == closings(gross)
    for row in net["positions"]:
        closing = ends[row["period"]]
        assert closing.get("deferred_revenue", Decimal(0)) == -row["deferred"].amount
        assert closing.get("contract_asset", Decimal(0)) == row["contract_asset"].amount


@given(choices, contracts(), st.integers(0, 20))
def test_posting_again_posts_nothing_and_a_change_posts_its_difference(
    choice: Any, facts: dict[str, Any], months: int
) -> None:
    calculation = DOCUMENTS[choice]
    before = calculation.calculate({**facts, "changes": []})
    as_of = str(date(2025, 6, 30) + timedelta(days=31 * months))
    posted: dict[tuple[str, str], Decimal] = {}

    def post(result: dict[str, Any]) -> None:
        for row in result["postings"]:
            key = row["obligation"], row["period"]
            posted[key] = posted.get(key, Decimal(0)) + row["amount"].amount

    def listed() -> list[dict[str, Any]]:
        return [
            {"obligation": name, "period": period, "amount": usd(amount)} for (name, period), amount in posted.items()
        ]

    post(calculation.calculate({**facts, "changes": [], "as_of": as_of}))
    again = calculation.calculate({**facts, "changes": [], "as_of": as_of, "posted": listed()})
    assert again["postings"] == []
    assert sum(posted.values()) == sum(row["amount"].amount for row in before["schedule"] if row["period"] <= as_of[:7])
    post(calculation.calculate({**facts, "posted": listed()}))
    final = calculation.calculate(facts)
    assert {key: amount for key, amount in posted.items() if amount} == {
        (row["obligation"], row["period"]): row["amount"].amount for row in final["schedule"] if row["amount"].amount
    }


@given(choices, contracts(), st.dates(date(2025, 1, 1), date(2026, 12, 31)))
def test_closed_periods_keep_what_belongs_to_them(choice: Any, facts: dict[str, Any], opened: date) -> None:
    calculation = DOCUMENTS[choice]
    plain = calculation.calculate(facts)
    pushed = calculation.calculate({**facts, "open_from": str(opened)})
    first = f"{opened:%Y-%m}"
    assert [(row["obligation"], row["period"], row["amount"]) for row in plain["schedule"]] == [
        (row["obligation"], row["period"], row["amount"]) for row in pushed["schedule"]
    ]
    assert all(row["posted"] == max(row["period"], first) for row in pushed["schedule"])
    assert total(plain) == total(pushed)


@given(contracts(), st.integers(10, 150))
def test_a_change_that_changes_nothing_moves_no_cent(facts: dict[str, Any], offset: int) -> None:
    calculation = DOCUMENTS["by_day", "cumulative", "net"]
    on = str(date.fromisoformat(facts["obligations"][0]["start"]) + timedelta(days=offset))
    one = {**facts, "changes": []}
    same = {"id": "same", "on": on, "treatment": "prospective", "price": one["price"]}
    assert calculation.calculate({**one, "changes": [same]})["schedule"] == calculation.calculate(one)["schedule"]


@given(contracts())
def test_carving_sums_to_zero(facts: dict[str, Any]) -> None:
    """Stated prices and allocated ones differ line by line, never over the contract."""
    stated = [{**each, "price": usd(100 * (index + 1))} for index, each in enumerate(facts["obligations"])]
    given_ = {"currency": "USD", "obligations": stated}
    result = DOCUMENTS["by_day", "cumulative", "net"].calculate(given_)
    assert sum(row["carve"].amount for row in result["allocation"]) == 0
