"""A Stripe-shaped server on the machine: customers, subscriptions, invoices, credit notes, their events, and
idempotency keys as Stripe keeps them. Its judge is Stripe's own library.

Run it by itself with ``python -m connectors.stripe.sandbox --port 8420``.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
from typing import Any
from urllib.parse import parse_qsl

import orjson

from engine.base.clock import SECOND, Clock, SystemClock
from engine.base.identity import digest_bytes
from engine.connect.sandbox import Fault, Sandbox, SandboxReply, SandboxRequest

_KINDS = {
    "customers": ("customer", "cus", "customer"),
    "subscriptions": ("subscription", "sub", "customer.subscription"),
    "invoices": ("invoice", "in", "invoice"),
    "credit_notes": ("credit_note", "cn", "credit_note"),
}
API_VERSION = "2026-06-24.dahlia"


class StripeSandbox(Sandbox):
    """``objects`` by kind and id. Requests must bear ``api_key`` unless it is empty."""

    def __init__(self, clock: Clock, api_key: str = "") -> None:
        super().__init__()
        self.clock = clock
        self.api_key = api_key
        self.objects: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _KINDS}
        self.events: list[dict[str, Any]] = []
        self._answers: dict[str, tuple[str, SandboxReply]] = {}
        self._count = 0

    def put(self, kind: str, value: dict[str, Any]) -> None:
        """Place an object as if it had been made before; ``kind`` is the path's word, such as ``invoices``."""
        self.objects[kind][value["id"]] = value

    def answer(self, request: SandboxRequest) -> SandboxReply:
        if request.path == "/_sandbox/objects" and request.method == "POST":
            for value in orjson.loads(request.body):
                self.put(_kind_of(value), value)
            return SandboxReply(200, {"objects": sum(len(each) for each in self.objects.values())})
        if self.api_key and request.headers.get("authorization") != f"Bearer {self.api_key}":
            return self.refusal(Fault.UNAUTHORISED)
        key = request.headers.get("idempotency-key")
        if request.method != "POST" or not key:
            return self._dispatch(request)
        digest = digest_bytes(request.path.encode() + b"\n" + request.body)
        if key in self._answers:
            known, reply = self._answers[key]
            if known != digest:
                return _error(400, "idempotency_error", "Keys for idempotent requests can only be used once.")
            return SandboxReply(reply.status, reply.body, {**reply.headers, "idempotent-replayed": "true"})
        reply = self._dispatch(request)
        if reply.status < 400 or reply.status >= 500:
            self._answers[key] = (digest, copy.deepcopy(reply))
        return reply

    def refusal(self, fault: Fault) -> SandboxReply:
        if fault is Fault.UNAUTHORISED:
            return _error(401, "invalid_request_error", f"Invalid API Key provided: {self.api_key or 'none'}")
        if fault is Fault.RATE_LIMIT:
            reply = _error(429, "invalid_request_error", "Too many requests.", "rate_limit")
            return SandboxReply(429, reply.body, {"stripe-rate-limited-reason": "global-rate"})
        if fault is Fault.REFUSE:
            return _error(400, "invalid_request_error", "The request was refused.", "parameter_invalid")
        return _error(500, "api_error", "An unknown error occurred.")

    # ------------------------------------------------------------------ resources

    def _dispatch(self, request: SandboxRequest) -> SandboxReply:
        parts = request.path.strip("/").split("/")
        if parts[0] != "v1" or len(parts) not in {2, 3}:
            return _error(404, "invalid_request_error", f"Unrecognized request URL ({request.path}).")
        if parts[1:] == ["balance"]:
            return SandboxReply(200, {"object": "balance", "livemode": False, "available": [], "pending": []})
        if parts[1] == "events":
            return self._list(request, self.events[::-1], "/v1/events")
        if parts[1] not in _KINDS:
            return _error(404, "invalid_request_error", f"Unrecognized request URL ({request.path}).")
        held = self.objects[parts[1]]
        if len(parts) == 2:
            if request.method == "GET":
                return self._list(request, list(held.values())[::-1], f"/v1/{parts[1]}")
            return self._create(parts[1], read_form(request.body))
        value = held.get(parts[2])
        if value is None:
            noun = _KINDS[parts[1]][0]
            return _error(404, "invalid_request_error", f"No such {noun}: '{parts[2]}'", "resource_missing")
        if request.method == "POST":
            self._update(parts[1], value, read_form(request.body))
        return SandboxReply(200, value)

    def _create(self, kind: str, fields: dict[str, Any]) -> SandboxReply:
        noun, prefix, _ = _KINDS[kind]
        self._count += 1
        value: dict[str, Any] = {
            "id": f"{prefix}_sandbox{self._count:06d}",
            "object": noun,
            "created": self.clock.now() // SECOND,
            "livemode": False,
            "metadata": {},
            **fields,
        }
        self.put(kind, value)
        self._record(f"{_KINDS[kind][2]}.created", value, None)
        return SandboxReply(200, value)

    def _update(self, kind: str, value: dict[str, Any], fields: dict[str, Any]) -> None:
        before: dict[str, Any] = {}
        metadata = fields.pop("metadata", None)
        if isinstance(metadata, dict):
            old = value.get("metadata") or {}
            changed = {name: text for name, text in {**old, **metadata}.items() if text != ""}
            if changed != old:
                before["metadata"] = {name: old.get(name) for name in metadata}
                value["metadata"] = changed
        for name, field in fields.items():
            if value.get(name) != field:
                before[name] = value.get(name)
                value[name] = field
        if before:
            self._record(f"{_KINDS[kind][2]}.updated", value, before)

    def _record(self, event_type: str, value: dict[str, Any], before: dict[str, Any] | None) -> None:
        content: dict[str, Any] = {"object": copy.deepcopy(value)}
        if before is not None:
            content["previous_attributes"] = before
        self.events.append(
            {
                "id": f"evt_sandbox{len(self.events) + 1:06d}",
                "object": "event",
                "api_version": API_VERSION,
                "created": self.clock.now() // SECOND,
                "type": event_type,
                "livemode": False,
                "pending_webhooks": 0,
                "request": {"id": None, "idempotency_key": None},
                "data": content,
            }
        )

    def _list(self, request: SandboxRequest, values: list[dict[str, Any]], url: str) -> SandboxReply:
        query = dict(request.query)
        limit = int(query.get("limit", "10"))
        wanted = query.get("type")
        if wanted is not None:
            values = [value for value in values if _matches(value["type"], wanted)]
        lower, upper = int(query.get("created[gte]", "0")), int(query.get("created[lt]", str(2**62)))
        values = [value for value in values if lower <= value.get("created", 0) < upper]
        ids = [value["id"] for value in values]
        if "starting_after" in query:
            if query["starting_after"] not in ids:
                return _error(400, "invalid_request_error", "No such object to start after.", "resource_missing")
            values = values[ids.index(query["starting_after"]) + 1 :]
        more = len(values) > limit
        return SandboxReply(200, {"object": "list", "url": url, "has_more": more, "data": values[:limit]})


def read_form(body: bytes) -> dict[str, Any]:
    """The object that a form with nested[keys] says. Whole numbers outside metadata become integers."""
    found: dict[str, Any] = {}
    for name, text in parse_qsl(body.decode(), keep_blank_values=True):
        names = name.replace("]", "").split("[")
        inside = found
        for step in names[:-1]:
            inside = inside.setdefault(step, {})
        number = text.lstrip("-").isdecimal() and names[0] != "metadata"
        inside[names[-1]] = int(text) if number else text
    return found


def _kind_of(value: dict[str, Any]) -> str:
    return next(kind for kind, (noun, _, _) in _KINDS.items() if noun == value["object"])


def _matches(event_type: str, wanted: str) -> bool:
    return event_type.startswith(wanted[:-1]) if wanted.endswith("*") else event_type == wanted


def _error(status: int, error_type: str, message: str, code: str | None = None) -> SandboxReply:
    error = {"type": error_type, "message": message}
    if code is not None:
        error["code"] = code
    return SandboxReply(status, {"error": error}, {"request-id": "req_sandbox"})


async def _serve(port: int, api_key: str) -> None:
    sandbox = StripeSandbox(SystemClock(), api_key)
    await sandbox.start(port)
    print(sandbox.url, flush=True)  # noqa: T201 the address is this program's answer
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A Stripe-shaped server on this machine.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--api-key", default="")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.port, arguments.api_key))


if __name__ == "__main__":
    main()
