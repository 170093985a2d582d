"""The examples are whole workspaces: nothing is found in them, all their tests hold, and they run as they say."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.lint.runner import lint
from engine.rewrite.format import format_text
from engine.verify.runner import run_tests

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = sorted(each.parent for each in (REPOSITORY / "examples").glob("*/tieout.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.name)
def test_nothing_is_found_in_an_example(example: Path) -> None:
    assert [f"{each.code} {each.span} {each.message}" for each in lint(example).diagnostics] == []
    for file in example.rglob("*.yaml"):
        text = file.read_text("utf-8")
        assert format_text(text) == text, f"{file} is not in canonical form"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.name)
def test_all_tests_of_an_example_hold(example: Path) -> None:
    report = run_tests(example)
    assert report.failures == () and report.diagnostics == ()
    assert len(report.results) > 30


def test_every_example_is_in_the_index_with_a_short_readme() -> None:
    index = (REPOSITORY / "docs/README.md").read_text("utf-8")
    assert EXAMPLES
    for example in EXAMPLES:
        assert f"../examples/{example.name}" in index
        assert len((example / "README.md").read_text("utf-8").splitlines()) < 25


# ----------------------------------------------------------------------------- run as the README says


def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


def until(what: str, true: Callable[[], Any]) -> Any:
    for _ in range(600):
        found = true()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited a minute in vain until {what}")


def asked(url: str, content: bytes | None = None, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, content, named), timeout=20) as reply:
            return json.loads(reply.read() or b"null")
    except (urllib.error.URLError, OSError):
        return None


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts processes, and ends them when the test does."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*command: str, **more: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **more
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def test_the_chargebee_example_posts_what_the_billing_system_sends(
    tmp_path: Path, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    root, erp = tmp_path / "books", port()
    shutil.copytree(REPOSITORY / "examples/chargebee", root, ignore=shutil.ignore_patterns(".*"))
    connection = root / "mappings/connections/books.connection.yaml"
    connection.write_text(connection.read_text("utf-8").replace("9911", str(erp)), "utf-8")
    user = "Basic " + base64.b64encode(b"hi:there").decode()
    environment = {**os.environ, "LEDGERLINE_TOKEN": "try-me", "CHARGEBEE_WEBHOOK_AUTHORIZATION": user}
    started("sandbox.py", str(erp), cwd=root)
    until("the ERP answers", lambda: asked(f"http://127.0.0.1:{erp}/"))
    daemon = started(str(REPOSITORY / "cli.py"), "serve", "--port", "0", cwd=root, env=environment)
    assert daemon.stdout is not None
    address = json.loads(daemon.stdout.readline())["ready"]
    for name in ("invoice", "customer", "invoice"):
        message = (root / f"mappings/sources/fixtures/{name}.json").read_bytes()
        sent = asked(f"{address}/webhooks/billing", message, authorization=user, content_type="application/json")
        assert sent["status"] in ("accepted", "duplicate")
    books = until("the invoice is posted", lambda: asked(f"http://127.0.0.1:{erp}/")["documents"])
    assert [(each["number"], each["content"]["reference"], each["content"]["customer"]) for each in books] == [
        ("LL-0001", "BL-1001", "C1")
    ]
