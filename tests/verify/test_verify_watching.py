"""Which tests a change can affect, and running them again as files change."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest
from small_workspace import copy_base, replace_in

from engine.api import run_tests, watch_tests
from engine.plan.build import build
from engine.spec.workspace import load_workspace
from engine.verify.affected import affected_tests
from engine.verify.model import TestReport
from engine.verify.runner import run_tests as run
from engine.verify.watching import watch

ALL = {"bill", "billed", "booked", "controls", "entry"}


@pytest.mark.parametrize(
    ("changed", "affected"),
    [
        ("mappings/entry.mapping.yaml", {"booked", "entry"}),
        ("mappings/accounts.table.yaml", {"booked", "entry"}),
        ("mappings/controls.policy.yaml", {"booked", "controls"}),
        ("mappings/bill.mapping.yaml", {"bill", "billed"}),
        ("mappings/billed.source.yaml", {"billed"}),
        ("mappings/booked.flow.yaml", {"booked"}),
        ("mappings/entry.test.yaml", {"entry"}),
        ("schemas/entry@1.schema.json", {"booked", "controls", "entry"}),
        ("schemas/money@1.schema.json", ALL),
        ("mappings/ledger.connection.yaml", {"booked"}),
        ("connectors/memory/manifest.yaml", {"booked"}),
        ("tieout.yaml", ALL),
        ("README.md", set()),
    ],
)
def test_a_change_affects_the_tests_of_what_uses_it(tmp_path: Path, changed: str, affected: set[str]) -> None:
    workspace = load_workspace(copy_base(tmp_path))
    built = build(workspace)
    assert built.plan is not None
    assert affected_tests(workspace, built.plan, built.library, frozenset((changed,))) == affected


def test_a_fixture_affects_the_test_that_reads_it(tmp_path: Path) -> None:
    copy_base(tmp_path)
    (tmp_path / "mappings" / "fixtures").mkdir()
    (tmp_path / "mappings" / "fixtures" / "bill.json").write_text(
        '{"id": "b1", "revision": "1", "customer": "acme", "due": "2026-02-28", '
        '"total": {"amount": "120.00", "currency": "USD"}}', "utf-8",
    )  # fmt: skip
    file = tmp_path / "mappings" / "entry.test.yaml"
    text = file.read_text("utf-8")
    start, end = text.index("  bill:\n"), text.index("cases:")
    file.write_text(f"{text[:start]}  bill: {{file: fixtures/bill.json}}\n{text[end:]}", "utf-8")
    report = run(tmp_path, changed=frozenset(("mappings/fixtures/bill.json",)))
    assert [result.name for result in report.results] == ["entry/known", "entry/unknown"] and report.passed


def test_only_what_changed_since_a_revision_runs(tmp_path: Path) -> None:
    copy_base(tmp_path)

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "all")
    assert run_tests(tmp_path, changed_since="HEAD").results == ()
    replace_in(tmp_path, "entry.mapping.yaml", ("=bill.total", "=abs(bill.total)"))
    assert {result.test for result in run_tests(tmp_path, changed_since="HEAD").results} == {"booked", "entry"}


def names(report: TestReport) -> list[str]:
    return sorted({result.test for result in report.results})


def test_watching_runs_what_changed_and_what_failed_before(tmp_path: Path) -> None:
    copy_base(tmp_path)
    shown: list[TestReport] = []

    def changes():  # type: ignore[no-untyped-def]
        replace_in(tmp_path, "entry.test.yaml", ('account: "4000"', 'account: "4001"'))
        yield frozenset(("mappings/entry.test.yaml",))
        yield frozenset(("mappings/controls.test.yaml",))
        replace_in(tmp_path, "entry.mapping.yaml", ("=bill.total", "=bill.totl"))
        yield frozenset(("mappings/entry.mapping.yaml",))
        replace_in(tmp_path, "entry.mapping.yaml", ("=bill.totl", "=bill.total"))
        yield frozenset(("mappings/entry.mapping.yaml",))

    watch(lambda changed: run(tmp_path, changed=changed), changes(), shown.append)
    assert [names(report) for report in shown] == [
        sorted(ALL), ["entry"], ["controls", "entry"], [], sorted(ALL),
    ]  # fmt: skip
    assert [bool(report.diagnostics) for report in shown] == [False, False, False, True, False]


def test_files_are_watched_on_disk(tmp_path: Path) -> None:
    copy_base(tmp_path)
    shown: list[TestReport] = []
    first, second = threading.Event(), threading.Event()

    def show(report: TestReport) -> None:
        shown.append(report)
        (second if first.is_set() else first).set()

    watching = threading.Thread(target=watch_tests, args=(tmp_path, None, show), kwargs={"stop": second.is_set})
    watching.start()
    try:
        assert first.wait(20)
        for attempt in range(40):
            replace_in(tmp_path, "entry.test.yaml", ("summary: ", f"summary: {attempt} "))
            if second.wait(0.5):
                break
    finally:
        second.set()
        watching.join(20)
    assert names(shown[0]) == sorted(ALL)
    assert names(shown[1]) == ["entry"]
