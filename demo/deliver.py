"""Bringing the month's messages in, as the billing system and an operator would."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from connectors.stripe.signing import sign
from demo.billing import Event
from demo.month import Day, Delivery
from engine.base.clock import SECOND, SystemClock
from engine.base.errors import Defect, UserError
from engine.base.identity import json_bytes

REST_SECONDS = 120.0


class Messenger:
    """Delivers to one daemon, and waits until it is at rest."""

    def __init__(self, url: str, token: str, secret: str, drop: Path, lose_answer: Callable[[], None]) -> None:
        self._http = httpx.Client(base_url=url, timeout=30.0, trust_env=False)
        self._token = {"authorization": f"Bearer {token}"}
        self._secret = secret
        self._drop = drop
        self._lose_answer = lose_answer
        self._clock = SystemClock()
        self.answers: dict[int, int] = {}
        self.waited = 0

    def close(self) -> None:
        self._http.close()

    def day(self, day: Day) -> None:
        """Deliver everything of a day, in order, then wait until the engine is at rest."""
        if day.maintenance:
            self.say("/api/connections/erp/pause", {"by": "anna@northwind.example", "why": day.maintenance})
        for delivery in day.deliveries:
            self._deliver(delivery)
        if day.maintenance:
            self._end_maintenance()
        self.rest()

    def _end_maintenance(self) -> None:
        """Let the ERP be used again once everything waits for it."""
        self._until(lambda: not self.ask("/api/status")["engine"]["active"], "the engine went on in a maintenance")
        self.waited += self.ask("/api/status")["wait_for_connection"].get("erp", 0)
        self.say("/api/connections/erp/resume", {"by": "anna@northwind.example"})

    def _deliver(self, delivery: Delivery) -> None:
        if delivery.how == "backfill":
            self._backfill(delivery.event)
            return
        if delivery.lose_answer:
            self._lose_answer()
        for _ in range(delivery.times):
            status = self.webhook(delivery.event, self._secret if delivery.how == "webhook" else "whsec_of_a_stranger")
            if (status == 401) != (delivery.how == "forged"):
                raise Defect(f"the engine answered a {delivery.how} delivery of {delivery.event['id']} with {status}")

    def webhook(self, event: Event, secret: str) -> int:
        """Post one signed event; gives the HTTP status."""
        body = json_bytes(event)
        header = sign(secret, body, self._clock.now() // SECOND)
        reply = self._http.post(
            "/webhooks/billing", content=body, headers={"stripe-signature": header, "content-type": "application/json"}
        )
        self.answers[reply.status_code] = self.answers.get(reply.status_code, 0) + 1
        return reply.status_code

    def _backfill(self, event: Event) -> None:
        folder = self._drop / "billing"
        folder.mkdir(parents=True, exist_ok=True)
        waiting = folder / "backfill.jsonl.part"
        waiting.write_bytes(json_bytes(event) + b"\n")
        file = waiting.rename(folder / "backfill.jsonl")
        self._until(lambda: not file.exists(), "the backfill file was not taken")

    def rest(self) -> None:
        """Wait until nothing is queued and nothing is being worked on."""
        self._until(self._at_rest, "the engine did not come to rest")

    def _at_rest(self) -> bool:
        reply = self._http.get("/api/status", headers=self._token)
        if reply.status_code == 503:  # the store cannot be read at this moment; the daemon's log says why
            return False
        reply.raise_for_status()
        status = reply.json()
        waiting = status["queue"].get("queued", 0) - status["held_behind"]
        return waiting <= 0 and not status["engine"]["active"]

    def _until(self, done: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + REST_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise UserError(f"{otherwise} within {REST_SECONDS:.0f} seconds; its log is in the demo's state folder")
            time.sleep(0.05)

    def ask(self, path: str) -> Any:
        """A question to the daemon's interface for operators."""
        reply = self._http.get(path, headers=self._token)
        reply.raise_for_status()
        return reply.json()

    def say(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """Something that the daemon is to do, as an operator."""
        reply = self._http.post(path, content=json.dumps(content), headers=self._token)
        reply.raise_for_status()
        answer: dict[str, Any] = reply.json()
        return answer

    def act(self, exception: str, action: str, by: str) -> tuple[int, dict[str, Any]]:
        """Settle an exception as a person."""
        reply = self._http.post(
            f"/api/exceptions/{exception}/{action}", content=json.dumps({"by": by}), headers=self._token
        )
        return reply.status_code, reply.json()
