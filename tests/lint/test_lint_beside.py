"""Two processes check a workspace as one does: the same findings, the same errors, whatever becomes of the other."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small_workspace import copy_base

from engine.api import shipped_workspace
from engine.base import beside
from engine.base.beside import Beside, is_possible
from engine.base.clock import FixedClock
from engine.base.errors import UserError
from engine.lint.beside import lint_beside
from engine.lint.runner import lint, lint_watched

CLOCK = FixedClock("2026-03-01T00:00:00Z")
HERE = os.getpid()
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has, and though the one who runs the tests has threads."""
    monkeypatch.setattr(beside, "is_possible", lambda: True)


def elsewhere() -> bool:
    """Whether this is the other process."""
    return os.getpid() != HERE


# ----------------------------------------------------------------------------- the work


def test_every_piece_is_done_once_and_in_order_wherever_it_is_done() -> None:
    def work(number: int) -> tuple[int, bool]:
        time.sleep(0.02)  # the other one has begun long before all is done, on a busy machine too
        return number, elsewhere()

    with Beside(work, 30, 0, 20) as shared:
        first, none, last = shared.results(0), shared.results(1), shared.results(2)
    assert [number for number, _ in (*first, *none, *last)] == list(range(50))
    assert {there for _, there in (*first, *last)} == {False, True}


def test_what_is_more_than_a_queue_holds_is_done_too() -> None:
    with Beside(lambda number: number * number, 9_000) as shared:
        assert shared.results() == [number * number for number in range(9_000)]


def test_large_results_come_back_whole() -> None:
    def work(number: int) -> bytes:
        time.sleep(0.01)
        return bytes([number]) * 3_000_000

    with Beside(work, 12) as shared:
        assert [(each[0], len(each)) for each in shared.results()] == [(number, 3_000_000) for number in range(12)]


@pytest.mark.parametrize("fails", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: 1 // 0, lambda: os._exit(3)])
def test_what_the_other_does_not_deliver_is_done_here(fails: Callable[[], object]) -> None:
    def work(number: int) -> int:
        time.sleep(0.01)
        if elsewhere() and number > 10:
            fails()
        return number

    with Beside(work, 40, 5) as shared:
        assert (*shared.results(0), *shared.results(1)) == tuple(range(45))


def test_what_cannot_be_handed_back_is_done_here() -> None:
    def work(number: int) -> Callable[[], int]:
        return lambda: number

    with Beside(work, 20) as shared:
        assert [each() for each in shared.results()] == list(range(20))


def test_an_error_appears_here() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise UserError("three")
        return number

    with pytest.raises(UserError, match="three"), Beside(work, 20) as shared:
        shared.results()


def test_leaving_early_ends_the_other() -> None:
    with Beside(lambda number: time.sleep(60), 20) as shared:
        other = shared._other
        assert other > 0
    with pytest.raises(ProcessLookupError):
        os.kill(other, 0)


def test_beside_another_thread_nothing_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert not is_possible()
    finally:
        done.set()
        thread.join()
    monkeypatch.setattr(beside, "is_possible", lambda: False)

    def work(_number: int) -> bool:
        time.sleep(0.001)
        return elsewhere()

    with Beside(work, 30) as shared:
        assert not any(shared.results())


# ----------------------------------------------------------------------------- checks


def written(file: str, text: str) -> Callable[[Path], object]:
    def write(root: Path) -> None:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    return write


def every(old: str, new: str, kind: str) -> Callable[[Path], object]:
    """Another text in all documents of a kind."""

    def change(root: Path) -> None:
        for path in root.rglob(f"*.{kind}.yaml"):
            path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    return change


def without(pattern: str) -> Callable[[Path], object]:
    """Without the files of these names."""

    def remove(root: Path) -> None:
        for path in list(root.rglob(pattern)):
            path.unlink()

    return remove


CHANGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda root: None,
    "a test that cannot be read": written("mappings/broken.test.yaml", "spec: test/v1\nid: [\n"),
    "a test with unknown keys": written("mappings/odd.test.yaml", "spec: test/v1\nid: odd\nwhy: not\n"),
    "a flow that cannot be read": written("mappings/broken.flow.yaml", "spec: flow/v1\n\tid: broken\n"),
    "a file of no kind": written("mappings/notes.yaml", "a: 1\n"),
    "a test twice": lambda root: [
        path.with_name(f"second_{path.name}").write_bytes(path.read_bytes()) for path in [*root.rglob("*.test.yaml")]
    ],
    "no tests": without("*.test.yaml"),
    "no schemas": without("*.schema.json"),
    "a folder too many": lambda root: (root / "tieout.yaml").write_text(
        (root / "tieout.yaml").read_text("utf-8") + "  - nowhere\n", "utf-8"
    ),
    "a head that cannot be read": written("tieout.yaml", "spec: workspace/v1\nid: 1\n"),
    "other names in flows": every("event.data", "event.date", "flow"),
    "other names in tests": every("outcome: completed", "outcome: complete", "test"),
    "other owners": every("owner: ", "owner: x", "policy"),
    "bytes that are no text": lambda root: (root / "mappings" / "bytes.flow.yaml").write_bytes(b"spec: \xff\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_two_find_what_one_finds(tmp_path: Path, change: Callable[[Path], object]) -> None:
    root = copy_base(tmp_path)
    change(root)
    alone, watched = lint_watched(root, {}, CLOCK)
    together, watched_together = lint_beside(root, {}, CLOCK)
    assert together.diagnostics == alone.diagnostics
    assert [(each.fix, each.labels, each.help, each.notes) for each in together.diagnostics] == [
        (each.fix, each.labels, each.help, each.notes) for each in alone.diagnostics
    ]
    assert dict(together.files) == dict(alone.files)
    assert watched_together == watched


def test_two_find_what_one_finds_in_the_shipped_workspace() -> None:
    root = shipped_workspace()
    assert lint_beside(root, {}, CLOCK)[0].diagnostics == lint(root, environment={}, clock=CLOCK).diagnostics


def test_there_must_be_a_workspace(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a workspace"):
        lint_beside(tmp_path, {}, CLOCK)


def test_the_command_says_on_a_terminal_that_it_works_and_takes_the_words_back(tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "cli", "lint", "--workspace", str(copy_base(tmp_path)), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=end, check=False, timeout=60)
    os.close(end)
    said = os.read(terminal, 4_096).decode()
    os.close(terminal)
    assert (done.returncode, done.stdout) == (0, b"no findings\n")
    assert said == "checking the workspace …\r\x1b[2K"
