"""A large workspace for measuring checks: the shipped one, with copies of its definitions and tests under new ids."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from engine.api import shipped_workspace

#: Of these there is one in a workspace, or one per message.
_ALONE = ("source", "connection", "outcomes")
_HEAD = re.compile(r"^spec: ([a-z]+)/v1$.*?^id: ([a-z][a-z0-9_]*)$", re.MULTILINE | re.DOTALL)


def documents_of(root: Path) -> list[Path]:
    """Every YAML document of a workspace, definitions before tests."""
    found = [path for folder in ("mappings", "policies") for path in (root / folder).rglob("*.yaml")]
    return sorted(found, key=lambda path: (path.name.endswith(".test.yaml"), path.as_posix()))


def write_workspace(target: Path, count: int) -> int:
    """Write a workspace of ``count`` YAML documents and the shipped contracts to an empty folder; how many it has."""
    shipped = shipped_workspace()
    shutil.copy(shipped / "tieout.yaml", target)
    for folder in ("mappings", "policies", "schemas"):
        shutil.copytree(shipped / folder, target / folder)
    originals = documents_of(target)
    written = len(originals)
    number = 1
    while written < count:
        number += 1
        copied = dict(_chosen(originals, count - written))
        for path, (kind, id_) in copied.items():
            text = _renamed(path.read_text("utf-8"), id_, set(copied.values()), number)
            stem = path.name.removesuffix(f".{kind}.yaml")
            path.with_name(f"{stem}_{number}.{kind}.yaml").write_text(text, "utf-8")
        written += len(copied)
    return written


def _chosen(originals: list[Path], count: int) -> Iterator[tuple[Path, tuple[str, str]]]:
    """At most ``count`` documents that can be there twice, with kind and id."""
    for path in originals:
        head = _HEAD.search(path.read_text("utf-8"))
        if head is not None and head[1] not in _ALONE and count > 0:
            count -= 1
            yield path, (head[1], head[2])


def _renamed(text: str, id_: str, copied: set[tuple[str, str]], number: int) -> str:
    """The text with its own id and those of all that is copied changed, where they are defined and referred to."""
    text = re.sub(rf"^id: {id_}$", f"id: {id_}_{number}", text, count=1, flags=re.MULTILINE)
    kinds = "|".join(sorted({kind for kind, _ in copied}))

    def renamed(found: re.Match[str]) -> str:
        is_name_of_quantities = found[1] == "meter" and found[3] != "@"
        return found[0] if is_name_of_quantities or (found[1], found[2]) not in copied else f"{found[0]}_{number}"

    return re.sub(rf"\b({kinds}): ([a-z][a-z0-9_]*)(?=([@\s,}}]))", renamed, text)
