"""Tries the whole corpus: which mistakes are caught at their place, and which good documents are complained about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.patches import CORPUS, Patch, Trial, patch_of, read_entries
from engine.source.catalogue import load_all
from engine.source.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class Mistake:
    """A patch and the finding that it has to lead to; ``also`` are codes that may come with it.

    ``line`` counts from the line on which the change begins, which is 1, so that it holds when lines above come and
    go. In another file, ``at``, the line is the one that holds the text ``on``.
    """

    patch: Patch
    code: str
    at: str
    line: int
    on: str
    column: int
    also: frozenset[str]

    def missed(self, found: list[Diagnostic], root: Path) -> str | None:
        """Why the findings do not do; None if they do."""
        line = self.place(root)
        told = [(each.code, each.span.file, each.span.line, each.span.column) for each in found]
        if (self.code, self.at, line, self.column) not in told:
            return f"{self.patch.id}: {self.code} at {self.at}:{line}:{self.column} is not among {told}"
        mended = {each.code for each in found if each.fix is not None}
        if unsaid := sorted(code for code in mended if not load_all()[code].fixable):
            return f"{self.patch.id}: {', '.join(unsaid)} has a fix and does not say so"
        beside = {each.code for each in found} - {self.code} - self.also
        return f"{self.patch.id}: {', '.join(sorted(beside))} beside {self.code}" if beside else None

    def place(self, root: Path) -> int:
        """The line in the changed workspace."""
        if self.at == self.patch.file:
            return self.patch.first_line(root) + self.line - 1
        lines = self.patch.text_of(self.at, root).splitlines()
        return next((number for number, line in enumerate(lines, 1) if self.on in line), 0)


@dataclass(slots=True)
class Measured:
    """``missed`` and ``false_positives`` say in words what is wrong with single entries."""

    mistakes: int = 0
    good: int = 0
    missed: list[str] = field(default_factory=list)
    false_positives: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        caught = self.mistakes - len(self.missed)
        return f"caught {caught}/{self.mistakes} false-positives {len(self.false_positives)}/{self.good}"


def mistakes() -> Iterator[Mistake]:
    for family, entry in read_entries(CORPUS / "mistakes"):
        yield _mistake(family, entry)


def _mistake(family: str, entry: dict[str, Any]) -> Mistake:
    patch = patch_of(family, entry)
    also = frozenset(entry.get("also", ()))
    at = entry.get("at", patch.file)
    return Mistake(patch, entry["code"], at, entry.get("line", 0), entry.get("on", ""), entry["column"], also)


def variants() -> Iterator[Patch]:
    for family, entry in read_entries(CORPUS / "good"):
        yield patch_of(family, entry)


def measure(trial: Trial) -> Measured:
    """Try everything, one entry after the other."""
    measured = Measured()
    for mistake in mistakes():
        measured.mistakes += 1
        missed = mistake.missed(trial.findings(mistake.patch), trial.root)
        if missed is not None:
            measured.missed.append(missed)
    measured.good = len(trial.documents())
    if not trial.clean:
        measured.false_positives.append("the shipped workspace has findings; `tieout lint` shows them")
    for patches in batches(variants()):
        measured.good += len(patches)
        if trial.findings(*patches):
            measured.false_positives += [told for each in patches if (told := complaint(trial, each))]
    return measured


def complaint(trial: Trial, patch: Patch) -> str:
    """What is found in a good document, or nothing."""
    found = "; ".join(f"{each.code} {each.span} {each.message}" for each in trial.findings(patch))
    return f"{patch.id}: {found}" if found else ""


def batches(patches: Iterable[Patch]) -> list[list[Patch]]:
    """Patches that can be tried together: no two of one file, and none with others that lays files over them."""
    made: list[list[Patch]] = []
    depth: Counter[str] = Counter()
    alone: list[list[Patch]] = []
    for patch in patches:
        if patch.over:
            alone.append([patch])
            continue
        position = depth[patch.file]
        depth[patch.file] += 1
        if position == len(made):
            made.append([])
        made[position].append(patch)
    return made + alone
