"""Which files of a folder were changed since a revision, as Git knows it. Reads only."""

from __future__ import annotations

import subprocess
from pathlib import Path

from engine.base.errors import UserError
from engine.base.git_environment import git_environment

_SECONDS_MAX = 30


def changed_files(root: Path, revision: str, *, deleted: bool = False) -> frozenset[str]:
    """Paths below ``root``, relative to it, that differ from ``revision`` in the working tree or are not tracked yet.

    Deleted files are left out, unless they are asked for. Raises UserError without Git, outside of a repository, or
    for an unknown revision.
    """
    if revision.startswith("-"):
        raise UserError(f"{revision!r} is not a revision")
    _git(root, "rev-parse", "--is-inside-work-tree", otherwise=f"{root} is not in a Git repository")
    unknown = f"Git knows no revision {revision!r} here"
    commit = _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", otherwise=unknown).strip()
    chosen = () if deleted else ("--diff-filter=d",)
    listed = _git(root, "diff", "--name-only", "--relative", *chosen, "--no-renames", "-z", commit, "--", ".")
    listed += _git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    return frozenset(name for name in listed.split("\0") if name)


def _git(root: Path, *arguments: str, otherwise: str = "") -> str:
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS_MAX, check=False, env=git_environment())
    except FileNotFoundError as error:
        raise UserError("`git` is not installed, so what has changed cannot be told") from error
    except subprocess.TimeoutExpired as error:
        raise UserError(f"`git {arguments[0]}` did not answer within {_SECONDS_MAX} s") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise UserError(otherwise or f"`git {arguments[0]}` failed: {said}")
    return done.stdout.decode(errors="surrogateescape")
