"""A workspace as of a folder, a git revision or a bundle."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from review_world import commit, edit, git
from small_workspace import copy_base

from engine.base.clock import FixedClock
from engine.base.errors import UserError
from engine.release.revisions import opened, working
from engine.serve.assembly import Compiled, keep_snapshot
from engine.store import tables
from engine.store.driver import SqliteDriver

TABLE = "mappings/accounts.table.yaml"


def test_a_revision_is_read_without_touching_the_checkout(root: Path) -> None:
    first = git(root, "rev-parse", "HEAD")
    edit(root, TABLE, ('account: "4000"', 'account: "4999"'))
    commit(root, "another account")
    edit(root, TABLE, ('account: "4999"', 'account: "5000"'))
    with opened(root, first) as old:
        assert "4000" in old.workspace.files[TABLE]
        assert old.commit == first
        assert old.compile().flows["booked@1"]
    with opened(root, "HEAD~0") as last:
        assert "4999" in last.workspace.files[TABLE]
        assert last.label == f"HEAD~0 ({git(root, 'rev-parse', 'HEAD')[:10]})"
    assert "5000" in working(root).workspace.files[TABLE]
    assert git(root, "status", "--short") == f"M {TABLE}"


def test_a_workspace_below_the_top_of_its_repository(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "repository" / "deep" / "workspace")
    (tmp_path / "repository" / "other.txt").write_text("not of the workspace", "utf-8")
    git(tmp_path / "repository", "init", "-q")
    commit(tmp_path / "repository")
    edit(root, TABLE, ('account: "4000"', 'account: "4999"'))
    with opened(root, "HEAD") as old:
        assert "4000" in old.workspace.files[TABLE]
        assert not old.workspace.diagnostics.has_errors


def test_a_folder(root: Path, tmp_path: Path) -> None:
    other = copy_base(tmp_path / "other")
    edit(other, TABLE, ('account: "4000"', 'account: "4999"'))
    with opened(root, str(other)) as old:
        assert "4999" in old.workspace.files[TABLE]
    with opened(root, f"folder:{other}") as old:
        assert old.label == f"folder {other}"


def test_a_bundle_of_the_store(root: Path, tmp_path: Path) -> None:
    engine = SqliteDriver(tmp_path / "store.db").engine()
    tables.metadata.create_all(engine)
    revision = working(root)
    plan = revision.compile()
    with engine.begin() as connection:
        keep_snapshot(connection, Compiled(plan, revision.workspace), FixedClock("2026-02-01T00:00:00Z").now())
    digest = plan.flows["booked@1"][0].digest
    edit(root, TABLE, ('account: "4000"', 'account: "4999"'))
    with opened(root, digest[:12], engine) as old:
        assert old.compile().flows["booked@1"][0].digest == digest
        assert old.label == f"bundle {digest[:12]}"
    with (
        pytest.raises(UserError, match="the store has no bundle 000000000000"),
        opened(root, "bundle:000000000000", engine),
    ):
        pass
    engine.dispose()


@pytest.mark.parametrize(
    ("against", "said"),
    [
        ("nowhere", "there is no revision 'nowhere'"),
        ("git:--help", "there is no revision '--help'"),
        ("folder:nowhere", "nowhere is not a workspace: it has no tieout.yaml"),
        ("./nowhere", r"\./nowhere is not a workspace"),
        ("bundle:0123456789ab", "there is no store here, so there are no bundles"),
    ],
)
def test_what_cannot_be_found_is_said_in_words(root: Path, against: str, said: str) -> None:
    with pytest.raises(UserError, match=said), opened(root, against):
        pass


def test_without_a_repository(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "workspace")
    with pytest.raises(UserError, match="is not in a git repository"), opened(root, "HEAD"):
        pass


def test_a_revision_older_than_the_workspace(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "readme.md").write_text("nothing yet", "utf-8")
    commit(tmp_path)
    root = copy_base(tmp_path)
    with pytest.raises(UserError, match="older than the workspace"), opened(root, "HEAD"):
        pass


def test_a_digest_that_two_bundles_begin_with(root: Path, tmp_path: Path) -> None:
    engine = SqliteDriver(tmp_path / "store.db").engine()
    tables.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(tables.snapshot).values(digest="s", files=b"", stored_at=0))
        for end in ("a", "b"):
            row = {"digest": "0" * 20 + end, "flow": "f@1", "members": b"", "snapshot": "s", "stored_at": 0}
            connection.execute(sa.insert(tables.bundle).values(**row))
    with pytest.raises(UserError, match="more than one bundle begins with"), opened(root, "0" * 14, engine):
        pass
    engine.dispose()
