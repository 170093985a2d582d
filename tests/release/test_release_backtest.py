"""Recorded events through old and new definitions: what differs, and the money."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_world import bill, edit, write_events

from engine.base.errors import UserError
from engine.release.backtest.collecting import build_report
from engine.release.backtest.comparing import Verdict, compare, differences, net_of
from engine.release.backtest.outcome import Outcome, Sent
from engine.release.backtest.postings import Posting, postings_of
from engine.release.backtest.report import BacktestReport
from engine.release.backtest.run import backtest

D = Decimal
TABLE, FLOW = "mappings/accounts.table.yaml", "mappings/booked.flow.yaml"
MAPPING, POLICY = "mappings/entry.mapping.yaml", "mappings/controls.policy.yaml"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Four bills before July, one after it, one of a customer that nobody knows."""
    bills = [bill(number, f"{100 + number}.00") for number in range(4)]
    bills += [bill(4, "50.00", due="2026-08-01"), bill(5, "9.00", "nobody")]
    return write_events(tmp_path / "bills.ndjson", bills)


def net(report: BacktestReport) -> dict[tuple[str, str], Decimal]:
    return {(row.name, row.currency): row.difference for row in report.accounts}


def counts(report: BacktestReport) -> dict[str, int]:
    return {name: count for name, count in report.counts.items() if count}


def test_the_same_definitions_give_the_same_outcomes(root: Path, events: Path) -> None:
    report = backtest(root, "booked", "HEAD", str(events))
    assert report.is_identical
    assert report.failed == {"both": 1, "old": 0, "new": 0}, "the customer that nobody knows"
    assert counts(report) == {"identical": 6}
    assert not report.accounts
    assert report.notes == ("The flow and everything that it refers to are the same on both sides.",)


def test_another_account_has_exactly_that_net_effect(root: Path, events: Path) -> None:
    edit(root, TABLE, ('account: "4000"', 'account: "4010"'))
    report = backtest(root, "booked", "HEAD", str(events))
    assert counts(report) == {"identical": 2, "changed": 4}
    assert net(report) == {("4000", "USD"): D("-406.00"), ("4010", "USD"): D("406.00")}
    assert [(row.old, row.new, row.events) for row in report.accounts] == [
        (D("406.00"), D("0"), 4), (D("0"), D("406.00"), 4)
    ]  # fmt: skip
    (group,) = report.groups
    assert group.kinds == ("posted.account changes",)
    assert [each.event for each in group.events] == ["e3", "e2", "e1", "e0"], "the most money first"
    change = report.find("b3")
    assert change is not None
    assert [(each.path, each.old, each.new) for each in change.changes] == [("posted.account", "4000", "4010")]


def test_an_amount_that_changes_by_a_cent(root: Path, events: Path) -> None:
    edit(root, MAPPING, ("amount: =bill.total", "amount: =bill.total - money(`0.01`, 'USD')"))
    report = backtest(root, "booked", "HEAD", str(events))
    assert net(report) == {("4000", "USD"): D("-0.04"), ("4100", "USD"): D("-0.01")}


def test_a_control_that_stops_what_passed(root: Path, events: Path) -> None:
    edit(root, POLICY, ("require: =entry.amount >= money(`0`, currency(entry.amount))",
                        "require: =entry.amount >= money(`102`, currency(entry.amount))"))  # fmt: skip
    report = backtest(root, "booked", "HEAD", str(events))
    assert counts(report) == {"identical": 3, "changed": 3}
    assert net(report) == {("4000", "USD"): D("-201.00"), ("4100", "USD"): D("-50.00")}
    changed = report.find("e0")
    assert changed is not None
    first, second = changed.changes
    assert (first.path, first.old) == ("outcome", "completed")
    assert first.new == "negative_entry: Bill b0 has the total 100.00 USD."
    assert (second.path, second.old, second.new) == ("posted", "document.create of b0 (100.00 USD)", None)


def test_outcomes_on_one_side_only(root: Path, events: Path) -> None:
    edit(root, FLOW, ("  event: bill.issued@1", "  event: bill.issued@1\n  when: =event.data.id != 'b1'"))
    report = backtest(root, "booked", "HEAD", str(events))
    assert counts(report) == {"identical": 5, "only_old": 1}
    assert net(report) == {("4000", "USD"): D("-101.00")}
    (group,) = report.groups
    assert group.title == "no outcome any more"


def test_a_flow_that_is_new(root: Path, events: Path) -> None:
    text = (
        (root / FLOW)
        .read_text("utf-8")
        .replace("id: booked", "id: booked_again")
        .replace("purpose: entry", "purpose: again")
    )
    (root / "mappings" / "booked_again.flow.yaml").write_text(text, "utf-8")
    report = backtest(root, "booked_again", "HEAD", str(events))
    assert counts(report) == {"only_new": 6}
    assert report.notes == ("The old definitions do not have this flow: everything it does is new.",)


def test_an_identity_that_changes_is_said(root: Path, events: Path) -> None:
    edit(root, FLOW, ("purpose: entry", "purpose: booking"))
    report = backtest(root, "booked", "HEAD", str(events))
    change = report.find("e0")
    assert change is not None
    assert [(each.path, each.old, each.new) for each in change.changes] == [
        ("posted identity", "ledger / b0 / 1 / entry", "ledger / b0 / 1 / booking"),
        ("output.document", *(text for text in (change.changes[1].old, change.changes[1].new))),
    ]
    assert not report.accounts, "the amounts are the same"


def test_an_event_that_does_not_fit_any_more(root: Path, events: Path) -> None:
    schema = "schemas/bill.issued@1.schema.json"
    edit(root, schema, ('"customer": {"type": "string"}', '"customer": {"enum": ["acme"]}'))
    report = backtest(root, "booked", "HEAD", str(events))
    assert counts(report) == {"identical": 5, "changed": 1}
    change = report.find("b5")
    assert change is None, "an event that cannot be read has no subject"
    change = report.find("e5")
    assert change is not None and change.new is not None
    assert change.new.state == "refused"


# ----------------------------------------------------------------------------- events


def test_events_of_a_folder(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "events"
    (folder / "more").mkdir(parents=True)
    (folder / "one.json").write_text(json.dumps(bill(1)), "utf-8")
    (folder / "more" / "list.json").write_text(json.dumps([bill(2), bill(3)]), "utf-8")
    (folder / "other.json").write_text(json.dumps({"type": "other@1", "id": "x"}), "utf-8")
    write_events(folder / "more" / "lines.ndjson", [bill(4)])
    report = backtest(root, "booked", "HEAD", str(folder))
    assert [each.origin for each in report.differences] == [
        "more/lines.ndjson:1", "more/list.json[1]", "more/list.json[2]", "one.json"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the event cannot be read"),
        ("{", "the event cannot be read"),
        ("[1]", "is not a JSON object"),
        ('{"type": "other@1", "id": "x"}', "holds nothing for flow booked, which takes bill.issued@1"),
        ('{"type": "bill.issued@1"}', "needs an `id`"),
        ('{"type": "bill.issued@1", "id": "x", "time": "yesterday"}', "not an RFC 3339 time"),
    ],
)
def test_files_that_hold_no_events(root: Path, tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "events.json"
    file.write_text(content, "utf-8")
    with pytest.raises(UserError, match=said):
        backtest(root, "booked", "HEAD", str(file))


def test_what_is_not_there(root: Path, tmp_path: Path, events: Path) -> None:
    with pytest.raises(UserError, match=r"there is no flow 'boked': .*booked"):
        backtest(root, "boked", "HEAD", str(events))
    with pytest.raises(UserError, match="there is no file or folder"):
        backtest(root, "booked", "HEAD", str(tmp_path / "nothing"))
    with pytest.raises(UserError, match="there is no store here to take the last 5 messages from"):
        backtest(root, "booked", "HEAD", "last:5")
    with pytest.raises(UserError, match="write last:500"):
        backtest(root, "booked", "HEAD", "last:none")
    edit(root, FLOW, ("connection: ledger", "connection: leger"))
    with pytest.raises(UserError, match="the workspace of the working copy has errors") as wrong:
        backtest(root, "booked", "HEAD", str(events))
    assert wrong.value.diagnostics


# ----------------------------------------------------------------------------- laws

AMOUNTS = st.decimals(-10_000, 10_000, places=2, allow_nan=False)
POSTINGS = st.lists(
    st.builds(
        Posting,
        st.sampled_from(["1000", "4000", "4100"]),
        st.sampled_from(["EUR", "JPY", "USD"]),
        AMOUNTS,
        st.sampled_from(["", "acme", "globex"]),
        st.sampled_from(["", "VAT"]),
    ),
    max_size=6,
)


def sent(postings: list[Posting]) -> Sent:
    """An effect that books these."""
    content = {"n": len(postings)}
    return Sent("k", "posted", "ledger", "create", ("o", "1", "p", ""), content, tuple(postings))


EFFECTS = st.builds(sent, POSTINGS)
OUTCOMES = st.none() | st.builds(lambda *found: Outcome("e", "s", "completed", sent=found), EFFECTS, EFFECTS)


def summed(outcomes: list[Outcome | None], part: str) -> dict[tuple[str, str], Decimal]:
    """The sums, added up here once more and on their own."""
    found: dict[tuple[str, str], Decimal] = {}
    for outcome in outcomes:
        for posting in () if outcome is None else outcome.postings:
            place = (getattr(posting, part), posting.currency)
            found[place] = found.get(place, D(0)) + posting.amount
    return found


@given(st.lists(st.tuples(OUTCOMES, OUTCOMES), max_size=5))
def test_the_net_effect_is_the_difference_of_both_sides_sums(
    pairs: list[tuple[Outcome | None, Outcome | None]],
) -> None:
    found = [compare(f"e{at}", "", old, new) for at, (old, new) in enumerate(pairs)]
    report = build_report("f", "old", "new", "events", found, {})
    for part, rows in (("account", report.accounts), ("customer", report.customers), ("tax", report.taxes)):
        old, new = (summed([pair[side] for pair in pairs], part) for side in (0, 1))
        places = {place for place in {*old, *new} if place[0]}
        expected = {place: new.get(place, D(0)) - old.get(place, D(0)) for place in places}
        shown = {(row.name, row.currency): row.difference for row in rows}
        assert shown.items() <= expected.items()
        assert all(amount == 0 for place, amount in expected.items() if place not in shown)
    moved: dict[tuple[str, str], Decimal] = {}
    for group in report.groups:
        for place, amount in group.net.items():
            moved[place] = moved.get(place, D(0)) + amount
    for difference in found:
        if difference.verdict is Verdict.IDENTICAL:
            for key, amount in (difference.net or {}).items():
                moved[key.account, key.currency] = moved.get((key.account, key.currency), D(0)) + amount
    assert {place: amount for place, amount in moved.items() if amount} == {
        (row.name, row.currency): row.difference for row in report.accounts if row.difference
    }


@given(OUTCOMES)
def test_an_outcome_does_not_differ_from_itself(outcome: Outcome | None) -> None:
    assert compare("e", "", outcome, outcome).verdict in (Verdict.IDENTICAL, Verdict.NOTHING)
    assert net_of(outcome, outcome) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc") | st.just("id"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_values_differ_exactly_if_they_are_not_equal(old: Any, new: Any) -> None:
    def typed(value: Any) -> Any:  # 1 and true are equal to Python, not to JSON
        if isinstance(value, dict):
            return {name: typed(part) for name, part in value.items()}
        return [typed(each) for each in value] if isinstance(value, list) else (type(value).__name__, value)

    assert bool(list(differences(old, new, "x"))) == (typed(old) != typed(new))


# ----------------------------------------------------------------------------- postings


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


def test_postings_of_the_forms_that_documents_have() -> None:
    invoice = {
        "customer": "acme", "currency": "EUR",
        "lines": [
            {"account": "4000", "amount": money("10.00"), "taxes": ["VAT 19"]}, {"account": "4100", "amount": "2.50"}
        ],
    }  # fmt: skip
    assert postings_of(invoice, "invoice.create", "credit") == (
        Posting("4000", "EUR", D("-10.00"), "acme", "VAT 19"), Posting("4100", "EUR", D("-2.50"), "acme")
    )  # fmt: skip
    entry = {
        "lines": [
            {"account": "1", "side": "debit", "amount": money("3")},
            {"account": "2", "side": "credit", "amount": money("3")},
        ]
    }
    assert [each.amount for each in postings_of(entry, "journal.create")] == [D(3), D(-3)]
    columns = {
        "currency": "JPY",
        "lines": [{"account": "1", "debit": "5", "credit": None}, {"account": "2", "credit": "5"}],
    }
    assert [each.amount for each in postings_of(columns, "journal.create")] == [D(5), D(-5)]
    payment = {"customer": {"id": "acme"}, "amount": money("7.00")}
    assert postings_of(payment, "payment.create") == (Posting("(payment.create)", "EUR", D("7.00"), "acme"),)
    assert postings_of({"note": "nothing"}, "note.create") == ()
