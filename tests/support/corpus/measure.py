"""Tries the whole corpus: which mistakes are caught at their place, and which good documents are complained about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from corpus.patches import CORPUS, Patch, Trial, patch_of, read_entries
from engine.source.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class Mistake:
    """A patch and the finding that it has to lead to; ``also`` are codes that may come with it."""

    patch: Patch
    code: str
    at: str
    line: int
    column: int
    also: frozenset[str]

    def missed(self, found: list[Diagnostic]) -> str | None:
        """Why the findings do not do; None if they do."""
        told = [(each.code, each.span.file, each.span.line, each.span.column) for each in found]
        if (self.code, self.at, self.line, self.column) not in told:
            return f"{self.patch.id}: {self.code} at {self.at}:{self.line}:{self.column} is not among {told}"
        beside = {each.code for each in found} - {self.code} - self.also
        return f"{self.patch.id}: {', '.join(sorted(beside))} beside {self.code}" if beside else None


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
    return Mistake(patch, entry["code"], entry.get("at", patch.file), entry["line"], entry["column"], also)


def variants() -> Iterator[Patch]:
    for family, entry in read_entries(CORPUS / "good"):
        yield patch_of(family, entry)


def measure(trial: Trial) -> Measured:
    """Try everything, one entry after the other."""
    measured = Measured()
    for mistake in mistakes():
        measured.mistakes += 1
        missed = mistake.missed(trial.findings(mistake.patch))
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
    """Patches that can be tried together: no two of one file."""
    made: list[list[Patch]] = []
    depth: Counter[str] = Counter()
    for patch in patches:
        position = depth[patch.file]
        depth[patch.file] += 1
        if position == len(made):
            made.append([])
        made[position].append(patch)
    return made
