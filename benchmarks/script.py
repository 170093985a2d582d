"""The yardstick: a hand-written asyncio program that does by itself what the engine does, with the same durability.

Webhook in, signature checked, arrival committed, then acknowledged; validated, mapped and checked; the exact
request committed as an intent before it is sent; the receipt committed with lineage. One event of a customer at
a time, in order of arrival. After a restart every arrival without an outcome goes on, and a request whose outcome
is unknown is read back by its key before it is sent again. Prints its port on one line when it listens.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import hmac
import time
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from benchmarks.by_hand import document_of, violations
from benchmarks.caller import Pool
from benchmarks.payloads import SECRET
from benchmarks.script_store import ScriptStore
from benchmarks.server import Exchange, listen, run, until_terminated

SCHEMA = Path(__file__).parent / "workspace" / "schemas" / "stripe_invoice_event@1.schema.json"
_TOLERANCE_SECONDS = 300
_RETRY_SECONDS = 0.05
#: Events between arrival and outcome; more wait unanswered, which slows their producers down.
_DEPTH_MAX = 1024


class Work:
    """One event between its arrival and its outcome."""

    __slots__ = ("body", "effect", "event", "id", "invoice", "key", "recorded")

    def __init__(self, event_id: str, key: str, event: dict[str, Any], recorded: bytes | None = None) -> None:
        self.id = event_id
        self.key = key
        self.event = event
        self.recorded = recorded  # the request of an intent that an earlier process has committed
        self.invoice = ""
        self.effect = ""
        self.body = b""


class Script:
    """Intake, lanes and sending. Everything here runs on the event loop's thread."""

    def __init__(self, store: ScriptStore, pool: Pool, sink: str, secret: str, intake_only: bool) -> None:
        self._store = store
        self._pool = pool
        self._sink = sink
        self._secret = secret.encode()
        self._intake_only = intake_only
        self._valid = jsonschema_rs.validator_for(orjson.loads(SCHEMA.read_bytes())).is_valid
        self._lanes: dict[str, deque[Work]] = {}
        self._depth = 0
        self._held: deque[tuple[Exchange, Work]] = deque()
        self._loop = asyncio.get_running_loop()

    # ------------------------------------------------------------------ intake

    def serve(self, exchange: Exchange) -> None:
        if exchange.method != b"POST":
            exchange.answer(404, b"{}")
            return
        if not self._signed(exchange.header, exchange.body):
            exchange.answer(401, b'{"error":"the signature does not fit"}')
            return
        try:
            event = orjson.loads(exchange.body)
            work = Work(event["id"], event["data"]["object"]["customer"], event)
        except (ValueError, KeyError, TypeError):
            exchange.answer(400, b'{"error":"the message cannot be read"}')
            return
        if self._depth < _DEPTH_MAX:
            self._admit(exchange, work)
        else:
            self._held.append((exchange, work))

    def _signed(self, header: bytes, body: bytes) -> bool:
        at = b""
        signatures = []
        for part in header.split(b","):
            name, _, value = part.partition(b"=")
            if name == b"t":
                at = value
            elif name == b"v1":
                signatures.append(value)
        if not at.isdigit() or int(at) < time.time() - _TOLERANCE_SECONDS:
            return False
        expected = hmac.digest(self._secret, at + b"." + body, "sha256").hex().encode()
        return any(hmac.compare_digest(expected, signature) for signature in signatures)

    def _admit(self, exchange: Exchange, work: Work) -> None:
        self._depth += 1
        self._store.add_arrival(work.id, work.key, exchange.body, partial(self._on_arrived, exchange, work))

    def _on_arrived(self, exchange: Exchange, work: Work, fresh: bool) -> None:
        exchange.answer(200, b'{"received":true}')
        if fresh and not self._intake_only:
            self._enqueue(work)
        else:
            self._depth -= 1

    # ------------------------------------------------------------------ lanes: one event of a customer at a time

    def resume(self) -> None:
        """Take up what an earlier process left."""
        for event_id, key, body, recorded in self._store.unfinished():
            self._depth += 1
            self._enqueue(Work(event_id, key, orjson.loads(body), recorded))

    def _enqueue(self, work: Work) -> None:
        lane = self._lanes.get(work.key)
        if lane is None:
            self._lanes[work.key] = deque((work,))
            self._start(work)
        else:
            lane.append(work)

    def _on_finished(self, work: Work, _fresh: bool) -> None:
        lane = self._lanes[work.key]
        lane.popleft()
        if lane:
            self._start(lane[0])
        else:
            del self._lanes[work.key]
        self._depth -= 1
        if self._held:
            self._admit(*self._held.popleft())

    # ------------------------------------------------------------------ one event

    def _start(self, work: Work) -> None:
        if not self._valid(work.event):
            self._finish(work, "invalid", b"")
            return
        try:
            document = document_of(work.event)
        except KeyError as missing:
            self._finish(work, "unmapped", str(missing).encode())
            return
        found = violations(document)
        if found:
            self._finish(work, "refused", orjson.dumps(found))
            return
        work.invoice = work.event["data"]["object"]["id"]
        work.effect = hashlib.sha256(f"sink|{work.invoice}|1|ar_invoice".encode()).hexdigest()
        work.body = orjson.dumps(document)
        if work.recorded is None:
            self._store.add_intent(work.effect, work.id, work.body, partial(self._send, work))
        else:
            work.body = work.recorded
            self._read_back(work)

    def _send(self, work: Work, _fresh: bool = True) -> None:
        head = (
            f"POST /documents HTTP/1.1\r\nHost: {self._sink}\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: {work.effect}\r\nContent-Length: {len(work.body)}\r\n\r\n"
        )
        self._pool.send(head.encode() + work.body, partial(self._on_reply, work))

    def _on_reply(self, work: Work, status: int, body: bytes) -> None:
        if status in (200, 201):
            receipt = orjson.loads(body)
            self._finish(work, "confirmed", body, receipt["id"], receipt["number"])
        elif 400 <= status < 500 and status != 429:
            self._finish(work, "rejected", body)
        else:
            self._loop.call_later(_RETRY_SECONDS, self._read_back, work)

    def _read_back(self, work: Work) -> None:
        head = f"GET /documents/{work.effect} HTTP/1.1\r\nHost: {self._sink}\r\n\r\n"
        self._pool.send(head.encode(), partial(self._on_read_back, work))

    def _on_read_back(self, work: Work, status: int, body: bytes) -> None:
        if status == 200:
            found = orjson.loads(body)
            self._finish(work, "confirmed", body, found["id"], found["number"])
        elif status == 404:
            self._send(work)
        else:
            self._loop.call_later(_RETRY_SECONDS, self._read_back, work)

    def _finish(self, work: Work, state: str, receipt: bytes, document: str = "", number: str = "") -> None:
        lineage = (work.id, work.invoice, work.effect, document, number) if document else None
        self._store.add_outcome(work.id, work.effect or None, state, receipt, lineage, partial(self._on_finished, work))


async def _main(path: str, sink: str, port: int, connections: int, secret: str, intake_only: bool) -> None:
    store = ScriptStore(path)
    host, _, sink_port = sink.partition(":")
    pool = Pool(host, int(sink_port))
    pool.open(connections)
    script = Script(store, pool, sink, secret, intake_only)
    if not intake_only:
        script.resume()
    store.start(asyncio.get_running_loop())
    server, port = await listen(script.serve, b"stripe-signature", port)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # events come and go without cycles
    print(port, flush=True)
    await until_terminated()
    server.close()
    pool.close()
    store.stop()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", required=True, help="the SQLite file")
    options.add_argument("--sink", required=True, help="HOST:PORT of the sink")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--connections", type=int, default=64, help="to the sink")
    options.add_argument("--secret", default=SECRET)
    options.add_argument("--intake-only", action="store_true", help="acknowledge, and leave the work for later")
    chosen = options.parse_args()
    run(_main(chosen.database, chosen.sink, chosen.port, chosen.connections, chosen.secret, chosen.intake_only))
