"""Backtests on what a store has recorded: its inbox, its receipts, its links and its replies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from review_world import bill, commit, edit

from engine import api
from engine.base.errors import UserError
from engine.release.backtest.report import BacktestReport
from engine.store import tables
from engine.store.driver import SqliteDriver

FLOW, TABLE = "mappings/booked.flow.yaml", "mappings/accounts.table.yaml"
READ = """  - id: before
    read:
      connection: ledger
      operation: document.read
      input:
        key: =event.data.id
  - id: entry
"""


@pytest.fixture
def place(root: Path, tmp_path: Path) -> api.Place:
    """A workspace whose flow asks before it posts, and a store on which it ran for three bills."""
    edit(root, FLOW, ("  - id: entry\n", READ))
    commit(root, "ask first")
    place = api.find_place(workspace=root, state=tmp_path / "state")
    for number in range(1, 4):
        api.run_event(place, "booked", json.dumps(bill(number, f"{number}0.00")).encode(), None, None, 10)
    return place


def replayed(place: api.Place, events: str = "last:10", against: str = "HEAD") -> BacktestReport:
    return api.backtest(place, "booked", against, events)


def test_nothing_is_made_up_where_everything_was_recorded(place: api.Place) -> None:
    report = replayed(place)
    assert report.is_identical
    assert [each.event for each in report.differences] == ["e1", "e2", "e3"], "in the order in which they came"
    assert report.made_up == {}
    outcome = report.differences[0].new
    assert outcome is not None
    assert outcome.output == {"document": "doc_1"}, "the id that the ledger gave"


def test_the_last_ones_are_the_latest(place: api.Place) -> None:
    edit(place.workspace, TABLE, ('account: "4000"', 'account: "4010"'))
    report = replayed(place, "last:2")
    assert [each.event for each in report.differences] == ["e2", "e3"]
    assert {row.name: str(row.difference) for row in report.accounts} == {"4000": "-50.00", "4010": "50.00"}


def test_from_files_the_same_replies_are_made_up_and_said(place: api.Place, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps(bill(9)), "utf-8")
    report = replayed(place, str(file))
    assert report.is_identical
    assert report.made_up == {
        "the receipt of document.create from ledger": 1,
        "the reply of document.read from ledger (an empty object: its contract does not say what it looks like)": 1,
    }


def test_a_recorded_refusal_is_refused_again(place: api.Place) -> None:
    engine = SqliteDriver(Path(place.store)).engine()
    with engine.begin() as connection:
        key = connection.execute(sa.select(tables.effect.c.key).where(tables.effect.c.object == "b2")).scalar_one()
        connection.execute(sa.delete(tables.receipt).where(tables.receipt.c.effect_key == key))
        refused = {"state": "rejected", "error_class": "period_closed", "error": "February is closed"}
        connection.execute(sa.update(tables.effect).where(tables.effect.c.key == key).values(**refused))
    engine.dispose()
    report = replayed(place)
    assert report.is_identical
    outcome = report.differences[1].old
    assert outcome is not None and outcome.state == "exception"
    assert "February is closed" in outcome.exceptions[0].detail + outcome.exceptions[0].message
    edit(place.workspace, TABLE, ('account: "4000"', 'account: "4010"'))
    changed = replayed(place).find("e2")
    assert changed is not None and changed.new is not None
    assert changed.new.state == "completed", "what was not sent like that was not refused like that"


def test_a_bundle_is_what_the_runs_went_by(place: api.Place) -> None:
    with api.operator(place) as operator:
        bundle = operator.runs(None, "booked", 1)[0]["bundle"]
    edit(place.workspace, TABLE, ('account: "4000"', 'account: "4010"'))
    report = replayed(place, against=bundle)
    assert report.old == f"bundle {bundle[:12]}"
    assert report.counts["changed"] == 3


def test_a_store_without_messages_for_the_flow(place: api.Place) -> None:
    engine = SqliteDriver(Path(place.store)).engine()
    with engine.begin() as connection:
        connection.execute(sa.delete(tables.message))
    engine.dispose()
    with pytest.raises(UserError, match="the store's inbox holds no message for flow booked"):
        replayed(place)


def test_a_file_that_is_no_store(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"not a database, and long enough to be looked at as one" * 40)
    place = api.find_place(workspace=root, store=str(file))
    with pytest.raises(UserError, match="cannot be read as a store"):
        api.backtest(place, "booked", "HEAD", "last:5")
