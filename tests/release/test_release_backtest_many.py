"""Backtests of very many events: exact sums, a report that does not grow, and every difference for who asks."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from review_world import bill, edit, write_events

from engine import api
from engine.release.backtest.collecting import KEPT_MAX, Collector
from engine.release.backtest.comparing import Change, EventDifference, Verdict, compare
from engine.release.backtest.outcome import Outcome, Sent
from engine.release.backtest.page import EVENTS_MAX, render
from engine.release.backtest.postings import Posting
from engine.release.backtest.report import BacktestReport
from engine.release.backtest.run import backtest

D = Decimal
TABLE, MAPPING, POLICY = "mappings/accounts.table.yaml", "mappings/entry.mapping.yaml", "mappings/controls.policy.yaml"
COUNT = 1_200


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return write_events(tmp_path / "bills.ndjson", (bill(number, f"{number}.25") for number in range(COUNT)))


def test_of_many_events_the_sums_are_exact_and_the_biggest_are_kept(root: Path, events: Path) -> None:
    edit(root, TABLE, ('account: "4000"', 'account: "4010"'))
    seen: list[tuple[int, int]] = []
    report = backtest(root, "booked", "HEAD", str(events), progress=lambda *at: seen.append(at), asked="e7")
    assert seen == [(done, COUNT) for done in range(1, COUNT + 1)]
    total = sum((D(f"{number}.25") for number in range(COUNT)), D(0))
    assert {row.name: row.difference for row in report.accounts} == {"4000": -total, "4010": total}
    (group,) = report.groups
    assert (report.total, group.count, report.counts["changed"]) == (COUNT, COUNT, COUNT)
    assert [each.event for each in group.events] == [f"e{COUNT - 1 - at}" for at in range(KEPT_MAX)]
    assert len(report.differences) == KEPT_MAX
    assert group.values[0].events == COUNT, "values are counted over all of them"
    asked = report.find("e7")
    assert asked is not None and asked.new is not None and asked.new.sent
    assert report.as_json()["differences_left_out"] == COUNT - KEPT_MAX


def test_every_difference_goes_to_a_file_for_who_asks(root: Path, events: Path, tmp_path: Path) -> None:
    edit(root, TABLE, ('account: "4000"', 'account: "4010"'))
    file = tmp_path / "differences.ndjson"
    api.backtest(api.find_place(workspace=root, state=tmp_path), "booked", "HEAD", str(events), differences=file)
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [each["event"] for each in lines] == [f"e{number}" for number in range(COUNT)]
    assert all(each["changes"] == [{"path": "posted.account", "old": "4000", "new": "4010"}] for each in lines)


def collected(count: int, kinds: int) -> BacktestReport:
    """A report of made-up events that differ in so many ways."""
    collector = Collector()
    for number in range(count):
        posting = Posting(f"{number % kinds}", "EUR", D(number), f"c{number}")
        new = Outcome(
            f"e{number}", "", "completed", sent=(Sent("k", "posted", "l", "o", ("", "", "", ""), {}, (posting,)),)
        )
        found = compare(f"e{number}", "", Outcome(f"e{number}", "", "completed"), new)
        change = Change(f"posted.field_{number % kinds}", None, str(number))
        collector.add(EventDifference(found.event, "", "", Verdict.CHANGED, found.old, found.new, (change,), found.net))
    return collector.report("f", "old", "new", "events", {}, {})


def test_a_page_does_not_grow_with_the_events() -> None:
    report = collected(12_000, 400)
    assert len(report.groups) == 400
    assert sum(len(group.events) for group in report.groups) < 12_000
    assert sum((row.difference for row in report.accounts), D(0)) == sum(range(12_000))
    page = render(report)
    assert page.count("<article") <= EVENTS_MAX
    assert "and 200 more kinds of difference" in page
    assert len(page) < 1_500_000


# ----------------------------------------------------------------------------- what is said of each


def test_amounts_say_by_how_much_they_differ(root: Path, events: Path) -> None:
    edit(root, MAPPING, ("amount: =bill.total", "amount: =bill.total - money(`0.01`, 'USD')"))
    report = backtest(root, "booked", "HEAD", str(events))
    found = report.find("e3")
    assert found is not None
    assert found.changes == (Change("posted.amount", "3.25 USD", "3.24 USD", "-0.01 USD"),)
    assert "3.24 USD</ins> <b>(-0.01 USD)</b>" in render(report)
    assert report.as_json()["differences"][0]["changes"][0]["difference"] == "-0.01 USD"


def test_what_fails_is_counted_by_side(root: Path, tmp_path: Path) -> None:
    bills = [bill(0, "5.00"), bill(1, "50.00"), bill(2, "5.00", "nobody")]
    file = write_events(tmp_path / "bills.ndjson", bills)
    edit(root, POLICY, ("money(`0`", "money(`10`"))
    report = backtest(root, "booked", "HEAD", str(file))
    assert report.failed == {"both": 1, "old": 0, "new": 1}
    assert "Ended in an exception, or could not be read: 1 on both sides, 1 only on the new side." in render(report)


HOSTILE = '"><img src=x onerror=alert(1)></td><script>alert(2)</script>\u202eevil\x1b[31m\x07'


def test_hostile_texts_stay_texts(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = {**bill(1, order=HOSTILE), "subject": HOSTILE, "id": f"e1{HOSTILE}"}
    file = write_events(tmp_path / "bills.ndjson", [event, {**event, "id": "e2"}])
    edit(root, MAPPING, ("order: =bill.order", "order: =join('', [default(bill.order, ''), '!'])"))
    report = backtest(root, "booked", "HEAD", str(file))
    page = render(report)
    assert "<img" not in page and page.count("<script") == 1
    assert "Content-Security-Policy" in page and "default-src 'none'" in page
    assert not {"\u202e", "\x1b", "\x07"} & set(page)
    assert "\\u202eevil\\u001b[31m\\u0007" in page, "what would act is written as its code"

    from rich.console import Console

    from engine.release.backtest.screen import show_event, show_report

    console = Console(width=200, highlight=False, emoji=False, markup=False)
    show_report(report, console)
    show_event(report.differences[0], console)
    printed = capsys.readouterr().out
    assert "evil" in printed
    assert not {"\u202e", "\x1b", "\x07"} & set(printed)
