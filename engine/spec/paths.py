"""Whether a path stays within a workspace, links followed."""

from __future__ import annotations

from pathlib import Path


def inside(root: Path, path: Path) -> bool:
    """Whether ``path``, with all links followed, lies in ``root`` or is it."""
    return path.resolve().is_relative_to(root.resolve())
