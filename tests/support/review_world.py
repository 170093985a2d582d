"""A small workspace under git, and bills as recorded events, for tests of reviewing changes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from small_workspace import copy_base


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; what it printed."""
    names = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *names, "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, message: str = "change") -> str:
    """Commit everything below a folder; the commit's id."""
    git(folder, "add", "-A", ".")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def committed_base(folder: Path) -> Path:
    """The small workspace in a repository of its own, with everything committed."""
    copy_base(folder)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "first")
    return folder


def bill(number: int, amount: str = "120.00", customer: str = "acme", **data: Any) -> dict[str, Any]:
    """The event of one bill."""
    content = {"id": f"b{number}", "revision": "1", "customer": customer, "due": "2026-02-28"}
    return {
        "type": "bill.issued@1",
        "id": f"e{number}",
        "source": "billing",
        "time": "2026-02-01T11:59:00Z",
        "subject": f"b{number}",
        "partitionkey": customer,
        "data": {**content, "total": {"amount": amount, "currency": "USD"}, **data},
    }


def write_events(file: Path, events: Iterable[dict[str, Any]]) -> Path:
    """The events in a file, one a line."""
    file.write_text("".join(json.dumps(each) + "\n" for each in events), "utf-8")
    return file


def edit(root: Path, file: str, *pairs: tuple[str, str]) -> None:
    """Change a file of the workspace, its path from the root; every old text must be there."""
    path = root / file
    text = path.read_text("utf-8")
    for old, new in pairs:
        assert old in text, f"{file} does not hold {old!r}"
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
