"""Arrivals are stored once, groups are committed together, and one bad batch harms nobody else: on both dialects."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from stores import Stores, arrive, rows, written

from engine.store.batch import Arrived, Batch


def test_an_arrival_is_stored_once_and_queued(stores: Stores) -> None:
    store = stores.open()
    assert arrive(store, stores.arrival("evt_1")) == [Arrived.FRESH]
    assert arrive(store, stores.arrival("evt_1")) == [Arrived.DUPLICATE]
    assert rows(store, "select source_id, channel from message") == [("evt_1", "inbox")]
    assert rows(store, "select state from queue") == [("queued",)]


def test_equal_arrivals_in_one_group_are_one(stores: Stores) -> None:
    store = stores.open()
    batches = []
    for body in (b"{}", b"{}", b'{"other":1}'):
        batch = Batch()
        batch.arrive(stores.arrival("evt_1", body))
        batches.append(batch)
    written(store, *batches)
    assert [batch.arrived for batch in batches] == [[Arrived.FRESH], [Arrived.DUPLICATE], [Arrived.CONFLICT]]
    assert rows(store, "select count(*) from queue") == [(1,)]


def test_an_id_with_other_content_is_quarantined_beside_the_first(stores: Stores) -> None:
    store = stores.open()
    arrive(store, stores.arrival("evt_1", b'{"a":1}'))
    assert arrive(store, stores.arrival("evt_1", b'{"a":2}')) == [Arrived.CONFLICT]
    assert arrive(store, stores.arrival("evt_1", b'{"a":2}')) == [Arrived.CONFLICT]
    assert rows(store, "select channel, count(*) from message group by channel order by channel") == [
        ("inbox", 1), ("quarantine", 1),
    ]  # fmt: skip
    assert rows(store, "select count(*) from queue") == [(1,)]


def test_what_cannot_be_read_is_kept_but_not_queued(stores: Stores) -> None:
    store = stores.open()
    arrive(store, stores.arrival("evt_1", b"\xff\x00", channel="invalid"))
    ((body,),) = rows(store, "select body from message")
    assert bytes(body) == b"\xff\x00"
    assert rows(store, "select count(*) from queue") == [(0,)]


def test_a_key_with_a_nul_or_a_lone_surrogate_is_refused_alone(stores: Stores) -> None:
    store = stores.open()
    good, bad = Batch(), Batch()
    good.arrive(stores.arrival("evt_good"))
    bad.arrive(stores.arrival("evt_bad", key="cus_\ud800"))
    first, second = store.committer.write([bad, good])
    assert first is not None
    assert second is None
    assert rows(store, "select source_id from message") == [("evt_good",)]


def test_a_bad_batch_in_a_group_is_dropped_and_the_others_are_written(stores: Stores) -> None:
    store = stores.open()
    arrivals = [stores.arrival(f"evt_{number}") for number in range(3)]
    arrive(store, *arrivals)
    batches = []
    for arrival in arrivals:
        batch = Batch()
        run = stores.run_row(arrival)
        batch.start_run(run)
        batch.intend(stores.effect_row(run, key="same" if arrival is not arrivals[2] else "other"))
        batch.audit("sent", run.id, run.partition, run.key, 1, {"effect": "x"})
        batches.append(batch)
    outcomes = store.committer.write(batches)
    assert [error is None for error in outcomes] == [True, False, True]
    assert "recorded meanwhile" in str(outcomes[1])
    assert rows(store, "select count(*) from run") == [(2,)]
    assert rows(store, "select key from effect order by key") == [("other",), ("same",)]


def test_a_run_and_its_effect_are_read_back_as_written(stores: Stores) -> None:
    store = stores.open()
    arrival = stores.arrival("evt_1")
    arrive(store, arrival)
    run, batch = stores.run_row(arrival, answers=b'{"a":null}', wait_until=1_800_000_000_000_000), Batch()
    effect = stores.effect_row(run, request='{"name":"Ünïcode"}'.encode())
    batch.start_run(run)
    batch.intend(effect)
    written(store, batch)
    found = store.find_effect("k1")
    assert found is not None
    assert (found.state, found.attempt, found.sent_at, found.receipt) == ("sent", 1, stores.clock.now(), None)
    batch = Batch()
    effect.state, effect.error = "unknown", "no answer"
    batch.move_effect(effect)
    batch.confirm("k1", "doc-1", "INV-1", {"document": {"id": "doc-1"}, "fields": {}}, stores.clock.now())
    batch.learn("erp", "invoice", "in_1", "doc-1", "k1", stores.clock.now())
    run.state, run.ended_at = "completed", stores.clock.now()
    batch.move_run(run)
    batch.dequeue(arrival.id)
    written(store, batch)
    found = store.find_effect("k1")
    assert found is not None
    assert (found.state, found.receipt) == ("confirmed", {"document": {"id": "doc-1"}, "fields": {}})
    assert store.find_link("erp", "invoice", "in_1") == "doc-1"
    assert store.find_link("erp", "invoice", "in_2") is None
    assert store.seen("invoice@1", "evt_1")
    assert not store.seen("invoice@1", "evt_2")
    assert rows(store, "select count(*) from queue") == [(0,)]


#: A history: per delivery the message's number, and which of two contents it carries.
HISTORIES = st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1)), max_size=6), max_size=6)


@settings(max_examples=40)
@given(history=HISTORIES)
def test_any_interleaving_of_deliveries_gives_the_set_of_messages(
    history: list[list[tuple[int, int]]], tmp_path_factory
) -> None:
    stores = Stores(str(tmp_path_factory.mktemp("inbox") / "store.db"))
    store = stores.open()
    first: dict[int, int] = {}
    try:
        for group in history:
            batches = []
            for number, content in group:
                batch = Batch()
                batch.arrive(stores.arrival(f"evt_{number}", b'{"content":%d}' % content))
                batches.append(batch)
            written(store, *batches)
            for (number, content), batch in zip(group, batches, strict=True):
                fresh = number not in first
                expected = (
                    Arrived.FRESH if fresh else Arrived.DUPLICATE if first[number] == content else Arrived.CONFLICT
                )
                first.setdefault(number, content)
                assert batch.arrived == [expected]
        assert rows(store, "select count(*) from queue") == [(len(first),)]
        assert {row[0] for row in rows(store, "select source_id from message where channel = 'inbox'")} == {
            f"evt_{number}" for number in first
        }
    finally:
        stores.close()
