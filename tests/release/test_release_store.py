"""Backtests on what a store has recorded: its inbox, its receipts, its links and its replies."""

from __future__ import annotations

import json
import socket
import sys
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from review_world import bill, commit, edit

from engine import api
from engine.base.errors import UserError
from engine.release.backtest import recorded
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


_CONNECTIONS: Counter[str] = Counter()


def _counted(event: str, _arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg"):
        _CONNECTIONS[event] += 1


sys.addaudithook(_counted)


@pytest.fixture
def connections() -> Counter[str]:
    """What this process has sent into any network since, told by the interpreter itself."""
    _CONNECTIONS.clear()
    return _CONNECTIONS


def stored(place: api.Place) -> dict[str, int]:
    """How many rows every table of the store holds."""
    engine = SqliteDriver(Path(place.store)).engine()
    with engine.connect() as connection:
        found = {
            name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for name, table in tables.metadata.tables.items()
            if sa.inspect(engine).has_table(name)
        }
    engine.dispose()
    return found


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
    assert report.recorded == {
        "the receipt of document.create from ledger": 3, "the reply of document.read from ledger": 3
    }  # fmt: skip
    outcome = report.differences[0].new
    assert outcome is not None
    assert outcome.output == {"document": "doc_1"}, "the id that the ledger gave"


def test_a_store_is_read_a_page_at_a_time(place: api.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = replayed(place)
    monkeypatch.setattr(recorded, "_PAGE", 2)
    paged = replayed(place)
    assert paged.differences == whole.differences
    assert (paged.recorded, paged.made_up) == (whole.recorded, {})


def test_nothing_is_sent_and_nothing_is_stored(place: api.Place, connections: Counter[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]):
        assert connections["socket.connect"] == 1, "a connection would be noticed"
    connections.clear()
    edit(place.workspace, TABLE, ('account: "4000"', 'account: "4010"'))
    before = stored(place)
    assert before["effect"] == 3
    report = replayed(place)
    assert report.counts["changed"] == 3, "every effect was decided anew, with another content"
    assert connections == {}, "and none left this process"
    assert stored(place) == before


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
    plan = api.plan_release(place, bundle)
    assert plan.old == f"bundle {bundle[:12]}"
    assert [(each.document.key, each.level.word) for each in plan.changes] == [("table:accounts@1.0.0", "behavioural")]
    assert [each.sentence for each in plan.in_flight] == []
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
