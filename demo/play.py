"""`tieout demo`: a month of a subscription company, played against a real ERP, and proved afterwards."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from demo.billing import Billing
from demo.deliver import Messenger
from demo.erp import RunningErp, start_erp
from demo.expected import confirmed, expected_balances, verified_lines
from demo.ledger import LedgerReport, check_with_beancount, read_journal
from demo.month import FEBRUARY, month
from demo.programs import Program, start_billing_api, start_engine
from demo.proxy import LossyWire
from demo.recurring import movements
from demo.schedule import ProrationCheck, RevenueRow, check_proration, compare, schedule, services
from demo.show import report_json, report_lines
from demo.tie_out import TieOutRow, posted_documents, tie_out
from engine.base.clock import SystemClock
from engine.base.identity import json_bytes
from engine.base.secret import Secret
from engine.connect.manifest import load_manifest
from engine.connect.opening import open_connector
from engine.connect.port import Settings
from engine.source.diagnostic import Diagnostics
from engine.store.driver import SqliteDriver

YEAR = 2026
#: The days on which earned and deferred revenue are compared: the end of the month, and of the year.
CLOSINGS = (date(2026, 2, 28), date(2026, 12, 31))
#: The ERP's last step of an invoice: after it the document is in the books.
POSTING_CALL = b'"model.account.invoice.post"'
AUTHOR, CONTROLLER = "anna@northwind.example", "maria@northwind.example"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """``state`` keeps environments, ERP and store; ``port`` 0 takes a free one; ``keep`` leaves all running."""

    root: Path
    state: Path
    port: int = 0
    keep: bool = False
    fresh: bool = False


@dataclass(slots=True)
class DemoReport:
    """What happened and what was proved."""

    seconds: float = 0.0
    setup_seconds: float = 0.0
    webhooks: dict[int, int] = field(default_factory=dict)
    posted: dict[str, int] = field(default_factory=dict)
    documents: dict[str, int] = field(default_factory=dict)
    rows: list[TieOutRow] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    exceptions: list[dict[str, Any]] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)
    lost_answers: int = 0
    waited: int = 0
    audit: dict[str, Any] = field(default_factory=dict)
    ledger: LedgerReport | None = None
    differences: int = 0
    proration: ProrationCheck | None = None
    verified: int = 0
    revenue: dict[str, list[RevenueRow]] = field(default_factory=dict)
    recurring: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    token_file: str = ""
    running: ExitStack = field(default_factory=ExitStack)

    @property
    def holds(self) -> bool:
        """Everything ties out, the ledger program agrees, the audit chain verifies."""
        return (
            all(row.difference == 0 for row in self.rows)
            and self.ledger is not None
            and self.ledger.ok
            and self.differences == 0
            and bool(self.audit.get("holds"))
            and self.proration is not None
            and self.verified == self.proration.lines
            and all(row.difference == 0 for rows in self.revenue.values() for row in rows)
        )


def play(options: DemoOptions, say: Say) -> DemoReport:
    """Set up, play, prove, and stop what was started (unless ``keep``). Raises UserError."""
    report = DemoReport()
    started = time.monotonic()
    options.state.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        erp = start_erp(options.state, year=YEAR, progress=lambda text: say(f"  {text}"), fresh=options.fresh)
        stack.callback(erp.stop)
        wire = LossyWire(erp.port, POSTING_CALL)
        stack.callback(wire.stop)
        keys = _keys(options.state)
        say("  starting the billing system's API and the engine")
        api = start_billing_api(options.state, keys["TIEOUT_BILLING_API_KEY"])
        stack.callback(api.stop)
        engine_state = options.state / "engine"
        if options.fresh:
            _clear(engine_state)
        engine_state.mkdir(exist_ok=True)
        engine = start_engine(
            options.root, engine_state, port=options.port, billing_url=api.url, erp_url=wire.url,
            erp_database=erp.database, secrets={**keys, "TIEOUT_ERP_PASSWORD": erp.password},
        )  # fmt: skip
        stack.callback(engine.stop)
        report.setup_seconds = time.monotonic() - started
        report.url = engine.url
        report.token_file = str(engine_state / "api.token")
        _play(report, say, erp, wire, api, engine, engine_state, keys, options.root)
        if options.keep:
            report.running = stack.pop_all()
    return report


def _keys(state: Path) -> dict[str, str]:
    """The secrets of this demo, made once: the webhook secret and the API key of the billing system."""
    file = state / "keys.env"
    if not file.exists():
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(f"TIEOUT_BILLING_API_KEY=sk_test_{secrets.token_hex(16)}\n")
            out.write(f"TIEOUT_BILLING_WEBHOOK_SECRET=whsec_{secrets.token_hex(24)}\n")
    pairs = (line.partition("=") for line in file.read_text("utf-8").splitlines())
    return {name: value for name, _, value in pairs}


def _clear(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _play(
    report: DemoReport, say: Say, erp: RunningErp, wire: LossyWire, api: Program, engine: Program, state: Path,
    keys: dict[str, str], root: Path,
) -> None:  # fmt: skip
    started = time.monotonic()
    token = (state / "api.token").read_text("utf-8")
    messenger = Messenger(engine.url, token, keys["TIEOUT_BILLING_WEBHOOK_SECRET"], state / "drop", wire.arm)
    billing = Billing()
    posted_before = 0
    for day in month(billing):
        _show_objects(api, billing, keys["TIEOUT_BILLING_API_KEY"])
        messenger.day(day)
        counts = messenger.ask("/api/status")["engine"]["counts"]
        posted = counts["confirmed"]
        say(f"  {day.on:%d %b}  {day.title}  ({posted - posted_before} effects)")
        posted_before = posted
    report.approvals = _approve(messenger)
    messenger.rest()
    report.seconds = time.monotonic() - started
    journal = _prove(report, say, messenger, billing, erp, state)
    say("  calculating proration, revenue and recurring revenue from the billing system's own lines")
    _calculate(report, billing, journal, root)
    report.webhooks = dict(messenger.answers)
    report.lost_answers = wire.lost
    report.waited = messenger.waited
    messenger.close()


def _show_objects(api: Program, billing: Billing, key: str) -> None:
    """Let the billing system's API answer with the objects as they are by now."""
    reply = httpx.post(
        f"{api.url}/_sandbox/objects",
        content=json_bytes([each for each in billing.objects.values() if each["object"] != "subscription_schedule"]),
        headers={"authorization": f"Bearer {key}"},
        trust_env=False,
    )
    reply.raise_for_status()


def _approve(messenger: Messenger) -> list[str]:
    """The author's own approval is refused; the controller's counts."""
    said = []
    for exception in messenger.ask("/api/exceptions?kind=approval"):
        status, answer = messenger.act(exception["id"], "approve", AUTHOR)
        said.append(f"{AUTHOR}: {answer['error'] if status != 200 else 'approved'}")
        status, answer = messenger.act(exception["id"], "approve", CONTROLLER)
        said.append(f"{CONTROLLER}: {'approved' if status == 200 else answer['error']}")
    return said


def _calculate(report: DemoReport, billing: Billing, journal: dict[str, list[Any]], root: Path) -> None:
    """The billing system's own lines, calculated again by the shipped documents."""
    report.proration = check_proration(billing, root)
    found = services(billing, root)
    earned = schedule(found, root)
    for day in CLOSINGS:
        report.revenue[day.isoformat()] = compare(found, earned, journal, day)
    report.recurring = movements(billing, root, *FEBRUARY)


def _prove(
    report: DemoReport, say: Say, messenger: Messenger, billing: Billing, erp: RunningErp, state: Path
) -> dict[str, list[Any]]:
    """Read the books back and compare; gives the ERP's journal."""
    say("  reading the books back from the ERP")
    status = messenger.ask("/api/status")
    report.counts = status["engine"]["counts"]
    report.exceptions = messenger.ask("/api/exceptions")
    report.audit = messenger.ask("/api/audit/verify")
    database = SqliteDriver(state / "store.db").engine()
    for operation, _, _ in confirmed(database, "erp"):
        report.documents[operation] = report.documents.get(operation, 0) + 1
    report.verified = verified_lines(database)
    with erp.rpc() as rpc:
        rpc.enter_company()
        companies = [row["id"] for row in rpc.rows("company.company", [], ["id"])]
        report.rows = tie_out(billing.billed, billing.customers, posted_documents(rpc, companies))
    say("  checking the ERP's journal with an independent ledger program")
    journal = asyncio.run(_journal(erp))
    report.ledger = check_with_beancount(journal, state.parent, lambda text: say(f"  {text}"))
    report.differences = len(report.ledger.differences(expected_balances(database)))
    database.dispose()
    return journal


async def _journal(erp: RunningErp) -> dict[str, list[Any]]:
    """The ERP's whole journal by entity, read page by page through the connector."""
    manifest = load_manifest("tryton", Diagnostics())
    assert manifest is not None
    settings = Settings(
        "erp",
        {"base_url": erp.url, "database": erp.database, "user": erp.user, "late_invoices": "refuse",
         "acknowledge": "", "commit_within_seconds": 5},
        {"password": Secret(erp.password)},
        ("127.0.0.1",),
    )  # fmt: skip
    connector = open_connector(manifest, settings, SystemClock())
    journal: dict[str, list[Any]] = {}
    try:
        for entity in ("NW-US", "NW-DE"):
            pages: list[Any] = []
            offset = 0
            while True:
                page = await connector.read("journal.export", {"entity": entity, "offset": offset, "limit": 500})
                pages.append(page)
                offset += len(page["entries"])
                if len(page["entries"]) < 500:
                    break
            journal[entity] = read_journal(pages)
    finally:
        await connector.close()
    return journal


def main(given: Mapping[str, Any]) -> int:
    """The command: ``keep``, ``fresh``, ``state``, ``json``, ``quiet``. 0 if everything ties out, else 1."""
    from engine import api

    root = api.shipped_workspace()
    state = Path(given.get("state") or Path.cwd() / ".demo").absolute()
    quiet = bool(given.get("quiet") or given.get("json"))
    started = time.monotonic()

    def say(text: str) -> None:
        if not quiet:
            sys.stdout.write(f"{time.monotonic() - started:6.1f} s {text}\n")
            sys.stdout.flush()

    options = DemoOptions(root, state, keep=bool(given.get("keep")), fresh=bool(given.get("fresh")))
    report = play(options, say)
    if given.get("json"):
        sys.stdout.write(json_bytes(report_json(report)).decode() + "\n")
    else:
        sys.stdout.write("\n".join(report_lines(report)) + "\n")
        if options.keep:
            sys.stdout.write(
                f"\nStill running: the engine at {report.url} (token in {report.token_file}), the ERP and its wire.\n"
                "Stop them with Ctrl-C.\n"
            )
    if options.keep:
        sys.stdout.flush()
        _wait_for_the_end(report)
    return 0 if report.holds else 1


def _wait_for_the_end(report: DemoReport) -> None:
    """With ``--keep``: stay until told to stop, then stop what was started."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    report.running.close()
