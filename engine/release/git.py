"""Reading a git repository's history without touching its checkout: commits, listings, contents."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from engine.base.errors import UserError
from engine.base.git_environment import git_environment

#: A command that takes longer than this hangs on something that nobody answers.
SECONDS_MAX = 60
_LINK = "120000"


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of a commit. ``path`` is relative to the folder that was listed, ``id`` names its content."""

    path: str
    id: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository as seen from a folder in its checkout; ``prefix`` is that folder's path in it, with ``/``."""

    folder: Path
    prefix: str

    def commit(self, revision: str) -> str | None:
        """The full id of the commit that a revision names; None if it names none."""
        if revision.startswith("-"):
            return None  # would be read as an option
        id_ = self._resolved(revision)  # first by itself: `:/words` takes all that follows for words
        return None if id_ is None else self._resolved(f"{id_}^{{commit}}")

    def _resolved(self, revision: str) -> str | None:
        found = _git(self.folder, "rev-parse", "--verify", "--quiet", "--end-of-options", revision)
        return found.stdout.decode().strip() if found.returncode == 0 else None

    @property
    def is_shallow(self) -> bool:
        """Whether only a part of the history was fetched."""
        return _needed(self.folder, "rev-parse", "--is-shallow-repository").strip() == b"true"

    @property
    def is_empty(self) -> bool:
        """Whether nothing was committed yet."""
        return self._resolved("HEAD") is None

    @property
    def top(self) -> Path:
        """The folder of the whole checkout."""
        return Path(_needed(self.folder, "rev-parse", "--show-toplevel").decode().rstrip("\n"))

    def elsewhere(self, folder: str) -> Repository:
        """The same repository as seen from another folder of it."""
        return replace(self, prefix=f"{folder}/" if folder else "")

    def summary(self, commit: str) -> str:
        """The first line of a commit's message."""
        return _needed(self.folder, "log", "-1", "--format=%s", commit).decode(errors="replace").strip()

    def files(self, commit: str, paths: Iterable[str] = ()) -> list[Blob]:
        """The files of a commit below the folder; below some ``paths`` in it only, if given. Links are left out."""
        wanted = [self.prefix + each for each in paths] or ([self.prefix] if self.prefix else [])
        arguments = ["ls-tree", "-r", "-z", "--full-tree", commit, "--", *wanted]
        found: list[Blob] = []
        for line in _needed(self.folder, *arguments).split(b"\0"):
            about, _, path = line.decode(errors="surrogateescape").partition("\t")
            mode, kind, id_ = about.split(" ") if about else ("", "", "")
            if kind == "blob" and mode != _LINK and path.startswith(self.prefix):
                found.append(Blob(path[len(self.prefix) :], id_))
        return found

    def contents(self, ids: Iterable[str]) -> Iterator[bytes]:
        """The contents of blobs, in order."""
        asked = "".join(f"{each}\n" for each in ids).encode()
        answer = _needed(self.folder, "cat-file", "--batch", given=asked)
        at = 0
        while at < len(answer):
            end = answer.index(b"\n", at)
            size = int(answer[at:end].rsplit(b" ", 1)[1])
            yield answer[end + 1 : end + 1 + size]
            at = end + size + 2  # a newline follows every content

    def content(self, commit: str, path: str) -> bytes | None:
        """One file of a commit; None if it has no such file."""
        blobs = [each for each in self.files(commit, (path,)) if each.path == path]
        return next(self.contents([blobs[0].id])) if blobs else None

    def history(self, commit: str, paths: Iterable[str], commits_max: int) -> list[str]:
        """The commits up to ``commit`` that changed something below ``paths``, newest first."""
        wanted = [f":(top){self.prefix}{each}" for each in paths]
        arguments = ["log", "--format=%H", f"--max-count={commits_max}", commit, "--", *wanted]
        return _needed(self.folder, *arguments).decode().split()


def find_repository(folder: Path) -> Repository | None:
    """The repository that a folder lies in; None if it lies in none. Raises UserError if git is not installed."""
    found = _git(folder, "rev-parse", "--show-prefix")
    if found.returncode != 0:
        return None
    return Repository(folder, found.stdout.decode().rstrip("\n"))


def write_files(repository: Repository, blobs: list[Blob], target: Path) -> None:
    """Write files of a commit below ``target``."""
    for blob, content in zip(blobs, repository.contents(each.id for each in blobs), strict=True):
        if ".." in PurePosixPath(blob.path).parts:
            raise UserError(f"the revision holds a file with the path {blob.path}, which leads out of its folder")
        path = target / blob.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _needed(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    done = _git(folder, *arguments, given=given)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise UserError(f"git cannot read the repository of {folder}: {said}")
    return done.stdout


def _git(folder: Path, *arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-c", "core.quotepath=off", "-C", str(folder), *arguments]
    try:
        return subprocess.run(
            command, input=given, capture_output=True, timeout=SECONDS_MAX, check=False, env=git_environment()
        )
    except FileNotFoundError as error:
        raise UserError("git is not installed, so no revision can be read: name a folder instead") from error
    except subprocess.TimeoutExpired as error:
        raise UserError(f"git did not answer within {SECONDS_MAX} seconds") from error
