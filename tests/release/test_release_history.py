"""Revisions of real repositories: moved workspaces, parts of a history, hooks of linked checkouts, kinds of names."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_world import commit, edit, git
from small_workspace import copy_base

from engine.base.errors import UserError
from engine.lint.changed import changed_files
from engine.release.compat import check_compatibility
from engine.release.plan import plan_release
from engine.release.revisions import opened
from engine.schema.compatibility import Mode

TABLE = "mappings/accounts.table.yaml"
OTHER = ('account: "4000"', 'account: "4999"')


def below(top: Path, folder: str = "definitions/billing") -> Path:
    """The small workspace in a folder of a repository, committed."""
    root = copy_base(top / folder)
    git(top, "init", "-q", "-b", "main")
    commit(top, "first of all")
    return root


@pytest.mark.parametrize("against", ["", " ", "folder:", "git:", "bundle:"])
def test_an_empty_name_is_not_the_folder_that_one_is_in(
    root: Path, monkeypatch: pytest.MonkeyPatch, against: str
) -> None:
    monkeypatch.chdir(root)
    with pytest.raises(UserError, match="names nothing to compare with"), opened(root, against):
        pass


@pytest.mark.parametrize("name", [":/first of", "v1/with-slash", "v1/with-slash~0", "v1/with-slash^{}", "@", "@{0}"])
def test_revisions_by_every_kind_of_name(root: Path, name: str) -> None:
    git(root, "tag", "-a", "-m", "a tag", "v1/with-slash")
    git(root, "commit", "-q", "--amend", "-m", "first of all")
    with opened(root, name) as old:
        assert "4000" in old.workspace.files[TABLE]


def test_a_workspace_that_was_moved_is_compared_with_where_it_was(tmp_path: Path) -> None:
    root = below(tmp_path)
    first = git(tmp_path, "rev-parse", "HEAD")
    moved = tmp_path / "billing"
    root.rename(moved)
    commit(tmp_path, "moved")
    assert plan_release(moved, first).changes == ()
    edit(moved, TABLE, OTHER)
    found = plan_release(moved, first)
    assert [each.document.id for each in found.changes] == ["accounts"]
    assert found.old == f"{first[:10]}, where it was in definitions/billing"
    assert check_compatibility(moved, first, Mode.BACKWARD_TRANSITIVE).contracts == ()


def test_a_copy_that_is_there_still_is_not_where_a_workspace_was(tmp_path: Path) -> None:
    root = below(tmp_path)
    second = copy_base(tmp_path / "second")
    with pytest.raises(UserError, match="older than the workspace"), opened(second, "HEAD"):
        pass
    assert root.is_dir()


def test_of_a_history_that_is_there_in_part_only_what_is_there_is_said(tmp_path: Path) -> None:
    root = below(tmp_path / "whole")
    edit(root, TABLE, OTHER)
    commit(root, "second")
    git(tmp_path, "clone", "-q", "--depth", "1", (tmp_path / "whole").as_uri(), "part")
    part = tmp_path / "part" / "definitions" / "billing"
    assert plan_release(part, "HEAD").changes == ()
    with pytest.raises(UserError, match="only a part was fetched"), opened(part, "HEAD~1"):
        pass
    with pytest.raises(UserError, match="backward_transitive looks at all earlier versions"):
        check_compatibility(part, "HEAD", Mode.BACKWARD_TRANSITIVE)
    assert check_compatibility(part, "HEAD", Mode.BACKWARD).contracts == ()


def test_a_repository_without_any_commit(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    git(root, "init", "-q")
    with pytest.raises(UserError, match="nothing was committed"), opened(root, "HEAD"):
        pass


def test_in_a_hook_of_a_linked_checkout_the_workspace_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below(tmp_path / "whole")
    git(tmp_path / "whole", "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    root = tmp_path / "linked" / "definitions" / "billing"
    edit(root, TABLE, OTHER)
    folder = git(root, "rev-parse", "--absolute-git-dir")
    monkeypatch.setenv("GIT_DIR", folder)
    monkeypatch.setenv("GIT_INDEX_FILE", f"{folder}/index")
    monkeypatch.setenv("GIT_PREFIX", "")
    assert [each.document.id for each in plan_release(root, "HEAD").changes] == ["accounts"]
    assert changed_files(root, "HEAD") == {TABLE}
