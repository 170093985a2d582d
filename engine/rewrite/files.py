"""The YAML documents of a workspace as files: what formatting and migration work on, readable or not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.base.errors import UserError
from engine.source.diagnostic import Diagnostics
from engine.source.yaml_reader import read_yaml
from engine.spec.documents.workspace import Workspace
from engine.spec.kinds import decode_document
from engine.spec.workspace import WORKSPACE_FILE

SUFFIXES = (".yaml", ".yml")


def document_files(root: Path, paths: Sequence[Path] = ()) -> list[Path]:
    """The workspace's YAML files in order, those of ``paths`` (files, folders) only if any are given.

    Raises UserError for a path that does not exist or is no YAML file, and for a workspace file that cannot be read.
    """
    if not paths:
        return [root / WORKSPACE_FILE, *(file for folder in _folders(root) for file in _below(root / folder))]
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(_below(path)))
        elif path.is_file():
            if not path.name.endswith(SUFFIXES):
                raise UserError(f"{path} is left alone: definitions end in .yaml, and nothing else is rewritten")
            found[path] = None
        else:
            raise UserError(f"there is no file or folder {path}")
    return list(found)


def _folders(root: Path) -> tuple[str, ...]:
    found = Diagnostics()
    node = read_yaml((root / WORKSPACE_FILE).read_bytes(), WORKSPACE_FILE, found)
    workspace = None if node is None else decode_document(node, found, "workspace")
    found.raise_errors(f"{WORKSPACE_FILE} has errors: which folders belong to the workspace is not known")
    assert isinstance(workspace, Workspace)
    return workspace.folders


def _below(folder: Path) -> Iterator[Path]:
    """Files below a folder in order; hidden ones and links are left alone."""
    if not folder.is_dir():
        return
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        if entry.name.startswith(".") or entry.name == "__pycache__" or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _below(Path(entry.path))
        elif entry.name.endswith(SUFFIXES):
            yield Path(entry.path)
