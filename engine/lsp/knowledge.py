"""What is known of a workspace at one moment: names, types, what the checker saw. A value; a new one replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from engine.expr.checked import Checked
from engine.lsp.fields import FieldIndex
from engine.lsp.names import Names
from engine.lsp.trees import Document, Trees
from engine.plan.library import Library
from engine.source.diagnostic import Diagnostics
from engine.spec.workspace import LoadedWorkspace


@dataclass(frozen=True)
class Seen:
    """A document as it last was without errors of form, and its computed values as they were checked then."""

    document: Document
    checked: tuple[Checked, ...]


@dataclass(frozen=True)
class Knowledge:
    """``good`` holds of every file the last state that compiled, which may be older than the file."""

    workspace: LoadedWorkspace
    library: Library
    names: Names
    good: Mapping[str, Seen] = field(default_factory=dict)

    @cached_property
    def fields(self) -> FieldIndex:
        """Which schema declares which fields."""
        return FieldIndex(self.library, self.names)


def learn(workspace: LoadedWorkspace, library: Library, trees: Trees, before: Knowledge | None) -> Knowledge:
    """What is known of a workspace that was compiled; of files that cannot be now, what was known before."""
    documents = {file: trees.document(file, text) for file, text in workspace.files.items()}
    by_file: dict[str, list[Checked]] = {}
    for each in library.diagnostics.observed:
        if isinstance(each, Checked):
            by_file.setdefault(each.span.file, []).append(each)
    good = dict(before.good) if before is not None else {}
    for file, checked in by_file.items():
        if file in documents:
            good[file] = Seen(documents[file], tuple(checked))
    return Knowledge(workspace, _quiet(library), Names(documents.values()), good)


def _quiet(library: Library) -> Library:
    """The library without what was found while it was filled, which would be kept for nothing."""
    return replace(library, diagnostics=Diagnostics())
