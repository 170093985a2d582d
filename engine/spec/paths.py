"""Whether a path stays within a workspace, links followed."""

from __future__ import annotations

import errno
from pathlib import Path


def inside(root: Path, path: Path) -> bool:
    """Whether ``path``, with all links followed, lies in ``root`` or is it."""
    return path.resolve().is_relative_to(root.resolve())


def leads_round(path: Path) -> bool:
    """Whether ``path`` is a link that leads back to itself, so that nothing can be found behind it."""
    try:
        path.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False
