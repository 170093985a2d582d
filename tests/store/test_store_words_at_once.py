"""Two people who decide on one exception at the same time, each at another node: one of them comes second."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pytest
from stores import Stores, arrive, rows, written

from engine.base.errors import ErrorClass, UserError
from engine.plan.model import BusinessException
from engine.run import operate
from engine.run.records import exception_row
from engine.store.batch import AuditEntry, Batch

pytestmark = pytest.mark.xdist_group("postgresql")


def asked(place: Stores, store: Any) -> tuple[str, str]:
    """A run that waits for an approval, and the exception that asks for it."""
    arrival = place.arrival("evt_1")
    arrive(store, arrival)
    waits_for = "approval:controllers:event:agreed"
    run = place.run_row(arrival, state="waiting", waits_for=waits_for)
    id_ = place.identity.new()
    exception = BusinessException("approval_needed", "A credit", "", "controllers", ErrorClass.POLICY)
    row = list(exception_row(id_, exception, arrival, place.clock.now(), kind="approval", blocks=False))
    row[3] = run.id
    batch = Batch()
    batch.start_run(run)
    batch.open_exception(tuple(row))
    written(store, batch)
    return id_, run.id


def test_of_two_decisions_at_once_the_second_is_told_of_the_first(postgresql_url: str) -> None:
    place = Stores(postgresql_url)
    one, two = place.open(), place.open()
    id_, _ = asked(place, one)
    first_entries: list[AuditEntry] = []
    refused: list[str] = []

    def second() -> None:
        with pytest.raises(UserError) as told:
            two.committer.transact(
                lambda c, audit: operate.decide_approval(c, audit, id_, "tom", place.clock.now(), approved=False)
            )
        refused.append(told.value.message)

    with one.engine.begin() as connection:
        operate.decide_approval(connection, first_entries.append, id_, "ana", place.clock.now(), approved=True)
        other = threading.Thread(target=second)
        other.start()
        other.join(0.3)
        assert not refused  # it waits for the first to end
    other.join(10)
    assert refused == [f"exception {id_} was already settled (approved) by ana"]
    ((answers,),) = rows(one, "select answers from run")
    assert orjson.loads(bytes(answers))["approval:controllers:event:agreed"]["value"] == "ana"
    place.close()
