"""One workspace that is being edited: unsaved texts, what is known of it, and the check that runs behind them.

Everything slow happens in :meth:`Workbench.check` and :meth:`Workbench.refresh`, which one thread calls at a time;
what they give are values that the features read without waiting.
"""

from __future__ import annotations

import gc
import posixpath
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from engine.lint.runner import LintReport
from engine.lint.session import Session
from engine.lsp.knowledge import Knowledge, learn
from engine.lsp.positions import Units
from engine.lsp.scopes import Scopes
from engine.lsp.trees import Document, Trees
from engine.plan.build import build
from engine.plan.library import Library
from engine.plan.model import Plan
from engine.spec.workspace import LoadedWorkspace, load_workspace


def path_of(uri: str) -> Path | None:
    """The file that a URI names; None if it names something else."""
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


@dataclass(frozen=True, slots=True)
class View:
    """A document as one request sees it."""

    document: Document
    uri: str
    knowledge: Knowledge
    units: Units
    bench: Workbench

    @property
    def lines(self) -> list[str]:
        return self.document.lines


class Workbench:
    """The state of one workspace. Texts that an editor has open count instead of those on disk."""

    def __init__(self, root: Path, units: Units, environment: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.units = units
        self.scopes = Scopes()
        self._environment = environment
        self._session = Session(root, environment)
        self._trees = Trees()
        self._texts: dict[str, str] = {}
        self._lock = threading.Lock()
        self._knowledge: Knowledge | None = None
        self._report: LintReport | None = None
        self._known: Library | None = None

    # ------------------------------------------------------------------ files

    def relative(self, uri: str) -> str | None:
        """The path of a file in this workspace; None if it lies elsewhere."""
        path = path_of(uri)
        if path is None:
            return None
        for each in (path, path.resolve()):
            if each.is_relative_to(self.root):
                return each.relative_to(self.root).as_posix()
        return None

    def uri(self, file: str) -> str:
        """The URI of a file of this workspace."""
        return (self.root / file).as_uri()

    def open(self, file: str, text: str) -> None:
        """The text of a file as an editor has it now."""
        with self._lock:
            self._texts[file] = text

    def close(self, file: str) -> None:
        """From now on the text on disk counts."""
        with self._lock:
            self._texts.pop(file, None)

    @property
    def open_texts(self) -> dict[str, str]:
        with self._lock:
            return dict(self._texts)

    @staticmethod
    def beside(file: str, name: str) -> str:
        """The path of a file that a document names, from where the document lies."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(file), name))

    def text(self, file: str) -> str:
        """The text of a file as it counts now; empty if there is none."""
        with self._lock:
            if file in self._texts:
                return self._texts[file]
        try:
            return (self.root / file).read_bytes().decode(errors="replace")
        except OSError:
            return ""

    def document(self, file: str) -> Document:
        """The document of a file as it is now."""
        return self._trees.document(file, self.text(file))

    def lines(self, file: str) -> list[str]:
        return self.document(file).lines

    # ------------------------------------------------------------------ what is known

    @property
    def report(self) -> LintReport | None:
        """What was found when it was last checked; None before."""
        return self._report

    @property
    def workspace(self) -> LoadedWorkspace | None:
        """What was read when it was last checked."""
        return self._session.workspace

    @property
    def plan(self) -> Plan | None:
        """What it compiled to when it was last checked; None before, and where it has errors."""
        return self._session.plan

    def check(self) -> LintReport:
        """Check the workspace with the texts that are open. Slow; raises UserError if there is no workspace."""
        first = self._report is None
        self._report = self._session.check(self.open_texts)
        if first:
            # What was read and compiled stays but for what is edited. To go through all of it again and again, looking
            # for what nothing refers to, would take longer than most checks.
            gc.collect()
            gc.freeze()
        return self._report

    def trial(self, texts: Mapping[str, str]) -> LintReport:
        """What would be found if some files had other texts. Slow; what is known stays as it is."""
        report = self._session.check({**self.open_texts, **texts})
        self._session.check(self.open_texts)
        return report

    def refresh(self) -> None:
        """Learn again what names and types there are, if anything changed. Slow."""
        workspace, library = self._session.workspace, self._session.library
        if workspace is None or library is None:
            workspace = load_workspace(self.root, overlay=self.open_texts)
            library = build(workspace, self._environment).library
        if self._knowledge is None or self._known is not library:
            self._knowledge, self._known = learn(workspace, library, self._trees, self._knowledge), library

    @property
    def knowledge(self) -> Knowledge:
        """What is known; before anything was read, what reading it now tells."""
        if self._knowledge is None:
            self.refresh()
        assert self._knowledge is not None
        return self._knowledge

    def view(self, uri: str) -> View | None:
        """A document for a request; None if the file lies outside."""
        file = self.relative(uri)
        if file is None:
            return None
        return View(self.document(file), uri, self.knowledge, self.units, self)
