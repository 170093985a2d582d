"""Leases and fences, and whose store it is: on both dialects."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from stores import Stores, arrive, rows, written

from engine.base.errors import UserError
from engine.store import leases, tables
from engine.store.batch import Batch
from engine.store.committer import FenceLost
from engine.store.store import LEASE_SECONDS


def test_the_first_opening_holds_every_partition_and_a_restart_raises_every_token(stores: Stores) -> None:
    store = stores.open()
    assert len(store.tokens) == 256
    before = dict(store.tokens)
    stores.shut(store)
    again = stores.open()
    assert all(again.tokens[partition] > token for partition, token in before.items())


def test_a_stolen_lease_drops_the_batches_of_that_partition_only(stores: Stores) -> None:
    store = stores.open()
    mine, stolen = stores.arrival("evt_1", key="cus_1"), stores.arrival("evt_2", key="cus_2")
    arrive(store, mine, stolen)
    with store.engine.begin() as connection:
        connection.execute(
            sa.update(tables.lease)
            .where(tables.lease.c.partition == stolen.partition)
            .values(token=tables.lease.c.token + 1, owner="another")
        )
    batches = []
    for arrival in (stolen, mine):
        batch = Batch()
        batch.fence(arrival.partition, store.tokens[arrival.partition])
        batch.dequeue(arrival.id)
        batch.audit("done", arrival.id, arrival.partition, arrival.key, store.tokens[arrival.partition], {})
        batches.append(batch)
    lost, kept = store.committer.write(batches)
    assert isinstance(lost, FenceLost)
    assert kept is None
    assert rows(store, "select message_id from queue") == [(stolen.id,)]


def test_a_batch_under_a_lease_lost_and_won_back_is_stale_beside_a_current_one(stores: Stores) -> None:
    store = stores.open()
    first, second = stores.arrival("evt_1"), stores.arrival("evt_2")
    arrive(store, first, second)
    partition, before = first.partition, store.tokens[first.partition]
    with store.engine.begin() as connection:
        connection.execute(sa.update(tables.lease).values(token=tables.lease.c.token + 2))
    stale, current = Batch(), Batch()
    stale.fence(partition, before)
    stale.dequeue(first.id)
    current.fence(partition, before + 2)
    current.dequeue(second.id)
    for group in ([stale, current], [current, stale]):
        outcomes = dict(zip(map(id, group), store.committer.write(group), strict=True))
        assert isinstance(outcomes[id(stale)], FenceLost)
        assert outcomes[id(current)] is None


def test_extending_keeps_what_is_held_and_shows_what_was_lost(stores: Stores) -> None:
    store = stores.open()
    with store.engine.begin() as connection:
        connection.execute(sa.update(tables.lease).where(tables.lease.c.partition < 6).values(owner="another"))
    stores.clock.advance(10)
    with store.engine.begin() as connection:
        held = store.heartbeat(connection, stores.clock.now())
    assert sorted(held) == list(range(6, 256))
    ((expires,),) = rows(store, "select distinct expires_at from lease where partition >= 6")
    assert expires == stores.clock.now() + LEASE_SECONDS * 1_000_000


def test_leases_are_claimed_up_to_a_number_and_given_back(stores: Stores) -> None:
    store = stores.open()
    now = stores.clock.now()
    with store.engine.begin() as connection:
        leases.release(connection, store.owner)
        assert len(leases.claim(connection, "one", now, now + 10, most=100)) == 100
        assert len(leases.claim(connection, "two", now, now + 10)) == 156
        assert leases.claim(connection, "three", now, now + 10) == {}
        taken = leases.claim(connection, "three", now + 11, now + 20, most=5)
        assert len(taken) == 5
        assert len(leases.extend(connection, "one", now + 30)) == 95
        leases.release(connection, "two")
        assert len(leases.claim(connection, "three", now, now + 10)) == 156


@pytest.mark.xdist_group("postgresql")
def test_two_openings_of_one_database_share_the_partitions_by_lease(postgresql_url: str) -> None:
    stores = Stores(postgresql_url)
    try:
        first = stores.open()
        second = stores.open()
        assert (len(first.tokens), len(second.tokens)) == (256, 0)
        with second.engine.begin() as connection:
            now = second.now(connection, stores.clock)  # the database's own: machines' clocks differ
            assert second.claim_free(connection, now, ()) == {}
            expired = now + (LEASE_SECONDS + 1) * 1_000_000
            assert len(second.claim_free(connection, expired, range(10))) == 246
            second.tokens = taken = {**second.heartbeat(connection, now), **second.claim_free(connection, expired, ())}
        assert len(taken) == 256
        with first.engine.begin() as connection:
            first.tokens = first.heartbeat(connection, now)
        assert first.tokens == {}
        arrival = stores.arrival("evt_1")
        arrive(first, arrival)  # anyone may store what arrives
        late = Batch()
        late.fence(arrival.partition, taken[arrival.partition] - 1)
        late.dequeue(arrival.id)
        (error,) = first.committer.write([late])
        assert isinstance(error, FenceLost)
        good = Batch()
        good.fence(arrival.partition, taken[arrival.partition])
        good.dequeue(arrival.id)
        written(second, good)
    finally:
        stores.close()


def test_a_second_process_on_one_file_is_refused_in_words(tmp_path) -> None:
    stores = Stores(str(tmp_path / "store.db"))
    store = stores.open()
    with pytest.raises(UserError, match="in use by process"):
        stores.open()
    stores.shut(store)
    stores.shut(stores.open())


def test_a_store_belongs_to_one_workspace_and_environment(stores: Stores) -> None:
    stores.shut(stores.open())
    with pytest.raises(UserError, match="belongs to workspace 'world'"):
        stores.open(workspace="another")
    with pytest.raises(UserError, match="belongs to environment 'test'"):
        stores.open(environment="production")


def test_a_store_of_a_newer_program_is_refused(stores: Stores) -> None:
    store = stores.open()
    with store.engine.begin() as connection:
        connection.execute(
            sa.update(tables.meta).where(tables.meta.c.name == "schema").values(value=str(tables.SCHEMA_VERSION + 1))
        )
    stores.shut(store)
    with pytest.raises(UserError, match="use the newer program"):
        stores.open()
