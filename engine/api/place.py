"""Where a command works: the workspace, its state, its store; finding them, and making a workspace."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.api.editing import add_modelines
from engine.base.errors import UserError
from engine.base.record import frozen

if TYPE_CHECKING:
    from engine.serve.settings import ServeSettings

ENVIRONMENT = "development"
STATE_FOLDER = ".tieout"


@frozen
class Place:
    """Where a command works. ``root`` is None if no workspace was found, which not every command needs."""

    root: Path | None
    state: Path
    store: str
    environment: str

    @property
    def workspace(self) -> Path:
        """The workspace's folder. Raises UserError if there is none."""
        if self.root is None:
            return workspace_root(Path.cwd())  # says what was looked for
        return self.root

    def settings(self, **over: Any) -> ServeSettings:
        """The settings of an engine that works here."""
        from engine.serve.settings import ServeSettings

        return ServeSettings(self.workspace, self.state, store=self.store, environment=self.environment, **over)


def find_place(
    workspace: Path | None = None,
    state: Path | None = None,
    store: str | None = None,
    environment: str | None = None,
) -> Place:
    """The place for these options; what is not given is found from the current folder upwards."""
    root = None
    if workspace is not None:
        root = workspace_root(workspace)
    elif state is None:
        root = workspace_root(Path.cwd())
    else:
        root = workspace_or_none(Path.cwd())
    folder = state if state is not None else (root or Path.cwd()) / STATE_FOLDER
    return Place(root, folder, store or str(folder / "store.db"), environment or ENVIRONMENT)


def workspace_root(start: Path) -> Path:
    """The workspace at or above ``start``. Raises UserError if there is none."""
    from engine.spec.files import find_workspace

    return find_workspace(start)


def workspace_or_none(start: Path) -> Path | None:
    try:
        return workspace_root(start)
    except UserError:
        return None


def shipped_workspace() -> Path:
    """The workspace that comes with the program: inside an installed wheel, else the checkout's root."""
    packed = Path(__file__).parents[1] / "_workspace"
    if (packed / "tieout.yaml").is_file():
        return packed
    checkout = Path(__file__).parents[2]
    if (checkout / "tieout.yaml").is_file():
        return checkout
    raise UserError("this installation has no shipped workspace: install Tieout from its wheel or a checkout")


def init_workspace(target: Path) -> list[str]:
    """Copy the shipped workspace to ``target``; the relative paths of the copied files, in order.

    Raises UserError if the folder has anything in it.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{target} is not an empty folder: nothing was changed")
    shipped = shipped_workspace()
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shipped / "tieout.yaml", target / "tieout.yaml")
    copied = ["tieout.yaml"]
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    for folder in _folders(shipped):
        found = shipped / folder
        if not found.is_dir():
            found = Path(__file__).parents[2] / folder  # connectors' schemas lie with the connectors
        shutil.copytree(found, target / folder, ignore=ignored)
        copied += sorted(path.relative_to(target).as_posix() for path in (target / folder).rglob("*") if path.is_file())
    add_modelines(target, copied)
    return copied


def _folders(root: Path) -> tuple[str, ...]:
    from engine.source.diagnostic import Diagnostics
    from engine.source.yaml_reader import read_yaml
    from engine.spec.documents.workspace import Workspace
    from engine.spec.kinds import decode_document

    found = Diagnostics()
    node = read_yaml((root / "tieout.yaml").read_bytes(), "tieout.yaml", found)
    document = None if node is None else decode_document(node, found, "workspace")
    found.raise_errors("the shipped workspace has errors")
    assert isinstance(document, Workspace)
    return document.folders
