"""Applies the fixes of findings to a copy of the texts and keeps only those that prove to mend something.

A fix is an edit of text, so comments and order survive. After every round the workspace is checked again: a fix
whose finding stays, that leaves a file unreadable or that brings new findings of the same kind is taken back and
reported as our mistake. Writing files is the caller's work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.base.errors import Defect
from engine.lint.runner import LintReport
from engine.source.diagnostic import Diagnostic, Edit

#: Checks a workspace as if some files had other texts.
Check = Callable[[Mapping[str, str]], LintReport]

#: Fixes that uncover others need a round each; more than this are fixes that undo each other.
ROUNDS_MAX = 25


@dataclass(frozen=True, slots=True)
class FixReport:
    """What fixing came to.

    ``texts`` holds the new text of every file that changes, ``before`` the old ones. ``discarded`` are findings
    whose fix made things worse. ``remaining`` is what lint says about the new texts.
    """

    texts: Mapping[str, str]
    before: Mapping[str, str]
    applied: tuple[Diagnostic, ...]
    discarded: tuple[Diagnostic, ...]
    remaining: LintReport


@dataclass(slots=True)
class _Progress:
    texts: dict[str, str] = field(default_factory=dict)
    applied: list[Diagnostic] = field(default_factory=list)
    discarded: list[Diagnostic] = field(default_factory=list)


def fix_workspace(
    check: Check, *, unsafe: bool = False, chosen: Callable[[Diagnostic], bool] = lambda _: True
) -> FixReport:
    """Apply the safe fixes of all ``chosen`` findings, with ``unsafe`` the doubtful ones too, until none is left."""
    first = check({})
    report, progress = first, _Progress()
    for _ in range(ROUNDS_MAX):
        wanted = [each for each in report.diagnostics if chosen(each) and _applicable(each, unsafe)]
        wanted = [each for each in wanted if not any(_same(each, known) for known in progress.discarded)]
        batch = _without_overlap(wanted)
        if not batch:
            break
        report = _round(check, report, batch, progress)
    else:
        raise Defect(f"fixes went on after {ROUNDS_MAX} rounds: {', '.join(each.code for each in batch)}")
    before = {file: first.files[file] for file in progress.texts}
    return FixReport(progress.texts, before, tuple(progress.applied), tuple(progress.discarded), report)


def _applicable(diagnostic: Diagnostic, unsafe: bool) -> bool:
    fix = diagnostic.fix
    return fix is not None and not fix.suggestion and (fix.safe or unsafe)


def _same(left: Diagnostic, right: Diagnostic) -> bool:
    """The same finding although lines above it moved."""
    return (left.code, left.message, left.span.file) == (right.code, right.message, right.span.file)


def _round(check: Check, report: LintReport, batch: Sequence[Diagnostic], progress: _Progress) -> LintReport:
    """Apply a batch; if it does not hold as a whole, its halves, down to the fix that is at fault."""
    after = _attempt(check, report, batch, progress)
    if after is not None:
        return after
    if len(batch) == 1:
        progress.discarded.append(batch[0])
        return report
    half = len(batch) // 2
    report = _round(check, report, batch[:half], progress)
    # Spans of the second half have moved if the first one was applied, so its findings are looked up again.
    again = [each for each in report.diagnostics if any(_same(each, known) for known in batch[half:])]
    again = _without_overlap([each for each in again if each.fix is not None])
    return _round(check, report, again, progress) if again else report


def _attempt(check: Check, report: LintReport, batch: Sequence[Diagnostic], progress: _Progress) -> LintReport | None:
    """The report after a batch, or None if the batch did not do what its findings promised."""
    edits: dict[str, list[Edit]] = {}
    for each in batch:
        for edit in each.fix.edits if each.fix else ():
            edits.setdefault(edit.span.file, []).append(edit)
    texts = {file: apply_edits(report.files[file], found) for file, found in edits.items()}
    after = check({**progress.texts, **texts})
    if not _better(report, after, batch):
        return None
    progress.texts.update(texts)
    progress.applied += batch
    return after


def _better(before: LintReport, after: LintReport, batch: Sequence[Diagnostic]) -> bool:
    """Whether every finding of the batch went, and none of its own stage or an earlier one came.

    Later stages may well show more: what could not be read was not checked.
    """
    last = max(_stage(each.code) for each in batch)
    old, new = _counted(before, last), _counted(after, last)
    fixed = Counter((each.code, each.span.file) for each in batch)
    gone = all(new[place] <= old[place] - number for place, number in fixed.items())
    return gone and new.total() < old.total()


def _counted(report: LintReport, last: int) -> Counter[tuple[str, str]]:
    return Counter((each.code, each.span.file) for each in report.diagnostics if _stage(each.code) <= last)


def _stage(code: str) -> int:
    """When a finding can be made: reading (0), decoding (1), parsing expressions (2), resolving names (3), types (4),
    rules of a workspace that compiles (5)."""
    prefix, number = code.rstrip("0123456789"), int(code[-3:])
    if number > (219 if prefix in ("YAML", "SPEC", "FIN") else 200):
        return 5
    if prefix in ("YAML", "SPEC"):
        return 0 if prefix == "YAML" else 1
    if prefix == "EXPR":
        return 2 if number < 10 else 3
    return 4 if prefix in ("TYPE", "MONEY") or code in ("MAP001", "MAP003") else 3


def _without_overlap(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Findings whose edits touch no common text, the earlier first; an edit that two of them share goes once."""
    taken: list[Edit] = []
    kept: list[Diagnostic] = []
    for each in found:
        edits = each.fix.edits if each.fix else ()
        if any(_overlap(edit, other) for edit in edits for other in taken):
            continue
        taken += edits
        kept.append(each)
    return kept


def _overlap(left: Edit, right: Edit) -> bool:
    one, other = left.span, right.span
    if one.file != other.file:
        return False
    starts = (one.line, one.column), (other.line, other.column)
    ends = (one.end_line, one.end_column), (other.end_line, other.end_column)
    return starts[0] <= ends[1] and starts[1] <= ends[0]


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text with edits that do not overlap. Raises Defect for a place outside of it."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for edit in sorted(edits, key=lambda each: (each.span.line, each.span.column), reverse=True):
        span = edit.span
        if span.end_line > len(starts):
            raise Defect(f"an edit ends after the last line of {span.file}")
        begin, end = starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
        end = min(end, len(text))  # the end of the last line, where no line follows
        if not 0 <= begin <= end <= len(text):
            raise Defect(f"an edit lies outside of {span.file}: {span}")
        text = text[:begin] + edit.text + text[end:]
    return text
