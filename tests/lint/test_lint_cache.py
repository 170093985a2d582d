"""The cache answers what a check would find, without compiling, and never when anything differs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small_workspace import copy_base, replace_in

from engine.base.clock import FixedClock
from engine.lint import runner
from engine.lint.cache import ANSWERS_MAX, FOLDER, FORMS_MAX, lint_cached
from engine.lint.report import LintReport
from engine.lint.runner import lint
from engine.lint.stored import restored, stored
from engine.spec.stamps import stamp_of_folder

ROOT = Path(__file__).parents[2]


class Checked:
    """A workspace, its cache, and how often it was really checked."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = copy_base(root / "small")
        self.state = root / "state"
        self.environment: dict[str, str] = {}
        self.clock = FixedClock("2026-03-01T12:00:00Z")
        self.times = 0
        original = runner.lint_watched

        def counted(*given: object) -> object:
            self.times += 1
            return original(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(runner, "lint_watched", counted)

    def lint(self) -> LintReport:
        """Through the cache; it must be what a check finds."""
        report = lint_cached(self.root, self.state, self.environment, self.clock)
        before, self.times = self.times, 0
        cold = lint(self.root, environment=self.environment, clock=self.clock)
        self.times = before
        assert report.diagnostics == cold.diagnostics
        assert dict(report.files) == dict(cold.files)
        return report

    @property
    def kept(self) -> list[Path]:
        return sorted((self.state / FOLDER).glob("*.json"))


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checked:
    return Checked(tmp_path, monkeypatch)


def test_what_did_not_change_is_not_checked_again(checked: Checked) -> None:
    assert checked.lint().diagnostics == ()
    assert checked.times == 1
    checked.lint()
    checked.lint()
    assert checked.times == 1


def test_findings_come_back_with_all_they_carry(checked: Checked) -> None:
    replace_in(checked.root, "booked.flow.yaml", ("=event.data", "=event.date"))
    found = checked.lint().diagnostics
    assert found
    again = checked.lint()
    assert checked.times == 1
    assert again.diagnostics == found
    assert again.has_errors
    assert restored(stored(found)) == found


@pytest.mark.parametrize(
    "change",
    [
        lambda root: replace_in(root, "booked.flow.yaml", ("summary: ", "summary: Now ")),
        lambda root: (root / "mappings" / "new.flow.yaml").write_text("spec: flow/v1\n"),
        lambda root: (root / "mappings" / "entry.test.yaml").unlink(),
        lambda root: (root / "mappings" / "entry.test.yaml").rename(root / "mappings" / "other.test.yaml"),
        lambda root: (root / "tieout.yaml").write_text("spec: workspace/v1\nid: small\nfolders: [mappings]\n"),
        lambda root: (root / "mappings" / "loop").symlink_to("loop"),
    ],
)
def test_a_change_of_the_workspace_is_seen(checked: Checked, change: Callable[[Path], object]) -> None:
    checked.lint()
    change(checked.root)
    checked.lint()
    assert checked.times == 2


def test_an_earlier_state_is_still_known(checked: Checked) -> None:
    flow = checked.root / "mappings" / "booked.flow.yaml"
    text = flow.read_text("utf-8")
    for note in ("", "# one\n", "# two\n", "", "# one\n"):
        flow.write_text(note + text, "utf-8")
        checked.lint()
    assert checked.times == 3


def test_a_variable_that_a_setting_reads_counts(checked: Checked) -> None:
    connection = checked.root / "mappings" / "ledger.connection.yaml"
    text = connection.read_text("utf-8")
    connection.write_text(text + "settings:\n  unknown_setting: {env: SHOP}\n", "utf-8")
    checked.lint()
    checked.environment["SHOP"] = "x"
    checked.lint()
    checked.environment["ANOTHER"] = "x"
    checked.lint()
    assert checked.times == 2
    kept = checked.kept[0].read_text("utf-8")
    assert "SHOP" in kept
    assert "ANOTHER" not in kept


def test_the_day_counts_because_suppressions_end(checked: Checked) -> None:
    checked.lint()
    checked.clock.advance(3600)
    checked.lint()
    assert checked.times == 1
    checked.clock.advance(86_400)
    checked.lint()
    assert checked.times == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"0\n{}", b"\xff\xfe", b"null"])
def test_a_broken_cache_is_as_if_it_were_not_there(checked: Checked, content: bytes) -> None:
    checked.lint()
    whole = checked.kept[0].read_bytes()
    for wrong in (content, whole[: len(whole) // 2], whole.replace(b'"answers"', b'"answer"')):
        checked.kept[0].write_bytes(wrong)
        before = checked.times
        checked.lint()
        assert checked.times == before + 1


def test_a_cache_that_cannot_be_written_is_no_error(checked: Checked) -> None:
    checked.state.write_text("a file stands where the folder should be", "utf-8")
    checked.lint()
    checked.lint()
    assert checked.times == 2


def test_it_is_bounded_and_ignored_by_git(checked: Checked) -> None:
    flow = checked.root / "mappings" / "booked.flow.yaml"
    text = flow.read_text("utf-8")
    for number in range(ANSWERS_MAX + 3):
        flow.write_text(f"# {number}\n{text}", "utf-8")
        lint_cached(checked.root, checked.state, {}, checked.clock)
    assert len(checked.kept) == 1
    assert checked.kept[0].read_bytes().count(b'"paths"') == ANSWERS_MAX
    for number in range(FORMS_MAX + 3):
        (checked.root / "tieout.yaml").write_text(f"# {number}\nspec: workspace/v1\nid: small\n", "utf-8")
        lint_cached(checked.root, checked.state, {}, checked.clock)
    assert len(checked.kept) == FORMS_MAX
    assert "*" in (checked.state / FOLDER / ".gitignore").read_text("utf-8").splitlines()


def test_what_lies_outside_the_folders_is_looked_at_each_time(checked: Checked) -> None:
    table = checked.root / "mappings" / "accounts.table.yaml"
    above, _, rest = table.read_text("utf-8").partition("rows:\n")
    below = rest.partition("missing:\n")[2]
    table.write_text(f"{above}file: ../accounts.csv\nmissing:\n{below}", "utf-8")
    checked.lint()
    rows = checked.root / "accounts.csv"
    rows.write_text("customer,account,first,end\nacme,4000,,\n", "utf-8")
    checked.lint()
    rows.write_text("customer,account,first,end\nacme,,,\n", "utf-8")
    assert [each.code for each in checked.lint().diagnostics] == ["SPEC203"]
    assert checked.times == 3


def test_a_stamp_tells_a_changed_folder(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    file = tmp_path / "inner" / "one.py"
    file.write_text("1")
    before = stamp_of_folder(tmp_path)
    assert stamp_of_folder(tmp_path) == before
    os.utime(file, ns=(1, 1))
    touched = stamp_of_folder(tmp_path)
    assert touched != before
    (tmp_path / "inner" / "two.txt").write_text("2")
    assert stamp_of_folder(tmp_path) != touched
    assert stamp_of_folder(tmp_path, ".py") == touched
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "one.pyc").write_text("x")
    assert stamp_of_folder(tmp_path, ".py") == touched


def test_the_command_answers_from_the_cache_without_the_compiler(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "small")

    def run(*options: str) -> tuple[str, set[str], float]:
        program = (
            "import sys, cli\nsys.argv = ['tieout', 'lint', *sys.argv[1:]]\n"
            "try:\n    cli.main()\nfinally:\n    print(*sys.modules, file=sys.stderr)\n"
        )
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", program, *options], cwd=root, capture_output=True, text=True, timeout=60,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout, set(done.stderr.split()), time.monotonic() - began

    first, loaded, _ = run()
    assert "engine.plan.build" in loaded
    assert (root / ".tieout" / FOLDER / ".gitignore").is_file()
    second, loaded, _ = run()
    assert second == first
    assert not {"engine.plan.build", "engine.expr.check", "engine.spec.workspace", "jmespath", "jinja2"} & loaded
    third, loaded, _ = run("--no-cache")
    assert third == first
    assert "engine.plan.build" in loaded
