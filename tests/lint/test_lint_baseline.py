"""Baselines accept what was there and nothing else; `--changed-since` knows what Git knows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.lint.baseline import apply_baseline, read_baseline, written
from engine.lint.changed import changed_files
from engine.source.diagnostic import Diagnostic, Level
from engine.source.span import Span

TEXT = "a: 1\nb: 2\na: 1\n"


def found(*lines: int, code: str = "MAP202") -> list[Diagnostic]:
    return [Diagnostic(code, "nothing uses it", Span("a.yaml", line), Level.WARNING) for line in lines]


def baseline(folder: Path, diagnostics: list[Diagnostic], text: str = TEXT) -> Path:
    path = folder / "lint.json"
    path.write_text(written(diagnostics, {"a.yaml": text}), "utf-8")
    return path


def test_what_is_accepted_stays_so_when_lines_move(tmp_path: Path) -> None:
    accepted = read_baseline(baseline(tmp_path, found(1, 3)))
    moved = "# new\n\na:  1\nb: 2\nc: 3\n  a: 1\n"
    assert apply_baseline(found(3, 6), {"a.yaml": moved}, accepted) == ()


def test_a_new_finding_is_shown_even_if_it_looks_like_an_accepted_one(tmp_path: Path) -> None:
    accepted = read_baseline(baseline(tmp_path, found(1)))
    assert [each.span.line for each in apply_baseline(found(1, 3), {"a.yaml": TEXT}, accepted)] == [3]
    (other,) = apply_baseline([*found(1), *found(1, code="MAP201")], {"a.yaml": TEXT}, accepted)
    assert other.code == "MAP201"


def test_an_entry_whose_finding_is_gone_is_reported_where_it_stands(tmp_path: Path) -> None:
    path = baseline(tmp_path, found(1, 2))
    (stale,) = apply_baseline(found(1), {"a.yaml": TEXT}, read_baseline(path))
    assert (stale.code, stale.level, stale.span.file) == ("DOC204", Level.WARNING, str(path))
    line = path.read_text("utf-8").split("\n")[stale.span.line - 1]
    assert '"MAP202"' in line


def test_a_baseline_is_one_line_per_finding_and_the_same_every_time(tmp_path: Path) -> None:
    text = written(found(3, 1), {"a.yaml": TEXT})
    assert text == written(found(1, 3), {"a.yaml": TEXT})
    assert text.count("fingerprint") == 2 and len(text.splitlines()) == 7
    assert json.loads(written([], {})) == {"format_version": 1, "findings": []}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not a baseline"),
        ("[]", "is not a baseline of format 1"),
        ('{"format_version": 2, "findings": []}', "is not a baseline of format 1"),
        ('{"format_version": 1, "findings": [{"code": "MAP202"}]}', "an entry needs fingerprint"),
    ],
)
def test_what_is_no_baseline_is_refused_in_words(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "lint.json").write_text(content)
    with pytest.raises(UserError, match=words):
        read_baseline(tmp_path / "lint.json")
    with pytest.raises(UserError, match="--write-baseline"):
        read_baseline(tmp_path / "none.json")


# ----------------------------------------------------------------------------- Git


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Anna", "-c", "user.email=anna@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository" / "ledger"
    root.mkdir(parents=True)
    git(root.parent, "init", "--quiet")
    for name in ("kept.yaml", "changed.yaml", "staged.yaml", "gone.yaml", "größe.yaml"):
        (root / name).write_text("a: 1\n")
    (root.parent / "outside.yaml").write_text("a: 1\n")
    (root / ".gitignore").write_text("ignored.yaml\n")
    git(root.parent, "add", "--all")
    git(root.parent, "commit", "--quiet", "--message", "Begin")
    return root


def test_changed_staged_committed_and_untracked_files_are_found_below_the_workspace(repository: Path) -> None:
    assert changed_files(repository, "HEAD") == frozenset()
    for name in ("changed.yaml", "staged.yaml", "größe.yaml"):
        (repository / name).write_text("a: 2\n")
    git(repository, "add", "staged.yaml")
    git(repository, "commit", "--quiet", "--message", "Change", "--", "größe.yaml")
    (repository / "gone.yaml").unlink()
    for name in ("new file.yaml", "ignored.yaml"):
        (repository / name).write_text("a: 1\n")
    (repository.parent / "outside.yaml").write_text("a: 2\n")
    assert changed_files(repository, "HEAD") == {"changed.yaml", "staged.yaml", "new file.yaml"}
    assert changed_files(repository, "HEAD~1") == {"changed.yaml", "staged.yaml", "new file.yaml", "größe.yaml"}


def test_a_renamed_file_counts_under_its_new_name(repository: Path) -> None:
    git(repository, "mv", "kept.yaml", "renamed.yaml")
    (repository / "changed.yaml").rename(repository / "moved.yaml")
    assert changed_files(repository, "HEAD") == {"renamed.yaml", "moved.yaml"}
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Rename")
    assert changed_files(repository, "HEAD~1") == {"renamed.yaml", "moved.yaml"}


def test_what_git_does_not_know_is_said_in_words(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="knows no revision 'nowhere'"):
        changed_files(repository, "nowhere")
    with pytest.raises(UserError, match="is not a revision"):
        changed_files(repository, "--output=x")
    (tmp_path / "plain").mkdir()
    with pytest.raises(UserError, match="is not in a Git repository"):
        changed_files(tmp_path / "plain", "HEAD")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="not installed"):
        changed_files(repository, "HEAD")
