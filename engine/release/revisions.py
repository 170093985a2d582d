"""A workspace as of: a folder, a git revision, or the definitions that a stored bundle was compiled from."""

from __future__ import annotations

import re
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import orjson
import sqlalchemy as sa

from engine.base.errors import UserError
from engine.plan.build import build_plan
from engine.plan.model import Plan
from engine.release.git import Repository, find_repository, write_files
from engine.source.diagnostic import Diagnostics
from engine.source.yaml_reader import read_yaml
from engine.spec.documents.workspace import Workspace
from engine.spec.kinds import decode_document
from engine.spec.workspace import WORKSPACE_FILE, LoadedWorkspace, load_workspace
from engine.store import tables as t

#: What ``--against`` is compared with if nothing is said: what was committed last.
DEFAULT = "HEAD"
_BUNDLE = re.compile(r"[0-9a-f]{12,64}")


@dataclass(frozen=True, eq=False)
class Revision:
    """A workspace as it was. ``label`` names it for people; ``commit`` is set where it comes from git."""

    label: str
    workspace: LoadedWorkspace
    commit: str | None = None
    repository: Repository | None = None

    @cached_property
    def _compiled(self) -> tuple[Plan | None, Diagnostics]:
        found = Diagnostics()
        found.extend(self.workspace.diagnostics)
        return build_plan(self.workspace, found), found

    def compile(self) -> Plan:
        """Its plan, compiled once. Raises UserError with every finding if it does not compile."""
        plan, found = self._compiled
        if plan is None:
            raise UserError(f"the workspace of {self.label} has errors", found.sorted)
        return plan

    def plan_or_none(self) -> Plan | None:
        """Its plan; None if it does not compile, as older definitions may not."""
        return self._compiled[0]


def working(root: Path) -> Revision:
    """The workspace as it lies in its folder now."""
    return Revision("the working copy", load_workspace(root))


@contextmanager
def opened(root: Path, against: str, engine: sa.Engine | None = None) -> Iterator[Revision]:
    """The workspace that ``against`` names, as long as the block runs.

    It is a folder, a git revision of the repository that ``root`` lies in, or a bundle's digest (at least its first
    12 digits) where ``engine`` is a store's. ``folder:``, ``git:`` and ``bundle:`` in front say which is meant.
    Raises UserError, in words, for what cannot be found or read.
    """
    kind, _, rest = against.partition(":")
    if kind not in ("folder", "git", "bundle"):
        kind, rest = "", against
    if not rest.strip():
        raise UserError(f"{against!r} names nothing to compare with: give a branch, tag, commit, folder or bundle")
    if kind == "folder" or (kind == "" and _is_folder(rest)):
        folder = Path(rest)
        if not (folder / WORKSPACE_FILE).is_file():
            raise UserError(f"{rest} is not a workspace: it has no {WORKSPACE_FILE}")
        yield Revision(f"folder {rest}", load_workspace(folder))
        return
    with tempfile.TemporaryDirectory(prefix="tieout-revision-") as made:
        target = Path(made)
        files = None if kind == "git" or engine is None else _bundle_files(engine, rest)
        if files is not None:
            write_texts(files, target)
            yield Revision(f"bundle {rest[:12]}", load_workspace(target))
        elif kind == "bundle":
            raise UserError(_no_bundle(rest, engine))
        else:
            yield _from_git(root, rest, target)


def _is_folder(text: str) -> bool:
    """Whether a text means a folder: it is a workspace, or it can be nothing but a path."""
    return (Path(text) / WORKSPACE_FILE).is_file() or text in (".", "..") or text.startswith(("./", "../", "/"))


# ----------------------------------------------------------------------------- git


def _from_git(root: Path, revision: str, target: Path) -> Revision:
    repository = find_repository(root)
    if repository is None:
        raise UserError(
            f"{root} is not in a git repository, so there is no revision {revision!r}: "
            "name a folder that holds the workspace to compare with"
        )
    commit = repository.commit(revision)
    if commit is None:
        raise UserError(_no_revision(repository, revision))
    label = f"{revision} ({commit[:10]})" if not commit.startswith(revision) else commit[:10]
    if repository.content(commit, WORKSPACE_FILE) is None:
        folder = _moved_from(repository, commit, root)
        if folder is None:
            message = f"revision {revision} has no {WORKSPACE_FILE} in this folder: it is older than the workspace"
            raise UserError(message)
        repository, label = repository.elsewhere(folder), f"{label}, where it was in {folder or 'the top folder'}"
    write_workspace(repository, commit, target)
    return Revision(label, load_workspace(target), commit, repository)


def _no_revision(repository: Repository, revision: str) -> str:
    if repository.is_empty:
        return "nothing was committed in the git repository yet, so there is nothing to compare with: name a folder"
    if repository.is_shallow:
        return (
            f"there is no revision {revision!r} in the git repository, of whose history only a part was fetched: "
            "fetch all of it (`git fetch --unshallow`; in CI a depth of 0)"
        )
    return (
        f"there is no revision {revision!r} in the git repository, and no workspace or bundle of that name: "
        "name a branch, tag, commit or folder"
    )


def _moved_from(repository: Repository, commit: str, root: Path) -> str | None:
    """The folder in which the workspace lay when a commit was made: one with the same id that is not there any more."""
    whole, id_ = repository.elsewhere(""), _id_of((root / WORKSPACE_FILE).read_bytes())
    found: list[str] = []
    for blob in whole.files(commit):
        folder, _, name = blob.path.rpartition("/")
        if name == WORKSPACE_FILE and not (repository.top / blob.path).exists():
            (raw,) = whole.contents([blob.id])
            if id_ and _id_of(raw) == id_:
                found.append(folder)
    return found[0] if len(found) == 1 else None


def _id_of(raw: bytes) -> str:
    """The id of the workspace that a workspace file declares; empty if it cannot be read."""
    node = read_yaml(raw, WORKSPACE_FILE, Diagnostics())
    document = None if node is None else decode_document(node, Diagnostics(), "workspace")
    return document.id if isinstance(document, Workspace) else ""


def write_workspace(repository: Repository, commit: str, target: Path, suffix: str = "") -> None:
    """Write a workspace as of a commit below ``target``: its own file, and of the folders that this names the files
    whose names end in ``suffix``."""
    raw = repository.content(commit, WORKSPACE_FILE)
    if raw is None:
        return
    (target / WORKSPACE_FILE).write_bytes(raw)
    folders = folders_of(raw)
    if folders:
        files = repository.files(commit, folders)
        write_files(repository, [file for file in files if file.path.endswith(suffix)], target)
    for folder in folders:
        (target / folder).mkdir(parents=True, exist_ok=True)  # git keeps no empty folder


def folders_of(raw: bytes) -> tuple[str, ...]:
    """The folders that a workspace file names, those inside the workspace; none if it cannot be read."""
    node = read_yaml(raw, WORKSPACE_FILE, Diagnostics())
    document = None if node is None else decode_document(node, Diagnostics(), "workspace")
    if not isinstance(document, Workspace):
        return ()
    return tuple(
        each for each in document.folders if ".." not in PurePosixPath(each).parts and not each.startswith("/")
    )


# ----------------------------------------------------------------------------- bundles


def _bundle_files(engine: sa.Engine, text: str) -> Mapping[str, str] | None:
    """The stored texts that a bundle was compiled from; None if the store has no such bundle."""
    if _BUNDLE.fullmatch(text) is None:
        return None
    statement = (
        sa.select(t.bundle.c.digest, t.snapshot.c.files)
        .join(t.snapshot, t.bundle.c.snapshot == t.snapshot.c.digest)
        .where(t.bundle.c.digest.startswith(text))
        .order_by(t.bundle.c.stored_at.desc())
        .limit(2)
    )
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
    if not rows:
        return None
    if len(rows) > 1:
        raise UserError(f"more than one bundle begins with {text}: give more of its digits")
    files: Mapping[str, str] = orjson.loads(zlib.decompress(bytes(rows[0][1])))
    return files


def write_texts(files: Mapping[str, str], target: Path) -> None:
    """Write a workspace's texts, by their paths, below ``target``; folders that it names are there even if empty."""
    for name, text in files.items():
        path = target / name
        if not path.resolve().is_relative_to(target.resolve()):
            continue  # connectors' own schemas come with the program, not with the workspace
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    for folder in folders_of(files.get(WORKSPACE_FILE, "").encode()):
        (target / folder).mkdir(parents=True, exist_ok=True)


def _no_bundle(text: str, engine: sa.Engine | None) -> str:
    if engine is None:
        return "there is no store here, so there are no bundles: name a store with --store or --state"
    if _BUNDLE.fullmatch(text) is None:
        return f"{text!r} is not a bundle: give at least the first 12 digits of its digest (`tieout runs --json`)"
    return f"the store has no bundle {text}"
