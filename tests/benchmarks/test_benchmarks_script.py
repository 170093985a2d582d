"""The yardstick keeps the promises that the engine is compared on: once per invoice, in order, through kills."""

from __future__ import annotations

import hashlib
import http.client
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from benchmarks.engine_subject import EngineSubject
from benchmarks.payloads import body, event_id, invoice_id, signature
from benchmarks.process import Child, cpu_seconds, peak_rss_megabytes, python
from benchmarks.script_store import verify_chain
from benchmarks.subject import ScriptSubject
from benchmarks.trial import Size, await_documents, counts, run_end_to_end, run_intake
from demo.ports import free_port


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[int]:
    with Child(python("benchmarks.sink"), tmp_path / "sink.log") as running:
        yield int(running.read_line(20))


def script(folder: Path, sink: int, port: int = 0) -> Child:
    arguments = ["--database", str(folder / "script.db"), "--sink", f"127.0.0.1:{sink}", "--port", str(port)]
    return Child(python("benchmarks.script", *arguments), folder / "script.log")


def call(port: int, method: str, path: str, content: bytes = b"", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, content, {name.replace("_", "-"): value for name, value in headers.items()})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def deliver(port: int, content: bytes) -> int:
    status, _ = call(port, "POST", "/webhooks", content, Stripe_Signature=signature(content, int(time.time())))
    return status


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "script.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def until_rows(folder: Path, query: str, expected: list[tuple[object, ...]]) -> None:
    """A row may come a little after the document that it tells of."""
    end = time.monotonic() + 30
    while (found := rows(folder, query)) != expected:
        assert time.monotonic() < end, found
        time.sleep(0.02)


CHAIN = "SELECT kind FROM chain ORDER BY seq"


def test_the_sink_makes_one_document_per_key_and_counts_the_rest(sink: int) -> None:
    first = call(sink, "POST", "/documents", b'{"a":1}', Idempotency_Key="k1")
    again = call(sink, "POST", "/documents", b'{"a":1}', Idempotency_Key="k1")
    other = call(sink, "POST", "/documents", b'{"a":2}', Idempotency_Key="k1")
    assert (first[0], again[0], other[0]) == (201, 200, 200)
    assert first[1] == again[1] == other[1] == b'{"id":"doc_1","number":"INV-0000001"}'
    assert call(sink, "POST", "/documents", b"{}")[0] == 400
    status, found = call(sink, "GET", "/documents/k1")
    assert (status, orjson.loads(found)["document"]) == (200, {"a": 1})
    assert call(sink, "GET", "/documents/k2")[0] == 404
    told = counts(sink)
    assert (told["documents"], told["requests"], told["duplicates"], told["conflicts"]) == (1, 3, 2, 1)


def test_a_webhook_becomes_a_document_with_its_whole_record(tmp_path: Path, sink: int) -> None:
    with script(tmp_path, sink) as running:
        port = int(running.read_line(20))
        assert [deliver(port, body(1)) for _ in range(5)] == [200] * 5
        await_documents(sink, 1, 10)
        forged = call(port, "POST", "/webhooks", body(2), Stripe_Signature=signature(body(3), int(time.time())))
        late = call(port, "POST", "/webhooks", body(2), Stripe_Signature=signature(body(2), int(time.time()) - 400))
        unread = b"[1]"
        assert (forged[0], late[0], deliver(port, unread)) == (401, 401, 400)
        until_rows(tmp_path, CHAIN, [("arrival",), ("intent",), ("outcome",)])
    assert counts(sink)["requests"] == 1
    assert rows(tmp_path, "SELECT id FROM arrival") == [(event_id(1),)]
    effect = hashlib.sha256(f"sink|{invoice_id(1)}|1|ar_invoice".encode()).hexdigest()
    assert rows(tmp_path, "SELECT * FROM lineage") == [(event_id(1), invoice_id(1), effect, "doc_1", "INV-0000001")]
    assert rows(tmp_path, CHAIN) == [("arrival",), ("intent",), ("outcome",)]
    assert verify_chain(str(tmp_path / "script.db")) == 3


def test_an_invalid_or_unmapped_event_ends_without_a_posting(tmp_path: Path, sink: int) -> None:
    invalid = body(1).replace(b'"quantity":2,', b'"quantity":"2",')
    unmapped = body(2).replace(b"prod_3", b"prod_9")
    unbalanced = body(3).replace(b'"total":', b'"total":1')
    assert len({invalid, unmapped, unbalanced, body(1), body(2), body(3)}) == 6
    with script(tmp_path, sink) as running:
        port = int(running.read_line(20))
        assert [deliver(port, content) for content in (invalid, unmapped, unbalanced, body(4))] == [200] * 4
        states: list[tuple[object, ...]] = [("invalid",), ("unmapped",), ("refused",), ("confirmed",)]
        until_rows(tmp_path, "SELECT state FROM outcome ORDER BY event", states)
    assert counts(sink)["requests"] == 1


def test_a_changed_row_breaks_the_chain(tmp_path: Path, sink: int) -> None:
    with script(tmp_path, sink) as running:
        assert deliver(int(running.read_line(20)), body(1)) == 200
        until_rows(tmp_path, CHAIN, [("arrival",), ("intent",), ("outcome",)])
    connection = sqlite3.connect(tmp_path / "script.db")
    connection.execute("UPDATE chain SET digest = 'other' WHERE seq = 2")
    connection.commit()
    connection.close()
    with pytest.raises(ValueError, match="breaks at entry 2"):
        verify_chain(str(tmp_path / "script.db"))


def test_kills_under_load_lose_and_repeat_nothing_and_keep_each_customers_order(tmp_path: Path, sink: int) -> None:
    events, customers, port = 1_500, 40, free_port()
    moments = random.Random(20260301)
    arguments = ["--url", f"http://127.0.0.1:{port}/webhooks", "--events", str(events), "--customers", str(customers)]
    with Child(python("benchmarks.load", *arguments, "--producers", "16"), tmp_path / "load.log") as load:
        running = script(tmp_path, sink, port)
        try:
            running.read_line(20)
            load.read_line(30)
            load.write_line(f"deliver 0 {events}")
            for _ in range(4):
                time.sleep(moments.uniform(0.02, 0.15))
                running.kill()
                running = script(tmp_path, sink, port)
                running.read_line(20)
            report = orjson.loads(load.read_line(60))
            found = await_documents(sink, events, 60)
            until_rows(tmp_path, "SELECT count(*) FROM outcome WHERE state = 'confirmed'", [(events,)])
        finally:
            running.stop()
    assert report["acknowledged"] == events
    assert report["refused"], "no kill happened while events were under way"
    assert (found["documents"], found["conflicts"]) == (events, 0)
    assert verify_chain(str(tmp_path / "script.db")) == 3 * events
    number_of = {
        hashlib.sha256(f"sink|{invoice_id(number)}|1|ar_invoice".encode()).hexdigest(): number
        for number in range(events)
    }
    arrived = {event: place for place, (event,) in enumerate(rows(tmp_path, "SELECT id FROM arrival ORDER BY seq"))}
    last: dict[int, int] = {}
    for key in orjson.loads(call(sink, "GET", "/keys")[1]):
        number = number_of[key]
        place = arrived[event_id(number)]
        assert last.get(number % customers, -1) < place
        last[number % customers] = place


def test_a_trial_measures_the_whole_way_and_the_intake_alone() -> None:
    size = Size(events=400, producers=8, customers=50)
    whole = run_end_to_end(ScriptSubject(), size)
    assert whole.events_per_second > 50
    assert 0 < whole.cpu_milliseconds_per_event < 50
    assert 0 < whole.ack_p50_milliseconds <= whole.ack_p99_milliseconds
    assert whole.peak_rss_megabytes > 10
    alone = run_intake(ScriptSubject(), size)
    assert alone.acks_per_second > 50


def test_the_engine_posts_every_measured_invoice_once() -> None:
    whole = run_end_to_end(EngineSubject(), Size(events=300, producers=8, customers=50))
    assert whole.events_per_second > 20
    assert whole.cpu_milliseconds_per_event > 0


def test_a_rate_is_kept(tmp_path: Path, sink: int) -> None:
    with script(tmp_path, sink) as running:
        url = f"http://127.0.0.1:{int(running.read_line(20))}/webhooks"
        with Child(python("benchmarks.load", "--url", url, "--events", "200"), tmp_path / "load.log") as load:
            load.read_line(20)
            load.write_line("deliver 0 200 400")
            report = orjson.loads(load.read_line(20))
    assert report["acknowledged"] == 200
    assert report["seconds"] >= 199 / 400


def test_a_definite_refusal_ends_the_load_in_words(tmp_path: Path, sink: int) -> None:
    with script(tmp_path, sink) as running:
        url = f"http://127.0.0.1:{int(running.read_line(20))}/webhooks"
        arguments = ["--url", url, "--events", "3", "--secret", "whsec_other", "--producers", "1"]
        with Child(python("benchmarks.load", *arguments), tmp_path / "load.log") as load:
            load.read_line(20)
            load.write_line("deliver 0 3")
            with pytest.raises(RuntimeError, match=r"event \d+ was refused with 401"):
                load.read_line(20)


def test_cpu_and_memory_are_read_from_the_process(tmp_path: Path) -> None:
    lines = (
        "import time",
        "block = bytearray(30_000_000)",
        "while time.process_time() < 0.3: pass",
        "print(1, flush=True)",
    )
    busy = "\n".join((*lines, "input()"))
    command = [*python("benchmarks.sink")[:1], "-c", busy]
    with Child(command, tmp_path / "busy.log") as running:
        running.read_line(20)
        assert 0.25 <= cpu_seconds(running.pid) <= 2.0
        assert 30 <= peak_rss_megabytes(running.pid) <= 200
