"""Which tests a change can affect, and running them again as files change."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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


def test_what_a_deleted_file_said_may_reach_every_test(tmp_path: Path) -> None:
    later = tmp_path / "mappings" / "later.mapping.yaml"
    copy_base(tmp_path)
    text = (tmp_path / "mappings" / "entry.mapping.yaml").read_text("utf-8")
    later.write_text(text.replace('version: "1.0.0"', 'version: "2.0.0"'), "utf-8")

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "all")
    later.unlink()
    assert names(run_tests(tmp_path, changed_since="HEAD")) == sorted(ALL)
    assert names(run(tmp_path, changed=frozenset(("README.md", "elsewhere/gone.yaml")))) == []


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


@dataclass
class Watched:
    """A workspace that is watched: what was shown, and a wait for more."""

    root: Path
    shown: list[TestReport] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)
    over: threading.Event = field(default_factory=threading.Event)

    def show(self, report: TestReport) -> None:
        with self.news:
            self.shown.append(report)
            self.news.notify_all()

    def until(self, holds: Callable[[TestReport], bool]) -> None:
        with self.news:
            assert self.news.wait_for(lambda: bool(self.shown) and holds(self.shown[-1]), 60), self.shown


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(copy_base(tmp_path / "ws"))
    thread = threading.Thread(target=watch_tests, args=(made.root, None, made.show), kwargs={"stop": made.over.is_set})
    thread.start()
    try:
        made.until(lambda report: names(report) == sorted(ALL))
        yield made
    finally:
        made.over.set()
        thread.join(60)
    assert not thread.is_alive()


def test_folders_that_move_out_and_back_and_come_anew_are_watched(watched: Watched, tmp_path: Path) -> None:
    mappings, away = watched.root / "mappings", tmp_path / "away"
    mappings.rename(away)
    watched.until(lambda report: bool(report.diagnostics))
    away.rename(mappings)
    watched.until(lambda report: names(report) == sorted(ALL))
    replace_in(watched.root, "entry.test.yaml", ('account: "4000"', 'account: "4001"'))
    watched.until(lambda report: [each.name for each in report.failures] == ["entry/known"])
    (mappings / "entry.test.yaml").rename(mappings / "renamed.test.yaml")
    watched.until(lambda report: [each.file for each in report.failures] == ["mappings/renamed.test.yaml"])
    (mappings / "renamed.test.yaml").unlink()
    watched.until(lambda report: bool(report.results) and report.passed)
    assert names(watched.shown[-1]) == sorted(ALL - {"entry"})


def test_the_workspace_file_is_watched(watched: Watched) -> None:
    file = watched.root / "tieout.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("schemas]", "schemas, more]"), "utf-8")
    watched.until(lambda report: bool(report.diagnostics))
    (watched.root / "more").mkdir()
    watched.until(lambda report: names(report) == sorted(ALL))
    file.unlink()
    watched.until(lambda report: bool(report.problem))
    file.write_text(text, "utf-8")
    watched.until(lambda report: names(report) == sorted(ALL))
    assert any("tieout.yaml" in report.problem for report in watched.shown)


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
