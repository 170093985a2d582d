"""The folder for what an engine keeps: its store, token and checkpoints. It is never part of the definitions."""

from __future__ import annotations

from pathlib import Path

#: What it is called where nobody says otherwise, below the workspace.
STATE_FOLDER = ".tieout"
_IGNORED = "# Made by Tieout: a store and its token are never kept in version control.\n*\n"


def make_state_folder(folder: Path) -> None:
    """Make the folder if it is not there, such that git passes over all of it. A folder that somebody made for more
    than this is left as it is. Raises OSError."""
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    ignored = folder / ".gitignore"
    if (new or folder.name == STATE_FOLDER) and not ignored.exists():
        ignored.write_text(_IGNORED, "utf-8")
