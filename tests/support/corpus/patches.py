"""Changes to the shipped workspace, as the corpus writes them down, and the workspace that they are tried on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.lint.runner import LintReport
from engine.lint.session import Session
from engine.source.diagnostic import Diagnostic, Diagnostics
from engine.source.node import plain
from engine.source.yaml_reader import read_yaml

ROOT = Path(__file__).parents[3]
CORPUS = ROOT / "tests" / "corpus"
OVER = CORPUS / "over"
FOLDERS = ("mappings", "policies", "schemas")


@dataclass(frozen=True, slots=True)
class Patch:
    """One changed file. ``find`` is replaced at its ``nth`` place; without it the whole text is ``replace``.

    ``copy_of`` is the file that a new one begins as; ``latin1`` writes the bytes of another encoding. ``over`` names a
    folder below ``over`` whose files lie over those of the workspace meanwhile.
    """

    id: str
    file: str
    find: str | None
    replace: str
    nth: int = 1
    copy_of: str | None = None
    latin1: bool = False
    over: str = ""

    def applied(self, root: Path) -> bytes:
        """The file's new content. Raises ValueError if the place is not there."""
        text = self._text(root)
        if self.find is None:
            text = text if self.copy_of else self.replace
        else:
            at = self._start(text)
            text = text[:at] + self.replace + text[at + len(self.find) :]
        return text.encode("latin-1" if self.latin1 else "utf-8")

    def first_line(self, root: Path) -> int:
        """The line on which the change begins; 1 for a whole file."""
        text = self._text(root)
        return 1 if self.find is None else text.count("\n", 0, self._start(text)) + 1

    def laid_over(self) -> dict[str, bytes]:
        """The files that lie over those of the workspace, by path."""
        folder = OVER / self.over
        files = sorted(each for each in folder.rglob("*") if each.is_file()) if self.over else ()
        return {each.relative_to(folder).as_posix(): each.read_bytes() for each in files}

    def _text(self, root: Path) -> str:
        return self.text_of(self.copy_of or self.file, root)

    def text_of(self, file: str, root: Path) -> str:
        """A file as it is beside the change."""
        begin = OVER / self.over / file
        if not self.over or not begin.exists():
            begin = root / file
        return begin.read_text("utf-8") if begin.exists() else ""

    def _start(self, text: str) -> int:
        at = -1
        for _ in range(self.nth):
            at = text.find(self.find or "", at + 1)
            if at < 0:
                raise ValueError(f"{self.id}: {self.file} does not hold {self.find!r} {self.nth} times")
        return at


def read_entries(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every entry of a folder's YAML files, with the name of its file."""
    for path in sorted(folder.glob("*.yaml")):
        found = Diagnostics()
        node = read_yaml(path.read_bytes(), path.name, found)
        assert node is not None and len(found) == 0, [f"{each.code} {each.span}" for each in found.sorted]
        entries: Any = plain(node)
        for entry in entries:
            yield path.stem, entry


def patch_of(family: str, entry: dict[str, Any]) -> Patch:
    return Patch(
        id=f"{family}/{entry['id']}",
        file=entry["file"],
        find=entry.get("find"),
        replace=entry.get("replace", ""),
        nth=entry.get("nth", 1),
        copy_of=entry.get("copy_of"),
        latin1=entry.get("latin1", False),
        over=entry.get("over", ""),
    )


class Trial:
    """A copy of the shipped workspace that one patch after the other is tried on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._session = Session(root, {})
        self._known = {self._name(each) for each in self._session.check().diagnostics}

    @staticmethod
    def _name(finding: Diagnostic) -> tuple[str, str, str]:
        return finding.code, finding.span.file, finding.message

    @property
    def clean(self) -> bool:
        """Whether the shipped workspace itself has no findings."""
        return not self._known

    def findings(self, *patches: Patch) -> list[Diagnostic]:
        """What patches of different files bring. The workspace is as before afterwards."""
        with self.patched(*patches):
            found = self._session.check().diagnostics
        return [each for each in found if self._name(each) not in self._known]

    @contextmanager
    def patched(self, *patches: Patch) -> Iterator[None]:
        """The workspace with some of its files changed."""
        before: dict[Path, bytes | None] = {}
        try:
            for patch in patches:
                for file, content in (*patch.laid_over().items(), (patch.file, patch.applied(self.root))):
                    path = self.root / file
                    before.setdefault(path, path.read_bytes() if path.exists() else None)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
            yield
        finally:
            for path, was in before.items():
                if was is None:
                    path.unlink()
                else:
                    path.write_bytes(was)

    def check(self, texts: Mapping[str, str]) -> LintReport:
        """Everything found as if some files had other texts."""
        return self._session.check(texts)

    def documents(self) -> list[str]:
        """The documents of the workspace itself."""
        files = [each for folder in FOLDERS for each in (self.root / folder).rglob("*") if each.is_file()]
        kinds = (".yaml", ".schema.json", ".csv")
        return sorted(each.relative_to(self.root).as_posix() for each in files if each.name.endswith(kinds))


@contextmanager
def trial(folder: Path) -> Iterator[Trial]:
    """A trial in an empty folder."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "tieout.yaml", folder)
    yield Trial(folder)
