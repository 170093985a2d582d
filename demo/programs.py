"""The other programs of the demo: the billing system's API and the engine's daemon, as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.base.errors import UserError

START_SECONDS = 30.0


@dataclass(slots=True)
class Program:
    """A running program: its address, and where it writes its log."""

    name: str
    process: subprocess.Popen[str]
    url: str
    log: Path

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)


def start_billing_api(state: Path, api_key: str) -> Program:
    """The billing system's API: a Stripe-shaped server on loopback."""
    command = [sys.executable, "-m", "connectors.stripe.sandbox", "--port", "0", "--api-key", api_key]
    process, log = _start("billing", command, state, dict(os.environ))
    return Program("billing", process, _first_line(process, log), log)


def start_engine(
    root: Path, state: Path, *, port: int, billing_url: str, erp_url: str, erp_database: str, secrets: dict[str, str]
) -> Program:
    """The engine as a daemon on the workspace, with its store in the state folder."""
    environment = {
        **os.environ,
        "TIEOUT_BILLING_URL": billing_url,
        "TIEOUT_ERP_URL": erp_url,
        "TIEOUT_ERP_DATABASE": erp_database,
        "TIEOUT_ERP_COMMIT_WITHIN": "5",
        "TIEOUT_ERP_LATE_INVOICES": "date_forward",
        **secrets,
    }
    command = [
        sys.executable, "-m", "cli", "serve", "--workspace", str(root), "--state", str(state), "--port", str(port),
        "--environment", "demo",
    ]  # fmt: skip
    process, log = _start("engine", command, state, environment)
    ready = json.loads(_first_line(process, log))
    return Program("engine", process, str(ready["ready"]), log)


def _start(
    name: str, command: list[str], state: Path, environment: dict[str, str]
) -> tuple[subprocess.Popen[str], Path]:
    log = state / f"{name}.log"
    out: IO[str] = log.open("w", encoding="utf-8")
    root = Path(__file__).parents[1]
    environment["PYTHONPATH"] = f"{root}{os.pathsep}{environment.get('PYTHONPATH', '')}"
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=out, text=True, env=environment,
        start_new_session=True,
    )  # fmt: skip
    return process, log


def _first_line(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    started = time.monotonic()
    line = process.stdout.readline().strip()
    if not line or time.monotonic() - started > START_SECONDS:
        process.kill()
        tail = "\n".join(log.read_text("utf-8").splitlines()[-5:])
        raise UserError(f"a program of the demo did not start; its log {log} ends with:\n{tail}")
    return line
