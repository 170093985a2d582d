"""The files of a workspace: those on disk, and texts that stand before them, such as an editor's unsaved ones."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.base.errors import UserError
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span
from engine.spec.kept_bytes import KeptBytes
from engine.spec.paths import inside, leads_round

#: The file that makes a folder a workspace.
WORKSPACE_FILE = "tieout.yaml"


def find_workspace(start: Path) -> Path:
    """The folder at or above ``start`` that holds ``tieout.yaml``. Raises UserError if there is none."""
    folder = start.resolve()
    for each in (folder, *folder.parents):
        if (each / WORKSPACE_FILE).is_file():
            return each
    raise UserError(
        f"there is no {WORKSPACE_FILE} in {start} or any folder above it; `tieout init FOLDER` makes a workspace"
    )


class Files:
    """Lists and reads the files of the workspace at ``root``; paths are relative to it, with ``/``.

    ``overlay`` gives the texts of some files, which count instead of what is on disk; a file that is only there
    is one more file of its folder. With ``kept``, files that did not change since it was last used are not read again.
    """

    __slots__ = ("_kept", "_overlay", "root")

    def __init__(self, root: Path, overlay: Mapping[str, str] | None = None, kept: KeptBytes | None = None) -> None:
        self.root = root
        self._overlay = overlay or {}
        self._kept = kept

    def read(self, relative: str) -> bytes:
        """The content of a file. Raises OSError if it cannot be read."""
        text = self._overlay.get(relative)
        if text is not None:
            return text.encode(errors="surrogatepass")
        if self._kept is not None:
            return self._kept.read(f"{self.root}/{relative}")
        return (self.root / relative).read_bytes()

    def has(self, relative: str) -> bool:
        """Whether there is such a file within the workspace, links followed."""
        if relative in self._overlay:
            return True
        path = self.root / relative
        return inside(self.root, path) and path.is_file()

    def below(self, folder: str, diagnostics: Diagnostics) -> list[str]:
        """The paths of all files below a folder, in order; hidden ones left out, links that lead outside refused."""
        start = self._prefix(folder)
        found = list(self._walk(start, diagnostics))
        new = set(self._overlay).difference(found)
        added = [each for each in new if each.startswith(start) and not _is_hidden(each[len(start) :])]
        return sorted([*found, *added], key=lambda each: each.split("/")) if added else found

    def _prefix(self, folder: str) -> str:
        """What the paths of the files in a folder begin with."""
        path = self.root / folder
        if not path.is_relative_to(self.root):
            path, root = path.resolve(), self.root.resolve()
            relative = path.relative_to(root).as_posix()
        else:
            relative = path.relative_to(self.root).as_posix()
        return "" if relative == "." else f"{relative}/"

    def _walk(self, start: str, diagnostics: Diagnostics) -> Iterator[str]:
        for entry in sorted(os.scandir(f"{self.root}/{start}"), key=lambda entry: entry.name):
            name = entry.name
            if name.startswith(".") or name == "__pycache__":
                continue
            relative = start + name
            if entry.is_symlink() and leads_round(Path(entry.path)):
                diagnostics.error("SPEC104", "cannot be read: this link leads to itself", Span(relative))
            elif entry.is_symlink() and not inside(self.root, Path(entry.path)):
                diagnostics.error("SPEC102", "this link leads out of the workspace", Span(relative))
            elif entry.is_symlink() and entry.is_dir():
                message = "a folder cannot be a link: its documents would be read twice"
                diagnostics.error("SPEC102", message, Span(relative))
            elif entry.is_dir():
                if name.endswith((".yaml", ".yml", ".schema.json")):
                    message = "cannot be read: this is a folder with the name of a document"
                    diagnostics.error("SPEC104", message, Span(relative), "rename the folder")
                yield from self._walk(f"{relative}/", diagnostics)
            else:
                yield relative


def _is_hidden(relative: str) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in relative.split("/"))
