"""A daemon as a process of its own, on a small workspace, with a document service on the machine as its ledger."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from connectors.http.sandbox import DocumentSandbox
from connectors.stripe.signing import sign

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / "tests" / "serve" / "workspace"
WEBHOOK_SECRET = "whsec_canary-webhook-5f2c"
LEDGER_TOKEN = "canary-ledger-token-77aa"
API_KEY = "rk_canary-api-key-31d0"
API_TOKEN = "canary-operator-token-904b"
SECRETS = (WEBHOOK_SECRET, LEDGER_TOKEN, API_KEY, API_TOKEN)


class Ledger(DocumentSandbox):
    """Documents by key; counts how often each was made."""

    def __init__(self) -> None:
        super().__init__(LEDGER_TOKEN)


def environment(ledger: str, **more: str) -> dict[str, str]:
    """What a process sees: the machine's path, the secrets, the ledger's address."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "SMALL_LEDGER_URL": ledger,
        "SMALL_LEDGER_TOKEN": LEDGER_TOKEN,
        "SMALL_API_KEY": API_KEY,
        "SMALL_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "TIEOUT_API_TOKEN": API_TOKEN,
        **more,
    }


def until(what: str, condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first truthy answer; fails in words if there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} seconds")


@dataclass
class Daemon:
    """One started (and perhaps restarted) daemon with its folders."""

    folder: Path
    ledger: Ledger
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    address: str = ""
    ready: dict[str, Any] = field(default_factory=dict)
    starts: int = 0

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def drop(self) -> Path:
        return self.folder / "drop"

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.ledger.url)

    def prepare(self) -> Daemon:
        """Give it a workspace of its own."""
        shutil.copytree(WORKSPACE, self.workspace)
        self.state.mkdir()
        self.drop.mkdir()
        return self

    def command(self, *arguments: str) -> list[str]:
        places = ["--workspace", str(self.workspace), "--state", str(self.state)]
        return [sys.executable, str(ROOT / "cli.py"), *arguments, *places]

    def start(self, **more: str) -> Daemon:
        """Start the process and wait until it says that it is ready."""
        self.starts += 1
        out, err = (self.folder / f"{name}.{self.starts}" for name in ("stdout", "stderr"))
        with out.open("wb") as stdout, err.open("wb") as stderr:
            self.process = subprocess.Popen(
                self.command("serve", "--port", "0", "--drop", str(self.drop), *self.arguments),
                env={**self.environment, **more}, stdout=stdout, stderr=stderr,
            )  # fmt: skip

        def ready() -> bool:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"the daemon ended: {err.read_text()[-2000:]}")
            return b"\n" in out.read_bytes()

        until("the daemon is ready", ready)
        self.ready = json.loads(out.read_text().splitlines()[0])
        self.address = self.ready["ready"]
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(90)

    def logs(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("std*.*")))

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command of the command line on the same workspace and state."""
        return subprocess.run(
            self.command(*arguments), env={**self.environment, **more}, capture_output=True, text=True, timeout=180,
            check=False,
        )  # fmt: skip

    # ------------------------------------------------------------------ talking to it

    def get(self, path: str, token: str | None = API_TOKEN) -> httpx.Response:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return httpx.get(self.address + path, headers=headers, timeout=60, trust_env=False)

    def post(
        self, path: str, content: bytes | Any = b"", token: str | None = API_TOKEN, **headers: str
    ) -> httpx.Response:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named["authorization"] = f"Bearer {token}"
        return httpx.post(self.address + path, content=raw, headers=named, timeout=60, trust_env=False)

    def webhook(self, body: bytes | dict[str, Any], signature: str | None = None) -> httpx.Response:
        """A message as the billing system sends it, signed."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = sign(WEBHOOK_SECRET, raw, int(time.time())) if signature is None else signature
        return self.post("/webhooks/billing", raw, None, stripe_signature=sent)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/api/status").json()
        return found

    def settled(self) -> dict[str, Any]:
        """The status once nothing is queued or active."""

        def at_rest() -> dict[str, Any] | None:
            status = self.status()
            return status if not status["queue"].get("queued") and not status["engine"]["active"] else None

        found: dict[str, Any] = until("the daemon is at rest", at_rest)
        return found

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the store holds, read beside the daemon."""
        connection = sqlite3.connect(f"file:{self.state / 'store.db'}?mode=ro", uri=True)
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Daemon]:
    """A ledger and a daemon for a block of tests."""
    ledger = Ledger()
    with ledger.serving():
        daemon = Daemon(folder, ledger, arguments).prepare()
        daemon.start()
        try:
            yield daemon
        finally:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait(10)


def bill(
    number: int | str, customer: str = "c1", total: int = 1200, revision: str = "1", id_: str = ""
) -> dict[str, Any]:
    """A message of the billing system."""
    return {
        "id": id_ or f"evt_{number}_{revision}",
        "type": "bill.issued",
        "created": 1_769_860_800,
        "data": {
            "object": {
                "id": f"b{number}", "customer": customer, "total": total, "currency": "EUR", "revision": revision,
            }
        },
    }  # fmt: skip


def event(number: int | str, customer: str = "c1", total: str = "12.00", **over: Any) -> dict[str, Any]:
    """The same as a canonical event."""
    return {
        "specversion": "1.0", "id": f"event-{number}", "source": "/test", "type": "bill.issued@1",
        "time": "2026-01-31T12:00:00Z", "subject": f"b{number}", "partitionkey": customer,
        "data": {
            "id": f"b{number}", "revision": "1", "customer": customer, "total": {"amount": total, "currency": "EUR"},
        },
        **over,
    }  # fmt: skip
