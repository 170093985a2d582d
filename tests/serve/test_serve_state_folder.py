"""The folder of the store and its token is never offered to git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from engine.serve.state_folder import make_state_folder


@pytest.mark.parametrize("there", [False, True])
def test_git_passes_over_the_store_and_its_token(tmp_path: Path, there: bool) -> None:
    state = tmp_path / ".tieout"
    if there:
        (state / "cache").mkdir(parents=True)
    make_state_folder(state)
    make_state_folder(state)
    (state / "api.token").write_text("secret", "utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    found = subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=tmp_path, check=True, capture_output=True)
    assert found.stdout == b""


def test_a_folder_that_holds_more_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "tieout.yaml").write_text("spec: workspace/v1\n", "utf-8")
    make_state_folder(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["tieout.yaml"]
