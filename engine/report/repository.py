"""Findings as a repository counts paths: services that show them beside the code know its root, not the workspace's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.source.diagnostic import Diagnostic, Edit, Label
from engine.source.span import Span

#: Forms that such services read.
FORMS: frozenset[str] = frozenset({"sarif", "github", "gitlab"})


@dataclass(frozen=True, slots=True)
class Repository:
    """Turns paths below a workspace into paths below the repository that it is a folder of.

    ``root`` is the workspace, ``top`` the repository; without one, paths stay as they are.
    """

    root: Path
    top: Path | None

    @classmethod
    def of(cls, root: Path) -> Repository:
        """The repository that a workspace lies in: the nearest folder above with a `.git`."""
        root = root.resolve()
        return cls(root, next((each for each in (root, *root.parents) if (each / ".git").exists()), None))

    @property
    def is_workspace(self) -> bool:
        """Whether paths are the same for both."""
        return self.top is None or self.top == self.root

    def path(self, file: str) -> str:
        """A file's path. One outside of the workspace, such as a baseline, counts from the current folder."""
        if self.top is None:
            return file
        place = self.root / file
        if not place.exists() and Path(file).exists():
            place = Path(file).resolve()
        return place.relative_to(self.top).as_posix() if place.is_relative_to(self.top) else file

    def sources(self, sources: Mapping[str, str]) -> dict[str, str]:
        """Texts of files by their paths."""
        return {self.path(file): text for file, text in sources.items()}

    def findings(self, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
        """The findings with all their places."""
        return [self._finding(each) for each in diagnostics]

    def _finding(self, finding: Diagnostic) -> Diagnostic:
        labels = tuple(Label(self._span(each.span), each.text) for each in finding.labels)
        fix = finding.fix
        if fix is not None:
            fix = replace(fix, edits=tuple(Edit(self._span(each.span), each.text) for each in fix.edits))
        return replace(finding, span=self._span(finding.span), labels=labels, fix=fix)

    def _span(self, span: Span) -> Span:
        return Span(self.path(span.file), span.line, span.column, span.end_line, span.end_column)
