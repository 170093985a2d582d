"""Workspaces under git that tests of reviewing change."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_world import committed_base


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The small workspace, committed."""
    return committed_base(tmp_path / "workspace")
