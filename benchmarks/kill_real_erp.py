"""Kills of the daemon and of the real ERP while invoices are posted; the documents are counted inside the ERP.

``python -m benchmarks.kill_real_erp --kills 20`` starts a Tryton of its own, lets signed webhooks come in, and
ends the daemon or the ERP with SIGKILL at random moments. Tryton does not refuse duplicates: that each invoice
is there once is the effect protocol's doing. Afterwards every invoice must be in the ERP exactly once, posted,
and in the engine's record.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from connectors.stripe.signing import sign
from demo.billing import Billing, Customer, Line
from demo.erp import RunningErp, start_erp
from demo.expected import confirmed
from demo.ports import free_port
from demo.programs import Program, start_billing_api, start_engine
from engine.base.identity import json_bytes
from engine.store.checkpoint import verify_store
from engine.store.driver import SqliteDriver

SECRETS = {"TIEOUT_BILLING_API_KEY": "sk_test_kills", "TIEOUT_BILLING_WEBHOOK_SECRET": "whsec_of_the_kill_loop"}
ROOT = Path(__file__).parents[1]
CUSTOMERS = 6
PERIOD = (date(2026, 2, 1), date(2026, 3, 1))
REST_SECONDS = 300.0


@dataclass(slots=True)
class Outcome:
    """What the loop did and what the ERP holds."""

    kills_of_the_daemon: int
    kills_of_the_erp: int
    invoices: int
    lost: list[str]
    duplicate: list[str]
    unposted: list[str]
    confirmed: int
    exceptions: int
    read_back: int
    audit_holds: bool

    @property
    def holds(self) -> bool:
        return not (self.lost or self.duplicate or self.unposted or self.exceptions) and self.audit_holds


class _Loop:
    def __init__(self, state: Path, seed: int, say: Callable[[str], None]) -> None:
        self.state = state
        self.random = random.Random(seed)
        self.say = say
        self.engine_state = state / "kills-engine"
        shutil.rmtree(self.engine_state, ignore_errors=True)
        self.engine_state.mkdir(parents=True)
        self.port = free_port()
        self.erp: RunningErp = start_erp(state, year=2026, progress=say, name="erp-kills", fresh=True)
        self.api: Program = start_billing_api(state, SECRETS["TIEOUT_BILLING_API_KEY"])
        self.engine: Program = self._engine()

    def _engine(self) -> Program:
        return start_engine(
            ROOT, self.engine_state, port=self.port, billing_url=self.api.url, erp_url=self.erp.url,
            erp_database=self.erp.database, secrets={**SECRETS, "TIEOUT_ERP_PASSWORD": self.erp.password},
        )  # fmt: skip

    def send(self, event: dict[str, Any]) -> None:
        """Deliver until the daemon says 2xx, as a billing system would over days."""
        body = json_bytes(event)
        while True:
            header = sign(SECRETS["TIEOUT_BILLING_WEBHOOK_SECRET"], body, int(time.time()))
            try:
                url = f"http://127.0.0.1:{self.port}/webhooks/billing"
                reply = httpx.post(url, content=body, headers={"stripe-signature": header}, timeout=10, trust_env=False)
                if reply.is_success:
                    return
            except httpx.TransportError:
                pass  # the daemon is down: the sender comes again
            time.sleep(0.2)

    def show(self, billing: Billing) -> None:
        httpx.post(
            f"{self.api.url}/_sandbox/objects", content=json_bytes(list(billing.objects.values())), trust_env=False,
            headers={"authorization": f"Bearer {SECRETS['TIEOUT_BILLING_API_KEY']}"},
        ).raise_for_status()  # fmt: skip

    def status(self) -> dict[str, Any]:
        token = (self.engine_state / "api.token").read_text("utf-8")
        reply = httpx.get(
            f"http://127.0.0.1:{self.port}/api/status", headers={"authorization": f"Bearer {token}"}, timeout=30,
            trust_env=False,
        )  # fmt: skip
        reply.raise_for_status()
        answer: dict[str, Any] = reply.json()
        return answer

    def rest(self) -> dict[str, Any]:
        deadline = time.monotonic() + REST_SECONDS
        while True:
            status = self.status()
            if not status["queue"].get("queued") and not status["engine"]["active"]:
                return status
            if time.monotonic() > deadline:
                raise SystemExit(f"the engine did not come to rest: {status}")
            time.sleep(0.2)

    def kill_one(self) -> str:
        """End the daemon or the ERP in the middle of whatever it does, and start it again."""
        time.sleep(self.random.uniform(0.3, 2.5))
        if self.random.random() < 0.5:
            self.engine.process.kill()
            self.engine.process.wait(10)
            self.engine = self._engine()
            return "daemon"
        self.erp.kill()
        time.sleep(self.random.uniform(0.1, 1.0))
        self.erp.restart()
        return "erp"

    def stop(self) -> None:
        self.engine.stop()
        self.api.stop()
        self.erp.stop()


def _customers() -> list[Customer]:
    return [
        Customer(f"cus_kill_{at}", f"Customer {at}", "NW-US", "USD", "Austin", "US", f"C-{at}")
        for at in range(CUSTOMERS)
    ]


def run(kills: int, seed: int, state: Path, say: Callable[[str], None]) -> Outcome:
    """Post about two invoices per kill while killing; then count inside the ERP."""
    loop = _Loop(state, seed, say)
    try:
        billing = Billing()
        customers = _customers()
        for customer in customers:
            event = billing.customer(customer, date(2026, 1, 5))
            loop.show(billing)
            loop.send(event)
        loop.rest()
        events = [
            billing.invoice(
                f"in_kill_{at}", f"KILL-{at:04d}", customers[at % CUSTOMERS], date(2026, 2, 3), f"sub_{at}", PERIOD,
                [Line(f"il_{at}", "prod_professional", f"Seats {at}", 10000 + at)],
            )
            for at in range(2 * kills + 6)
        ]  # fmt: skip
        loop.show(billing)
        sender = threading.Thread(target=lambda: [loop.send(event) for event in events for _ in range(2)])
        sender.start()
        killed = Counter(loop.kill_one() for _ in range(kills))
        sender.join()
        status = loop.rest()
        return _count(loop, killed, [f"KILL-{at:04d}" for at in range(len(events))], status)
    finally:
        loop.stop()


def _count(loop: _Loop, killed: Counter[str], numbers: list[str], status: dict[str, Any]) -> Outcome:
    with loop.erp.rpc() as rpc:
        rpc.enter_company()
        rows = rpc.rows("account.invoice", [["type", "=", "out"]], ["reference", "state"])
    found = Counter(row["reference"] for row in rows)
    posted = {row["reference"] for row in rows if row["state"] in ("posted", "paid")}
    database = SqliteDriver(loop.engine_state / "store.db").engine()
    record = sum(1 for operation, _, _ in confirmed(database, "erp") if operation == "invoice.create")
    audit = verify_store(database, loop.engine_state)
    return Outcome(
        kills_of_the_daemon=killed["daemon"],
        kills_of_the_erp=killed["erp"],
        invoices=len(numbers),
        lost=[number for number in numbers if not found[number]],
        duplicate=[number for number in numbers if found[number] > 1],
        unposted=[number for number in numbers if number not in posted],
        confirmed=record,
        exceptions=sum(status["exceptions"].values()),
        read_back=status["engine"]["counts"]["read_back"],
        audit_holds=audit.holds,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, default=ROOT / ".test-state")
    given = parser.parse_args()
    outcome = run(given.kills, given.seed, given.state, lambda text: print(f"  {text}", file=sys.stderr))
    print(json.dumps({**asdict(outcome), "holds": outcome.holds}, indent=2))
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    sys.exit(main())
