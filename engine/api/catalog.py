"""The catalogue of a workspace: a static site for readers of definitions."""

from __future__ import annotations

from pathlib import Path

from engine.base.errors import UserError


def catalog_site(root: Path) -> dict[str, bytes]:
    """The files of the site by path. Raises UserError with every finding of a workspace that does not compile."""
    from engine.catalog.gather import gather
    from engine.catalog.site import render
    from engine.plan.build import build_plan
    from engine.source.diagnostic import Diagnostics
    from engine.spec.workspace import load_workspace

    workspace = load_workspace(root)
    found = Diagnostics()
    found.extend(workspace.diagnostics)
    plan = build_plan(workspace, found, None)
    found.raise_errors("the workspace has errors: the catalogue would leave things out")
    assert plan is not None
    return render(gather(workspace, plan))


def write_site(files: dict[str, bytes], folder: Path) -> None:
    """Write the site; files that an earlier one left there and this one has not are taken away.

    Raises UserError if the folder has files that are not of a site.
    """
    mark = folder / ".tieout-site"
    if folder.exists() and not mark.is_file() and any(folder.iterdir()):
        raise UserError(f"{folder} holds other files: name an empty or new folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in mark.read_text("utf-8").splitlines() if mark.is_file() else ():
            if name not in files and ".." not in Path(name).parts:
                (folder / name).unlink(missing_ok=True)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        mark.write_text("".join(f"{name}\n" for name in files), "utf-8")
    except OSError as error:
        raise UserError(f"cannot write {folder}: {error.strerror}") from error
